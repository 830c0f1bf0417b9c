"""What a shell may offer next, and the scripts that ask for it in real shells."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from chatbuilder import pipeline
from chatbuilder.cli import completion
from chatbuilder.cli.completion import FILES, FOLDERS, offers
from chatbuilder.cli.parser import SHELLS, names
from tests.helpers import run, saved_draft
from tests.integration.filling import take_in
from tests.integration.places import VaultPlace
from tests.unit.library.makers import chat


def offered(*words):
    return [offer.text for offer in offers(words)]


def test_commands_and_their_actions():
    assert offered("") == names()
    assert offered("do") == ["doctor"]
    assert offered("answers", "") == ["check", "show", "share"]
    assert offered("token", "set", "") == ["notion", "airtable", "sheets", "custom"]
    assert offered("show", "--answers", "x", "") == ["guide", "design", "files", "plan"]
    assert all(offer.about for offer in offers([""]))


def test_options_are_those_of_the_command_and_come_once():
    assert offered("apply", "--a") == ["--answers", "--account"]
    assert offered("apply", "--answers", "x", "--a") == ["--account"]
    assert offered("apply", "--answers=x", "--a") == ["--account"]
    assert offered("move", "s", "--target", "a=b", "--ta") == ["--target"]  # may be given several times
    assert "--json" in offered("jobs", "show", "--")
    assert offered("chats", "--", "--l") == []
    assert offered("nonsense", "--") == offered("--")


def test_values_of_options():
    assert offered("chats", "--sort", "") == ["newest", "oldest", "title", "longest"]
    assert offered("chats", "--sort=o") == ["--sort=oldest"]
    assert offered("build", "--answers", "") == [FILES]
    assert offered("build", "--out", "x") == [FOLDERS]
    assert offered("build", "--answers=x") == []
    assert "obsidian" in offered("move", "s", "--platform", "")
    assert offered("chats", "--source", "claude") == ["claude", "claude-code"]
    assert "ChatGPT" in offered("stats", "--assistant", "")
    assert offered("serve", "--port", "") == []
    assert offered("import", "a.zip", "b") == [FILES]


def test_ids_of_what_is_there(tmp_path):
    place = VaultPlace(tmp_path)
    draft = saved_draft(name="x")
    take_in(chat("a"))
    (job,) = pipeline.jobs()
    assert offered("sync", "") == offered("destroy", place.system[:5]) == [place.system]
    assert offered("log", "--system", "") == [place.system]
    assert offered("resume", "") == [draft]
    assert offered("answers", "share", "") == [draft, FILES]
    assert offered("jobs", "show", "job") == [job.id]
    assert offered("chats", "show", "chatgpt:") == ["chatgpt:a"]


def test_trouble_with_the_library_is_not_the_shells(home):
    (home / "data").mkdir(parents=True)
    (home / "data" / "library.db").write_bytes(b"not a library" * 100)
    assert offered("sync", "") == []


def test_what_is_foreign_is_shown_on_one_line(capsys, monkeypatch):
    monkeypatch.setattr(completion, "offers", lambda words: [completion.Offer("a:b", "x\ny\x1b[31m:z")])
    for shell, shown in (("zsh", "a\\:b:x y[31m:z\n"), ("fish", "a:b\tx y[31m:z\n")):
        assert completion.answer([shell, "x"]) == 0
        assert capsys.readouterr().out == shown
    completion.answer(["bash", ":=", "chatbuilder x a:"])
    assert capsys.readouterr().out == "b\n"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("chatbuilder ", ["chatbuilder", ""]),
        ("chatbuilder do", ["chatbuilder", "do"]),
        ("chatbuilder build --answers 'my file", ["chatbuilder", "build", "--answers", "'my", "file"]),
        ('chatbuilder build --answers "a b" --o', ["chatbuilder", "build", "--answers", "a b", "--o"]),
        ("", [""]),
    ],
)
def test_a_line_of_bash(line, words):
    assert completion._split(line) == words


@pytest.mark.parametrize("shell", SHELLS)
def test_the_script_says_where_it_goes(run_cli, shell):
    done = run_cli("completion", shell)
    assert (done.code, done.out) == (0, completion.SCRIPTS[shell])
    assert "save it" in done.out


def test_asking_is_quiet_whatever_is_asked(home):
    for words in ([], ["bash"], ["bash", ":"], ["zsh"], ["x", "y"]):
        done = run("__complete", *words)
        assert (done.code, done.err) == (0, "")


# Each shell with nothing of the person's own, and what makes it ready.
REAL = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], 'eval "$(chatbuilder completion bash)"; PS1=ready'),
    "zsh": (["zsh", "-f", "-i"], 'autoload -U compinit; compinit -u; eval "$(chatbuilder completion zsh)"; PS1=ready'),
    "fish": (
        ["fish", "--no-config", "-i"],
        "chatbuilder completion fish | source; function fish_prompt; echo ready; end",
    ),
}


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals of this kind")
@pytest.mark.parametrize("shell", REAL)
def test_in_a_real_shell(shell, tmp_path, monkeypatch):
    from tests.e2e.terminal import Terminal

    if not shutil.which(shell):
        pytest.skip(f"{shell} is not installed")
    place = VaultPlace(tmp_path)
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "wishes.toml").touch()
    monkeypatch.chdir(tmp_path / "room")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    program, ready = REAL[shell]
    with Terminal(program=program, columns=160) as window:
        window.press(ready, "enter")
        window.see_that(lambda: window.text.rstrip().endswith("ready") or "\nready" in window.text, "get ready")
        for typed, wanted in (
            ("chatbuilder doc", "chatbuilder doctor"),
            ("chatbuilder jobs sh", "chatbuilder jobs show"),
            ("chatbuilder chats --sou", "chatbuilder chats --source"),
            (f"chatbuilder sync {place.system[:6]}", f"chatbuilder sync {place.system}"),
            ("chatbuilder build --answers wi", "chatbuilder build --answers wishes.toml"),
        ):
            window.press(typed, "tab")
            window.see(wanted)
            window.press("\x15")  # what was typed is taken back
