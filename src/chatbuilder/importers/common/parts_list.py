"""Exports in several parts list all of them: tell which are missing."""

from __future__ import annotations

import re
from pathlib import PurePosixPath

from chatbuilder.importers.common.values import Json, shorten

_CHATS = re.compile(r"(?:^|/)conversations[\w-]*\.(?:json|zip)$")
_MOST = 10_000


class PartsList:
    """The names that an export lists for its chats, against those that were met.

    Three forms of ChatGPT's manifest are known, and Claude's links several zips; in all of them the names of the parts
    are texts somewhere inside. A logical name ("conversations.json" that stands for numbered parts) is no part.
    """

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._listed: dict[str, None] = {}

    def saw(self, name: str) -> None:
        """Note a file that is there."""
        self._seen.add(name)

    def read(self, manifest: Json) -> None:
        """Note the parts that an object lists, when it is such a list."""
        if not manifest.keys() & {"logical_files", "export_files", "files", "parts", "manifest_file", "zips"}:
            return
        todo: list[object] = [manifest]
        while todo and len(self._listed) < _MOST:
            value = todo.pop()
            if isinstance(value, dict):
                todo.extend(value.values())
            elif isinstance(value, list):
                todo.extend(value)
            elif isinstance(value, str) and len(value) < 500 and _CHATS.search(value):
                self._listed[PurePosixPath(value).name] = None

    def missing(self) -> list[str]:
        """Return the listed names that were not met, sorted."""
        return sorted(shorten(name, 100) for name in self._listed.keys() - self._seen)
