"""What a sheet says, as one number: to tell whether a person has changed it, also after Excel has saved it anew."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from chatbuilder.generators.common.workbook_formulas import column_number, copied
from chatbuilder.provision.excel.bare import Bare
from chatbuilder.provision.excel.package import MAIN, Package, read

Element = ElementTree.Element
_M = f"{{{MAIN}}}"
_ADDED = ("comments", "threadedComment", "drawing", "image", "pivotTable", "slicer", "ctrlProp", "oleObject")
"""What a person can put on a sheet besides cells."""


def digests(data: bytes, names: set[str] | None = None, *, bare: Bare | None = None) -> dict[str, str]:
    """Return a digest of every sheet, or of those named: texts, formulas, formats, colours, tables, dropdowns, notes.

    Results of formulas, widths and what only Excel keeps for itself do not count, nor do the rows that `bare` leaves
    out. Raises `Unusable`.
    """
    book = read(data)
    if bare is not None:
        bare.look_at(book)
    styles = _Styles(book)
    strings = _strings(book)
    states = {s.get("name"): s.get("state", "visible") for s in book.root(book.workbook).iter(f"{_M}sheet")}
    found = {}
    for name, part in book.sheets().items():
        if (names is None or name in names) and part in book.parts:
            total = hashlib.sha256(states.get(name, "visible").encode())
            for line in _lines(book, part, styles, strings, bare):
                total.update(line.encode("utf-8", "surrogatepass") + b"\n")
            found[name] = total.hexdigest()
    return found


def _strings(book: Package) -> list[str]:
    part = book.linked("sharedStrings")
    return [text_of(item) for item in book.root(part)] if part in book.parts else []


def text_of(item: Element) -> str:
    """Return the text of a string item: its own, or that of its runs, without the readings of Japanese signs."""
    own = item.findtext(f"{_M}t") or ""
    return own + "".join(run.findtext(f"{_M}t") or "" for run in item.findall(f"{_M}r"))


class _Styles:
    """The looks of cells by number: number format, bold, italics, colours. What is the default says nothing."""

    def __init__(self, book: Package) -> None:
        root = book.root(book.linked("styles"))
        self._formats = {f.get("numFmtId"): f.get("formatCode") for f in root.iter(f"{_M}numFmt")}
        self._fonts = [_font(font) for font in root.findall(f"{_M}fonts/{_M}font")]
        self._fills = [_colour(fill, "fgColor") for fill in root.findall(f"{_M}fills/{_M}fill")]
        self._looks = [self._look(xf) for xf in root.findall(f"{_M}cellXfs/{_M}xf")]

    def _look(self, xf: Element) -> tuple[str, str, str]:
        number = xf.get("numFmtId", "0")
        font, fill = int(xf.get("fontId", "0")), int(xf.get("fillId", "0"))
        return (
            self._formats.get(number) or (f"#{number}" if number != "0" else ""),
            self._fonts[font] if 0 < font < len(self._fonts) else "",
            self._fills[fill] if fill < len(self._fills) else "",
        )

    def get(self, number: str | None) -> tuple[str, str, str]:
        """Return number format, font and fill of a style."""
        index = int(number or 0)
        return self._looks[index] if 0 < index < len(self._looks) else ("", "", "")


def _font(font: Element) -> str:
    marks = [
        name
        for name in ("b", "i", "strike")
        if (mark := font.find(f"{_M}{name}")) is not None and mark.get("val", "1") != "0"
    ]
    return " ".join([*marks, _colour(font, "color")])


def _colour(item: Element, name: str) -> str:
    found = next(item.iter(f"{_M}{name}"), None)
    if found is None or found.get("auto") or found.get("indexed"):
        return ""
    return (found.get("rgb") or "")[-6:] or f"theme {found.get('theme')} {found.get('tint', '')}"


@dataclass(slots=True)
class _Shared:
    """A formula that other cells repeat."""

    row: int
    column: int
    at: Any


def _lines(book: Package, part: str, styles: _Styles, strings: list[str], bare: Bare | None) -> Iterator[str]:
    shared: dict[str, _Shared] = {}
    rest: list[Element] = []
    for row in book.rows(part, rest):
        cells = row.findall(f"{_M}c")
        told = [(cell.get("r", ""), _content(cell, strings, shared)) for cell in cells]
        if bare is not None and bare.leaves_out(part, told):
            continue
        for cell, (place, content) in zip(cells, told, strict=True):
            look = styles.get(cell.get("s"))
            if content or look[2]:
                yield f"{place}\0{content}\0{look}"
    yield from sorted(_around(book, part, rest[0], bare=bare is not None))


def _content(cell: Element, strings: list[str], shared: dict[str, _Shared]) -> str:
    formula = cell.find(f"{_M}f")
    if formula is not None:
        return "=" + _formula(cell.get("r", "A1"), formula, shared)
    kind, value = cell.get("t", "n"), cell.findtext(f"{_M}v") or ""
    if kind == "inlineStr":
        item = cell.find(f"{_M}is")
        return "'" + text_of(item) if item is not None else ""
    if kind == "s" and value:
        return "'" + strings[int(value)]
    return repr(float(value)) if kind == "n" and value else f"{kind} {value}" if value else ""


def _formula(place: str, formula: Element, shared: dict[str, _Shared]) -> str:
    text, group = formula.text or "", formula.get("si")
    if formula.get("t") != "shared" or group is None:
        return text
    found = re.fullmatch(r"([A-Z]+)(\d+)", place)
    column, row = (column_number(found[1]), int(found[2])) if found else (1, 1)
    if text:
        shared[group] = _Shared(row, column, copied(text))
        return text
    first = shared.get(group)
    return str(first.at(row - first.row, column - first.column)) if first else ""


def _around(book: Package, part: str, root: Element, *, bare: bool) -> Iterator[str]:
    for rule in root.iter(f"{_M}dataValidation"):
        yield f"validation {rule.get('sqref')} {rule.get('type')} {rule.findtext(f'{_M}formula1')}"
    for rules in root.iter(f"{_M}conditionalFormatting"):
        for item in rules.iter(f"{_M}formula"):
            yield f"format {rules.get('sqref')} {item.text}"
    for link in book.links(part):
        if link.kind == "table" and link.target in book.parts:
            table = book.root(link.target)
            columns = [column.get("name") for column in table.iter(f"{_M}tableColumn")]
            ref = table.get("ref", "")
            yield f"table {table.get('displayName')} {ref.partition(':')[0] if bare else ref} {columns}"
        elif link.kind in _ADDED:
            count = book.parts.get(link.target, b"").count(b"Anchor>") if link.kind == "drawing" else 1
            yield f"{link.kind} {count}"
