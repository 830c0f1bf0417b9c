"""Logseq Markdown: values and blocks whose foreign text makes no references, macros, properties or tasks.

What the parser takes for markup was tried with mldoc 1.6.0, the parser Logseq itself uses. Foreign text is escaped
with a backslash; `plain` takes the escapes away again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chatbuilder.blueprint import Field
from chatbuilder.generators.common.text import clean, one_line

PROPERTY_LIMIT = 1000  # a block over 10,000 characters is neither searchable nor editable in Logseq
BLOCK_LIMIT = 9000
_READ = re.compile(
    r"(?<=\])\]|\](?=\()"  # [[page]] and [label](address); never \[, which opens a formula
    r"|(?<=\))\)"  # ((block))
    r"|(?<=\{)\{"  # {{macro}}
    r"|#(?=\S)"  # #tag
    r"|<(?=[A-Za-z0-9/!%?])"  # HTML, dates of tasks
    r"|(?<=\[)[:^]"  # [:hiccup] and [^footnote]
    r"|(?<=@)@"  # @@html: …@@
)
_MARKS = re.compile(r"[\]){#<\[@]")
_ESCAPED = re.compile(r"\\([\\\])#{<:^@\"])")
_BLOCK_START = re.compile(r"(?=[-*+>#|`$:])|(?=(?:TODO|DOING|DONE|NOW|LATER|WAIT|WAITING|CANCELL?ED|IN-PROGRESS)\b)")
_PROPERTY_START = re.compile(r"^((?:#+ )?\S*?):(?=:(\s|$))")


def escape(text: str) -> str:
    """Return foreign text on one line, so that Logseq shows it and reads nothing into it."""
    return neutral(one_line(text).replace("\\", "\\\\"))


def is_read(line: str) -> bool:
    """Tell whether Logseq would read a reference, a macro, a tag or HTML somewhere in a line."""
    return _MARKS.search(line) is not None and _READ.search(line) is not None


def neutral(line: str) -> str:
    """Return a line whose backslashes are escapes already, with everything that refers or runs escaped."""
    return _READ.sub(lambda found: "\\" + found[0], line) if is_read(line) else line


def plain(text: str) -> str:
    """Return what `escape` was given (on one line)."""
    return _ESCAPED.sub(r"\1", text)


def block_text(text: str) -> str:
    """Return foreign text that stands at the beginning of a block."""
    return guarded(escape(text))


def guarded(line: str) -> str:
    """Keep the first word of a block from being a marker, a list, a heading or a property."""
    line = no_property(line)
    return "\\" + line if _BLOCK_START.match(line) else line


def no_property(line: str) -> str:
    """Keep the beginning of a line from being the key of a property."""
    return _PROPERTY_START.sub(r"\1:\\", line) if "::" in line else line


def link(title: str) -> str:
    """Return a reference to a page; titles come from `names` and hold nothing that ends it."""
    return f"[[{title}]]"


def text_value(text: str) -> str:
    """Return text as a property value that reads back as the same text."""
    value = escape(text)
    if len(value) > 1 and value[0] == value[-1] == '"':
        return "\\" + value
    odd_number = value.isdecimal() and str(int(value)) != value
    return f'"{value}"' if odd_number else value


def tag(name: str) -> str:
    """Return a name as one of Logseq's own tags: a page of that name, found by clicking on it."""
    text = re.sub(r"[^\w .&+'-]+", " ", one_line(name))
    return text.strip(" .'&+-") or "tag"


def date_time(value: str) -> str:
    """Return a UTC date-time as 2026-01-12 18:02, with seconds only when there are some."""
    moment = datetime.fromisoformat(value)
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return moment.strftime("%Y-%m-%d %H:%M:%S" if moment.second else "%Y-%m-%d %H:%M")


def web_address(value: str) -> str:
    """Return a link with what Logseq would read in it encoded; text that is no link is escaped."""
    if not re.fullmatch(r"https?://\S+", value):
        return text_value(value)
    return re.sub(r"[\[\](){}<>\"`\\|^]", lambda found: f"%{ord(found[0]):02X}", value)


def number(value: float) -> str:
    """Return a number as people write it: 4, not 4.0."""
    return str(int(value)) if float(value).is_integer() else repr(float(value))


def property_value(field: Field, value: Any, pages: Sequence[str] = ()) -> str:
    """Return a sample value as the text after `key:: `; `pages` are the titles that a relation points to."""
    match field.type:
        case "relation":
            return ", ".join(link(title) for title in pages)
        case "checkbox":
            return "true" if value else "false"
        case "number":
            return number(value)
        case "datetime":
            return date_time(value)
        case "date":
            return link(value) if field.key == "day" else str(value)[:10]
        case "url":
            return web_address(one_line(str(value)))
        case "multi_select":
            entry = tag if field.key == "tags" else escape
            return ", ".join(entry(item) for item in value)
        case _:
            return text_value(one_line(str(value), PROPERTY_LIMIT))


def is_cut(field: Field, value: Any) -> bool:
    """Tell whether a property shows less than the text has: several lines, or too long."""
    if field.type != "long_text":
        return False
    text = str(value).strip()
    return "\n" in text or "\r" in text or len(text) > PROPERTY_LIMIT


@dataclass(frozen=True, slots=True)
class Block:
    """One bullet: its text (may have several lines), properties, and the blocks below it."""

    text: str
    children: tuple[Block, ...] = ()
    properties: tuple[tuple[str, str], ...] = ()


def block(text: str, *children: Block, **properties: str) -> Block:
    """Return a block whose text is no property, whatever it begins with; a property's `_` becomes `-`."""
    first, newline, rest = text.partition("\n")
    named = tuple((key.replace("_", "-"), value) for key, value in properties.items())
    return Block(no_property(first) + newline + rest, children, named)


def long_blocks(text: str) -> tuple[Block, ...]:
    """Return a long foreign text as blocks, one for each line, none too long for Logseq."""
    lines = (line for line in clean(text).split("\n") if line.strip())
    pieces = (line[at : at + BLOCK_LIMIT // 2] for line in lines for at in range(0, len(line), BLOCK_LIMIT // 2))
    return tuple(Block(block_text(piece)) for piece in pieces)


def page(title: str, properties: Mapping[str, str], blocks: Iterable[Block]) -> str:
    """Return the text of a page: properties first, then the outline."""
    lines = [f"title:: {title}", *(f"{key}:: {value}" for key, value in properties.items()), ""]
    _write(blocks, "", lines)
    return "\n".join(lines) + "\n"


def _write(blocks: Iterable[Block], indent: str, out: list[str]) -> None:
    for item in blocks:
        first, *rest = item.text.split("\n")
        properties = [f"{key}:: {value}" for key, value in item.properties]
        # Logseq writes the properties of a query block above `#+BEGIN_QUERY`, of any other below its first line.
        lines = [*properties, first, *rest] if first.startswith("#+") else [first, *properties, *rest]
        out.append(f"{indent}- {lines[0]}".rstrip(" "))
        out.extend([f"{indent}  {line}" for line in lines[1:]])
        _write(item.children, indent + "\t", out)
