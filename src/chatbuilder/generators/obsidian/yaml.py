"""YAML 1.2 as Obsidian reads it: front matter of notes and `.base` files. Every string of the person's is quoted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff]")
_PLAIN = re.compile(r"(?:file|note|formula)\.[a-z0-9_]+|table|cards|list|ASC|DESC|[A-Z][a-z]+|bar")


class Raw(str):
    """Text that stands in YAML without quotes: dates and times, the way Obsidian writes them."""

    __slots__ = ()


def quoted(text: str) -> str:
    """Return a double-quoted scalar: JSON, which is YAML 1.2. `<%` and `[[` are spelled so that no raw text holds them.

    Templater runs `<% … %>` wherever it stands in a new file; the value that YAML reads is the same.
    A value that *is* a link keeps its brackets.
    """
    out = encode_basestring(text)
    if not text.isprintable():
        out = _ESCAPED.sub(lambda m: f"\\u{ord(m[0]):04x}", out)
    if "<%" in out:
        out = out.replace("<%", "\\u003c%")
    return out if text.startswith("[[") or "[[" not in out else out.replace("[[", "[\\u005b")


def scalar(value: Any) -> str:
    """Return one value; None is an empty property."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float, Raw)):
        return str(value)
    return quoted(value)


def front_matter(values: Mapping[str, Any]) -> str:
    """Return the properties block that opens a note; keys are plain snake_case words."""
    lines = ["---"]
    for key, value in values.items():
        if isinstance(value, (list, tuple)):
            lines.append(f"{key}:" if value else f"{key}: []")
            lines += [f"  - {scalar(item)}" for item in value]
        else:
            lines.append(f"{key}: {scalar(value)}".rstrip())
    return "\n".join([*lines, "---", ""])


def document(value: Mapping[str, Any]) -> str:
    """Return a `.base` file in block style. Keys are our own plain words."""
    lines: list[str] = []
    _mapping(value, "", "", lines)
    return "\n".join(lines) + "\n"


def _mapping(value: Mapping[str, Any], head: str, indent: str, lines: list[str]) -> None:
    """Add the lines of a mapping; `head` stands before the first one instead of the indent ("- " in a list)."""
    start = head or indent
    for key, item in value.items():
        if item and isinstance(item, Mapping):
            lines.append(f"{start}{key}:")
            _mapping(item, "", indent + "  ", lines)
        elif item and isinstance(item, (list, tuple)):
            lines.append(f"{start}{key}:")
            _sequence(item, indent + "  ", lines)
        else:
            lines.append(f"{start}{key}: {_statement(item)}")
        start = indent


def _sequence(value: list[Any] | tuple[Any, ...], indent: str, lines: list[str]) -> None:
    for item in value:
        if isinstance(item, Mapping):
            _mapping(item, f"{indent}- ", indent + "  ", lines)
        else:
            lines.append(f"{indent}- {_statement(item)}")


def _statement(value: Any) -> str:
    """Return a scalar the way Obsidian's help writes it: property ids bare, an expression with `"` in single quotes."""
    if not isinstance(value, str):
        return "[]" if isinstance(value, (list, tuple)) else scalar(value)
    if _PLAIN.fullmatch(value):
        return value
    if '"' in value and "\\" not in value and "<%" not in value and "[[" not in value and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    return quoted(value)
