"""Evolution of what computes itself: view sheets, pages, filter views and charts. Ours and untouched: written anew."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

from chatbuilder.generators.common.sheets_batch import (
    Part,
    Request,
    Unmovable,
    cells_of,
    grid_range,
    kind_of,
    put,
    sheet_of,
    sheets_of,
)
from chatbuilder.generators.common.sheets_ground import Change, Ground

WRITTEN = "userEnteredValue,userEnteredFormat"


def pages(ground: Ground, change: Change) -> None:
    """Make new sheets, write those anew that say something else now, and leave alone what somebody changed."""
    data = {*sheets_of(ground.old_layout), *sheets_of(ground.new_layout)}
    for part in ground.new_parts:
        if part[0] == "sheet" and part[1] not in data:
            _page(part, ground, change)
        elif _small(part, ground, data) or (
            part[0] in ("name", "settings") and ground.was(part) != ground.becomes(part)
        ):
            change.add(ground.becomes(part))
        elif part[0] == "mark" and ground.was(part) is None:
            change.add(r for r in ground.becomes(part) if _new_mark(r, ground))
    for part in ground.old_parts:
        if (
            part[0] == "sheet"
            and part not in ground.new_parts
            and part[1] not in data
            and ground.there("sheets", part[1])
        ):
            change.kept.append(f"the sheet {ground.title(part[1])} stays; delete it when you do not need it")


def _small(part: Part, ground: Ground, data: set[int]) -> bool:
    if part[0] in ("name", "settings"):
        return ground.was(part) != ground.becomes(part)
    return part[0] == "rule" and part[1] not in data and ground.was(part) is None


def _dashboard(ground: Ground) -> Part | None:
    """Return the sheet that the charts stand on."""
    charts = [requests[0] for part, requests in ground.new_parts.items() if part[0] == "chart"]
    return ("sheet", sheet_of(charts[0], {})) if charts else None


def _new_mark(request: Request, ground: Ground) -> bool:
    """Tables bring their own marks along."""
    where = request["createDeveloperMetadata"]["developerMetadata"]["location"].get("sheetId")
    return where is None or not any(where == t["sheet"] for t in ground.new_layout["tables"].values())


def _page(part: Part, ground: Ground, change: Change) -> None:
    sheet = part[1]
    was = ground.was(part)
    try:
        wanted = ground.becomes(part)
    except Unmovable:
        wanted = None
    if was is None and wanted is not None:
        change.add(wanted)
        change.count("sheet")
    elif wanted == was:
        return
    elif (why := _hindrance(sheet, ground, wanted)) or wanted is None:
        change.standing[part] = was or []
        change.rest += _mended(sheet, wanted or [], ground)
        change.kept.append(f"the sheet {ground.title(sheet)} stays as it is: {why}")
    else:
        change.rest += _anew(sheet, wanted, ground)
        change.count("rewritten sheet")


def _hindrance(sheet: int, ground: Ground, wanted: list[Request] | None) -> str:
    if not ground.there("sheets", sheet):
        return "somebody deleted it"
    if ground.touched("sheets", sheet):
        return "somebody changed it"
    return "" if wanted is not None else "a column that it needs is gone"


def _mended(sheet: int, wanted: list[Request], ground: Ground) -> Iterator[Request]:
    """On a sheet that somebody changed only formulas that lost what they read are written again."""
    cells = cells_of(wanted).get(sheet, {})
    for row, column in ground.live["sheets"].get(str(sheet), {}).get("broken", ()):
        if (row, column) in cells:
            yield put(sheet, row, column, [[{"userEnteredValue": cells[row, column]}]])


def _anew(sheet: int, wanted: list[Request], ground: Ground) -> Iterator[Request]:
    """Clear a sheet and write it again; cells that people type into are left out."""
    inputs = [i for i in ground.old_layout["inputs"] if i in ground.new_layout["inputs"] and i[0] == sheet]
    cell = (inputs[0][1], inputs[0][2]) if inputs else None
    if cell and list(cell) in ground.live["sheets"][str(sheet)].get("broken", []):
        cell = None  # what stands in it is a formula of ours that lost what it reads
    for request in wanted:
        kind, value = kind_of(request)
        if kind == "addSheet":
            rows, columns = yield from _grow(value["properties"], ground)
            yield from _clear(sheet, rows, columns, cell)
        elif kind == "updateCells" and cell:
            yield from _around(value, cell)
        else:
            yield request


def _grow(wanted: dict[str, Any], ground: Ground) -> Generator[Request, None, tuple[int, int]]:
    live, grid = ground.live["sheets"][str(wanted["sheetId"])], wanted["gridProperties"]
    size = {"rowCount": max(live["rows"], grid["rowCount"]), "columnCount": max(live["columns"], grid["columnCount"])}
    if (size["rowCount"], size["columnCount"]) != (live["rows"], live["columns"]):
        properties = {"sheetId": wanted["sheetId"], "gridProperties": size}
        fields = ",".join(f"gridProperties.{key}" for key in size)
        yield {"updateSheetProperties": {"properties": properties, "fields": fields}}
    return size["rowCount"], size["columnCount"]


def _clear(sheet: int, rows: int, columns: int, cell: tuple[int, int] | None) -> Iterator[Request]:
    row, column = cell or (rows, 0)
    areas = [((0, row), (0, columns)), ((row, row + 1), (0, column)), ((row, row + 1), (column + 1, columns))]
    areas.append(((row + 1, rows), (0, columns)))
    for r, c in areas:
        if r[0] < r[1] <= rows and c[0] < c[1]:
            yield {"updateCells": {"range": grid_range(sheet, r, c), "fields": WRITTEN}}


def _around(value: Any, cell: tuple[int, int]) -> Iterator[Request]:
    """Yield the same cells but one, as up to four requests."""
    start, rows = value["start"], value["rows"]
    at, offset = cell[0] - start["rowIndex"], cell[1] - start["columnIndex"]
    if not (0 <= at < len(rows) and 0 <= offset < len(rows[at]["values"])):
        yield {"updateCells": value}
        return
    left, right = rows[at]["values"][:offset], rows[at]["values"][offset + 1 :]
    parts = [
        (start, rows[:at]),
        ({**start, "rowIndex": cell[0]}, [{"values": left}] if left else []),
        ({**start, "rowIndex": cell[0], "columnIndex": cell[1] + 1}, [{"values": right}] if right else []),
        ({**start, "rowIndex": cell[0] + 1}, rows[at + 1 :]),
    ]
    for place, kept in parts:
        if kept:
            yield {"updateCells": {**value, "start": place, "rows": kept}}


def views(ground: Ground, change: Change) -> None:
    """Add filter views and charts, change those that filter or show something else now."""
    for part in ground.new_parts:
        if part[0] == "filter":
            _filter(part, ground, change)
        elif part[0] == "chart":
            _chart(part, ground, change)
    gone = [part for part in ground.old_parts if part[0] in ("filter", "chart") and part not in ground.new_parts]
    for part in gone:
        _unwanted(part, ground, change)


def _filter(part: Part, ground: Ground, change: Change) -> None:
    was = ground.was(part)
    try:
        wanted = ground.becomes(part)
    except Unmovable:
        wanted = was or []
    if wanted == was:
        return
    title = ground.new_parts[part][0]["addFilterView"]["filter"]["title"]
    if not wanted or _on_no_table(wanted[0], ground):
        change.kept.append(f"the filter view {title} is left out: the table or a column that it needs is gone")
    elif was is None:
        change.add(wanted)
        change.count("view")
    elif not ground.there("filters", part[1]) or ground.touched("filters", part[1]):
        change.standing[part] = was
        change.kept.append(f"the filter view {title} stays as you made it")
    else:
        found = wanted[0]["addFilterView"]["filter"]
        fields = "title,filterSpecs,sortSpecs"
        change.rest.append({"updateFilterView": {"filter": found, "fields": fields}})
        change.count("changed view")


def _on_no_table(request: Request, ground: Ground) -> bool:
    """Tell whether the table of a filter view was turned into plain cells by somebody."""
    table = request["addFilterView"]["filter"]["tableId"]
    return table not in ground.live["tables"] and ground.there("sheets", ground.after.tables.get(table))


def _rewritten(ground: Ground, change: Change) -> bool:
    """Tell whether the dashboard follows the new answers; with a dashboard that somebody changed its charts stay."""
    return (sheet := _dashboard(ground)) is not None and sheet not in change.standing


def _chart(part: Part, ground: Ground, change: Change) -> None:
    was, wanted = ground.was(part), ground.becomes(part)
    if wanted == was:
        return
    if not _rewritten(ground, change):
        change.standing[part] = was or []
    elif was is None:
        change.add(wanted)
        change.count("chart")
    elif ground.there("charts", part[1]):
        chart = wanted[0]["addChart"]["chart"]
        change.rest.append({"updateChartSpec": {"chartId": part[1], "spec": chart["spec"]}})
        move = {"objectId": part[1], "newPosition": chart["position"], "fields": "anchorCell"}
        change.rest.append({"updateEmbeddedObjectPosition": move})


def _unwanted(part: Part, ground: Ground, change: Change) -> None:
    if part[0] == "filter":
        title = ground.old_parts[part][0]["addFilterView"]["filter"]["title"]
        if ground.there("filters", part[1]):
            change.kept.append(f"the filter view {title} stays")
    elif _rewritten(ground, change):
        # Its figures make room on the dashboard: the chart would show those of another.
        change.standing[part] = []
        if ground.there("charts", part[1]):
            change.rest.append({"deleteEmbeddedObject": {"objectId": part[1]}})
