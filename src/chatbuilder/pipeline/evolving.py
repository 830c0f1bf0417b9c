"""What other answers mean for a system that exists: the plan that gets it there, and what it has that is not wanted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from chatbuilder.config import Config
from chatbuilder.library.journal import Record
from chatbuilder.library.systems import Library
from chatbuilder.paths import locate
from chatbuilder.pipeline.designing import build
from chatbuilder.pipeline.outside import is_remote
from chatbuilder.pipeline.platforms import platform
from chatbuilder.pipeline.targets import system_id, with_target
from chatbuilder.provision.base import Result
from chatbuilder.provision.runner import digest_of
from chatbuilder.solution import Delivered, Evolution, Plan, Step, resolve

Kind = Literal["new", "changed", "there", "kept"]
Records = Mapping[str, Record]


@dataclass(frozen=True, slots=True)
class Change:
    """What applying answers would do with one part of a system.

    new: made; changed: brought to the answers; there: nothing to do; kept: the answers do not ask for it any more.
    """

    kind: Kind
    key: str
    title: str


@dataclass(frozen=True, slots=True)
class Changes:
    """What applying answers would do. `exists` is False when there is no such system yet: then all of it is new."""

    exists: bool
    plan: Plan
    parts: tuple[Change, ...]


def changes(config: Config) -> Changes:
    """Return what applying these answers would do, from what is on record; asks nobody. Raises `InputError`."""
    config = with_target(config)
    plan = build(config).plan
    records, seed = recorded(config)
    if not records:
        return Changes(False, plan, tuple(Change("new", step.key, step.title) for step in plan))
    evolution = evolve(config, plan, records)
    results = {**known(records), **seed}
    parts = [Change(_kind(step, records, results), step.key, step.title) for step in evolution.plan]
    if evolution.kept:
        parts += [Change("kept", "", text) for text in evolution.kept]
    else:
        parts += [Change("kept", record.key, record.title) for record in not_wanted(records, evolution.plan)]
    return Changes(True, evolution.plan, tuple(parts))


def _kind(step: Step, records: Records, results: Mapping[str, Result]) -> Kind:
    record = records.get(step.key)
    if record is None or record.result is None:
        return "new"
    try:
        same = record.state == "done" and record.digest == digest_of(resolve(step.payload, results))
    except (KeyError, IndexError):  # it hangs on something that is not there yet
        same = False
    return "there" if same else "changed"


def recorded(config: Config) -> tuple[dict[str, Record], dict[str, Result]]:
    """Return what the journal has of the system of these answers, and what no step has told; empty without one."""
    if not locate().library.exists():
        return {}, {}
    with Library(locate().library) as library:
        system = library.find(system_id(config))
        if system is None:
            return {}, {}
        return present(library.journal(system.id).records()), seed_of(config, system.mark)


def present(records: Records) -> dict[str, Record]:
    """Return the records of what was not taken down, in plan order."""
    return {key: record for key, record in records.items() if record.state != "removed"}


def known(records: Records) -> dict[str, Result]:
    """Return the results of earlier runs by step key."""
    return {key: record.result for key, record in records.items() if record.result is not None}


def seed_of(config: Config, mark: str) -> dict[str, Result]:
    """Return the results that no step has: Refs to "target" stand for them. Local platforms have none."""
    if not is_remote(config.platform):
        return {}
    target = {key: value for key, value in config.data().get("target", {}).items() if key != "account"}
    return {"target": {**target, "mark": mark}}


def evolve(config: Config, plan: Plan, records: Records) -> Evolution:
    """Return how a system on record gets to the plan of other answers, as its platform does that."""
    delivered = {key: Delivered(r.payload, r.result) for key, r in records.items() if r.result is not None}
    to_other_answers = platform(config.platform).evolve
    return to_other_answers(plan, delivered) if delivered and to_other_answers else Evolution(plan)


def standing(config: Config, plan: Plan, records: Records) -> Plan:
    """Return the plan of a system's answers as it stands after changes of them, where that is another one."""
    delivered = {key: Delivered(r.payload, r.result) for key, r in records.items() if r.result is not None}
    after_changes = platform(config.platform).standing
    return after_changes(plan, delivered) if delivered and after_changes else plan


def not_wanted(records: Records, plan: Iterable[Step]) -> list[Record]:
    """Return what was built and is no part of the plan, last first."""
    wanted = {step.key for step in plan}
    return [r for r in reversed(list(records.values())) if r.key not in wanted and r.result is not None]
