"""Opening the library: private file, schema, version. Every statement of the schema is here."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from chatbuilder.errors import InputError
from chatbuilder.paths import private_folder

VERSION = 1
APPLICATION_ID = 0x63686274  # "chbt"
_SCHEMA = """
CREATE TABLE systems (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, platform TEXT NOT NULL, place TEXT NOT NULL, url TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('building', 'ready', 'destroyed')),
  answers TEXT NOT NULL CHECK (json_valid(answers)), created TEXT NOT NULL, updated TEXT NOT NULL
) STRICT;
CREATE TABLE jobs (
  id TEXT PRIMARY KEY, system TEXT NOT NULL REFERENCES systems (id), platform TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
  started TEXT NOT NULL, finished TEXT, result TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(result)),
  error TEXT CHECK (error IS NULL OR json_valid(error))
) STRICT;
CREATE INDEX jobs_system ON jobs (system, started);
CREATE TABLE steps (
  system TEXT NOT NULL REFERENCES systems (id), key TEXT NOT NULL, position INTEGER NOT NULL, title TEXT NOT NULL,
  kind TEXT NOT NULL, payload TEXT NOT NULL CHECK (json_valid(payload)), digest TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intent', 'done', 'failed', 'removed')),
  result TEXT CHECK (result IS NULL OR json_valid(result)), job TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (system, key)
) STRICT;
"""


def open_library(path: Path) -> sqlite3.Connection:
    """Return a connection to the library, made on first use: autocommit, WAL, foreign keys on, file mode 0600.

    Raises `InputError` when the file cannot be used; it is never changed in that case.
    """
    private_folder(path.parent)
    if not path.exists():
        path.touch(mode=0o600)
    try:
        connection = sqlite3.connect(path, timeout=10, isolation_level=None, check_same_thread=False)
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA busy_timeout = 10000")
        _migrate(connection, path)
    except sqlite3.DatabaseError as error:
        raise InputError(
            f"The library {path} cannot be used: {error}.", title="Library unreadable", kept="the file, untouched.",
            hint="move it away to start afresh, or restore a backup.",
        ) from error  # fmt: skip
    return connection


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if version > VERSION:
        raise InputError(
            f"The library {path} was written by a newer chatbuilder (format {version}).", title="Library too new",
            kept="the file, untouched.", hint="update chatbuilder.",
        )  # fmt: skip
    if version == VERSION:
        return
    connection.execute("PRAGMA journal_mode = WAL")
    # Two processes may get here together: the second finds the work done once it has the write lock.
    connection.execute("BEGIN IMMEDIATE")
    try:
        if int(connection.execute("PRAGMA user_version").fetchone()[0]) == 0:
            for statement in _SCHEMA.split(";\n"):
                if statement.strip():
                    connection.execute(statement)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {VERSION}")
        connection.execute("COMMIT")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
