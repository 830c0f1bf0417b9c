"""Doing one step, for the first time or over what a run with other answers left: nothing of a person's is lost.

Tables only grow: a column that answers no longer want stays with its values. Views, triggers and full-text indexes are
made anew unless a person edited them. Rows are added once and never again, even when somebody deleted them.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from typing import Any

from chatbuilder.provision.custom.database import Thing, catalogue, columns, created, definitions, quote
from chatbuilder.provision.custom.meta import read_row
from chatbuilder.provision.custom.work import StepWork


class Work(StepWork[sqlite3.Connection]):
    """One step under way in SQLite."""

    def _objects(self) -> dict[str, str]:
        """Return the stored SQL of what the step made; for a table that a person edited, as we last wrote it."""
        present = catalogue(self.connection)
        names = [made[1] for made in map(created, self.payload["statements"]) if made]
        was = self.before.get("objects", {})
        return {
            name: was[name] if name in self.edited else present[name.lower()].sql
            for name in names
            if name.lower() in present and name.lower() not in self.theirs
        }

    def _clear(self) -> dict[str, Any]:
        """Drop the views, triggers and indexes that an earlier run made, but not when a person edited one of them."""
        present = catalogue(self.connection)
        was = {name.lower(): sql for name, sql in self.before.get("objects", {}).items()}
        ours = [present[name] for name in was if name in present]
        changed = {t.name for t in ours if t.sql != was[t.name.lower()]}
        self.edited = {t.name for t in ours if t.type == "table" and t.name in changed}
        stay = [t for t in ours if t.type in ("view", "trigger") and t.name in changed]
        stay += [present[name] for name in self.before.get("theirs", ()) if name in present]
        if stay:
            self.kept.append(f"{' and '.join(f'the {t.type} {t.name}' for t in stay)} was edited, so it stays.")
            self.theirs = {t.name.lower() for t in (*ours, *stay) if t.type != "table" or t.virtual}
            return {}
        for thing in reversed(ours):
            if thing.type != "table" or thing.virtual:
                self.connection.execute(f"DROP {thing.type} {quote(thing.name)}")
        return {}

    def _execute(self, statement: str, done: list[str]) -> None:
        made = created(statement)
        if made is None:
            self._fill(statement, done)
            return
        kind, name = made
        if name.lower() in self.theirs:
            return
        if kind == "table":
            wanted = definitions(statement)
            self.design[name] = list(wanted)
            if name.lower() in catalogue(self.connection):
                self.tables[name] = self._grow(name, wanted)
                return
            self.tables[name] = wanted
        self.connection.execute(statement)
        self.made.add(name.lower())

    def _is_new(self, table: str) -> bool:
        return table.lower() in self.made

    def _put(self, statement: str, table: str) -> str:
        try:
            cursor = self.connection.execute(statement)
        except sqlite3.IntegrityError as error:
            return str(error)
        if cursor.rowcount == 1 and cursor.lastrowid is not None and statement.startswith("INSERT"):
            self._record(table, cursor.lastrowid)
        return ""

    def _record(self, table: str, rowid: int) -> None:
        thing = catalogue(self.connection).get(table.lower())
        if thing is None or thing.virtual or "system" in self.payload:
            return
        values = read_row(self.connection, table, rowid)
        if values is not None:
            self.rows.append({"table": table, "rowid": rowid, "values": values})

    # tables that exist

    def _grow(self, name: str, wanted: dict[str, str]) -> dict[str, str]:
        """Bring an existing table of ours up to its new design; return the definitions of all its columns."""
        thing = catalogue(self.connection)[name.lower()]
        have = columns(self.connection, thing.name)
        was: dict[str, str] = self.before.get("tables", {}).get(name, {})
        changed = [c for c in wanted if c in have and c in was and was[c] != wanted[c]]
        if changed and thing.name in self.edited:
            self.kept.append(f"the table {name} was edited, so it has no new rules for {', '.join(changed)}.")
            changed = []
        wanted = {**wanted, **{c: self._widened(thing.name, c, wanted[c]) for c in changed}}
        fit = [column for column in changed if self._fits(thing.name, column, wanted[column])]
        if fit != changed:
            rest = [c for c in changed if c not in fit]
            self.left.append(f"Rows of {name} break the new rules for {', '.join(rest)}, so the old rules stay.")
        full = {**was, **{c: d for c, d in wanted.items() if c not in have or c in fit or c not in was}}
        if fit:
            self._rebuild(thing, full)
        else:
            for column in wanted:
                if column not in have:
                    self.connection.execute(f"ALTER TABLE {quote(name)} ADD COLUMN {wanted[column]}")
        return full

    def _widened(self, table: str, column: str, definition: str) -> str:
        """Return a definition whose choices allow the values that are there, too."""
        start = f"CHECK ({quote(column)} IN ("
        if start not in definition or self._fits(table, column, definition):
            return definition
        name = quote(column)
        query = f"SELECT DISTINCT quote({name}) FROM {quote(table)} WHERE {name} IS NOT NULL ORDER BY 1"
        there = ", ".join(value for (value,) in self.connection.execute(query))
        return definition.replace(start, f"{start}{there}, ", 1)

    def _fits(self, table: str, column: str, definition: str) -> bool:
        """Tell whether the values that are there pass a new column definition."""
        probe = quote("chatbuilder_probe")
        self.connection.execute("SAVEPOINT probe")
        try:
            self.connection.execute(f"CREATE TABLE {probe} ({definition}) STRICT")
            self.connection.execute(f"INSERT INTO {probe} SELECT DISTINCT {quote(column)} FROM {quote(table)}")
        except sqlite3.IntegrityError:
            return False
        finally:
            self.connection.execute("ROLLBACK TO probe")
            self.connection.execute("RELEASE probe")
        return True

    def _rebuild(self, thing: Thing, full: dict[str, str]) -> None:
        """Make the table anew under another name, copy everything, and put it in the old one's place.

        Source: https://sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes".
        """
        connection, new = self.connection, quote(f"{thing.name}_chatbuilder_new")
        have = columns(connection, thing.name)
        hangers_on = [
            t
            for t in catalogue(connection).values()
            if t.table.lower() == thing.name.lower() and t.type in ("index", "trigger")
        ]
        connection.execute(f"CREATE TABLE {new} (\n  " + ",\n  ".join(full.values()) + "\n) STRICT")
        shared = ", ".join(quote(name) for name in full if name in have)
        connection.execute(f"INSERT INTO {new} ({shared}) SELECT {shared} FROM {quote(thing.name)}")
        connection.execute(f"DROP TABLE {quote(thing.name)}")
        connection.execute(f"ALTER TABLE {new} RENAME TO {quote(thing.name)}")
        for hanger in hangers_on:
            connection.execute(hanger.sql)

    # values that change columns

    def _move(self, move: Mapping[str, Any]) -> None:
        if move["needs"] not in catalogue(self.connection):
            return
        query = f"SELECT rowid FROM {quote(move['needs'])}"
        there = set(self.connection.execute(query))
        for statement in move["statements"]:
            self.connection.execute(statement)
        for (rowid,) in sorted(set(self.connection.execute(query)) - there):
            self._record(move["needs"], rowid)
