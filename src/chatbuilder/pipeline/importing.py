"""`import`: exports and agents' logs into the library, chat by chat, in small transactions; or a preview of it."""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from chatbuilder import audit
from chatbuilder.chats import SOURCES, assistant_of
from chatbuilder.clock import utc_now
from chatbuilder.errors import ChatbuilderError, InputError, InterruptedByUser
from chatbuilder.importers import Problem, Reading, discover, open_source
from chatbuilder.library.chats import ChatStore, Preview, Verdict, opened
from chatbuilder.library.imports import KEPT, ImportLog
from chatbuilder.paths import locate, typed
from chatbuilder.pipeline import plugins
from chatbuilder.pipeline.reading import Batch, FarReading, Fields, Order, Size, far

BATCH_CHATS, BATCH_TEXT = 60, 1_000_000  # chats, characters that are written at once
SHOWN = 1_000  # problems in a report
OFTEN = 0.3  # seconds after which what was read is written and told, however little it is
_FILES = 200_000  # looked at for the time of a folder


@dataclass(slots=True)
class SourceReport(Fields):
    """What one source gave: chats by what became of them, messages by role, and how many chats have each field."""

    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    messages: Counter[str] = field(default_factory=Counter)

    @property
    def chats(self) -> int:
        """How many chats could be read."""
        return self.imported + self.updated + self.unchanged


@dataclass(slots=True)
class ImportReport:
    """What an import did, or with `dry_run` would do. found = imported + updated + unchanged + quarantined.

    `messages` are prompts and answers on the active paths of what was read; `unknown` counts what this version does
    not know, `skipped` what is no chat. `strangers` tell of paths in which no chats were recognised, `failed` of those
    that went wrong in another way.
    """

    dry_run: bool = False
    found: int = 0
    imported: int = 0
    updated: int = 0
    unchanged: int = 0
    quarantined: int = 0
    messages: int = 0
    sources: dict[str, SourceReport] = field(default_factory=dict)
    unknown: Counter[str] = field(default_factory=Counter)
    skipped: Counter[str] = field(default_factory=Counter)
    problems: list[Problem] = field(default_factory=list)
    more_problems: int = 0
    failed: list[ChatbuilderError] = field(default_factory=list)
    strangers: list[ChatbuilderError] = field(default_factory=list)

    @property
    def whole(self) -> bool:
        """Whether everything that was handed in could be read."""
        return not (self.quarantined or self.problems or self.failed or self.strangers)

    def source(self, name: str) -> SourceReport:
        """Return the part of one source."""
        return self.sources.setdefault(name, SourceReport())

    def data(self) -> dict[str, Any]:
        """Return the report as `import --json` prints it (DESIGN section 6)."""
        return {
            "dry_run": self.dry_run, "found": self.found, "imported": self.imported, "updated": self.updated,
            "unchanged": self.unchanged, "quarantined": self.quarantined, "messages": self.messages,
            "sources": {name: _source_data(name, part) for name, part in sorted(self.sources.items())},
            "unknown": dict(self.unknown.most_common()), "skipped": dict(self.skipped.most_common()),
            "problems": [asdict(problem) for problem in self.problems], "more_problems": self.more_problems,
        }  # fmt: skip


def _source_data(name: str, part: SourceReport) -> dict[str, Any]:
    known = SOURCES.get(name)
    return {
        "assistant": assistant_of(name), "imported": part.imported, "updated": part.updated,
        "unchanged": part.unchanged, "quarantined": part.quarantined, "messages": dict(part.messages),
        "filled": dict(part.filled), "derived": dict(part.derived),
        "can_fill": list(known.fills) if known else [], "can_derive": list(known.derives) if known else [],
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class ImportProgress:
    """How far an import is: the path that is read, and the counts so far."""

    path: str
    found: int
    imported: int
    updated: int
    quarantined: int


@dataclass(frozen=True, slots=True)
class FoundLogs:
    """Logs or a database of an agent on this machine."""

    source: str
    assistant: str
    path: str


Hear = Callable[[ImportProgress], None]


def discover_logs() -> list[FoundLogs]:
    """Return where agents keep their chats on this machine; only looks for places, reads nothing."""
    found = discover(Path.home(), plugins.places())
    return [FoundLogs(source, assistant_of(source), str(path)) for source, path in found]


def import_chats(
    paths: Sequence[str], *, dry_run: bool = False, on_progress: Hear = lambda progress: None,
    cancelled: Callable[[], bool] = lambda: False,
) -> ImportReport:  # fmt: skip
    """Read exports (files, zips, folders) into the library, or with `dry_run` tell what that would do.

    What cannot be read is quarantined with a reason and told in the report; a path of which nothing can be used does
    not stop the next one. Raises `InputError` when the library cannot be used, and `InterruptedByUser`; what was
    read by then is kept, and importing again goes on from there.
    """
    report = ImportReport(dry_run=dry_run)
    more: dict[str, Any] = {}
    try:
        with _desk(dry_run) as desk:
            for path in map(typed, dict.fromkeys(paths)):
                _Run(report, desk, path, on_progress, cancelled).go()
    except BaseException as error:
        more["error"] = error.title if isinstance(error, ChatbuilderError) else type(error).__name__
        raise
    finally:
        if not dry_run:
            counts = {name: getattr(report, name) for name in ("imported", "updated", "unchanged", "quarantined")}
            audit.record(locate().audit_log, "import", **counts, **more)
    return report


class _Desk:
    """The library, or a preview of it, in a thread of its own: SQLite works while the next chats are read."""

    def __init__(self, sink: ChatStore | Preview, log: ImportLog | None) -> None:
        self._sink, self._log = sink, log
        self._thread = ThreadPoolExecutor(1, "library")
        self._run = 0

    def begin(self, path: str) -> None:
        """Note that a path's import begins."""
        if self._log:
            self._run = self._thread.submit(self._log.begin, path).result()

    def write(self, batch: Batch, room: int) -> Future[list[Verdict]]:
        """Write a batch, and the first `room` of its problems."""
        return self._thread.submit(self._write, batch, room)

    def _write(self, batch: Batch, room: int) -> list[Verdict]:
        verdicts = self._sink.write(batch.chats)
        if self._log and batch.problems:
            kept = batch.problems[:room]
            self._log.problems(self._run, ((p.where, p.reason, p.code, p.source, p.title, p.chat) for p in kept))
        return verdicts

    def end(self, status: str, report: dict[str, Any]) -> None:
        """Note how a path's import ended; an error that is under way says more than one from here."""
        if self._log:
            with suppress(Exception):
                self._thread.submit(self._log.end, self._run, status, report).result()

    def close(self) -> None:
        """Wait for what is being written."""
        self._thread.shutdown()


@contextmanager
def _desk(dry_run: bool) -> Iterator[_Desk]:
    place = locate().library
    with ExitStack() as stack:
        connection = stack.enter_context(opened(place)) if place.exists() or not dry_run else None
        sink: ChatStore | Preview
        if dry_run or connection is None:
            sink, log = stack.enter_context(closing(Preview(connection))), None
        else:
            sink, log = ChatStore(connection), ImportLog(connection)
        yield stack.enter_context(closing(_Desk(sink, log)))


class _Run:
    """The import of one path: one thread reads, the other writes the batch before, and only that has the library.

    A large export is read in another process. Batches come from there in order, and are written in the same way.
    """

    def __init__(
        self, report: ImportReport, desk: _Desk, path: Path, hear: Hear, cancelled: Callable[[], bool]
    ) -> None:
        self._report, self._desk, self._path = report, desk, path
        self._hear, self._cancelled = hear, cancelled
        # A file from a future that does not come would be “the later export” for ever.
        self._exported = min(exported_at(path), utc_now().timestamp())
        self._batch = Batch()
        self._under_way: tuple[Batch, Future[list[Verdict]]] | None = None
        self._kept = 0

    def go(self) -> None:
        """Read all of it."""
        shapes, aside = plugins.shapes(), None if self._report.dry_run else far(self._order())
        reading = aside or open_source(self._path, more=shapes)
        self._desk.begin(str(self._path.absolute()))
        status = "stopped"
        try:
            self._read(reading)
            status = "done"
        except InputError as error:
            (self._report.failed if reading.files else self._report.strangers).append(error)
            status = "done"
        finally:
            reading.close()
            self._count(reading)
            self._desk.end(status, self._told(reading))

    def _order(self) -> Order:
        size = Size(BATCH_CHATS, BATCH_TEXT, OFTEN)
        return Order(str(self._path.absolute()), self._exported, str(locate().library), size)

    def _read(self, reading: Reading | FarReading) -> None:
        try:
            if isinstance(reading, FarReading):
                for batch in reading.batches(self._go_on):
                    self._batch = batch
                    self._write()
                    self._go_on()
                return
            for found in reading:
                self._batch.add(found, self._exported)
                if self._batch.full(Size(BATCH_CHATS, BATCH_TEXT, OFTEN)):
                    self._write()
                self._go_on()
        finally:
            # Also when its end was wrong or somebody stopped it: what came before is whole.
            self._write()
            self._settle()

    def _go_on(self) -> None:
        if self._cancelled():
            raise InterruptedByUser(
                f"The import of {self._path} was stopped.", title="Stopped", kept="every chat read so far.",
                hint="import it again to go on; nothing comes twice.",
            )  # fmt: skip

    def _write(self) -> None:
        self._settle()
        batch, self._batch = self._batch, Batch()
        if not (batch.chats or batch.problems):
            return
        room = max(0, KEPT - self._kept)
        self._kept += len(batch.problems)
        self._under_way = batch, self._desk.write(batch, room)

    def _settle(self) -> None:
        """Wait for the batch that is being written, and count it."""
        if self._under_way is None:
            return
        (batch, future), self._under_way = self._under_way, None
        report = self._report
        for item, verdict in zip(batch.chats, future.result(), strict=True):
            report.found += 1
            for target in (report, report.source(item.source)):
                setattr(target, verdict, getattr(target, verdict) + 1)
        for source, fields in batch.fields.items():
            report.source(source).add(fields)
        self._note(batch.problems)
        progress = (report.found, report.imported, report.updated, report.quarantined)
        self._hear(ImportProgress(str(self._path), *progress))

    def _note(self, problems: list[Problem]) -> None:
        report = self._report
        for problem in problems:
            report.found += problem.chat
            report.quarantined += problem.chat
            if problem.source and problem.chat:
                report.source(problem.source).quarantined += 1
        room = max(0, SHOWN - len(report.problems))
        report.problems += problems[:room]
        report.more_problems += len(problems[room:])

    def _count(self, reading: Reading | FarReading) -> None:
        for file in reading.files:
            part = self._report.source(file.source)
            part.messages.update(file.messages)
            self._report.messages += file.messages["human"] + file.messages["assistant"]
            self._report.unknown.update(file.unknown)
            self._report.skipped.update(file.skipped)

    def _told(self, reading: Reading | FarReading) -> dict[str, Any]:
        files = ({"where": f.where, "source": f.source, "chats": f.chats} for f in islice(reading.files, 100))
        counts = ("found", "imported", "updated", "unchanged", "quarantined")
        return {**{name: getattr(self._report, name) for name in counts}, "files": list(files)}


def exported_at(path: Path) -> float:
    """Return when an export was made, as far as its files tell, in seconds since 1970; 0 when they do not.

    It is only ever used to tell which of two exports of one account is the later one. A zip's own list outlives
    downloads and copies; it has local times, which are taken as UTC.
    """
    with suppress(OSError):
        if path.is_dir():
            files = (file for file in islice(path.rglob("*"), _FILES) if file.is_file())
            return max((file.stat().st_mtime for file in files), default=0.0)
        with suppress(zipfile.BadZipFile, ValueError, NotImplementedError), zipfile.ZipFile(path) as packed:
            newest = max((entry.date_time for entry in packed.infolist()), default=(1980, 1, 1, 0, 0, 0))
            if newest[0] > 1980:
                return datetime(*newest, tzinfo=UTC).timestamp()
        return path.stat().st_mtime
    return 0.0
