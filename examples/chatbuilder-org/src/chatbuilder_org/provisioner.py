"""Delivery into a folder. `FilesProvisioner` and `NotesStore` never write over what a person changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from chatbuilder.provision.plugin import FilesProvisioner, Links, NotesStore, Result

_KEY = re.compile(r"^:SOURCE_ID:[ \t]+(.*?)[ \t\r]*$", re.MULTILINE | re.IGNORECASE)


class OrgProvisioner(FilesProvisioner):
    """A folder of Org files."""

    def links(self, results: Mapping[str, Result]) -> Links:
        """Return where it is, and what to do first."""
        index = results.get("file:index.org")
        place = self.root / str(index["path"]) if index else self.root
        return Links(
            place.as_uri(), str(self.root),
            (f"Open {place} in Emacs.", f"Load {place.with_name('agenda.el')} from your init file for the views."),
        )  # fmt: skip


def open_store(root: Path, folder: str) -> NotesStore:
    """Return the Org files of chats, found by the Source ID in their drawers wherever they were moved."""
    return NotesStore(root, folder, source_id, suffix=".org", mark=b":SOURCE_ID:")


def source_id(head: str) -> str | None:
    """Return the Source ID in the beginning of a file; None when it has none."""
    found = _KEY.search(head)
    return found[1] or None if found else None
