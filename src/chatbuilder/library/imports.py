"""What was imported when, and what could not be."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chatbuilder.clock import Clock, iso, utc_now
from chatbuilder.library.database import transaction

KEPT = 10_000
"""How many problems of one import are kept; the rest is only counted."""


@dataclass(frozen=True, slots=True)
class StoredProblem:
    """Something that an import could not read (`importers.Problem`), with the path that was imported."""

    path: str
    where: str
    reason: str
    code: str
    source: str | None
    title: str | None
    chat: bool


@dataclass(frozen=True, slots=True)
class ImportRun:
    """One import of one path. Status: running, done or stopped; times are ISO 8601 UTC."""

    path: str
    status: str
    started: str
    finished: str | None
    report: Mapping[str, Any]


class ImportLog:
    """The record of imports. A newer import of the same path takes the place of the problems of the one before."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock = utc_now) -> None:
        self._db = connection
        self._clock = clock

    def begin(self, path: str) -> int:
        """Note that an import has begun and return its number; one of this path that a crash left is stopped."""
        with transaction(self._db):
            self._db.execute("UPDATE imports SET status = 'stopped' WHERE path = ? AND status = 'running'", (path,))
            self._db.execute("DELETE FROM problems WHERE import IN (SELECT id FROM imports WHERE path = ?)", (path,))
            cursor = self._db.execute(
                "INSERT INTO imports (path, status, started) VALUES (?, 'running', ?)", (path, iso(self._clock()))
            )
            return int(cursor.lastrowid or 0)

    def problems(self, run: int, found: Iterable[tuple[str, str, str, str | None, str | None, bool]]) -> None:
        """Keep problems: (where, reason, code, source, title, chat) of each."""
        with transaction(self._db):
            self._db.executemany("INSERT INTO problems VALUES (?, ?, ?, ?, ?, ?, ?)", ((run, *row) for row in found))

    def end(self, run: int, status: str, report: Mapping[str, Any]) -> None:
        """Note how it ended: done or stopped."""
        self._db.execute(
            "UPDATE imports SET status = ?, finished = max(started, ?), report = ? WHERE id = ?",
            (status, iso(self._clock()), json.dumps(report, ensure_ascii=False), run),
        )

    def runs(self, limit: int = 50) -> list[ImportRun]:
        """Return the imports, newest first."""
        query = "SELECT path, status, started, finished, report FROM imports ORDER BY id DESC LIMIT ?"
        rows = self._db.execute(query, (limit,))
        return [ImportRun(path, state, began, end, json.loads(text)) for path, state, began, end, text in rows]

    def kept(self) -> list[StoredProblem]:
        """Return what the newest import of each path could not read."""
        rows = self._db.execute(
            'SELECT i.path, p.place AS "where", p.reason, p.code, p.source, p.title, p.chat'
            " FROM problems p JOIN imports i ON i.id = p.import ORDER BY p.import, p.rowid"
        )
        return [StoredProblem(**{**dict(row), "chat": bool(row["chat"])}) for row in rows]
