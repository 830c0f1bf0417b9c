"""A field of the person's own: name, type, choices; checked while it is typed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from chatbuilder import wizard
from chatbuilder.catalog import CUSTOM_FIELD_TYPES
from chatbuilder.screens.dialog import Dialog
from chatbuilder.widgets.form import Cycle, Field, FormRow

TYPES = tuple((kind, kind.replace("_", " ")) for kind in CUSTOM_FIELD_TYPES)
WITH_CHOICES = ("select", "multi_select")


class FieldScreen(Dialog[list[Mapping[str, Any]]]):
    """Edit one field of a list, or add one; closes with the whole list."""

    TITLE_TEXT = "Your own field"
    AUTO_FOCUS = "#field-name"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "forward", "Keep", key_display="↵")]

    def __init__(self, fields: Sequence[Mapping[str, Any]], place: int) -> None:
        super().__init__()
        self._fields, self._place = list(fields), place
        self._new = place >= len(fields)
        self._field: Mapping[str, Any] = {"name": "", "type": "text"} if self._new else fields[place]

    def inside(self) -> Iterable[Widget]:
        """The three parts of a field."""
        field = self._field
        yield Static("It is added to every chat session.", classes="quiet")
        yield FormRow("Name", Field(str(field["name"]), id="field-name", placeholder="Client"), key="name")
        yield FormRow("Type", Cycle(TYPES, str(field.get("type", "text")), id="field-type"), key="type")
        choices = Field(", ".join(field.get("choices", ())), id="field-choices", placeholder="Acme, Globex")
        yield FormRow("Choices", choices, key="choices")

    def buttons(self) -> Iterable[Button]:
        """Keep it, or take it out."""
        if not self._new:
            yield Button("Remove field", id="remove", compact=True, action="screen.remove")
        yield Button("Cancel", id="close", compact=True, action="screen.close")
        yield Button("Keep", id="keep", compact=True, variant="primary", action="screen.forward")

    def on_mount(self) -> None:
        """Draw the first state; an empty name is no mistake yet."""
        self._draw(loud=False)

    def _edited(self) -> dict[str, Any]:
        kind = self.query_one("#field-type", Cycle).value
        field: dict[str, Any] = {"name": self.query_one("#field-name", Input).value.strip(), "type": kind}
        if kind in WITH_CHOICES:
            field["choices"] = wizard.listed(self.query_one("#field-choices", Input).value)
        return field

    def _problems(self) -> dict[str, str]:
        others = [str(f["name"]) for place, f in enumerate(self._fields) if place != self._place]
        return wizard.field_problems(self._edited(), others)

    def _draw(self, *, loud: bool = True) -> None:
        field, problems = self._edited(), self._problems()
        for row in self.query(FormRow):
            row.wrong(problems.get(row.key, "") if loud or field["name"] else "")
            if row.key == "choices":
                row.display = field["type"] in WITH_CHOICES

    def on_input_changed(self, event: Input.Changed) -> None:
        """Check while typing."""
        self._draw(loud=False)

    def on_cycle_turned(self, event: Cycle.Turned) -> None:
        """Another type."""
        event.cycle.value = event.value
        self._draw(loud=False)

    def action_forward(self) -> None:
        """Keep the field, unless something is wrong with it."""
        if self._problems():
            self._draw()
            return
        self.dismiss([*self._fields[: self._place], self._edited(), *self._fields[self._place + 1 :]])

    def action_remove(self) -> None:
        """Take the field out."""
        self.dismiss([*self._fields[: self._place], *self._fields[self._place + 1 :]])
