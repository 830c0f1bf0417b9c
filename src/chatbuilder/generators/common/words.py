"""Neutral expressions in plain English, for guides and descriptions."""

from __future__ import annotations

from chatbuilder.blueprint import Blueprint, Table, View
from chatbuilder.filters import And, Cmp, Filter, Me, Not, Or, Today
from chatbuilder.generators.common.text import md

_OPS = {
    "eq": "is", "ne": "is not", "lt": "is before", "le": "is on or before", "gt": "is after", "ge": "is on or after",
    "has": "contains", "lacks": "does not contain", "empty": "is empty", "not_empty": "is not empty",
}  # fmt: skip
_NUMBER_OPS = {**_OPS, "lt": "is less than", "le": "is at most", "gt": "is more than", "ge": "is at least"}


def filter_text(expr: Filter | None, table: Table) -> str:
    """Return a filter as a sentence part, such as “Status is Active and Value is at least 4”; "" for no filter."""
    match expr:
        case None:
            return ""
        case Cmp(field=key, op=op, value=value):
            names = _NUMBER_OPS if isinstance(value, (int, float)) else _OPS
            return f"{table.field(key).name} {names[op]} {_value_text(value)}".rstrip()
        case Not(part=part):
            return f"not ({filter_text(part, table)})"
        case And(parts=parts):
            return " and ".join(_wrapped(part, table) for part in parts)
        case Or(parts=parts):
            return " or ".join(_wrapped(part, table) for part in parts)


def _wrapped(part: Filter, table: Table) -> str:
    text = filter_text(part, table)
    return f"({text})" if isinstance(part, (And, Or)) else text


def _value_text(value: object) -> str:
    match value:
        case None:
            return ""
        case Today(days=0):
            return "today"
        case Today(days=days):
            count = "1 day" if abs(days) == 1 else f"{abs(days)} days"
            return f"{count} {'ago' if days < 0 else 'from now'}"
        case Me():
            return "me"
        case bool():
            return "checked" if value else "not checked"
        case _:
            return str(value)


def views_text(blueprint: Blueprint) -> str:
    """Return all views as a Markdown section."""
    lines = ["## Views", ""]
    lines += [f"- **{md(v.name)}** ({v.kind}): {md(v.about)} {md(view_text(v, blueprint))}" for v in blueprint.views]
    return "\n".join(lines) + "\n"


def view_text(view: View, blueprint: Blueprint) -> str:
    """Return how a view is set up, such as “Filter: … · Group by: … · Sort: …”."""
    table = blueprint.table(view.table)
    parts = []
    if view.filter is not None:
        parts.append(f"Filter: {filter_text(view.filter, table)}")
    if view.group_by:
        parts.append(f"Group by: {table.field(view.group_by).name}")
    if view.date_field:
        end = f" to {table.field(view.end_field).name}" if view.end_field else ""
        parts.append(f"Dates: {table.field(view.date_field).name}{end}")
    if view.sorts:
        order = ", ".join(
            f"{table.field(s.field).name} {'descending' if s.descending else 'ascending'}" for s in view.sorts
        )
        parts.append(f"Sort: {order}")
    parts.append("Columns: " + ", ".join(table.field(key).name for key in view.fields))
    return " · ".join(parts)
