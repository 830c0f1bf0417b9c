"""Filling a system from the wizard: a forecast, transcripts, progress and waits, stopping, going on, the words."""

from __future__ import annotations

import threading
import time

import pytest

from chatbuilder import pipeline
from chatbuilder.errors import InterruptedByUser
from chatbuilder.pipeline import bringing
from chatbuilder.pipeline.syncing import SyncProblem, SyncReport
from chatbuilder.provision.notes import NotesStore
from tests.helpers import unfilled
from tests.integration.filling import take_in
from tests.integration.places import VaultPlace
from tests.unit.library.makers import chat, conversation, export

ANSWERS = {"platform": "obsidian", "priorities": ["organization"]}


@pytest.fixture
def place(tmp_path):
    """A vault that is built."""
    return VaultPlace(tmp_path, {"priorities": ["organization"]})


async def open_fill(hand):
    await hand.press("ctrl+p")
    await hand.type("fill a system")
    await hand.press("enter")
    assert hand.step == "FillScreen"


def targets(folder):
    return {"custom": {"database": f"sqlite:///{folder / 'c.db'}"}, "obsidian": {"path": str(folder / "vault")}}


@pytest.mark.parametrize("platform", ["obsidian", "custom"])
async def test_from_a_built_system_to_a_filled_one_by_enter_alone(platform, window, tmp_path, size):
    exported = export(tmp_path, conversation("a", "Hello", "Hi"), conversation("b", "Pie", "Yes"))
    answers = {**ANSWERS, "platform": platform, "target": targets(tmp_path)[platform]}
    async with window(answers=answers, size=size) as hand:
        await hand.to("setup")
        await hand.press("ctrl+s", "enter")
        assert hand.step == "done"
        await hand.press("f")
        assert "The library is empty" in hand.text("#report")
        await hand.press("enter")
        assert hand.step == "ImportScreen"
        await hand.type(str(exported))
        await hand.press("enter", "enter", "enter")
        assert hand.step == "FillScreen"
        assert "2 chats in your library" in hand.text("#library")
        assert "Would write 2 new rows" in hand.text("#report")
        assert "Fill 2 rows" in hand.text("#go")
        (system,) = pipeline.systems()
        assert pipeline.sync(system.id, dry_run=True).created == 2, "a forecast writes nothing"
        await hand.press("enter")
        assert "2 new, 0 changed, 0 unchanged" in hand.text("#report")
        assert pipeline.sync(system.id).unchanged == 2
        await hand.press("enter")
        assert hand.step == "done"
        await hand.press("f")
        assert "Everything is there already" in hand.text("#report")
        await hand.press("enter")
        assert hand.step == "done"


async def test_transcripts_have_a_forecast_of_their_own(place, window):
    take_in(chat("a", "x" * 4000, "y"), chat("b"))
    async with window() as hand:
        await hand.press("tab", "enter")
        assert hand.step == "FillScreen", "the welcome screen leads to every system"
        small = place_of_size(hand)
        await hand.press("t")
        assert "■" in hand.text("#transcripts")
        assert place_of_size(hand) > small
        assert "2 rows with transcript" in hand.text("#report")
        await hand.press("t")
        assert place_of_size(hand) == small
        await hand.press("t", "enter")
        assert place.said("chatgpt:b")


def place_of_size(hand):
    words = hand.text("#report").split()
    return int(words[words.index("kB.") - 1])


async def test_the_summary_tells_what_was_kept_skipped_and_failed(place, window):
    take_in(chat("a"), chat("b"), chat("c"))
    place.sync()
    place.edit("chatgpt:a", model="mine")
    place.delete("chatgpt:b")
    place.notes()["chatgpt:c"].write_text("---\nsource_id: chatgpt:c\n: [ :\n---\n", "utf-8")
    take_in(*(chat(name, "x", "y", "z", days=1, model="m") for name in "abc"), exported=2.0)
    async with window() as hand:
        await hand.press("tab", "enter", "enter")
        told = " ".join(hand.text("#report").replace("▌", "").split())
        assert "0 new, 1 changed" in told
        assert "Kept: 1 value that you changed or emptied" in told
        assert "Skipped: 1 row that you deleted; it stays away" in told
        assert "something is wrong with 1 row" in told
        assert "Chat c: " in told


class Slow:
    """A sync that tells of a wait, or of progress, and goes on until it is stopped."""

    def __init__(self, *news):
        self.news, self.begun = news, threading.Event()

    real = staticmethod(bringing.fill)

    def __call__(self, system, transcripts, dry_run, hear, cancelled):
        if dry_run:
            return self.real(system, transcripts, dry_run, hear, cancelled)
        for news in self.news:
            hear(news)
        while not cancelled():
            time.sleep(0.005)
        raise InterruptedByUser("The sync was stopped.", title="Stopped", kept="every row.", hint="sync again.")


async def begun(hand, word):
    await hand.press("tab", "enter")
    await hand.pilot.press("enter")
    for _ in range(200):
        await hand.pilot.pause(0.01)
        if word in hand.text("#progress"):
            return
    raise AssertionError(hand.text())


async def test_it_stops_and_goes_on(place, window, monkeypatch):
    take_in(chat("a"), chat("b"))
    monkeypatch.setattr(bringing, "fill", slow := Slow(pipeline.SyncProgress(1, 2, 1, 0)))
    async with window() as hand:
        await begun(hand, "1 of 2 chats, 1 new")
        assert "█" in hand.text("#progress")
        await hand.press("ctrl+x")
        assert "Kept: every row" in hand.text("#report")
        assert "Go on" in hand.text("#go")
        monkeypatch.setattr(bringing, "fill", slow.real)
        await hand.press("enter")
        assert "2 new" in hand.text("#report")
    assert len(place.notes()) == 2


async def test_a_wait_says_why_and_counts_down(place, window, monkeypatch):
    take_in(chat("a"))
    monkeypatch.setattr(bringing, "fill", Slow(pipeline.SyncWaiting("Notion asks to wait", 30)))
    async with window() as hand:
        await begun(hand, "Notion asks to wait: 30 s")
        for _ in range(300):
            await hand.pilot.pause(0.01)
            if "29 s" in hand.text("#progress"):
                break
        assert "29 s" in hand.text("#progress")
        await hand.press("ctrl+x")


@pytest.mark.parametrize("key", ["escape", "ctrl+q"])
async def test_leaving_while_it_fills_asks_first(key, place, window, monkeypatch):
    take_in(chat("a"), chat("b"))
    monkeypatch.setattr(bringing, "fill", Slow(pipeline.SyncProgress(1, 2, 1, 0)))
    async with window() as hand:
        left = []
        monkeypatch.setattr(hand.app, "exit", lambda **how: left.append(how))
        await begun(hand, "1 of 2")
        await hand.pilot.press(key)
        await hand.pilot.pause(0.05)
        assert hand.step == "Confirm"
        assert "All rows written so far stay" in hand.text()
        await hand.pilot.press("escape")
        await hand.pilot.pause(0.05)
        assert hand.app.state.filling.stage == "working"
        await hand.pilot.press(key)
        await hand.pilot.pause(0.05)
        await hand.click("#yes")
        assert hand.app.state.filling.stage == "stopped"
        assert bool(left) == (key == "ctrl+q")


async def test_a_real_sync_stops_within_a_second(place, window, monkeypatch):
    take_in(*(chat(f"c{n}", "x" * 3000, "y" * 3000) for n in range(3000)))
    find, seen = NotesStore.find, threading.Event()

    def held(store, wanted):
        if store.requests:  # something is written, and the next batch waits until that was seen
            assert seen.wait(30)
        return find(store, wanted)

    monkeypatch.setattr(NotesStore, "find", held)
    async with window() as hand:
        await begun(hand, " new")
        begin = time.monotonic()
        await hand.pilot.press("ctrl+x")
        seen.set()
        await hand.rest()
        assert time.monotonic() - begin < 1.5, "a second, and what a busy test machine takes"
        assert "The sync was stopped" in hand.text("#report")
        written = len(place.notes())
        assert 0 < written < 3000
        await hand.press("enter")
        assert "3,000 chats" in hand.text("#library")
    assert len(place.notes()) == 3000


async def test_one_of_several_systems_is_chosen(place, tmp_path, window):
    other = VaultPlace(tmp_path / "other", {"priorities": ["organization"], "name": "Second"})
    take_in(chat("a"))
    async with window() as hand:
        await open_fill(hand)
        first = hand.app.state.filling.system
        hand.find("#system").focus()
        await hand.press("right")
        assert hand.app.state.filling.system != first
        await hand.press("enter", "enter")
        filled = [bool(where.notes()) for where in (place, other)]
        assert sorted(filled) == [False, True]
        assert filled[1] == (first == place.system)


async def test_without_a_system_it_says_what_comes_first(window):
    take_in(chat("a"))
    async with window() as hand:
        await open_fill(hand)
        assert "No system is built yet" in hand.text("#report")
        await hand.press("enter", "t", "escape")
        assert hand.step == "WelcomeScreen"


async def test_a_platform_that_sync_does_not_serve_says_so_in_place(window, tmp_path, monkeypatch):
    take_in(chat("a"))
    unfilled(monkeypatch, "obsidian")
    VaultPlace(tmp_path)
    async with window() as hand:
        await hand.press("tab", "enter")
        assert "Obsidian cannot be filled" in hand.text("#report")
        assert "Try again" in hand.text("#go")
        await hand.press("escape")
        assert hand.step == "WelcomeScreen"


async def test_foreign_text_in_a_report_is_text(place, window, monkeypatch):
    take_in(chat("a"))
    report = SyncReport(failed=1, problems=[SyncProblem("k", "[bold]x[/] [@click=app.quit]go[/]", "[/nope]")])
    report.notes = ["[red]slow[/red]"]
    monkeypatch.setattr(bringing, "fill", lambda *rest: report)
    async with window(size=(120, 36)) as hand:
        await hand.press("tab", "enter")
        assert "[bold]x[/] [@click=app.quit]go[/]: [/nope]" in hand.text("#report")
        assert "[red]slow[/red]" in hand.text("#report")


@pytest.mark.parametrize("screen", ["import", "fill", "chooser"])
async def test_tab_reaches_every_control(screen, place, window, size):
    take_in(chat("a"))
    async with window(size=size) as hand:
        await hand.press("tab", "enter", *(["i"] if screen != "fill" else []), *(["ctrl+o"] * (screen == "chooser")))
        wanted = {w for w in hand.app.screen.query("*") if w.focusable and w.region.area}
        reached = set()
        for _ in range(len(wanted) + 1):
            reached.add(hand.app.focused)
            assert hand.app.screen.region.contains_region(hand.app.focused.region)
            await hand.press("tab")
        assert wanted <= reached
        assert len(wanted) >= 4


async def test_f1_explains_filling(place, window):
    take_in(chat("a"))
    async with window() as hand:
        await hand.press("tab", "enter", "f1")
        assert "nothing is written" in " ".join(hand.text().replace("│", "").split())
