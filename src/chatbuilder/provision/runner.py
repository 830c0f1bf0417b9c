"""The one way a plan becomes real: step by step, journaled, cancellable between steps, resumable after any crash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from chatbuilder.errors import ChatbuilderError, RefusedError
from chatbuilder.library.journal import Journal, Record
from chatbuilder.provision.base import Provisioner, Result
from chatbuilder.solution import Plan, Step, resolve


@dataclass(frozen=True, slots=True)
class StepStarted:
    """A step is about to be delivered; `index` counts from 1."""

    key: str
    title: str
    index: int
    total: int


@dataclass(frozen=True, slots=True)
class StepDone:
    """A step is there. `note` says when it was there already or the person's own version was kept."""

    key: str
    title: str
    index: int
    total: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class StepFailed:
    """A step was refused."""

    key: str
    title: str
    index: int
    total: int
    message: str


Event = StepStarted | StepDone | StepFailed


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended: results by step key, what was kept as the person made it, and the error if one stopped it."""

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
) -> Outcome:
    """Deliver every step of a plan that the journal does not already know as done.

    Stops at the first refusal, or between steps when `cancelled()`; running again goes on from there. `positions` are
    the places of the steps in the whole when this plan is only a part of it: taking down goes backwards by them.
    """
    records = journal.records()
    results: dict[str, Result] = {key: r.result for key, r in records.items() if r.result is not None}
    kept: list[str] = []
    total = len(plan.steps)
    for index, step in enumerate(plan, 1):
        if cancelled():
            return Outcome("cancelled", results, index - 1, total, tuple(kept))
        on_event(StepStarted(step.key, step.title, index, total))
        try:
            position = (positions or {}).get(step.key, index)
            note = _one(step, position, provisioner, journal, records.get(step.key), results)
        except (ChatbuilderError, OSError) as failure:
            error = failure if isinstance(failure, ChatbuilderError) else _disk_refused(step, failure)
            on_event(StepFailed(step.key, step.title, index, total, error.message))
            return Outcome("failed", results, index - 1, total, tuple(kept), error)
        kept += [f"{step.title}: {results[step.key][why]}" for why in ("kept", "left") if why in results[step.key]]
        on_event(StepDone(step.key, step.title, index, total, note))
    return Outcome("completed", results, total, total, tuple(kept))


def _one(
    step: Step,
    position: int,
    provisioner: Provisioner,
    journal: Journal,
    record: Record | None,
    results: dict[str, Result],
) -> str:
    payload = resolve(step.payload, results)
    digest = digest_of(payload)
    if record is not None and record.state == "intent":
        record = _settle(record, provisioner, journal)
        if record.state == "done" and record.digest == digest:
            results[step.key] = record.result or {}
            return "found from the last run"
    elif record is not None and record.state == "done" and record.digest == digest:
        return "already there"
    previous = record.result if record is not None and record.state != "removed" else None
    journal.intent(step.key, position, step.title, step.kind, payload, digest)
    try:
        result = provisioner.deliver(step, payload, previous)
    except ChatbuilderError:
        journal.failed(step.key)
        raise
    journal.done(step.key, result)
    results[step.key] = result
    return f"kept yours: {result['kept']}" if "kept" in result else ""


def settle(journal: Journal, provisioner: Provisioner) -> None:
    """Find out what became of the steps that a crash left in doubt."""
    for record in journal.records().values():
        if record.state == "intent":
            _settle(record, provisioner, journal)


def give_up(journal: Journal, plan: Plan) -> None:
    """Close what was begun with other answers, never finished, and is not part of this plan: it is not to come."""
    planned = {step.key for step in plan}
    for record in journal.records().values():
        if record.state in ("intent", "failed") and record.key not in planned:
            if record.result is None:
                journal.removed(record.key)
            else:
                journal.done(record.key, record.result)


def _settle(record: Record, provisioner: Provisioner, journal: Journal) -> Record:
    """Find out what became of a step that a crash left in doubt: as it was begun, which may not be as planned now."""
    found = in_doubt(record, provisioner)
    if found is None:
        return record
    journal.done(record.key, found)
    return replace(record, state="done", result=found)


def in_doubt(record: Record, provisioner: Provisioner) -> Result | None:
    """Return the result of a begun step when it is there after all."""
    kind: Any = record.kind
    return provisioner.look_up(Step(record.key, record.title, kind, record.payload), record.payload)


def _disk_refused(step: Step, error: OSError) -> RefusedError:
    # The journal keeps its intent: what the disk did before it refused is looked up by the next run.
    return RefusedError(
        f"{step.title}: {error.strerror or error}.", title="The disk refused a step",
        kept="everything built so far.", hint="mend the cause and apply again: it goes on from here.",
    )  # fmt: skip
