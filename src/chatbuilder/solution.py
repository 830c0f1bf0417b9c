"""One platform's rendering of a blueprint: documents, files, and the plan of steps that provisioning delivers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from chatbuilder.blueprint import Blueprint

StepKind = Literal["folder", "file", "merge", "sql", "workbook", "http"]


@dataclass(frozen=True, slots=True)
class Ref:
    """An id that does not exist yet: what `path` (dotted, numbers index lists) leads to in a step's result.

    With `before`, the value is text that stands after it: Ref("target", "mark", "chatbuilder:v1:topics:").
    """

    step: str
    path: str = "id"
    before: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One delivery. `key` is stable across builds of the same answers; `payload` is JSON data that may hold `Ref`s.

    Kinds and their payloads:
    * folder: {path}; file: {path, text} or {path, base64}; paths are POSIX and relative to the target folder;
      a file with `if_absent`: true (Logseq's settings) is only written where there is none;
    * merge: {path, format: "json", values}: add keys to a settings file that may be the person's own;
    * sql: {dialect, statements: [...]}, one transaction; `system` (its name) marks the step with the system's own
      tables, `once` rows that later answers never touch, `moves` what becomes of values when a column gives way to
      another: [{had, needs, statements}];
    * workbook: {spec}: see `generators.common.workbook`;
    * http: {method, path, params?, query?, body?}: the exact request below the API's base URL; each `{name}` in the
      path stands for params[name] (usually a Ref). A mapping in the body may have a Ref as its key.

    No step is called "target": a Ref to it stands for what only delivery knows. Ref("target", "mark") is a short text
    that no other system has, by which delivery finds what a lost answer made; Ref("target", "workspace") is what
    Airtable needs and the answers leave open.

    More keys of an http payload are for delivery alone and never sent: `makes` (what it creates), `key`, `marker`,
    `optional` (why a refusal is no failure), `then` (see `Evolution`), `by_name` and `came` (rows of Airtable that come
    with others: nothing is sent while they do).
    """

    key: str
    title: str
    kind: StepKind
    payload: Mapping[str, Any]
    depends_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ManualStep:
    """Something only the person can do: why, and the exact clicks (Markdown lines)."""

    key: str
    title: str
    why: str
    how: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """Steps in an order that respects `depends_on`."""

    steps: tuple[Step, ...]

    def __iter__(self) -> Iterator[Step]:
        """Yield the steps in delivery order."""
        return iter(self.steps)

    def data(self) -> list[dict[str, Any]]:
        """Return the plan as the JSON contract of `chatbuilder plan` (DESIGN section 6)."""
        return [
            {
                "key": step.key,
                "title": step.title,
                "kind": step.kind,
                "payload": plain(step.payload),
                "depends_on": list(step.depends_on),
            }
            for step in self.steps
        ]


@dataclass(frozen=True, slots=True)
class Delivered:
    """What an earlier run delivered for one step: the payload with every Ref resolved, and its result."""

    payload: Mapping[str, Any]
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evolution:
    """How a system that exists gets to other answers: what to deliver now, and what stays though it is not asked for.

    A step whose delivered payload says the same keeps that payload. A step that changes carries the request that makes
    the difference, says so in its title, and has the whole payload of the new answers under `then`: the next evolution
    compares with that. Nothing that holds data is dropped or renamed; `kept` names what the answers no longer want.
    """

    plan: Plan
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class OutputFile:
    """One file of the export: a POSIX path relative to the export folder, and its content.

    Content is text, bytes, or a function that makes the bytes when somebody wants them (a workbook takes a while);
    the function must be pure: the same bytes each time.
    """

    path: str
    content: str | bytes | Callable[[], bytes]
    about: str = ""

    def data(self) -> bytes:
        """Return the bytes to write; text is UTF-8 with newline line ends."""
        if isinstance(self.content, str):
            return self.content.encode()
        return self.content if isinstance(self.content, bytes) else self.content()


@dataclass(frozen=True, slots=True)
class Document:
    """A Markdown page that a person reads."""

    key: str
    title: str
    markdown: str


@dataclass(frozen=True, slots=True)
class Solution:
    """Everything that is shown, exported and delivered for one platform. `guide` is also the export's README.md."""

    platform: str
    blueprint: Blueprint
    guide: Document
    documents: tuple[Document, ...]
    files: tuple[OutputFile, ...]
    plan: Plan
    manual: tuple[ManualStep, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict, hash=False)


def plain(value: Any) -> Any:
    """Return a payload as JSON data: a Ref becomes {"$ref": step, "path": path}."""
    if isinstance(value, Ref):
        return {"$ref": value.step, "path": value.path, **({"before": value.before} if value.before else {})}
    if isinstance(value, Mapping):
        return {_plain_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def _plain_key(key: Any) -> str:
    return f"$ref:{key.step}#{key.path}" if isinstance(key, Ref) else str(key)


def resolve(value: Any, results: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return a payload with every Ref replaced by the id found in earlier results; KeyError names a missing one."""
    if isinstance(value, Ref):
        return _follow(value, results)
    if isinstance(value, Mapping):
        return {resolve(key, results): resolve(item, results) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [resolve(item, results) for item in value]
    return value


def _follow(ref: Ref, results: Mapping[str, Mapping[str, Any]]) -> Any:
    found: Any = results[ref.step]
    for part in ref.path.split("."):
        found = found[int(part)] if isinstance(found, list) else found[part]
    return f"{ref.before}{found}" if ref.before else found


def json_text(value: Any) -> str:
    """Return JSON as the project writes it: two spaces, keys in given order, final newline."""
    return json.dumps(plain(value), indent=2, ensure_ascii=False) + "\n"
