"""A large export, read in a process beside this one: there it is parsed, hashed and made ready, here it is written.

SQLite and the search index then have a core of their own. A small export is read sooner than a process starts.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from chatbuilder.chats import FIELDS, ChatSession
from chatbuilder.errors import InputError
from chatbuilder.importers import FileReport, Problem, open_source
from chatbuilder.library.chats import Incoming, Known, Ready, opened
from chatbuilder.pipeline import plugins, workers

LARGE = 16_000_000  # bytes of an export from which a second process is worth its start
_ENTRIES = 10_000  # files that are looked at for the size of a folder
_FILES = 100  # whose counts go along with each batch; all of them at the end


@dataclass(slots=True)
class Fields:
    """How many chats have each field: `filled` are told by the export, `derived` were worked out by a rule."""

    filled: Counter[str] = field(default_factory=Counter)
    derived: Counter[str] = field(default_factory=Counter)

    def look(self, session: ChatSession) -> None:
        """Count which fields a chat has."""
        for name in FIELDS:
            if getattr(session, name) not in (None, (), 0):
                (self.derived if name in session.derived else self.filled)[name] += 1

    def add(self, more: Fields) -> None:
        """Count others as well."""
        self.filled.update(more.filled)
        self.derived.update(more.derived)


@dataclass(slots=True)
class Batch:
    """What is written at once; `text` counts its characters, `fields` what its chats have, by source."""

    chats: list[Incoming | Ready] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    fields: dict[str, Fields] = field(default_factory=dict)
    text: int = 0
    begun: float = field(default_factory=time.monotonic)

    def add(self, found: ChatSession | Problem, exported: float) -> None:
        """Take one thing that was read."""
        if isinstance(found, Problem):
            self.problems.append(found)
            return
        self.chats.append(Incoming(found, exported))
        self.fields.setdefault(found.source, Fields()).look(found)
        for message in found.messages:
            for part in message[3]:
                self.text += len(part[1])

    def full(self, size: Size) -> bool:
        """Whether it is time to write it."""
        many = self.text >= size.text or len(self.chats) + len(self.problems) >= size.chats
        return many or time.monotonic() - self.begun > size.seconds


class Size(NamedTuple):
    """When a batch is written: after so many chats, characters or seconds."""

    chats: int
    text: int
    seconds: float


class Order(NamedTuple):
    """What the process beside this one has to read. `library` is only looked into."""

    path: str
    exported: float
    library: str
    size: Size


class FarReading:
    """An export that is read in a process beside this one; `files` as in `Reading`, as far as it has been told."""

    def __init__(self, order: Order) -> None:
        """Raises `NotStartedError`."""
        self.files: list[FileReport] = []
        self._worker = workers.Worker(read, order, ahead=1)

    def batches(self, waiting: Callable[[], None]) -> Iterator[Batch]:
        """Yield what was read, in order; `waiting` is called meanwhile and may raise. Raises as `Reading` does."""
        for batch, files in self._worker.answers(waiting):
            self.files = files
            if batch.chats or batch.problems:
                yield batch

    def close(self) -> None:
        """Stop; what was not asked for is forgotten."""
        self._worker.close()


def far(order: Order) -> FarReading | None:
    """Return the reading of an export that is large enough for a process of its own; None for another."""
    if not workers.useful() or not _is_large(Path(order.path)):
        return None
    try:
        return FarReading(order)
    except workers.NotStartedError:
        return None


def _is_large(path: Path) -> bool:
    """Tell whether there is much to read; a compressed file holds several times its size."""
    try:
        if not path.is_dir():
            return path.stat().st_size * (1 if path.suffix.lower() == ".json" else 4) >= LARGE
        left = LARGE
        for base, _, names in islice(os.walk(path), _ENTRIES):
            for name in islice(names, _ENTRIES):
                left -= Path(base, name).lstat().st_size
                if left <= 0:
                    return True
    except OSError:
        return False
    return False


def read(order: Order, requests: Iterator[Any], answer: Callable[[Any], None]) -> None:
    """Read an export and answer with its batches, everything in them worked out. This runs beside."""
    reading = open_source(Path(order.path), more=plugins.shapes())
    with ExitStack() as stack:
        stack.callback(reading.close)
        known = Known(stack.enter_context(opened(Path(order.library))))
        batch = Batch()
        try:
            for found in reading:
                batch.add(found, order.exported)
                if batch.full(order.size):
                    answer((_made_ready(batch, known), reading.files[:_FILES]))
                    batch = Batch()
        except InputError:  # its end was wrong: what came before is whole
            answer((_made_ready(batch, known), reading.files))
            raise
        answer((_made_ready(batch, known), reading.files))


def _made_ready(batch: Batch, known: Known) -> Batch:
    batch.chats = [Ready.of(*item, known) if isinstance(item, Incoming) else item for item in batch.chats]
    return batch
