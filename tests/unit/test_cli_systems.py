"""Systems from the command line: asked for, built, verified, repaired, taken down."""

import os
import re
import sys

import pytest

from chatbuilder.errors import ExitCode
from chatbuilder.provision.files import FilesProvisioner
from tests.helpers import answers_file, complete, tree

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")


# apply and after


def test_apply(run_cli, answers, tmp_path):
    done = run_cli("apply", "--answers", answers, "--yes")
    assert done.code == 0
    assert f"Built: {tmp_path / 'vault'}" in done.out
    assert "Opens with: obsidian://" in done.out
    assert re.search(r"^\[1/(\d+)\] .+\n(.+\n)*\[\1/\1\] ", done.err, re.M)
    again = run_cli("apply", "--answers", answers, "--yes")
    assert again.code == 0
    assert "(already there)" in again.err


def test_apply_reports_the_job(run_cli, answers):
    data = run_cli("apply", "--answers", answers, "--yes", "--json").data
    assert list(data) == ["id", "system", "platform", "status", "started", "finished", "result", "error"]
    assert (data["status"], data["platform"], data["error"]) == ("completed", "obsidian", None)
    assert data["result"]["url"].startswith("obsidian://")
    for key in ("started", "finished"):
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", data[key])
    assert run_cli("jobs", "--json").data == [data]


def test_nobody_agrees_without_a_terminal(run_cli, answers, tmp_path):
    done = run_cli("apply", "--answers", answers)
    assert done.code == ExitCode.USAGE
    assert "steps to" in done.err
    assert "add --yes" in done.err
    assert not (tmp_path / "vault").exists()


class Terminal:
    """A person at a terminal who types one line."""

    def __init__(self, line):
        self.line = line

    def isatty(self):
        return True

    def readline(self):
        return self.line


@pytest.mark.parametrize(
    ("typed", "builds"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False), ("yep\n", False)]
)
def test_a_person_is_asked(run_cli, answers, tmp_path, monkeypatch, typed, builds):
    monkeypatch.setattr(sys, "stdin", Terminal(typed))
    done = run_cli("apply", "--answers", answers)
    assert done.code == 0
    assert "Build it? [y/N]" in done.err
    assert (tmp_path / "vault").exists() == builds
    assert builds or "Nothing was changed." in done.err


def test_settings_that_would_be_extended_are_named_before(run_cli, answers, tmp_path, monkeypatch):
    settings = tmp_path / "vault" / ".obsidian" / "app.json"
    settings.parent.mkdir(parents=True)
    settings.write_text('{"vimMode": true}', "utf-8")
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    done = run_cli("apply", "--answers", answers)
    assert "adds to your .obsidian/app.json" in done.err
    assert settings.read_text("utf-8") == '{"vimMode": true}'


def test_a_target_in_use_by_something_else(run_cli, answers, tmp_path):
    (tmp_path / "vault").write_text("a file of mine", "utf-8")
    for words in ((), ("--yes",)):
        done = run_cli("apply", "--answers", answers, *words)
        assert done.code == ExitCode.INPUT
        assert complete(done.err)
    assert (tmp_path / "vault").read_text("utf-8") == "a file of mine"


def test_a_step_that_is_refused_is_partly_done(run_cli, answers, monkeypatch):
    real, count = FilesProvisioner.deliver, iter(range(1000))

    def full(self, step, payload, previous):
        if next(count) == 3:
            raise OSError(28, "No space left on device")
        return real(self, step, payload, previous)

    with monkeypatch.context() as patch:
        patch.setattr(FilesProvisioner, "deliver", full)
        done = run_cli("apply", "--answers", answers, "--yes", "--json")
    assert done.code == ExitCode.PARTLY
    assert done.data["status"] == "failed"
    assert "No space left" in done.data["error"]["message"]
    assert "FAILED" in done.err
    assert "Kept: 3 of" in done.err
    assert "Next: " in done.err
    assert run_cli("verify", done.data["system"]).code == ExitCode.PARTLY
    assert run_cli("apply", "--answers", answers, "--yes").code == 0
    assert run_cli("verify", done.data["system"]).code == 0


def test_a_first_step_that_is_refused_is_refused(run_cli, answers, monkeypatch):
    def denied(self, step, payload, previous):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(FilesProvisioner, "deliver", denied)
    done = run_cli("apply", "--answers", answers, "--yes")
    assert done.code == ExitCode.REFUSED
    assert "Kept: 0 of" in done.err


@pytest.mark.parametrize("platform", ["notion", "airtable", "sheets"])
def test_platforms_with_an_api(run_cli, tmp_path, platform):
    done = run_cli("apply", "--answers", answers_file(tmp_path, platform), "--yes")
    assert done.code in (ExitCode.REFUSED, ExitCode.CREDENTIALS)
    assert complete(done.err)


def test_a_system_of_one_part_is_as_it_was_built(run_cli, tmp_path):
    workbook = answers_file(tmp_path, "excel", target={"path": str(tmp_path / "chats.xlsx")})
    job = run_cli("apply", "--answers", workbook, "--yes", "--json").data
    assert run_cli("verify", job["system"]).out == "It is as it was built.\n"


def test_systems_verify_repair_destroy(run_cli, answers, built, tmp_path):
    assert built in run_cli("systems").out
    (info,) = run_cli("systems", "--json").data
    assert set(info) == {"id", "name", "platform", "place", "url", "status", "created", "updated"}
    done = run_cli("verify", built)
    assert done.code == 0
    assert re.match(r"All \d+ parts are as built\.", done.out)
    note = next((tmp_path / "vault").rglob("*.md"))
    note.unlink()
    done = run_cli("verify", built[:10])
    assert done.code == ExitCode.PARTLY
    assert "missing" in done.out
    assert f"chatbuilder repair {built[:10]}" in done.out
    assert {drift["state"] for drift in run_cli("verify", built, "--json").data} == {"same", "missing"}
    assert run_cli("repair", built, "--json").data["status"] == "completed"
    assert note.exists()
    note.write_text("mine", "utf-8")
    assert run_cli("verify", built).code == 0
    done = run_cli("destroy", built, "--yes")
    assert done.code == 0
    assert re.search(r"\d+ parts removed, \d+ kept\.", done.out)
    assert "kept: " in done.out
    assert [place for place in (tmp_path / "vault").rglob("*") if place.is_file()] == [note]
    assert "No systems yet" in run_cli("systems").out
    assert run_cli("repair", built).code == ExitCode.INPUT


def test_destroy_asks_first(run_cli, built, tmp_path, monkeypatch):
    before = tree(tmp_path / "vault")
    done = run_cli("destroy", built)
    assert done.code == ExitCode.USAGE
    assert "add --yes" in done.err
    monkeypatch.setattr(sys, "stdin", Terminal("n\n"))
    done = run_cli("destroy", built)
    assert done.code == 0
    assert "Nothing was changed." in done.err
    assert tree(tmp_path / "vault") == before
    monkeypatch.setattr(sys, "stdin", Terminal("y\n"))
    assert run_cli("destroy", built, "--json").data["kept"] == []
    assert not (tmp_path / "vault").exists()


@pytest.mark.parametrize("command", ["verify", "repair", "destroy"])
@pytest.mark.parametrize("system", ["nonsense", ""])
def test_unknown_systems(run_cli, built, command, system):
    done = run_cli(command, system, *(["--yes"] if command == "destroy" else []))
    assert done.code == ExitCode.INPUT
    assert complete(done.err)
    assert built in done.err


def test_jobs_log_and_doctor(run_cli, built):
    assert built in run_cli("jobs").out
    assert f"Built {built}: " in run_cli("log").out
    (entry,) = run_cli("log", "--json").data
    assert (entry["action"], entry["system"], entry["status"]) == ("apply", built, "completed")
    done = run_cli("doctor")
    assert done.code == 0
    assert "ok       chatbuilder: " in done.out
    assert {"name", "state", "text", "hint", "why"} == set(run_cli("doctor", "--json").data[0])


def test_nothing_yet(run_cli):
    assert run_cli("jobs").out == "No jobs yet.\n"
    assert run_cli("log").out == "Nothing was changed yet.\n"
    for command in ("jobs", "log", "systems"):
        assert run_cli(command, "--json").data == []


def test_a_sick_machine(run_cli, home):
    home.touch()
    done = run_cli("doctor")
    assert done.code == ExitCode.INPUT
    assert "PROBLEM" in done.out
