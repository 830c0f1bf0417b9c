"""A chat as an Org file: written when it is new, read back, and changed in single properties. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from chatbuilder.generators.plugin import (
    TRANSCRIPT,
    Blueprint,
    Cell,
    Message,
    Payload,
    Row,
    Table,
    file_name,
    stored_fields,
)
from chatbuilder_org import syntax

_SAID = re.compile(r"^\*\* Transcript[ \t\r]*\n(.*?)(?=^\*|\Z)", re.MULTILINE | re.DOTALL)
_AS_HEADLINE = ("title", "status", "tags")
Linked = Mapping[tuple[str, str], str]


class OrgRows:
    """The dialect of sync, and what writes the sample entries. A state is the text of a file."""

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint, self.root = blueprint, file_name(blueprint.name)
        self._owned = {field.key: field for field in blueprint.sessions.fields if field.owner == "sync"}

    @property
    def folder(self) -> str:
        """The folder of new entries, from the target's root."""
        return self.folder_of(self._blueprint.sessions)

    def folder_of(self, table: Table) -> str:
        """Return the folder of a table."""
        return f"{self.root}/{file_name(table.name)}"

    def place(self, table: Table, title: str) -> str:
        """Return where the entry of a title stands, without its extension."""
        return f"{self.folder_of(table)}/{stem(title)}"

    def entry(self, table: Table, values: Mapping[str, Any], linked: Linked) -> str:
        """Return a file: what one headline and its drawer can hold, then a section for each long text."""
        title, held, sections = str(values[table.title.key]), dict[str, str](), list[str]()
        for field in stored_fields(table):
            given = values.get(field.key)
            if field.key in _AS_HEADLINE or field is table.title:
                continue
            if field.type == "long_text" and field.owner != "sync":
                sections += [f"** {syntax.words(field.name)}", *([syntax.body(str(given))] if given else [])]
            elif field.relation is not None:
                there = [linked.get((field.relation.table, name), "") for name in given or ()]
                held[syntax.property_name(field)] = " ".join(map(self._link, filter(None, there)))
            else:
                held[syntax.property_name(field)] = syntax.value(field, given)
        tags = values.get("tags") or ()
        tags = tuple(tags.split(", ")) if isinstance(tags, str) else tuple(tags)
        states = table.field("status").option_names() if table.has("status") else ()
        status = str(values.get("status") or "") if states else ""
        head = [f"#+title: {syntax.words(title)}"]
        head += [f"#+todo: {' '.join(map(syntax.state, states))}"] if states else []
        return "\n".join((*head, syntax.headline(title, status, tags), syntax.drawer(held), *sections)) + "\n"

    def _link(self, place: str) -> str:
        return syntax.link(posixpath.relpath(f"/{place}.org", f"/{self.folder}"), posixpath.basename(place))

    def cells(self, row: Row) -> dict[str, Cell]:
        """Return what sync's properties hold once the row is written."""
        found: dict[str, Cell] = {
            key: syntax.plain(syntax.value(field, row.values.get(key))) for key, field in self._owned.items()
        }
        return found if row.said is None else {**found, TRANSCRIPT: transcript(row.said, row.assistant)}

    def read(self, state: str) -> dict[str, Cell]:
        """Return what they hold in a file as it stands."""
        held = syntax.properties(state)
        names = {key: syntax.property_name(field) for key, field in self._owned.items()}
        found: dict[str, Cell] = {key: syntax.plain(held[name]) for key, name in names.items() if name in held}
        said = _SAID.search(state)
        return found if said is None else {**found, TRANSCRIPT: said[1].strip("\n")}

    def new(self, row: Row, cells: Mapping[str, Cell], linked: Linked) -> Payload:
        """Return a new file."""
        text = self.entry(self._blueprint.sessions, row.all(), linked)
        text = _retold(text, str(cells[TRANSCRIPT])) if row.said else text
        return _payload(text, folder=self.folder, stem=stem(row.title))

    def change(self, state: str, row: Row, cells: Mapping[str, Cell], fields: Sequence[str]) -> Payload:
        """Return the file with these fields written, and all else as the person left it."""
        owned = {key: self._owned[key] for key in fields if key != TRANSCRIPT}
        changed = {syntax.property_name(f): syntax.value(f, row.values.get(key)) for key, f in owned.items()}
        text = syntax.with_properties(state, changed)
        return _payload(_retold(text, str(cells[TRANSCRIPT])) if TRANSCRIPT in fields else text)

    def related(self, table: str, title: str) -> Payload:
        """Return the file of a new project or topic."""
        found = self._blueprint.table(table)
        text = self.entry(found, {found.title.key: title}, {})
        return _payload(text, folder=self.folder_of(found), stem=stem(title))


def stem(title: str) -> str:
    """Return the name of a file, without its extension."""
    return file_name(title)[:80].rstrip(" .") or "Untitled"


def transcript(said: Iterable[Message], assistant: str) -> str:
    """Return what was said, each text below who said it."""
    names = {"human": "You", "assistant": syntax.words(assistant)}
    return "\n\n".join(f"/{names[message.role]}/\n\n{syntax.body(message.text)}" for message in said).strip("\n")


def _retold(text: str, said: str) -> str:
    section = f"** Transcript\n{said}\n"
    if found := _SAID.search(text):
        return text[: found.start()] + section + text[found.end() :]
    return text + ("" if text.endswith("\n") else "\n") + section


def _payload(text: str, **place: str) -> Payload:
    return Payload({**place, "text": text}, len(text.encode("utf-8", "surrogateescape")))
