"""Chats as pages: a new page, what one holds, and a page in which only some properties of sync's are changed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from chatbuilder.blueprint import Blueprint, Field
from chatbuilder.generators.common.merging import Cell
from chatbuilder.generators.common.rows import TRANSCRIPT, Payload, Row
from chatbuilder.generators.logseq import transcript
from chatbuilder.generators.logseq.names import Titles, file_body, segment, title_of
from chatbuilder.generators.logseq.pages import entry_text, field_value, full_title
from chatbuilder.generators.logseq.properties import PageProperties, top_value
from chatbuilder.generators.logseq.queries import prop

FOLDER = "pages"
_ADDRESS = 2_000  # characters; a longer one leads nowhere when it is cut
_TAGS = 2_000  # characters, all of them: a page whose properties are over 10,000 cannot be edited in Logseq
_MOMENT = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d)(:\d\d)?Z?")
_STEM = re.compile(r"(?:.*/)?(.*)\.[a-z]+", re.DOTALL)


class Pages:
    """Writes rows as pages of one graph. A state is the text of a page; payloads hold "text", new ones a place too."""

    folder = FOLDER

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._table = blueprint.sessions
        self.titles = Titles(blueprint)
        self.reserved = self.titles.taken
        self._fields = {f.key: f for f in self._table.fields if f.owner == "sync"}

    def cells(self, row: Row) -> dict[str, Cell]:
        """Return what sync's properties hold once the row is written."""
        found: dict[str, Cell] = {key: _cell(field, self._value(field, row)) for key, field in self._fields.items()}
        if row.said is not None:
            found[TRANSCRIPT] = transcript.transcript(row.said, row.assistant)
        return found

    def _value(self, field: Field, row: Row) -> str:
        value = row.values.get(field.key)
        if field.type == "url" and len(str(value)) > _ADDRESS:
            return ""
        return field_value(field, value, self.titles.known)

    def read(self, state: str) -> dict[str, Cell]:
        """Return what sync's properties hold: "" where one is not there, for Logseq knows no empty ones.

        Raises `ValueError` when they cannot be read.
        """
        properties = PageProperties(state)
        found: dict[str, Cell] = {key: _cell(f, properties.value(prop(f))) for key, f in self._fields.items()}
        return {**found, TRANSCRIPT: transcript.read(state)}

    def new(self, row: Row, cells: Mapping[str, Cell], linked: Mapping[tuple[str, str], str]) -> Payload:
        """Return a new page: folder, stem of its file, title, the name of the chat, text."""
        values = self._without_links(row.all(), linked)
        values["tags"] = _fitting(values.get("tags") or ())
        if len(str(values.get("link"))) > _ADDRESS:
            values["link"] = None
        title = self.titles.prefix(self._table) + segment(row.title)
        text = entry_text(
            self._table, {**values, self._table.title.key: row.title}, title, self._blueprint, self.titles,
            lambda table, name: linked[table, name],
        )  # fmt: skip
        return _page(title, row.title, text + transcript.block(str(cells[TRANSCRIPT]) if row.said else ""))

    def _without_links(self, values: dict[str, Any], linked: Mapping[tuple[str, str], str]) -> dict[str, Any]:
        """Leave out links to what the person took away."""
        for field in self._table.fields:
            if field.relation and field.key in values:
                table = field.relation.table
                values[field.key] = tuple(t for t in values[field.key] or () if (table, t) in linked)
        return values

    def change(self, state: str, row: Row, cells: Mapping[str, Cell], fields: Sequence[str]) -> Payload:
        """Return the page with these properties written. Raises `ValueError` when it cannot be read."""
        values = {prop(self._fields[key]): self._value(self._fields[key], row) for key in fields if key != TRANSCRIPT}
        text = PageProperties(state).with_values(values)
        if TRANSCRIPT in fields:
            text = transcript.write(text, str(cells[TRANSCRIPT]))
        return Payload({"text": text}, len(text.encode("utf-8", "surrogateescape")))

    def related(self, table: str, title: str) -> Payload:
        """Return the page of a new project or topic."""
        found = self._blueprint.table(table)
        page = self.titles.known(table, title)
        values = {found.title.key: title}
        text = entry_text(found, values, page, self._blueprint, self.titles, self.titles.known)
        return _page(page, title, text)

    # how pages are found and named

    def key_of(self, head: str) -> str | None:
        """Return the Source ID of a page, given its beginning; None when it has none."""
        return top_value(head, "source-id") or None

    def title_of(self, path: str, head: str = "") -> str:
        """Return the title of the page at a path: `title::` goes before the name of the file."""
        named = _STEM.fullmatch(path)
        return top_value(head, "title") or title_of(named[1] if named else path)

    def path_of(self, title: str) -> str:
        """Return the path at which Logseq puts a page of this title."""
        return f"{FOLDER}/{file_body(title)}.md"

    def text_of(self, data: Mapping[str, Any], path: str) -> str:
        """Return the text of a new page that comes to stand at a path, where another page had its title."""
        title, text = self.title_of(path), str(data["text"])
        if title == data["title"]:
            return text
        _, kind, rest = text.split("\n", 2)
        full = "" if rest.startswith("full-title::") else f"full-title:: {full_title(title, data['name'])}\n"
        return f"title:: {title}\n{kind}\n{full}{rest}"


def _page(title: str, name: str, text: str) -> Payload:
    data = {"folder": FOLDER, "stem": file_body(title), "title": title, "name": name, "text": text}
    return Payload(data, len(text.encode()))


def _cell(field: Field, value: str) -> Cell:
    """Return a property's value in the form in which two are compared: times as ISO, so that later ones are larger."""
    found = _MOMENT.fullmatch(value) if field.type == "datetime" else None
    return f"{found[1]}T{found[2]}{found[3] or ':00'}Z" if found else value


def _fitting(tags: Sequence[str]) -> tuple[str, ...]:
    """Return as many tags as have room."""
    room, found = _TAGS, []
    for tag in tags:
        room -= len(tag) + 2
        if room < 0:
            break
        found.append(tag)
    return tuple(found)
