"""One chat as text: who said what, on the active path."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from chatbuilder.screens.messages import Copy
from chatbuilder.screens.task import Task

if TYPE_CHECKING:
    from chatbuilder.chats import ChatSession

ROOM = 40_000  # characters that are shown; more would make the interface wait
NAMES = {"human": "You", "assistant": "Assistant", "tool": "Tool", "system": "System"}


class ReadingScreen(Task[None]):
    """A title with facts, and the words below."""

    NAME, HELP_KEY = "One chat", "reading"

    CSS_PATH = "search.tcss"
    AUTO_FOCUS = "#text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Back", tooltip="Back to the hits"),
        Binding("c", "copy", "Copy link", tooltip="Copy the chat's link, or what resumes it"),
        Binding("t", "copy_text", "Copy text", tooltip="Copy everything that was said"),
        Binding("f1", "app.explain_screen", "Help", tooltip="What this screen is for, and its keys"),
    ]

    def __init__(self, chat: ChatSession) -> None:
        super().__init__()
        self._chat = chat
        self.ASKED = (" ".join((chat.title or "(no title)").split()), self._facts())  # type: ignore[misc]

    def _facts(self) -> str:
        chat = self._chat
        when = " to ".join(dict.fromkeys(day(at) for at in (chat.started, chat.last_activity) if at))
        facts = (chat.assistant, chat.model, when, chat.project, chat.url or chat.command, chat.key)
        return " · ".join(fact for fact in facts if fact)

    def content(self) -> Iterable[Widget]:
        """The words."""
        with VerticalScroll(id="text"):
            yield Static(Content("\n").join(_shown(self._chat)))

    def buttons(self) -> Iterable[Button]:
        """Copy it, or go back."""
        yield Button("Copy text", id="copy-text", compact=True, action="screen.copy_text")
        yield Button("Copy link", id="copy", compact=True, action="screen.copy")
        yield Button("‹ Back", id="close", compact=True, variant="primary", action="screen.close")

    def action_close(self) -> None:
        """Back to the hits."""
        self.dismiss(None)

    def action_copy(self) -> None:
        """Copy what leads to the chat."""
        chat = self._chat
        self.app.post_message(Copy(chat.url or chat.command or chat.key, "Link" if chat.url else "Chat"))

    def action_copy_text(self) -> None:
        """Copy everything that was said."""
        said = [f"{who}:\n{text}" for who, text in _said(self._chat)]
        self.app.post_message(Copy("\n\n".join(said), "Text"))


def day(at: datetime | None) -> str:
    """Return a moment as a day (UTC)."""
    return f"{at:%Y-%m-%d}" if at else ""


def _said(chat: ChatSession) -> Iterator[tuple[str, str]]:
    for message in chat.active_path():
        names = [f"[{part.name or part.kind}]" for part in message.parts if part.kind in ("attachment", "reference")]
        text = "\n".join(filter(None, (message.text, " ".join(names))))
        if text:
            yield NAMES[message.role], text


def _shown(chat: ChatSession) -> Iterator[Content]:
    room = ROOM
    for who, text in _said(chat):
        yield Content.styled(f"\n{who}", "bold $text-primary")
        yield Content(text[:room])
        room -= len(text)
        if room <= 0:
            yield Content.styled(f"\n… there is more: `chatbuilder chats show {chat.key}` prints all of it.", "$muted")
            return
