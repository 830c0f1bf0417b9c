"""Sync: 10,000 chats from the library into a vault, a graph and an SQLite database, and a sync with nothing to do.

Compared in the same run with what it stands on: crash-safe notes with the same notes written plainly, notes with 20 %
equal titles with such of different ones, and a sync into a database with a bare `executemany` of the same rows into the
same design, whose triggers file and index each row.
"""

from __future__ import annotations

import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import count, islice, product
from pathlib import Path

from benchmarks.library import Writer
from benchmarks.measure import Figure, pair
from chatbuilder import pipeline
from chatbuilder.generators.obsidian.chats import source_id
from chatbuilder.library.chats import ChatStore, Incoming, opened
from chatbuilder.paths import locate
from chatbuilder.pipeline.syncing import sync
from chatbuilder.provision.notes import NotesStore
from chatbuilder.provision.rows import Delivery

CHATS, BATCH, ROUNDS = 10_000, 400, 3
ANSWERS = {
    "priorities": ["organization", "search", "analytics", "automation"], "features": ["tags", "projects"],
    "options": {"sample_data": False},
}  # fmt: skip


def figures() -> Iterator[Figure]:
    """Time sync in fresh folders, with and without transcripts."""
    with tempfile.TemporaryDirectory() as name, home(Path(name) / "home"):
        folder = Path(name)
        fill()
        for platform, transcripts in product(("obsidian", "logseq", "custom"), (False, True)):
            yield from _platform(folder, platform, transcripts)


@contextmanager
def home(place: Path) -> Iterator[None]:
    """Use another home for a while."""
    before = os.environ.get("CHATBUILDER_HOME")
    os.environ["CHATBUILDER_HOME"] = str(place)
    try:
        yield
    finally:
        os.environ.pop("CHATBUILDER_HOME")
        if before is not None:
            os.environ["CHATBUILDER_HOME"] = before


def fill() -> None:
    """Put 10,000 chats into the library."""
    with opened(locate().library) as connection:
        store, chats = ChatStore(connection), Writer().chats(CHATS, (5, 20, 60))
        while batch := [Incoming(chat, 1.0) for chat in islice(chats, BATCH)]:
            store.write(batch)


def _platform(folder: Path, platform: str, transcripts: bool) -> Iterator[Figure]:
    what = f"{platform}{', transcripts' if transcripts else ''}"
    place = folder / f"{platform}-{transcripts}"
    system = _build(platform, place)
    first = sync(system, transcripts=transcripts)
    detail = f"{first.created:,} rows, {first.bytes / 1e6:.0f} MB, {first.failed} failed"
    yield Figure(f"sync {what}", first.seconds, 8.0, detail, "s")
    again = sync(system, transcripts=transcripts)
    detail = f"{again.unchanged:,} chats unchanged, {again.requests} writes"
    yield Figure(f"sync {what}, nothing to do", again.seconds, 1.0, detail, "s")
    if platform == "obsidian" and transcripts:
        yield from _notes(place, folder)
    if platform == "custom" and not transcripts:
        names = count()
        ours, theirs, ratio = pair(
            lambda: sync(_build("custom", folder / f"ours-{next(names)}")).seconds,
            lambda: _rows(place, folder / f"rows-{next(names)}"), ROUNDS,
        )  # fmt: skip
        detail = f"{ours:.2f} s to {theirs:.2f} s"
        yield Figure("sync custom / executemany into the same design", ratio, 2.0, detail)


def _build(platform: str, place: Path) -> str:
    target = {"database": f"sqlite:///{place}.db"} if platform == "custom" else {"path": str(place)}
    config = pipeline.check({**ANSWERS, "platform": platform, "target": target})
    return pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False).system


def _notes(vault: Path, folder: Path) -> Iterator[Figure]:
    """Write the same notes plainly and crash-safely, with different and with some equal titles."""
    texts = [path.read_text("utf-8") for path in (vault / "Chat Sessions" / "Sessions").glob("*.md")]
    names = count()

    def plain() -> float:
        into = folder / f"plain-{next(names)}"
        into.mkdir()
        begin = time.perf_counter()
        for number, text in enumerate(texts):
            (into / f"Title {number}.md").write_text(text, "utf-8")
        return time.perf_counter() - begin

    def safely(title: Callable[[int], str]) -> float:
        into = folder / f"safe-{next(names)}"
        (into / "Sessions").mkdir(parents=True)
        with closing(NotesStore(into, "Sessions", source_id)) as store:
            begin = time.perf_counter()
            for number, text in enumerate(texts):
                data = {"folder": "Sessions", "stem": title(number), "text": text}
                store.write([Delivery(str(number), store.reserve(data), data)])
            store.settle()
            return time.perf_counter() - begin

    def different() -> float:
        return safely(lambda number: f"Title {number}")

    ours, theirs, ratio = pair(different, plain, ROUNDS)
    yield Figure("crash-safe notes / plain notes", ratio, 1.4, f"{ours:.2f} s to {theirs:.2f} s, {len(texts):,} notes")
    equal, unique, ratio = pair(lambda: safely(lambda n: f"Title {n}" if n % 5 else "New chat"), different, ROUNDS)
    yield Figure("20 % equal titles / different ones", ratio, 1.15, f"{equal:.2f} s to {unique:.2f} s")


def _rows(database: Path, place: Path) -> float:
    """Return how long the same rows take in one `executemany` into another system of the same design."""
    _build("custom", place)
    with closing(sqlite3.connect(f"{database}.db")) as connection:
        found = connection.execute("SELECT * FROM sessions")
        names = [column[0] for column in found.description]
        rows = found.fetchall()
    keep = [at for at, name in enumerate(names) if name not in ("id", "topic_id", "auto_filed", "tags")]
    columns, marks = ", ".join(f'"{names[at]}"' for at in keep), ", ".join("?" * len(keep))
    with closing(sqlite3.connect(f"{place}.db")) as connection:
        begin = time.perf_counter()
        with connection:
            query = f"INSERT INTO sessions ({columns}) VALUES ({marks})"
            connection.executemany(query, [[row[at] for at in keep] for row in rows])
        return time.perf_counter() - begin
