"""Rows of Chat Sessions in an SQLite file: found by their unique Source ID, each batch written in one transaction."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from chatbuilder.errors import InputError, RefusedError
from chatbuilder.provision.custom import bulk
from chatbuilder.provision.custom.database import Database, catalogue, columns, quote
from chatbuilder.provision.rows import Delivery, Forecast, Found, Outlook, Related, Wanted, Written

_SESSIONS, _KEY, _TRANSCRIPTS = "sessions", "source_id", "transcripts"
_ASKED = 500  # keys in one query; SQLite takes 32,766 values
_BLANKS = ("source_id", "position", "who", "at", "model", "text")


class SqliteRows:
    """`owned` are the columns to read; `transcripts` is the statement that makes their table, "" without transcripts.

    A state holds the row by column, with "id", and where transcripts are wanted "transcript": a list of messages.
    """

    noticed: tuple[str, ...] = ()

    def __init__(self, path: Path, owned: Sequence[str], transcripts: str = "") -> None:
        self._database = Database(path)
        self._path, self._owned, self._transcripts = path, list(owned), transcripts
        self._columns: frozenset[str] = frozenset()
        self.requests = 0

    def check(self) -> tuple[str, ...]:
        """See that the table is there. Raises `InputError` when it is not, or lost what rows are found by."""
        if not self._database.holds_something():
            raise _unusable(f"{self._path} is not there")
        with self._database.reading() as connection:
            present = catalogue(connection)
            if _SESSIONS not in present:
                raise _unusable(f"{self._path} has no table {_SESSIONS}")
            self._columns = frozenset(columns(connection, _SESSIONS))
            if _TRANSCRIPTS in present and set(columns(connection, _TRANSCRIPTS)) != set(_BLANKS):
                self._refuse_transcripts()
        gone = [name for name in (_KEY, "title") if name not in self._columns]
        if gone:
            raise _unusable(f"the table {_SESSIONS} has no column {' and no '.join(gone)} any more")
        missing = [name for name in self._owned if name not in self._columns]
        self._owned = [name for name in self._owned if name in self._columns]
        return (f"These columns are not there and stay out: {', '.join(missing)}.",) if missing else ()

    def _refuse_transcripts(self) -> None:
        if self._transcripts:
            raise RefusedError(
                f"{self._path} has a table {_TRANSCRIPTS} of your own.", title="The name is taken",
                kept="everything; nothing was written.", hint="rename that table, or sync without --transcripts.",
            )  # fmt: skip

    def find(self, wanted: Sequence[Wanted]) -> list[Found | str | None]:
        """Return the rows with these keys."""
        found: dict[str, dict[str, Any]] = {}
        names = ["id", _KEY, *(name for name in self._owned if name != _KEY)]
        with self._database.reading() as connection:
            for at in range(0, len(wanted), _ASKED):
                keys = [item.key for item in wanted[at : at + _ASKED]]
                query = (
                    f"SELECT {', '.join(map(quote, names))} FROM {quote(_SESSIONS)}"
                    f" WHERE {quote(_KEY)} IN ({', '.join('?' * len(keys))})"
                )
                for row in connection.execute(query, keys):
                    found[row[1]] = dict(zip(names, row, strict=True))
            if self._transcripts:
                for key, state in found.items():
                    state["transcript"] = self._said(connection, key)
        return [Found(str(found[w.key]["id"]), found[w.key]) if w.key in found else None for w in wanted]

    def _said(self, connection: sqlite3.Connection, key: str) -> list[list[Any]]:
        if _TRANSCRIPTS not in catalogue(connection):
            return []
        query = (
            f'SELECT "who", "at", "model", "text" FROM {quote(_TRANSCRIPTS)} WHERE "source_id" = ? ORDER BY "position"'
        )
        return [list(row) for row in connection.execute(query, (key,))]

    def reserve(self, data: Mapping[str, Any]) -> str:
        """Return nothing: SQLite numbers its rows."""
        return ""

    def write(self, deliveries: Sequence[Delivery]) -> list[Written]:
        """Write rows in one transaction; a row that the table refuses does not stop the others."""
        with self._database.writing() as connection:
            if any("messages" in item.data for item in deliveries) and _TRANSCRIPTS not in catalogue(connection):
                connection.execute(self._transcripts)
            new = [item for item in deliveries if item.found is None]
            ids = self._add(connection, new) if len(new) >= bulk.FEWEST else {}
            return [
                self._told(connection, item, ids[item.key]) if item.key in ids and item.found is None
                else self._deliver(connection, item) for item in deliveries
            ]  # fmt: skip

    def _add(self, connection: sqlite3.Connection, items: Sequence[Delivery]) -> dict[str, int]:
        """Insert many rows at once and return their ids; nothing is done where that cannot be, or one is refused."""
        way = bulk.Bulk.of(connection)
        if way is None:
            return {}
        ids: list[int] = []
        connection.execute("SAVEPOINT many")
        try:
            with way.indexing(connection, ids):
                ids += [int(self._insert(connection, item)) for item in items]
        except sqlite3.IntegrityError:
            ids.clear()
            connection.execute("ROLLBACK TO many")
        connection.execute("RELEASE many")
        return dict(zip((item.key for item in items), ids, strict=False))

    def _deliver(self, connection: sqlite3.Connection, item: Delivery) -> Written:
        connection.execute("SAVEPOINT row")
        try:
            remote = self._change(connection, item) if item.found else self._insert(connection, item)
        except sqlite3.IntegrityError as error:
            connection.execute("ROLLBACK TO row")
            return Written(item.remote, f"the table refused it: {error}")
        finally:
            if connection.in_transaction:  # a full disk makes SQLite end all of it, and that has to be told as it is
                connection.execute("RELEASE row")
        if not remote:
            return Written(item.remote, "it was changed while this ran")
        return self._told(connection, item, remote)

    def _told(self, connection: sqlite3.Connection, item: Delivery, row: int | str) -> Written:
        """Count a row that is written, and write what was said."""
        self.requests += 1
        if "messages" in item.data:
            self._tell(connection, item)
        return Written(str(row))

    def _insert(self, connection: sqlite3.Connection, item: Delivery) -> str:
        values = {name: value for name, value in item.data["values"].items() if name in self._columns}
        names, marks = ", ".join(map(quote, values)), ", ".join("?" * len(values))
        query = f"INSERT INTO {quote(_SESSIONS)} ({names}) VALUES ({marks})"
        return str(connection.execute(query, tuple(values.values())).lastrowid)

    def _change(self, connection: sqlite3.Connection, item: Delivery) -> str:
        """Change a row that holds what it held when it was found; "" when it does not."""
        row = item.remote
        new, old = ({n: v for n, v in item.data[part].items() if n in self._columns} for part in ("set", "were"))
        fits = " AND ".join(('"id" = ?', *(f"{quote(name)} IS ?" for name in old)))
        if not new:
            query, values = f"SELECT 1 FROM {quote(_SESSIONS)} WHERE {fits}", (int(row), *old.values())
            return row if connection.execute(query, values).fetchone() else ""
        sets = ", ".join(f"{quote(name)} = ?" for name in new)
        query = f"UPDATE {quote(_SESSIONS)} SET {sets} WHERE {fits}"
        done = connection.execute(query, (*new.values(), int(row), *old.values()))
        return row if done.rowcount else ""

    def _tell(self, connection: sqlite3.Connection, item: Delivery) -> None:
        connection.execute(f'DELETE FROM {quote(_TRANSCRIPTS)} WHERE "source_id" = ?', (item.key,))
        rows = [(item.key, at, *message) for at, message in enumerate(item.data["messages"])]
        names = ", ".join(map(quote, _BLANKS))
        connection.executemany(f"INSERT INTO {quote(_TRANSCRIPTS)} ({names}) VALUES (?, ?, ?, ?, ?, ?)", rows)

    def related(self, items: Sequence[Related]) -> list[str | None]:
        """Return the id of each row of another table."""
        return [self._related(item.data, item.remote, make=item.make) for item in items]

    def forecast(self, outlook: Outlook) -> Forecast:
        """Return one statement a row."""
        return Forecast(outlook.created + outlook.updated + outlook.related)

    def _related(self, data: Mapping[str, Any], remote: str, *, make: bool) -> str | None:
        table, column, title = (quote(data["table"]), quote(data["column"]), data["title"])
        with self._database.reading() as connection:
            if data["table"] not in catalogue(connection):
                return None
            if remote:
                return remote if _first(connection, f'SELECT "id" FROM {table} WHERE "id" = ?', int(remote)) else None
            known = _first(connection, f'SELECT min("id") FROM {table} WHERE {column} = ?', title)
        if known or not make:
            return known
        with self._database.writing() as connection:
            self.requests += 1
            return str(connection.execute(f"INSERT INTO {table} ({column}) VALUES (?)", (title,)).lastrowid)

    def settle(self) -> None:
        """Nothing to wait for: SQLite's transactions are on the disk when they end."""

    def close(self) -> None:
        """Close the file."""
        self._database.close()


def _first(connection: sqlite3.Connection, query: str, value: Any) -> str | None:
    row = connection.execute(query, (value,)).fetchone()
    return str(row[0]) if row and row[0] is not None else None


def _unusable(what: str) -> InputError:
    return InputError(
        f"{what[0].upper()}{what[1:]}.", title="The system cannot be filled", kept="everything as it is.",
        hint="`chatbuilder verify` tells what is missing, `chatbuilder repair` puts it back.",
    )  # fmt: skip
