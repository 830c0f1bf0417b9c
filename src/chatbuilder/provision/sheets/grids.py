"""Our tables as they are in a spreadsheet now: where their columns went, what stands in them, which rows they have.

Cells are read by sheet id (`spreadsheets.getByDataFilter`, discovery document of Sheets v4), so that a sheet may be
renamed at any moment; columns are known as `reading.columns_of` knows them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatbuilder.generators.common.sheets_batch import grid_range
from chatbuilder.provision.outside.calls import Call
from chatbuilder.provision.outside.policy import Policy
from chatbuilder.provision.sheets.reading import Book, Cells, cells_by_sheet, columns_of, path_of

_MARKS = "developerMetadata(metadataId,metadataKey,metadataValue)"
STRUCTURE = (
    f"spreadsheetId,{_MARKS},sheets(properties(sheetId,title,gridProperties(rowCount,columnCount)),"
    f"tables(tableId,name,range,columnProperties),{_MARKS}"
)
DATA = ",data(startRow,startColumn,rowData(values(userEnteredValue)))"
NEAR = 3  # columns or rows: ranges that are no farther apart are read as one

Entered = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Area:
    """One of our tables: its sheet, the row of its header, the end of its rows, the rows of the whole sheet.

    `columns` are by field key, counted from 0 on the sheet; `names` their present names.
    """

    sheet: int
    title: str
    table: str
    top: int
    left: int
    end: int
    height: int
    width: int
    columns: Mapping[str, int]
    names: Mapping[str, str] = field(default_factory=dict)

    def ranges(self, keys: Iterable[str], rows: tuple[int, int | None] = (0, None)) -> list[dict[str, Any]]:
        """Return the ranges that hold these columns; rows count from 0, the end is exclusive."""
        places = sorted({self.columns[key] for key in keys if key in self.columns})
        return [grid_range(self.sheet, rows, span) for span in spans(places)]


def spans(places: Sequence[int]) -> list[tuple[int, int]]:
    """Return numbers in order as ranges with an exclusive end; small gaps are covered."""
    found: list[tuple[int, int]] = []
    for at in places:
        if found and at - found[-1][1] < NEAR:
            found[-1] = (found[-1][0], at + 1)
        else:
            found.append((at, at + 1))
    return found


def look(policy: Policy, spreadsheet: str) -> Book:
    """Return a spreadsheet's tables and marks: one call."""
    query = {"fields": f"{STRUCTURE})"}
    return Book(policy.send(Call("GET", path_of(spreadsheet), query, safe=True)).data)


def look_into(policy: Policy, spreadsheet: str, ranges: Sequence[Mapping[str, Any]]) -> Book:
    """Return the sheets of these ranges with their tables, marks, and what was entered in the ranges: one call."""
    filters = [{"gridRange": area} for area in ranges]
    path, query = path_of(spreadsheet, ":getByDataFilter"), {"fields": f"{STRUCTURE}{DATA})"}
    data = policy.send(Call("POST", path, query, {"dataFilters": filters}, safe=True, asks=True)).data
    return Book(data, dict(cells_by_sheet(data)))


def areas_of(book: Book, layout: Mapping[str, Any]) -> dict[str, Area]:
    """Return our tables by key; one that is no table any more, or whose sheet is gone, is left out."""
    tables = {key: part for key, part in layout["tables"].items() if part["sheet"] in book.sheets}
    live = {key: table for key, part in tables.items() if (table := _live(book, part)) is not None}
    seen = {key: {**tables[key], "table": table["tableId"]} for key, table in live.items()}
    columns = columns_of(book, {**layout, "tables": seen})
    return {key: _area(book, part, live[key], columns[part["sheet"]]) for key, part in seen.items()}


def _live(book: Book, part: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the table by its id; else the only one on its sheet: made anew from the same cells it has another id."""
    if part["table"] in book.tables:
        return book.tables[part["table"]]
    others = [table for table in book.tables.values() if table["range"]["sheetId"] == part["sheet"]]
    return others[0] if len(others) == 1 else None


def _area(book: Book, part: Mapping[str, Any], table: Mapping[str, Any], columns: Mapping[str, int]) -> Area:
    place, (height, width) = table["range"], book.size(part["sheet"])
    left, end = place["startColumnIndex"], place.get("endRowIndex", height)
    stored = {key for key, (at, _) in part["columns"].items() if at < part["stored"]}
    known = {key: at for key, at in columns.items() if key in stored}
    names = {left + n: str(column.get("columnName", "")) for n, column in enumerate(table["columnProperties"])}
    called = {key: names.get(at, "") for key, at in known.items()}
    title = book.titles[part["sheet"]]
    return Area(
        part["sheet"], title, table["tableId"], place["startRowIndex"], left, end, height, width, known, called
    )  # fmt: skip


def rows_of(cells: Cells, area: Area, key: str) -> dict[int, str]:
    """Return the texts of a column below the header by row, blank ones left out."""
    at = area.columns[key]
    found = {row: value for (row, column), value in cells.items() if column == at and row > area.top}
    return {row: str(value["stringValue"]) for row, value in sorted(found.items()) if value.get("stringValue")}


def record(cells: Cells, area: Area, row: int, keys: Iterable[str]) -> dict[str, Entered | None]:
    """Return what was entered in one row, by field key; columns that are gone are left out."""
    return {key: cells.get((row, area.columns[key])) for key in keys if key in area.columns}
