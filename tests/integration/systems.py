"""A small system for each local platform, a target with things of the person's own, and what a person finds there."""

from __future__ import annotations

import hashlib
import io
import sqlite3
import zipfile
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.helpers import tree

LOCAL = ("obsidian", "logseq", "excel", "custom")
ANSWERS: dict[str, Any] = {
    "priorities": ["organization"],
    "features": ["tags"],
    "complexity": "simple",
    "options": {"topics": ["Work"], "sample_data": True},
}
OTHER_ANSWERS: dict[str, Any] = {
    "features": ["reminders"],
    "options": {"topics": ["Work", "Garden"], "sample_data": True},
}


def target_of(platform: str, room: Path) -> dict[str, str]:
    """The target inside a folder."""
    match platform:
        case "excel":
            return {"path": str(room / "book.xlsx")}
        case "custom":
            return {"database": f"sqlite:///{room / 'chats.db'}"}
    return {"path": str(room / "place")}


def furnish(platform: str, room: Path) -> None:
    """Put things of the person's own where the system will go."""
    match platform:
        case "obsidian":
            _write(room / "place", {
                ".obsidian/app.json": '{\n\t"vimMode": true,\n\t"alwaysUpdateLinks": false\n}',
                ".obsidian/types.json": '{"types": {"mine": "text"}}',
                "Diary/2020-01-01.md": "---\nmood: good\n---\nA day.\n",
                "Chats.md": "my own chats note",
            })  # fmt: skip
        case "logseq":
            _write(room / "place", {
                "logseq/config.edn": ";; mine\n{:meta/version 1\n :preferred-format :markdown}\n",
                "journals/2020_01_01.md": "- a day\n",
                "pages/mine.md": "- a page\n",
            })  # fmt: skip
        case "excel":
            import openpyxl

            book = openpyxl.Workbook()
            book.active.title = "Budget"
            book.active.append(["rent", 700])
            book.active.append(["sum", "=SUM(B1:B1)"])
            book.save(room / "book.xlsx")
        case "custom":
            with closing(sqlite3.connect(room / "chats.db")) as connection, connection:
                connection.executescript(
                    "CREATE TABLE diary (day TEXT, text TEXT); INSERT INTO diary VALUES ('x', 'y');"
                )


def _write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(text.encode())


def content(room: Path) -> dict[str, Any]:
    """What a person finds: files by their bytes, a workbook by its sheets and parts, a database by its SQL dump."""
    found: dict[str, Any] = {}
    for name, data in tree(room).items():
        if name.endswith((".db-wal", ".db-shm", ".db-journal")):
            continue
        if name.endswith(".db"):
            found[name] = _dump(room / name)
        elif name.endswith(".xlsx"):
            found |= {f"{name}:{part}": sha for part, sha in _parts(data).items()}
        else:
            found[name] = hashlib.sha256(data).hexdigest()
    return found


def _dump(place: Path) -> list[str]:
    with closing(sqlite3.connect(place)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        found = []
        for kind, name, sql in connection.execute(
            "SELECT type, name, sql FROM sqlite_schema ORDER BY type, name"
        ).fetchall():
            found.append(f"{kind} {name} {sql}")
            if (
                kind == "table"
                and not name.startswith("chatbuilder")
                and "USING fts5" not in sql
                and "_fts" not in name
            ):
                rows = connection.execute(f'SELECT * FROM "{name}"').fetchall()
                found += sorted(repr(row) for row in rows)
        return found


def _parts(data: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {
            name: hashlib.sha256(archive.read(name)).hexdigest()
            for name in archive.namelist()
            if name != "docProps/core.xml"
        }
