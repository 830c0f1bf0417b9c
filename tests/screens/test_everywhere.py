"""What holds on every screen: it fits, the keyboard reaches everything, nothing from outside is interpreted."""

import random
import re
from pathlib import Path

import pytest
from textual import events
from textual.widget import Widget

from chatbuilder import catalog, wizard
from chatbuilder.screens.base import StepScreen
from tests.screens.conftest import NARROW, WIDE
from tests.strategies import HOSTILE_NAMES

SRC = Path(__file__).resolve().parents[2] / "src" / "chatbuilder"
FULL = {
    "platform": "obsidian", "priorities": ["organization", "search"], "features": ["tags", "projects"],
    "options": {"custom_fields": [{"name": "Client", "type": "select", "choices": ["a", "b"]}]},
}  # fmt: skip
BIG = (200, 60)


def shown(widget: Widget) -> bool:
    return widget.display and all(node.display for node in widget.ancestors if isinstance(node, Widget))


@pytest.mark.parametrize("step", wizard.ORDER)
async def test_tab_reaches_every_control(step, window, size):
    async with window(answers=FULL, size=size) as hand:
        if step == "done":
            await hand.to("setup")
            await hand.press("ctrl+s")
        hand.app._show(hand.app.state.session.at(step))
        await hand.rest()
        await hand.to(step)
        wanted = {w for w in hand.app.screen.query("*") if w.focusable and shown(w)}
        reached = set()
        for _ in range(len(wanted) + 1):
            focused = hand.app.focused
            reached.add(focused)
            assert focused.region.overlaps(hand.app.screen.query_one("#body").region) or focused.id in (
                "stepper", "back", "forward",
            ), f"{focused} has the focus and is not in sight"  # fmt: skip
            await hand.press("tab")
        assert wanted <= reached
        assert hand.app.screen.query_one("#forward") in reached or hand.find("#forward").disabled


@pytest.mark.parametrize("platform", catalog.PLATFORMS)
async def test_all_choices_fit_the_smallest_window(platform, window):
    async with window() as hand:
        await hand.press(*["down"] * list(catalog.PLATFORMS).index(platform), "space")
        for step in ("platform", "priorities", "features", "team"):
            await hand.to(step)
            main = hand.find("#main")
            assert main.max_scroll_y == 0, f"{step} does not fit"
            texts = re.sub(r"\s+", " ", hand.text())
            if step == "platform":
                for choice in catalog.PLATFORMS.values():
                    assert choice.tagline in texts
                assert catalog.PLATFORMS[platform].best_for in re.sub(r" │", "", texts)


@pytest.mark.parametrize("size", [(80, 24), (100, 24), (100, 30), (120, 36), (160, 50), (200, 60)], ids=str)
async def test_every_step_is_drawn_at_every_size(size, window):
    async with window(answers=FULL, size=size) as hand:
        await hand.to("setup")
        await hand.press("ctrl+s")
        for step in wizard.ORDER:
            hand.app._show(hand.app.state.session.at(step))
            await hand.rest()
            await hand.to(step)
            body = hand.app.screen.query_one("#body").region
            for widget in (hand.find("#main"), *hand.app.screen.query("#preview, #aside")):
                if shown(widget):
                    assert body.contains_region(widget.region), f"{widget} of {step}"
            preview = hand.app.screen.query("#preview")
            assert not preview or shown(preview.first()) == (size[0] >= (140 if step == "setup" else 100))
            for edge in ("TopBar", "#stepper", "KeyBar"):
                assert hand.find(edge).region.width == size[0]
            assert hand.find("#forward").region.right <= size[0]


@pytest.mark.parametrize("size", [(1, 1), (20, 5), (40, 12)], ids=str)
async def test_a_tiny_window_breaks_nothing(size, window):
    async with window(answers=FULL, size=size) as hand:
        await hand.to("setup")
        await hand.press("f1", "escape", "escape", "escape")


async def test_the_window_can_be_resized_at_any_time(window):
    async with window(answers=FULL, size=WIDE) as hand:
        for step in ("review", "solution"):
            await hand.to(step)
            for size in (NARROW, BIG, (60, 15), WIDE):
                await hand.pilot.resize_terminal(*size)
                await hand.rest()
        assert "Chat Sessions" in hand.text("#text")


@pytest.mark.parametrize("name", [*HOSTILE_NAMES, "[/x]", "[bold", "$primary", "@click", "x\\[y", "a\u0301", "👩‍👩‍👧"])
async def test_a_name_is_shown_as_it_is_on_every_screen(name, window, tmp_path):
    answers = {
        **FULL,
        "name": name,
        "options": {"topics": ["[red]x[/red]", "[/]"], "custom_fields": [{"name": "[b]x"}]},
    }
    async with window(answers={**answers, "target": {"path": str(tmp_path / "v")}}, size=BIG) as hand:
        squeezed = "".join(name.split())
        assert squeezed in "".join(hand.text("TopBar").split()) or len(name) > 60 or not name.isascii()
        assert hand.find("#name").value == name
        assert "[red]x[/red], [/]" in hand.text("#topics")
        assert "[b]x" in hand.text("#fields")
        await hand.press("enter")
        for tab in "1234":
            await hand.press(tab, "down", "end")
        await hand.press("enter", "ctrl+s")
        assert "Built" in hand.text("#advice")
        await hand.press("enter")
        assert hand.step == "done"
        assert squeezed in "".join(hand.text("#text").replace("│", "").split()) or not name.isascii()


KEYS = (
    "up", "down", "left", "right", "tab", "shift+tab", "enter", "space", "escape", "home", "end", "pageup", "pagedown",
    "1", "2", "3", "4", "a", "c", "e", "n", "x", "slash", "left_square_bracket", "shift+up", "shift+down", "plus",
    "minus",
    "delete", "backspace", "ctrl+u", "ctrl+s", "ctrl+x", "ctrl+o", "f1", "ctrl+p", "alt+left", "alt+right",
)  # fmt: skip


@pytest.mark.parametrize("seed", range(6))
async def test_no_keys_in_any_order_break_it(seed, window):
    dice = random.Random(seed)
    start = FULL if seed % 2 else None
    async with window(answers=start, size=dice.choice([NARROW, WIDE])) as hand:
        for _ in range(12):
            await hand.pilot.press(*dice.choices(KEYS, k=10))
        await hand.rest()
        assert hand.app.is_running
        while not isinstance(hand.app.screen, StepScreen):
            before = hand.app.screen
            await hand.press("escape")
            assert hand.app.screen is not before, "every dialog can be closed"
        assert hand.app.state.session.step in hand.app.state.session.open_steps()
        assert hand.step == hand.app.state.session.step


async def test_clicks_anywhere_break_nothing(window):
    dice = random.Random(7)
    async with window(answers=FULL, size=WIDE) as hand:
        for _ in range(60):
            await hand.pilot.click(offset=(dice.randrange(120), dice.randrange(36)))
        await hand.rest()
        assert hand.app.is_running


async def test_typing_ahead_never_changes_the_step_that_was_left(window):
    async with window() as hand:
        await hand.press("enter", "space", "enter", "down")
        for key in ("enter", "space", "space", "space"):
            hand.app.post_message(events.Key(key, " " if key == "space" else None))
        await hand.rest()
        assert hand.step == "team"
        assert hand.answers.get("features", ()) == ()


def test_interface_reads_no_disk_and_names_no_colour():
    for file in (*SRC.glob("screens/*.py"), *SRC.glob("widgets/*.py")):
        source = file.read_text("utf-8")
        assert not re.search(r"(^|[^\w.])open\(|\bPath\(|\bos\.|import os|pathlib", source), file
        assert not re.search(r"from_markup|markup=True", source), file
        if file.name != "themes.py":
            assert not re.search(r"#[0-9a-f]{6}\b", source), file
    for file in (SRC / "app.tcss", *SRC.glob("screens/*.tcss")):
        source = file.read_text("utf-8")
        assert not re.search(r"#[0-9a-fA-F]{3,8}\s*;|rgb\(|hsl\(|\b(red|green|blue|white|black|yellow)\b", source), file


@pytest.mark.parametrize("step", wizard.ORDER[:-1])
async def test_a_screen_that_comes_while_the_window_is_behind_another_has_the_keyboard_afterwards(step, window):
    async with window(answers=FULL) as hand:
        hand.app.post_message(events.AppBlur())
        await hand.rest()
        hand.app._show(hand.app.state.session.at(step))
        await hand.rest()
        assert hand.app.focused is None
        hand.app.post_message(events.AppFocus())
        await hand.rest()
        assert hand.app.focused is not None
