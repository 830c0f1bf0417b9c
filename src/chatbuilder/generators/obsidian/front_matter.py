"""The properties of a note that a person may have edited: read value by value, changed without touching the rest.

Obsidian writes the whole block anew when a property is edited in its window (quotes go, lists are indented), so what
counts is the value and not its spelling. This reads what Obsidian's help allows in properties: one-line texts, numbers,
dates, lists. Anything else of the person's is stepped over; only properties that sync owns have to be understood.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass

from chatbuilder.generators.common.merging import Cell

_KEY = re.compile(
    r"""("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'\-\[\]{},|>&*!%@`?:][^:#\n]*?|-[^\s:][^:#\n]*?)\s*:(?=\s|$)"""
)
_DOUBLE = re.compile(r'"((?:[^"\\]|\\.)*)"\s*(#.*)?', re.DOTALL)
_SINGLE = re.compile(r"'((?:[^']|'')*)'\s*(#.*)?", re.DOTALL)
BACK = "\\"
_BLANK = " \t"  # what YAML takes for white space; Python knows more
_HEX = re.compile(r"\\x([0-9a-fA-F]{2})")
_FLOW = re.compile(r"""[ \t]*("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^,\[\]{}"']+)[ \t]*(?:,|$)""")


@dataclass(frozen=True, slots=True)
class Property:
    """One property: its lines are those from `first` up to `end`, and its value starts at `start` of the first."""

    first: int
    end: int
    start: int


class FrontMatter:
    """The properties block of a note. Raises `ValueError` when there is none, or when it is not YAML of this kind."""

    def __init__(self, text: str) -> None:
        # Only line feeds end a line in YAML 1.2; Python knows more of them.
        self._lines = text.split("\n")
        if self._lines[0].lstrip("\ufeff").rstrip() != "---":
            raise ValueError("it has no properties any more")
        close = next((n for n, line in enumerate(self._lines[1:], 1) if line.rstrip() in ("---", "...")), 0)
        if not close:
            raise ValueError("its properties have no end")
        self._close = close
        self._ending = "\r" if self._lines[0].endswith("\r") else ""
        self._found = self._scan()

    def _scan(self) -> dict[str, Property]:
        found: dict[str, Property] = {}
        number = 1
        while number < self._close:
            line = self._lines[number].rstrip("\r")
            if not line.strip() or line.startswith("#"):
                number += 1
                continue
            key = _KEY.match(line)
            if key is None:
                raise ValueError(f"its properties cannot be read (line {number + 1})")
            end = self._end(number + 1)
            name = _unquoted(key[1])
            if name in found:
                raise ValueError(f"it has the property {name} twice")
            found[name] = Property(number, end, key.end())
            number = end
        return found

    def _end(self, number: int) -> int:
        """Return where the lines end that go on with a value; comments and blanks after it are not part of it."""
        end = number
        while number < self._close:
            line = self._lines[number].rstrip("\r")
            if line.strip() and not line.startswith((" ", "\t", "- ")) and line != "-":
                break
            number += 1
            if line.strip():
                end = number
        return end

    def __contains__(self, key: str) -> bool:
        return key in self._found

    def value(self, key: str) -> Cell | None:
        """Return what a property holds, "" when it is empty, None when this cannot tell."""
        item = self._found[key]
        head = self._lines[item.first].rstrip("\r")[item.start :].strip(_BLANK)
        more = [line.rstrip("\r") for line in self._lines[item.first + 1 : item.end]]
        if head.startswith("#"):
            head = ""
        listed = [line for line in more if line.strip(_BLANK) and not line.lstrip(_BLANK).startswith("#")]
        if not head and listed and all(_entry(line) for line in listed):
            entries = [scalar(line.strip(_BLANK)[1:].strip(_BLANK)) for line in listed]
            return tuple(e for e in entries if e is not None) if None not in entries else None
        if head.startswith("["):
            return _flow(" ".join((head, *(line.strip(_BLANK) for line in more))))
        if head[:1] in ("|", ">"):
            return _block(head, more)
        return scalar(" ".join((head, *(line.strip(_BLANK) for line in more))).strip(_BLANK))

    def with_values(self, lines: Mapping[str, str]) -> str:
        """Return the note with properties changed or, at the end, added; `lines` are theirs as YAML, by key.

        Every other byte stays as it is, a comment behind a value on one line too.
        """
        out = list(self._lines)
        added = [part + self._ending for key, text in lines.items() if key not in self for part in text.split("\n")]
        out[self._close : self._close] = added
        changed = sorted((self._found[key].first, key) for key in lines if key in self)
        for first, key in reversed(changed):
            item = self._found[key]
            new = [part + self._ending for part in lines[key].split("\n")]
            if len(new) == 1 and item.end == first + 1:
                new[0] = new[0][: len(new[0]) - len(self._ending)] + self._comment(item) + self._ending
            out[first : item.end] = new
        return "\n".join(out)

    def _comment(self, item: Property) -> str:
        rest = self._lines[item.first].rstrip("\r")[item.start :]
        quoted = _DOUBLE.fullmatch(rest.strip()) or _SINGLE.fullmatch(rest.strip())
        if quoted:
            return f" {quoted[2]}" if quoted[2] else ""
        found = re.search(r"(?:^|\s)#.*$", rest)
        return f" {found[0].strip()}" if found and not rest.strip().startswith(("[", '"', "'")) else ""


def _entry(line: str) -> bool:
    return line.lstrip(_BLANK).startswith("- ") or line.strip(_BLANK) == "-"


def _unquoted(text: str) -> str:
    value = scalar(text)
    return text if value is None else value


def scalar(text: str) -> str | None:
    """Return one value as text: "" for an empty one, None for what is more than that (a mapping, an alias, a tag)."""
    if text.startswith('"'):
        found = _DOUBLE.fullmatch(text)
        return _escapes(found[1]) if found else None
    if text.startswith("'"):
        found = _SINGLE.fullmatch(text)
        return found[1].replace("''", "'") if found else None
    text = re.sub(r"(?:^|[ \t]+)#.*$", "", text).strip(_BLANK)
    if text[:1] in tuple("{}&*!%@`") or re.search(r":([ \t]|$)", text):
        return None
    return "" if text in ("~", "null", "Null", "NULL") else text


def _escapes(text: str) -> str | None:
    """Return the text of a double-quoted value; YAML's escapes are JSON's and a few more."""
    text = _HEX.sub(r"\\u00\1", text)
    for short, long in (("\\_", "\\u00a0"), ("\\e", "\\u001b"), ("\\ ", " "), ("\\0", "\\u0000"), ("\\N", "\\u0085")):
        text = re.sub(rf"(?<!\\)((?:\\\\)*){re.escape(short)}", rf"\1{long.replace(BACK, BACK * 2)}", text)
    try:
        return str(json.loads(f'"{text}"', strict=False))
    except ValueError:
        return None


def _flow(text: str) -> Cell | None:
    body = re.fullmatch(r"\[(.*)\]\s*(#.*)?", text)
    if body is None:
        return None
    entries, at, inside = [], 0, body[1].strip(_BLANK)
    while at < len(inside):
        found = _FLOW.match(inside, at)
        value = scalar(found[1].strip(_BLANK)) if found else None
        if found is None or value is None:
            return None
        entries.append(value)
        at = found.end()
    return tuple(entries)


def _block(head: str, more: list[str]) -> str | None:
    found = re.fullmatch(r"([|>])([+-]?)\s*(#.*)?", head)
    if found is None or not more:
        return None
    indent = min((len(line) - len(line.lstrip(" ")) for line in more if line.strip()), default=0)
    lines = [line[indent:] for line in more]
    text = "\n".join(lines)
    if found[1] == ">":
        text = re.sub(r"\n(\n*)", lambda m: m[1] or " ", text)
    return text.rstrip("\n")
