"""Step 5: every answer at a glance, what is good to know, and what may be left as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.suggester import SuggestFromList
from textual.widget import Widget
from textual.widgets import Input, Static

from chatbuilder import wizard
from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.field import FieldScreen
from chatbuilder.screens.messages import Goto
from chatbuilder.screens.state import State
from chatbuilder.widgets.choices import ChoiceList, Item
from chatbuilder.widgets.form import Cycle, Field, FormRow, Tick
from chatbuilder.widgets.lines import LineList, NoteList, field_items, finding_item
from chatbuilder.wizard import Answers

DATES = (("iso", "2026-11-22"), ("european", "22/11/2026"), ("us", "11/22/2026"))
LISTS = ("assistants", "topics")
ADD = "+"


class ReviewScreen(StepScreen):
    """Answers, findings, and options; everything is checked while it is typed."""

    STEP = "review"
    FORWARD = "Design it"
    CSS_PATH = "review.tcss"
    AUTO_FOCUS = "#answers"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("a", "apply", "Apply suggestion")]

    def content(self) -> Iterable[Widget]:
        """One column, in the order in which people check things."""
        options = wizard.options(self.state.session.answers)
        yield FormRow(
            "Name", Field(str(wizard.value(self.state.session.answers, "name")), id="name"), key="name", id="name-row"
        )
        yield Static("Your answers", id="answers-title", classes="title")
        yield LineList((), id="answers")
        yield Static("Good to know", classes="title", id="findings-title")
        yield NoteList((), id="findings")
        yield Static("Options", classes="title")
        for key in LISTS:
            yield FormRow(key.title(), Field(", ".join(options[key]), id=key), key=f"options.{key}")
        yield FormRow("Time zone", Field(options["timezone"], id="timezone"), key="options.timezone")
        yield FormRow("Dates", Cycle(DATES, options["date_format"], id="date_format"))
        yield FormRow("Examples", Tick("Add a few example sessions", options["sample_data"], id="sample_data"))
        yield FormRow("Own fields", LineList((), id="fields"), key="options.custom_fields")

    def show(self, state: State) -> None:
        """Draw answers, findings, options and problems."""
        words, options = wizard.describe(state.session.answers), wizard.options(self.state.session.answers)
        self.query_one("#answers", LineList).offer(
            Item(key, name, words[key], ending="change") for key, name, _ in wizard.ANSWERS
        )
        findings = [finding_item(f) for f in state.blueprint.findings] if state.blueprint else []
        self.query_one("#findings-title").display = self.query_one("#findings").display = bool(findings)
        self.query_one("#findings", NoteList).offer(findings)
        self.query_one("#name", Field).show(str(wizard.value(state.session.answers, "name")))
        for key in LISTS:
            self.query_one(f"#{key}", Field).show(", ".join(options[key]))
        zone = self.query_one("#timezone", Field)
        zone.show(options["timezone"])
        zone.suggester = zone.suggester or (SuggestFromList(state.zones, case_sensitive=False) if state.zones else None)
        self.query_one("#date_format", Cycle).value = options["date_format"]
        self.query_one("#sample_data", Tick).value = bool(options["sample_data"])
        self.query_one("#fields", LineList).offer(
            [*field_items(options["custom_fields"]), Item(ADD, "Add a field", sign="+")]
        )
        for row in self.query(FormRow):
            row.wrong(state.problems.get(row.key, ""))

    def problem(self, state: State) -> str:
        """Everything has to be valid before it is designed; what is wrong stands in its place."""
        rows = self._wrong(state)
        wrong = f"Correct the {rows[0].key.split('.')[-1].replace('_', ' ')} first." if rows else ""
        return wizard.missing(self.STEP, state.session) or wrong or next(iter(state.misanswered.values()), "")

    def _wrong(self, state: State) -> list[FormRow]:
        return [row for row in self.query(FormRow) if row.key in state.problems] if self.drawn else []

    def complain(self) -> None:
        """Lead to what is wrong."""
        super().complain()
        for row in self._wrong(self.state)[:1]:
            row.children[0].focus()

    def advice(self, state: State) -> tuple[str, str]:
        """Say whether there is something to read."""
        count = len(state.blueprint.findings) if state.blueprint else 0
        things = "one thing" if count == 1 else f"{count} things"
        return ("note", f"{things} to know before you build".capitalize()) if count else ("good", "Everything fits.")

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A applies a suggestion when there is one, and when it is not a letter being typed."""
        if action == "apply":
            return not isinstance(self.focused, Input) and self._suggestion() is not None
        return super().check_action(action, parameters)

    def _suggestion(self, key: str = "") -> Answers | None:
        here = self.query_one("#findings", NoteList).current if self.drawn else ""
        return wizard.suggestion(self.state.blueprint, key or here, only=bool(key))

    def action_apply(self) -> None:
        """Apply the suggestion."""
        if change := self._suggestion():
            self.answer(change)

    def on_choice_list_chosen(self, event: ChoiceList.Chosen) -> None:
        """A line was acted on: an answer to change, a suggestion to apply, a field to edit."""
        match event.choices.id:
            case "answers":
                self.say(Goto(next(step for key, _, step in wizard.ANSWERS if key == event.id)))
            case "findings":
                self.answer(self._suggestion(event.id) or {})
            case "fields":
                fields = list(wizard.options(self.state.session.answers)["custom_fields"])
                place = len(fields) if event.id == ADD else int(event.id)
                self.app.push_screen(FieldScreen(fields, place), self._edited)

    def _edited(self, fields: list[Mapping[str, Any]] | None) -> None:
        if fields is not None:
            self.answer({"options": {"custom_fields": fields}})

    def on_input_changed(self, event: Input.Changed) -> None:
        """Every letter counts; lists are split at commas."""
        key, text, options = event.input.id or "", event.value, wizard.options(self.state.session.answers)
        if key == "name":
            if text != wizard.value(self.state.session.answers, "name"):
                self.answer({"name": text})
        else:
            value = wizard.listed(text) if key in LISTS else text
            if value != (list(options[key]) if key in LISTS else options[key]):
                self.answer({"options": {key: value}})

    def on_cycle_turned(self, event: Cycle.Turned) -> None:
        """Another date format."""
        self.answer({"options": {"date_format": event.value}})

    def on_tick_flipped(self, event: Tick.Flipped) -> None:
        """With or without examples."""
        self.answer({"options": {"sample_data": event.value}})
