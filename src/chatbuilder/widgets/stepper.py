"""The way through the wizard on one line: where you were, where you are, where you can go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget

from chatbuilder.widgets.bars import WIDEST, inset
from chatbuilder.wizard import ORDER, STEPS


class Stepper(Widget, can_focus=True):
    """Steps as words: ● is here, ✓ was seen and can be entered, ○ is still closed."""

    DEFAULT_CSS = """
    Stepper {
        height: 1;
        width: 1fr;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,h", "look(-1)", "Move", key_display="←→", tooltip="Look at another step"),
        Binding("right,l", "look(1)", show=False),
        Binding("enter,space", "enter_step", "Go there", key_display="↵", tooltip="Go to the marked step"),
    ]
    auto_links = False
    cursor: reactive[int] = reactive(0)
    opened: reactive[tuple[str, ...]] = reactive(())

    class Go(Message):
        """Somebody wants to go to a step."""

        def __init__(self, step: str) -> None:
            super().__init__()
            self.step = step

    def __init__(self, here: str, opened: Sequence[str]) -> None:
        super().__init__(id="stepper")
        self._here = here
        self.set_reactive(Stepper.opened, tuple(opened))
        self.set_reactive(Stepper.cursor, ORDER.index(here))
        self.tooltip = "Click a step with ✓ to go there"

    def render(self) -> Content:
        """Return the line in the longest form that fits."""
        pad, room = inset(self.size.width), min(self.size.width, WIDEST)
        for short, gap in ((False, "  ──  "), (False, " ─ "), (True, "  "), (True, " ")):
            line = self._line(gap, short=short)
            if line.cell_length <= room:
                return Content(" " * pad) + line
        return self._line(" ", short=True, signs=True)

    def _line(self, gap: str, *, short: bool, signs: bool = False) -> Content:
        """Return the line; with `signs` only the present step has its name, and the marked one."""
        words = []
        for index, step in enumerate(STEPS):
            plain = signs and step.id != self._here and not (self.has_focus and index == self.cursor)
            words.append(self._word(index, "" if plain else step.short if short else step.name))
        return Content.styled(gap, "$text-disabled").join(words)

    def _word(self, index: int, name: str) -> Content:
        step = ORDER[index]
        if step == self._here:
            sign, style = "●", "$text-primary bold"
        elif step in self.opened:
            sign, style = "✓", "$foreground"
        else:
            sign, style = "○", "$text-disabled"
        word = Content.styled(f"{sign} {name}".rstrip(), style)
        if self.has_focus and index == self.cursor:
            word = word.stylize("reverse")
        if step in self.opened and step != self._here:
            word = word.stylize(Style.from_meta({"@click": f"go({step!r})"}))
        return word

    def action_look(self, by: int) -> None:
        """Move the mark over the steps that can be entered."""
        places = [index for index, step in enumerate(ORDER) if step in self.opened]
        if self.cursor in places:
            self.cursor = places[(places.index(self.cursor) + by) % len(places)]

    def action_enter_step(self) -> None:
        """Go to the marked step."""
        self.action_go(ORDER[self.cursor])

    def action_go(self, step: str) -> None:
        """Go to a step."""
        self.post_message(self.Go(step))

    def on_blur(self, event: events.Blur) -> None:
        """Forget where the mark was."""
        self.cursor = ORDER.index(self._here)
