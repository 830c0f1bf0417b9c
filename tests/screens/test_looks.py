"""How it looks: a few pictures to compare, and what can be measured about colours."""

import sys

import pytest
from textual.color import Color

from chatbuilder.app import make_app
from chatbuilder.importers import Problem
from chatbuilder.pipeline import bringing
from chatbuilder.pipeline.importing import FoundLogs, ImportReport
from chatbuilder.pipeline.provisioning import SystemInfo
from chatbuilder.pipeline.syncing import SyncReport
from chatbuilder.screens import themes
from tests.screens.conftest import NARROW, WIDE, Hand

ANSWERS = {
    "platform": "excel", "priorities": ["organization", "search"], "features": ["tags", "projects"],
    "options": {"custom_fields": [{"name": "Client", "type": "select", "choices": ["Acme", "Globex"]}]},
}  # fmt: skip
# The pictures are of one Python and one Textual; elsewhere widths of characters may differ.
same_python = pytest.mark.skipif(sys.platform == "win32", reason="pictures are drawn and compared on Linux and macOS")


def keys(*pressed):
    async def press(pilot):
        hand = Hand(pilot)
        await hand.rest()
        await hand.press(*pressed)

    return press


@pytest.fixture(autouse=True)
def one_python(request):
    """New pictures are only taken with the oldest Python, so that nobody's machine decides what they look like."""
    if request.config.getoption("update_snapshots") and sys.version_info[:2] != (3, 11):
        pytest.exit("--snapshot-update needs Python 3.11")


@same_python
@pytest.mark.parametrize(
    ("answers", "pressed", "size"),
    [
        (None, ["down", "down", "down"], NARROW),
        (None, ["down", "down", "down"], WIDE),
        (None, ["enter", "space", "down", "down", "space", "shift+up"], NARROW),
        (ANSWERS, [], NARROW),
    ],
    ids=["platform-80x24", "platform-120x36", "priorities-80x24", "review-80x24"],
)
def test_the_steps_look_as_before(answers, pressed, size, snap_compare):
    assert snap_compare(make_app(None, answers), terminal_size=size, run_before=keys(*pressed))


SYSTEM = SystemInfo("s1", "Chat Sessions", "notion", "a page in Notion", "", "ready", "", "")


def forecast(system, transcripts, dry_run, hear, cancelled):
    notes = ["3,900 requests at 180 a minute: about 22 minutes."]
    return SyncReport(dry_run=True, created=3900, unchanged=12, requests=3900, bytes=2_400_000, kept=3, notes=notes)


def preview(paths, dry_run, hear, cancelled):
    report = ImportReport(dry_run=True, found=21, imported=15, updated=2, unchanged=3, quarantined=1)
    part = report.source("chatgpt")
    part.imported, part.updated, part.unchanged, part.quarantined = 15, 2, 3, 1
    part.messages.update(human=200, assistant=198)
    part.filled.update(title=20, started=20, url=20, model=12)
    part.derived.update(last_activity=20)
    report.problems.append(Problem("export.zip: conversations.json, chat 17", "it has no mapping of messages"))
    return report


@same_python
@pytest.mark.parametrize("size", [NARROW, WIDE], ids=["80x24", "120x36"])
@pytest.mark.parametrize("screen", ["import", "fill"])
def test_bringing_in_chats_looks_as_before(screen, size, snap_compare, monkeypatch):
    monkeypatch.setattr(bringing, "logs", lambda: (FoundLogs("claude-code", "Claude Code", "~/.claude/projects"),))
    monkeypatch.setattr(bringing, "standing", lambda config: bringing.Standing((SYSTEM,), "", 3912))
    monkeypatch.setattr(bringing, "fill", forecast)
    monkeypatch.setattr(bringing, "read", preview)
    pressed = {"import": ["ctrl+p", *"import", "enter", "enter"], "fill": ["ctrl+p", *"fill", "enter"]}[screen]
    assert snap_compare(make_app(None, None), terminal_size=size, run_before=keys(*pressed))


@same_python
def test_without_colours_it_looks_as_before(snap_compare, monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    assert snap_compare(make_app(None, ANSWERS), terminal_size=NARROW, run_before=keys())


async def test_without_colours_not_one_colour_is_sent(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    app = make_app(None, ANSWERS)
    async with app.run_test(size=WIDE) as pilot:
        hand = Hand(pilot)
        await hand.rest()
        for step in ("review", "solution"):
            await hand.to(step)
            for line in app.screen._compositor.render_strips():
                for segment in line.apply_filter(*filters(app)):
                    style = segment.style
                    assert style is None or style.color is None or style.color.is_default
                    assert style is None or style.bgcolor is None or style.bgcolor.is_default


def filters(app):
    (plain,) = [f for f in app.get_line_filters() if type(f).__name__ == "NoColor"]
    return plain, Color.parse("black")


def contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2."""

    def light(colour: Color) -> float:
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in colour.normalized]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", themes.THEMES, ids=lambda theme: theme.name)
def test_every_text_can_be_read_on_every_background(theme):
    words = theme.variables
    backgrounds = [theme.background, theme.surface, theme.panel, words["pick"]]
    needed = 7.0 if theme.name == themes.CONTRAST else 4.5
    for place in backgrounds:
        for name in ("muted", "good", "warn", "bad", "strong"):
            assert contrast(Color.parse(words[name]), Color.parse(place)) >= needed, (name, place)
        assert contrast(Color.parse(theme.foreground), Color.parse(place)) >= 7, place
    assert contrast(Color.parse(theme.background), Color.parse(theme.primary)) >= needed, "the main button"


def test_all_themes_name_the_same_things():
    assert len({frozenset(theme.variables) for theme in themes.THEMES}) == 1
