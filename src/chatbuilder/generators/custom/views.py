"""Views: an overview of each table with everything computed, the blueprint's views on top, and the dashboard."""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.blueprint import Blueprint, Chart, DaysSince, Field, Figure, Table, View
from chatbuilder.generators.common.schema import (
    column_name,
    is_linked,
    link_columns,
    link_table,
    literal,
    quote,
    stored_name,
)
from chatbuilder.generators.custom.expressions import Sql, condition, order_by, shown


def overview_name(table: Table) -> str:
    """Return the name of the view that shows a whole table."""
    return f"{table.key}_overview"


def overview(table: Table, blueprint: Blueprint, sql: Sql) -> str:
    """Return a view of every field by its key: links by title, lists as JSON arrays, figures worked out."""
    columns = ['t."id"', *(_shown(field, table, blueprint, sql) for field in table.fields if not field.formula)]
    inner = "SELECT\n  " + ",\n  ".join(columns) + f"\nFROM {quote(table.key)} t"
    formulas = [f"  {_formula(f, table, sql)} AS {quote(column_name(f.key))}" for f in table.fields if f.formula]
    if formulas:
        inner = "SELECT v.*,\n" + ",\n".join(formulas) + f"\nFROM (\n{inner}\n) v"
    return sql.view(overview_name(table), inner)


def _shown(field: Field, table: Table, blueprint: Blueprint, sql: Sql) -> str:
    name = quote(column_name(field.key))
    if field.rollup:
        return f"{_rollup(field, blueprint)} AS {name}"
    if not field.relation:
        return f"t.{name}"
    other = blueprint.table(field.relation.table)
    title, source = quote(other.title.key), f"FROM {quote(other.key)} r"
    if is_linked(field):
        near, far = (quote(c) for c in link_columns(table, other))
        joined = f'{source} JOIN {quote(link_table(table, field))} l ON l.{far} = r."id" WHERE l.{near} = t."id"'
        return f"{sql.titles(title, joined)} AS {name}"
    return f'(SELECT r.{title} {source} WHERE r."id" = t.{quote(stored_name(field))}) AS {name}'


def _rollup(field: Field, blueprint: Blueprint) -> str:
    rollup = field.rollup
    if rollup is None:
        raise ValueError(f"{field.key} is not a rollup")
    other = blueprint.table(rollup.table)
    via = quote(stored_name(other.field(rollup.via)))
    what = {"count": "count(*)", "latest": f"max(r.{quote(rollup.field)})", "sum": f"sum(r.{quote(rollup.field)})"}
    return f'(SELECT {what[rollup.function]} FROM {quote(other.key)} r WHERE r.{via} = t."id")'


def _formula(field: Field, table: Table, sql: Sql) -> str:
    if isinstance(field.formula, DaysSince):
        source = table.field(field.formula.field)
        return sql.days_since(shown(source.key), source.type)
    if field.formula is None:
        raise ValueError(f"{field.key} is not a formula")
    return sql.boolean(condition(field.formula.when, table, sql))


def blueprint_view(view: View, blueprint: Blueprint, sql: Sql) -> str:
    """Return one view of the blueprint: its columns by key, filtered and ordered, with the id first."""
    table = blueprint.table(view.table)
    where = f"\nWHERE {condition(view.filter, table, sql)}" if view.filter is not None else ""
    columns = ", ".join(shown(name) for name in view_columns(view))
    body = f"SELECT {columns}\nFROM {quote(overview_name(table))} v{where}\n{order_by(view, table, sql)}"
    return sql.view(view.key, body)


def view_columns(view: View) -> tuple[str, ...]:
    """Return the keys that a view shows: its fields, and those it is grouped or placed by."""
    keys = (*view.fields, view.group_by, view.date_field, view.end_field)
    return ("id", *dict.fromkeys(key for key in keys if key))


def dashboard(blueprint: Blueprint, sql: Sql) -> Iterator[tuple[str, str]]:
    """Yield names and views of the dashboard: one with all headline figures, and one for each chart."""
    if blueprint.dashboard is None:
        return
    figures = [_figure(n, figure, blueprint, sql) for n, figure in enumerate(blueprint.dashboard.figures, 1)]
    body = "\nUNION ALL\n".join(figures) + '\nORDER BY "position"'
    yield "dashboard_figures", sql.view("dashboard_figures", body)
    for chart in blueprint.dashboard.charts:
        name = f"dashboard_{chart.key}"
        yield name, sql.view(name, _chart(chart, blueprint, sql))


def _figure(position: int, figure: Figure, blueprint: Blueprint, sql: Sql) -> str:
    table = blueprint.table(figure.table)
    column = shown(figure.field)
    what = {"count": "count(*)", "sum": f"sum({column})", "average": f"avg({column})"}[figure.aggregate]
    where = f" WHERE {condition(figure.filter, table, sql)}" if figure.filter is not None else ""
    key, name = literal(figure.key, sql.name), literal(figure.name, sql.name)
    return (
        f'SELECT {position} AS "position", {key} AS "key", {name} AS "name", '
        f'{sql.number.format(what)} AS "value" FROM {quote(overview_name(table))} v{where}'
    )


def _chart(chart: Chart, blueprint: Blueprint, sql: Sql) -> str:
    table = blueprint.table(chart.table)
    field = table.field(chart.group_by)
    column = shown(field.key)
    source = f"FROM {quote(overview_name(table))} v"
    if chart.interval:
        label = sql.period(column, field.type, chart.interval)
        counted = f'SELECT {label} AS "label", count(*) AS "rows"\n{source}\nWHERE {column} IS NOT NULL'
        return f"{counted}\nGROUP BY 1\nORDER BY 1"
    limit = f"\nLIMIT {chart.limit}" if chart.limit else ""
    label = f"coalesce({column}, '(none)')"
    order = sql.by_text(label)
    return (
        f'SELECT {label} AS "label", count(*) AS "rows"\n{source}\nGROUP BY 1\nORDER BY count(*) DESC, {order}{limit}'
    )
