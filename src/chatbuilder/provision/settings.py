"""Adding keys to a JSON settings file that belongs to somebody else, and taking exactly those back.

Additive: a key that exists wins, a list gets the items it lacks. What was added is recorded key by key, so that it can
be taken back as long as it still is what was added.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Path = list[str]


@dataclass(slots=True)
class Added:
    """What a merge put in: single values, items of lists, and the containers made to hold them.

    `theirs` are the dotted names of settings that differ and stay as they are.
    """

    values: list[tuple[Path, Any]] = field(default_factory=list)
    items: list[tuple[Path, Any]] = field(default_factory=list)
    containers: list[Path] = field(default_factory=list)
    theirs: list[str] = field(default_factory=list)

    def data(self) -> dict[str, Any]:
        """Return the record as JSON data for a journal."""
        return {
            "values": [[path, value] for path, value in self.values],
            "items": [[path, item] for path, item in self.items],
            "containers": self.containers,
        }

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Added:
        """Return a record that `data()` made."""
        return cls(
            [(list(path), value) for path, value in data.get("values", ())],
            [(list(path), item) for path, item in data.get("items", ())],
            [list(path) for path in data.get("containers", ())],
        )

    def names(self) -> list[str]:
        """Return the dotted names of what was added."""
        return list(dict.fromkeys(".".join(path) for path, _ in (*self.values, *self.items)))


def same(a: Any, b: Any) -> bool:
    """Tell whether two JSON values are equal; unlike ==, true is not 1."""
    return json.dumps(a, sort_keys=True) == json.dumps(b, sort_keys=True)


def merge(current: Mapping[str, Any], values: Mapping[str, Any]) -> tuple[dict[str, Any], Added]:
    """Return the settings with what they lack, and what was added."""
    merged = copy.deepcopy(dict(current))
    added = Added()
    _merge(merged, values, [], added)
    return merged, added


def _merge(into: dict[str, Any], values: Mapping[str, Any], path: Path, added: Added) -> None:
    for key, value in values.items():
        here = [*path, key]
        if isinstance(value, (Mapping, list, tuple)):
            _merge_container(into, key, value, here, added)
        elif key not in into:
            into[key] = value
            added.values.append((here, value))
        elif not same(into[key], value):
            added.theirs.append(".".join(here))


def _merge_container(into: dict[str, Any], key: str, value: Any, here: Path, added: Added) -> None:
    nested = isinstance(value, Mapping)
    if key not in into:
        into[key] = {} if nested else []
        added.containers.append(here)
    there = into[key]
    if nested and isinstance(there, dict):
        _merge(there, value, here, added)
    elif not nested and isinstance(there, list):
        _append(there, value, here, added)
    else:
        added.theirs.append(".".join(here))


def _append(there: list[Any], items: Any, here: Path, added: Added) -> None:
    for item in items:
        if any(same(item, other) for other in there):
            continue
        if any(_same_thing(item, other) for other in there):
            added.theirs.append(".".join(here))
            continue
        there.append(copy.deepcopy(item))
        added.items.append((here, item))


def _same_thing(a: Any, b: Any) -> bool:
    """Two entries of one kind and title are one thing that somebody has edited since."""
    both = isinstance(a, Mapping) and isinstance(b, Mapping)
    return both and bool(a.get("title")) and all(a.get(key) == b.get(key) for key in ("type", "title"))


def take_back(current: Mapping[str, Any], added: Added) -> tuple[dict[str, Any], list[str]]:
    """Return the settings without what was added, and the names of what was changed since and therefore stays."""
    left = copy.deepcopy(dict(current))
    changed = []
    for path, value in added.values:
        holder = _at(left, path[:-1])
        if isinstance(holder, dict) and path[-1] in holder:
            if same(holder[path[-1]], value):
                del holder[path[-1]]
            else:
                changed.append(".".join(path))
    for path, item in added.items:
        holder = _at(left, path)
        if isinstance(holder, list):
            index = _index(holder, item)
            if index is not None:
                del holder[index]
            elif any(_same_thing(item, other) for other in holder):
                changed.append(".".join(path))
    for path in sorted(added.containers, key=len, reverse=True):
        holder = _at(left, path[:-1])
        if isinstance(holder, dict) and holder.get(path[-1], 0) in ({}, []):
            del holder[path[-1]]
    return left, changed


def present(current: Mapping[str, Any], added: Added) -> tuple[int, int]:
    """Return how many of the things added are still there as added, and how many there were."""
    values = [same(_at(current, path, _MISSING), value) for path, value in added.values]
    items = [_index(_at(current, path, []), item) is not None for path, item in added.items]
    return sum(values) + sum(items), len(values) + len(items)


_MISSING = {"": "nothing is like this"}


def _at(data: Any, path: Path, default: Any = None) -> Any:
    for key in path:
        if not isinstance(data, dict) or key not in data:
            return default
        data = data[key]
    return data


def _index(items: Any, wanted: Any) -> int | None:
    if not isinstance(items, list):
        return None
    return next((n for n, item in enumerate(items) if same(item, wanted)), None)


@dataclass(frozen=True, slots=True)
class Style:
    """How a JSON file is laid out, so that a change leaves the rest of it byte for byte as it was."""

    indent: int | str | None = 2
    separators: tuple[str, str] = (",", ": ")
    ascii_only: bool = False
    end: str = "\n"
    newline: str = "\n"
    mark: bool = False

    def dump(self, data: Any) -> bytes:
        """Return the bytes of a file in this style."""
        body = json.dumps(data, indent=self.indent, separators=self.separators, ensure_ascii=self.ascii_only)
        text = (body + self.end).replace("\n", self.newline)
        return (b"\xef\xbb\xbf" if self.mark else b"") + text.encode("utf-8", "surrogatepass")


def load(raw: bytes) -> tuple[Any, Style]:
    """Return the value of a JSON file and its style; ValueError when it is not JSON. An empty file counts as {}."""
    mark = raw.startswith(b"\xef\xbb\xbf")
    text = raw.decode("utf-8-sig")
    newline = "\r\n" if "\r\n" in text else "\n"
    text = text.replace("\r\n", "\n")
    data = json.loads(text) if text.strip() else {}
    end = text[len(text.rstrip("\n")) :]
    for indent, separators in _LAYOUTS:
        for ascii_only in (False, True):
            style = Style(indent, separators, ascii_only, end, newline, mark)
            if style.dump(data) == raw:
                return data, style
    return data, Style(2, (",", ": "), False, end, newline, mark)


_LAYOUTS: tuple[tuple[int | str | None, tuple[str, str]], ...] = (
    (2, (",", ": ")), ("\t", (",", ": ")), (4, (",", ": ")), (None, (",", ":")), (None, (", ", ": ")),
)  # fmt: skip
