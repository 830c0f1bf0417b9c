"""Keeping a system whole: what drifted, putting back what is missing, taking down what was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import Any

from chatbuilder import audit
from chatbuilder.errors import ChatbuilderError, PartlyDoneError
from chatbuilder.library.journal import Record
from chatbuilder.library.systems import Job, Library, System
from chatbuilder.paths import locate
from chatbuilder.pipeline.designing import build
from chatbuilder.pipeline.provisioning import Run, config_of, open_provisioner, system_lock, usable_target
from chatbuilder.provision.base import Provisioner, Removal
from chatbuilder.provision.runner import Event, in_doubt
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
        present = _present(library, system)
        begun = {record.key for record in present}
        to_come = build(config_of(system.answers)).plan if system.status == "building" else ()
        rest = [Drift(step.key, step.title, "not finished") for step in to_come if step.key not in begun]
        return [*(_drift(record, provisioner) for record in present), *rest]


def _drift(record: Record, provisioner: Provisioner) -> Drift:
    if record.result is None or record.state != "done":
        return Drift(record.key, record.title, "not finished")
    if "kept" in record.result:
        return Drift(record.key, record.title, "yours")
    return Drift(record.key, record.title, provisioner.inspect(_step(record), record.payload, record.result))


def repair(wanted: str, *, on_event: Callable[[Event], None], cancelled: Callable[[], bool]) -> Job:
    """Put back what is missing, finish what was begun, and touch nothing else. Raises `InputError`."""
    with _opened(wanted) as (library, system, provisioner), system_lock(system.id):
        journal = library.journal(system.id)
        solution = build(config_of(system.answers))
        records = _present(library, system)
        states = {record.key: _drift(record, provisioner).state for record in records}
        wrong = {key for key, state in states.items() if state in ("missing", "not finished")}
        if system.status == "building":
            wrong |= {step.key for step in solution.plan if step.key not in states}
        positions = {step.key: number for number, step in enumerate(solution.plan, 1)}
        positions |= {record.key: record.position for record in records}
        steps = {record.key: _step(record) for record in records} | {step.key: step for step in solution.plan}
        for key in wrong:
            if states.get(key) == "missing":
                journal.failed(key)  # what it knows stays: delivery needs it to make the same anew
        plan = Plan(tuple(steps[key] for key in sorted(wrong, key=lambda key: (positions[key], key))))
        again = Run(library, system.id, system.platform, provisioner, tuple(m.title for m in solution.manual))
        return again.deliver(plan, "repair", on_event, cancelled, positions)


def destroy(wanted: str) -> list[Taken]:
    """Take down what was created and not edited since, last step first.

    Raises `InputError`, and `PartlyDoneError` when something could not be removed: then the system stays on the list.
    """
    with _opened(wanted) as (library, system, provisioner), system_lock(system.id):
        journal = library.journal(system.id)
        taken, problems = [], []
        for record in reversed(_present(library, system)):
            try:
                removal = _remove(record, provisioner)
            except (ChatbuilderError, OSError) as error:
                problems.append(f"{record.title}: {_words(error)}")
                continue
            if removal.removed:
                journal.removed(record.key)
            taken.append(Taken(removal.what or record.title, removal.removed, removal.why))
        kept = sum(not item.removed for item in taken)
        audit.record(
            locate().audit_log, "destroy", system=system.id, removed=len(taken) - kept, kept=kept, failed=len(problems)
        )
        if problems:
            raise PartlyDoneError(
                f"{system.id} is only partly taken down.", title="Not everything could be removed", problems=problems,
                kept=f"what is listed here, and {kept} of your own; {len(taken) - kept} parts are removed.",
                hint="mend the cause and run destroy again: it goes on from here.",
            )  # fmt: skip
        library.set_system(system.id, "destroyed")
        return taken


def _words(error: ChatbuilderError | OSError) -> str:
    return error.message if isinstance(error, ChatbuilderError) else str(error.strerror or error)


def _remove(record: Record, provisioner: Provisioner) -> Removal:
    found = in_doubt(record, provisioner) if record.state == "intent" else None
    result = record.result if found is None else found
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
        with usable_target(system.place), closing(open_provisioner(config_of(system.answers))) as provisioner:
            yield library, system, provisioner
