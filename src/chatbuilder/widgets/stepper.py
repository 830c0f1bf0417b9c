"""The way through the wizard on one line: where you were, where you are, where you can go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget


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

    @dataclass
    class Go(Message):
        """Somebody wants to go to a step."""

        step: str

    def __init__(self, steps: Sequence[tuple[str, str, str]], here: str, opened: Sequence[str]) -> None:
        super().__init__(id="stepper")
        self._steps = tuple(steps)
        self._ids = tuple(step for step, _, _ in steps)
        self._here = here
        self.set_reactive(Stepper.opened, tuple(opened))
        self.set_reactive(Stepper.cursor, self._ids.index(here))
        self.tooltip = "Click a step with ✓ to go there"

    def render(self) -> Content:
        """Return the line in the longest form that fits."""
        for names, gap in ((1, "  ──  "), (1, " ─ "), (2, "  "), (2, " ")):
            line = self._line(names, gap)
            if line.cell_length <= self.size.width:
                return line
        return self._line(2, " ")

    def _line(self, names: int, gap: str) -> Content:
        words = [self._word(index, step[names]) for index, step in enumerate(self._steps)]
        return Content.styled(gap, "$text-disabled").join(words)

    def _word(self, index: int, name: str) -> Content:
        step = self._ids[index]
        if step == self._here:
            sign, style = "●", "$text-primary bold"
        elif step in self.opened:
            sign, style = "✓", "$foreground"
        else:
            sign, style = "○", "$text-disabled"
        word = Content.styled(f"{sign} {name}", style)
        if self.has_focus and index == self.cursor:
            word = word.stylize("reverse")
        if step in self.opened and step != self._here:
            word = word.stylize(Style.from_meta({"@click": f"go({step!r})"}))
        return word

    def action_look(self, by: int) -> None:
        """Move the mark over the steps that can be entered."""
        places = [index for index, step in enumerate(self._ids) if step in self.opened]
        if self.cursor in places:
            self.cursor = places[(places.index(self.cursor) + by) % len(places)]

    def action_enter_step(self) -> None:
        """Go to the marked step."""
        self.action_go(self._ids[self.cursor])

    def action_go(self, step: str) -> None:
        """Go to a step."""
        self.post_message(self.Go(step))

    def on_blur(self, event: events.Blur) -> None:
        """Forget where the mark was."""
        self.cursor = self._ids.index(self._here)
