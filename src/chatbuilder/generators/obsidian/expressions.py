"""Filters and formulas in the expression language of Bases.

Sources: Obsidian help, "Bases syntax" and "Functions" (August 2026). The meaning is the one of `chatbuilder.filters`:
comparisons guard against empty properties, because in Bases, as in JavaScript, an empty one compares as zero.
"""

from __future__ import annotations

import json
from typing import Any

from chatbuilder.blueprint import DaysSince, Field, Interval, Rollup, Table
from chatbuilder.filters import And, Cmp, Filter, Me, Not, Or, Today
from chatbuilder.generators.obsidian.layout import ME, Layout, plain_text

Tree = str | dict[str, Any]
_OPERATORS = {"eq": "==", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_FORMATS: dict[Interval, str] = {"day": "YYYY-MM-DD", "week": "GGGG-[W]WW", "month": "YYYY-MM"}


def string(text: str) -> str:
    """Return a text literal."""
    return json.dumps(text, ensure_ascii=False)


def computed(field: Field) -> bool:
    """Tell whether a field is a formula of the base and not a property of the notes."""
    return field.formula is not None or field.rollup is not None


def column(table: Table, key: str) -> str:
    """Return the property id of a field: the title is the note itself."""
    field = table.field(key)
    return "file.name" if field.type == "title" else operand(field)


def operand(field: Field) -> str:
    """Return how an expression names a field; `note.` keeps `value` or `link` from being taken for a function."""
    return f"formula.{field.key}" if computed(field) else f"note.{field.key}"


def tree(expr: Filter, table: Table, layout: Layout) -> Tree:
    """Return a filter as the and/or/not objects of a base, with one statement a line."""
    match expr:
        case And(parts=parts):
            return {"and": [item for part in parts for item in _branches(tree(part, table, layout), "and")]}
        case Or(parts=parts):
            return {"or": [item for part in parts for item in _branches(tree(part, table, layout), "or")]}
        case Not(part=part):
            return {"not": [tree(part, table, layout)]}
        case Cmp():
            terms = _terms(expr, table, layout)
            return terms[0] if len(terms) == 1 else {"and": terms}


def _branches(branch: Tree, joint: str) -> list[Tree]:
    return branch[joint] if isinstance(branch, dict) and joint in branch else [branch]


def expression(expr: Filter, table: Table, layout: Layout) -> str:
    """Return a filter as one expression, for formulas."""
    match expr:
        case And(parts=parts):
            return _joined(" && ", [expression(part, table, layout) for part in parts], "true")
        case Or(parts=parts):
            return _joined(" || ", [expression(part, table, layout) for part in parts], "false")
        case Not(part=part):
            return f"!({expression(part, table, layout)})"
        case Cmp():
            return _joined(" && ", _terms(expr, table, layout), "true")


def _joined(joint: str, parts: list[str], nothing: str) -> str:
    return parts[0] if len(parts) == 1 else f"({joint.join(parts)})" if parts else nothing


def _terms(cmp: Cmp, table: Table, layout: Layout) -> list[str]:
    """Return the statements that must all hold for a comparison."""
    field = table.field(cmp.field)
    name = operand(field)
    if cmp.op in ("empty", "not_empty"):
        return [f"{'!' if cmp.op == 'not_empty' else ''}{name}.isEmpty()"]
    if isinstance(cmp.value, bool):
        return [f"{name} {'==' if cmp.value == (cmp.op == 'eq') else '!='} true"]
    if cmp.op in ("has", "lacks") or field.relation is not None or field.type == "multi_select":
        wanted = cmp.op in ("has", "eq")
        return [f"{'' if wanted else '!'}list({name}).contains({_entry(cmp.value, field, layout)})"]
    if isinstance(cmp.value, Today):
        return _day_terms(cmp.op, name, field, cmp.value)
    if cmp.value == "":
        return ["true" if cmp.op == "ne" else "false"]
    literal = _literal(cmp.value, field)
    guard = [] if cmp.op in ("eq", "ne") else [f"!{name}.isEmpty()"]
    return [*guard, f"{name} {_OPERATORS[cmp.op]} {literal}"]


def _entry(value: object, field: Field, layout: Layout) -> str:
    if isinstance(value, Me):
        return string(ME)
    if field.relation is not None:
        return f"link({string(layout.note(field.relation.table, str(value)))})"
    return _literal(value, field)


def _literal(value: object, field: Field) -> str:
    if isinstance(value, Me):
        return string(ME)
    return str(value) if isinstance(value, (int, float)) else string(plain_text(field, str(value)))


def _day_terms(op: str, name: str, field: Field, today: Today) -> list[str]:
    moment = "today()" if not today.days else f'today() {"+" if today.days > 0 else "-"} "{abs(today.days)}d"'
    day = f"{name}.date()" if field.type == "datetime" else name
    if op in ("eq", "ne"):  # as text: two date objects of one day need not be equal
        same = f'{day}.format("YYYY-MM-DD") {_OPERATORS[op]} ({moment}).format("YYYY-MM-DD")'
        return [f"!{name}.isEmpty()", same] if op == "eq" else [f"({name}.isEmpty() || {same})"]
    return [f"!{name}.isEmpty()", f"{day} {_OPERATORS[op]} {moment}"]


def formula(field: Field, table: Table, layout: Layout) -> str:
    """Return the formula of a computed field."""
    if field.rollup is not None:
        return rollup(field.rollup, layout)
    if isinstance(field.formula, DaysSince):
        source = table.field(field.formula.field)
        day = f"{operand(source)}.date()" if source.type == "datetime" else operand(source)
        # Milliseconds, because subtracting dates gives them or a duration, by version; 25-hour days make it round.
        return f"if({operand(source)}, ((number(today()) - number({day})) / 86400000).round())"
    if field.formula is None:
        raise ValueError(f"{field.key} is not computed")
    return f"if({expression(field.formula.when, table, layout)}, true, false)"


def rollup(figure: Rollup, layout: Layout) -> str:
    """Return a figure over the notes whose property links here; it walks the backlinks, the reverse of the relation."""
    there = f"value.asFile().inFolder({string(layout.folder(figure.table))})"
    mine = f"list(value.asFile().properties.{figure.via}).contains(file)"
    linked = f"file.backlinks.filter({there} && {mine})"
    if figure.function == "count":
        return f"{linked}.length"
    values = f"{linked}.map(value.asFile().properties.{figure.field}).filter(!value.isEmpty())"
    if figure.function == "sum":
        return f"{values}.reduce(acc + value, 0)"
    return f"{values}.sort().reverse()[0]"


def interval_key(field: str, interval: Interval) -> str:
    """Return the name of the formula that gives a date's day, week or month."""
    return f"{field}_{interval}"


def interval_formula(field: Field, interval: Interval) -> str:
    """Return a date's day, week (ISO) or month as text that sorts by time; empty for no date."""
    return f"if({operand(field)}, {operand(field)}.format({string(_FORMATS[interval])}))"
