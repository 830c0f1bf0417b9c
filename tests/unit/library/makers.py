"""Chats in one line, and ChatGPT exports on disk."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

from chatbuilder.chats import ChatSession, Message, Part

DAY = datetime(2026, 3, 1, 12, tzinfo=UTC)


def said(at: int, text: str, **more: Any) -> Message:
    """The message at a position: prompts and answers in turn."""
    role, kind = ("human", "typed") if at % 2 == 0 else ("assistant", "answer")
    first = Message(f"m{at}", f"m{at - 1}" if at else None, role, (Part(kind, text),), DAY + timedelta(minutes=at))
    return first._replace(**more)


def chat(name: str = "a", *texts: str, source: str = "chatgpt", days: float = 0, **more: Any) -> ChatSession:
    """A chat of these messages, last active so many days after `DAY`."""
    messages = tuple(said(at, text) for at, text in enumerate(texts or ("Hello", "Hi there")))
    facts: dict[str, Any] = {
        "title": f"Chat {name}", "started": DAY, "last_activity": DAY + timedelta(days=days), "messages": messages,
    }  # fmt: skip
    return ChatSession(source, name, **{**facts, **more})


def conversation(name: str, *texts: str, at: float = 1_780_000_000.0, **more: Any) -> dict[str, Any]:
    """One chat as ChatGPT exports it."""
    mapping: dict[str, Any] = {"root": {"id": "root", "parent": None, "children": [], "message": None}}
    before = "root"
    for number, text in enumerate(texts):
        node = f"{name}-{number}"
        message = {
            "id": node, "author": {"role": "assistant" if number % 2 else "user"}, "create_time": at + number,
            "content": {"content_type": "text", "parts": [text]}, "recipient": "all",
        }  # fmt: skip
        mapping[node] = {"id": node, "parent": before, "children": [], "message": message}
        before = node
    return {
        "id": name, "conversation_id": name, "title": f"About {name}", "create_time": at, "current_node": before,
        "update_time": at + len(texts), "mapping": mapping, "default_model_slug": "gpt-5", **more,
    }  # fmt: skip


def export(folder: Path, *conversations: object, name: str = "export.zip", year: int = 2026, month: int = 6) -> Path:
    """A ChatGPT export, made on the first of a month."""
    from zipfile import ZipInfo

    place = folder / name
    with ZipFile(place, "w") as packed:
        packed.writestr(ZipInfo("conversations.json", (year, month, 1, 0, 0, 0)), json.dumps(conversations))
    return place
