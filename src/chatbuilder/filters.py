"""Filters as a small expression tree, and the reference evaluator that says what they mean.

Every generator translates this tree into its platform's dialect; the evaluator here is the judge.

Meaning, for every dialect:
* a value is *empty* when it is missing, "" or has no entries; a checkbox is never empty (missing = false);
* `eq`, `lt`, `le`, `gt`, `ge`, `has` are false for an empty value; `ne` and `lacks` are true for an empty value;
* `has`/`lacks` ask whether a multi-select, person or relation value contains one entry, compared exactly;
* dates and times are compared by their UTC calendar day with `Today(n)`, which is n days after today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any, Literal

Op = Literal["eq", "ne", "lt", "le", "gt", "ge", "has", "lacks", "empty", "not_empty"]


@dataclass(frozen=True, slots=True)
class Today:
    """A day relative to the day the view is looked at, in days: Today(-7) is a week ago."""

    days: int = 0


@dataclass(frozen=True, slots=True)
class Me:
    """The person who looks at the view."""


Literal_ = str | int | float | bool
Value = Literal_ | Today | Me | None


@dataclass(frozen=True, slots=True)
class Cmp:
    """One comparison of a field (by key) with a value; `value` is None for empty and not_empty."""

    field: str
    op: Op
    value: Value = None


@dataclass(frozen=True, slots=True)
class And:
    """True when every part is true."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """True when at least one part is true."""

    parts: tuple[Filter, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True when the part is false."""

    part: Filter


Filter = Cmp | And | Or | Not
Row = Mapping[str, Any]


def all_of(*parts: Filter | None) -> Filter | None:
    """Join filters with And, leaving out None; None when nothing is left."""
    kept = tuple(part for part in parts if part is not None)
    if len(kept) < 2:
        return kept[0] if kept else None
    return And(kept)


def fields_of(expr: Filter | None) -> set[str]:
    """Return the keys of all fields that a filter reads."""
    match expr:
        case None:
            return set()
        case Cmp(field=key):
            return {key}
        case Not(part=part):
            return fields_of(part)
        case And(parts=parts) | Or(parts=parts):
            return set().union(*(fields_of(part) for part in parts))


_OPPOSITE: dict[Op, tuple[Op, ...]] = {
    "eq": ("ne",), "ne": ("eq",), "has": ("lacks",), "lacks": ("has",), "empty": ("not_empty",),
    "not_empty": ("empty",), "lt": ("ge", "empty"), "ge": ("lt", "empty"), "gt": ("le", "empty"), "le": ("gt", "empty"),
}  # fmt: skip


def alternatives(expr: Filter | None, *, wanted: bool = True) -> tuple[tuple[Cmp, ...], ...]:
    """Return a filter without And, Or and Not: a row passes when it passes every comparison of one alternative.

    For dialects without brackets. Without `wanted` the rows that do not pass are meant.
    """
    match expr:
        case None:
            return ((),) if wanted else ()
        case Not(part=part):
            return alternatives(part, wanted=not wanted)
        case Cmp(field=key, op=op, value=value):
            ops = (op,) if wanted else _OPPOSITE[op]
            return tuple((Cmp(key, each, None if each in ("empty", "not_empty") else value),) for each in ops)
        case And(parts=parts) | Or(parts=parts):
            each = [alternatives(part, wanted=wanted) for part in parts]
            if isinstance(expr, Or) == wanted:
                return tuple(found for part in each for found in part)
            return tuple(tuple(cmp for part in choice for cmp in part) for choice in product(*each))


def is_empty(value: Any) -> bool:
    """Tell whether a value counts as empty."""
    return value is None or value == "" or (isinstance(value, (list, tuple, set)) and not value)


def matches(expr: Filter | None, row: Row, *, today: date, me: str = "") -> bool:
    """Tell whether a row (field key -> value) passes a filter; None passes everything."""
    match expr:
        case None:
            return True
        case And(parts=parts):
            return all(matches(part, row, today=today, me=me) for part in parts)
        case Or(parts=parts):
            return any(matches(part, row, today=today, me=me) for part in parts)
        case Not(part=part):
            return not matches(part, row, today=today, me=me)
        case Cmp():
            return _compare(expr, row.get(expr.field), today, me)


def _compare(cmp: Cmp, value: Any, today: date, me: str) -> bool:
    if cmp.op == "empty":
        return is_empty(value)
    if cmp.op == "not_empty":
        return not is_empty(value)
    wanted = _literal(cmp.value, today, me)
    if isinstance(wanted, bool):
        return (bool(value) == wanted) == (cmp.op == "eq")
    if is_empty(value):
        return cmp.op in ("ne", "lacks")
    if cmp.op in ("has", "lacks"):
        entries = value if isinstance(value, (list, tuple, set)) else (value,)
        return (wanted in entries) == (cmp.op == "has")
    return _ORDER[cmp.op](_day(value) if isinstance(wanted, date) else value, wanted)


_ORDER: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda a, b: a == b,
    "ne": lambda a, b: a != b,
    "lt": lambda a, b: a < b,
    "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b,
    "ge": lambda a, b: a >= b,
}


def _literal(value: Value, today: date, me: str) -> Any:
    if isinstance(value, Today):
        return today + timedelta(days=value.days)
    return me if isinstance(value, Me) else value


def _day(value: Any) -> date:
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if len(value) > 10 else date.fromisoformat(value)
    if isinstance(value, datetime):
        return (value.astimezone(UTC) if value.tzinfo else value).date()
    return value if isinstance(value, date) else date.min


def select_rows(expr: Filter | None, rows: Iterable[Row], *, today: date, me: str = "") -> list[Row]:
    """Return the rows that pass, in their order."""
    return [row for row in rows if matches(expr, row, today=today, me=me)]
