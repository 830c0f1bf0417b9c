"""One sheet for each view: formulas that list the rows which pass, in order, whenever the table changes.

A hidden column of the table holds each row's place (`logic.view_formula`). The sheet takes the n-th smallest place
(column B), finds its row (column A) and shows the fields. Nothing is typed on these sheets.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from chatbuilder.blueprint import Field, View
from chatbuilder.generators.common.workbook_formulas import letters as letter
from chatbuilder.generators.common.workbook_formulas import literal
from chatbuilder.generators.common.workbook_spec import Sheet
from chatbuilder.generators.excel.book import TODAY, Book
from chatbuilder.generators.excel.logic import EPOCH, view_formula
from chatbuilder.generators.excel.tables import choice_colours, style_of, width_of

SHOWN = 200
"""How many rows a view shows; the table's own filter buttons reach the rest."""
HEADER = 4
_TABS = {"calendar": "7030A0", "timeline": "7030A0", "board": "548235"}
_WEEKS = 30
_PER_DAY = 4
_GRID = 3


def view_sheet(view: View, book: Book) -> Sheet:
    """Return the sheet of a view; it adds the view's hidden column to its table."""
    book.helper(view.table, f"_{view.key}", view_formula(view, book))
    if view.kind == "calendar":
        return _calendar(view, book)
    sheet = _list(view, book, _shown_fields(view, book))
    return _with_bars(sheet, view, book) if view.kind == "timeline" else sheet


def _shown_fields(view: View, book: Book) -> list[Field]:
    keys = (*((view.group_by,) if view.group_by else ()), *view.fields)
    keys += tuple(key for key in (view.date_field, view.end_field) if key and view.kind == "timeline")
    table = book.blueprint.table(view.table)
    return [table.field(key) for key in dict.fromkeys(keys)]


def _list(view: View, book: Book, fields: list[Field], go: int = 3) -> Sheet:
    first, last = HEADER + 1, HEADER + SHOWN
    sheet = listing(book, view.table, book.view_column(view), fields, first, last, go=go)
    single, plural = ("session", "sessions") if view.table == "sessions" else ("row", "rows")
    sheet["key"], sheet["name"] = f"view:{view.key}", book.sheets[f"view:{view.key}"]
    sheet["about"], sheet["tab"] = view.about, _TABS.get(view.kind, "548235")
    sheet["freeze"], sheet["heights"] = f"{'A' if go > 3 else 'D'}{first}", {"1": 26.0}
    sheet["cells"] += [
        ["C1", view.name, "title"],
        ["C2", view.about, "muted"],
        ["A3", {"formula": f"=COUNT({book.view_column(view)})"}, ""],
        [
            f"{letter(go)}3",
            {"formula": f'=A3&IF(A3=1," {single}"," {plural}")&IF(A3>{SHOWN},", the first {SHOWN} are shown","")'},
            "muted",
        ],
    ]
    if view.group_by:
        sheet["rules"] += list(_group_rules(len(fields), first, last))
    return sheet


def listing(book: Book, table: str, places: str, fields: list[Field], first: int, last: int, *, go: int = 3) -> Sheet:
    """Return cells that list the rows of a table by a hidden column of places: headings in the row above `first`.

    Column number `go` holds the links to the rows; the fields follow.
    """
    before, lines = first - 1, f"ROWS(B${first}:B{first})"
    nth = f'=IF({lines}>COUNT({places}),"",SMALL({places},{lines}))'
    titles = book.column(table, book.blueprint.table(table).title.key)
    cells: list[list[Any]] = [
        [f"A{before}", "Row", ""],
        [f"B{before}", "Place", ""],
        [f"{letter(go)}{before}", "Go", "heading"],
    ]
    fills = [
        {"range": f"B{first}:B{last}", "style": "", "formula": nth},
        {"range": f"A{first}:A{last}", "style": "", "formula": _row_of(places, first)},
        {
            "range": f"{letter(go)}{first}:{letter(go)}{last}", "style": "link",
            "formula": f'=IF($A{first}="","",IFERROR({_jump(f"INDEX({titles},$A{first})", literal("→"))},"→"))',
        },
    ]  # fmt: skip
    widths = {letter(go): 5.0}
    choices = []
    for number, field in enumerate(fields, go + 1):
        at = letter(number)
        cells.append([f"{at}{before}", book.headers[table, field.key], "heading"])
        fills.append(
            {"range": f"{at}{first}:{at}{last}", "style": style_of(field), "formula": _shown(field, book, table, first)}
        )
        widths[at] = width_of(field)
        colours = choice_colours(field, f"${at}{first}", f"{at}{first}:{at}{last}")
        choices += [colours] if colours else []
    return {"cells": cells, "fills": fills, "widths": widths, "hidden": ["A", "B"], "choices": choices, "rules": []}


def _jump(cell: str, shown: str) -> str:
    """A link to a cell wherever it stands: CELL writes the address the way the program at hand reads it."""
    return f'HYPERLINK("#"&CELL("address",{cell}),{shown})'


def _row_of(places: str, first: int) -> str:
    """The first row with this place; when the line above has the same place, the next one after it."""
    rest = f"INDEX({places},A{first - 1}+1):INDEX({places},ROWS({places}))"
    again = f"A{first - 1}+MATCH(B{first},{rest},0)"
    return f'=IF(B{first}="","",IF(B{first}=B{first - 1},{again},MATCH(B{first},{places},0)))'


def _shown(field: Field, book: Book, table: str, row: int) -> str:
    cell = f"INDEX({book.column(table, field.key)},$A{row})"
    if field.type == "url":
        value = f'IF(AND(LEFT({cell},4)="http",LEN({cell})<256),HYPERLINK({cell}),{cell}&"")'
    elif field.type in ("number", "date", "datetime", "checkbox", "rollup", "formula"):
        value = f'IF({cell}="","",{cell})'
    else:
        value = f'{cell}&""'
    return f'=IF($A{row}="","",{value})'


def _group_rules(columns: int, first: int, last: int) -> Iterator[dict[str, str]]:
    yield {"range": f"D{first}:D{last}", "formula": f'=AND($A{first}<>"",$D{first}=$D{first - 1})', "style": "repeat"}
    whole = f"D{first}:{letter(3 + columns)}{last}"
    yield {"range": whole, "formula": f'=AND($A{first}<>"",$D{first}<>$D{first - 1})', "style": "group"}


def _with_bars(sheet: Sheet, view: View, book: Book) -> Sheet:
    """Add a strip of days to the right: a cell is coloured when the row's time touches it."""
    fields = [field.key for field in _shown_fields(view, book)]
    start, end = (letter(4 + fields.index(key)) for key in (view.date_field, view.end_field or view.date_field))
    first, last, at = HEADER + 1, HEADER + SHOWN, 5 + len(fields)
    days, gap, strip = book.column(view.table, view.date_field), letter(at - 1), [letter(at + n) for n in range(_WEEKS)]
    newest = f"IF(COUNT({days})=0,{TODAY},INT(MAX({days})))"
    sheet["cells"] += [
        [f"{gap}1", "Bars: the yellow cells say from which day, and how many days in a cell", "muted"],
        [f"{gap}2", {"formula": f"={newest}-MOD({newest}-2,7)-{7 * (_WEEKS - 1)}"}, "input_date"],
        [f"{gap}3", 7, "input_number"],
        [f"{strip[0]}{HEADER}", {"formula": f"={gap}2"}, "tick"],
    ]
    sheet["cells"] += [
        [f"{here}{HEADER}", {"formula": f"={before}{HEADER}+${gap}$3"}, "tick"] for before, here in pairwise(strip)
    ]
    sheet["widths"][gap] = 13.0
    sheet["heights"][str(HEADER)] = 56.0
    sheet["widths"] |= dict.fromkeys(strip, 3.2)
    top = f"{strip[0]}${HEADER}"
    touches = f"INT(${start}{first})<{top}+${gap}$3,INT(MAX(${start}{first},${end}{first}))>={top}"
    sheet["rules"].append(
        {
            "range": f"{strip[0]}{first}:{strip[-1]}{last}", "style": "bar",
            "formula": f"=IF(ISNUMBER(${start}{first}),AND({touches}),FALSE)",
        }
    )  # fmt: skip
    return sheet


def _calendar(view: View, book: Book) -> Sheet:
    """A month in six weeks at the left, found by counting; the same rows as a list at the right."""
    sheet = _list(view, book, _shown_fields(view, book), go=_GRID + 8)
    sunday = book.blueprint.date_format == "us"
    dates = book.column(view.table, view.date_field)
    newest = f"IF(COUNT({dates})=0,{TODAY},MAX({dates}))"
    start = "DATE(YEAR($C$3),MONTH($C$3),1)"
    sheet["cells"] += [
        ["C3", {"formula": f"=DATE(YEAR({newest}),MONTH({newest}),1)"}, "month"],
        ["D3", "Another month: type any day of it into the yellow cell", "muted"],
        ["A2", {"formula": f"={start}-WEEKDAY({start},{1 if sunday else 2})+1"}, "date"],
    ]
    days = ("Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat")
    names = days if sunday else (*days[1:], days[0])
    left, right = letter(_GRID), letter(_GRID + 6)
    sheet["cells"] += [[f"{letter(_GRID + n)}{HEADER}", name, "heading"] for n, name in enumerate(names)]
    for week in range(6):
        sheet["fills"] += _week(view, book, HEADER + 1 + week * (_PER_DAY + 2), week, (left, right))
    first, last = f"{left}{HEADER + 1}", f"{right}{HEADER + 6 * (_PER_DAY + 2)}"
    sheet["rules"] += [
        {"range": f"{first}:{last}", "formula": f"=AND(ISNUMBER({first}),{first}={TODAY})", "style": "today"},
        {
            "range": f"{first}:{last}",
            "formula": f"=AND(ISNUMBER({first}),MONTH({first})<>MONTH($C$3))",
            "style": "outside",
        },
    ]
    sheet["widths"] |= dict.fromkeys([letter(_GRID + n) for n in range(7)], 18.0)
    return sheet


def _week(view: View, book: Book, row: int, week: int, ends: tuple[str, str]) -> list[dict[str, str]]:
    """Seven days: their dates, up to four titles each that open their rows, and how many more there are."""
    (left, right), last = ends, row + _PER_DAY
    places = book.view_column(view)
    titles = book.column(view.table, book.blueprint.table(view.table).title.key)
    low = f"({left}${row}-{EPOCH})*{2**20}"
    count = f'COUNTIFS({places},">="&{low},{places},"<"&{low}+{2**20})'
    nth = f"ROWS({left}${row + 1}:{left}{row + 1})"
    title = f'INDEX({titles},MOD(SMALL({places},COUNTIF({places},"<"&{low})+{nth}),{2**20}))'
    name = f'{title}&""'
    entries = f'=IF({count}<{nth},"",IFERROR({_jump(title, name)},{name}))'
    more = f'=IF({count}>{_PER_DAY},"+ "&{count}-{_PER_DAY}&" more","")'
    return [
        {
            "range": f"{left}{row}:{right}{row}",
            "formula": f"=$A$2+{7 * week}+COLUMNS(${left}{row}:{left}{row})-1",
            "style": "day",
        },
        {"range": f"{left}{row + 1}:{right}{last}", "formula": entries, "style": "entry"},
        {"range": f"{left}{last + 1}:{right}{last + 1}", "formula": more, "style": "muted"},
    ]
