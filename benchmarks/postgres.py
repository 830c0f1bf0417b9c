"""Sync into PostgreSQL: 10,000 chats from the library into a database on a private server.

Compared in the same run with what it stands on: the whole with a bare `executemany` and a bare COPY of the same rows
into the same design, whose trigger files and whose generated column indexes each row; the writing alone with the COPY.
In the whole, the library is read and every row worked out in our time, and not in theirs.
"""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count, islice
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
from psycopg.types.json import Jsonb
from tests.databases import Server

from benchmarks.library import Writer
from benchmarks.measure import Figure
from chatbuilder import pipeline
from chatbuilder.library.chats import ChatStore, Incoming, opened
from chatbuilder.paths import locate
from chatbuilder.pipeline.syncing import sync
from chatbuilder.provision.custom.postgres.filling import PostgresStore
from chatbuilder.provision.rows import Delivery, Written

CHATS, BATCH = 10_000, 400
ANSWERS = {
    "platform": "custom", "priorities": ["organization", "search", "analytics", "automation"],
    "features": ["tags", "projects"], "options": {"sample_data": False},
}  # fmt: skip
NUMBERS = count(1)
MADE = ("id", "search_vector", "topic_id", "auto_filed", "tags")  # by the database itself
Copier = Callable[[psycopg.Connection[Any], str, list[str], list[tuple[Any, ...]]], None]


def figures() -> Iterator[Figure]:
    """Time sync in fresh databases, with and without transcripts."""
    with tempfile.TemporaryDirectory() as name, _home(Path(name) / "home"):
        server = Server()
        try:
            with opened(locate().library) as connection:
                store, chats = ChatStore(connection), Writer().chats(CHATS, (5, 20, 60))
                while batch := [Incoming(chat, 1.0) for chat in islice(chats, BATCH)]:
                    store.write(batch)
            for transcripts in (False, True):
                yield from _measure(server, transcripts=transcripts)
        finally:
            server.stop()


@contextmanager
def _home(place: Path) -> Iterator[None]:
    before = os.environ.get("CHATBUILDER_HOME")
    os.environ["CHATBUILDER_HOME"] = str(place)
    try:
        yield
    finally:
        os.environ.pop("CHATBUILDER_HOME")
        if before is not None:
            os.environ["CHATBUILDER_HOME"] = before


def _measure(server: Server, *, transcripts: bool) -> Iterator[Figure]:
    what = f"postgresql{', transcripts' if transcripts else ''}"
    name, system = _build(server)
    with _timed() as written:
        first = sync(system, transcripts=transcripts)
    detail = f"{first.created:,} rows, {first.bytes / 1e6:.0f} MB, {first.failed} failed"
    yield Figure(f"sync {what}", first.seconds, 12.0 if transcripts else 8.0, detail, "s")
    again = sync(system, transcripts=transcripts)
    detail = f"{again.unchanged:,} chats unchanged, {again.requests} writes"
    yield Figure(f"sync {what}, nothing to do", again.seconds, 1.0, detail, "s")
    tables = ("sessions", "transcripts") if transcripts else ("sessions",)
    many, copied = (_bare(server, name, tables, write) for write in (_many, _copy))
    detail = f"{first.seconds:.2f} s to {many:.2f} s, {100 * many / first.seconds:.0f} % of its speed"
    yield Figure(f"sync {what} / bare executemany", first.seconds / many, 2.5, detail)
    detail = f"{first.seconds:.2f} s to {copied:.2f} s, {100 * copied / first.seconds:.0f} % of its speed"
    yield Figure(f"sync {what} / bare COPY", first.seconds / copied, 2.5, detail)
    detail = f"{written[0]:.2f} s to {copied:.2f} s, without reading the library and working out rows"
    yield Figure(f"writing {what} / bare COPY", written[0] / copied, 2.5, detail)


@contextmanager
def _timed() -> Iterator[list[float]]:
    """Hand out how long the rows take to be written."""
    write, seconds = PostgresStore.write, [0.0]

    def timed(store: PostgresStore, deliveries: Sequence[Delivery]) -> list[Written]:
        begin = time.perf_counter()
        try:
            return write(store, deliveries)
        finally:
            seconds[0] += time.perf_counter() - begin

    with patch.object(PostgresStore, "write", timed):
        yield seconds


def _build(server: Server) -> tuple[str, str]:
    name = f"chats{next(NUMBERS)}"
    server.run("postgres", f"CREATE DATABASE {name};")
    config = pipeline.check({**ANSWERS, "target": {"database": server.url(name)}})
    return name, pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False).system


def _bare(server: Server, filled: str, tables: tuple[str, ...], write: Copier) -> float:
    """Return how long the same rows take when nothing but the driver writes them, all in one transaction."""
    name, _ = _build(server)
    with psycopg.connect(server.url(filled)) as source, psycopg.connect(server.url(name)) as target:
        seconds = 0.0
        for table in tables:
            cursor = source.execute(f"SELECT * FROM {table}")
            names = [column.name for column in cursor.description or ()]
            keep = [at for at, column in enumerate(names) if column not in MADE]
            rows = [tuple(_as_given(row[at]) for at in keep) for row in cursor]
            if table == "transcripts":
                target.execute("CREATE TABLE transcripts (source_id text NOT NULL, position integer NOT NULL, who text"
                               " NOT NULL, at timestamptz, model text, text text NOT NULL,"
                               " PRIMARY KEY (source_id, position))")  # fmt: skip
            begin = time.perf_counter()
            write(target, table, [names[at] for at in keep], rows)
            target.commit()
            seconds += time.perf_counter() - begin
    return seconds


def _as_given(value: Any) -> Any:
    return Jsonb(value) if isinstance(value, (list, dict)) else value


def _copy(target: psycopg.Connection[Any], table: str, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    columns = ", ".join(f'"{name}"' for name in names)
    with target.cursor().copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _many(target: psycopg.Connection[Any], table: str, names: list[str], rows: list[tuple[Any, ...]]) -> None:
    columns, marks = ", ".join(f'"{name}"' for name in names), ", ".join(["%s"] * len(names))
    target.cursor().executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", rows)
