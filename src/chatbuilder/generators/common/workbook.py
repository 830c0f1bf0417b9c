"""Turn a workbook spec into the bytes of an .xlsx file, the same bytes each time.

Document times, zip dates and the order of entries are fixed. openpyxl is imported when somebody wants the bytes.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from copy import copy
from typing import Any

from chatbuilder.generators.common.text import clean
from chatbuilder.generators.common.workbook_formulas import copied, literal
from chatbuilder.generators.common.workbook_spec import Column, Sheet, Spec, Table, cell_text, moment

# openpyxl's own types are not precise enough to check against, and its fast ways in are private.
Book = Any
Page = Any
Cell = Any

_ZIP_TIME = (2000, 1, 1, 0, 0, 0)
_FILLS = {
    "gray": "E7E6E6", "brown": "EADFD5", "orange": "FCE4D6", "yellow": "FFF2CC", "green": "E2F0D9",
    "blue": "DDEBF7", "purple": "E9E1F4", "pink": "FBE3EE", "red": "FBD9D7",
}  # fmt: skip
_ACCENT, _MUTED, _LINK = "1F4E79", "7F7F7F", "0563C1"
# style -> font, fill colour, alignment, number format; "date" and "datetime" formats come from the spec.
_LOOKS: dict[str, tuple[dict[str, Any], str, dict[str, Any], str]] = {
    "": ({}, "", {}, ""),
    "text": ({}, "", {"vertical": "top"}, "@"),
    "long": ({}, "", {"vertical": "top"}, ""),
    "wrap": ({}, "", {"vertical": "top", "wrap_text": True}, ""),
    "number": ({}, "", {"vertical": "top"}, "#,##0.##"),
    "whole": ({}, "", {"vertical": "top"}, "#,##0"),
    "checkbox": ({}, "", {"vertical": "top", "horizontal": "center"}, ""),
    "date": ({}, "", {"vertical": "top", "horizontal": "left"}, "date"),
    "datetime": ({}, "", {"vertical": "top", "horizontal": "left"}, "datetime"),
    "month": ({"b": True, "sz": 14}, "FFF2CC", {"horizontal": "left"}, "month"),
    "link": ({"color": _LINK, "u": "single"}, "", {"vertical": "top"}, ""),
    "title": ({"b": True, "sz": 18, "color": _ACCENT}, "", {}, ""),
    "muted": ({"color": _MUTED, "i": True}, "", {"vertical": "top"}, ""),
    "label": ({"b": True}, "", {"vertical": "top"}, ""),
    "heading": ({"b": True, "color": "FFFFFF"}, _ACCENT, {"vertical": "center"}, ""),
    "input": ({"b": True}, "FFF2CC", {"horizontal": "left"}, "@"),
    "input_number": ({"b": True}, "FFF2CC", {"horizontal": "left"}, "0"),
    "input_date": ({"b": True}, "FFF2CC", {"horizontal": "left"}, "date"),
    "figure": ({"b": True, "sz": 22, "color": _ACCENT}, "DDEBF7", {"horizontal": "center"}, "#,##0.#"),
    "caption": ({"color": _MUTED}, "DDEBF7", {"horizontal": "center"}, ""),
    "day": ({"b": True, "color": _ACCENT}, "F2F2F2", {"horizontal": "right"}, "d"),
    "entry": ({"sz": 9, "color": _LINK}, "", {"vertical": "top"}, ""),
    "tick": ({"sz": 8, "color": _MUTED}, "", {"text_rotation": 90, "horizontal": "center"}, "date"),
}  # fmt: skip
# rule style -> font, fill colour, top line
_RULES: dict[str, tuple[dict[str, Any], str, bool]] = {
    "overdue": ({"b": True, "color": "C00000"}, "FBD9D7", False),
    "group": ({"b": True}, "", True),
    "repeat": ({"color": "BFBFBF"}, "", False),
    "bar": ({}, "5B9BD5", False),
    "outside": ({"color": "BFBFBF"}, "FFFFFF", False),
    "today": ({"b": True, "color": "C00000"}, "FFF2CC", False),
}


def render(spec: Spec) -> bytes:
    """Return the workbook as the bytes of an .xlsx file. Pure: the same spec gives the same bytes."""
    from openpyxl import Workbook

    book: Book = Workbook()
    book.remove(book.worksheets[0])
    styles = _Styles(book, spec["formats"])
    names = {sheet["key"]: sheet["name"] for sheet in spec["sheets"]}
    for sheet in spec["sheets"]:
        _sheet(book.create_sheet(sheet["name"]), sheet, styles, names)
    book.worksheets[0].sheet_view.tabSelected = True
    _names(book, spec, names)
    book.properties.title = clean(spec["title"])
    book.properties.creator = "chatbuilder"
    book.calculation.fullCalcOnLoad = True
    out = io.BytesIO()
    book.save(out)
    return _fixed(out.getvalue())


def _fixed(data: bytes) -> bytes:
    """Write the archive again without the moment of its making."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            info = zipfile.ZipInfo(name, _ZIP_TIME)
            info.compress_type, info.create_system, info.external_attr = zipfile.ZIP_DEFLATED, 0, 0
            content = old.read(name)
            if name == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"2000-01-01T00:00:00Z", content)
            new.writestr(info, content)
    return out.getvalue()


def _names(book: Book, spec: Spec, sheets: Mapping[str, str]) -> None:
    from openpyxl.workbook.defined_name import DefinedName

    for name in spec["names"]:
        target = name["formula"] if "formula" in name else f"{_quoted(sheets[name['sheet']])}!{name['range']}"
        book.defined_names[name["ident"]] = DefinedName(name["ident"], attr_text=target)


def _quoted(sheet: str) -> str:
    return "'" + sheet.replace("'", "''") + "'"


class _Styles:
    """The looks, each described to openpyxl once and then copied from cell to cell."""

    def __init__(self, book: Book, formats: Mapping[str, str]) -> None:
        self._cell = book.create_sheet("styles")["A1"]
        book.remove(book.worksheets[-1])
        self._formats = formats
        self._made: dict[tuple[str, bool], Any] = {}

    def get(self, name: str, quote: bool = False) -> Any:
        """Return openpyxl's style array; `quote` keeps text that looks like a formula from becoming one."""
        if (name, quote) not in self._made:
            self._made[name, quote] = self._make(name, quote)
        return self._made[name, quote]

    def _make(self, name: str, quote: bool) -> Any:
        from openpyxl.cell.cell import Cell as ExcelCell
        from openpyxl.styles import Alignment, Font, PatternFill

        font, fill, alignment, number_format = _LOOKS[name]
        cell: Any = ExcelCell(self._cell.parent, row=1, column=1)
        if font:
            cell.font = Font(**{"name": "Calibri", "sz": 11, **font})
        if fill:
            cell.fill = PatternFill("solid", fgColor=fill)
        if alignment:
            cell.alignment = Alignment(**alignment)
        if number_format:
            cell.number_format = self._formats.get(number_format, number_format)
        if quote:
            cell.quotePrefix = True
        return cell._style


def _sheet(page: Page, sheet: Sheet, styles: _Styles, names: Mapping[str, str]) -> None:
    page.sheet_state = sheet.get("state", "visible")
    page.sheet_properties.tabColor = sheet.get("tab")
    page.freeze_panes = sheet.get("freeze")
    page.sheet_view.showGridLines = bool(sheet.get("tables")) or bool(sheet.get("fills"))
    page.page_setup.orientation, page.page_setup.fitToHeight = "landscape", 0
    page.sheet_properties.pageSetUpPr.fitToPage = True
    for column, width in sheet.get("widths", {}).items():
        page.column_dimensions[column].width = width
    for column in sheet.get("hidden", ()):
        page.column_dimensions[column].hidden = True
    for row, height in sheet.get("heights", {}).items():
        page.row_dimensions[int(row)].height = height
    for ref, content, style in sheet.get("cells", ()):
        _put(page[ref], content, style, styles, names)
    for fill in sheet.get("fills", ()):
        _fill(page, fill["range"], fill["formula"], styles.get(fill["style"]))
    for table in sheet.get("tables", ()):
        _table(page, table, styles, names)
    _validations(page, sheet)
    _formats(page, sheet)
    for chart in sheet.get("charts", ()):
        _chart(page, chart)


def _put(cell: Cell, content: Any, style: str, styles: _Styles, names: Mapping[str, str]) -> None:
    if isinstance(content, Mapping):
        ((kind, value),) = content.items()
        if kind == "formula":
            cell._value, cell.data_type = value, "f"
        elif kind == "date":
            cell.value = moment(value)
        else:
            _text(cell, names[value] if kind in ("link", "sheet") else value)
            if kind == "link":
                _link(cell, names[value])
        cell._style = copy(styles.get(style))
        return
    quote = False
    if isinstance(content, str):
        quote = _text(cell, content)
    elif content is not None:
        cell.value = content
    cell._style = copy(styles.get(style, quote))


def _text(cell: Cell, text: str) -> bool:
    """Write text as text, whatever it looks like; tell whether it needs the apostrophe that keeps it so."""
    cell._value, cell.data_type = cell_text(text), "s"
    return text[:1] in ("=", "+", "-", "@")


def _link(cell: Cell, sheet: str) -> None:
    from openpyxl.worksheet.hyperlink import Hyperlink

    cell._hyperlink = Hyperlink(ref=cell.coordinate, location=f"{_quoted(sheet)}!A1")


def _fill(page: Page, cells: str, formula: str, style: Any) -> None:
    from openpyxl.utils import range_boundaries

    box: Any = range_boundaries(cells)
    left, top, right, bottom = box
    at = copied(formula)
    for row in range(top, bottom + 1):
        for column in range(left, right + 1):
            cell = page.cell(row, column)
            cell._value, cell.data_type = at(row - top, column - left), "f"
            cell._style = copy(style)


def _table(page: Page, table: Table, styles: _Styles, names: Mapping[str, str]) -> None:
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.filters import AutoFilter
    from openpyxl.worksheet.table import Table as ExcelTable
    from openpyxl.worksheet.table import TableColumn, TableFormula, TableStyleInfo

    top, left = page[table["at"]].row, page[table["at"]].column
    made: list[TableColumn] = []
    for number, column in enumerate(table["columns"]):
        _put(page.cell(top, left + number), column["name"], "", styles, names)
        _rows(page, table, number, (top, left), styles, names)
        letter = get_column_letter(left + number)
        page.column_dimensions[letter].width = column.get("width", 14)
        page.column_dimensions[letter].hidden = column.get("hidden", False)
        made.append(TableColumn(id=number + 1, name=cell_text(column["name"])))
        if "formula" in column:
            made[-1].calculatedColumnFormula = TableFormula(attr_text=column["formula"].removeprefix("="))
    last = top + max(len(table["rows"]), 1)
    ref = f"{get_column_letter(left)}{top}:{get_column_letter(left + len(made) - 1)}{last}"
    excel = ExcelTable(displayName=table["ident"], name=table["ident"], ref=ref, tableColumns=made)
    excel.tableStyleInfo = TableStyleInfo(name="TableStyleMedium2", showRowStripes=True)
    excel.autoFilter = AutoFilter(ref=ref)
    page.add_table(excel)


def _rows(
    page: Page, table: Table, number: int, at: tuple[int, int], styles: _Styles, names: Mapping[str, str]
) -> None:
    column = table["columns"][number]
    for down, row in enumerate(table["rows"] or [[]], 1):
        content = {"formula": column["formula"]} if "formula" in column else _stored(column, row, number)
        _put(page.cell(at[0] + down, at[1] + number), content, column.get("style", ""), styles, names)


def _stored(column: Column, row: list[Any], number: int) -> Any:
    value = row[number] if number < len(row) else None
    if value in (None, ""):
        return None
    return {"date": value} if column.get("kind") in ("date", "datetime") else value


def _validations(page: Page, sheet: Sheet) -> None:
    from openpyxl.worksheet.datavalidation import DataValidation

    for item in sheet.get("validations", ()):
        if "ident" in item:
            rule = DataValidation(type="list", formula1=item["ident"])
        elif "whole" in item:
            low, high = item["whole"]
            rule = DataValidation(type="whole", operator="between", formula1=str(low), formula2=str(high))
        else:
            rule = DataValidation(type="date", operator="greaterThan", formula1="1")
        rule.allow_blank, rule.errorStyle = True, item["style"]
        rule.showErrorMessage, rule.errorTitle, rule.error = bool(item["error"]), "Not expected here", item["error"]
        rule.add(item["range"])
        page.add_data_validation(rule)


def _formats(page: Page, sheet: Sheet) -> None:
    from openpyxl.formatting import rule as rules
    from openpyxl.styles import Border, Font, PatternFill, Side

    made: Any = rules.FormulaRule
    for item in sheet.get("choices", ()):
        for text, colour in item["of"]:
            fill = PatternFill(bgColor=_FILLS[colour], fill_type="solid")
            formula = f"EXACT({item['first']},{literal(text)})"
            page.conditional_formatting.add(item["range"], made(formula=[formula], fill=fill))
    for rule in sheet.get("rules", ()):
        font, fill_colour, line = _RULES[rule["style"]]
        look: dict[str, Any] = {"font": Font(**font)} if font else {}
        if fill_colour:
            look["fill"] = PatternFill(bgColor=fill_colour, fill_type="solid")
        if line:
            look["border"] = Border(top=Side(style="thin", color=_ACCENT))
        page.conditional_formatting.add(rule["range"], made(formula=[rule["formula"].removeprefix("=")], **look))


def _chart(page: Page, item: dict[str, Any]) -> None:
    from openpyxl.chart import BarChart, DoughnutChart, LineChart, Reference
    from openpyxl.utils import range_boundaries

    kinds = {"column": BarChart, "bar": BarChart, "line": LineChart, "donut": DoughnutChart}
    chart: Any = kinds[item["kind"]]()
    if item["kind"] in ("column", "bar"):
        chart.type, chart.gapWidth = {"column": "col", "bar": "bar"}[item["kind"]], 60
    chart.title, chart.style, chart.width, chart.height = item["title"], 10, 14.4, 8.5
    boxes: list[Any] = [range_boundaries(item[part]) for part in ("values", "labels")]
    values, labels = (Reference(page, min_col=a, min_row=b, max_col=c, max_row=d) for a, b, c, d in boxes)
    chart.add_data(values, titles_from_data=False)
    chart.set_categories(labels)
    if item["kind"] == "donut":
        chart.holeSize = 55
    else:
        chart.legend = None
        chart.x_axis.delete = chart.y_axis.delete = False
        chart.y_axis.number_format, chart.y_axis.majorGridlines = "0", None
        if item["kind"] == "bar":
            chart.x_axis.scaling.orientation, chart.y_axis.crosses = "maxMin", "max"
        if item["kind"] == "line":
            chart.series[0].smooth = False
    page.add_chart(chart, item["at"])
