"""How far a build is: a frozen value that every event replaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

StepState = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class Delivery:
    """One step of a plan while it is being built."""

    key: str
    title: str
    state: StepState = "waiting"
    note: str = ""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is. `error` are the lines to show when it stopped: what happened, what was kept, what next."""

    steps: tuple[Delivery, ...]
    status: Literal["running", "stopping", "completed", "failed", "cancelled"] = "running"
    error: tuple[str, ...] = ()

    @property
    def busy(self) -> bool:
        """Whether the build is still going on."""
        return self.status in ("running", "stopping")

    @property
    def done(self) -> int:
        """How many steps are there."""
        return sum(step.state == "done" for step in self.steps)

    def with_step(self, key: str, state: StepState, note: str = "") -> Progress:
        """Return the progress with one step in another state."""
        steps = tuple(replace(s, state=state, note=note) if s.key == key else s for s in self.steps)
        return replace(self, steps=steps)

    def stopping(self) -> Progress:
        """Return the progress of a build that was asked to stop."""
        return replace(self, status="stopping")

    def ended(self, status: str, error: Iterable[str] = ()) -> Progress:
        """Return the progress of a build that is over; anything but completed and cancelled is a failure."""
        known: dict[str, Literal["completed", "cancelled"]] = {"completed": "completed", "cancelled": "cancelled"}
        return replace(self, status=known.get(status, "failed"), error=tuple(error))


def error_lines(error: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a job's error (`pipeline.Job.error`) as lines: what happened, what was kept, what to do next."""
    if not error:
        return ()
    lines = [f"{error.get('title')}: {error.get('message')}", *(f"- {text}" for text in error.get("problems") or ())]
    lines += [f"{word}: {error[key]}" for word, key in (("Kept", "kept"), ("Next", "hint")) if error.get(key)]
    return tuple(lines)
