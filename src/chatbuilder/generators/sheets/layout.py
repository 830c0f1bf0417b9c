"""Where everything stands: sheets with fixed ids, a column for each field, ranges in A1 notation.

Ids are chosen here, not by Google, so that one batch can refer to what it creates, and a second delivery of the same
batch is refused instead of building everything twice.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chatbuilder.blueprint import Blueprint, Field, Table, View
from chatbuilder.generators.common.data import stored_fields
from chatbuilder.generators.common.sheets_batch import letters_of as letters

ROWS = 1000
VIEW_ROWS = 5000  # a formula's rows must find room: Sheets adds only some by itself
LIST_BREAK = "\n"  # between the rows that a link to many holds; titles have one line
ENTRY_BREAK = ", "  # between the entries of a multiple choice, as Sheets' own chips do it
START, DASHBOARD, SEARCH, TEMPLATES, RULES, GOVERNANCE, LISTS = (
    "Start", "Dashboard", "Search", "Templates", "Rules", "Governance", "Lists",
)  # fmt: skip


def stable_id(kind: str, key: str) -> int:
    """Return a positive 31-bit id that depends on nothing but what it names."""
    return zlib.crc32(f"chatbuilder:{kind}:{key}".encode()) % 2_000_000_000 + 1


def sheet_id(key: str) -> int:
    """Return the id of a sheet by its key: a table's key, a page's name or `view:` and a view's key."""
    return stable_id("sheet", key)


def quoted(title: str) -> str:
    """Return a sheet title as formulas take it."""
    return "'" + title.replace("'", "''") + "'"


@dataclass(frozen=True, slots=True)
class Far:
    """The far side of a two-way link: a column that lists the rows of `table` which link here by `via`."""

    key: str
    name: str
    table: str
    via: str


@dataclass(frozen=True, slots=True)
class Grid:
    """The sheet of one table: stored fields from column A on, an empty column, then what formulas compute.

    `lists` are the choice fields whose entries stand on the sheet Lists: field key -> column there.
    """

    table: Table
    stored: tuple[Field, ...]
    computed: tuple[Field | Far, ...]
    index: Mapping[str, int]
    lists: Mapping[str, int]

    @property
    def sheet(self) -> int:
        """The sheet's id."""
        return sheet_id(self.table.key)

    @property
    def table_id(self) -> str:
        """The id of the Sheets table on it."""
        return str(stable_id("table", self.table.key))

    @property
    def width(self) -> int:
        """How many columns the sheet has."""
        return max(self.index.values()) + 1

    @property
    def last_row(self) -> int:
        """The end of the table, exclusive: header and samples, or one empty row."""
        return 1 + max(1, len(self.table.samples))

    def letter(self, key: str) -> str:
        """Return the column letters of a field."""
        return letters(self.index[key])

    def here(self, key: str) -> str:
        """Return a field's cell in row 2, for formulas that are copied down their own sheet."""
        return f"${self.letter(key)}2"

    def column(self, key: str) -> str:
        """Return all cells of a field below the header, from any sheet."""
        letter = self.letter(key)
        return f"{quoted(self.table.name)}!${letter}$2:${letter}"


def grids(blueprint: Blueprint) -> dict[str, Grid]:
    """Return the sheet of each table, by table key."""
    found: dict[str, Grid] = {}
    taken = 0
    for table in blueprint.tables:
        found[table.key] = _grid(table, tuple(_far_sides(table, blueprint.tables)), taken)
        taken += len(found[table.key].lists)
    return found


def _grid(table: Table, far: tuple[Far, ...], first_list: int) -> Grid:
    stored = stored_fields(table)
    computed: tuple[Field | Far, ...] = (*(f for f in table.fields if f.owner == "computed"), *far)
    index = {field.key: number for number, field in enumerate(stored)}
    index |= {item.key: number for number, item in enumerate(computed, len(stored) + 1)}
    listed = [f.key for f in stored if f.type == "select" and not all(map(plain_option, f.option_names()))]
    return Grid(table, stored, computed, index, {key: number for number, key in enumerate(listed, first_list)})


_MONTHS = re.compile(r"(?i)(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec).*\d")


def plain_option(name: str) -> bool:
    """Tell whether a dropdown's own list may hold a choice.

    The API parses list entries as if they were typed, so what could become a formula, a number, a date or a truth
    value stands in cells of the sheet Lists instead, as text.
    """
    return name[0].isalpha() and name.casefold() not in ("true", "false") and not _MONTHS.match(name)


def _far_sides(table: Table, tables: Iterable[Table]) -> Iterable[Far]:
    for other in tables:
        for field in other.fields:
            if field.relation and field.relation.table == table.key and field.relation.reverse:
                yield Far(f"far:{other.key}:{field.key}", field.relation.reverse, other.key, field.key)


def needs_sheet(view: View) -> bool:
    """Tell whether a filter view alone cannot show a view: groups, boards, calendars, timelines."""
    return bool(view.group_by) or view.kind in ("calendar", "timeline", "board")
