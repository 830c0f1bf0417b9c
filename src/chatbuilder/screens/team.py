"""Step 4: who uses it, and how deep it goes."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from chatbuilder import wizard
from chatbuilder.catalog import COMPLEXITIES, TEAM_SIZES
from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.state import State
from chatbuilder.widgets.actions import put
from chatbuilder.widgets.choices import ChoiceList, Item

SIZES = tuple(Item(c.id, c.name, c.summary) for c in TEAM_SIZES.values())
DEPTHS = tuple(Item(c.id, c.name, c.summary) for c in COMPLEXITIES.values())


class TeamScreen(StepScreen):
    """Two lists; Tab goes from one to the other."""

    STEP = "team"
    CSS_PATH = "team.tcss"
    AUTO_FOCUS = "#team_size"

    def content(self) -> Iterable[Widget]:
        """Both lists, each under its question, and what the choices add."""
        answers = self.state.session.answers
        yield Static("Who uses it", classes="title")
        yield ChoiceList(SIZES, (wizard.value(answers, "team_size"),), id="team_size")
        yield Static("How deep", classes="title")
        yield ChoiceList(DEPTHS, (wizard.value(answers, "complexity"),), id="complexity")
        yield Static(id="adds", classes="note")

    def advice(self, state: State) -> tuple[str, str]:
        """Two lists are two things to answer."""
        return "quiet", "Tab goes to the other list."

    def show(self, state: State) -> None:
        """Mark both choices, and say what they add."""
        size, depth = (wizard.value(state.session.answers, key) for key in ("team_size", "complexity"))
        self.query_one("#team_size", ChoiceList).choose((size,))
        self.query_one("#complexity", ChoiceList).choose((depth,))
        adds = Content.assemble(
            ("Adds  ", "$muted"), TEAM_SIZES[size].adds, "\n", ("Depth ", "$muted"), COMPLEXITIES[depth].adds
        )
        put(self.query_one("#adds", Static), adds)

    def on_choice_list_chosen(self, event: ChoiceList.Chosen) -> None:
        """Choose; the list's id is the answer's key."""
        self.answer({event.choices.id or "": event.id})
