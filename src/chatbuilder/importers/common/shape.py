"""How a chat source says what its exports look like and how to read them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from sqlite3 import Connection
from typing import Any, BinaryIO, Literal, Protocol

from chatbuilder.chats import ChatSession
from chatbuilder.importers.common.json_stream import Element
from chatbuilder.importers.common.limits import Limits
from chatbuilder.importers.common.outcome import Code, FileReport, Problem
from chatbuilder.importers.common.session import check_size
from chatbuilder.importers.common.values import BadChat, Json, name

Found = Iterator[ChatSession | Problem]
Form = Literal["items", "lines", "tables", "csv", "html"]

# What unexpected types inside a chat can raise in code that reads them; a defect elsewhere is not hidden.
STRUCTURAL = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
_MOST_NAMES = 200


@dataclass(frozen=True, slots=True)
class Context:
    """The file that is being read: `stem` is its name without the suffix, for exports that have no other title."""

    report: FileReport
    limits: Limits
    stem: str
    where: str

    def unknown(self, what: str) -> None:
        """Count something that this version does not know."""
        known = self.report.unknown
        what = name(what, 120) or "nameless"
        known[what if what in known or len(known) < _MOST_NAMES else "others"] += 1

    def unknown_fields(self, value: Json, known: frozenset[str], of: str) -> None:
        """Count the keys that this version does not know."""
        if not value.keys() <= known:
            for key in value.keys() - known:
                self.unknown(f"field {key} of {'an' if of[:1] in 'aeiou' else 'a'} {of}")

    def skipped(self, what: str, times: int = 1) -> None:
        """Count something known that is no chat or no message."""
        self.report.skipped[what] += times

    def place(self, number: int | None = None, what: str = "chat") -> str:
        """Return where something is, for a person."""
        return self.where if number is None else f"{self.where}, {what} {number}"

    def quarantine(self, reason: str, code: Code, where: str, value: object = None) -> Problem:
        """Return the problem that stands for one chat."""
        title = None
        if isinstance(value, dict):
            title = next((found for key in ("title", "name") if (found := name(value.get(key), 80))), None)
        return Problem(where, reason, code, self.report.source, title, chat=True)

    def attempt(
        self, make: Callable[[], ChatSession | None], where: str, value: object = None, size: int | None = None
    ) -> Found:
        """Yield the chat that `make` returns (nothing for None), or why it cannot be read.

        `size` is that of its JSON in bytes: what is smaller than every limit need not be measured.
        """
        try:
            chat = make()
            if chat and (size is None or size > min(self.limits.text, self.limits.messages)):
                check_size(chat.messages, self.limits)
        except BadChat as bad:
            yield self.quarantine(str(bad), bad.code, where, value)
        except STRUCTURAL as error:
            reason = f"it is not built as {self.report.source} chats are ({type(error).__name__})"
            yield self.quarantine(reason, "malformed", where, value)
        else:
            if chat is not None:
                yield chat


class Log(Protocol):
    """A file of JSON lines that can be read more than once."""

    @property
    def context(self) -> Context:
        """Where it is and what it counts."""

    @property
    def folder(self) -> str:
        """The folder it lies in: what is copied between sessions stays within one."""

    @property
    def name(self) -> str:
        """The file's name."""

    @property
    def head(self) -> Sequence[Json]:
        """What is short in the first lines."""

    def tail(self) -> Sequence[Json]:
        """Return the objects in the last lines."""

    def lines(self) -> Iterator[Element]:
        """Yield each line, numbered from 1; a broken one with its reason."""


Items = Callable[[Iterator[Element], Context], Found]


@dataclass(frozen=True, slots=True)
class Shape:
    """One form in which a source's chats come. `matches` must be quick; what it stumbles over is not its own."""

    source: str
    form: Form
    matches: Callable[[Any], bool]
    read: Callable[..., Found]


def items(source: str, matches: Callable[[Json], bool], read: Items) -> Shape:
    """Objects in a JSON list, or a single one. `matches` looks at one object."""
    return Shape(source, "items", matches, read)


def lines(source: str, matches: Callable[[Sequence[Json]], bool], read: Callable[[Sequence[Log]], Found]) -> Shape:
    """Files of JSON lines, all of one container at once. `matches` looks at the first lines."""
    return Shape(source, "lines", matches, read)


def tables(source: str, matches: Callable[[Connection], bool], read: Callable[[Connection, Context], Found]) -> Shape:
    """A SQLite database. `matches` may look into it."""
    return Shape(source, "tables", matches, read)


def csv_rows(
    source: str, matches: Callable[[Sequence[str]], bool], read: Callable[[Iterator[Sequence[str]], Context], Found]
) -> Shape:
    """A CSV file. `matches` looks at the header."""
    return Shape(source, "csv", matches, read)


def html(source: str, matches: Callable[[str], bool], read: Callable[[BinaryIO, Context], Found]) -> Shape:
    """An HTML page. `matches` looks at the beginning of its text."""
    return Shape(source, "html", matches, read)


def each(parse: Callable[[Json, Context], ChatSession | None]) -> Items:
    """Return a reader for lists whose objects are one chat each."""

    def read(elements: Iterator[Element], context: Context) -> Found:
        for element in elements:
            where = context.place(element.number)
            if element.bad:
                yield context.quarantine(str(element.bad), element.bad.code, where)
            elif not isinstance(element.value, dict):
                yield context.quarantine("it is not an object", "malformed", where)
            else:
                yield from _one(parse, element, context)

    return read


def _one(parse: Callable[[Json, Context], ChatSession | None], element: Element, context: Context) -> Found:
    value = element.value
    return context.attempt(lambda: parse(value, context), context.place(element.number), value, element.size)


def table_names(connection: Connection) -> frozenset[str]:
    """Return the names of the plain tables; views and virtual tables could run anything."""
    rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
    return frozenset(row[0] for row in rows)


def columns(connection: Connection, table: str) -> frozenset[str]:
    """Return the names of a table's columns."""
    return frozenset(row[0] for row in connection.execute("SELECT name FROM pragma_table_info(?)", (table,)))
