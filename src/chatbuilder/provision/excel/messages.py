"""The sheet that transcripts go to, made when the first one is wanted: a row a message, several for a long one."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from xml.sax.saxutils import escape, quoteattr

from chatbuilder.generators.common import workbook_spec
from chatbuilder.provision.excel import graft
from chatbuilder.provision.excel.package import LINKS, MAIN, Link, Package, links_of, links_xml
from chatbuilder.provision.excel.rowxml import text_cell
from chatbuilder.provision.excel.shapes import Column, Shape

NAMES = {
    "source_id": "Source ID", "message": "Message", "part": "Part", "who": "Who", "at": "Time", "model": "Model",
    "text": "Text",
}  # fmt: skip
KEYS = tuple(NAMES)
_WIDTHS = (24, 10, 7, 12, 18, 18, 120)
_IDENT, _SHEET = "Messages", "Messages"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def is_ours(shape: Shape) -> bool:
    """Tell whether a table is the one for transcripts: it has all of its columns."""
    return set(NAMES.values()) <= {column.name for column in shape.columns}


def made(book: Package) -> tuple[Shape, str]:
    """Add an empty sheet for transcripts to the small parts of a workbook; return its table and its text."""
    taken = {name.casefold() for name in book.sheets()}
    title = workbook_spec.sheet_name(_SHEET, taken)
    names = {name.casefold() for name in book.idents()}
    ident = next(name for name in _numbered(f"{_IDENT}{{}}", "_") if name.casefold() not in names)
    sheet = next(part for part in _numbered("xl/worksheets/messages{}.xml") if part not in book.parts)
    table = next(part for part in _numbered("xl/tables/messages{}.xml") if part not in book.parts)
    number = max([0, *(int(found.get("id", "0")) for found in book.tables())]) + 1
    xml = _sheet_xml()
    book.put(table, _table_xml(ident, number))
    book.put(links_of(sheet), links_xml([Link("rId1", "table", table)]))
    link = f"rId{graft.last_number([known.id for known in book.links(book.workbook)]) + 1}"
    identity = graft.highest(book.text(book.workbook), r'\bsheetId="(\d+)"') + 1
    graft.list_sheets(book, [(title, identity, link, "visible")])
    graft.link_sheets(book, [Link(link, "worksheet", sheet)])
    graft.declare(book, {sheet: f"{_TYPE}.worksheet+xml", table: f"{_TYPE}.table+xml"})
    book.put(sheet, xml)
    columns = tuple(Column(name, at) for at, name in enumerate(NAMES.values(), 1))
    return Shape(ident, table, sheet, 1, 2, 2, 0, columns), xml


def _numbered(stem: str, separator: str = "") -> Iterator[str]:
    """Yield names that could be free: without a number, then with 2, 3 and so on."""
    yield stem.format("")
    yield from (stem.format(f"{separator}{number}") for number in count(2))


def _sheet_xml() -> str:
    widths = "".join(
        f'<col min="{at}" max="{at}" width="{width}" customWidth="1"/>' for at, width in enumerate(_WIDTHS, 1)
    )
    heads = "".join(f"<c {text_cell(f'{chr(64 + at)}1', '', name)}" for at, name in enumerate(NAMES.values(), 1))
    return (
        f'{_HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{LINKS}"><sheetPr><tabColor rgb="FF7F7F7F"/></sheetPr>'
        '<dimension ref="A1:G2"/><sheetViews><sheetView workbookViewId="0">'
        '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/></sheetView></sheetViews>'
        f'<sheetFormatPr defaultRowHeight="15"/><cols>{widths}</cols><sheetData><row r="1">{heads}</row></sheetData>'
        '<tableParts count="1"><tablePart r:id="rId1"/></tableParts></worksheet>'
    )


def _table_xml(ident: str, number: int) -> str:
    columns = "".join(f'<tableColumn id="{at}" name={quoteattr(name)}/>' for at, name in enumerate(NAMES.values(), 1))
    return (
        f'{_HEAD}<table xmlns="{MAIN}" id="{number}" name="{escape(ident)}" displayName="{escape(ident)}" ref="A1:G2" '
        f'totalsRowShown="0"><autoFilter ref="A1:G2"/><tableColumns count="{len(NAMES)}">{columns}</tableColumns>'
        '<tableStyleInfo name="TableStyleMedium2" showFirstColumn="0" showLastColumn="0" showRowStripes="1" '
        'showColumnStripes="0"/></table>'
    )
