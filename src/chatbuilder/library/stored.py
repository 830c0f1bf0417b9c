"""Chats as they are stored: how a row becomes a chat, a message or a moment again."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import cast

from chatbuilder.chats import ChatSession, Kind, Message, Part
from chatbuilder.library.chats_schema import SHIFT

_new = tuple.__new__  # what a NamedTuple's own constructor ends in
EPOCH, _FAR = datetime(1970, 1, 1, tzinfo=UTC), 2e9
WORDS: tuple[Kind, ...] = ("typed", "answer")
"""The kinds of parts that are what was said."""

_SELECT = (
    "SELECT source_id, parent, role, kind, body, time, model, active FROM messages WHERE id >= ? AND id < ? ORDER BY id"
)
_AS_THEY_ARE = (
    "source", "source_id", "title", "model", "project_id", "url", "command", "account", "summary", "mode", "branches",
)  # fmt: skip


def split_key(key: str) -> tuple[str, str]:
    """Return source and source id of a key; a text that is none gives a source that does not exist."""
    source, _, source_id = key.partition(":")
    return source, source_id


def seconds(moment: datetime | None) -> float | None:
    """Return a moment as seconds since 1970 in UTC."""
    return None if moment is None else moment.timestamp()


def moment(at: float | None) -> datetime | None:
    """Return the moment so many seconds after 1970, in UTC."""
    if at is None:
        return None
    # The usual ones the quick way; what is far off is no time stamp everywhere (Windows).
    return datetime.fromtimestamp(at, UTC) if 0 <= at < _FAR else EPOCH + timedelta(seconds=at)


def parts_of(kind: str | None, body: str) -> tuple[Part, ...]:
    """Return the parts of a stored message."""
    if kind is not None:
        return (Part(cast(Kind, kind), body),)
    return tuple(Part(*part) for part in json.loads(body))


def readable(parts: Iterable[Part]) -> Iterator[str]:
    """Yield what can be found by searching: words, files' names and contents, titles of cited pages; no noise."""
    for kind, text, name in parts:
        if kind in WORDS:
            yield text
        elif kind == "attachment":
            yield f"{name or ''}\n{text}"
        elif kind == "reference" and name:
            yield name


def load(connection: sqlite3.Connection, key: str) -> ChatSession | None:
    """Return a chat as it was imported, with the name the person gave its project."""
    row = connection.execute(
        "SELECT c.*, p.name AS given FROM chats c LEFT JOIN project_names p USING (source, project_id)"
        " WHERE source = ? AND source_id = ?", split_key(key),
    ).fetchone()  # fmt: skip
    return None if row is None else session_of(connection, row)


def session_of(connection: sqlite3.Connection, row: sqlite3.Row) -> ChatSession:
    """Return the chat of a row with all columns of `chats` and `given`."""
    same = {name: row[name] for name in _AS_THEY_ARE}
    return ChatSession(
        **same, started=moment(row["started"]), last_activity=moment(row["last_activity"]),
        messages=tuple(_messages(connection, row["id"])), project=row["given"] or row["project"],
        tags=tuple(json.loads(row["tags"])), archived=truth(row["archived"]), starred=truth(row["starred"]),
        derived=tuple(json.loads(row["derived"])),
    )  # fmt: skip


def _messages(connection: sqlite3.Connection, chat: int) -> Iterator[Message]:
    ids: list[str | None] = []
    cursor = connection.cursor()
    cursor.row_factory = None  # plain tuples: a large library has hundreds of thousands of messages
    rows = cursor.execute(_SELECT, (chat << SHIFT, (chat + 1) << SHIFT)).fetchall()
    for own, parent, role, kind, body, time, model, active in rows:
        ids.append(own)
        before = ids[parent] if type(parent) is int else parent
        parts = (_new(Part, (kind, body, None)),) if kind is not None else parts_of(kind, body)
        # The usual times the quick way, as in `moment`.
        at = datetime.fromtimestamp(time, UTC) if time is not None and 0 <= time < _FAR else moment(time)
        yield _new(Message, (own, before, role, parts, at, model, active == 1))


def truth(value: int | None) -> bool | None:
    """Return a stored yes, no or unknown."""
    return None if value is None else bool(value)
