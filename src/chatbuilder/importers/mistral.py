"""Mistral's Le Chat: one file for each chat, a bare list of its messages in random order, without a title.

The only order there is are the times; a question stands before an answer of the same moment.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from chatbuilder.chats import ChatSession, Message, Part, Role
from chatbuilder.importers.common.json_stream import Element
from chatbuilder.importers.common.session import attachment, part, references, session, straight, tool
from chatbuilder.importers.common.shape import Context, Found, items
from chatbuilder.importers.common.values import (
    BadChat,
    Json,
    identifier,
    joined,
    link,
    mapping,
    mappings,
    moment,
    name,
    names,
    string,
)

SOURCE = "mistral"
_ROLES: dict[str, Role] = {"user": "human", "assistant": "assistant", "system": "system", "tool": "tool"}
_FIELDS = names(
    "id version chatId role content contentChunks createdAt reaction reactionDetail reactionComment preference "
    "preferenceOver context canvas quotes files updatedAt"
)


def _matches(item: Json) -> bool:
    return "chatId" in item and "contentChunks" in item and "createdAt" in item


def _read(elements: Iterator[Element], context: Context) -> Found:
    raw: list[Json] = []
    for element in elements:
        if element.bad or not isinstance(element.value, dict):
            context.unknown("message that cannot be read")
        elif len(raw) < context.limits.messages:
            raw.append(element.value)
    raw.sort(key=lambda message: string(message.get("chatId")))
    for chat_id, messages in groupby(raw, key=lambda message: identifier(message.get("chatId"))):
        yield from _one(chat_id, list(messages), context)


def _one(chat_id: str | None, raw: list[Json], context: Context) -> Found:
    return context.attempt(lambda: _parse(chat_id, raw, context), context.place())


def _parse(chat_id: str | None, raw: list[Json], context: Context) -> ChatSession:
    read = [found for message in raw if (found := _read_message(message, context))]
    if any(message.time is None for message in read):
        raise BadChat("a message has no time, so their order is unknown")
    read.sort(key=lambda message: (message.time.timestamp() if message.time else 0, message.role != "human"))
    url = link("https://chat.mistral.ai/chat", chat_id or "")
    return session(SOURCE, chat_id, messages=straight(read), url=url)


def _read_message(raw: Json, context: Context) -> Message | None:
    context.unknown_fields(raw, _FIELDS, "message")
    role = _ROLES.get(string(raw.get("role")))
    if role is None:
        context.unknown(f"role {raw.get('role')}")
        return None
    said = {"human": "typed", "assistant": "answer", "system": "context"}.get(role, "tool")
    parts: list[Part] = []
    words: list[str] = []
    for chunk in mappings(raw.get("contentChunks")):
        if chunk.get("type") == "text":
            words.append(string(chunk.get("text")))
        else:
            parts += _chunk(chunk, context)
    parts += part(said, joined(words, "") or string(raw.get("content")))  # type: ignore[arg-type]  # a Kind
    for sent in mappings(raw.get("files")):
        parts.append(attachment(sent.get("name")))
    for document in mappings(raw.get("canvas")):
        parts.append(attachment(document.get("title") or document.get("name"), string(document.get("content"))))
    return Message(identifier(raw.get("id")), None, role, tuple(parts), moment(raw.get("createdAt"))) if parts else None


def _chunk(chunk: Json, context: Context) -> list[Part]:
    kind = chunk.get("type")
    if kind == "tool_call":
        return [tool(chunk.get("name"), chunk.get("publicArguments"), chunk.get("publicResult"))]
    if kind == "reference":
        pages = [mapping(page) for page in mappings(chunk.get("references"))]
        return references((page.get("url"), page.get("title")) for page in pages)
    if kind == "image_url":
        return [attachment("picture")]
    if kind == "thinking":
        return part("thinking", string(chunk.get("text") or chunk.get("thinking")))
    if kind != "custom_element":
        context.unknown(f"content type {kind}")
    return [Part("other", "", name(kind))]


SHAPES = (items(SOURCE, _matches, _read),)
