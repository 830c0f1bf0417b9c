"""The command line tool llm, both generations of its logs.db.

Since 0.32 new logs go to threads, turns, messages and parts only; conversations and responses stay as they were.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from sqlite3 import Connection

from chatbuilder.chats import ChatSession, Message, Part, Role
from chatbuilder.importers.common.json_stream import decode
from chatbuilder.importers.common.session import attachment, part, session, straight, threaded, tool
from chatbuilder.importers.common.shape import Context, Found, columns, table_names, tables
from chatbuilder.importers.common.values import BadChat, Json, identifier, mapping, moment, name, string, title

SOURCE = "llm"
_OLD = {"conversations", "responses"}
_NEW = {"threads", "turns", "messages", "parts"}
_ROLES: dict[str, Role] = {"user": "human", "assistant": "assistant", "system": "system", "tool": "tool"}
_RESPONSES = """
    SELECT id, model, prompt, system, response, datetime_utc, {reasoning} FROM responses
    WHERE conversation_id IS ? ORDER BY datetime_utc, rowid
"""
_TURNS = """
    SELECT parent_message_hash, tip_message_hash, model, datetime_utc FROM turns WHERE thread_id = ? ORDER BY rowid
"""
_UPWARDS = """
    WITH RECURSIVE up(hash, parent_hash, role, steps) AS (
        SELECT hash, parent_hash, role, 0 FROM messages WHERE hash = ?
        UNION ALL SELECT m.hash, m.parent_hash, m.role, steps + 1 FROM messages m JOIN up ON m.hash = up.parent_hash
        WHERE steps < ?
    ) SELECT hash, parent_hash, role FROM up
"""


def _matches(connection: Connection) -> bool:
    names = table_names(connection)
    return names >= _NEW or names >= _OLD


def _read(connection: Connection, context: Context) -> Found:
    names = table_names(connection)
    threads = set()
    if names >= _NEW:
        for row in connection.execute("SELECT id, name, tip_message_hash, datetime_utc FROM threads ORDER BY rowid"):
            threads.add(row[0])
            yield from _attempt(_thread, connection, row, context)
    if names >= _OLD:
        for row in connection.execute("SELECT id, name, model FROM conversations ORDER BY rowid"):
            if row[0] in threads:
                context.skipped("conversation that went on as a thread")
            else:
                yield from _attempt(_conversation, connection, row, context)
        yield from _single(connection, context)


_Row = tuple[object, ...]


def _attempt(
    parse: Callable[[Connection, _Row, Context], ChatSession | None],
    connection: Connection,
    row: _Row,
    context: Context,
) -> Found:
    return context.attempt(lambda: parse(connection, row, context), f"{context.where}, {string(row[0])[:80]}")


def _conversation(connection: Connection, row: _Row, context: Context) -> ChatSession | None:
    own_id, label, model = row
    return _old_chat(_responses(connection, own_id), own_id, label, model, context)


def _single(connection: Connection, context: Context) -> Found:
    """Responses of early versions that belong to no conversation are a chat each."""
    for row in _responses(connection, None):
        yield from context.attempt(lambda row=row: _old_chat([row], row[0], None, row[1], context), context.where)  # type: ignore[misc]


def _responses(connection: Connection, own_id: object) -> list[_Row]:
    reasoning = "reasoning" if "reasoning" in columns(connection, "responses") else "NULL"
    return connection.execute(_RESPONSES.format(reasoning=reasoning), (own_id,)).fetchall()


def _old_chat(rows: list[_Row], own_id: object, label: object, model: object, context: Context) -> ChatSession | None:
    messages: list[Message] = []
    instructed = None
    for key, answering, prompt, system, response, when, reasoning in rows:
        time = moment(when)
        given = part("context", string(system)) if system != instructed else []
        if given:
            messages.append(Message(f"{key}-system", None, "system", tuple(given), time))
            instructed = system
        if typed := part("typed", string(prompt)):
            messages.append(Message(f"{key}-prompt", None, "human", tuple(typed), time))
        if told := [*part("thinking", string(reasoning)), *part("answer", string(response))]:
            messages.append(Message(f"{key}-response", None, "assistant", tuple(told), time, name(answering)))
    return session(SOURCE, identifier(own_id), title=title(label), messages=straight(messages), model=name(model))


def _thread(connection: Connection, row: _Row, context: Context) -> ChatSession | None:
    own_id, label, tip, began = row
    parent_of: dict[str, str | None] = {}
    roles: dict[str, str] = {}
    turns: dict[str, _Row] = {}
    tips = [tip] if isinstance(tip, str) else []
    for turn in connection.execute(_TURNS, (own_id,)):
        for end in turn[:2]:
            if isinstance(end, str):
                turns.setdefault(end, turn)
                tips.append(end)
    for end in tips:
        if end in parent_of:
            continue
        for key, parent, role in connection.execute(_UPWARDS, (end, context.limits.messages)):
            if key in parent_of:
                break
            parent_of[key], roles[key] = parent, string(role)
    read = {key: made for key in parent_of if (made := _new_message(connection, key, roles[key], turns, context))}
    messages, branches, marks = threaded(read, parent_of, tip if isinstance(tip, str) else None)
    return session(
        SOURCE,
        identifier(own_id),
        title=title(label),
        started=moment(began),
        messages=messages,
        derived=marks,
        branches=branches,
    )


def _new_message(
    connection: Connection, key: str, told: str, turns: dict[str, _Row], context: Context
) -> Message | None:
    role = _ROLES.get(told)
    if role is None:
        context.unknown(f"role {told}")
        return None
    parts: list[Part] = []
    wanted = "SELECT type, text, payload FROM parts WHERE message_hash = ? ORDER BY position"
    for kind, text, payload in connection.execute(wanted, (key,)):
        parts += _part(kind, string(text), _payload(payload), role, context)
    if not parts:
        return None
    turn = turns.get(key)
    model = name(turn[2]) if turn and role == "assistant" else None
    return Message(key, None, role, tuple(parts), moment(turn[3]) if turn else None, model)


def _payload(value: object) -> Json:
    if isinstance(value, str | bytes):
        with suppress(BadChat):
            return mapping(decode(value.encode() if isinstance(value, str) else value))
    return {}


def _part(kind: object, text: str, payload: Json, role: Role, context: Context) -> list[Part]:
    if kind == "text":
        said = {"human": "typed", "assistant": "answer", "system": "context"}.get(role, "tool")
        return part(said, text)  # type: ignore[arg-type]  # a Kind
    if kind in ("reasoning", "thinking"):
        return part("thinking", text)
    if kind in ("tool_call", "tool_result"):
        return [tool(payload.get("name"), text, payload)]
    if kind == "attachment":
        return [attachment(payload.get("path") or payload.get("url") or payload.get("type"))]
    context.unknown(f"part type {kind}")
    return [Part("other", text, name(kind))]


SHAPES = (tables(SOURCE, _matches, _read),)
