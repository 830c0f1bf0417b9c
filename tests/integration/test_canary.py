"""A token is in the keyring and in the environment, vendors answer well and badly, and it is nowhere else after it."""

from __future__ import annotations

import io
import json
import logging
import sys
import traceback
from pathlib import Path

import pytest

from chatbuilder import pipeline
from chatbuilder.errors import ChatbuilderError
from chatbuilder.pipeline import outside
from chatbuilder.provision.outside.desk import Desk
from tests.helpers import answers_file, config, start, tree
from tests.vendors import airtable, notion, sheets
from tests.vendors.clock import FakeTime
from tests.vendors.faults import Faults

CANARY, OTHER = "canary7f3e9d21c0ffee", "canary00ddba11feed42"
MODULES = {"notion": notion, "airtable": airtable, "sheets": sheets}
VARIABLES = {"notion": "NOTION_TOKEN", "airtable": "AIRTABLE_TOKEN", "sheets": "GOOGLE_APPLICATION_CREDENTIALS"}
WISHES = {"priorities": ["organization"], "options": {"topics": ["Work"]}}


class Scene:
    """One vendor on loopback, a token of it, and everything that was said so far."""

    def __init__(self, platform, fake, token, target):
        self.platform, self.fake, self.token, self.target = platform, fake, token, target
        self.said: list[str] = []

    @property
    def answers(self):
        return config(self.platform, *WISHES["priorities"], target=self.target, options=WISHES["options"])


def make(platform, monkeypatch):
    if platform == "notion":
        token = f"ntn_{CANARY}"
        return Scene(platform, notion.NotionFake(token=token, limit=None), token, {"parent": notion.PARENT})
    if platform == "airtable":
        token = f"pat{CANARY}.{CANARY}"
        fake = airtable.AirtableFake(token=token, per_second=None)
        return Scene(platform, fake, token, {"workspace": airtable.WORKSPACE})
    monkeypatch.setattr(sheets, "CLIENT_SECRET", f"GOCSPX-{CANARY}")
    monkeypatch.setattr(sheets, "REFRESH", f"1//{CANARY}")
    return Scene(platform, sheets.GoogleFake(per_minute=10_000), sheets.user(sheets.REFRESH), {})


class Pipe(io.StringIO):
    def isatty(self):
        return False


@pytest.fixture
def caught(caplog):
    """Everything that any library would log, were it asked to."""
    caplog.set_level(logging.DEBUG)
    return caplog


@pytest.fixture(params=list(MODULES))
def scene(request, monkeypatch, keyring_in_memory, home, caught):
    made, time = make(request.param, monkeypatch), FakeTime()
    made.fake.clock, made.fake.sleep = time.now, time.sleep
    monkeypatch.setattr(outside, "RealTime", lambda: time)
    with MODULES[made.platform].serving(made.fake) as url:
        monkeypatch.setenv(outside.URLS[made.platform], url)
        monkeypatch.setenv(VARIABLES[made.platform], OTHER)
        yield made
        made.said.append(caught.text)
        # What Google gives for a while in exchange is a secret as well.
        nowhere(home.parent, made.said, CANARY, OTHER, *getattr(made.fake, "tokens", ()))


def nowhere(folder: Path, said: list[str], *canaries: str) -> None:
    for name, data in tree(folder).items():
        for canary in canaries:
            assert canary.encode() not in data, name
            assert canary not in name
    for text in said:
        for canary in canaries:
            assert canary not in text, text[max(0, text.index(canary) - 200) :][:400]


def commands(scene, run_cli, place, *lines):
    for line in lines:
        words = [word.format(answers=place, platform=scene.platform) for word in line.split()]
        done = run_cli(*words)
        scene.said += [done.out, done.err]
    return done


def keep(scene, run_cli, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Pipe(scene.token))
    assert commands(scene, run_cli, "", "token set {platform}").code == 0


ALL_IS_WELL = (
    "token list", "token list --json", "token check {platform}", "token check {platform} --json",
    "token check {platform} --answers {answers}", "plan --answers {answers}", "plan --answers {answers} --json",
    "apply --answers {answers} --yes", "apply --answers {answers} --yes --json", "plan --answers {answers}", "systems",
    "jobs --json", "log --json", "doctor", "doctor --json",
)  # fmt: skip


def test_when_all_goes_well(scene, run_cli, tmp_path, monkeypatch):
    keep(scene, run_cli, monkeypatch)
    place = answers_file(tmp_path, scene.platform, target=scene.target, **WISHES)
    commands(scene, run_cli, place, *ALL_IS_WELL)
    (system,) = pipeline.systems()
    assert system.status == "ready"
    commands(
        scene, run_cli, place, f"verify {system.id}", f"verify {system.id} --json", f"repair {system.id} --json",
        f"destroy {system.id} --yes", "token rm {platform}", "token list --json", "log",
    )  # fmt: skip


def test_when_the_token_is_not_good_any_more(scene, run_cli, tmp_path, monkeypatch):
    keep(scene, run_cli, monkeypatch)
    place = answers_file(tmp_path, scene.platform, target=scene.target, **WISHES)
    scene.fake.token = "another"
    if scene.platform == "sheets":
        scene.fake.revoked = {json.loads(scene.token)["refresh_token"]: "invalid_grant"}
    for line in ("token check {platform}", "token check {platform} --json", "apply --answers {answers} --yes"):
        assert commands(scene, run_cli, place, line).code == 4
    commands(scene, run_cli, place, "jobs", "log", "doctor")
    with pytest.raises(ChatbuilderError) as raised:
        pipeline.apply(scene.answers, on_event=lambda event: None, cancelled=lambda: False)
    scene.said += [*traceback.format_exception(raised.value), *raised.value.lines(), repr(raised.value)]
    report = pipeline.inspect_target(scene.answers)
    scene.said.append(repr(report))
    assert not report.ready


def test_when_the_vendor_answers_nonsense_or_not_at_all(scene, run_cli, tmp_path, monkeypatch):
    """Whatever it ends with, a defect of ours included."""
    keep(scene, run_cli, monkeypatch)
    place = answers_file(tmp_path, scene.platform, target=scene.target, **WISHES)
    for kind in ("html-502", "503-before", "drop-before"):
        scene.fake.faults = Faults(every=kind)
        done = commands(scene, run_cli, place, "apply --answers {answers} --yes --json")
        assert done.code == 5
        commands(scene, run_cli, place, "token check {platform}")


def test_when_we_are_at_fault_ourselves(scene, run_cli, tmp_path, monkeypatch):
    keep(scene, run_cli, monkeypatch)
    place = answers_file(tmp_path, scene.platform, target=scene.target, **WISHES)

    def broken(*_):
        raise RuntimeError(f"{scene.token} {OTHER}")

    monkeypatch.setattr("chatbuilder.provision.outside.policy.Policy.send", broken)
    assert commands(scene, run_cli, place, "apply --answers {answers} --yes").code == 1
    assert commands(scene, run_cli, place, "token check {platform}").code == 1
    commands(scene, run_cli, place, "jobs --json", "log", "doctor --json")


def test_what_holds_the_token_does_not_show_it(scene, run_cli, monkeypatch):
    keep(scene, run_cli, monkeypatch)
    site = outside.site_of(scene.answers, Desk())
    provisioner = pipeline.targets.open_provisioner(scene.answers)
    scene.said += [repr(site), str(site), f"{site.secret}", repr(provisioner), str(vars(provisioner))]
    provisioner.close()


@pytest.mark.skipif(not Path("/proc").exists(), reason="only there can the words of a process be read")
@pytest.mark.parametrize("scene", ["notion"], indirect=True)
def test_the_process_list_does_not_show_it(scene, tmp_path, monkeypatch):
    place = answers_file(tmp_path, scene.platform, target=scene.target, **WISHES)
    process = start("apply", "--answers", place, "--yes", "--json", env={VARIABLES[scene.platform]: scene.token})
    scene.said.append(Path(f"/proc/{process.pid}/cmdline").read_text("utf-8"))
    out, err = process.communicate(timeout=60)
    scene.said += [out, err]
    assert process.returncode == 0, err
    assert json.loads(out)["status"] == "completed"
