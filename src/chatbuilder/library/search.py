"""Full-text search: the chats that fit, best or newest first, and the place in each where the words stand."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from chatbuilder.library.chats_schema import SHIFT
from chatbuilder.library.listing import FROM, NAMED, SHOWN, ChatInfo, Filters, info_of, stamp
from chatbuilder.library.stored import moment, parts_of, readable
from chatbuilder.library.terms import Marker, Query

Sort = Literal["best", "newest", "oldest"]
SORTS: dict[Sort, str] = {
    "best": "score, c.id DESC",
    "newest": "coalesce(c.last_activity, c.started) DESC NULLS LAST, c.id DESC",
    "oldest": "coalesce(c.started, c.last_activity) ASC NULLS LAST, c.id",
}
_WEIGHTS = "8.0, 2.0, 1.0"  # of the title, the prompts, the answers
WIDTH = 200  # characters of a snippet
_LOOKED_AT = 400_000  # characters of one chat that are searched for the best place

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Hit:
    """A chat that fits. `snippet` is text as it was written, in one line; spans are places of the words found in it.

    `role` and `time` are those of the message; role is "title" when the words stand in the title alone.
    """

    chat: ChatInfo
    score: float
    snippet: str
    spans: tuple[Span, ...]
    title_spans: tuple[Span, ...]
    role: str
    time: datetime | None

    def data(self) -> dict[str, Any]:
        """Return the hit as `search --json` reports it: the chat, and where the words are."""
        return {
            **self.chat.data(), "score": round(self.score, 3), "role": self.role, "time": stamp(self.time),
            "snippet": self.snippet, "spans": [list(span) for span in self.spans],
        }  # fmt: skip


def search(
    connection: sqlite3.Connection, query: Query, filters: Filters, *, sort: Sort = "best", limit: int = 20
) -> list[Hit]:
    """Return the chats that have all words of the query, `limit` of them at most. Raises `InputError`."""
    where, values = filters.where()
    # Ids and ranks are sorted first, and the rows of those that are left are fetched then.
    best = f"bm25(search, {_WEIGHTS})" if sort == "best" else "0.0"
    found = (
        f"SELECT c.id AS id, {best} AS score FROM search CROSS JOIN chats c ON c.id = search.rowid"
        f" {NAMED} WHERE search MATCH ? AND {where} ORDER BY {SORTS[sort]} LIMIT ?"
    )
    rows = connection.execute(
        f"SELECT {SHOWN}, f.score FROM ({found}) f JOIN chats c ON c.id = f.id {NAMED} ORDER BY {SORTS[sort]}",
        (query.expression(), *values, limit),
    ).fetchall()
    marker = query.marker()
    return [_hit(connection, row, marker, len(query.wanted)) for row in rows]


def count_hits(connection: sqlite3.Connection, query: Query, filters: Filters) -> int:
    """Return how many chats fit. Raises `InputError`."""
    where, values = filters.where()
    found = connection.execute(
        f"SELECT count(*) FROM {FROM} WHERE c.id IN (SELECT rowid FROM search WHERE search MATCH ?) AND {where}",
        (query.expression(), *values),
    )
    return int(found.fetchone()[0])


def _hit(connection: sqlite3.Connection, row: sqlite3.Row, marker: Marker, terms: int) -> Hit:
    info = info_of(row)
    title_spans = marker.spans(info.title or "")
    best: tuple[int, str, int, str, float | None] = (0, "", 0, "title", None)
    first: tuple[int, str, int, str, float | None] | None = None
    for role, time, text in _texts(connection, row["id"]):
        first = first or (0, text, 0, role, time)
        found, at = _richness(marker, text)
        if found > best[0]:
            best = (found, text, at, role, time)
        if found >= terms:
            break
    if not best[0] and not title_spans and first:  # a word that only the index sees the same way
        best = first
    _, text, at, role, time = best
    snippet = _snippet(text, at)
    spans = marker.spans(snippet)
    return Hit(info, -row["score"], snippet, spans, title_spans, role, moment(time))


def _richness(marker: Marker, text: str) -> tuple[int, int]:
    """Return how many different terms stand in a text, and where the first of them is."""
    seen: set[int | None] = set()
    at = 0
    for number, match in enumerate(marker.finditer(text)):
        at = at if seen else match.start()
        seen.add(match.lastindex)
        if number > 200:
            break
    return len(seen), at


def _texts(connection: sqlite3.Connection, chat: int) -> Iterator[tuple[str, float | None, str]]:
    query = (
        "SELECT role, kind, body, time FROM messages WHERE id >= ? AND id < ? AND role IN ('human', 'assistant')"
        " ORDER BY active DESC, id"
    )
    budget = _LOOKED_AT
    for role, kind, body, time in connection.execute(query, (chat << SHIFT, (chat + 1) << SHIFT)):
        for text in readable(parts_of(kind, body)):
            yield role, time, text[:budget]
            budget -= len(text)
            if budget <= 0:
                return


def _snippet(text: str, at: int) -> str:
    """Return a line of the text around a place, cut at spaces where there are some."""
    start = max(0, at - WIDTH // 3)
    if start:
        space = text.find(" ", start, at)
        start = space + 1 if space >= 0 else start
    end = min(len(text), start + WIDTH)
    if end < len(text):
        space = text.rfind(" ", at + WIDTH // 3, end)
        end = space if space >= 0 else end
    line = " ".join(text[start:end].split())
    return f"{'… ' if start else ''}{line}{' …' if end < len(text) else ''}"
