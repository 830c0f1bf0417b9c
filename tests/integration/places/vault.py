"""An Obsidian vault to fill."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from chatbuilder.generators.obsidian.chats import source_id
from chatbuilder.generators.obsidian.front_matter import FrontMatter
from tests.integration.places.base import Place


class VaultPlace(Place):
    """Notes in a folder."""

    platform = "obsidian"
    follows_renames = False

    @property
    def file(self) -> Path:
        """The vault."""
        return self.room / "vault"

    def target(self) -> dict[str, str]:
        return {"path": str(self.file)}

    def notes(self) -> dict[str, Path]:
        """The notes of chats by key, wherever they are."""
        found = {}
        for path in sorted(self.file.rglob("*.md")):
            key = source_id(path.read_bytes().decode("utf-8", "replace"))
            if key and not key.startswith("sample:"):
                assert key not in found, "a chat came twice"
                found[key] = path
        return found

    def rows(self) -> dict[str, dict[str, str]]:
        return {key: _values(path.read_bytes().decode()) for key, path in self.notes().items()}

    def edit(self, key: str, **values: str) -> None:
        path = self.notes()[key]
        text = path.read_bytes().decode()
        lines = {name: f"{name}: {json.dumps(value)}" for name, value in values.items()}
        path.write_bytes(FrontMatter(text).with_values(lines).encode())

    def delete(self, key: str) -> None:
        self.notes()[key].unlink()

    def said(self, key: str) -> list[str]:
        body = self.notes()[key].read_text("utf-8").split("## Transcript\n")[1]
        return [line for line in body.split("\n") if line and not line.startswith(("###", "%%"))]

    def retell(self, key: str, old: str, new: str) -> None:
        path = self.notes()[key]
        path.write_text(path.read_text("utf-8").replace(f"{old}\n", f"{new}\n"), "utf-8")

    def projects(self) -> list[str]:
        return [path.stem for path in self.file.glob("*/Projects/*.md")]

    def rename_project(self, old: str, new: str) -> None:
        """Obsidian renames the links along with the note."""
        (path,) = self.file.glob(f"*/Projects/{old}.md")
        path.rename(path.with_stem(new))
        for note in self.notes().values():
            note.write_text(note.read_text("utf-8").replace(f"Projects/{old}|{old}", f"Projects/{new}|{new}"), "utf-8")

    def delete_project(self, title: str) -> None:
        next(iter(self.file.glob(f"*/Projects/{title}.md"))).unlink()

    def snapshot(self) -> dict[str, Any]:
        files = (path for path in self.file.rglob("*") if path.is_file())
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in files}

    def take_away(self) -> None:
        self.file.rename(self.room / "elsewhere")

    def wipe(self) -> None:
        shutil.rmtree(self.file, ignore_errors=True)


def _values(text: str) -> dict[str, str]:
    head = FrontMatter(text)
    return {name: _plain(head.value(name)) for name in head._found} | {"text": text}


def _plain(value: Any) -> str:
    if isinstance(value, (list, tuple)):
        return ", ".join(_plain(item) for item in value)
    text = str(value or "")
    return text.removeprefix("[[").removesuffix("]]").rpartition("|")[2] if text.startswith("[[") else text
