"""Step 3: what it should be able to do."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from chatbuilder import wizard
from chatbuilder.catalog import FEATURES
from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.state import State
from chatbuilder.widgets.actions import put
from chatbuilder.widgets.choices import CheckList, ChoiceList, Item
from chatbuilder.wizard import Answers

ITEMS = tuple(Item(c.id, c.name, c.summary) for c in FEATURES.values())


class FeaturesScreen(StepScreen):
    """Eight features to add or leave."""

    STEP = "features"
    CSS_PATH = "features.tcss"
    AUTO_FOCUS = "#features"

    def chosen(self) -> tuple[str, ...]:
        """The features so far."""
        return tuple(self.state.session.answers.get("features", ()))

    def content(self) -> Iterable[Widget]:
        """The list, and what the highlighted one adds."""
        yield CheckList(ITEMS, self.chosen(), id="features")
        yield Static(id="adds", classes="note")

    def show(self, state: State) -> None:
        """Tick what is chosen."""
        checks = self.query_one("#features", CheckList)
        checks.choose(self.chosen())
        self._explain(checks.current)

    def advice(self, state: State) -> tuple[str, str]:
        """Say how many."""
        count = len(self.chosen())
        return ("quiet", "None yet; that is fine.") if not count else ("good", f"{count} of {len(FEATURES)} chosen.")

    def _explain(self, key: str) -> None:
        adds = Content.assemble(("Adds  ", "$muted"), FEATURES[key].adds) if key else ""
        put(self.query_one("#adds", Static), adds)

    def on_choice_list_looked(self, event: ChoiceList.Looked) -> None:
        """Explain what is highlighted."""
        self._explain(event.id)

    def on_choice_list_chosen(self, event: ChoiceList.Chosen) -> None:
        """Add or remove."""

        def change(answers: Answers) -> Answers:
            chosen = wizard.toggled(answers.get("features", ()), event.id)
            return {"features": tuple(key for key in FEATURES if key in chosen)}

        self.answer(change)
