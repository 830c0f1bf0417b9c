"""Delivery into an Obsidian vault: an existing one, where the system is added beside everything else, or a new one.

Source of the file names and of the URI: Obsidian help, "Configuration folder", "Bases syntax", "Obsidian URI".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

from chatbuilder.errors import InputError
from chatbuilder.provision.base import Links, Preflight, Provisioner, Result
from chatbuilder.provision.files import FilesProvisioner
from chatbuilder.solution import Plan

CONFIG = ".obsidian"
_START = "file:Home.md"


def open_target(target: Path) -> Provisioner:
    """Return what delivers into the vault at `target`. Raises `InputError` for a folder that is no vault."""
    return ObsidianProvisioner(target)


class ObsidianProvisioner(FilesProvisioner):
    """A folder that Obsidian opens as a vault."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        if CONFIG in self.root.parts:
            raise InputError(
                f"{self.root} lies inside {CONFIG}, where Obsidian keeps its settings.",
                title="That is not a place for notes", kept="everything there; nothing was written.",
                hint="give the vault's own folder as target.",
            )  # fmt: skip

    def preflight(self, plan: Plan, known: Mapping[str, Result]) -> Preflight:
        """Check the vault; the notes say how an existing vault and its settings go together with the system."""
        found = super().preflight(plan, known)
        return replace(found, notes=(*found.notes, *self._notes(plan, first=not known)))

    def _notes(self, plan: Plan, *, first: bool) -> Iterator[str]:
        outer = next((p for p in self.root.parents if (p / CONFIG).is_dir()), None)
        if outer is not None:
            yield f"The folder lies inside the vault {outer}. Its links only work when you open {self.root} itself."
        if not (self.root / CONFIG).is_dir():
            return
        if first:
            yield "This is an existing vault: the system goes into a folder of its own, nothing of yours is changed."
        yield "Close Obsidian before you apply: while open it may write its settings back over the new ones."
        for step in plan:
            if step.kind == "merge":
                yield from self._settings_notes(str(step.payload["path"]), step.payload["values"])

    def _settings_notes(self, path: str, values: Mapping[str, Any]) -> Iterator[str]:
        try:
            theirs = json.loads((self.root / path).read_bytes())
        except (OSError, ValueError):
            return
        if not isinstance(theirs, dict):
            return
        name = Path(path).name
        if name == "types.json" and isinstance(theirs.get("types"), dict):
            for key, kind in values["types"].items():
                now = theirs["types"].get(key, kind)
                if now != kind:
                    yield f"Property {key} is of type {now} in your vault, the system uses {kind}; yours stays."
        elif name == "core-plugins.json":
            off = [key for key in ("bases", "templates", "bookmarks") if theirs.get(key) is False]
            if off:
                yield f"Switched off in your vault and needed: {', '.join(off)} (Settings → Core plugins)."
        elif name == "templates.json" and theirs.get("folder", values["folder"]) != values["folder"]:
            yield f"Your template folder stays {theirs['folder']}; the guide says how to use the new templates too."

    def links(self, results: Mapping[str, Result]) -> Links:
        """Return the link that opens the start page, and the first steps."""
        home = results.get(_START)
        place = self.root / str(home["path"]) if home else self.root
        return Links(
            f"obsidian://open?path={quote(str(place), safe='')}",
            str(self.root),
            (
                f"Open Obsidian, choose “Open folder as vault” and take {self.root} (once; after that the link works).",
                f"Open {place.relative_to(self.root)} and start there."
                if home
                else "Open the new folder and start there.",
            ),
        )
