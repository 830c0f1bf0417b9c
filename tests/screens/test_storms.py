"""Random keys, clicks, pastes and sizes on every screen and dialog: nothing breaks, it still quits, drafts stay whole.

`CHATBUILDER_STORM_KEYS=1000` gives each screen a thousand; `CHATBUILDER_STORM_SEED` another weather.
"""

from __future__ import annotations

import asyncio
import errno
import os
import random
from collections import deque

import pytest
from textual import events

from chatbuilder import pipeline, wizard
from chatbuilder.app import ChatbuilderApp
from chatbuilder.pipeline import interactive
from chatbuilder.screens.base import StepScreen
from tests.helpers import saved_draft
from tests.integration.filling import take_in
from tests.screens.test_importing import _claude, _codex, logs  # noqa: F401  (a fixture)
from tests.screens.vault import Site, Vault
from tests.unit.library.makers import chat

KEYS_A_SCREEN = int(os.environ.get("CHATBUILDER_STORM_KEYS", "40"))
SIZES_MEANWHILE = 50 if KEYS_A_SCREEN > 40 else 12
SEED = int(os.environ.get("CHATBUILDER_STORM_SEED", "1"))
NAMED = (
    "up", "down", "left", "right", "tab", "shift+tab", "enter", "space", "escape", "home", "end", "pageup", "pagedown",
    "shift+up", "shift+down", "shift+left", "shift+right", "delete", "backspace", "insert", "alt+left", "alt+right",
    "alt+enter", "ctrl+up", "ctrl+end", "ctrl+home", *(f"f{n}" for n in range(1, 13)),
    *(f"ctrl+{letter}" for letter in "abdefghijklmnoprstuvwxy"), "ctrl+left_square_bracket", "ctrl+underscore",
)  # fmt: skip
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFXYZ0123456789 ~/.\\-_=+[](){}<>@#$%^&*'\"`|:;,!?éß未🚀\u202e\u0301\u200d"
PASTES = (
    "[red]x[/red] [/] [@click=app.quit]y[/] \\[", "\x1b[31mred\x1b[0m\x1b]52;c;eA==\x07\x1b[2J", "a\0b\x01\x7f\x9b",
    "\u202ereversed\u202c\u2066\u2069", "line\r\nline\nline\ttab", "x" * 1_000_000, "[" * 5_000, "👩‍👩‍👧" * 200,
    "~", "~nobody/x", "/dev/null", "file://x", "\ud800", "${HOME}", "=1+1", "a" * 300 + "/" + "b" * 300, "\n" * 500,
)  # fmt: skip
SIZES = ((1, 1), (2, 1), (1, 40), (20, 5), (40, 12), (79, 23), (80, 24), (120, 36), (200, 60), (500, 200), (500, 1))
ANSWERS = {"priorities": ["organization", "search"], "features": ["tags", "projects"]}


class Storm:
    """What happens to a window, from a seed; `log` is what happened last."""

    def __init__(self, hand, seed, tag):
        self.hand, self.dice = hand, random.Random(f"{seed} {tag}")
        self.log: deque[str] = deque(maxlen=60)

    async def blow(self, count):
        for number in range(count):
            if not self.alive:
                return number
            await self.gust()
            if number % 10 == 9:
                await self.hand.pilot.pause()
        return count

    @property
    def alive(self):
        return self.hand.app.is_running and not self.hand.app._exit

    async def gust(self):
        dice, app = self.dice, self.hand.app
        kind = dice.choices(("named", "letter", "paste", "click", "scroll", "size", "blur"), (52, 30, 3, 9, 3, 2, 1))[0]
        if kind == "named":
            key = dice.choice(NAMED)
            self.note(key)
            app.post_message(events.Key(key, None))
        elif kind == "letter":
            letter = dice.choice(LETTERS)
            self.note(repr(letter))
            app.post_message(events.Key("space" if letter == " " else letter, letter))
        elif kind == "paste":
            text = dice.choice(PASTES)
            self.note(f"paste {text[:20]!r}")
            app.post_message(events.Paste(text))
        elif kind == "blur":
            self.note("blur, focus")
            app.post_message(events.AppBlur())
            app.post_message(events.AppFocus())
        elif kind == "size":
            size = dice.choice(SIZES)
            self.note(f"size {size}")
            await self.hand.pilot.resize_terminal(*size)
        else:
            await self.point(kind)

    async def point(self, kind):
        width, height = self.hand.app.size
        x, y = self.dice.randrange(max(1, width)), self.dice.randrange(max(1, height))
        self.note(f"{kind} {x},{y}")
        same = {"delta_x": 0, "delta_y": 0, "button": 1, "shift": False, "meta": False, "ctrl": False}
        names = ("MouseScrollUp", "MouseScrollDown") if kind == "scroll" else ("MouseMove", "MouseDown", "MouseUp")
        for name in names:
            event = getattr(events, name)(None, x, y, screen_x=x, screen_y=y, **same)
            self.hand.app.screen._forward_event(event)

    def note(self, what):
        self.log.append(what)

    async def calm(self):
        """Everything comes to rest, every dialog closes, and it quits."""
        app = self.hand.app
        await self.hand.pilot.resize_terminal(120, 36)
        for _ in range(60):
            if not self.alive:
                return
            await self.hand.rest()
            if isinstance(app.screen, StepScreen) or type(app.screen).__name__ == "WelcomeScreen":
                break
            app.post_message(events.Key("escape", None))
        assert not app.query("Traceback")
        for _ in range(10):
            if not self.alive:
                return
            app.post_message(events.Key("ctrl+q", None))
            await self.hand.pilot.pause()
            await asyncio.sleep(0.01)
            if self.alive and not isinstance(app.screen, StepScreen):
                app.post_message(events.Key("enter", None))  # stop what is under way, and quit
                await self.hand.pilot.pause()
        assert not self.alive, f"it does not quit: {self.hand.text()}"


@pytest.fixture
def world(tmp_path, monkeypatch, logs):  # noqa: F811
    """A person's folder, a library, logs of agents, and no vendor, browser or keyring that is real."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("webbrowser.open", lambda url: True)
    vault = Vault()
    site = Site(vault)
    site.go_on.set()
    monkeypatch.setattr(ChatbuilderApp, "vault", vault)
    look, apply = interactive.look, interactive.apply

    def real(config):
        return config.platform not in ("notion", "airtable", "sheets") and "postgres" not in str(
            config.data().get("target")
        )

    monkeypatch.setattr(interactive, "look", lambda c, *a, **m: (look if real(c) else quiet_look(site))(c, *a, **m))
    monkeypatch.setattr(interactive, "apply", lambda c, *a, **m: (apply if real(c) else site.apply)(c, *a, **m))
    take_in(*(chat(f"c{n}", f"Question [/x] {n}", "Answer\x1b[31m", title=f"T {n} [b]") for n in range(8)))
    yield vault
    vault.answers.set()
    vault.unlocked.set()


def quiet_look(site):
    def look(*arguments, **more):
        site.under_way = 0
        return site.look(*arguments, **more)

    return look


def answers(platform, folder):
    target = {
        "excel": {"path": str(folder / "b.xlsx")}, "custom": {"database": f"sqlite:///{folder / 'c.db'}"},
        "obsidian": {"path": str(folder / "v")}, "logseq": {"path": str(folder / "g")},
    }.get(platform)  # fmt: skip
    return {"platform": platform, **ANSWERS, **({"target": target} if target else {})}


SCENES = {
    **{step: ("obsidian", step, ()) for step in wizard.ORDER},
    **{f"{platform} setup": (platform, "setup", ()) for platform in ("notion", "sheets", "custom", "excel")},
    "connect": ("notion", "setup", ("ctrl+t",)),
    "connect sheets": ("sheets", "setup", ("ctrl+t",)),
    "help": ("obsidian", "review", ("f1",)),
    "menu": ("obsidian", "solution", ("ctrl+p",)),
    "export": ("obsidian", "solution", ("ctrl+p", *"export", "enter")),
    "import": ("obsidian", "review", ("ctrl+p", *"import", "enter")),
    "search": ("obsidian", "review", ("ctrl+p", *"search", "enter")),
    "reading": ("obsidian", "review", ("ctrl+p", *"search", "enter", "enter", "enter")),
    "fill": ("obsidian", "done", ("f",)),
    "building": ("obsidian", "setup", ("ctrl+s!",)),
    "importing": ("obsidian", "review", ("ctrl+p", *"import", "enter", "enter!")),
}  # fmt: skip


async def reach(hand, step, keys):
    if step == "done":
        await hand.to("setup")
        await hand.press("ctrl+s", "enter")
    else:
        await hand.to(step) if step != "platform" else hand.app._show(hand.app.state.session.at("platform"))
        if step in ("priorities", "features", "team"):
            hand.app._show(hand.app.state.session.at(step))
        await hand.rest()
    for key in keys:
        if key.endswith("!"):  # the storm comes while that is under way
            await hand.pilot.press(key[:-1])
        else:
            await hand.press(key)


@pytest.mark.timeout(900)
@pytest.mark.parametrize("scene", SCENES)
async def test_a_storm_of_keys_breaks_nothing(scene, world, window, tmp_path):
    platform, step, keys = SCENES[scene]
    left, round_ = KEYS_A_SCREEN, 0
    while left > 0:
        round_ += 1
        folder = tmp_path / f"r{round_}"
        folder.mkdir()
        storm = None
        try:
            async with window(answers=answers(platform, folder), size=(120, 36)) as hand:
                if step in wizard.ORDER[:4]:
                    hand.app._show(hand.app.state.session.at(step))
                    await hand.rest()
                else:
                    await reach(hand, step, keys)
                storm = Storm(hand, SEED, f"{scene} {round_}")
                left -= max(1, await storm.blow(min(left, 200)))
                await storm.calm()
                assert hand.app.defect is None
        except BaseException:
            print(f"seed {SEED}, scene {scene}, round {round_}; the last of it: {list(storm.log) if storm else []}")
            raise
    assert [info.problem for info in pipeline.drafts() if info.problem] == []


@pytest.mark.timeout(900)
async def test_a_storm_on_the_welcome_screen_breaks_nothing(world, window):
    left, round_ = KEYS_A_SCREEN, 0
    while left > 0:
        round_ += 1
        saved_draft(platform="obsidian", name=f"One [/b] {round_}")
        async with window(size=(120, 36)) as hand:
            storm = Storm(hand, SEED, f"welcome {round_}")
            left -= max(1, await storm.blow(min(left, 200)))
            await storm.calm()
            assert hand.app.defect is None, storm.log
    assert [info.problem for info in pipeline.drafts() if info.problem] == []


@pytest.mark.timeout(300)
@pytest.mark.parametrize("work", ["building", "importing"])
async def test_many_sizes_while_something_is_under_way(work, world, window, tmp_path):
    dice = random.Random(SEED)
    platform, step, keys = SCENES[work]
    async with window(answers=answers(platform, tmp_path), size=(120, 36)) as hand:
        await reach(hand, step, keys)
        for _ in range(SIZES_MEANWHILE):
            await hand.pilot.resize_terminal(dice.randrange(1, 300), dice.randrange(1, 100))
        await hand.pilot.resize_terminal(120, 36)
        await hand.rest()
        assert hand.app.is_running
        print(hand.text())
        if work == "building":
            assert "Built" in hand.text("#advice")
        else:
            assert pipeline.chats().total >= 8


@pytest.mark.parametrize("what", ["chatbuilder.atomic._temporary", "filelock.FileLock.acquire"])
async def test_a_full_disk_is_told_and_the_wizard_goes_on(what, window, monkeypatch):
    def refuse(*arguments, **more):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(what, refuse)
        async with window() as hand:
            await hand.press("down", "space", "enter")
            assert "✗ not saved" in hand.text("TopBar")
            assert "No space left on device" in hand.told
            await hand.to("team")
            patch.undo()
            await hand.press("enter")
            assert "✓ saved" in hand.text("TopBar")
    (info,) = pipeline.drafts()
    assert not info.problem
    assert pipeline.peek_draft(info.id).answers["priorities"]


async def test_a_megabyte_in_a_field_leaves_a_draft_that_opens(window):
    async with window(answers={"platform": "obsidian", **ANSWERS}) as hand:
        hand.find("#name").focus()
        hand.app.post_message(events.Paste("x" * 1_000_000))
        await hand.rest()
        await hand.press("end", "y", "enter")
        assert "✓ saved" in hand.text("TopBar")
    (info,) = pipeline.drafts()
    assert not info.problem


@pytest.mark.parametrize("key", ["pageup", "pagedown"])
async def test_a_page_in_a_list_without_lines_goes_nowhere(key, window):
    async with window(size=(120, 36)) as hand:
        await hand.press("down")
        await hand.pilot.resize_terminal(1, 1)
        await hand.press(key)
        assert hand.app.is_running
        await hand.pilot.resize_terminal(120, 36)
        await hand.press("ctrl+p", "down")
        await hand.pilot.resize_terminal(1, 1)
        await hand.press(key)
        assert hand.app.is_running


async def test_an_error_of_the_system_in_a_thread_is_no_defect(window, monkeypatch):
    def refused(config, hear, cancelled, **_):
        raise OSError(errno.EROFS, "Read-only file system", "/x")

    monkeypatch.setattr(interactive, "apply", refused)
    async with window(answers={"platform": "obsidian", **ANSWERS}) as hand:
        await hand.to("setup")
        await hand.press("ctrl+s")
        assert "/x: Read-only file system" in hand.text("#trouble")
        assert "defect" not in hand.text("#trouble").lower()
