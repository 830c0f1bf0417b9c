"""Codex's session logs ("rollouts").

Files that share a session's id are one chat. A typed prompt is written twice, as an item and as an event; what the
program puts in looks like a prompt and is told by its first words.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import PurePosixPath

from chatbuilder.chats import ChatSession, Kind, Message, Part
from chatbuilder.importers.common.session import attachment, part, session, straight, tool
from chatbuilder.importers.common.shape import Context, Found, Log, lines
from chatbuilder.importers.common.values import (
    Json,
    identifier,
    joined,
    mapping,
    mappings,
    moment,
    name,
    names,
    string,
    title,
)

SOURCE = "codex"
_TYPES = names("session_meta response_item event_msg turn_context compacted world_state")
_PROGRAM = (
    "<environment_context>", "<user_instructions>", "<INSTRUCTIONS>", "# AGENTS.md instructions", "<permissions",
    "<turn_aborted>", "<skill", "<subagent_notification>", "<user_action>", "<collaboration_mode>",
    "<app-context>", "<apps_instructions>", "<user_shell_command>", "<model_switch>",
)  # fmt: skip
_CALLS = names(
    "function_call custom_tool_call web_search_call local_shell_call tool_call tool_search_call image_generation_call"
)
_RESULTS = names("function_call_output custom_tool_call_output tool_result tool_search_output")
_SAFE_ID = re.compile(r"[\w-]{1,100}")


def _matches(head: Sequence[Json]) -> bool:
    first = head[0]
    oldest = "id" in first and "timestamp" in first and ("instructions" in first or "git" in first)
    index = "id" in first and "thread_name" in first
    return oldest or index or any(line.get("type") in _TYPES and isinstance(line.get("payload"), dict) for line in head)


@dataclass(slots=True)
class _Session:
    """What the lines of one session tell so far; `events` are messages that may be written as items, too."""

    context: Context
    meta: Json = field(default_factory=dict)
    model: str | None = None
    folder: str | None = None
    messages: list[tuple[Message, bool]] = field(default_factory=list)


def _read(logs: Sequence[Log]) -> Found:
    titles: dict[str, str] = {}
    sessions: dict[str, list[Log]] = {}
    for number, log in enumerate(logs):
        if "thread_name" in log.head[0]:
            titles |= _index(log)
        else:
            sessions.setdefault(_own_id(log) or f"?{number}", []).append(log)
    for own_id, parts in sessions.items():
        yield from _one(own_id, sorted(parts, key=_begin), titles.get(own_id))


def _index(log: Log) -> dict[str, str]:
    """The names of sessions; of several the last one holds."""
    rows = [mapping(element.value) for element in log.lines()]
    return {own: told for row in rows if (own := identifier(row.get("id"))) and (told := title(row.get("thread_name")))}


def _meta(line: Json) -> Json:
    payload = mapping(line.get("payload"))
    return mapping(payload.get("meta")) or payload


def _own_id(log: Log) -> str | None:
    for line in log.head:
        if line.get("type") == "session_meta":
            return identifier(_meta(line).get("id"))
    return identifier(log.head[0].get("id"))


def _begin(log: Log) -> str:
    return string(log.head[0].get("timestamp"))


def _one(own_id: str, logs: list[Log], label: str | None) -> Found:
    context = logs[0].context
    return context.attempt(lambda: _parse(own_id, logs, label), context.place())


def _parse(own_id: str, logs: list[Log], label: str | None) -> ChatSession | None:
    found = _Session(logs[0].context)
    for log in logs:
        for element in log.lines():
            if isinstance(element.value, dict):
                _line(element.value, found)
            elif element.bad and element.bad.code == "truncated":
                found.context.skipped("cut line")
            else:
                found.context.unknown("line that is not JSON")
    messages = _once(found)
    if not messages:
        found.context.skipped("never used")
        return None
    known = None if own_id.startswith("?") else own_id
    project = PurePosixPath(found.folder.replace("\\", "/")).name if found.folder else None
    return session(
        SOURCE,
        known or name(logs[0].context.stem),
        title=label,
        started=moment(found.meta.get("timestamp")),
        messages=straight([message._replace(id=str(number)) for number, message in enumerate(messages)]),
        derived=[*(["project"] if project else []), *([] if known else ["source_id"])],
        model=found.model,
        project_id=found.folder,
        project=project or None,
        command=f"codex resume {known}" if known and _SAFE_ID.fullmatch(known) else None,
    )


def _line(line: Json, found: _Session) -> None:
    kind, payload, time = line.get("type"), mapping(line.get("payload")), moment(line.get("timestamp"))
    if kind == "session_meta":
        meta = _meta(line)
        found.meta = found.meta or meta
        found.folder = found.folder or name(meta.get("cwd"))
    elif kind == "turn_context":
        found.model = name(payload.get("model")) or found.model
        found.folder = found.folder or name(payload.get("cwd"))
    elif kind == "response_item":
        _item(payload, time, found)
    elif kind == "event_msg":
        _event(payload, time, found)
    elif kind is None and "timestamp" in line:
        found.meta = found.meta or line  # the oldest format's first line
    elif kind is not None and kind not in _TYPES and not payload:
        _item(line, time, found)  # the oldest format: items without an envelope
    elif kind not in _TYPES and "record_type" not in line:
        found.context.unknown(f"line type {kind}")


def _item(item: Json, time: datetime | None, found: _Session) -> None:
    kind = item.get("type")
    if kind == "message":
        _message(item, time, found)
    elif kind == "reasoning":
        words = joined(string(piece.get("text")) for key in ("summary", "content") for piece in mappings(item.get(key)))
        _add(part("thinking", words), "assistant", time, found)
    elif kind in _CALLS:
        label = item.get("name") or mapping(item.get("function")).get("name") or kind
        call = tool(label, item.get("arguments") or item.get("input") or item.get("action"))
        _add([call], "tool", time, found)
    elif kind in _RESULTS:
        _add([tool(item.get("name"), item.get("output", item.get("result")))], "tool", time, found)
    elif kind not in ("ghost_snapshot", "compaction", "compaction_summary"):
        found.context.unknown(f"item type {kind}")


def _message(item: Json, time: datetime | None, found: _Session) -> None:
    role = item.get("role")
    if role in ("developer", "system"):
        found.context.skipped("instructions")
        return
    if role not in ("user", "assistant"):
        found.context.unknown(f"role {role}")
        return
    said: Kind = "typed" if role == "user" else "answer"
    parts: list[Part] = []
    for piece in mappings(item.get("content")):
        kind = piece.get("type")
        if kind in ("input_text", "output_text", "text"):
            text = string(piece.get("text"))
            parts += part("context" if said == "typed" and text.lstrip().startswith(_PROGRAM) else said, text)
        elif kind in ("input_image", "input_file", "image"):
            parts.append(attachment(piece.get("filename") or "picture"))
        else:
            found.context.unknown(f"content type {kind}")
    _add(parts, "human" if role == "user" else "assistant", time, found)


def _event(event: Json, time: datetime | None, found: _Session) -> None:
    kind, words = event.get("type"), string(event.get("message"))
    if kind == "user_message":
        said: Kind = "context" if words.lstrip().startswith(_PROGRAM) else "typed"
        _add(part(said, words), "human", time, found, event=True)
    elif kind == "agent_message":
        _add(part("answer", words), "assistant", time, found, event=True)


def _add(parts: list[Part], role: str, time: datetime | None, found: _Session, event: bool = False) -> None:
    if parts:
        if role == "human" and all(piece.kind == "context" for piece in parts):
            role = "system"
        model = found.model if role == "assistant" else None
        found.messages.append((Message(None, None, role, tuple(parts), time, model), event))  # type: ignore[arg-type]


def _once(found: _Session) -> list[Message]:
    """Leave out events that are items as well, and lines that a resumed file copied."""
    items = {(message.role, message.text) for message, event in found.messages if not event}
    kept: dict[tuple[object, ...], Message] = {}
    for number, (message, event) in enumerate(found.messages):
        if event and (message.role, message.text) in items:
            continue
        copied = (message.role, message.time, message.parts) if message.time else (number,)
        if copied in kept:
            found.context.skipped("copied line")
        else:
            kept[copied] = message
    return list(kept.values())


SHAPES = (lines(SOURCE, _matches, _read),)
