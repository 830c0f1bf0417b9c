"""Parts of a local system that its answers do not ask for any more: naming them, and removing those nobody edited."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatbuilder.config import Config
from chatbuilder.errors import ChatbuilderError
from chatbuilder.library.journal import Journal, Record
from chatbuilder.paths import locate
from chatbuilder.pipeline.designing import build
from chatbuilder.pipeline.evolving import not_wanted, present, recorded
from chatbuilder.pipeline.hands import usable_target
from chatbuilder.pipeline.outside import is_remote
from chatbuilder.pipeline.targets import open_provisioner, place_of, with_target
from chatbuilder.provision import crew
from chatbuilder.provision.base import Provisioner, State
from chatbuilder.provision.runner import step_of
from chatbuilder.solution import Plan


@dataclass(frozen=True, slots=True)
class Leftover:
    """A part of a system that the answers do not ask for; `edited` when it is not as built or holds data: it stays."""

    key: str
    title: str
    edited: bool


@dataclass(frozen=True, slots=True)
class Tidied:
    """What became of parts that are not asked for any more: titles of what is gone, and of what is still there.

    `swept` tells in words what was cleared away that had come twice.
    """

    removed: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    swept: tuple[str, ...] = ()


def leftovers(config: Config) -> list[Leftover]:
    """Return what `apply(..., tidy=True)` would remove, and what it would leave because somebody edited it.

    Only for local platforms; a vendor's things are never removed when answers change. Raises `InputError`.
    """
    config = with_target(config)
    records = {} if is_remote(config.platform) or not locate().library.exists() else recorded(config)[0]
    plan = build(config).plan
    if not not_wanted(records, plan):
        return []
    with usable_target(place_of(config)):
        provisioner = open_provisioner(config)
        with crew.closing("", provisioner):
            found = list(_ours(not_wanted(records, plan), provisioner))
    return [
        Leftover(record.key, record.title, state == "edited" or _holds_data(record))
        for record, state in found
        if state != "missing" and _counts(record)
    ]


def tidy_up(journal: Journal, provisioner: Provisioner, plan: Plan, *, remove: bool) -> Tidied:
    """Remove what is no part of the plan and was not edited, last first; without `remove` only say what there is."""
    removed, left = list[str](), list[str]()
    for record, state in _ours(not_wanted(present(journal.records()), plan), provisioner):
        may_go = remove and state == "same" and not _holds_data(record)
        gone = state == "missing" or (may_go and _removed(record, provisioner))
        if gone:
            journal.removed(record.key)
        if _counts(record) and state != "missing":
            (removed if gone else left).append(record.title)
    return Tidied(tuple(removed), tuple(left))


def _ours(records: list[Record], provisioner: Provisioner) -> Iterator[tuple[Record, State]]:
    """Yield what we made, with what became of it; what was there before or is the person's is none of our business."""
    for record in records:
        result = record.result or {}
        if "kept" not in result and result.get("created") is not False:
            yield record, provisioner.inspect(step_of(record), record.payload, result)


def _counts(record: Record) -> bool:
    # A folder goes when nothing is in it any more; that is not worth a word, and neither is one that stays.
    return record.kind != "folder"


def _holds_data(record: Record) -> bool:
    """A table of a database is not ours to drop because an answer changed: rows are what a database is for."""
    result = record.result or {}
    return record.kind == "sql" and bool(result.get("tables") or result.get("rows"))


def _removed(record: Record, provisioner: Provisioner) -> bool:
    try:
        return provisioner.remove(step_of(record), record.payload, record.result or {}).removed
    except (ChatbuilderError, OSError):
        return False  # the next run tries again
