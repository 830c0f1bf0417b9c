"""`doctor` names what is missing, why it matters and the exact next step; its exit code tells a script."""

from __future__ import annotations

import io
import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from chatbuilder import credentials, pipeline
from chatbuilder.errors import CredentialsError, ExitCode, UnavailableError
from chatbuilder.library import Library
from chatbuilder.paths import locate, private_folder
from chatbuilder.pipeline import health, surroundings
from chatbuilder.provision.base import Account
from chatbuilder.secret import Secret
from tests.helpers import saved_draft
from tests.integration.places import VaultPlace


def checks(**more):
    return {check.name: check for check in pipeline.doctor(**more)}


def test_every_line_says_why_and_each_trouble_what_next(home):
    found = checks().values()
    assert [check.name for check in found if not check.why] == []
    assert [check.name for check in found if check.state != "ok" and not check.hint] == []


def test_the_report_for_people(run_cli, home):
    out = run_cli("doctor").out
    assert "note     token: notion: none in your keyring" in out
    assert "         Why: Notion is built and filled with your own token." in out
    assert "         Next: to build there, run `chatbuilder token set notion`" in out
    assert out.splitlines()[-1].startswith("Everything that is needed is there; ")


@pytest.mark.skipif(os.name == "nt" or not os.getuid(), reason="root may write anywhere; Windows has other permissions")
def test_a_folder_that_is_read_only(home):
    private_folder(locate().data).chmod(0o500)
    assert checks()["folders"].state == "problem"


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_a_folder_that_others_can_read(home):
    private_folder(locate().data).chmod(0o755)
    found = checks()["folders"]
    assert (found.state, found.hint) == ("note", f"chmod 700 '{locate().data}'")
    assert list(locate().data.iterdir()) == []


@pytest.mark.parametrize(("free", "state"), [(10**10, "ok"), (10**8, "note"), (10**6, "problem")])
def test_room_on_the_disk(home, free, state):
    found = surroundings.disk(locate(), lambda place: free)
    assert (found.state, bool(found.hint)) == (state, state != "ok")


def test_a_disk_that_cannot_be_asked(home):
    def refuses(place):
        raise PermissionError(13, "Permission denied")

    assert "not known" in surroundings.disk(locate(), refuses).text


def test_a_library_that_is_damaged(tmp_path, run_cli):
    place = VaultPlace(tmp_path)
    assert "1 system, " in checks()["library"].text
    path = locate().library
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'steps'").fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    data = bytearray(path.read_bytes())
    data[(root - 1) * size + 20 : root * size] = b"\xab" * (size - 20)
    path.write_bytes(data)
    found = checks()["library"]
    assert (found.state, "restore a backup" in found.hint) == ("problem", True)
    assert run_cli("doctor").code == ExitCode.INPUT
    assert place.system


def test_a_library_of_another_program(home):
    private_folder(locate().data)
    locate().library.write_bytes(b"no database at all, but long enough to be read as the head of one" * 20)
    assert checks()["library"].state == "problem"


def test_a_system_that_is_not_finished(tmp_path):
    place = VaultPlace(tmp_path)
    assert "systems" not in checks()
    with Library(locate().library) as library:
        library.start_job(place.system, "obsidian")
    found = checks()["systems"]
    assert place.system in found.text
    assert "chatbuilder apply" in found.hint


def test_drafts_that_can_be_read_and_one_that_cannot(home):
    draft = saved_draft(name="x")
    assert checks()["drafts"].text == "1 saved"
    (path,) = locate().drafts.glob(f"{draft}.json")
    path.write_bytes(b"\xff\xfe not toml")
    found = checks()["drafts"]
    assert (found.state, bool(found.hint)) == ("note", True)


def test_a_defect_of_before_is_told(home):
    assert "reports" not in checks()
    private_folder(locate().logs)
    (locate().logs / "crash.log").write_text("x", "utf-8")
    assert "crash.log" in checks()["reports"].hint


@pytest.mark.parametrize(
    ("moment", "state"),
    [
        (lambda: datetime.now(UTC) + timedelta(seconds=5), "ok"),  # a list of cases is made long before it runs
        (lambda: datetime(2001, 1, 1, tzinfo=UTC), "problem"),
        (lambda: datetime(2026, 1, 2, tzinfo=UTC), "note"),
    ],
)
def test_a_clock_that_is_wrong(home, moment, state):
    private_folder(locate().data)
    locate().library.touch()
    later = datetime(2026, 3, 1, tzinfo=UTC).timestamp() if state == "note" else None
    if later:
        os.utime(locate().library, (later, later))
    assert surroundings.clock(locate(), moment).state == state


class Screen(io.TextIOWrapper):
    def __init__(self, encoding="utf-8"):
        super().__init__(io.BytesIO(), encoding=encoding)

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("size", "encoding", "environ", "state", "words"),
    [
        ((120, 36), "utf-8", {"COLORTERM": "truecolor"}, "ok", "120 by 36, UTF-8, all colours"),
        ((120, 36), "utf-8", {"NO_COLOR": "1"}, "ok", "no colours"),
        ((80, 24), "utf-8", {}, "ok", "colours"),
        ((60, 20), "utf-8", {}, "note", "small"),
        ((120, 36), "latin-1", {}, "note", "cannot be shown"),
        ((120, 36), "utf-8", {"TERM": "dumb"}, "note", "TERM=dumb"),
    ],
)
def test_what_the_terminal_can_show(monkeypatch, size, encoding, environ, state, words):
    monkeypatch.setattr(sys, "stdin", Screen())
    monkeypatch.setattr(sys, "stdout", Screen(encoding))
    monkeypatch.setattr(surroundings.shutil, "get_terminal_size", lambda *_, **__: os.terminal_size(size))
    found = surroundings.terminal(environ)
    assert found.state == state
    assert words in found.text
    assert bool(found.hint) == (state != "ok")


def test_a_proxy_is_named_without_its_password():
    (found,) = surroundings.network({"https_proxy": "http://sam:canary@proxy.example.org:3128"})
    assert found.text == "through the proxy of HTTPS_PROXY"
    assert "canary" not in repr(found)


def test_certificates_that_are_not_there(tmp_path):
    assert len(surroundings.network({"SSL_CERT_FILE": str(tmp_path)})) == 1
    found = surroundings.network({"REQUESTS_CA_BUNDLE": str(tmp_path / "gone.pem")})[1]
    assert (found.state, "unset REQUESTS_CA_BUNDLE" in found.hint) == ("problem", True)


def test_other_addresses_of_vendors(home, monkeypatch):
    monkeypatch.setenv("CHATBUILDER_NOTION_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("CHATBUILDER_AIRTABLE_URL", "ftp://example.org")
    found = checks()
    assert found["address: notion"].state == "note"
    assert found["address: airtable"].state == "problem"


def test_packages_that_are_missing(monkeypatch):
    assert surroundings.packages().state == "ok"
    wanted = ["textual==8", "no-such-thing[extra]>=3", "tzdata; sys_platform == 'win32'"]
    monkeypatch.setattr(surroundings.importlib.metadata, "requires", lambda name: wanted)
    found = surroundings.packages()
    assert (found.state, found.text) == ("problem", "missing: no-such-thing[extra]>=3")


def test_a_driver_without_its_library(monkeypatch):
    def fails(name):
        raise ImportError("no pq wrapper available.\nAttempts made: …")

    monkeypatch.setattr(surroundings.importlib, "import_module", fails)
    assert surroundings.postgres().text == "cannot be loaded: no pq wrapper available."


def test_the_browser_is_optional(monkeypatch):
    monkeypatch.setattr(surroundings.importlib.util, "find_spec", lambda name: None)
    found = surroundings.browser()
    assert (found.state, found.hint) == ("note", "pip install 'chatbuilder[serve]'")


REFUSED = CredentialsError("Not accepted.", hint="make a new one.")
AWAY = UnavailableError("No connection.", hint="check the network.")


@pytest.mark.parametrize(
    ("answer", "state", "words", "code"),
    [
        (Account("Sam at Notion"), "ok", "valid: Sam", 0),
        (Account("Sam", next=("Share a page.",)), "note", "valid: Sam", 0),
        (REFUSED, "problem", "Not accepted.", 4),
        (AWAY, "note", "No connection.", 0),
    ],
)
def test_online_each_token_is_proved(monkeypatch, home, run_cli, answer, state, words, code):
    asked = []

    def check(platform, account=""):
        asked.append((platform, account))
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(health.tokens, "token_check", check)
    credentials.hold("notion", Secret("ntn_canary"))
    credentials.hold("airtable", Secret("pat_canary"), "work")
    assert checks()["token: notion"].state == "ok"
    assert asked == []
    found = checks(online=True)
    assert sorted(asked) == [("airtable", "work"), ("notion", "")]
    assert (found["token: notion"].state, words in found["token: notion"].text) == (state, True)
    assert found["token: airtable work"].state == state
    assert "canary" not in repr(found)
    assert run_cli("doctor", "--online").code == code
