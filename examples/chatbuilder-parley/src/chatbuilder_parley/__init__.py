"""The exports of Parley."""

from __future__ import annotations

from chatbuilder.importers.plugin import (
    ChatSession,
    ChatSource,
    Context,
    Json,
    Message,
    Role,
    Source,
    each,
    identifier,
    items,
    mappings,
    moment,
    part,
    session,
    straight,
    string,
    title,
)

_ROLES: dict[str, Role] = {"me": "human", "it": "assistant"}


def _matches(item: Json) -> bool:
    return isinstance(item.get("lines"), list) and "id" in item and "name" in item


def _parse(talk: Json, context: Context) -> ChatSession:
    context.unknown_fields(talk, frozenset(("id", "name", "lines")), "talk")
    said = straight([found for line in mappings(talk.get("lines")) if (found := _message(line, context))])
    return session("parley", identifier(talk.get("id")), title=title(talk.get("name")), messages=said)


def _message(line: Json, context: Context) -> Message | None:
    role = _ROLES.get(string(line.get("who")))
    if role is None:
        context.unknown(f"line of {line.get('who')}")
        return None
    said = string(line.get("said"))
    parts = part("typed", said) if role == "human" else part("answer", said)
    return Message(None, None, role, tuple(parts), moment(line.get("at")))


SOURCE = ChatSource(
    Source("parley", "Parley", "JSON export", fills=("title",), derives=("started", "last_activity")),
    shapes=(items("parley", _matches, each(_parse)),),
    places=(".parley/talks",),
)
