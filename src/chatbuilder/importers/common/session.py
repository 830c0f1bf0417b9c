"""Put a chat together from what an export says: order by structure, titles, times, and what was worked out by rule."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from chatbuilder.chats import ChatSession, Kind, Message, Part
from chatbuilder.importers.common.limits import LIMITS, Limits
from chatbuilder.importers.common.values import BadChat, name, shorten, texts, web

_TITLE_FROM_PROMPT = 80
_MOST_REFERENCES = 100
_FIRST_LINE = re.compile(r"\S.*")


def session(
    source: str,
    source_id: str | None,
    *,
    messages: Sequence[Message],
    title: str | None = None,
    started: datetime | None = None,
    last_activity: datetime | None = None,
    derived: Iterable[str] = (),
    **fields: Any,
) -> ChatSession:
    """Return the chat; a missing title, start or end is worked out from the messages and marked as derived.

    Raises BadChat for a chat without id or without messages.
    """
    if not source_id:
        raise BadChat("it has no id")
    if not messages:
        raise BadChat("it has no messages", "empty")
    marks = set(derived)
    if not title:
        title = title_from(messages)
        marks |= {"title"} if title else set()
    if started is None or last_activity is None:
        times = [message.time for message in messages if message.time]
        if times and started is None:
            started = min(times)
            marks.add("started")
        if times and last_activity is None:
            last_activity = max(times)
            marks.add("last_activity")
    answering = next((found.model for found in reversed(messages) if found.active and found.model), None)
    fields["model"] = answering or fields.get("model")
    return ChatSession(
        source, source_id, title, started, last_activity, tuple(messages), derived=tuple(sorted(marks)), **fields
    )


def check_size(messages: Sequence[Message], limits: Limits) -> None:
    """Raise BadChat when there are too many messages, or one has too many words."""
    if len(messages) > limits.messages:
        raise BadChat(f"it has more than {limits.messages:,} messages", "too-large")
    most = limits.text
    for message in messages:
        for piece in message.parts:
            if len(piece.text) > most:
                raise BadChat(f"a message has more than {limits.text:,} characters", "too-large")


def title_from(messages: Sequence[Message]) -> str | None:
    """Return the first line that the person typed, cut to 80 characters; None when nothing was typed."""
    for message in messages:
        if message.active and message.role == "human":
            found = _FIRST_LINE.search(message.text)
            if found:
                return name(shorten(found[0], _TITLE_FROM_PROMPT))
    return None


def part(kind: Kind, text: str, label: str | None = None) -> list[Part]:
    """Return words as one part, or none when they are blank. Thoughts and tool noise are cut to the limit."""
    if not text or text.isspace():
        return []
    return [Part(kind, text if kind in ("typed", "answer", "attachment") else shorten(text, LIMITS.noise), label)]


def tool(label: object, *values: object) -> Part:
    """Return a tool call or result: the tool's name and the text found in its arguments or output."""
    return Part("tool", texts(list(values)), name(label))


def attachment(label: object, content: str = "") -> Part:
    """Return a file or picture; nameless ones are kept too."""
    return Part("attachment", content, name(label))


def references(pages: Iterable[tuple[object, object]]) -> list[Part]:
    """Return the web pages (address, title) that an answer cites, each once."""
    found: dict[str, Part] = {}
    for address, label in pages:
        url = web(address)
        if url and url not in found and len(found) < _MOST_REFERENCES:
            found[url] = Part("reference", url, name(label))
    return list(found.values())


def path_to(leaf: str, parent_of: Mapping[str, str | None]) -> list[str]:
    """Return the ids from the root to this leaf. A cycle ends the walk, so it always ends."""
    path: list[str] = []
    seen: set[str] = set()
    at: str | None = leaf
    while at is not None and at in parent_of and at not in seen:
        seen.add(at)
        path.append(at)
        at = parent_of[at]
    path.reverse()
    return path


def newest_leaf(parent_of: Mapping[str, str | None], time_of: Callable[[str], datetime | None]) -> str | None:
    """Return the id without continuation that is newest (the last of equals); any id when all are in cycles."""
    parents = set(parent_of.values())
    leaves = [node for node in parent_of if node not in parents] or list(parent_of)
    best: tuple[float, int] = (-1.0, -1)
    chosen = None
    for order, leaf in enumerate(leaves):
        time = time_of(leaf)
        rank = (time.timestamp() if time else 0.0, order)
        if rank > best:
            best, chosen = rank, leaf
    return chosen


def count_branches(parent_of: Mapping[str, str | None]) -> int:
    """Return how many messages have more than one continuation; several beginnings count as one such place."""
    if len(set(parent_of.values())) == len(parent_of):  # a straight line, as most are
        return 0
    return sum(1 for times in Counter(parent_of.values()).values() if times > 1)


def reading_order(path: Sequence[str], parent_of: Mapping[str, str | None]) -> list[str]:
    """Return all ids: the active path first, then the rest, parents before what follows them."""
    if len(path) == len(parent_of):
        return list(path)
    done = dict.fromkeys(path)
    for node in parent_of:
        trail = []
        at: str | None = node
        while at is not None and at in parent_of and at not in done:
            done[at] = None
            trail.append(at)
            at = parent_of[at]
        if trail:
            for step in trail:
                del done[step]
            done.update(dict.fromkeys(reversed(trail)))
    return list(done)


def nearest(node: str, parent_of: Mapping[str, str | None], kept: Mapping[str, object]) -> str | None:
    """Return the nearest ancestor that was kept: what lies between (hidden nodes) was left out."""
    seen = {node}
    at = parent_of.get(node)
    while at is not None and at not in kept and at not in seen:
        seen.add(at)
        at = parent_of.get(at)
    return at if at in kept else None


def threaded(
    read: Mapping[str, Message], parent_of: Mapping[str, str | None], shown: str | None
) -> tuple[list[Message], int, tuple[str, ...]]:
    """Return messages linked and marked active, the number of branches, and what was derived ("path" or nothing).

    `parent_of` also holds nodes that are no messages; `shown` is the leaf that the source names as the active one.
    """
    branches = count_branches(parent_of)
    named = shown is not None and shown in parent_of
    leaf = shown if named else newest_leaf(parent_of, lambda key: read[key].time if key in read else None)
    path = path_to(leaf, parent_of) if leaf is not None else []
    active = set(path)
    messages = [
        read[key]._replace(parent=nearest(key, parent_of, read), active=key in active)
        for key in reading_order(path, parent_of)
        if key in read
    ]
    return messages, branches, () if named or not branches else ("path",)


def straight(messages: Sequence[Message]) -> list[Message]:
    """Return messages of a source without parent links: each follows the one before; ids that repeat get a number."""
    found: list[Message] = []
    used: set[str] = set()
    before: str | None = None
    for number, message in enumerate(messages):
        key = message.id if message.id and message.id not in used else f"{message.id or 'message'}#{number}"
        used.add(key)
        found.append(message._replace(id=key, parent=before))
        before = key
    return found
