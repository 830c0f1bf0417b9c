"""Hints in the words of the wizard: what is a command elsewhere is a key or a button here."""

from __future__ import annotations

import re
from collections.abc import Iterable

from chatbuilder.wizard import ORDER, STEPS, Step

# A database's password is given by a command or the environment only: the wizard has no place for it.
SET = re.compile(
    r"(?:\brun |in a terminal: )?`?chatbuilder token set (?!custom)\w+(?: --account [\w.-]+)?(?: --file FILE)?`?"
)
CHECK = re.compile(r"(?:\brun )?`?chatbuilder token check (?!custom)\w+(?: --account [\w.-]+)?`?")
CONNECT = "press Connect, ^t"


def here(text: str, connect: str = CONNECT) -> str:
    """Return a hint with the way of the wizard in place of commands for tokens; `connect` says how to give one."""
    return CHECK.sub("“Check the token” in the menu", SET.sub(connect, text))


def all_here(lines: Iterable[str], connect: str = CONNECT) -> tuple[str, ...]:
    """Return lines as `here` does each."""
    return tuple(here(line, connect) for line in lines)


def standing(step: str) -> str:
    """Return where a step is among all."""
    return f"Step {ORDER.index(step) + 1} of {len(ORDER)}"


def after(step: str) -> Step:
    """Return the step that comes next; after the last one there is none but itself."""
    return STEPS[min(ORDER.index(step) + 1, len(STEPS) - 1)]
