"""What the fake Google answers to reads: spreadsheets with field masks and ranges, values, metadata, Drive queries."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.contract.sheets import Refused, Spreadsheet, _inside, check_schema, discovery
from tests.contract.sheets_changes import _marks
from tests.contract.sheets_formulas import column_number

Mask = dict[str, Any]
PROPERTY = re.compile(r"appProperties has \{ ?key='([^']*)' and value='([^']*)' ?\}")


def query_of(text: str) -> Callable[[Any], bool]:
    """A `q` of files.list, as far as it is used: appProperties has {…}, trashed=…, name=…"""
    tests: list[Callable[[Any], bool]] = []
    rest = text
    if found := PROPERTY.search(text):
        key, value = found.groups()
        tests.append(lambda file: file.properties.get(key) == value)
        rest = text.replace(found[0], "")
    for part in filter(None, (part.strip() for part in rest.split(" and "))):
        match = re.fullmatch(r"(trashed|mimeType) ?= ?(true|false|'[^']*')", part)
        if not match:
            raise Refused(f"Invalid Value: {part}")
        if match[1] == "trashed":
            wanted = match[2] == "true"
            tests.append(lambda file, wanted=wanted: file.trashed == wanted)
    return lambda file: all(test(file) for test in tests)


def mask_of(text: str) -> Mask:
    """A field mask as a tree; {} is everything below."""
    found: Mask = {}
    _fill(found, text)
    return found


def _fill(mask: Mask, text: str) -> None:
    depth = start = 0
    for at, letter in enumerate(f"{text},"):
        depth += (letter == "(") - (letter == ")")
        if letter == "," and depth == 0:
            name, _, inner = text[start:at].partition("(")
            here = mask
            for part in re.split(r"[./]", name):
                here = here.setdefault(part, {})
            if inner:
                _fill(here, inner[:-1])
            start = at + 1


def _check(mask: Mask, schema: str, where: str = "") -> None:
    properties = discovery("sheets.v4")["schemas"][schema]["properties"]
    for name, below in mask.items():
        if name not in properties:
            path = f"{where}{name}"
            raise Refused(f"Error expanding 'fields' parameter. Cannot find matching fields for path '{path}'.")
        rule = properties[name]
        target = rule.get("$ref") or rule.get("items", {}).get("$ref")
        if below and target:
            _check(below, target, f"{where}{name}.")


def _cut(value: Any, mask: Mask) -> Any:
    if not mask:
        return value
    if isinstance(value, list):
        return [_cut(item, mask) for item in value]
    if isinstance(value, dict):
        return {key: _cut(item, mask[key]) for key, item in value.items() if key in mask}
    return value


def spreadsheet(file: Any, asked: dict[str, list[str]]) -> Any:
    """spreadsheets.get. Cells only when the mask or includeGridData asks for them."""
    mask = mask_of(asked["fields"][-1]) if "fields" in asked else {}
    _check(mask, "Spreadsheet")
    cells = "data" in mask.get("sheets", {}) if mask else asked.get("includeGridData", ["false"])[-1] == "true"
    return _spreadsheet(file, mask, cells, [area_of(text, file.book) for text in asked.get("ranges", [])])


def by_data_filter(file: Any, asked: dict[str, list[str]], data: Any) -> Any:
    """spreadsheets.getByDataFilter, by gridRange: cells only when the mask or includeGridData asks for them."""
    check_schema("sheets.v4", "GetSpreadsheetByDataFilterRequest", data)
    mask = mask_of(asked["fields"][-1]) if "fields" in asked else {}
    _check(mask, "Spreadsheet")
    cells = "data" in mask.get("sheets", {}) if mask else bool(data.get("includeGridData"))
    areas = []
    for wanted in data.get("dataFilters", []):
        if set(wanted) != {"gridRange"}:
            raise Refused("dataFilters: gridRange is the one that is checked here")
        area = wanted["gridRange"]
        areas.append((area.get("sheetId", -1), *_inside(file.book, area)))
    if not areas:
        raise Refused("Must specify at least one data filter.")
    return _spreadsheet(file, mask, cells, areas)


def updated(file: Any, asked: dict[str, list[str]], data: Any) -> Any:
    """What batchUpdate tells of the spreadsheet after it, when it is asked to; a field mask decides on the cells."""
    if not data.get("includeSpreadsheetInResponse"):
        return {}
    mask = mask_of(asked["fields"][-1]) if "fields" in asked else {}
    mask = mask.get("updatedSpreadsheet", {}) if mask else {}
    _check(mask, "Spreadsheet")
    cells = "data" in mask.get("sheets", {}) if mask else bool(data.get("responseIncludeGridData"))
    areas = [area_of(text, file.book) for text in data.get("responseRanges", [])]
    return {"updatedSpreadsheet": _spreadsheet(file, mask, cells, areas)}


def _spreadsheet(file: Any, mask: Mask, cells: bool, areas: list[Any]) -> Any:
    book: Spreadsheet = file.book
    wanted = [s for s in book.sheets if not areas or any(a[0] == s for a in areas)]
    whole = {
        "spreadsheetId": file.id,
        "spreadsheetUrl": f"https://docs.google.com/spreadsheets/d/{file.id}/edit",
        "properties": {"title": file.name, "locale": file.locale, "timeZone": file.zone},
        "namedRanges": list(book.names.values()),
        "developerMetadata": [m for m in book.marks.values() if m["location"].get("spreadsheet")],
        "sheets": [_sheet(key, book, [a for a in areas if a[0] == key], cells) for key in wanted],
    }
    return _without_nothing(_cut(whole, mask))


def _sheet(key: int, book: Spreadsheet, areas: list[Any], cells: bool) -> dict[str, Any]:
    tables = [t for t in book.tables.values() if t["range"]["sheetId"] == key]
    found = {
        "properties": {**book.sheets[key], "index": list(book.sheets).index(key), "sheetType": "GRID"},
        "tables": tables,
        "filterViews": [
            {**v, "range": book.tables[v["tableId"]]["range"]}
            for v in book.filters.values() if v["tableId"] in {t["tableId"] for t in tables}
        ],
        "charts": [c for c in book.charts.values() if _anchor(c) == key],
        "protectedRanges": [
            {**g, "protectedRangeId": 1000 + n, "requestingUserCanEdit": True}
            for n, g in enumerate(book.guards) if g["range"]["sheetId"] == key
        ],
        "conditionalFormats": [c["rule"] for c in book.colours if c["rule"]["ranges"][0]["sheetId"] == key],
        "developerMetadata": [m for m in book.marks.values() if m["location"].get("sheetId") == key],
    }  # fmt: skip
    if cells:
        grid = book.sheets[key]["gridProperties"]
        whole = (key, 0, grid["rowCount"], 0, grid["columnCount"])
        found["data"] = [_grid(book, area) for area in areas or [whole]]
    return found


def _anchor(chart: dict[str, Any]) -> int:
    return int(chart["position"]["overlayPosition"]["anchorCell"]["sheetId"])


def _grid(book: Spreadsheet, area: tuple[int, int, int, int, int]) -> dict[str, Any]:
    sheet, top, bottom, left, right = area
    cells = {at: v for at, v in book.cells[sheet].items() if top <= at[0] < bottom and left <= at[1] < right}
    last = max((row for row, _ in cells), default=top - 1)
    rows = []
    for row in range(top, last + 1):
        end = max((column for r, column in cells if r == row), default=left - 1)
        rows.append({"values": [_cell(cells.get((row, column))) for column in range(left, end + 1)]})
    return {"startRow": top, "startColumn": left, "rowData": rows}


def _cell(value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if isinstance(value, dict):
        return {"userEnteredValue": {"formulaValue": value["formula"]}, "effectiveValue": {"stringValue": "?"}}
    kind = "boolValue" if isinstance(value, bool) else "stringValue" if isinstance(value, str) else "numberValue"
    return {"userEnteredValue": {kind: value}, "effectiveValue": {kind: value}}


def _without_nothing(value: Any) -> Any:
    """Google leaves out what is empty, false or 0 (but for the id of a sheet)."""
    if isinstance(value, list):
        return [_without_nothing(item) for item in value]
    if isinstance(value, dict):
        kept = {key: _without_nothing(item) for key, item in value.items()}
        entered = {"stringValue", "numberValue", "boolValue", "sheetId", "spreadsheetId"}
        return {k: v for k, v in kept.items() if k in entered or (v not in (0, False, "", None, []) and v is not None)}
    return value


def area_of(text: str, book: Spreadsheet) -> tuple[int, int, int, int, int]:
    """A range in A1 notation as sheet, top, bottom, left, right."""
    match = re.fullmatch(r"(?:'((?:[^']|'')*)'|([^'!]+))(?:!([A-Z]*)(\d*)(?::([A-Z]*)(\d*))?)?", text)
    title = (match[1].replace("''", "'") if match and match[1] is not None else match[2]) if match else None
    if match is None or title not in book.titles():
        raise Refused(f"Unable to parse range: {text}")
    sheet = book.titles()[title]
    grid = book.sheets[sheet]["gridProperties"]
    top = int(match[4]) - 1 if match[4] else 0
    left = column_number(match[3]) if match[3] else 0
    one = match[3] and match[4] and match[5] is None
    bottom = top + 1 if one else int(match[6]) if match[6] else grid["rowCount"]
    right = left + 1 if one else column_number(match[5]) + 1 if match[5] else grid["columnCount"]
    return sheet, top, min(bottom, grid["rowCount"]), left, min(right, grid["columnCount"])


def values(file: Any, place: str, asked: dict[str, list[str]]) -> Any:
    """values.get and values.batchGet: what was entered, row by row."""
    if place == ":batchGet":
        found = [_values(file.book, text) for text in asked.get("ranges", [])]
        return {"spreadsheetId": file.id, "valueRanges": found}
    return _values(file.book, place.removeprefix("/"))


def _values(book: Spreadsheet, text: str) -> dict[str, Any]:
    rows = _grid(book, area_of(text, book))["rowData"]
    plain = [[next(iter(c.get("userEnteredValue", {"": ""}).values())) for c in row["values"]] for row in rows]
    return {"range": text, "majorDimension": "ROWS", **({"values": plain} if plain else {})}


def search(file: Any, data: Any) -> Any:
    """developerMetadata.search."""
    found = _marks(file.book, data["dataFilters"])
    return {"matchedDeveloperMetadata": [{"developerMetadata": file.book.marks[key]} for key in found]} if found else {}
