"""The archive of chats in the library: what is new is told from what is known, written whole or not at all."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal, NamedTuple

from chatbuilder import __version__
from chatbuilder.chats import ChatSession, Part, tally
from chatbuilder.clock import Clock, iso, utc_now
from chatbuilder.library.chats_schema import SHIFT
from chatbuilder.library.database import FAULTS, explained, open_library, transaction
from chatbuilder.library.stored import WORDS, parts_of, readable, seconds, split_key
from chatbuilder.library.terms import indexed

Verdict = Literal["imported", "updated", "unchanged"]
UNKNOWN = -1e18  # before any moment
READER = int("".join(f"{int(part):03}" for part in __version__.split(".")[:3] if part.isdigit()))
_COLUMNS = (
    "source", "source_id", "title", "started", "last_activity", "model", "project_id", "project", "url", "command",
    "account", "summary", "tags", "archived", "starred", "mode", "branches", "derived", "models", "human",
    "answers", "messages", "hash", "exported", "reader", "added", "changed",
)  # fmt: skip
_INSERT = f"INSERT INTO chats ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))}) RETURNING id"
_UPDATE = f"UPDATE chats SET {', '.join(f'{c} = ?' for c in _COLUMNS[2:] if c != 'added')} WHERE id = ?"
_MESSAGE = "INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)"
_KNOWN = (
    "SELECT id, coalesce(last_activity, ?) AS activity, human + answers AS size, exported, reader, hash, title"
    " FROM chats WHERE source = ? AND source_id = ?"
)


class Standing(NamedTuple):
    """One state of a chat, as far as it matters which of two is the newer one; the greater is.

    First the later activity, then more prompts and answers, then the later export; the hash only makes the choice
    between two equally new states the same in whatever order they come.
    """

    activity: float
    size: int
    exported: float
    reader: int
    hash: str

    @classmethod
    def of(cls, session: ChatSession, exported: float) -> Standing:
        """Return where a session from an export of that time (seconds since 1970) stands."""
        activity = seconds(session.last_activity)
        size = sum(tally(session.messages)[:2])
        return cls(UNKNOWN if activity is None else activity, size, exported, READER, session.content_hash())

    def replaces(self, known: Standing) -> bool:
        """Tell whether this state takes the place of a known one.

        An older export never takes a chat back. The same export, read by a newer version that understands more of
        it, counts.
        """
        if self.hash == known.hash:
            return False
        if self.exported == known.exported and self.reader != known.reader:
            return self.reader > known.reader
        return self > known


class Incoming(NamedTuple):
    """A chat on its way in, with the time of the export it comes from (seconds since 1970)."""

    session: ChatSession
    exported: float

    @property
    def source(self) -> str:
        """Where the chat comes from."""
        return self.session.source


class Content(NamedTuple):
    """What is kept of a chat: most columns of its row, its messages without their ids, and what is searched."""

    values: tuple[Any, ...]
    rows: list[tuple[Any, ...]]
    words: tuple[str, str, str]

    @classmethod
    def of(cls, session: ChatSession) -> Content:
        """Return what is kept of a session."""
        rows = _rows(session)
        return cls(_values(session), rows, _words(session.title, ((row[0], row[1], row[2]) for row in rows)))


class Ready(NamedTuple):
    """A chat on its way in with all that can be worked out without the library.

    `content` is None where the library was seen to have this state or a newer one: it never goes back behind that.
    """

    source: str
    source_id: str
    standing: Standing
    content: Content | None

    @classmethod
    def of(cls, session: ChatSession, exported: float, known: Known | None) -> Ready:
        """Return a session made ready, as far as the library has to be told of it."""
        standing = Standing.of(session, exported)
        row = known.row(session.source, session.source_id) if known else None
        there = row is not None and not standing.replaces(Standing(*row[1:6]))
        return cls(session.source, session.source_id, standing, None if there else Content.of(session))


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Open the library for chats. Raises `InputError` when it cannot be used, or gives up on the way."""
    connection = open_library(path)
    try:
        # What a commit has written survives the end of the program; the last ones may be lost with the power.
        connection.execute("PRAGMA synchronous = NORMAL")
        yield connection
    except FAULTS as error:
        raise explained(error, path) from error
    finally:
        connection.close()


class Known:
    """What the library knows, asked chat by chat."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._db = connection

    def row(self, source: str, source_id: str) -> sqlite3.Row | None:
        """Return id, standing and title of a chat."""
        row: sqlite3.Row | None = self._db.execute(_KNOWN, (UNKNOWN, source, source_id)).fetchone()
        return row

    def deleted(self, source: str, source_id: str) -> bool:
        """Tell whether the person deleted the chat."""
        query = "SELECT 1 FROM deleted_chats WHERE source = ? AND source_id = ?"
        return self._db.execute(query, (source, source_id)).fetchone() is not None


class Preview:
    """Tells what `ChatStore.write` would do, and writes nothing; without a library everything is new.

    What it has seen itself is kept in a temporary file, so that memory does not grow with the number of chats.
    """

    def __init__(self, connection: sqlite3.Connection | None) -> None:
        self._known = Known(connection) if connection else None
        self._seen = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        self._seen.execute("PRAGMA journal_mode = OFF")
        self._seen.execute(
            "CREATE TABLE seen (key TEXT PRIMARY KEY, activity, size, exported, reader, hash) WITHOUT ROWID"
        )

    def write(self, batch: Sequence[Incoming | Ready]) -> list[Verdict]:
        """Return what would become of each chat."""
        return [self._judge(item.session, Standing.of(*item)) for item in batch if isinstance(item, Incoming)]

    def _judge(self, session: ChatSession, standing: Standing) -> Verdict:
        query = "SELECT activity, size, exported, reader, hash FROM seen WHERE key = ?"
        seen = self._seen.execute(query, (session.key,)).fetchone()
        known = Standing(*seen) if seen else self._standing(session)
        if known is None and self._known and self._known.deleted(session.source, session.source_id):
            return "unchanged"
        if known is None or standing.replaces(known):
            self._seen.execute("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?, ?, ?)", (session.key, *standing))
            return "imported" if known is None else "updated"
        return "unchanged"

    def _standing(self, session: ChatSession) -> Standing | None:
        row = self._known.row(session.source, session.source_id) if self._known else None
        return Standing(*row[1:6]) if row else None

    def close(self) -> None:
        """Remove what it kept."""
        self._seen.close()


class ChatStore:
    """Writes chats. Each call is one transaction."""

    def __init__(self, connection: sqlite3.Connection, clock: Clock = utc_now) -> None:
        self._db = connection
        self._known = Known(connection)
        self._clock = clock

    def write(self, batch: Sequence[Incoming | Ready]) -> list[Verdict]:
        """Take chats in, in this order, and return what became of each.

        A chat that the person deleted here stays deleted, and counts as unchanged.
        """
        # Worked out before the lock is taken.
        incoming = [(item, item.standing if isinstance(item, Ready) else Standing.of(*item)) for item in batch]
        now = iso(self._clock())
        with transaction(self._db):
            return [self._put(item, standing, now) for item, standing in incoming]

    def _put(self, item: Incoming | Ready, standing: Standing, now: str) -> Verdict:
        source, source_id = item[:2] if isinstance(item, Ready) else (item.source, item.session.source_id)
        known = self._known.row(source, source_id)
        if known is None and self._known.deleted(source, source_id):
            return "unchanged"
        if known is not None and not standing.replaces(Standing(*known[1:6])):
            if standing.hash == known["hash"] and standing[2:4] > (known["exported"], known["reader"]):
                # The same state was still there in a later export.
                query = "UPDATE chats SET exported = ?, reader = ? WHERE id = ?"
                self._db.execute(query, (*standing[2:4], known["id"]))
            return "unchanged"
        content = item.content if isinstance(item, Ready) else Content.of(item.session)
        if content is None:
            return "unchanged"
        values = (*content.values, standing.hash, standing.exported, standing.reader)
        if known is None:
            row = (source, source_id, *values, now, now)
            self._fill(int(self._db.execute(_INSERT, row).fetchone()[0]), content)
            return "imported"
        chat = int(known["id"])
        self._empty(chat, known["title"])
        self._db.execute(_UPDATE, (*values, now, chat))
        self._fill(chat, content)
        return "updated"

    def _fill(self, chat: int, content: Content) -> None:
        first = chat << SHIFT
        self._db.executemany(_MESSAGE, ((first | at, *row) for at, row in enumerate(content.rows)))
        query = "INSERT INTO search (rowid, title, prompts, answers) VALUES (?, ?, ?, ?)"
        self._db.execute(query, (chat, *content.words))

    def _empty(self, chat: int, title: str | None) -> None:
        span = (chat << SHIFT, (chat + 1) << SHIFT)
        rows = self._db.execute("SELECT role, kind, body FROM messages WHERE id >= ? AND id < ? ORDER BY id", span)
        words = _words(title, (tuple(row) for row in rows))
        self._db.execute(
            "INSERT INTO search (search, rowid, title, prompts, answers) VALUES ('delete', ?, ?, ?, ?)", (chat, *words)
        )
        self._db.execute("DELETE FROM messages WHERE id >= ? AND id < ?", span)

    def delete(self, keys: Sequence[str]) -> int:
        """Delete chats for good: no import brings them back until they are `restore`d. Return how many there were."""
        count = 0
        with transaction(self._db):
            for source, source_id in map(split_key, keys):
                known = self._known.row(source, source_id)
                if known is not None:
                    self._empty(known["id"], known["title"])
                    self._db.execute("DELETE FROM chats WHERE id = ?", (known["id"],))
                    row = (source, source_id, iso(self._clock()))
                    self._db.execute("INSERT INTO deleted_chats VALUES (?, ?, ?)", row)
                    count += 1
        return count

    def restore(self, key: str) -> bool:
        """Let the next import bring a deleted chat back. Return whether it was deleted."""
        query = "DELETE FROM deleted_chats WHERE source = ? AND source_id = ?"
        return self._db.execute(query, split_key(key)).rowcount > 0

    def name_project(self, project_id: str, name: str) -> int:
        """Give a project that exports know by its id a name; return how many chats it has. An empty name removes it."""
        with transaction(self._db):
            query = "SELECT source, count(*) FROM chats WHERE project_id = ? GROUP BY source"
            found = self._db.execute(query, (project_id,)).fetchall()
            for source, _ in found:
                self._db.execute("DELETE FROM project_names WHERE source = ? AND project_id = ?", (source, project_id))
                if name:
                    self._db.execute("INSERT INTO project_names VALUES (?, ?, ?)", (source, project_id, name))
        return sum(count for _, count in found)


def _values(session: ChatSession) -> tuple[Any, ...]:
    return (
        session.title, seconds(session.started), seconds(session.last_activity), session.model, session.project_id,
        session.project, session.url, session.command, session.account, session.summary, _json(session.tags),
        session.archived, session.starred, session.mode, session.branches, _json(session.derived),
        _json(session.models), *tally(session.messages)[:2], len(session.messages),
    )  # fmt: skip


def _rows(session: ChatSession) -> list[tuple[Any, ...]]:
    places = {message.id: at for at, message in enumerate(session.messages) if message.id is not None}
    return [
        (role, *_stored(parts), time.timestamp() if time else None, model, active, own,
         place if parent and (place := places.get(parent, at)) < at else parent)
        for at, (own, parent, role, parts, time, model, active) in enumerate(session.messages)
    ]  # fmt: skip


def _stored(parts: tuple[Part, ...]) -> tuple[str | None, str]:
    if len(parts) == 1 and parts[0].name is None:
        return parts[0].kind, parts[0].text
    return None, _json(parts)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _words(title: str | None, rows: Iterable[tuple[Any, ...]]) -> tuple[str, str, str]:
    """Return the three columns of the index: title, what the person wrote, what the assistant told."""
    prompts: list[str] = []
    answers: list[str] = []
    for role, kind, body in rows:
        if role in ("human", "assistant"):
            into = prompts if role == "human" else answers
            if kind in WORDS:
                into.append(body)
            elif kind is None:
                into += readable(parts_of(kind, body))
    return indexed(title or ""), indexed("\n".join(prompts)), indexed("\n".join(answers))
