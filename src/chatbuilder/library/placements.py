"""Where each chat stands in a system, and what was last written there. Only ever touched by whoever holds its lock.

`facts` holds digests by field: "d" what was written before ("+": nothing stood there), "n" what a run that began is
about to write; several that may stand there are parted by "|". "t" is the hash of the chat whose transcript is there.
Rows of other tables (projects) are kept too: their source is "@" and the table, their id the title. "@system" holds the
mark of the system they belong to.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from chatbuilder.chats import ChatSession
from chatbuilder.clock import Clock, iso, utc_now
from chatbuilder.library.database import transaction
from chatbuilder.library.stored import session_of

_PAGE = 1_000
_MARK = ("@system", "mark")
_CHATS = """
SELECT c.id, c.source, c.source_id, c.hash, coalesce(p.name, c.project) AS project,
  l.remote, l.hash AS written, l.state, l.facts
FROM chats c LEFT JOIN project_names p ON p.source = c.source AND p.project_id = c.project_id
LEFT JOIN placements l ON l.system = ? AND l.source = c.source AND l.source_id = c.source_id
WHERE c.id > ? ORDER BY c.id LIMIT ?
"""
_PUT = """
INSERT INTO placements (system, source, source_id, remote, hash, state, facts, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (system, source, source_id) DO UPDATE SET
  remote = excluded.remote, hash = excluded.hash, state = excluded.state, facts = excluded.facts, at = excluded.at
"""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where a chat stands: state is intent, done or removed (the person deleted it); `facts` as above."""

    state: str
    remote: str
    hash: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def written(self) -> dict[str, list[str]]:
        """The digests of what may stand in each field, by what was written or, after a crash, half written."""
        before, after = self.facts.get("d", {}), self.facts.get("n", {})
        names = {**before, **after}
        both = {name: "|".join(part[name] for part in (before, after) if name in part) for name in names}
        return {name: list(dict.fromkeys(digests.split("|"))) for name, digests in both.items()}

    @property
    def is_new(self) -> bool:
        """Whether all that is known is that a row was about to be made."""
        return self.state == "intent" and "d" not in self.facts


class Standing(NamedTuple):
    """A chat of the library with its placement in the system, if it has one; `id` is the library's own number."""

    id: int
    source: str
    source_id: str
    hash: str
    project: str | None
    placement: Placement | None


class Placements:
    """The placements of one system."""

    def __init__(self, connection: sqlite3.Connection, system: str, clock: Clock = utc_now) -> None:
        self._db = connection
        self._system = system
        self._clock = clock

    def belong_to(self, mark: str) -> None:
        """Forget all placements when the system was taken down and built anew since: then it has another mark."""
        query = "SELECT hash FROM placements WHERE system = ? AND source = ? AND source_id = ?"
        row = self._db.execute(query, (self._system, *_MARK)).fetchone()
        if row is not None and row[0] == mark:
            return
        if row is not None:
            self.forget()
        self.put([(*_MARK, Placement("done", "", mark))])

    def is_of(self, mark: str) -> bool:
        """Tell whether what is kept is of the system with this mark."""
        query = "SELECT 1 FROM placements WHERE system = ? AND source = ? AND source_id = ? AND hash = ?"
        return self._db.execute(query, (self._system, *_MARK, mark)).fetchone() is not None

    def forget(self) -> None:
        """Forget where chats stand, and which ones the person deleted there."""
        self._db.execute("DELETE FROM placements WHERE system = ?", (self._system,))

    def count(self) -> int:
        """Return how many chats the library has."""
        return int(self._db.execute("SELECT count(*) FROM chats").fetchone()[0])

    def chats(self, *, known: bool = True) -> Iterator[Standing]:
        """Yield all chats, page by page; placements may be put meanwhile. Without `known` none has a placement."""
        last = 0
        while page := self._db.execute(_CHATS, (self._system if known else "", last, _PAGE)).fetchall():
            for row in page:
                place = None
                if row["state"] is not None:
                    facts = json.loads(row["facts"])
                    place = Placement(row["state"], row["remote"] or "", row["written"], facts)
                yield Standing(row["id"], row["source"], row["source_id"], row["hash"], row["project"], place)
            last = page[-1]["id"]

    @property
    def library(self) -> Path:
        """The file of the library."""
        return Path(self._db.execute("PRAGMA database_list").fetchone()["file"])

    def load(self, chat: int) -> ChatSession:
        """Return a whole chat. Raises `LookupError` for one that was deleted since."""
        found = self.find_chat(chat)
        if found is None:
            raise LookupError(f"the library has no chat {chat}")
        return found

    def find_chat(self, chat: int) -> ChatSession | None:
        """Return a whole chat; None for one that was deleted since."""
        query = (
            "SELECT c.*, p.name AS given FROM chats c LEFT JOIN project_names p USING (source, project_id)"
            " WHERE c.id = ?"
        )
        row = self._db.execute(query, (chat,)).fetchone()
        return session_of(self._db, row) if row is not None else None

    def find(self, source: str, source_id: str) -> Placement | None:
        """Return one placement."""
        query = "SELECT state, remote, hash, facts FROM placements WHERE system = ? AND source = ? AND source_id = ?"
        row = self._db.execute(query, (self._system, source, source_id)).fetchone()
        return Placement(row[0], row[1] or "", row[2], json.loads(row[3])) if row else None

    def put(self, placed: Iterable[tuple[str, str, Placement]]) -> None:
        """Write placements, all of them or none."""
        now = iso(self._clock())
        rows = [
            (self._system, source, source_id, p.remote, p.hash, p.state, json.dumps(p.facts), now)
            for source, source_id, p in placed
        ]
        if rows:
            with transaction(self._db):
                self._db.executemany(_PUT, rows)

    def drop(self, source: str, source_id: str) -> None:
        """Forget one placement."""
        query = "DELETE FROM placements WHERE system = ? AND source = ? AND source_id = ?"
        self._db.execute(query, (self._system, source, source_id))
