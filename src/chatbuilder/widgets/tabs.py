"""A few tabs on one line: a number or a click opens one, arrows go along while it has the focus."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.style import Style
from textual.widget import Widget


class TabLine(Widget, can_focus=True):
    """The open tab is between brackets, so that it shows without colour."""

    auto_links = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "turn(1)", "Tab", key_display="←→", tooltip="Another tab"),
        Binding("left", "turn(-1)", show=False),
    ]
    active: reactive[str] = reactive("")

    @dataclass
    class Opened(Message):
        """Another tab was opened."""

        tab: str

    def __init__(self, tabs: Sequence[str], *, id: str) -> None:
        super().__init__(id=id)
        self.tabs = tuple(tabs)
        self.set_reactive(TabLine.active, self.tabs[0])

    def render(self) -> Content:
        """Return all tabs with their numbers."""
        words = []
        for number, tab in enumerate(self.tabs, 1):
            if tab == self.active:
                word = Content.styled(
                    f"[{number} {tab}]", "bold $text-primary" + (" reverse" if self.has_focus else "")
                )
            else:
                click = Style.from_meta({"@click": f"pick({number})"})
                word = Content.styled(f" {number} {tab} ", "$muted").stylize(click)
            words.append(word)
        return Content(" ").join(words)

    def action_pick(self, number: int) -> None:
        """Open a tab by its number, counted from 1."""
        if 1 <= number <= len(self.tabs) and self.tabs[number - 1] != self.active:
            self.active = self.tabs[number - 1]
            self.post_message(self.Opened(self.active))

    def action_turn(self, by: int) -> None:
        """Open the next tab, or the one before."""
        self.action_pick((self.tabs.index(self.active) + by) % len(self.tabs) + 1)
