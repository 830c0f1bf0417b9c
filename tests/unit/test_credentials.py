"""Where a token was found, never the token; and the health report."""

import json
import os
import stat
import sys

import keyring.core
import keyring.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder import credentials, pipeline
from chatbuilder.credentials import TokenInfo, TokenState, keyring_problem, state
from chatbuilder.errors import CredentialsError, ExitCode, InputError
from chatbuilder.secret import Secret
from tests.helpers import python

SERVICE_ACCOUNT = {"type": "service_account", "client_email": "x@y.iam", "private_key": "-----BEGIN canary"}
AUTHORIZED = {"type": "authorized_user", "client_id": "c", "client_secret": "canary", "refresh_token": "canary"}
CLIENT = {"installed": {"client_id": "c.apps.googleusercontent.com", "client_secret": "canary"}}


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


# finding


def test_a_token_is_found_and_does_not_show(keyring_in_memory, monkeypatch):
    keyring_in_memory.set_password("chatbuilder", "notion", " ntn_canary\n")
    monkeypatch.setenv("NOTION_TOKEN", "ntn_other")
    found = credentials.find("notion")
    assert found.reveal() == "ntn_canary"
    assert "canary" not in f"{found} {found!r} {[found]}"
    keyring_in_memory.delete_password("chatbuilder", "notion")
    assert credentials.find("notion").reveal() == "ntn_other"


def test_the_environment_is_for_the_account_without_a_name(keyring_in_memory):
    with pytest.raises(CredentialsError, match="for the account 'work'") as caught:
        credentials.find("notion", "work", {"NOTION_TOKEN": "ntn_x"})
    assert "NOTION_TOKEN" not in " ".join(caught.value.problems)
    assert state("notion", "work", {"NOTION_TOKEN": "ntn_x"}).found is False


@pytest.mark.parametrize("platform", credentials.ENVIRONMENT)
def test_without_one_the_ways_to_give_one_are_told(platform):
    with pytest.raises(CredentialsError) as caught:
        credentials.find(platform, environ={})
    text = " ".join(caught.value.lines())
    assert caught.value.exit_code == ExitCode.CREDENTIALS
    for way in ("wizard", f"chatbuilder token set {platform}", credentials.ENVIRONMENT[platform]):
        assert way in text
    assert caught.value.kept


@pytest.mark.parametrize("value", ["two words", "line\nend", "tab\tin it", "dät", "x" * 4_001, "\x1b[31m", "a\x00b"])
@pytest.mark.parametrize("where", ["keyring", "environment"])
def test_what_cannot_be_a_token_is_refused_without_being_repeated(keyring_in_memory, where, value):
    value = f"canary{value}"
    environ = {"AIRTABLE_TOKEN": value} if where == "environment" else {}
    if where == "keyring":
        keyring_in_memory.set_password("chatbuilder", "airtable", value)
    with pytest.raises(CredentialsError) as caught:
        credentials.find("airtable", environ=environ)
    assert "canary" not in " ".join(caught.value.lines())
    assert caught.value.hint


@pytest.mark.parametrize("data", [SERVICE_ACCOUNT, AUTHORIZED])
def test_a_google_file_that_the_environment_names(tmp_path, data):
    place = tmp_path / "key.json"
    place.write_bytes(b"\xef\xbb\xbf" + json.dumps(data).encode())
    found = credentials.find("sheets", environ={"GOOGLE_APPLICATION_CREDENTIALS": str(place)})
    assert json.loads(found.reveal()) == data


BROKEN = [
    b"", b"not json", b"[]", b"null", b"{}", b'{"type": "service_account"}',
    b'{"type": "authorized_user", "client_id": 5}',
    b'{"type": "service_account", "client_email": "", "private_key": "canary"}', json.dumps(CLIENT).encode(),
    b'{"type": "external_account"}', b"\xff\xfe\x00", b" " * 20_001, b"[" * 19_000, b'{"installed": {"client_id": 5}}',
]  # fmt: skip


@pytest.mark.parametrize("raw", BROKEN, ids=range(len(BROKEN)))
def test_a_google_file_that_is_none(tmp_path, raw):
    place = tmp_path / "key.json"
    place.write_bytes(raw)
    with pytest.raises(CredentialsError) as caught:
        credentials.find("sheets", environ={"GOOGLE_APPLICATION_CREDENTIALS": str(place)})
    assert "canary" not in " ".join(caught.value.lines())


def test_a_google_file_that_cannot_be_read(tmp_path):
    for place in (tmp_path / "none.json", tmp_path):
        with pytest.raises(CredentialsError, match="GOOGLE_APPLICATION_CREDENTIALS") as caught:
            credentials.find("sheets", environ={"GOOGLE_APPLICATION_CREDENTIALS": str(place)})
        assert caught.value.hint
        with pytest.raises(InputError, match="--file"):
            credentials.read_google(str(place))


def test_the_types_of_google_files(tmp_path):
    kinds = {credentials.kind_of_google(json.dumps(data)) for data in (SERVICE_ACCOUNT, AUTHORIZED, CLIENT)}
    assert kinds == {"service_account", "authorized_user", "client"}
    (tmp_path / "c.json").write_text(json.dumps(CLIENT), "utf-8")
    assert credentials.read_google(str(tmp_path / "c.json")) == Secret(json.dumps(CLIENT))


@given(st.text(max_size=200) | st.recursive(st.none() | st.text(max_size=9), st.lists).map(json.dumps))
def test_any_text_is_a_google_file_or_refused(text):
    with pytest.raises(InputError) as caught:
        credentials.kind_of_google(text)
    assert "credentials file" in caught.value.message


# keeping


def test_keeping_listing_and_removing(keyring_in_memory, home):
    credentials.store("notion", Secret(" ntn_canary "))
    credentials.store("notion", Secret("ntn_work"), "work")
    credentials.store("sheets", Secret(json.dumps(AUTHORIZED)), "me@example.org")
    assert keyring_in_memory.kept["chatbuilder", "notion:work"] == "ntn_work"
    assert credentials.accounts({"AIRTABLE_TOKEN": "pat"}) == [
        TokenInfo("airtable", "", "environment variable AIRTABLE_TOKEN"),
        TokenInfo("notion", "", "keyring"),
        TokenInfo("notion", "work", "keyring"),
        TokenInfo("sheets", "me@example.org", "keyring"),
    ]
    index = home / "config" / "accounts.json"
    assert "canary" not in index.read_text("utf-8")
    if os.name != "nt":
        assert stat.S_IMODE(index.stat().st_mode) == 0o600
        assert stat.S_IMODE(index.parent.stat().st_mode) == 0o700
    assert credentials.delete("notion", "work") is True
    assert credentials.delete("notion", "work") is False
    assert [info.account for info in credentials.accounts({})] == ["", "me@example.org"]


def test_a_token_that_went_from_the_keyring_is_not_listed(keyring_in_memory):
    credentials.store("notion", Secret("ntn_work"), "work")
    keyring_in_memory.kept.clear()
    assert credentials.accounts({}) == []


@pytest.mark.parametrize(
    "raw", [b"", b"nonsense", b"[]", b'{"notion": 5}', b'{"notion": ["../x", 5, "ok"], "other": ["y"]}', b"\xff"]
)
def test_a_damaged_list_of_names_costs_names_not_tokens(keyring_in_memory, home, raw):
    (home / "config").mkdir(parents=True)
    (home / "config" / "accounts.json").write_bytes(raw)
    keyring_in_memory.set_password("chatbuilder", "notion", "ntn_x")
    assert credentials.accounts({}) == [TokenInfo("notion", "", "keyring")]
    credentials.store("notion", Secret("ntn_y"), "work")
    assert TokenInfo("notion", "work", "keyring") in credentials.accounts({})


def test_what_cannot_be_a_token_is_not_kept(keyring_in_memory):
    for platform, value in (
        ("notion", ""),
        ("notion", "canary x"),
        ("sheets", "canary"),
        ("sheets", json.dumps(CLIENT)),
    ):
        with pytest.raises(InputError) as caught:
            credentials.store(platform, Secret(value))
        assert "canary" not in " ".join(caught.value.lines())
    assert keyring_in_memory.kept == {}


@pytest.mark.parametrize("name", ["../x", "a b", "x:y", "x" * 65, "-x", "ü", "a\n"])
def test_names_that_are_no_accounts(keyring_in_memory, name):
    for use in (lambda: credentials.store("notion", Secret("x"), name), lambda: credentials.delete("notion", name)):
        with pytest.raises(InputError, match="name of an account"):
            use()


@pytest.mark.parametrize("use", [credentials.find, credentials.delete, lambda p: credentials.store(p, Secret("x"))])
def test_local_platforms_have_no_token(use):
    with pytest.raises(InputError, match="obsidian needs no token"):
        use("obsidian")


class Sick:
    """A back end that reads and does not write, or forgets."""

    priority = 5

    def __init__(self, error):
        self.error = error

    def get_password(self, service, name):
        return "ntn_old" if self.error else None

    def set_password(self, service, name, value):
        if self.error:
            raise self.error

    def delete_password(self, service, name):
        raise self.error


def test_a_keyring_that_takes_little_gets_a_long_key_in_parts(keyring_in_memory, monkeypatch):
    """As Windows' Credential Manager: 2,560 bytes of UTF-16."""
    whole = keyring_in_memory.set_password

    def narrow(service, name, value):
        if len(value.encode("utf-16-le")) > 2560:
            raise OSError(1783, "The stub received bad data")
        whole(service, name, value)

    monkeypatch.setattr(keyring_in_memory, "set_password", narrow)
    key = json.dumps({**SERVICE_ACCOUNT, "private_key": "x" * 3000})
    credentials.store("sheets", Secret(key), "work")
    assert credentials.find("sheets", "work", {}).reveal() == key
    assert credentials.accounts({}) == [TokenInfo("sheets", "work", "keyring")]
    assert len(keyring_in_memory.kept) > 1
    assert credentials.delete("sheets", "work")
    assert keyring_in_memory.kept == {}


@pytest.mark.parametrize("error", [keyring.errors.PasswordSetError("canary"), RuntimeError("canary"), None])
def test_a_keyring_that_keeps_nothing_shows_the_way_on(monkeypatch, home, error):
    monkeypatch.setattr(keyring.core, "_keyring_backend", Sick(error))
    with pytest.raises(CredentialsError) as caught:
        credentials.store("notion", Secret("ntn_canary"))
    text = " ".join(caught.value.lines())
    assert "canary" not in text
    for way in ("GNOME Keyring", "keyrings.cryptfile", "NOTION_TOKEN", "chatbuilder doctor"):
        assert way in text
    assert not (home / "config" / "accounts.json").exists()


def test_no_keyring_at_all_shows_the_way_on():
    with pytest.raises(CredentialsError, match="no keyring back end is installed"):
        credentials.store("notion", Secret("ntn_canary"))


def test_a_token_that_cannot_be_removed_is_told(monkeypatch):
    monkeypatch.setattr(keyring.core, "_keyring_backend", Sick(keyring.errors.PasswordDeleteError("canary")))
    with pytest.raises(CredentialsError, match="did not remove") as caught:
        credentials.delete("notion")
    assert "canary" not in " ".join(caught.value.lines())


def test_a_secret_has_no_text_and_is_not_copied_to_files():
    import pickle

    secret = Secret("canary")
    assert "canary" not in f"{secret} {secret!r} {secret.__dict__ if hasattr(secret, '__dict__') else ''}"
    assert secret == Secret("canary") != Secret("other")
    assert secret != "canary"
    assert hash(secret) == hash(Secret("canary"))
    assert not Secret("")
    with pytest.raises(TypeError, match="not pickled"):
        pickle.dumps(secret)


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
    monkeypatch.setitem(sys.modules, "psycopg", None)
    assert "pip install" in checks()["PostgreSQL driver"].hint


def test_a_token_in_use_is_seen_and_not_shown(monkeypatch, keyring_in_memory):
    keyring_in_memory.set_password("chatbuilder", "notion", "secret-1")
    monkeypatch.setenv("AIRTABLE_TOKEN", "secret-2")
    found = checks()
    assert (found["keyring"].state, found["token: notion"].state, found["token: airtable"].state) == ("ok", "ok", "ok")
    assert "secret" not in repr(found)
