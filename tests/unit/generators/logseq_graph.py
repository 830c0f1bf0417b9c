"""A small Logseq: reads pages from texts and runs their queries, written from what is known of Logseq OG 0.10.

Nothing of ours is used. `Mldoc` and `Engine` hold the real thing against it: Logseq's parser, and Datascript with sci.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

NODE_TOOLS = Path(__file__).resolve().parents[2] / "node"


# EDN


class Keyword(str):
    """:like-this, without the colon."""


class Symbol(str):
    """like-this or ?this."""


class Form(tuple):
    """(a list), while a [vector] is a Python list."""


_EDN = re.compile(
    r'[\s,]*(?:;[^\n]*\n[\s,]*)*(?:(?P<open>#\{|[(\[{])|(?P<close>[)\]}])|"(?P<text>(?:[^"\\]|\\.)*)"'
    r"|(?P<number>[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w?!*])|:(?P<keyword>[^\s,;\"()\[\]{}]+)"
    r"|(?P<symbol>[^\s,;\"()\[\]{}#\d:][^\s,;\"()\[\]{}]*))"
)
_CLOSES = {"(": ")", "[": "]", "{": "}", "#{": "}"}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "\\": "\\", '"': '"'}


def edn(text: str) -> Any:
    """Read one EDN form; ValueError for anything that the EDN reader of Logseq would refuse."""
    value, at = _edn_form(text, 0)
    if re.sub(r"[\s,]|;[^\n]*\n", "", text[at:]):
        raise ValueError(f"more after the form: {text[at : at + 40]!r}")
    return value


def _edn_form(text: str, at: int) -> tuple[Any, int]:
    found = _EDN.match(text, at)
    if not found or found["close"]:
        raise ValueError(f"no EDN at {text[at : at + 40]!r}")
    if found["open"]:
        return _edn_collection(text, found.end(), found["open"])
    if found["text"] is not None:
        return _edn_text(found["text"]), found.end()
    if found["number"]:
        number = float(found["number"])
        return (int(number) if number.is_integer() and "." not in found["number"] else number), found.end()
    if found["keyword"]:
        return Keyword(found["keyword"]), found.end()
    return {"true": True, "false": False, "nil": None}.get(found["symbol"], Symbol(found["symbol"])), found.end()


def _edn_collection(text: str, at: int, opened: str) -> tuple[Any, int]:
    items: list[Any] = []
    while True:
        found = _EDN.match(text, at)
        if found and found["close"]:
            if found["close"] != _CLOSES[opened]:
                raise ValueError(f"{opened} closed by {found['close']}")
            break
        item, at = _edn_form(text, at)
        items.append(item)
    if opened == "{":
        if len(items) % 2:
            raise ValueError("a map with an odd number of forms")
        keys = items[::2]
        if len({str(key) for key in keys}) != len(keys):
            raise ValueError("a key twice in a map")
        return dict(zip(keys, items[1::2], strict=True)), found.end()
    return {"(": Form, "[": list, "#{": frozenset}[opened](items), found.end()


def _edn_text(raw: str) -> str:
    def one(found: re.Match[str]) -> str:
        if found[1]:
            return chr(int(found[1], 16))
        if found[2] not in _ESCAPES:
            raise ValueError(f"\\{found[2]} is no escape in EDN")
        return _ESCAPES[found[2]]

    return re.sub(r"\\(?:u([0-9a-fA-F]{4})|(.))", one, raw)


# pages


@dataclass(frozen=True)
class Page:
    """One page: its title, properties as Logseq reads them, and the text."""

    path: str
    title: str
    properties: dict[str, Any]
    text: str


@dataclass(frozen=True)
class Query:
    """One query as it stands in a block, and the properties of that block."""

    page: str
    kind: str
    source: str
    properties: dict[str, str]


def read_pages(files: dict[str, str]) -> list[Page]:
    """Read the pages of a graph: path below the graph folder to text."""
    pages = []
    for path, text in files.items():
        properties = dict(_property_lines(text.splitlines()))
        title = properties.get("title") or path.removeprefix("pages/").removesuffix(".md").replace("___", "/")
        pages.append(Page(path, str(title), properties, text))
    return pages


def _property_lines(lines: list[str]) -> Iterator[tuple[str, Any]]:
    for line in lines:
        found = re.fullmatch(r"([^\s:]+):: ?(.*)", line)
        if not found:
            return
        yield found[1].lower().replace("_", "-"), property_value(found[1].lower(), found[2])


def property_value(key: str, raw: str) -> Any:
    """Return a property as Logseq stores it: page references become a set, whole numbers and booleans themselves."""
    value = raw.strip()
    if key == "title" or (len(value) > 1 and value[0] == value[-1] == '"'):
        return value
    refs = {found[1] for found in re.finditer(r"\[\[(.*?)\]\]", value)}
    refs |= {found[1] for found in re.finditer(r"(?:^|[\s(\[])#([^\s#,\[\]]+)", value)}
    if not refs and key in ("tags", "alias"):
        refs = {part.strip() for part in value.split(",") if part.strip()}
    if refs:
        return frozenset(refs)
    return {"true": True, "false": False}.get(value, int(value) if re.fullmatch("[0-9]+", value) else value)


def queries(page: Page) -> list[Query]:
    """Return the queries of a page, in order."""
    found = []
    for block in re.split(r"\n(?=\t*-)", page.text):
        lines = [re.sub(r"^\t*(- |-$|  )", "", line) for line in block.splitlines()]
        properties = dict(re.fullmatch(r"(\S+):: (.*)", line).groups() for line in lines if re.match(r"\S+:: ", line))
        body = "\n".join(lines)
        if advanced := re.search(r"#\+BEGIN_QUERY\n(.*)\n#\+END_QUERY", body, re.DOTALL):
            found.append(Query(page.title, "advanced", advanced[1], properties))
        elif simple := re.search(r"\{\{query (.*)\}\}", body):
            found.append(Query(page.title, "simple", simple[1], properties))
    return found


# Datalog


def run(query: Query, pages: list[Page], today: date) -> list[str]:
    """Return the titles of the pages that a query finds."""
    facts = [{"block/original-name": page.title, "block/name": page.title.lower(), "p": page} for page in pages]
    for fact in facts:
        fact["block/properties"] = fact.pop("p").properties
    if query.kind == "simple":
        quoted = re.sub(r"\[\[(.*?)\]\]", r'"[[\1]]"', query.source)
        form, given, rules = [Symbol("?p")], {}, []
        where = [_simple(edn(quoted))]
    else:
        form = edn(query.source)
        parts = _sections(form[Keyword("query")])
        where = parts["where"]
        names, values = parts.get("in", [])[1:], form.get(Keyword("inputs"), [])
        given = {name: _input(value, today) for name, value in zip(names, values, strict=False) if name != "%"}
        rules = values[names.index("%")] if "%" in names and len(values) == len(names) else []
    solver = _Solver(facts, rules)
    found = {id(env["?p"]): env["?p"] for env in solver.solve(where, [dict(given)])}
    return sorted(fact["block/original-name"] for fact in found.values())


def _sections(query: list[Any]) -> dict[str, list[Any]]:
    sections: dict[str, list[Any]] = {}
    for item in query:
        if isinstance(item, Keyword):
            current = sections.setdefault(str(item), [])
        else:
            current.append(item)
    return sections


def _input(value: Any, today: date) -> int:
    days = 0 if value == "today" else int(re.fullmatch(r"([+-]\d+)d", value)[1])
    return int((today + timedelta(days=days)).strftime("%Y%m%d"))


def _simple(form: Any) -> Form:
    op, *parts = form
    if op == "page-property":
        wanted = parts[1]
        page = re.fullmatch(r"\[\[(.*)\]\]", wanted) if isinstance(wanted, str) else None
        return Form((Symbol("page-property"), Symbol("?p"), Keyword(parts[0]), page[1] if page else wanted))
    if op == "not":
        return Form((Symbol("not-join"), [Symbol("?p")], _simple(parts[0])))
    if op == "or":
        return Form((Symbol("or-join"), [Symbol("?p")], *map(_simple, parts)))
    assert op == "and"
    return Form((Symbol("and"), *map(_simple, parts)))


class _Solver:
    """Datalog over the facts, as far as pages of ours use it: an unknown function or form is an error."""

    def __init__(self, facts: list[dict[str, Any]], rules: list[Any]) -> None:
        self.facts = facts
        self.rules = rules

    def solve(self, clauses: list[Any], envs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        for clause in clauses:
            envs = [new for env in envs for new in self._step(clause, env)]
        return envs

    def _step(self, clause: Any, env: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if isinstance(clause, Form):
            yield from self._form(clause, env)
        elif isinstance(clause[0], Form):
            yield from self._call(clause, env)
        else:
            yield from self._pattern(clause, env)

    def _form(self, clause: Form, env: dict[str, Any]) -> Iterator[dict[str, Any]]:
        op, *parts = clause
        if op == "and":
            yield from self.solve(parts, [env])
        elif op == "not-join":
            if not self.solve(parts[1:], [self._only(parts[0], env)]):
                yield env
        elif op == "or-join":
            names, *branches = parts
            if all(name in env for name in names):
                if any(self.solve([branch], [self._only(names, env)]) for branch in branches):
                    yield env
                return
            for branch in branches:
                for found in self.solve([branch], [self._only(names, env)]):
                    yield {**env, **{name: found[name] for name in names}}
        elif op == "page-property":
            yield from self._page_property(parts, env)
        else:
            yield from self._rule(op, parts, env)

    @staticmethod
    def _only(names: list[str], env: dict[str, Any]) -> dict[str, Any]:
        return {name: env[name] for name in names if name in env}

    def _page_property(self, parts: list[Any], env: dict[str, Any]) -> Iterator[dict[str, Any]]:
        subject, key, wanted = parts
        for fact in [env[subject]] if subject in env else self.facts:
            value = fact["block/properties"].get(str(key))
            if _same(value, wanted) or contains(value, wanted):
                yield {**env, subject: fact}

    def _rule(self, name: str, parts: list[Any], env: dict[str, Any]) -> Iterator[dict[str, Any]]:
        rules = [rule for rule in self.rules if rule[0][0] == name]
        assert rules, f"no rule {name}"
        for head, *body in rules:
            inner = {}
            for parameter, part in zip(head[1:], parts, strict=True):
                if not isinstance(part, Symbol):
                    inner[parameter] = part
                elif part in env:
                    inner[parameter] = env[part]
            for found in self.solve(body, [inner]):
                out = dict(env)
                for parameter, part in zip(head[1:], parts, strict=True):
                    if isinstance(part, Symbol):
                        out[part] = found[parameter]
                yield out

    def _pattern(self, clause: list[Any], env: dict[str, Any]) -> Iterator[dict[str, Any]]:
        subject, attribute, *value = clause
        for fact in [env[subject]] if subject in env else self.facts:
            if str(attribute) not in fact:
                continue
            have = fact[str(attribute)]
            if not value:
                yield {**env, subject: fact}
            elif isinstance(value[0], Symbol) and value[0] not in env:
                yield {**env, subject: fact, value[0]: have}
            elif _same(have, env.get(value[0], value[0])):
                yield {**env, subject: fact}

    def _call(self, clause: list[Any], env: dict[str, Any]) -> Iterator[dict[str, Any]]:
        (op, *arguments), *target = clause
        values = [env[a] if isinstance(a, Symbol) else a for a in arguments]
        result = FUNCTIONS[op](*values)
        if not target:
            if result:
                yield env
        elif result is not None:
            bound = _bind(target[0], result)
            if all(name not in env or _same(env[name], value) for name, value in bound.items()):
                yield {**env, **bound}


def _bind(target: Any, value: Any) -> dict[str, Any]:
    if isinstance(target, Symbol):
        return {} if target == "_" else {target: value}
    return {name: part for name, part in zip(target, value, strict=False) if name != "_"}


def _same(a: Any, b: Any) -> bool:
    return a == b and isinstance(a, bool) == isinstance(b, bool)


def contains(value: Any, wanted: Any) -> bool:
    """ClojureScript's contains?: membership of a set; of a string it asks for an index, even true and false."""
    if isinstance(value, frozenset):
        return any(_same(item, wanted) for item in value)
    return isinstance(value, str) and isinstance(wanted, (int, float)) and 0 <= wanted < len(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, frozenset):
        return "#{" + " ".join(json.dumps(item, ensure_ascii=False) for item in sorted(value)) + "}"
    return "" if value is None else str(value)


def _times(a: Any, b: Any) -> float:
    try:
        return float(a) * float(b)
    except (TypeError, ValueError):
        return math.nan


def _find(pattern: re.Pattern[str], text: str) -> Any:
    found = pattern.search(text)
    return None if not found else [found[0], *found.groups()] if found.re.groups else found[0]


FUNCTIONS: dict[str, Any] = {
    "get": lambda mapping, key, default=None: mapping.get(str(key), default),
    "str": lambda *parts: "".join(map(_text, parts)),
    "re-pattern": re.compile,
    "re-find": _find,
    "*": _times,
    "=": _same,
    "not=": lambda a, b: not _same(a, b),
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    "contains?": contains,
    "clojure.string/includes?": lambda text, part: part in text,
}


# the real thing


class Tool:
    """A process that answers one line of JSON with one line of JSON."""

    def __init__(self, *command: str) -> None:
        node = shutil.which("node")
        installed = (NODE_TOOLS / "node_modules" / "@logseq" / "nbb-logseq").is_dir()
        if (node is None or not installed) and not os.environ.get("CI"):
            pytest.skip("needs node, and `npm install --no-package-lock --no-save --prefix tests/node`")
        assert node is not None
        assert installed
        self._process = subprocess.Popen(
            [node, *command], cwd=NODE_TOOLS, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
        )

    def ask(self, question: Any) -> Any:
        """Send a question and return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)


class Mldoc(Tool):
    """Logseq's own parser."""

    def __init__(self) -> None:
        super().__init__("mldoc.mjs")

    def parse(self, *texts: str) -> list[list[Any]]:
        """Return one syntax tree for each text."""
        return self.ask(list(texts))


class Engine(Tool):
    """Logseq's own database and the language of its queries."""

    def __init__(self) -> None:
        super().__init__("node_modules/@logseq/nbb-logseq/cli.js", "logseq.cljs")

    def run(
        self, asked: list[Query], pages: list[Page], today: date, journals: dict[str, int] | None = None
    ) -> list[dict[str, Any]]:
        """Return what each query finds and shows."""
        sent = [
            {
                "title": page.title,
                "text": page.text,
                "properties": {
                    key: {"refs": sorted(value)} if isinstance(value, frozenset) else value
                    for key, value in page.properties.items()
                },
            }
            for page in pages
        ]
        wanted = [{"kind": query.kind, "source": query.source} for query in asked]
        day = int(today.strftime("%Y%m%d"))
        return self.ask({"pages": sent, "today": day, "journals": journals or {}, "queries": wanted})


def nodes(tree: Any, kind: str) -> Iterator[Any]:
    """Yield the data of every node of a kind in a syntax tree."""
    if isinstance(tree, list):
        if tree and tree[0] == kind:
            yield tree[1:] if len(tree) > 2 else tree[1]
        for part in tree:
            yield from nodes(part, kind)
    elif isinstance(tree, dict):
        for part in tree.values():
            yield from nodes(part, kind)
