"""Real databases for tests: a plan in SQLite, a private PostgreSQL server, rows by chance, and what views must show."""

from __future__ import annotations

import datetime
import json
import os
import random
import shutil
import socket
import sqlite3
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from chatbuilder import filters
from chatbuilder.blueprint import Blueprint, DaysSince, Field, Table, View
from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.generators.common.schema import (
    columns_of,
    is_linked,
    link_columns,
    link_table,
    literal,
    quote,
    stored_name,
)
from chatbuilder.generators.custom import generate
from chatbuilder.generators.custom.views import view_columns

EVERYTHING: dict[str, Any] = {
    "platform": "custom",
    "priorities": (
        "organization", "search", "analytics", "collaboration", "automation", "portability", "integration",
    ),
    "features": ("tags", "projects", "timeline", "templates", "reminders", "exports", "dashboard", "archive"),
    "team_size": "large",
    "complexity": "advanced",
}  # fmt: skip
ME = "Sam"
Row = dict[str, Any]
Rows = dict[str, list[Row]]


def everything(**answers: Any) -> Config:
    """All that can be asked for at once, changed as given."""
    return Config(**{**EVERYTHING, **answers})


_connections: list[sqlite3.Connection] = []


def opened(place: str | Path = ":memory:") -> sqlite3.Connection:
    """A connection as people should open it; it is closed at the end of the test (see conftest)."""
    connection = sqlite3.connect(place, isolation_level=None)
    _connections.append(connection)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def close_opened() -> None:
    """Close every connection that `opened` gave out."""
    while _connections:
        _connections.pop().close()


def sqlite_of(config: Config) -> tuple[Blueprint, sqlite3.Connection]:
    """The plan of a solution, run in memory."""
    blueprint = design(config)
    connection = opened()
    for step in generate(config, blueprint).plan:
        for statement in step.payload["statements"]:
            connection.execute(statement)
    return blueprint, connection


# rows


def sample_rows(config: Config, blueprint: Blueprint) -> Rows:
    """What the plan puts in, by table, with ids; topics are there even without samples."""
    found = {t.key: [dict(row, id=n) for n, row in enumerate(t.samples, 1)] for t in blueprint.tables}
    if "topics" in found and not found["topics"]:
        found["topics"] = [{"id": n, "name": name} for n, name in enumerate(config.options.topics, 1)]
    return found


def random_rows(blueprint: Blueprint, there: Rows, chance: random.Random, today: datetime.date) -> Rows:
    """More rows for every table: any value or none in each field. Titles stay unique, so links are clear."""
    made: Rows = {}
    for table in blueprint.tables:
        made[table.key] = [
            {"id": len(there[table.key]) + n, table.title.key: f"{chance.choice(WORDS)} {n}"} for n in range(1, 9)
        ]
    for table in blueprint.tables:
        for row in made[table.key]:
            for field in table.fields[1:]:
                if field.owner != "computed":
                    row[field.key] = _value(field, chance, today, {k: there[k] + made[k] for k in made}, blueprint)
            if "source_id" in row:
                row["source_id"] = f"test:{row['id']}"
    return made


WORDS = ("alpha", "Beta", "é", "“quoted”", "it's", "=1+1", "$chatbuilder$", 'say "x"', "zeta\nnew line", "日本")


def _value(field: Field, chance: random.Random, today: datetime.date, rows: Rows, blueprint: Blueprint) -> Any:
    if field.relation:
        titles = [r[blueprint.table(field.relation.table).title.key] for r in rows[field.relation.table]]
        return tuple(dict.fromkeys(chance.choices(titles, k=chance.randint(0, 2 if field.relation.many else 1))))
    if field.type == "multi_select":
        return tuple(dict.fromkeys(chance.choices([*field.option_names(), *WORDS], k=chance.randint(0, 3))))
    if field.type == "checkbox":
        return chance.random() < 0.5
    if chance.random() < 0.25:
        return None
    day = today + datetime.timedelta(days=chance.randint(-100, 8))
    makers = {
        "select": lambda: chance.choice(field.option_names()),
        "number": lambda: chance.randint(field.minimum or 0, field.maximum or 9),
        "date": day.isoformat,
        "datetime": lambda: f"{day.isoformat()}T{chance.choice(('00:00:00', '12:30:00', '23:59:59'))}Z",
        "person": lambda: chance.choice((ME, "Robin", "")),
    }
    return makers.get(field.type, lambda: chance.choice(("", *WORDS)))()


def inserts(blueprint: Blueprint, rows: Rows, dialect: Any) -> Iterator[str]:
    """INSERT statements for rows, ids included: tables first, then what they point to."""
    for table in blueprint.tables:
        for row in rows[table.key]:
            plain = {stored_name(f): row[f.key] for f in columns_of(table) if f.key in row and not f.relation}
            values = {"id": row["id"], **plain}
            given = ", ".join(literal(v, dialect) for v in values.values())
            yield f"INSERT INTO {quote(table.key)} ({', '.join(map(quote, values))}) VALUES ({given})"
    for table in blueprint.tables:
        for row in rows[table.key]:
            for field in table.fields:
                for title in (row.get(field.key) or ()) if field.relation else ():
                    yield _point(blueprint, table, row, field, title, dialect)


def _point(blueprint: Blueprint, table: Table, row: Row, field: Field, title: str, dialect: Any) -> str:
    other = blueprint.table(field.relation.table)
    there = f"(SELECT id FROM {quote(other.key)} WHERE {quote(other.title.key)} = {literal(title, dialect)})"
    if not is_linked(field):
        return f"UPDATE {quote(table.key)} SET {quote(stored_name(field))} = {there} WHERE id = {row['id']}"
    near, far = link_columns(table, other)
    return f"INSERT INTO {quote(link_table(table, field))} ({near}, {far}) VALUES ({row['id']}, {there})"


# what must be seen


def wanted_rows(view: View, blueprint: Blueprint, rows: Rows, today: datetime.date) -> list[Row]:
    """The rows of a view by the reference, in order, as `cell` shows them."""
    table = blueprint.table(view.table)
    found = filters.select_rows(view.filter, rows[table.key], today=today, me=ME)
    found.sort(key=lambda row: row["id"])
    for sort in reversed(view.sorts):
        found = _sorted(found, lambda row, key=sort.field: _plain(row.get(key)), descending=sort.descending)
    if view.group_by and view.group_by not in {sort.field for sort in view.sorts}:
        names = table.field(view.group_by).option_names()
        found = _sorted(found, lambda row: _place(_plain(row.get(view.group_by)), names))
    keys = view_columns(view)[1:]
    return [{"id": r["id"], **{key: shown(table.field(key), r, blueprint, rows, today) for key in keys}} for r in found]


def _plain(value: Any) -> Any:
    return (value[0] if value else None) if isinstance(value, tuple) else value


def _place(value: Any, names: tuple[str, ...]) -> Any:
    return names.index(value) if names and not filters.is_empty(value) else value


def _sorted(rows: list[Row], key: Any, *, descending: bool = False) -> list[Row]:
    full = [row for row in rows if not filters.is_empty(key(row))]
    empty = [row for row in rows if filters.is_empty(key(row))]
    return sorted(full, key=key, reverse=descending) + empty


def shown(field: Field, row: Row, blueprint: Blueprint, rows: Rows, today: datetime.date) -> Any:
    """One cell as a view must show it: lists as lists, links by title, figures and formulas worked out."""
    value = row.get(field.key)
    if field.rollup:
        title = row[blueprint.table(next(t.key for t in blueprint.tables if field in t.fields)).title.key]
        linked = [r for r in rows[field.rollup.table] if title in (r.get(field.rollup.via) or ())]
        latest = max((r[field.rollup.field] for r in linked if r.get(field.rollup.field)), default=None)
        return len(linked) if field.rollup.function == "count" else latest
    if isinstance(field.formula, DaysSince):
        text = row.get(field.formula.field)
        return None if not text else (today - datetime.date.fromisoformat(text[:10])).days
    if field.formula:
        return filters.matches(field.formula.when, row, today=today, me=ME)
    if field.type == "multi_select" or is_linked(field):
        return sorted(value or ())
    if field.relation:
        return _plain(value)
    return bool(value) if field.type == "checkbox" else value


def cell(field: Field | None, value: Any) -> Any:
    """A value from a database in the same form."""
    if field is None or value is None:
        return value
    if field.type == "multi_select" or is_linked(field):
        return sorted(json.loads(value) if isinstance(value, str) else value)
    if field.type == "checkbox" or (field.formula and not isinstance(field.formula, DaysSince)):
        return bool(value)
    if isinstance(value, str) and value.endswith("+00:00"):
        return value.replace("+00:00", "Z")
    return value


def seen_rows(table: Table, rows: list[Mapping[str, Any]]) -> list[Row]:
    """Rows of a view as `wanted_rows` gives them. Short keys only: column and field key are the same."""
    by_column = {stored_name(f) if is_linked(f) else f.key: f for f in table.fields}
    return [{name: cell(by_column.get(name), value) for name, value in row.items()} for row in rows]


def select(connection: sqlite3.Connection, query: str) -> list[Row]:
    """Rows by column name."""
    cursor = connection.execute(query)
    return [dict(zip((c[0] for c in cursor.description), row, strict=True)) for row in cursor]


# PostgreSQL


def _programs() -> Path | None:
    found = shutil.which("initdb")
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    places += [Path(found).resolve().parent] if found else []
    return next((place for place in places if (place / "initdb").exists() and (place / "psql").exists()), None)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


PROGRAMS = _programs()
needs_postgres = pytest.mark.skipif(
    os.name != "posix" or (PROGRAMS is None and not os.environ.get("CI")), reason="PostgreSQL is not installed here"
)


LOCKED = "local all postgres trust\nlocal all all scram-sha-256\nhost all all 127.0.0.1/32 scram-sha-256\n"


RUNNING: list[Server] = []
"""Servers that nobody has stopped yet; the end of the tests does (a worker of pytest-xdist ends without `atexit`)."""


class Server:
    """A PostgreSQL server on a private socket, as a user that is not root.

    With `locked` it listens on loopback as well, at `port`, and everybody but postgres needs a password.
    """

    def __init__(self, *, locked: bool = False) -> None:
        assert PROGRAMS, "PostgreSQL is missing"
        self.user = "postgres" if os.geteuid() == 0 else None
        self.folder = Path(tempfile.mkdtemp(prefix="cbpg", dir="/tmp"))
        if self.user:
            shutil.chown(self.folder, self.user)
        self.port = free_port() if locked else 5432
        listens = f"listen_addresses=127.0.0.1 -p {self.port}" if locked else "listen_addresses="
        data, options = str(self.folder / "data"), f"-k {self.folder} -c {listens} -c fsync=off"
        self._call("initdb", "-D", data, "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C", "-N")
        if locked:
            (self.folder / "data" / "pg_hba.conf").write_text(LOCKED, "utf-8")
        self._call("pg_ctl", "-D", data, "-o", options, "-l", str(self.folder / "log"), "-w", "start")
        RUNNING.append(self)

    def _call(self, program: str, *arguments: str, given: str | None = None) -> str:
        # A server keeps the pipes it was started with, so only programs that end get any.
        pipe = subprocess.DEVNULL if given is None else subprocess.PIPE
        environment = {"PATH": os.environ["PATH"], "PGTZ": "UTC", "LC_ALL": "C.UTF-8"}
        environment["PGOPTIONS"] = "-c client_min_messages=error"
        done = subprocess.run(
            [str(PROGRAMS / program), *arguments], input=given, stdout=pipe, stderr=pipe, encoding="utf-8",
            user=self.user, cwd=self.folder, env=environment, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout or ""

    def run(self, database: str, script: str, *, user: str = "postgres") -> list[str]:
        """Run a script, stop at the first error, and return the lines it printed."""
        wanted = ("-X", "-q", "-At", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder))
        wanted += ("-p", str(self.port), "-U", user, "-d", database)
        return self._call("psql", *wanted, "-f", "-", given=script).splitlines()

    def rows(self, database: str, query: str, *, user: str = "postgres") -> list[Row]:
        """Rows by column name, in the order of the query."""
        return [json.loads(line) for line in self.run(database, f"SELECT row_to_json(q) FROM ({query}) q;", user=user)]

    def check(self, database: str) -> None:
        """Look at every page of every table and index (pg_amcheck); what is wrong fails the test."""
        self.run(database, "CREATE EXTENSION IF NOT EXISTS amcheck;")
        self._call(
            "pg_amcheck", "-h", str(self.folder), "-p", str(self.port), "-U", "postgres", "--heapallindexed", database
        )

    def url(self, database: str, *, user: str = "postgres") -> str:
        """The address of a database, as answers name it."""
        return f"postgresql:///{database}?host={self.folder}&user={user}"

    def stop(self) -> None:
        """Stop it and leave nothing; once is enough."""
        if self not in RUNNING:
            return
        RUNNING.remove(self)
        self._call("pg_ctl", "-D", str(self.folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.folder)


def package_of(config: Config) -> dict[str, str]:
    """The exported files of a solution as text."""
    return {file.path: file.data().decode() for file in generate(config, design(config)).files}
