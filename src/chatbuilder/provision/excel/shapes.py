"""Tables of a workbook: where each one stands, and which of its columns is which field, also after it was renamed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from chatbuilder.generators.common.workbook_formulas import column_number, letters
from chatbuilder.provision.excel.package import MAIN, Package, links_of

_REF = re.compile(r"\$?([A-Z]{1,3})\$?(\d+)(?::\$?([A-Z]{1,3})\$?(\d+))?")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, Excel's own number for it, and the formula that every cell of it has, "" without."""

    name: str
    id: int
    formula: str = ""
    array: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """A table: its name, its part, the sheet it is on, and its rows and columns, headings and totals left out."""

    ident: str
    part: str
    sheet: str
    left: int
    first: int
    last: int
    totals: int
    columns: tuple[Column, ...]

    @property
    def right(self) -> int:
        """The number of the last column."""
        return self.left + len(self.columns) - 1

    def named(self, names: Mapping[str, str], ids: Mapping[str, int]) -> tuple[dict[str, int], dict[str, str]]:
        """Return the sheet's column of each key, by heading (`names`), and the headings that have another name now.

        Excel keeps a column's number when it is renamed or moved. So a heading that is gone is looked for by the number
        that it was built with (`ids`), as long as the numbers of all headings that are there are those they had.
        """
        there = {column.name.casefold(): at for at, column in enumerate(self.columns)}
        found = {key: there[name.casefold()] for key, name in names.items() if name.casefold() in there}
        kept = all(self.columns[at].id == ids.get(key) for key, at in found.items())
        renamed: dict[str, str] = {}
        if kept:
            free = {column.id: at for at, column in enumerate(self.columns) if at not in found.values()}
            for key in names.keys() - found.keys():
                if (at := free.get(ids.get(key, 0))) is not None and not self.columns[at].formula:
                    found[key] = at
                    renamed[key] = self.columns[at].name
        return {key: self.left + at for key, at in found.items()}, renamed


def shapes(book: Package) -> list[Shape]:
    """Return all tables on worksheets."""
    found = []
    for sheet in book.sheets().values():
        if links_of(sheet) in book.parts:
            for link in book.links(sheet):
                if link.kind == "table" and book.parts.get(link.target):
                    found.append(_shape(book.root(link.target), link.target, sheet))
    return found


def _shape(root: ElementTree.Element, part: str, sheet: str) -> Shape:
    left, top, _, bottom = corners(root.get("ref", "A1"))
    totals = int(root.get("totalsRowCount", "0"))
    columns = []
    for item in root.iter(f"{{{MAIN}}}tableColumn"):
        formula = item.find(f"{{{MAIN}}}calculatedColumnFormula")
        columns.append(
            Column(
                re.sub(r"_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), item.get("name", "")),
                int(item.get("id", "0")),
                (formula.text or "") if formula is not None else "",
                formula is not None and formula.get("array") in ("1", "true"),
            )
        )
    first = top + int(root.get("headerRowCount", "1"))
    return Shape(root.get("displayName", ""), part, sheet, left, first, bottom - totals, totals, tuple(columns))


def corners(ref: str) -> tuple[int, int, int, int]:
    """Return left, top, right and bottom of a range such as A1:C9."""
    found = _REF.fullmatch(ref)
    if found is None:
        return 1, 1, 1, 1
    left, top = column_number(found[1]), int(found[2])
    return left, top, column_number(found[3]) if found[3] else left, int(found[4]) if found[4] else top


def grown_table(xml: str, shape: Shape, by: int) -> str:
    """Return the part of a table that has so many rows more: its own range, those of its filter and its sorting."""
    if not by:
        return xml
    ends = {shape.last, shape.last + shape.totals}

    def longer(found: re.Match[str]) -> str:
        bottom = int(found[3])
        return f"{found[1]}{found[2]}{bottom + by}{found[4]}" if bottom in ends else found[0]

    return re.sub(r'(\sref=")(\$?[A-Z]{1,3}\$?\d+:\$?[A-Z]{1,3}\$?)(\d+)(")', longer, xml)


def grown_ranges(tail: str, shape: Shape, by: int) -> str:
    """Return what follows the rows of a sheet, with the ranges that covered columns of the table down to its last row.

    Those of dropdowns and conditional formats grow along, as they do in Excel when somebody types below a table.
    """
    if not by:
        return tail

    def one(area: str) -> str:
        left, top, right, bottom = corners(area)
        inside = shape.left <= left and right <= shape.right and top in (shape.first, shape.first - 1)
        if not inside or bottom != shape.last:
            return area
        return f"{letters(left)}{top}:{letters(right)}{bottom + by}"

    def all_areas(found: re.Match[str]) -> str:
        return found[1] + " ".join(map(one, found[2].split(" "))) + found[3]

    tail = re.sub(r'(<(?:\w+:)?(?:conditionalFormatting|dataValidation)\s[^>]*?sqref=")([^"]*)(")', all_areas, tail)
    return re.sub(r"(<xm:sqref>)([^<]*)(</xm:sqref>)", all_areas, tail)
