"""Claude's data export: flat zips, zips of zips, exports with and without content blocks and parent links.

`content` is what was said; `text` may hold placeholders and is used only where no text block exists.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from chatbuilder.chats import ChatSession, Kind, Message, Part, Role
from chatbuilder.importers.common.session import attachment, part, references, session, straight, threaded, tool
from chatbuilder.importers.common.shape import Context, each, items
from chatbuilder.importers.common.values import (
    BadChat,
    Json,
    flag,
    identifier,
    joined,
    link,
    mapping,
    mappings,
    moment,
    name,
    names,
    string,
    title,
    without_citations,
)

SOURCE = "claude"
_ROLES: dict[str, Role] = {"human": "human", "user": "human", "assistant": "assistant"}
_PLACEHOLDER = re.compile(r"(?:```\s*)?This block is not supported on your current device yet\.(?:\s*```)?")
_CHAT_FIELDS = names(
    "uuid conversation_uuid name summary created_at updated_at account chat_messages model project_uuid project "
    "is_starred current_leaf_message_uuid settings platform"
)
_MESSAGE_FIELDS = names(
    "uuid sender text content created_at updated_at attachments files parent_message_uuid index truncated "
    "files_v2 sync_sources stop_reason"
)


def _matches(item: Json) -> bool:
    return isinstance(item.get("chat_messages"), list)


def _parse(chat: Json, context: Context) -> ChatSession:
    told = chat.get("chat_messages")
    if not isinstance(told, list):
        raise BadChat("it has no chat_messages")
    context.unknown_fields(chat, _CHAT_FIELDS, "chat")
    read = [found for number, raw in enumerate(mappings(told)) if (found := _read_message(raw, number, context))]
    if mappings(told) and not read:
        raise BadChat(f"none of its {len(told)} messages says who wrote what", "malformed")
    messages, branches, marks = _ordered(read, mappings(told), identifier(chat.get("current_leaf_message_uuid")))
    own_id = identifier(chat.get("uuid")) or identifier(chat.get("conversation_uuid"))
    project = mapping(chat.get("project"))
    return session(
        SOURCE,
        own_id,
        title=title(chat.get("name")),
        started=moment(chat.get("created_at")),
        last_activity=moment(chat.get("updated_at")),
        messages=messages,
        derived=marks,
        model=name(chat.get("model")),
        project_id=identifier(chat.get("project_uuid")) or identifier(project.get("uuid")),
        project=name(project.get("name")),
        url=link("https://claude.ai/chat", own_id or ""),
        account=identifier(mapping(chat.get("account")).get("uuid")),
        summary=string(chat.get("summary")).strip() or None,
        starred=flag(chat.get("is_starred")),
        branches=branches,
    )


def _ordered(read: list[Message], told: list[Json], leaf: str | None) -> tuple[list[Message], int, tuple[str, ...]]:
    """Follow the parent links where the export has them; older exports are straight lines in the order of the file."""
    links = {
        found: identifier(raw.get("parent_message_uuid")) for raw in told if (found := identifier(raw.get("uuid")))
    }
    by_id = {message.id: message for message in read if message.id}
    if len(by_id) < len(read) or not any(parent in links for parent in links.values()):
        return straight(read), 0, ()
    return threaded(by_id, links, leaf)


def _read_message(raw: Json, number: int, context: Context) -> Message | None:
    context.unknown_fields(raw, _MESSAGE_FIELDS, "message")
    role = _ROLES.get(string(raw.get("sender")).lower())
    if role is None:
        context.unknown(f"sender {raw.get('sender')}")
        return None
    said: Kind = "typed" if role == "human" else "answer"
    parts: list[Part] = []
    for block in mappings(raw.get("content")):
        parts += _block(block, said, context)
    if not any(piece.kind == said for piece in parts):
        parts += part(said, without_citations(_PLACEHOLDER.sub("", string(raw.get("text")))).strip())
    for sent in mappings(raw.get("attachments")):
        parts.append(attachment(sent.get("file_name"), string(sent.get("extracted_content"))))
    names = {piece.name for piece in parts if piece.kind == "attachment"}
    for sent in mappings(raw.get("files")):
        if name(sent.get("file_name")) not in names:
            parts.append(attachment(sent.get("file_name")))
    if not parts:
        context.skipped("message without content")
        return None
    return Message(identifier(raw.get("uuid")), None, role, tuple(parts), moment(raw.get("created_at")))


def _block(block: Json, said: Kind, context: Context) -> list[Part]:
    kind = block.get("type")
    read = _BLOCKS.get(kind) if isinstance(kind, str) else None
    if read:
        return read(block, said)
    context.unknown(f"content type {kind}")
    return part(said, string(block.get("text")), name(kind)) or [Part("other", "", name(kind))]


def _text(block: Json, said: Kind) -> list[Part]:
    cited = [mapping(cite.get("details")) | cite for cite in mappings(block.get("citations"))]
    pages = references((cite.get("url"), cite.get("title")) for cite in cited)
    return [*part(said, without_citations(string(block.get("text")))), *pages]


def _thinking(block: Json, said: Kind) -> list[Part]:
    return part("thinking", string(block.get("thinking")))


def _tool_use(block: Json, said: Kind) -> list[Part]:
    """A document that the assistant wrote (an artifact, a file) is handed over; other calls are noise."""
    given = mapping(block.get("input"))
    content = string(given.get("content")) or string(given.get("file_text"))
    writes = block.get("name") == "create_file" or given.get("command") in ("create", "rewrite")
    if content and writes and block.get("name") in ("artifacts", "create_file"):
        return [attachment(given.get("title") or given.get("path") or given.get("id"), content)]
    return [tool(block.get("name"), given)]


def _tool_result(block: Json, said: Kind) -> list[Part]:
    pages = [piece for piece in mappings(block.get("content")) if piece.get("url")]
    cited = references((page.get("url"), page.get("title")) for page in pages)
    words = joined(
        [string(block.get("message")), *(string(piece.get("text")) for piece in mappings(block.get("content")))]
    )
    return [tool(block.get("name"), words), *cited]


def _nothing(block: Json, said: Kind) -> list[Part]:
    return []


_BLOCKS: dict[str, Callable[[Json, Kind], list[Part]]] = {
    "text": _text,
    "voice_note": _text,
    "thinking": _thinking,
    "redacted_thinking": _nothing,
    "tool_use": _tool_use,
    "tool_result": _tool_result,
    "token_budget": _nothing,
    "flag": _nothing,
}

SHAPES = (items(SOURCE, _matches, each(_parse)),)
