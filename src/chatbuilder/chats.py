"""A chat as every source tells it: UTC, unknown is None, nothing invented, what a rule worked out is marked.

The importers make these, the library keeps them, the deployments show them. Plain data without pydantic: a large
export has hundreds of thousands of messages. Every text in here is clean: valid Unicode without NUL, lone surrogates
or control characters other than line feed and tab; what it says is data and never markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Literal, NamedTuple

Role = Literal["human", "assistant", "tool", "system"]
Kind = Literal["typed", "answer", "thinking", "tool", "context", "attachment", "reference", "other"]

ROLES: tuple[Role, ...] = ("human", "assistant", "tool", "system")


class Part(NamedTuple):
    """A piece of a message.

    Kinds: `typed`, what the person wrote; `answer`, what the assistant told the person; `thinking`; `tool`, calls,
    their results, errors and progress; `context`, what a program put in (instructions, environment, summaries of
    itself); `attachment`, a file or picture (`name`, the text only where the export holds its content);
    `reference`, a web page the answer cites (`name` its title, `text` its address); `other`, a type that this version
    does not know (`name`), with the text found in it.
    """

    kind: Kind
    text: str = ""
    name: str | None = None


class Message(NamedTuple):
    """One message. `parent` is the id of the message it follows; `active` says that it is on the active path."""

    id: str | None
    parent: str | None
    role: Role
    parts: tuple[Part, ...]
    time: datetime | None = None
    model: str | None = None
    active: bool = True

    @property
    def is_prompt(self) -> bool:
        """Whether the person typed it, or sent a file instead of words."""
        return self.role == "human" and _has(self.parts, "typed")

    @property
    def is_answer(self) -> bool:
        """Whether the assistant told the person something: words, or a file or picture."""
        return self.role == "assistant" and _has(self.parts, "answer")

    @property
    def text(self) -> str:
        """What a person reads: typed and answered words, paragraphs apart; no tool noise, no thinking."""
        if len(self.parts) == 1:
            kind, text, _ = self.parts[0]
            return text if kind in ("typed", "answer") else ""
        return "\n\n".join(part.text for part in self.parts if part.kind in ("typed", "answer") and part.text)


def _has(parts: tuple[Part, ...], kind: Kind) -> bool:
    found = False
    for part in parts:  # a plain loop: every message is asked
        found = found or part.kind in (kind, "attachment")
    return found


def tally(messages: Iterable[Message]) -> tuple[int, int, int]:
    """Return how many prompts and answers are on the active path, and how many messages are off it."""
    prompts = answers = off = 0
    for _, _, role, parts, _, _, active in messages:  # unpacked: this is asked of every message, more than once
        if not active:
            off += 1
        elif role == "human":
            prompts += parts[0][0] == "typed" or _has(parts, "typed")
        elif role == "assistant":
            answers += parts[0][0] == "answer" or _has(parts, "answer")
    return prompts, answers, off


@dataclass(frozen=True, slots=True)
class ChatSession:
    """One chat.

    * `source` is an id of `SOURCES`; `source_id` is stable across exports of the same account; together the `key`.
    * `started` and `last_activity` are aware datetimes in UTC, or None.
    * `messages` holds all branches; a parent stands before what follows it, and the active path is in reading order.
    * `model` is what answers on the active path named last, else what the chat itself names.
    * `project_id` is the source's own id (a working folder for agents), `project` its name where the source tells it.
    * `url` is a deep link (https), `command` resumes the chat in a shell; neither is guessed.
    * `archived` and `starred` (or pinned) are None where the source does not say; `mode` is the custom GPT, search or
      agent mode that the source names.
    * `branches` counts the messages with more than one continuation (0: a straight line).
    * `derived` names the fields above that a rule worked out from others, sorted: "title" (from the first prompt, or
      a file's name), "source_id" (a hash), "started" or "last_activity" (from the messages), "time zone" (the export
      names none; taken as UTC), "thread" (the export does not say which messages belong together; grouped by rule),
      "path" (the export does not say which branch is the active one; the newest is taken), "project" (a folder's name).
    """

    source: str
    source_id: str
    title: str | None
    started: datetime | None
    last_activity: datetime | None
    messages: tuple[Message, ...]
    model: str | None = None
    project_id: str | None = None
    project: str | None = None
    url: str | None = None
    command: str | None = None
    account: str | None = None
    summary: str | None = None
    tags: tuple[str, ...] = ()
    archived: bool | None = None
    starred: bool | None = None
    mode: str | None = None
    branches: int = 0
    derived: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The key of the chat everywhere: `source:source_id`."""
        return f"{self.source}:{self.source_id}"

    @property
    def assistant(self) -> str:
        """The product's name for people, such as "ChatGPT"; the source's id where it is not one of ours."""
        return assistant_of(self.source)

    def active_path(self) -> Iterator[Message]:
        """Yield the messages a person would see on opening the chat, first to last."""
        return (message for message in self.messages if message.active)

    @property
    def human(self) -> int:
        """How many prompts the person sent, on the active path."""
        return tally(self.messages)[0]

    @property
    def answers(self) -> int:
        """How many answers the assistant gave, on the active path; tool noise and thinking apart."""
        return tally(self.messages)[1]

    @property
    def first_prompt(self) -> str | None:
        """The first words the person typed, on the active path; None when there are none."""
        return next((message.text for message in self.active_path() if message.role == "human" and message.text), None)

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that is named, in order of appearance."""
        named = [message.model for message in self.messages if message.model]
        return tuple(dict.fromkeys([*named, self.model] if self.model else named))

    def content_hash(self) -> str:
        """Return 32 hex digits that change when anything above changes, and only then: stable across runs and machines.

        The order of messages counts. It is worked out on every call; keep it.
        """
        strings = [
            *_strings(self.source, self.source_id, self.title, self.started, self.last_activity, self.model),
            *_strings(self.project_id, self.project, self.url, self.command, self.account, self.summary),
            *_strings(self.archived, self.starred, self.mode, self.branches, *self.tags, *self.derived),
        ]
        for own, parent, role, parts, time, model, active in self.messages:
            strings.append(f"\0{own}\0{parent}\0{role}\0{time.timestamp() if time else None}\0{model}\0{active}")
            for kind, text, name in parts:
                strings.append(f"{kind}\0{name}\0{text}")
        return sha256("\0\0".join(strings).encode()).hexdigest()[:32]


def _strings(*values: object) -> Iterable[str]:
    return (_stamp(value) if isinstance(value, datetime) else str(value) for value in values)


def _stamp(moment: datetime | None) -> str:
    return str(moment.timestamp()) if moment else "None"


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of export.

    `assistant` is the product's name; `fills` are the fields of `ChatSession` that its exports can fill, `derives`
    those that a rule has to work out: what a preview can tell before an import.
    """

    id: str
    assistant: str
    export: str
    fills: tuple[str, ...]
    derives: tuple[str, ...] = ()


FIELDS = ("title", "started", "last_activity", "model", "project", "url", "command", "account", "summary", "tags",
          "archived", "starred", "branches")  # fmt: skip
"""What `Source.fills` and `Source.derives` choose from: the columns of a coverage table."""


def utc(moment: datetime) -> datetime:
    """Return an aware moment in UTC; one without a zone is taken as UTC (mark the chat `time zone` as derived)."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


_ALL = (
    Source("chatgpt", "ChatGPT", "data export (zip)",
           ("title", "started", "last_activity", "model", "project", "url", "archived", "starred", "branches")),
    Source("claude", "Claude", "data export (zip)",
           ("title", "started", "last_activity", "url", "account", "summary", "branches")),
    Source("gemini", "Gemini", "Google Takeout: My Activity, Gemini Apps (JSON or HTML)",
           ("url",), ("title", "started", "last_activity")),
    Source("aistudio", "Gemini", "Google AI Studio: prompt saved in Google Drive (JSON)",
           ("model",), ("title", "started", "last_activity")),
    Source("gemini-cli", "Gemini", "Gemini CLI: session logs",
           ("title", "started", "last_activity", "model", "project"), ("title", "project")),
    Source("perplexity", "Perplexity", "data export or thread export (JSON)",
           ("title", "started", "last_activity", "model", "project", "url"), ("title", "started", "last_activity")),
    Source("mistral", "Mistral", "Le Chat: data export (zip)", ("url",), ("title", "started", "last_activity")),
    Source("grok", "Grok", "data export (zip)",
           ("title", "started", "last_activity", "model", "url", "account", "summary", "starred", "branches")),
    Source("deepseek", "DeepSeek", "data export (zip) or shared chat (JSON)",
           ("title", "started", "last_activity", "model", "url", "branches")),
    Source("ms-copilot", "Microsoft Copilot", "activity history (CSV)", ("title",), ("started", "last_activity")),
    Source("vscode-copilot", "GitHub Copilot", "VS Code: Chat: Export Chat, or its stored sessions (JSON)",
           ("title", "started", "last_activity", "model", "account"), ("title", "started", "last_activity")),
    Source("copilot-cli", "GitHub Copilot", "Copilot CLI: session events (JSONL)",
           ("title", "started", "model", "project"), ("title", "last_activity")),
    Source("claude-code", "Claude Code", "session logs (JSONL)",
           ("title", "model", "project", "command", "summary", "branches"),
           ("title", "started", "last_activity", "project")),
    Source("codex", "Codex", "session logs (JSONL)",
           ("title", "started", "model", "project", "command"), ("title", "last_activity", "project")),
    Source("cursor", "Cursor", "local database",
           ("title", "started", "last_activity", "model", "archived")),
    Source("open-webui", "Open WebUI", "chat export (JSON) or its database",
           ("title", "started", "last_activity", "model", "project", "account", "tags", "archived", "starred",
            "branches")),
    Source("librechat", "LibreChat", "chat export (JSON)",
           ("title", "model", "branches"), ("started", "last_activity")),
    Source("lm-studio", "Local model", "LM Studio: conversation files (JSON)",
           ("title", "started", "last_activity", "model", "starred", "branches")),
    Source("llm", "llm", "logs.db",
           ("title", "started", "model", "branches"), ("title", "started", "last_activity")),
)  # fmt: skip

SOURCES = {source.id: source for source in _ALL}
"""Every kind of export that can be read, by id: ours, and those that `add_source` brought."""

_ID = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)
_ID_LIMIT = 40  # characters
_RESERVED = ("sample",)  # rows that a design brings along


def add_source(source: Source) -> None:
    """Make a foreign kind of export known. Raises `ValueError` for an id that is taken or is no id."""
    if not _ID.fullmatch(source.id) or len(source.id) > _ID_LIMIT or source.id in _RESERVED:
        raise ValueError(f"{source.id!r} cannot be an id: lower-case letters, digits and hyphens, {_ID_LIMIT} at most")
    if SOURCES.setdefault(source.id, source) is not source:
        raise ValueError(f"the id {source.id} is taken")


def assistant_of(source: str) -> str:
    """Return the product's name for people, the source itself where it is not one of ours."""
    known = SOURCES.get(source)
    return known.assistant if known else source
