"""Answers, drafts, packages and plans from the command line: what is printed, what is returned, what is refused."""

import os
import re
import sys
from dataclasses import replace

import pytest

import chatbuilder
from chatbuilder import pipeline
from chatbuilder.cli.parser import names
from chatbuilder.errors import ExitCode
from chatbuilder.pipeline import Changes
from chatbuilder.solution import Plan
from tests.helpers import answers_file, complete, run, saved_draft, tree

posix = pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")


# the parser


def test_version_and_help(run_cli):
    assert run("--version")[:2] == (0, f"chatbuilder {chatbuilder.__version__}\n")
    done = run_cli("--help")
    assert done.code == 0
    assert all(name in done.out for name in names())


@pytest.mark.parametrize(
    "words",
    [
        ("nonsense",),
        ("build",),
        ("build", "--answers", "x"),
        ("apply", "--answers"),
        ("show", "--answers", "x", "poem"),
        ("drafts", "rm"),
        ("--nope",),
    ],
)
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


def test_show_and_share_a_draft(run_cli):
    assert run_cli("answers", "show").code == ExitCode.INPUT
    draft = saved_draft(platform="notion", priorities=["search"], options={"timezone": None})
    done = run_cli("answers", "show")
    assert done.out == 'version = 1\nplatform = "notion"\npriorities = [\n    "search",\n]\n\n[options]\n'
    assert run_cli("answers", "show", draft, "--json").data["platform"] == "notion"
    assert "options.timezone must be text" in run_cli("answers", "share", draft).err
    draft = saved_draft(platform="notion", priorities=["search"])
    token = run_cli("answers", "share", draft).out.strip()
    assert token == run_cli("answers", "share", "--json").data["token"]
    assert run_cli("answers", "check", token).code == 0
    assert run_cli("answers", "show", "d-none").code == ExitCode.INPUT


def test_share_a_file(run_cli, answers):
    token = run_cli("answers", "share", answers).out.strip()
    assert token == run_cli("answers", "share", "--answers", answers).out.strip()
    assert run_cli("plan", "--answers", token).code == 0


def test_an_unfinished_draft_is_not_shared(run_cli):
    done = run_cli("answers", "share", saved_draft(platform="notion"))
    assert done.code == ExitCode.INPUT
    assert "priorities is missing" in done.err


# drafts


def test_drafts(run_cli, home):
    assert "No saved sessions" in run_cli("drafts").out
    assert run_cli("drafts", "--json").data == []
    draft = saved_draft(platform="notion", name="[red]Größe[/red]")
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
    assert run_cli("drafts", "rm", saved_draft(), "--json").data.keys() == {"removed"}


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
    shape = {
        "guide": {"title", "markdown"},
        "design": {"name", "tables", "views"},
        "files": {"path", "bytes"},
        "plan": {"key", "payload"},
    }
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


def test_a_long_title_leaves_the_table_of_a_plan_its_shape(run_cli, answers, monkeypatch):
    plan = pipeline.changes(pipeline.load_answers(str(answers))).plan
    steps = tuple(replace(step, title="Add the field Client; " * 40) for step in plan)
    monkeypatch.setattr(pipeline, "changes", lambda config: Changes(False, Plan(steps), ()))
    out = run_cli("plan", "--answers", answers).out
    assert "Add the field Client;" in out
    assert max(map(len, out.splitlines())) <= 130
    assert len(out.splitlines()) < 2 * len(steps) + 10
