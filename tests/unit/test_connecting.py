"""Tokens as the wizard needs them: proved before they are kept, held when they may not be, and who is at fault."""

import webbrowser

import pytest

from chatbuilder import credentials
from chatbuilder.errors import CredentialsError, ExitCode, InputError, RefusedError
from chatbuilder.pipeline import connecting, tokens
from chatbuilder.provision.base import Account
from chatbuilder.secret import Secret

GOOD = Account("Ada")
NO = CredentialsError("No.", title="No")
TARGET = {"parent": "p", "account": "work"}


@pytest.fixture(autouse=True)
def nothing_held(monkeypatch):
    monkeypatch.setattr(credentials, "_held", {})


class Vendor:
    """Answers `token_check`: `alone` without a target, `there` with one."""

    def __init__(self, alone, there) -> None:
        self.alone, self.there = alone, there
        self.asked: list[tuple[bool, bool]] = []

    def __call__(self, platform, account="", *, token=None, target=None, cancelled, waiting):
        self.asked.append((token is not None, bool(target)))
        answer = self.there if target else self.alone
        if isinstance(answer, Exception):
            raise answer
        assert "account" not in (target or {}) or token is not None
        return answer


@pytest.fixture
def vendor(monkeypatch):
    def says(alone, there):
        fake = Vendor(alone, there)
        monkeypatch.setattr(tokens, "token_check", fake)
        return fake

    return says


def give(token="ntn_new", *, keep=True):
    return connecting.connect(
        "notion", "work", Secret(token), "", keep=keep, target=TARGET, show=print, cancelled=bool,
        waiting=lambda why, seconds: None,
    )  # fmt: skip


def test_a_good_token_is_kept(vendor, keyring_in_memory):
    vendor(GOOD, GOOD)
    assert give() == GOOD
    assert keyring_in_memory.kept == {("chatbuilder", "notion:work"): "ntn_new"}
    assert [token.account for token in connecting.tokens("notion")] == ["work"]
    assert connecting.tokens("airtable") == ()


def test_a_wrong_token_does_not_take_the_place_of_the_one_before(vendor, keyring_in_memory):
    credentials.store("notion", Secret("ntn_old"), "work")
    vendor(NO, NO)
    with pytest.raises(CredentialsError):
        give()
    assert credentials.find("notion", "work") == Secret("ntn_old")


def test_a_good_token_is_kept_although_the_place_is_refused(vendor, keyring_in_memory):
    vendor(GOOD, NO)
    with pytest.raises(CredentialsError):
        give()
    assert credentials.find("notion", "work") == Secret("ntn_new")


def test_a_vendor_that_is_away_says_nothing_against_a_token(vendor, keyring_in_memory):
    vendor(GOOD, RefusedError("Away.", title="Away"))
    with pytest.raises(RefusedError):
        give()
    assert credentials.find("notion", "work") == Secret("ntn_new")


def test_a_token_for_one_run_is_in_no_keyring_and_comes_first(vendor, keyring_in_memory):
    credentials.store("notion", Secret("ntn_old"), "work")
    vendor(GOOD, GOOD)
    give(keep=False)
    assert set(keyring_in_memory.kept.values()) == {"ntn_old"}
    assert credentials.find("notion", "work") == Secret("ntn_new")
    assert credentials.state("notion", "work").where == credentials.HELD
    assert [(t.account, t.where) for t in connecting.tokens("notion")] == [("work", credentials.HELD)]
    credentials.store("notion", Secret("ntn_newer"), "work")
    assert credentials.find("notion", "work") == Secret("ntn_newer")


def test_a_held_token_can_be_let_go(vendor):
    credentials.hold("notion", Secret("ntn_x"))
    assert credentials.delete("notion")
    assert not credentials.delete("notion")
    with pytest.raises(CredentialsError):
        credentials.find("notion")


def test_what_cannot_be_a_token_is_not_held():
    with pytest.raises(InputError):
        credentials.hold("notion", Secret("two words"))


@pytest.mark.parametrize(
    ("code", "alone", "fault"),
    [
        (ExitCode.INPUT, GOOD, "place"),
        (ExitCode.REFUSED, GOOD, ""),
        (ExitCode.CREDENTIALS, GOOD, "place"),
        (ExitCode.CREDENTIALS, NO, "token"),
        (ExitCode.CREDENTIALS, RefusedError("Away."), ""),
    ],
)
def test_who_is_at_fault(code, alone, fault, vendor):
    vendor(alone, NO)
    wait = {"cancelled": bool, "waiting": lambda why, seconds: None}
    assert connecting.at_fault("notion", "", code, **wait) == fault


@pytest.mark.parametrize(
    ("url", "desktop", "opens"),
    [
        ("https://a.test", True, True), ("obsidian://open?x", True, True), ("https://a.test", False, False),
        ("javascript:alert(1)", True, False), ("-x", True, False),
    ],
)  # fmt: skip
def test_only_addresses_are_opened_and_only_where_there_is_a_desktop(url, desktop, opens, monkeypatch):
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda address: opened.append(address) is None)
    monkeypatch.setattr("sys.platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    if desktop:
        monkeypatch.setenv("DISPLAY", ":0")
    assert connecting.open_page(url) is opens
    assert opened == ([url] if opens else [])
