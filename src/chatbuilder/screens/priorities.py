"""Step 2: what matters most, in order."""

from __future__ import annotations

from collections.abc import Iterable

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from chatbuilder import wizard
from chatbuilder.catalog import PRIORITIES
from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.state import State
from chatbuilder.widgets.actions import put
from chatbuilder.widgets.choices import ChoiceList, Item, RankList
from chatbuilder.wizard import Answers

ITEMS = tuple(Item(c.id, c.name, c.summary) for c in PRIORITIES.values())
FEW, MANY = 2, 4


class PrioritiesScreen(StepScreen):
    """Eight priorities; the number in front is the place in the person's order."""

    STEP = "priorities"
    CSS_PATH = "priorities.tcss"
    AUTO_FOCUS = "#priorities"

    def chosen(self) -> tuple[str, ...]:
        """The order so far."""
        return tuple(self.state.session.answers.get("priorities", ()))

    def content(self) -> Iterable[Widget]:
        """The order on one line, the list, and what the highlighted one adds."""
        yield Static(id="order")
        yield RankList(ITEMS, self.chosen(), id="priorities")
        yield Static(id="adds", classes="note")

    def show(self, state: State) -> None:
        """Show the order and the numbers."""
        ranks = self.query_one("#priorities", RankList)
        ranks.choose(self.chosen())
        names = [
            Content.assemble((f"{n} ", "$text-primary bold"), PRIORITIES[key].name)
            for n, key in enumerate(self.chosen(), 1)
        ]
        empty = Content.styled("Nothing yet: press Space on what matters most.", "$muted")
        put(self.query_one("#order", Static), Content.styled(" › ", "$faint").join(names) if names else empty)
        self._explain(ranks.current)

    def advice(self, state: State) -> tuple[str, str]:
        """Two to four is a recommendation, not a rule."""
        count = len(self.chosen())
        if count < FEW:
            return "quiet", "One is enough; two to four work best."
        if count > MANY:
            return "note", "With more than four, nothing stands out."
        return "good", f"{count} in order. {PRIORITIES[self.chosen()[0]].name} leads."

    def _explain(self, key: str) -> None:
        adds = Content.assemble(("Adds  ", "$muted"), PRIORITIES[key].adds) if key else ""
        put(self.query_one("#adds", Static), adds)

    def on_choice_list_looked(self, event: ChoiceList.Looked) -> None:
        """Explain what is highlighted."""
        self._explain(event.id)

    def on_choice_list_chosen(self, event: ChoiceList.Chosen) -> None:
        """Add to the order, or take out of it."""
        self.answer(lambda answers: {"priorities": wizard.toggled(answers.get("priorities", ()), event.id)})

    def on_rank_list_moved(self, event: RankList.Moved) -> None:
        """Change a place in the order."""

        def change(answers: Answers) -> Answers:
            order = answers.get("priorities", ())
            if event.to is not None:
                return {"priorities": wizard.placed(order, event.id, event.to)}
            return {"priorities": wizard.moved(order, event.id, event.by)}

        self.answer(change)
