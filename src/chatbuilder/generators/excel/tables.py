"""One sheet for each table, and the Lists sheet that their dropdowns come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbuilder.blueprint import Blueprint, DaysSince, Field, Formula, Rollup, Table
from chatbuilder.filters import And, Cmp, Today
from chatbuilder.generators.common.workbook_formulas import column, this_row
from chatbuilder.generators.common.workbook_formulas import letters as letter
from chatbuilder.generators.common.workbook_spec import LAST_ROW, Column, Sheet
from chatbuilder.generators.common.workbook_spec import Table as ExcelTable
from chatbuilder.generators.excel.book import HERE, TODAY, Book, entry, list_ident
from chatbuilder.generators.excel.logic import condition, entries_hold, same

_KINDS = {"number": "number", "date": "date", "datetime": "datetime", "checkbox": "checkbox"}
_STYLES = {
    "long_text": "long", "url": "long", "number": "number", "date": "date", "datetime": "datetime",
    "checkbox": "checkbox", "rollup": "whole", "formula": "whole",
}  # fmt: skip
_WIDTHS = {
    "title": 42, "text": 18, "long_text": 36, "url": 24, "number": 11, "date": 13, "datetime": 18, "checkbox": 11,
    "select": 15, "multi_select": 22, "person": 14, "relation": 20, "rollup": 13, "formula": 11,
}  # fmt: skip
_DUE = And((Cmp("follow_up", "le", Today(0)), Cmp("status", "ne", "Completed"), Cmp("status", "ne", "Archived")))
COLOURED = 10
"""A field with more choices than this is not coloured: nobody tells that many colours apart."""


def style_of(field: Field) -> str:
    """Return the look of a field's cells."""
    if field.rollup and field.rollup.function == "latest":
        return "datetime"
    return _STYLES.get(field.type, "text")


def width_of(field: Field) -> float:
    """Return how wide a field's column is, in characters."""
    return _WIDTHS[field.type]


def table_sheet(table: Table, book: Book, extra: list[Column]) -> Sheet:
    """Return the sheet of a table: its fields, `extra` computed columns, and at the right the hidden helpers."""
    fields = [_column(table, field, book) for field in table.fields]
    helpers: list[Column] = [
        {"name": name, "formula": formula, "hidden": True, "width": 10}
        for name, formula in {HERE: _row_formula(table, book), **book.helpers.get(table.key, {})}.items()
    ]
    whole: ExcelTable = {
        "ident": book.ident(table.key), "at": "A1", "columns": [*fields, *extra, *helpers],
        "rows": [[_cell(field, row.get(field.key)) for field in table.fields] for row in table.samples],
    }  # fmt: skip
    key = f"table:{table.key}"
    return {
        "key": key, "name": book.sheets[key], "about": f"{table.about} Type here; everything else reads from here.",
        "tab": "1F4E79", "freeze": "B2", "tables": [whole], "validations": list(_validations(table)),
        "choices": list(_choices(table)), "rules": list(_overdue(table)),
    }  # fmt: skip


def _column(table: Table, field: Field, book: Book) -> Column:
    made: Column = {"name": book.headers[table.key, field.key], "style": style_of(field), "width": width_of(field)}
    if field.type in _KINDS:
        made["kind"] = _KINDS[field.type]
    if field.rollup:
        made["formula"] = _rollup(table, field.rollup, book)
    if field.formula:
        made["formula"] = _computed(table, field.formula, book)
    if field.hidden:
        made["hidden"] = True
    return made


def _row_formula(table: Table, book: Book) -> str:
    keys = [table.title.key, *(("source_id",) if table.has("source_id") else ())]
    tests = [f'{book.this(table.key, key)}<>""' for key in keys]
    return f"=IF({tests[0] if len(tests) == 1 else f'OR({chr(44).join(tests)})'},1,0)"


def _cell(field: Field, value: Any) -> Any:
    if field.owner == "computed" or value is None:
        return None
    if isinstance(value, (tuple, list)):
        many = field.type == "multi_select" or (field.relation is not None and field.relation.many)
        return "; ".join(entry(str(item)) if many else str(item) for item in value)
    return value


def _computed(table: Table, formula: Formula, book: Book) -> str:
    if isinstance(formula, DaysSince):
        cell = book.this(table.key, formula.field)
        return f'=IF(ISNUMBER({cell}),{TODAY}-INT({cell}),"")'
    test = condition(formula.when, table, lambda key: book.this(table.key, key))
    return f'=IF({book.here(table.key)},{test},"")'


def _rollup(table: Table, rollup: Rollup, book: Book) -> str:
    """Count, or add up, or find the latest of the rows that point here; EXACT, for names may hold `*` or `>`."""
    via = book.blueprint.table(rollup.table).field(rollup.via)
    names, mine = book.column(rollup.table, rollup.via), book.this(table.key, table.title.key)
    many = via.relation is not None and via.relation.many
    points_here = entries_hold(names, mine) if many else same(names, mine)
    if rollup.function == "count":
        return f'=IF({mine}="",0,SUMPRODUCT(--{points_here}))'
    source = book.this(rollup.table, rollup.field)
    figures = book.helper(rollup.table, f"_n_{rollup.field}", f"=IF(ISNUMBER({source}),{source},0)")
    gathered = (
        f"SUMPRODUCT(MAX({points_here}*{figures}))"
        if rollup.function == "latest"
        else f"SUMPRODUCT({points_here}*{figures})"
    )
    return f'=IF({mine}="","",IF({gathered}=0,"",{gathered}))'


def _reach(number: int) -> str:
    return f"{letter(number)}2:{letter(number)}{LAST_ROW}"


def _validations(table: Table) -> Iterator[dict[str, Any]]:
    for number, field in enumerate(table.fields, 1):
        several = field.type in ("multi_select", "person") or (field.relation is not None and field.relation.many)
        if field.options or field.relation or field.type in ("person", "checkbox"):
            name = field.relation.table if field.relation else list_ident(table.key, field)
            error = (
                "" if several else "This is not on the list. Add it on the list's own sheet, or keep it all the same?"
            )
            yield {"range": _reach(number), "ident": f"list_{name}", "style": "warning", "error": error}
        elif field.maximum is not None:
            error = f"A whole number from {field.minimum} to {field.maximum}, please."
            yield {"range": _reach(number), "whole": [field.minimum, field.maximum], "style": "stop", "error": error}
        elif field.type in ("date", "datetime"):
            yield {
                "range": _reach(number),
                "date": True,
                "style": "stop",
                "error": "A date, please: views cannot sort other text.",
            }


def choice_colours(field: Field, first: str, cells: str) -> dict[str, Any] | None:
    """Return the colours of a field's choices for a range, or None when it has none or too many."""
    if field.type != "select" or not 0 < len(field.options) <= COLOURED:
        return None
    return {"range": cells, "first": first, "of": [[option.name, option.colour] for option in field.options]}


def _choices(table: Table) -> Iterator[dict[str, Any]]:
    for number, field in enumerate(table.fields, 1):
        found = choice_colours(field, f"${letter(number)}2", _reach(number))
        if found:
            yield found


def _overdue(table: Table) -> Iterator[dict[str, str]]:
    """The follow-up day in red when it is reached and the session is not finished."""
    places = {field.key: f"${letter(number)}2" for number, field in enumerate(table.fields, 1)}
    if table.key == "sessions" and "follow_up" in places:
        cells = _reach(list(places).index("follow_up") + 1)
        yield {"range": cells, "formula": f"={condition(_DUE, table, places.__getitem__)}", "style": "overdue"}


def lists(blueprint: Blueprint) -> Iterator[tuple[str, str, tuple[str, ...], list[tuple[str, Field]]]]:
    """Yield (end of the names, caption, entries, the fields that use it) for every list, in order."""
    found: dict[str, tuple[str, tuple[str, ...], list[tuple[str, Field]]]] = {}
    for table in blueprint.tables:
        for field in table.fields:
            if field.options or field.type == "person":
                several = field.type == "multi_select"
                names = tuple(entry(n) if several else n for n in field.option_names()) or _people(blueprint, field)
                caption = "People" if field.type == "person" else field.name
                caption = caption if table.key == "sessions" else f"{table.name}: {caption}"
                found.setdefault(list_ident(table.key, field), (caption, names, []))[2].append((table.key, field))
    yield from ((key, *rest) for key, rest in found.items())


def _people(blueprint: Blueprint, field: Field) -> tuple[str, ...]:
    rows = blueprint.sessions.samples
    return tuple(dict.fromkeys(str(row[field.key]) for row in rows if row.get(field.key)))


def lists_sheet(book: Book) -> tuple[Sheet, list[dict[str, str]]]:
    """Return the Lists sheet and the defined names that dropdowns use. A list grows when you type below it."""
    tables: list[ExcelTable] = []
    cells: list[list[Any]] = [
        ["A1", "Lists", "title"],
        [
            "A2",
            "Type below a list to add a choice; every dropdown shows it. Used counts the rows that have it.",
            "muted",
        ],
    ]
    names: list[dict[str, str]] = []
    at = 1
    for key, caption, entries, users in lists(book.blueprint):
        cells.append([f"{letter(at)}4", caption, "label"])
        columns: list[Column] = [{"name": "Choice", "style": "text", "width": 22}, _used(key, users, book)]
        tables.append(
            {"ident": f"lst_{key}", "at": f"{letter(at)}5", "columns": columns, "rows": [[name] for name in entries]}
        )
        names.append({"ident": f"list_{key}", "formula": column(f"lst_{key}", "Choice")})
        at += 3
    if any(field.type == "checkbox" for table in book.blueprint.tables for field in table.fields):
        cells.append([f"{letter(at)}4", "Checkboxes", "label"])
        choice: Column = {"name": "Choice", "kind": "checkbox", "style": "checkbox", "width": 22}
        tables.append({"ident": "lst_yes_no", "at": f"{letter(at)}5", "columns": [choice], "rows": [[True], [False]]})
        names.append({"ident": "list_yes_no", "formula": column("lst_yes_no", "Choice")})
    for table in book.blueprint.tables:
        names.append({"ident": f"list_{table.key}", "formula": book.column(table.key, table.title.key)})
    about = "The choices behind every dropdown."
    return {
        "key": "lists",
        "name": book.sheets["lists"],
        "about": about,
        "tab": "7F7F7F",
        "cells": cells,
        "tables": tables,
    }, names


def _used(key: str, users: list[tuple[str, Field]], book: Book) -> Column:
    mine = this_row(f"lst_{key}", "Choice")
    counts = []
    for table, field in users:
        cells = book.column(table, field.key)
        one = same(cells, mine) if field.type == "select" else entries_hold(cells, mine)
        counts.append(f"SUMPRODUCT(--{one})")
    return {"name": "Used", "style": "whole", "width": 8, "formula": f'=IF({mine}="",0,{"+".join(counts)})'}
