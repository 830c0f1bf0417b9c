"""Keeping a system whole: what drifted, putting back what is missing, taking down what was made."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial

from chatbuilder import audit
from chatbuilder.config import Config
from chatbuilder.errors import ChatbuilderError, InterruptedByUser, PartlyDoneError
from chatbuilder.library.journal import Record
from chatbuilder.library.systems import Job, Library, System
from chatbuilder.paths import locate
from chatbuilder.pipeline.designing import build
from chatbuilder.pipeline.evolving import evolve, known, present, seed_of, standing
from chatbuilder.pipeline.hands import Hands, hands_of, never, silent, usable_target
from chatbuilder.pipeline.outside import desk_of, naming_account
from chatbuilder.pipeline.platforms import platform
from chatbuilder.pipeline.provisioning import Run, config_of, known_results
from chatbuilder.pipeline.targets import open_provisioner
from chatbuilder.provision import crew
from chatbuilder.provision.base import Provisioner, Removal, Result
from chatbuilder.provision.runner import Event, in_doubt, step_of
from chatbuilder.solution import Plan, Solution, Step, resolve


@dataclass(frozen=True, slots=True)
class Drift:
    """One step of a system: same, edited, missing, yours, not finished, or left out (the platform would not do it)."""

    key: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class Taken:
    """What `destroy` did with one step's work."""

    title: str
    removed: bool
    why: str


def verify(
    wanted: str, *, on_event: Callable[[Event], None] = silent, cancelled: Callable[[], bool] = never
) -> list[Drift]:
    """Compare a system with what was built; changes nothing. What its answers do not ask for any more is left out.

    Raises `InputError` for an unknown system, `CredentialsError` or `RefusedError` when its platform says no.
    """
    with _opened(wanted, on_event, cancelled) as opened, closing(opened):
        begun = opened.present()
        plan = opened.plan()
        keys = {step.key for step in plan}
        to_come = plan if opened.system.status == "building" else ()
        rest = [Drift(step.key, step.title, "not finished") for step in to_come if step.key not in begun]
        return [*(part for record in begun.values() if record.key in keys for part in opened.drifts(record)), *rest]


def repair(wanted: str, *, on_event: Callable[[Event], None], cancelled: Callable[[], bool]) -> Job:
    """Put back what is missing, finish what was begun, and touch nothing else. Raises as `verify` does."""
    with _opened(wanted, on_event, cancelled) as opened, opened.hands.holding(opened.provisioner):
        system, plan = opened.system, opened.plan()
        journal = opened.library.journal(system.id)
        known_results(journal, opened.provisioner, opened.hands)
        records = opened.present()
        states = {step.key: opened.drift(records[step.key]).state for step in plan if step.key in records}
        wrong = {key for key, state in states.items() if state in ("missing", "not finished")}
        if system.status == "building":
            wrong |= {step.key for step in plan if step.key not in states}
        positions = {step.key: number for number, step in enumerate(plan, 1)}
        positions |= {record.key: record.position for record in records.values()}
        for key in wrong:
            if states.get(key) == "missing":
                journal.failed(key)  # what it knows stays: delivery needs it to make the same anew
        steps = tuple(step for step in plan if step.key in wrong)
        seed = seed_of(opened.config, system.mark)
        again = Run(opened.library, opened.config, opened.hands, opened.provisioner, opened.solution, seed)
        return again.deliver(Plan(steps), "repair", positions)


def destroy(
    wanted: str, *, on_event: Callable[[Event], None] = silent, cancelled: Callable[[], bool] = never
) -> list[Taken]:
    """Take down what was created and not edited since, last step first.

    Raises as `verify` does, `InterruptedByUser` when it is stopped, and `PartlyDoneError` when something could not be
    removed: then the system stays on the list.
    """
    with _opened(wanted, on_event, cancelled) as opened, opened.hands.holding(opened.provisioner):
        system = opened.system
        journal = opened.library.journal(system.id)
        taken, problems = list[Taken](), list[str]()
        for record in _last_first(opened.present()):
            if cancelled():
                raise _stopped(len(taken))
            if record.state == "skipped" and record.result is None:
                continue
            try:
                removal = opened.hands.do(partial(_remove, record, opened.provisioner))
            except InterruptedByUser:
                raise _stopped(len(taken)) from None
            except (ChatbuilderError, OSError) as error:
                problems.append(f"{record.title}: {_words(error)}")
                continue
            if removal.removed:
                journal.removed(record.key)
            taken += _told(record, removal)
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
        if platform(opened.config.platform).hands_over:
            for key in opened.present():
                journal.removed(key)  # what stays out there is the person's now: what is built later is another system
        opened.library.set_system(system.id, "destroyed")
        return taken


def _last_first(records: Mapping[str, Record]) -> list[Record]:
    """Return what was built, last first; rows that came with others go after them, which link to them until then."""
    backwards = list(reversed(list(records.values())))
    return [*(r for r in backwards if "came" not in r.payload), *(r for r in backwards if "came" in r.payload)]


def _stopped(count: int) -> InterruptedByUser:
    return InterruptedByUser(
        f"Stopped after {count} parts.", title="Stopped", kept="what is not removed yet.",
        hint="run destroy again: it goes on from here.",
    )  # fmt: skip


def _words(error: ChatbuilderError | OSError) -> str:
    return error.message if isinstance(error, ChatbuilderError) else str(error.strerror or error)


def _told(record: Record, removal: Removal) -> list[Taken]:
    return [Taken(removal.what or record.title, removal.removed, removal.why)] if removal.told else []


def _remove(record: Record, provisioner: Provisioner) -> Removal:
    found = in_doubt(record, provisioner) if record.state == "intent" else None
    result = record.result if found is None else found
    if result is None:
        return Removal(True, record.title, "it was never finished")
    if "kept" in result:
        return Removal(False, record.title, "it is yours")
    return provisioner.remove(step_of(record), record.payload, result)


def _finds(step: Step, results: Mapping[str, Result]) -> bool:
    """Tell whether everything that a step refers to, and that was built, is where it looks for it."""
    built = {key: result for key, result in results.items() if key in step.depends_on or key == "target"}
    try:
        if built.keys() >= set(step.depends_on):
            resolve(step.payload, results)
    except (KeyError, IndexError, TypeError):
        return False
    return True


@dataclass(frozen=True, slots=True)
class _Opened:
    """A system with everything that is needed to look after it."""

    library: Library
    system: System
    config: Config
    solution: Solution
    provisioner: Provisioner
    hands: Hands

    def present(self) -> dict[str, Record]:
        """Return what was begun and not taken down, in plan order."""
        return present(self.library.journal(self.system.id).records())

    def plan(self) -> Plan:
        """Return the steps of the answers, and those that earlier changes of the answers brought beside them.

        A step of the answers looks for ids where a build at one go has them. Where changes put them elsewhere, it is
        the step that the changes came to.
        """
        plan, records = self.solution.plan, self.present()
        own = {step.key for step in plan}
        changed = {step.key: step for step in evolve(self.config, plan, records).plan}
        results = known(records) | seed_of(self.config, self.system.mark)
        there = standing(self.config, plan, records)
        fitting = (step if _finds(step, results) else changed.get(step.key, step) for step in there)
        return Plan((*fitting, *(step for key, step in changed.items() if key not in own)))

    def drift(self, record: Record) -> Drift:
        """Return what became of one part."""
        if record.state == "skipped":
            return Drift(record.key, record.title, "left out")
        if record.result is None or record.state != "done":
            return Drift(record.key, record.title, "not finished")
        if "kept" in record.result:
            return Drift(record.key, record.title, "yours")
        look = partial(self.provisioner.inspect, step_of(record), record.payload, record.result)
        return Drift(record.key, record.title, self.hands.do(look))

    def drifts(self, record: Record) -> list[Drift]:
        """Return what became of one part; where one step builds many things, each that is not as built by its name."""
        drift = self.drift(record)
        parts = getattr(self.provisioner, "parts", None)
        if parts is None or drift.state not in ("missing", "edited"):
            return [drift]
        look = partial(parts, step_of(record), record.payload, record.result)
        told = [Drift(record.key, part.title, part.state) for part in self.hands.do(look) if part.state != "same"]
        return told or [drift]

    def close(self) -> None:
        """Let go of the provisioner."""
        with crew.closing(self.system.id, self.provisioner):
            pass


@contextmanager
def _opened(wanted: str, on_event: Callable[[Event], None], cancelled: Callable[[], bool]) -> Iterator[_Opened]:
    with Library(locate().library) as library:
        system = library.system(wanted)
        config = config_of(system.answers)
        hands = hands_of(config, system.id, on_event, cancelled)
        with usable_target(system.place), naming_account(config.platform, config.target.account):
            solution = build(config)
            yield _Opened(library, system, config, solution, open_provisioner(config, desk_of(cancelled)), hands)
