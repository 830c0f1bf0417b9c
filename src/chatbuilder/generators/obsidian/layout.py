"""Where everything stands in the vault: one folder for the whole system, one note for each row, links by full path."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chatbuilder.blueprint import Blueprint, Field, Table
from chatbuilder.generators.common.text import clean, file_name, md, one_line
from chatbuilder.generators.obsidian.yaml import Raw

FOLDERS = {"sessions": "Sessions", "topics": "Topics", "projects": "Projects", "prompts": "Prompts"}
ME = "Your name"
_STEM_LIMIT = 80
_LINK = re.compile(r"\[\[(?=.*\]\])|\](?=\(.*\))")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Layout:
    """The system's folder and the note of every row, by table key and title; paths are from the vault's root."""

    root: str
    rows: Mapping[str, tuple[Row, ...]]
    notes: Mapping[tuple[str, str], str]

    def under(self, *parts: str) -> str:
        """Return a path inside the system's folder."""
        return "/".join((self.root, *parts))

    def folder(self, table: str) -> str:
        """Return the folder that holds a table's notes."""
        return self.under(FOLDERS[table])

    def base(self, name: str) -> str:
        """Return the path of a base; embeds and links need its extension."""
        return self.under("Bases", f"{name}.base")

    def note(self, table: str, title: str) -> str:
        """Return the path of a row's note, without extension; also for a title that has no note yet."""
        return self.notes.get((table, title)) or f"{self.folder(table)}/{file_name(title)[:_STEM_LIMIT].rstrip(' .')}"

    def link(self, table: str, title: str) -> str:
        """Return a link to a row's note, with the note's name as its text."""
        return page_link(self.note(table, title))


def page_link(path: str, text: str = "") -> str:
    """Return a link by full path. The text is the last part of the path unless given (our own words only)."""
    return f"[[{path}|{text or path.rpartition('/')[2]}]]"


def lay_out(blueprint: Blueprint, topics: Iterable[str]) -> Layout:
    """Return the layout. Without sample rows the topics still get their notes: they are the person's own words."""
    root = file_name(blueprint.name)
    rows = {table.key: table.samples for table in blueprint.tables}
    if "topics" in rows and not rows["topics"]:
        rows["topics"] = tuple({"name": name} for name in topics)
    notes: dict[tuple[str, str], str] = {}
    for table in blueprint.tables:
        taken: set[str] = set()
        for row in rows[table.key]:
            title = str(row[table.title.key])
            notes[table.key, title] = f"{root}/{FOLDERS[table.key]}/{_free_stem(title, taken)}"
    return Layout(root, rows, notes)


def _free_stem(title: str, taken: set[str]) -> str:
    """Return a file name that no other note of the folder has, also where case makes no difference."""
    stem = file_name(title)[:_STEM_LIMIT].rstrip(" .") or "Untitled"
    name, number = stem, 2
    while name.casefold() in taken:
        name, number = f"{stem} ({number})", number + 1
    taken.add(name.casefold())
    return name


def property_value(field: Field, value: Any, layout: Layout) -> Any:
    """Return a row's value as its property: dates without zone (UTC), links by full path, text on one line."""
    if field.relation is not None:
        links = [layout.link(field.relation.table, title) for title in value or ()]
        return links if field.relation.many else (links[0] if links else None)
    if field.type == "multi_select":
        return [plain_text(field, item) for item in value or ()]
    if value is None or value == "":
        return None
    if field.type in ("date", "datetime"):
        return Raw(_moment(str(value), field.type))
    return value if isinstance(value, (bool, int, float)) else plain_text(field, str(value))


def _moment(text: str, kind: str) -> str:
    if kind == "date" or len(text) <= 10:
        return text[:10]
    moment = datetime.fromisoformat(text)
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def plain_text(field: Field, text: str) -> str:
    """Return text as a property holds it: a tag for `tags`, else one line in which nothing works as a link.

    Obsidian takes [[x]] and [x](y) in a property for links (help, "Properties"; release notes 1.11.0).
    """
    if field.key == "tags":
        return tag(text)
    line = text if field.type in ("select", "multi_select", "person") else one_line(text)
    line = clean(line)
    if "[" not in line and "]" not in line:
        return line
    return _LINK.sub(lambda m: m[0][0] + "\u2060" + m[0][1:], line)


def tag(text: str) -> str:
    """Return text as a tag: letters, digits, `_ - /` and emoji, with at least one that is no digit."""
    kept = "".join(
        c if c.isalnum() or c in "_-/" or unicodedata.category(c) in ("So", "Mn", "Mc") else "-" for c in text
    )
    word = re.sub(r"-{2,}", "-", kept).strip("-/")
    return f"t{word}" if not word or word.isdecimal() else word


def property_type(field: Field) -> str:
    """Return the type of a field's property for types.json (Obsidian help, "Properties")."""
    if field.key == "tags":
        return "tags"
    if field.relation is not None:
        return "multitext" if field.relation.many else "text"
    return _TYPES.get(field.type, "text")


_TYPES = {
    "multi_select": "multitext",
    "number": "number",
    "date": "date",
    "datetime": "datetime",
    "checkbox": "checkbox",
}


def stored(table: Table) -> tuple[Field, ...]:
    """Return the fields that are properties of notes; computed ones live in the bases."""
    return tuple(field for field in table.fields if field.owner != "computed")


def safe(text: str) -> str:
    """Return foreign text for the body of a note: no Markdown, link, tag, comment or template command in it works."""
    return _no_commands(md(text))


def _no_commands(text: str) -> str:
    """Spell `<%` so that it only shows: Templater runs what follows it wherever it stands, also behind a backslash."""
    return text.replace("\\<%", "&lt;%").replace("<%", "&lt;%")


def safe_page(markdown: str) -> str:
    """Return one of our own pages, which may quote foreign text, as a note; code blocks stay as they are."""
    lines, fenced = [], False
    for line in markdown.split("\n"):
        fence = line.lstrip().startswith("```")
        lines.append(line if fence or fenced else _no_commands(line))
        fenced = fenced != fence
    return "\n".join(lines)
