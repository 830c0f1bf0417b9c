"""How a step talks to the app, and how it is left: in the order in which things were done, and once."""

from __future__ import annotations

from collections.abc import Callable

from textual.message import Message
from textual.screen import Screen

from chatbuilder.screens.messages import Answered, Backward, Forward, Goto
from chatbuilder.widgets.stepper import Stepper
from chatbuilder.wizard import Answers


class Steering(Screen[None]):
    """A screen that posts what the person does. Keys typed ahead of a step change are not applied to the old step."""

    leaving = False
    drawn = False  # a state may arrive before the widgets that show it

    def say(self, message: Message) -> None:
        """Tell the app, in the order in which things were done."""
        self.app.post_message(message)

    def answer(self, change: Answers | Callable[[Answers], Answers]) -> None:
        """Tell the app about answers, or how to find them from the answers when this arrives."""
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

    def action_page(self, by: int) -> None:
        """Scroll what the questions stand in, where the focus does not scroll itself."""
        main = self.query_one("#main")
        main.scroll_relative(y=by * max(1, main.size.height - 2), animate=False)

    def stay(self) -> None:
        """The app did not go on: take keys again, and say why."""
        self.leaving = False
        self.complain()

    def complain(self) -> None:
        """Say loudly why this step cannot be left."""

    def on_stepper_go(self, event: Stepper.Go) -> None:
        """A step that was seen before."""
        self.say(Goto(event.step))
