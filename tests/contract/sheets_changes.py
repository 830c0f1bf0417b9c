"""The other half of Google Sheets' requests: what changes, moves and deletes; and what formulas make of it."""

from __future__ import annotations

import re
from typing import Any

from tests.contract.sheets import (
    Refused,
    Spreadsheet,
    _check_custom,
    _inside,
    _mask,
    _need,
    _put,
    _series,
    _source,
    check_typed,
)
from tests.contract.sheets_formulas import column_number

PLACE = re.compile(
    r"""("(?:[^"]|"")*")|((?:'((?:[^']|'')*)'|([A-Za-z_][A-Za-z0-9_]*))!)?"""
    r"""(?<![A-Za-z0-9_])(\$?)([A-Z]{1,3})(\$?\d+)(?::(\$?)([A-Z]{1,3})(\$?\d*))?(?![A-Za-z0-9_(])"""
)


def letters(index: int) -> str:
    text = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        text = chr(65 + rest) + text
    return text


# What moves when columns come or go
def _shift(index: int, at: int, count: int, *, end: bool = False) -> int | None:
    """Return where a column is after `count` columns came (or, below 0, went) at `at`; None when it went."""
    if count > 0:
        return index + count if (index > at if end else index >= at) else index
    gone = at - count
    if end:
        return index if index <= at else max(at, index + count) if index >= gone else at
    return None if at <= index < gone else index if index < at else index + count


def _moved_formula(text: str, own: int, book: Spreadsheet, sheet: int, at: int, count: int) -> str:
    titles = book.titles()

    def rewrite(match: re.Match[str]) -> str:
        if match[1]:
            return match[1]
        title = match[3].replace("''", "'") if match[3] is not None else match[4]
        if (own if title is None else titles.get(title)) != sheet:
            return match[0]
        first = _shift(column_number(match[6]), at, count)
        if match[9] is None:
            return "#REF!" if first is None else f"{match[2] or ''}{match[5]}{letters(first)}{match[7]}"
        if first is None and _shift(column_number(match[9]), at, count) is None:
            return "#REF!"
        first = at if first is None else first
        last = _shift(column_number(match[9]) + 1, at, count, end=True)
        assert last is not None
        return f"{match[2] or ''}{match[5]}{letters(first)}{match[7]}:{match[8]}{letters(last - 1)}{match[10]}"

    return PLACE.sub(rewrite, text)


def _every_formula(book: Spreadsheet, change: Any) -> None:
    """Rewrite each formula of cells, filters, conditional formats and dropdowns; `change(text, sheet) -> text`."""
    for sheet, cells in book.cells.items():
        for place, value in cells.items():
            if isinstance(value, dict):
                cells[place] = {"formula": change(value["formula"], sheet)}
    for view in book.filters.values():
        sheet = book.tables[view["tableId"]]["range"]["sheetId"]
        for spec in view.get("filterSpecs", []):
            _condition(spec["filterCriteria"]["condition"], sheet, change)
    for rule in book.colours:
        _condition(rule["rule"]["booleanRule"]["condition"], rule["rule"]["ranges"][0]["sheetId"], change)
    for rule in book.rules:
        _condition(rule["rule"]["condition"], rule["range"]["sheetId"], change)


def _condition(condition: dict[str, Any], sheet: int, change: Any) -> None:
    for value in condition["values"]:
        if value["userEnteredValue"].startswith("="):
            value["userEnteredValue"] = change(value["userEnteredValue"], sheet)


def _columns(book: Spreadsheet, sheet: int, at: int, count: int) -> None:
    _every_formula(book, lambda text, own: _moved_formula(text, own, book, sheet, at, count))
    cells, moved = book.cells[sheet], {}
    for (row, column), value in cells.items():
        if (now := _shift(column, at, count)) is not None:
            moved[row, now] = value
    book.cells[sheet] = moved
    for table in book.tables.values():
        if table["range"]["sheetId"] == sheet:
            _table_columns(table, at, count)
            area = table["range"]
            for n, column in enumerate(table["columnProperties"], area["startColumnIndex"]):
                book.cells[sheet].setdefault((area["startRowIndex"], n), column["columnName"])
    for view in book.filters.values():
        if book.tables[view["tableId"]]["range"]["sheetId"] == sheet:
            _specs(view, at, count)
    areas = [g["range"] for g in book.guards] + [r["range"] for r in book.rules]
    areas += [a for r in book.colours for a in r["rule"]["ranges"]] + [n["range"] for n in book.names.values()]
    for area in areas:
        _area(area, sheet, at, count)
    for chart in book.charts.values():
        _areas_in(chart, sheet, at, count)
    book.sheets[sheet]["gridProperties"]["columnCount"] += count


def _areas_in(value: Any, sheet: int, at: int, count: int) -> None:
    if isinstance(value, list):
        for item in value:
            _areas_in(item, sheet, at, count)
    elif isinstance(value, dict):
        _area(value, sheet, at, count)
        for item in value.values():
            _areas_in(item, sheet, at, count)


def _area(area: dict[str, Any], sheet: int, at: int, count: int) -> None:
    if area.get("sheetId") != sheet or "startColumnIndex" not in area:
        return
    start = _shift(area["startColumnIndex"], at, count)
    area["startColumnIndex"] = at if start is None else start
    if "endColumnIndex" in area:
        area["endColumnIndex"] = _shift(area["endColumnIndex"], at, count, end=True)


def _table_columns(table: dict[str, Any], at: int, count: int) -> None:
    area, columns = table["range"], table["columnProperties"]
    left, right = area["startColumnIndex"], area["endColumnIndex"]
    if count > 0 and left < at < right:
        columns[at - left : at - left] = [
            {"columnName": f"Column {at + n + 1}", "columnType": "TEXT"} for n in range(count)
        ]
    elif count < 0:
        table["columnProperties"] = columns = [
            c for n, c in enumerate(columns) if _shift(left + n, at, count) is not None
        ]
    for n, column in enumerate(columns):
        column["columnIndex"] = n
    _area(area, area["sheetId"], at, count)


def _specs(view: dict[str, Any], at: int, count: int) -> None:
    for key, name in (("filterSpecs", "columnIndex"), ("sortSpecs", "dimensionIndex")):
        kept = []
        for spec in view.get(key, []):
            now = _shift(spec[name], at, count)
            if now is not None:
                kept.append({**spec, name: now})
        if key in view:
            view[key] = kept


def do_insertDimension(book: Spreadsheet, value: dict[str, Any]) -> None:
    area = value["range"]
    if area["dimension"] == "ROWS":
        height = _sheet(book, area["sheetId"])["gridProperties"]["rowCount"]
        _need(0 <= area["startIndex"] < area["endIndex"], "an empty range")
        _need(area["startIndex"] < height, f"row {area['startIndex']} is not below {height}")
        _need(not value.get("inheritFromBefore") or area["startIndex"] > 0, "nothing before to inherit from")
        _rows(book, area["sheetId"], area["startIndex"], area["endIndex"] - area["startIndex"])
        return
    _need(area["dimension"] == "COLUMNS", "rows or columns")
    width = _sheet(book, area["sheetId"])["gridProperties"]["columnCount"]
    _need(0 <= area["startIndex"] < area["endIndex"], "an empty range")
    _need(area["startIndex"] <= width, f"column {area['startIndex']} is after the last, {width}")
    _need(not value.get("inheritFromBefore") or area["startIndex"] > 0, "nothing before to inherit from")
    _need(value.get("inheritFromBefore") or area["startIndex"] < width, "nothing after to inherit from")
    _columns(book, area["sheetId"], area["startIndex"], area["endIndex"] - area["startIndex"])


def do_deleteDimension(book: Spreadsheet, value: dict[str, Any]) -> None:
    area = value["range"]
    height = _sheet(book, area["sheetId"])["gridProperties"]["rowCount"]
    if area["dimension"] == "ROWS":
        _need(0 <= area["startIndex"] < area["endIndex"] <= height, f"rows {area}")
        _rows(book, area["sheetId"], area["startIndex"], area["startIndex"] - area["endIndex"])
        return
    _columns(book, area["sheetId"], area["startIndex"], area["startIndex"] - area["endIndex"])


def _rows(book: Spreadsheet, sheet: int, at: int, count: int) -> None:
    """Rows came (or, below 0, went) at `at`. Formulas name open columns, so none of them changes below row 2."""
    _need(at >= 2 or not any(True for _ in book.formulas()), "rows 1 and 2 are named in formulas; not checked here")
    moved = {}
    for (row, column), value in book.cells[sheet].items():
        if (now := _shift(row, at, count)) is not None:
            moved[now, column] = value
    book.cells[sheet] = moved
    areas = [g["range"] for g in book.guards] + [r["range"] for r in book.rules]
    areas += [a for r in book.colours for a in r["rule"]["ranges"]] + [n["range"] for n in book.names.values()]
    for area in [*areas, *(table["range"] for table in book.tables.values())]:
        if area.get("sheetId") == sheet and "endRowIndex" in area:
            start = _shift(area.get("startRowIndex", 0), at, count)
            area["startRowIndex"] = at if start is None else start
            area["endRowIndex"] = _shift(area["endRowIndex"], at, count, end=True)
    book.sheets[sheet]["gridProperties"]["rowCount"] += count


def do_sortRange(book: Spreadsheet, value: dict[str, Any]) -> None:
    """The cells of each row go together; metadata and formats of the rows stay."""
    top, bottom, left, right = _inside(book, value["range"])
    (spec,) = value["sortSpecs"]
    cells = book.cells[value["range"]["sheetId"]]
    rows = [{c: cells.pop((row, c)) for c in range(left, right) if (row, c) in cells} for row in range(top, bottom)]
    held = [row for row in rows if spec["dimensionIndex"] in row]
    held.sort(key=lambda row: str(row[spec["dimensionIndex"]]), reverse=spec.get("sortOrder") == "DESCENDING")
    for at, row in enumerate([*held, *(row for row in rows if spec["dimensionIndex"] not in row)], top):
        cells |= {(at, c): value for c, value in row.items()}


def do_appendDimension(book: Spreadsheet, value: dict[str, Any]) -> None:
    _need(value["length"] > 0, "length")
    key = {"COLUMNS": "columnCount", "ROWS": "rowCount"}[value["dimension"]]
    _sheet(book, value["sheetId"])["gridProperties"][key] += value["length"]


def _sheet(book: Spreadsheet, sheet: int) -> dict[str, Any]:
    _need(sheet in book.sheets, f"No grid with id: {sheet}")
    return book.sheets[sheet]


def forget_sheet(book: Spreadsheet, sheet: int) -> None:
    """Delete a sheet with all that stands on it; formulas elsewhere lose what they named."""
    title = book.sheets[sheet]["title"]
    quoted = re.escape("'" + title.replace("'", "''") + "'")
    place = re.compile(rf"{quoted}!\$?[A-Z]+\$?\d*(?::\$?[A-Z]+\$?\d*)?")
    tables = {key for key, table in book.tables.items() if table["range"]["sheetId"] == sheet}
    book.filters = {k: v for k, v in book.filters.items() if v["tableId"] not in tables}
    book.tables = {k: v for k, v in book.tables.items() if k not in tables}
    book.colours = [r for r in book.colours if r["rule"]["ranges"][0]["sheetId"] != sheet]
    book.rules = [r for r in book.rules if r["range"]["sheetId"] != sheet]
    book.guards = [g for g in book.guards if g["range"]["sheetId"] != sheet]
    book.names = {k: v for k, v in book.names.items() if v["range"]["sheetId"] != sheet}
    book.marks = {k: v for k, v in book.marks.items() if v["location"].get("sheetId") != sheet}
    book.charts = {
        k: v for k, v in book.charts.items() if v["position"]["overlayPosition"]["anchorCell"]["sheetId"] != sheet
    }
    del book.sheets[sheet], book.cells[sheet]
    _every_formula(book, lambda text, own: place.sub("#REF!", text))


# What changes something that is there
def do_updateSheetProperties(book: Spreadsheet, value: dict[str, Any]) -> None:
    properties = value["properties"]
    sheet = _sheet(book, properties["sheetId"])
    _mask(value["fields"], properties, "updateSheetProperties")
    for path in value["fields"].split(","):
        if path == "title":
            _rename(book, sheet, properties["title"])
        elif path == "hidden":
            sheet["hidden"] = properties["hidden"]
        else:
            group, name = path.split(".")
            _need(group == "gridProperties", f"{path} is not checked here")
            sheet["gridProperties"][name] = properties["gridProperties"][name]


def _rename(book: Spreadsheet, sheet: dict[str, Any], title: str) -> None:
    _need(
        title.casefold() not in {t.casefold() for t in book.titles()} - {sheet["title"].casefold()}, f"{title} exists"
    )
    old = "'" + sheet["title"].replace("'", "''") + "'!"
    new = "'" + title.replace("'", "''") + "'!"
    _every_formula(book, lambda text, own: text.replace(old, new))
    sheet["title"] = title


def do_updateTable(book: Spreadsheet, value: dict[str, Any]) -> None:
    from tests.contract.sheets import _check_column

    wanted = value["table"]
    _mask(value["fields"], wanted, "updateTable")
    _need(wanted["tableId"] in book.tables, f"No table with id: {wanted['tableId']}")
    table = {**book.tables[wanted["tableId"]], **{key: wanted[key] for key in value["fields"].split(",")}}
    top, bottom, left, right = _inside(book, table["range"])
    _need(bottom - top >= 2, "a table needs a row below its header")
    columns = table["columnProperties"]
    _need(
        [c.get("columnIndex", 0) for c in columns] == list(range(right - left)), "one column property for each column"
    )
    names = [c["columnName"] for c in columns]
    _need(len({n.casefold() for n in names}) == len(names), f"column names repeat: {names}")
    for n, column in enumerate(columns):
        header = book.cells[table["range"]["sheetId"]].get((top, left + n))
        _need(header == column["columnName"], f"header {header!r} is not {column['columnName']!r}")
        _check_column(column)
    book.tables[wanted["tableId"]] = table


def do_updateFilterView(book: Spreadsheet, value: dict[str, Any]) -> None:
    wanted = value["filter"]
    view = book.filters.get(wanted["filterViewId"])
    _need(view is not None, f"No filter view with id: {wanted['filterViewId']}")
    assert view is not None
    area = book.tables[view["tableId"]]["range"]
    for key in value["fields"].split(","):
        _need(key in ("title", "filterSpecs", "sortSpecs"), f"{key} is not checked here")
        view.pop(key, None)
        if key in wanted:
            view[key] = wanted[key]
    for spec in view.get("filterSpecs", []):
        _need(
            area["startColumnIndex"] <= spec["columnIndex"] < area["endColumnIndex"], "filter column outside the table"
        )
        _check_custom(book, spec["filterCriteria"]["condition"], area["sheetId"])
    for spec in view.get("sortSpecs", []):
        _need(
            area["startColumnIndex"] <= spec["dimensionIndex"] < area["endColumnIndex"], "sort column outside the table"
        )


def do_updateChartSpec(book: Spreadsheet, value: dict[str, Any]) -> None:
    _need(value["chartId"] in book.charts, f"No chart with id: {value['chartId']}")
    for domain, series in _series(value["spec"]):
        _need(_source(book, domain) == _source(book, series), "domain and series differ in length")
    book.charts[value["chartId"]]["spec"] = value["spec"]


def do_updateEmbeddedObjectPosition(book: Spreadsheet, value: dict[str, Any]) -> None:
    _need(value["objectId"] in book.charts, f"No object with id: {value['objectId']}")
    _need(value["fields"] == "anchorCell", "anchorCell only")
    here = book.charts[value["objectId"]]["position"]["overlayPosition"]
    here["anchorCell"] = value["newPosition"]["overlayPosition"]["anchorCell"]


def do_deleteEmbeddedObject(book: Spreadsheet, value: dict[str, Any]) -> None:
    _need(value["objectId"] in book.charts, f"No object with id: {value['objectId']}")
    del book.charts[value["objectId"]]


def do_deleteFilterView(book: Spreadsheet, value: dict[str, Any]) -> None:
    _need(value["filterId"] in book.filters, f"No filter view with id: {value['filterId']}")
    del book.filters[value["filterId"]]


def do_deleteTable(book: Spreadsheet, value: dict[str, Any]) -> None:
    """The table goes with what stands in it."""
    _need(value["tableId"] in book.tables, f"No table with id: {value['tableId']}")
    area = book.tables.pop(value["tableId"])["range"]
    book.filters = {k: v for k, v in book.filters.items() if v["tableId"] != value["tableId"]}
    cells = book.cells[area["sheetId"]]
    for row, column in [at for at in cells if at[0] < area["endRowIndex"] and at[1] < area["endColumnIndex"]]:
        del cells[row, column]


def do_deleteNamedRange(book: Spreadsheet, value: dict[str, Any]) -> None:
    found = [name for name, n in book.names.items() if n["namedRangeId"] == value["namedRangeId"]]
    _need(found, f"No named range with id: {value['namedRangeId']}")
    del book.names[found[0]]


def _marks(book: Spreadsheet, filters: list[dict[str, Any]]) -> list[int]:
    found = []
    for key, mark in book.marks.items():
        for wanted in filters:
            lookup = wanted["developerMetadataLookup"]
            if all(
                mark[name] == lookup[name] for name in ("metadataId", "metadataKey", "metadataValue") if name in lookup
            ):
                found.append(key)
    return found


def do_updateDeveloperMetadata(book: Spreadsheet, value: dict[str, Any]) -> None:
    _mask(value["fields"], value["developerMetadata"], "updateDeveloperMetadata")
    found = _marks(book, value["dataFilters"])
    _need(found, "No developer metadata matched")
    for key in found:
        book.marks[key] |= {name: value["developerMetadata"][name] for name in value["fields"].split(",")}


def do_deleteDeveloperMetadata(book: Spreadsheet, value: dict[str, Any]) -> None:
    for key in _marks(book, [value["dataFilter"]]):
        del book.marks[key]


def do_appendCells(book: Spreadsheet, value: dict[str, Any]) -> None:
    """Rows after the last one of a table that holds something; the table grows over them, and the sheet with it."""
    _need("tableId" in value and value["tableId"] in book.tables, f"No table with id: {value.get('tableId')}")
    _need(value.get("fields") == "userEnteredValue", "appendCells: at least one field must be specified; values only")
    _need(value.get("rows"), "rows")
    area = book.tables[value["tableId"]]["range"]
    sheet, left, right = area["sheetId"], area["startColumnIndex"], area["endColumnIndex"]
    cells = book.cells[sheet]
    inside = (row for row, c in cells if area["startRowIndex"] < row < area["endRowIndex"] and left <= c < right)
    at = max(inside, default=area["startRowIndex"]) + 1
    for row in value["rows"]:
        _need(len(row.get("values", [])) <= right - left, "more cells than the table has columns")
        for n, cell in enumerate(row.get("values", [])):
            _need(set(cell) <= {"userEnteredValue"}, f"cell {cell}")
            if "userEnteredValue" in cell:
                _need((at, left + n) not in cells, "there is something below the table")
                _put(cells, (at, left + n), cell["userEnteredValue"])
                check_typed(book, sheet, (at, left + n), cell["userEnteredValue"])
                book.written.append((sheet, (at, left + n)))
        at += 1
    area["endRowIndex"] = max(area["endRowIndex"], at)
    grid = book.sheets[sheet]["gridProperties"]
    grid["rowCount"] = max(grid["rowCount"], at)


__all__ = ["Refused", "forget_sheet"]
