"""Lists of chats: what to choose them by, and what a list tells of each."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Any, Literal

from chatbuilder.chats import SOURCES, assistant_of
from chatbuilder.clock import iso
from chatbuilder.errors import InputError
from chatbuilder.library.stored import moment, truth

Order = Literal["newest", "oldest", "title", "longest"]
ORDERS: dict[Order, str] = {
    "newest": "coalesce(c.last_activity, c.started) DESC NULLS LAST, c.id DESC",
    "oldest": "coalesce(c.started, c.last_activity) ASC NULLS LAST, c.id",
    "title": "c.title COLLATE NOCASE ASC NULLS LAST, c.id",
    "longest": "c.human + c.answers DESC, c.id",
}
SHOWN = (
    "c.id, c.source, c.source_id, c.title, c.started, c.last_activity, c.human, c.answers, c.model,"
    " coalesce(p.name, c.project) AS project, c.project_id, c.url, c.command, c.branches, c.archived, c.tags"
)
NAMED = "LEFT JOIN project_names p ON p.source = c.source AND p.project_id = c.project_id"
FROM = f"chats c {NAMED}"


@dataclass(frozen=True, slots=True)
class Filters:
    """What chats to choose; None and "" mean any.

    `assistant` is a product's name or a source's id, `source` an id; `project` and `model` are a part of the name;
    a chat is `after` a moment when it was active then or later, and `before` it when it was started earlier.
    """

    assistant: str = ""
    source: str = ""
    project: str = ""
    model: str = ""
    tag: str = ""
    after: datetime | None = None
    before: datetime | None = None
    archived: bool | None = None

    def where(self) -> tuple[str, list[Any]]:
        """Return the condition in SQL (never empty) and its values. Raises `InputError` for an unknown assistant."""
        terms: list[tuple[str, list[Any]]] = [("1", [])]
        if self.assistant:
            ids = _sources(self.assistant)
            terms.append((f"c.source IN ({', '.join('?' * len(ids))})", [*ids]))
        if self.source:
            terms.append(("c.source = ?", [_sources(self.source, products=False)[0]]))
        if self.project:
            like = _like(self.project)
            terms.append((f"(coalesce(p.name, c.project) {_LIKE} OR c.project_id = ?)", [like, self.project]))
        if self.model:
            terms.append((f"EXISTS (SELECT 1 FROM json_each(c.models) WHERE value {_LIKE})", [_like(self.model)]))
        if self.tag:
            terms.append(("EXISTS (SELECT 1 FROM json_each(c.tags) WHERE lower(value) = lower(?))", [self.tag]))
        if self.after:
            terms.append(("coalesce(c.last_activity, c.started) >= ?", [self.after.timestamp()]))
        if self.before:
            terms.append(("coalesce(c.started, c.last_activity) < ?", [self.before.timestamp()]))
        if self.archived is not None:
            terms.append(("coalesce(c.archived, 0) = ?", [self.archived]))
        return " AND ".join(term for term, _ in terms), [value for _, values in terms for value in values]


_LIKE = r"LIKE ? ESCAPE '\'"


def _like(part: str) -> str:
    return "%" + re.sub(r"([%_\\])", r"\\\1", part) + "%"


def _sources(wanted: str, *, products: bool = True) -> list[str]:
    name = wanted.casefold().strip()
    found = [s.id for s in SOURCES.values() if s.id == name or (products and s.assistant.casefold() == name)]
    if found:
        return found
    known = sorted({s.id for s in SOURCES.values()} | ({s.assistant for s in SOURCES.values()} if products else set()))
    close = get_close_matches(name, [k.casefold() for k in known], 1)
    near = f" Did you mean {next(k for k in known if k.casefold() == close[0])!r}?" if close else ""
    raise InputError(
        f"There is no {'assistant' if products else 'source'} {wanted!r}.{near}", title="Unknown name",
        kept="the library as it is.", hint=f"use one of: {', '.join(known)}.",
    )  # fmt: skip


def read_date(text: str) -> datetime:
    """Return the moment (UTC) at which 2026, 2026-11, 2026-11-22 or an ISO 8601 time begins. Raises `InputError`."""
    form = {4: "{}-01-01", 7: "{}-01"}.get(len(text), "{}")
    try:
        found = datetime.fromisoformat(form.format(text))
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise InputError(
            f"{text!r} is not a date.", title="Unknown date", kept="the library as it is.",
            hint="write it like 2026, 2026-11 or 2026-11-22.",
        ) from error  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChatInfo:
    """What a list tells of a chat; the fields are those of `ChatSession`."""

    source: str
    source_id: str
    title: str | None
    started: datetime | None
    last_activity: datetime | None
    human: int
    answers: int
    model: str | None
    project: str | None
    project_id: str | None
    url: str | None
    command: str | None
    branches: int
    archived: bool | None
    tags: tuple[str, ...]

    @property
    def key(self) -> str:
        """`source:source_id`."""
        return f"{self.source}:{self.source_id}"

    @property
    def assistant(self) -> str:
        """The product's name for people."""
        return assistant_of(self.source)

    def data(self) -> dict[str, Any]:
        """Return the chat as `chats --json` reports it (DESIGN section 6)."""
        return {
            "key": self.key, "source": self.source, "title": self.title, "started": stamp(self.started),
            "last_activity": stamp(self.last_activity), "human": self.human, "assistant": self.answers,
            "model": self.model, "project": self.project, "url": self.url, "branches": self.branches,
            "archived": self.archived,
        }  # fmt: skip


def stamp(at: datetime | None) -> str | None:
    """Return a moment as ISO 8601 in UTC, to the second."""
    return None if at is None else iso(at)


def info_of(row: sqlite3.Row) -> ChatInfo:
    """Return the chat of a row with the columns of `SHOWN`."""
    return ChatInfo(
        row["source"], row["source_id"], row["title"], moment(row["started"]), moment(row["last_activity"]),
        row["human"], row["answers"], row["model"], row["project"], row["project_id"], row["url"], row["command"],
        row["branches"], truth(row["archived"]), tuple(json.loads(row["tags"])),
    )  # fmt: skip


def listed(
    connection: sqlite3.Connection, filters: Filters, *, order: Order = "newest", limit: int = 0
) -> Iterator[ChatInfo]:
    """Yield the chats that fit, `limit` of them at most (0: all). Raises `InputError`."""
    where, values = filters.where()
    query = f"SELECT {SHOWN} FROM {FROM} WHERE {where} ORDER BY {ORDERS[order]} LIMIT ?"
    return map(info_of, connection.execute(query, (*values, limit or -1)))


def count(connection: sqlite3.Connection, filters: Filters) -> int:
    """Return how many chats fit. Raises `InputError`."""
    where, values = filters.where()
    return int(connection.execute(f"SELECT count(*) FROM {FROM} WHERE {where}", values).fetchone()[0])


@dataclass(frozen=True, slots=True)
class ProjectInfo:
    """One project: the source's id, its name as far as anybody told it, how many chats, some of their titles."""

    source: str
    project_id: str
    name: str | None
    chats: int
    titles: tuple[str, ...]


def projects(connection: sqlite3.Connection) -> list[ProjectInfo]:
    """Return the projects that chats belong to, those without a name first, then by size."""
    rows = connection.execute(
        f"SELECT c.source, c.project_id, max(coalesce(p.name, c.project)), count(*) FROM {FROM}"
        " WHERE c.project_id IS NOT NULL GROUP BY c.source, c.project_id"
        " ORDER BY max(coalesce(p.name, c.project)) IS NOT NULL, 4 DESC, 1, 2"
    ).fetchall()
    titles = (
        "SELECT title FROM chats WHERE source = ? AND project_id = ? AND title IS NOT NULL ORDER BY id DESC LIMIT 3"
    )
    return [
        ProjectInfo(source, project, name, chats, tuple(t for (t,) in connection.execute(titles, (source, project))))
        for source, project, name, chats in rows
    ]


def keys_like(connection: sqlite3.Connection, wanted: str, most: int = 20) -> list[str]:
    """Return the one chat with this key or source's id, else the keys of those whose key or id begins so."""
    if not wanted:
        return []
    key = "source || ':' || source_id"
    for condition, value in (("= ?", wanted), (r"LIKE ? ESCAPE '\'", _like(wanted)[1:])):
        query = f"SELECT {key} FROM chats WHERE {key} {condition} OR source_id {condition} ORDER BY id LIMIT ?"
        found = [row[0] for row in connection.execute(query, (value, value, most))]
        if found:
            return found
    return []
