"""The rows of a sheet as text: cut out of a stream one by one, read, and changed cell by cell.

Only what is changed is written anew; all other characters of a row stay as they are. Source for the elements: ECMA-376
part 1, 18.3.1.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple
from xml.sax.saxutils import escape

from chatbuilder.generators.common.workbook_formulas import column_number, letters
from chatbuilder.provision.excel.package import Unusable

_PLACE = re.compile(r'(?:^|\s)r="([A-Z]{1,3})(\d+)"')
_NUMBER = re.compile(r'\sr="(\d+)"')
_STYLE = re.compile(r'(?:^|\s)s="(\d+)"')
_KIND = re.compile(r'(?:^|\s)t="(\w+)"')
_SPANS = re.compile(r'\sspans="[^"]*"')
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
QUOTED = ("=", "+", "-", "@")
"""Text that begins so gets an apostrophe in Excel, which keeps it text when somebody edits it."""


class Value(NamedTuple):
    """What is in a cell: `kind` is "" for nothing, n number, s text, b truth, f formula, e error."""

    kind: str
    text: str


NOTHING = Value("", "")
Strings = Callable[[int], str]


class Piece(NamedTuple):
    """A row with its number, and what stands before it; the last piece is what stands after all rows, number 0."""

    before: str
    number: int
    row: str


def pieces(chunks: Iterable[str], prefix: str) -> Iterator[Piece]:
    """Cut a sheet into its rows; never more than a few rows are in memory. Raises `Unusable`."""
    opening, closing = f"<{prefix}row ", f"</{prefix}row>"
    rest = ""
    for chunk in chunks:
        rest += chunk
        at = 0
        while (start := rest.find(opening, at)) >= 0:
            inside = rest.find(">", start) + 1
            if not inside:
                break
            end = inside if rest[inside - 2] == "/" else rest.find(closing, inside) + len(closing)
            if end < inside:
                break
            row = rest[start:end]
            yield Piece(rest[at:start], _number(row), row)
            at = end
        rest = rest[at:]
    if f"<{prefix}row>" in rest:
        raise Unusable("is saved in an unusual form: its rows have no numbers")
    yield Piece(rest, 0, "")


def _number(row: str) -> int:
    found = _NUMBER.search(row, 0, row.index(">"))
    if found is None or "<![CDATA[" in row:
        raise Unusable("is saved in an unusual form: its rows have no numbers")
    return int(found[1])


def cells(row: str, prefix: str) -> dict[int, str]:
    """Return the cells of a row by column number, each as it stands but for its `<c `."""
    _, *rest = row.split(f"<{prefix}c ")
    found: dict[int, str] = {}
    for cell in rest:
        place = _PLACE.search(cell)
        if place is None:
            raise Unusable("is saved in an unusual form: its cells have no places")
        found[column_number(place[1])] = cell
    return found


def value(cell: str | None, strings: Strings, prefix: str) -> Value:
    """Return what is in a cell, given as `cells` has it."""
    if cell is None:
        return NOTHING
    head, _, body = cell.partition(">")
    if head.endswith("/") or not body:
        return NOTHING
    if f"<{prefix}f" in body and re.search(rf"<{prefix}f[\s>/]", body):
        return Value("f", _inside(body, f"{prefix}f"))
    found = _KIND.search(head)
    kind = found[1] if found else "n"
    if kind == "inlineStr":
        return _as_text(text_of(body, prefix))
    text = _inside(body, f"{prefix}v")
    if kind == "s" and text:
        return _as_text(strings(int(text)))
    if not text:
        return NOTHING
    return Value({"str": "s", "d": "s"}.get(kind, kind), text)


def _as_text(text: str) -> Value:
    return Value("s", _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)) if text else NOTHING


def text_of(body: str, prefix: str) -> str:
    """Return the text of a string item or an inline string, without the readings of Japanese signs."""
    if f"<{prefix}rPh" in body:
        body = re.sub(rf"<{prefix}rPh\b.*?</{prefix}rPh>", "", body, flags=re.DOTALL)
    return "".join(map(plain, re.findall(rf"<{prefix}t(?:\s[^>]*)?>([^<]*)</{prefix}t>", body)))


def _inside(body: str, name: str) -> str:
    found = re.search(rf"<{name}(?:\s[^>]*)?>([^<]*)</{name}>", body)
    return plain(found[1]) if found else ""


def plain(text: str) -> str:
    """Return XML text as text."""
    return html.unescape(text) if "&" in text else text


def style(cell: str | None) -> int:
    """Return the number of a cell's look."""
    found = _STYLE.search(cell, 0, cell.index(">")) if cell else None
    return int(found[1]) if found else 0


def text_cell(place: str, look: str, text: str, prefix: str = "") -> str:
    """Return a cell with text, which stays text whatever it looks like; without its `<c `."""
    inside = f'<{prefix}is><{prefix}t xml:space="preserve">{escape(text)}</{prefix}t></{prefix}is>'
    return f'r="{place}"{look} t="inlineStr">{inside}</{prefix}c>'


def number_cell(place: str, look: str, number: str, prefix: str = "", kind: str = "") -> str:
    """Return a cell with a number, or with `kind` "b" a truth."""
    mark = f' t="{kind}"' if kind else ""
    return f'r="{place}"{look}{mark}><{prefix}v>{number}</{prefix}v></{prefix}c>'


def with_cells(row: str, number: int, new: Mapping[int, str], prefix: str) -> str:
    """Return a row in which some cells are replaced or added, in the order of columns."""
    mark = f"<{prefix}c "
    head, *rest = row.split(mark)
    if head.rstrip().endswith("/>"):
        head, tail = f"{head.rstrip()[:-2].rstrip()}>", f"</{prefix}row>"
    elif rest:
        rest[-1], tail = _cut(rest[-1], prefix)
    else:
        head, tail = _cut(head, prefix)
    there: dict[int, str] = {}
    for cell in rest:
        place = _PLACE.search(cell)
        there[column_number(place[1]) if place else 0] = cell
    there |= new
    return _SPANS.sub("", head, count=1) + "".join(mark + there[at] for at in sorted(there)) + tail


def _cut(text: str, prefix: str) -> tuple[str, str]:
    """Part the last cell of a row (or, without cells, its beginning) from what ends the row."""
    ends = [at for at in (text.find(f"<{prefix}extLst"), text.rfind(f"</{prefix}row>")) if at >= 0]
    end = text.find(f"</{prefix}c>")
    at = end + len(f"</{prefix}c>") if end >= 0 else min(ends)
    return text[:at], text[at:]


def renumbered(row: str, old: int, new: int) -> str:
    """Return a row as it stands in another place."""
    row = re.sub(rf'(\sr="){old}(")', rf"\g<1>{new}\g<2>", row, count=1)
    return re.sub(rf'((?:\s)r="[A-Z]{{1,3}}){old}(")', rf"\g<1>{new}\g<2>", row)


def without_results(row: str, prefix: str) -> str:
    """Return a row whose formulas carry no results: what they gave before is not what they give."""
    if f"</{prefix}f><{prefix}v>" in row:
        row = re.sub(rf"(</{prefix}f>)<{prefix}v>[^<]*</{prefix}v>", r"\1", row)
    if f"/><{prefix}v>" in row:
        row = re.sub(rf"(<{prefix}f\s[^<>]*/>)<{prefix}v>[^<]*</{prefix}v>", r"\1", row)
    return row


def place_of(column: int, row: int) -> str:
    """Return the name of a cell."""
    return f"{letters(column)}{row}"
