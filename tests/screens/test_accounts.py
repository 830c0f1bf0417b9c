"""Accounts on the Auto-setup step: connecting, checking and choosing one, and where a refusal is shown."""

import asyncio
from time import perf_counter

import pytest
from textual import events

from chatbuilder import pipeline
from chatbuilder.app import ChatbuilderApp
from chatbuilder.errors import InputError
from chatbuilder.pipeline import interactive
from chatbuilder.provision.base import Account
from tests.helpers import python
from tests.screens.conftest import NARROW, WIDE
from tests.screens.vault import WRONG, Site, Vault

ANSWERS = {"platform": "notion", "priorities": ["organization"]}
AIRTABLE = {"platform": "airtable", "priorities": ["organization"]}
SHEETS = {"platform": "sheets", "priorities": ["organization"]}
CANARY = "canary7f3a91"


@pytest.fixture
def vault(monkeypatch):
    fake = Vault()
    monkeypatch.setattr(ChatbuilderApp, "vault", fake)
    yield fake
    fake.answers.set()
    fake.unlocked.set()


@pytest.fixture
def site(vault, monkeypatch):
    fake = Site(vault)
    monkeypatch.setattr(interactive, "look", fake.look)
    monkeypatch.setattr(interactive, "apply", fake.apply)
    yield fake
    fake.answers.set()
    fake.go_on.set()


async def until(hand, holds):
    for _ in range(500):
        await hand.pilot.pause(0.01)
        if holds():
            return
    raise AssertionError(hand.text())


async def paste(hand, text):
    hand.app.focused.post_message(events.Paste(text))
    await hand.rest()


async def test_without_a_token_the_way_to_one_is_named(site, window, size):
    async with window(answers=ANSWERS, size=size) as hand:
        await hand.to("setup")
        assert "none yet" in hand.text("#account-choice")
        assert "Connect (^t)" in hand.text("#found")
        assert hand.find("#start").disabled
        await hand.press("ctrl+t")
        assert hand.step == "ConnectScreen"
        assert "notion.so/profile/integrations" in hand.text("#how")
        assert "It acts as you" in hand.text("#how")
        await hand.press("enter")
        assert "Paste the token first" in hand.text()
        await hand.press("escape")
        assert hand.step == "setup"


async def test_a_pasted_token_is_masked_kept_checked_and_used(site, vault, window, size, home):
    async with window(answers=ANSWERS, size=size) as hand:
        await hand.to("setup")
        await hand.press("ctrl+t")
        await paste(hand, f"  ntn_{CANARY}\nmore")
        shown = [hand.text() + hand.app.export_screenshot()]
        assert "••••" in hand.text("#token")
        await hand.press("ctrl+a", "ctrl+c")
        assert CANARY not in hand.app.clipboard
        await hand.press("tab")
        await hand.type("work")
        await hand.press("enter")
        assert vault.given == [("work", f"ntn_{CANARY}", True)]
        report = hand.text("#report")
        assert "Ada Lovelace" in report
        assert "make private pages" in report
        assert "180 requests" in report
        shown.append(hand.text() + hand.app.export_screenshot() + repr(hand.app.state) + repr(hand.find("#token")))
        await hand.press("enter")
        assert hand.step == "setup"
        assert hand.answers["target"]["account"] == "work"
        assert "work: keyring" in hand.text("#account-choice")
        assert not hand.find("#start").disabled
    assert not [text for text in shown if CANARY in text]
    assert not [path for path in home.rglob("*") if path.is_file() and CANARY.encode() in path.read_bytes()]


async def test_a_wrong_token_is_told_and_tried_again(site, vault, window, size):
    async with window(answers=ANSWERS, size=size) as hand:
        await hand.to("setup")
        await hand.press("ctrl+t")
        vault.wrong = InputError(WRONG.message, kept="all.", hint="make a new one: `chatbuilder token set notion`.")
        await paste(hand, "ntn_wrong")
        await hand.press("enter")
        assert "API token is invalid" in " ".join(hand.text("#report").split())
        assert "Next: make a new one: give it in the field here." in hand.text("#report")
        assert vault.kept == {}
        vault.wrong = None
        await hand.press("ctrl+u")
        await paste(hand, "ntn_right")
        await hand.press("enter")
        assert "The token works" in hand.text("#report")
        assert [given for _, given, _ in vault.given] == ["ntn_wrong", "ntn_right"]


async def test_without_a_keyring_the_ways_on_are_named_and_once_is_possible(site, vault, window, size):
    vault.problem = "no keyring back end is installed"
    async with window(answers=ANSWERS, size=size) as hand:
        await hand.to("setup")
        await hand.press("ctrl+t")
        said = " ".join(hand.text("#keyring").split())
        assert "no keyring back end is installed" in said
        assert "NOTION_TOKEN" in said
        assert "keyrings.cryptfile" in said
        assert not hand.find("#go").display
        await paste(hand, "ntn_x")
        await hand.press("enter")
        assert vault.given == [("", "ntn_x", False)]
        await hand.press("enter")
        assert "held until chatbuilder ends" in hand.text("#account-choice")


async def test_use_once_does_not_save(site, vault, window):
    async with window(answers=ANSWERS) as hand:
        await hand.to("setup")
        await hand.press("ctrl+t")
        await paste(hand, "ntn_x")
        await hand.click("#once")
        assert vault.given == [("", "ntn_x", False)]


async def test_google_agrees_in_the_browser_and_the_address_can_be_opened_by_hand(site, vault, window, size):
    vault.address = "https://accounts.google.com/o/oauth2/auth?" + "x" * 200
    vault.browser = False
    vault.answers.clear()
    async with window(answers=SHEETS, size=size) as hand:
        await hand.to("setup")
        await hand.press("ctrl+t")
        assert "console.cloud.google.com" in "".join(hand.text("#how").split())
        await hand.type("~/client.json")
        await hand.pilot.press("enter")
        await until(hand, lambda: "https://accounts" in hand.text("#report"))
        assert vault.given == [("", "~/client.json", True)]
        assert vault.opened == [vault.address]
        await hand.pilot.press("ctrl+y")
        await until(hand, lambda: hand.app.clipboard == vault.address)
        vault.answers.set()
        await hand.rest()
        assert "Ada Lovelace" in hand.text("#report")


async def test_asking_can_be_stopped_at_once(site, vault, window):
    vault.answers.clear()
    async with window(answers=ANSWERS) as hand:
        await hand.to("setup")
        await hand.press("ctrl+t")
        await paste(hand, "ntn_x")
        await hand.pilot.press("enter")
        await until(hand, lambda: "Notion asks to wait: up to 12 s" in hand.text("#report"))
        began = perf_counter()
        await hand.pilot.press("escape")
        await until(hand, lambda: vault.stopped)
        assert perf_counter() - began < 1
        await hand.rest()
        assert hand.step == "setup"
        assert vault.kept == {}
        assert "Trouble" not in hand.text()


async def test_the_account_is_chosen_among_the_saved_ones(site, vault, window, size):
    vault.kept = {"": "keyring", "work": "keyring"}
    async with window(answers=ANSWERS, size=size) as hand:
        await hand.to("setup")
        assert "usual one: keyring" in hand.text("#account-choice")
        hand.find("#account-choice").focus()
        await hand.press("right")
        assert hand.answers["target"] == {"account": "work"}
        assert "work: keyring" in hand.text("#account-choice")
        assert site.looks[-1]["account"] == "work"
        await hand.press("right")
        assert hand.answers["target"] == {}
    assert pipeline.peek_draft(pipeline.drafts()[0].id).answers["target"] == {}


async def test_an_account_without_a_token_says_so(site, vault, window):
    vault.kept = {"": "keyring"}
    async with window(answers={**ANSWERS, "target": {"account": "old"}}) as hand:
        await hand.to("setup")
        assert "old: no token" in hand.text("#account-choice")
        assert hand.find("#start").disabled


async def test_check_tells_who_and_what_is_missing_first(site, vault, window, size):
    vault.kept = {"": "keyring"}
    vault.found = Account("Ada", ("read",), ("1,000 blocks",), ("Share [the] page: “not shared”.",))
    async with window(
        answers={**ANSWERS, "target": {"parent": "https://www.notion.so/" + "a" * 32}}, size=size
    ) as hand:
        await hand.to("setup")
        await hand.click("#check")
        lines = hand.text("#report").splitlines()
        assert lines[0].strip() == "! Ada"
        assert "Share [the] page" in hand.text("#report")
        assert next(n for n, t in enumerate(lines) if "Share" in t) < next(
            n for n, t in enumerate(lines) if "read" in t
        )
        assert vault.targets[-1]["parent"].endswith("a" * 32)
        await hand.press("ctrl+t")
        assert hand.step == "ConnectScreen"


async def test_check_that_fails_says_why(site, vault, window):
    vault.kept, vault.wrong = {"": "keyring"}, WRONG
    async with window(answers=ANSWERS) as hand:
        await hand.to("setup")
        await hand.click("#check")
        assert "Token not accepted" in hand.text("#report")
        await hand.press("escape")
        assert hand.step == "setup"


async def test_the_menu_has_both_only_where_there_are_accounts(site, window):
    async with window(answers=ANSWERS) as hand:
        names = [command.title for command in hand.app.get_system_commands(hand.app.screen)]
        assert {"Connect an account", "Check the token"} <= set(names)
    async with window(answers={**ANSWERS, "platform": "obsidian"}) as hand:
        names = [command.title for command in hand.app.get_system_commands(hand.app.screen)]
        assert not {"Connect an account", "Check the token"} & set(names)


@pytest.mark.parametrize(
    ("answers", "target", "key"),
    [
        (ANSWERS, {"parent": "https://www.notion.so/" + "a" * 32}, "parent"),
        (ANSWERS, {}, "parent"),
        (AIRTABLE, {"base": "app" + "A" * 14}, "base"),
        (AIRTABLE, {"workspace": "wsp" + "A" * 14}, "workspace"),
        (SHEETS, {"spreadsheet": "https://docs.google.com/spreadsheets/d/" + "a" * 44}, "spreadsheet"),
    ],
    ids=["page", "no page", "base", "workspace", "spreadsheet"],
)
async def test_what_is_wrong_with_the_place_stands_at_its_field(answers, target, key, site, vault, window):
    vault.kept = {"": "keyring"}
    site.problems, site.fault = ("It is not shared: “[x]”.", "Open it and share it."), "place"
    async with window(answers={**answers, "target": target}) as hand:
        await hand.to("setup")
        rows = {row.key: row for row in hand.app.screen.query("FormRow")}
        wrong = [name for name, row in rows.items() for line in row.query(".wrong") if line.display]
        assert wrong == [f"target.{key}"]
        assert "It is not shared: “[x]”." in hand.text()
        assert "Open it and share it." in hand.text("#found")
        assert hand.find("#start").disabled


async def test_what_is_wrong_with_the_token_stands_at_the_account_and_offers_another(site, vault, window, size):
    vault.kept = {"": "keyring"}
    site.problems, site.fault = ("The token has expired.", "Make a new one."), "token"
    async with window(answers=ANSWERS, size=size) as hand:
        await hand.to("setup")
        assert "The token has expired." in hand.text()
        assert "another token" in hand.text("#found")
        assert hand.find("#connect").variant == "primary"
        site.problems, site.fault = (), ""
        await hand.press("ctrl+t")
        await paste(hand, "ntn_new")
        await hand.press("enter", "enter")
        assert "expired" not in hand.text()
        assert not hand.find("#start").disabled


async def test_a_look_says_why_it_takes_so_long_and_gives_way_to_the_next(site, vault, window):
    vault.kept = {"": "keyring"}
    site.answers.clear()
    async with window(answers=ANSWERS) as hand:
        while hand.step != "setup":
            await hand.pilot.press("enter")
            await hand.pilot.pause(0.05)
        await until(hand, lambda: "No connection to Notion; trying again: up to 4 s" in hand.text("#found"))
        page = "https://www.notion.so/" + "a" * 32
        hand.find("#parent").value = page
        await until(hand, lambda: site.looks[-1].get("parent") == page)
        site.answers.set()
        await hand.rest()
        assert "a page" in hand.text("#found")


async def test_a_place_that_is_half_typed_is_told_at_its_field(site, vault, window):
    vault.kept = {"": "keyring"}
    async with window(answers=ANSWERS) as hand:
        await hand.to("setup")
        await hand.press("a", "b")
        assert hand.step == "setup"
        assert "'ab' holds no Notion page id" in " ".join(hand.text().split())
        assert hand.find("#start").disabled
        await hand.press("backspace", "backspace")
        assert "holds no Notion page" not in hand.text()
        assert not hand.find("#start").disabled


async def test_a_look_that_fails_for_another_reason_is_told(site, vault, window, monkeypatch):
    def broken(*_):
        raise InputError("Odd.", title="Odd", kept="all.", hint="try.")

    monkeypatch.setattr(interactive, "look", broken)
    async with window(answers=ANSWERS) as hand:
        await hand.to("setup")
        assert "could not be looked at" in hand.text("#found")


async def test_a_key_is_answered_at_once_while_keyring_vendor_and_build_are_slow(site, vault, window):
    """The bound is a multiple of what is asked (100 ms), for machines that do other things at the same time."""
    vault.kept = {"": "keyring"}
    site.events = [("home", "running", "", 0), ("home", "held", "Notion allows no more calls at the moment", 12)]
    async with window(answers=ANSWERS, size=WIDE) as hand:
        await hand.to("setup")
        vault.unlocked.clear()
        hand.app.list_accounts()
        await hand.pilot.press("ctrl+s")
        await until(hand, lambda: hand.app.busy and "no more calls" in hand.text("#steps"))
        hand.find("#steps").focus()
        times = []
        for key in ["down"] * 5 + ["up"] * 5:
            before, began = hand.find("#steps").highlighted, perf_counter()
            hand.app.post_message(events.Key(key, None))
            async with asyncio.timeout(5):
                while hand.find("#steps").highlighted == before:  # noqa: ASYNC110  (there is no event to wait for)
                    await asyncio.sleep(0.001)
            times.append(perf_counter() - began)
        assert sorted(times)[len(times) // 2] < 0.1, times
        vault.unlocked.set()
        site.go_on.set()
        await hand.rest()


async def test_help_tells_about_tokens(site, window):
    async with window(answers=ANSWERS, size=NARROW) as hand:
        await hand.to("setup")
        await hand.press("f1")
        assert "keyring" in " ".join(hand.text().split())


HANGS = """
import threading
from chatbuilder.app import make_app
from chatbuilder.pipeline import connecting

asked = threading.Event()

def hang(platform):
    asked.set()
    threading.Event().wait()

connecting.tokens = hang
app = make_app(None, {"platform": "notion", "priorities": ["search"]})

async def drive(pilot):
    while not asked.is_set():
        await pilot.press("enter")
        await pilot.pause(0.05)
    await pilot.press("ctrl+q")

app.run(headless=True, auto_pilot=drive)
print("gone")
"""


def test_a_keyring_that_never_answers_does_not_keep_the_window_open():
    done = python(HANGS, timeout=60)
    assert (done.code, done.out.splitlines()[-1:]) == (0, ["gone"]), done.err
    assert "Traceback" not in done.err
