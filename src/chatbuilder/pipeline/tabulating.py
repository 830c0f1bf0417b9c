"""The list of chats as a CSV file, for programs that import one: what a chat says never becomes a formula there."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from chatbuilder import atomic
from chatbuilder.errors import InputError
from chatbuilder.library.listing import ChatInfo, Filters, Order, stamp
from chatbuilder.paths import typed
from chatbuilder.pipeline import browsing

HEADS = (
    "Title", "Assistant", "Started", "Last activity", "Prompts", "Answers", "Model", "Project", "Link", "Tags",
    "Archived", "Source ID",
)  # fmt: skip
ACTIVE = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""How a formula begins in Excel, LibreOffice and Google Sheets, full-width signs of East Asian versions included
(OWASP, CSV injection)."""


def chats_table(filters: Filters | None = None, *, order: Order = "newest") -> tuple[str, int]:
    """Return the chats that fit as CSV, every cell on one line, and how many there are. Raises `InputError`."""
    found = browsing.chats(filters, order=order).chats
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(HEADS)
    writer.writerows(map(tuple, map(_cells, found)))
    return text.getvalue(), len(found)


def chats_csv(path: str, filters: Filters | None = None, *, order: Order = "newest") -> tuple[str, int]:
    """Write the chats that fit into a new CSV file; return where it is and how many there are.

    UTF-8 with a byte order mark, which spreadsheets need to see that it is. Raises `InputError`, for a file that is
    already there as well.
    """
    place = typed(path).absolute()
    text, count = chats_table(filters, order=order)
    try:
        atomic.sweep(place.parent)
        made = atomic.create(place, text.encode("utf-8-sig"))
    except OSError as error:
        raise InputError(
            f"{place} cannot be written: {error.strerror or error}.", title="No CSV written",
            kept="the library as it is.", hint="name a file in a folder that exists and that you can write.",
        ) from error  # fmt: skip
    if not made:
        raise InputError(
            f"{place} is already there.", title="No CSV written", kept="that file and the library as they are.",
            hint="name another file.",
        )  # fmt: skip
    return str(place), count


def _cells(chat: ChatInfo) -> Iterator[str]:
    yield safe(chat.title)
    yield safe(chat.assistant)
    yield stamp(chat.started) or ""
    yield stamp(chat.last_activity) or ""
    yield str(chat.human)
    yield str(chat.answers)
    yield from map(safe, (chat.model, chat.project, chat.url or chat.command, ", ".join(chat.tags)))
    yield "" if chat.archived is None else "yes" if chat.archived else "no"
    yield safe(chat.key)


def safe(text: str | None) -> str:
    """Return text for one cell on one line: with an apostrophe in front where a program would take it for a formula."""
    line = " ".join((text or "").split())
    return f"'{line}" if line.startswith(ACTIVE) else line
