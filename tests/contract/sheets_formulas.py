"""A small evaluator for the Google Sheets formulas that we emit, strict where Sheets would surprise us.

It refuses what it does not know, and a range in an arithmetic place outside an array context (Sheets would silently
take one cell there). Text compares without case, as `=` does in Sheets; EXACT compares exactly.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

TOKEN = re.compile(
    r"""\s*(?:
    (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<string>"(?:[^"]|"")*")
  | (?P<ref>(?:'(?:[^']|'')*'!)?\$?[A-Z]{1,3}\$?\d+(?::\$?[A-Z]{1,3}\$?\d*)?(?![A-Za-z0-9_(]))
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<op><>|<=|>=|[-+*/&=<>(),{};])
)""",
    re.VERBOSE,
)
REF = re.compile(r"(?:'((?:[^']|'')*)'!)?\$?([A-Z]+)(\$?)(\d+)(?::\$?([A-Z]+)\$?(\d*))?$")
EPOCH = date(1899, 12, 30)


@dataclass(frozen=True)
class Err:
    """An error value such as #N/A."""

    code: str


@dataclass
class Sheet:
    """One sheet: cells by (row, column) counted from 0, and its size."""

    rows: int
    columns: int
    cells: dict[tuple[int, int], Any] = field(default_factory=dict)


@dataclass
class Book:
    """A workbook: sheets by title, named cells as (sheet, row, column), and the day it is looked at."""

    sheets: dict[str, Sheet]
    names: dict[str, tuple[str, int, int]]
    today: date


def column_number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number - 1


# --- parsing -------------------------------------------------------------------------------------------------------


def tokens(text: str) -> list[tuple[str, str]]:
    found, at = [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            if not text[at:].strip():
                break
            raise SyntaxError(f"cannot read {text[at : at + 30]!r} in {text!r}")
        kind = match.lastgroup or ""
        found.append((kind, match[kind]))
        at = match.end()
    return found


class Parser:
    def __init__(self, text: str) -> None:
        self.tokens = tokens(text)
        self.at = 0

    def peek(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> tuple[str, str]:
        token = self.tokens[self.at]
        if wanted and token[1] != wanted:
            raise SyntaxError(f"expected {wanted!r}, found {token[1]!r}")
        self.at += 1
        return token

    def whole(self) -> Any:
        tree = self.binary(0)
        if self.at != len(self.tokens):
            raise SyntaxError(f"left over: {self.tokens[self.at :]}")
        return tree

    LEVELS = (("=", "<>", "<", ">", "<=", ">="), ("&",), ("+", "-"), ("*", "/"))

    def binary(self, level: int) -> Any:
        if level == len(self.LEVELS):
            return self.unary()
        left = self.binary(level + 1)
        while self.peek() in self.LEVELS[level]:
            op = self.take()[1]
            left = ("op", op, left, self.binary(level + 1))
        return left

    def unary(self) -> Any:
        if self.peek() in ("-", "+"):
            return ("sign", self.take()[1], self.unary())
        return self.atom()

    def atom(self) -> Any:
        kind, text = self.take()
        if kind == "number":
            return ("value", float(text))
        if kind == "string":
            return ("value", text[1:-1].replace('""', '"'))
        if kind == "ref":
            return ("ref", text)
        if kind == "name":
            if text in ("TRUE", "FALSE"):
                return ("value", text == "TRUE")
            if self.peek() != "(":
                return ("name", text)
            self.take("(")
            arguments = []
            while self.peek() != ")":
                arguments.append(self.binary(0))
                if self.peek() == ",":
                    self.take(",")
            self.take(")")
            return ("call", text, arguments)
        if text == "(":
            inside = self.binary(0)
            self.take(")")
            return inside
        raise SyntaxError(f"did not expect {text!r}")


# --- values --------------------------------------------------------------------------------------------------------


def is_array(value: Any) -> bool:
    return isinstance(value, list)


def number(value: Any) -> Any:
    if isinstance(value, Err):
        return value
    if value is None:
        return 0.0
    if isinstance(value, (bool, int, float)):
        return float(value)
    try:
        return float(value)
    except ValueError:
        return Err("#VALUE!")


def string(value: Any) -> Any:
    if isinstance(value, Err):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value == int(value) else repr(value)
    return str(value)


def truth(value: Any) -> Any:
    found = number(value)
    return found if isinstance(found, Err) else found != 0


def rank(value: Any) -> tuple[int, Any]:
    if isinstance(value, bool):
        return (2, value)
    if isinstance(value, (int, float)):
        return (0, float(value))
    return (1, string(value).casefold())


def compare(op: str, a: Any, b: Any) -> Any:
    for value in (a, b):
        if isinstance(value, Err):
            return value
    blank = {bool: False, float: 0.0, int: 0.0, str: ""}
    if a is None:
        a = blank.get(type(b), "")
    if b is None:
        b = blank.get(type(a), "")
    x, y = rank(a), rank(b)
    return {"=": x == y, "<>": x != y, "<": x < y, ">": x > y, "<=": x <= y, ">=": x >= y}[op]


def arithmetic(op: str, a: Any, b: Any) -> Any:
    if op == "&":
        x, y = string(a), string(b)
        return next((v for v in (x, y) if isinstance(v, Err)), None) or x + y
    if op in ("=", "<>", "<", ">", "<=", ">="):
        return compare(op, a, b)
    x, y = number(a), number(b)
    for value in (x, y):
        if isinstance(value, Err):
            return value
    if op == "/":
        return Err("#DIV/0!") if y == 0 else x / y
    return {"+": x + y, "-": x - y, "*": x * y}[op]


def shape(value: Any) -> tuple[int, int]:
    return (len(value), len(value[0]) if value else 0) if is_array(value) else (1, 1)


def spread(function: Callable[..., Any], *values: Any) -> Any:
    """Apply a function cell by cell; one row, one column or one value stretches to fit."""
    if not any(is_array(v) for v in values):
        return function(*values)
    rows = max(shape(v)[0] for v in values)
    columns = max(shape(v)[1] for v in values)

    def pick(value: Any, r: int, c: int) -> Any:
        if not is_array(value):
            return value
        height, width = shape(value)
        r, c = (0 if height == 1 else r), (0 if width == 1 else c)
        return value[r][c] if r < height and c < width else Err("#N/A")

    return [[function(*(pick(v, r, c) for v in values)) for c in range(columns)] for r in range(rows)]


def grid(value: Any) -> list[list[Any]]:
    return value if is_array(value) else [[value]]


def flat(value: Any) -> list[Any]:
    return [cell for row in grid(value) for cell in row]


def first_error(value: Any) -> Err | None:
    return next((cell for cell in flat(value) if isinstance(cell, Err)), None)


# --- evaluation ----------------------------------------------------------------------------------------------------

# Functions that evaluate their arguments as arrays, cell by cell (Sheets: "array context").
ARRAY_CONTEXT = {"ARRAYFORMULA", "FILTER", "SORT", "SUMPRODUCT"}
# Functions that work cell by cell.
CELLWISE: dict[str, Callable[..., Any]] = {}
# Functions that take whole ranges.
WHOLE: dict[str, Callable[..., Any]] = {}


def cellwise(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        CELLWISE[name] = function
        return function

    return keep


def whole(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        WHOLE[name] = function
        return function

    return keep


def guarded(function: Callable[..., Any]) -> Callable[..., Any]:
    def run(*values: Any) -> Any:
        return next((v for v in values if isinstance(v, Err)), None) or function(*values)

    return run


CELLWISE["LEN"] = guarded(lambda v: float(len(string(v))))
CELLWISE["ISNUMBER"] = lambda v: isinstance(v, (int, float)) and not isinstance(v, bool)
CELLWISE["EXACT"] = guarded(lambda a, b: string(a) == string(b))
CELLWISE["CHAR"] = guarded(lambda n: chr(int(n)))
CELLWISE["TRIM"] = guarded(lambda v: re.sub(" +", " ", string(v)).strip(" "))
CELLWISE["MID"] = guarded(lambda v, start, count: string(v)[int(start) - 1 : int(start) - 1 + int(count)])
CELLWISE["SUBSTITUTE"] = guarded(lambda v, old, new: string(v).replace(string(old), string(new)))
CELLWISE["REPT"] = guarded(lambda v, n: string(v) * int(n))
CELLWISE["ROUND"] = guarded(
    lambda v, n: math.floor(abs(number(v)) * 10**n + 0.5) / 10**n * (-1 if number(v) < 0 else 1)
)


@cellwise("INT")
@guarded
def _int(value: Any) -> Any:
    found = number(value)
    return found if isinstance(found, Err) else float(math.floor(found))


@cellwise("FIND")
@guarded
def _find(needle: Any, hay: Any) -> Any:
    at = string(hay).find(string(needle))
    return Err("#VALUE!") if at < 0 else float(at + 1)


@cellwise("WEEKDAY")
@guarded
def _weekday(value: Any, kind: Any) -> Any:
    assert kind == 3, "only Monday = 0 is in use"
    found = number(value)
    return found if isinstance(found, Err) else float((EPOCH + timedelta(days=math.floor(found))).weekday())


@cellwise("DAY")
@guarded
def _day(value: Any) -> Any:
    found = number(value)
    return found if isinstance(found, Err) else float((EPOCH + timedelta(days=math.floor(found))).day)


@cellwise("TEXT")
@guarded
def _text(value: Any, pattern: Any) -> Any:
    assert pattern == "d mmm"
    day = EPOCH + timedelta(days=math.floor(number(value)))
    return f"{day.day} {day:%b}"


@cellwise("REGEXMATCH")
@guarded
def _regexmatch(value: Any, pattern: Any) -> Any:
    if isinstance(value, (int, float)):
        return Err("#VALUE!")
    quoted = re.fullmatch(r"\(\?i\)\\Q(.*)\\E", pattern, re.DOTALL)
    assert quoted, "RE2's quoting is the only pattern in use"
    return quoted[1].lower() in string(value).lower()


@cellwise("HYPERLINK")
@guarded
def _hyperlink(target: Any, label: Any) -> Any:
    return label


@whole("HSTACK")
def _hstack(*parts: Any) -> Any:
    height = max(shape(p)[0] for p in parts)
    columns = []
    for part in parts:
        rows = grid(part)
        for c in range(shape(part)[1] or 1):
            columns.append([rows[r][c] if r < len(rows) else Err("#N/A") for r in range(height)])
    return [[column[r] for column in columns] for r in range(height)]


@whole("VSTACK")
def _vstack(*parts: Any) -> Any:
    width = max(shape(p)[1] for p in parts)
    return [[row[c] if c < len(row) else Err("#N/A") for c in range(width)] for part in parts for row in grid(part)]


@whole("FILTER")
def _filter(values: Any, *conditions: Any) -> Any:
    rows = grid(values)
    for condition in conditions:
        marks = grid(condition)
        if len(marks) != len(rows):
            return Err("#N/A")
        if (wrong := first_error(marks)) is not None:
            return wrong
        rows = [row for row, mark in zip(rows, marks, strict=True) if truth(mark[0])]
        marks = [mark for mark in marks if truth(mark[0])]
    return rows or Err("#N/A")


@whole("SORT")
def _sort(values: Any, *keys: Any) -> Any:
    for value in (values, *keys):
        if isinstance(value, Err):
            return value
    rows = list(enumerate(grid(values)))
    for key, ascending in reversed(list(zip(keys[::2], keys[1::2], strict=True))):
        cells = [r[int(key) - 1] for r in grid(values)] if not is_array(key) else flat(key)
        assert len(cells) == len(rows), "a sort key must be as long as what it sorts"
        full = [r for r in rows if cells[r[0]] not in (None, "")]
        empty = [r for r in rows if cells[r[0]] in (None, "")]
        full.sort(key=lambda r: rank(cells[r[0]]), reverse=not truth(ascending))
        rows = full + empty
    return [row for _, row in rows]


@whole("UNIQUE")
def _unique(values: Any) -> Any:
    if isinstance(values, Err):
        return values
    seen: list[Any] = []
    for row in grid(values):
        if row not in seen:
            seen.append(row)
    return seen


@whole("TRANSPOSE")
def _transpose(values: Any) -> Any:
    return values if isinstance(values, Err) else [list(row) for row in zip(*grid(values), strict=True)]


@whole("ARRAY_CONSTRAIN")
def _constrain(values: Any, rows: Any, columns: Any) -> Any:
    return values if isinstance(values, Err) else [row[: int(columns)] for row in grid(values)[: int(rows)]]


@whole("TEXTJOIN")
def _textjoin(between: Any, skip: Any, *values: Any) -> Any:
    cells = [cell for value in values for cell in flat(value)]
    if (wrong := first_error([cells])) is not None:
        return wrong
    found = between.join(string(cell) for cell in cells if not (truth(skip) and cell in (None, "")))
    return found if len(found) <= 50_000 else Err("#VALUE!")


@whole("SPLIT")
def _split(value: Any, between: Any) -> Any:
    parts = [part for part in string(value).split(between) if part]
    assert all(part.startswith("~") for part in parts), "SPLIT would turn bare numbers and dates into numbers"
    return [parts] if parts else Err("#VALUE!")


@whole("COLUMNS")
def _columns(value: Any) -> Any:
    return float(shape(value)[1])


def _figures(values: tuple[Any, ...]) -> list[float] | Err:
    cells = [cell for value in values for cell in flat(value)]
    wrong = first_error([cells])
    return wrong or [float(c) for c in cells if isinstance(c, (int, float)) and not isinstance(c, bool)]


def figure(name: str, function: Callable[[list[float]], Any]) -> None:
    def run(*values: Any) -> Any:
        found = _figures(values)
        return found if isinstance(found, Err) else function(found)

    WHOLE[name] = run


figure("SUM", lambda found: float(sum(found)))
figure("MAX", lambda found: max(found, default=0.0))
figure("MIN", lambda found: min(found, default=0.0))
figure("COUNT", lambda found: float(len(found)))
figure("AVERAGE", lambda found: sum(found) / len(found) if found else Err("#DIV/0!"))


@whole("SUMPRODUCT")
def _sumproduct(values: Any) -> Any:
    wrong = first_error(values)
    return wrong or sum(float(c) for c in flat(values) if isinstance(c, (int, float)) and not isinstance(c, bool))


class Evaluator:
    """Evaluates formulas of one sheet; `down` is how many rows below its first row a formula was copied."""

    def __init__(self, book: Book, sheet: str, down: int = 0) -> None:
        self.book, self.sheet, self.down = book, sheet, down

    def run(self, formula: str) -> Any:
        assert formula.startswith("=")
        return self.value(Parser(formula[1:]).whole(), {}, array=False)

    def value(self, tree: Any, scope: dict[str, Any], *, array: bool) -> Any:
        match tree:
            case ("value", found):
                return found
            case ("ref", text):
                return self.reference(text)
            case ("name", name):
                return scope[name] if name in scope else self.named(name)
            case ("sign", sign, part):
                factor = -1.0 if sign == "-" else 1.0
                return self.each(lambda v: arithmetic("*", factor, v), array, self.value(part, scope, array=array))
            case ("op", op, left, right):
                values = [self.value(part, scope, array=array) for part in (left, right)]
                return self.each(lambda a, b: arithmetic(op, a, b), array, *values)
            case ("call", name, arguments):
                return self.call(name, arguments, scope, array=array)
        raise AssertionError(tree)

    def each(self, function: Callable[..., Any], array: bool, *values: Any) -> Any:
        if any(is_array(v) and shape(v) != (1, 1) for v in values) and not array:
            raise AssertionError("a range stands where Sheets takes one cell: ARRAYFORMULA is missing")
        return spread(function, *values)

    def reference(self, text: str) -> Any:
        match = REF.match(text)
        assert match, text
        title = match[1].replace("''", "'") if match[1] is not None else self.sheet
        sheet = self.book.sheets[title]
        left = column_number(match[2])
        top = int(match[4]) - 1 + (0 if match[3] else self.down)
        if match[5] is None:
            assert left < sheet.columns, f"{text} is outside {title}"
            return self.book_cell(title, top, left)
        right = column_number(match[5])
        assert right < sheet.columns, f"{text} is outside {title}"
        bottom = int(match[6]) if match[6] else sheet.rows
        used = max((r for r, _ in sheet.cells), default=0) + 2  # a few blank rows are as good as thousands
        bottom = min(bottom, max(used, top + 2))
        return [[self.book_cell(title, r, c) for c in range(left, right + 1)] for r in range(top, bottom)]

    def book_cell(self, title: str, row: int, column: int) -> Any:
        return self.book.sheets[title].cells.get((row, column))

    def named(self, name: str) -> Any:
        if name not in self.book.names:
            raise AssertionError(f"unknown name {name}")
        return self.book_cell(*self.book.names[name])

    def call(self, name: str, arguments: list[Any], scope: dict[str, Any], *, array: bool) -> Any:
        special = getattr(self, f"do_{name.lower()}", None)
        if special is not None:
            return special(arguments, scope, array)
        inside = array or name in ARRAY_CONTEXT
        values = [self.value(part, scope, array=inside) for part in arguments]
        if name in CELLWISE:
            return self.each(CELLWISE[name], array, *values)
        return WHOLE[name](*values)

    def do_arrayformula(self, arguments: list[Any], scope: dict[str, Any], array: bool) -> Any:
        return self.value(arguments[0], scope, array=True)

    def do_today(self, arguments: list[Any], scope: dict[str, Any], array: bool) -> Any:
        return float((self.book.today - EPOCH).days)

    def do_indirect(self, arguments: list[Any], scope: dict[str, Any], array: bool) -> Any:
        return self.named(self.value(arguments[0], scope, array=False))

    def do_let(self, arguments: list[Any], scope: dict[str, Any], array: bool) -> Any:
        inner = dict(scope)
        for name, part in zip(arguments[:-1:2], arguments[1::2], strict=True):
            assert name[0] == "name", name
            assert not re.fullmatch(r"[A-Za-z]{1,3}\d+", name[1])
            inner[name[1]] = self.value(part, inner, array=array)
        return self.value(arguments[-1], inner, array=array)

    def do_map(self, arguments: list[Any], scope: dict[str, Any], array: bool) -> Any:
        values = self.value(arguments[0], scope, array=array)
        kind, name, (parameter, body) = arguments[1]
        assert (kind, name, len(arguments)) == ("call", "LAMBDA", 2)
        if isinstance(values, Err):
            return values

        def one(item: Any) -> Any:
            found = self.value(body, {**scope, parameter[1]: item}, array=False)
            return found[0][0] if is_array(found) and shape(found) == (1, 1) else found

        return [[one(item) for item in row] for row in grid(values)]

    def do_if(self, arguments: list[Any], scope: dict[str, Any], array: bool) -> Any:
        test = self.value(arguments[0], scope, array=array)
        if not is_array(test):
            found = truth(test)
            if isinstance(found, Err):
                return found
            return self.value(arguments[1 if found else 2], scope, array=array)
        yes, no = (self.value(part, scope, array=array) for part in arguments[1:3])

        def pick(t: Any, a: Any, b: Any) -> Any:
            found = truth(t)
            return found if isinstance(found, Err) else a if found else b

        return self.each(pick, array, test, yes, no)

    def do_iferror(self, arguments: list[Any], scope: dict[str, Any], array: bool) -> Any:
        found = self.value(arguments[0], scope, array=array)
        other = self.value(arguments[1], scope, array=array)
        if is_array(found):
            return spread(lambda v: other if isinstance(v, Err) else v, found)
        return other if isinstance(found, Err) else found

    def _all(self, arguments: list[Any], scope: dict[str, Any], array: bool) -> list[Any]:
        values = [self.value(part, scope, array=array) for part in arguments]
        assert not any(is_array(v) for v in values), "AND and OR fold a whole range into one value"
        return [truth(v) for v in values]

    def do_and(self, arguments: list[Any], scope: dict[str, Any], array: bool) -> Any:
        found = self._all(arguments, scope, array)
        return first_error([found]) or all(found)

    def do_or(self, arguments: list[Any], scope: dict[str, Any], array: bool) -> Any:
        found = self._all(arguments, scope, array)
        return first_error([found]) or any(found)

    def do_not(self, arguments: list[Any], scope: dict[str, Any], array: bool) -> Any:
        (found,) = self._all(arguments, scope, array)
        return found if isinstance(found, Err) else not found
