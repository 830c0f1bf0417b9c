"""What a chat becomes in a table of Chat Sessions, on every platform: one documented rule for each field.

Sync owns the values, seeds are set once, when the row is made, and so are the starts of a few fields of the person's
own. What a rule cannot tell stays empty.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Protocol

from chatbuilder.blueprint import Blueprint, Field, Table, TagRule, to_data
from chatbuilder.chats import ChatSession, Message
from chatbuilder.generators.common.keywords import keywords
from chatbuilder.generators.common.merging import Cell, digest
from chatbuilder.generators.common.text import clean, one_line

VERSION = 1
"""Changes when a rule below does, so that rows are worked out anew."""

TITLE_LIMIT, PROMPT_LIMIT, SUMMARY_LIMIT, NAMED = 2_000, 1_000, 10_000, 70  # characters
TRANSCRIPT = "transcript"


@dataclass(frozen=True, slots=True)
class Row:
    """One chat as a row: `values` are sync's, `seeds` and `starts` are only for a new row; all by field key.

    Values are plain: str, int, bool, ISO dates, UTC times, tuples of str for several choices, a tuple of titles for
    linked rows; None is empty. `said` is the transcript, prompts and answers on the active path, where it is wanted.
    """

    key: str
    title: str
    assistant: str
    values: Mapping[str, Any]
    seeds: Mapping[str, Any]
    starts: Mapping[str, Any]
    first_prompt: str = ""
    said: tuple[Message, ...] | None = None

    def all(self) -> dict[str, Any]:
        """Return everything a new row holds."""
        return {**self.starts, **self.values, **self.seeds}


@dataclass(frozen=True, slots=True)
class Payload:
    """What is delivered for one row, as its platform takes it; `size` in bytes, `cost` in requests."""

    data: Mapping[str, Any]
    size: int
    cost: float = 1.0


class Dialect(Protocol):
    """One platform's way to write a row: pure. States and payloads only mean something to its own provisioner."""

    def cells(self, row: Row) -> dict[str, Cell]:
        """Return what sync's fields hold once the row is written, the transcript too where it is wanted."""
        ...

    def read(self, state: Any) -> dict[str, Cell]:
        """Return what sync's fields hold in the row as it stands; those that are not there at all are left out.

        Raises `ValueError`, in words for people, when it cannot be read.
        """
        ...

    def new(self, row: Row, cells: Mapping[str, Cell], linked: Mapping[tuple[str, str], str]) -> Payload:
        """Return a new row with these cells. `linked` are the places of rows of other tables, by table and title."""
        ...

    def change(self, state: Any, row: Row, cells: Mapping[str, Cell], fields: Sequence[str]) -> Payload:
        """Return the change that writes these fields of the row that stands there, and nothing else."""
        ...

    def related(self, table: str, title: str) -> Payload:
        """Return a new row of another table."""
        ...


@dataclass(slots=True)
class RowMaker:
    """Makes the rows of one design.

    `rules` file new rows (None: those of the design); one for a field of sync's own, or a computed one, does nothing: a
    row without its Source ID is not found again once it is moved. `strict` platforms refuse a choice that is not among
    the options. `unlisted` counts the assistants that are not among them.
    """

    blueprint: Blueprint
    rules: Sequence[TagRule] | None = None
    strict: bool = False
    unlisted: Counter[str] = field(default_factory=Counter)
    _filing: list[tuple[Field, str, list[str]]] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        table = self.blueprint.sessions
        self._filing = [
            (table.field(rule.field), rule.value, [word.lower() for word in rule.words if word])
            for rule in (design_rules(self.blueprint) if self.rules is None else self.rules)
            if table.has(rule.field) and table.field(rule.field).owner in ("seed", "person")
        ]

    def stamp(self) -> str:
        """Return a digest of everything but the chat that decides what is in a row."""
        table = [to_data(f) for f in self.blueprint.sessions.fields if f.owner in ("sync", "seed")]
        return digest(json.dumps([VERSION, self.strict, table], sort_keys=True))

    def row(self, chat: ChatSession, *, transcript: bool = False) -> Row:
        """Return the row of a chat."""
        table = self.blueprint.sessions
        facts = _Facts(chat)
        values = {f.key: self._value(f, facts) for f in table.fields if f.owner == "sync"}
        seeds = {f.key: self._seed(f, facts) for f in table.fields if f.owner == "seed"}
        self._file(seeds, facts)
        said = facts.said if transcript else None
        return Row(chat.key, facts.title, chat.assistant, values, seeds, _starts(table, chat), facts.prompt, said)

    def _value(self, item: Field, facts: _Facts) -> Any:
        if item.key == "assistant":
            return self._assistant(item, facts.chat.assistant)
        return _RULES[item.key](facts) if item.key in _RULES else None

    def _assistant(self, item: Field, name: str) -> str | None:
        names = {option.casefold(): option for option in item.option_names()}
        found = names.get(name.casefold())
        if found is None:
            self.unlisted[name] += 1
        return found or (names.get("other") if self.strict else name)

    def _seed(self, item: Field, facts: _Facts) -> Any:
        if item.key == "title":
            return facts.title
        if item.key == "summary":
            return _cut(clean(facts.chat.summary or ""), SUMMARY_LIMIT) or None
        if item.key == "tags":
            return _fitting_labels(facts.chat.tags)
        if item.key == "project":
            return self._project(item, one_line(facts.chat.project or "", 200))
        return False if item.type == "checkbox" else None

    def _project(self, item: Field, name: str) -> Any:
        if item.relation:
            return (name,) if name else ()
        names = {option.casefold(): option for option in item.option_names()}
        return names.get(name.casefold(), None if self.strict else name or None)

    def _file(self, seeds: dict[str, Any], facts: _Facts) -> None:
        """Apply the tagging rules: what is empty is filled by the first rule that fits, labels are added."""
        table, filed = self.blueprint.sessions, False
        text = facts.text if self._filing else ""
        for item, value, words in self._filing:
            for word in words:
                if word in text:
                    filed = _apply(item, value, seeds, strict=self.strict) or filed
                    break
        if filed and table.has("auto_filed"):
            seeds["auto_filed"] = True


def design_rules(blueprint: Blueprint) -> tuple[TagRule, ...]:
    """Return the tagging rules of a design; none when it does not file by itself."""
    return tuple(rule for item in blueprint.automations if item.kind == "tagging" for rule in item.rules)


def _apply(item: Field, value: str, seeds: dict[str, Any], *, strict: bool) -> bool:
    now = seeds.get(item.key)
    if item.type == "multi_select":
        seeds[item.key] = tuple(dict.fromkeys((*(now or ()), value)))
        return value not in (now or ())
    if item.type == "long_text":
        seeds[item.key] = f"{now}, {value}" if now else value
        return True
    if now or (strict and item.type == "select" and value not in item.option_names()):
        return False
    seeds[item.key] = (value,) if item.relation else value
    return True


def _starts(table: Table, chat: ChatSession) -> dict[str, Any]:
    """Return what fields of the person's own begin with, as in every platform's empty row."""
    found: dict[str, Any] = {}
    for key in ("status", "access"):
        if table.has(key):
            names = table.field(key).option_names()
            found[key] = "Archived" if key == "status" and chat.archived and "Archived" in names else names[0]
    return found


class _Facts:
    """One chat, with what several rules need worked out once."""

    def __init__(self, chat: ChatSession) -> None:
        self.chat = chat
        self._words: str | None = None
        self.said = tuple(m for m in chat.messages if m.active and _is_said(m))
        self._texts = [m.text for m in self.said]
        self._prompts = [text for m, text in zip(self.said, self._texts, strict=True) if m.role == "human"]
        first = next(filter(None, self._prompts), "")
        self.prompt = _cut(clean(first).strip(), PROMPT_LIMIT)
        self.title = one_line(chat.title or "", TITLE_LIMIT) or one_line(self.prompt, NAMED) or "Untitled chat"

    @property
    def keywords(self) -> str:
        """Telling words."""
        if self._words is None:
            self._words = keywords(one_line(self.chat.title or "", TITLE_LIMIT), self._prompts)
        return self._words

    @property
    def text(self) -> str:
        """Where tagging rules look."""
        return f"{self.title}\n{self.prompt}\n{self.keywords}".lower()

    @property
    def duration(self) -> int | None:
        """Whole minutes from first to last message; unknown when one end is."""
        begin, end = self.chat.started, self.chat.last_activity
        return max(0, round((end - begin).total_seconds() / 60)) if begin and end else None

    @property
    def words(self) -> int:
        """Words in prompts and answers: what stands between spaces."""
        return sum(map(count_words, self._texts))


def _is_said(message: Message) -> bool:
    """Tell whether it is a prompt or an answer; the usual one, of a single piece of words, sooner than by asking it."""
    if len(message[3]) == 1 and message[3][0][0] in _USUAL.get(message[2], ()):
        return True
    return message.is_prompt or message.is_answer


_USUAL = {"human": ("typed",), "assistant": ("answer",)}
_APART = bytes(32 if chr(code).isspace() and code < 128 else 120 for code in range(256))
_WIDE = re.compile("[\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")  # spaces beyond ASCII


def count_words(text: str) -> int:
    """Return how many pieces stand between spaces: as many as `split` gives, without making them."""
    if not text.isascii() and _WIDE.search(text):
        return len(text.split())
    plain = text.encode("utf-8", "surrogatepass").translate(_APART)
    return plain.count(b" x") + plain.startswith(b"x")


def _started(length: int) -> Callable[[_Facts], str | None]:
    return lambda facts: (stamp(facts.chat.started) or "")[:length] or None


_RULES: dict[str, Callable[[_Facts], Any]] = {
    "started": lambda facts: stamp(facts.chat.started),
    "last_activity": lambda facts: stamp(facts.chat.last_activity),
    "messages": lambda facts: len(facts.said),
    "link": lambda facts: facts.chat.url or facts.chat.command,
    "model": lambda facts: one_line(facts.chat.model or "", 200) or None,
    "source_id": lambda facts: facts.chat.key,
    "external_id": lambda facts: facts.chat.source_id,
    "first_prompt": lambda facts: facts.prompt or None,
    "keywords": lambda facts: facts.keywords or None,
    "duration": lambda facts: facts.duration,
    "words": lambda facts: facts.words,
    "month": _started(7),
    "day": _started(10),
    "week": lambda facts: "{}-W{:02}".format(*facts.chat.started.isocalendar()[:2]) if facts.chat.started else None,
}
"""How sync's fields are worked out. Months, weeks (ISO) and days are those of the start, in UTC as the start is."""


def stamp(moment: datetime | None) -> str | None:
    """Return a moment in UTC, to the second, with a trailing Z."""
    return f"{moment.astimezone(UTC).isoformat()[:19]}Z" if moment else None


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def _fitting_labels(tags: Iterable[str]) -> tuple[str, ...]:
    lines = (one_line(tag, 100) for tag in islice(tags, 100))
    return tuple(dict.fromkeys(line for line in lines if line))
