"""Step 7: where to build, what is there, and the build itself: step by step, to stop and to go on with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from chatbuilder import wizard
from chatbuilder.catalog import PLATFORMS
from chatbuilder.screens.account import trouble_text
from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.deliveries import BuildBar, StepLines
from chatbuilder.screens.messages import AskCheck, AskConnect, AskExport, Start, Stop
from chatbuilder.screens.place import PlaceForm
from chatbuilder.screens.state import State
from chatbuilder.screens.target import found, hindrance
from chatbuilder.widgets.actions import put
from chatbuilder.widgets.form import Cycle, Tick
from chatbuilder.widgets.heading import Heading

BUILT = "It is built.", "Build again brings it to your answers, where they have changed since."


class SetupScreen(StepScreen):
    """Target, what was found there, consent, the steps, and the buttons that start and stop."""

    STEP = "setup"
    CSS_PATH = "setup.tcss"
    AUTO_FOCUS = "Field"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start", tooltip="Build it now"),
        Binding("ctrl+s", "insist", show=False),
        Binding("ctrl+x", "stop", "Stop", tooltip="Stop; what is done stays"),
        Binding("ctrl+t", "connect", "Connect", tooltip="Give a token; it is kept in your keyring"),
        Binding("ctrl+o", "export", "Export", tooltip="Write everything to a folder or a zip file"),
    ]
    agreed = tidy = False

    def content(self) -> Iterable[Widget]:
        """A row for each key of the target, then what was found, the buttons, and the steps."""
        answers = self.state.session.answers
        with Vertical(id="target"):
            yield PlaceForm(answers["platform"], answers.get("target", {}))
            yield Static(id="found", markup=False)
            yield Tick("Yes, add these settings to my files", False, id="consent")
            yield Tick("Remove what is not asked for any more; what I edited stays", False, id="tidy")
        yield BuildBar(id="buttons", classes="buttons")
        yield Static(id="trouble", classes="trouble", markup=False)
        yield StepLines((), id="steps")

    def show(self, state: State) -> None:
        """Draw target, findings, buttons and steps."""
        busy = state.progress is not None and state.progress.busy
        step = wizard.BY_ID[self.STEP]
        self.query_one(Heading).ask(*(BUILT if state.session.built else (step.question, step.hint)))
        self._show_target(state, busy=busy)
        self.query_one(BuildBar).show(state, agreed=self.agreed)
        errors = state.progress.error if state.progress else ()
        self.query_one("#trouble", Static).display = bool(errors)
        put(self.query_one("#trouble", Static), trouble_text(errors))
        self.query_one(StepLines).show(state)

    def _show_target(self, state: State, *, busy: bool) -> None:
        self.query_one(PlaceForm).show(state, busy=busy)
        for key, shown, value in (
            ("consent", bool(state.target and state.target.merges), self.agreed),
            ("tidy", not busy and any(not part.edited for part in state.leftovers), self.tidy),
        ):
            tick = self.query_one(f"#{key}", Tick)
            tick.display, tick.value = shown, value
        put(self.query_one("#found", Static), found(state))

    def problem(self, state: State) -> str:
        """While it is being built nobody leaves; before, Start or Export comes first."""
        if state.progress and state.progress.busy:
            return "Building. Stop ends it; what is done stays."
        if state.target and not state.target.ready and state.session.outcome is None:
            return "Export takes everything with you."
        return wizard.missing(self.STEP, state.session)

    def advice(self, state: State) -> tuple[str, str]:
        """It exists."""
        built = "Built. Continue shows where it is."
        return "good", built if state.session.built else "Exported. Continue shows what to do with it."

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys say what can be done now."""
        busy = bool(self.state.progress and self.state.progress.busy)
        if action == "start":
            return False if busy else None if hindrance(self.state, self.agreed) else True
        if action == "stop":
            return busy
        if action in ("export", "connect", "check"):
            remote = "account" in PLATFORMS[self.state.session.answers["platform"]].target_keys
            return not busy and (remote or action == "export")
        return super().check_action(action, parameters)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another place: it is looked at again, and consent is asked for again."""
        key, place = event.input.id or "", event.value.strip()
        if place != self.state.session.answers.get("target", {}).get(key, ""):
            self.agreed = self.tidy = False
            self.answer({"target": {key: place or None}})

    def on_cycle_turned(self, event: Cycle.Turned) -> None:
        """Another account."""
        self.answer({"target": {"account": event.value or None}})

    def on_tick_flipped(self, event: Tick.Flipped) -> None:
        """Consent to extend the person's own settings files, or to remove what is left over."""
        if event.tick.id == "tidy":
            self.tidy = event.value
        else:
            self.agreed = event.value
        self.show(self.state)
        self.refresh_bindings()

    def action_start(self) -> None:
        """Build; the request takes the way of the last answer, so that it cannot overtake it."""
        (self.focused or self).post_message(Start())

    action_insist = action_start  # while Start is dimmed: the app waits for the look at the place, or says why not

    def on_start(self, event: Start) -> None:
        """Consent goes with the request as it is now: another place has taken it back."""
        event.agreed, event.tidy = self.agreed, self.tidy

    def action_stop(self) -> None:
        """Stop after the present step."""
        self.say(Stop())

    def action_connect(self) -> None:
        """Give a token."""
        self.say(AskConnect())

    def action_check(self) -> None:
        """Ask what the saved token is good for."""
        self.say(AskCheck())

    def action_export(self) -> None:
        """Take the files instead."""
        self.say(AskExport())
