"""Many new sessions at once: the full-text indexes take them in one statement each, and not row by row in a trigger.

FTS5 writes what it has gathered to the file at each statement inside a trigger (`xSavepoint`, https://sqlite.org/vtab.html)
and so costs several times as much there as in one INSERT … SELECT.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from chatbuilder.provision.custom.database import catalogue, quote

FEWEST = 50
"""New rows in one transaction for which it is worth the while."""

_SESSIONS, _TRIGGER = "sessions", "sessions_search_insert"
# As generators/custom/search.py writes them: the lines that put a new session into an index. Any other line stays.
_INDEXING = re.compile(
    r'^  INSERT INTO ("\w+") \("rowid", (.+)\) SELECT "id", \2 FROM "sessions" WHERE "id" = new\."id";\n', re.MULTILINE
)
_FOR_INSERTS = re.compile(r"^(?:(?!\bBEGIN\b).)*\bINSERT\b", re.IGNORECASE | re.DOTALL)  # before its body


@dataclass(frozen=True, slots=True)
class Bulk:
    """The trigger that files and indexes new sessions, as it stands in the file."""

    sql: str

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> Bulk | None:
        """Return the way to index many rows; None where a person's own trigger takes part, or there is no index."""
        found = [
            thing for thing in catalogue(connection).values()
            if thing.type == "trigger" and thing.table.lower() == _SESSIONS and _FOR_INSERTS.search(thing.sql)
        ]  # fmt: skip
        ours = len(found) == 1 and found[0].name == _TRIGGER and _INDEXING.search(found[0].sql)
        return cls(found[0].sql) if ours else None

    @contextmanager
    def indexing(self, connection: sqlite3.Connection, added: Sequence[int]) -> Iterator[None]:
        """Add sessions inside, and their ids to `added`: they are filed one by one, as ever, and indexed at the end.

        It all belongs to the transaction that is under way: whenever that ends without its commit, the trigger stands
        as before. The triggers of changed and deleted rows leave rows alone that are not in the index yet.
        """
        connection.execute(f"DROP TRIGGER {quote(_TRIGGER)}")
        filing = _INDEXING.sub("", self.sql)
        if not filing.endswith("BEGIN\nEND"):
            connection.execute(filing)
        yield
        ids = json.dumps(list(added))
        for index, columns in _INDEXING.findall(self.sql):
            connection.execute(
                f'INSERT INTO {index} ("rowid", {columns}) SELECT "id", {columns} FROM "sessions"'
                " WHERE \"id\" IN (SELECT value FROM json_each(?))", (ids,),
            )  # fmt: skip
        connection.execute(f"DROP TRIGGER IF EXISTS {quote(_TRIGGER)}")
        connection.execute(self.sql)
