"""Views: an overview of each table with everything computed, the blueprint's views, and the dashboard.

Every view reads tables only, never another view: tables only grow, so a view that later answers no longer want goes on
working.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from chatbuilder.blueprint import Blueprint, Chart, DaysSince, Field, Figure, Table, View
from chatbuilder.filters import Filter, fields_of
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
    return sql.view(overview_name(table), _select(table, table.fields, blueprint, sql))


def source(table: Table, keys: Iterable[str], blueprint: Blueprint, sql: Sql) -> str:
    """Return FROM … v with at least these fields: the table itself where it has them all as columns."""
    fields = [table.field(key) for key in dict.fromkeys(keys)]
    if not any(f.relation or f.rollup or f.formula for f in fields):
        return f"FROM {quote(table.key)} v"
    return f"FROM (\n{_select(table, fields, blueprint, sql)}\n) v"


def _select(table: Table, fields: Iterable[Field], blueprint: Blueprint, sql: Sql) -> str:
    fields = tuple(fields)
    formulas = [field for field in fields if field.formula]
    needed = dict.fromkeys([f.key for f in fields if not f.formula] + [key for f in formulas for key in _reads(f)])
    columns = ['t."id"', *(_column(table.field(key), table, blueprint, sql) for key in needed)]
    inner = "SELECT\n  " + ",\n  ".join(columns) + f"\nFROM {quote(table.key)} t"
    if not formulas:
        return inner
    worked_out = [f"  {_formula(f, table, sql)} AS {quote(column_name(f.key))}" for f in formulas]
    return "SELECT v.*,\n" + ",\n".join(worked_out) + f"\nFROM (\n{inner}\n) v"


def _reads(field: Field) -> list[str]:
    if isinstance(field.formula, DaysSince):
        return [field.formula.field]
    return sorted(fields_of(field.formula.when)) if field.formula else []


def _column(field: Field, table: Table, blueprint: Blueprint, sql: Sql) -> str:
    name = quote(column_name(field.key))
    if field.rollup:
        return f"{_rollup(field, blueprint)} AS {name}"
    if not field.relation:
        return f"t.{name}"
    other = blueprint.table(field.relation.table)
    title, rows = quote(other.title.key), f"FROM {quote(other.key)} r"
    if is_linked(field):
        near, far = (quote(c) for c in link_columns(table, other))
        joined = f'{rows} JOIN {quote(link_table(table, field))} l ON l.{far} = r."id" WHERE l.{near} = t."id"'
        return f"{sql.titles(title, joined)} AS {name}"
    return f'(SELECT r.{title} {rows} WHERE r."id" = t.{quote(stored_name(field))}) AS {name}'


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
        return sql.days_since(shown(field.formula.field), table.field(field.formula.field).type)
    if field.formula is None:
        raise ValueError(f"{field.key} is not a formula")
    return sql.boolean(condition(field.formula.when, table, sql))


def blueprint_view(view: View, blueprint: Blueprint, sql: Sql) -> str:
    """Return one view of the blueprint: its columns by key, filtered and ordered, with the id first."""
    table = blueprint.table(view.table)
    keys = view_columns(view)[1:]
    columns = ", ".join(shown(key) for key in ("id", *keys))
    rows = source(table, [*keys, *sorted(fields_of(view.filter)), *(s.field for s in view.sorts)], blueprint, sql)
    return sql.view(view.key, f"SELECT {columns}\n{rows}{where(view.filter, table, sql)}\n{order_by(view, table, sql)}")


def where(expr: Filter | None, table: Table, sql: Sql) -> str:
    """Return WHERE on a line of its own, or nothing."""
    return f"\nWHERE {condition(expr, table, sql)}" if expr is not None else ""


def view_columns(view: View) -> tuple[str, ...]:
    """Return the keys that a view shows: the id, its fields, and those it is grouped or placed by."""
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
    keys = [*([figure.field] if figure.field else []), *sorted(fields_of(figure.filter))]
    key, name = literal(figure.key, sql.name), literal(figure.name, sql.name)
    return (
        f'SELECT {position} AS "position", {key} AS "key", {name} AS "name", {sql.number.format(what)} AS "value"\n'
        f"{source(table, keys, blueprint, sql)}{where(figure.filter, table, sql)}"
    )


def _chart(chart: Chart, blueprint: Blueprint, sql: Sql) -> str:
    table = blueprint.table(chart.table)
    field = table.field(chart.group_by)
    column, rows = shown(field.key), source(table, [field.key], blueprint, sql)
    if chart.interval:
        label = sql.period(column, field.type, chart.interval)
        counted = f'SELECT {label} AS "label", count(*) AS "rows"\n{rows}\nWHERE {column} IS NOT NULL'
        return f"{counted}\nGROUP BY 1\nORDER BY 1"
    limit = f"\nLIMIT {chart.limit}" if chart.limit else ""
    label = f"coalesce({column}, '(none)')"
    order = sql.by_text(label)
    return f'SELECT {label} AS "label", count(*) AS "rows"\n{rows}\nGROUP BY 1\nORDER BY count(*) DESC, {order}{limit}'
