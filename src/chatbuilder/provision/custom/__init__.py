"""Delivery into a database: a new SQLite file, or one of the person's with their own tables, which stay as they are.
PostgreSQL has a room of its own, `postgres`.

Each step is one transaction together with its row in `chatbuilder_meta`, so it happened wholly, once, or not at all.
"""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from chatbuilder.errors import InputError, RefusedError
from chatbuilder.provision import above
from chatbuilder.provision.base import Account, Links, Preflight, Provisioner, Removal, Result, State
from chatbuilder.provision.custom import meta, removal
from chatbuilder.provision.custom.database import META, Database, Thing, catalogue, not_writable, quote, rehearse
from chatbuilder.provision.custom.evolve import Work
from chatbuilder.secret import Secret
from chatbuilder.solution import Plan, Step

_SETTINGS = "chatbuilder_settings"


def open_target(database: str) -> Provisioner:
    """Return what delivers into `sqlite:///…`: a path after three slashes, as SQLAlchemy reads it; ~ is your home.

    Raises InputError for an address that names no file.
    """
    return SqliteProvisioner(_path(database))


def open_server(database: str, password: Secret | None) -> Provisioner:
    """Return what delivers into `postgresql://…`; without a password libpq looks for one (PGPASSWORD, ~/.pgpass).

    Connects later. Raises InputError for an address that PostgreSQL does not understand.
    """
    with driver_told():
        from chatbuilder.provision.custom.postgres import PostgresProvisioner

    return PostgresProvisioner(database, password)


def check_server(database: str, password: Secret | None) -> Account:
    """Return who signs in to `postgresql://…`, what they may do and what is missing. Raises as `open_server` does.

    Raises `CredentialsError`, `RefusedError` and `UnavailableError` too.
    """
    with driver_told():
        from chatbuilder.provision.custom.postgres import PostgresProvisioner

    with closing(PostgresProvisioner(database, password)) as server:
        return server.account()


@contextmanager
def driver_told() -> Iterator[None]:
    """Tell of a PostgreSQL driver that cannot be loaded; only those who have a server load it. Raises `RefusedError`.

    psycopg without its binary part looks for the system's libpq, and raises ImportError when there is none.
    """
    try:
        yield
    except ImportError as error:
        said = " ".join(str(error).split())
        raise RefusedError(
            f"PostgreSQL's driver cannot be loaded: {said[:300]}.", title="The driver is missing",
            kept="everything as it is.",
            hint="pip install 'psycopg[binary]' where chatbuilder is installed (with pipx: pipx inject chatbuilder"
            " 'psycopg[binary]'), or install libpq (Debian: libpq5, macOS: brew install libpq), then run this again.",
        ) from error  # fmt: skip


def _path(database: str) -> Path:
    found = re.fullmatch(r"sqlite:///(.+)", database)
    name = found[1] if found else ""
    if not name or name == ":memory:" or "?" in name or name.startswith("file:") or "\x00" in name:
        raise InputError(
            f"{database!r} names no database file.", title="Not a database address", kept="Nothing was changed.",
            hint="Write sqlite:///chats.db, sqlite:////full/path/chats.db or sqlite:///~/chats.db.",
        )  # fmt: skip
    try:
        return Path(name).expanduser().absolute()
    except RuntimeError as error:
        raise InputError(
            f"{name} cannot be found: {error}.", title="No such home folder", kept="Nothing was changed.",
            hint="Write the full path.",
        ) from error  # fmt: skip


class SqliteProvisioner:
    """Delivers SQL steps into one SQLite file.

    Results: {step, digest, objects: {name: SQL as stored}, rows: those it added, ran: marks of the statements that
    added rows, tables: column definitions, design: the columns that the answers want, created: whether the file is
    ours, above: how many of its parents are}; `kept` says what of the person's stayed, `left` what could not be
    changed.
    """

    abreast = 1

    def __init__(self, path: Path) -> None:
        self.path = path
        self._database = Database(path)
        self._above = 0

    # looking

    def preflight(self, plan: Plan, known: Mapping[str, Result]) -> Preflight:
        """Try the whole plan in memory, then look at the file. Raises InputError listing every name that is taken."""
        planned = rehearse([statement for step in plan for statement in step.payload["statements"]])
        self._check_place()
        above.forget(self.path, known)
        if not self._database.holds_something():
            return Preflight(str(self.path), exists=False)
        self._check_lock()
        with self._database.reading() as connection:
            present = catalogue(connection)
            done = meta.remembered(connection)
            self._check_system(plan, known, connection, done)
        ours = _ours([*known.values(), *done.values()], present)
        taken = [thing for name, thing in present.items() if name in planned and name not in ours]
        if taken:
            raise InputError(
                f"{self.path} already has {len(taken)} of the names that the system needs.", title="Names are taken",
                problems=[f"{thing.type} {thing.name}" for thing in taken], kept="The database is untouched.",
                hint="Choose another file in [target] database, or rename what is listed.",
            )  # fmt: skip
        return Preflight(str(self.path), exists=True, notes=tuple(_notes(present, ours, done)))

    def _check_place(self) -> None:
        nearest = next(p for p in (self.path, *self.path.parents) if p.exists())
        if self.path.is_dir():
            raise not_writable(self.path, "it is a folder")
        if nearest != self.path and not nearest.is_dir():
            raise not_writable(self.path, f"{nearest} is a file, not a folder")
        for place in {nearest, nearest if nearest.is_dir() else nearest.parent}:
            if not os.access(place, os.W_OK):
                raise not_writable(self.path, f"{place} is read-only")

    def _check_lock(self) -> None:
        with self._database.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("ROLLBACK")

    def _check_system(
        self,
        plan: Plan,
        known: Mapping[str, Result],
        connection: sqlite3.Connection,
        done: Mapping[str, Mapping[str, Any]],
    ) -> None:
        """Two systems do not share one file: a system that this one does not know of must have the same name."""
        wanted = next((step.payload["system"] for step in plan if "system" in step.payload), None)
        if known or not done or _SETTINGS not in catalogue(connection):
            return
        row = connection.execute(f"SELECT value FROM {quote(_SETTINGS)} WHERE key = 'name'").fetchone()
        if row and wanted and row[0] != wanted:
            raise InputError(
                f"{self.path} already holds the system “{row[0]}”.", title="Another system lives here",
                kept="The database is untouched.",
                hint="Choose another file in [target] database, or give these answers that system's name.",
            )  # fmt: skip

    def look_up(self, step: Step, payload: Mapping[str, Any]) -> Result | None:
        """Return what the database remembers of this very step, or None."""
        if not self._database.holds_something():
            return None
        with self._database.reading() as connection:
            found = meta.remembered(connection).get(step.key)
        return found if found and found["digest"] == meta.digest(payload) else None

    def inspect(self, step: Step, payload: Mapping[str, Any], result: Result) -> State:
        """Compare the stored SQL of what the step made. Rows are the person's to change or delete."""
        if not self._database.holds_something():
            return "missing"
        with self._database.reading() as connection:
            present = catalogue(connection)
            done = meta.remembered(connection).get(step.key)
        if done is None:
            return "missing"
        states = [_state(present.get(name.lower()), sql) for name, sql in done["objects"].items()]
        return "missing" if "missing" in states else "edited" if "edited" in states else "same"

    # changing

    def deliver(self, step: Step, payload: Mapping[str, Any], previous: Result | None) -> Result:
        """Do one step in one transaction, with its row in chatbuilder_meta; a step that is there is not done again."""
        ours = not self._database.holds_something()
        if ours:
            self._above = self._database.create()
        with self._database.reading() as connection:
            before = meta.remembered(connection).get(step.key) or {}
            whole = bool(before) and self.inspect(step, payload, before) != "missing"
        if whole and before["digest"] == meta.digest(payload):
            return before
        with self._database.writing(reshaping=bool(before)) as connection:
            untouched = meta.untouched_rows(connection) if before else []
            work = Work(connection, payload, before)
            result = {"step": step.key, "digest": meta.digest(payload), **work.run()}
            if "system" in payload:
                result["created"] = before.get("created", ours)
                result["above"] = max(self._above, int((before or previous or {}).get("above", 0)))
            meta.remember(connection, result)
            meta.refresh(connection, untouched)
            return meta.remembered(connection)[step.key]

    def remove(self, step: Step, payload: Mapping[str, Any], result: Result) -> Removal:
        """Drop what the step made, when nobody edited it and no row or view of a person's needs it."""
        if not self._database.holds_something():
            above.remove(self.path, int(result.get("above", 0)))
            return Removal(removed=True, what=step.title, why="it was gone already")
        with self._database.writing() as connection:
            done = meta.remembered(connection)
            if step.key not in done:
                return Removal(removed=True, what=step.title, why="it was gone already")
            stay = _remove_house(connection, step.key) if "system" in payload else _remove(connection, step.key, done)
            waits = bool(stay) and "system" not in payload and _goes_later(connection, step.key)
            empty = not catalogue(connection)
        if empty and done[step.key].get("created"):
            self._database.delete()
            above.remove(self.path, int(done[step.key].get("above", 0)))
        if waits:
            return Removal(removed=True, what=step.title, why="it goes with the last step, after what needs it")
        return Removal(removed=not stay, what=step.title, why="; ".join(stay))

    def links(self, results: Mapping[str, Result]) -> Links:
        """Return the file, and ways to look into it."""
        return Links(
            self.path.as_uri(), str(self.path),
            (
                "See it in the browser: export the solution and run “python manage.py serve” there.",
                f"Or open {self.path} with DB Browser for SQLite or the sqlite3 program.",
                'A first look: SELECT * FROM "all_sessions";',
            ),
        )  # fmt: skip

    def close(self) -> None:
        """Close the file, and forget what only a crash would have needed."""
        self._database.close()
        with suppress(OSError):
            above.settle(self.path, journaled=self._database.holds_something())


def _ours(results: Iterable[Mapping[str, Any]], present: Mapping[str, Thing]) -> set[str]:
    """Return the lower-case names that we made, with the tables that a full-text index keeps for itself."""
    names = {name.lower() for result in results for name in (*result.get("objects", ()), *result.get("theirs", ()))}
    shadows = {
        f"{name}_{part}" for name in names for part in ("data", "idx", "docsize", "config", "content")
        if name in present and present[name].virtual
    }  # fmt: skip
    return names | shadows


def _notes(present: Mapping[str, Thing], ours: set[str], done: Mapping[str, Any]) -> Iterator[str]:
    theirs = [thing.name for name, thing in present.items() if thing.type == "table" and name not in ours]
    if done:
        yield f"The database has {len(done)} finished steps of this system; what differs is brought up to date."
    if theirs:
        count = f"{len(theirs)} table{'s' if len(theirs) > 1 else ''}"
        yield f"It also has {count} of yours: nothing of that is changed."


def _state(thing: Thing | None, sql: str) -> State:
    if thing is None:
        return "missing"
    return "same" if thing.sql == sql else "edited"


def _rows(step: str, done: Mapping[str, Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield the rows that a step added, and those that any step added to its tables."""
    for key, result in done.items():
        for row in result.get("rows", ()):
            if key == step or row["table"] in done[step]["objects"]:
                yield row


def _remove(connection: sqlite3.Connection, step: str, done: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Take down one step and forget it; return what stays and why."""
    stay = removal.remove_rows(connection, list(_rows(step, done)))
    stay += removal.remove_objects(connection, done[step]["objects"])
    if not stay:
        meta.forget(connection, step)
    return stay


def _sweep(connection: sqlite3.Connection, last: str) -> list[str]:
    """Take down every step but the last, again and again while anything goes; return the keys of those that stay."""
    while True:
        done = meta.remembered(connection)
        stay = [key for key in reversed(list(done)) if key != last and _remove(connection, key, done)]
        if len(stay) == len(done) - 1:
            return stay


def _goes_later(connection: sqlite3.Connection, step: str) -> bool:
    """Tell whether a step only waits for others of ours: then it goes when the last one is taken down."""
    connection.execute("SAVEPOINT trial")
    _sweep(connection, "settings")
    gone = step not in meta.remembered(connection)
    connection.execute("ROLLBACK TO trial")
    connection.execute("RELEASE trial")
    return gone


def _remove_house(connection: sqlite3.Connection, step: str) -> list[str]:
    """Drop our own two tables, the last to go: what had to wait for something else is tried again before."""
    left = _sweep(connection, step)
    if left:
        return [f"what is kept still needs it: {', '.join(left)}"]
    for name in (_SETTINGS, META):
        connection.execute(f"DROP TABLE IF EXISTS {quote(name)}")
    return []
