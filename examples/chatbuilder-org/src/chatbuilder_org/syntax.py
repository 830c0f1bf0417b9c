"""Org syntax, as text. What comes from outside never becomes a headline, link, timestamp, tag or keyword."""

from __future__ import annotations

import re
from typing import Any

from chatbuilder.generators.plugin import Field, clean, one_line

SPACE = "\u200b"  # the Org manual's own way to keep a character from meaning something ("Escape Character")
STATES = ("Active", "On Hold", "Completed", "Archived")
# Names that Org computes itself ("Special Properties"); a drawer must not set them.
_SPECIAL = ("PRIORITY", "TAGS", "ALLTAGS", "TODO", "ITEM", "FILE", "BLOCKED", "CLOSED", "DEADLINE", "SCHEDULED")
_ACTS = re.compile(r"(?<=[\[<])(?=[\[<\d])")
_LEADS = re.compile(r"^(?=[*#:|])", re.MULTILINE)
_LOOKS_TAGGED = re.compile(r":[\w@#%:]+:$")
_TIME = re.compile(r"\[(\d{4}-\d\d-\d\d) (\d\d:\d\d)\]")
_DRAWER = re.compile(r"^:PROPERTIES:[ \t\r]*\n(.*?)^:END:", re.MULTILINE | re.DOTALL)
_LINE = re.compile(r"^:([^\s:]+):[ \t]*(.*?)[ \t\r]*$", re.MULTILINE)


def words(text: str) -> str:
    """Return text on one line, to stand in a property or after a keyword."""
    return _ACTS.sub(SPACE, one_line(text))


def body(text: str) -> str:
    """Return paragraphs to stand below a headline."""
    return _LEADS.sub(SPACE, _ACTS.sub(SPACE, clean(text))).strip("\n")


def state(status: str) -> str:
    """Return a status as the keyword of a headline."""
    return re.sub(r"\W+", "_", status).upper()


def headline(title: str, status: str = "", tags: tuple[str, ...] = ()) -> str:
    """Return a headline."""
    name = words(title) or "Untitled"
    if name.split()[0] in {*map(state, STATES), "TODO", "DONE", "COMMENT"} or name.startswith("[#"):
        name = SPACE + name
    name += SPACE if _LOOKS_TAGGED.search(name) else ""
    marks = ":".join(dict.fromkeys(re.sub(r"[^\w@#%]+", "_", tag).strip("_") or "tag" for tag in tags))
    return " ".join(filter(None, ("*", state(status) if status else "", name, f":{marks}:" if marks else "")))


def link(path: str, title: str) -> str:
    """Return a link to a file."""
    return f"[[file:{path}][{words(title).replace('[', '(').replace(']', ')')}]]"


def property_name(field: Field) -> str:
    """Return the property that holds a field."""
    name = re.sub(r"\W+", "_", field.key).upper()
    return f"{name}_" if name in _SPECIAL else name


def value(field: Field, given: Any) -> str:
    """Return a value as it stands in a property; "" for none. Times are UTC, to the minute."""
    if isinstance(given, (list, tuple)):
        return words("; ".join(str(item) for item in given))
    if isinstance(given, bool):
        return "true" if given else "false"
    if field.type == "datetime" and given:
        return f"[{str(given)[:10]} {str(given)[11:16]}]"
    return "" if given is None else words(str(given))


def plain(text: str) -> str:
    """Return a value in the form in which sync compares two of them: a time as ISO 8601."""
    found = _TIME.fullmatch(text)
    return f"{found[1]}T{found[2]}" if found else text


def drawer(properties: dict[str, str]) -> str:
    """Return a property drawer."""
    return "\n".join((":PROPERTIES:", *(f":{key}: {text}".rstrip() for key, text in properties.items()), ":END:"))


def properties(text: str) -> dict[str, str]:
    """Return the properties of a file's first drawer. Raises `ValueError` when it has none."""
    if not (found := _DRAWER.search(text)):
        raise ValueError("its property drawer is gone")
    return {key.upper(): given for key, given in _LINE.findall(found[1])}


def with_properties(text: str, changed: dict[str, str]) -> str:
    """Return a file with these properties changed or added, and all else as it stands."""
    if not (found := _DRAWER.search(text)):
        raise ValueError("its property drawer is gone")
    rest = dict(changed)

    def line(match: re.Match[str]) -> str:
        new = rest.pop(match[1].upper(), None)
        return match[0] if new is None else f":{match[1]}: {new}".rstrip()

    inside = _LINE.sub(line, found[1]) + "".join(f":{key}: {new}".rstrip() + "\n" for key, new in rest.items())
    return text[: found.start(1)] + inside + text[found.end(1) :]
