"""Claude Code's session logs.

Most lines are not the person's: tool results, sub-agents, summaries and what the program puts in are told from typed
prompts. One answer is several lines with one `message.id`. A resumed session copies old lines, so within a folder a
line counts only where it was written first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import PurePosixPath

from chatbuilder.chats import ChatSession, Kind, Message, Part, Role
from chatbuilder.importers.common.session import attachment, part, path_to, session, tool
from chatbuilder.importers.common.shape import Context, Found, Log, lines
from chatbuilder.importers.common.values import Json, identifier, mapping, mappings, moment, name, names, string, title

SOURCE = "claude-code"
_TYPES = ("user", "assistant", "summary", "system")
# Line types without a message; a new one is counted as unknown.
_SILENT = names(
    "system progress attachment file-history-snapshot queue-operation last-prompt permission-mode mode worktree- "
    "state pr-link agent-name agent-color agent-setting tag result speculation-accept content-replacement task- "
    "summary file-history-delta ai-title custom-title summary"
)
_COMMAND = re.compile(r"<command-name>\s*/?([^<]{1,200}?)\s*</command-name>")
_ARGUMENTS = re.compile(r"<command-args>(.*?)</command-args>", re.S)
_PROGRAM = (
    "<local-command-", "<bash-stdout>", "<bash-stderr>", "<bash-input>", "<system-reminder>", "<task-notification>",
    "<command-", "[Request interrupted", "Caveat: The messages below", "<user-memory-input>", "<ide_",
)  # fmt: skip
# Commands of the program itself; any other slash command is a prompt.
_LOCAL = names(
    "clear compact exit quit model login logout cost status config help resume memory mcp permissions doctor ide "
    "vim theme context usage hooks agents add-dir bashes tasks todos export rewind release-notes upgrade "
    "terminal-setup statusline output-style privacy-settings bug feedback fast effort plugin continue rename"
)
_SAFE_ID = re.compile(r"[\w-]{1,100}")


def _matches(head: Sequence[Json]) -> bool:
    return any(_is_line(line) for line in head)


def _is_line(line: Json) -> bool:
    if "projectHash" in line or not isinstance(line.get("type"), str):
        return False
    told = "uuid" in line or "leafUuid" in line or line["type"] in _TYPES
    return ("sessionId" in line and told) or (line["type"] == "summary" and "leafUuid" in line)


@dataclass(slots=True)
class _Session:
    """What the lines of one session tell so far."""

    context: Context
    messages: dict[str, Message] = field(default_factory=dict)
    parent_of: dict[str, str | None] = field(default_factory=dict)
    alias: dict[str, str] = field(default_factory=dict)  # lines of one answer stand for its first
    answers: dict[str, str] = field(default_factory=dict)  # message.id -> the first line
    titles: dict[str, str] = field(default_factory=dict)
    summaries: dict[str, str] = field(default_factory=dict)  # leafUuid -> summary
    last: str | None = None
    folder: str | None = None
    sidechain: int = 0


@dataclass(frozen=True, slots=True)
class _Log:
    own_id: str | None
    ended: str
    log: Log


def _read(logs: Sequence[Log]) -> Found:
    for _, inside in groupby(sorted(logs, key=lambda log: log.folder), key=lambda log: log.folder):
        known = sorted((_about(log) for log in inside), key=lambda about: (about.ended, about.own_id or ""))
        sessions: dict[str, list[Log]] = {}
        for number, about in enumerate(known):
            sessions.setdefault(about.own_id or f"?{number}", []).append(about.log)
        seen: set[int] = set()
        for own_id, parts in sessions.items():
            yield from _one(own_id, parts, seen, frozenset(sessions))


def _about(log: Log) -> _Log:
    """A resumed session ends after the one it copies, and its own id stands in its last lines."""
    tail = log.tail()
    ids = [found for line in tail if (found := identifier(line.get("sessionId")))]
    times = [time for line in tail if isinstance(time := line.get("timestamp"), str)]
    return _Log(ids[-1] if ids else None, times[-1] if times else "", log)


def _one(own_id: str, logs: list[Log], seen: set[int], others: frozenset[str]) -> Found:
    context = logs[0].context
    return context.attempt(lambda: _parse(own_id, logs, seen, others), context.place())


def _parse(own_id: str, logs: list[Log], seen: set[int], others: frozenset[str]) -> ChatSession | None:
    context = logs[0].context
    found = _Session(context)
    for line in _lines(logs, context):
        told = identifier(line.get("sessionId"))
        copied = told not in (None, own_id) and told in others
        key = identifier(line.get("uuid"))
        if copied or (key and hash(key) in seen):
            context.skipped("copied line")
            continue
        if key:
            seen.add(hash(key))
        _take(line, key, found)
    if found.messages:
        return _chat(own_id, found)
    context.skipped("sub-agent" if found.sidechain else "never used")
    return None


def _lines(logs: list[Log], context: Context) -> Iterator[Json]:
    for log in logs:
        for element in log.lines():
            if isinstance(element.value, dict):
                yield element.value
            elif element.bad and element.bad.code == "truncated":
                context.skipped("cut line")
            else:
                context.unknown("line that is not JSON")


def _take(line: Json, key: str | None, found: _Session) -> None:
    kind = string(line.get("type"))
    if line.get("isSidechain"):
        found.sidechain += 1
        found.context.skipped("sub-agent's line")
        return
    found.folder = found.folder or name(line.get("cwd"))
    for field_name, where in (("customTitle", "custom"), ("aiTitle", "ai")):
        if told := title(line.get(field_name)):
            found.titles[where] = told
    if kind == "summary" and title(line.get("summary")):
        found.summaries[string(line.get("leafUuid"))] = string(line["summary"]).strip()
    message = _message(line, kind, found) if kind in ("user", "assistant") else None
    if kind not in _SILENT and kind not in ("user", "assistant"):
        found.context.unknown(f"line type {kind}")
    if key or message:
        _place(line, key or f"line-{len(found.parent_of)}", message, found)


def _place(line: Json, key: str, message: Message | None, found: _Session) -> None:
    """Hang the line below its parent; a parent that is not here is the line before."""
    told = identifier(line.get("parentUuid")) or identifier(line.get("logicalParentUuid"))
    told = found.alias.get(told, told) if told else None
    parent = told if told in found.parent_of else found.last
    answer = identifier(mapping(line.get("message")).get("id")) if line.get("type") == "assistant" else None
    first = found.answers.get(answer) if answer else None
    if first and message:
        before = found.messages[first]
        found.messages[first] = before._replace(parts=before.parts + message.parts)
        found.alias[key] = found.alias.get(parent, parent) if parent and parent != first else first
        found.last = found.alias[key]
        return
    found.parent_of[key] = parent
    found.last = key
    if message:
        found.messages[key] = message._replace(id=key)
        if answer:
            found.answers[answer] = key


def _message(line: Json, kind: str, found: _Session) -> Message | None:
    raw = mapping(line.get("message"))
    human = kind == "user"
    content = raw.get("content")
    blocks = [{"type": "text", "text": content}] if isinstance(content, str) else mappings(content)
    put_in = bool(line.get("isMeta") or line.get("isCompactSummary") or line.get("isVisibleInTranscriptOnly"))
    parts: list[Part] = []
    for block in blocks:
        parts += _block(block, "context" if put_in else "typed" if human else "answer", found.context)
    if not parts:
        return None
    model = None if human else name(raw.get("model"))
    kinds = {piece.kind for piece in parts}
    role: Role = "human" if human else "assistant"
    if human and kinds <= {"tool", "context"}:
        role = "tool" if "tool" in kinds else "system"
    return Message(
        None, None, role, tuple(parts),
        moment(line.get("timestamp")), model if model != "<synthetic>" else None,
    )  # fmt: skip


def _block(block: Json, said: Kind, context: Context) -> list[Part]:
    kind = block.get("type")
    if kind == "text":
        return _words(string(block.get("text")), said)
    if kind in ("thinking", "redacted_thinking"):
        return part("thinking", string(block.get("thinking")))
    if kind in ("tool_use", "server_tool_use"):
        return [tool(block.get("name"), block.get("input"))]
    if kind in ("tool_result", "web_search_tool_result"):
        return [tool("result", block.get("content"))]
    if kind in ("image", "document"):
        return [attachment(block.get("title") or kind)] if said == "typed" else [tool(kind)]
    context.unknown(f"content type {kind}")
    return [Part("other", "", name(kind))]


def _words(text: str, said: Kind) -> list[Part]:
    """A slash command with a prompt behind it was typed; what the program wrote around commands was not."""
    if said == "typed" and text.lstrip().startswith(_PROGRAM):
        command, arguments = _COMMAND.search(text), _ARGUMENTS.search(text)
        if command and command[1] not in _LOCAL:
            return part("typed", f"/{command[1]} {arguments[1] if arguments else ''}".strip())
        return part("context", text)
    return part(said, text)


def _chat(own_id: str, found: _Session) -> ChatSession:
    inactive = _abandoned(found)
    messages = [
        message._replace(parent=_nearest(found.parent_of[key], found), active=key not in inactive)
        for key, message in found.messages.items()
    ]
    known = None if own_id.startswith("?") else own_id
    summary = _summary(found)
    folder = found.folder
    project = PurePosixPath(folder.replace("\\", "/")).name if folder else None
    return session(
        SOURCE,
        known or (next(iter(found.messages))),
        title=found.titles.get("custom") or found.titles.get("ai") or title(summary),
        messages=[message for message in messages if message.active] + [m for m in messages if not m.active],
        derived=[*(["project"] if project else []), *([] if known else ["source_id"])],
        project_id=folder,
        project=project or None,
        command=f"claude --resume {known}" if known and _SAFE_ID.fullmatch(known) else None,
        summary=summary,
        branches=_rewinds(found),
    )


def _summary(found: _Session) -> str | None:
    """The summary whose leaf is a line of this session; older versions also noted those of other sessions here."""
    own = [text for leaf, text in found.summaries.items() if leaf in found.parent_of or leaf in found.alias]
    if own:
        return own[-1]
    return next(iter(found.summaries.values())) if len(found.summaries) == 1 else None


def _abandoned(found: _Session) -> set[str]:
    """Messages below a prompt that was rewound, off the way to the last line. Parallel tool calls are no branches."""
    path = set(path_to(found.last, found.parent_of)) if found.last else set()
    left: dict[str, bool] = {}
    for key in found.parent_of:  # a parent always stands before
        parent = found.parent_of[key]
        message = found.messages.get(key)
        prompt = key not in path and message is not None and message.is_prompt
        left[key] = key not in path and (prompt or left.get(parent or "", False))
    return {key for key, gone in left.items() if gone and key in found.messages}


def _rewinds(found: _Session) -> int:
    """How many places have more than one prompt as continuation."""
    prompts = [found.parent_of[key] for key, message in found.messages.items() if message.is_prompt]
    return sum(1 for parent in set(prompts) if prompts.count(parent) > 1) if len(prompts) < 2000 else 0


def _nearest(parent: str | None, found: _Session) -> str | None:
    seen: set[str] = set()
    while parent is not None and parent not in found.messages and parent not in seen:
        seen.add(parent)
        parent = found.parent_of.get(parent)
    return parent


SHAPES = (lines(SOURCE, _matches, _read),)
