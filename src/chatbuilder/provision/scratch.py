"""Tables for the time of one run, in a temporary file of SQLite's own: what would not fit into memory."""

from __future__ import annotations

import sqlite3
from typing import Any

from chatbuilder.errors import RefusedError


class Scratch(sqlite3.Connection):
    """A database that goes when it is closed. A disk that refuses it raises `RefusedError`."""

    def execute(self, *arguments: Any) -> sqlite3.Cursor:
        """Run one statement."""
        try:
            return super().execute(*arguments)
        except sqlite3.Error as error:
            raise _refused(error) from error

    def executemany(self, *arguments: Any) -> sqlite3.Cursor:
        """Run one statement for many rows."""
        try:
            return super().executemany(*arguments)
        except sqlite3.Error as error:
            raise _refused(error) from error


def open_scratch() -> Scratch:
    """Return an empty database without transactions of its own, for one thread at a time."""
    return sqlite3.connect("", isolation_level=None, factory=Scratch)


def _refused(error: sqlite3.Error) -> RefusedError:
    return RefusedError(
        f"The list of what stands there could not be kept in a temporary file: {error}.", title="The disk refused",
        kept="everything written so far.", hint="make room where temporary files go (TMPDIR), then run it again.",
    )  # fmt: skip
