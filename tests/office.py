"""LibreOffice as a second opinion: workbooks recalculated by a program that is not ours."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

SOFFICE = shutil.which("soffice") or shutil.which("libreoffice")
needs_office = pytest.mark.skipif(
    SOFFICE is None and not os.environ.get("CI"), reason="LibreOffice is not installed here"
)
# Excel files without stored results are worked out on loading; this makes it so for those that have them, too.
_ALWAYS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
<item oor:path="/org.openoffice.Office.Calc/Formula/Load"><prop oor:name="OOXMLRecalcMode" oor:op="fuse">
<value>0</value></prop></item></oor:items>
"""


def load(data: bytes, *, values: bool = False) -> Any:
    """Read a workbook with openpyxl, without its warnings about parts it does not know."""
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return load_workbook(io.BytesIO(data), data_only=values)


def recalculated(books: Mapping[str, bytes], folder: Path) -> dict[str, Any]:
    """Return the workbooks with the values that LibreOffice finds; one start of the program for all of them."""
    assert SOFFICE, "LibreOffice is missing"
    source, out, profile = folder / "in", folder / "out", folder / "profile"
    (profile / "user").mkdir(parents=True)
    (profile / "user" / "registrymodifications.xcu").write_text(_ALWAYS, "utf-8")
    source.mkdir()
    for name, data in books.items():
        (source / f"{name}.xlsx").write_bytes(data)
    command = [
        SOFFICE, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to",
        "xlsx:Calc MS Excel 2007 XML", "--outdir", str(out), *(str(source / f"{name}.xlsx") for name in books),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=280)
    missing = [name for name in books if not (out / f"{name}.xlsx").is_file()]
    assert not missing, f"{missing}: {done.stderr}"
    return {name: load((out / f"{name}.xlsx").read_bytes(), values=True) for name in books}


def errors(book: Any) -> list[tuple[str, str, str]]:
    """Return every cell that shows an error: sheet, cell, error."""
    return [
        (page.title, cell.coordinate, str(cell.value))
        for page in book.worksheets
        for row in page.iter_rows()
        for cell in row
        if cell.data_type == "e"
    ]
