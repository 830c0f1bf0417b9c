"""Every example in README and docs is run, page by page, from the top down, in an empty home.

The three vendors are the strict fakes, reached over HTTP through their own libraries; PostgreSQL is a real server. A
block of TOML that begins with `# NAME.toml` is a file of that name for the commands of its page; the first one that has
no name is answers.toml.
"""

from __future__ import annotations

import io
import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest

from chatbuilder import answers
from chatbuilder.config import Config
from chatbuilder.provision.outside import limits
from tests.databases import PROGRAMS, Server
from tests.helpers import ROOT, Cli
from tests.unit.importers.samples import chatgpt, claude
from tests.vendors import airtable, notion, sheets

sys.path.insert(0, str(ROOT / "tools"))
import reference

PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```([\w-]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
RUN = ("sh", "toml", "json", "python", "sql")
SHOWN = ("text",)  # drawings, usage lines, what a command prints
# Lines that no test can run, each with its reason. Keep it tiny.
NOT_RUN = {
    r"chatbuilder serve": "serves until it is stopped; test_browser.py walks through it in a browser",
    r"python3 dev\.py (run|test|lint|check|lock|bench|pictures|reference)( \S+)?": "how these tests are run",
    r"createdb .*": "a server of yours; the test has one of its own",
}
DEFAULT = 'platform = "obsidian"\npriorities = ["organization", "search"]\nfeatures = ["tags"]\n'
POSTGRES = "postgresql://sam@db.example.org/chats"
TOKENS = {"notion": "ntn_docs", "airtable": "pat00000000000000.0123456789", "custom": "secret"}


def blocks(page: Path) -> list[tuple[str, str]]:
    """The fenced blocks of a page: language and text."""
    return FENCE.findall(page.read_text("utf-8"))


def name(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_block_says_what_it_is(page):
    assert {language for language, _ in blocks(page)} <= {*RUN, *SHOWN}


class Typing(io.StringIO):
    """Somebody at the keyboard, who agrees."""

    def isatty(self) -> bool:
        return True


class Reader:
    """Somebody who types off a page, with what the page takes for granted."""

    def __init__(self, page: Path, folder: Path, cli: Cli, databases: list[Server]) -> None:
        self.page, self.folder, self.cli, self.databases = page, folder, cli, databases
        self.names: dict[str, Any] = {}
        named = [text for language, text in blocks(page) if language == "toml"]
        plain = next((text for text in named if not _file_name(text)), DEFAULT)
        for file, text in {"answers.toml": plain, **{_file_name(text): text for text in named}}.items():
            if file:
                (folder / file).write_text(self.here(text), "utf-8")
        other = tomllib.loads((folder / "answers.toml").read_text("utf-8"))
        other["features"] = sorted({*other.get("features", ()), "reminders", "archive"})
        (folder / "new-answers.json").write_text(json.dumps(other), "utf-8")
        for file, data in (("chatgpt", [chatgpt()]), ("claude", [claude()])):
            with zipfile.ZipFile(folder / f"{file}-export.zip", "w") as export:
                export.writestr("conversations.json", json.dumps(data))
        for file in ("client_secret.json", "service-account.json"):
            (folder / file).write_text(sheets.user(), "utf-8")

    def here(self, text: str) -> str:
        """The example's server is the test's."""
        return text.replace(POSTGRES, self.databases[0].url("chats")) if POSTGRES in text else text

    def sh(self, text: str) -> None:
        """Run command after command; each has to succeed."""
        for line in text.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            command = " ".join(words)
            if not words or any(re.fullmatch(pattern, command) for pattern in NOT_RUN):
                continue
            if words[:3] == ["python3", "dev.py", "run"]:
                words = ["chatbuilder", *words[3:]]
            if words[0] == "chatbuilder":
                limits._shared.clear()  # each command is a process of its own, and begins with the vendor's whole limit
                done = self.cli(*words[1:])
                assert done.code == 0, f"{line}\n{done.out}{done.err}"
            else:
                script = re.sub(r"^python3\b", shlex.quote(sys.executable), line.strip())
                ran = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=60, check=False)
                assert ran.returncode == 0, f"{line}\n{ran.stdout}{ran.stderr}"

    def toml(self, text: str) -> None:
        """Whatever is TOML here is answers."""
        assert isinstance(answers.check(tomllib.loads(text), self.page.name), Config)

    def json(self, text: str) -> None:
        """JSON is answers, or what a command reports."""
        data = json.loads(text)
        if isinstance(data, dict) and "platform" in data and "priorities" in data:
            assert answers.check(data, self.page.name)

    def sql(self, text: str) -> None:
        """Ask the database that the commands above have built: `-- PostgreSQL` names the server, else SQLite."""
        for statement in filter(str.strip, text.split(";\n")):
            if text.startswith("-- PostgreSQL"):
                import psycopg

                with psycopg.connect(self.databases[0].url("chats"), autocommit=True) as server:
                    server.execute(statement)
            else:
                place = answers.check(tomllib.loads((self.folder / "answers.toml").read_text("utf-8"))).target.database
                with closing(sqlite3.connect(Path(place.removeprefix("sqlite:///")).expanduser())) as connection:
                    connection.execute(statement).fetchall()

    def python(self, text: str) -> None:
        """Python runs as a whole: the blocks of a page see each other's names."""
        exec(compile(text, name(self.page), "exec"), self.names)


def _file_name(text: str) -> str:
    found = re.match(r"# ([\w-]+\.toml)\b", text)
    return found[1] if found else ""


@pytest.fixture
def world(monkeypatch, keyring_in_memory, tmp_path) -> Iterator[None]:
    """The vendors on this machine, a keyring, somebody who pastes tokens and agrees, an empty folder to be in."""
    fakes = ExitStack()
    urls = {
        "NOTION": fakes.enter_context(notion.serving(notion.NotionFake(token=TOKENS["notion"], limit=None))),
        "AIRTABLE": fakes.enter_context(
            airtable.serving(airtable.AirtableFake(token=TOKENS["airtable"], per_second=None))
        ),
        "GOOGLE": fakes.enter_context(sheets.serving(sheets.GoogleFake())),
    }  # fmt: skip
    for vendor, url in urls.items():
        monkeypatch.setenv(f"CHATBUILDER_{vendor}_URL", url)
    monkeypatch.setattr(
        "getpass.getpass", lambda prompt="": next((t for v, t in TOKENS.items() if v in prompt), TOKENS["custom"])
    )
    monkeypatch.setattr(sys, "stdin", Typing("y\n" * 100))
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)
    with fakes:
        yield


@pytest.fixture
def databases(request) -> Iterator[list[Server]]:
    """The server of a page that has one; such a page cannot be tried without PostgreSQL."""
    if POSTGRES not in request.getfixturevalue("page").read_text("utf-8"):
        yield []
        return
    if not PROGRAMS and not os.environ.get("CI"):
        pytest.skip("PostgreSQL is not installed here")
    server = Server()
    server.run("postgres", "CREATE DATABASE chats;")
    yield [server]
    server.stop()


RUNNABLE = [page for page in PAGES if any(language in RUN for language, _ in blocks(page))]


@pytest.mark.skipif(sys.platform == "win32", reason="the examples are written for a POSIX shell")
@pytest.mark.parametrize("page", RUNNABLE, ids=name)
def test_the_examples_of_a_page_run(page, databases, world, tmp_path, run_cli):
    reader = Reader(page, tmp_path / "here", run_cli, databases)
    for language, text in blocks(page):
        if language in RUN:
            getattr(reader, language)(reader.here(text))


def test_what_is_not_run_is_still_there():
    """A reason for a line that nobody writes any more would hide the next one."""
    lines = [
        " ".join(shlex.split(line, comments=True))
        for page in PAGES for language, text in blocks(page) if language == "sh" for line in text.splitlines()
    ]  # fmt: skip
    assert [p for p in NOT_RUN if not any(re.fullmatch(p, line) for line in lines)] == []


INLINE = re.compile(r"`(chatbuilder [a-z][^`]*)`")
PARSERS = dict(reference.commands())


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_in_sentences_exist(page):
    """`chatbuilder token set custom --account NAME` is a command with that option, though more may be needed."""
    for text in INLINE.findall(FENCE.sub("", page.read_text("utf-8"))):
        words = text.split()
        command = next((" ".join(words[:n]) for n in (3, 2) if " ".join(words[:n]) in PARSERS), "")
        assert command or text == "chatbuilder token", f"{page.name}: `{text}` is no command"
        known = {option for action in PARSERS[command]._actions for option in action.option_strings} if command else ()
        assert [word for word in words if word.startswith("--") and word not in known] == [], text
