"""What is in a spreadsheet now: its parts by id, where the columns of our fields are, what was entered into cells."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import quote

from chatbuilder.generators.common.sheets_batch import Moves, Request, moves_to, rule_text, sheets_of
from chatbuilder.provision.outside.calls import Call
from chatbuilder.provision.outside.policy import Policy

FIELDS = (
    "spreadsheetId,spreadsheetUrl,properties(title,locale,timeZone),namedRanges(name,namedRangeId,range),"
    "developerMetadata(metadataId,metadataKey,metadataValue),"
    "sheets(properties(sheetId,title,hidden,gridProperties(rowCount,columnCount)),tables,filterViews,"
    "charts(chartId,spec,position),protectedRanges(range,description),conditionalFormats,"
    "developerMetadata(metadataId,metadataKey,metadataValue))"
)
CELLS = "sheets(properties(sheetId),data(startRow,startColumn,rowData(values(userEnteredValue))))"
Cells = Mapping[tuple[int, int], Mapping[str, Any]]


@dataclass
class Book:
    """A spreadsheet as Google describes it, found by id. `cells` are read on their own."""

    data: Mapping[str, Any]
    cells: dict[int, Cells] = field(default_factory=dict)

    @property
    def url(self) -> str:
        """The address that opens it."""
        return str(self.data.get("spreadsheetUrl", ""))

    @property
    def title(self) -> str:
        """Its name."""
        return str(self.data.get("properties", {}).get("title", ""))

    @cached_property
    def sheets(self) -> dict[int, Mapping[str, Any]]:
        """Sheets by id."""
        return {sheet["properties"].get("sheetId", 0): sheet for sheet in self.data.get("sheets", ())}

    @cached_property
    def titles(self) -> dict[int, str]:
        """Names of sheets by id."""
        return {key: sheet["properties"]["title"] for key, sheet in self.sheets.items()}

    def _all(self, kind: str) -> Iterable[tuple[int, Mapping[str, Any]]]:
        return ((key, item) for key, sheet in self.sheets.items() for item in sheet.get(kind, ()))

    @cached_property
    def tables(self) -> dict[str, Mapping[str, Any]]:
        """Tables by id; what Google leaves out because it is 0 is put in."""
        found: dict[str, Mapping[str, Any]] = {}
        for sheet, table in self._all("tables"):
            area = {"startRowIndex": 0, "startColumnIndex": 0, "sheetId": sheet, **table["range"]}
            columns = [{"columnIndex": n, **c} for n, c in enumerate(table.get("columnProperties", ()))]
            found[table["tableId"]] = {**table, "range": area, "columnProperties": columns}
        return found

    @cached_property
    def filters(self) -> dict[int, Mapping[str, Any]]:
        """Filter views by id."""
        return {view["filterViewId"]: view for _, view in self._all("filterViews")}

    @cached_property
    def charts(self) -> dict[int, Mapping[str, Any]]:
        """Charts by id."""
        return {chart["chartId"]: chart for _, chart in self._all("charts")}

    @cached_property
    def guards(self) -> set[tuple[int, str]]:
        """Protected ranges as (sheet, description)."""
        return {(sheet, guard.get("description", "")) for sheet, guard in self._all("protectedRanges")}

    @cached_property
    def rules(self) -> set[tuple[int, str]]:
        """Conditional formats as (sheet, formula)."""
        return {(sheet, rule_text(rule)) for sheet, rule in self._all("conditionalFormats")}

    @cached_property
    def names(self) -> set[str]:
        """Named ranges."""
        return {named["name"] for named in self.data.get("namedRanges", ())}

    @cached_property
    def marks(self) -> dict[int, str]:
        """Developer metadata: value by id."""
        found = [*self.data.get("developerMetadata", ()), *(mark for _, mark in self._all("developerMetadata"))]
        return {mark["metadataId"]: mark.get("metadataValue", "") for mark in found}

    def size(self, sheet: int) -> tuple[int, int]:
        """Return how many rows and columns a sheet has."""
        grid = self.sheets[sheet]["properties"].get("gridProperties", {})
        return grid.get("rowCount", 0), grid.get("columnCount", 0)


def path_of(spreadsheet: str, verb: str = "") -> str:
    """Return the path of a spreadsheet."""
    return f"/v4/spreadsheets/{quote(spreadsheet, safe='%')}{verb}"


def read(policy: Policy, spreadsheet: str) -> Book:
    """Return a spreadsheet without its cells: one call. Raises what the policy raises."""
    return Book(policy.send(Call("GET", path_of(spreadsheet), {"fields": FIELDS}, safe=True)).data)


def read_cells(policy: Policy, spreadsheet: str, book: Book, wanted: Mapping[int, str]) -> None:
    """Put what was entered into cells into `book`: one call. `wanted` are sheets, with an A1 range or "" for all."""
    ranges = [f"{quoted(book.titles[key])}{'!' if area else ''}{area}" for key, area in wanted.items()
              if key in book.titles]  # fmt: skip
    if not ranges:
        return
    query = {"fields": CELLS, "ranges": ranges}
    data = policy.send(Call("GET", path_of(spreadsheet), query, safe=True)).data
    book.cells |= cells_by_sheet(data)


def cells_by_sheet(data: Mapping[str, Any]) -> dict[int, Cells]:
    """Return what was entered into cells, by sheet id, from a spreadsheet that was read with some of them."""
    return {
        sheet["properties"].get("sheetId", 0): _cells(sheet["data"]) for sheet in data.get("sheets", ())
        if "data" in sheet
    }  # fmt: skip


def quoted(title: str) -> str:
    """Return a sheet's title as ranges in A1 notation take it."""
    return "'" + title.replace("'", "''") + "'"


def _cells(grids: Iterable[Mapping[str, Any]]) -> Cells:
    found = {}
    for grid in grids:
        for r, row in enumerate(grid.get("rowData", ()), grid.get("startRow", 0)):
            for c, cell in enumerate(row.get("values", ()), grid.get("startColumn", 0)):
                if entered := cell.get("userEnteredValue"):
                    found[r, c] = entered
    return found


def columns_of(book: Book, layout: Mapping[str, Any]) -> dict[int, dict[str, int]]:
    """Return where the column of each field is now, by sheet and field key; what is not found is left out.

    Columns are known by their names, renamed ones by their neighbours.
    """
    return {sheet: _columns(book, sheet, part) for sheet, part in sheets_of(layout).items() if sheet in book.sheets}


def _columns(book: Book, sheet: int, part: Mapping[str, Any]) -> dict[str, int]:
    header = {column: value for (row, column), value in book.cells.get(sheet, {}).items() if row == 0}
    limit = part.get("stored", 10**6)
    stored = {key: (at, name) for key, (at, name) in part["columns"].items() if at < limit}
    computed = {key: (at, name) for key, (at, name) in part["columns"].items() if at >= limit}
    table = book.tables.get(part.get("table", ""))
    if table is not None:
        left = table["range"]["startColumnIndex"]
        names = {left + n: column.get("columnName", "") for n, column in enumerate(table["columnProperties"])}
    else:
        names = {at: str(value["stringValue"]) for at, value in header.items() if "stringValue" in value}
    found = _matched(stored, names)
    taken = set(found.values())
    for key, (at, name) in computed.items():
        place = _computed(header, name, at, taken)
        if place is not None:
            found[key] = place
            taken.add(place)
    return found


def _matched(wanted: Mapping[str, tuple[int, str]], names: Mapping[int, str]) -> dict[str, int]:
    by_name = {name: at for at, name in sorted(names.items(), reverse=True)}
    found = {}
    for key, (at, name) in wanted.items():
        if names.get(at) == name or name in by_name:
            found[key] = at if names.get(at) == name else by_name[name]
    return found | _renamed(wanted, found, sorted(names))


def _renamed(wanted: Mapping[str, tuple[int, str]], found: Mapping[str, int], places: list[int]) -> dict[str, int]:
    """Fields in a row whose names are gone are the columns between their neighbours, when there are as many."""
    pairs: dict[str, int] = {}
    run: list[str] = []
    before = -1
    for key in [*sorted(wanted, key=lambda key: wanted[key][0]), ""]:
        if key and key not in found:
            run.append(key)
            continue
        after = found[key] if key else places[-1] + 1 if places else 0
        between = [at for at in places if before < at < after and at not in found.values()]
        if len(between) == len(run):
            pairs |= dict(zip(run, between, strict=True))
        run, before = [], after
    return pairs


def _computed(header: Mapping[int, Mapping[str, Any]], name: str, at: int, taken: set[int]) -> int | None:
    """A computed column makes its own header: it is known by the name in its formula, else by its place."""
    start = '=VSTACK("' + name.replace('"', '""') + '",'
    formulas = {c: str(v["formulaValue"]) for c, v in header.items() if c not in taken and "formulaValue" in v}
    found = next((c for c, text in formulas.items() if text.startswith(start)), None)
    return at if found is None and at in formulas else found


def moves_of(book: Book, layout: Mapping[str, Any], requests: list[Request]) -> Moves:
    """Return how what was delivered gets to where it is now."""
    return moves_to(layout, requests, columns_of(book, layout), book.titles)
