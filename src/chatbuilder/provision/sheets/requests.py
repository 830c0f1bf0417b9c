"""Requests that write rows into our tables: new rows, some cells of one row, room for more, and the mark of a batch.

Cells count as text, number or nothing (`userEnteredValue`); formats are those of the columns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from json import dumps
from typing import Any

from chatbuilder.generators.common.sheets_batch import Request, put
from chatbuilder.provision.sheets.grids import Area
from chatbuilder.provision.sheets.reading import Book

SPARE = 200  # rows that a sheet grows by beyond what it needs
KEPT = 40  # marks that stay: a batch that arrives late finds its own, or that of whoever was faster
FIRST, SPAN = 2_000_000_001, 100_000_000  # ids of marks; those of a build end below
MARK = "v1:sync:"


def cells_at(area: Area, row: int, cells: Mapping[str, Any]) -> list[Request]:
    """Return the requests that write these cells (by field key; {} blanks one) of one row, and no others."""
    placed = sorted((area.columns[key], cell) for key, cell in cells.items() if key in area.columns)
    runs: list[tuple[int, list[Any]]] = []
    for at, cell in placed:
        if runs and runs[-1][0] + len(runs[-1][1]) == at:
            runs[-1][1].append(cell)
        else:
            runs.append((at, [cell]))
    return [put(area.sheet, row, at, [run]) for at, run in runs]


def rows_below(area: Area, rows: Iterable[Mapping[str, Any]]) -> list[Request]:
    """Return the request that adds rows (cells by field key) to a table, which grows over them; and room for them."""
    new = [{"values": _line(area, row)} for row in rows]
    if not new:
        return []
    append = {"appendCells": {"tableId": area.table, "rows": new, "fields": "userEnteredValue"}}
    return [*_room(area, len(new)), append]


def _line(area: Area, row: Mapping[str, Any]) -> list[Any]:
    placed = {area.columns[key] - area.left: cell for key, cell in row.items() if key in area.columns}
    return [placed.get(at, {}) for at in range(max(placed, default=-1) + 1)]


def _room(area: Area, count: int) -> list[Request]:
    """Insert rows above the last one: formats, dropdowns, colours and guards that reach that far then grow along."""
    lacking = area.end + count + 1 - area.height
    if lacking <= 0:
        return []
    if area.end >= area.height:  # there is no free row to insert above
        return [{"appendDimension": {"sheetId": area.sheet, "dimension": "ROWS", "length": lacking + SPARE}}]
    place = {"sheetId": area.sheet, "dimension": "ROWS", "startIndex": area.height - 1}
    span = {**place, "endIndex": area.height - 1 + lacking + SPARE}
    return [{"insertDimension": {"range": span, "inheritFromBefore": True}}]


def generation_of(book: Book) -> int:
    """Return how many batches of sync a spreadsheet has seen."""
    found = [value.split(":")[2] for value in book.marks.values() if value.startswith(MARK)]
    return max((int(number) for number in found if number.isdecimal()), default=0)


def mark_id(generation: int) -> int:
    """Return the id of a batch's mark."""
    return FIRST + generation % SPAN


def marking(
    generation: int, sheet: int, requests: Sequence[Request], marks: Iterable[int]
) -> tuple[str, list[Request]]:
    """Return the mark of the batch that follows a generation, and the requests that leave it.

    Google refuses an id that is taken, and with it the whole batch. So of all batches that were made from the same look
    at the spreadsheet (sent again after a lost answer, by a killed run, on another computer) one is carried out.
    """
    digest = sha256(dumps(requests, sort_keys=True).encode()).hexdigest()[:12]
    mark = f"{MARK}{generation + 1}:{digest}"
    metadata = {
        "metadataId": mark_id(generation + 1), "metadataKey": "chatbuilder", "metadataValue": mark,
        "location": {"sheetId": sheet}, "visibility": "DOCUMENT",
    }  # fmt: skip
    old = mark_id(generation + 1 - KEPT) if generation >= KEPT else 0
    drop = {"deleteDeveloperMetadata": {"dataFilter": {"developerMetadataLookup": {"metadataId": old}}}}
    made: Request = {"createDeveloperMetadata": {"developerMetadata": metadata}}
    return mark, [made, *([drop] if old in set(marks) else [])]
