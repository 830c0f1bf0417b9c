"""LM Studio: one file for each conversation; every message has versions, of which one is selected."""

from __future__ import annotations

from chatbuilder.chats import ChatSession, Message, Part
from chatbuilder.importers.common.session import attachment, part, session, tool
from chatbuilder.importers.common.shape import Context, each, items
from chatbuilder.importers.common.values import (
    Json,
    flag,
    identifier,
    joined,
    mapping,
    mappings,
    moment,
    name,
    sequence,
    string,
    title,
)

SOURCE = "lm-studio"


def _matches(item: Json) -> bool:
    messages = mappings(item.get("messages"))
    return bool(messages) and isinstance(messages[0].get("versions"), list)


def _parse(chat: Json, context: Context) -> ChatSession:
    own_id = identifier(chat.get("id"))
    messages: list[Message] = []
    before: str | None = None
    branches = 0
    for number, raw in enumerate(mappings(chat.get("messages"))):
        versions = sequence(raw.get("versions"))
        selected = raw.get("currentlySelected")
        chosen = selected if isinstance(selected, int) and 0 <= selected < len(versions) else len(versions) - 1
        branches += len(versions) > 1
        shown = None
        for version, said in enumerate(versions):
            key = f"{number}" if version == chosen else f"{number}-{version}"
            found = _read_version(mapping(said), key, before, version == chosen, context)
            if found:
                messages.append(found)
                shown = key if found.active else shown
        before = shown or before
    return session(
        SOURCE,
        own_id or name(context.stem.removesuffix(".conversation")),
        title=title(chat.get("name")) or title(chat.get("title")),
        started=moment(chat.get("createdAt")),
        last_activity=moment(chat.get("updatedAt")) or moment(chat.get("userLastMessagedAt")),
        messages=sorted(messages, key=lambda message: not message.active),
        derived=() if own_id else ("source_id",),
        starred=flag(chat.get("pinned")),
        branches=branches,
    )


def _read_version(raw: Json, key: str, parent: str | None, active: bool, context: Context) -> Message | None:
    told = raw.get("role")
    parts: list[Part] = []
    if told == "user":
        parts += _blocks(raw, "typed", context)
        return Message(key, parent, "human", tuple(parts), None, None, active) if parts else None
    if told == "system":
        parts += _blocks(raw, "context", context)
        return Message(key, parent, "system", tuple(parts), None, None, active) if parts else None
    if told != "assistant":
        context.unknown(f"role {told}")
        return None
    steps = mappings(raw.get("steps")) or [raw]
    for step in steps:
        style = mapping(step.get("style"))
        thinking = style.get("type") == "thinking"
        parts += _blocks(step, "thinking" if thinking else "answer", context)
    model = name(mapping(raw.get("senderInfo")).get("senderName"))
    generated = [mapping(step.get("genInfo")) for step in steps]
    model = next((found for info in generated if (found := name(info.get("indexedModelIdentifier")))), model)
    return Message(key, parent, "assistant", tuple(parts), None, model, active) if parts else None


def _blocks(raw: Json, said: str, context: Context) -> list[Part]:
    content, found, words = raw.get("content"), [], []
    if isinstance(content, str):
        return part(said, content)  # type: ignore[arg-type]  # a Kind
    for block in mappings(content):
        kind = block.get("type")
        if kind == "text":
            words.append(string(block.get("text")))
        elif kind in ("file", "image"):
            found.append(attachment(block.get("name") or block.get("fileIdentifier")))
        elif kind in ("toolCallRequest", "toolCallResult"):
            found.append(tool(block.get("name"), block.get("parameters"), block.get("content")))
        else:
            context.unknown(f"content type {kind}")
            found.append(Part("other", "", name(kind)))
    return [*part(said, joined(words, "")), *found]  # type: ignore[arg-type]  # a Kind


SHAPES = (items(SOURCE, _matches, each(_parse)),)
