"""Microsoft Copilot's activity history, three forms of CSV.

Rows come newest first and a question ties with its answer, so the file is read backwards and never sorted. There are
no ids: rows of one title are one chat until more than a day lies between them ("thread" is derived).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b

from chatbuilder.chats import ChatSession, Message, Role
from chatbuilder.importers.common.session import part, session, straight
from chatbuilder.importers.common.shape import Context, Found, csv_rows
from chatbuilder.importers.common.values import clean, has_zone, moment, title

SOURCE = "ms-copilot"
GAP = timedelta(days=1)
_ROLES: dict[str, Role] = {
    "human": "human",
    "user": "human",
    "ai": "assistant",
    "copilot": "assistant",
    "bot": "assistant",
}
_COLUMNS = (
    {"title": "Conversation", "time": "Time", "author": "Author", "text": "Message"},
    {"title": "ChatName", "time": "CreatedAt", "author": "Author", "text": "MessageContent"},
    {"title": "ClientApp", "time": "Timestamp", "author": "", "text": "Prompt"},
)
_AMERICAN = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}) (\d{1,2}):(\d\d):(\d\d)(?: ?([AP]M))?(?: ([+-])(\d\d):(\d\d))?$")


@dataclass(slots=True)
class _Thread:
    """Rows of one title, newest first, until the next one is too far away."""

    title: str
    rows: list[Message] = field(default_factory=list)
    zone_known: bool = True


def _matches(header: Sequence[str]) -> bool:
    return _columns(header) is not None


def _columns(header: Sequence[str]) -> dict[str, int] | None:
    for names in _COLUMNS:
        wanted = {key: column for key, column in names.items() if column}
        if set(wanted.values()) <= set(header):
            return {key: header.index(column) for key, column in wanted.items()}
    return None


def _read(rows: Iterator[Sequence[str]], context: Context) -> Found:
    header = [cell.strip() for cell in next(rows, [])]
    columns = _columns(header) or {}
    open_threads: dict[str, _Thread] = {}
    for number, row in enumerate(rows, 2):
        if len(row) < len(header):
            if any(row):
                yield context.quarantine("a row has too few cells", "malformed", context.place(number, "row"))
            continue
        message, known = _message(row, columns, context)
        if message is None:
            continue
        label = row[columns["title"]]
        thread = open_threads.get(label)
        if thread and _apart(message.time, thread.rows[-1].time):
            yield from _one(open_threads.pop(label), context)
            thread = None
        thread = thread or open_threads.setdefault(label, _Thread(label))
        thread.rows.append(message)
        thread.zone_known &= known
    for thread in open_threads.values():
        yield from _one(thread, context)


def _message(row: Sequence[str], columns: dict[str, int], context: Context) -> tuple[Message | None, bool]:
    told = row[columns["author"]].strip().lower() if "author" in columns else "human"
    role = _ROLES.get(told)
    if role is None:
        context.unknown(f"author {told}")
        return None, True
    time, known = when(row[columns["time"]])
    parts = part("typed" if role == "human" else "answer", clean(row[columns["text"]]))
    if not parts:
        context.skipped("message without content")
    return (Message(None, None, role, tuple(parts), time) if parts else None), known


def _apart(older: datetime | None, newer: datetime | None) -> bool:
    return older is not None and newer is not None and abs(newer - older) > GAP


def _one(thread: _Thread, context: Context) -> Found:
    return context.attempt(lambda: _chat(thread, context), context.place(), {"title": thread.title})


def _chat(thread: _Thread, context: Context) -> ChatSession:
    messages = [message._replace(id=str(number)) for number, message in enumerate(reversed(thread.rows))]
    first = messages[0]
    second = int(first.time.timestamp()) if first.time else ""
    own_id = blake2b(f"{thread.title}\0{second}\0{first.text}".encode(), digest_size=12).hexdigest()
    marks = ["source_id", "thread", *([] if thread.zone_known else ["time zone"])]
    return session(SOURCE, own_id, title=title(clean(thread.title)), messages=straight(messages), derived=marks)


def when(text: str) -> tuple[datetime | None, bool]:
    """Return (UTC, whether the zone is named): ISO, or M/D/YYYY H:MM:SS +00:00."""
    text = text.strip()
    found = _AMERICAN.match(text)
    if not found:
        return moment(text) if not text.isdigit() else None, has_zone(text)
    month, day, year, hour, minute, second = (int(found[number]) for number in range(1, 7))
    if found[7]:
        hour = hour % 12 + (12 if found[7] == "PM" else 0)
    offset = timedelta(hours=int(found[9] or 0), minutes=int(found[10] or 0))
    try:
        local = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        return (local + offset if found[8] == "-" else local - offset), bool(found[8])
    except (ValueError, OverflowError):
        return None, True


SHAPES = (csv_rows(SOURCE, _matches, _read),)
