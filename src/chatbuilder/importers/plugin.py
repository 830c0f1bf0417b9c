"""What a foreign chat source is made of: the typed interface for packages that teach chatbuilder another export.

A package names an object of type `ChatSource` as an entry point of the group `chatbuilder.chat_sources`:

    [project.entry-points."chatbuilder.chat_sources"]
    my-tool = "my_package:SOURCE"

Its shapes are tried after all of chatbuilder's own. What a reader gets is clean text already (valid Unicode, no control
characters but line feeds and tabs); the values' helpers keep the limits. `examples/` holds a whole package.
"""

from __future__ import annotations

from dataclasses import dataclass

from chatbuilder.chats import ChatSession, Message, Part, Role, Source
from chatbuilder.importers.common.outcome import Problem
from chatbuilder.importers.common.session import attachment, part, session, straight, threaded, tool
from chatbuilder.importers.common.shape import Context, Found, Shape, csv_rows, each, items, lines, tables
from chatbuilder.importers.common.values import (
    BadChat,
    Json,
    flag,
    identifier,
    mapping,
    mappings,
    moment,
    name,
    sequence,
    string,
    title,
    web,
)

__all__ = [
    "BadChat", "ChatSession", "ChatSource", "Context", "Found", "Json", "Message", "Part", "Problem", "Role", "Shape",
    "Source", "attachment", "csv_rows", "each", "flag", "identifier", "items", "lines", "mapping", "mappings", "moment",
    "name", "part", "sequence", "session", "straight", "string", "tables", "threaded", "title", "tool", "web",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class ChatSource:
    """One foreign source: what it is called, in which shapes its chats come, and where it keeps them.

    `places` are globs below the home folder at which `import --discover` looks.
    """

    source: Source
    shapes: tuple[Shape, ...]
    places: tuple[str, ...] = ()
