"""An SQLite database to fill."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.integration.places.base import Place

_LINKS = {"project_id": "projects", "topic_id": "topics"}


class DatabasePlace(Place):
    """Rows in a table."""

    platform = "custom"
    strict = True

    @property
    def file(self) -> Path:
        """The database."""
        return self.room / "chats.db"

    def target(self) -> dict[str, str]:
        return {"database": f"sqlite:///{self.file}"}

    def connect(self) -> sqlite3.Connection:
        """Open the database as anybody may."""
        connection = sqlite3.connect(self.file)
        connection.row_factory = sqlite3.Row
        return connection

    def ask(self, query: str, *values: Any) -> list[sqlite3.Row]:
        """Run a statement and keep what it changed."""
        with closing(self.connect()) as connection, connection:
            return connection.execute(query, values).fetchall()

    def rows(self) -> dict[str, dict[str, str]]:
        found = self.ask("SELECT * FROM sessions WHERE source_id NOT LIKE 'sample:%'")
        return {row["source_id"]: self._values(row) for row in found}

    def _values(self, row: sqlite3.Row) -> dict[str, str]:
        values = {}
        for name in row.keys():  # noqa: SIM118  (a Row yields its values)
            value = row[name]
            if table := _LINKS.get(name):
                value = (self.ask(f"SELECT name FROM {table} WHERE id = ?", value) or [[""]])[0][0]
            elif name == "tags":
                value = ", ".join(map(str, json.loads(value or "[]")))
            elif name == "auto_filed":
                value = "true" if value else ""
            values[name.removesuffix("_id") if name in _LINKS else name] = "" if value is None else str(value)
        return {name: value for name, value in values.items() if name != "id"}

    def edit(self, key: str, **values: str) -> None:
        sets = ", ".join(f'"{name}" = ?' for name in values)
        self.ask(f"UPDATE sessions SET {sets} WHERE source_id = ?", *values.values(), key)

    def delete(self, key: str) -> None:
        self.ask("DELETE FROM sessions WHERE source_id = ?", key)

    def said(self, key: str) -> list[str]:
        query = "SELECT text FROM transcripts WHERE source_id = ? ORDER BY position"
        return [row[0] for row in self.ask(query, key)]

    def retell(self, key: str, old: str, new: str) -> None:
        self.ask("UPDATE transcripts SET text = ? WHERE source_id = ? AND text = ?", new, key, old)

    def projects(self) -> list[str]:
        return [row[0] for row in self.ask("SELECT name FROM projects")]

    def rename_project(self, old: str, new: str) -> None:
        self.ask("UPDATE projects SET name = ? WHERE name = ?", new, old)

    def delete_project(self, title: str) -> None:
        self.ask("DELETE FROM projects WHERE name = ?", title)

    def snapshot(self) -> dict[str, Any]:
        with closing(self.connect()) as connection:
            return {"dump": "\n".join(connection.iterdump())}

    def take_away(self) -> None:
        self.file.rename(self.room / "elsewhere")

    def wipe(self) -> None:
        self.file.unlink(missing_ok=True)
