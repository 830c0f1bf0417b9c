"""Lists whose lines lead somewhere: answers to go back to, findings with a suggestion, things to edit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from chatbuilder.widgets.choices import ChoiceList, Item

if TYPE_CHECKING:
    from chatbuilder.blueprint import Finding


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
    """A table of contents: what is highlighted is shown beside it; the sign is the indent, or a number."""

    STACKED = True
    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "select", show=False)]


def finding_item(finding: Finding) -> Item:
    """Return a finding as a line."""
    sign, style = ("!", "$warn bold") if finding.level == "warning" else ("·", "$muted")
    text = f"{finding.reason} {finding.suggestion}"
    return Item(finding.key, finding.title, text, sign, style, "apply" if finding.change else "")


def field_items(fields: Iterable[Mapping[str, Any]]) -> Iterable[Item]:
    """Return fields of the person's own as lines."""
    for place, field in enumerate(fields):
        kind = str(field.get("type", "text")).replace("_", " ")
        choices = ", ".join(field.get("choices", ()))
        yield Item(str(place), str(field["name"]), f"{kind}: {choices}" if choices else kind, ending="edit")
