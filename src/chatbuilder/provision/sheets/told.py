"""The rows of a transcript on the sheet Transcripts: which are there, and the requests that bring them up to date.

A transcript that is too much for one batch is written below another key and gets its own in the last batch, so that
each is there whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatbuilder.generators.common.sheets_batch import Request, say
from chatbuilder.provision.sheets.grids import Area, record, rows_of
from chatbuilder.provision.sheets.reading import Cells
from chatbuilder.provision.sheets.requests import cells_at

UNFINISHED = "being written: "  # begins the key of parts whose transcript is not there whole
KEY, NUMBER, WHO, AT, TEXT = "source_id", "part", "who", "at", "text"
INDEX, WORDS = (KEY, NUMBER), (WHO, TEXT)

Part = Sequence[Any]  # who, text, when (as the serial number that a date is, None unknown)


@dataclass(slots=True)
class Index:
    """Where the parts of transcripts are: rows by key, in the order of their numbers."""

    rows: dict[str, list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, cells: Cells, area: Area) -> Index:
        """Return the index of what was read."""
        found: dict[str, list[tuple[float, int]]] = {}
        for row, key in rows_of(cells, area, KEY).items():
            number = record(cells, area, row, (NUMBER,)).get(NUMBER) or {}
            found.setdefault(key, []).append((float(number.get("numberValue", 0)), row))
        return cls({key: [row for _, row in sorted(places)] for key, places in found.items()})

    def at(self, key: str) -> list[int]:
        """Return the rows of one transcript."""
        return self.rows.get(key, [])


def words(cells: Cells, area: Area, rows: Sequence[int]) -> list[list[str]]:
    """Return who and text of parts."""
    return [[_text(record(cells, area, row, WORDS).get(key)) for key in WORDS] for row in rows]


def _text(entered: Mapping[str, Any] | None) -> str:
    if not entered:
        return ""
    ((kind, value),) = entered.items()
    return str(value) if kind == "stringValue" else f"\0={value}"


def row_of(key: str, number: int, part: Part) -> dict[str, Any]:
    """Return one part as cells."""
    who, text, at = part
    when = {"userEnteredValue": {"numberValue": at}} if at is not None else {}
    cells = {KEY: name(key), NUMBER: {"userEnteredValue": {"numberValue": number}}, WHO: say(who), AT: when}
    return {**cells, TEXT: say(text) if text else {}}


def name(key: str) -> dict[str, Any]:
    """Return a key as a cell."""
    return say(key)


def changes(
    area: Area, key: str, parts: Sequence[Part], rows: Sequence[int], there: Sequence[Sequence[str]]
) -> tuple[list[Request], list[dict[str, Any]]]:
    """Return the requests that change the rows that are there, and the rows to add."""
    requests: list[Request] = []
    for number, (part, row) in enumerate(zip(parts, rows, strict=False), 1):
        if number > len(there) or list(part[:2]) != list(there[number - 1]):
            requests += cells_at(area, row, row_of(key, number, part))
    for row in rows[len(parts) :]:
        requests += blank(area, row)
    return requests, [row_of(key, n, part) for n, part in enumerate(parts, 1) if n > len(rows)]


def blank(area: Area, row: int) -> list[Request]:
    """Return the request that empties the row of a part. Rows are not deleted: that would move those below."""
    return cells_at(area, row, {key: {} for key in (KEY, NUMBER, WHO, AT, TEXT)})


def begins(parts: Sequence[Part], there: Sequence[Sequence[str]]) -> bool:
    """Tell whether what stands there is the beginning of what was said, and so nobody's own words."""
    return len(there) <= len(parts) and all(list(p[:2]) == list(t) for p, t in zip(parts, there, strict=False))


def portions(parts: Sequence[Part], limit: int) -> Iterator[tuple[int, list[Part]]]:
    """Yield parts in portions of so many bytes as JSON writes them, each with the number of its first part, from 0."""
    first, found, size = 0, list[Part](), 0
    for number, part in enumerate(parts):
        length = 6 * len(part[1]) if not part[1].isascii() else len(part[1]) + 300
        if found and size + length > limit:
            yield first, found
            first, found, size = number, [], 0
        found.append(part)
        size += length
    if found:
        yield first, found
