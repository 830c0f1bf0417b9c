"""The one way a plan becomes real: step by step, journaled, cancellable between steps, resumable after any crash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
) -> Outcome:
    """Deliver every step of a plan that the journal does not already know as done.

    Stops at the first refusal, or between steps when `cancelled()`; running again goes on from there.
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
            note = _one(step, index, provisioner, journal, records.get(step.key), results)
        except ChatbuilderError as error:
            on_event(StepFailed(step.key, step.title, index, total, error.message))
            return Outcome("failed", results, index - 1, total, tuple(kept), error)
        if "kept" in results[step.key]:
            kept.append(f"{step.title}: {results[step.key]['kept']}")
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
    known = record is not None and record.digest == digest
    if record is not None and known and record.state == "done":
        return "already there"
    if record is not None and known and record.state == "intent":
        found = provisioner.look_up(step, payload)
        if found is not None:
            journal.done(step.key, found)
            results[step.key] = found
            return "found from the last run"
    previous = record.result if record is not None and record.state != "removed" else None
    journal.intent(step.key, position, step.title, step.kind, payload, digest)
    result = _deliver(step, payload, previous, provisioner, journal)
    journal.done(step.key, result)
    results[step.key] = result
    return f"kept yours: {result['kept']}" if "kept" in result else ""


def _deliver(
    step: Step, payload: Mapping[str, Any], previous: Result | None, provisioner: Provisioner, journal: Journal
) -> Result:
    try:
        return provisioner.deliver(step, payload, previous)
    except ChatbuilderError:
        journal.failed(step.key)
        raise
    except OSError as error:
        journal.failed(step.key)
        raise RefusedError(
            f"{step.title}: {error.strerror or error}.", title="The disk refused a step",
            kept="everything built so far.", hint="mend the cause and apply again: it goes on from here.",
        ) from error  # fmt: skip
