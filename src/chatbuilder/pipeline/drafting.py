"""Saved wizard sessions. One registry for the process holds the locks of the drafts this window has open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

from chatbuilder.config import holds_password
from chatbuilder.drafts import Draft, DraftInfo, Drafts
from chatbuilder.paths import locate


@cache
def _registry(folder: Path) -> Drafts:
    return Drafts(folder)


def _drafts() -> Drafts:
    return _registry(locate().drafts)


def drafts() -> list[DraftInfo]:
    """Return all drafts, newest first; `problem` is set for one that was kept aside."""
    return _drafts().list()


def new_draft() -> Draft:
    """Return an empty draft with a fresh id."""
    return _drafts().new()


def load_draft(draft_id: str) -> Draft:
    """Open a draft, or a copy of it when another window has it open. Raises `InputError`."""
    return _drafts().load(draft_id)


def peek_draft(draft_id: str) -> Draft:
    """Return a draft as it is on disk, without opening it. Raises `InputError`."""
    return _drafts().peek(draft_id)


def has_draft(draft_id: str) -> bool:
    """Tell whether there is a draft of this id."""
    return _drafts().has(draft_id)


def save_draft(draft: Draft) -> Draft:
    """Write a draft atomically, without a database address that holds a password. Raises `InputError`."""
    target = draft.answers.get("target")
    if isinstance(target, Mapping) and holds_password(str(target.get("database") or "")):
        rest = {key: value for key, value in target.items() if key != "database"}
        saved = _drafts().save(replace(draft, answers={**draft.answers, "target": rest}))
        return replace(saved, answers=draft.answers)
    return _drafts().save(draft)


def delete_draft(draft_id: str) -> None:
    """Remove a draft. Raises `InputError`."""
    _drafts().delete(draft_id)


def release_draft(draft_id: str) -> None:
    """Let other windows open a draft."""
    _drafts().release(draft_id)
