"""From filters to Logseq queries: the simple `{{query …}}` where it can say it, else Datalog.

The meaning is that of `chatbuilder.filters`; what the two languages do was run with Logseq's own query code
(logseq/og: `frontend/db/query_dsl.cljs`, `logseq/db/rules.cljc`) on Datascript. Notes:
* a simple query gets `not` right only around one comparison, so everything deeper is Datalog;
* a property is a string, a whole number, true/false, or the set of the pages it refers to; `4.5` is a string, and
  `(* "4.5" 1)` is 4.5, while text becomes NaN, which is not equal to itself;
* `(contains? "text" 1)` is true, so a value that reads as a number is compared as text;
* a day may be written 2026-01-05, with a time, as [[2026-01-05]] or as a journal page picked from the calendar.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from chatbuilder.blueprint import Field, Table
from chatbuilder.filters import And, Cmp, Filter, Me, Not, Or, Today
from chatbuilder.generators.logseq import markup
from chatbuilder.generators.logseq.names import Titles

ME = "YOUR NAME"
NOTHING = "[(= 1 2)]"
_MARKED = re.compile(r"[^\w .\-/:,;+=&'!?()|\u2001-\U0010ffff]")
_SIGNS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}
# The comparison to write, and whether the rows wanted are those that fail it.
_POSITIVE = {"ne": ("eq", True), "lacks": ("has", True), "empty": ("filled", True), "not_empty": ("filled", False)}
DAY_RULE = (
    "(day ?page ?key ?day)",
    "[?page :block/properties ?all]",
    "[(get ?all ?key) ?found]",
    "[(str ?found) ?text]",
    '[(re-pattern "(\\\\d{4})-(\\\\d{2})-(\\\\d{2})") ?iso]',
    "[(re-find ?iso ?text) [_ ?y ?m ?d]]",
    "[(str ?y ?m ?d) ?digits]",
    "[(* ?digits 1) ?day]",
)
JOURNAL_RULE = (
    "(day ?page ?key ?day)",
    "[?block :block/page ?page]",
    "[?block :block/pre-block? true]",
    "[?block :block/refs ?journal]",
    "[?journal :block/journal-day ?day]",
    "[?journal :block/original-name ?name]",
    "[?page :block/properties ?all]",
    "[(get ?all ?key) ?found]",
    "[(contains? ?found ?name)]",
)


def prop(item: Field) -> str:
    """Return the property key of a field: kebab-case, for a space or capital would be lost."""
    return item.key.replace("_", "-")


def edn_text(text: str) -> str:
    """Return an EDN string; what Markdown could read something into is written as \\uXXXX."""
    return '"' + _MARKED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + '"'


def literal(item: Field, cmp: Cmp, table: Table, titles: Titles) -> str:
    """Return what a comparison looks for, as it stands in the property."""
    if isinstance(cmp.value, Me):
        return ME
    text = str(cmp.value)
    if item.type == "title":
        return titles.linked(table.key, text)
    if item.relation:
        return titles.linked(item.relation.table, text)
    if item.type == "multi_select":
        return markup.tag(text) if item.key == "tags" else markup.escape(text)
    return markup.text_value(text)


def of_kind(table: Table, titles: Titles) -> str:
    """Return the clause that holds for the pages of a table."""
    return f"(page-property ?p :type {edn_text(titles.kind(table))})"


# simple queries


def simple(expr: Filter | None, table: Table, titles: Titles) -> str | None:
    """Return the inside of a `{{query …}}` for the rows that pass, or None when it cannot say that."""
    kind = titles.kind(table)
    parts = [_simple_part(part, table, titles) for part in _flat(expr)]
    if not fits(kind) or any(part is None for part in parts):
        return None
    first = f'(page-property type "{kind}")'
    return f"(and {' '.join([first, *(part for part in parts if part)])})" if parts else first


def _flat(expr: Filter | None) -> Iterator[Filter]:
    if isinstance(expr, And):
        for part in expr.parts:
            yield from _flat(part)
    elif expr is not None:
        yield expr


def _simple_part(part: Filter, table: Table, titles: Titles) -> str | None:
    match part:
        case Cmp():
            found = _simple_cmp(part, table, titles)
            return f"(not {found})" if found and part.op in ("ne", "lacks") else found
        case Or(parts=parts) if all(isinstance(one, Cmp) and one.op in ("eq", "has") for one in parts):
            each = [_simple_cmp(one, table, titles) for one in parts if isinstance(one, Cmp)]
            return f"(or {' '.join(one for one in each if one)})" if len(each) > 1 and all(each) else None
        case _:
            return None


def _simple_cmp(cmp: Cmp, table: Table, titles: Titles) -> str | None:
    item = table.field(cmp.field)
    if cmp.op == "eq" and cmp.value is True:
        return f"(page-property {prop(item)} true)"
    listed = item.type == "multi_select" and item.key != "tags"
    if cmp.op not in ("eq", "ne", "has", "lacks") or not isinstance(cmp.value, (str, Me)) or listed:
        return None
    wanted = literal(item, cmp, table, titles)
    if item.type == "title" or reads_as_other(wanted) or not fits(wanted):
        return None
    return f'(page-property {prop(item)} "{wanted}")'


def fits(text: str) -> bool:
    """Tell whether a text means the same inside a macro: no escapes, no comma, nothing that looks like a call."""
    return edn_text(text) == f'"{text}"' and not set(text) & set(",;()|")


def reads_as_other(value: str) -> bool:
    """Tell whether Logseq reads a property value as a number or as true/false."""
    return value.isdecimal() or value in ("true", "false")


# Datalog


@dataclass
class Clauses:
    """Datalog clauses over ?p in the making: numbers for variables, and the days that have to come in."""

    table: Table
    titles: Titles
    days: dict[int, str] = field(default_factory=dict)
    count: int = 0

    def of(self, expr: Filter | None) -> list[str]:
        """Return clauses that hold for the rows that pass."""
        match expr:
            case None:
                return []
            case And(parts=parts):
                return [clause for part in parts for clause in self.of(part)]
            case Or(parts=parts):
                branches = [f"(and {' '.join(self.of(part))})" for part in parts]
                return [self._join("or-join", branches)] if branches else [NOTHING]
            case Not(part=part):
                return [self._join("not-join", self.of(part) or ["[?p :block/name]"])]
            case Cmp():
                return self._compare(expr)

    def inputs(self) -> tuple[list[str], list[str]]:
        """Return the variables that come in and their values, for `:in` and `:inputs`."""
        values = [":today" if days == 0 else f":{days:+}d" for days in self.days]
        return list(self.days.values()), values

    def _fresh(self, name: str) -> str:
        self.count += 1
        return f"?{name}{self.count}"

    def _today(self, days: int) -> str:
        name = "?today" if not days else f"?in-{days}-days" if days > 0 else f"?{-days}-days-ago"
        return self.days.setdefault(days, name)

    def _join(self, form: str, clauses: list[str]) -> str:
        text = " ".join(clauses)
        inputs = [name for name in self.days.values() if re.search(re.escape(name) + r"(?![\w-])", text)]
        return f"({form} [{' '.join(['?p', *inputs])}] {text})"

    def _compare(self, cmp: Cmp) -> list[str]:
        op, opposite = _POSITIVE.get(cmp.op, (cmp.op, False))
        if isinstance(cmp.value, bool):
            op, opposite = "eq", cmp.value != (cmp.op == "eq")
        clauses = self._positive(cmp, op)
        return [self._join("not-join", clauses)] if opposite else clauses

    def _positive(self, cmp: Cmp, op: str) -> list[str]:
        item, wanted = self.table.field(cmp.field), cmp.value
        sign = _SIGNS.get(op, "=")
        if isinstance(wanted, bool):
            return self._property(item, "[(= {} true)]")
        if op == "filled":
            return self._property(item, '[(not= {} "")]')
        if isinstance(wanted, Today):
            day = self._fresh("day")
            return [f"(day ?p :{prop(item)} {day})", f"[({sign} {day} {self._today(wanted.days)})]"]
        if isinstance(wanted, (int, float)):
            n = self._fresh("n")
            tests = (f"[(* {{}} 1) {n}]", f"[(= {n} {n})]", f"[({sign} {n} {markup.number(wanted)})]")
            return self._property(item, *tests)
        return self._text(item, sign, literal(item, cmp, self.table, self.titles))

    def _property(self, item: Field, *tests: str) -> list[str]:
        """Return clauses that get a property and test it; {} in a test is its value."""
        properties, value = self._fresh("all"), self._fresh("v")
        return [
            f"[?p :block/properties {properties}]",
            f"[(get {properties} :{prop(item)}) {value}]",
            *(test.replace("{}", value) for test in tests),
        ]

    def _text(self, item: Field, sign: str, wanted: str) -> list[str]:
        if item.type == "title":
            return [f"[?p :block/original-name {edn_text(wanted)}]"]
        same = f"(page-property ?p :{prop(item)} {edn_text(wanted)})"
        if item.type == "multi_select" and item.key != "tags":
            text = self._fresh("list")
            among = f"[(clojure.string/includes? {text} {edn_text(f', {wanted}, ')})]"
            listed = self._property(item, f'[(str ", " {{}} ", ") {text}]', among)
            return [self._join("or-join", [f"(and {' '.join(listed)})", same])]
        if sign == "=" and not reads_as_other(wanted):
            return [same]
        text = self._fresh("text")
        return self._property(item, f"[(str {{}}) {text}]", f"[({sign} {text} {edn_text(wanted)})]")
