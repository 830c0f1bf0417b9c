"""The account to build with: one of the saved ones, and the ways to another."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.widgets import Button

from chatbuilder.widgets.form import Cycle


class AccountBar(Horizontal):
    """‹ account ›, and two buttons: connect one, check it. The screen has the actions and owns the value."""

    DEFAULT_CSS = """
    AccountBar {
        height: 1;
        width: 1fr;
    }
    """

    def __init__(self, value: str, *, id: str) -> None:
        super().__init__(id=id)
        self._value = value

    def compose(self) -> ComposeResult:
        """The choice, then the buttons."""
        yield Cycle([(self._value, self._value or "…")], self._value, id="account-choice")
        yield Button("Connect", id="connect", compact=True, action="screen.connect")
        yield Button("Check", id="check", compact=True, action="screen.check")

    def show(self, value: str, accounts: Iterable[tuple[str, str]] | None, *, busy: bool, urgent: bool) -> None:
        """Show names and places of tokens; None while they are not known. `urgent`: nothing works without Connect."""
        cycle = self.query_one(Cycle)
        cycle.offer(choices(value, accounts))
        cycle.value = value
        cycle.disabled = busy
        connect = self.query_one("#connect", Button)
        connect.variant = "primary" if urgent else "default"
        connect.disabled = busy
        self.query_one("#check", Button).disabled = busy or not accounts


def choices(value: str, accounts: Iterable[tuple[str, str]] | None) -> Sequence[tuple[str, str]]:
    """Return the values to choose from, with words; one that is answered stays even when there is no token for it."""
    if accounts is None:
        return [(value, f"{value or 'usual one'}: looking …")]
    found = {name: f"{name or 'usual one'}: {where}" for name, where in accounts}
    if value not in found:
        found = {value: f"{value}: no token" if value else "none yet", **found}
    return list(found.items())
