"""The properties of a page that a person, or Logseq, may have rewritten: read line by line, changed line by line.

Logseq takes the `key:: value` lines at the top of a page, before the first bullet, in any order; a line among them that
is no property hides those below it. They are read here all the same: a slip must not lose a page's key.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_PROPERTY = re.compile(r"\ufeff?[ \t]*([^\s:]+)::(?:[ \t]+(.*))?")
_BULLET = re.compile(r"[ \t]*-(?:[ \t]|$)")


class PageProperties:
    """The properties at the top of a page. Raises `ValueError` when there are none."""

    def __init__(self, text: str) -> None:
        self._lines = text.split("\n")
        self._found: dict[str, int] = {}
        self._twice: set[str] = set()
        self._end = 0
        for number, line in enumerate(self._lines):
            if _BULLET.match(line) or (not line.strip(" \t\r\ufeff") and self._found):
                break
            if found := _PROPERTY.match(line.rstrip("\r")):
                key = found[1].lower().replace("_", "-")
                self._twice |= {key} & set(self._found)
                self._found.setdefault(key, number)
                self._end = number + 1
        if not self._found:
            raise ValueError("it has no properties any more")
        self._ending = "\r" if self._lines[self._end - 1].endswith("\r") else ""

    def value(self, key: str) -> str:
        """Return what a property holds, "" when it is empty or not there. Raises `ValueError` when it is there twice.

        White space counts as one space: Logseq trims it.
        """
        if key in self._twice:
            raise ValueError(f"it has the property {key} twice")
        return self.first(key)

    def first(self, key: str) -> str:
        """Return what a property holds where it stands first."""
        if key not in self._found:
            return ""
        found = _PROPERTY.match(self._lines[self._found[key]].rstrip("\r"))
        return " ".join((found[2] or "").split()) if found else ""

    def with_values(self, values: Mapping[str, str]) -> str:
        """Return the page with properties changed, or added after the last one; "" takes one out.

        Every other byte stays as it is. Raises `ValueError` when one of them is there twice.
        """
        out: list[str | None] = list(self._lines)
        added = []
        for key, value in values.items():
            if key in self._twice:
                raise ValueError(f"it has the property {key} twice")
            line = f"{key}:: {value}" if value else None
            if key in self._found:
                at = self._found[key]
                out[at] = line and self._lead(at) + line + ("\r" if self._lines[at].endswith("\r") else "")
            elif line:
                added.append(line + self._ending)
        if added and self._end == len(out) and self._ending:
            added[-1] = added[-1].removesuffix("\r")
        out[self._end : self._end] = added
        return "\n".join(line for line in out if line is not None)

    def _lead(self, at: int) -> str:
        line = self._lines[at]
        return line[: len(line) - len(line.lstrip(" \t\ufeff"))]


def top_value(head: str, key: str) -> str:
    """Return a property at the top of a page, given its beginning; the first one when it is there twice."""
    try:
        return PageProperties(head).first(key)
    except ValueError:
        return ""
