"""A workbook as plain data: what a plan shows, a journal keeps and `workbook.render` turns into an .xlsx file.

The data is JSON. Formulas stand as Excel stores them; `fills` copy one formula down a range; tables are read through
structured references, so nothing breaks when rows are added. Tables and defined names stand under the key "ident"
and formulas under "formula", so that both can be renamed when a workbook already has such a name.
Source for limits: Microsoft, "Excel specifications and limits".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, TypedDict

from chatbuilder.generators.common.text import clean
from chatbuilder.generators.common.workbook_formulas import refers_to, renamed

CELL_LIMIT = 32_767
LINE_LIMIT = 253
SHEET_NAME_LIMIT = 31
LAST_ROW = 1_048_576
_ESCAPED = re.compile(r"_(?=x[0-9A-Fa-f]{4}_)")

Content = Any
"""What a cell holds: None, a boolean, a number, text (which stays text), or a mapping with one key: {"formula": …},
{"date": ISO text}, {"link": sheet key} (shows the sheet's name, opens it), {"sheet": sheet key}, {"ident": name}."""


class Column(TypedDict, total=False):
    """One column of a table. `kind` is text (default), number, date, datetime or checkbox."""

    name: str
    kind: str
    style: str
    formula: str
    width: float
    hidden: bool


class Table(TypedDict):
    """A table with its header at `at`; without rows it gets one blank row, which Excel demands."""

    ident: str
    at: str
    columns: list[Column]
    rows: list[list[Any]]


class Sheet(TypedDict, total=False):
    """One sheet: `key` is stable, `name` is shown, `about` says what it is for.

    `cells` are [reference, content, style]; `fills` {range, formula, style}; `validations` {range, and ident or whole
    or date}; `choices` colour cells by their text {range, first, of}; `rules` {range, formula, style}; `charts`
    {kind, title, at, labels, values}, their ranges on this sheet.
    """

    key: str
    name: str
    about: str
    state: str
    tab: str
    freeze: str
    widths: dict[str, float]
    hidden: list[str]
    heights: dict[str, float]
    cells: list[list[Any]]
    fills: list[dict[str, str]]
    tables: list[Table]
    validations: list[dict[str, Any]]
    choices: list[dict[str, Any]]
    rules: list[dict[str, str]]
    charts: list[dict[str, Any]]


class Spec(TypedDict):
    """A whole workbook. `names` are {ident, formula} or {ident, sheet, range}; `formats` are number formats."""

    version: int
    title: str
    formats: dict[str, str]
    sheets: list[Sheet]
    names: list[dict[str, str]]


def cell_text(text: str) -> str:
    """Return text that a cell can hold and Excel gives back unchanged, cut to the limits of a cell.

    Excel counts UTF-16 units, allows 253 line feeds, and reads `_x0041_` as a letter.
    """
    text = clean(text)
    lines = text.split("\n")
    if len(lines) > LINE_LIMIT + 1:
        text = "\n".join(lines[:LINE_LIMIT]) + "\n" + " ".join(lines[LINE_LIMIT:])
    text = _ESCAPED.sub("_x005F_", text)
    return text if _units(text) <= CELL_LIMIT else _cut(text, CELL_LIMIT - 1) + "…"


def shown_text(text: str) -> str:
    """Return what Excel shows of text that `cell_text` gave."""
    return re.sub(r"_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found[1], 16)), text)


def cell_parts(text: str) -> list[str]:
    """Return text, however long, as the texts of several cells, each within the limits of a cell."""
    parts, rest = [], clean(text)
    while rest:
        part = _cut(rest[:CELL_LIMIT], CELL_LIMIT)
        lines = part.split("\n", LINE_LIMIT + 1)
        part = "\n".join(lines[: LINE_LIMIT + 1]) if len(lines) > LINE_LIMIT + 1 else part
        while _units(_ESCAPED.sub("_x005F_", part)) > CELL_LIMIT:
            part = part[: len(part) // 2]
        parts.append(_ESCAPED.sub("_x005F_", part))
        rest = rest[len(part) :]
    return parts


def sheet_name(name: str, taken: set[str]) -> str:
    """Return a name that Excel accepts for a sheet and that is not taken (case-folded), and take it."""
    base = re.sub(r"[\[\]:*?/\\]+", " ", clean(name)).strip(" '") or "Sheet"
    base = f"{base}_" if base.casefold() == "history" else base
    number, found = 1, _cut(base, SHEET_NAME_LIMIT).strip(" '")
    while found.casefold() in taken:
        number += 1
        found = f"{_cut(base, SHEET_NAME_LIMIT - 6).strip()} ({number})"
    taken.add(found.casefold())
    return found


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, units: int) -> str:
    return text.encode("utf-16-le")[: units * 2].decode("utf-16-le", "ignore")


def moment(value: str) -> datetime:
    """Return an ISO date or date-time as the UTC date-time without zone that a cell holds; ValueError otherwise."""
    if len(value) <= 10:
        return datetime.combine(date.fromisoformat(value), time())
    found = datetime.fromisoformat(value)
    return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found


def with_names(spec: Spec, sheets: Mapping[str, str], idents: Mapping[str, str]) -> Spec:
    """Return the spec with other sheet names (by key) and other names of tables and defined names."""
    changed: Spec = _with_idents(spec, idents) if idents else spec
    if not sheets:
        return changed
    return {**changed, "sheets": [_with_name(sheet, sheets) for sheet in changed["sheets"]]}


def _with_name(sheet: Sheet, names: Mapping[str, str]) -> Sheet:
    return {**sheet, "name": names.get(sheet["key"], sheet["name"])}


def _with_idents(value: Any, idents: Mapping[str, str], key: str = "") -> Any:
    if isinstance(value, Mapping):
        return {k: _with_idents(item, idents, k) for k, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_with_idents(item, idents) for item in value]
    if key == "formula":
        return renamed(value, idents)
    return idents.get(value, value) if key == "ident" else value


def idents(spec: Spec) -> list[str]:
    """Return the names of all tables and all defined names, in order."""
    tables = [table["ident"] for sheet in spec["sheets"] for table in sheet.get("tables", ())]
    return [*tables, *(name["ident"] for name in spec["names"])]


def offers(sheet: Sheet, spec: Spec) -> set[tuple[str, str]]:
    """Return what others may refer to on a sheet: (table, column), (table, "") and (defined name, "")."""
    found = {(name["ident"], "") for name in spec["names"] if name.get("sheet") == sheet["key"]}
    for table in sheet.get("tables", ()):
        found.add((table["ident"], ""))
        found |= {(table["ident"], column["name"]) for column in table["columns"]}
        found |= {(n["ident"], "") for n in spec["names"] if n.get("formula", "").startswith(f"{table['ident']}[")}
    return found


def needs(sheet: Sheet) -> set[tuple[str, str]]:
    """Return what a sheet refers to, as `offers` names it, wherever it stands."""
    return {wanted for formula in _formulas(sheet) for wanted in refers_to(formula)}


def _formulas(value: Any, key: str = "") -> list[str]:
    if isinstance(value, Mapping):
        return [text for k, item in value.items() for text in _formulas(item, k)]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _formulas(item)]
    return [value] if key in ("formula", "ident") and isinstance(value, str) else []
