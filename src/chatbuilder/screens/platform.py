"""Step 1: the tool in which the system will live."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import Vertical
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from chatbuilder.catalog import CAPABILITIES, OURS, PLATFORMS, Level, Platform
from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.state import State
from chatbuilder.widgets.actions import put
from chatbuilder.widgets.choices import ChoiceList, Item
from chatbuilder.widgets.preview import Preview

SHORT = {"custom": "Your database"}
LEVELS: tuple[tuple[Level, str, str, str], ...] = (
    ("yes", "✓", "$good", "By itself"), ("by hand", "~", "$warn", "By hand"), ("no", "✗", "$bad", "Not"),
)  # fmt: skip


def items(state: State) -> tuple[Item, ...]:
    """Return our own platforms, then those that other packages bring."""
    listed = [PLATFORMS[key] for key in (*OURS, *state.foreign)]
    return tuple(Item(p.id, SHORT.get(p.id, p.name), p.tagline) for p in listed)


class PlatformScreen(StepScreen):
    """The tools; the details of the highlighted one are shown below the list."""

    STEP = "platform"
    CSS_PATH = "platform.tcss"
    AUTO_FOCUS = "#platforms"

    def content(self) -> Iterable[Widget]:
        """The list, and the details."""
        chosen = self.state.session.answers.get("platform")
        yield ChoiceList(items(self.state), (chosen,) if chosen else (), id="platforms")
        yield Static(id="details", classes="details note")

    def aside(self) -> Iterable[Widget]:
        """The details stand above the preview where there is room beside the list."""
        with Vertical(id="aside"):
            yield Static(classes="details")
            yield Preview(id="preview")

    def show(self, state: State) -> None:
        """Mark the choice and explain what is highlighted."""
        chosen = state.session.answers.get("platform")
        choices = self.query_one("#platforms", ChoiceList)
        choices.offer(items(state))
        choices.choose((chosen,) if chosen else ())
        self._explain(choices.current or OURS[0])

    def _explain(self, platform: str) -> None:
        for place in self.query(".details").results(Static):
            put(place, details(PLATFORMS[platform], self.state.foreign.get(platform, "")))
            place.border_title = PLATFORMS[platform].name

    def on_choice_list_looked(self, event: ChoiceList.Looked) -> None:
        """Explain what is highlighted."""
        self._explain(event.id)

    def on_choice_list_chosen(self, event: ChoiceList.Chosen) -> None:
        """Choose."""
        self.answer({"platform": event.id})

    def action_forward(self) -> None:
        """Enter takes what is highlighted, also when nothing was chosen before."""
        choices = self.query_one("#platforms", ChoiceList)
        if choices.has_focus and not choices.chosen:
            choices.action_select()
        super().action_forward()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Enter on the list needs no choice before it."""
        if action == "forward" and self.drawn and self.query_one("#platforms").has_focus:
            return True
        return super().check_action(action, parameters)


def details(platform: Platform, package: str = "") -> Content:
    """Return what a platform is best for, what it costs and what it can do, and which other package brings it."""
    where = "On this computer." if platform.kind == "local" else "Online."
    source = f" From {package}." if package else ""
    lines = [Content.assemble(platform.best_for, (f" {where} {platform.price}{source}", "$muted"))]
    for level, sign, style, word in LEVELS:
        names = [text for key, text in CAPABILITIES.items() if platform.level(key) == level]
        if names:
            lines.append(Content.assemble((f"{sign} {word}: ", f"{style} bold"), ", ".join(names)))
    if platform.limits:
        lines.append(Content.assemble(("! Limits: ", "$warn bold"), "; ".join(platform.limits)))
    return Content("\n").join(lines)
