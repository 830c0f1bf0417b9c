"""`doctor` and `log`: what is well, what is missing and what to do about it; what was changed and when."""

from __future__ import annotations

import importlib
import platform
import sqlite3
import sys
from dataclasses import dataclass
from typing import Any, Literal

from chatbuilder import __version__, audit, credentials
from chatbuilder.errors import ChatbuilderError
from chatbuilder.library.systems import Library
from chatbuilder.paths import Paths, locate, private_folder
from chatbuilder.pipeline import plugins


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: ok, note (works without it) or problem; `hint` says what to do."""

    name: str
    state: Literal["ok", "note", "problem"]
    text: str
    hint: str = ""


def doctor() -> list[Check]:
    """Return the health of everything chatbuilder needs; changes nothing but makes its own folders."""
    paths = locate()
    found = [
        Check("chatbuilder", "ok", f"{__version__} on Python {platform.python_version()}, {platform.system()}"),
        _folders(paths), _library(paths), _sqlite(), _keyring(), _terminal(),
    ]  # fmt: skip
    return [*found, *_tokens(), _postgres(), *_plugins()]


def _folders(paths: Paths) -> Check:
    try:
        for folder in (paths.state, paths.data, paths.logs):
            private_folder(folder)
    except OSError as error:
        return Check(
            "folders",
            "problem",
            f"{error.filename}: {error.strerror}",
            "set CHATBUILDER_HOME to a folder you can write.",
        )
    return Check("folders", "ok", f"data in {paths.data}, drafts in {paths.drafts}")


def _library(paths: Paths) -> Check:
    if not paths.library.exists():
        return Check("library", "ok", "not made yet; it comes with the first system")
    try:
        with Library(paths.library) as library:
            count = len(library.systems())
    except ChatbuilderError as error:
        return Check("library", "problem", error.message, error.hint)
    return Check("library", "ok", f"{paths.library} with {count} system{'' if count == 1 else 's'}")


def _sqlite() -> Check:
    version = sqlite3.sqlite_version
    if sqlite3.sqlite_version_info < (3, 37):
        return Check(
            "SQLite", "problem", f"{version} is too old for STRICT tables", "use a newer Python; 3.37 is needed."
        )
    return Check("SQLite", "ok", version)


def _keyring() -> Check:
    problem = credentials.keyring_problem()
    if problem:
        return Check("keyring", "note", problem, "tokens can come from the environment; local platforms need none.")
    return Check("keyring", "ok", "usable")


def _terminal() -> Check:
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        return Check("terminal", "note", "not a terminal", "the wizard needs one; every command works without.")
    return Check("terminal", "ok", "interactive")


def _tokens() -> list[Check]:
    out = []
    for key in credentials.ENVIRONMENT:
        state = credentials.state(key)
        out.append(Check(f"token: {key}", "ok" if state.found else "note", state.where))
    return out


def _postgres() -> Check:
    try:
        driver: Any = importlib.import_module("psycopg")
        libpq = driver.pq.version() // 10_000
    except ImportError as error:
        said = " ".join(str(error).split())[:200]
        return Check(
            "PostgreSQL driver", "note", f"cannot be loaded: {said}",
            "only needed for PostgreSQL: pip install 'psycopg[binary]', or install libpq.",
        )  # fmt: skip
    return Check("PostgreSQL driver", "ok", f"psycopg {driver.__version__} with libpq {libpq}")


def _plugins() -> list[Check]:
    return [
        Check(f"plug-in {plugin.name}", "note", f"{plugin.package} cannot be used: {plugin.problem}",
              "update or remove that package; everything else works without it.")
        if plugin.problem
        else Check(f"plug-in {plugin.name}", "ok", plugin.package)
        for plugin in plugins.chat_sources()
    ]  # fmt: skip


def audit_entries() -> list[dict[str, Any]]:
    """Return the newest entries of the audit log, oldest of them first."""
    return audit.read(locate().audit_log)
