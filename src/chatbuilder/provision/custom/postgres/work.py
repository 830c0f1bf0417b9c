"""Doing one step, for the first time or over what a run with other answers left: nothing of a person's is lost.

Tables only grow: a column that answers no longer want stays with its values, and a column keeps its type. Views,
functions, triggers and what is generated are made anew unless a person edited them, or built something on them. Rows
are added once and never again, even when somebody deleted them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from psycopg import errors

from chatbuilder.provision.base import Skipped
from chatbuilder.provision.custom.database import definitions, filled, quote
from chatbuilder.provision.custom.postgres.catalogue import Thing, catalogue, columns, created
from chatbuilder.provision.custom.postgres.rights import rights
from chatbuilder.provision.custom.postgres.server import Connection
from chatbuilder.provision.custom.work import StepWork

Refused = (errors.IntegrityError, errors.DataError)
_RULES = (" DEFAULT ", " CHECK (", " REFERENCES ")


@dataclass
class Work(StepWork[Connection]):
    """One step under way in PostgreSQL. `stuck` is what could not be dropped, because something needs it."""

    stuck: set[str] = field(default_factory=set)
    rights: list[tuple[str, str]] = field(default_factory=list)

    def _objects(self) -> dict[str, str]:
        """Return the definitions of what the step made; of a table that a person edited, as it was before."""
        present, was = catalogue(self.connection), self.before.get("objects", {})
        keys = [" ".join(made) for made in map(created, self.payload["statements"]) if made]
        return {
            key: was[key] if key in self.edited and key in was else present[key].definition
            for key in keys
            if key in present and key not in self.theirs
        }

    def _roles(self) -> list[str]:
        """Return which roles of the step are ours: those that were not there before it."""
        wanted = list(self.payload.get("roles", ()))
        if not wanted:
            return []
        query = "SELECT rolname::text FROM pg_roles WHERE rolname = ANY(%s)"
        there = {name for (name,) in self.connection.execute(query, (wanted,))}
        missing = [name for name in wanted if name not in there]
        may = "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
        row = self.connection.execute(may).fetchone()
        if missing and not (row and row[0]):
            raise Skipped(
                f"you may not make the role{'s' if len(missing) > 1 else ''} {', '.join(missing)}: ask the server's"
                " administrator to make them, or to give you CREATEROLE, and apply again"
            )
        return [*missing, *(name for name in self.before.get("roles", ()) if name in there)]

    def _clear(self) -> dict[str, Any]:
        """Drop the views, functions and triggers that an earlier run made, but not when a person edited one of them."""
        roles = self._roles()
        if self.before:
            self._drop()
        return {"roles": roles, "team": list(self.payload["roles"])} if "roles" in self.payload else {}

    def _drop(self) -> None:
        present, was = catalogue(self.connection), self.before.get("objects", {})
        ours = [present[key] for key in was if key in present]
        changed = {thing.key for thing in ours if thing.definition != was[thing.key]}
        self.edited = {thing.key for thing in ours if thing.kind == "table"} & changed
        free = [thing for thing in ours if thing.kind != "table"]
        stay = [thing for thing in free if thing.key in changed]
        stay += [present[key] for key in self.before.get("theirs", ()) if key in present]
        if stay:
            self.kept.append(f"{' and '.join(f'the {thing.key}' for thing in stay)} was edited, so it stays.")
            self.theirs = {thing.key for thing in (*free, *stay)}
            return
        self.rights = rights(self.connection, free)
        try:
            with self._trial():
                for thing in reversed(free):
                    self.connection.execute(thing.drop())
        except errors.DependentObjectsStillExist as error:
            why = " ".join((error.diag.message_detail or "something needs it").split())
            self.left.append(f"{self._list(free)} stays as it was: {why}.")
            self.stuck = {thing.key for thing in free}

    @staticmethod
    def _list(things: list[Thing]) -> str:
        return f"The {', the '.join(thing.key for thing in things)}"

    @contextmanager
    def _trial(self) -> Iterator[None]:
        """Do something that may fail; then nothing of it was done, and the transaction goes on."""
        with self.connection.transaction():
            yield

    def _execute(self, statement: str, done: list[str]) -> None:
        made = created(statement)
        if made is None:
            self._other(statement, done)
            return
        kind, name = made
        if f"{kind} {name}" in self.theirs | self.stuck:
            return
        if kind == "table":
            wanted = definitions(statement)
            self.design[name] = list(wanted)
            if columns(self.connection, name):
                self.tables[name] = self._grow(name, wanted)
                return
            self.tables[name] = wanted
        if kind == "index" and f"index {name}" in catalogue(self.connection):
            return
        self.connection.execute(statement)
        self.made.add(f"{kind} {name}")

    def _other(self, statement: str, done: list[str]) -> None:
        """Run a statement that makes nothing: about rows, or one that may be said again, such as COMMENT and GRANT."""
        if filled(statement):
            self._fill(statement, done)
        elif not (statement.startswith("DROP POLICY") and self.theirs | self.stuck):
            self.connection.execute(statement)

    def _is_new(self, table: str) -> bool:
        return f"table {table}" in self.made

    def _put(self, statement: str, table: str) -> str:
        if not statement.startswith("INSERT") or "system" in self.payload:
            self.connection.execute(statement)
            return ""
        try:
            with self._trial():
                rows = self._insert(statement, table)
        except Refused as error:
            return error.diag.message_primary or type(error).__name__
        self.rows += [{"table": table, "values": values} for values in rows]
        return ""

    def _settle(self) -> None:
        """Give what was made anew the rights, owner and comment that people had given it."""
        for key, statement in self.rights:
            if key not in self.made:
                continue
            try:
                with self._trial():
                    self.connection.execute(statement)
            except errors.ProgrammingError as error:
                self.left.append(f"The {key} was made anew, without “{statement}”: {error.diag.message_primary}.")

    def _insert(self, statement: str, table: str) -> list[dict[str, Any]]:
        """Run an INSERT; return the rows that it added, without those that it found and changed (xmax is set)."""
        returning = f"{statement} RETURNING to_jsonb({quote(table)}.*), xmax = 0"
        kept = set(columns(self.connection, table))
        found = self.connection.execute(returning).fetchall()
        return [{name: row[name] for name in row if name in kept} for row, new in found if new]

    # tables that exist

    def _grow(self, name: str, wanted: dict[str, str]) -> dict[str, str]:
        """Bring an existing table of ours up to its new design; return the definitions of all its columns."""
        have = columns(self.connection, name)
        was: dict[str, str] = self.before.get("tables", {}).get(name, {})
        full = dict(was)
        for column, definition in wanted.items():
            if column not in have:
                self.connection.execute(f"ALTER TABLE {quote(name)} ADD COLUMN {definition}")
                full[column] = definition
            elif column not in was:
                full[column] = definition
            elif was[column] != definition:
                full[column] = self._changed(name, column, was[column], definition)
        return full

    def _changed(self, table: str, column: str, was: str, wanted: str) -> str:
        """Give a column its new rules, and return its definition; a type is never changed, values would be lost."""
        if f"table {table}" in self.edited:
            self.kept.append(f"the table {table} was edited, so it has no new rules for {column}.")
            return was
        if _head(was) != _head(wanted):
            self.left.append(
                f"The column {column} of {table} stays {_type(was)}: turned into {_type(wanted)}, it could lose values."
                " Give the field another name, and it gets a column of its own."
            )
            return was
        definition = self._widened(table, column, wanted)
        try:
            with self._trial():
                self._drop_checks(table, column)
                for rule in _checks(definition):
                    self.connection.execute(f"ALTER TABLE {quote(table)} ADD {rule}")
        except Refused:
            self.left.append(f"Rows of {table} break the new rules for {column}, so the old rules stay.")
            return was
        return definition

    def _drop_checks(self, table: str, column: str) -> None:
        """Drop the checks that are about this column alone; a person's would have made the table an edited one."""
        query = (
            "SELECT k.conname FROM pg_constraint k JOIN pg_attribute a ON a.attrelid = k.conrelid"
            " AND k.conkey = ARRAY[a.attnum] WHERE k.contype = 'c' AND k.conrelid = to_regclass(%s) AND a.attname = %s"
        )
        for (name,) in self.connection.execute(query, (quote(table), column)).fetchall():
            self.connection.execute(f"ALTER TABLE {quote(table)} DROP CONSTRAINT {quote(name)}")

    def _widened(self, table: str, column: str, definition: str) -> str:
        """Return a definition whose choices allow the values that are there, too."""
        start = f"CHECK ({quote(column)} IN ("
        if start not in definition:
            return definition
        name, check = quote(column), _checks(definition)[0]
        query = (
            f"SELECT string_agg(DISTINCT quote_literal({name}), ', ' ORDER BY quote_literal({name}))"
            f" FROM {quote(table)} WHERE NOT ({check.removeprefix('CHECK ')})"
        )
        row = self.connection.execute(query).fetchone()
        return definition.replace(start, f"{start}{row[0]}, ", 1) if row and row[0] else definition

    # values that change columns

    def _move(self, move: Mapping[str, Any]) -> None:
        table = move["needs"]
        if not columns(self.connection, table):
            return
        for statement in move["statements"]:
            if statement.startswith("INSERT"):
                self.rows += [{"table": table, "values": values} for values in self._insert(statement, table)]
            else:
                self.connection.execute(statement)


def _head(definition: str) -> str:
    """Return name, type and what else a column may not change: everything before its default and its checks."""
    places = [at for rule in _RULES if (at := definition.find(rule)) >= 0]
    return definition[: min(places, default=len(definition))]


def _type(definition: str) -> str:
    return _head(definition).partition('" ')[2]


def _checks(definition: str) -> list[str]:
    """Return the CHECKs of a column definition, which stand last in it, each with balanced brackets."""
    found, at = [], definition.find(" CHECK (")
    while at >= 0:
        end = _closing(definition, at + len(" CHECK "))
        found.append(definition[at + 1 : end + 1])
        at = definition.find(" CHECK (", end)
    return found


def _closing(text: str, at: int) -> int:
    """Return where the bracket that opens at `at` closes; brackets in quotes are text."""
    depth, quoted = 0, ""
    for place in range(at, len(text)):
        mark = text[place]
        if quoted:
            quoted = "" if mark == quoted else quoted
        elif mark in "'\"":
            quoted = mark
        else:
            depth += (mark == "(") - (mark == ")")
            if not depth:
                return place
    return len(text) - 1
