"""The steps of a build: what would be done, what is under way and why it waits, what is there."""

from __future__ import annotations

import math
from time import monotonic

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Button, Static

from chatbuilder.screens.progress import Delivery, Progress
from chatbuilder.screens.state import State
from chatbuilder.screens.target import hindrance, start_label
from chatbuilder.widgets.actions import put
from chatbuilder.widgets.choices import Item
from chatbuilder.widgets.lines import LineList

SIGNS = {
    "waiting": ("○", "$muted"),
    "running": ("▸", "$strong bold"),
    "held": ("‖", "$warn bold"),
    "done": ("✓", "$good bold"),
    "left": ("–", "$muted"),
    "failed": ("✗", "$bad bold"),
}
UNDER_WAY = ("running", "held", "failed")
KINDS = {
    "new": ("+", "$strong bold", "new"),
    "changed": ("~", "$warn bold", "changes"),
    "kept": ("·", "$muted", "stays, not asked for"),
    "there": ("✓", "$good", "already there"),
}


class BuildBar(Horizontal):
    """The buttons that start and stop, and how far it is."""

    def compose(self) -> ComposeResult:
        """Start and Stop take each other's place."""
        yield Button("Start", id="start", compact=True, variant="primary", action="screen.start")
        yield Button("Stop", id="stop", compact=True, action="screen.stop")
        yield Button("Export instead", id="export", compact=True, action="screen.export")
        yield Static(id="progress")

    def show(self, state: State, *, agreed: bool) -> None:
        """Offer what can be done now; `agreed`: the person's own settings may be extended."""
        progress, busy = state.progress, bool(state.progress and state.progress.busy)
        start, stop = self.query_one("#start", Button), self.query_one("#stop", Button)
        start.variant = "default" if state.session.built else "primary"  # one filled button: the one that goes on
        start.label, start.disabled, start.display = start_label(state), bool(hindrance(state, agreed)), not busy
        stop.display, stop.disabled = busy, not (progress and progress.status == "running")
        self.query_one("#export", Button).display = not busy
        put(self.query_one("#progress", Static), bar(progress) if progress else difference(state))


class StepLines(LineList):
    """A line for each step, or for each part that building would change; waits are counted down."""

    state: State | None = None

    def on_mount(self) -> None:
        """Count down, second by second."""
        self.set_interval(1, self._count_down)

    def show(self, state: State) -> None:
        """Draw how far it is, and keep what is under way in sight."""
        self.state = state
        self.offer(lines(state))
        steps = state.progress.steps if state.progress else ()
        now = [n for n, step in enumerate(steps) if step.state in UNDER_WAY]
        if now and not self.has_focus:  # who reads the list is not moved about in it
            self.highlighted = now[0]

    def _count_down(self) -> None:
        progress = self.state.progress if self.state else None
        if self.state and progress and any(step.state == "held" for step in progress.steps):
            self.offer(lines(self.state))


def bar(progress: Progress) -> Content:
    """Return how far a build is, as a bar and in words."""
    total, width = len(progress.steps) or 1, 16
    full = width * progress.done // total
    words = {
        "running": "building",
        "stopping": "stopping …",
        "completed": "done",
        "failed": "stopped",
        "cancelled": "stopped",
    }
    told = words[progress.status]
    if progress.status == "running":
        told = progress.waits or (f"{told}, {progress.abreast} at once" if progress.abreast > 1 else told)
    return Content.assemble(
        ("█" * full, "$good"), ("░" * (width - full), "$muted"), f" {progress.done} of {total} {told}"
    )


def difference(state: State) -> str:
    """Return in a few words what building would do to a system that exists."""
    parts = state.changes.parts if state.changes and state.changes.exists else ()
    kinds = [part.kind for part in parts]
    words = (("new", "new"), ("changed", "to change"), ("there", "already there"), ("kept", "to stay"))
    return ", ".join(f"{kinds.count(kind)} {word}" for kind, word in words if kind in kinds)


def lines(state: State) -> list[Item]:
    """Return the steps of the plan, as far as they are."""
    if state.progress:
        return [_line(step, monotonic()) for step in state.progress.steps]
    if state.changes and state.changes.exists:
        parts = sorted(state.changes.parts, key=lambda part: list(KINDS).index(part.kind))
        return [Item(f"{n}", p.title, KINDS[p.kind][2], *KINDS[p.kind][:2]) for n, p in enumerate(parts)]
    return [Item(s.key, s.title, "", *SIGNS["waiting"]) for s in state.solution.plan] if state.solution else []


def _line(step: Delivery, now: float) -> Item:
    """Return a step as it is now: one that waits counts down, and goes on by itself."""
    if step.state != "held":
        return Item(step.key, step.title, step.note, *SIGNS[step.state])
    left = math.ceil(step.until - now)
    if left <= 0:
        return Item(step.key, step.title, "", *SIGNS["running"])
    return Item(step.key, step.title, f"{step.note}: {left} s", *SIGNS["held"])
