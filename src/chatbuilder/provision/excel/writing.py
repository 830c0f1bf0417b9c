"""Rows into the sheet of a table, as a stream: some cells changed, rows added below, everything else as it stands."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from xml.sax.saxutils import escape

from chatbuilder.generators.common.workbook_formulas import letters
from chatbuilder.generators.common.workbook_spec import LAST_ROW, moment
from chatbuilder.provision.excel.index import Region
from chatbuilder.provision.excel.package import Package, Unusable, prefix_of
from chatbuilder.provision.excel.rowxml import (
    QUOTED,
    cells,
    number_cell,
    pieces,
    place_of,
    renumbered,
    style,
    text_cell,
    with_cells,
    without_results,
)  # fmt: skip
from chatbuilder.provision.excel.shapes import grown_ranges

_EPOCH = moment("1899-12-30")
"""Day 0 of Excel's calendar, for all days from March 1900 on."""

Contents = Mapping[int, Any]


class Looks:
    """The looks of a workbook's cells, and for each one its twin for text that would pass for a formula."""

    def __init__(self, book: Package) -> None:
        self._book, self._part = book, book.linked("styles")
        xml = book.text(self._part)
        self._prefix = prefix_of(xml, "styleSheet")
        found = re.search(rf"(<{self._prefix}cellXfs\b[^>]*>)(.*?)(</{self._prefix}cellXfs>)", xml, re.DOTALL)
        if found is None:
            raise Unusable("is saved in an unusual form")
        self._before, self._after = xml[: found.start(2)], xml[found.end(2) :]
        self._items: list[str] = re.findall(
            rf"<{self._prefix}xf\b[^>]*/>|<{self._prefix}xf\b[^>]*[^/]>.*?</{self._prefix}xf>", found[2], re.DOTALL
        )
        self._places = {item: at for at, item in reversed(list(enumerate(self._items)))}
        self._known = len(self._items)

    def quoted(self, look: int) -> int:
        """Return the number of the same look with the apostrophe that keeps text text."""
        item = self._items[look] if look < len(self._items) else f"<{self._prefix}xf/>"
        if re.match(r'[^>]*\squotePrefix="(?:1|true)"', item):
            return look
        plain = re.sub(r'\squotePrefix="\w+"', "", item, count=1)
        twin = plain.replace(f"<{self._prefix}xf", f'<{self._prefix}xf quotePrefix="1"', 1)
        if twin not in self._places:
            self._places[twin] = len(self._items)
            self._items.append(twin)
        return self._places[twin]

    def keep(self) -> None:
        """Put the twins that came into the workbook."""
        if len(self._items) > self._known:
            head = re.sub(
                rf'(<{self._prefix}cellXfs\b[^>]*?\scount=")\d+(")', rf"\g<1>{len(self._items)}\g<2>", self._before
            )
            self._book.put(self._part, head + "".join(self._items) + self._after)


def serial(text: str) -> str:
    """Return an ISO date or time as the number that Excel counts it by, in UTC."""
    days = (moment(text) - _EPOCH).total_seconds() / 86400
    return str(int(days)) if days == int(days) else repr(days)


class Sheet:
    """The new text of the sheet of one table. `count` rows are added; `grown` says how many the table gets longer."""

    def __init__(self, region: Region, looks: Looks, count: int) -> None:
        self._region, self._looks = region, looks
        self._shape, self._p = region.shape, region.prefix
        self._end = region.next + count
        self.grown = max(0, self._end - 1 - self._shape.last) if count else 0
        self._template = list(self._parts())

    def _parts(self) -> Iterator[tuple[int, list[str]]]:
        """Yield the columns of a new row: a column to fill, or a run of formulas, cut where the row's number goes."""
        run = ""
        for at, column in enumerate(self._shape.columns, self._shape.left):
            if column.formula:
                run += f"<{self._p}c {self._formula(at, chr(0))}"
            else:
                if run:
                    yield 0, run.split(chr(0))
                    run = ""
                yield at, []
        if run:
            yield 0, run.split(chr(0))

    def _formula(self, at: int, row: int | str) -> str:
        column, place = self._shape.columns[at - self._shape.left], f"{letters(at)}{row}"
        kind = f' t="array" ref="{place}"' if column.array else ""
        formula = f"<{self._p}f{kind}>{escape(column.formula)}</{self._p}f>"
        return f'r="{place}"{_mark(self._region.looks.get(at, 0))}>{formula}</{self._p}c>'

    def _cell(self, place: str, content: Any, look: int) -> str:
        """Return a cell that holds what a spec's content says, without its `<c `."""
        if isinstance(content, str):
            return text_cell(
                place, _mark(self._looks.quoted(look) if content[:1] in QUOTED else look), content, self._p
            )
        mark = _mark(look)
        if content is None:
            return f'r="{place}"{mark}/>'
        if isinstance(content, bool):
            return number_cell(place, mark, str(int(content)), self._p, "b")
        number = serial(content["date"]) if isinstance(content, Mapping) else repr(content)
        return number_cell(place, mark, number, self._p)

    def _new_row(self, number: int, contents: Contents) -> str:
        row, looks, opening = str(number), self._region.looks, f"<{self._p}c "
        out = [f'<{self._p}row r="{row}">']
        for at, run in self._template:
            if run:
                out.append(row.join(run))
            elif at in contents or looks.get(at):
                out.append(opening + self._cell(f"{letters(at)}{row}", contents.get(at), looks.get(at, 0)))
        out.append(f"</{self._p}row>")
        return "".join(out)

    def _merged(self, row: str, number: int, contents: Contents) -> str:
        """Return a row that is there with a new one put in: a blank row of the table, or one with something beside."""
        there, shape = cells(row, self._p), self._shape
        blank = number <= shape.last
        new: dict[int, str] = {}
        for at, column in enumerate(shape.columns, shape.left):
            if column.formula:
                if not (blank and at in there):
                    new[at] = self._formula(at, number)
            elif not blank or contents.get(at) is not None:
                look = style(there.get(at)) if blank else self._region.looks.get(at, 0)
                new[at] = self._cell(place_of(at, number), contents.get(at), look)
        return with_cells(row, number, new, self._p)

    def _changed(self, row: str, number: int, contents: Contents) -> str:
        there = cells(row, self._p)
        new = {at: self._cell(place_of(at, number), content, style(there.get(at))) for at, content in contents.items()}
        return with_cells(row, number, new, self._p)

    def text(
        self, chunks: Iterable[str], changes: Iterator[tuple[int, Contents]], added: Iterator[Contents]
    ) -> Iterator[str]:
        """Yield the sheet with its rows changed and added."""
        shape, following = self._shape, self._region.next
        change = next(changes, None)
        totals, totals_at = dict[int, str](), shape.last + 1 + self.grown if shape.totals and self.grown else 0
        for before, number, row in pieces(chunks, self._p):
            here = number or LAST_ROW + 1
            while following < min(here, self._end):
                yield self._new_row(following, next(added))
                following += 1
            if totals and totals_at < here:
                yield with_cells(f'<{self._p}row r="{totals_at}"/>', totals_at, totals, self._p)
                totals = {}
            if not number:
                yield grown_ranges(before, shape, self.grown)
                return
            yield self._dimension(before) if "<" in before else before
            if totals_at and number == shape.last + 1:
                inside = {at: cell for at, cell in cells(row, self._p).items() if shape.left <= at <= shape.right}
                totals = {at: _moved(cell, number, totals_at, self._p) for at, cell in inside.items()}
            now = without_results(row, self._p)
            if change is not None and change[0] == number:
                now = self._changed(now, number, change[1])
                change = next(changes, None)
            if following == number and following < self._end:
                now = self._merged(now, number, next(added))
                following += 1
            if totals and number == totals_at:
                now, totals = with_cells(now, number, totals, self._p), {}
            yield now

    def _dimension(self, head: str) -> str:
        def longer(found: re.Match[str]) -> str:
            bottom = max(int(found[2]), self._shape.last + self._shape.totals + self.grown)
            return f"{found[1]}{bottom}{found[3]}"

        return re.sub(r'(<(?:\w+:)?dimension\s+ref="[A-Z]+\d+:[A-Z]+)(\d+)(")', longer, head, count=1)


def _moved(cell: str, old: int, new: int, prefix: str) -> str:
    whole = renumbered(f" {cell}", old, new)[1:]
    end = whole.find(f"</{prefix}c>")
    return whole[: end + len(f"</{prefix}c>")] if end >= 0 else whole[: whole.index(">") + 1]


def _mark(look: int) -> str:
    return f' s="{look}"' if look else ""


def recalculating(chunks: Iterable[str], prefix: str) -> Iterator[str]:
    """Yield a sheet whose formulas carry no results."""
    for before, _, row in pieces(chunks, prefix):
        yield before
        yield without_results(row, prefix)
