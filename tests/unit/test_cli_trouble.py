"""When things go wrong: defects, full disks, readers that go away, signals. Nothing is lost and nothing is leaked."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import chatbuilder
from chatbuilder import cli, pipeline
from chatbuilder.cli.output import safe
from chatbuilder.errors import ExitCode
from tests.helpers import answers_file, complete, config, run, saved_draft, start

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")


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
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this system")
    with Path("/dev/full").open("w") as full:
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
    while "Stopping; press Ctrl-C" not in told:
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
    draft = saved_draft(platform="excel")
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
