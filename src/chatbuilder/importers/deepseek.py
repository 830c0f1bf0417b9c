"""DeepSeek: the account's export, and the JSON behind a shared chat.

There is no author in the account's export: requests and files are the person's. Times of a question and its answer
tie or run backwards, so only the parent links give the order.
"""

from __future__ import annotations

from chatbuilder.chats import ChatSession, Kind, Message, Part, Role
from chatbuilder.importers.common.session import attachment, part, references, session, threaded, tool
from chatbuilder.importers.common.shape import Context, each, items
from chatbuilder.importers.common.values import (
    BadChat,
    Json,
    identifier,
    link,
    mapping,
    mappings,
    moment,
    name,
    names,
    sequence,
    string,
    title,
)

SOURCE = "deepseek"
_PERSON = ("REQUEST", "FILE")
_CHAT_FIELDS = names("id title inserted_at updated_at mapping")


def _matches(item: Json) -> bool:
    return isinstance(item.get("mapping"), dict) and "inserted_at" in item


def _parse(chat: Json, context: Context) -> ChatSession:
    if not isinstance(chat.get("mapping"), dict):
        raise BadChat("it has no mapping of messages")
    context.unknown_fields(chat, _CHAT_FIELDS, "chat")
    nodes = {key: mapping(node) for key, node in chat["mapping"].items()}
    parent_of = {key: identifier(node.get("parent")) for key, node in nodes.items()}
    raw = {key: mapping(node.get("message")) for key, node in nodes.items()}
    own_id = identifier(chat.get("id"))
    return _build(chat, own_id, own_id, parent_of, raw, context)


def _matches_shared(item: Json) -> bool:
    inside = mapping(mapping(item.get("data")).get("biz_data"))
    return isinstance(inside.get("messages", inside.get("chat_messages")), list)


def _parse_shared(document: Json, context: Context) -> ChatSession:
    inside = mapping(mapping(document.get("data")).get("biz_data"))
    chat = mapping(inside.get("chat_session")) or inside
    parent_of: dict[str, str | None] = {}
    raw: dict[str, Json] = {}
    for message in mappings(inside.get("messages", inside.get("chat_messages"))):
        key = identifier(message.get("message_id"))
        if key:
            parent_of[key] = identifier(message.get("parent_id"))
            raw[key] = message
    chat_id, share_id = identifier(chat.get("id")), identifier(chat.get("share_id"))
    own_id = chat_id or share_id or identifier(chat.get("chat_session_id"))
    address = chat_id or identifier(chat.get("chat_session_id"))  # what is shared lies elsewhere
    shown = identifier(chat.get("current_message_id"))
    marks = () if own_id else ("source_id",)
    return _build(chat, own_id or context.stem, address, parent_of, raw, context, shown, marks)


def _build(
    chat: Json,
    own_id: str | None,
    address: str | None,
    parent_of: dict[str, str | None],
    raw: dict[str, Json],
    context: Context,
    shown: str | None = None,
    marks: tuple[str, ...] = (),
) -> ChatSession:
    read = {key: found for key in parent_of if (found := _read_message(raw[key], key, context))}
    messages, branches, path_mark = threaded(read, parent_of, shown)
    return session(
        SOURCE,
        own_id,
        title=title(chat.get("title")),
        started=moment(chat.get("inserted_at")),
        last_activity=moment(chat.get("updated_at")),
        messages=messages,
        derived=(*marks, *path_mark),
        url=link("https://chat.deepseek.com/a/chat/s", address) if address else None,
        branches=branches,
    )


def _read_message(raw: Json, key: str, context: Context) -> Message | None:
    fragments = mappings(raw.get("fragments"))
    told = string(raw.get("role")).upper()
    person = told == "USER" if told else bool(fragments) and fragments[0].get("type") in _PERSON
    role: Role = "human" if person else "assistant"
    parts: list[Part] = []
    for fragment in fragments:
        parts += _fragment(fragment, role, context)
    if not fragments:
        parts += part("typed" if person else "answer", string(raw.get("content")))
        parts += part("thinking", string(raw.get("thinking_content")))
    parts += [
        attachment(mapping(sent).get("file_name") or mapping(sent).get("name")) for sent in sequence(raw.get("files"))
    ]
    if not parts:
        return None
    model = name(raw.get("model")) if role == "assistant" else None
    return Message(key, None, role, tuple(parts), moment(raw.get("inserted_at")), model)


def _fragment(fragment: Json, role: Role, context: Context) -> list[Part]:
    kind, content = fragment.get("type"), string(fragment.get("content"))
    said: Kind = "typed" if role == "human" else "answer"
    if kind in ("REQUEST", "RESPONSE", "TEMPLATE_RESPONSE"):
        return part(said, content)
    if kind == "THINK":
        return part("thinking", content)
    if kind == "FILE":
        return [attachment(fragment.get("file_name") or fragment.get("name"), content)]
    if kind in ("SEARCH", "TOOL_SEARCH", "READ_LINK", "TOOL_OPEN"):
        pages = mappings(fragment.get("results"))
        return [tool(kind, content), *references((page.get("url"), page.get("title")) for page in pages)]
    context.unknown(f"content type {kind}")
    return part(said, content, name(kind)) or [Part("other", "", name(kind))]


SHAPES = (items(SOURCE, _matches, each(_parse)), items(SOURCE, _matches_shared, each(_parse_shared)))
