"""Chats as rows of a spreadsheet: a new row, what sync's columns hold, and the change of some of them.

Everything goes as typed cells (`userEnteredValue`), text as `stringValue`: the API enters nothing as if it were typed,
so no title becomes a formula, a date or a link.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from typing import Any

from chatbuilder.blueprint import Blueprint, Field
from chatbuilder.generators.common.data import stored_fields
from chatbuilder.generators.common.merging import Cell
from chatbuilder.generators.common.rows import TRANSCRIPT, Payload, Row
from chatbuilder.generators.common.sheets_batch import say
from chatbuilder.generators.common.text import clean
from chatbuilder.generators.sheets.cells import data_cell
from chatbuilder.generators.sheets.formulas import EPOCH
from chatbuilder.generators.sheets.transcripts import compared, parts_of

ROWS_TOGETHER = 500  # rows that go in one request when they are small
BYTES_TOGETHER = 1_800_000  # of a request; Google recommends 2 MB at most
FORMULA = "\0="  # begins what stands for a formula: our own text never holds a NUL

Entered = Mapping[str, Any]


class Rows:
    """Writes rows of one spreadsheet.

    A state holds "cells", what was entered by field key (None: blank; a column that is gone is left out), and where
    transcripts are wanted "said": its parts as [who, text]. Payloads hold "values" of a new row, or "set" and "were".
    """

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._all = {field.key: field for field in stored_fields(blueprint.sessions)}
        self._sync = {key: field for key, field in self._all.items() if field.owner == "sync"}

    @property
    def owned(self) -> tuple[str, ...]:
        """The keys of sync's fields."""
        return tuple(self._sync)

    def cells(self, row: Row) -> dict[str, Cell]:
        """Return what sync's columns hold once the row is written."""
        found: dict[str, Cell] = {k: plain(f, _entered(data_cell(f, row.values[k]))) for k, f in self._sync.items()}
        return found if row.said is None else found | {TRANSCRIPT: compared(parts_of(row.said))}

    def read(self, state: Mapping[str, Any]) -> dict[str, Cell]:
        """Return what sync's columns hold."""
        cells = state["cells"]
        found: dict[str, Cell] = {key: plain(field, cells[key]) for key, field in self._sync.items() if key in cells}
        return found | ({TRANSCRIPT: compared(state["said"])} if "said" in state else {})

    def new(self, row: Row, cells: Mapping[str, Cell], linked: Mapping[tuple[str, str], str]) -> Payload:
        """Return a new row; what is empty stays blank."""
        values = {}
        for key, value in row.all().items():
            if key in self._all:
                field = self._all[key]
                cell = data_cell(field, _titles(field, value, linked) if field.relation else value)
                if cell:
                    values[key] = cell
        return _payload({"values": values}, row, told=row.said is not None)

    def change(self, state: Mapping[str, Any], row: Row, cells: Mapping[str, Cell], fields: Sequence[str]) -> Payload:
        """Return the change of these columns, and what they held."""
        keys = [key for key in fields if key != TRANSCRIPT]
        now = {key: data_cell(self._sync[key], row.values[key]) for key in keys}
        were = {key: state["cells"].get(key) for key in keys}
        return _payload({"set": now, "were": were}, row, told=TRANSCRIPT in fields)

    def related(self, table: str, title: str) -> Payload:
        """Return a new row of another table."""
        text = clean(title)
        key = self._blueprint.table(table).title.key
        return Payload({"table": table, "field": key, "title": text, "cell": say(text)}, len(text.encode()))


def plain(field: Field, entered: Entered | None) -> str:
    """Return what was entered into a cell of a field, in the form in which two are compared; "" is blank."""
    if not entered:
        return ""
    ((kind, value),) = entered.items()
    match kind:
        case "stringValue":
            return str(value)
        case "numberValue":
            return _number(field, float(value))
        case "boolValue":
            return str(value).lower()
    return f"{FORMULA}{value}"


def _number(field: Field, value: float) -> str:
    if field.type in ("date", "datetime"):
        try:
            moment = datetime.combine(EPOCH, time()) + timedelta(seconds=round(value * 86400))
        except (OverflowError, ValueError):
            return repr(value)
        midnight = field.type == "date" and moment.time() == time()
        return moment.date().isoformat() if midnight else f"{moment.isoformat()}Z"
    return str(int(value)) if value.is_integer() else repr(value)


def _entered(cell: Mapping[str, Any]) -> Entered | None:
    return cell.get("userEnteredValue")


def _titles(field: Field, value: Any, linked: Mapping[tuple[str, str], str]) -> tuple[str, ...]:
    table = field.relation.table if field.relation else ""
    return tuple(linked[table, title] for title in value or () if (table, title) in linked)


def _payload(data: dict[str, Any], row: Row, *, told: bool) -> Payload:
    if told and row.said is not None:
        data["parts"] = parts_of(row.said)
    size = len(json.dumps(data))
    return Payload(data, size, max(1 / ROWS_TOGETHER, size / BYTES_TOGETHER))
