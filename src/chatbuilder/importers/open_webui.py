"""Open WebUI: exported chats (JSON), and its database."""

from __future__ import annotations

import json
import re
from sqlite3 import Connection

from chatbuilder.chats import ChatSession, Message, Part
from chatbuilder.importers.common.session import attachment, part, references, session, threaded
from chatbuilder.importers.common.shape import Context, Found, columns, each, items, table_names, tables
from chatbuilder.importers.common.values import (
    BadChat,
    Json,
    clean_tree,
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

SOURCE = "open-webui"
_DETAILS = re.compile(
    r'<details\b[^>]{0,2000}\btype="(reasoning|tool_calls|code_interpreter)"[^>]*>(.*?)</details>\s*', re.S
)
_SUMMARY = re.compile(r"<summary>.*?</summary>", re.S)


def _matches(item: Json) -> bool:
    return _history(mapping(item.get("chat"))) is not None or (_history(item) is not None and "models" in item)


def _history(chat: Json) -> Json | None:
    messages = mapping(chat.get("history")).get("messages")
    return messages if isinstance(messages, dict) else None


def _parse(entry: Json, context: Context) -> ChatSession:
    chat = mapping(entry.get("chat")) or entry
    nodes = _history(chat)
    if nodes is None:
        raise BadChat("it has no history of messages")
    raw = {key: mapping(node) for key, node in nodes.items()}
    parent_of = {key: identifier(node.get("parentId")) for key, node in raw.items()}
    read = {key: found for key, node in raw.items() if (found := _read_message(node, key, context))}
    messages, branches, marks = threaded(read, parent_of, identifier(mapping(chat["history"]).get("currentId")))
    own_id = identifier(entry.get("id")) or identifier(chat.get("id"))
    models = [label for model in sequence(chat.get("models")) if (label := name(model))]
    tags = [*sequence(mapping(entry.get("meta")).get("tags")), *sequence(chat.get("tags"))]
    labels = [name(tag.get("name")) if isinstance(tag, dict) else name(tag) for tag in tags]
    first = next((key for key in read if not parent_of.get(key)), next(iter(read), None))
    return session(
        SOURCE,
        own_id or first,
        title=title(entry.get("title")) or title(chat.get("title")),
        started=moment(entry.get("created_at")) or moment(chat.get("timestamp")),
        last_activity=moment(entry.get("updated_at")),
        messages=messages,
        derived=marks if own_id else (*marks, "source_id"),
        model=models[0] if len(models) == 1 else None,
        project_id=identifier(entry.get("folder_id")),
        account=identifier(entry.get("user_id")),
        tags=tuple(dict.fromkeys(label for label in labels if label)),
        archived=flag(entry.get("archived")),
        starred=flag(entry.get("pinned")),
        branches=branches,
    )


def _read_message(raw: Json, key: str, context: Context) -> Message | None:
    role = {"user": "human", "assistant": "assistant", "system": "system", "tool": "tool"}.get(string(raw.get("role")))
    if role is None:
        context.unknown(f"role {raw.get('role')}")
        return None
    content = raw.get("content")
    words = content if isinstance(content, str) else joined(string(piece.get("text")) for piece in mappings(content))
    parts: list[Part] = []
    if role == "assistant":
        for found in _DETAILS.finditer(words):
            parts += part("thinking" if found[1] == "reasoning" else "tool", _SUMMARY.sub("", found[2]).strip())
        words = _DETAILS.sub("", words).strip()
    said = {"human": "typed", "assistant": "answer", "system": "context"}.get(role, "tool")
    parts += part(said, words)  # type: ignore[arg-type]  # a Kind
    parts += [attachment(file.get("name") or file.get("type")) for file in mappings(raw.get("files"))]
    cited = [mapping(page.get("source")) for page in mappings(raw.get("sources"))]
    parts += references((page.get("url"), page.get("name")) for page in cited)
    if not parts:
        return None
    model = name(raw.get("model")) if role == "assistant" else None
    return Message(key, None, role, tuple(parts), moment(raw.get("timestamp")), model)  # type: ignore[arg-type]  # a Role


def _matches_tables(connection: Connection) -> bool:
    return {"chat", "auth"} <= table_names(connection) and "chat" in columns(connection, "chat")


def _read_tables(connection: Connection, context: Context) -> Found:
    wanted = ("id", "user_id", "title", "chat", "created_at", "updated_at", "archived", "pinned", "meta", "folder_id")
    there = columns(connection, "chat")
    chosen = [column for column in wanted if column in there]
    for number, row in enumerate(connection.execute(f"SELECT {', '.join(chosen)} FROM chat"), 1):  # noqa: S608
        entry = dict(zip(chosen, row, strict=True))
        yield from _row(entry, context, context.place(number))


def _row(entry: Json, context: Context, where: str) -> Found:
    return context.attempt(lambda: _parse(_decoded(entry, context), context), where, entry)


def _decoded(entry: Json, context: Context) -> Json:
    """Columns that hold JSON are text in SQLite."""
    for column in ("chat", "meta"):
        text = entry.get(column)
        if isinstance(text, str):
            if len(text) > context.limits.chat:
                raise BadChat("it is too large", "too-large")
            entry[column] = clean_tree(json.loads(text))
    return entry


SHAPES = (items(SOURCE, _matches, each(_parse)), tables(SOURCE, _matches_tables, _read_tables))
