"""Neutral filters in the words of Airtable's filter dialog, and as Airtable formulas.

The dialog has no "not", so negations are pushed down to the single conditions first. Where Airtable counts an empty
cell differently from `filters.py`, a condition on emptiness is added, so that both select the same rows.
Source of operators and date values: support.airtable.com "Filtering records using conditions".
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chatbuilder.blueprint import DaysSince, Field, Formula, Table
from chatbuilder.filters import And, Cmp, Filter, Me, Not, Op, Or, Today
from chatbuilder.generators.common.text import md

OPPOSITE: dict[Op, Op] = {
    "eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt",
    "has": "lacks", "lacks": "has", "empty": "not_empty", "not_empty": "empty",
}  # fmt: skip
_EMPTY: dict[Op, str] = {"empty": "is empty", "not_empty": "is not empty"}
_IS: dict[Op, str] = {"eq": "is", "ne": "is not", "has": "is", "lacks": "is not", **_EMPTY}
_AMONG: dict[Op, str] = {"has": "has any of", "lacks": "has none of", **_EMPTY}
_NUMBER: dict[Op, str] = {"eq": "=", "ne": "≠", "lt": "<", "le": "≤", "gt": ">", "ge": "≥", **_EMPTY}
_DATE: dict[Op, str] = {
    "eq": "is", "ne": "is not", "lt": "is before", "le": "is on or before", "gt": "is after", "ge": "is on or after",
    **_EMPTY,
}  # fmt: skip
OPERATORS: dict[str, dict[Op, str]] = {
    "title": _IS, "text": _IS, "long_text": _IS, "url": _IS, "select": _IS, "person": _IS,
    "multi_select": _AMONG, "relation": _AMONG, "number": _NUMBER, "rollup": _NUMBER, "formula": _NUMBER,
    "date": _DATE, "datetime": _DATE, "checkbox": {"eq": "is", "ne": "is not"},
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Condition:
    """One line of the filter dialog."""

    field: str
    operator: str
    value: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    """Lines joined by one word: all of them, or any of them."""

    any: bool
    parts: tuple[Condition | Group, ...]


def conditions(expr: Filter, table: Table) -> Group:
    """Return a filter as a group of lines for Airtable's dialog; ValueError for what the dialog cannot say."""
    found = _walk(expr, table, negated=False)
    return found if isinstance(found, Group) else Group(False, (found,))


def _walk(expr: Filter, table: Table, *, negated: bool) -> Condition | Group:
    match expr:
        case Not(part=part):
            return _walk(part, table, negated=not negated)
        case And(parts=parts) | Or(parts=parts):
            either = isinstance(expr, Or) != negated
            return _joined(either, [_walk(part, table, negated=negated) for part in parts])
        case Cmp():
            return _line(expr, table.field(expr.field), negated=negated)


def _joined(either: bool, parts: list[Condition | Group]) -> Group:
    """Merge groups of the same kind: Airtable nests two levels deep only."""
    flat: list[Condition | Group] = []
    for part in parts:
        same = isinstance(part, Group) and (part.any == either or len(part.parts) == 1)
        flat += part.parts if isinstance(part, Group) and same else (part,)
    return Group(either, tuple(dict.fromkeys(flat)))


def _line(cmp: Cmp, field: Field, *, negated: bool) -> Condition | Group:
    if isinstance(cmp.value, bool):
        yes = (cmp.value == (cmp.op == "eq")) != negated
        if field.type == "checkbox":
            return Condition(field.name, "is", "checked" if yes else "unchecked")
        return Condition(field.name, "=", "1" if yes else "0")  # our yes/no formulas give 1 or 0
    op = OPPOSITE[cmp.op] if negated else cmp.op
    names = OPERATORS[_shown_as(field)]
    if op not in names:
        raise ValueError(f"Airtable has no condition “{op}” for {field.name}")
    line = Condition(field.name, names[op], _value(cmp.value))
    # An order turned round lets empty cells through: not (x < 3) is true where x is empty.
    if negated and op in ("lt", "le", "gt", "ge"):
        return Group(True, (line, Condition(field.name, "is empty")))
    return _guarded(line, field, op)


def _shown_as(field: Field) -> str:
    """Return the type whose conditions the dialog offers: for the latest of linked days those of a date."""
    return "date" if field.rollup and field.rollup.function == "latest" else field.type


def _guarded(line: Condition, field: Field, op: Op) -> Condition | Group:
    kind = _shown_as(field)
    if kind not in ("number", "rollup", "formula", "date", "datetime"):
        return line
    if op == "ne":
        return Group(True, (line, Condition(field.name, "is empty")))
    # Airtable may read an empty cell as 0, or as a day before every other.
    if op in ("lt", "le") or (kind not in ("date", "datetime") and op in ("eq", "ge", "gt")):
        return Group(False, (line, Condition(field.name, "is not empty"))) if _zero_passes(line) else line
    return line


def _zero_passes(line: Condition) -> bool:
    tests: dict[str, Callable[[float], bool]] = {
        "=": lambda n: n == 0, "≥": lambda n: n <= 0, ">": lambda n: n < 0,
    }  # fmt: skip
    return line.operator not in tests or tests[line.operator](float(line.value))


def _value(value: Any) -> str:
    match value:
        case None:
            return ""
        case Today(days=0):
            return "today"
        case Today(days=days):
            return f"number of days {'ago' if days < 0 else 'from now'}: {abs(days)}"
        case Me():
            return "Current user"
        case _:
            return str(value)


def group_text(group: Group) -> str:
    """Return the lines as one Markdown sentence, groups in brackets."""
    word = "any of these" if group.any else "all of these"
    parts = [f"({group_text(p)})" if isinstance(p, Group) else _line_text(p) for p in group.parts]
    return f"{word}: {'; '.join(parts)}" if len(parts) > 1 else parts[0]


def _line_text(line: Condition) -> str:
    value = f" “{md(line.value)}”" if line.value else ""
    return f"**{md(line.field)}** *{line.operator}*{value}"


def formula_text(formula: Formula, table: Table) -> str:
    """Return a formula field's expression in Airtable's formula language (days are UTC calendar days)."""
    if isinstance(formula, DaysSince):
        name = _name(table.field(formula.field))
        return f"IF({name}, DATETIME_DIFF(TODAY(), DATESTR({name}), 'days'))"
    return f"IF({row_formula(formula.when, table)}, 1, 0)"


def row_formula(expr: Filter, table: Table) -> str:
    """Return a filter as an Airtable formula that is true for the same rows; also what `filterByFormula` takes.

    ValueError for a condition on the person who looks: a formula does not know them.
    """
    match expr:
        case Not(part=part):
            return f"NOT({row_formula(part, table)})"
        case And(parts=parts) | Or(parts=parts):
            word = "AND" if isinstance(expr, And) else "OR"
            return f"{word}({', '.join(row_formula(part, table) for part in parts)})"
        case Cmp():
            return _test(expr, table.field(expr.field))


_SIGNS: dict[Op, str] = {"eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def _test(cmp: Cmp, field: Field) -> str:
    if isinstance(cmp.value, Me):
        raise ValueError(f"an Airtable formula does not know who looks: {field.name}")
    name = _name(field)
    if isinstance(cmp.value, bool):
        return name if cmp.value == (cmp.op == "eq") else f"NOT({name})"
    if cmp.op in _EMPTY:
        return f"{name} {'=' if cmp.op == 'empty' else '!='} BLANK()"
    if cmp.op in ("has", "lacks"):
        # A link or a multiple select reads as its entries joined by ", "; no entry of ours holds a comma.
        found = f"FIND({_text(f', {cmp.value}, ')}, ', ' & {name} & ', ')"
        return found if cmp.op == "has" else f"NOT({found})"
    sign = _SIGNS[cmp.op]
    if isinstance(cmp.value, Today):
        day = "TODAY()" if cmp.value.days == 0 else f"DATEADD(TODAY(), {cmp.value.days}, 'days')"
        # IF keeps an empty date away from DATETIME_DIFF, which would answer with an error.
        test = f"DATETIME_DIFF(DATESTR({name}), DATESTR({day}), 'days') {sign} 0"
        return f"IF({name}, {test}, {int(cmp.op == 'ne')})"
    if isinstance(cmp.value, (int, float)):
        test = f"{name} {sign} {cmp.value}"
        return f"OR({name} = BLANK(), {test})" if cmp.op == "ne" else f"AND({name} != BLANK(), {test})"
    return f"{name} {sign} {_text(str(cmp.value))}"


def _name(field: Field) -> str:
    return "{" + field.name.replace("\\", "\\\\").replace("}", "\\}") + "}"


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
