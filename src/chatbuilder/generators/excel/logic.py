"""The neutral filters, sorts and groups as formulas that Excel 2013 and LibreOffice 7.4 both understand.

The meaning is that of `chatbuilder.filters`. EXACT and FIND compare letter by letter, which `=` and SEARCH do not, and
never take `*`, `?` or `>` in somebody's text for an instruction, which COUNTIF and MATCH do.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from chatbuilder.blueprint import Field, Sort, Table, View
from chatbuilder.filters import And, Cmp, Filter, Me, Not, Or, Today
from chatbuilder.generators.common.workbook_formulas import literal
from chatbuilder.generators.excel.book import HERE, ME, TODAY, Book, choices_of, entry

Ref = Callable[[str], str]
_SIGNS = {"eq": "=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_MANY = ("multi_select", "person")
EPOCH = 25569
"""The serial number of 1970-01-01, from which dates are counted in sort keys."""
_DAYS, _SECONDS, _ROWS = 50_000, 2**32, 200_000
_GROUPS, _UNLISTED = 100_000, 50_000
KEY_LIMIT = 10**15
"""Excel keeps 15 digits; a key beyond that would put two rows in one place."""


def condition(expr: Filter | None, table: Table, ref: Ref) -> str:
    """Return a filter as a formula that is TRUE or FALSE; `ref` gives the cell of a field in the row."""
    match expr:
        case None:
            return "TRUE"
        case Cmp():
            return _comparison(expr, table.field(expr.field), ref(expr.field))
        case Not(part=part):
            return f"NOT({condition(part, table, ref)})"
        case And(parts=parts):
            return _joined("AND", [condition(part, table, ref) for part in parts], "TRUE")
        case Or(parts=parts):
            return _joined("OR", [condition(part, table, ref) for part in parts], "FALSE")


def _joined(function: str, parts: list[str], nothing: str) -> str:
    if len(parts) < 2:
        return parts[0] if parts else nothing
    return f"{function}({','.join(parts)})"


def _comparison(cmp: Cmp, field: Field, cell: str) -> str:
    if cmp.op in ("empty", "not_empty"):
        return _emptiness(field, cell, cmp.op == "empty")
    if isinstance(cmp.value, bool):
        return f"{cell}=TRUE" if cmp.value == (cmp.op == "eq") else f"NOT({cell}=TRUE)"
    if cmp.op in ("ne", "lacks"):
        return f"NOT({_comparison(Cmp(cmp.field, 'eq' if cmp.op == 'ne' else 'has', cmp.value), field, cell)})"
    if cmp.op == "has":
        return _has(field, cell, cmp.value)
    return _ordered(cmp, field, cell)


def _emptiness(field: Field, cell: str, wanted: bool) -> str:
    if field.type == "checkbox":
        return "FALSE" if wanted else "TRUE"
    return f'{cell}=""' if wanted else f'{cell}<>""'


def _has(field: Field, cell: str, value: object) -> str:
    many = field.type in _MANY or (field.relation is not None and field.relation.many)
    if isinstance(value, Me):
        return f'AND({ME}<>"",{entries_hold(cell, ME) if many else same(cell, ME)})'
    text = literal(entry(str(value)) if many else str(value))
    return entries_hold(cell, text) if many else f'AND({cell}<>"",{same(cell, text)})'


def entries_hold(cells: str, text: str) -> str:
    """Return the test that a cell with entries such as “a; b” holds one entry, whole and letter by letter."""
    return f'ISNUMBER(FIND(";"&{text}&";",";"&SUBSTITUTE(SUBSTITUTE({cells},"; ",";")," ;",";")&";"))'


def same(cells: str, text: str) -> str:
    """Return the test that two texts are the same, letter by letter; a number typed as a name counts as text."""
    return f'EXACT({cells}&"",{text}&"")'


def _ordered(cmp: Cmp, field: Field, cell: str) -> str:
    sign, value = _SIGNS[cmp.op], cmp.value
    if isinstance(value, Today):
        return f"AND(ISNUMBER({cell}),INT({cell}){sign}{_today(value.days)})"
    if isinstance(value, (int, float)):
        return f"AND(ISNUMBER({cell}),{cell}{sign}{value!r})"
    if isinstance(value, str) and field.type in ("date", "datetime"):
        day = date.fromisoformat(value[:10])
        return f"AND(ISNUMBER({cell}),INT({cell}){sign}DATE({day.year},{day.month},{day.day}))"
    other = ME if isinstance(value, Me) else literal(str(value))
    return f'AND({cell}<>"",{same(cell, other) if cmp.op == "eq" else f"{cell}{sign}{other}"})'


def _today(days: int) -> str:
    return f"{TODAY}{days:+d}" if days else TODAY


def key_of(view: View, book: Book) -> str:
    """Return a number that grows in the order of a view: the group first, then the sorts; empty values come last.

    Rows with the same number stay in the order of the table. The parts are digits of one number, so that the view
    needs one column and SMALL.
    """
    parts = [_group(view, book)] if view.group_by else []
    parts += [_part(view.table, sort, book) for sort in view.sorts if sort.field != view.group_by]
    key, size = parts[0] if parts else ("0", 1)
    for part, bound in parts[1:]:
        if size * bound > KEY_LIMIT:
            break
        key, size = f"({key})*{bound}+{part}", size * bound
    return key


def _group(view: View, book: Book) -> tuple[str, int]:
    down = any(sort.field == view.group_by and sort.descending for sort in view.sorts)
    return _part(view.table, Sort(view.group_by, down), book, view.interval)


def _part(table: str, sort: Sort, book: Book, interval: str | None = None) -> tuple[str, int]:
    """Return a formula from 0 to below a bound that orders rows by one field, and the bound; empty is the last."""
    field, cell = book.blueprint.table(table).field(sort.field), book.this(table, sort.field)
    if field.type == "checkbox":
        return f"IF({cell}=TRUE,{'0,1' if sort.descending else '1,0'})", 2
    rank, bound, filled = _rank(table, field, cell, book, interval)
    rank = f"MIN(MAX({rank},0),{bound - 2})"
    return f"IF({filled},{f'{bound - 2}-{rank}' if sort.descending else rank},{bound - 1})", bound


def _rank(table: str, field: Field, cell: str, book: Book, interval: str | None) -> tuple[str, int, str]:
    number, text = f"ISNUMBER({cell})", f'{cell}<>""'
    if field.type in ("date", "datetime") and interval:
        return _period(cell, interval), _DAYS, number
    if field.type == "date":
        return f"INT({cell})-{EPOCH}", _DAYS, number
    if field.type == "datetime":
        return f"ROUND(({cell}-{EPOCH})*86400,0)", _SECONDS, number
    if field.type in ("number", "rollup", "formula"):
        if field.minimum is not None and field.maximum is not None:
            return f"{cell}-{field.minimum}", field.maximum - field.minimum + 3, number
        return f"RANK({cell},{book.column(table, field.key)},1)", _ROWS, number
    if field.type == "select" or (field.relation and not field.relation.many):
        return _place(table, field, cell, book), _GROUPS, text
    if field.key == "month":
        return _month(table, field, cell, book), _GROUPS, text
    return alphabet(cell, book.column(table, field.key)), _ROWS, text


def _period(cell: str, interval: str) -> str:
    months = f"(YEAR({cell})-1970)*12+MONTH({cell})"
    return {"day": f"INT({cell})-{EPOCH}", "week": f"INT((INT({cell})-2)/7)-3652", "month": months}[interval]


def alphabet(cell: str, column: str) -> str:
    """Return how many cells of a column come before a cell in the alphabet."""
    return f"SUMPRODUCT(--({column}<{cell}))"


def _place(table: str, field: Field, cell: str, book: Book) -> str:
    """The place in the list of choices; what is not on the list comes after it, in alphabetical order."""
    names = book.column(field.relation.table, title_key(book, field)) if field.relation else choices_of(table, field)
    place = f"SUMPRODUCT(MAX({same(names, cell)}*(ROW({names})-MIN(ROW({names}))+1)))"
    return f"IF({place}>0,{place},{_UNLISTED}+{alphabet(cell, book.column(table, field.key))})"


def title_key(book: Book, field: Field) -> str:
    """Return the key of the title of the table that a relation leads to."""
    return book.blueprint.table(field.relation.table).title.key if field.relation else ""


def _month(table: str, field: Field, cell: str, book: Book) -> str:
    """Months are written YYYY-MM: a number orders them without comparing each row with each other."""
    number = f"(VALUE(LEFT({cell},4))-1970)*12+VALUE(RIGHT({cell},2))"
    return f"IFERROR({number},{_UNLISTED}+{alphabet(cell, book.column(table, field.key))})"


def view_formula(view: View, book: Book) -> str:
    """Return the formula of a view's hidden column: the row's place in the order, or nothing when it does not pass."""
    table = book.blueprint.table(view.table)
    test = condition(view.filter, table, lambda key: book.this(view.table, key))
    passes = book.here(view.table) if test == "TRUE" else f"AND({book.here(view.table)},{test})"
    key = day_key(view, book) if view.kind == "calendar" else key_of(view, book)
    return f'=IFERROR(IF({passes},{key},""),"")'


def day_key(view: View, book: Book) -> str:
    """Return a calendar's key: the day, then the row, so that every day finds its own rows by counting."""
    field = book.blueprint.table(view.table).field(view.date_field)
    day, _ = _part(view.table, Sort(field.key), book, "day")
    top = book.ident(view.table)
    return f"({day})*{2**20}+ROW()-ROW({top}[[#Headers],[{HERE}]])"
