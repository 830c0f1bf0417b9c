"""Chats as rows of a database: a new row, what sync's columns hold, and the change of some of them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from chatbuilder.blueprint import Blueprint, Field
from chatbuilder.chats import Message
from chatbuilder.generators.common.merging import Cell
from chatbuilder.generators.common.rows import TRANSCRIPT, Payload, Row, stamp
from chatbuilder.generators.common.schema import columns_of, stored_name
from chatbuilder.generators.common.text import clean

TRANSCRIPTS = (
    'CREATE TABLE "transcripts" (\n  "source_id" TEXT NOT NULL,\n  "position" INTEGER NOT NULL,\n'
    '  "who" TEXT NOT NULL,\n  "at" TEXT,\n  "model" TEXT,\n  "text" TEXT NOT NULL,\n'
    '  PRIMARY KEY ("source_id", "position")\n) STRICT, WITHOUT ROWID'
)
"""Where transcripts go. No reference to sessions: a session that is deleted or rebuilt takes nothing with it."""


class Rows:
    """Writes rows of one database. A state holds a row by column; so do payloads: "values", "set" and "were"."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        fields = columns_of(blueprint.sessions)
        self._all = {f.key: f for f in fields}
        self._sync = {f.key: f for f in fields if f.owner == "sync"}

    @property
    def columns(self) -> tuple[str, ...]:
        """Sync's columns."""
        return tuple(stored_name(field) for field in self._sync.values())

    def cells(self, row: Row) -> dict[str, Cell]:
        """Return what sync's columns hold once the row is written."""
        found: dict[str, Cell] = {key: _cell(_plain(field, row.values[key])) for key, field in self._sync.items()}
        return found if row.said is None else found | {TRANSCRIPT: json.dumps(messages(row.said))}

    def read(self, state: Mapping[str, Any]) -> dict[str, Cell]:
        """Return what sync's columns hold."""
        names = {key: stored_name(field) for key, field in self._sync.items()}
        found: dict[str, Cell] = {key: _cell(state[name]) for key, name in names.items() if name in state}
        said = state.get(TRANSCRIPT)
        return found | ({TRANSCRIPT: json.dumps(said) if said else ""} if said is not None else {})

    def new(self, row: Row, cells: Mapping[str, Cell], linked: Mapping[tuple[str, str], str]) -> Payload:
        """Return a new row; what is empty is left to the column's default."""
        values: dict[str, Any] = {}
        for key, value in row.all().items():
            field = self._all.get(key)
            if field is None:
                continue
            stored = _link(field, value, linked) if field.relation else _plain(field, value)
            if stored is not None:
                values[stored_name(field)] = stored
        return _payload({"values": values}, row.said)

    def change(self, state: Mapping[str, Any], row: Row, cells: Mapping[str, Cell], fields: Sequence[str]) -> Payload:
        """Return the change of these columns, and what they held."""
        keys = [key for key in fields if key != TRANSCRIPT]
        now = {stored_name(self._sync[key]): _plain(self._sync[key], row.values[key]) for key in keys}
        data = {"set": now, "were": {name: state.get(name) for name in now}}
        return _payload(data, row.said if TRANSCRIPT in fields else None)

    def related(self, table: str, title: str) -> Payload:
        """Return a new row of another table."""
        name = stored_name(self._blueprint.table(table).title)
        return Payload({"table": table, "column": name, "title": clean(title)}, len(title.encode()))


def messages(said: Sequence[Message]) -> list[list[Any]]:
    """Return a transcript as rows: who, when, model, text. Files are told by their names."""
    rows: list[list[Any]] = []
    for message in said:
        files = [f"[file: {part.name or 'without a name'}]" for part in message.parts if part.kind == "attachment"]
        text = clean("\n\n".join(part for part in (message.text, *files) if part))
        rows.append(["you" if message.is_prompt else "assistant", stamp(message.time), message.model, text])
    return rows


def _payload(data: dict[str, Any], said: Sequence[Message] | None) -> Payload:
    if said is not None:
        data["messages"] = messages(said)
    return Payload(data, sum(map(_length, data.get("values", data.get("set", {})).values())) + sum(
        len(text.encode()) for *_, text in data.get("messages", ())
    ))  # fmt: skip


def _length(value: Any) -> int:
    return len(value.encode()) if isinstance(value, str) else 8


def _plain(field: Field, value: Any) -> Any:
    """Return a value as its column stores it."""
    if field.type == "multi_select":
        return json.dumps(list(value or ()), ensure_ascii=False)
    if isinstance(value, bool):
        return int(value)
    return clean(value) if isinstance(value, str) else value


def _link(field: Field, value: Any, linked: Mapping[tuple[str, str], str]) -> int | None:
    table = field.relation.table if field.relation else ""
    places = [linked[table, title] for title in value or () if (table, title) in linked]
    return int(places[0]) if places else None


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
