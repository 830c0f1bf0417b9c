"""The dashboard: figures by formula, charts over small computed tables that stand to the right of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbuilder.blueprint import Blueprint, Chart, Dashboard, Figure
from chatbuilder.generators.common.sheets_batch import grid_range, put, say
from chatbuilder.generators.sheets.cells import Request, add_sheet, column_width, date_pattern, formula, heading, look
from chatbuilder.generators.sheets.formulas import column_test
from chatbuilder.generators.sheets.layout import DASHBOARD, Grid, sheet_id, stable_id
from chatbuilder.generators.sheets.views import bucket

CHART_ROWS = 26  # half a year of weeks; also the most groups that a chart shows
FIRST_DATA_COLUMN = 12
CHART_SIZE = (560, 320)
_TYPES = {"column": "COLUMN", "bar": "BAR", "line": "LINE"}


def add_dashboard(dashboard: Dashboard) -> Request:
    """Return the request for the dashboard's sheet."""
    columns = max(len(dashboard.figures), FIRST_DATA_COLUMN + 3 * len(dashboard.charts))
    return add_sheet(sheet_id(DASHBOARD), DASHBOARD, columns, rows=60, plain=True)


def dashboard_sheet(dashboard: Dashboard, grids: dict[str, Grid], blueprint: Blueprint) -> Iterator[Request]:
    """Yield the figures and charts."""
    sheet = sheet_id(DASHBOARD)
    names = [say(figure.name) for figure in dashboard.figures]
    values = [formula(figure_formula(figure, grids)) for figure in dashboard.figures]
    yield put(sheet, 0, 0, [[say(dashboard.name)], [], names, values])
    yield heading(sheet, 0, (0, 1), size=18)
    yield column_width(sheet, 0, 140, 8)
    big = {
        "textFormat": {"bold": True, "fontSize": 20},
        "numberFormat": {"type": "NUMBER", "pattern": "#,##0"},
        "horizontalAlignment": "LEFT",
    }
    yield look(grid_range(sheet, (3, 4), (0, len(values))), big)
    for at, figure in enumerate(dashboard.figures):
        if figure.aggregate == "average":
            form = {"numberFormat": {"type": "NUMBER", "pattern": "0.0"}}
            yield look(grid_range(sheet, (3, 4), (at, at + 1)), form)
    for number, chart in enumerate(dashboard.charts):
        yield from _chart(number, chart, grids, blueprint)


def figure_formula(figure: Figure, grids: dict[str, Grid]) -> str:
    """Return the formula of a headline figure; empty cells do not count in sums and averages."""
    grid = grids[figure.table]
    keep = column_test(figure.filter, grid)
    if figure.aggregate == "count":
        return f"SUMPRODUCT({keep}*1)"
    word = {"sum": "SUM", "average": "AVERAGE"}[figure.aggregate]
    return f"IFERROR({word}(FILTER({grid.column(figure.field)},{keep})),0)"


def chart_formula(chart: Chart, grids: dict[str, Grid]) -> str:
    """Return the formula of a chart's data: group and count; time runs forward, other groups from most to least."""
    grid = grids[chart.table]
    field, cells = grid.table.field(chart.group_by), grid.column(chart.group_by)
    count = "MAP(names,LAMBDA(item,SUMPRODUCT(--{same})))"
    if field.type in ("date", "datetime"):
        days = f"FILTER({bucket(field, cells, chart.interval or 'day')},ISNUMBER({cells}))"
        pairs = f"LET(found,{days},names,UNIQUE(found),HSTACK(names,{count.format(same='(found=item)')}))"
        newest = f"ARRAY_CONSTRAIN(SORT({pairs},1,FALSE),{CHART_ROWS},2)"
        return f'IF(COUNT({cells})=0,"",ARRAYFORMULA(SORT({newest},1,TRUE)))'
    values = f"FILTER({cells},LEN({cells})>0)"
    pairs = f"LET(found,{values},names,UNIQUE(found),HSTACK(names,{count.format(same='EXACT(found,item)')}))"
    most = min(chart.limit or CHART_ROWS, CHART_ROWS)
    whole = f"ARRAY_CONSTRAIN(ARRAYFORMULA(SORT({pairs},2,FALSE)),{most},2)"
    return f'IF(SUMPRODUCT(--(LEN({cells})>0))=0,"",{whole})'


def _chart(number: int, chart: Chart, grids: dict[str, Grid], blueprint: Blueprint) -> Iterator[Request]:
    sheet, column = sheet_id(DASHBOARD), FIRST_DATA_COLUMN + 3 * number
    field = grids[chart.table].table.field(chart.group_by)
    yield put(sheet, 0, column, [[say(field.name), say("Sessions")], [formula(chart_formula(chart, grids))]])
    yield heading(sheet, 0, (column, column + 2))
    if field.type in ("date", "datetime"):
        area = grid_range(sheet, (1, 1 + CHART_ROWS), (column, column + 1))
        yield look(area, {"numberFormat": date_pattern(blueprint.date_format)})
    anchor = {"sheetId": sheet, "rowIndex": 5 + 17 * (number // 2), "columnIndex": 4 * (number % 2)}
    position = {"anchorCell": anchor, "widthPixels": CHART_SIZE[0], "heightPixels": CHART_SIZE[1]}
    rows = (0, 1 + min(chart.limit or CHART_ROWS, CHART_ROWS))
    groups = _source(grid_range(sheet, rows, (column, column + 1)))
    counts = _source(grid_range(sheet, rows, (column + 1, column + 2)))
    yield {
        "addChart": {
            "chart": {
                "chartId": stable_id("chart", chart.key),
                "spec": {"title": chart.name, **_spec(chart, groups, counts)},
                "position": {"overlayPosition": position},
            }
        }
    }


def _source(area: dict[str, Any]) -> dict[str, Any]:
    return {"sourceRange": {"sources": [area]}}


def _spec(chart: Chart, groups: dict[str, Any], counts: dict[str, Any]) -> dict[str, Any]:
    if chart.kind == "donut":
        pie = {"legendPosition": "LABELED_LEGEND", "domain": groups, "series": counts, "pieHole": 0.5}
        return {"pieChart": pie}
    values = "BOTTOM_AXIS" if chart.kind == "bar" else "LEFT_AXIS"
    return {
        "basicChart": {
            "chartType": _TYPES[chart.kind],
            "legendPosition": "NO_LEGEND",
            "domains": [{"domain": groups}],
            "series": [{"series": counts, "targetAxis": values}],
            "headerCount": 1,
        }
    }
