"""Neutral filters as Google Sheets formulas (en-US syntax): for one row, or for whole columns at once.

`=` in Sheets ignores case and takes blank for 0 and "", so text is compared with EXACT, numbers only where the cell
holds one, and dates by their whole day. In the column form AND and OR would fold all rows into one value, so it
multiplies and adds instead.
Text is ordered as Sheets orders it (without case); the designs order only ISO months and dates.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

from chatbuilder.blueprint import DaysSince, Field, Formula, Table
from chatbuilder.filters import And, Cmp, Filter, Me, Not, Op, Or, Today
from chatbuilder.generators.sheets.layout import ENTRY_BREAK, Grid

Ref = Callable[[str], str]
EPOCH = date(1899, 12, 30)
ME = "Me"
_SIGNS: dict[Op, str] = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def text(value: str) -> str:
    """Return a text literal; whatever it holds stays inside the quotes."""
    return '"' + value.replace('"', '""') + '"'


def serial(value: str) -> float:
    """Return an ISO date or UTC date-time as days since 1899-12-30, the way Sheets stores it."""
    if len(value) <= 10:
        return (date.fromisoformat(value) - EPOCH).days
    moment = datetime.fromisoformat(value)
    seconds = moment.hour * 3600 + moment.minute * 60 + moment.second
    return (moment.date() - EPOCH).days + seconds / 86400


def row_test(expr: Filter, grid: Grid) -> str:
    """Return a formula for row 2 of a table's own sheet, true when the row passes; it is meant to be copied down.

    Filters and conditional formats see other sheets only through INDIRECT, so the named cell Me is read that way.
    """
    return _scalar(expr, grid.table, grid.here)


def column_test(expr: Filter | None, grid: Grid) -> str:
    """Return a formula over all rows of a table, 1 (or TRUE) where a row exists and passes."""
    exists = f"(LEN({grid.column(grid.table.title.key)})>0)"
    if expr is None:
        return exists
    return f"{exists}*{_array(expr, grid.table, grid.column)}"


def column_formula(formula: Formula, grid: Grid) -> str:
    """Return the values of a computed field for all rows of its own sheet."""
    title = grid.column(grid.table.title.key)
    if isinstance(formula, DaysSince):
        cells = grid.column(formula.field)
        return f'IF(ISNUMBER({cells}),TODAY()-INT({cells}),"")'
    return f'IF(LEN({title})=0,"",1*{_array(formula.when, grid.table, grid.column)}>0)'


def _scalar(expr: Filter, table: Table, ref: Ref) -> str:
    match expr:
        case Not(part=part):
            return f"NOT({_scalar(part, table, ref)})"
        case And(parts=parts) | Or(parts=parts):
            word = "AND" if isinstance(expr, And) else "OR"
            return f"{word}({','.join(_scalar(part, table, ref) for part in parts)})"
        case Cmp():
            tests, opposite = _leaf(expr, table.field(expr.field), ref(expr.field), 'INDIRECT("Me")')
            joined = tests[0] if len(tests) == 1 else f"AND({','.join(tests)})"
            return f"NOT({joined})" if opposite else joined


def _array(expr: Filter, table: Table, ref: Ref) -> str:
    match expr:
        case Not(part=part):
            return f"(1-{_array(part, table, ref)})"
        case And(parts=parts):
            return f"({'*'.join(_array(part, table, ref) for part in parts)})"
        case Or(parts=parts):
            # Added to 0, because Sheets ranks FALSE above every number.
            return f"((0+{'+'.join(_array(part, table, ref) for part in parts)})>0)"
        case Cmp():
            tests, opposite = _leaf(expr, table.field(expr.field), ref(expr.field), ME)
            joined = "*".join(f"({test})" for test in tests)
            return f"(1-{joined})" if opposite else f"({joined})"


def _leaf(cmp: Cmp, field: Field, cell: str, me: str) -> tuple[tuple[str, ...], bool]:
    """Return tests that must all hold, and whether the comparison is the opposite of that."""
    if cmp.op in ("empty", "not_empty"):
        if field.type == "checkbox":
            return ("FALSE",), cmp.op == "not_empty"
        return (f"LEN({cell}){'=' if cmp.op == 'empty' else '>'}0",), False
    if isinstance(cmp.value, bool):
        return (f"{cell}=TRUE",), cmp.value != (cmp.op == "eq")
    if cmp.op in ("has", "lacks"):
        return _holds(cmp, field, cell, me), cmp.op == "lacks"
    op: Op = "eq" if cmp.op == "ne" else cmp.op
    return _ordered(Cmp(cmp.field, op, cmp.value), field, cell, me), cmp.op == "ne"


def _holds(cmp: Cmp, field: Field, cell: str, me: str) -> tuple[str, ...]:
    if isinstance(cmp.value, Me):
        return (f"LEN({cell})>0", f"EXACT({cell},{me})")
    value = str(cmp.value)
    if field.type == "multi_select":
        inside = text(f"{ENTRY_BREAK}{value}{ENTRY_BREAK}")
        return (f"ISNUMBER(FIND({inside},{text(ENTRY_BREAK)}&{cell}&{text(ENTRY_BREAK)}))",)
    if field.relation and field.relation.many:
        return (f"ISNUMBER(FIND(CHAR(10)&{text(value)}&CHAR(10),CHAR(10)&{cell}&CHAR(10)))",)
    return _same(cell, value)


def _same(cell: str, value: str) -> tuple[str, ...]:
    return (f"EXACT({cell},{text(value)})",) if value else ("FALSE",)


def _ordered(cmp: Cmp, field: Field, cell: str, me: str) -> tuple[str, ...]:
    sign = _SIGNS[cmp.op]
    match cmp.value:
        case Today(days=days):
            return (f"ISNUMBER({cell})", f"IFERROR(INT({cell}),0){sign}TODAY(){f'{days:+d}' if days else ''}")
        case Me():
            return (f"LEN({cell})>0", f"EXACT({cell},{me})")
        case int() | float():
            return (f"ISNUMBER({cell})", f"{cell}{sign}{cmp.value}")
        case str() if field.type in ("date", "datetime"):
            return (f"ISNUMBER({cell})", f"{cell}{sign}{serial(cmp.value)!r}")
        case _ if cmp.op == "eq":
            return _same(cell, str(cmp.value))
        case _:
            return (f"LEN({cell})>0", f"{cell}{sign}{text(str(cmp.value))}")
