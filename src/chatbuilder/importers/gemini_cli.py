"""Gemini CLI: a session as one JSON object, or as JSON lines since v0.40."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from chatbuilder.chats import ChatSession, Message, Part
from chatbuilder.importers.common.session import part, session, straight, tool
from chatbuilder.importers.common.shape import Context, Found, Log, each, items, lines
from chatbuilder.importers.common.values import (
    Json,
    identifier,
    joined,
    mapping,
    mappings,
    moment,
    name,
    names,
    string,
    title,
)

SOURCE = "gemini-cli"
_CHAT_FIELDS = names("kind startTime lastUpdated projectHash sessionId messages summary directories")


def _matches(item: Json) -> bool:
    return "sessionId" in item and "projectHash" in item


def _matches_object(item: Json) -> bool:
    return _matches(item) and isinstance(item.get("messages"), list)


def _matches_lines(head: Sequence[Json]) -> bool:
    return _matches(head[0]) and "messages" not in head[0]


def _parse(chat: Json, context: Context) -> ChatSession:
    context.unknown_fields(chat, _CHAT_FIELDS, "chat")
    return _build(chat, mappings(chat.get("messages")), context)


def _read(logs: Sequence[Log]) -> Found:
    for log in logs:
        yield from _one(log)


def _one(log: Log) -> Found:
    return log.context.attempt(lambda: _parse_log(log), log.context.place(), log.head[0])


def _parse_log(log: Log) -> ChatSession:
    """The first line tells of the session; later lines are messages, or news of the session ("$set")."""
    chat: Json = {}
    messages: dict[str, Json] = {}
    for element in log.lines():
        if not isinstance(element.value, dict):
            log.context.unknown("line that is not JSON")
        elif "type" in element.value and "id" in element.value:
            messages[str(element.value["id"])] = element.value  # written again when it grows
        else:
            chat |= mapping(element.value.get("$set")) or element.value
    return _build(chat, list(messages.values()), log.context)


def _build(chat: Json, raw: list[Json], context: Context) -> ChatSession:
    folders = chat.get("directories")
    folder = name(folders[0]) if isinstance(folders, list) and folders else None
    project = PurePosixPath(folder.replace("\\", "/")).name if folder else None
    return session(
        SOURCE,
        identifier(chat.get("sessionId")),
        title=title(chat.get("summary")),
        started=moment(chat.get("startTime")),
        last_activity=moment(chat.get("lastUpdated")),
        messages=straight([found for message in raw if (found := _read_message(message, context))]),
        derived=("project",) if project else (),
        project_id=folder or identifier(chat.get("projectHash")),
        project=project or None,
    )


def _read_message(raw: Json, context: Context) -> Message | None:
    kind, content = raw.get("type"), raw.get("content")
    words = content if isinstance(content, str) else joined(string(piece.get("text")) for piece in mappings(content))
    key, time = identifier(raw.get("id")), moment(raw.get("timestamp"))
    if kind == "user":
        parts = part("context" if words.startswith("<session_context>") else "typed", words)
        return Message(key, None, "human", tuple(parts), time) if parts else None
    if kind in ("info", "error", "warning"):
        noise = part("tool", words)
        return Message(key, None, "tool", tuple(noise), time) if noise else None
    if kind not in ("gemini", "model"):
        context.unknown(f"message type {kind}")
        return None
    thoughts = mappings(raw.get("thoughts"))
    told: list[Part] = part(
        "thinking", joined(joined((string(t.get("subject")), string(t.get("description"))), "\n") for t in thoughts)
    )
    told += part("answer", words)
    told += [tool(call.get("name"), call.get("args"), call.get("result")) for call in mappings(raw.get("toolCalls"))]
    return Message(key, None, "assistant", tuple(told), time, name(raw.get("model"))) if told else None


SHAPES = (items(SOURCE, _matches_object, each(_parse)), lines(SOURCE, _matches_lines, _read))
