"""Grok's data export: the shape of 2026 and that of June 2025.

The model is read from answers only: exports name one on prompts, too. First responses have no parent and retries make
second beginnings.
"""

from __future__ import annotations

from chatbuilder.chats import ChatSession, Message, Part, Role
from chatbuilder.importers.common.session import attachment, part, references, session, straight, threaded, tool
from chatbuilder.importers.common.shape import Context, each, items
from chatbuilder.importers.common.values import (
    Json,
    flag,
    identifier,
    link,
    mapping,
    mappings,
    moment,
    name,
    sequence,
    string,
    title,
)

SOURCE = "grok"
_ROLES: dict[str, Role] = {"human": "human", "user": "human", "assistant": "assistant", "ai": "assistant"}


def _matches(item: Json) -> bool:
    return isinstance(item.get("conversation"), dict) and isinstance(item.get("responses"), list)


def _parse(entry: Json, context: Context) -> ChatSession:
    chat = mapping(entry.get("conversation"))
    raw = [mapping(found.get("response")) or found for found in mappings(entry.get("responses"))]
    read, parent_of = [], {}
    for response in raw:
        key = identifier(response.get("_id")) or identifier(response.get("response_id"))
        if key:
            parent_of[key] = identifier(response.get("parent_response_id"))
        if found := _read_message(response, key, context):
            read.append(found)
    shown = identifier(chat.get("leaf_response_id"))
    by_id = {message.id: message for message in read if message.id}
    if len(by_id) == len(read) and any(parent in parent_of for parent in parent_of.values()):
        messages, branches, marks = threaded(by_id, parent_of, shown)
    else:
        messages, branches, marks = straight(read), 0, ()
    own_id = identifier(chat.get("id")) or identifier(chat.get("conversation_id"))
    return session(
        SOURCE,
        own_id,
        title=title(chat.get("title")) or title(chat.get("summary")),
        started=moment(chat.get("create_time")),
        last_activity=moment(chat.get("modify_time")),
        messages=messages,
        derived=(*marks, *(() if title(chat.get("title")) or not title(chat.get("summary")) else ("title",))),
        url=link("https://grok.com/c", own_id or ""),
        account=identifier(chat.get("user_id")),
        summary=string(chat.get("summary")).strip() or None,
        starred=flag(chat.get("starred")),
        branches=branches,
    )


def _read_message(raw: Json, key: str | None, context: Context) -> Message | None:
    role = _ROLES.get(string(raw.get("sender")).lower())
    if role is None:
        context.unknown(f"sender {raw.get('sender')}")
        return None
    parts: list[Part] = []
    if role == "assistant":
        parts += part("thinking", string(raw.get("thinking_trace")))
        for step in mappings(raw.get("steps")):
            parts.append(tool("step", step))
    parts += part("typed" if role == "human" else "answer", string(raw.get("message")))
    for sent in sequence(raw.get("file_attachments")):
        parts.append(attachment(mapping(sent).get("file_name") or mapping(sent).get("name") or sent))
    parts += references((page.get("url"), page.get("title")) for page in mappings(raw.get("web_search_results")))
    if not parts:
        context.skipped("aborted answer" if role == "assistant" else "message without content")
        return None
    model = name(raw.get("model")) if role == "assistant" else None
    return Message(key, None, role, tuple(parts), moment(raw.get("create_time")), model)


SHAPES = (items(SOURCE, _matches, each(_parse)),)
