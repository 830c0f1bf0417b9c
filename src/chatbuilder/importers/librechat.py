"""LibreChat: one file for each chat, messages as a list with parent ids or as a tree."""

from __future__ import annotations

from chatbuilder.chats import ChatSession, Message, Part
from chatbuilder.importers.common.session import attachment, part, session, threaded, tool
from chatbuilder.importers.common.shape import Context, each, items
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

SOURCE = "librechat"
_NO_PARENT = "00000000-0000-0000-0000-000000000000"


def _matches(item: Json) -> bool:
    told = item.get("messages", item.get("messagesTree"))
    return "conversationId" in item and "endpoint" in item and isinstance(told, list)


def _parse(chat: Json, context: Context) -> ChatSession:
    raw: dict[str, Json] = {}
    parent_of: dict[str, str | None] = {}
    todo = [
        (message, None) for message in reversed(mappings(chat.get("messages")) or mappings(chat.get("messagesTree")))
    ]
    while todo:
        message, above = todo.pop()
        key = identifier(message.get("messageId"))
        if not key or key in raw:
            context.unknown("message without an id of its own")
            continue
        raw[key] = message
        parent = identifier(message.get("parentMessageId")) or above
        parent_of[key] = parent if parent != _NO_PARENT else None
        todo += [(child, key) for child in reversed(mappings(message.get("children")))]  # type: ignore[misc]
    read = {key: found for key, message in raw.items() if (found := _read_message(message, key, context))}
    if raw and not read:
        raise BadChat("none of its messages can be read")
    messages, branches, marks = threaded(read, parent_of, None)
    return session(
        SOURCE,
        identifier(chat.get("conversationId")),
        title=title(chat.get("title")),
        messages=messages,
        derived=marks,
        model=name(mapping(chat.get("options")).get("model")),
        mode=name(chat.get("endpoint")),
        branches=branches,
    )


def _read_message(raw: Json, key: str, context: Context) -> Message | None:
    told = raw.get("isCreatedByUser")
    if not isinstance(told, bool):
        context.unknown("message that does not say who wrote it")
        return None
    parts: list[Part] = []
    for piece in mappings(raw.get("content")):
        parts += _piece(piece, "typed" if told else "answer", context)
    if not any(piece.kind in ("typed", "answer") for piece in parts):
        parts += part("typed" if told else "answer", string(raw.get("text")))
    parts += [attachment(file.get("filename") or file.get("file_id")) for file in mappings(raw.get("files"))]
    if not parts:
        return None
    model = None if told else name(raw.get("model"))
    return Message(key, None, "human" if told else "assistant", tuple(parts), moment(raw.get("createdAt")), model)


def _piece(piece: Json, said: str, context: Context) -> list[Part]:
    kind = piece.get("type")
    inner = piece.get(kind) if isinstance(kind, str) else None
    words = string(inner) or string(mapping(inner).get("value"))
    if kind == "text":
        return part(said, words)  # type: ignore[arg-type]  # a Kind
    if kind == "think":
        return part("thinking", words)
    if kind == "tool_call":
        call = mapping(inner)
        return [tool(call.get("name"), call.get("args"), call.get("output"))]
    if kind in ("image_file", "image_url"):
        return [attachment(mapping(inner).get("filename") or "picture")]
    if kind == "error":
        return part("tool", words)
    context.unknown(f"content type {kind}")
    return part(said, words, name(kind)) or [Part("other", "", name(kind))]  # type: ignore[arg-type]  # a Kind


SHAPES = (items(SOURCE, _matches, each(_parse)),)
