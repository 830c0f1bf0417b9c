"""Step 8: where the system is, what to do first, what is left to do by hand, and what else can be done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Static

from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.byhand import STORY, entries, left, tick_key, to_do
from chatbuilder.screens.messages import AskFill, Copy, Finish, NewSession, OpenPage, Ticked
from chatbuilder.screens.state import State
from chatbuilder.widgets.actions import put
from chatbuilder.widgets.browser import Browser
from chatbuilder.widgets.checklist import Checklist, TickList
from chatbuilder.widgets.heading import Heading

BUILT = "It is built.", "It is yours: fill it with your chats, and do what no program may do for you."
PACKED = "The package is written.", "It holds everything to build the system yourself, and your answers."


class DoneScreen(StepScreen):
    """The end, or the beginning of another system."""

    STEP = "done"
    FORWARD = "Finish"
    PREVIEW = False
    CSS_PATH = "done.tcss"
    AUTO_FOCUS = "#forward"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f", "fill", "Fill", tooltip="Fill it with your chats"),
        Binding("o", "open", "Open", tooltip="Open it in your browser or program"),
        Binding("c", "copy", "Copy", tooltip="Copy where it is, or the step you look at"),
        Binding("n", "another", "Another", tooltip="Start again with no answers; this session stays saved"),
    ]

    def content(self) -> Iterable[Widget]:
        """What happened and what is left to do, then the buttons."""
        yield Checklist(id="outcome")
        with Horizontal(id="buttons", classes="buttons"):
            yield Button("Fill with chats", id="fill", compact=True, action="screen.fill")
            yield Button("Open", id="open", compact=True, action="screen.open")
            yield Button("Copy place", id="copy", compact=True, action="screen.copy_place")
            yield Button("Another", id="another", compact=True, action="screen.another")
            yield Static(id="left", classes="quiet", markup=False)

    def show(self, state: State) -> None:
        """Tell it."""
        if state.session.outcome is None:
            return
        built, steps, more = state.session.built, to_do(state), left(state)
        self.query_one(Heading).ask(*(BUILT if built else PACKED))
        contents = self.query_one(TickList)
        appears = bool(steps) and not contents.display
        contents.display = bool(steps)
        self.query_one(Checklist).show(STORY, entries(state))
        put(self.query_one("#left", Static), f"By hand: {len(steps) - more} of {len(steps)} done" if steps else "")
        self.query_one("#fill", Button).display = built
        self.query_one("#open", Button).display = bool(state.session.outcome.url)
        if appears and self.focused is self.query_one("#forward"):
            contents.focus()

    def on_mount(self) -> None:
        """Draw the first state; the list comes once there is something in it."""
        self.query_one(TickList).display = False
        super().on_mount()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what was built can be filled, and only what has an address be opened."""
        if action == "fill":
            return self.state.session.built
        if action == "open":
            return bool(self.state.session.outcome and self.state.session.outcome.url)
        return super().check_action(action, parameters)

    def on_browser_picked(self, event: Browser.Picked) -> None:
        """It was done, or not after all."""
        if event.key != STORY:
            self.say(Ticked(tick_key(self.state, event.key)))

    def action_forward(self) -> None:
        """The end."""
        self.say(Finish())

    def advice(self, state: State) -> tuple[str, str]:
        """What comes next."""
        return "quiet", "Fill it with your chats: F." if state.session.built else ""

    def action_fill(self) -> None:
        """Fill it with chats."""
        self.say(AskFill())

    def action_open(self) -> None:
        """Open it."""
        if self.state.session.outcome:
            self.say(OpenPage(self.state.session.outcome.url))

    def action_copy(self) -> None:
        """Copy what is shown: where it is, or the clicks of a step."""
        if entry := self.query_one(Checklist).entry:
            self.say(Copy(entry.copy(), "Place" if entry.item.id == STORY else entry.item.name))

    def action_copy_place(self) -> None:
        """Copy where it is."""
        if self.state.session.outcome:
            self.say(Copy(self.state.session.outcome.url or self.state.session.outcome.place, "Place"))

    def action_another(self) -> None:
        """Start again."""
        self.say(NewSession())
