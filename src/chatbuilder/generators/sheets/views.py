"""Views: a filter view for each, and a sheet of formulas for what a filter view cannot show (groups, months, bars)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbuilder.blueprint import Blueprint, Field, Interval, Sort, View
from chatbuilder.generators.common.sheets_batch import grid_range, put, say
from chatbuilder.generators.common.sheets_batch import letters_of as letters
from chatbuilder.generators.sheets.cells import (
    QUIET,
    Request,
    add_sheet,
    colour,
    column_width,
    date_pattern,
    formula,
    heading,
    look,
    number_format,
    when,
)
from chatbuilder.generators.sheets.formulas import column_test, row_test, text
from chatbuilder.generators.sheets.layout import ROWS, VIEW_ROWS, Grid, needs_sheet, sheet_id, stable_id

BOARD_COLUMNS = 30
BAR_LENGTH = 60
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
NOTHING = text("Nothing here yet")


def filter_view_id(view: View) -> int:
    """Return the id of a view's filter view, for links (`#gid=…&fvid=…`)."""
    return stable_id("filter", view.key)


def view_sheet_id(view: View) -> int:
    """Return the id of a view's own sheet."""
    return sheet_id(f"view:{view.key}")


def filter_view(view: View, grid: Grid) -> Request:
    """Return the request for a view's filter view: its filter as one formula, its group and sorts as sorting."""
    found: dict[str, Any] = {"filterViewId": filter_view_id(view), "title": view.name, "tableId": grid.table_id}
    if view.filter is not None:
        condition = {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": f"={row_test(view.filter, grid)}"}]}
        found["filterSpecs"] = [{"columnIndex": 0, "filterCriteria": {"condition": condition}}]
    sorts = _sorts(view, grid)
    if sorts:
        found["sortSpecs"] = [
            {"dimensionIndex": grid.index[s.field], "sortOrder": "DESCENDING" if s.descending else "ASCENDING"}
            for s in sorts
        ]
    return {"addFilterView": {"filter": found}}


def _sorts(view: View, grid: Grid) -> list[Sort]:
    """The group first, then the view's own order; only what the table stores can sort it."""
    group = [s for s in view.sorts if s.field == view.group_by] or ([Sort(view.group_by)] if view.group_by else [])
    rest = [s for s in view.sorts if s.field != view.group_by]
    return [s for s in (*group, *rest) if grid.index[s.field] < len(grid.stored)]


def add_view_sheet(view: View, grids: dict[str, Grid]) -> Request:
    """Return the request for the sheet of a view."""
    match view.kind:
        case "calendar":
            return add_sheet(view_sheet_id(view), view.name, 7, (3, 0), rows=12)
        case "timeline":
            columns = len(_timeline_fields(view, grids[view.table])) + 1
        case "board":
            columns = _board_width(view, grids)
        case _:
            columns = len(_grouped_fields(view))
    rows = ROWS if view.kind == "board" else VIEW_ROWS
    return add_sheet(view_sheet_id(view), view.name, columns, (2, 0), rows=rows)


def view_sheet(view: View, grids: dict[str, Grid], blueprint: Blueprint) -> Iterator[Request]:
    """Yield what fills the sheet of a view; nothing for a view that needs none."""
    if not needs_sheet(view):
        return
    build = {"calendar": _calendar, "timeline": _timeline, "board": _board}.get(view.kind, _grouped)
    yield from build(view, grids, blueprint)


def sorted_rows(columns: list[str], keep: str, keys: list[tuple[str, bool]]) -> str:
    """Return a formula of the rows to keep, sorted; keys are (column, descending)."""
    order = "".join(f",FILTER({key},keep),{'FALSE' if descending else 'TRUE'}" for key, descending in keys)
    rows = f"FILTER(HSTACK({','.join(columns)}),keep)" if len(columns) > 1 else f"FILTER({columns[0]},keep)"
    return f"LET(keep,{keep},{f'SORT({rows}{order})' if order else rows})"


def _keys(view: View, grid: Grid) -> list[tuple[str, bool]]:
    return [(grid.column(s.field), s.descending) for s in view.sorts if s.field != view.group_by]


def bucket(field: Field, cells: str, interval: Interval | None) -> str:
    """Return the group that each cell falls into: the value itself, or the first day of its week or month."""
    if field.type not in ("date", "datetime") or interval is None:
        return cells
    day = f"INT({cells})"
    return {"day": day, "week": f"{day}-WEEKDAY({cells},3)", "month": f"{day}-DAY({cells})+1"}[interval]


def _grouped_fields(view: View) -> list[str]:
    rest = [key for key in view.fields if key != view.group_by]
    return [view.group_by, *rest] if view.group_by else rest


def _grouped(view: View, grids: dict[str, Grid], blueprint: Blueprint) -> Iterator[Request]:
    """A list in which the group stands in column A and repeats in grey."""
    grid, sheet = grids[view.table], view_sheet_id(view)
    keys = _grouped_fields(view)
    fields = [grid.table.field(key) for key in keys]
    columns = [grid.column(key) for key in keys]
    group = fields[0]
    shown = bucket(group, columns[0], view.interval)
    columns[0] = f"IF(LEN({columns[0]})=0,{text(f'No {group.name.lower()}')},{shown})"
    descending = any(s.field == view.group_by and s.descending for s in view.sorts)
    whole = sorted_rows(columns, column_test(view.filter, grid), [(columns[0], descending), *_keys(view, grid)])
    yield from _head(view, sheet, [field.name for field in fields])
    yield from _shape(sheet, fields, blueprint)
    yield put(sheet, 2, 0, [[formula(f"IFERROR(ARRAYFORMULA({whole}),{NOTHING})")]])
    grey = {"textFormat": {"foregroundColorStyle": colour(QUIET)}}
    yield when(grid_range(sheet, (3, None), (0, 1)), "EXACT($A4,$A3)", grey)


def _head(view: View, sheet: int, names: list[str]) -> Iterator[Request]:
    note = f"{view.about} This sheet computes itself: edit the rows on their own sheet."
    yield put(sheet, 0, 0, [[say(note)], [say(name) for name in names]])
    yield heading(sheet, 1, (0, max(1, len(names))))


def _shape(sheet: int, fields: list[Field], blueprint: Blueprint) -> Iterator[Request]:
    for at, field in enumerate(fields):
        pattern = number_format(field, blueprint.date_format)
        if field.type in ("date", "datetime") and pattern:
            yield look(grid_range(sheet, (2, None), (at, at + 1)), {"numberFormat": pattern})
        yield column_width(sheet, at, 300 if field.type in ("title", "long_text") else 150)


def _board_width(view: View, grids: dict[str, Grid]) -> int:
    field = grids[view.table].table.field(view.group_by)
    if field.relation:
        return max(BOARD_COLUMNS, len(grids[field.relation.table].table.samples) + 12)
    return len(field.options) + 2


def _board(view: View, grids: dict[str, Grid], blueprint: Blueprint) -> Iterator[Request]:
    """One column for each group, titles below it; the first column holds rows without a group."""
    grid, sheet = grids[view.table], view_sheet_id(view)
    field, cells = grid.table.field(view.group_by), grid.column(view.group_by)
    keep, titles = column_test(view.filter, grid), grid.column(grid.table.title.key)
    width = _board_width(view, grids)
    listed = field.option_names()
    yield from _head(view, sheet, [f"No {field.name.lower()}", *listed, *(["Other"] if listed else [])])
    if field.relation:
        other = grids[field.relation.table]
        names = other.column(other.table.title.key)
        yield put(sheet, 1, 1, [[formula(f'IFERROR(TRANSPOSE(FILTER({names},LEN({names})>0)),"")')]])
        yield heading(sheet, 1, (0, width))
    tests = [f"(LEN({cells})=0)"] + [f"EXACT({cells},{letters(n)}$2)" for n in range(1, width)]
    if listed:
        known = "".join(f"*(1-EXACT({cells},{text(name)}))" for name in listed)
        tests[-1] = f"(LEN({cells})>0){known}"
    row = [_stack(titles, f"{keep}*{test}", n, view, grid) for n, test in enumerate(tests)]
    yield put(sheet, 2, 0, [row])
    yield look(grid_range(sheet, (2, None), (0, width)), {"wrapStrategy": "WRAP", "verticalAlignment": "TOP"})
    yield column_width(sheet, 0, 200, width)


def _stack(titles: str, keep: str, number: int, view: View, grid: Grid) -> dict[str, Any]:
    rows = sorted_rows([titles], keep, _keys(view, grid))
    return formula(f'IF(LEN({letters(number)}$2)=0,"",IFERROR(ARRAYFORMULA({rows}),""))')


def _timeline_fields(view: View, grid: Grid) -> list[str]:
    shown = [grid.table.title.key, view.date_field, *([view.end_field] if view.end_field else [])]
    return [*([view.group_by] if view.group_by else []), *shown]


def _timeline(view: View, grids: dict[str, Grid], blueprint: Blueprint) -> Iterator[Request]:
    """Rows by start, with a bar of characters drawn to scale beside them."""
    grid, sheet = grids[view.table], view_sheet_id(view)
    keys = _timeline_fields(view, grid)
    fields = [grid.table.field(key) for key in keys]
    start = grid.column(view.date_field)
    keep = f"{column_test(view.filter, grid)}*ISNUMBER({start})"
    group = [(grid.column(view.group_by), False)] if view.group_by else []
    rows = sorted_rows([grid.column(key) for key in keys], keep, [*group, *_keys(view, grid)])
    yield from _head(view, sheet, [*(field.name for field in fields), "Bar"])
    yield from _shape(sheet, fields, blueprint)
    yield put(sheet, 2, 0, [[formula(f"IFERROR(ARRAYFORMULA({rows}),{NOTHING})")]])
    first = letters(keys.index(view.date_field))
    last = letters(keys.index(view.end_field)) if view.end_field else first
    yield put(sheet, 2, len(keys), [[formula(_bars(f"${first}$3:${first}", f"${last}$3:${last}"))]])
    yield column_width(sheet, len(keys), 460)


def _bars(start: str, end: str) -> str:
    unit = f"IF(latest>earliest,{BAR_LENGTH}/(latest-earliest),0)"
    length = f"IF(ROUND(({end}-{start})*unit,0)<1,1,ROUND(({end}-{start})*unit,0))"
    bar = f'REPT(" ",ROUND(({start}-earliest)*unit,0))&REPT("█",{length})'
    whole = f'IF(ISNUMBER({start})*ISNUMBER({end}),{bar},"")'
    return f'IFERROR(ARRAYFORMULA(LET(earliest,MIN({start}),latest,MAX({end}),unit,{unit},{whole})),"")'


def _calendar(view: View, grids: dict[str, Grid], blueprint: Blueprint) -> Iterator[Request]:
    """One month: type another day into B2 to see its month."""
    grid, sheet = grids[view.table], view_sheet_id(view)
    cells, titles = grid.column(view.date_field), grid.column(grid.table.title.key)
    keep = f"{column_test(view.filter, grid)}*ISNUMBER({cells})"
    newest = formula(f"IF(COUNT({cells})=0,TODAY(),INT(MAX({cells})))")
    note = f"{view.about} Type any day into B2 to see its month; this sheet computes itself."
    yield put(sheet, 0, 0, [[say(note)], [say("Month of"), newest], [say(day) for day in WEEKDAYS]])
    first = "$B$2-DAY($B$2)+1"
    weeks = [[_day_cell(first, week * 7 + day, titles, cells, keep) for day in range(7)] for week in range(6)]
    yield put(sheet, 3, 0, weeks)
    yield heading(sheet, 2, (0, 7))
    yield look(grid_range(sheet, (1, 2), (1, 2)), {"numberFormat": date_pattern(blueprint.date_format)})
    yield look(grid_range(sheet, (3, 9), (0, 7)), {"wrapStrategy": "WRAP", "verticalAlignment": "TOP"})
    yield column_width(sheet, 0, 170, 7)
    outside = {"textFormat": {"foregroundColorStyle": colour(QUIET)}}
    test = f"MONTH({first}-WEEKDAY({first},3)+(ROW()-4)*7+COLUMN()-1)<>MONTH($B$2)"
    yield when(grid_range(sheet, (3, 9), (0, 7)), test, outside)


def _day_cell(first: str, offset: int, titles: str, cells: str, keep: str) -> dict[str, Any]:
    chosen = f"FILTER({titles},{keep}*(IFERROR(INT({cells}),0)=thisday))"
    listed = f'IFERROR(CHAR(10)&TEXTJOIN(CHAR(10),TRUE,{chosen}),"")'
    return formula(f'ARRAYFORMULA(LET(thisday,{first}-WEEKDAY({first},3)+{offset},TEXT(thisday,"d mmm")&{listed}))')
