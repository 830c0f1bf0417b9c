"""The one way a plan becomes real: each step once what it needs is there, journaled, stoppable, resumable.

The journal is written and events are told by the thread that called `run`. What goes to a vendor runs on threads beside
it, so that several calls can be under way and a call that hangs holds up nobody who wants to stop.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from time import monotonic
from typing import Any, Literal

from chatbuilder.errors import ChatbuilderError, RefusedError
from chatbuilder.library.journal import Journal, Record
from chatbuilder.provision.base import Provisioner, Result, Skipped
from chatbuilder.provision.crew import Crew, Ended
from chatbuilder.provision.outside.desk import Cancelled
from chatbuilder.solution import Plan, Step, resolve

LET_END = 60.0  # seconds that steps under way get to end by themselves after another one failed
GRACE = 0.4  # seconds that they get when the person wants to stop


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step is about to be delivered; `index` counts from 1."""

    key: str
    title: str
    index: int
    total: int


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step is there, or with `left` was left out, for the reason in the note.

    `note` also says when it was there already, or that the person's own version was kept.
    """

    key: str
    title: str
    index: int
    total: int
    note: str = ""
    left: bool = False


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step was refused."""

    key: str
    title: str
    index: int
    total: int
    message: str


@dataclass(frozen=True, slots=True)
class StepWaiting:
    """A step that is under way waits for so many seconds (a rate limit, the network). `key` is "" before the first."""

    key: str
    title: str
    why: str
    seconds: float


Event = StepStarted | StepDone | StepFailed | StepWaiting


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: results by step key, what was kept as the person made it or left out, and what stopped it."""

    status: Literal["completed", "failed", "cancelled"]
    results: Mapping[str, Result]
    done: int
    total: int
    kept: tuple[str, ...] = ()
    error: ChatbuilderError | None = None
    extra: Mapping[str, Any] = field(default_factory=dict)


def digest_of(payload: Mapping[str, Any]) -> str:
    """Return what identifies a payload: the SHA-256 of its JSON with sorted keys."""
    return hashlib.sha256(json.dumps(payload, sort_keys=True, ensure_ascii=True).encode()).hexdigest()


def run(
    plan: Plan,
    provisioner: Provisioner,
    journal: Journal,
    on_event: Callable[[Event], None],
    cancelled: Callable[[], bool],
    positions: Mapping[str, int] | None = None,
    *,
    seed: Mapping[str, Result] | None = None,
    aside: bool | None = None,
) -> Outcome:
    """Deliver every step of a plan that the journal does not already know as done.

    Stops at the first refusal or when `cancelled()`; running again goes on from there. `positions` are the places of
    the steps in the whole when this plan is only a part of it: taking down goes backwards by them. `seed` are results
    that no step has. With `aside` even one step at a time runs on a thread of its own; the default is to do that for
    provisioners that take several.
    """
    return _Run(plan, provisioner, journal, on_event, cancelled, positions or {}, seed or {}, aside).go()


@dataclass(slots=True)
class _Task:
    """A step under way: first what a crash left in doubt is looked up (`looking`), then it is delivered."""

    step: Step
    index: int
    payload: Mapping[str, Any]
    digest: str
    record: Record | None
    looking: bool = False

    @property
    def previous(self) -> Result | None:
        return self.record.result if self.record is not None and self.record.state != "removed" else None


class _Run:
    """One run: what waits, is under way, is over. Steps begin in the order of the plan, as soon as they may."""

    def __init__(
        self, plan: Plan, provisioner: Provisioner, journal: Journal, on_event: Callable[[Event], None],
        cancelled: Callable[[], bool], positions: Mapping[str, int], seed: Mapping[str, Result], aside: bool | None,
    ) -> None:  # fmt: skip
        self.provisioner, self.journal, self.on_event, self.cancelled = provisioner, journal, on_event, cancelled
        self.positions = positions
        self.records = journal.records()
        self.results: dict[str, Result] = {k: r.result for k, r in self.records.items() if r.result is not None}
        self.results |= seed
        self.steps = {step.key: (number, step) for number, step in enumerate(plan, 1)}
        self.waiting = list(self.steps)
        self.running: dict[str, _Task] = {}
        self.unfinished: set[str] = set()
        self.left_out: dict[str, str] = {}
        self.notes: dict[str, list[str]] = {}
        self.done = 0
        self.status: Literal["completed", "failed", "cancelled"] = "completed"
        self.error: ChatbuilderError | None = None
        self.defect: Exception | None = None
        self.deadline: float | None = None  # set once no more steps begin
        self.aside = provisioner.abreast > 1 if aside is None else aside
        self.crew = Crew(journal.system, self._tell_wait, aside=self.aside)

    def go(self) -> Outcome:
        try:
            while self._turn():
                pass
        finally:
            self.crew.leave()
        if self.defect is not None:
            raise self.defect
        if self.deadline is None and self.waiting:
            raise ValueError(f"steps wait for each other: {', '.join(self.waiting)}")
        if self.status == "cancelled" and not (self.waiting or self.unfinished):
            self.status = "completed"  # it was too late to stop it
        kept = tuple(f"{self.steps[key][1].title}: {why}" for key in self.steps for why in self.notes.get(key, ()))
        return Outcome(self.status, self.results, self.done, len(self.steps), kept, self.error)

    def _turn(self) -> bool:
        """Do the next thing there is to do; False when there is none."""
        if self.deadline is None and (key := self._ready()) is not None:
            if self.cancelled():
                self._stop("cancelled", GRACE)
            else:
                self._begin(key)
            return True
        if not self.running:
            return False
        if (ended := self.crew.next()) is not None:
            self._ended(self.running.pop(ended.key), ended)
        elif self.aside and self.status != "cancelled" and self.cancelled():
            self._stop("cancelled", GRACE)
        return self.deadline is None or monotonic() < self.deadline

    def _ready(self) -> str | None:
        if len(self.running) >= self.provisioner.abreast:
            return None
        open_ = {*self.waiting, *self.running}
        return next((key for key in self.waiting if not open_.intersection(self.steps[key][1].depends_on)), None)

    def _stop(self, status: Literal["failed", "cancelled"], seconds: float) -> None:
        """Begin no more steps. Those under way get some time; what they do not tell by then stays in the journal."""
        if self.status != "failed":  # what failed explains more than that somebody stopped it
            self.status = status
        end = monotonic() + seconds
        self.deadline = end if self.deadline is None else min(end, self.deadline)

    def _begin(self, key: str) -> None:
        index, step = self.steps[key]
        self.waiting.remove(key)
        self.unfinished.add(key)
        self.on_event(StepStarted(key, step.title, index, len(self.steps)))
        lacking = next((need for need in step.depends_on if need in self.left_out and need not in self.results), None)
        if lacking is not None:
            self._leave_out(step, index, f"it needs {self.steps[lacking][1].title}")
            return
        payload = resolve(step.payload, self.results)
        task = _Task(step, index, payload, digest_of(payload), self.records.get(key))
        record = task.record
        if record is not None and record.state == "done" and record.digest == task.digest:
            self._finish(task, "already there")
        elif record is not None and record.state == "intent":
            task.looking = True
            self._start(task, lambda: in_doubt(record, self.provisioner))
        else:
            self._deliver(task)

    def _deliver(self, task: _Task) -> None:
        step, payload, previous = task.step, task.payload, task.previous
        position = self.positions.get(step.key, task.index)
        self.journal.intent(step.key, position, step.title, step.kind, payload, task.digest)
        task.looking = False
        self._start(task, lambda: self.provisioner.deliver(step, payload, previous))

    def _start(self, task: _Task, work: Callable[[], Any]) -> None:
        self.running[task.step.key] = task
        self.crew.start(task.step.key, work)

    def _ended(self, task: _Task, ended: Ended) -> None:
        error = ended.error
        if error is None:
            self._found(task, ended.result) if task.looking else self._delivered(task, ended.result)
        elif isinstance(error, Skipped):
            self._leave_out(task.step, task.index, error.why)
        elif isinstance(error, Cancelled):
            self._stop("cancelled", GRACE)
        elif isinstance(error, (ChatbuilderError, OSError)):
            self._failed(task, error)
        elif isinstance(error, Exception):
            self.defect = self.defect or error
            self._stop("failed", LET_END)
        else:
            raise error

    def _found(self, task: _Task, found: Result | None) -> None:
        """Take up what became of a step in doubt."""
        if found is not None and task.record is not None:
            self.journal.done(task.step.key, found)
            self.results[task.step.key] = found
            task.record = replace(task.record, state="done", result=found)
            if task.record.digest == task.digest:
                self._finish(task, "found from the last run")
                return
        if self.deadline is None:
            self._deliver(task)

    def _delivered(self, task: _Task, result: Result) -> None:
        self.journal.done(task.step.key, result)
        self.results[task.step.key] = result
        self._finish(task, f"kept yours: {result['kept']}" if "kept" in result else "")

    def _finish(self, task: _Task, note: str) -> None:
        step, result = task.step, self.results[task.step.key]
        self.notes[step.key] = [str(result[why]) for why in ("kept", "left") if why in result]
        self.done += 1
        self.unfinished.discard(step.key)
        self.on_event(StepDone(step.key, step.title, task.index, len(self.steps), note))

    def _leave_out(self, step: Step, index: int, why: str) -> None:
        self.journal.skipped(step.key, self.positions.get(step.key, index), step.title, step.kind)
        self.left_out[step.key] = why
        self.unfinished.discard(step.key)
        self.notes[step.key] = [f"left out: {why}"]
        self.on_event(StepDone(step.key, step.title, index, len(self.steps), f"left out: {why}", left=True))

    def _failed(self, task: _Task, failure: ChatbuilderError | OSError) -> None:
        step = task.step
        # A vendor may have done a part before it refused, or may do it yet: the intent stays and is looked up.
        if isinstance(failure, ChatbuilderError) and not (task.looking or self.aside):
            self.journal.failed(step.key)
        error = failure if isinstance(failure, ChatbuilderError) else _disk_refused(step, failure)
        self.error = self.error or error
        self._stop("failed", LET_END)
        self.on_event(StepFailed(step.key, step.title, task.index, len(self.steps), error.message))

    def _tell_wait(self, key: str, why: str, seconds: float) -> None:
        if key in self.running:
            self.on_event(StepWaiting(key, self.steps[key][1].title, why, seconds))


def settle(journal: Journal, provisioner: Provisioner, do: Callable[[Callable[[], Any]], Any] | None = None) -> None:
    """Find out what became of the steps that a crash left in doubt; `do` makes the look-ups where it likes."""
    for record in journal.records().values():
        if record.state == "intent":
            look = partial(in_doubt, record, provisioner)
            if (found := do(look) if do else look()) is not None:
                journal.done(record.key, found)


def give_up(journal: Journal, plan: Plan) -> None:
    """Close what was begun with other answers, never finished, and is not part of this plan: it is not to come."""
    planned = {step.key for step in plan}
    for record in journal.records().values():
        if record.state in ("intent", "failed") and record.key not in planned:
            if record.result is None:
                journal.removed(record.key)
            else:
                journal.done(record.key, record.result)


def in_doubt(record: Record, provisioner: Provisioner) -> Result | None:
    """Return the result of a step when it is there after all: as begun, which may not be as planned now."""
    return provisioner.look_up(step_of(record), record.payload)


def step_of(record: Record) -> Step:
    """Return the step as it was begun."""
    kind: Any = record.kind
    return Step(record.key, record.title, kind, record.payload)


def _disk_refused(step: Step, error: OSError) -> RefusedError:
    # The journal keeps its intent: what the disk did before it refused is looked up by the next run.
    return RefusedError(
        f"{step.title}: {error.strerror or error}.", title="The disk refused a step",
        kept="everything built so far.", hint="mend the cause and apply again: it goes on from here.",
    )  # fmt: skip
