"""Lists whose lines lead somewhere: answers to go back to, findings with a suggestion, things to edit."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from chatbuilder.widgets.choices import ChoiceList


class LineList(ChoiceList):
    """Space or a click acts on a line; nothing is ever ticked."""

    FOLLOWS = False
    STACKED = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "select", "Change", key_display="␣", tooltip="Change what this line says")
    ]

    def mark(self, key: str) -> Content:
        """Return the sign of this line."""
        item = self.items[key]
        return Content.styled(item.sign or " ", item.style)

    def tail(self, key: str) -> Content | None:
        """Return what Space does, at the end of the line."""
        ending = self.items[key].ending
        here = key == self.current and self.has_focus
        return Content.styled(f" {ending}", "$text-primary bold" if here else "$muted") if ending else None


class NoteList(LineList):
    """Lines with an explanation below each."""

    STACKED = True


class PickList(LineList):
    """A table of contents: what is highlighted is shown beside it."""

    STACKED = True
    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "select", show=False)]
