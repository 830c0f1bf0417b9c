"""Step 7: where to build, what is there, and the build itself: step by step, to stop and to go on with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from chatbuilder import wizard
from chatbuilder.catalog import PLATFORMS
from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.messages import AskExport, Start, Stop
from chatbuilder.screens.state import State
from chatbuilder.screens.target import LABELS, bar, found, lines, start_label
from chatbuilder.widgets.actions import put
from chatbuilder.widgets.form import Field, FormRow, Tick
from chatbuilder.widgets.lines import LineList


class SetupScreen(StepScreen):
    """Target, what was found there, consent, the steps, and the buttons that start and stop."""

    STEP = "setup"
    PREVIEW = False
    CSS_PATH = "setup.tcss"
    AUTO_FOCUS = "Field"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start", tooltip="Build it now"),
        Binding("ctrl+x", "stop", "Stop", tooltip="Stop after the present step; what is done stays"),
        Binding("ctrl+o", "export", "Export", tooltip="Write everything to a folder or a zip file"),
    ]
    agreed = False

    def content(self) -> Iterable[Widget]:
        """A row for each key of the target, then what was found, the buttons, and the steps."""
        target = self.state.session.answers.get("target", {})
        for key in PLATFORMS[self.state.session.answers["platform"]].target_keys:
            label, hint = LABELS[key]
            yield FormRow(label, Field(target.get(key, ""), id=key, placeholder=hint), key=f"target.{key}")
        yield Static(id="found", markup=False)
        yield Tick("Yes, add these settings to my files", False, id="consent")
        with Horizontal(id="buttons"):
            yield Button("Start", id="start", compact=True, variant="primary", action="screen.start")
            yield Button("Stop", id="stop", compact=True, action="screen.stop")
            yield Button("Export instead", id="export", compact=True, action="screen.export")
            yield Static(id="progress")
        yield Static(id="trouble", markup=False)
        yield LineList((), id="steps")

    def show(self, state: State) -> None:
        """Draw target, findings, buttons and steps."""
        self._show_target(state)
        busy = state.progress is not None and state.progress.busy
        start = self.query_one("#start", Button)
        start.label = start_label(state)
        start.disabled = not self._may_start(state)
        start.display = not busy
        self.query_one("#stop", Button).display = busy
        self.query_one("#stop", Button).disabled = not (state.progress and state.progress.status == "running")
        self.query_one("#export", Button).disabled = busy
        for field in self.query(Field):
            field.disabled = busy
        self._show_steps(state)

    def _show_target(self, state: State) -> None:
        target = state.session.answers.get("target", {})
        for row in self.query(FormRow):
            key = row.key.removeprefix("target.")
            field = row.query_one(Field)
            field.show(target.get(key, ""))
            field.placeholder = state.suggested.get(key) or LABELS[key][1]
            row.wrong(state.problems.get(row.key, ""))
        consent = self.query_one("#consent", Tick)
        consent.display = bool(state.target and state.target.merges)
        consent.value = self.agreed
        put(self.query_one("#found", Static), found(state))

    def _show_steps(self, state: State) -> None:
        progress = state.progress
        put(self.query_one("#progress", Static), bar(progress) if progress else "")
        trouble = self.query_one("#trouble", Static)
        trouble.display = bool(progress and progress.error)
        put(trouble, "\n".join(progress.error) if progress else "")
        steps = self.query_one("#steps", LineList)
        steps.offer(lines(state))
        now = [n for n, s in enumerate(progress.steps) if s.state in ("running", "failed")] if progress else []
        if now:
            steps.highlighted = now[0]

    def _may_start(self, state: State) -> bool:
        if state.target is None or not state.target.ready or (state.progress and state.progress.busy):
            return False
        return not state.problems and (self.agreed or not state.target.merges)

    def problem(self, state: State) -> str:
        """While it is being built nobody leaves; before, Start or Export comes first."""
        if state.progress and state.progress.busy:
            return "Building. Stop ends it after the present step."
        if state.target and not state.target.ready and state.session.outcome is None:
            return "Export takes everything with you."
        return wizard.missing(self.STEP, state.session)

    def advice(self, state: State) -> tuple[str, str]:
        """It exists."""
        built = state.session.outcome and state.session.outcome.kind == "built"
        return "good", "Built. Continue shows where it is." if built else "Exported. Continue shows what to do with it."

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys say what can be done now."""
        busy = bool(self.state.progress and self.state.progress.busy)
        if action == "start":
            return False if busy else True if self._may_start(self.state) else None
        if action == "stop":
            return busy
        if action == "export":
            return not busy
        return super().check_action(action, parameters)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another place: it is looked at again, and consent is asked for again."""
        key, place = event.input.id or "", event.value.strip()
        if place != self.state.session.answers.get("target", {}).get(key, ""):
            self.agreed = False
            self.answer({"target": {key: place or None}})

    def on_tick_flipped(self, event: Tick.Flipped) -> None:
        """Consent to extend the person's own settings files."""
        self.agreed = event.value
        self.show(self.state)
        self.refresh_bindings()

    def action_start(self) -> None:
        """Build."""
        self.say(Start())

    def action_stop(self) -> None:
        """Stop after the present step."""
        self.say(Stop())

    def action_export(self) -> None:
        """Take the files instead."""
        self.say(AskExport())
