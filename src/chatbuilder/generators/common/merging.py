"""Which fields of a row that exists may be written: never over what a person did."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

Cell = str | tuple[str, ...]
"""What stands in one field, in the form in which two of them are compared; "" is empty."""


def digest(cell: Cell) -> str:
    """Return twelve hex digits that stand for what is in a field."""
    text = cell if isinstance(cell, str) else "\0".join(("", *cell))
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Merge:
    """What becomes of one row: the fields to write, those the person changed, and what stands there then, digested."""

    write: tuple[str, ...]
    kept: tuple[str, ...]
    digests: Mapping[str, str]


THEIRS, ABSENT = "-", "+"
"""Stand for a value that sync never wrote and leaves alone, and for a field that was not there before a write."""

HALF: Cell = "\0half"
"""What stands in a field that a killed run left half written, where a target shows that: it is always finished."""


def merge(ours: Mapping[str, Cell], theirs: Mapping[str, Cell], base: Mapping[str, Sequence[str]]) -> Merge:
    """Decide field by field. `base` are digests of what sync last wrote: two where a killed run may have written.

    A value is written only where the target still holds what sync wrote, or where sync never wrote and nothing stands.
    What the person changed, emptied or took out stays. For a row whose history is lost (the library is new), a number
    or time that has grown since is brought up to date, because chats only grow; another difference stays.
    """
    write, kept, after = [], [], {}
    for name, value in ours.items():
        mine, was = digest(value), base.get(name, ())
        now = theirs.get(name)
        if now is not None and digest(now) == mine:
            after[name] = mine
        elif (now is None and (not was or ABSENT in was)) or (
            now is not None and (now == HALF or digest(now) in was or _free(now, value, was))
        ):
            write.append(name)
            after[name] = mine
        else:
            kept.append(name)
            after[name] = was[0] if was else THEIRS
    return Merge(tuple(write), tuple(kept), after)


def _free(now: Cell, value: Cell, was: Sequence[str]) -> bool:
    """Tell whether a value that no record tells of may be written over."""
    if was:
        return False
    if not now:
        return True
    if not (isinstance(now, str) and isinstance(value, str)):
        return False
    if now.isdecimal() and value.isdecimal():
        return int(now) < int(value)
    return bool(_TIME.match(now) and _TIME.match(value)) and now < value


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d")
