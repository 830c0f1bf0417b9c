"""Chats as pages of the data source of Chat Sessions: a new page, what one holds, and a change of some of it.

Values stand under the keys of our fields: which property that is by now, and what Notion calls its choices, the store
knows. A page that is read is {"values": property values by key, "said": the transcript on it}, and the transcript
{"id": its toggle, "half": whether it was left half written, "old": toggles in its place before, "blocks": [kind, text]}
or None; pages that are written name their parts in the same way.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from chatbuilder.blueprint import Blueprint, Field
from chatbuilder.generators.common.merging import HALF, Cell
from chatbuilder.generators.common.rows import TRANSCRIPT, Payload, Row
from chatbuilder.generators.common.text import clean, one_line
from chatbuilder.generators.notion import transcript
from chatbuilder.generators.notion.queries import notion_type
from chatbuilder.generators.notion.rich import LIST_LIMIT, Json, rich
from chatbuilder.generators.notion.schema import ABOUT_LIMIT

URL_LIMIT, CHOICE_LIMIT = 2_000, 100  # characters, of which those outside the basic plane count as two
_EMPTY: dict[str, Any] = {"title": [], "rich_text": [], "multi_select": [], "relation": [], "checkbox": False}


class Pages:
    """Writes rows as pages."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        fields = [f for f in blueprint.sessions.fields if f.owner != "computed" and f.type != "person"]
        self._all = {f.key: f for f in fields}
        self._sync = {f.key: f for f in fields if f.owner == "sync"}

    @property
    def columns(self) -> dict[str, tuple[str, str, str]]:
        """Name, type and description, as built, of the properties that sync may write, by field key."""
        return {f.key: (f.name, notion_type(f), one_line(f.about, ABOUT_LIMIT)) for f in self._all.values()}

    def cells(self, row: Row) -> dict[str, Cell]:
        """Return what sync's properties hold once the row is written."""
        found = {key: _cell(field, _value(field, row.values.get(key))) for key, field in self._sync.items()}
        if row.said is not None:
            found[TRANSCRIPT] = transcript.as_compared(list(map(transcript.told, _blocks(row)))) or ""
        return found

    def read(self, state: Mapping[str, Any]) -> dict[str, Cell]:
        """Return what sync's properties hold, and the transcript; what is not there is left out."""
        values = state["values"]
        found = {key: _cell(field, values[key]) for key, field in self._sync.items() if key in values}
        if said := state.get("said"):
            found[TRANSCRIPT] = HALF if said["half"] else transcript.as_compared(said["blocks"])
        return found

    def new(self, row: Row, cells: Mapping[str, Cell], linked: Mapping[tuple[str, str], str]) -> Payload:
        """Return a new page. What is empty is left out."""
        values: Json = {}
        for key, value in row.all().items():
            field = self._all.get(key)
            if field is None:
                continue
            sent = _links(field, value, linked) if field.relation else _value(field, value)
            if sent != _empty(field):
                values[key] = sent
        said = transcript.requests(_blocks(row))
        # More than one request: one more finds the toggle of the first, and one says that it is whole.
        return _payload({"values": values, "said": said}, 1 if len(said) < 2 else len(said) + 2)

    def change(self, state: Mapping[str, Any], row: Row, cells: Mapping[str, Cell], fields: Sequence[str]) -> Payload:
        """Return the change of these properties, and of the transcript."""
        keys = [key for key in fields if key != TRANSCRIPT]
        values = {key: _value(self._sync[key], row.values.get(key)) for key in keys}
        data: Json = {"values": values}
        cost = 1 if values else 0
        if TRANSCRIPT in fields:
            data["said"], more = _told(state.get("said"), _blocks(row))
            cost += more
        return _payload(data, cost)

    def related(self, table: str, title: str) -> Payload:
        """Return a new page of another table."""
        return _payload({"table": table, "title": rich(title), "name": clean(title)}, 1)


def _blocks(row: Row) -> list[Json]:
    return transcript.blocks(row.said or (), row.assistant)


def _told(there: Mapping[str, Any] | None, wanted: list[Json]) -> tuple[Json, int]:
    """Return how the transcript there becomes the one that is wanted, and the requests that takes.

    What grew is added at the end of its toggle; where more differs a new toggle takes its place. `into` is the toggle
    to go on with ("": a new one), which has `at` blocks, `whole` tells whether it says already that it is whole, and
    `old` are the toggles to remove.
    """
    shown = transcript.as_compared(list(map(transcript.told, wanted)))
    has = transcript.as_compared(there["blocks"]) if there else ()
    goes_on = bool(there) and has == shown[: len(has)]
    old = [*there["old"], *(() if goes_on else (there["id"],))] if there else []
    parts = transcript.requests(wanted[len(has) :] if goes_on else wanted)
    whole = not (old or (goes_on and there and there["half"]) or len(parts) > 1)
    marked = goes_on and there is not None and not there["half"]  # it says that it is whole, and is about not to be
    data = {"into": there["id"] if there and goes_on else "", "at": len(has) if goes_on else 0, "old": old,
            "parts": parts, "whole": whole}  # fmt: skip
    says = 0 if whole or not (parts or goes_on) else 2 if marked else 1
    return data, len(parts) + len(old) + says


def _payload(data: Json, cost: float) -> Payload:
    return Payload(data, len(json.dumps(data, ensure_ascii=False).encode("utf-8", "surrogatepass")), cost)


# Values --------------------------------------------------------------------------------------------------------------
def _empty(field: Field) -> Json:
    kind = notion_type(field)
    return {kind: _EMPTY.get(kind)}


def _value(field: Field, value: Any) -> Json:
    """Return a value as a request has it; what Notion cannot hold is empty."""
    kind = notion_type(field)
    if value is None:
        return _empty(field)
    if kind in ("title", "rich_text"):
        return {kind: rich(str(value))}
    if kind == "url":
        text = clean(str(value))
        return {kind: text if text and _length(text) <= URL_LIMIT else None}
    if kind == "select":
        name = choice(str(value))
        return {kind: {"name": name} if name else None}
    if kind == "multi_select":
        names = {name.casefold(): name for name in map(choice, map(str, value)) if name}
        return {kind: [{"name": name} for name in names.values()][:LIST_LIMIT]}
    return {kind: {"start": value} if kind == "date" else value}


def choice(name: str) -> str:
    """Return the name of a choice as Notion takes it: on one line, at most 100 characters, no comma."""
    line = one_line(name.replace(",", ";"), CHOICE_LIMIT)
    while _length(line) > CHOICE_LIMIT:
        line = line[:-1].rstrip()
    return line


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def _links(field: Field, value: Any, linked: Mapping[tuple[str, str], str]) -> Json:
    table = field.relation.table if field.relation else ""
    pages = dict.fromkeys(linked[table, title] for title in value or () if (table, title) in linked)
    return {"relation": [{"id": page} for page in pages][:LIST_LIMIT]}


# Comparing -----------------------------------------------------------------------------------------------------------
def _cell(field: Field, value: Mapping[str, Any]) -> Cell:
    """Return a value, sent or received, in a form that is the same for both.

    Notion parts long texts, gives times to the minute and in a zone, and knows one choice whatever its case.
    """
    kind = notion_type(field)
    held = value.get(kind)
    if kind in ("title", "rich_text"):
        text = "".join(map(_words, held or ()))
        return text if field.key == "source_id" else " ".join(text.split())
    if kind == "select":
        return str((held or {}).get("name") or "").casefold()
    if kind == "date":
        return _moment(held or {})
    if isinstance(held, bool):
        return "true" if held else "false"
    if isinstance(held, float) and held.is_integer():
        return str(int(held))
    return "" if held is None else str(held)


def _words(item: Mapping[str, Any]) -> str:
    """Return the words of a piece of rich text, sent or received; a mention has none of its own."""
    return str(item.get("plain_text") or (item.get("text") or {}).get("content") or "")


def _moment(held: Mapping[str, Any]) -> Cell:
    """Return a day, or a time to the minute in UTC; a period is of no kind that sync writes."""
    start, end = held.get("start"), held.get("end")
    text = str(start or "")
    if len(text) >= len("2026-01-01T00:00"):
        try:
            text = datetime.fromisoformat(text).astimezone(UTC).isoformat()[:16]
        except ValueError:
            return text
    return (text, str(end)) if end else text
