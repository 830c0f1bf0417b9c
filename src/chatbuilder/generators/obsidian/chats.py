"""Chats as notes: a new note, what one holds, and a note in which only some properties of sync's are changed."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from chatbuilder.blueprint import Blueprint, Field, TagRule
from chatbuilder.generators.common.merging import Cell
from chatbuilder.generators.common.rows import TRANSCRIPT, Payload, Row
from chatbuilder.generators.common.text import file_name
from chatbuilder.generators.obsidian import transcript
from chatbuilder.generators.obsidian.front_matter import FrontMatter, scalar
from chatbuilder.generators.obsidian.layout import Layout, lay_out, property_value
from chatbuilder.generators.obsidian.notes import row_note
from chatbuilder.generators.obsidian.yaml import front_matter

_STEM = 80  # characters
_LINKED = re.compile(r"^\[\[(?:[^\]|]*[/|])?([^\]|/]+)\]\]$")
_SOURCE_ID = re.compile(r"^source_id:[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)


class Notes:
    """Writes rows as notes of one vault. A state is the text of a note; payloads hold "text", new ones a place too."""

    def __init__(self, blueprint: Blueprint, topics: Sequence[str]) -> None:
        self._blueprint = blueprint
        self._layout: Layout = lay_out(blueprint, topics)
        self._fields = {f.key: f for f in blueprint.sessions.fields if f.owner == "sync"}

    @property
    def folder(self) -> str:
        """The folder of new notes, from the vault's root."""
        return self._layout.folder("sessions")

    @property
    def root(self) -> str:
        """The system's folder, from the vault's root."""
        return self._layout.root

    def cells(self, row: Row) -> dict[str, Cell]:
        """Return what sync's properties hold once the row is written."""
        found = {key: _cell(self._value(field, row)) for key, field in self._fields.items()}
        if row.said is not None:
            found[TRANSCRIPT] = transcript.transcript(row.said, row.assistant)
        return found

    def _value(self, field: Field, row: Row) -> Any:
        return property_value(field, row.values.get(field.key), self._layout)

    def read(self, state: str) -> dict[str, Cell]:
        """Return what sync's properties hold. Raises `ValueError` when they cannot be read.

        A value that is of no kind that sync writes is the person's: it differs from everything.
        """
        properties = FrontMatter(state)
        found: dict[str, Cell] = {}
        for key in self._fields:
            if key in properties:
                value = properties.value(key)
                found[key] = ("", "unreadable") if value is None else value
        place = transcript.find(state)
        return found | ({TRANSCRIPT: state[place[0] : place[1]]} if place else {})

    def new(self, row: Row, cells: Mapping[str, Cell], linked: Mapping[tuple[str, str], str]) -> Payload:
        """Return a new note: folder, stem of its name, text."""
        layout = replace(self._layout, notes={**self._layout.notes, **linked})
        values = {**self._without_links(row.all(), linked), "first_prompt": row.first_prompt or None}
        text = row_note(self._blueprint.sessions, values, self._blueprint, layout)
        if row.said:
            text = _with_block(text, str(cells[TRANSCRIPT]))
        return _note(self.folder, row.title, text)

    def _without_links(self, values: dict[str, Any], linked: Mapping[tuple[str, str], str]) -> dict[str, Any]:
        """Leave out links to what the person took away."""
        for field in self._blueprint.sessions.fields:
            if field.relation and field.key in values:
                table = field.relation.table
                values[field.key] = tuple(t for t in values[field.key] or () if (table, t) in linked)
        return values

    def change(self, state: str, row: Row, cells: Mapping[str, Cell], fields: Sequence[str]) -> Payload:
        """Return the note with these properties written. Raises `ValueError` when it cannot be read."""
        lines = {key: _lines(key, self._value(self._fields[key], row)) for key in fields if key != TRANSCRIPT}
        text = FrontMatter(state).with_values(lines)
        if TRANSCRIPT in fields:
            inside = str(cells[TRANSCRIPT])
            place = transcript.find(text)
            text = text[: place[0]] + inside + text[place[1] :] if place else _with_block(text, inside)
        return Payload({"text": text}, len(text.encode("utf-8", "surrogateescape")))

    def related(self, table: str, title: str) -> Payload:
        """Return the note of a new project or topic."""
        found = self._blueprint.table(table)
        text = row_note(found, {found.title.key: title}, self._blueprint, self._layout)
        known = self._layout.notes.get((table, title))
        return _note(self._layout.folder(table), known.rpartition("/")[2] if known else title, text)


def _note(folder: str, title: str, text: str) -> Payload:
    stem = file_name(title)[:_STEM].rstrip(" .") or "Untitled"
    return Payload({"folder": folder, "stem": stem, "text": text}, len(text.encode()))


def _with_block(text: str, inside: str) -> str:
    if not inside:
        return text
    gap = "" if text.endswith("\n\n") else "\n" if text.endswith("\n") else "\n\n"
    return f"{text}{gap}{transcript.block(inside)}"


def _cell(value: Any) -> Cell:
    if isinstance(value, (list, tuple)):
        return tuple(str(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _lines(key: str, value: Any) -> str:
    """Return a property as YAML, without the lines of the block around it."""
    return front_matter({key: value})[4:-5]


def rules_of(page: str) -> tuple[TagRule, ...] | None:
    """Return the tagging rules as the person left them on the page Rules; None when they cannot be read."""
    found = re.search(r"^```json\n(.*?)^```", page.replace("\r\n", "\n"), re.MULTILINE | re.DOTALL)
    try:
        listed: Any = json.loads(found[1]) if found else None
        return tuple(
            TagRule(tuple(map(str, rule["words"])), str(rule["property"]), _LINKED.sub(r"\1", str(rule["value"])))
            for rule in listed
        )
    except (ValueError, TypeError, KeyError):
        return None


def source_id(head: str) -> str | None:
    """Return the Source ID of a note, given its beginning; None when it has none."""
    if not head.lstrip("\ufeff").startswith("---"):
        return None
    end = head.find("\n---", 3)
    found = _SOURCE_ID.search(head, 0, end + 1 if end > 0 else len(head))
    return (scalar(found[1]) or None) if found else None
