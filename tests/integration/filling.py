"""A small system to fill, chats to fill it with, and what stands in it: for the tests of sync."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from chatbuilder import pipeline
from chatbuilder.chats import ChatSession
from chatbuilder.config import Config
from chatbuilder.generators.obsidian.chats import source_id
from chatbuilder.generators.obsidian.front_matter import FrontMatter
from chatbuilder.library.chats import ChatStore, Incoming, opened
from chatbuilder.paths import locate
from chatbuilder.pipeline.syncing import SyncReport, sync
from tests.unit.library.makers import DAY, chat

PLATFORMS = ("obsidian", "custom")
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


class Place:
    """A built system and its rows, as a person finds them."""

    def __init__(self, platform: str, room: Path, answers: dict[str, Any] | None = None) -> None:
        self.platform = platform
        self.file = room / ("chats.db" if platform == "custom" else "vault")
        target = {"database": f"sqlite:///{self.file}"} if platform == "custom" else {"path": str(self.file)}
        self.build(pipeline.check({**(answers or FULL), "platform": platform, "target": target}))

    def build(self, config: Config) -> None:
        job = pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False)
        assert job.status == "completed", job.error
        self.config, self.system = config, job.system

    def sync(self, **more: Any) -> SyncReport:
        """Sync, and see that the counts add up."""
        report = sync(self.system, **more)
        parts = ("created", "updated", "unchanged", "skipped", "failed")
        assert report.chats == sum(getattr(report, part) for part in parts)
        return report

    def notes(self) -> dict[str, Path]:
        """The notes of chats by key, wherever they are."""
        found = {}
        for path in sorted(self.file.rglob("*.md")):
            key = source_id(path.read_bytes().decode("utf-8", "replace"))
            if key and not key.startswith("sample:"):
                assert key not in found, "a chat came twice"
                found[key] = path
        return found

    def rows(self) -> dict[str, dict[str, Any]]:
        """What stands in every row of a chat, by key and field; the note's text as "text"."""
        if self.platform == "obsidian":
            return {key: _properties(path.read_bytes().decode()) for key, path in self.notes().items()}
        with closing(self.connect()) as connection:
            found = connection.execute("SELECT * FROM sessions WHERE source_id NOT LIKE 'sample:%'")
            return {row["source_id"]: {k: v for k, v in dict(row).items() if k != "id"} for row in found}

    def connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.file)
        connection.row_factory = sqlite3.Row
        return connection

    def edit(self, key: str, **values: str) -> None:
        """Change values as a person would: in the note, or with SQL."""
        if self.platform == "obsidian":
            path = self.notes()[key]
            text = path.read_bytes().decode()
            lines = {name: f"{name}: {json.dumps(value)}" for name, value in values.items()}
            path.write_bytes(FrontMatter(text).with_values(lines).encode())
            return
        with closing(self.connect()) as connection, connection:
            sets = ", ".join(f'"{name}" = ?' for name in values)
            connection.execute(f"UPDATE sessions SET {sets} WHERE source_id = ?", (*values.values(), key))

    def delete(self, key: str) -> None:
        """Delete a row as a person would."""
        if self.platform == "obsidian":
            self.notes()[key].unlink()
            return
        with closing(self.connect()) as connection, connection:
            connection.execute("DELETE FROM sessions WHERE source_id = ?", (key,))

    def bytes(self) -> dict[str, Any]:
        """Everything that stands there, to tell whether anything was written: files with their times, or all rows."""
        if self.platform == "obsidian":
            files = (path for path in self.file.rglob("*") if path.is_file())
            return {str(path): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in files}
        with closing(self.connect()) as connection:
            return {"dump": "\n".join(connection.iterdump())}


def _properties(text: str) -> dict[str, Any]:
    head = FrontMatter(text)
    return {**{name: head.value(name) for name in head._found}, "text": text}


def keys(chats: Iterable[ChatSession]) -> set[str]:
    """The keys of chats."""
    return {chat.key for chat in chats}


def grown(old: ChatSession, *texts: str) -> ChatSession:
    """The chat in a newer export: some more messages, a day later."""
    more = chat(old.source_id, *(m.text for m in old.messages), *texts).messages
    return replace(old, messages=more, last_activity=DAY + timedelta(days=1))
