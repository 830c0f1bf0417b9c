"""The Dashboard sheet: headline figures, charts, and the numbers behind the charts, all formulas."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbuilder.blueprint import Chart, Dashboard, Field, Figure
from chatbuilder.generators.common.workbook_formulas import column, this_row
from chatbuilder.generators.common.workbook_formulas import letters as letter
from chatbuilder.generators.common.workbook_spec import Sheet
from chatbuilder.generators.excel.book import HERE, TODAY, Book, choices_of, list_ident
from chatbuilder.generators.excel.logic import condition, entries_hold, same, title_key

WEEKS = 26
"""How many weeks the chart by week goes back from the newest session."""
_FIRST = 6
_TOP = 10


def dashboard_sheet(dashboard: Dashboard, book: Book) -> Sheet:
    """Return the Dashboard sheet; it adds the hidden columns that its figures need."""
    cells: list[list[Any]] = [
        ["B1", dashboard.name, "title"],
        ["B2", "Everything here is worked out from the tables.", "muted"],
    ]
    for number, figure in enumerate(dashboard.figures):
        at = letter(2 + number % 5 * 2)
        row = 4 + number // 5 * 3
        cells += [
            [f"{at}{row}", {"formula": _figure(figure, book)}, "figure"],
            [f"{at}{row + 1}", figure.name, "caption"],
        ]
    heights = {"1": 26.0} | {str(4 + n // 5 * 3): 32.0 for n in range(len(dashboard.figures))}
    sheet: Sheet = {
        "key": "dashboard", "heights": heights, "name": book.sheets["dashboard"], "tab": "C55A11",
        "about": "Figures and charts.", "cells": cells,
        "widths": {letter(n): 16.0 if n % 2 == 0 else 3.0 for n in range(1, 12)} | {"T": 22.0, "U": 10.0},
    }  # fmt: skip
    if dashboard.charts:
        _charts(dashboard, book, sheet)
    return sheet


def _figure(figure: Figure, book: Book) -> str:
    here = column(book.ident(figure.table), HERE)
    if figure.filter is not None:
        table = book.blueprint.table(figure.table)
        test = condition(figure.filter, table, lambda key: book.this(figure.table, key))
        flag = f"=IFERROR(IF(AND({book.here(figure.table)},{test}),1,0),0)"
        here = book.helper(figure.table, f"_is_{figure.key}", flag)
    if figure.aggregate == "count":
        return f"=SUM({here})"
    values = book.column(figure.table, figure.field)
    if figure.aggregate == "sum":
        return f"=SUMIFS({values},{here},1)"
    return f'=IFERROR(AVERAGEIFS({values},{here},1),"–")'


def _charts(dashboard: Dashboard, book: Book, sheet: Sheet) -> None:
    top = _FIRST + (len(dashboard.figures) + 4) // 5 * 3
    row = top
    sheet["cells"].append([f"T{top - 2}", "The numbers behind the charts", "label"])
    sheet["charts"] = []
    for number, chart in enumerate(dashboard.charts):
        lines = list(_numbers(chart, book, row + 1))
        sheet["cells"].append([f"T{row}", chart.name, "heading"])
        sheet["cells"].append([f"U{row}", "Sessions", "heading"])
        for n, (label, count, style) in enumerate(lines, row + 1):
            sheet["cells"] += [[f"T{n}", label, style], [f"U{n}", {"formula": count}, "whole"]]
        sheet["charts"].append(
            {
                "kind": chart.kind, "title": chart.name, "at": f"{'BJ'[number % 2]}{top + number // 2 * 18}",
                "labels": f"T{row + 1}:T{row + len(lines)}", "values": f"U{row + 1}:U{row + len(lines)}",
            }
        )  # fmt: skip
        row += len(lines) + 3


def _numbers(chart: Chart, book: Book, row: int) -> Iterator[tuple[Any, str, str]]:
    """Yield (label, formula of the number, look of the label) for each bar or slice."""
    field = book.blueprint.table(chart.table).field(chart.group_by)
    if field.type in ("date", "datetime"):
        yield from _weeks(chart, book, row)
    elif chart.limit:
        yield from _best(chart, field, book, row)
    else:
        yield from _each(chart, field, book, row)


def _weeks(chart: Chart, book: Book, row: int) -> Iterator[tuple[Any, str, str]]:
    """The last weeks, Monday to Sunday, up to the newest row."""
    days = book.column(chart.table, chart.group_by)
    monday = f"(INT(IF(COUNT({days})=0,{TODAY},MAX({days})))-MOD(INT(IF(COUNT({days})=0,{TODAY},MAX({days})))-2,7))"
    for n in range(WEEKS):
        start = f"{monday}-{7 * (WEEKS - 1 - n)}"
        here = f"$T{row + n}"
        yield {"formula": f"={start}"}, f'=COUNTIFS({days},">="&{here},{days},"<"&{here}+7)', "date"


def _each(chart: Chart, field: Field, book: Book, row: int) -> Iterator[tuple[Any, str, str]]:
    """Every choice on the list, then the rest: new choices and rows without one."""
    names, values = _names(chart, field, book), book.column(chart.table, field.key)
    total = f"SUM({column(book.ident(chart.table), HERE)})"
    count = len(field.options) or _TOP
    for n in range(count):
        label = {"formula": f'=IF(ROWS({names})<{n + 1},"",INDEX({names},{n + 1})&"")'}
        mine = f"$T{row + n}"
        yield label, f'=IF({mine}="",0,SUMPRODUCT(--{_matches(field, values, mine)}))', "text"
    yield "None or unlisted", f"=MAX(0,{total}-SUM(U{row}:U{row + count - 1}))", "text"


def _best(chart: Chart, field: Field, book: Book, row: int) -> Iterator[tuple[Any, str, str]]:
    """The most used, largest first; equals in the order of the list."""
    names, used = _names(chart, field, book), _used(chart, field, book)
    for n in range(row, row + chart.limit):
        nth = n - row + 1
        value = f"IF(ROWS({used})<{nth},0,LARGE({used},{nth}))"
        equal = f"COUNTIF(U${row}:U{n},U{n})"
        place = f"SUMPRODUCT(SMALL(({used}<>U{n})*{2**20}+ROW({used})-MIN(ROW({used}))+1,{equal}))"
        yield {"formula": f'=IF(U{n}=0,"",INDEX({names},{place})&"")'}, f"={value}", "text"


def _names(chart: Chart, field: Field, book: Book) -> str:
    if field.relation:
        return book.column(field.relation.table, title_key(book, field))
    return choices_of(chart.table, field)


def _used(chart: Chart, field: Field, book: Book) -> str:
    """The column that counts, for each name, the rows that have it: the list's Used, or a hidden one."""
    if not field.relation:
        return column(f"lst_{list_ident(chart.table, field)}", "Used")
    table = field.relation.table
    mine = this_row(book.ident(table), book.headers[table, title_key(book, field)])
    values = book.column(chart.table, field.key)
    counted = f'=IF({mine}="",0,SUMPRODUCT(--{_matches(field, values, mine)}))'
    return book.helper(table, f"_used_{chart.key}", counted)


def _matches(field: Field, values: str, name: str) -> str:
    many = field.type == "multi_select" or (field.relation is not None and field.relation.many)
    return entries_hold(values, name) if many else same(values, name)
