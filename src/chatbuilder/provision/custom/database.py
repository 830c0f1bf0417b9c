"""One SQLite file: opening, transactions, its catalogue, and its errors in words for people."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbuilder.errors import ChatbuilderError, InputError, RefusedError
from chatbuilder.provision import above

META = "chatbuilder_meta"
# STRICT tables came with 3.37 (https://sqlite.org/stricttables.html).
OLDEST = (3, 37, 0)
_BUSY_SECONDS = 5.0
_KEPT = "Every finished step is there whole; the one that failed left no trace."
_CREATED = re.compile(r'CREATE (TABLE|VIEW|TRIGGER|INDEX|VIRTUAL TABLE) "((?:[^"]|"")+)"')
_FILLED = re.compile(r'(?:INSERT INTO|UPDATE) "((?:[^"]|"")+)"')
_COLUMN = re.compile(r'^  ("((?:[^"]|"")+)" .*?),?$')


@dataclass(frozen=True, slots=True)
class Thing:
    """One entry of the catalogue: a table, view, index or trigger, the table it belongs to, and its SQL."""

    type: str
    name: str
    table: str
    sql: str

    @property
    def virtual(self) -> bool:
        """Tell whether it is a full-text index."""
        return self.sql.upper().startswith("CREATE VIRTUAL")


class Database:
    """A file that may not exist yet. The connection is opened when it is first needed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def holds_something(self) -> bool:
        """Tell whether the file exists and is not empty."""
        try:
            return self.path.stat().st_size > 0
        except OSError:
            return False

    def connect(self) -> sqlite3.Connection:
        """Return a connection to the existing file, with foreign keys checked."""
        if self._connection is None:
            address = f"{self.path.as_uri()}?mode=rw"
            self._connection = sqlite3.connect(
                address, uri=True, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
            )
            self._connection.execute("PRAGMA foreign_keys = ON")
        return self._connection

    def create(self) -> int:
        """Make the file, readable by its owner only, and the folders above it; return how many of those are ours."""
        try:
            ours = above.make(self.path)
            os.close(os.open(self.path, os.O_CREAT | os.O_WRONLY, 0o600))
        except OSError as error:
            raise not_writable(self.path, error.strerror or str(error)) from error
        return ours

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Hand out the connection; database errors come back as ours."""
        with self._telling():
            yield self.connect()

    @contextmanager
    def writing(self, *, reshaping: bool = False) -> Iterator[sqlite3.Connection]:
        """One transaction: all of it or nothing. `reshaping` lets tables be rebuilt and checks references at the end.

        Source: https://sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes".
        """
        with self._telling():
            connection = self.connect()
            if reshaping:
                connection.execute("PRAGMA foreign_keys = OFF")
                connection.execute("PRAGMA legacy_alter_table = ON")
            try:
                connection.execute("BEGIN IMMEDIATE")
                broken = dangling(connection) if reshaping else 0
                yield connection
                if reshaping and dangling(connection) > broken:
                    raise RefusedError(
                        "The change would leave rows that point to nothing.", title="Not changed", kept=_KEPT,
                        hint="Run “PRAGMA foreign_key_check” and mend those rows, then run this again.",
                    )  # fmt: skip
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            finally:
                if reshaping:
                    connection.execute("PRAGMA legacy_alter_table = OFF")
                    connection.execute("PRAGMA foreign_keys = ON")

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise in_words(error, self.path) from error

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def delete(self) -> None:
        """Close and delete the file and what SQLite may have left beside it."""
        self.close()
        for ending in ("", "-journal", "-wal", "-shm"):
            Path(f"{self.path}{ending}").unlink(missing_ok=True)


def in_words(error: sqlite3.Error, path: Path) -> ChatbuilderError:
    """Return what a database error means for a person."""
    code = getattr(error, "sqlite_errorname", "") or ""
    if code.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return RefusedError(
            f"Another program is writing to {path}.", title="The database is locked", kept=_KEPT,
            hint="Close the other program, or wait until it is done, then run this again.",
        )  # fmt: skip
    if code.startswith("SQLITE_NOTADB"):
        return InputError(
            f"{path} is a file, but not an SQLite database (or it is encrypted).", title="Not a database",
            kept="The file is untouched.", hint="Choose another file in [target] database.",
        )  # fmt: skip
    if code.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_AUTH")):
        return not_writable(path, str(error))
    if code.startswith(("SQLITE_FULL", "SQLITE_IOERR", "SQLITE_NOMEM")):
        return RefusedError(
            f"{path} could not be written: {error}.", title="The disk refused", kept=_KEPT,
            hint="Make room or check the disk, then run this again.",
        )  # fmt: skip
    if code.startswith("SQLITE_CORRUPT"):
        return InputError(
            f"{path} is damaged: {error}.", title="The database is damaged", kept="Nothing was changed.",
            hint="Restore it from a backup, or rescue it with the sqlite3 program's “.recover”.",
        )  # fmt: skip
    return RefusedError(
        f"{path}: {error}.", title="The database refused", kept=_KEPT, hint="Run it again, or choose another file."
    )


def not_writable(path: Path, why: str) -> InputError:
    """Return the error for a file or folder that cannot be written."""
    return InputError(
        f"{path} cannot be opened for writing: {why}.", title="The database cannot be written",
        kept="Nothing was changed.",
        hint="Check the folder and its permissions, or choose another file in [target] database.",
    )  # fmt: skip


def dangling(connection: sqlite3.Connection) -> int:
    """Return how many references in the whole file point to nothing."""
    return len(connection.execute("PRAGMA foreign_key_check").fetchall())


def quote(name: str) -> str:
    """Return an identifier in double quotes."""
    return '"' + name.replace('"', '""') + '"'


def catalogue(connection: sqlite3.Connection) -> dict[str, Thing]:
    """Return everything in the file by lower-case name; SQLite's own automatic indexes are left out."""
    rows = connection.execute(
        "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid"
    )
    return {row[1].lower(): Thing(*row) for row in rows}


def columns(connection: sqlite3.Connection, table: str) -> dict[str, str | None]:
    """Return the columns of a table that exists, each with the SQL of its default."""
    rows = connection.execute(f"PRAGMA table_xinfo({quote(table)})")
    return {row[1]: row[4] for row in rows}


def created(statement: str) -> tuple[str, str] | None:
    """Return the kind and name of what one of our statements creates, or None when it fills or changes rows."""
    found = _CREATED.match(statement)
    return (found[1].lower(), found[2].replace('""', '"')) if found else None


def filled(statement: str) -> str:
    """Return the table whose rows one of our statements adds or changes."""
    found = _FILLED.match(statement)
    return found[1].replace('""', '"') if found else ""


def definitions(statement: str) -> dict[str, str]:
    """Return the column definitions of one of our CREATE TABLE statements: one a line, name first."""
    lines = (_COLUMN.match(line) for line in statement.splitlines()[1:-1])
    return {line[2].replace('""', '"'): line[1] for line in lines if line}


def moves_due(payload: Mapping[str, Any], before: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the moves of a step whose old column was part of its last design, and is not part of this one."""
    last = {column for names in before.get("design", {}).values() for column in names}
    makes = [definitions(text) for text in payload["statements"] if text.startswith("CREATE TABLE")]
    now = {column for names in makes for column in names}
    return [move for move in payload.get("moves", ()) if move["had"] in last - now]


def rehearse(statements: list[str]) -> dict[str, Thing]:
    """Run statements in memory and return what they create. Raises InputError when this SQLite cannot."""
    if sqlite3.sqlite_version_info < OLDEST:
        raise _too_old("it is older than 3.37")
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for statement in statements:
            connection.execute(statement)
        return catalogue(connection)
    except sqlite3.OperationalError as error:
        raise _too_old(str(error)) from error
    finally:
        connection.close()


def _too_old(why: str) -> InputError:
    return InputError(
        f"Python's SQLite {sqlite3.sqlite_version} cannot hold this design: {why}.", title="SQLite is too old",
        kept="Nothing was changed.", hint="Use a Python from python.org: its SQLite is newer and has FTS5.",
    )  # fmt: skip
