"""Page titles and file names of a Logseq file graph.

`file_body` and `title_of` follow `:file/name-format :triple-lowbar` as Logseq OG 0.10 does it
(logseq/og: `frontend/util/fs.cljs` tri-lb-file-name-sanity, `graph_parser/util.cljs` tri-lb-title-parsing).
"""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, unquote

from chatbuilder.blueprint import Blueprint, Table, View
from chatbuilder.generators.common.text import file_name

_ENCODED = re.compile(r"%[0-9a-fA-F]{2}")
_RESERVED = re.compile(r'[:*?"<>|#\\]+')
_DEVICES = frozenset(
    ("CON", "PRN", "AUX", "NUL", *(f"COM{n}" for n in range(1, 10)), *(f"LPT{n}" for n in range(1, 10)))
)
# What may be in a file name but means something in a page reference, a macro or a query.
_UNSAFE = re.compile(r"[{}`]+")
_UNSAFE_ROOT = re.compile(r"[,;()$~]+")
# Logseq takes these for its own pages, or for a day of the journal.
_BUILT_IN = frozenset(("contents", "favorites", "card", "todo", "doing", "done", "now", "later", "waiting", "wait"))
_DAY = re.compile(
    r"\d{8}|\d{1,4}[-_. ]\d{1,2}[-_. ]\d{1,4}( \w+)?|\d{1,2}(st|nd|rd|th) \w+ \d{4}|\w+ \d{1,2}(st|nd|rd|th) \d{4}"
    r"|\d{4}年\d{2}月\d{2}日",
    re.IGNORECASE,
)
FIXED = ("Guide", "Fields", "Templates", "Rules", "Governance", "Views")


def file_body(title: str) -> str:
    """Return the file name (without .md) that Logseq gives a page of this title."""
    text = unicodedata.normalize("NFC", title.removeprefix("/").removesuffix("/"))
    text = _ENCODED.sub(lambda found: found[0].replace("%", "%25"), text)
    text = _RESERVED.sub(lambda found: quote(found[0], safe=""), text)
    text = "%2E" + text[1:] if text.startswith(".") else text
    text += "/" if text in _DEVICES or text.endswith(".") else ""
    for doubtful in ("___", "_/", "/_"):
        text = text.replace(doubtful, doubtful.replace("_", "%5F"))
    return text.replace("/", "___")


def title_of(body: str) -> str:
    """Return the page title that Logseq reads from a file name (without .md)."""
    text = _ENCODED.sub(_decoded, body.replace("___", "/"))
    return "/".join(part for part in text.split("/") if part)


def _decoded(found: re.Match[str]) -> str:
    """Logseq decodes one `%xx` at a time, so what is not ASCII stays as it is."""
    return unquote(found[0]) if int(found[0][1:], 16) < 0x80 else found[0]


def page_path(title: str) -> str:
    """Return the path of a page's file in the graph folder."""
    return f"pages/{file_body(title)}.md"


def segment(name: str, characters: int = 100, size: int = 140) -> str:
    """Return a name that can be one part of a page title: no slash, nothing that ends or opens a reference.

    At most `characters` long and `size` bytes in UTF-8, so that a whole file name stays below 255 bytes.
    """
    text = _UNSAFE.sub(" ", file_name(name))
    text = re.sub(r"_{2,}", "_", re.sub(r"\s+", " ", text)).strip(" ._")[:characters]
    while len(text.encode()) > size:
        text = text[:-1]
    return text.strip(" ._") or "Untitled"


def root_title(name: str) -> str:
    """Return the page title of a system: its home page, and the namespace of all its pages."""
    text = segment(_UNSAFE_ROOT.sub(" ", name), 60, 80)
    return f"{text} chats" if text.casefold() in _BUILT_IN or _DAY.fullmatch(text) else text


class Titles:
    """Which page stands for what. Titles are unique without regard to case, as file systems want it."""

    def __init__(self, blueprint: Blueprint) -> None:
        self.root = root_title(blueprint.name)
        self._tables = {table.key: table for table in blueprint.tables}
        self._taken = {self.root.casefold()}
        self._entries: dict[tuple[str, str], str] = {}
        self._views: dict[str, str] = {}
        self._kinds = {table.key: f"{self.root}/{segment(table.singular)}" for table in blueprint.tables}
        self._places = {table.key: self._place(table) for table in blueprint.tables}
        self._taken |= {f"{self.root}/{name}".casefold() for name in FIXED}
        self._taken |= {place.casefold() for place in self._places.values()}
        for view in blueprint.views:
            self._views[view.key] = self._unique(f"{self.root}/Views/{segment(view.name)}")
        for table in blueprint.tables:
            for row in table.samples:
                self.entry(table, str(row[table.title.key]))

    def _place(self, table: Table) -> str:
        return self.root if table.key == "sessions" else f"{self.root}/{segment(table.name)}"

    def _unique(self, wanted: str) -> str:
        title, number = wanted, 1
        while title.casefold() in self._taken:
            number += 1
            title = f"{wanted} ({number})"
        self._taken.add(title.casefold())
        return title

    def page(self, name: str) -> str:
        """Return the title of one of the fixed pages, such as Guide."""
        return f"{self.root}/{name}"

    def view(self, view: View) -> str:
        """Return the title of a view's page."""
        return self._views[view.key]

    def prefix(self, table: Table) -> str:
        """Return what the titles of a table's pages begin with, slash included."""
        return f"{self._places[table.key]}/"

    def kind(self, table: Table) -> str:
        """Return the value of `type::` that marks the pages of a table."""
        return self._kinds[table.key]

    def entry(self, table: Table, name: str) -> str:
        """Return the title of the page of one row, by the name of the row; the same name is the same page."""
        key = (table.key, name)
        if key not in self._entries:
            self._entries[key] = self._unique(self.prefix(table) + segment(name))
        return self._entries[key]

    def known(self, table: str, name: str) -> str:
        """Return the title of the page of a row that the design may not know: the same name is the same page."""
        found = self._tables[table]
        return self._entries.get((table, name)) or self.prefix(found) + segment(name)

    @property
    def taken(self) -> frozenset[str]:
        """The titles that stand for something of the design, in lower case."""
        return frozenset(self._taken)

    def linked(self, table: str, name: str) -> str:
        """Return the title of the page that a relation to a row of `table` (its key) points to."""
        return self.entry(self._tables[table], name)
