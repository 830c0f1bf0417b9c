"""Cursor's local database: composers and their bubbles, and the chat panel of older versions."""

from __future__ import annotations

from collections.abc import Iterator
from sqlite3 import Connection

from chatbuilder.chats import ChatSession, Message, Part
from chatbuilder.importers.common.json_stream import decode
from chatbuilder.importers.common.session import part, session, straight, tool
from chatbuilder.importers.common.shape import Context, Found, table_names, tables
from chatbuilder.importers.common.values import (
    BadChat,
    Json,
    flag,
    identifier,
    mapping,
    mappings,
    moment,
    name,
    string,
    title,
)

SOURCE = "cursor"
_PANEL = "workbench.panel.aichat.view.aichat.chatdata"
_COMPOSERS = "SELECT key, value FROM cursorDiskKV WHERE key >= 'composerData:' AND key < 'composerData;' ORDER BY key"


def _matches(connection: Connection) -> bool:
    names = table_names(connection)
    if "cursorDiskKV" in names:
        return True
    return "ItemTable" in names and _value(connection, "ItemTable", _PANEL) is not None


def _value(connection: Connection, table: str, key: str) -> object:
    row = connection.execute(f"SELECT value FROM {table} WHERE key = ?", (key,)).fetchone()  # noqa: S608
    return row[0] if row else None


def _json(value: object, context: Context) -> Json:
    raw = value.encode() if isinstance(value, str) else value
    if not isinstance(raw, bytes) or len(raw) > context.limits.chat:
        raise BadChat("its record is empty or too large", "too-large" if isinstance(raw, bytes) else "malformed")
    return mapping(decode(raw))


def _read(connection: Connection, context: Context) -> Found:
    names = table_names(connection)
    if "cursorDiskKV" in names:
        for key, value in connection.execute(_COMPOSERS):
            yield from _one(connection, str(key), value, context)
    if "ItemTable" in names:
        yield from _panel(_value(connection, "ItemTable", _PANEL), context)


def _one(connection: Connection, key: str, value: object, context: Context) -> Found:
    if value is None:
        context.skipped("never used")
        return iter(())
    return context.attempt(lambda: _composer(connection, value, context), f"{context.where}, {key[:80]}")


def _composer(connection: Connection, value: object, context: Context) -> ChatSession | None:
    chat = _json(value, context)
    own_id = identifier(chat.get("composerId"))
    bubbles = list(_bubbles(connection, chat, own_id, context))
    messages = [found for bubble in bubbles if (found := _message(bubble, context))]
    if not messages and not mappings(chat.get("fullConversationHeadersOnly")) and not chat.get("conversation"):
        context.skipped("never used")
        return None
    return session(
        SOURCE,
        own_id,
        title=title(chat.get("name")),
        started=moment(chat.get("createdAt")),
        last_activity=moment(chat.get("lastUpdatedAt")),
        messages=straight(messages),
        model=name(mapping(chat.get("modelConfig")).get("modelName")),
        mode=name(chat.get("unifiedMode")),
        archived=flag(chat.get("isArchived")),
    )


def _bubbles(connection: Connection, chat: Json, own_id: str | None, context: Context) -> Iterator[Json]:
    headers = mappings(chat.get("fullConversationHeadersOnly"))
    inside = mapping(chat.get("conversationMap"))
    if not headers:
        yield from mappings(chat.get("conversation"))
    for header in headers:
        bubble_id = identifier(header.get("bubbleId"))
        found = mapping(inside.get(bubble_id or ""))
        value = _value(connection, "cursorDiskKV", f"bubbleId:{own_id}:{bubble_id}") if not found else None
        if value is not None:
            found = _json(value, context)
        if found:
            yield {**header, **found}
        else:
            context.unknown("bubble that is not there")


def _message(bubble: Json, context: Context) -> Message | None:
    kind = bubble.get("type")
    if kind not in (1, 2):
        context.unknown(f"bubble type {kind}")
        return None
    parts: list[Part] = part("thinking", string(mapping(bubble.get("thinking")).get("text")))
    parts += part("typed" if kind == 1 else "answer", string(bubble.get("text")))
    call = mapping(bubble.get("toolFormerData"))
    if call:
        parts.append(tool(call.get("name"), call.get("rawArgs") or call.get("params"), call.get("result")))
    if not parts:
        return None
    model = name(mapping(bubble.get("modelInfo")).get("modelName")) if kind == 2 else None
    role = "human" if kind == 1 else "assistant"
    return Message(identifier(bubble.get("bubbleId")), None, role, tuple(parts), moment(bubble.get("createdAt")), model)  # type: ignore[arg-type]


def _panel(value: object, context: Context) -> Found:
    if value is None:
        return
    try:
        tabs = mappings(_json(value, context).get("tabs"))
    except BadChat as bad:
        yield context.quarantine(str(bad), bad.code, context.where)
        return
    for number, tab in enumerate(tabs, 1):
        if mappings(tab.get("bubbles")):
            yield from _one_tab(tab, number, context)
        else:
            context.skipped("never used")


def _one_tab(tab: Json, number: int, context: Context) -> Found:
    return context.attempt(lambda: _tab(tab, context), context.place(number), tab)


def _tab(tab: Json, context: Context) -> ChatSession:
    messages: list[Message] = []
    for number, bubble in enumerate(mappings(tab.get("bubbles"))):
        human = bubble.get("type") == "user"
        words = string(bubble.get("text")) or string(bubble.get("rawText"))
        parts = part("typed" if human else "answer", words)
        model = None if human else name(bubble.get("modelType"))
        if parts:
            messages.append(Message(str(number), None, "human" if human else "assistant", tuple(parts), None, model))
    return session(
        SOURCE,
        identifier(tab.get("tabId")),
        title=title(tab.get("chatTitle")),
        last_activity=moment(tab.get("lastSendTime")),
        messages=straight(messages),
    )


SHAPES = (tables(SOURCE, _matches, _read),)
