"""A PostgreSQL database in the hands of the killer: set up, copied and looked at from outside."""

from __future__ import annotations

import atexit
from typing import Any

import psycopg

from chatbuilder.provision.custom.database import quote
from chatbuilder.provision.custom.postgres.catalogue import catalogue
from tests.databases import Server

FURNITURE = """
CREATE TABLE diary (day date PRIMARY KEY, text text);
INSERT INTO diary VALUES ('2020-01-01', 'a day');
CREATE VIEW days AS SELECT day FROM diary;
"""


class Copies:
    """A server of its own with a database “live”, and copies of it to go back to."""

    def __init__(self) -> None:
        self.server = Server()
        atexit.register(self.server.stop)

    @property
    def target(self) -> dict[str, str]:
        """The target of answers."""
        return {"database": self.server.url("live")}

    def begin(self, *, furnished: bool) -> None:
        """Make it new: empty, or with things of the person's own."""
        self._copy("template1", "live")
        if furnished:
            self.server.run("live", FURNITURE)

    def keep(self, name: str) -> None:
        self._copy("live", name)

    def back_to(self, name: str) -> None:
        self._copy(name, "live")

    def _copy(self, old: str, new: str) -> None:
        drop = f"DROP DATABASE IF EXISTS {new} WITH (FORCE);"
        self.server.run("postgres", f"{drop}\nCREATE DATABASE {new} TEMPLATE {old};")

    def content(self) -> dict[str, Any]:
        """Everything that stands there. Numbers of rows are left out: a transaction taken back has used some up."""
        with psycopg.connect(self.server.url("live")) as connection:
            things = catalogue(connection)
            found: dict[str, Any] = {thing.key: thing.definition for thing in things.values()}
            for thing in things.values():
                if thing.kind == "table" and thing.name != "chatbuilder_meta":
                    rows = connection.execute(f"SELECT to_jsonb(t) FROM {quote(thing.name)} t").fetchall()
                    found[f"rows of {thing.name}"] = sorted(str(_plain(row)) for (row,) in rows)
        return found


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "id" and not name.endswith("_id")}
