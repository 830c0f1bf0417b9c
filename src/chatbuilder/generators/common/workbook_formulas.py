"""Reading and changing spreadsheet formulas as text: copying, renaming what they refer to, listing it.

A formula here is what stands in an .xlsx file: English function names, commas, structured references in full
(`Table[[#This Row],[Column]]`). Text in quotes and column names in brackets are never touched.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

_COLUMN = r"(?:[^\[\]']|'.)*"
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")"""
    r"""|(?P<sheet>'(?:[^']|'')*'!)"""
    rf"""|(?P<columns>\[(?:[^\[\]']|'.|\[{_COLUMN}\])*\])"""
    r"""|(?P<cell>(?<![\w.])\$?[A-Z]{1,3}\$?[1-9]\d*(?![\w(.]))"""
    r"""|(?P<name>[^\W\d][\w.]*)(?![\w.(])""",
    re.DOTALL,
)
_CELL = re.compile(r"(\$?)([A-Z]{1,3})(\$?)(\d+)")
_ONE_COLUMN = re.compile(rf"\[({_COLUMN})\]", re.DOTALL)
_KEYWORDS = frozenset({"TRUE", "FALSE"})


def copied(formula: str) -> Callable[[int, int], str]:
    """Return a function that gives the formula as copied so many rows down and columns right.

    As in a spreadsheet, rows and columns without `$` move along.
    """
    parts: list[str] = []
    cells: list[tuple[int, int, str, str]] = []
    at = 0
    for found in _TOKEN.finditer(formula):
        cell = _CELL.fullmatch(found[0]) if found.lastgroup == "cell" else None
        if cell is not None:
            parts.append(formula[at : found.start()])
            cells.append(
                (
                    0 if cell[1] else column_number(cell[2]),
                    0 if cell[3] else int(cell[4]),
                    cell[1] + cell[2],
                    cell[3] + cell[4],
                )
            )
            at = found.end()
    rest = formula[at:]
    pairs = tuple(zip(parts, cells, strict=True))

    def copy(down: int, right: int) -> str:
        out: list[str] = []
        for part, (column, row, fixed_column, fixed_row) in pairs:
            out += (
                part,
                letters(column + right) if column and right else fixed_column,
                str(row + down) if row else fixed_row,
            )
        return "".join(out) + rest

    return copy


def letters(number: int) -> str:
    """Return a column's letters: 1 is A, 27 is AA."""
    text = ""
    while number:
        number, rest = divmod(number - 1, 26)
        text = chr(65 + rest) + text
    return text


def column_number(text: str) -> int:
    """Return a column's number: A is 1, AA is 27."""
    number = 0
    for sign in text:
        number = number * 26 + ord(sign) - 64
    return number


def renamed(formula: str, names: Mapping[str, str]) -> str:
    """Return the formula with tables and defined names replaced as `names` says."""

    def swap(found: re.Match[str]) -> str:
        return names.get(found[0], found[0]) if found.lastgroup == "name" else found[0]

    return _TOKEN.sub(swap, formula) if names else formula


def refers_to(formula: str) -> Iterator[tuple[str, str]]:
    """Yield (table or name, column) for everything a formula refers to; the column is "" for a defined name."""
    name = ""
    for found in _TOKEN.finditer(formula):
        if found.lastgroup == "columns" and name:
            yield from ((name, column) for column in _columns(found[0]))
            name = ""
            continue
        if name:
            yield name, ""
        name = found[0] if found.lastgroup == "name" and found[0] not in _KEYWORDS else ""
    if name:
        yield name, ""


def _columns(brackets: str) -> Iterator[str]:
    inner = brackets[1:-1]
    found = _ONE_COLUMN.findall(inner) if inner.startswith("[") else [inner]
    for column in found:
        if not column.startswith("#"):
            yield re.sub(r"'(.)", r"\1", column)


def literal(text: str) -> str:
    """Return text as a formula's string constant."""
    return '"' + text.replace('"', '""') + '"'


def column_name(name: str) -> str:
    """Return a column's name as it stands inside brackets: Excel escapes five characters with an apostrophe."""
    return re.sub(r"(['\[\]#@])", r"'\1", name)


def column(table: str, name: str) -> str:
    """Return a structured reference to the whole column of a table."""
    plain = re.fullmatch(r"[\w ]+", name) is not None
    return f"{table}[{name}]" if plain else f"{table}[[{column_name(name)}]]"


def this_row(table: str, name: str) -> str:
    """Return a structured reference to a column's cell in the row that the formula stands in."""
    return f"{table}[[#This Row],[{column_name(name)}]]"
