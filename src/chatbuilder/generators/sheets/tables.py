"""The sheets that hold the data: typed tables with dropdowns, formats, widths, colours and protected parts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbuilder.blueprint import Blueprint, Field, Rollup
from chatbuilder.filters import And, Cmp, Today
from chatbuilder.generators.common.sheets_batch import grid_range, put, say
from chatbuilder.generators.common.sheets_batch import letters_of as letters
from chatbuilder.generators.sheets.cells import (
    ALARM,
    HEADER_COLOUR,
    Request,
    add_sheet,
    colour,
    column_width,
    data_cell,
    formula,
    guard,
    look,
    number_format,
    option_colour,
    when,
)
from chatbuilder.generators.sheets.formulas import column_formula, row_test, text
from chatbuilder.generators.sheets.layout import LISTS, Far, Grid, quoted, sheet_id

_TYPES = {
    "title": "TEXT", "text": "TEXT", "long_text": "TEXT", "url": "TEXT", "number": "DOUBLE", "date": "DATE",
    "datetime": "DATE_TIME", "checkbox": "BOOLEAN", "select": "DROPDOWN", "multi_select": "TEXT", "person": "TEXT",
}  # fmt: skip
_WIDTHS = {
    "title": 300, "long_text": 280, "url": 180, "number": 90, "date": 110, "datetime": 150, "checkbox": 90,
    "multi_select": 180,
}  # fmt: skip
_COLOURED = ("status", "priority")
_OVERDUE = And((Cmp("follow_up", "le", Today(0)), Cmp("status", "ne", "Completed"), Cmp("status", "ne", "Archived")))


def lists_sheet(grids: dict[str, Grid]) -> Iterator[Request]:
    """Yield the sheet Lists, when a choice needs it: one column for each field, entries as text."""
    listed = [grid.table.field(key) for grid in grids.values() for key in grid.lists]
    if not listed:
        return
    sheet = sheet_id(LISTS)
    yield add_sheet(sheet, LISTS, len(listed), (1, 0), hidden=True)
    yield look(grid_range(sheet, (0, None), (0, len(listed))), {"numberFormat": {"type": "TEXT", "pattern": "@"}})
    depth = max(len(field.options) for field in listed)
    names = [[field.name, *field.option_names()] for field in listed]
    rows = [[say(column[n]) if n < len(column) else {} for column in names] for n in range(depth + 1)]
    yield put(sheet, 0, 0, rows)


def add_data_sheet(grid: Grid) -> Request:
    """Return the request for the sheet of a table."""
    return add_sheet(grid.sheet, grid.table.name, grid.width, (1, 1))


def data_sheet(grid: Grid, grids: dict[str, Grid], blueprint: Blueprint) -> Iterator[Request]:
    """Yield everything that fills and shapes the sheet of a table."""
    fields = grid.stored
    header = [say(field.name) for field in fields]
    samples = [[data_cell(field, row.get(field.key)) for field in fields] for row in grid.table.samples]
    yield put(grid.sheet, 0, 0, [header, *samples])
    yield {"addTable": {"table": _table(grid)}}
    yield from _formats(grid, blueprint)  # after the table, whose types bring formats of their own
    yield from _dropdowns(grid, grids)
    yield from _computed(grid, grids)
    yield from _colours(grid)
    yield guard(grid_range(grid.sheet, (0, 1), (0, grid.width)), "Column names: sync and formulas find columns by them")
    if "source_id" in grid.index:
        at = grid.index["source_id"]
        yield guard(grid_range(grid.sheet, (1, None), (at, at + 1)), "Source ID: the key of each session")


def _table(grid: Grid) -> dict[str, Any]:
    return {
        "tableId": grid.table_id,
        "name": grid.table.name,
        "range": grid_range(grid.sheet, (0, grid.last_row), (0, len(grid.stored))),
        "rowsProperties": {
            "headerColorStyle": colour(HEADER_COLOUR),
            "firstBandColorStyle": colour("ffffff"),
            "secondBandColorStyle": colour("f6f8f9"),
        },
        "columnProperties": [_column(n, field, grid) for n, field in enumerate(grid.stored)],
    }


def _column(number: int, field: Field, grid: Grid) -> dict[str, Any]:
    found: dict[str, Any] = {"columnIndex": number, "columnName": field.name}
    if field.relation or field.key in grid.lists:
        return found  # its dropdown comes from a range, which a typed column cannot have
    choices = _choices(field)
    found["columnType"] = "DROPDOWN" if choices else _TYPES[field.type]
    if choices:
        values = [{"userEnteredValue": name} for name in choices]
        found["dataValidationRule"] = {"condition": {"type": "ONE_OF_LIST", "values": values}}
    return found


def _choices(field: Field) -> tuple[str, ...]:
    if field.type == "number" and field.minimum is not None and field.maximum is not None:
        return tuple(str(n) for n in range(field.minimum, field.maximum + 1))
    return field.option_names() if field.type == "select" else ()


def _dropdowns(grid: Grid, grids: dict[str, Grid]) -> Iterator[Request]:
    """Yield dropdowns that read their entries from cells: links to one row, and choices on the sheet Lists."""
    for field in grid.stored:
        if field.relation and not field.relation.many:
            other = grids[field.relation.table]
            yield _from_range(grid, field, other.column(other.table.title.key))
    for key, number in grid.lists.items():
        letter = letters(number)
        yield _from_range(grid, grid.table.field(key), f"{quoted(LISTS)}!${letter}$2:${letter}")


def _from_range(grid: Grid, field: Field, source: str) -> Request:
    at = grid.index[field.key]
    return {
        "setDataValidation": {
            "range": grid_range(grid.sheet, (1, None), (at, at + 1)),
            "rule": {
                "condition": {"type": "ONE_OF_RANGE", "values": [{"userEnteredValue": f"={source}"}]},
                "strict": False,
                "showCustomUi": True,
            },
        }
    }


def _formats(grid: Grid, blueprint: Blueprint) -> Iterator[Request]:
    for field in (*grid.stored, *grid.computed):
        at = grid.index[field.key]
        form: dict[str, Any] = {"wrapStrategy": "CLIP", "verticalAlignment": "TOP"}
        pattern = _pattern(field, blueprint)
        if pattern:
            form["numberFormat"] = pattern
        yield look(grid_range(grid.sheet, (1, None), (at, at + 1)), form)
        width = _WIDTHS.get(field.type, 130) if isinstance(field, Field) else 220
        yield column_width(grid.sheet, at, width)
    for field in grid.stored:
        if field.hidden:
            yield _hide(grid.sheet, grid.index[field.key])
    if grid.computed:
        yield column_width(grid.sheet, len(grid.stored), 20)
        area = grid_range(grid.sheet, (0, 1), (len(grid.stored) + 1, grid.width))
        yield look(area, {"textFormat": {"bold": True}, "backgroundColorStyle": colour("e8eaed")})


def _pattern(field: Field | Far, blueprint: Blueprint) -> dict[str, str] | None:
    if isinstance(field, Far):
        return None
    if field.rollup and field.rollup.field:
        source = blueprint.table(field.rollup.table).field(field.rollup.field)
        return number_format(source, blueprint.date_format)
    return number_format(field, blueprint.date_format)


def _hide(sheet: int, column: int) -> Request:
    return {
        "updateDimensionProperties": {
            "range": {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": column, "endIndex": column + 1},
            "properties": {"hiddenByUser": True},
            "fields": "hiddenByUser",
        }
    }


def _computed(grid: Grid, grids: dict[str, Grid]) -> Iterator[Request]:
    """Yield one formula for each computed column. It makes header and values at once, for rows yet to come too."""
    for field in grid.computed:
        values = _far_rows(grid, field, grids) if isinstance(field, Far) else _values(grid, field, grids)
        whole = f"VSTACK({text(field.name)},ARRAYFORMULA({values}))"
        yield put(grid.sheet, 0, grid.index[field.key], [[formula(whole)]])
    if grid.computed:
        area = grid_range(grid.sheet, (0, None), (len(grid.stored) + 1, grid.width))
        yield guard(area, "Computed columns: one formula in row 1 fills each")


def _values(grid: Grid, field: Field, grids: dict[str, Grid]) -> str:
    if field.formula:
        return column_formula(field.formula, grid)
    if field.rollup is None:
        raise ValueError(f"{field.key} is computed but has no formula")
    source = grids[field.rollup.table]
    linked = _linked(source, field.rollup.via)
    return f'MAP({_titles(grid)},LAMBDA(item,IF(LEN(item)=0,"",{_rollup(field.rollup, source, linked)})))'


def _rollup(rollup: Rollup, source: Grid, linked: str) -> str:
    if rollup.function == "count":
        return f"SUMPRODUCT(--{linked})"
    function = {"latest": "MAX", "sum": "SUM"}[rollup.function]
    return f'IFERROR({function}(FILTER({source.column(rollup.field)},{linked})),"")'


def _far_rows(grid: Grid, far: Far, grids: dict[str, Grid]) -> str:
    source = grids[far.table]
    rows = f"FILTER({source.column(source.table.title.key)},{_linked(source, far.via)})"
    return f'MAP({_titles(grid)},LAMBDA(item,IF(LEN(item)=0,"",IFERROR(TEXTJOIN(CHAR(10),TRUE,{rows}),""))))'


def _titles(grid: Grid) -> str:
    return grid.column(grid.table.title.key)


def _linked(source: Grid, via: str) -> str:
    """Return the test of which rows of another table link to the row titled item."""
    cells = source.column(via)
    relation = source.table.field(via).relation
    if relation and relation.many:
        return f"ISNUMBER(FIND(CHAR(10)&item&CHAR(10),CHAR(10)&{cells}&CHAR(10)))"
    return f"EXACT({cells},item)"


def _colours(grid: Grid) -> Iterator[Request]:
    """Yield colours for the choices of Status and Priority, and red for a follow-up that is due."""
    for field in grid.stored:
        if field.key in _COLOURED:
            at = grid.index[field.key]
            area = grid_range(grid.sheet, (1, None), (at, at + 1))
            for option in field.options:
                test = f"EXACT({grid.here(field.key)},{text(option.name)})"
                yield when(area, test, {"backgroundColorStyle": option_colour(option.colour)})
    if grid.table.has("follow_up"):
        at = grid.index["follow_up"]
        red = {"textFormat": {"bold": True, "foregroundColorStyle": colour(ALARM)}}
        yield when(grid_range(grid.sheet, (1, None), (at, at + 1)), row_test(_OVERDUE, grid), red)
