"""Cells and requests in the shape that the Sheets API takes (discovery document of Sheets v4)."""

from __future__ import annotations

from typing import Any

from chatbuilder.blueprint import Colour, Field
from chatbuilder.generators.common.sheets_batch import grid_range, say
from chatbuilder.generators.sheets.formulas import serial
from chatbuilder.generators.sheets.layout import ENTRY_BREAK, LIST_BREAK, ROWS

Request = dict[str, Any]
_PATTERNS = {"iso": "yyyy-mm-dd", "european": "dd/mm/yyyy", "us": "mm/dd/yyyy"}
_RGB: dict[Colour, str] = {
    "gray": "e8eaed", "brown": "ead9cf", "orange": "fce0c8", "yellow": "fef0b8", "green": "cfe9d4",
    "blue": "cfe2fb", "purple": "e2d5f5", "pink": "fad7e8", "red": "f9d0cc",
}  # fmt: skip
HEADER_COLOUR = "356854"
QUIET = "9aa0a6"
ALARM = "c5221f"


def colour(rgb: str) -> dict[str, Any]:
    """Return a ColorStyle from six hex digits."""
    red, green, blue = (round(int(rgb[i : i + 2], 16) / 255, 4) for i in (0, 2, 4))
    return {"rgbColor": {"red": red, "green": green, "blue": blue}}


def option_colour(name: Colour) -> dict[str, Any]:
    """Return the pale background of a choice."""
    return colour(_RGB[name])


def number(value: float) -> dict[str, Any]:
    """Return a cell that holds a number."""
    return {"userEnteredValue": {"numberValue": value}}


def formula(value: str) -> dict[str, Any]:
    """Return a cell that computes."""
    return {"userEnteredValue": {"formulaValue": f"={value}"}}


def data_cell(field: Field, value: Any) -> dict[str, Any]:
    """Return a sample value as a typed cell; {} for an empty one."""
    if value is None or value in ("", ()):
        return {"userEnteredValue": {"boolValue": False}} if field.type == "checkbox" else {}
    if isinstance(value, bool):
        return {"userEnteredValue": {"boolValue": value}}
    if isinstance(value, (int, float)):
        return number(value)
    if isinstance(value, tuple):
        return say((LIST_BREAK if field.relation else ENTRY_BREAK).join(value))
    return number(serial(value)) if field.type in ("date", "datetime") else say(value)


def number_format(field: Field, date_format: str) -> dict[str, str] | None:
    """Return the number format of a column; text columns are plain text, so that nothing typed there computes."""
    match field.type:
        case "date":
            return {"type": "DATE", "pattern": _PATTERNS[date_format]}
        case "datetime":
            return {"type": "DATE_TIME", "pattern": moment_pattern(date_format)}
        case "number":
            return {"type": "NUMBER", "pattern": "#,##0"} if field.owner == "sync" else None
        case "title" | "text" | "long_text" | "select" | "multi_select" | "person" | "relation":
            return {"type": "TEXT", "pattern": "@"}
    return None


def moment_pattern(date_format: str) -> str:
    """Return the number format of a date with its time."""
    return f"{_PATTERNS[date_format]} hh:mm"


def date_pattern(date_format: str) -> dict[str, str]:
    """Return the number format of a plain date."""
    return {"type": "DATE", "pattern": _PATTERNS[date_format]}


def add_sheet(sheet: int, title: str, columns: int, frozen: tuple[int, int] = (0, 0), **more: Any) -> Request:
    """Return the request for a sheet; `frozen` are the rows and columns that stay in sight."""
    grid: dict[str, Any] = {"rowCount": more.pop("rows", ROWS), "columnCount": max(1, columns)}
    if frozen[0]:
        grid["frozenRowCount"] = frozen[0]
    if frozen[1]:
        grid["frozenColumnCount"] = frozen[1]
    if more.pop("plain", False):
        grid["hideGridlines"] = True
    return {"addSheet": {"properties": {"sheetId": sheet, "title": title, "gridProperties": grid, **more}}}


def look(area: dict[str, Any], form: dict[str, Any]) -> Request:
    """Return the request that gives a range a format; only the named parts of the format change."""
    fields = ",".join(f"userEnteredFormat.{key}" for key in form)
    return {"repeatCell": {"range": area, "cell": {"userEnteredFormat": form}, "fields": fields}}


def heading(sheet: int, row: int, columns: tuple[int, int], *, size: int = 0) -> Request:
    """Return the request that makes cells of one row bold."""
    style: dict[str, Any] = {"bold": True}
    if size:
        style["fontSize"] = size
    return look(grid_range(sheet, (row, row + 1), columns), {"textFormat": style})


def column_width(sheet: int, column: int, pixels: int, count: int = 1) -> Request:
    """Return the request that sets the width of columns, in pixels."""
    return {
        "updateDimensionProperties": {
            "range": {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": column, "endIndex": column + count},
            "properties": {"pixelSize": pixels},
            "fields": "pixelSize",
        }
    }


def when(area: dict[str, Any], test: str, form: dict[str, Any]) -> Request:
    """Return the request for a conditional format by formula."""
    rule = {
        "ranges": [area],
        "booleanRule": {
            "condition": {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": f"={test}"}]},
            "format": form,
        },
    }
    return {"addConditionalFormatRule": {"rule": rule, "index": 0}}


def guard(area: dict[str, Any], about: str) -> Request:
    """Return the request that warns before a range is edited; nobody is locked out."""
    return {"addProtectedRange": {"protectedRange": {"range": area, "description": about, "warningOnly": True}}}
