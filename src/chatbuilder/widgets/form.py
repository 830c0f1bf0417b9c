"""Small controls for one value each: a labelled field with its error in place, a switch, a choice in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from chatbuilder.widgets.actions import put

LONGEST = 10_000  # characters: more than any answer, and far less than a draft may hold


class Field(Input):
    """One line of text; Enter goes on, as everywhere."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "screen.forward", "Continue", key_display="↵", tooltip="Go on")
    ]

    def __init__(self, value: str, *, id: str, placeholder: str = "") -> None:
        super().__init__(value, id=id, placeholder=placeholder, compact=True, select_on_focus=False, max_length=LONGEST)
        self.cursor_blink = False
        self._given = value

    def show(self, value: str) -> None:
        """Show a value that was changed elsewhere; what is being typed stays as it is.

        Letters come faster than answers: until the answers have caught up with what was typed, they are old.
        """
        if value == self.value:
            self._given = value
        elif not self.has_focus or self.value == self._given:
            self._given = value
            with self.prevent(self.Changed):
                self.value = value
            self.cursor_position = len(value)


class FormRow(Vertical):
    """A label, a control, and what is wrong with its value, in words, right below it; `key` is the answer's path.

    The row draws its label itself: a form has many rows, and every widget is laid out anew at each change.
    """

    def __init__(self, label: str, control: Widget, *, key: str = "", id: str | None = None) -> None:
        super().__init__(control, classes="row", id=id)
        self.key, self._label = key, label

    def render(self) -> Content:
        """Return the label, strong while the control has the focus."""
        return Content.styled(f" {self._label}", "bold" if self.has_pseudo_class("focus-within") else "$muted")

    def wrong(self, problem: str) -> None:
        """Show a problem, or take it away."""
        text = Content.assemble(("✗ ", "bold"), problem)
        for line in self.query(".wrong").results(Static):
            line.display = bool(problem)
            put(line, text)
            return
        if problem:
            self.mount(Static(text, classes="wrong"))


class Tick(Widget, can_focus=True):
    """Yes or no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "flip", "Change", key_display="␣", tooltip="Switch it on or off"),
        Binding("enter", "screen.forward", "Continue", key_display="↵"),
    ]
    value: reactive[bool] = reactive(False)

    @dataclass
    class Flipped(Message):
        """It was switched."""

        tick: Tick
        value: bool

        @property
        def control(self) -> Tick:
            """The switch it comes from."""
            return self.tick

    def __init__(self, text: str, value: bool, *, id: str) -> None:
        super().__init__(id=id)
        self._text = text
        self.set_reactive(Tick.value, value)

    def render(self) -> Content:
        """Return the sign and the text."""
        sign = Content.styled("■", "$text-primary bold") if self.value else Content.styled("□", "$muted")
        return Content.assemble(sign, " ", self._text)

    def action_flip(self) -> None:
        """Tell that it is to be switched; the owner sets the value."""
        self.post_message(self.Flipped(self, not self.value))

    def on_click(self, event: events.Click) -> None:
        """The mouse does what Space does."""
        self.action_flip()


class Cycle(Widget, can_focus=True):
    """One of a few values, in one line: ← and → (or Space) change it."""

    auto_links = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space,right", "turn(1)", "Change", key_display="←→", tooltip="Another value"),
        Binding("left", "turn(-1)", show=False),
        Binding("enter", "screen.forward", "Continue", key_display="↵"),
    ]
    value: reactive[str] = reactive("")

    @dataclass
    class Turned(Message):
        """Another value was chosen."""

        cycle: Cycle
        value: str

        @property
        def control(self) -> Cycle:
            """The control it comes from."""
            return self.cycle

    def __init__(self, choices: Sequence[tuple[str, str]], value: str, *, id: str) -> None:
        super().__init__(id=id)
        self._names = dict(choices)
        self.set_reactive(Cycle.value, value if value in self._names else next(iter(self._names)))

    def offer(self, choices: Sequence[tuple[str, str]]) -> None:
        """Offer other values."""
        if dict(choices) != self._names:
            self._names = dict(choices)
            self.refresh()

    def render(self) -> Content:
        """Return the value between two arrows."""
        arrow = "$text-primary bold" if self.has_focus else "$muted"
        return Content.assemble(("‹ ", arrow), self._names[self.value], (" ›", arrow))

    def validate_value(self, value: str) -> str:
        """A value from outside that is not among the choices shows the first."""
        return value if value in self._names else next(iter(self._names))

    def action_turn(self, by: int) -> None:
        """Tell about the next or the last value; the owner sets it."""
        keys = list(self._names)
        self.post_message(self.Turned(self, keys[(keys.index(self.value) + by) % len(keys)]))

    def on_click(self, event: events.Click) -> None:
        """A click on the left arrow goes back, elsewhere on."""
        self.action_turn(-1 if event.x < 2 else 1)
