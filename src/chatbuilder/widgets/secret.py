"""A field for a token: what is in it is shown as dots and given to nobody but its owner."""

from __future__ import annotations

from chatbuilder.widgets.form import Field

LONGEST = 4_000  # characters, several times a token


class SecretField(Field):
    """One line that is typed or pasted and never shown: it cannot be copied out of the field again."""

    def __init__(self, *, id: str, placeholder: str = "") -> None:
        super().__init__("", id=id, placeholder=placeholder)
        self.password = True
        self.max_length = LONGEST

    def action_copy(self) -> None:
        """Copy nothing."""

    def action_cut(self) -> None:
        """Take the selection out; it goes nowhere."""
        self.delete_selection()
