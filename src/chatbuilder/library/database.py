"""Opening the library: private file, schema, version. Every statement of the schema is here."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from chatbuilder.errors import InputError
from chatbuilder.library.chats_schema import CHATS
from chatbuilder.paths import own_folder

FAULTS = (sqlite3.Error, UnicodeDecodeError)
"""What the library file raises: damaged text comes as the latter, from rows and from SQLite's own messages."""
VERSION = 3
APPLICATION_ID = 0x63686274  # "chbt"
_STEPS = """
CREATE TABLE steps (
  system TEXT NOT NULL REFERENCES systems (id), key TEXT NOT NULL, position INTEGER NOT NULL, title TEXT NOT NULL,
  kind TEXT NOT NULL, payload TEXT NOT NULL CHECK (json_valid(payload)), digest TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intent', 'done', 'failed', 'removed', 'skipped')),
  result TEXT CHECK (result IS NULL OR json_valid(result)), job TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (system, key)
) STRICT;
"""
_SCHEMA = (
    """
CREATE TABLE systems (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, platform TEXT NOT NULL, place TEXT NOT NULL, url TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('building', 'ready', 'destroyed')),
  answers TEXT NOT NULL CHECK (json_valid(answers)), created TEXT NOT NULL, updated TEXT NOT NULL,
  mark TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE TABLE jobs (
  id TEXT PRIMARY KEY, system TEXT NOT NULL REFERENCES systems (id), platform TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
  started TEXT NOT NULL, finished TEXT, result TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(result)),
  error TEXT CHECK (error IS NULL OR json_valid(error))
) STRICT;
CREATE INDEX jobs_system ON jobs (system, started);
"""
    + _STEPS
    + CHATS
)
# What brings a library of an older format one format further, by the format it comes from.
_UPGRADES = {
    1: "".join(
        (
            "ALTER TABLE systems ADD COLUMN mark TEXT NOT NULL DEFAULT '';\n",
            "ALTER TABLE steps RENAME TO old_steps;\n",
            _STEPS,
            "INSERT INTO steps SELECT * FROM old_steps;\n",
            "DROP TABLE old_steps;\n",
        )
    ),
    2: CHATS,
}


def open_library(path: Path) -> sqlite3.Connection:
    """Return a connection to the library, made on first use: autocommit, WAL, foreign keys on, file mode 0600.

    Raises `InputError` when the file cannot be used; it is never changed in that case.
    """
    own_folder(path.parent)
    try:
        path.touch(mode=0o600)
        connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
    except (OSError, *FAULTS) as error:
        raise explained(error, path) from error
    try:
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        _migrate(connection, path)
    except FAULTS as error:
        connection.close()
        raise explained(error, path) from error
    except BaseException:
        connection.close()
        raise
    return connection


def explained(error: Exception, path: Path | str) -> InputError:
    """Return what went wrong with the library file in words for people."""
    if isinstance(error, UnicodeDecodeError) or "decode to UTF-8" in str(error):  # as Python words it
        error = sqlite3.DatabaseError("there are bytes in it that are no text")
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return InputError(
            f"Another program has kept the library {path} busy.", title="Library in use",
            kept="everything done so far.", hint="wait until it has finished and run it again.",
        )  # fmt: skip
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return InputError(
            f"The library {path} cannot be used: {error}.", title="Library unreadable", kept="the file, untouched.",
            hint="move it away to start afresh, or restore a backup.",
        )  # fmt: skip
    reason = getattr(error, "strerror", None) or error
    return InputError(
        f"The library {path} cannot be used: {reason}.", title="Library not usable", kept="everything done so far.",
        hint="mend the cause (is the disk full, or the file read-only?) and run it again.",
    )  # fmt: skip


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("BEGIN")  # one look at all of it, while another process may be making it
    try:
        version = _version(connection, path)
    finally:
        connection.execute("ROLLBACK")
    if version == VERSION:
        return
    connection.execute("PRAGMA journal_mode = WAL")
    # Two processes may get here together: the second finds the work done once it has the write lock.
    with transaction(connection):
        version = _version(connection, path)
        for script in [_SCHEMA] if version == 0 else [_UPGRADES[old] for old in range(version, VERSION)]:
            for statement in script.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {VERSION}")


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Everything inside, or nothing of it."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        # A full disk makes SQLite end it by itself (https://sqlite.org/lang_transaction.html, "Response To Errors
        # Within A Transaction"); the error that is told has to be the one that says why.
        if connection.in_transaction:
            with suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, path: Path) -> int:
    """Return the format of the file, 0 for an empty one. Raises `InputError` when it is somebody else's or newer."""
    version, owner, things = (
        int(connection.execute(query).fetchone()[0])
        for query in ("PRAGMA user_version", "PRAGMA application_id", "SELECT count(*) FROM sqlite_master")
    )
    if owner != APPLICATION_ID and (owner or things or version):
        raise InputError(
            f"{path} is a database of another program.", title="Not a library", kept="the file, untouched.",
            hint="move it away, or set CHATBUILDER_HOME to another folder.",
        )  # fmt: skip
    if version > VERSION:
        raise InputError(
            f"The library {path} was written by a newer chatbuilder (format {version}).", title="Library too new",
            kept="the file, untouched.", hint="update chatbuilder.",
        )  # fmt: skip
    return version
