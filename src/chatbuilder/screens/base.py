"""What all steps share: the frame, the keys, and the way a state becomes a screen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from chatbuilder import wizard
from chatbuilder.screens.helptexts import HELP
from chatbuilder.screens.messages import Answered, Backward, Forward, Goto
from chatbuilder.screens.state import State
from chatbuilder.widgets.actions import ActionBar
from chatbuilder.widgets.bars import KeyBar, TopBar
from chatbuilder.widgets.preview import Preview
from chatbuilder.widgets.stepper import Stepper
from chatbuilder.wizard import Answers


class StepScreen(Screen[None]):
    """A step: draws `state`, posts what the person does, knows no other step."""

    STEP: ClassVar[str] = ""
    FORWARD: ClassVar[str] = "Continue"
    PREVIEW: ClassVar[bool] = True
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide"), (140, "-huge")]  # noqa: RUF012  (Textual declares it for instances)
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012  (Textual declares it for instances)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "forward", "Continue", key_display="↵", tooltip="Go on to the next step"),
        Binding("alt+right", "forward", show=False),
        Binding("escape", "backward", "Back", tooltip="Go back; every answer stays"),
        Binding("alt+left", "backward", show=False),
        Binding("f1", "app.explain_screen", "Help", tooltip="What this screen is for, and its keys"),
    ]
    state: reactive[State] = reactive(State, init=False)
    leaving = False

    def __init__(self, state: State) -> None:
        super().__init__()
        self.set_reactive(StepScreen.state, state)

    @property
    def help_text(self) -> tuple[str, tuple[str, ...]]:
        """The title and the text of F1."""
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
        """Return a kind and a message for the line above the keys, when nothing is missing."""
        return "quiet", ""

    def problem(self, state: State) -> str:
        """Return why this step cannot be left."""
        return wizard.missing(self.STEP, state.session)

    def compose(self) -> ComposeResult:
        """The frame, the same on every step."""
        step, session = wizard.BY_ID[self.STEP], self.state.session
        yield TopBar()
        names = [(s.id, s.name, s.short) for s in wizard.STEPS]
        yield Stepper(names, self.STEP, session.open_steps())
        with Horizontal(id="body"):
            with Vertical(id="main"):
                yield Static(step.question, id="question")
                yield Static(step.hint, id="hint")
                yield from self.content()
            yield from self.aside()
        yield ActionBar(self.FORWARD, back=self.STEP != wizard.FIRST)
        yield KeyBar()

    def on_mount(self) -> None:
        """Draw the first state, from its top."""
        self._draw(self.state)
        self.call_after_refresh(self.query_one("#main").scroll_home, animate=False)

    def watch_state(self, state: State) -> None:
        """Draw a new state."""
        if self.is_mounted:
            self._draw(state)

    def _draw(self, state: State) -> None:
        top = self.query_one(TopBar)
        top.subject = wizard.subject(state.session.answers)
        top.state = state.saved
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
        self.query_one(ActionBar).tell(kind, text, ready=not problem)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim Continue while something is missing; hide Back on the first step."""
        if action == "forward":
            return None if self.problem(self.state) else True
        if action == "backward":
            return self.STEP != wizard.FIRST
        return True

    def say(self, message: Message) -> None:
        """Tell the app, in the order in which things were done."""
        self.app.post_message(message)

    def answer(self, **change: Any) -> None:
        """Tell the app about an answer."""
        self.say(Answered(change))

    def change(self, change: Callable[[Answers], Answers]) -> None:
        """Tell the app about an answer that depends on the answers at the moment it arrives."""
        self.say(Answered(change))

    def action_forward(self) -> None:
        """Ask to go on; the request takes the way of the last answer, so that it cannot overtake it."""
        if not self.leaving:
            self.leaving = True
            (self.focused or self).post_message(Forward())

    def action_backward(self) -> None:
        """Go back."""
        if not self.leaving:
            self.leaving = True
            (self.focused or self).post_message(Backward())

    def stay(self) -> None:
        """The app did not go on: say loudly why."""
        self.leaving = False
        self.tell(self.state, loud=True)

    def on_stepper_go(self, event: Stepper.Go) -> None:
        """Go to a step that was seen before."""
        self.say(Goto(event.step))
