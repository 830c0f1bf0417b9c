"""Where things stand in the workbook: sheet names, table names, lists, and the hidden columns that views read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from chatbuilder.blueprint import Blueprint, Field, Table, View
from chatbuilder.generators.common import workbook_formulas as text
from chatbuilder.generators.common.workbook_spec import sheet_name

HERE = "_row"
"""The hidden column that is 1 for a row with something in it, else 0."""
ME, TODAY = "Me", "ThisDay"
SEARCH_WORDS = ("Search_1", "Search_2", "Search_3")


@dataclass(frozen=True, slots=True)
class Book:
    """The names in one workbook. `sheets` maps a sheet key to its name; `headers` (table, field) to a column name."""

    blueprint: Blueprint
    sheets: Mapping[str, str]
    headers: Mapping[tuple[str, str], str]
    helpers: dict[str, dict[str, str]] = field(default_factory=dict)

    def ident(self, table: str) -> str:
        """Return the name of an Excel table."""
        return table.title().replace("_", "")

    def column(self, table: str, key: str) -> str:
        """Return a reference to a whole column."""
        return text.column(self.ident(table), self.headers[table, key])

    def this(self, table: str, key: str) -> str:
        """Return a reference to a column in the row of the formula."""
        return text.this_row(self.ident(table), self.headers[table, key])

    def helper(self, table: str, name: str, formula: str) -> str:
        """Add a hidden column to a table, once, and return the reference to the whole of it."""
        self.helpers.setdefault(table, {}).setdefault(name, formula)
        return text.column(self.ident(table), name)

    def here(self, table: str) -> str:
        """Return the condition that the row of the formula has something in it."""
        return f"{text.this_row(self.ident(table), HERE)}=1"

    def view_column(self, view: View) -> str:
        """Return a reference to the hidden column that says where a row stands in a view."""
        return text.column(self.ident(view.table), f"_{view.key}")


def list_ident(table: str, field_: Field) -> str:
    """Return the end of the names of a field's list: its table is lst_…, its dropdown list_…."""
    if field_.type == "person":
        return "people"
    if field_.type == "checkbox":
        return "yes_no"
    return field_.key if table == "sessions" else f"{table}_{field_.key}"


def choices_of(table: str, field_: Field) -> str:
    """Return the column of names that a field's entries come from: its list, or the other table's titles."""
    return text.column(f"lst_{list_ident(table, field_)}", "Choice")


def entry(name: str) -> str:
    """Return a choice as it stands in a cell with several entries, which are parted by semicolons.

    A choice never holds a comma (Config sees to that), so a comma in place of a semicolon is unmistakable.
    """
    return name.replace(";", ",")


def open_book(blueprint: Blueprint, pages: Mapping[str, str]) -> Book:
    """Return the names for a blueprint; `pages` are the sheets besides tables and views, by key."""
    taken: set[str] = set()
    wanted = {"home": pages["home"], **{f"table:{t.key}": t.name for t in blueprint.tables}}
    wanted |= {f"view:{v.key}": v.name for v in blueprint.views} | dict(pages)
    sheets = {key: sheet_name(name, taken) for key, name in wanted.items()}
    return Book(blueprint, sheets, _headers(blueprint.tables))


def _headers(tables: tuple[Table, ...]) -> dict[tuple[str, str], str]:
    """Return distinct column names; Excel does not tell upper from lower case. Helper names are taken, too."""
    found: dict[tuple[str, str], str] = {}
    for table in tables:
        taken: set[str] = set()
        for item in table.fields:
            name, number = item.name, 1
            while name.casefold() in taken or name.startswith("_"):
                number += 1
                name = f"{item.name.lstrip('_') or 'Field'} {number}"
            taken.add(name.casefold())
            found[table.key, item.key] = name
    return found
