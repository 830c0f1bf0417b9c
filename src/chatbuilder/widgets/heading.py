"""The top of every screen: where you are, what is asked, and why it matters. It stays when what is below scrolls."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from chatbuilder.widgets.actions import put


class Heading(Vertical):
    """Two lines: the place and the question, then the reason."""

    def __init__(self, where: str, question: str, why: str) -> None:
        super().__init__(classes="heading")
        self._where, self._question, self._why = where, question, why

    def compose(self) -> ComposeResult:
        """The question in strong type, the reason in quiet type."""
        yield Static(self._asked(self._question), id="question", markup=False)
        yield Static(self._why, id="hint", markup=False)

    def ask(self, question: str, why: str) -> None:
        """Ask something else at the same place."""
        put(self.query_one("#question", Static), self._asked(question))
        put(self.query_one("#hint", Static), why)

    def _asked(self, question: str) -> Content:
        return Content.assemble((self._where, "$strong bold"), "  " if self._where else "", (question, "bold"))
