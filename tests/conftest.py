"""What every test stands on: an empty home, no keyring, no tokens, no network beyond this machine."""

from __future__ import annotations

import contextlib
import os
import socket
import sqlite3
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.helpers import Cli

# Before anybody imports keyring: it reads this once. The null back end keeps and finds nothing.
os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
TOKENS = ("NOTION_TOKEN", "AIRTABLE_TOKEN", "GOOGLE_APPLICATION_CREDENTIALS")
PLACES = ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "PGPASSWORD", "PGPASSFILE",
          "PGHOST", "PGPORT", "PGUSER", "PGDATABASE", "PGSERVICE", "PGSERVICEFILE")  # fmt: skip
URLS = ("CHATBUILDER_NOTION_URL", "CHATBUILDER_AIRTABLE_URL", "CHATBUILDER_GOOGLE_URL")
LOOPBACK = ("127.", "::1", "localhost")

settings.register_profile("default", max_examples=30, deadline=None)
settings.register_profile("ci", max_examples=30, deadline=None, derandomize=True)
settings.register_profile("thorough", max_examples=500, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or ("ci" if os.environ.get("CI") else "default"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home of the person, with an empty home of chatbuilder in it; returns the latter (not made yet)."""
    person = tmp_path / "home"
    person.mkdir()
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(person))
    ours = person / "chatbuilder"
    monkeypatch.setenv("CHATBUILDER_HOME", str(ours))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")
    for name in (*TOKENS, *PLACES, *URLS):
        monkeypatch.delenv(name, raising=False)
    # What one process keeps for itself ends with the test: tokens for this run, the pace of vendors, abandoned work.
    for name in (
        "credentials._held",
        "provision.outside.limits._shared",
        "provision.crew._strays",
        "pipeline.metering._meters",
    ):
        monkeypatch.setattr(f"chatbuilder.{name}", {})
    return ours


@pytest.fixture(autouse=True)
def databases_closed():
    """From Python 3.13 on a connection that nobody closes is told as a warning, and warnings fail tests."""
    yield
    if databases := sys.modules.get("tests.databases"):
        databases.close_opened()


@pytest.fixture(autouse=True, scope="session")
def loopback_only():
    """Any connection that would leave this machine fails the test that tried it."""
    patch = pytest.MonkeyPatch()
    for name in ("connect", "connect_ex"):
        patch.setattr(socket.socket, name, _guarded(getattr(socket.socket, name)))
    yield
    patch.undo()


@pytest.fixture(autouse=True, scope="session")
def no_waiting_for_the_disk():
    """Flushing to the platter is most of the time of many tests, and no test can pull the plug."""
    patch = pytest.MonkeyPatch()
    patch.setattr(os, "fsync", lambda handle: None)
    connect = sqlite3.connect

    def hasty(*args, **more):
        connection = connect(*args, **more)
        with contextlib.suppress(sqlite3.Error):  # no database, or a busy one: the test is about that
            connection.execute("PRAGMA synchronous = OFF")
        return connection

    patch.setattr(sqlite3, "connect", hasty)
    yield
    patch.undo()


def _guarded(connect):
    def guarded(self, address):
        host = address[0] if isinstance(address, tuple) else ""
        if host and not str(host).startswith(LOOPBACK):
            raise AssertionError(f"a test tried to reach {host}")
        return connect(self, address)

    return guarded


class MemoryKeyring:
    """A keyring that lives as long as one test."""

    priority = 5

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, password: str) -> None:
        self.kept[service, name] = password

    def delete_password(self, service: str, name: str) -> None:
        del self.kept[service, name]


@pytest.fixture
def keyring_in_memory(monkeypatch: pytest.MonkeyPatch) -> MemoryKeyring:
    """A working keyring that holds nothing yet."""
    import keyring.core

    fake = MemoryKeyring()
    monkeypatch.setattr(keyring.core, "_keyring_backend", fake)
    return fake


@pytest.fixture
def run_cli(capsys: pytest.CaptureFixture[str]) -> Cli:
    """The command line in this process: `run_cli("drafts", "--json")`."""
    return Cli(capsys)


def pytest_unconfigure() -> None:
    """Stop the database servers that are still running."""
    databases = sys.modules.get("tests.databases")
    for server in list(databases.RUNNING) if databases else ():
        server.stop()
