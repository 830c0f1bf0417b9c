"""What a sheet says, as one number: to tell whether a person has changed it, also after Excel has saved it anew."""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import Any

from chatbuilder.provision.excel.package import Unusable


def digests(data: bytes) -> dict[str, str]:
    """Return a digest of every sheet by name: texts, formulas, formats, colours, tables, dropdowns, notes, pictures.

    Results of formulas, widths and what only Excel keeps for itself do not count. Raises `Unusable`.
    """
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about parts that openpyxl leaves out; nothing is written from here
        try:
            book: Any = load_workbook(io.BytesIO(data))
        except Exception as error:  # openpyxl raises whatever its parsers raise
            raise Unusable("cannot be read") from error
    return {page.title: _digest(page) for page in book.worksheets}


def _digest(page: Any) -> str:
    total = hashlib.sha256()
    for row in page.iter_rows():
        for cell in row:
            seen = _seen(cell)
            if seen:
                total.update(f"{cell.coordinate}\0{seen}\n".encode("utf-8", "surrogatepass"))
    for part in _around(page):
        total.update(f"{part}\n".encode("utf-8", "surrogatepass"))
    return total.hexdigest()


def _seen(cell: Any) -> str:
    fill = cell.fill.fgColor.rgb if cell.fill.fill_type else ""
    if cell.value is None and not fill and cell.comment is None:
        return ""
    # Font 0 is the workbook's own default, which sheets that were added to it take over.
    own = cell._style.fontId and cell.font
    font = (bool(own.b), bool(own.i), own.color.rgb if own.color else "") if own else ""
    note = cell.comment.text if cell.comment else ""
    link = cell.hyperlink.target or cell.hyperlink.location if cell.hyperlink else ""
    return repr((cell.data_type, cell.value, cell.number_format, str(fill), str(font), note, link))


def _around(page: Any) -> list[str]:
    tables = sorted((t.displayName, t.ref, [c.name for c in t.tableColumns]) for t in page.tables.values())
    rules = sorted((str(v.sqref), v.type or "", str(v.formula1)) for v in page.data_validations.dataValidation)
    colours = sorted(
        (str(found.sqref), str(rule.formula)) for found in page.conditional_formatting for rule in found.rules
    )
    return [repr(tables), repr(rules), repr(colours), repr((len(page._charts), len(page._images), page.sheet_state))]
