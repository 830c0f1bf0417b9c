"""Bringing in chats from the wizard: what is found and chosen, a preview first, the import, stopping."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from time import perf_counter

import pytest
from textual import events

from chatbuilder import pipeline
from chatbuilder.pipeline import bringing
from tests.helpers import saved_draft
from tests.unit.library.makers import conversation, export


@pytest.fixture
def logs(home):
    """Logs of two agents in their usual places: one chat each."""
    places = {".claude/projects/x/a.jsonl": _claude(), ".codex/sessions/rollout-a.jsonl": _codex()}
    for name, lines in places.items():
        place = home.parent / name
        place.parent.mkdir(parents=True)
        place.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    return home.parent


def _claude():
    shared = {"sessionId": "s1", "timestamp": "2026-03-01T12:00:00Z", "cwd": "/w/kitchen", "isSidechain": False}
    first = {"type": "user", "uuid": "u1", "parentUuid": None, "message": {"role": "user", "content": "Bake a pie"}}
    answer = {
        "type": "assistant", "uuid": "u2", "parentUuid": "u1",
        "message": {"id": "m", "role": "assistant", "model": "c", "content": [{"type": "text", "text": "Yes"}]},
    }  # fmt: skip
    return [{**shared, **first}, {**shared, **answer}]


def _codex():
    at = "2026-03-01T12:00:00Z"
    meta = {"id": "c1", "timestamp": at, "cwd": "/w/kitchen", "originator": "codex_cli", "cli_version": "1"}
    said = [
        {"type": "message", "role": role, "content": [{"type": kind, "text": text}]}
        for role, kind, text in (("user", "input_text", "Bake a cake"), ("assistant", "output_text", "Yes"))
    ]
    return [
        {"timestamp": at, "type": "session_meta", "payload": meta},
        *({"timestamp": at, "type": "response_item", "payload": item} for item in said),
    ]


async def open_import(hand):
    await hand.press("ctrl+p")
    await hand.type("import chats")
    await hand.press("enter")
    assert hand.step == "ImportScreen"


async def test_found_logs_are_looked_at_and_imported_by_enter_alone(logs, window, size):
    async with window(size=size) as hand:
        await open_import(hand)
        assert "Claude Code" in hand.text("#origins")
        assert "Codex" in hand.text("#origins")
        await hand.press("enter")
        assert "2 would be new" in hand.text("#report")
        assert "Import 2 chats" in hand.text("#go")
        assert pipeline.chats().total == 0, "a look writes nothing"
        await hand.press("enter")
        assert "2 new" in hand.text("#report")
        assert pipeline.chats().total == 2
        await hand.press("enter")
        assert hand.step == "platform"


async def test_the_preview_tells_what_each_source_can_fill(logs, window):
    async with window(size=(120, 36)) as hand:
        await open_import(hand)
        await hand.press("shift+tab", "down", "space", "enter")
        told = hand.text("#report")
        assert "Claude Code  1 new · 1 prompt, 1 answer" in told
        assert "can fill" in told
        assert "worked out" in told
        assert "not told" in told
        assert "Codex" not in told


async def test_an_export_is_named_by_typing(window, tmp_path):
    place = export(tmp_path, conversation("a", "Hello", "Hi"), {"id": "bad", "mapping": 7})
    async with window() as hand:
        await open_import(hand)
        await hand.type(str(place))
        await hand.press("enter")
        assert "1 would be new" in hand.text("#report")
        assert "1 that cannot be read" in " ".join(hand.text("#report").replace("▌", "").split())
        assert "conversations.json" in hand.text("#report")
        await hand.press("enter", "enter")
        assert [chat.key for chat in pipeline.chats().chats] == ["chatgpt:a"]
        await open_import(hand)
        await hand.type(str(place))
        await hand.press("enter")
        assert "1 here already" in hand.text("#report")
        await hand.press("enter")
        assert hand.step == "platform", "with nothing new, Enter closes"


async def test_an_export_is_chosen_in_a_folder(home, window):
    downloads = home.parent / "Downloads"
    (downloads / "old").mkdir(parents=True)
    export(downloads, conversation("a", "Hello", "Hi"))
    export(downloads / "old", conversation("b", "Hello", "Hi"))
    (downloads / "holiday.png").write_bytes(b"x")
    async with window() as hand:
        await open_import(hand)
        await hand.press("ctrl+o")
        assert hand.step == "ChooserScreen"
        assert "export.zip" in hand.text("#contents")
        assert "holiday" not in hand.text("#contents")
        assert "1 other thing not shown" in hand.text("#advice")
        await hand.press("down", "enter")
        assert hand.text("#hint").strip().endswith("old")
        await hand.press("left", "down")
        assert "Enter takes it" in hand.text("#text")
        await hand.press("enter")
        assert hand.step == "ImportScreen"
        assert "export.zip" in hand.text("#origins")
        await hand.press("ctrl+o", "down", "t")
        assert "old" in hand.text("#origins")
        await hand.press("enter")
        assert "2 would be new" in hand.text("#report")


async def test_choosing_another_place_takes_the_preview_back(logs, window):
    async with window() as hand:
        await open_import(hand)
        await hand.press("enter")
        assert "Import 2" in hand.text("#go")
        hand.find("#origins").focus()
        await hand.press("space")
        assert "Look" in hand.text("#go")
        assert "would be new" not in hand.text("#report")
        await hand.press("down", "space", "enter")
        assert "Tick a place" in hand.text("#report")


@pytest.mark.parametrize("name", ["nothing.zip", "[red]x[/red]"])
async def test_what_holds_no_chats_says_so_in_place(name, window, tmp_path):
    async with window() as hand:
        await open_import(hand)
        hand.find("#path").value = str(tmp_path / name)
        await hand.press("enter")
        assert name in "".join(hand.text("#report").replace("▌", "").split())
        assert hand.step == "ImportScreen"
        await hand.press("enter", "escape")
        assert hand.step == "platform"


class Slow:
    """An import that goes on until it is stopped."""

    def __init__(self):
        self.stopped_after = None
        self.asked = threading.Event()

    def __call__(self, paths, dry_run, hear, cancelled):
        if not dry_run:
            return self.work(hear, cancelled)
        return self.real(paths, dry_run, hear, cancelled)

    real = staticmethod(bringing.read)

    def work(self, hear, cancelled):
        hear(pipeline.ImportProgress("x", 1500, 1400, 100, 0))
        while not cancelled():
            time.sleep(0.005)
        from chatbuilder.errors import InterruptedByUser

        raise InterruptedByUser("The import was stopped.", title="Stopped", kept="every chat.", hint="import again.")


async def begun(hand):
    await open_import(hand)
    await hand.press("enter")
    await hand.pilot.press("enter")
    for _ in range(200):
        await hand.pilot.pause(0.01)
        if "1,500 chats" in hand.text("#progress"):
            return
    raise AssertionError(hand.text())


@pytest.mark.parametrize("keys", [["ctrl+x"], ["escape", "tab", "enter"]], ids=["stop", "escape"])
async def test_an_import_can_be_stopped_and_gone_on_with(keys, logs, window, monkeypatch):
    monkeypatch.setattr(bringing, "read", slow := Slow())
    async with window() as hand:
        await begun(hand)
        assert "1,400 new, 100 changed" in hand.text("#progress")
        if keys[0] == "escape":
            await hand.pilot.press("escape")
            await hand.pilot.pause(0.05)
            assert hand.step == "Confirm"
            await hand.pilot.click("#yes")
        else:
            await hand.pilot.press(*keys)
        await hand.rest()
        assert "Kept: every chat" in hand.text("#report")
        assert "Go on" in hand.text("#go")
        monkeypatch.setattr(bringing, "read", slow.real)
        await hand.press("enter")
        assert "2 new" in hand.text("#report")


async def test_quitting_during_an_import_asks_and_waits_for_its_end(logs, window, monkeypatch):
    monkeypatch.setattr(bringing, "read", Slow())
    async with window() as hand:
        left = []
        monkeypatch.setattr(hand.app, "exit", lambda **how: left.append(how))
        await begun(hand)
        await hand.pilot.press("ctrl+q")
        await hand.pilot.pause(0.05)
        assert hand.step == "Confirm"
        await hand.pilot.press("escape")
        await hand.pilot.pause(0.05)
        assert not left
        assert hand.app.state.intake.stage == "working"
        await hand.pilot.press("ctrl+q")
        await hand.pilot.pause(0.05)
        await hand.click("#yes")
        assert len(left) == 1
        assert hand.app.state.intake.stage == "stopped"


async def test_closing_during_a_look_gives_it_up(logs, window, monkeypatch):
    slow = Slow()
    monkeypatch.setattr(bringing, "read", lambda paths, dry_run, hear, cancelled: slow.work(hear, cancelled))
    async with window() as hand:
        await open_import(hand)
        await hand.pilot.press("enter")
        await hand.pilot.pause(0.05)
        await hand.press("escape")
        assert hand.step == "platform"


async def _comes(holds):
    """Wait for something without waiting until the program rests."""
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110  (there is no event to wait for)
            await asyncio.sleep(0.001)


async def test_a_key_is_answered_at_once_while_an_export_is_read_and_written(home, window, tmp_path):
    """The bound is for the middle of ten keys, as a machine does other things at the same time."""
    text = "some words of a longer answer, with `code` and more. " * 20
    chats = [conversation(f"c{number}", *[f"{number} {text}"] * 6) for number in range(1_500)]
    place = export(tmp_path, *chats)
    async with window() as hand:
        await open_import(hand)
        hand.find("#path").value = str(place)
        for stage, far in (("looking", "Looking …"), ("working", " of 1,500 chats, ")):
            hand.app.screen.action_forward()
            await _comes(lambda stage=stage: hand.app.state.intake.stage == stage)
            await _comes(lambda far=far: far in hand.text("#progress"))
            times = []
            while hand.app.state.intake.stage == stage and len(times) < 10:
                before, began = hand.app.screen.focused, perf_counter()
                hand.app.post_message(events.Key("tab", None))
                await _comes(lambda before=before: hand.app.screen.focused is not before)
                times.append(perf_counter() - began)
            assert len(times) >= 5
            assert sorted(times)[len(times) // 2] < 0.1, (stage, times)
            await hand.rest()


@pytest.mark.parametrize("screen", ["import", "search", "reading", "chooser"])
async def test_f1_explains_every_screen_of_chats(screen, logs, window):
    saved_draft(platform="excel")
    pipeline.import_chats([str(logs / ".codex")])
    async with window() as hand:
        if screen in ("search", "reading"):
            await hand.press("slash", *(["down", "enter"] if screen == "reading" else []))
        else:
            await open_import(hand)
            await hand.press(*(["ctrl+o"] if screen == "chooser" else []))
        under = hand.step
        await hand.press("f1")
        assert hand.step == "Help"
        words = " ".join(hand.text().replace("│", "").split())
        sure = {
            "import": "Nothing there is ever changed",
            "search": "all of them stand in it",
            "reading": "as it was said",
        }
        assert sure.get(screen, "Folders come first") in words
        await hand.press("escape")
        assert hand.step == under
