"""Platforms of other packages: the example, installed as people install it; packages that are broken, or go away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given

from chatbuilder import catalog, pipeline
from chatbuilder.errors import ExitCode, InputError
from tests.foreign import ORG, bringing
from tests.helpers import ROOT, answers_file, complete, run, tree
from tests.strategies import configs

CHAT = {"uuid": "u", "name": "Tea [[elisp:(x)][y]]", "chat_messages": [
    {"uuid": "m", "sender": "human", "text": "Which tea?\n* no headline\n#+begin_src sh",
     "created_at": "2026-03-01T12:00:00Z"},
    {"uuid": "n", "sender": "assistant", "text": "Assam.", "created_at": "2026-03-01T12:00:05Z"},
]}  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the example in it, as pip puts it there."""
    folder = tmp_path_factory.mktemp("installed")
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--target", folder, ORG)
    words = [sys.executable, "-m", "pip", "install", *options]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def cb(installed):
    def call(*arguments: object, bare: bool = False):
        paths = [str(ROOT)] if bare else [str(installed), str(ROOT)]
        return run(*arguments, env={"PYTHONPATH": os.pathsep.join(paths)})

    return call


@pytest.fixture
def answers(tmp_path) -> Path:
    features = ["tags", "projects", "reminders", "templates", "archive"]
    return answers_file(tmp_path, "org", features=features, target={"path": str(tmp_path / "org")})


def fill(cb, tmp_path: Path) -> None:
    export = tmp_path / "conversations.json"
    export.write_text(json.dumps([CHAT]), "utf-8")
    assert cb("import", export).code == 0


def test_from_answers_to_a_system_that_is_looked_after(cb, answers, tmp_path):
    assert "for org" in cb("answers", "check", answers).out
    assert "in Org-mode" in cb("show", "--answers", answers).out
    planned = cb("plan", "--answers", answers, "--json").data
    assert cb("build", "--answers", answers, "--out", tmp_path / "out").code == 0
    assert (tmp_path / "out" / "README.md").read_text("utf-8").startswith("# Chat Sessions in Org-mode")
    built = cb("apply", "--answers", answers, "--yes", "--json")
    assert (built.code, built.data["status"], built.data["result"]["steps"]) == (0, "completed", len(planned))
    system = built.data["system"]
    assert system.startswith("org-chat-sessions-")
    exported, delivered = tree(tmp_path / "out" / "org"), tree(tmp_path / "org")
    assert exported == {name: data for name, data in delivered.items() if not name.endswith("/")}
    assert [(s["id"], s["status"]) for s in cb("systems", "--json").data] == [(system, "ready")]

    fill(cb, tmp_path)
    assert cb("sync", system, "--transcripts", "--json").data["created"] == 1
    assert cb("sync", system, "--transcripts", "--json").data["requests"] == 0
    (note,) = (tmp_path / "org").glob("*/Chat Sessions/Tea*.org")
    text = note.read_text("utf-8")
    assert [line for line in text.splitlines() if line.startswith(("*", "#"))][:3] == [
        "#+title: Tea [\u200b[elisp:(x)][y]]", "#+todo: ACTIVE ON_HOLD COMPLETED ARCHIVED",
        "* ACTIVE Tea [\u200b[elisp:(x)][y]]",
    ]  # fmt: skip
    assert "[[" not in text
    assert "\n\u200b* no headline\n\u200b#+begin_src sh\n" in text

    folder = tmp_path / "org" / "Chat Sessions"
    (folder / "agenda.el").unlink()
    with (folder / "index.org").open("a") as file:
        file.write("* My own notes\n")
    states = {
        drift["title"]: drift["state"] for drift in cb("verify", system, "--json").data if drift["state"] != "same"
    }
    assert states == {"agenda.el": "missing", "index.org": "edited"}
    assert cb("repair", system).code == 0
    assert cb("verify", system).code == 0
    assert "My own notes" in (folder / "index.org").read_text("utf-8")

    moved = cb("move", system, "--target", f"path={tmp_path / 'second'}", "--yes", "--json").data
    assert (moved["apply"]["status"], moved["sync"]["created"]) == ("completed", 1)
    vault = cb("move", system, "--platform", "obsidian", "--target", f"path={tmp_path / 'vault'}", "--yes", "--json")
    assert vault.data["sync"]["created"] == 1
    back = cb(
        "move", vault.data["apply"]["system"], "--platform", "org", "--target", f"path={tmp_path / 'third'}", "--yes"
    )
    assert back.code == 0

    gone = cb("destroy", system, "--yes", "--json").data
    assert {item["title"] for item in gone["kept"]} == {
        "Chat Sessions/index.org", "Chat Sessions/Chat Sessions", "Chat Sessions",
    }  # fmt: skip
    assert sorted(tree(tmp_path / "org")) == [f"Chat Sessions/Chat Sessions/{note.name}", "Chat Sessions/index.org"]
    assert "ok       plug-in org: chatbuilder-org 1.0 brings the platform Org-mode" in cb("doctor").out


def test_other_answers_change_what_nobody_edited(cb, answers, tmp_path):
    assert cb("apply", "--answers", answers, "--yes").code == 0
    topic = tmp_path / "org/Chat Sessions/Topics/Work.org"
    topic.write_text(topic.read_text("utf-8") + "mine\n", "utf-8")
    other = answers_file(tmp_path, "org", complexity="simple", target={"path": str(tmp_path / "org")})
    assert cb("apply", "--answers", other, "--yes", "--tidy").code == 0
    assert topic.read_text("utf-8").endswith("mine\n")
    assert not topic.with_name("Coding.org").exists()


def test_without_the_package_it_is_told_and_nothing_is_lost(cb, answers):
    system = cb("apply", "--answers", answers, "--yes", "--json").data["system"]
    for words in (("answers", "check", answers), ("verify", system), ("sync", system), ("apply", "--answers", answers)):
        done = cb(*words, bare=True)
        assert (done.code, complete(done.err)) == (ExitCode.INPUT, True)
        assert "'org' is not known" in done.err
        assert "needs that package: install it again" in done.err
    assert [s["id"] for s in cb("systems", "--json", bare=True).data] == [system]
    assert cb("verify", system).code == 0


def test_a_platform_that_nobody_brings_is_told_beside_those_that_are_there(cb, tmp_path):
    done = cb("answers", "check", answers_file(tmp_path, "rg"))
    assert "did you mean 'org'?" in done.err
    assert "Platforms of other packages here: org (chatbuilder-org 1.0)." in done.err


def test_our_own_platforms_need_no_look_for_packages(tmp_path):
    code = (
        "import importlib.metadata as found, sys\n"
        "look = found.entry_points\n"
        "def only(group): assert not group.startswith('chatbuilder'); return look(group=group)\n"
        "found.entry_points = only\n"
        "from chatbuilder import cli\n"
        "sys.exit(cli.run(sys.argv[1:]))\n"
    )
    place = answers_file(tmp_path, target={"path": str(tmp_path / "vault")})
    for words in (
        ["--help"],
        ["--version"],
        ["show", "--answers", place],
        ["apply", "--answers", place, "--yes"],
        ["systems"],
    ):
        done = subprocess.run(
            [sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr


BROKEN = {
    "gone": "import nothing_of_that_name",
    "exits": "raise SystemExit(3)",
    "wrong": "PLATFORM = 3",
    "taken": "PLATFORM = replace(good, about=replace(good.about, id='notion'))",
    "no-id": "PLATFORM = replace(good, about=replace(good.about, id='../x'))",
    "no-words": "PLATFORM = replace(good, about=replace(good.about, tagline='two\\nlines'))",
    "ours-key": "PLATFORM = replace(good, about=replace(good.about, target_keys=('database',)))",
    "unsaid-key": "PLATFORM = replace(good, about=replace(good.about, target_keys=('path', 'notebook')))",
    "level": "PLATFORM = replace(good, about=replace(good.about, can={'views': 'maybe'}))",
    "no-token": "PLATFORM = replace(good, about=replace(good.about, kind='api'))",
    "no-call": "PLATFORM = replace(good, generate=None)",
}


def package(folder: Path, name: str, code: str) -> Path:
    """A package that is installed in a folder, and brings what its module calls PLATFORM."""
    info = folder / f"{name}-2.0.dist-info"
    info.mkdir(parents=True)
    head = "from dataclasses import replace\nfrom chatbuilder_org import PLATFORM as good\n"
    (folder / f"{name}.py").write_text(f"{head}{code}\n", "utf-8")
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 2.0\n", "utf-8")
    (info / "entry_points.txt").write_text(f"[chatbuilder.platforms]\n{name} = {name}:PLATFORM\n", "utf-8")
    return folder


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_package_stops_nothing_and_is_told(what, tmp_path, installed):
    folder = package(tmp_path / "lib", "broken", BROKEN[what])
    found = {"env": {"PYTHONPATH": os.pathsep.join(map(str, (folder, installed, ROOT)))}}
    done = run(
        "apply", "--answers", answers_file(tmp_path, "org", target={"path": str(tmp_path / "o")}), "--yes", **found
    )
    assert done.code == 0, done.err
    told = run("doctor", **found).out
    assert "note     plug-in broken: broken 2.0 cannot be used: " in told
    assert "plug-in org: chatbuilder-org 1.0" in told
    done = run("answers", "check", answers_file(tmp_path, "brokn"), **found)
    assert "broken 2.0 cannot be used: " in done.err


FAULTY = {
    "generate": "def generate(config, blueprint): 1 / 0",
    "no-solution": "def generate(config, blueprint): return None",
    "open": "def open(config, desk): return {}['x']",
    "deliver": (
        "class P(OrgProvisioner):\n    def deliver(self, *given): 1 / 0\n"
        "def open(config, desk): return P(folder_of(config))"
    ),
    "suggest": "def suggest(config, documents): 1 / 0",
    "suggest-key": "def suggest(config, documents): return {'database': 'x'}",
}


@pytest.mark.parametrize("what", FAULTY)
def test_a_fault_in_a_package_is_told_as_its_own(what, tmp_path, installed):
    head = "from chatbuilder.pipeline.plugin import folder_of\nfrom chatbuilder_org.provisioner import OrgProvisioner\n"
    field = {"no-solution": "generate", "deliver": "open", "suggest-key": "suggest"}.get(what, what)
    tail = f"PLATFORM = replace(good, about=replace(good.about, id='faulty'), {field}={field})"
    folder = package(tmp_path / "lib", "faulty", f"{head}{FAULTY[what]}\n{tail}")
    place = answers_file(tmp_path, "faulty", target={"path": str(tmp_path / "o")})
    found = {"env": {"PYTHONPATH": os.pathsep.join(map(str, (folder, installed, ROOT)))}}
    done = run("apply", "--answers", place, "--yes", **found)
    assert done.code != 0
    assert "A defect of a plug-in: faulty 2.0 failed with " in done.err
    assert "Traceback" not in done.err
    assert complete(done.err) or what == "deliver"  # then the report of a run says what is kept


REMOTE = """
from chatbuilder.pipeline.plugin import Account, TargetKey, TokenKind, site_of
seen = []
def check(site):
    return Account(f"Notebook {site.target.get('notebook', '?')} of {site.secret.reveal()[:3]}")
def open(config, desk):
    return site_of(config, desk).nothing
def long(text):
    return "" if text.startswith("nb_") else "must begin with nb_"
PLATFORM = replace(good, about=replace(
    good.about, id="remote", name="Remote", kind="api", target_keys=("notebook", "account"),
    own=(TargetKey("notebook", "Notebook", "nb_…", long),),
    token=TokenKind("REMOTE_TOKEN", "r_…", ("Open remote.example and copy it.",)),
), open=open, check_account=check, suggest=lambda config, documents: {})
"""


@pytest.fixture
def remote(tmp_path, monkeypatch):
    monkeypatch.syspath_prepend(str(package(tmp_path / "lib", "remote_one", REMOTE)))
    sys.modules.pop("remote_one", None)
    with bringing("remote_one:PLATFORM"):
        yield
    sys.modules.pop("remote_one", None)


def test_target_keys_of_its_own_are_checked_as_it_says(remote, tmp_path, run_cli):
    wrong = answers_file(tmp_path, "remote", target={"notebook": "x", "path": "y", "notebok": "z"})
    said = run_cli("answers", "check", wrong).err
    assert "target.notebook must begin with nb_." in said
    assert "target.notebok: not a known key" in said
    assert "path does not apply to remote, which takes notebook, account" in said
    good = pipeline.check({"platform": "remote", "priorities": ["search"], "target": {"notebook": " nb_1 "}})
    assert good.target.value("notebook") == "nb_1"
    assert pipeline.check(good.data()) == good
    assert 'notebook = "nb_1"' in pipeline.answers_toml(good)
    with pytest.raises(InputError) as caught:
        pipeline.check({**good.data(), "platform": "obsidian"})
    assert caught.value.problems == ("target.notebook: not a known key.",)


def test_a_platform_with_an_api_has_a_token_like_ours(remote, tmp_path, run_cli, monkeypatch):
    place = answers_file(tmp_path, "remote", target={"notebook": "nb_1"})
    done = run_cli("apply", "--answers", place, "--yes")
    assert (done.code, "REMOTE_TOKEN" in done.err) == (ExitCode.CREDENTIALS, True)
    monkeypatch.setenv("REMOTE_TOKEN", "r_secret")
    assert "environment variable REMOTE_TOKEN" in run_cli("token", "list").out
    assert "token: remote: found in the environment variable REMOTE_TOKEN" in run_cli("doctor").out
    assert "Notebook nb_1 of r_s" in run_cli("token", "check", "remote", "--answers", place).out
    assert run_cli("token", "check", "elsewhere").code == ExitCode.USAGE
    done = run_cli("apply", "--answers", place, "--yes")  # what it opens is no provisioner
    assert "remote-one 1.0 failed with AttributeError (remote_one.py, line 9)." in done.err
    assert "r_secret" not in done.err


@given(configs(platform="obsidian"))
def test_any_answers_give_the_same_bytes_and_a_plan_that_can_be_delivered(found):
    with bringing("chatbuilder_org:PLATFORM"):
        config = pipeline.check({**found.data(), "platform": "org"})
        one, other = pipeline.build(config), pipeline.build(config)
    assert one.plan == other.plan
    assert [(file.path, file.data()) for file in one.files] == [(file.path, file.data()) for file in other.files]
    done: set[str] = set()
    for step in one.plan:
        assert step.key not in done
        assert set(step.depends_on) <= done
        done.add(step.key)
    texts = {f"org/{step.payload['path']}": step.payload["text"] for step in one.plan if step.kind == "file"}
    assert texts == {file.path: file.content for file in one.files if file.path.startswith("org/")}
    assert len({path.casefold() for path in texts}) == len(texts)


def test_the_example_s_own_tests(installed):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (installed, ROOT)))}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", os.devnull, str(ORG / "tests")]
    done = subprocess.run(words, capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stdout


def test_only_ours_are_suggested_in_place_of_another():
    with bringing("chatbuilder_org:PLATFORM"):
        found = pipeline.preview({"platform": "org", "priorities": ["analytics"], "features": ["dashboard"]})
        (better,) = (item for item in found.findings if item.key == "better_platform")
        assert better.change["platform"] in catalog.OURS
        assert any(item.key == "gap_charts" for item in found.findings)
        alone = pipeline.preview({"platform": "obsidian", "priorities": ["analytics"], "features": ["dashboard"]})
    assert alone == pipeline.preview({"platform": "obsidian", "priorities": ["analytics"], "features": ["dashboard"]})
