"""What stands in a workbook: rows by their key, kept on disk beside it for as long as one sync lasts."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from chatbuilder.generators.common.workbook_spec import LAST_ROW
from chatbuilder.provision.excel.archive import Archive
from chatbuilder.provision.excel.package import prefix_of
from chatbuilder.provision.excel.rowxml import Value, cells, pieces, style, value
from chatbuilder.provision.excel.shapes import Shape
from chatbuilder.provision.excel.strings import SharedStrings
from chatbuilder.provision.scratch import open_scratch

_LOOKED_AT = 50  # rows from which the look of a column is told


@dataclass(slots=True)
class Region:
    """A table that rows go into. `columns` are the sheet's columns by field key.

    `next` is the row after the last in which something was typed, `limit` the last row that is free below the table.
    `looks` are the styles of its columns, by number.
    """

    shape: Shape
    prefix: str
    columns: Mapping[str, int]
    next: int = 0
    limit: int = LAST_ROW
    looks: dict[int, int] = field(default_factory=dict)

    @property
    def room(self) -> int:
        """How many rows can be added."""
        return max(0, self.limit - self.next + 1)


Hear = Callable[[int, dict[str, Value]], None]


def survey(archive: Archive, strings: SharedStrings, shape: Shape, columns: Mapping[str, int], hear: Hear) -> Region:
    """Walk through a table once: tell of each row in which something was typed, and see where the next may go."""
    prefix = prefix_of(archive.beginning(shape.sheet), "worksheet")
    region = Region(shape, prefix, columns, shape.first, LAST_ROW - shape.totals)
    formulas = {shape.left + at for at, column in enumerate(shape.columns) if column.formula}
    typed = [at for at in range(shape.left, shape.right + 1) if at not in formulas]
    seen: dict[int, Counter[int]] = defaultdict(Counter)
    for _, number, row in pieces(archive.text(shape.sheet), prefix):
        if number < shape.first:
            continue
        there = cells(row, prefix)
        if number > shape.last + shape.totals:
            if any(value(there.get(at), strings, prefix).kind for at in range(shape.left, shape.right + 1)):
                region.limit = number - 1 - shape.totals
                break
        elif number <= shape.last:
            if number < shape.first + _LOOKED_AT:
                for at in range(shape.left, shape.right + 1):
                    seen[at][style(there.get(at))] += 1
            found = {key: value(there.get(at), strings, prefix) for key, at in columns.items()}
            if any(v.kind for v in found.values()) or any(value(there.get(at), strings, prefix).kind for at in typed):
                region.next = number + 1
                hear(number, found)
    region.looks = {at: counts.most_common(1)[0][0] for at, counts in seen.items()}
    return region


class Index:
    """The rows of a workbook by key; nothing of it is in memory."""

    def __init__(self) -> None:
        self._db = open_scratch()
        self._db.execute("PRAGMA journal_mode = OFF")
        self._db.execute("CREATE TABLE rows (key TEXT PRIMARY KEY, row INTEGER, state TEXT) WITHOUT ROWID")
        self._db.execute("CREATE TABLE titles (area TEXT, title TEXT, PRIMARY KEY (area, title)) WITHOUT ROWID")
        self._db.execute("CREATE TABLE said (key TEXT, place INTEGER, row INTEGER, state TEXT)")
        self._db.execute("CREATE INDEX said_key ON said (key)")
        self._db.execute("CREATE TABLE changes (area TEXT, row INTEGER, cells TEXT, PRIMARY KEY (area, row))")
        self._db.execute("CREATE TABLE added (area TEXT, number INTEGER PRIMARY KEY, cells TEXT)")
        self._db.execute("CREATE INDEX added_area ON added (area, number)")
        self._db.execute("BEGIN")
        self._waiting = Counter[str]()

    # what is there

    def add_row(self, number: int, found: dict[str, Value]) -> None:
        """Keep a row of chats, by its Source ID; of two with the same the upper one counts."""
        key = found["source_id"]
        if key.kind:
            data = json.dumps(found, separators=(",", ":"))
            self._db.execute("INSERT OR IGNORE INTO rows VALUES (?, ?, ?)", (key.text, number, data))

    def row(self, key: str) -> tuple[int, dict[str, list[str]]] | None:
        """Return number and values of a row."""
        found = self._db.execute("SELECT row, state FROM rows WHERE key = ?", (key,)).fetchone()
        return (found[0], json.loads(found[1])) if found else None

    def count(self) -> int:
        """Return how many rows of chats there are."""
        return int(self._db.execute("SELECT count(*) FROM rows").fetchone()[0])

    def add_title(self, area: str, title: str) -> None:
        """Keep a title of another table."""
        self._db.execute("INSERT OR IGNORE INTO titles VALUES (?, ?)", (area, title))

    def has_title(self, area: str, title: str) -> bool:
        """Tell whether another table has a row with this title."""
        query = "SELECT 1 FROM titles WHERE area = ? AND title = ?"
        return self._db.execute(query, (area, title)).fetchone() is not None

    def add_said(self, number: int, found: dict[str, Value]) -> None:
        """Keep a row of a transcript."""
        if found["source_id"].kind:
            place = _whole(found["message"].text) * LAST_ROW + _whole(found["part"].text)
            data = json.dumps(found, separators=(",", ":"))
            self._db.execute("INSERT INTO said VALUES (?, ?, ?, ?)", (found["source_id"].text, place, number, data))

    def said(self, key: str) -> list[tuple[int, dict[str, list[str]]]]:
        """Return the rows of a transcript, in their order: number and values."""
        query = "SELECT row, state FROM said WHERE key = ? ORDER BY place, row"
        return [(row, json.loads(state)) for row, state in self._db.execute(query, (key,))]

    # what is to come

    def change(self, area: str, number: int, contents: Mapping[int, object]) -> None:
        """Keep the new contents of some cells of a row, by column."""
        self._db.execute("INSERT OR REPLACE INTO changes VALUES (?, ?, ?)", (area, number, _packed(contents)))

    def add(self, area: str, contents: Mapping[int, object]) -> None:
        """Keep a new row."""
        self._db.execute("INSERT INTO added (area, cells) VALUES (?, ?)", (area, _packed(contents)))
        self._waiting[area] += 1

    def changes(self, area: str) -> Iterator[tuple[int, dict[int, object]]]:
        """Yield what changes in an area, in the order of its rows."""
        query = "SELECT row, cells FROM changes WHERE area = ? ORDER BY row"
        return ((row, _unpacked(data)) for row, data in self._db.execute(query, (area,)))

    def added(self, area: str) -> Iterator[dict[int, object]]:
        """Yield the new rows of an area, in the order in which they came."""
        query = "SELECT cells FROM added WHERE area = ? ORDER BY number"
        return (_unpacked(data) for (data,) in self._db.execute(query, (area,)))

    def waiting(self, area: str) -> int:
        """Return how many new rows wait."""
        return self._waiting[area]

    def areas(self) -> set[str]:
        """Return where something waits to be written."""
        query = "SELECT DISTINCT area FROM changes UNION SELECT DISTINCT area FROM added"
        return {area for (area,) in self._db.execute(query)}

    def written(self) -> None:
        """Forget what waited."""
        self._db.execute("DELETE FROM changes")
        self._db.execute("DELETE FROM added")
        self._waiting.clear()

    def close(self) -> None:
        """Forget everything."""
        self._db.close()


def _packed(contents: Mapping[int, object]) -> str:
    return json.dumps({str(at): content for at, content in contents.items()}, separators=(",", ":"))


def _unpacked(data: str) -> dict[int, object]:
    return {int(at): content for at, content in json.loads(data).items()}


def _whole(text: str) -> int:
    try:
        return int(float(text))
    except (ValueError, OverflowError):
        return 0
