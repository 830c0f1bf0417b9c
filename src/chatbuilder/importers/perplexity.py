"""Perplexity: the account's export, and what Perplexity Thread Exporter saves.

Times have no zone and are taken as UTC. Every entry is one question and its answer.
"""

from __future__ import annotations

from collections.abc import Iterable

from chatbuilder.chats import ChatSession, Message, Part
from chatbuilder.importers.common.session import part, references, session, straight
from chatbuilder.importers.common.shape import Context, each, items
from chatbuilder.importers.common.values import (
    Json,
    has_zone,
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
    web,
)

SOURCE = "perplexity"
_CHAT_FIELDS = names("context_uuid context_title created_at updated_at mode collection_uuid entries label query_status")


def _matches(item: Json) -> bool:
    return "context_uuid" in item and isinstance(item.get("entries"), list)


def _parse(chat: Json, context: Context) -> ChatSession:
    context.unknown_fields(chat, _CHAT_FIELDS, "chat")
    own_id = identifier(chat.get("context_uuid"))
    entries = mappings(chat.get("entries"))
    times = [chat.get("created_at"), chat.get("updated_at"), *(entry.get("created_at") for entry in entries)]
    return session(
        SOURCE,
        own_id,
        title=title(chat.get("context_title")),
        started=moment(chat.get("created_at")),
        last_activity=moment(chat.get("updated_at")),
        messages=_messages(entries, context),
        derived=_zone(times),
        project_id=identifier(chat.get("collection_uuid")),
        url=link("https://www.perplexity.ai/search", own_id or ""),
        mode=name(chat.get("mode")),
    )


def _matches_thread(item: Json) -> bool:
    if isinstance(item.get("conversations"), list) and "thread_id" in mapping(item.get("metadata")):
        return True
    return any("query_str" in entry for entry in mappings(item.get("entries"))[:3])


def _parse_thread(thread: Json, context: Context) -> ChatSession:
    about = mapping(thread.get("metadata")) or mapping(thread.get("thread_metadata"))
    entries = mappings(thread.get("conversations")) or mappings(thread.get("entries"))
    first = entries[0] if entries else {}
    slug = identifier(first.get("thread_url_slug"))
    own_id = identifier(first.get("context_uuid")) or identifier(about.get("thread_id")) or slug
    address = web(about.get("thread_url")) or (link("https://www.perplexity.ai/search", slug) if slug else None)
    times = [entry.get("timestamp") or entry.get("entry_created_datetime") for entry in entries]
    return session(
        SOURCE,
        own_id,
        title=title(about.get("thread_title")) or title(about.get("title")) or title(first.get("thread_title")),
        messages=_messages(entries, context),
        derived=_zone(times),
        url=address or (link("https://www.perplexity.ai/search", own_id) if own_id else None),
        mode=name(first.get("mode")),
    )


def _zone(times: Iterable[object]) -> tuple[str, ...]:
    return () if all(has_zone(time) for time in times) else ("time zone",)


def _messages(entries: list[Json], context: Context) -> list[Message]:
    found: list[Message] = []
    for entry in entries:
        key = identifier(entry.get("entry_uuid")) or identifier(entry.get("uuid"))
        time = moment(entry.get("created_at") or entry.get("timestamp") or entry.get("entry_created_datetime"))
        asked = part("typed", string(entry.get("query") or entry.get("query_str")))
        if asked:
            found.append(Message(f"{key}-question" if key else None, None, "human", tuple(asked), time))
        told = _answer(entry)
        if told:
            model = name(entry.get("model") or entry.get("display_model"))
            found.append(Message(f"{key}-answer" if key else None, None, "assistant", tuple(told), time, model))
        if not asked and not told:
            context.skipped("entry without content")
    return straight(found)


def _answer(entry: Json) -> list[Part]:
    told = string(entry.get("answer"))
    if not told:
        blocks = [mapping(block.get("markdown_block")) for block in mappings(entry.get("blocks"))]
        told = next((string(block.get("answer")) for block in blocks if block.get("answer")), "")
    pages = mappings(entry.get("sources"))
    return [
        *part("answer", joined([told])),
        *references((page.get("url"), page.get("title") or page.get("name")) for page in pages),
    ]


SHAPES = (items(SOURCE, _matches, each(_parse)), items(SOURCE, _matches_thread, each(_parse_thread)))
