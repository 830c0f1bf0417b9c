"""Keeping a system whole: what drifted, putting back what is missing, taking down what was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from chatbuilder import audit
from chatbuilder.library.journal import Record
from chatbuilder.library.systems import Job, Library, System
from chatbuilder.paths import locate
from chatbuilder.pipeline.designing import build
from chatbuilder.pipeline.provisioning import Run, config_of, open_provisioner, system_lock
from chatbuilder.provision.base import Provisioner, Removal
from chatbuilder.provision.runner import Event
from chatbuilder.solution import Plan, Step


@dataclass(frozen=True, slots=True)
class Drift:
    """One step of a system: still the same, edited by somebody, missing, or never finished."""

    key: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What `destroy` did with one step's work."""

    title: str
    removed: bool
    why: str


def verify(wanted: str) -> list[Drift]:
    """Compare a system with what was built; changes nothing. Raises `InputError` for an unknown system."""
    with _opened(wanted) as (library, system, provisioner):
        return [_drift(record, provisioner) for record in _present(library, system)]


def _drift(record: Record, provisioner: Provisioner) -> Drift:
    if record.result is None or record.state != "done":
        return Drift(record.key, record.title, "not finished")
    if "kept" in record.result:
        return Drift(record.key, record.title, "yours")
    return Drift(record.key, record.title, provisioner.inspect(_step(record), record.payload, record.result))


def repair(wanted: str, *, on_event: Callable[[Event], None], cancelled: Callable[[], bool]) -> Job:
    """Put back what is missing and touch nothing else. Raises `InputError`."""
    with _opened(wanted) as (library, system, provisioner), system_lock(system.id):
        journal = library.journal(system.id)
        missing = [r for r in _present(library, system) if _drift(r, provisioner).state in ("missing", "not finished")]
        for record in missing:
            if record.state == "done":
                journal.removed(record.key)
        manual = tuple(m.title for m in build(config_of(system.answers)).manual)
        again = Run(library, system.id, system.platform, provisioner, manual)
        return again.deliver(Plan(tuple(_step(r) for r in missing)), "repair", on_event, cancelled)


def destroy(wanted: str) -> list[Taken]:
    """Take down what was created and not edited since, last step first. Raises `InputError`."""
    with _opened(wanted) as (library, system, provisioner), system_lock(system.id):
        journal = library.journal(system.id)
        taken = []
        for record in reversed(_present(library, system)):
            removal = _remove(record, provisioner)
            if removal.removed:
                journal.removed(record.key)
            taken.append(Taken(removal.what or record.title, removal.removed, removal.why))
        library.set_system(system.id, "destroyed")
        kept = sum(not item.removed for item in taken)
        audit.record(locate().audit_log, "destroy", system=system.id, removed=len(taken) - kept, kept=kept)
        return taken


def _remove(record: Record, provisioner: Provisioner) -> Removal:
    result = record.result
    if record.state != "done":
        # In doubt: what is there may be the newer try, or still the older work.
        result = provisioner.look_up(_step(record), record.payload) or result
    if result is None:
        return Removal(True, record.title, "it was never finished")
    if "kept" in result:
        return Removal(False, record.title, "it is yours")
    return provisioner.remove(_step(record), record.payload, result)


def _step(record: Record) -> Step:
    kind: Any = record.kind
    return Step(record.key, record.title, kind, record.payload)


def _present(library: Library, system: System) -> list[Record]:
    return [r for r in library.journal(system.id).records().values() if r.state != "removed"]


@contextmanager
def _opened(wanted: str) -> Iterator[tuple[Library, System, Provisioner]]:
    with Library(locate().library) as library:
        system = library.system(wanted)
        provisioner = open_provisioner(config_of(system.answers))
        try:
            yield library, system, provisioner
        finally:
            provisioner.close()
