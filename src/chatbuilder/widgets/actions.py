"""The line above the keys: why one cannot go on, or what is worth knowing, and the buttons."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

SIGNS = {"quiet": ("·", "$muted"), "note": ("!", "$warn"), "bad": ("✗", "$bad"), "good": ("✓", "$good")}


def signed(kind: str, text: str) -> Content:
    """Return a text from outside with the sign and colour of its kind in front."""
    sign, style = SIGNS[kind]
    return Content.assemble((f"{sign} ", f"{style} bold"), (text, "$muted" if kind == "quiet" else ""))


def put(place: Static, text: str | Content) -> None:
    """Show a text, unless it is there already: every change costs a new layout of the whole screen."""
    new = Content(text) if isinstance(text, str) else text
    old = place.content
    if not (isinstance(old, Content) and old.is_same(new)):
        place.update(new)


class ActionBar(Horizontal):
    """What happens next, or why it cannot, then the buttons: the one that Enter presses is the last."""

    def __init__(self, *buttons: Button) -> None:
        super().__init__(id="actions")
        self._buttons = buttons

    def compose(self) -> ComposeResult:
        """Message first, then the buttons at the right."""
        yield Static(id="advice", markup=False)
        yield from self._buttons

    def tell(self, kind: str, text: str) -> None:
        """Show a message, or nothing."""
        put(self.query_one("#advice", Static), signed(kind, text) if text else "")
