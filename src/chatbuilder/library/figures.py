"""Figures about the library: how many chats, with whom, about what, when."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from chatbuilder.chats import assistant_of
from chatbuilder.library.listing import FROM, Filters, stamp
from chatbuilder.library.stored import moment

_MONTH = "strftime('%Y-%m', coalesce(c.started, c.last_activity), 'unixepoch')"
_TOTAL = "count(*), coalesce(sum(c.human), 0), coalesce(sum(c.answers), 0)"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a chart: chats, typed prompts and answers under a name."""

    name: str
    chats: int
    human: int
    answers: int

    def data(self) -> dict[str, Any]:
        """Return the line as `stats --json` reports it."""
        return {"name": self.name, "chats": self.chats, "human": self.human, "assistant": self.answers}


@dataclass(frozen=True, slots=True)
class Month:
    """One calendar month (UTC) in which chats were started: how many, by assistant."""

    month: str
    chats: int
    assistants: dict[str, int]


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures; lists are sorted by number of chats, months by time with none left out."""

    total: Figure
    first: datetime | None
    last: datetime | None
    months: tuple[Month, ...]
    undated: int
    assistants: tuple[Figure, ...]
    models: tuple[Figure, ...]
    projects: tuple[Figure, ...]
    archived: int
    quarantined: int

    def data(self) -> dict[str, Any]:
        """Return the figures as `stats --json` reports them."""
        total = self.total.data()
        del total["name"]
        return {
            **total, "first": stamp(self.first), "last": stamp(self.last), "archived": self.archived,
            "quarantined": self.quarantined, "undated": self.undated,
            "months": [asdict(month) for month in self.months],
            "assistants": [figure.data() for figure in self.assistants],
            "models": [figure.data() for figure in self.models],
            "projects": [figure.data() for figure in self.projects],
        }  # fmt: skip


def figures(connection: sqlite3.Connection, filters: Filters) -> Figures:
    """Work out the figures of the chats that fit. Raises `InputError`."""
    where, values = filters.where()
    one = connection.execute(
        f"SELECT {_TOTAL}, min(coalesce(c.started, c.last_activity)), max(coalesce(c.last_activity, c.started)),"
        " coalesce(sum(c.archived), 0), coalesce(sum(c.started IS NULL AND c.last_activity IS NULL), 0)"
        f" FROM {FROM} WHERE {where}", values,
    ).fetchone()  # fmt: skip
    by_source = connection.execute(f"SELECT c.source, {_TOTAL} FROM {FROM} WHERE {where} GROUP BY 1", values)
    months = connection.execute(
        f"SELECT {_MONTH}, c.source, count(*) FROM {FROM} WHERE {where} AND {_MONTH} IS NOT NULL GROUP BY 1, 2", values
    ).fetchall()
    quarantined = connection.execute("SELECT count(*) FROM problems WHERE chat").fetchone()[0]
    return Figures(
        Figure("", *one[:3]), moment(one[3]), moment(one[4]), _months(months), one[6],
        _assistants(by_source.fetchall()),
        _grouped(connection, "c.model", where, values),
        _grouped(connection, "coalesce(p.name, c.project, c.project_id)", where, values), one[5], quarantined,
    )  # fmt: skip


def _grouped(connection: sqlite3.Connection, what: str, where: str, values: list[Any]) -> tuple[Figure, ...]:
    rows = connection.execute(
        f"SELECT {what}, {_TOTAL} FROM {FROM} WHERE {where} AND {what} IS NOT NULL GROUP BY 1"
        " ORDER BY 2 DESC, 1", values,
    )  # fmt: skip
    return tuple(Figure(*row) for row in rows)


def _assistants(rows: list[sqlite3.Row]) -> tuple[Figure, ...]:
    """Several sources may be one assistant (Gemini's app, studio and command line)."""
    names = sorted({assistant_of(row[0]) for row in rows})
    mine = {name: [row for row in rows if assistant_of(row[0]) == name] for name in names}
    found = [Figure(name, *(sum(row[at] for row in mine[name]) for at in (1, 2, 3))) for name in names]
    return tuple(sorted(found, key=lambda figure: (-figure.chats, figure.name)))


def _months(rows: list[sqlite3.Row]) -> tuple[Month, ...]:
    if not rows:
        return ()
    counts: dict[str, dict[str, int]] = {
        month: {} for month in _all_months(min(r[0] for r in rows), max(r[0] for r in rows))
    }
    for month, source, chats in rows:
        found = counts[month]
        found[assistant_of(source)] = found.get(assistant_of(source), 0) + chats
    return tuple(Month(month, sum(found.values()), found) for month, found in counts.items())


def _all_months(first: str, last: str) -> list[str]:
    begin, end = (int(text[:4]) * 12 + int(text[5:]) - 1 for text in (first, last))
    return [f"{at // 12:04}-{at % 12 + 1:02}" for at in range(begin, end + 1)]
