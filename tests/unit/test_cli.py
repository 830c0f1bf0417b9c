"""The commands: what they print, what they return, and that every failure says what happened, what was kept, what next."""

import json
import os
import re
import signal
import subprocess
import sys

import pytest

import chatbuilder
from chatbuilder import cli, pipeline
from chatbuilder.cli.output import safe
from chatbuilder.cli.parser import names
from chatbuilder.drafts import Draft
from chatbuilder.errors import ExitCode
from chatbuilder.provision.files import FilesProvisioner
from tests.helpers import answers_file, config, run, start, tree

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")


@pytest.fixture
def answers(tmp_path):
    return answers_file(tmp_path, "obsidian", target={"path": str(tmp_path / "vault")}, features=["tags"])


@pytest.fixture
def built(run_cli, answers):
    """A system that exists; its id."""
    done = run_cli("apply", "--answers", answers, "--yes", "--json")
    assert done.code == 0, done.err
    return done.data["system"]


def complete(err: str) -> bool:
    """Whether an error says what happened, what was kept and what to do next."""
    return bool(re.search(r"^\S.+: .+", err) and "\nKept: " in err and "\nNext: " in err)


# the parser


def test_version_and_help(run_cli):
    assert run("--version")[:2] == (0, f"chatbuilder {chatbuilder.__version__}\n")
    done = run_cli("--help")
    assert done.code == 0
    assert all(name in done.out for name in names())


@pytest.mark.parametrize(
    "words",
    [("nonsense",), ("build",), ("build", "--answers", "x"), ("apply", "--answers"), ("show", "--answers", "x", "poem"), ("drafts", "rm"), ("--nope",)],
)  # fmt: skip
def test_wrong_usage(run_cli, words):
    done = run_cli(*words)
    assert done.code == ExitCode.USAGE
    assert "usage: chatbuilder" in done.err
    assert done.out == ""


def test_answers_alone_tells_what_it_can_do(run_cli):
    done = run_cli("answers")
    assert done.code == ExitCode.USAGE
    assert "check" in done.out


@pytest.mark.parametrize("name", names())
def test_every_command_explains_itself(run_cli, name):
    done = run_cli(name, "--help")
    assert done.code == 0
    assert len(done.out.splitlines()) > 3


@pytest.mark.parametrize("words", [(), ("resume", "d-1")])
def test_the_wizard_needs_a_terminal_and_says_what_to_use(run_cli, words):
    done = run_cli(*words)
    assert done.code == ExitCode.USAGE
    assert "No terminal" in done.err
    assert "chatbuilder build --answers FILE --out DIR" in done.err


def test_a_closed_stdin_is_no_terminal(monkeypatch, run_cli, answers):
    monkeypatch.setattr(sys, "stdin", None)
    assert run_cli().code == ExitCode.USAGE
    assert run_cli("apply", "--answers", answers).code == ExitCode.USAGE
    assert run_cli("doctor").code == 0


# answers


def test_check_valid(run_cli, answers):
    done = run_cli("answers", "check", answers)
    assert done.code == 0
    assert f"{answers}: valid, for obsidian." in done.out
    data = run_cli("answers", "check", answers, "--json").data
    assert (data["valid"], data["problems"]) == (True, [])


def test_check_shows_findings(run_cli, tmp_path):
    place = answers_file(tmp_path, "logseq", team_size="large")
    done = run_cli("answers", "check", place)
    assert "! Logseq is made for one person. " in done.out
    found = run_cli("answers", "check", place, "--json").data["findings"]
    assert {"key", "level", "title", "reason", "suggestion", "change"} <= set(found[0])


def test_check_invalid(run_cli, tmp_path):
    place = answers_file(tmp_path, "obsidan", team_size="huge")
    done = run_cli("answers", "check", place, "--json")
    assert done.code == ExitCode.INPUT
    assert done.data["valid"] is False
    assert len(done.data["problems"]) == 2
    assert complete(done.err)
    assert "did you mean 'obsidian'?" in done.err


def test_check_what_is_no_file(run_cli, tmp_path):
    done = run_cli("answers", "check", tmp_path / "none", "--json")
    assert done.code == ExitCode.INPUT
    assert done.data["problems"] == [f"{tmp_path / 'none'} does not exist."]
    assert complete(done.err)


@pytest.mark.parametrize("words", [("build", "--out", "x"), ("show",), ("plan",), ("apply", "--yes")])
def test_bad_answers_stop_every_command(run_cli, tmp_path, words):
    place = answers_file(tmp_path, "obsidan", name="bad.json")
    done = run_cli(words[0], "--answers", place, *words[1:])
    assert done.code == ExitCode.INPUT
    assert complete(done.err)
    assert done.out == ""


def test_foreign_text_cannot_paint_the_terminal(run_cli, tmp_path):
    place = answers_file(tmp_path, "obsidian", **{"\x1b[31m\u202ered": 1})
    done = run_cli("answers", "check", place)
    assert "\x1b" not in done.err
    assert "\u202e" not in done.err


def saved(**answers):
    draft = pipeline.save_draft(Draft(pipeline.new_draft().id, "team", answers))
    pipeline.release_draft(draft.id)
    return draft.id


def test_show_and_share_a_draft(run_cli):
    assert run_cli("answers", "show").code == ExitCode.INPUT
    draft = saved(platform="notion", priorities=["search"], options={"timezone": None})
    done = run_cli("answers", "show")
    assert done.out == 'version = 1\nplatform = "notion"\npriorities = [\n    "search",\n]\n\n[options]\n'
    assert run_cli("answers", "show", draft, "--json").data["platform"] == "notion"
    assert "options.timezone must be text" in run_cli("answers", "share", draft).err
    draft = saved(platform="notion", priorities=["search"])
    token = run_cli("answers", "share", draft).out.strip()
    assert token == run_cli("answers", "share", "--json").data["token"]
    assert run_cli("answers", "check", token).code == 0
    assert run_cli("answers", "show", "d-none").code == ExitCode.INPUT


def test_share_a_file(run_cli, answers):
    token = run_cli("answers", "share", answers).out.strip()
    assert token == run_cli("answers", "share", "--answers", answers).out.strip()
    assert run_cli("plan", "--answers", token).code == 0


def test_an_unfinished_draft_is_not_shared(run_cli):
    done = run_cli("answers", "share", saved(platform="notion"))
    assert done.code == ExitCode.INPUT
    assert "priorities is missing" in done.err


# drafts


def test_drafts(run_cli, home):
    assert "No saved sessions" in run_cli("drafts").out
    assert run_cli("drafts", "--json").data == []
    draft = saved(platform="notion", name="[red]Größe[/red]")
    done = run_cli("drafts")
    assert draft in done.out
    assert "[red]Größe[/red]" in done.out
    assert run_cli("drafts", "--json").data[0]["step"] == "team"
    (home / "state" / "drafts" / "d-bad.json").write_bytes(b"{")
    done = run_cli("drafts")
    assert "d-bad cannot be opened" in done.err
    assert draft in done.out
    assert run_cli("drafts", "rm", draft).code == 0
    assert run_cli("drafts", "rm", draft).code == ExitCode.INPUT
    assert run_cli("drafts", "rm", saved(), "--json").data.keys() == {"removed"}


def test_resume_without_drafts(run_cli):
    done = run_cli("resume")
    assert done.code == ExitCode.INPUT
    assert "There is no saved session" in done.err


# build and show


def test_build(run_cli, answers, tmp_path):
    done = run_cli("build", "--answers", answers, "--out", tmp_path / "out")
    assert done.code == 0
    assert re.search(r"out: \d+ written\.\nStart with README\.md there\.\n$", done.out)
    assert {"README.md", "answers.toml", "plan.json", "blueprint.json"} <= set(tree(tmp_path / "out"))
    again = run_cli("build", "--answers", tmp_path / "out" / "answers.toml", "--out", tmp_path / "out")
    assert re.search(r"out: \d+ unchanged\.", again.out)


def test_build_tells_what_it_kept(run_cli, answers, tmp_path):
    run_cli("build", "--answers", answers, "--out", tmp_path / "out")
    (tmp_path / "out" / "README.md").write_text("mine", "utf-8")
    done = run_cli("build", "--answers", answers, "--out", tmp_path / "out")
    assert "kept yours: README.md (changed since the last export" in done.out
    assert run_cli("build", "--answers", answers, "--out", tmp_path / "out", "--json").data["kept"] == ["README.md"]


def test_build_json(run_cli, answers, tmp_path):
    data = run_cli("build", "--answers", answers, "--out", tmp_path / "out", "--json").data
    assert set(data) == {"place", "written", "updated", "unchanged", "removed", "kept"}
    assert data["place"] == str(tmp_path / "out")


def test_build_zip(run_cli, answers, tmp_path):
    done = run_cli("build", "--answers", answers, "--out", tmp_path / "out", "--zip")
    assert "The zip is answers-json" not in done.out
    assert "The zip is chat-sessions-obsidian.zip." in done.out
    assert set(tree(tmp_path / "out")) == {"chat-sessions-obsidian.zip", ".chatbuilder-export.json"}


def test_build_into_a_file(run_cli, answers):
    done = run_cli("build", "--answers", answers, "--out", answers)
    assert done.code == ExitCode.INPUT
    assert "it is a file" in done.err
    assert complete(done.err)


@pytest.mark.parametrize("part", ["guide", "design", "files", "plan"])
def test_show(run_cli, answers, part):
    text = run_cli("show", "--answers", answers, part)
    assert text.code == 0
    assert len(text.out) > 200
    data = run_cli("show", "--answers", answers, part, "--json").data
    shape = {"guide": {"title", "markdown"}, "design": {"name", "tables", "views"}, "files": {"path", "bytes"}, "plan": {"key", "payload"}}
    assert shape[part] <= set(data[0] if isinstance(data, list) else data)


def test_the_guide_is_plain_markdown_in_a_pipe(run_cli, answers):
    done = run_cli("show", "--answers", answers)
    assert done.out == run_cli("show", "--answers", answers, "--json").data["markdown"]
    assert "\x1b" not in done.out


def test_plan(run_cli, answers, home):
    data = run_cli("plan", "--answers", answers, "--json").data
    assert all(set(step) == {"key", "title", "kind", "payload", "depends_on"} for step in data)
    keys = [step["key"] for step in data]
    assert len(set(keys)) == len(keys)
    assert "Nothing was sent." in run_cli("plan", "--answers", answers).out
    assert not (home / "data").exists()


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


@pytest.mark.parametrize(("typed", "builds"), [("y\n", True), ("YES\n", True), ("n\n", False), ("\n", False), ("", False), ("yep\n", False)])
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
    assert "apply" in run_cli("log").out
    (entry,) = run_cli("log", "--json").data
    assert (entry["action"], entry["system"], entry["status"]) == ("apply", built, "completed")
    done = run_cli("doctor")
    assert done.code == 0
    assert "ok       chatbuilder: " in done.out
    assert {"name", "state", "text", "hint"} == set(run_cli("doctor", "--json").data[0])


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


# when things go wrong


def test_a_defect_says_so_and_reports_no_values(run_cli, answers, home, monkeypatch):
    def broken(config):
        secret = "ntn_secret_value"
        raise ValueError(f"with {secret}")

    monkeypatch.setattr(pipeline, "build", broken)
    done = run_cli("plan", "--answers", answers)
    assert done.code == ExitCode.DEFECT
    assert "ValueError" in done.err
    assert "Kept: " in done.err
    assert "Next: " in done.err
    report = (home / "logs" / "crash.log").read_text("utf-8")
    assert "in broken" in report
    assert "secret" not in report + done.err + done.out
    if os.name != "nt":
        assert (home / "logs" / "crash.log").stat().st_mode & 0o077 == 0


def test_a_defect_without_a_disk_still_says_so(run_cli, answers, home, monkeypatch):
    home.touch()
    monkeypatch.setattr(pipeline, "build", lambda config: 1 / 0)
    done = run_cli("plan", "--answers", answers)
    assert done.code == ExitCode.DEFECT
    assert "Details" not in done.err


def test_what_the_system_refuses_is_no_defect(run_cli, answers, monkeypatch):
    def broken(config):
        raise PermissionError(13, "Permission denied", "/somewhere")

    monkeypatch.setattr(pipeline, "build", broken)
    done = run_cli("plan", "--answers", answers)
    assert done.code == ExitCode.INPUT
    assert "/somewhere: Permission denied" in done.err
    assert complete(done.err)


def test_ctrl_c(run_cli, answers, monkeypatch):
    def impatient(config):
        raise KeyboardInterrupt

    monkeypatch.setattr(pipeline, "build", impatient)
    done = run_cli("plan", "--answers", answers)
    assert done.code == ExitCode.INTERRUPTED
    assert "kept" in done.err


def test_nothing_foreign_is_obeyed_by_a_terminal():
    assert safe("a\x1b[31mb\x07\x9b\u202ec\td\n\x7f") == "a[31mbc\td\n"
    assert safe("🗂️ محادثات [b]x[/b]") == "🗂️ محادثات [b]x[/b]"


def test_texts_are_utf_8_in_a_pipe_whatever_the_code_page(tmp_path):
    place = answers_file(tmp_path, "obsidian", name="🗂️.json")
    place.write_text(json.dumps({"platform": "obsidian", "priorities": ["search"], "name": "🗂️ 日本"}), "utf-8")
    done = run("show", "--answers", place, env={"PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0", "LC_ALL": "C"})
    assert done.code == 0, done.err
    assert "🗂️ 日本" in done.out


@posix
def test_a_reader_that_goes_away_is_no_error(answers):
    for words in (("show", "--answers", answers, "design", "--json"), ("--help",), ("doctor",)):
        process = start(*words)
        process.stdout.close()  # as `| head -0` does
        err = process.stderr.read()
        assert process.wait(30) == 0
        assert err == ""
        process.stderr.close()


@posix
def test_a_full_disk_behind_stdout_is_told(answers):
    if not os.path.exists("/dev/full"):
        pytest.skip("no /dev/full on this system")
    with open("/dev/full", "w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "chatbuilder", "plan", "--answers", str(answers), "--json"],
            stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    assert done.returncode == ExitCode.INPUT
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


@posix
def test_progress_that_nobody_reads_does_not_stop_the_build(run_cli, answers, tmp_path):
    process = start("apply", "--answers", answers, "--yes")
    process.stderr.close()
    process.stdout.read()
    assert process.wait(60) == 0
    process.stdout.close()
    assert run_cli("systems", "--json").data[0]["status"] == "ready"


STEPWISE = """
import sys
from chatbuilder.provision.files import FilesProvisioner
real = FilesProvisioner.deliver
def stepwise(self, step, payload, previous):
    print("delivering", flush=True)
    sys.stdin.readline()
    return real(self, step, payload, previous)
FilesProvisioner.deliver = stepwise
from chatbuilder.cli import run
sys.exit(run(sys.argv[1:]))
"""


@posix
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("impatient", [False, True])
def test_a_signal_stops_a_build_and_keeps_what_is_done(run_cli, answers, number, impatient):
    """The first signal comes in the middle of the second step; an impatient person sends another at once."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    process = subprocess.Popen([sys.executable, "-c", STEPWISE, "apply", "--answers", str(answers), "--yes"], **pipes)
    assert process.stdout.readline() == "delivering\n"
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "delivering\n"
    process.send_signal(number)
    told = ""
    while "Stopping after this step" not in told:
        told = process.stderr.readline()
    if impatient:
        process.send_signal(number)
        assert process.wait(60) == ExitCode.INTERRUPTED
    _, err = process.communicate("\n" if not impatient else None, timeout=60)
    assert process.returncode == ExitCode.INTERRUPTED
    assert ("run the command again" if impatient else "Stopped after 2 of") in err
    assert "Traceback" not in err
    (job,) = run_cli("jobs", "--json").data
    assert job["status"] == "cancelled"
    assert run_cli("apply", "--answers", answers, "--yes").code == 0
    assert run_cli("verify", job["system"]).code == 0


def test_handlers_are_put_back(run_cli, answers):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    run_cli("apply", "--answers", answers, "--yes")
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


def test_the_wizard_opens_in_a_terminal(monkeypatch, run_cli):
    opened = []
    monkeypatch.setattr("chatbuilder.app.run", lambda draft: opened.append(draft) or 0)
    monkeypatch.setattr("chatbuilder.cli.output.is_terminal", lambda stream: True)
    assert run_cli().code == 0
    assert run_cli("resume", "d-1").code == 0
    draft = saved(platform="excel")
    assert run_cli("resume").code == 0
    assert opened == [None, "d-1", draft]


def test_the_door_of_the_program(monkeypatch, capsys):
    from chatbuilder.__main__ import main

    monkeypatch.setattr(sys, "argv", ["chatbuilder", "drafts", "--json"])
    assert main() == 0
    assert json.loads(capsys.readouterr().out) == []
    monkeypatch.setattr(sys, "argv", ["chatbuilder", "-V"])
    assert main() == 0
    assert capsys.readouterr().out == f"chatbuilder {chatbuilder.__version__}\n"
    assert cli.run(["--version"]) == 0


def test_the_guide_is_rendered_in_a_terminal(run_cli, answers, monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    text = run_cli("show", "--answers", answers).out
    assert config().name in text
    assert "## " not in text
