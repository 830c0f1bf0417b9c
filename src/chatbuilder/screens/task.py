"""What lies over a step and fills the window: import, fill, search, one chat, a folder. One frame, as for steps."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.content import Content
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Static

from chatbuilder import wizard
from chatbuilder.screens.frame import framed
from chatbuilder.screens.helptexts import HELP
from chatbuilder.screens.state import State
from chatbuilder.widgets.actions import ActionBar, put
from chatbuilder.widgets.bars import TopBar
from chatbuilder.widgets.heading import Heading
from chatbuilder.widgets.prose import Block, Prose

T = TypeVar("T")


class Task(ModalScreen[T]):
    """A window of its own: `NAME` says where you are, `ASKED` what is asked and why it matters."""

    NAME: ClassVar[str] = ""
    ASKED: ClassVar[tuple[str, str]] = ("", "")
    HELP_KEY: ClassVar[str] = ""

    @property
    def help_text(self) -> tuple[str, tuple[str, ...]]:
        """Title and text of F1."""
        return self.NAME, HELP[self.HELP_KEY]

    def content(self) -> Iterable[Widget]:
        """Return what stands between the question and the buttons."""
        raise NotImplementedError

    def buttons(self) -> Iterable[Button]:
        """Return the buttons; the one that Enter presses is the last."""
        yield Button("Close", id="close", compact=True, variant="primary", action="screen.close")

    def compose(self) -> ComposeResult:
        """The frame."""
        heading = Heading(self.NAME, *self.ASKED)
        yield from framed((TopBar(menu=False),), heading, self.content(), (), ActionBar(*self.buttons()))

    def next(self, text: str, kind: str = "quiet") -> None:
        """Say what happens next."""
        self.query_one(ActionBar).tell(kind, text)


class Work(Task[None]):
    """A task that is done in stages: one button does the next thing, one stops it, a report says what came of it."""

    AUTO_FOCUS = "#report"
    state: reactive[State] = reactive(State, init=False)

    def __init__(self, state: State) -> None:
        super().__init__()
        self.set_reactive(Work.state, state)

    def on_mount(self) -> None:
        """Draw what is known, and count waits down."""
        self.watch_state(self.state, self.state)
        self.set_interval(1, self._count_down)

    def watch_state(self, old: State, new: State) -> None:
        """Draw how far it is, once there are widgets for it."""
        if self.query(Prose):
            top = self.query_one(TopBar)
            top.subject, top.state = wizard.subject(new.session.answers), new.saved
            self.draw(old, new)
            self._count_down()
            self.refresh_bindings()

    def draw(self, old: State, new: State) -> None:
        """Draw what this task adds to the frame."""

    def far(self) -> Content:
        """Return how far it is, in one line."""
        return Content("")

    def _count_down(self) -> None:
        put(self.query_one("#progress", Static), self.far())

    def outcome(self) -> Iterable[Widget]:
        """Return the line that says how far it is, whose place is kept also while it is empty, and the report."""
        yield Static(id="progress", markup=False)
        yield Prose(id="report")

    def tell(self, told: object, blocks: Callable[[], Iterable[Block]], *, over: bool) -> None:
        """Show what came of it; once something is over, the keyboard is with what it says."""
        self.query_one(Prose).tell(told, blocks)
        if over:
            self.query_one("#report").focus()
