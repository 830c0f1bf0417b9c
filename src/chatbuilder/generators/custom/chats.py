"""Chats as rows of a database: a new row, what sync's columns hold, and the change of some of them.

PostgreSQL's rows travel as JSON: the server itself turns text into times, lists into jsonb.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from chatbuilder.blueprint import Blueprint, Field
from chatbuilder.chats import Message
from chatbuilder.generators.common.merging import Cell
from chatbuilder.generators.common.rows import TRANSCRIPT, Payload, Row, stamp
from chatbuilder.generators.common.schema import columns_of, stored_name
from chatbuilder.generators.common.text import clean
from chatbuilder.generators.custom.roles import transcripts_rights

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00")

TRANSCRIPTS = (
    'CREATE TABLE "transcripts" (\n  "source_id" TEXT NOT NULL,\n  "position" INTEGER NOT NULL,\n'
    '  "who" TEXT NOT NULL,\n  "at" TEXT,\n  "model" TEXT,\n  "text" TEXT NOT NULL,\n'
    '  PRIMARY KEY ("source_id", "position")\n) STRICT, WITHOUT ROWID'
)
"""Where transcripts go. No reference to sessions: a session that is deleted or rebuilt takes nothing with it."""


POSTGRES_TRANSCRIPTS = (
    'CREATE TABLE "transcripts" (\n  "source_id" text NOT NULL,\n  "position" integer NOT NULL,\n'
    '  "who" text NOT NULL,\n  "at" timestamptz,\n  "model" text,\n  "text" text NOT NULL,\n'
    '  PRIMARY KEY ("source_id", "position")\n)'
)
"""The same in PostgreSQL; who may read it is told by `postgres_transcripts`."""


def postgres_transcripts(blueprint: Blueprint) -> tuple[str, ...]:
    """Return the statements that make the table of transcripts and give a team its rights to it."""
    return (POSTGRES_TRANSCRIPTS, *transcripts_rights(blueprint))


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
        found: dict[str, Cell] = {key: _cell(self.plain(field, row.values[key])) for key, field in self._sync.items()}
        return found if row.said is None else found | {TRANSCRIPT: json.dumps(messages(row.said)) if row.said else ""}

    def read(self, state: Mapping[str, Any]) -> dict[str, Cell]:
        """Return what sync's columns hold."""
        names = {key: stored_name(field) for key, field in self._sync.items()}
        found: dict[str, Cell] = {key: _cell(self.told(state[name])) for key, name in names.items() if name in state}
        said = state.get(TRANSCRIPT)
        return found | ({TRANSCRIPT: json.dumps(said) if said else ""} if said is not None else {})

    def new(self, row: Row, cells: Mapping[str, Cell], linked: Mapping[tuple[str, str], str]) -> Payload:
        """Return a new row; what is empty is left to the column's default."""
        values: dict[str, Any] = {}
        for key, value in row.all().items():
            field = self._all.get(key)
            if field is None:
                continue
            stored = _link(field, value, linked) if field.relation else self.plain(field, value)
            if stored is not None:
                values[stored_name(field)] = stored
        return _payload({"values": values}, cells.get(TRANSCRIPT))

    def change(self, state: Mapping[str, Any], row: Row, cells: Mapping[str, Cell], fields: Sequence[str]) -> Payload:
        """Return the change of these columns, and what they held."""
        keys = [key for key in fields if key != TRANSCRIPT]
        now = {stored_name(self._sync[key]): self.plain(self._sync[key], row.values[key]) for key in keys}
        data = {"set": now, "were": {name: state.get(name) for name in now}}
        return _payload(data, cells[TRANSCRIPT] if TRANSCRIPT in fields else None)

    def plain(self, field: Field, value: Any) -> Any:
        """Return a value as its column stores it."""
        if field.type == "multi_select":
            return json.dumps(list(value or ()), ensure_ascii=False)
        if isinstance(value, bool):
            return int(value)
        return clean(value) if isinstance(value, str) else value

    def told(self, value: Any) -> Any:
        """Return a value of a column in the form of `plain`."""
        return value

    def related(self, table: str, title: str) -> Payload:
        """Return a new row of another table."""
        name = stored_name(self._blueprint.table(table).title)
        return Payload({"table": table, "column": name, "title": clean(title)}, len(title.encode()))


class PostgresRows(Rows):
    """Writes rows for PostgreSQL: times end in +00:00 there, and lists and ticks are values of their own."""

    def plain(self, field: Field, value: Any) -> Any:
        """Return a value as JSON holds it for its column."""
        if field.type == "multi_select":
            return [clean(entry) for entry in value or ()]
        return clean(value) if isinstance(value, str) else value

    def told(self, value: Any) -> Any:
        """Return a value that the server told as JSON."""
        return f"{value[:-6]}Z" if isinstance(value, str) and _MOMENT.fullmatch(value) else value


def messages(said: Sequence[Message]) -> list[list[Any]]:
    """Return a transcript as rows: who, when, model, text. Files are told by their names."""
    rows: list[list[Any]] = []
    models: dict[str | None, str | None] = {None: None}
    for message in said:
        text = message.text
        files = [f"[file: {part.name or 'without a name'}]" for part in message.parts if part.kind == "attachment"]
        if files:
            text = "\n\n".join(part for part in (text, *files) if part)
        if message.model not in models:
            models[message.model] = clean(message.model or "")
        who = "you" if message.is_prompt else "assistant"
        rows.append([who, stamp(message.time), models[message.model], clean(text)])
    return rows


def _payload(data: dict[str, Any], said: Cell | None) -> Payload:
    """Return what is written; a transcript comes from its cell, where its messages were worked out already."""
    size = sum(map(_length, data.get("values", data.get("set", {})).values()))
    if said is not None:
        data["messages"] = json.loads(str(said)) if said else []
        size += sum(_length(text) for *_, text in data["messages"])
    return Payload(data, size)


def _length(value: Any) -> int:
    if not isinstance(value, str):
        return 8
    return len(value) if value.isascii() else len(value.encode())


def _link(field: Field, value: Any, linked: Mapping[tuple[str, str], str]) -> int | None:
    table = field.relation.table if field.relation else ""
    places = [linked[table, title] for title in value or () if (table, title) in linked]
    return int(places[0]) if places else None


def _cell(value: Any) -> str:
    return "" if value is None else str(value)
