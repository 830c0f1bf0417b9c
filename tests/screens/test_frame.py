"""What one visual language means, held against every screen: the frame, room, focus, contrast, signs beside colours."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.segment import Segment
from textual.color import Color
from textual.widget import Widget
from textual.widgets import Button, Static

from chatbuilder import wizard
from chatbuilder.importers import Problem
from chatbuilder.pipeline import bringing
from chatbuilder.pipeline.importing import FoundLogs, ImportReport
from chatbuilder.pipeline.provisioning import SystemInfo
from chatbuilder.pipeline.syncing import SyncReport
from chatbuilder.screens import themes
from chatbuilder.screens.messages import AskFill, AskImport
from chatbuilder.widgets.bars import WIDEST
from chatbuilder.widgets.edge import Edge
from chatbuilder.widgets.scrolling import THUMB
from chatbuilder.widgets.small import COLUMNS, LINES, SmallNote
from tests.screens.conftest import NARROW, WIDE, Hand
from tests.screens.test_looks import contrast

SRC = Path(__file__).resolve().parents[2] / "src" / "chatbuilder"
HUGE = (200, 50)
LONG = "Ein recht langer Name 日本語のチャット 🦊 مرحبا بالعالم 0123456789"
ANSWERS = {
    "name": LONG, "platform": "obsidian", "priorities": ["simplicity", "organization", "search", "analytics"],
    "features": ["tags", "projects", "dashboard"], "team_size": "large", "complexity": "advanced",
    "options": {
        "topics": [f"Topic number {n}" for n in range(40)],
        "custom_fields": [{"name": "Client", "type": "select", "choices": ["Acme", "Globex"]}],
    },
}  # fmt: skip
STEPS = wizard.ORDER
TASKS = ("import", "fill", "search", "chooser")
DIALOGS = ("help", "overview", "export", "field", "confirm")
LINES_AND_BARS = re.compile(r"[\s─│┃╭╮╰╯▌▐█░▁▂▃▄▅▆▇▔▀▎▏▊▉▋▍]*")


def systems() -> tuple[SystemInfo, ...]:
    return tuple(SystemInfo(f"s{n}", f"{LONG} {n}", "notion", "a page", "", "ready", "", "") for n in range(300))


def forecast(system, transcripts, dry_run, hear, cancelled) -> SyncReport:
    return SyncReport(dry_run=True, created=3900, unchanged=12, requests=3900, bytes=2_400_000, notes=["Slow."])


def preview(paths, dry_run, hear, cancelled) -> ImportReport:
    report = ImportReport(dry_run=True, found=21, imported=15, quarantined=1)
    report.problems.append(Problem(f"{LONG}.zip: chat 17", "it has no mapping of messages"))
    return report


@pytest.fixture(autouse=True)
def much_of_everything(monkeypatch) -> None:
    monkeypatch.setattr(bringing, "logs", lambda: (FoundLogs("claude-code", "Claude Code", "~/.claude/projects"),))
    monkeypatch.setattr(bringing, "standing", lambda config: bringing.Standing(systems(), "", 3912))
    monkeypatch.setattr(bringing, "fill", forecast)
    monkeypatch.setattr(bringing, "read", preview)


async def show(hand: Hand, name: str) -> None:
    """Bring a screen up as a person would."""
    if name in STEPS:
        if name == "done":
            await hand.to("solution")
            await hand.press("e", "enter", "enter", "enter", "enter")
        else:
            hand.app._show(hand.app.state.session.at(name))
            await hand.rest()
            await hand.to(name)
    elif name in ("import", "chooser"):
        hand.app.post_message(AskImport())
        await hand.rest()
        await hand.press("ctrl+o" if name == "chooser" else "enter")
    elif name == "fill":
        hand.app.post_message(AskFill())
        await hand.rest()
    elif name == "search":
        hand.app.action_search()
        await hand.rest()
    elif name == "export":
        await hand.to("solution")
        await hand.press("e")
    elif name == "field":
        hand.find("#fields").focus()
        await hand.press("space")
    elif name == "confirm":
        hand.app.ask("Sure?", f"{LONG} " * 3, "Remove", "Keep it", lambda: None)
        await hand.rest()
    else:
        await hand.press({"help": "f1", "overview": "ctrl+g"}[name])


def seen(hand: Hand) -> Iterator[Widget]:
    """Everything that is displayed on the screen on top."""
    for widget in hand.app.screen.walk_children(Widget):
        if all(node.display for node in (widget, *widget.ancestors) if isinstance(node, Widget)):
            yield widget


def cut_off(hand: Hand) -> list[str]:
    """Widgets that begin or end outside of what they stand in, from left to right."""
    found = []
    for widget in seen(hand):
        parent = widget.parent
        if isinstance(parent, Widget) and widget.region and not isinstance(widget, SmallNote):
            room = parent.region
            if widget.region.x < room.x or widget.region.right > room.right:
                found.append(f"{widget} {widget.region} in {parent} {room}")
    return found


@pytest.mark.parametrize("size", [NARROW, WIDE, HUGE], ids=["80x24", "120x36", "200x50"])
@pytest.mark.parametrize("name", [*STEPS, *TASKS, *DIALOGS])
async def test_every_screen_fits_and_says_where_it_is_and_what_is_next(name, size, window, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    async with window(answers=ANSWERS, size=size) as hand:
        await show(hand, name)
        assert not cut_off(hand)
        focused = hand.app.focused
        assert focused is not None
        assert hand.app.screen.region.contains_region(focused.region.intersection(focused.region)), "in the window"
        inside = [node for node in focused.ancestors if isinstance(node, Widget)]
        assert all(focused.region.overlaps(node.region) for node in inside), f"{focused} has the focus, out of sight"
        assert hand.text("KeyBar").strip()
        if name in DIALOGS:
            box = hand.find("#dialog")
            assert box.border_title
            assert all(box.region.contains_region(b.region) for b in hand.app.screen.query(Button) if b.display)
            return
        where, hint = hand.text("#question"), hand.text("#hint")
        assert (f"Step {STEPS.index(name) + 1} of 8" in where) if name in STEPS else where.strip()
        assert len(hint.split()) >= 1
        buttons = [b for b in hand.find("#actions").query(Button) if b.display]
        assert buttons, "what happens next"
        for button in buttons:
            assert len(str(button.label)) <= button.region.width, f"{button.label} is cut"
        widest = max(w.region.width for w in hand.find("#frame").query(Static) if w.display)
        assert widest <= min(size[0], WIDEST)


@pytest.mark.parametrize("theme", [*themes.NAMES, "none"])
@pytest.mark.parametrize("name", ["platform", "priorities", "review", "solution", "setup", "import", "fill", "search"])
async def test_all_words_can_be_read_in_every_theme(name, theme, window, monkeypatch):
    if theme == "none":
        monkeypatch.setenv("NO_COLOR", "1")
    async with window(answers=ANSWERS, size=WIDE) as hand:
        if theme != "none":
            hand.app.action_theme(theme)
            await hand.rest()
        await show(hand, name)
        if theme == "none":
            return
        for line in hand.app.screen._compositor.render_strips():
            for segment in line:
                assert ratio(segment) >= 4.5, (segment.text, segment.style)


def ratio(segment: Segment) -> float:
    """The contrast of a text; lines and bars are no text."""
    style = segment.style
    if style is None or style.color is None or style.bgcolor is None or LINES_AND_BARS.fullmatch(segment.text):
        return 21.0
    return contrast(Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor))


SIGNED = (
    ("platform", ("›",), ["down"]), ("platform", ("●", "○"), ["down"]), ("priorities", ("✗", "not yet"), ["enter"]),
    ("features", ("■", "□"), ["space"]), ("review", ("!", "apply"), []), ("review", ("✗",), ["ctrl+u"]),
    ("solution", ("[1 Guide]",), []), ("setup", ("○",), []), ("overview", ("✓", "●", "○"), []),
)  # fmt: skip


@pytest.mark.parametrize(("name", "signs", "pressed"), SIGNED)
async def test_every_state_has_a_sign_beside_its_colour(name, signs, pressed, window, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    answers = {} if name == "priorities" else ANSWERS
    async with window(answers={**answers, "platform": "obsidian"}, size=NARROW) as hand:
        await show(hand, name)
        if pressed == ["ctrl+u"]:
            hand.find("#name").focus()
            await hand.rest()
        await hand.press(*pressed)
        for sign in signs:
            assert sign in hand.text(), sign


async def test_what_does_not_fit_is_told_at_the_edge_and_comes_with_page_down(window):
    async with window(answers=ANSWERS, size=NARROW) as hand:
        assert "▼ more" in hand.text("Edge")
        assert THUMB in hand.text()
        for _ in range(9):
            await hand.press("pagedown")
        assert "▼ more" not in hand.text("Edge")
        assert "▲ more" in hand.text("Edge")
        await hand.pilot.resize_terminal(120, 70)
        await hand.rest()
        assert "more" not in hand.text("Edge")
        assert hand.app.screen.query_one(Edge).region.height == 1


async def test_what_is_wrong_moves_nothing(window):
    async with window(answers=ANSWERS, size=NARROW) as hand:
        hand.find("#name").focus()
        await hand.rest()
        before = hand.find("#answers").region
        await hand.press("ctrl+u")
        assert "✗ Must not be empty" in hand.text()
        assert hand.find("#answers").region == before
        await hand.type("x")
        await hand.to("setup")
        before = hand.find("#start").region
        for place in ("", "relative", "~", "/"):
            hand.find("#path").value = place
            await hand.rest()
            assert hand.find("#start").region.y == before.y, place


@pytest.mark.parametrize("size", [(COLUMNS - 1, 40), (120, LINES - 1)], ids=str)
async def test_a_terminal_that_is_too_small_gets_a_note_and_goes_on_when_it_grows(size, window):
    async with window(answers=ANSWERS, size=size) as hand:
        assert "more room" in hand.text()
        assert f"{COLUMNS} by {LINES}" in re.sub(r"\s+", " ", hand.text())
        await hand.pilot.resize_terminal(COLUMNS, LINES)
        await hand.rest()
        assert "more room" not in hand.text()
        assert "Is this right?" in hand.text()
        assert hand.app.focused is not None
        assert not cut_off(hand)


async def test_the_overview_shows_every_answer_and_a_number_goes_there(window):
    async with window(answers=ANSWERS, size=NARROW) as hand:
        await hand.press("ctrl+g")
        told = hand.text()
        for step in wizard.STEPS:
            assert step.name in told or "▼ more" in told
        assert "Obsidian" in told
        await hand.press("7")
        assert hand.step == "OverviewScreen"
        assert "Not open yet" in hand.told
        await hand.press("3")
        assert hand.step == "features"


async def test_the_menu_has_what_the_keys_of_the_screen_do(window):
    async with window(answers=ANSWERS, size=WIDE) as hand:
        await hand.to("solution")
        names = [command.title for command in hand.app.get_system_commands(hand.app.screen)]
        assert "Copy (c)" in names
        assert "Export (e)" in names
        assert "All steps" in names


async def test_help_lists_all_keys_by_where_they_work(window):
    async with window(answers=ANSWERS, size=(120, 60)) as hand:
        await hand.to("solution")
        await hand.press("f1")
        told = hand.text()
        for words in ("In this part", "On this screen", "Everywhere", "Copy what you look at", "^g", "^q"):
            assert words in told


async def test_a_wrong_place_does_not_hide_the_solution(window):
    async with window(answers={**ANSWERS, "target": {"path": "x\0y"}}, size=NARROW) as hand:
        await hand.to("solution")
        hand.app._show(hand.app.state.session.at("solution"))
        await hand.rest()
        assert "What you get" in hand.text("#contents")


def test_styles_beside_screens_only_give_sizes():
    """Colours, paddings of text and borders are decided once, in app.tcss; a list of exceptions would grow."""
    for file in SRC.glob("screens/*.tcss"):
        source = re.sub(r"/\*.*?\*/", "", file.read_text("utf-8"), flags=re.S)
        found = re.findall(r"^\s*(color|background|text-style|background-tint)\s*:", source, flags=re.M)
        assert not found, (file.name, found)
