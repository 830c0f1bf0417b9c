"""Chats as pages of a file graph: notes in one flat folder whose names are titles, wherever the files are moved.

Nothing here knows how a page looks: texts come as payloads, and `PageRules` tell the rest.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from chatbuilder.provision import disk
from chatbuilder.provision.notes import NotesStore
from chatbuilder.provision.rows import Related


class PageRules(Protocol):
    """How a graph tells its pages apart. `reserved` are titles, in lower case, that no new page may have."""

    folder: str
    reserved: frozenset[str]

    def key_of(self, head: str) -> str | None:
        """Return the Source ID of a page, given its beginning; None when it has none."""
        ...

    def title_of(self, path: str, head: str = "") -> str:
        """Return the title of the page at a path, given its beginning."""
        ...

    def path_of(self, title: str) -> str:
        """Return the path at which a page of this title stands by default."""
        ...

    def text_of(self, data: Mapping[str, Any], path: str) -> str:
        """Return the text of a new page at a path."""
        ...


class PagesStore(NotesStore):
    """The pages of the graph at `root`.

    What Logseq does not read is left out, deleted pages (`logseq/.recycle`) and old versions (`logseq/bak`) above all.
    Source: logseq/og, `frontend/util/fs.cljs` ignored-path?.
    """

    _mark = b"::"
    _suffixes = (".md", ".markdown", ".org")
    _aside = frozenset(("assets", "node_modules", "logseq/bak", "logseq/version-files"))

    def __init__(self, root: Path, rules: PageRules) -> None:
        super().__init__(root, rules.folder, rules.key_of)
        self._rules = rules

    def _facts(self, relative: str, head: bytes) -> tuple[str | None, str]:
        text = head.decode("utf-8", "replace") if self._mark in head and relative.endswith(".md") else ""
        return self._key_of(text) if text else None, _folded(self._rules.title_of(relative, text))

    def _name(self, path: str) -> str:
        return _folded(self._rules.title_of(path))

    def _list(self, folder: str) -> None:
        """Take down the titles of all pages: no two may have the same, wherever they are."""
        if folder in self._listed:
            return
        self._listed.add(folder)
        self._index_all()
        with self._transaction():
            self._index.execute("INSERT OR IGNORE INTO taken SELECT name, path FROM notes")
            self._index.executemany(
                "INSERT OR IGNORE INTO taken VALUES (?, '')", ((name,) for name in self._rules.reserved)
            )

    def _text(self, data: Mapping[str, Any], path: str) -> str:
        return self._rules.text_of(data, path)

    def related(self, items: Sequence[Related]) -> list[str | None]:
        """Return the title of the page of each project or topic."""
        return [self._page(item) for item in items]

    def _page(self, item: Related) -> str | None:
        for title in dict.fromkeys((item.remote, item.data["title"])):
            if found := title and self._titled(title):
                return found
        if item.remote or not item.make:
            return None
        path = self.reserve(item.data)
        if disk.create(disk.inside(self._root, path), self._text(item.data, path).encode()):
            self.requests += 1
        return self._rules.title_of(path)

    def _titled(self, title: str) -> str | None:
        """Return the title, as it is spelled there, of the page that has it."""
        text = self.text(self._rules.path_of(title))
        if text is not None and _folded(found := self._rules.title_of(self._rules.path_of(title), text)) == _folded(
            title
        ):
            return found
        self._index_all()
        query = "SELECT path FROM notes WHERE name = ? LIMIT 1"
        row = self._index.execute(query, (_folded(title),)).fetchone()
        text = self.text(row[0]) if row else None
        return self._rules.title_of(row[0], text) if text is not None else None


def _folded(title: str) -> str:
    """Return what Logseq tells pages apart by: the title without regard to case."""
    return unicodedata.normalize("NFC", title).casefold()
