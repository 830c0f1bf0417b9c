"""How far a build is: a frozen value that every event replaces."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

StepState = Literal["waiting", "running", "held", "done", "left", "failed"]
Over = Literal["completed", "failed", "cancelled"]
OVER = ("done", "left")


@dataclass(frozen=True, slots=True)
class Delivery:
    """One step of a plan while it is being built.

    held: it is under way and waits for the reason in the note, until a moment of the monotonic clock, in seconds.
    """

    key: str
    title: str
    state: StepState = "waiting"
    note: str = ""
    until: float = 0.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a build is. `error` are the lines to show when it stopped: what happened, what was kept, what next.

    `code` is that error's exit code; `waits` says why it has not begun yet.
    """

    steps: tuple[Delivery, ...]
    status: Literal["running", "stopping", "completed", "failed", "cancelled"] = "running"
    error: tuple[str, ...] = ()
    code: int = 0
    waits: str = ""

    @property
    def busy(self) -> bool:
        """Whether the build is still going on."""
        return self.status in ("running", "stopping")

    @property
    def done(self) -> int:
        """How many steps are there."""
        return sum(step.state in OVER for step in self.steps)

    @property
    def abreast(self) -> int:
        """How many steps are under way at once."""
        return sum(step.state in ("running", "held") for step in self.steps)

    def with_step(self, key: str, state: StepState, note: str = "", until: float = 0.0) -> Progress:
        """Return the progress with one step in another state; a wait that is no step's is the whole build's."""
        if not key:
            return replace(self, waits=note)
        steps = tuple(replace(s, state=state, note=note, until=until) if s.key == key else s for s in self.steps)
        return replace(self, steps=steps, waits="")

    def stopping(self) -> Progress:
        """Return the progress of a build that was asked to stop."""
        return replace(self, status="stopping")

    def ended(self, status: str, error: Iterable[str] = (), code: int = 0) -> Progress:
        """Return the progress of a build that is over; anything but completed and cancelled is a failure.

        Steps that were under way are neither done nor failed: the next run finds out.
        """
        known: dict[str, Over] = {"completed": "completed", "cancelled": "cancelled"}
        over: Over = known.get(status) or "failed"
        steps = tuple(
            replace(s, state="waiting", note="looked up when you go on", until=0.0)
            if s.state in ("running", "held")
            else s
            for s in self.steps
        )
        return Progress(steps, over, tuple(error), code)


def error_lines(error: Mapping[str, Any]) -> tuple[str, ...]:
    """Return a job's error (`pipeline.Job.error`) as lines: what happened, what was kept, what to do next."""
    if not error:
        return ()
    lines = [f"{error.get('title')}: {error.get('message')}", *(f"- {text}" for text in error.get("problems") or ())]
    lines += [f"{word}: {error[key]}" for word, key in (("Kept", "kept"), ("Next", "hint")) if error.get(key)]
    return tuple(lines)
