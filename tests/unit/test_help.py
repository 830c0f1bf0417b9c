"""`help`, `--help` and the manual page: complete, true, and fit for `man`."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess

import pytest
from tools.generate import shared

from chatbuilder.cli import helping, manual
from chatbuilder.cli.parser import make_parser
from chatbuilder.errors import ExitCode
from tests.helpers import ROOT, complete

COMMANDS = {command.name: command for command in helping.commands(make_parser())}


def test_every_example_is_a_command_that_works_and_is_where_it_belongs():
    assert set(manual.EXAMPLES) - {""} <= set(COMMANDS)
    for name, examples in manual.EXAMPLES.items():
        for line, about in examples:
            inner = re.search(r"\$\((.*)\)", line)
            words = shlex.split(re.split(r" [|>] ", inner[1] if inner else line)[0])
            assert words[0] == "chatbuilder"
            make_parser().parse_args(words[1:])
            assert about
            assert f"chatbuilder {name}".strip() in line


def test_the_whole_help_has_every_command_and_option(run_cli):
    text = run_cli("help").out
    for command in COMMANDS.values():
        assert command.synopsis in " ".join(text.split())
        names = {name for action in command.parser._actions for name in action.option_strings}
        assert {name for name in names - {"-h", "--help"} if name not in text} == set()
    for code in ExitCode:
        assert re.search(rf"^  {int(code)} ", text, re.M)
    assert max(map(len, text.splitlines())) <= 100


def test_help_explains_one_command(run_cli):
    done = run_cli("help", "token", "set")
    assert (done.code, done.out) == (0, run_cli("token", "set", "--help").out)
    assert "examples:\n  chatbuilder token set notion\n      type it" in done.out
    assert "Exit codes" in run_cli("--help").out or "exit codes:" in run_cli("--help").out


def test_help_on_what_is_no_command(run_cli):
    done = run_cli("help", "bake")
    assert done.code == ExitCode.USAGE
    assert complete(done.err)


def test_every_option_says_what_it_does():
    silent = [
        f"{command.name} {name}"
        for command in COMMANDS.values()
        for name, about in helping._options(command.parser)
        if not about and name.startswith("-")
    ]
    assert silent == []


def test_what_systems_look_for_is_what_the_program_prints():
    """`python3 dev.py generate manual` writes these files."""
    assert {name: (ROOT / name).read_text("utf-8") for name in shared()} == shared()


def test_the_manual_page_escapes_what_means_something_to_man():
    assert helping._roff(".x") == "\\&.x"
    assert helping._roff("a-b 'c' \\ `d`") == "a\\-b \\(aqc\\(aq \\e \\(gad\\(ga"
    page = helping.page(make_parser())
    assert page.isascii()
    assert not re.findall(r"^'|^\.(?!TH|SH|SS|PP|TP|B )", page, re.M)


@pytest.mark.parametrize("reader", ["mandoc", "groff"])
def test_man_reads_it_without_complaint(reader, run_cli):
    if not shutil.which(reader):
        pytest.skip(f"{reader} is not installed")
    page = run_cli("help", "--man").out
    check = {"mandoc": ["mandoc", "-Tlint"], "groff": ["groff", "-man", "-Tutf8", "-ww"]}[reader]
    done = subprocess.run(check, input=page, capture_output=True, text=True, encoding="utf-8", check=False)
    assert (done.returncode, done.stderr) == (0, "")
    if reader == "mandoc":
        assert done.stdout == ""
    else:
        plain = re.sub(r"\x1b\[[\d;]*m|.\x08", "", done.stdout)
        assert "chatbuilder apply --answers answers.toml --yes --json" in plain
