"""Where a token was found, never the token; and the health report."""

import keyring.core
import keyring.errors
import pytest

from chatbuilder import credentials, pipeline
from chatbuilder.credentials import TokenState, keyring_problem, state
from tests.helpers import python


@pytest.mark.parametrize("platform", ["obsidian", "logseq", "excel", "custom"])
def test_local_platforms_need_no_token(platform):
    assert state(platform) == TokenState(False, False, "no token needed")


@pytest.mark.parametrize(("platform", "name"), credentials.ENVIRONMENT.items())
def test_a_token_in_the_environment(platform, name):
    assert state(platform, environ={}) == TokenState(True, False, f"none in your keyring, and {name} is not set")
    assert state(platform, environ={name: ""}).found is False
    found = state(platform, environ={name: "secret-1"})
    assert found == TokenState(True, True, f"found in the environment variable {name}")


def test_a_token_in_the_keyring_comes_first(keyring_in_memory):
    keyring_in_memory.set_password("chatbuilder", "notion", "secret-1")
    assert state("notion", environ={"NOTION_TOKEN": "secret-2"}).where == "found in your keyring"
    assert state("airtable", environ={}).found is False


def test_accounts_have_tokens_of_their_own(keyring_in_memory):
    keyring_in_memory.set_password("chatbuilder", "notion:work", "secret-1")
    assert state("notion", "work", environ={}).found
    assert not state("notion", environ={}).found
    assert not state("notion", "home", environ={}).found


class Broken:
    priority = 5

    def __init__(self, error):
        self.error = error

    def get_password(self, service, name):
        raise self.error


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (keyring.errors.NoKeyringError("x"), "this machine has no keyring service"),
        (keyring.errors.KeyringLocked("x"), "the keyring does not answer (KeyringLocked)"),
        (RuntimeError("no D-Bus session"), "the keyring does not answer (RuntimeError)"),
    ],
)
def test_a_keyring_that_does_not_work_is_no_token_and_no_defect(monkeypatch, error, said):
    monkeypatch.setattr(keyring.core, "_keyring_backend", Broken(error))
    assert keyring_problem() == said
    assert state("notion", environ={}).found is False
    assert {check.name: check.text for check in pipeline.doctor()}["keyring"] == said


def test_a_keyring_that_keeps_nothing_is_named(monkeypatch):
    assert keyring_problem() == "no keyring back end is installed"


def test_a_working_keyring_is_no_problem(keyring_in_memory):
    assert keyring_problem() == ""


def test_a_back_end_that_does_not_exist(home):
    code = "from chatbuilder import credentials; print(credentials.keyring_problem())"
    done = python(code, env={"PYTHON_KEYRING_BACKEND": "no.such.Backend"})
    assert (done.code, done.err) == (0, "")
    assert "does not answer" in done.out


# health


def checks():
    return {check.name: check for check in pipeline.doctor()}


def test_a_fresh_machine_is_healthy(home):
    found = checks()
    assert {check.name for check in found.values() if check.state == "problem"} == set()
    assert "not made yet" in found["library"].text
    assert str(home) in found["folders"].text
    assert found["token: notion"].state == "note"
    assert not (home / "data" / "library.db").exists()


def test_a_folder_that_cannot_be_made_is_a_problem(home):
    home.touch()
    found = checks()["folders"]
    assert found.state == "problem"
    assert "CHATBUILDER_HOME" in found.hint


def test_a_damaged_library_is_a_problem(home):
    (home / "data").mkdir(parents=True)
    (home / "data" / "library.db").write_bytes(b"not a database, but long enough to look like one" * 50)
    found = checks()["library"]
    assert found.state == "problem"
    assert found.hint


def test_an_old_sqlite_is_a_problem(monkeypatch):
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 31, 0))
    assert checks()["SQLite"].state == "problem"


def test_a_missing_driver_is_a_note(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert "pip install" in checks()["PostgreSQL driver"].hint


def test_a_token_in_use_is_seen_and_not_shown(monkeypatch, keyring_in_memory):
    keyring_in_memory.set_password("chatbuilder", "notion", "secret-1")
    monkeypatch.setenv("AIRTABLE_TOKEN", "secret-2")
    found = checks()
    assert (found["keyring"].state, found["token: notion"].state, found["token: airtable"].state) == ("ok", "ok", "ok")
    assert "secret" not in repr(found)
