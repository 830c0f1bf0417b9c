"""Logs of agents: JSON lines, read more than once where sessions span files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from typing import BinaryIO

from chatbuilder.importers.common.entries import Entry
from chatbuilder.importers.common.json_stream import Element, decode
from chatbuilder.importers.common.limits import LIMITS, MIB, Limits
from chatbuilder.importers.common.shape import Context
from chatbuilder.importers.common.values import BadChat, Json

_HEAD_LINES = 20
_TAIL = 64 * 1024


@dataclass(frozen=True, slots=True)
class LogFile:
    """One log; see `shape.Log`."""

    entry: Entry
    context: Context
    head: Sequence[Json]

    @property
    def folder(self) -> str:
        """The folder it lies in."""
        return self.entry.folder

    @property
    def name(self) -> str:
        """The file's name."""
        return self.entry.name

    def lines(self) -> Iterator[Element]:
        """Yield each line that is not blank; a broken one with its reason, a cut last one as "truncated"."""
        with self.entry.open() as stream:
            yield from read_lines(stream, self.context.limits)

    def tail(self) -> list[Json]:
        """Return the objects in the last lines."""
        with self.entry.open() as stream:
            last = b""
            if self.entry.path is not None:
                stream.seek(max(0, self.entry.size - _TAIL))
            while chunk := stream.read(MIB):
                last = (last + chunk)[-_TAIL:]
        values = []
        for raw in last.split(b"\n")[1 if len(last) == _TAIL else 0 :]:
            with suppress(BadChat):
                values.append(decode(raw))
        return [value for value in values if isinstance(value, dict)]


def slim(value: object, depth: int = 3) -> Json:
    """Return what is short in an object: logs wait by the thousand, and a line can be megabytes."""
    kept: Json = {}
    for key, item in value.items() if isinstance(value, dict) else ():
        if isinstance(item, dict) and depth > 1:
            kept[key] = slim(item, depth - 1)
        elif not isinstance(item, dict | list) and not (isinstance(item, str) and len(item) > LIMITS.name):
            kept[key] = item
    return kept


def read_lines(stream: BinaryIO, limits: Limits) -> Iterator[Element]:
    """Yield the value of each line, numbered from 1."""
    number = 0
    while raw := stream.readline(limits.line):
        number += 1
        whole = raw.endswith(b"\n")
        if not whole and len(raw) >= limits.line:
            while (rest := stream.readline(MIB)) and not rest.endswith(b"\n"):
                pass
            yield Element(number, None, BadChat(f"the line is longer than {limits.line // MIB} MiB", "too-large"))
            continue
        if number == 1:
            raw = raw.removeprefix(b"\xef\xbb\xbf")
        if raw.isspace():
            continue
        try:
            yield Element(number, decode(raw))
        except BadChat as bad:
            yield Element(number, None, bad if whole else BadChat("the last line is cut", "truncated"))


def head_lines(stream: BinaryIO, limits: Limits) -> list[Json]:
    """Return the objects in the first lines; none when the first line is not one whole object (a JSON file)."""
    found: list[Json] = []
    for element in islice(read_lines(stream, limits), _HEAD_LINES):
        if not found and not isinstance(element.value, dict):
            return []
        if isinstance(element.value, dict):
            found.append(element.value)
    return found
