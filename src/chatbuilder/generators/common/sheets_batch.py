"""A batch of Google Sheets requests as data: what each request is part of, and the same batch where columns moved.

The generator writes a batch for the layout that it chose. People move columns and rename sheets; evolution adds columns
at the end of a table. Both the evolution of a plan and its repair then need the same requests at other columns.
Sheets itself adjusts formulas when something moves, so both sides of a comparison are written the same way here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from chatbuilder.generators.common.text import clean

Request = Mapping[str, Any]
Part = tuple[Any, ...]  # ("sheet", 5), ("table", "12"), ("filter", 7), ("guard", 5, "Source ID: …") …
CELL_LIMIT = 50_000  # characters
BROKEN = "#REF!"  # what Sheets puts in a formula in place of something that was deleted
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")
  | (?P<place>(?:(?P<sheet>'(?:[^']|'')*'|[A-Za-z_][A-Za-z0-9_]*)!)?(?<![A-Za-z0-9_.])
      (?P<c1>\$?[A-Z]{1,3})(?P<r1>\$?\d+)(?::(?P<c2>\$?[A-Z]{1,3})(?P<r2>\$?\d*))?(?![A-Za-z0-9_(]))
  | (?P<space>\s+)""",
    re.VERBOSE,
)


class Unmovable(Exception):
    """A request needs a column that is not there any more."""


@dataclass(frozen=True, slots=True)
class Moves:
    """Where the columns of sheets went: `columns` by sheet id and old index; `titles` new ones by old ones.

    `tables` are the sheets of tables by table id; a sheet without an entry in `columns` is as it was.
    """

    columns: Mapping[int, Mapping[int, int]] = field(default_factory=dict)
    titles: Mapping[str, str] = field(default_factory=dict)
    sheets: Mapping[str, int] = field(default_factory=dict)
    tables: Mapping[str, int] = field(default_factory=dict)

    def column(self, sheet: int, index: int) -> int:
        """Return where a column is now. Raises `Unmovable` when it is gone."""
        known = self.columns.get(sheet)
        if known is None:
            return index
        if index not in known:
            raise Unmovable(index)
        return known[index]

    def span(self, sheet: int, start: int, end: int) -> tuple[int, int]:
        """Return the smallest range that holds all columns of an old one; its columns without content count not."""
        known = self.columns.get(sheet)
        if known is None:
            return start, end
        if end == start + 1:
            return (at := self.column(sheet, start)), at + 1
        found = [known[index] for index in range(start, end) if index in known]
        if not found:
            raise Unmovable(start)
        return min(found), max(found) + 1


def number_of(letters: str) -> int:
    """Return a column's index, counted from 0: A is 0."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


def letters_of(index: int) -> str:
    """Return the letters of a column, counted from 0."""
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


def moved_formula(formula: str, own: int, moves: Moves) -> str:
    """Return a formula for where its columns are now, without space outside texts. `own`: the sheet it stands on."""

    def rewrite(match: re.Match[str]) -> str:
        if match["text"] is not None:
            return match["text"]
        return "" if match["space"] is not None else _moved_place(match, own, moves)

    return _TOKEN.sub(rewrite, formula)


def _moved_place(match: re.Match[str], own: int, moves: Moves) -> str:
    sheet, prefix = own, ""
    if match["sheet"] is not None:
        title = match["sheet"]
        title = title[1:-1].replace("''", "'") if title[0] == "'" else title
        sheet = moves.sheets.get(title, -1)
        prefix = "'" + moves.titles.get(title, title).replace("'", "''") + "'!"
    moved = prefix + _moved_column(match["c1"], sheet, moves) + match["r1"]
    if match["c2"] is None:
        return moved
    return f"{moved}:{_moved_column(match['c2'], sheet, moves)}{match['r2']}"


def _moved_column(text: str, sheet: int, moves: Moves) -> str:
    letters = text.lstrip("$")
    return text[: len(text) - len(letters)] + letters_of(moves.column(sheet, number_of(letters)))


def grid_range(sheet: int, rows: tuple[int, int | None], columns: tuple[int, int | None]) -> dict[str, Any]:
    """Return a GridRange; both ends count from 0, the second is exclusive, None leaves it open."""
    found = {"sheetId": sheet, "startRowIndex": rows[0], "startColumnIndex": columns[0]}
    if rows[1] is not None:
        found["endRowIndex"] = rows[1]
    if columns[1] is not None:
        found["endColumnIndex"] = columns[1]
    return found


def say(value: str) -> dict[str, Any]:
    """Return a cell that holds text and nothing but text: never a formula, whatever it begins with."""
    return {"userEnteredValue": {"stringValue": fitting(clean(value), CELL_LIMIT)}}


def fitting(text: str, limit: int) -> str:
    """Return as much of a text as has at most `limit` UTF-16 units, which is how Google's programs count characters."""
    if len(text) * 2 <= limit:
        return text
    units = text[:limit].encode("utf-16-le", "surrogatepass")[: limit * 2]
    return units.decode("utf-16-le", "ignore")


def put(sheet: int, row: int, column: int, rows: Iterable[Sequence[Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the request that writes cells, starting at a cell (counted from 0). Formats stay as they are."""
    return {
        "updateCells": {
            "start": {"sheetId": sheet, "rowIndex": row, "columnIndex": column},
            "rows": [{"values": list(cells)} for cells in rows],
            "fields": "userEnteredValue",
        }
    }


def kind_of(request: Request) -> tuple[str, Mapping[str, Any]]:
    """Return the one kind of a request and its content."""
    ((kind, value),) = request.items()
    return kind, value


def moved(requests: Iterable[Request], moves: Moves) -> list[Request]:
    """Return requests for where things are now. Raises `Unmovable` when a column that one of them needs is gone."""
    found: list[Request] = []
    for request in requests:
        kind, value = kind_of(request)
        if kind == "updateCells" and value["start"]["sheetId"] in moves.columns:
            found += _moved_cells(value, moves)
            continue
        sheet = sheet_of(request, moves.tables)
        found.append({kind: _moved_value(value, -1 if sheet is None else sheet, moves)})
    return found


def _moved_cells(value: Mapping[str, Any], moves: Moves) -> Iterator[Request]:
    """Columns that stood side by side may not any more: one request for each."""
    start, rows = value["start"], value["rows"]
    sheet = start["sheetId"]
    for offset in range(max((len(row["values"]) for row in rows), default=0)):
        column = [row["values"][offset : offset + 1] for row in rows]
        cells = [{"values": _moved_value(cell, sheet, moves)} for cell in column]
        at = moves.column(sheet, start["columnIndex"] + offset)
        yield {"updateCells": {**value, "start": {**start, "columnIndex": at}, "rows": cells}}


def _moved_value(value: Any, sheet: int, moves: Moves) -> Any:
    if isinstance(value, list):
        return [_moved_value(item, sheet, moves) for item in value]
    if not isinstance(value, Mapping):
        return value
    own = value.get("sheetId", sheet)
    found = {key: _moved_item(key, item, own, moves) for key, item in value.items()}
    for first, last in (("startColumnIndex", "endColumnIndex"), ("startIndex", "endIndex")):
        if first in value and last in value and value.get("dimension", "COLUMNS") == "COLUMNS":
            found[first], found[last] = moves.span(own, value[first], value[last])
    return found


def _moved_item(key: str, item: Any, sheet: int, moves: Moves) -> Any:
    # filterSpecs, sortSpecs and a chart's anchor count columns of the sheet; columnProperties those of their table.
    if key in ("filterSpecs", "sortSpecs"):
        return [_moved_spec(spec, sheet, moves) for spec in item]
    if isinstance(item, str):
        formula = key == "formulaValue" or (key == "userEnteredValue" and item.startswith("="))
        return moved_formula(item, sheet, moves) if formula else item
    return item if key == "columnProperties" else _moved_value(item, sheet, moves)


def _moved_spec(spec: Mapping[str, Any], sheet: int, moves: Moves) -> dict[str, Any]:
    found: dict[str, Any] = _moved_value(spec, sheet, moves)
    for key in ("columnIndex", "dimensionIndex"):
        if key in spec:
            found[key] = moves.column(sheet, spec[key])
    return found


_SHEET: dict[str, Callable[[Mapping[str, Any]], Any]] = {
    "addSheet": lambda v: v["properties"]["sheetId"],
    "updateCells": lambda v: v["start"]["sheetId"],
    "repeatCell": lambda v: v["range"]["sheetId"],
    "setDataValidation": lambda v: v["range"]["sheetId"],
    "updateDimensionProperties": lambda v: v["range"]["sheetId"],
    "addConditionalFormatRule": lambda v: v["rule"]["ranges"][0]["sheetId"],
    "addTable": lambda v: v["table"]["range"]["sheetId"],
    "addChart": lambda v: v["chart"]["position"]["overlayPosition"]["anchorCell"]["sheetId"],
    "addNamedRange": lambda v: v["namedRange"]["range"]["sheetId"],
    "addProtectedRange": lambda v: v["protectedRange"]["range"]["sheetId"],
    "createDeveloperMetadata": lambda v: v["developerMetadata"]["location"].get("sheetId"),
}


def sheet_of(request: Request, tables: Mapping[str, int]) -> int | None:
    """Return the sheet that a request works on; None for the spreadsheet as a whole."""
    kind, value = kind_of(request)
    if kind == "addFilterView":
        return tables.get(value["filter"]["tableId"])
    found: int | None = _SHEET[kind](value) if kind in _SHEET else None
    return found


def part_of(request: Request) -> Part:
    """Return what a request makes or shapes, in a form that finds it again in the spreadsheet."""
    kind, value = kind_of(request)
    match kind:
        case "addTable":
            return ("table", value["table"]["tableId"])
        case "addFilterView":
            return ("filter", value["filter"]["filterViewId"])
        case "addChart":
            return ("chart", value["chart"]["chartId"])
        case "addNamedRange":
            return ("name", value["namedRange"]["name"])
        case "addProtectedRange":
            guard = value["protectedRange"]
            return ("guard", guard["range"]["sheetId"], guard["description"])
        case "createDeveloperMetadata":
            return ("mark", value["developerMetadata"]["metadataId"])
        case "addConditionalFormatRule":
            return ("rule", value["rule"]["ranges"][0]["sheetId"], rule_text(value["rule"]))
    sheet = sheet_of(request, {})
    return ("settings",) if sheet is None else ("sheet", sheet)


def rule_text(rule: Mapping[str, Any]) -> str:
    """Return the formula of a conditional format, "" when it has none; as `moved_formula` writes it."""
    values = rule.get("booleanRule", {}).get("condition", {}).get("values", [])
    return moved_formula(values[0].get("userEnteredValue", ""), -1, Moves()) if values else ""


def by_part(requests: Iterable[Request]) -> dict[Part, list[Request]]:
    """Return requests grouped by what they make, in order."""
    found: dict[Part, list[Request]] = {}
    for request in requests:
        found.setdefault(part_of(request), []).append(request)
    return found


Cell = Mapping[str, Any] | None


def cells_of(requests: Iterable[Request]) -> dict[int, dict[tuple[int, int], Mapping[str, Any]]]:
    """Return what a batch writes: the entered value of each cell that gets one, by sheet, row and column."""
    found: dict[int, dict[tuple[int, int], Mapping[str, Any]]] = {}
    for request in requests:
        kind, value = kind_of(request)
        if kind != "updateCells" or "start" not in value:
            continue
        start = value["start"]
        cells = found.setdefault(start["sheetId"], {})
        for r, row in enumerate(value["rows"], start["rowIndex"]):
            for c, cell in enumerate(row["values"], start["columnIndex"]):
                cells.pop((r, c), None)
                if entered := cell.get("userEnteredValue"):
                    cells[r, c] = entered
    return found


def same_value(one: Cell, other: Cell) -> bool:
    """Tell whether two cells were entered alike; blank and empty text are the same, formulas compare as written."""
    return bool(_plain(one) == _plain(other))


def _plain(cell: Cell) -> Any:
    if not cell:
        return ""
    if "formulaValue" in cell:
        return ("=", moved_formula(cell["formulaValue"], -1, Moves()))
    ((kind, value),) = cell.items()
    return round(value, 9) if kind == "numberValue" else value


def holds(live: Any, wanted: Any) -> bool:
    """Tell whether what is there says all that was asked for; what Google adds by itself does not count."""
    if isinstance(wanted, Mapping):
        return isinstance(live, Mapping) and all(holds(live.get(k), v) for k, v in wanted.items() if not _default(v))
    if isinstance(wanted, Sequence) and not isinstance(wanted, str):
        return isinstance(live, Sequence) and len(live) == len(wanted) and all(map(holds, live, wanted))
    if isinstance(wanted, str) and isinstance(live, str) and wanted.startswith("="):
        return moved_formula(live, -1, Moves()) == moved_formula(wanted, -1, Moves())
    if isinstance(wanted, float) and isinstance(live, (int, float)):
        return abs(live - wanted) < 1e-3  # Google keeps colours as 32-bit numbers
    return bool(live == wanted)


def _default(value: Any) -> bool:
    """What is 0, false or empty is left out of Google's answers."""
    return not value


Whole = tuple[Mapping[str, Any], list[Request]]  # a layout, and the requests that make it from nothing


def standing(payload: Mapping[str, Any]) -> Whole:
    """Return what a payload is to build."""
    whole = payload.get("then", payload)
    return whole["layout"], [r for r in whole["body"]["requests"] if "deleteSheet" not in r]


def whole_of(result: Mapping[str, Any], payload: Mapping[str, Any]) -> Whole:
    """Return what stands after a delivery: as its result says once it was changed, else as it was built.

    A payload that is a change tells where it started from, for when it was not carried out.
    """
    found = result.get("stands") or payload.get("from")
    return (found["layout"], list(found["requests"])) if found else standing(payload)


def as_data(whole: Whole) -> dict[str, Any]:
    """Return a whole as JSON data."""
    return {"layout": whole[0], "requests": whole[1]}


def sheets_of(layout: Mapping[str, Any]) -> dict[int, Mapping[str, Any]]:
    """Return the parts of a layout whose columns have keys, by sheet id: the tables, and the sheet Lists."""
    return {part["sheet"]: part for part in (*layout["tables"].values(), layout["lists"])}


def moves_to(
    layout: Mapping[str, Any], requests: Iterable[Request], columns: Mapping[int, Mapping[str, int]],
    titles: Mapping[int, str],
) -> Moves:  # fmt: skip
    """Return how the requests of a layout get to where its columns are: `columns` by sheet and key, `titles` by sheet.

    A sheet that is not in `columns` stands as it was written.
    """
    maps: dict[int, dict[int, int]] = {}
    for sheet, part in sheets_of(layout).items():
        now = columns.get(sheet)
        if now is None:
            continue
        found = {index: now[key] for key, (index, _) in part["columns"].items() if key in now}
        if any(old != new for old, new in found.items()) or len(found) < len(part["columns"]):
            maps[sheet] = found
    written = {
        v["properties"]["title"]: v["properties"]["sheetId"] for k, v in map(kind_of, requests) if k == "addSheet"
    }
    renamed = {title: titles[sheet] for title, sheet in written.items() if titles.get(sheet, title) != title}
    tables = {part["table"]: part["sheet"] for part in layout["tables"].values()}
    return Moves(maps, renamed, written, tables)
