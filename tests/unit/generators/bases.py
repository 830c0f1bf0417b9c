"""A small Obsidian: reads a vault from texts and evaluates Bases, written from Obsidian's help and nothing of ours.

Like JavaScript, an empty value compares as zero; a method on an empty value is an error, but for `isEmpty`. Errors are
raised, so that a test notices an expression that only works by luck.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from ruamel.yaml import YAML

_TOKEN = re.compile(
    r"""\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<string>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<name>[A-Za-z_]\w*)"""
    r"""|(?P<op>\|\||&&|==|!=|<=|>=|[-+*/%!<>().,\[\]]))"""
)
_LINK = re.compile(r"\[\[([^\]|#]*)(?:#([^\]|]*))?(?:\|([^\]]*))?\]\]")
_UNITS = {"y": 365, "M": 30, "w": 7, "d": 1}


class BasesError(Exception):
    """Obsidian would show an error in place of the value."""


@dataclass(frozen=True)
class Date:
    moment: datetime.datetime

    def milliseconds(self) -> float:
        return self.moment.replace(tzinfo=datetime.UTC).timestamp() * 1000


@dataclass(frozen=True)
class Link:
    path: str


@dataclass
class Note:
    path: str
    text: str = field(repr=False)
    vault: Vault = field(repr=False)

    @cached_property
    def properties(self) -> dict[str, Any]:
        return split(self.text)[0]

    @property
    def body(self) -> str:
        return split(self.text)[1]

    @property
    def folder(self) -> str:
        return self.path.rpartition("/")[0]

    @cached_property
    def links(self) -> set[str]:
        texts = [self.body, *(str(item) for value in self.properties.values() for item in _as_list(value))]
        found = {self.vault.resolve(match[0]) for text in texts for match in _LINK.findall(text)}
        return found - {None}


@dataclass
class Vault:
    """Every file of a vault by path; `today` is the day it is looked at."""

    texts: dict[str, str]
    today: datetime.date
    notes: dict[str, Note] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.types = json.loads(self.texts.get(".obsidian/types.json", '{"types": {}}'))["types"]
        for path, text in self.texts.items():
            if path.endswith(".md"):
                self.notes[path] = Note(path, text, self)

    def resolve(self, target: str) -> str | None:
        return next((path for path in (f"{target}.md", target) if path in self.texts), None)

    def value(self, name: str, raw: Any) -> Any:
        """A property as Bases sees it: by the vault's type for dates, links where the text is one."""
        if isinstance(raw, list):
            return [self.value(name, item) for item in raw]
        if isinstance(raw, str):
            link = _LINK.fullmatch(raw)
            if link:
                return Link(self.resolve(link[1]) or link[1])
            if self.types.get(name) in ("date", "datetime"):
                return Date(datetime.datetime.fromisoformat(raw))
        return raw

    def base(self, path: str) -> dict[str, Any]:
        return yaml_of(self.texts[path])

    def rows(self, base: dict[str, Any], view: str, this: str | None = None) -> list[Note]:
        """The notes that a view shows, in no order."""
        chosen = next(item for item in base["views"] if item["name"] == view)
        filters = [item["filters"] for item in (base, chosen) if "filters" in item]
        return [note for note in self.notes.values() if all(self.passes(f, note, base, this) for f in filters)]

    def passes(self, filters: Any, note: Note, base: dict[str, Any], this: str | None = None) -> bool:
        if isinstance(filters, str):
            return truthy(self.evaluate(filters, note, base, this))
        assert len(filters) == 1, f"exactly one of and, or, not: {filters}"
        ((joint, parts),) = filters.items()
        results = (self.passes(part, note, base, this) for part in parts)
        return {"and": all, "or": any, "not": lambda r: not any(r)}[joint](results)

    def evaluate(self, text: str, note: Note, base: dict[str, Any], this: str | None = None) -> Any:
        return Run(self, note, base, self.notes[this] if this else None).of(parse(text))


@lru_cache(maxsize=2000)
def yaml_of(text: str) -> Any:
    loader = YAML(typ="safe", pure=True)
    loader.version = "1.2"
    return _plain_dates(loader.load(text))


def _plain_dates(data: Any) -> Any:
    """Obsidian reads dates as text and gives them a type by the property's name."""
    if isinstance(data, dict):
        return {key: _plain_dates(value) for key, value in data.items()}
    if isinstance(data, list):
        return [_plain_dates(item) for item in data]
    if isinstance(data, datetime.datetime):
        return data.strftime("%Y-%m-%dT%H:%M:%S")
    return data.isoformat() if isinstance(data, datetime.date) else data


@lru_cache(maxsize=2000)
def split(text: str) -> tuple[dict[str, Any], str]:
    """Front matter and body of a note."""
    if not text.startswith("---\n"):
        return {}, text
    block, mark, body = text[4:].partition("\n---\n")
    assert mark, "front matter without end"
    return yaml_of(block) or {}, body


def parse(text: str) -> Any:
    tokens, at = [], 0
    while at < len(text.rstrip()):
        match = _TOKEN.match(text, at)
        if not match:
            raise BasesError(f"cannot read {text[at:]!r}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        at = match.end()
    parser = Parser(tokens)
    tree = parser.binary(0)
    if parser.at != len(tokens):
        raise BasesError(f"left over in {text!r}: {tokens[parser.at :]}")
    return tree


_LEVELS = (("||",), ("&&",), ("==", "!="), ("<", "<=", ">", ">="), ("+", "-"), ("*", "/", "%"))


class Parser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at = tokens, 0

    def peek(self) -> str:
        kind, text = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        return text if kind == "op" else ""

    def take(self, text: str) -> None:
        if self.peek() != text:
            raise BasesError(f"expected {text!r} at {self.tokens[self.at :]}")
        self.at += 1

    def binary(self, level: int) -> Any:
        if level == len(_LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek() in _LEVELS[level]:
            op = self.peek()
            self.at += 1
            left = ("binary", op, left, self.binary(level + 1))
        return left

    def unary(self) -> Any:
        if self.peek() in ("!", "-"):
            op = self.peek()
            self.at += 1
            return ("unary", op, self.unary())
        return self.postfix(self.primary())

    def postfix(self, node: Any) -> Any:
        while self.peek() in (".", "["):
            if self.peek() == "[":
                self.at += 1
                index = self.binary(0)
                self.take("]")
                node = ("index", node, index)
                continue
            self.at += 1
            _, name = self.tokens[self.at]
            self.at += 1
            node = ("call", node, name, self.arguments()) if self.peek() == "(" else ("member", node, name)
        return node

    def arguments(self) -> list[Any]:
        self.take("(")
        found = []
        while self.peek() != ")":
            found.append(self.binary(0))
            if self.peek() == ",":
                self.at += 1
        self.take(")")
        return found

    def primary(self) -> Any:
        kind, text = self.tokens[self.at]
        self.at += 1
        if kind == "number":
            return ("value", float(text) if "." in text else int(text))
        if kind == "string":
            return ("value", json.loads(text) if text[0] == '"' else text[1:-1])
        if kind == "name":
            if self.peek() == "(":
                return ("function", text, self.arguments())
            return {"true": ("value", True), "false": ("value", False), "null": ("value", None)}.get(
                text, ("name", text)
            )
        if text != "(":
            raise BasesError(f"unexpected {text!r}")
        node = self.binary(0)
        self.take(")")
        return node


@dataclass
class Run:
    """Evaluates one expression for one note."""

    vault: Vault
    note: Note
    base: dict[str, Any]
    this: Note | None
    local: dict[str, Any] = field(default_factory=dict)

    def of(self, tree: Any) -> Any:
        return getattr(self, f"_{tree[0]}")(*tree[1:])

    def _value(self, value: Any) -> Any:
        return value

    def _name(self, name: str) -> Any:
        if name in self.local:
            return self.local[name]
        return {"file": self.note, "this": self.this}.get(name, self._property(name))

    def _property(self, name: str) -> Any:
        return self.vault.value(name, self.note.properties.get(name))

    def _unary(self, op: str, part: Any) -> Any:
        value = self.of(part)
        return not truthy(value) if op == "!" else -number(value)

    def _binary(self, op: str, left: Any, right: Any) -> Any:
        a = self.of(left)
        if op in ("&&", "||"):
            return a if truthy(a) == (op == "||") else self.of(right)
        return operate(op, a, self.of(right))

    def _index(self, holder: Any, index: Any) -> Any:
        items, at = self.of(holder), self.of(index)
        if isinstance(items, dict):
            return items.get(at)
        return items[at] if at < len(items) else None

    def _member(self, holder: Any, name: str) -> Any:
        if holder == ("name", "note"):
            return self._property(name)
        if holder == ("name", "formula"):
            return self.of(parse(self.base["formulas"][name]))
        value = self.of(holder)
        if isinstance(value, Note):
            return self._file(value, name)
        if isinstance(value, dict):
            return self.vault.value(name, value.get(name))
        if name == "length" and isinstance(value, (list, str)):
            return len(value)
        raise BasesError(f"{name} of {value!r}")

    def _file(self, note: Note, name: str) -> Any:
        stem = note.path.rpartition("/")[2]
        plain = {"name": stem, "basename": stem.rpartition(".")[0], "path": note.path, "folder": note.folder}
        if name in plain:
            return plain[name]
        if name == "ext":
            return note.path.rpartition(".")[2]
        if name == "properties":
            return note.properties
        if name == "backlinks":
            return [Link(other.path) for other in self.vault.notes.values() if note.path in other.links]
        raise BasesError(f"file.{name}")

    def _function(self, name: str, arguments: list[Any]) -> Any:
        if name == "if":
            chosen = 1 if truthy(self.of(arguments[0])) else 2
            return self.of(arguments[chosen]) if chosen < len(arguments) else None
        values = [self.of(argument) for argument in arguments]
        if name == "today":
            return Date(datetime.datetime.combine(self.vault.today, datetime.time()))
        if name == "link":
            return Link(self.vault.resolve(values[0]) or values[0])
        if name == "list":
            return values[0] if isinstance(values[0], list) else [values[0]]
        if name == "number":
            return number(values[0])
        if name in ("min", "max"):
            return {"min": min, "max": max}[name](values)
        raise BasesError(f"no function {name}")

    def _call(self, holder: Any, name: str, arguments: list[Any]) -> Any:
        value = self.of(holder)
        if name == "isEmpty":
            return value is None or value in ("", [])
        if isinstance(value, list) and name in ("filter", "map", "reduce"):
            return self._each(value, name, arguments)
        values = [self.of(argument) for argument in arguments]
        for kind, methods in (
            (list, _LISTS), (Date, _DATES), (str, _STRINGS), ((int, float), _NUMBERS),
        ):  # fmt: skip
            if isinstance(value, kind) and name in methods:
                return methods[name](value, *values)
        if name == "asFile" and isinstance(value, Link):
            return self.vault.notes.get(value.path)
        if name == "inFolder" and isinstance(value, Note):
            return value.folder == values[0] or value.folder.startswith(f"{values[0]}/")
        raise BasesError(f"{name}() of {value!r}")

    def _each(self, items: list[Any], name: str, arguments: list[Any]) -> Any:
        acc = self.of(arguments[1]) if name == "reduce" else None
        out = []
        for item in items:
            run = Run(self.vault, self.note, self.base, self.this, {"value": item, "acc": acc})
            result = run.of(arguments[0])
            acc = result
            out += [result] if name == "map" else [item] if truthy(result) else []
        return acc if name == "reduce" else out


def truthy(value: Any) -> bool:
    return not (value is None or value is False or value == "" or (isinstance(value, (int, float)) and value == 0))


def number(value: Any) -> float:
    if isinstance(value, Date):
        return value.milliseconds()
    if value is None:
        return 0
    try:
        return float(value)
    except (TypeError, ValueError):
        return math.nan


def operate(op: str, a: Any, b: Any) -> Any:
    if op in ("==", "!="):
        return equal(a, b) == (op == "==")
    if op in ("<", "<=", ">", ">="):
        if not (isinstance(a, str) and isinstance(b, str)):
            a, b = number(a), number(b)
        return {"<": a < b, "<=": a <= b, ">": a > b, ">=": a >= b}[op]
    if isinstance(a, Date):
        found = re.fullmatch(r"(\d+)\s*([a-zA-Z]+)", b)
        days = int(found[1]) * _UNITS[found[2]]
        return Date(a.moment + datetime.timedelta(days=days if op == "+" else -days))
    if op == "+" and isinstance(a, str):
        return a + str(b)
    return {"+": lambda: a + b, "-": lambda: a - b, "*": lambda: a * b, "/": lambda: a / b, "%": lambda: a % b}[op]()


def equal(a: Any, b: Any) -> bool:
    a, b = (item.path if isinstance(item, (Link, Note)) else item for item in (a, b))
    return type(a) is type(b) and a == b if not _both_numbers(a, b) else a == b


def _both_numbers(a: Any, b: Any) -> bool:
    return all(isinstance(item, (int, float)) and not isinstance(item, bool) for item in (a, b))


def moment_format(date: Date, pattern: str) -> str:
    year, week, _ = date.moment.isocalendar()
    parts = {"YYYY": f"{date.moment:%Y}", "MM": f"{date.moment:%m}", "DD": f"{date.moment:%d}", "GGGG": str(year)}
    parts |= {"WW": f"{week:02}", "[W]": "W"}
    return re.sub(r"YYYY|GGGG|MM|DD|WW|\[W\]", lambda match: parts[match[0]], pattern)


def _key(value: Any) -> Any:
    return value.milliseconds() if isinstance(value, Date) else value


_LISTS = {
    "contains": lambda items, wanted: any(equal(item, wanted) for item in items),
    "sort": lambda items: sorted(items, key=_key),
    "reverse": lambda items: items[::-1],
}
_DATES = {
    "date": lambda date: Date(datetime.datetime.combine(date.moment.date(), datetime.time())),
    "format": moment_format,
}
_STRINGS = {"repeat": lambda text, count: text * count, "contains": lambda text, part: part in text}
_NUMBERS = {"round": lambda value: math.floor(value + 0.5), "toString": str}


def _as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
