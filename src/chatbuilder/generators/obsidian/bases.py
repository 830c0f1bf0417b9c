"""The `.base` files: one for each table with all of its views, one for the dashboard, one for "what links here".

Source: Obsidian help, "Bases syntax", "Views" and "Table view". Core Bases has table, cards and list; boards,
calendars, timelines and charts become the nearest grouped table.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chatbuilder.blueprint import Blueprint, Chart, Figure, Interval, Table, View
from chatbuilder.generators.obsidian import expressions as ex
from chatbuilder.generators.obsidian import yaml
from chatbuilder.generators.obsidian.layout import FOLDERS, Layout

DASHBOARD, RELATED = "Dashboard", "Related"
FIGURES = "Figures"
_LAYOUTS = {"gallery": "cards", "list": "list"}
_BAR = '"█".repeat(min(values.length, 40)) + " " + values.length.toString()'
_TITLE_WIDTH = 300
_RELATED_COLUMNS = ("status", "kind", "assistant", "last_activity")

Base = dict[str, Any]


def table_base(table: Table, blueprint: Blueprint, layout: Layout) -> str:
    """Return the base of a table: its notes, its formulas, its views in order."""
    views = [view for view in blueprint.views if view.table == table.key]
    base: Base = {"filters": {"and": _notes_of(table.key, layout)}}
    formulas = {f.key: ex.formula(f, table, layout) for f in table.fields if ex.computed(f)}
    for view in views:
        key, interval = grouping(view, table)
        if interval:
            formulas[ex.interval_key(key, interval)] = ex.interval_formula(table.field(key), interval)
    if formulas:
        base["formulas"] = formulas
    base["properties"] = _headings(table, formulas)
    base["views"] = [_view(view, table, layout) for view in views]
    return yaml.document(base)


def _notes_of(table: str, layout: Layout) -> list[str]:
    return [f"file.inFolder({ex.string(layout.folder(table))})", 'file.ext == "md"']


def _headings(table: Table, formulas: Iterable[str]) -> Base:
    shown = {ex.column(table, field.key): {"displayName": field.name} for field in table.fields}
    names = {f"formula.{key}": {"displayName": _interval_name(key, table)} for key in formulas if not table.has(key)}
    return {**shown, **names}


def _interval_name(key: str, table: Table) -> str:
    field, _, interval = key.rpartition("_")
    return f"{table.field(field).name} ({interval})" if table.has(field) else key


def grouping(view: View, table: Table) -> tuple[str, Interval | None]:
    """Return the field that a view is grouped by, "" for none, and the interval when it is a moment in time.

    A calendar is grouped by its day, a timeline that has no other grouping by the month it begins in.
    """
    if view.group_by:
        return view.group_by, _interval(table, view.group_by, view.interval)
    if view.kind == "calendar":
        return view.date_field, _interval(table, view.date_field, "day")
    if view.kind == "timeline":
        return view.date_field, "month"
    return "", None


def _interval(table: Table, key: str, wanted: Interval | None) -> Interval | None:
    kind = table.field(key).type
    if kind == "datetime":
        return wanted or "day"
    return wanted if kind == "date" and wanted != "day" else None


def _view(view: View, table: Table, layout: Layout) -> Base:
    out: Base = {"type": _LAYOUTS.get(view.kind, "table"), "name": view.name}
    if view.filter is not None:
        branch = ex.tree(view.filter, table, layout)
        out["filters"] = branch if isinstance(branch, dict) else {"and": [branch]}
    key, interval = grouping(view, table)
    if key:
        newest = any(sort.field in (key, view.date_field) and sort.descending for sort in view.sorts[:1])
        out["groupBy"] = {"property": _group(table, key, interval), "direction": "DESC" if newest else "ASC"}
    out["order"] = [ex.column(table, name) for name in dict.fromkeys((*view.fields, *_further(view, table)))]
    out["sort"] = [
        {"property": ex.column(table, sort.field), "direction": "DESC" if sort.descending else "ASC"}
        for sort in view.sorts
    ]
    if key:
        out["summaries"] = _sums(view, table)
    if out["type"] == "table":
        out["columnSize"] = {"file.name": _TITLE_WIDTH}
    return {name: value for name, value in out.items() if value != []}


def _further(view: View, table: Table) -> list[str]:
    """Return columns that a view here needs besides its own: the days it stands for, and figures over linked notes."""
    dates = [name for name in (view.date_field, view.end_field) if name]
    return dates if table.key == "sessions" or view.group_by else [*dates, *(f.key for f in table.fields if f.rollup)]


def _group(table: Table, key: str, interval: Interval | None) -> str:
    return f"formula.{ex.interval_key(key, interval)}" if interval else ex.column(table, key)


def _sums(view: View, table: Table) -> Base:
    """Return what stands at the head of each group: how many, and the sum (of ratings the average) of numbers."""
    numbers = [table.field(key) for key in view.fields if table.field(key).type == "number"]
    rest = {ex.operand(f): "Average" if f.maximum is not None else "Sum" for f in numbers}
    return {"file.name": "Filled", **rest}


def dashboard_base(blueprint: Blueprint, layout: Layout) -> str:
    """Return the base behind the dashboard: one table whose summary row is the figures, one grouped table a chart."""
    dashboard = blueprint.dashboard
    if dashboard is None:
        raise ValueError("this design has no dashboard")
    formulas: dict[str, str] = {}
    names: Base = {"file.name": {"displayName": blueprint.sessions.title.name}}
    for figure in dashboard.figures:
        formulas |= _figure_formula(figure, blueprint.table(figure.table), layout)
    for figure in dashboard.figures:
        names[_figure_column(figure)] = {"displayName": figure.name}
    for chart in dashboard.charts:
        if chart.interval:
            field = blueprint.table(chart.table).field(chart.group_by)
            formulas[ex.interval_key(field.key, chart.interval)] = ex.interval_formula(field, chart.interval)
    base: Base = {"formulas": formulas} if formulas else {}
    base["properties"] = names
    if dashboard.charts:
        base["summaries"] = {"bar": _BAR}
    base["views"] = [
        _figures_view(dashboard.figures, layout),
        *(_chart_view(c, blueprint, layout) for c in dashboard.charts),
    ]
    return yaml.document(base)


def _figure_formula(figure: Figure, table: Table, layout: Layout) -> dict[str, str]:
    if figure.filter is None:
        return {}
    test = ex.expression(figure.filter, table, layout)
    if figure.aggregate == "count":
        return {figure.key: f"if({test}, true, false)"}
    return {figure.key: f"if({test}, {ex.operand(table.field(figure.field))})"}


def _figure_column(figure: Figure) -> str:
    if figure.filter is not None:
        return f"formula.{figure.key}"
    return f"note.{figure.field}" if figure.field else "file.name"


def _figure_summary(figure: Figure) -> str:
    if figure.aggregate == "count":
        return "Filled" if figure.filter is None else "Checked"
    return "Sum" if figure.aggregate == "sum" else "Average"


def _figures_view(figures: Iterable[Figure], layout: Layout) -> Base:
    figures = tuple(figures)
    return {
        "type": "table",
        "name": FIGURES,
        "filters": {"and": _notes_of(figures[0].table, layout)},
        "order": list(dict.fromkeys(["file.name", *(_figure_column(figure) for figure in figures)])),
        "summaries": {_figure_column(figure): _figure_summary(figure) for figure in figures},
        "columnSize": {"file.name": _TITLE_WIDTH},
    }


def _chart_view(chart: Chart, blueprint: Blueprint, layout: Layout) -> Base:
    table = blueprint.table(chart.table)
    group = _group(table, chart.group_by, chart.interval)
    return {
        "type": "table",
        "name": chart.name,
        "filters": {"and": _notes_of(chart.table, layout)},
        "groupBy": {"property": group, "direction": "DESC" if chart.interval else "ASC"},
        "order": ["file.name", group],
        "summaries": {"file.name": "bar"},
        "columnSize": {"file.name": _TITLE_WIDTH},
    }


def related_views(blueprint: Blueprint) -> dict[str, list[tuple[str, str, str]]]:
    """Return, for each table, the views that list what links to a note of it: view name, far table, relation field.

    Such a view is embedded in the notes and names them with `this`.
    """
    found: dict[str, list[tuple[str, str, str]]] = {}
    for table in blueprint.tables:
        for field in table.fields:
            if field.relation is not None:
                here = blueprint.table(field.relation.table)
                name = f"{FOLDERS[table.key]} of this {here.singular.lower()}"
                if table.key == here.key:
                    name = f"{table.name} below this one"
                found.setdefault(here.key, []).append((name, table.key, field.key))
    return found


def related_base(blueprint: Blueprint, layout: Layout) -> str:
    """Return the base whose views list what links to the note they are embedded in, with how many and the latest."""
    views = []
    names: Base = {}
    for entries in related_views(blueprint).values():
        for name, far, field in entries:
            table = blueprint.table(far)
            shown = [key for key in _RELATED_COLUMNS if table.has(key)]
            names |= {f"note.{key}": {"displayName": table.field(key).name} for key in shown}
            views.append(_related_view(name, table, field, layout))
    return yaml.document({"properties": names, "views": views})


def _related_view(name: str, table: Table, field: str, layout: Layout) -> Base:
    shown = [key for key in _RELATED_COLUMNS if table.has(key)]
    latest = {"note.last_activity": "Latest"} if table.has("last_activity") else {}
    first = "note.last_activity" if latest else "file.name"
    return {
        "type": "table",
        "name": name,
        "filters": {"and": [*_notes_of(table.key, layout), f"list(note.{field}).contains(this)"]},
        "order": ["file.name", *(f"note.{key}" for key in shown)],
        "sort": [{"property": first, "direction": "DESC" if latest else "ASC"}],
        "summaries": {"file.name": "Filled", **latest},
        "columnSize": {"file.name": _TITLE_WIDTH},
    }
