"""`token`: in by a prompt, a pipe or a file; out never."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from chatbuilder.errors import CredentialsError, ExitCode, InputError, RefusedError
from chatbuilder.pipeline import tokens
from chatbuilder.provision.base import Account
from chatbuilder.secret import Secret
from tests.helpers import answers_file, complete, run, start
from tests.unit.test_credentials import AUTHORIZED, CLIENT, SERVICE_ACCOUNT

pytestmark = pytest.mark.usefixtures("keyring_in_memory")
READY = Account("Bot of Sam in Sam's workspace", ("read", "write"), ("1,000 blocks",))


class Pipe(io.StringIO):
    def isatty(self):
        return False


class Terminal(Pipe):
    def isatty(self):
        return True


@pytest.fixture
def piped(monkeypatch):
    return lambda text: monkeypatch.setattr(sys, "stdin", Pipe(text))


@pytest.fixture
def vendor(monkeypatch):
    """A vendor that answers as `say` says and remembers the sites it was asked about."""
    asked = SimpleNamespace(sites=[], say=lambda site: READY, consent=lambda client, site, browser: client)

    def check_account(site):
        asked.sites.append(site)
        return asked.say(site)

    modules = {
        "chatbuilder.provision.sheets.consent": SimpleNamespace(
            authorise=lambda client, site, open_browser: asked.consent(client, site, open_browser)
        )
    }
    other = SimpleNamespace(check_account=check_account)
    monkeypatch.setattr(tokens, "import_module", lambda name: modules.get(name, other))
    return asked


# set


@pytest.mark.parametrize("more", [[], ["--stdin"]])
def test_a_token_from_a_pipe(run_cli, piped, keyring_in_memory, more):
    piped("ntn_canary\n")
    done = run_cli("token", "set", "notion", *more)
    assert done.code == 0
    assert keyring_in_memory.kept == {("chatbuilder", "notion"): "ntn_canary"}
    assert "chatbuilder token check notion" in done.out
    assert "canary" not in done.out + done.err


def test_a_token_of_a_named_account(run_cli, piped, keyring_in_memory):
    piped("pat_canary")
    done = run_cli("token", "set", "airtable", "--account", "work", "--json")
    assert done.data == {"platform": "airtable", "account": "work", "where": "keyring"}
    assert keyring_in_memory.kept == {("chatbuilder", "airtable:work"): "pat_canary"}
    piped("pat_canary")
    assert "--account work" in run_cli("token", "set", "airtable", "--account", "work").out


def test_a_token_at_the_prompt_is_not_echoed(run_cli, monkeypatch, keyring_in_memory):
    monkeypatch.setattr(sys, "stdin", Terminal("not read"))
    asked = []
    monkeypatch.setattr("getpass.getpass", lambda prompt: (asked.append(prompt), "ntn_canary")[1])
    assert run_cli("token", "set", "notion").code == 0
    assert asked == ["Token for notion (it is not shown): "]
    assert keyring_in_memory.kept == {("chatbuilder", "notion"): "ntn_canary"}


def test_nothing_at_the_prompt(run_cli, monkeypatch):
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    for answer in (lambda prompt: "  ", lambda prompt: (_ for _ in ()).throw(EOFError)):
        monkeypatch.setattr("getpass.getpass", answer)
        done = run_cli("token", "set", "notion")
        assert done.code == ExitCode.INPUT
        assert complete(done.err)


@pytest.mark.parametrize("text", ["", " \n", "x" * 20_001, "canary two", "canary\nsecond line", "canary\x1b[2J"])
def test_what_is_no_token(run_cli, piped, keyring_in_memory, text):
    piped(text)
    done = run_cli("token", "set", "notion")
    assert done.code == ExitCode.INPUT
    assert complete(done.err)
    assert "canary" not in done.out + done.err
    assert keyring_in_memory.kept == {}


def test_no_standard_input_at_all(run_cli, monkeypatch):
    monkeypatch.setattr(sys, "stdin", None)
    assert run_cli("token", "set", "notion").code == ExitCode.INPUT


def test_a_token_is_never_a_word_of_the_command(run_cli):
    for words in (("notion", "ntn_x"), ("notion", "--token", "ntn_x"), ("ntn_x",), ("obsidian",)):
        assert run_cli("token", "set", *words).code == ExitCode.USAGE


@pytest.mark.parametrize("data", [SERVICE_ACCOUNT, AUTHORIZED])
def test_a_file_from_google_is_kept_as_it_is(run_cli, tmp_path, keyring_in_memory, data):
    place = tmp_path / "key.json"
    place.write_text(json.dumps(data), "utf-8")
    done = run_cli("token", "set", "sheets", "--file", place)
    assert done.code == 0
    assert json.loads(keyring_in_memory.kept["chatbuilder", "sheets"]) == data
    assert "canary" not in done.out + done.err


def test_a_client_of_google_asks_in_the_browser(run_cli, tmp_path, vendor, keyring_in_memory, monkeypatch):
    monkeypatch.setenv("CHATBUILDER_GOOGLE_URL", "http://127.0.0.1:9")
    seen = []

    def consent(client, site, open_browser):
        seen.append((json.loads(client.reveal()), site.url))
        return Secret(json.dumps(AUTHORIZED))

    vendor.consent = consent
    place = tmp_path / "client_secret.json"
    place.write_text(json.dumps(CLIENT), "utf-8")
    assert run_cli("token", "set", "sheets", "--file", place, "--account", "me").code == 0
    assert seen == [(CLIENT, "http://127.0.0.1:9")]
    assert json.loads(keyring_in_memory.kept["chatbuilder", "sheets:me"]) == AUTHORIZED


def test_who_declines_in_the_browser_is_told(run_cli, tmp_path, vendor, keyring_in_memory):
    def declined(*_):
        raise CredentialsError("You did not agree.", kept="nothing was saved.", hint="run it again.")

    vendor.consent = declined
    place = tmp_path / "client_secret.json"
    place.write_text(json.dumps(CLIENT), "utf-8")
    done = run_cli("token", "set", "sheets", "--file", place)
    assert done.code == ExitCode.CREDENTIALS
    assert keyring_in_memory.kept == {}


def test_files_are_for_google_and_google_is_for_files(run_cli, tmp_path, monkeypatch):
    done = run_cli("token", "set", "notion", "--file", tmp_path / "x")
    assert done.code == ExitCode.USAGE
    assert complete(done.err)
    monkeypatch.setattr(sys, "stdin", Terminal(""))
    done = run_cli("token", "set", "sheets")
    assert done.code == ExitCode.USAGE
    assert "--file" in done.err
    for place in (tmp_path / "none.json", tmp_path):
        done = run_cli("token", "set", "sheets", "--file", place)
        assert done.code == ExitCode.INPUT
        assert complete(done.err)


def test_the_text_of_a_google_file_from_a_pipe(run_cli, piped, keyring_in_memory):
    piped(json.dumps(SERVICE_ACCOUNT, indent=2))
    assert run_cli("token", "set", "sheets").code == 0
    assert json.loads(keyring_in_memory.kept["chatbuilder", "sheets"]) == SERVICE_ACCOUNT


def test_without_a_keyring_in_a_real_process(home):
    none = {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring", "NOTION_TOKEN": "ntn_canary"}
    process = start("token", "set", "notion", stdin=subprocess.PIPE, env=none)
    out, err = process.communicate("ntn_canary\n", timeout=60)
    assert process.returncode == ExitCode.CREDENTIALS
    assert complete(err)
    assert "NOTION_TOKEN" in err
    listed = run("token", "list", env=none)
    assert listed.code == 0
    assert "NOTION_TOKEN" in listed.out
    assert "canary" not in out + err + listed.out + listed.err


# list and rm


def test_listing(run_cli, piped, monkeypatch):
    assert "No tokens yet" in run_cli("token", "list").out
    piped("ntn_canary")
    run_cli("token", "set", "notion", "--account", "work")
    monkeypatch.setenv("AIRTABLE_TOKEN", "pat_canary")
    done = run_cli("token", "list")
    assert "work" in done.out
    assert "AIRTABLE_TOKEN" in done.out
    assert run_cli("token", "list", "--json").data == [
        {"platform": "airtable", "account": "", "where": "environment variable AIRTABLE_TOKEN"},
        {"platform": "notion", "account": "work", "where": "keyring"},
    ]
    assert [item["platform"] for item in run_cli("token", "list", "notion", "--json").data] == ["notion"]
    assert "canary" not in done.out + done.err


def test_removing(run_cli, piped, keyring_in_memory):
    piped("ntn_canary")
    run_cli("token", "set", "notion")
    assert run_cli("token", "rm", "notion", "--json").data == {"platform": "notion", "account": "", "removed": True}
    assert keyring_in_memory.kept == {}
    assert "no such token" in run_cli("token", "rm", "notion").out
    actions = [(entry["action"], entry["platform"]) for entry in run_cli("log", "--json").data]
    assert actions == [("token rm", "notion"), ("token set", "notion")]  # newest first


# check


def test_checking(run_cli, vendor, monkeypatch):
    monkeypatch.setenv("NOTION_TOKEN", "ntn_canary")
    done = run_cli("token", "check", "notion")
    assert done.code == 0
    assert done.out.splitlines() == [
        "Bot of Sam in Sam's workspace", "May:", "- read", "- write", "Limits:", "- 1,000 blocks", "Ready to build.",
    ]  # fmt: skip
    assert vendor.sites[0].secret.reveal() == "ntn_canary"
    assert run_cli("token", "check", "notion", "--json").data == {
        "platform": "notion", "account": "", "usable": True, "who": READY.who, "may": ["read", "write"],
        "limits": ["1,000 blocks"], "next": [],
    }  # fmt: skip


def test_checking_what_is_not_enough(run_cli, vendor, monkeypatch):
    monkeypatch.setenv("NOTION_TOKEN", "ntn_canary")
    vendor.say = lambda site: Account("Bot", next=("Share the page with it: \x1b[31m…",))
    done = run_cli("token", "check", "notion")
    assert done.code == ExitCode.CREDENTIALS
    assert "Missing:\n- Share the page with it: [31m…\n" in done.out
    assert run_cli("token", "check", "notion", "--json").data["usable"] is False


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (CredentialsError("API token is invalid.", kept="x", hint="y"), ExitCode.CREDENTIALS),
        (RefusedError("Not on this plan.", kept="x", hint="y"), ExitCode.REFUSED),
    ],
)
def test_checking_what_is_refused(run_cli, vendor, monkeypatch, error, code):
    monkeypatch.setenv("NOTION_TOKEN", "ntn_canary")

    def say(site):
        raise error

    vendor.say = say
    done = run_cli("token", "check", "notion")
    assert done.code == code
    assert error.message in done.err
    assert complete(done.err)


def test_checking_without_a_token(run_cli, vendor):
    done = run_cli("token", "check", "notion", "--account", "work")
    assert done.code == ExitCode.CREDENTIALS
    assert "chatbuilder token set notion --account work" in done.err
    assert vendor.sites == []


def test_checking_the_target_of_answers(run_cli, vendor, keyring_in_memory, tmp_path):
    keyring_in_memory.set_password("chatbuilder", "notion:work", "ntn_work")
    page = "0123456789abcdef0123456789abcdef"
    place = answers_file(tmp_path, "notion", target={"parent": page, "account": "work"})
    assert run_cli("token", "check", "notion", "--answers", place).code == 0
    assert (dict(vendor.sites[0].target), vendor.sites[0].secret.reveal()) == ({"parent": page}, "ntn_work")
    done = run_cli("token", "check", "airtable", "--answers", place)
    assert done.code == ExitCode.USAGE
    assert complete(done.err)


def test_a_wait_is_told_while_checking(run_cli, vendor, monkeypatch):
    monkeypatch.setenv("NOTION_TOKEN", "ntn_canary")
    vendor.say = lambda site: (site.desk.waiting("no connection", 7), READY)[1]
    done = run_cli("token", "check", "notion")
    assert "waiting: no connection, up to 7 s" in done.err


def test_a_check_that_hangs_can_be_stopped(vendor, monkeypatch):
    from threading import Event

    from chatbuilder import pipeline
    from chatbuilder.errors import InterruptedByUser

    monkeypatch.setenv("NOTION_TOKEN", "ntn_canary")
    entered, release = Event(), Event()
    vendor.say = lambda site: (entered.set(), release.wait(60), READY)[2]
    with pytest.raises(InterruptedByUser):
        pipeline.token_check("notion", cancelled=entered.is_set)
    release.set()


def test_a_token_can_be_proved_before_it_is_kept(vendor, keyring_in_memory):
    from chatbuilder import pipeline

    assert pipeline.token_check("notion", token=" ntn_new ").usable
    assert vendor.sites[0].secret.reveal() == "ntn_new"
    assert keyring_in_memory.kept == {}
    with pytest.raises(InputError):
        pipeline.token_check("notion", token="two words")


# the rest


def test_help(run_cli):
    done = run_cli("token")
    assert done.code == ExitCode.USAGE
    for word in ("set", "list", "check", "rm"):
        assert word in done.out


def test_the_account_beside_the_answers(run_cli, tmp_path):
    place = answers_file(tmp_path, "notion")
    done = run_cli("apply", "--answers", place, "--account", "work", "--yes")
    assert done.code == ExitCode.CREDENTIALS
    assert "for the account 'work'" in done.err
    assert complete(done.err)
    done = run_cli("plan", "--answers", answers_file(tmp_path, "obsidian"), "--account", "work")
    assert done.code == ExitCode.INPUT
