"""New rows, worked out in processes beside this one: each reads chats from the library and writes nothing.

What a row points to is told to them as it becomes known. A row that points to something they were not told of, or for
which something stands there already, is worked out by the sync itself.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import cycle, islice
from pathlib import Path
from typing import Any, NamedTuple

from chatbuilder.generators.common.merging import Cell, digest
from chatbuilder.generators.common.rows import Dialect, Payload, Row, RowMaker
from chatbuilder.library.chats import opened
from chatbuilder.library.placements import Placements, Standing
from chatbuilder.pipeline import workers

ALONE = 400  # rows that are worked out sooner than a process starts
_CHUNK = 25  # chats that are asked for at once
_AHEAD = 3  # chunks that each process is ahead

Linked = Mapping[tuple[str, str], str | None]
"""Where rows of other tables stand, by table and title; None for one that is gone."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A new row: `payload` goes with `linked`; None where it points to something that was not known."""

    title: str
    source_id: str
    links: tuple[tuple[str, str], ...]
    linked: Mapping[tuple[str, str], str]
    digests: Mapping[str, str]
    payload: Payload | None
    said: bool
    unlisted: Mapping[str, int]


class Order(NamedTuple):
    """What rows are made from."""

    library: Path
    maker: RowMaker
    dialect: Dialect
    transcripts: bool


def links_of(maker: RowMaker, row: Row) -> tuple[tuple[str, str], ...]:
    """Return table and title of every row of another table that a new row points to."""
    return tuple(
        (field.relation.table, title)
        for field in maker.blueprint.sessions.fields
        if field.relation and field.owner == "seed"
        for title in row.seeds.get(field.key) or ()
    )


def source_id(cells: Mapping[str, Cell]) -> str:
    """Return what a row is found by."""
    cell = cells["source_id"]
    return cell if isinstance(cell, str) else "\0".join(cell)


class Drafting:
    """Processes that work out rows, until it is closed."""

    def __init__(self, order: Order, linked: Linked) -> None:
        """`linked` grows while it goes on. Raises `NotStartedError`."""
        self._linked, self._workers = linked, list[workers.Worker]()
        self._told: dict[workers.Worker, int] = {}
        for _ in range(workers.useful()):
            try:
                self._workers.append(workers.Worker(prepare, order, ahead=_AHEAD))
            except workers.NotStartedError:
                break
        if not self._workers:
            raise workers.NotStartedError

    def of(self, chats: Iterable[Standing], waiting: Callable[[], None]) -> Iterator[tuple[Standing, Draft | None]]:
        """Yield chats in their order, with a draft for each that has no row yet.

        `waiting` is called where it has to wait, and may raise. Raises `ChatbuilderError` when a process is ended.
        """
        left = iter(chats)
        free = cycle([(worker, worker.answers(waiting)) for worker in self._workers])
        asked: deque[tuple[list[Standing], Iterator[list[Draft | None]] | None]] = deque()
        while True:
            while len(asked) < _AHEAD * len(self._workers) and (chunk := list(islice(left, _CHUNK))):
                new = [chat.id for chat in chunk if chat.placement is None]
                worker, answers = next(free)
                if new:
                    worker.ask((new, self._news(worker)))
                asked.append((chunk, answers if new else None))
            if not asked:
                return
            chunk, found = asked.popleft()
            drafts = iter(next(found)) if found else iter(())
            for chat in chunk:
                yield chat, next(drafts) if chat.placement is None else None

    def _news(self, worker: workers.Worker) -> dict[tuple[str, str], str | None]:
        """Return the places that a worker was not told of yet: none is ever another one later."""
        begin, self._told[worker] = self._told.get(worker, 0), len(self._linked)
        return dict(islice(self._linked.items(), begin, None))

    def close(self) -> None:
        """End the processes."""
        for worker in self._workers:
            worker.close()


def prepare(order: Order, requests: Iterator[Any], answer: Callable[[Any], None]) -> None:
    """Answer with the drafts of the chats that are asked for; None for one that is gone. This runs beside."""
    linked: dict[tuple[str, str], str | None] = {}
    with opened(order.library) as connection:
        library = Placements(connection, "")
        for chats, news in requests:
            linked.update(news)
            answer([_draft(order, library, chat, linked) for chat in chats])


def _draft(order: Order, library: Placements, chat: int, linked: Linked) -> Draft | None:
    session = library.find_chat(chat)
    if session is None:
        return None
    order.maker.unlisted.clear()
    row = order.maker.row(session, transcript=order.transcripts)
    cells = order.dialect.cells(row)
    links = links_of(order.maker, row)
    known = {name: place for name in links if (place := linked.get(name)) is not None}
    payload = order.dialect.new(row, cells, known) if all(name in linked for name in links) else None
    digests = {name: digest(value) for name, value in cells.items()}
    return Draft(
        row.title, source_id(cells), links, known, digests, payload, bool(row.said), dict(order.maker.unlisted)
    )
