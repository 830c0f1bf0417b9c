"""Every step with its present answer, in one list: a number or Enter goes there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Button, Static

from chatbuilder import wizard
from chatbuilder.screens.dialog import Dialog
from chatbuilder.screens.state import State
from chatbuilder.widgets.choices import ChoiceList, Item
from chatbuilder.widgets.lines import NoteList

HERE, SEEN, CLOSED = ("●", "$strong bold"), ("✓", "$good bold"), ("○", "$muted")


class OverviewScreen(Dialog[str | None]):
    """Where you are, what you have answered, and the way to any step that is open."""

    TITLE_TEXT = "All steps"
    AUTO_FOCUS = "#steps"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "forward", "Go there", key_display="↵", tooltip="Go to the highlighted step"),
        Binding("1", "jump(1)", "Jump", key_display="1-8", tooltip="Go to the step of this number"),
        *(Binding(str(n), f"jump({n})", show=False) for n in range(2, len(wizard.ORDER) + 1)),
    ]

    def __init__(self, state: State) -> None:
        super().__init__()
        self._state, self._open = state, state.session.open_steps()

    def inside(self) -> Iterable[Widget]:
        """The steps."""
        yield Static("✓ answered and open  ● here  ○ opens once the steps before it are answered", classes="quiet")
        yield NoteList(self._items(), id="steps")

    def _items(self) -> Iterable[Item]:
        told = answers(self._state)
        for number, step in enumerate(wizard.STEPS, 1):
            sign = HERE if step.id == self._state.session.step else SEEN if step.id in self._open else CLOSED
            yield Item(step.id, f"{number} {step.name}", told[step.id], *sign)

    def on_mount(self) -> None:
        """Begin where the person is."""
        self.query_one(NoteList).highlighted = wizard.ORDER.index(self._state.session.step)

    def buttons(self) -> Iterable[Button]:
        """Go there, or stay."""
        yield Button("Stay", id="close", compact=True, action="screen.close")
        yield Button("Go there", id="go", compact=True, variant="primary", action="screen.forward")

    def action_forward(self) -> None:
        """Go to the highlighted step, if it is open."""
        self._go(self.query_one(NoteList).current)

    def action_jump(self, number: int) -> None:
        """Go to a step by its number."""
        self._go(wizard.ORDER[number - 1])

    def on_choice_list_chosen(self, event: ChoiceList.Chosen) -> None:
        """Space or a click goes there."""
        self._go(event.id)

    def _go(self, step: str) -> None:
        if step in self._open:
            self.dismiss(step)
        else:
            why = next((said for s in wizard.ORDER if (said := wizard.missing(s, self._state.session))), "")
            self.notify(f"Not open yet. {why}", severity="warning", markup=False)


def answers(state: State) -> dict[str, str]:
    """Return what each step has come to, in a line, by step."""
    words, session = wizard.describe(state.session.answers), state.session
    known = len(state.blueprint.findings) if state.blueprint else 0
    made = state.solution
    outcome = session.outcome
    return {
        "platform": words["platform"], "priorities": words["priorities"], "features": words["features"],
        "team": f"{words['team_size']}, {words['complexity'].lower()}",
        "review": f"{wizard.value(session.answers, 'name')}; {known or 'nothing'} to know",
        "solution": f"{len(made.files)} files, {len(made.plan.steps)} deliveries" if made else "Designed on the way",
        "setup": ", ".join(filter(None, session.answers.get("target", {}).values())) or "No place yet",
        "done": (f"{outcome.kind}: {outcome.place}".capitalize() if outcome else "Not built yet"),
    }  # fmt: skip
