"""The library: writing chats with full-text search, and searching 200,000 messages.

Import is compared with what SQLite itself takes: a bare `executemany` of the same rows without any search, and the same
with FTS5 as its manual has it (external content, `rebuild` after the insert). The second compared with the first is the
floor: nothing that keeps this text in FTS5 is faster, so a library with search cannot be either.
"""

from __future__ import annotations

import itertools
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.measure import Figure, pair
from chatbuilder.chats import ChatSession, Message, Part
from chatbuilder.library.chats import ChatStore, Incoming, opened
from chatbuilder.library.listing import Filters
from chatbuilder.library.search import search
from chatbuilder.library.terms import parse

LONG, MANY, EACH, BATCH, ROUNDS = 1_500, 10_000, 20, 400, 3  # chats written, chats searched, messages of each
START = datetime(2024, 1, 1, tzinfo=UTC)


class Writer:
    """Makes chats of words with the frequencies of a language: always the same ones."""

    def __init__(self) -> None:
        self._random = random.Random(20261122)
        letters = "etaoinshrdlucmfwypvbgkjqxz"
        self.words = ["".join(self._random.choices(letters, k=self._random.randint(2, 10))) for _ in range(30_000)]
        self._weights = list(itertools.accumulate(1 / (rank + 3) for rank in range(len(self.words))))

    def text(self, length: int) -> str:
        """Return so many words."""
        return " ".join(self._random.choices(self.words, cum_weights=self._weights, k=length))

    def chats(self, count: int, lengths: tuple[int, ...]) -> Iterator[ChatSession]:
        """Yield chats of 20 messages."""
        for number in range(count):
            begin = START + timedelta(hours=number)
            messages = tuple(
                Message(
                    f"{number}-{at}", f"{number}-{at - 1}" if at else None, "assistant" if at % 2 else "human",
                    (Part("answer" if at % 2 else "typed", self.text(self._random.choice(lengths))),),
                    begin + timedelta(minutes=at), "gpt-4o" if at % 2 else None,
                )
                for at in range(EACH)
            )  # fmt: skip
            yield ChatSession("chatgpt", f"c{number}", self.text(4), begin, begin + timedelta(hours=1), messages)


def figures() -> Iterator[Figure]:
    """Time writing and searching in fresh files."""
    writer = Writer()
    with tempfile.TemporaryDirectory() as folder:
        yield from _writing(Path(folder), [Incoming(chat, 1.0) for chat in writer.chats(LONG, (12, 30, 60, 250, 400))])
    with tempfile.TemporaryDirectory() as folder:
        yield _searching(Path(folder), writer)


def _writing(folder: Path, items: list[Incoming]) -> Iterator[Figure]:
    names = itertools.count()
    sizes = sum(len(part.text) for item in items for message in item.session.messages for part in message.parts)

    def place() -> Path:
        return folder / f"{next(names)}.db"

    bare, indexed = (lambda kind=kind: _plain(place(), items, indexed=kind) for kind in (False, True))
    rows = f"{LONG * EACH:,} messages, {sizes / 1e6:.0f} MB of text"
    whole, plain, floor = pair(indexed, bare, ROUNDS)
    print(
        f"      floor: executemany + FTS5 rebuild / executemany {floor:>7.2f}x   {whole:.2f} s to {plain:.2f} s, {rows}"
    )
    for name, other, goal in (
        ("library with search / executemany", bare, 2.0),
        ("library with search / executemany + FTS5 rebuild", indexed, 1.5),
    ):
        ours, theirs, ratio = pair(lambda: _store(place(), items), other, ROUNDS)
        yield Figure(name, ratio, goal, f"{ours:.2f} s to {theirs:.2f} s, {rows}")


def _store(place: Path, items: list[Incoming]) -> float:
    with opened(place) as connection:
        store = ChatStore(connection)
        start = time.perf_counter()
        for at in range(0, len(items), BATCH):
            store.write(items[at : at + BATCH])
        return time.perf_counter() - start


def _plain(place: Path, items: list[Incoming], *, indexed: bool) -> float:
    rows = [
        (number * EACH + at, message.role, "typed", message.text, message.time.timestamp() if message.time else None,
         message.model, message.active, message.id, at - 1)
        for number, item in enumerate(items) for at, message in enumerate(item.session.messages)
    ]  # fmt: skip
    connection = sqlite3.connect(place, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(
        "CREATE TABLE messages (id INTEGER PRIMARY KEY, role TEXT, kind TEXT, body TEXT, time REAL, model TEXT,"
        " active INTEGER, source_id TEXT, parent ANY) STRICT"
    )
    start = time.perf_counter()
    connection.execute("BEGIN")
    connection.executemany("INSERT INTO messages VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
    connection.execute("COMMIT")
    if indexed:
        connection.execute(
            "CREATE VIRTUAL TABLE search USING fts5 (body, content='messages', content_rowid='id',"
            " tokenize='unicode61 remove_diacritics 2')"
        )
        connection.execute("INSERT INTO search (search) VALUES ('rebuild')")
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


def _searching(folder: Path, writer: Writer) -> Figure:
    with opened(folder / "library.db") as connection:
        store = ChatStore(connection)
        chats = writer.chats(MANY, (5, 20, 60))
        while batch := [Incoming(chat, 1.0) for chat in itertools.islice(chats, BATCH)]:
            store.write(batch)
        common = [f"{writer.words[at]} {writer.words[at + 1]}" for at in range(4)]
        usual = [f"{writer.words[200 * at]} {writer.words[150 * at]}" for at in range(1, 5)]
        others = [
            writer.words[0],
            f'"{writer.words[0]} {writer.words[1]}"',
            f"{writer.words[9][:2]}*",
            "nothing-at-all",
        ]
        times = [_search(connection, query) for query in (*common, *usual, *others)]
    detail = f"worst {max(times):.1f} ms of {len(times)} queries over {MANY * EACH:,} messages, snippets included"
    return Figure("search", statistics.median(times), 50.0, detail, "ms")


def _search(connection: sqlite3.Connection, query: str) -> float:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        search(connection, parse(query), Filters())
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times)
