"""Searching the library from the wizard: while typing, by assistant, reading a chat, copying its link."""

import pytest

from chatbuilder import pipeline
from chatbuilder.library.chats import ChatStore, Incoming, opened
from chatbuilder.paths import locate
from chatbuilder.screens import search
from tests.helpers import saved_draft
from tests.unit.library.makers import chat

LINK = "https://chatgpt.com/c/pie"
HOSTILE = "[bold]x[/] [@click=app.quit]go[/] \\[ [/nope]"


@pytest.fixture
def library(monkeypatch):
    monkeypatch.setattr(search, "WAIT", 0.001)
    many = "\n".join(f"line {at}" for at in range(8000))
    sessions = [
        chat("pie", "How do I bake an apple pie?", "Peel the apples.", url=LINK, project="Kitchen"),
        chat("cake", "An apple cake?", "Yes.", source="claude", days=1, command="claude -r 1"),
        chat("bad", HOSTILE, "fine", title=HOSTILE, source="claude", days=2, last_activity=None),
        chat("long", "tellme", many, "really", days=3),
    ]  # fmt: skip
    with opened(locate().library) as connection:
        ChatStore(connection).write([Incoming(session, 1.0) for session in sessions])


async def opened_search(hand):
    await hand.press("ctrl+p")
    await hand.type("search chats")
    await hand.press("enter")
    assert hand.step == "SearchScreen"


async def test_hits_come_while_typing_and_enter_reads_one(library, window, size):
    async with window(size=size) as hand:
        await opened_search(hand)
        assert "4 chats, newest first" in hand.text("#status")
        await hand.type("bake app")
        assert "1 chat" in hand.text("#status")
        assert "How do I bake an apple pie?" in hand.text("#hits")
        assert "ChatGPT · Kitchen" in hand.text("#hits")
        await hand.press("enter", "enter")
        assert hand.step == "ReadingScreen"
        assert "Peel the apples." in hand.text()
        assert "chatgpt:pie" in hand.text("#hint")
        await hand.press("c")
        assert hand.app.clipboard == LINK
        await hand.press("t")
        assert hand.app.clipboard == "You:\nHow do I bake an apple pie?\n\nAssistant:\nPeel the apples."
        await hand.press("escape", "escape")
        assert hand.step == "WelcomeScreen"


async def test_one_assistant_can_be_chosen(library, window):
    async with window() as hand:
        await opened_search(hand)
        await hand.type("apple")
        assert "2 chats" in hand.text("#status")
        await hand.press("tab", "right")
        while "Claude" not in hand.text("#assistant"):
            await hand.press("right")
        assert "1 chat" in hand.text("#status")
        await hand.press("tab", "c")
        assert hand.app.clipboard == "claude -r 1"
        await hand.press("slash", "backspace")
        assert hand.find("#words").has_focus


async def test_what_cannot_be_found_says_so(library, window):
    async with window() as hand:
        await opened_search(hand)
        await hand.type("zebra")
        assert "No chat has these words" in hand.text("#status")
        await hand.press("enter", "c", "down")
        assert hand.step == "SearchScreen"
        hand.find("#words").value = "-pie"
        await hand.rest()
        assert "no word to look for" in hand.text("#status")


async def test_an_empty_library_says_how_to_fill_it(window):
    async with window() as hand:
        await opened_search(hand)
        assert "Import chats (^o) fills it" in hand.text("#status")
        await hand.press("ctrl+o")
        assert hand.step == "ImportScreen"


async def test_what_chats_say_is_text(library, window):
    async with window() as hand:
        await opened_search(hand)
        await hand.type("nope")
        assert "[@click=app.quit]go[/]" in hand.text("#hits")
        await hand.press("down", "enter")
        assert "[bold]x[/]" in hand.text("#question")
        assert "[@click=app.quit]go[/]" in hand.text("#text Static")


async def test_a_very_long_chat_is_cut_with_a_way_to_all_of_it(library, window):
    async with window() as hand:
        await opened_search(hand)
        await hand.type("tellme")
        await hand.press("down", "enter", "end")
        assert "`chatbuilder chats show chatgpt:long` prints all" in hand.text()


async def test_a_chat_that_was_deleted_meanwhile_is_explained(library, window):
    async with window() as hand:
        await opened_search(hand)
        await hand.type("bake")
        pipeline.delete_chats(["pie"])
        await hand.press("down", "enter")
        assert "There is no chat" in hand.text()


async def test_the_welcome_screen_searches_with_a_slash(library, window):
    saved_draft(platform="excel")
    async with window() as hand:
        assert hand.step == "WelcomeScreen"
        await hand.press("slash")
        assert hand.step == "SearchScreen"
        await hand.press("escape")
        assert hand.step == "WelcomeScreen"
