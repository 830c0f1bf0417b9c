"""A PostgreSQL database to fill: one private server for all tests of a process, a database for each place."""

from __future__ import annotations

import atexit
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any

import psycopg

from chatbuilder.provision.custom.database import quote
from tests.databases import Server
from tests.integration.places.base import Place

_LINKS = {"project_id": "projects", "topic_id": "topics"}
_NUMBERS = count(1)


@cache
def server() -> Server:
    """The server; it ends with the process."""
    running = Server()
    atexit.register(running.stop)
    return running


def new_database(running: Server) -> str:
    """Make an empty database, and return its name."""
    name = f"place{next(_NUMBERS)}"
    running.run("postgres", f"CREATE DATABASE {name};")
    return name


class ServerPlace(Place):
    """Rows in a table on a server."""

    platform = "custom"
    strict = True

    def __init__(self, room: Path, answers: dict[str, Any] | None = None) -> None:
        self.server = server()
        self.name = new_database(self.server)
        super().__init__(room, answers)

    def target(self) -> dict[str, str]:
        return {"database": self.server.url(self.name)}

    def keep(self) -> str:
        kept = f"{self.name}_{next(_NUMBERS)}"
        self._copy(self.name, kept)
        return kept

    def back_to(self, kept: str) -> None:
        self._copy(kept, self.name)

    def _copy(self, old: str, new: str) -> None:
        script = f"DROP DATABASE IF EXISTS {new} WITH (FORCE);\nCREATE DATABASE {new} TEMPLATE {old};"
        self.server.run("postgres", script)

    def ask(self, query: str, *values: Any) -> list[dict[str, Any]]:
        """Run a statement as anybody may, and keep what it changed."""
        with psycopg.connect(self.server.url(self.name), row_factory=psycopg.rows.dict_row) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            cursor = connection.execute(query, values)
            return cursor.fetchall() if cursor.description else []

    def rows(self) -> dict[str, dict[str, str]]:
        found = self.ask("SELECT row_to_json(s) AS row FROM sessions s WHERE source_id NOT LIKE 'sample:%%'")
        return {row["row"]["source_id"]: self._values(row["row"]) for row in found}

    def _values(self, row: dict[str, Any]) -> dict[str, str]:
        values = {}
        for name, value in row.items():
            if table := _LINKS.get(name):
                titles = self.ask(f"SELECT name FROM {table} WHERE id = %s", value)
                value = titles[0]["name"] if titles else ""
            elif name == "tags":
                value = ", ".join(value)
            elif name == "auto_filed":
                value = "true" if value else ""
            elif isinstance(value, str):
                value = value.replace("+00:00", "Z")
            values[name.removesuffix("_id") if name in _LINKS else name] = "" if value is None else str(value)
        return {name: value for name, value in values.items() if name not in ("id", "search_vector")}

    def edit(self, key: str, **values: str) -> None:
        sets = ", ".join(f"{quote(name)} = %s" for name in values)
        self.ask(f"UPDATE sessions SET {sets} WHERE source_id = %s", *values.values(), key)

    def delete(self, key: str) -> None:
        self.ask("DELETE FROM sessions WHERE source_id = %s", key)

    def said(self, key: str) -> list[str]:
        query = "SELECT text FROM transcripts WHERE source_id = %s ORDER BY position"
        return [row["text"] for row in self.ask(query, key)]

    def retell(self, key: str, old: str, new: str) -> None:
        self.ask("UPDATE transcripts SET text = %s WHERE source_id = %s AND text = %s", new, key, old)

    def projects(self) -> list[str]:
        return [row["name"] for row in self.ask("SELECT name FROM projects")]

    def rename_project(self, old: str, new: str) -> None:
        self.ask("UPDATE projects SET name = %s WHERE name = %s", new, old)

    def delete_project(self, title: str) -> None:
        self.ask("DELETE FROM projects WHERE name = %s", title)

    def snapshot(self) -> dict[str, Any]:
        """Rows with what PostgreSQL keeps of the transaction that wrote them: a row written anew differs."""
        tables = [row["relname"] for row in self.ask("SELECT relname FROM pg_stat_user_tables")]
        found = {}
        for table in tables:
            rows = self.ask(f"SELECT xmin::text, ctid::text, row_to_json(t) AS row FROM {quote(table)} t")
            found[table] = sorted(map(str, rows))
        return found

    def take_away(self) -> None:
        self.server.run("postgres", f"ALTER DATABASE {self.name} RENAME TO {self.name}_elsewhere;")

    def wipe(self) -> None:
        self.ask("DROP SCHEMA public CASCADE")
        self.ask("CREATE SCHEMA public")
