"""Chats to fill a small system with: for the tests of sync."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from chatbuilder.chats import ChatSession
from chatbuilder.library.chats import ChatStore, Incoming, opened
from chatbuilder.paths import locate
from tests.unit.library.makers import DAY, chat

FULL: dict[str, Any] = {
    "priorities": ["organization", "search", "analytics", "automation", "portability"],
    "features": ["tags", "projects", "timeline", "dashboard", "archive"],
    "complexity": "moderate",
    "options": {"topics": ["Coding", "Travel"], "assistants": ["ChatGPT", "Claude", "Other"], "sample_data": True},
}


def take_in(*chats: ChatSession, exported: float = 1.0) -> None:
    """Put chats into the library."""
    with opened(locate().library) as connection:
        ChatStore(connection).write([Incoming(chat, exported) for chat in chats])


def keys(chats: Iterable[ChatSession]) -> set[str]:
    """The keys of chats."""
    return {chat.key for chat in chats}


def grown(old: ChatSession, *texts: str) -> ChatSession:
    """The chat in a newer export: some more messages, a day later."""
    more = chat(old.source_id, *(m.text for m in old.messages), *texts).messages
    return replace(old, messages=more, last_activity=DAY + timedelta(days=1))


HOSTILE = (
    "=HYPERLINK(\"http://x\")", "+1", "[[Secret]]", "![[Home]]", "<% tp.file.delete() %>", "key:: value", "---",
    "&a [*a, *a, *a]", "../../etc/passwd", "..\\..\\x", "#tag", "%%comment%%", "`= this.file`", "`$= dv.pages()`",
    "<script>alert(1)</script>", "[red]x[/red]", "'); DROP TABLE sessions; --",
    "```dataviewjs\nx\n```", "- ```tasks\n  x\n  ```", "> ~~~query\n> x", "CON", "\u202etxt",
    "- [ ] task", "a: b: c", "null", "1.0", "true", "2026-01-01", "🚀 emoji", "العربية", "%d{{date}}", "T" * 2_000,
    "source_id: chatgpt:other", "\n---\nsource_id: x\n", "x ^block", "{{query}}",
    "%% chatbuilder: end of transcript %%",
)  # fmt: skip


def hostile_chats() -> list[ChatSession]:
    """Chats made of text that means something somewhere."""
    return [
        chat(f"h{n}", text, f"Answer {text}", text, "ok",
             title=text, project=text[:60], tags=(text[:50],), model=text[:50])
        for n, text in enumerate(HOSTILE)
    ]  # fmt: skip
