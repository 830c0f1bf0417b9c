"""What Google accepts: bodies against the discovery documents, and a batch against a simulated spreadsheet.

The documents ship with google-api-python-client; they name every field and enum but require nothing, so the rules that
only prose states (unique ids, ranges inside their sheet, header cells of a table, dropdown rules) are checked here.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from tests.contract.sheets_formulas import REF, Book, Parser, Sheet, column_number, tokens

READ_ONLY = re.compile(r"(?i)^(output only|\[output only\])|this field is read-only|read-only\.$")
BATCH_LIMIT = 2_000_000
CELL_LIMIT = 50_000
CELLS_LIMIT = 10_000_000
METADATA_LIMIT = 30_000  # characters at one place (developers.google.com/workspace/sheets/api/guides/metadata)
LONG = "Your input contains more than the maximum of 50000 characters in a single cell."
TAKEN = 'A sheet with the name "{}" already exists. Please enter another name.'


class Refused(AssertionError):
    """Google would answer 400."""


@cache
def discovery(name: str) -> dict[str, Any]:
    """Return a discovery document that ships with google-api-python-client."""
    spec = find_spec("googleapiclient")
    assert spec is not None
    assert spec.origin is not None
    path = Path(spec.origin).parent / "discovery_cache" / "documents" / f"{name}.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return found


def check_schema(api: str, name: str, value: Any, where: str = "") -> None:
    """Refuse unknown fields, read-only fields, wrong types, unknown enum values and integers out of range."""
    schema = discovery(api)["schemas"][name]
    where = where or name
    if not isinstance(value, dict):
        raise Refused(f"{where}: expected an object")
    properties = schema.get("properties", {})
    for key, item in value.items():
        if key not in properties:
            raise Refused(f"{where}: unknown field {key!r}")
        if READ_ONLY.search(properties[key].get("description", "")) and (name, key) not in WRITABLE:
            raise Refused(f"{where}.{key} is read-only")
        _check(api, properties[key], item, f"{where}.{key}")


# Ids that Google describes as its own in one place and as ours to choose in the request's documentation.
WRITABLE = {("ProtectedRange", "protectedRangeId")}


def _check(api: str, rule: dict[str, Any], value: Any, where: str) -> None:
    if "$ref" in rule:
        check_schema(api, rule["$ref"], value, where)
        return
    kind = rule.get("type")
    if kind == "array":
        if not isinstance(value, list):
            raise Refused(f"{where}: expected a list")
        for number, item in enumerate(value):
            _check(api, rule["items"], item, f"{where}[{number}]")
    elif kind == "object":
        if not isinstance(value, dict):
            raise Refused(f"{where}: expected an object")
        for key, item in value.items():
            _check(api, rule["additionalProperties"], item, f"{where}.{key}")
    else:
        _check_plain(rule, kind, value, where)


def _check_plain(rule: dict[str, Any], kind: str | None, value: Any, where: str) -> None:
    right = {
        "string": isinstance(value, str),
        "boolean": isinstance(value, bool),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, (int, float)) and not isinstance(value, bool),
        "any": True,
    }[kind or "any"]
    if not right:
        raise Refused(f"{where}: {value!r} is not a {kind}")
    if "enum" in rule and (value not in rule["enum"] or value.endswith("_UNSPECIFIED")):
        raise Refused(f"{where}: {value!r} is not one of {rule['enum']}")
    if rule.get("format") == "int32" and not -(2**31) <= value < 2**31:
        raise Refused(f"{where}: {value} does not fit int32")


def check_file(body: dict[str, Any], query: dict[str, str]) -> None:
    """Check the body of Drive's files.create: schema, and the 124-byte limit of appProperties."""
    check_schema("drive.v3", "File", body)
    known = (
        discovery("drive.v3")["parameters"]
        | discovery("drive.v3")["resources"]["files"]["methods"]["create"]["parameters"]
    )
    for key in query:
        if key not in known:
            raise Refused(f"files.create has no parameter {key}")
    properties = body.get("appProperties", {})
    if len(properties) > 30:
        raise Refused("more than 30 appProperties")
    for key, value in properties.items():
        if len(f"{key}{value}".encode()) > 124:
            raise Refused(f"appProperties {key} is longer than 124 bytes")


@dataclass
class Spreadsheet:
    """What a batch has built so far."""

    sheets: dict[int, dict[str, Any]] = field(default_factory=dict)
    cells: dict[int, dict[tuple[int, int], Any]] = field(default_factory=dict)
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    filters: dict[int, dict[str, Any]] = field(default_factory=dict)
    charts: dict[int, dict[str, Any]] = field(default_factory=dict)
    names: dict[str, dict[str, Any]] = field(default_factory=dict)
    marks: dict[int, dict[str, Any]] = field(default_factory=dict)
    formats: list[dict[str, Any]] = field(default_factory=list)
    rules: list[dict[str, Any]] = field(default_factory=list)
    guards: list[dict[str, Any]] = field(default_factory=list)
    widths: list[dict[str, Any]] = field(default_factory=list)
    colours: list[dict[str, Any]] = field(default_factory=list)
    properties: dict[str, Any] = field(default_factory=dict)
    written: list[tuple[int, tuple[int, int]]] = field(default_factory=list)  # formulas of the batch at hand

    def titles(self) -> dict[str, int]:
        return {sheet["title"]: key for key, sheet in self.sheets.items()}

    def formulas(self) -> Iterator[tuple[int, tuple[int, int], str]]:
        for sheet, cells in self.cells.items():
            for place, value in cells.items():
                if isinstance(value, dict):
                    yield sheet, place, value["formula"]

    def book(self, today: date) -> Book:
        """Return it for the evaluator: values as they are, formulas evaluated by whoever asks."""
        sheets = {}
        for key, sheet in self.sheets.items():
            size = sheet["gridProperties"]
            plain = {
                at: float(v) if isinstance(v, int) and not isinstance(v, bool) else v
                for at, v in self.cells.get(key, {}).items()
                if not isinstance(v, dict)
            }
            sheets[sheet["title"]] = Sheet(size["rowCount"], size["columnCount"], plain)
        names = {
            name: (self.sheets[r["sheetId"]]["title"], r["startRowIndex"], r["startColumnIndex"])
            for name, r in ((n, v["range"]) for n, v in self.names.items())
        }
        return Book(sheets, names, today)


def fresh_book(*, own: bool = False) -> Spreadsheet:
    """Return a new spreadsheet: one empty sheet with the id 0. `own`: it is somebody's, with a sheet of notes."""
    book = Spreadsheet()
    title = "My own notes" if own else "Sheet1"
    book.sheets[0] = {"sheetId": 0, "title": title, "gridProperties": {"rowCount": 1000, "columnCount": 26}}
    book.cells[0] = {}
    return book


def run_batch(body: dict[str, Any], *, fresh: bool = True) -> Spreadsheet:
    """Check a batchUpdate body strictly and return the spreadsheet that it builds; `fresh` has one empty sheet 0."""
    return batch(fresh_book(own=not fresh), body)


def batch(book: Spreadsheet, body: dict[str, Any]) -> Spreadsheet:
    """Return what a spreadsheet is after a batch; the one given stays as it was, whatever comes of it."""
    from tests.contract import sheets_changes

    check_schema("sheets.v4", "BatchUpdateSpreadsheetRequest", body)
    size = len(json.dumps(body, ensure_ascii=False).encode())
    if size > BATCH_LIMIT:
        raise Refused(f"the request has {size} bytes")
    if not body.get("requests"):
        raise Refused("Must specify at least one request.")
    book = copy.deepcopy(book)
    book.written = []
    for number, request in enumerate(body["requests"]):
        if len(request) != 1:
            raise Refused(f"Invalid requests[{number}]: holds {sorted(request)}")
        ((kind, value),) = request.items()
        handler = globals().get(f"_do_{kind}") or getattr(sheets_changes, f"do_{kind}", None)
        if handler is None:
            raise Refused(f"Invalid requests[{number}]: {kind} is not checked here; add it")
        try:
            handler(book, value)
        except Refused as refused:
            raise Refused(f"Invalid requests[{number}].{kind}: {refused}") from refused
    _check_formulas(book)
    total = sum(s["gridProperties"]["rowCount"] * s["gridProperties"]["columnCount"] for s in book.sheets.values())
    if total > CELLS_LIMIT:
        raise Refused(
            "This action would increase the number of cells in the workbook above the limit of 10000000 cells."
        )
    return book


def _need(yes: Any, why: str) -> None:
    if not yes:
        raise Refused(why)


def _inside(book: Spreadsheet, area: dict[str, Any]) -> tuple[int, int, int, int]:
    sheet = book.sheets.get(area.get("sheetId", -1))
    _need(sheet, f"No grid with id: {area.get('sheetId')}")
    assert sheet is not None
    grid = sheet["gridProperties"]
    top, left = area.get("startRowIndex", 0), area.get("startColumnIndex", 0)
    bottom, right = area.get("endRowIndex", grid["rowCount"]), area.get("endColumnIndex", grid["columnCount"])
    _need(0 <= top < bottom <= grid["rowCount"], f"rows {top}..{bottom} of {sheet['title']}")
    _need(0 <= left < right <= grid["columnCount"], f"columns {left}..{right} of {sheet['title']}")
    return top, bottom, left, right


def _mask(fields: str, value: dict[str, Any], where: str) -> None:
    """Every named field must be set in the value; Google clears what is named and missing."""
    _need(fields and fields != "*", f"{where}: needs named fields")
    for path in fields.split(","):
        found: Any = value
        for part in path.split("."):
            _need(isinstance(found, dict) and part in found, f"{where}: {path} is named but not given")
            found = found[part]


def _do_updateSpreadsheetProperties(book: Spreadsheet, value: dict[str, Any]) -> None:
    _mask(value["fields"], value["properties"], "updateSpreadsheetProperties")
    book.properties |= value["properties"]


def _do_addSheet(book: Spreadsheet, value: dict[str, Any]) -> None:
    sheet = value["properties"]
    _need(
        sheet["sheetId"] not in book.sheets and sheet["sheetId"] >= 0,
        f"Sheet with id {sheet['sheetId']} already exists",
    )
    _need(sheet["title"].casefold() not in {t.casefold() for t in book.titles()}, TAKEN.format(sheet["title"]))
    _need(0 < len(sheet["title"]) <= 100, "sheet title")
    grid = sheet["gridProperties"]
    _need(grid.get("frozenRowCount", 0) < grid["rowCount"], "frozen rows")
    _need(grid.get("frozenColumnCount", 0) <= grid["columnCount"], "frozen columns")
    book.sheets[sheet["sheetId"]] = sheet
    book.cells[sheet["sheetId"]] = {}


def _do_deleteSheet(book: Spreadsheet, value: dict[str, Any]) -> None:
    _need(value["sheetId"] in book.sheets, f"No grid with id: {value['sheetId']}")
    _need(any(not s.get("hidden") for k, s in book.sheets.items() if k != value["sheetId"]), "no visible sheet is left")
    from tests.contract.sheets_changes import forget_sheet

    forget_sheet(book, value["sheetId"])


def _do_updateCells(book: Spreadsheet, value: dict[str, Any]) -> None:
    _need(
        set(value["fields"].split(",")) <= {"userEnteredValue", "userEnteredFormat"}, "updateCells: values and formats"
    )
    if "range" in value:
        _need("start" not in value and "rows" not in value, "a range is only cleared here")
        top, bottom, left, right = _inside(book, value["range"])
        cells = book.cells[value["range"]["sheetId"]]
        for row, column in [at for at in cells if top <= at[0] < bottom and left <= at[1] < right]:
            del cells[row, column]
        return
    _need(value["fields"] == "userEnteredValue", "rows bring values only")
    start = value["start"]
    sheet = start["sheetId"]
    for r, row in enumerate(value["rows"], start.get("rowIndex", 0)):
        for c, cell in enumerate(row.get("values", []), start.get("columnIndex", 0)):
            _need(set(cell) <= {"userEnteredValue"}, f"cell {cell}")
            area = {"startRowIndex": r, "endRowIndex": r + 1, "startColumnIndex": c, "endColumnIndex": c + 1}
            _inside(book, {"sheetId": sheet, **area})
            _put(book.cells[sheet], (r, c), cell.get("userEnteredValue"))
            check_typed(book, sheet, (r, c), cell.get("userEnteredValue"))
            book.written.append((sheet, (r, c)))


def _put(cells: dict[tuple[int, int], Any], place: tuple[int, int], value: dict[str, Any] | None) -> None:
    if value is None:
        cells.pop(place, None)
        return
    _need(len(value) == 1, f"a cell takes one kind of value, not {sorted(value)}")
    ((kind, found),) = value.items()
    _need(len(str(found).encode("utf-16-le", "surrogatepass")) <= 2 * CELL_LIMIT, LONG)
    if kind == "formulaValue":
        _need(found.startswith("="), f"formula without =: {found}")
        cells[place] = {"formula": found}
    else:
        cells[place] = found


_KINDS = {
    "DOUBLE": "numberValue", "DATE": "numberValue", "DATE_TIME": "numberValue", "BOOLEAN": "boolValue",
    "TEXT": "stringValue", "DROPDOWN": "stringValue",
}  # fmt: skip


def check_typed(book: Spreadsheet, sheet: int, place: tuple[int, int], value: dict[str, Any] | None) -> None:
    """What is written into a table fits its column: Google would take it, and show a warning at every such cell."""
    for table in book.tables.values():
        area = table["range"]
        at = place[1] - area["startColumnIndex"]
        below = area["sheetId"] == sheet and place[0] > area["startRowIndex"]
        if not below or value is None or not 0 <= at < len(table["columnProperties"]):
            continue
        column = table["columnProperties"][at]
        kind = column.get("columnType")
        if kind == "DROPDOWN" and "numberValue" not in value:
            entries = {v["userEnteredValue"] for v in column["dataValidationRule"]["condition"]["values"]}
            _need(value.get("stringValue") in entries, f"{value} is not among the choices of {column['columnName']}")
        _need(kind not in _KINDS or kind == "DROPDOWN" or _KINDS[kind] in value, f"{value} in {column}")


def _do_repeatCell(book: Spreadsheet, value: dict[str, Any]) -> None:
    _inside(book, value["range"])
    _mask(value["fields"], value["cell"], "repeatCell")
    _need(set(value["cell"]) == {"userEnteredFormat"}, "repeatCell writes formats only")
    book.formats.append(value)


def _do_addTable(book: Spreadsheet, value: dict[str, Any]) -> None:
    table = value["table"]
    top, bottom, left, right = _inside(book, table["range"])
    _need(table["tableId"] not in book.tables, f"Table with id {table['tableId']} already exists")
    _need(table["name"] not in {t["name"] for t in book.tables.values()}, f"Table name {table['name']} already exists")
    _need(bottom - top >= 2, "a table needs a row below its header")
    for other in book.tables.values():
        if other["range"]["sheetId"] == table["range"]["sheetId"]:
            o = _inside(book, other["range"])
            _need(right <= o[2] or o[3] <= left or bottom <= o[0] or o[1] <= top, "tables overlap")
    columns = table["columnProperties"]
    _need([c["columnIndex"] for c in columns] == list(range(right - left)), "one column property for each column")
    names = [c["columnName"] for c in columns]
    _need(len({n.casefold() for n in names}) == len(names), f"column names repeat: {names}")
    for n, column in enumerate(columns):
        header = book.cells[table["range"]["sheetId"]].get((top, left + n))
        _need(isinstance(header, str) and header, "header cells must hold text")
        _need(header == column["columnName"], f"header {header!r} is not {column['columnName']!r}")
        _check_column(column)
    book.tables[table["tableId"]] = table


def _check_column(column: dict[str, Any]) -> None:
    rule = column.get("dataValidationRule")
    _need((column.get("columnType") == "DROPDOWN") == (rule is not None), "a rule belongs to DROPDOWN, and only there")
    if rule is not None:
        _need(rule["condition"]["type"] == "ONE_OF_LIST", "a dropdown column takes ONE_OF_LIST")
        _check_list(rule["condition"]["values"])


def _check_list(values: list[dict[str, Any]]) -> None:
    texts = [value["userEnteredValue"] for value in values]
    _need(texts and len(set(texts)) == len(texts), "a list needs distinct entries")
    for text in texts:
        _need(text and text[0] not in "=+-@'", f"{text!r} would be taken for a formula or loses its first character")
        _need(text.casefold() not in ("true", "false"), f"{text!r} would become a truth value")
        number = re.fullmatch(r"[\d\s.,:/%$€-]+", text)
        _need(not number or re.fullmatch(r"\d+", text), f"{text!r} would become a number or a date")


def _do_setDataValidation(book: Spreadsheet, value: dict[str, Any]) -> None:
    _inside(book, value["range"])
    condition = value["rule"]["condition"]
    _need(condition["type"] == "ONE_OF_RANGE", "only dropdowns from a range are set this way")
    (entry,) = condition["values"]
    _need(re.fullmatch(r"='(?:[^']|'')+'!\$[A-Z]+\$\d+:\$[A-Z]+(\$\d+)?", entry["userEnteredValue"]), str(entry))
    _check_formula(book, entry["userEnteredValue"], value["range"]["sheetId"])
    book.rules.append(value)


def _do_updateDimensionProperties(book: Spreadsheet, value: dict[str, Any]) -> None:
    area = value["range"]
    grid = book.sheets[area["sheetId"]]["gridProperties"]
    _need(0 <= area["startIndex"] < area["endIndex"] <= grid["columnCount"], f"columns {area}")
    _mask(value["fields"], value["properties"], "updateDimensionProperties")
    book.widths.append(value)


def _do_addConditionalFormatRule(book: Spreadsheet, value: dict[str, Any]) -> None:
    for area in value["rule"]["ranges"]:
        _inside(book, area)
    rule = value["rule"]["booleanRule"]
    allowed = {"textFormat", "backgroundColorStyle"}
    _need(set(rule["format"]) <= allowed, "conditional formats take colours and bold, italic, strikethrough only")
    _need(
        set(rule["format"].get("textFormat", {})) <= {"bold", "italic", "strikethrough", "foregroundColorStyle"}, "text"
    )
    _check_custom(book, rule["condition"], value["rule"]["ranges"][0]["sheetId"])
    book.colours.append(value)


def _check_custom(book: Spreadsheet, condition: dict[str, Any], sheet: int) -> None:
    _need(condition["type"] == "CUSTOM_FORMULA", "custom formulas only")
    (entry,) = condition["values"]
    text = entry["userEnteredValue"]
    _need(text.startswith("="), f"formula without =: {text}")
    kinds = [t for t in tokens(text[1:]) if t[0] == "ref"]
    _need(not any("!" in t[1] for t in kinds), "filters and conditional formats cannot name another sheet")
    _need(all(t[1] != "Me" for t in tokens(text[1:])), "named cells are read through INDIRECT here")
    _check_formula(book, text, sheet)


def _do_addFilterView(book: Spreadsheet, value: dict[str, Any]) -> None:
    view = value["filter"]
    _need(view["filterViewId"] not in book.filters, f"Filter view with id {view['filterViewId']} already exists")
    _need(view["title"], "a filter view needs a title")
    _need(len({"range", "namedRangeId", "tableId"} & set(view)) == 1, "one of range, namedRangeId, tableId")
    table = book.tables.get(view["tableId"])
    _need(table, f"no table {view['tableId']}")
    assert table is not None
    _, _, left, right = _inside(book, table["range"])
    for spec in view.get("filterSpecs", []):
        _need(left <= spec["columnIndex"] < right, "filter column outside the table")
        _check_custom(book, spec["filterCriteria"]["condition"], table["range"]["sheetId"])
    for spec in view.get("sortSpecs", []):
        _need(left <= spec["dimensionIndex"] < right, "sort column outside the table")
    book.filters[view["filterViewId"]] = view


def _do_addNamedRange(book: Spreadsheet, value: dict[str, Any]) -> None:
    named = value["namedRange"]
    _inside(book, named["range"])
    name = named["name"]
    _need(
        re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,249}", name) and name.casefold() not in ("true", "false"), f"name {name}"
    )
    _need(not re.fullmatch(r"(?i)[a-z]{1,3}\d+|r\d*c\d*", name), f"{name} reads as a cell")
    _need(name not in book.names, f"Named range {name} already exists")
    book.names[name] = named


def _do_addProtectedRange(book: Spreadsheet, value: dict[str, Any]) -> None:
    guard = value["protectedRange"]
    _inside(book, guard["range"])
    _need(guard.get("warningOnly") or guard.get("editors"), "a guard without editors locks everybody out")
    book.guards.append(guard)


def _do_createDeveloperMetadata(book: Spreadsheet, value: dict[str, Any]) -> None:
    mark = value["developerMetadata"]
    _need(mark["metadataId"] > 0 and mark["metadataId"] not in book.marks, "metadata id")
    _need(mark["metadataKey"] and mark["visibility"], "metadata needs a key and a visibility")
    where = mark["location"]
    _need(where == {"spreadsheet": True} or where.get("sheetId") in book.sheets, f"metadata at {where}")
    book.marks[mark["metadataId"]] = mark
    held = [m for m in book.marks.values() if m["location"] == where]
    size = sum(len(m["metadataKey"]) + len(m.get("metadataValue", "")) for m in held)
    _need(size <= METADATA_LIMIT, "metadata is longer than 30,000 characters")


def _do_addChart(book: Spreadsheet, value: dict[str, Any]) -> None:
    chart = value["chart"]
    _need(chart["chartId"] not in book.charts, f"Chart with id {chart['chartId']} already exists")
    anchor = chart["position"]["overlayPosition"]["anchorCell"]
    _need(anchor["sheetId"] in book.sheets, "chart on unknown sheet")
    spec = chart["spec"]
    kinds = {"basicChart", "pieChart"} & set(spec)
    _need(len(kinds) == 1, f"one kind of chart, not {kinds}")
    for domain, series in _series(spec):
        heights = [_source(book, part) for part in (domain, series)]
        _need(heights[0] == heights[1], "domain and series differ in length")
    book.charts[chart["chartId"]] = chart


def _series(spec: dict[str, Any]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    if "pieChart" in spec:
        pie = spec["pieChart"]
        _need(0 <= pie.get("pieHole", 0) < 1, "pieHole")
        yield pie["domain"], pie["series"]
        return
    basic = spec["basicChart"]
    (domain,) = basic["domains"]
    for series in basic["series"]:
        minor = "BOTTOM_AXIS" if basic["chartType"] == "BAR" else "LEFT_AXIS"
        _need(series["targetAxis"] == minor, f"{series['targetAxis']} is no minor axis of {basic['chartType']}")
        yield domain["domain"], series["series"]


def _source(book: Spreadsheet, data: dict[str, Any]) -> int:
    (area,) = data["sourceRange"]["sources"]
    top, bottom, left, right = _inside(book, area)
    _need(1 in (bottom - top, right - left), "one dimension of a chart's source must be 1")
    return bottom - top


def _check_formulas(book: Spreadsheet) -> None:
    for sheet, place in book.written:
        value = book.cells.get(sheet, {}).get(place)
        if isinstance(value, dict):
            _check_formula(book, value["formula"], sheet)


@lru_cache(maxsize=20_000)
def _parsed(text: str) -> tuple[tuple[str, str], ...]:
    """The tokens of a formula that can be read; the same ones come again and again."""
    try:
        Parser(text[1:]).whole()
    except (SyntaxError, IndexError) as error:
        raise Refused(f"{text}: {error}") from error
    return tuple(tokens(text[1:]))


def _check_formula(book: Spreadsheet, text: str, sheet: int) -> None:
    """A formula must parse, and name only sheets, columns and cells that are there."""
    _need(len(text) <= CELL_LIMIT, "formula too long")
    titles = book.titles()
    for kind, token in _parsed(text):
        if kind == "ref":
            match = REF.match(token)
            assert match
            title = match[1].replace("''", "'") if match[1] is not None else book.sheets[sheet]["title"]
            _need(title in titles, f"{text}: no sheet {title}")
            width = book.sheets[titles[title]]["gridProperties"]["columnCount"]
            for letters in filter(None, (match[2], match[5])):
                _need(column_number(letters) < width, f"{token} is outside {title}")
        if kind == "name" and token == "Me":
            _need("Me" in book.names, "the name Me is not defined")
