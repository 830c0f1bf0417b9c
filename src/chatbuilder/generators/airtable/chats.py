"""Chats as records of a base: a new record, what sync's fields hold, and the change of some of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from chatbuilder.blueprint import Blueprint, Field
from chatbuilder.chats import Message
from chatbuilder.generators.airtable.fields import airtable_type, creatable
from chatbuilder.generators.common.merging import Cell
from chatbuilder.generators.common.rows import TRANSCRIPT, Payload, Row, stamp
from chatbuilder.generators.common.text import clean, one_line

RECORDS_A_CALL = 10
CELL_LIMIT = 100_000  # UTF-16 units of a long text, as is commonly told (support.airtable.com, "Long text field")
CALL_TEXT = 1_000_000  # characters in one call, so that no request is refused for its size
_STARTS = ("status", "access")
_ONE_LINE = ("title", "text", "url")


class Records:
    """Writes records of one base. A state holds what is in the `cells` by field key, and which fields are `there`.

    Payloads hold "fields" by key; links are ids of records.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        fields = [f for f in blueprint.sessions.fields if creatable(f)]
        self._all = {f.key: f for f in fields if f.owner in ("sync", "seed") or f.key in _STARTS}
        self._sync = {f.key: f for f in fields if f.owner == "sync"}

    @property
    def columns(self) -> dict[str, tuple[str, str]]:
        """The fields that sync writes, by key: name and Airtable's type."""
        return {key: (field.name, airtable_type(field)) for key, field in self._all.items()}

    @property
    def owned(self) -> tuple[str, ...]:
        """The keys of sync's own fields."""
        return tuple(self._sync)

    def cells(self, row: Row) -> dict[str, Cell]:
        """Return what sync's fields hold once the row is written."""
        found: dict[str, Cell] = {key: _cell(field, row.values.get(key)) for key, field in self._sync.items()}
        return found if row.said is None else found | {TRANSCRIPT: transcript(row.said, row.assistant)}

    def read(self, state: Mapping[str, Any]) -> dict[str, Cell]:
        """Return what sync's fields hold; what is empty there, Airtable leaves out."""
        cells = state["cells"]
        found = {key: _cell(field, cells.get(key)) for key, field in self._sync.items() if key in state["there"]}
        if TRANSCRIPT in state["there"]:
            found[TRANSCRIPT] = _text(cells.get(TRANSCRIPT) or "")
        return found

    def new(self, row: Row, cells: Mapping[str, Cell], linked: Mapping[tuple[str, str], str]) -> Payload:
        """Return a new record; what is empty is left out."""
        found: dict[str, Any] = {}
        for key, value in row.all().items():
            field = self._all.get(key)
            if field is not None:
                found[key] = _links(field, value, linked) if field.relation else _value(field, value)
        if row.said is not None:
            found[TRANSCRIPT] = cells[TRANSCRIPT]
        return _payload({key: value for key, value in found.items() if not _is_empty(value)})

    def change(self, state: Mapping[str, Any], row: Row, cells: Mapping[str, Cell], fields: Sequence[str]) -> Payload:
        """Return the change of these fields; None empties one."""
        values = (
            (key, cells[key] if key == TRANSCRIPT else _value(self._sync[key], row.values.get(key))) for key in fields
        )
        return _payload({key: None if _is_empty(value) else value for key, value in values})

    def related(self, table: str, title: str) -> Payload:
        """Return a new record of another table."""
        return Payload({"table": table, "title": one_line(title)}, len(title.encode()), 1 / RECORDS_A_CALL)


def transcript(said: Sequence[Message], assistant: str) -> str:
    """Return what was said as plain text that fits into one cell, "" when nothing was; files are told by name."""
    parts = []
    for message in said:
        who, when = "You" if message.is_prompt else one_line(assistant) or "Assistant", stamp(message.time)
        files = [f"[file: {part.name or 'without a name'}]" for part in message.parts if part.kind == "attachment"]
        head = f"{who} · {when[:10]} {when[11:16]}" if when else who
        parts.append("\n".join((head, *(text for text in (clean(message.text).strip(), *files) if text))))
    return _fitting(_text("\n\n".join(parts)))


def _fitting(text: str) -> str:
    """Cut what is longer than a cell, and say where the rest is."""
    if len(text) <= CELL_LIMIT // 2 or _units(text) <= CELL_LIMIT:
        return text
    note = "\n\n[Cut here: a cell of Airtable holds no more. Open the Link for the rest, or `chatbuilder search`.]"
    kept = text.encode("utf-16-le")[: 2 * (CELL_LIMIT - len(note))].decode("utf-16-le", "ignore")
    return kept.rstrip() + note


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def _payload(fields: dict[str, Any]) -> Payload:
    size = sum(len(value) if isinstance(value, str) else 8 for value in fields.values())
    return Payload({"fields": fields}, size, max(1 / RECORDS_A_CALL, size / CALL_TEXT))


def _is_empty(value: Any) -> bool:
    return value is None or value is False or value in ("", [])


def _value(field: Field, value: Any) -> Any:
    """Return a value as Airtable takes it; None is empty."""
    if isinstance(value, (list, tuple)):
        return [one_line(item) for item in value]
    if isinstance(value, str):
        return (one_line(value) if field.type in _ONE_LINE else _text(value)) or None
    return value


def _links(field: Field, value: Any, linked: Mapping[tuple[str, str], str]) -> list[str]:
    table = field.relation.table if field.relation else ""
    return list(dict.fromkeys(linked[table, title] for title in value or () if (table, title) in linked))


def _cell(field: Field, value: Any) -> Cell:
    """Return a value, ours or one that came back, so that the two compare equal.

    Airtable gives times with milliseconds, whole numbers as either kind of number, and no white space at the end.
    """
    if value is None or value is False:
        return ""
    if isinstance(value, (list, tuple)):
        return tuple(str(item) for item in value)
    if isinstance(value, (int, float)):
        return "true" if value is True else str(int(value) if value == int(value) else value)
    text = str(_value(field, str(value)) or "")
    return _moment(text) if field.type == "datetime" else text


def _moment(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return text
    return stamp(found if found.tzinfo else found.replace(tzinfo=UTC)) or text


def _text(value: Any) -> str:
    return clean(str(value)).strip()
