"""Neutral filters and sorts in the shape of Notion's data-source query, which views use too.

What Notion's operators do with empty values was checked against recorded answers of the API: `does_not_equal` and
`does_not_contain` keep empty values, all other comparisons drop them, as `chatbuilder.filters` demands.
Relative days exist for today, yesterday, tomorrow and one week or month before and after (SDK type
RelativeDateValue); a month is no fixed number of days, so it is not used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from typing import Any, Literal

from chatbuilder.blueprint import DaysSince, Field, Sort, Table, Test
from chatbuilder.filters import And, Cmp, Filter, Me, Not, Op, Or, Today
from chatbuilder.generators.common.words import filter_text
from chatbuilder.generators.notion.formulas import result_type
from chatbuilder.generators.notion.rich import Json

RELATIVE = {0: "today", -1: "yesterday", 1: "tomorrow", -7: "one_week_ago", 7: "one_week_from_now"}
_OPPOSITE: dict[Op, Op] = {
    "eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "le": "gt", "gt": "le",
    "has": "lacks", "lacks": "has", "empty": "not_empty", "not_empty": "empty",
}  # fmt: skip
_ORDERED: tuple[Op, ...] = ("lt", "le", "gt", "ge")
_DATE_OPS = {"eq": "equals", "lt": "before", "le": "on_or_before", "gt": "after", "ge": "on_or_after"}
_NUMBER_OPS = {
    "eq": "equals", "ne": "does_not_equal", "lt": "less_than", "le": "less_than_or_equal_to",
    "gt": "greater_than", "ge": "greater_than_or_equal_to",
}  # fmt: skip
_ONE_OPS = {"eq": "equals", "ne": "does_not_equal", "has": "equals", "lacks": "does_not_equal"}
_MANY_OPS = {"has": "contains", "lacks": "does_not_contain"}
_DAY_MIRROR: dict[str, Op] = {"eq": "eq", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_DATES = ("date", "datetime")
_TYPES = {
    "title": "title", "text": "rich_text", "long_text": "rich_text", "url": "url", "number": "number", "date": "date",
    "datetime": "date", "checkbox": "checkbox", "select": "select", "multi_select": "multi_select",
    "person": "people", "relation": "relation",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Query:
    """A filter for Notion (None keeps every row) and the conditions, in words, that Notion cannot be told.

    A condition that cannot be told is left out, so the view may show more rows, never fewer.
    """

    filter: Json | None
    untold: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Leaf:
    """One condition in Notion's own words."""

    body: Json


@dataclass(frozen=True, slots=True)
class _Group:
    kind: Literal["and", "or"]
    parts: tuple[_Node, ...]


_Node = _Leaf | _Group


def to_query(expr: Filter | None, table: Table, *, charts: bool = False) -> Query:
    """Return a filter as Notion has it: at most a group within a group. `charts` avoids relative dates altogether."""
    if expr is None:
        return Query(None)
    untold: list[str] = []
    node = _tree(_positive(expr, table), table, untold, charts)
    return Query(None if node is None else _json(_shallow(node)), tuple(dict.fromkeys(untold)))


def to_sorts(sorts: Iterable[Sort], table: Table) -> list[Json]:
    """Return sorts by property name."""
    return [
        {"property": table.field(s.field).name, "direction": "descending" if s.descending else "ascending"}
        for s in sorts
    ]


def notion_type(field: Field) -> str:
    """Return the property type that a field has in Notion."""
    return "formula" if field.formula else "rollup" if field.rollup else _TYPES[field.type]


def _positive(expr: Filter, table: Table) -> Filter:
    """Push Not down to the comparisons and spell out what Notion has no operator for."""
    match expr:
        case And(parts=parts):
            return And(tuple(_positive(part, table) for part in parts))
        case Or(parts=parts):
            return Or(tuple(_positive(part, table) for part in parts))
        case Not(part=part):
            return _positive(_negated(part, table), table)
        case Cmp():
            return _spelled(expr, table.field(expr.field))


def _negated(expr: Filter, table: Table) -> Filter:
    match expr:
        case And(parts=parts):
            return Or(tuple(Not(part) for part in parts))
        case Or(parts=parts):
            return And(tuple(Not(part) for part in parts))
        case Not(part=part):
            return part
        case Cmp(field=key, op=op, value=value):
            turned = Cmp(key, _OPPOSITE[op], value)
            return Or((turned, Cmp(key, "empty"))) if op in _ORDERED else turned


def _is_checkbox(field: Field) -> bool:
    return field.type == "checkbox" or isinstance(field.formula, Test)


def _spelled(cmp: Cmp, field: Field) -> Filter:
    """A checkbox is never empty, and dates have no "is not"."""
    if _is_checkbox(field) and cmp.op in ("empty", "not_empty"):
        both = (Cmp(cmp.field, "eq", True), Cmp(cmp.field, "eq", False))
        return And(both) if cmp.op == "empty" else Or(both)
    if field.type in _DATES and cmp.op == "ne":
        return Or((Cmp(cmp.field, "lt", cmp.value), Cmp(cmp.field, "gt", cmp.value), Cmp(cmp.field, "empty")))
    return cmp


def _tree(expr: Filter, table: Table, untold: list[str], charts: bool) -> _Node | None:
    """Return the tree in Notion's words; None stands for "every row"."""
    match expr:
        case And(parts=parts):
            told = [node for part in parts if (node := _tree(part, table, untold, charts)) is not None]
            return _group("and", told) if told else None
        case Or(parts=parts):
            nodes = [_tree(part, table, untold, charts) for part in parts]
            kept = [node for node in nodes if node is not None]
            return _group("or", kept) if len(kept) == len(nodes) else None
        case Cmp():
            condition = _leaf(expr, table, charts)
            if condition is None:
                untold.append(filter_text(expr, table))
                return None
            return _Leaf(condition)
        case Not():
            raise AssertionError("Not was pushed down before")


def _group(kind: Literal["and", "or"], nodes: list[_Node]) -> _Node:
    """Join nodes, with groups of the same kind opened up and repeats left out."""
    flat: list[_Node] = []
    for node in nodes:
        inner = node.parts if isinstance(node, _Group) and node.kind == kind else (node,)
        flat += [part for part in inner if part not in flat]
    return flat[0] if len(flat) == 1 else _Group(kind, tuple(flat))


def _depth(node: _Node) -> int:
    return 1 + max(_depth(part) for part in node.parts) if isinstance(node, _Group) else 0


def _shallow(node: _Node) -> _Node:
    """Return an equal tree of at most two levels: an "or" of "and"s where the tree was deeper."""
    return node if _depth(node) <= 2 else _group("or", [_group("and", list(row)) for row in _cases(node)])


def _cases(node: _Node) -> list[tuple[_Node, ...]]:
    if isinstance(node, _Leaf):
        return [(node,)]
    inner = [_cases(part) for part in node.parts]
    if node.kind == "or":
        return [case for cases in inner for case in cases]
    return [tuple(leaf for case in row for leaf in case) for row in product(*inner)]


def _json(node: _Node) -> Json:
    return {node.kind: [_json(part) for part in node.parts]} if isinstance(node, _Group) else node.body


def _leaf(cmp: Cmp, table: Table, charts: bool) -> Json | None:
    field = table.field(cmp.field)
    if field.type in _DATES and isinstance(cmp.value, Today) and (charts or cmp.value.days not in RELATIVE):
        return _by_days(cmp, cmp.value, table)
    condition = _condition(cmp, field)
    return None if condition is None else {"property": field.name, notion_type(field): condition}


def _by_days(cmp: Cmp, day: Today, table: Table) -> Json | None:
    """Say “30 days ago or earlier” with a formula that counts the days since that date, when the table has one."""
    for field in table.fields:
        if field.formula == DaysSince(cmp.field) and cmp.op in _DAY_MIRROR:
            return _leaf(Cmp(field.key, _DAY_MIRROR[cmp.op], -day.days), table, charts=False)
    return None


def _condition(cmp: Cmp, field: Field) -> Json | None:
    if field.formula:
        kind = result_type(field.formula)
        inner = _number(cmp) if kind == "number" else _checkbox(cmp)
        return None if inner is None else {kind: inner}
    if field.rollup:
        dated = field.rollup.function == "latest"
        inner = _date(cmp) if dated else _number(cmp)
        return None if inner is None else {"date" if dated else "number": inner}
    if field.type == "checkbox":
        return _checkbox(cmp)
    if cmp.op in ("empty", "not_empty"):
        return _existence(cmp)
    return _by_type(cmp, field)


def _by_type(cmp: Cmp, field: Field) -> Json | None:
    if field.type == "number":
        return _number(cmp)
    if field.type in _DATES:
        return _date(cmp)
    if field.type == "person":
        return _named(_MANY_OPS, cmp, "me") if isinstance(cmp.value, Me) else None
    if field.type == "relation" or not isinstance(cmp.value, str):
        return None  # a relation is filtered by page id, which no design knows
    return _named(_MANY_OPS if field.type == "multi_select" else _ONE_OPS, cmp, cmp.value)


def _existence(cmp: Cmp) -> Json:
    return {"is_empty" if cmp.op == "empty" else "is_not_empty": True}


def _checkbox(cmp: Cmp) -> Json | None:
    return {"equals": cmp.value == (cmp.op == "eq")} if isinstance(cmp.value, bool) and cmp.op in ("eq", "ne") else None


def _number(cmp: Cmp) -> Json | None:
    if cmp.op in ("empty", "not_empty"):
        return _existence(cmp)
    return _named(_NUMBER_OPS, cmp, cmp.value) if isinstance(cmp.value, (int, float)) else None


def _date(cmp: Cmp) -> Json | None:
    if cmp.op in ("empty", "not_empty"):
        return _existence(cmp)
    if isinstance(cmp.value, Today):
        return _named(_DATE_OPS, cmp, RELATIVE[cmp.value.days]) if cmp.value.days in RELATIVE else None
    return _named(_DATE_OPS, cmp, cmp.value) if isinstance(cmp.value, str) else None


def _named(operators: dict[str, str], cmp: Cmp, value: Any) -> Json | None:
    return {operators[cmp.op]: value} if cmp.op in operators else None
