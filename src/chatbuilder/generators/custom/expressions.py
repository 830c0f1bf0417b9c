"""What SQLite and PostgreSQL say differently, and filters, sorts and groups as SQL over a table's columns.

A leaf may be NULL where the reference (`chatbuilder.filters`) says false. That is harmless under AND and OR, which
never turn NULL into true when false would not; NOT closes it first.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from chatbuilder.blueprint import Field, Interval, Table, View
from chatbuilder.filters import And, Cmp, Filter, Me, Not, Or, Today
from chatbuilder.generators.common.schema import Dialect, column_name, is_linked, literal, quote

_ORDER = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}


class Sql(Protocol):
    """The words of one dialect. `column` and `expr` are SQL already; nothing here takes raw text but `entry`."""

    name: Dialect
    differs: str
    me: str
    number: str
    position: str

    def view(self, name: str, body: str) -> str:
        """Return CREATE VIEW."""
        ...

    def today(self, days: int) -> str:
        """Return the UTC day that many days from now."""
        ...

    def day(self, column: str, kind: str) -> str:
        """Return the UTC day of a date or datetime column."""
        ...

    def days_since(self, column: str, kind: str) -> str:
        """Return whole days from a date or datetime column until today."""
        ...

    def period(self, column: str, kind: str, interval: Interval) -> str:
        """Return a day, ISO week (2026-W12) or month (2026-03) as text."""
        ...

    def has(self, column: str, entry: str) -> str:
        """Tell whether a list column contains an entry."""
        ...

    def is_list_empty(self, column: str) -> str:
        """Tell whether a list column has no entries."""
        ...

    def titles(self, title: str, source: str) -> str:
        """Return the titles found by `source` (FROM … WHERE … over r) as a list, in the order of their ids."""
        ...

    def closed(self, expr: str) -> str:
        """Return a yes/no expression in which NULL has become no."""
        ...

    def boolean(self, expr: str) -> str:
        """Return a yes/no expression as a column that is never NULL."""
        ...

    def by_text(self, column: str) -> str:
        """Return a text column as it is compared and sorted: by code point."""
        ...


class Sqlite:
    """SQLite 3.37 or newer."""

    name: Dialect = "sqlite"
    differs = "IS NOT"
    me = '(SELECT s."value" FROM "chatbuilder_settings" s WHERE s."key" = \'me\')'
    number = "{}"
    position = "instr({}, {}) > 0"

    def view(self, name: str, body: str) -> str:
        """Return CREATE VIEW."""
        return f"CREATE VIEW {quote(name)} AS\n{body}"

    def today(self, days: int) -> str:
        """Return date('now') with an offset; SQLite's now is UTC."""
        return f"date('now', '{days:+d} days')" if days else "date('now')"

    def day(self, column: str, kind: str) -> str:
        """Return the day; a stored date is one already."""
        return column if kind == "date" else f"date({column})"

    def days_since(self, column: str, kind: str) -> str:
        """Return a whole number: julianday of two midnights."""
        return f"CAST(julianday(date('now')) - julianday(date({column})) AS INTEGER)"

    def period(self, column: str, kind: str, interval: Interval) -> str:
        """Return the period; the Thursday of a week decides its ISO year and number (%G and %V need SQLite 3.46)."""
        if interval == "week":
            thursday = f"date({column}, '-3 days', 'weekday 4')"
            return f"strftime('%Y', {thursday}) || printf('-W%02d', (strftime('%j', {thursday}) - 1) / 7 + 1)"
        return f"strftime('%Y-%m', {column})" if interval == "month" else f"date({column})"

    def has(self, column: str, entry: str) -> str:
        """Look through the JSON array."""
        return f'EXISTS (SELECT 1 FROM json_each({column}) j WHERE j."value" = {entry})'

    def is_list_empty(self, column: str) -> str:
        """Count the JSON array."""
        return f"json_array_length({column}) = 0"

    def titles(self, title: str, source: str) -> str:
        """Collect from an ordered subquery, the order json_group_array keeps."""
        return f'(SELECT json_group_array(o."t") FROM (SELECT r.{title} AS "t" {source} ORDER BY r."id") o)'

    def closed(self, expr: str) -> str:
        """Use 0 for NULL."""
        return f"coalesce({expr}, 0)"

    def boolean(self, expr: str) -> str:
        """Use 1 and 0."""
        return f"CASE WHEN {expr} THEN 1 ELSE 0 END"

    def by_text(self, column: str) -> str:
        """SQLite's own order (BINARY) is by code point."""
        return column


class Postgres:
    """PostgreSQL 15 or newer (views that respect the reader's rights came with 15)."""

    name: Dialect = "postgresql"
    differs = "IS DISTINCT FROM"
    me = "current_user::text"
    number = "CAST({} AS numeric)"
    position = "position({1} in {0}) > 0"

    def view(self, name: str, body: str) -> str:
        """Return CREATE VIEW; row-level rules apply to whoever reads it."""
        return f"CREATE VIEW {quote(name)} WITH (security_invoker = true) AS\n{body}"

    def today(self, days: int) -> str:
        """Return the UTC date with an offset in days."""
        now = "(now() AT TIME ZONE 'utc')::date"
        return f"{now} {'+' if days > 0 else '-'} {abs(days)}" if days else now

    def day(self, column: str, kind: str) -> str:
        """Return the UTC date."""
        return column if kind == "date" else f"({column} AT TIME ZONE 'utc')::date"

    def days_since(self, column: str, kind: str) -> str:
        """Return a whole number: one date minus another."""
        return f"(now() AT TIME ZONE 'utc')::date - {self.day(column, kind)}"

    def period(self, column: str, kind: str, interval: Interval) -> str:
        """Return the period by to_char, which knows ISO weeks."""
        form = {"day": "YYYY-MM-DD", "week": 'IYYY"-W"IW', "month": "YYYY-MM"}[interval]
        return f"to_char({self.day(column, kind)}, '{form}')"

    def has(self, column: str, entry: str) -> str:
        """Ask jsonb whether the string is an element."""
        return f"{column} ? {entry}"

    def is_list_empty(self, column: str) -> str:
        """Count the JSON array."""
        return f"jsonb_array_length({column}) = 0"

    def titles(self, title: str, source: str) -> str:
        """Collect in order; no rows give an empty list, not NULL."""
        return f"coalesce((SELECT jsonb_agg(r.{title} ORDER BY r.\"id\") {source}), '[]'::jsonb)"

    def closed(self, expr: str) -> str:
        """Use false for NULL."""
        return f"coalesce({expr}, false)"

    def boolean(self, expr: str) -> str:
        """A boolean stays one."""
        return f"coalesce({expr}, false)"

    def by_text(self, column: str) -> str:
        """The database's own collation depends on where it was made; C is by code point."""
        return f'{column} COLLATE "C"'


SQLITE: Sql = Sqlite()
POSTGRES: Sql = Postgres()


def condition(expr: Filter, table: Table, sql: Sql) -> str:
    """Return a filter as an SQL condition over the columns of `<table>_overview`, named v."""
    match expr:
        case Cmp():
            return _compare(expr, table.field(expr.field), sql)
        case Not(part=part):
            return f"NOT {sql.closed(f'({condition(part, table, sql)})')}"
        case And(parts=parts):
            return " AND ".join(_wrapped(part, table, sql) for part in parts)
        case Or(parts=parts):
            return " OR ".join(_wrapped(part, table, sql) for part in parts)


def _wrapped(part: Filter, table: Table, sql: Sql) -> str:
    text = condition(part, table, sql)
    return f"({text})" if isinstance(part, (And, Or)) else text


def shown(key: str) -> str:
    """Return a column of an overview, always read under the name v.

    Without it SQLite takes a column that is gone for a piece of text (https://sqlite.org/quirks.html, section 8).
    """
    return f"v.{quote(column_name(key))}"


def _compare(cmp: Cmp, field: Field, sql: Sql) -> str:
    column = shown(field.key)
    if cmp.op in ("empty", "not_empty"):
        empty = is_empty(field, sql)
        return empty if cmp.op == "empty" else f"NOT ({empty})"
    value = _value(cmp, sql)
    if cmp.op in ("has", "lacks") and is_list(field):
        return ("" if cmp.op == "has" else "NOT ") + sql.has(column, value)
    if isinstance(cmp.value, Today):
        column = sql.day(column, field.type)
    if cmp.op in ("eq", "has"):
        return f"{column} = {value}"
    if cmp.op in ("ne", "lacks"):
        return f"{column} {sql.differs} {value}"
    if is_text(field):
        return f"({column} <> '' AND {sql.by_text(column)} {_ORDER[cmp.op]} {value})"
    return f"{column} {_ORDER[cmp.op]} {value}"


def _value(cmp: Cmp, sql: Sql) -> str:
    if isinstance(cmp.value, Today):
        return sql.today(cmp.value.days)
    return sql.me if isinstance(cmp.value, Me) else literal(cmp.value, sql.name)


def is_list(field: Field) -> bool:
    """Tell whether a field shows as a list of entries."""
    return field.type == "multi_select" or is_linked(field)


def is_text(field: Field) -> bool:
    """Tell whether a field shows as one text, where "" is as empty as nothing."""
    return not is_list(field) and field.type in (
        "title", "text", "long_text", "url", "select", "person", "relation",
    )  # fmt: skip


def is_empty(field: Field, sql: Sql) -> str:
    """Return the condition that a field is empty; a checkbox never is."""
    column = shown(field.key)
    if field.type == "checkbox":
        return "1 = 0"
    if is_list(field):
        return sql.is_list_empty(column)
    return f"coalesce({column}, '') = ''" if is_text(field) else f"{column} IS NULL"


def order_by(view: View, table: Table, sql: Sql) -> str:
    """Return ORDER BY: groups first, in the order of their choices, then the sorts; empty values last; then by id."""
    grouped = view.group_by not in ("", *(s.field for s in view.sorts))
    keys = list(_group(table.field(view.group_by), view.interval, sql)) if grouped else []
    for sort in view.sorts:
        keys += _sort(table.field(sort.field), sql, descending=sort.descending)
    return "ORDER BY " + ", ".join([*keys, shown("id")])


def _group(field: Field, interval: Interval | None, sql: Sql) -> Iterator[str]:
    column = shown(field.key)
    if interval:
        yield f"{column} IS NULL"
        yield sql.period(column, field.type, interval)
        return
    if not field.options:
        yield from _sort(field, sql, descending=False)
        return
    places = " ".join(f"WHEN {literal(name, sql.name)} THEN {n}" for n, name in enumerate(field.option_names(), 1))
    yield f"CASE {column} {places} ELSE {len(field.options) + 1} END"


def _sort(field: Field, sql: Sql, *, descending: bool) -> Iterator[str]:
    column = shown(field.key)
    if field.type != "checkbox":
        yield f"({is_empty(field, sql)})"
    if is_text(field):
        # "" and nothing are equally empty, so neither comes before the other.
        column = sql.by_text(column if field.type == "select" else f"nullif({column}, '')")
    yield column + (" DESC" if descending else "")
