"""ChatGPT's data export, all shapes from 2023 to 2026.

Order is `current_node` and the parent links: exports since 2026 have no `children`, and clocks tie. Custom
instructions are never messages; thoughts, tools and hidden texts are told from what people typed and read.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from chatbuilder.chats import ChatSession, Kind, Message, Part, Role
from chatbuilder.importers.common.session import (
    attachment,
    count_branches,
    nearest,
    newest_leaf,
    part,
    path_to,
    reading_order,
    references,
    session,
    tool,
)
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
    sequence,
    string,
    title,
    without_citations,
    word,
)

SOURCE = "chatgpt"
_new = tuple.__new__  # what a NamedTuple's own constructor ends in
_ROLES: dict[str, Role] = {"user": "human", "assistant": "assistant", "system": "system", "tool": "tool"}
_SAID: dict[Role, Kind] = {"human": "typed", "assistant": "answer", "system": "context", "tool": "tool"}
_CHAT_FIELDS = names(
    "id conversation_id title create_time update_time mapping current_node default_model_slug gizmo_id gizmo_type "
    "conversation_template_id is_archived is_starred pinned_time voice plugin_ids moderation_results safe_urls "
    "blocked_urls conversation_origin async_status disabled_tool_ids is_do_not_remember memory_scope "
    "is_study_mode is_read_only context_scopes owner sugar_item_id"
)
_MESSAGE_FIELDS = names("id author create_time update_time content status end_turn weight metadata recipient channel")


def _matches(item: Json) -> bool:
    nodes = item.get("mapping")
    return isinstance(nodes, dict) and "inserted_at" not in item and "chat_messages" not in item


def _parse(chat: Json, context: Context) -> ChatSession:
    nodes = chat.get("mapping")
    if not isinstance(nodes, dict):
        raise BadChat("it has no mapping of messages")
    context.unknown_fields(chat, _CHAT_FIELDS, "chat")
    try:
        parent_of: dict[str, str | None] = {key: node.get("parent") for key, node in nodes.items()}
    except AttributeError:  # a node that is no object
        nodes = {key: node for key, node in nodes.items() if isinstance(node, dict)}
        parent_of = {key: node.get("parent") for key, node in nodes.items()}
    branches, marks = count_branches(parent_of), []
    current = chat.get("current_node")
    if not isinstance(current, str) or current not in parent_of:
        current = newest_leaf(parent_of, lambda key: moment(_message(nodes, key).get("create_time")))
        marks = ["path"] if branches else []
    path = path_to(current, parent_of) if current is not None else []
    read: dict[str, Message] = {}
    before = None
    for key in path:
        message = nodes[key].get("message")
        if type(message) is not dict:
            continue
        found = _plain(message, key, before) or _read_message(message, key, before, True, context)
        if found:
            read[key] = found
            before = key
    if len(path) < len(parent_of):
        for key in reading_order(path, parent_of)[len(path) :]:
            if found := _read_message(_message(nodes, key), key, nearest(key, parent_of, read), False, context):
                read[key] = found
    own_id = identifier(chat.get("conversation_id")) or identifier(chat.get("id"))
    return session(
        SOURCE,
        own_id,
        title=title(chat.get("title")),
        started=moment(chat.get("create_time")),
        last_activity=moment(chat.get("update_time")),
        messages=list(read.values()),
        derived=marks,
        model=word(chat.get("default_model_slug")),
        archived=flag(chat.get("is_archived")),
        starred=True if moment(chat.get("pinned_time")) else flag(chat.get("is_starred")),
        branches=branches,
        **_place(chat, own_id),
    )


def _place(chat: Json, own_id: str | None) -> dict[str, str | None]:
    """A project's id begins with g-p-, a custom GPT's with g-; their names are not in the export."""
    gizmo = identifier(chat.get("gizmo_id")) or identifier(chat.get("conversation_template_id"))
    project = gizmo if gizmo and (gizmo.startswith("g-p-") or chat.get("gizmo_type") == "snorlax") else None
    base = "https://chatgpt.com"
    url = link(base, "g", project, "c", own_id or "") if project else link(base, "c", own_id or "")
    return {"project_id": project, "mode": None if project else gizmo, "url": url}


def _message(nodes: Json, key: str) -> Json:
    return mapping(nodes[key].get("message"))


def _plain(message: Json, key: str, parent: str | None) -> Message | None:
    """Read the most frequent message, one text and nothing around it; None for any other. This is for speed alone."""
    content, author, metadata = message.get("content"), message.get("author"), message.get("metadata")
    if type(content) is not dict or type(author) is not dict or not message.keys() <= _MESSAGE_FIELDS:
        return None
    pieces = content.get("parts")
    if content.get("content_type") != "text" or type(pieces) is not list or len(pieces) != 1:
        return None
    text, role = pieces[0], author.get("role")
    if type(text) is not str or "\ue200" in text or not text or text.isspace() or message.get("recipient") != "all":
        return None
    if message.get("channel") == "analysis":
        return None
    if metadata and (type(metadata) is not dict or _tells(metadata)):
        return None
    time = message.get("create_time")
    time = datetime.fromtimestamp(time, UTC) if type(time) is float and 0 < time < 4e9 else moment(time)
    if role == "user":
        return _new(Message, (key, parent, "human", (_new(Part, ("typed", text, None)),), time, None, True))
    if role == "assistant":
        model = word(metadata.get("model_slug")) if metadata else None
        return _new(Message, (key, parent, "assistant", (_new(Part, ("answer", text, None)),), time, model, True))
    return None


def _tells(metadata: Json) -> bool:
    """Whether there is more to a message than its text."""
    get = metadata.get
    return bool(get("attachments") or get("content_references") or get("citations") or _is_hidden(metadata))


def _read_message(message: Json, key: str, parent: str | None, active: bool, context: Context) -> Message | None:
    if not message:
        return None
    content = mapping(message.get("content"))
    if content.get("content_type") == "user_editable_context":
        context.skipped("custom instructions")
        return None
    if not message.keys() <= _MESSAGE_FIELDS:
        context.unknown_fields(message, _MESSAGE_FIELDS, "message")
    role, said = _who(message, context)
    parts = _parts(content, said, message, context)
    metadata = message.get("metadata")
    if metadata:
        parts += _around(mapping(metadata), parts)
    if not parts:
        return None
    model = word(mapping(metadata).get("model_slug")) if role == "assistant" else None
    return Message(key, parent, role, tuple(parts), moment(message.get("create_time")), model, active)


def _who(message: Json, context: Context) -> tuple[Role, Kind]:
    """Return whose message it is, and what its words are; an assistant that calls a tool is the tool."""
    told = mapping(message.get("author")).get("role")
    role = _ROLES.get(told) if isinstance(told, str) else None
    if role is None:
        context.unknown(f"role {told}")
        role = "tool"
    said, metadata = _SAID[role], mapping(message.get("metadata"))
    if role == "assistant" and _to_a_tool(message):
        role, said = "tool", "tool"
    if metadata and _is_hidden(metadata):
        said = "context"
    return role, said


def _is_hidden(metadata: Json) -> bool:
    return bool(metadata.get("is_visually_hidden_from_conversation") or metadata.get("is_user_system_message"))


def _to_a_tool(message: Json) -> bool:
    recipient = message.get("recipient", "all")
    return recipient not in ("all", "", None) or message.get("channel") == "analysis"


def _around(metadata: Json, parts: list[Part]) -> list[Part]:
    """Files that were sent along and pages that are cited."""
    found: list[Part] = []
    if metadata.get("attachments"):
        known = {piece.name for piece in parts if piece.kind == "attachment"}
        for sent in mappings(metadata["attachments"]):
            own, label = name(sent.get("id")), name(sent.get("name"))
            if own in known and not label:
                continue
            for piece in [piece for piece in parts if own and piece.kind == "attachment" and piece.name == own]:
                parts.remove(piece)  # the picture in the text is the file in the list, which has its name
            found.append(attachment(label or own))
    if metadata.get("content_references"):
        found += references(
            (page.get("url"), page.get("title")) for page in mappings(metadata["content_references"]) if page.get("url")
        )
    elif metadata.get("citations"):
        pages = [mapping(cited.get("metadata")) for cited in mappings(metadata["citations"])]
        found += references((page.get("url"), page.get("title")) for page in pages)
    return found


def _parts(content: Json, said: Kind, message: Json, context: Context) -> list[Part]:
    kind = content.get("content_type")
    if kind == "text":
        return _text(content, said, message)
    read = _READERS.get(kind) if isinstance(kind, str) else None
    if read:
        return read(content, said, message)
    context.unknown(f"content type {kind}")
    return _unknown(content, said, kind)


def _text(content: Json, said: Kind, message: Json) -> list[Part]:
    pieces = content.get("parts")
    if type(pieces) is list and len(pieces) == 1 and type(pieces[0]) is str:
        text = pieces[0]
    else:
        text = joined(piece for piece in sequence(pieces) if isinstance(piece, str)) or string(content.get("text"))
    if said == "tool" and string(message.get("recipient")).startswith("canmore."):
        return _canvas(text, message)
    return part(said, without_citations(text))


def _canvas(text: str, message: Json) -> list[Part]:
    """A canvas document is what the assistant hands over, in the arguments of a tool call."""
    try:
        document = mapping(json.loads(text))
    except (ValueError, RecursionError):
        document = {}
    if message["recipient"] == "canmore.create_textdoc" and string(document.get("content")):
        return [attachment(document.get("name") or "canvas", string(document["content"]))]
    return [tool(message["recipient"], text)]


def _multimodal(content: Json, said: Kind, message: Json) -> list[Part]:
    found: list[Part] = []
    for piece in sequence(content.get("parts")):
        if isinstance(piece, str):
            found += part(said, without_citations(piece))
            continue
        kind, inner = string(mapping(piece).get("content_type")), mapping(piece)
        if kind == "audio_transcription":
            found += part(said, string(inner.get("text")))
        elif "asset_pointer" in inner or kind.endswith("asset_pointer"):
            found.append(attachment(_asset(inner)))
        elif inner:
            found += _unknown(inner, said, kind)
    return found


def _asset(piece: Json) -> str:
    """file-service://file-abc, sediment://file_abc: the id after the scheme."""
    inner = mapping(piece.get("audio_asset_pointer"))
    return string(piece.get("asset_pointer") or inner.get("asset_pointer")).rpartition("//")[2] or "a recording"


def _code(content: Json, said: Kind, message: Json) -> list[Part]:
    text = string(content.get("text")) or string(mapping(message.get("metadata")).get("finished_text"))
    if said == "tool" and string(message.get("recipient")).startswith("canmore."):
        return _canvas(text, message)
    if said == "answer" and text.strip():
        language = string(content.get("language"))
        text = f"```{language if language.isalnum() and language != 'unknown' else ''}\n{text}\n```"
    return part(said, text)


def _thoughts(content: Json, said: Kind, message: Json) -> list[Part]:
    thoughts = mappings(content.get("thoughts"))
    return part(
        "thinking", joined(joined((string(t.get("summary")), string(t.get("content"))), "\n") for t in thoughts)
    )


def _recap(content: Json, said: Kind, message: Json) -> list[Part]:
    return part("thinking", string(content.get("content")))


def _noise(content: Json, said: Kind, message: Json) -> list[Part]:
    return [tool(mapping(message.get("author")).get("name") or content.get("name"), _body(content))]


def _quote(content: Json, said: Kind, message: Json) -> list[Part]:
    return [*_noise(content, said, message), *references([(content.get("url"), content.get("title"))])]


def _unknown(content: Json, said: Kind, kind: object) -> list[Part]:
    """Words in a type that is not known are kept as words; anything else only as its type."""
    words = joined(piece for piece in sequence(content.get("parts")) if isinstance(piece, str))
    words = words or string(content.get("text"))
    return part(said, without_citations(words), name(kind)) or [Part("other", "", name(kind))]


def _body(content: Json) -> dict[str, Any]:
    return {key: value for key, value in content.items() if key not in ("content_type", "name", "url", "title")}


_READERS: dict[str, Callable[[Json, Kind, Json], list[Part]]] = {
    "multimodal_text": _multimodal,
    "code": _code,
    "thoughts": _thoughts,
    "reasoning_recap": _recap,
    "execution_output": _noise,
    "tether_quote": _quote,
    "tether_browsing_display": _noise,
    "tether_browsing_code": _noise,
    "sonic_webpage": _quote,
    "system_error": _noise,
    "computer_output": _noise,
    "app_pairing_content": _noise,
    "citable_code_output": _noise,
}

SHAPES = (items(SOURCE, _matches, each(_parse)),)
