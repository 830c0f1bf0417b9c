"""Figures and charts as widgets of one dashboard view.

Charts go wrong on filters with relative dates, and donuts refuse formulas and relations as groups
(makenotion/notion-mcp-server and community reports), so such figures become lists of the rows they would count and
such donuts become bars.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from chatbuilder.blueprint import Blueprint, Chart, Figure, Table, Test
from chatbuilder.filters import Filter
from chatbuilder.generators.notion.queries import Query, notion_type, to_query
from chatbuilder.generators.notion.rich import Json
from chatbuilder.generators.notion.views import group_by, table_looks, visibility

FIGURES_IN_A_ROW = 4
CHARTS_IN_A_ROW = 2
WIDGET_LIMIT = 12


@dataclass(frozen=True, slots=True)
class Widget:
    """One widget: its key, table and body without the dashboard it goes into. `listed` when a list stands in."""

    key: str
    table: str
    body: Json
    listed: bool = False


def widgets(blueprint: Blueprint) -> tuple[Widget, ...]:
    """Return the widgets in order, each with its place: figures four to a row, charts two to a row."""
    board = blueprint.dashboard
    if board is None:
        return ()
    figures = [_figure(figure, blueprint) for figure in board.figures]
    charts = [_chart(chart, blueprint) for chart in board.charts]
    return tuple(_placed(figures, charts))[:WIDGET_LIMIT]


def _placed(figures: list[Widget], charts: list[Widget]) -> Iterator[Widget]:
    row = -1
    for group, width in ((figures, FIGURES_IN_A_ROW), (charts, CHARTS_IN_A_ROW)):
        for index, widget in enumerate(group):
            row += index % width == 0
            place: Json = {"type": "existing_row", "row_index": row} if index % width else {"type": "new_row"}
            yield replace(widget, body={**widget.body, "placement": place})


def _figure(figure: Figure, blueprint: Blueprint) -> Widget:
    table = blueprint.table(figure.table)
    query = chart_query(figure.filter, table)
    if query.untold:
        return _list(figure, table, blueprint)
    value: Json = {"aggregator": figure.aggregate}
    if figure.field:
        value["property_id"] = table.field(figure.field).name
    body: Json = {"name": figure.name, "type": "chart"}
    if query.filter is not None:
        body["filter"] = query.filter
    body["configuration"] = {"type": "chart", "chart_type": "number", "value": value}
    return Widget(f"figure:{figure.key}", table.key, body)


def _list(figure: Figure, table: Table, blueprint: Blueprint) -> Widget:
    body: Json = {"name": figure.name, "type": "list"}
    query = to_query(figure.filter, table)
    if query.filter is not None:
        body["filter"] = query.filter
    body["configuration"] = {
        "type": "list",
        "properties": visibility((table.title.key,), table_looks(table, blueprint)),
    }
    return Widget(f"figure:{figure.key}", table.key, body, listed=True)


def chart_query(expr: Filter | None, table: Table) -> Query:
    """Return a filter that charts can bear; `untold` is not empty when there is none."""
    for field in table.fields:
        if expr is not None and isinstance(field.formula, Test) and field.formula.when == expr:
            return Query({"property": field.name, "formula": {"checkbox": {"equals": True}}})
    return to_query(expr, table, charts=True)


def _chart(chart: Chart, blueprint: Blueprint) -> Widget:
    table = blueprint.table(chart.table)
    field = table.field(chart.group_by)
    dated = notion_type(field) == "date"
    axis = {**group_by(field, chart.interval), "hide_empty_groups": not dated}
    kind = "bar" if chart.kind == "donut" and notion_type(field) in ("relation", "formula") else chart.kind
    look: Json = {"donut_labels": "name_and_value"} if kind == "donut" else {"show_data_labels": True}
    configuration: Json = {
        "type": "chart", "chart_type": kind, "x_axis": axis, "y_axis": {"aggregator": "count"},
        "sort": "x_ascending" if dated else "y_descending", **look,
    }  # fmt: skip
    return Widget(
        f"chart:{chart.key}", table.key, {"name": chart.name, "type": "chart", "configuration": configuration}
    )
