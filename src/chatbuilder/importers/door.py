"""Open a file or folder, recognise what is in it, and read it chat by chat."""

from __future__ import annotations

import csv
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

from chatbuilder.chats import ChatSession
from chatbuilder.errors import InputError
from chatbuilder.importers.common.entries import (
    DAMAGED,
    Entry,
    beside,
    database,
    in_folder,
    in_tar,
    in_zip,
    is_tar,
    label,
    on_disk,
    seekable,
    unpacked,
)
from chatbuilder.importers.common.json_stream import Element, JsonStream
from chatbuilder.importers.common.limits import LIMITS, MIB, Limits
from chatbuilder.importers.common.logs import LogFile, head_lines, slim
from chatbuilder.importers.common.outcome import FileReport, Problem
from chatbuilder.importers.common.parts_list import PartsList
from chatbuilder.importers.common.shape import STRUCTURAL, Context, Form, Found, Shape
from chatbuilder.importers.common.values import BadChat, Json

KEPT = "what was imported before."
_SAMPLE = 20
_HEAD = 64 * 1024


class Reading:
    """One pass over what was handed in; iterate once.

    Yields a `ChatSession` for each chat and a `Problem` for each thing that cannot be read, as they are met. Every
    chat found is yielded exactly once: as a session, or as a problem with `chat` set (quarantined). One key may come
    twice when two files tell of the same chat (overlapping parts): the caller decides; the later file is not the newer.

    At the end it raises `InputError` when nothing in it was recognised, or when not one message came out of what
    was recognised; chats yielded before stay valid. A recognised file without any message beside others that have some
    is a `Problem` with the code "no-messages".

    Leaving its `with` block (or `close()`) after stopping early closes every file and removes temporary copies.
    """

    def __init__(self, path: Path, limits: Limits, more: Sequence[Shape] = ()) -> None:
        self.path = path
        self.limits = limits
        self.more = more
        self.files: list[FileReport] = []
        self.ignored = 0  # files in which no chats were recognised
        self._found: Found | None = None

    def __iter__(self) -> Found:
        """Read on; raises `InputError` as the class says, and for a path that does not exist."""
        if self._found is None:
            self._found = _Walk(self).all()
        return self._found

    def __enter__(self) -> Reading:
        """Return itself; files are let go at the end of the block."""
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop and let go of every file."""
        if self._found is not None:
            self._found.close()  # type: ignore[attr-defined]  # it is a generator


def open_source(path: Path, *, limits: Limits = LIMITS, more: Sequence[Shape] = ()) -> Reading:
    """Return the reading of an export: a file, a zip, or a folder with any number of them.

    `more` are shapes of foreign sources, tried after all of ours.

    Nothing is opened until the iteration starts. Only the path (and what lies under it) is read, nothing is written
    but temporary copies of databases and zips inside zips, which are removed.
    """
    return Reading(path, limits, more)


@dataclass(slots=True)
class _Container:
    """A folder or zip that is being read: logs wait until all of its files are known."""

    where: str
    depth: int
    logs: dict[int, list[LogFile]] = field(default_factory=dict)


class _Walk:
    """Go through all files once; how each is recognised and read."""

    def __init__(self, reading: Reading) -> None:
        from chatbuilder.importers.registry import SHAPES  # all sources; only when something is read

        self._reading = reading
        self._limits = reading.limits
        self._shapes: tuple[Shape, ...] = (*SHAPES, *reading.more)
        self._parts = PartsList()
        self._troubles: list[str] = []

    def all(self) -> Found:
        """Yield everything, then judge."""
        path = self._reading.path
        try:
            if path.is_dir():
                entries: Iterable[Entry | Problem] = chain(beside(path), in_folder(path, self._limits))
            else:
                entries = [on_disk(path, label(path.name))]
        except OSError as error:
            raise InputError(
                f"{label(str(path))} cannot be read ({error.strerror}).", title="Nothing imported",
                kept=KEPT, hint="Give the path of an export: a zip, a file or a folder.",
            ) from None  # fmt: skip
        yield from self._container(entries, _Container(label(path.name), 0))
        for missing in self._parts.missing():
            yield self._trouble(Problem(missing, "the export lists this part, but it is not here", "missing-part"))
        for report in self._reading.files:
            if not report.messages.total() and self._messages():
                yield self._silent(report)
        self._judge()

    def _messages(self) -> int:
        return sum(report.messages.total() for report in self._reading.files)

    def _silent(self, report: FileReport) -> Problem:
        return Problem(report.where, "not one message could be read from it", "no-messages", report.source)

    def _judge(self) -> None:
        where = label(str(self._reading.path))
        if not self._reading.files:
            raise InputError(
                f"No chats were recognised in {where}.", title="Nothing imported", problems=self._troubles[:20],
                kept=KEPT, hint="See docs/sources.md for the exports that can be read, and how to get them.",
            )  # fmt: skip
        if not self._messages():
            sources = ", ".join(sorted({report.source for report in self._reading.files}))
            raise InputError(
                f"{where} looks like an export of {sources}, but not one message could be read from it.",
                title="Nothing imported", problems=self._troubles[:20], kept=KEPT,
                hint="If the product shows these chats, its export format may have changed: please report it.",
            )  # fmt: skip

    def _trouble(self, problem: Problem) -> Problem:
        if len(self._troubles) < 20:
            self._troubles.append(f"{problem.where}: {problem.reason}")
        return problem

    def _container(self, entries: Iterable[Entry | Problem], container: _Container) -> Found:
        for entry in entries:
            if isinstance(entry, Problem):
                yield self._trouble(entry)
                continue
            self._parts.saw(entry.name)
            try:
                yield from self._entry(entry, container)
            except DAMAGED as error:
                yield self._trouble(Problem(entry.where, _why(error), "unreadable"))
        for number, logs in container.logs.items():
            yield from self._counted(self._shapes[number].read(logs), logs[0].context)

    def _entry(self, entry: Entry, container: _Container) -> Found:
        with entry.open() as stream:
            head = stream.read(_HEAD)
        inner = unpacked(entry, head, self._limits)
        if isinstance(inner, Problem):
            yield self._trouble(inner)
        elif inner is not None:
            yield from self._entry(inner, container)
        elif head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
            yield from self._zip(entry, container)
        elif head.startswith(b"SQLite format 3\0"):
            yield from self._database(entry)
        elif is_tar(head):
            yield from self._tar(entry, container)
        else:
            yield from self._text(entry, head, container)

    def _zip(self, entry: Entry, container: _Container) -> Found:
        if container.depth >= self._limits.zips:
            yield self._trouble(Problem(entry.where, "it is a zip too deep inside others", "too-large"))
            return
        with seekable(entry, self._limits) as stream, zipfile.ZipFile(stream) as archive:
            if "[Content_Types].xml" in archive.NameToInfo:  # an office document
                self._reading.ignored += 1
                return
            inside = _Container(entry.where, container.depth + 1)
            yield from self._container(in_zip(archive, entry.where, self._limits), inside)

    def _tar(self, entry: Entry, container: _Container) -> Found:
        if container.depth >= self._limits.zips:
            yield self._trouble(Problem(entry.where, "it is a tar too deep inside others", "too-large"))
            return
        with TemporaryDirectory(prefix="chatbuilder-") as folder:
            inside = _Container(entry.where, container.depth + 1)
            yield from self._container(in_tar(entry, Path(folder), self._limits), inside)

    def _database(self, entry: Entry) -> Found:
        with database(entry, self._limits) as connection:
            shape = self._shape("tables", connection)
            if shape:
                context = self._recognised(shape, entry)
                yield from self._counted(shape.read(connection, context), context)
            else:
                self._reading.ignored += 1

    def _text(self, entry: Entry, head: bytes, container: _Container) -> Found:
        start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
        if start.startswith(b"["):
            yield from self._list(entry)
        elif start.startswith(b"{"):
            if not self._log(entry, container):
                yield from self._object(entry)
        elif start.startswith(b"<"):
            yield from self._page(entry, head)
        else:
            yield from self._csv(entry, head)

    def _list(self, entry: Entry) -> Found:
        with entry.open() as stream:
            yield from self._elements(JsonStream(stream, self._limits).elements(), entry)

    def _elements(self, elements: Iterator[Element], entry: Entry) -> Found:
        sample = list(islice(elements, _SAMPLE))
        shape = self._for_items(sample)
        if shape is None:
            self._reading.ignored += 1
            return
        context = self._recognised(shape, entry)
        yield from self._counted(shape.read(chain(sample, elements), context), context)

    def _for_items(self, sample: list[Element]) -> Shape | None:
        objects = [element.value for element in sample if isinstance(element.value, dict)]
        return next((shape for value in objects if (shape := self._shape("items", value))), None)

    def _log(self, entry: Entry, container: _Container) -> bool:
        with entry.open() as stream:
            head = head_lines(stream, self._limits)
        for number, shape in enumerate(self._shapes):
            if head and shape.form == "lines" and _fits(shape, head):
                logs = container.logs.setdefault(number, [])
                report = logs[0].context.report if logs else self._report(shape, container.where)
                context = Context(report, self._limits, entry.stem, entry.where)
                logs.append(LogFile(entry, context, [slim(line) for line in head]))
                return True
        return False

    def _object(self, entry: Entry) -> Found:
        """One JSON object: a chat, or a list of chats under some key, which is read without being held."""
        whole: Json = {}
        with entry.open() as stream:
            document = JsonStream(stream, self._limits)
            try:
                for key, first in document.members():
                    if first != ord("["):
                        whole[key] = document.value()
                    else:
                        elements = document.elements()
                        sample = list(islice(elements, _SAMPLE))
                        if self._for_items(sample):
                            yield from self._elements(chain(sample, elements), entry)
                            return
                        whole[key] = _held(chain(sample, elements), document, self._limits)
            except BadChat as bad:
                yield from self._broken(entry, whole, bad)
                return
        yield from self._whole(entry, whole)

    def _whole(self, entry: Entry, value: Json) -> Found:
        shape = self._shape("items", value)
        if shape is None:
            self._reading.ignored += 1
            self._parts.read(value)
            return
        context = self._recognised(shape, entry)
        yield from self._counted(shape.read(iter([Element(1, value)]), context), context)

    def _broken(self, entry: Entry, value: Json, bad: BadChat) -> Found:
        shape = self._shape("items", value)
        if shape is None:
            self._reading.ignored += 1
            yield self._trouble(Problem(entry.where, str(bad), "malformed"))
            return
        context = self._recognised(shape, entry)
        found = iter([context.quarantine(str(bad), bad.code, entry.where, value)])
        yield from self._counted(found, context)

    def _page(self, entry: Entry, head: bytes) -> Found:
        shape = self._shape("html", head.decode("utf-8", "replace"))
        if shape is None:
            self._reading.ignored += 1
            return
        context = self._recognised(shape, entry)
        with entry.open() as stream:
            yield from self._counted(shape.read(stream, context), context)

    def _csv(self, entry: Entry, head: bytes) -> Found:
        first = head.decode("utf-8-sig", "replace").partition("\n")[0]
        try:
            header = next(csv.reader([first]), [])
        except csv.Error:
            header = []
        shape = self._shape("csv", [cell.strip() for cell in header])
        if shape is None:
            self._reading.ignored += 1
            return
        context = self._recognised(shape, entry)
        with entry.open() as stream:
            yield from self._counted(shape.read(_rows(stream, context), context), context)

    def _shape(self, form: Form, probe: object) -> Shape | None:
        return next((shape for shape in self._shapes if shape.form == form and _fits(shape, probe)), None)

    def _report(self, shape: Shape, where: str) -> FileReport:
        report = FileReport(where, shape.source)
        self._reading.files.append(report)
        return report

    def _recognised(self, shape: Shape, entry: Entry) -> Context:
        return Context(self._report(shape, entry.where), self._limits, entry.stem, entry.where)

    def _counted(self, found: Iterator[ChatSession | Problem], context: Context) -> Found:
        """Count what a reader yields; damage in the middle of a file ends that file only."""
        try:
            for one in found:
                context.report.add(one)
                if isinstance(one, Problem):
                    self._trouble(one)
                yield one
        except DAMAGED as error:
            yield self._trouble(Problem(context.where, _why(error), "unreadable", context.report.source))
        except BadChat as bad:  # of a file, outside of any chat
            yield self._trouble(Problem(context.where, str(bad), bad.code, context.report.source))


def _fits(shape: Shape, probe: object) -> bool:
    try:
        return shape.matches(probe)
    except STRUCTURAL:  # a look at JSON of any kind
        return False


def _held(elements: Iterator[Element], document: JsonStream, limits: Limits) -> list[object]:
    values = []
    for element in elements:
        if element.bad:
            raise element.bad
        if document.position > limits.chat:
            raise BadChat(f"it is larger than {limits.chat // MIB} MiB", "too-large")
        values.append(element.value)
    return values


def _rows(stream: BinaryIO, context: Context) -> Iterator[list[str]]:
    """Yield all rows, the header first. Cells are as the file has them, but for NUL."""
    csv.field_size_limit(context.limits.text)
    lines = iter(lambda: stream.readline(context.limits.line), b"")
    rows = csv.reader(line.decode("utf-8", "replace").replace("\0", "").removeprefix("\ufeff") for line in lines)
    while True:
        try:
            yield next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            context.unknown(f"row that is not CSV ({error})")


def _why(error: Exception) -> str:
    told = error.strerror if isinstance(error, OSError) and error.strerror else str(error) or type(error).__name__
    return label(f"it cannot be read ({told})")
