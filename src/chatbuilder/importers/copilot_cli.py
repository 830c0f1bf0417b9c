"""GitHub Copilot CLI: the events of a session as JSON lines. What sub-agents and programs say is not the person's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from chatbuilder.chats import ChatSession, Message, Part
from chatbuilder.importers.common.session import attachment, part, session, straight, tool
from chatbuilder.importers.common.shape import Context, Found, Log, lines
from chatbuilder.importers.common.values import (
    BadChat,
    Json,
    identifier,
    mapping,
    mappings,
    moment,
    name,
    string,
    title,
)

SOURCE = "copilot-cli"
_SILENT = ("session.", "hook.", "assistant.turn_", "assistant.usage", "subagent.", "system.", "abort", "permission.",
           "user_input.", "skill.", "tool.user_requested", "assistant.intent")  # fmt: skip


def _matches(head: Sequence[Json]) -> bool:
    return any(line.get("type") == "session.start" and "sessionId" in mapping(line.get("data")) for line in head[:5])


@dataclass(slots=True)
class _Session:
    """What the events tell so far."""

    context: Context
    start: Json = field(default_factory=dict)
    title: str | None = None
    messages: list[Message] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)


def _read(logs: Sequence[Log]) -> Found:
    for log in logs:
        yield from _one(log)


def _one(log: Log) -> Found:
    return log.context.attempt(lambda: _parse(log), log.context.place())


def _parse(log: Log) -> ChatSession:
    found = _Session(log.context)
    for element in log.lines():
        if isinstance(element.value, dict):
            _event(element.value, found)
        else:
            found.context.unknown("line that is not JSON")
    about = mapping(found.start.get("context"))
    folder = name(about.get("gitRoot")) or name(about.get("cwd"))
    repository = name(about.get("repository"))
    own_id = identifier(found.start.get("sessionId"))
    if not found.messages:
        raise BadChat("nothing was typed in it", "empty")
    return session(
        SOURCE,
        own_id,
        title=found.title,
        started=moment(found.start.get("startTime")),
        messages=straight(found.messages),
        derived=() if repository or not folder else ("project",),
        model=name(found.start.get("selectedModel")),
        project_id=folder,
        project=repository or (PurePosixPath(folder.replace("\\", "/")).name or None if folder else None),
    )


def _event(event: Json, found: _Session) -> None:
    kind, data = string(event.get("type")), mapping(event.get("data"))
    if kind == "session.start":
        found.start = found.start or data
        return
    if kind == "session.title_changed":
        found.title = title(data.get("title")) or title(data.get("newTitle")) or found.title
        return
    read = _EVENTS.get(kind)
    if read is None:
        if not kind.startswith(_SILENT):
            found.context.unknown(f"event {kind}")
        return
    if data.get("agentId") or event.get("agentId") or data.get("parentToolCallId"):
        found.context.skipped("sub-agent")
        return
    read(data, identifier(event.get("id")), moment(event.get("timestamp")), found)


def _typed(data: Json, key: str | None, time: datetime | None, found: _Session) -> None:
    if data.get("source", "user") not in ("user", None):
        found.context.skipped("prompt by a program")
        return
    parts: list[Part] = part("typed", string(data.get("content")))
    parts += [attachment(sent.get("displayName") or sent.get("path")) for sent in mappings(data.get("attachments"))]
    if parts:
        found.messages.append(Message(key, None, "human", tuple(parts), time))


def _told(data: Json, key: str | None, time: datetime | None, found: _Session) -> None:
    own = identifier(data.get("messageId"))
    parts: list[Part] = part("thinking", string(data.get("reasoningText")))
    parts += part("answer", string(data.get("content")))
    parts += [tool(call.get("name"), call.get("arguments")) for call in mappings(data.get("toolRequests"))]
    if own in found.seen:
        found.context.skipped("repeated message")
        return
    if own:
        found.seen.add(own)
    if parts:
        found.messages.append(Message(key, None, "assistant", tuple(parts), time, name(data.get("model"))))


def _thought(data: Json, key: str | None, time: datetime | None, found: _Session) -> None:
    if parts := part("thinking", string(data.get("content"))):
        found.messages.append(Message(key, None, "assistant", tuple(parts), time))


def _result(data: Json, key: str | None, time: datetime | None, found: _Session) -> None:
    result = mapping(data.get("result"))
    if result:
        parts = (tool(data.get("toolName"), result.get("content")),)
        found.messages.append(Message(key, None, "tool", parts, time))


def _start(data: Json, key: str | None, time: datetime | None, found: _Session) -> None:
    """The call stands in the answer that asked for it."""


_EVENTS: dict[str, Callable[[Json, str | None, datetime | None, _Session], None]] = {
    "user.message": _typed,
    "assistant.message": _told,
    "assistant.reasoning": _thought,
    "tool.execution_complete": _result,
    "tool.execution_start": _start,
    "tool.execution_progress": _start,
    "tool.execution_partial_result": _start,
}

SHAPES = (lines(SOURCE, _matches, _read),)
