"""Neutral formulas as Notion formula text.

Only functions and operators of Notion's formula language that exist in both of its generations are used
(notion.com/help/formula-syntax). A date and time is compared by its UTC day, a date as it stands.
"""

from __future__ import annotations

import json

from chatbuilder.blueprint import DaysSince, Field, Formula, Table
from chatbuilder.filters import And, Cmp, Filter, Not, Or, Today

_DAY = 86_400_000  # milliseconds
_ORDER = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_SAME = {"eq": "==", "has": "==", "ne": "!=", "lacks": "!="}
_WORDS = ("title", "text", "long_text", "url", "select")
_MIRROR = {"eq": "==", "ne": "!=", "lt": ">", "le": ">=", "gt": "<", "ge": "<="}


def expression(formula: Formula, table: Table) -> str:
    """Return the text of a formula property. ValueError for a comparison that Notion formulas cannot make."""
    if isinstance(formula, DaysSince):
        field = table.field(formula.field)
        return f'if(empty({_prop(field)}), toNumber(""), {_days(field)})'
    return _condition(formula.when, table)


def result_type(formula: Formula) -> str:
    """Return the key under which Notion filters the result: number or checkbox."""
    return "number" if isinstance(formula, DaysSince) else "checkbox"


def quoted(value: str) -> str:
    """Return a text as formulas write it."""
    return json.dumps(value, ensure_ascii=False)


def _prop(field: Field) -> str:
    return f"prop({quoted(field.name)})"


def _days(field: Field) -> str:
    if field.type == "datetime":
        return f"floor(timestamp(now()) / {_DAY}) - floor(timestamp({_prop(field)}) / {_DAY})"
    day = 'parseDate(formatDate({}, "YYYY-MM-DD"))'
    return f'dateBetween({day.format("now()")}, {day.format(_prop(field))}, "days")'


def _condition(expr: Filter, table: Table) -> str:
    match expr:
        case And(parts=parts):
            return " and ".join(f"({_condition(part, table)})" for part in parts)
        case Or(parts=parts):
            return " or ".join(f"({_condition(part, table)})" for part in parts)
        case Not(part=part):
            return f"not({_condition(part, table)})"
        case Cmp():
            return _compare(expr, table.field(expr.field))


def _compare(cmp: Cmp, field: Field) -> str:
    prop, value = _prop(field), cmp.value
    if cmp.op in ("empty", "not_empty"):
        return _existence(cmp.op, field)
    if isinstance(value, Today):
        return _guarded(prop, f"{_days(field)} {_MIRROR[cmp.op]} {-value.days}", cmp.op)
    if isinstance(value, bool):
        return prop if value == (cmp.op == "eq") else f"not({prop})"
    if isinstance(value, (int, float)):
        return _guarded(prop, f"{prop} {_ORDER[cmp.op]} {value}", cmp.op)
    if isinstance(value, str) and field.type == "multi_select" and cmp.op in ("has", "lacks"):
        found = f"includes({prop}, {quoted(value)})"
        return found if cmp.op == "has" else f"not({found})"
    if isinstance(value, str) and field.type in _WORDS and cmp.op in _SAME:
        return f"{prop} {_SAME[cmp.op]} {quoted(value)}"
    raise ValueError(f"a Notion formula cannot say {cmp}")


def _existence(op: str, field: Field) -> str:
    if field.type == "checkbox":
        return "false" if op == "empty" else "true"
    return f"empty({_prop(field)})" if op == "empty" else f"not(empty({_prop(field)}))"


def _guarded(prop: str, test: str, op: str) -> str:
    """An empty value passes `ne` and fails every other comparison."""
    return f"if(empty({prop}), {'true' if op == 'ne' else 'false'}, {test})"
