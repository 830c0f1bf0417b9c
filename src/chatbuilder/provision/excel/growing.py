"""New columns for tables that people have filled: at the right of each table, nothing that is there moves.

Source for the order of elements in a sheet: ECMA-376 part 1, 18.3.1.99.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from xml.sax.saxutils import escape

from chatbuilder.generators.common import workbook_spec
from chatbuilder.generators.common.workbook_formulas import letters, refers_to
from chatbuilder.generators.common.workbook_spec import Column, Spec
from chatbuilder.provision.excel import presence
from chatbuilder.provision.excel.package import Package, Unusable, attribute, inserted, prefix_of, read
from chatbuilder.provision.excel.presence import Presence
from chatbuilder.provision.excel.rowxml import cells, pieces, place_of, style, text_cell, value, with_cells
from chatbuilder.provision.excel.shapes import Shape, shapes
from chatbuilder.provision.excel.styles import Looks, merge

_AFTER_RULES = (
    "hyperlinks", "printOptions", "pageMargins", "pageSetup", "headerFooter", "rowBreaks", "colBreaks",
    "customProperties", "cellWatches", "ignoredErrors", "smartTags", "drawing", "legacyDrawing", "legacyDrawingHF",
    "drawingHF", "picture", "oleObjects", "controls", "webPublishItems", "tableParts", "extLst",
)  # fmt: skip

_HIDDEN = ' hidden="1"'
Wanted = dict[str, list[Column]]


def possible(
    spec: Spec, lacking: Collection[str], there: Presence, book: Package, *, filled: bool
) -> tuple[list[str], Wanted]:
    """Return which sheets of `lacking` can be added, and which new columns, by table, where the workbook is `filled`.

    All that they refer to is there or comes along, and beside the table there is room. A table in which only the person
    wrote gets no columns: it is theirs.
    """
    columns = _lacking(spec, there, book) if filled else {}
    while True:
        more = {(table, column["name"]) for table, new in columns.items() for column in new}
        fitting = presence.possible(spec, lacking, book, more)
        sheets = [sheet for sheet in spec["sheets"] if sheet["key"] in fitting]
        offered = presence.offered(book).union(more, *(workbook_spec.offers(sheet, spec) for sheet in sheets))
        kept = {
            table: [column for column in new if set(refers_to(column.get("formula", ""))) <= offered]
            for table, new in columns.items()
        }
        if kept == columns:
            return fitting, {table: new for table, new in columns.items() if new}
        columns = kept


def _lacking(spec: Spec, there: Presence, book: Package) -> Wanted:
    known = {shape.ident: shape for shape in shapes(book)}
    found: Wanted = {}
    for sheet in spec["sheets"]:
        for table in sheet.get("tables", ()):
            shape = known.get(table["ident"])
            if shape is None or sheet["key"] not in there.sheets or not sheet["key"].startswith("table:"):
                continue
            names = {column.name.casefold() for column in shape.columns}
            new = [column for column in table["columns"] if column["name"].casefold() not in names]
            if new and _is_free(book, shape, len(new)):
                found[shape.ident] = new
    return found


def _is_free(book: Package, shape: Shape, count: int) -> bool:
    """Tell whether nothing stands at the right of a table."""
    xml = book.text(shape.sheet)
    prefix = prefix_of(xml, "worksheet")
    beside = range(shape.right + 1, shape.right + count + 1)
    for _, number, row in pieces([xml], prefix):
        if shape.first - 1 <= number <= shape.last + shape.totals:
            there = cells(row, prefix)
            if any(value(there.get(at), lambda _: "text", prefix).kind for at in beside):
                return False
    return beside.stop <= 16_384


def grown(data: bytes, rendered: bytes, wanted: Wanted) -> bytes:
    """Return a workbook with more columns in its tables, which look as in the one that is rendered anew."""
    book, source = read(data), read(rendered)
    looks = merge(book, source)
    models = {shape.ident: shape for shape in shapes(source)}
    for shape in shapes(book):
        if shape.ident in wanted:
            _grow(book, shape, wanted[shape.ident], _Model(source, models[shape.ident], looks))
    return book.data()


class _Model:
    """How the columns look in the workbook as it would be built anew."""

    def __init__(self, source: Package, shape: Shape, looks: Looks) -> None:
        self.xml, self._shape = source.text(shape.sheet), shape
        self._places = {column.name: at for at, column in enumerate(shape.columns, shape.left)}
        row = next(row for _, number, row in pieces([self.xml], "") if number == shape.first)
        self._looks = {at: looks.styles.get(style(cell), 0) for at, cell in cells(row, "").items()}

    def look(self, name: str) -> int:
        return self._looks.get(self._places[name], 0)

    def dropdown(self, name: str, at: int, idents: Collection[str]) -> str:
        """Return the rules for what may be typed into a column, for its new place."""
        old, new = letters(self._places[name]), letters(at)
        found = re.search(rf'<dataValidation sqref="{old}(\d+):{old}(\d+)".*?</dataValidation>', self.xml)
        if found is None:
            return ""
        named = re.search(r"<formula1>(list_\w+)</formula1>", found[0])
        if named and named[1] not in idents:
            return ""
        return found[0].replace(f'"{old}{found[1]}:{old}{found[2]}"', f'"{new}{found[1]}:{new}{found[2]}"')


def _grow(book: Package, shape: Shape, columns: list[Column], model: _Model) -> None:
    xml = book.text(shape.sheet)
    prefix = prefix_of(xml, "worksheet")
    out = []
    for before, number, row in pieces([xml], prefix):
        out.append(before)
        if number and shape.first - 1 <= number <= shape.last:
            new = {
                at: _cell(column, place_of(at, number), model, prefix, heading=number < shape.first)
                for at, column in enumerate(columns, shape.right + 1)
            }
            out.append(with_cells(row, number, new, prefix))
        else:
            out.append(row)
    text = _with_widths("".join(out), prefix, shape.right + 1, columns)
    book.put(shape.sheet, _with_dropdowns(text, prefix, book, shape, columns, model))
    _widen(book, shape, columns)


def _cell(column: Column, place: str, model: _Model, prefix: str, *, heading: bool) -> str:
    if heading:
        return text_cell(place, "", workbook_spec.cell_text(column["name"]), prefix)
    look = model.look(column["name"])
    mark = f' s="{look}"' if look else ""
    if "formula" not in column:
        return f'r="{place}"{mark}/>'
    formula = escape(column["formula"].removeprefix("="))
    return f'r="{place}"{mark}><{prefix}f>{formula}</{prefix}f></{prefix}c>'


def _with_widths(xml: str, prefix: str, first: int, columns: list[Column]) -> str:
    """Set the widths of new columns, and hide helpers; what was set for the empty columns there gives way."""

    def trimmed(found: re.Match[str]) -> str:
        ends = dict(re.findall(r'\s(min|max)="(\d+)"', found[0]))
        low, high = int(ends["min"]), int(ends["max"])
        if high < first:
            return found[0]
        return re.sub(r'(\smax=")\d+(")', rf"\g<1>{first - 1}\g<2>", found[0]) if low < first else ""

    new = "".join(
        f'<{prefix}col min="{at}" max="{at}" width="{column.get("width", 14)}" customWidth="1"'
        f"{_HIDDEN if column.get('hidden') else ''}/>"
        for at, column in enumerate(columns, first)
    )
    head, data, rest = xml.partition(f"<{prefix}sheetData")
    head = re.sub(rf'<{prefix}col\s[^>]*?\smax="\d+"[^>]*/>', trimmed, head)
    head = re.sub(rf"<{prefix}cols\s*/>|<{prefix}cols>\s*</{prefix}cols>", "", head)
    if f"<{prefix}cols>" in head:
        head = head.replace(f"</{prefix}cols>", f"{new}</{prefix}cols>", 1)
    else:
        head += f"<{prefix}cols>{new}</{prefix}cols>"
    return head + data + rest


def _with_dropdowns(xml: str, prefix: str, book: Package, shape: Shape, columns: list[Column], model: _Model) -> str:
    if prefix:
        return xml
    idents = book.idents()
    found = [model.dropdown(column["name"], at, idents) for at, column in enumerate(columns, shape.right + 1)]
    new = [item for item in found if item]
    if not new:
        return xml
    xml = inserted(xml, prefix, "dataValidations", "".join(new), _AFTER_RULES)
    total = len(re.findall(r"<dataValidation\s", xml))
    return re.sub(r'<dataValidations(?:\s+count="\d+")?', f'<dataValidations count="{total}"', xml, count=1)


def _widen(book: Package, shape: Shape, columns: list[Column]) -> None:
    """Add columns to the part of a table."""
    xml = book.text(shape.part)
    prefix = prefix_of(xml, "table")
    free = max(column.id for column in shape.columns) + 1
    new = ""
    for number, column in enumerate(columns, free):
        name = attribute(workbook_spec.cell_text(column["name"]))
        formula = escape(column.get("formula", "").removeprefix("="))
        inside = f"<{prefix}calculatedColumnFormula>{formula}</{prefix}calculatedColumnFormula>" if formula else ""
        new += f'<{prefix}tableColumn id="{number}" name={name}>{inside}</{prefix}tableColumn>'
    closing = f"</{prefix}tableColumns>"
    if closing not in xml:
        raise Unusable("is saved in an unusual form")
    xml = xml.replace(closing, new + closing, 1)
    xml = re.sub(
        rf'(<{prefix}tableColumns\s[^>]*?count=")\d+(")', rf"\g<1>{len(shape.columns) + len(columns)}\g<2>", xml
    )
    old, now = letters(shape.right), letters(shape.right + len(columns))
    xml = re.sub(rf'(<{prefix}(?:table|autoFilter)\s[^>]*?\sref="[A-Z]+\d+:){old}(\d+")', rf"\g<1>{now}\g<2>", xml)
    book.put(shape.part, xml)
