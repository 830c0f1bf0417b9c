"""What all steps share: the frame, the keys, and the way a state becomes a screen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Button

from chatbuilder import wizard
from chatbuilder.screens.frame import framed
from chatbuilder.screens.helptexts import HELP
from chatbuilder.screens.state import State
from chatbuilder.screens.steering import Steering
from chatbuilder.screens.wording import after, standing
from chatbuilder.widgets.actions import ActionBar
from chatbuilder.widgets.bars import TopBar
from chatbuilder.widgets.heading import Heading
from chatbuilder.widgets.preview import Preview
from chatbuilder.widgets.stepper import Stepper


class StepScreen(Steering):
    """A step: draws `state`, posts what the person does, knows no other step."""

    STEP: ClassVar[str] = ""
    FORWARD: ClassVar[str] = ""  # what the button says; without it, the name of the next step
    PREVIEW: ClassVar[bool] = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "forward", "Continue", key_display="↵", tooltip="Go on to the next step"),
        Binding("alt+right", "forward", show=False),
        Binding("escape", "backward", "Back", tooltip="Go back; every answer stays"),
        Binding("alt+left", "backward", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
        Binding("f1", "app.explain_screen", "Help", tooltip="What this screen is for, and its keys"),
    ]
    state: reactive[State] = reactive(State, init=False)

    def __init__(self, state: State) -> None:
        super().__init__()
        self.set_reactive(StepScreen.state, state)

    @property
    def help_text(self) -> tuple[str, tuple[str, ...]]:
        """Title and text of F1."""
        return wizard.BY_ID[self.STEP].name, HELP[self.STEP]

    def content(self) -> Iterable[Widget]:
        """Return the widgets of this step."""
        raise NotImplementedError

    def aside(self) -> Iterable[Widget]:
        """Return what stands beside the questions on a wide terminal."""
        if self.PREVIEW:
            yield Preview(id="preview")

    def show(self, state: State) -> None:
        """Draw what this step adds to the frame."""

    def advice(self, state: State) -> tuple[str, str]:
        """Return the kind and text of the line above the keys, when nothing is missing."""
        return "quiet", ""

    def problem(self, state: State) -> str:
        """Return why this step cannot be left."""
        return wizard.missing(self.STEP, state.session)

    def compose(self) -> ComposeResult:
        """The frame, the same on every step."""
        step = wizard.BY_ID[self.STEP]
        top = (TopBar(steps=True), Stepper(self.STEP, self.state.session.open_steps()))
        heading = Heading(standing(self.STEP), step.question, step.hint)
        yield from framed(top, heading, self.content(), self.aside(), ActionBar(*self.buttons()))

    def buttons(self) -> Iterable[Button]:
        """Back, and on: the button names what comes next."""
        if self.STEP != wizard.FIRST:
            yield Button("‹ Back", id="back", compact=True, action="screen.backward")
        label = self.FORWARD or f"Next: {after(self.STEP).short}"
        yield Button(f"{label} ›", id="forward", compact=True, variant="primary", action="screen.forward")

    def on_mount(self) -> None:
        """Draw the first state, from its top."""
        # A window that is closed while a screen comes up has none of its widgets.
        self.drawn = bool(self.query(ActionBar))
        if self.drawn:
            self.draw(self.state)
            self.call_after_refresh(self.query_one("#main").scroll_home, animate=False)

    def watch_state(self, old: State, new: State) -> None:
        """Draw what is new; being saved is nothing that a step has to draw."""
        if self.drawn:
            self.query_one(TopBar).state = new.saved
            if replace(old, saved=new.saved) != new:
                self.draw(new)

    def draw(self, state: State) -> None:
        """Draw the frame and the step."""
        top = self.query_one(TopBar)
        top.subject, top.state = wizard.subject(state.session.answers), state.saved
        self.query_one(Stepper).opened = state.session.open_steps()
        for preview in self.query(Preview):
            preview.show(state.blueprint, state.before)
        self.show(state)
        self.tell(state)
        self.refresh_bindings()

    def tell(self, state: State, *, loud: bool = False) -> None:
        """Say why this step cannot be left, else what is worth knowing."""
        problem = self.problem(state)
        kind, text = ("bad" if loud else "quiet", problem) if problem else self.advice(state)
        self.query_one(ActionBar).tell(kind, text)
        self.query_one("#forward", Button).disabled = bool(problem)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim Continue while something is missing; hide Back on the first step."""
        if action == "forward":
            return None if self.problem(self.state) else True
        if action == "backward":
            return self.STEP != wizard.FIRST
        return True

    def complain(self) -> None:
        """Say loudly why this step cannot be left."""
        self.tell(self.state, loud=True)
