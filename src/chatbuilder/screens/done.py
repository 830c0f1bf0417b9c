"""Step 8: where the system is, what to do first, and what else can be done."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Static

from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.messages import Copy, Finish, NewSession
from chatbuilder.screens.state import State
from chatbuilder.widgets.actions import put
from chatbuilder.widgets.prose import Block, Prose, heading, para
from chatbuilder.wizard import Outcome, Session, subject


class DoneScreen(StepScreen):
    """The end, or the beginning of another system."""

    STEP = "done"
    FORWARD = "Finish"
    PREVIEW = False
    CSS_PATH = "done.tcss"
    AUTO_FOCUS = "#forward"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "copy", "Copy the place", tooltip="Copy where it is"),
        Binding("n", "another", "Another system", tooltip="Start again with no answers; this session stays saved"),
    ]

    def content(self) -> Iterable[Widget]:
        """What happened, then the buttons."""
        yield Prose(id="outcome")
        with Horizontal(id="buttons"):
            yield Button("Copy the place", id="copy", compact=True, action="screen.copy")
            yield Button("Another system", id="another", compact=True, action="screen.another")

    def show(self, state: State) -> None:
        """Tell it."""
        if state.session.outcome:
            built = state.session.outcome.kind == "built"
            put(self.query_one("#question", Static), "It is built." if built else "The package is written.")
            self.query_one("#outcome", Prose).show(story(state.session, state.session.outcome))

    def action_forward(self) -> None:
        """The end."""
        self.say(Finish())

    def action_copy(self) -> None:
        """Copy where it is."""
        if self.state.session.outcome:
            self.say(Copy(self.state.session.outcome.url or self.state.session.outcome.place, "Place"))

    def action_another(self) -> None:
        """Start again."""
        self.say(NewSession())


def story(session: Session, outcome: Outcome) -> list[Block]:
    """Return where it is, what to do first, and what was kept."""
    told: list[Block] = [para((subject(session.answers), "bold"), lead="✓ ")]
    told.append(para(("Place  ", "$muted"), outcome.place))
    if outcome.url and outcome.url != outcome.place:
        told.append(para(("Opens  ", "$muted"), outcome.url, gap=False))
    for title, texts in (("What to do first", outcome.next), ("Kept as it was, because it is yours", outcome.kept)):
        if texts:
            told.append(heading(title))
            told += [para(text, lead=f"{n} ", gap=False) for n, text in enumerate(texts, 1)]
    return told
