"""What any app of this look needs: threads that answer in order, timers, dialogs, themes, the menu. No product in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.screen import ModalScreen, Screen
from textual.timer import Timer

from chatbuilder import wizard
from chatbuilder.errors import ChatbuilderError
from chatbuilder.screens import themes
from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.messages import Copy, Goto
from chatbuilder.screens.state import State

T = TypeVar("T")
GENERAL = (
    ("↑ ↓", "Move in a list or a text"),
    ("tab", "Next part of the screen; with shift, the one before"),
    ("^p", "Menu: go to a step, export, change the colours"),
)


class Desk(App[None]):
    """Long work runs in threads that belong to the app and answer with `Finished`; the interface never waits."""

    TITLE = "chatbuilder"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "forward", show=False),
        Binding("ctrl+q", "quit", "Quit", tooltip="Quit; the session is saved", priority=True),
    ]

    @dataclass
    class Finished(Message):
        """A thread is done: what to do with its result, in the interface's own thread."""

        then: Callable[[Any], None]
        result: Any

    def __init__(self, state: State) -> None:
        # With NO_COLOR, native colours are what Textual can take away entirely.
        super().__init__(ansi_color=True if os.environ.get("NO_COLOR") else None)
        for theme in themes.THEMES:
            self.register_theme(theme)
        self.theme = themes.DARK
        self.state = state
        self._clocks: dict[str, Timer] = {}

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """Let the styles be read before a theme of ours is registered."""
        return themes.TOKENS

    def work(self, do: Callable[[], T], then: Callable[[T], None], failed: Callable[[Any], None] | None = None) -> None:
        """Do something in a thread, then something with its result here; errors go to `failed`, else to a dialog."""

        def body() -> None:
            try:
                result = do()
            except ChatbuilderError as error:
                self.post_message(self.Finished(failed or self.trouble, error))
            except Exception as error:  # noqa: BLE001  (a defect in a thread has to reach the person, too)
                defect = ChatbuilderError(
                    f"{type(error).__name__}: {error}", title="A defect of chatbuilder",
                    kept="your answers; they are saved.", hint="try once more, and report it if it stays.",
                )  # fmt: skip
                self.post_message(self.Finished(failed or self.trouble, defect))
            else:
                self.post_message(self.Finished(then, result))

        self.run_worker(body, thread=True, exit_on_error=False)

    def on_desk_finished(self, event: Finished) -> None:
        """Back in the interface's own thread."""
        event.then(event.result)

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        """Do something once nothing has asked for it again for a while."""
        name = what.__name__
        if name in self._clocks:
            self._clocks.pop(name).stop()
        self._clocks[name] = self.set_timer(seconds, what)

    def update(self, **parts: Any) -> None:
        """Change what is known, and let the screens draw it."""
        self.state = replace(self.state, **parts)
        for screen in self.screen_stack:
            if hasattr(screen, "state"):
                screen.state = self.state

    def trouble(self, error: ChatbuilderError) -> None:
        """Show an error over the present screen."""
        from chatbuilder.screens.dialog import Trouble

        self.stay()
        self.push_screen(Trouble(error.lines()))

    def ask(self, title: str, text: str, yes: str, no: str, then: Callable[[], None]) -> None:
        """Ask before something that cannot be taken back."""
        from chatbuilder.screens.dialog import Confirm

        self.stay()
        self.push_screen(Confirm(title, text, yes, no), lambda answer: then() if answer else None)

    def stay(self) -> None:
        """Let the present screen take keys again, and say why it stays."""
        if isinstance(self.screen, StepScreen):
            self.screen.stay()

    def action_forward(self) -> None:
        """Enter where nothing else takes it: the step says what is missing."""
        if isinstance(self.screen, StepScreen):
            self.screen.action_forward()

    def on_copy(self, event: Copy) -> None:
        """Put a text on the clipboard of the terminal."""
        self.copy_to_clipboard(event.text)
        self.notify(f"{event.what}: {len(event.text):,} characters", title="Copied", markup=False, timeout=3)

    def action_theme(self, name: str) -> None:
        """Change the colours."""
        self.theme = name

    def action_explain_screen(self) -> None:
        """F1: what this screen is for, and its keys."""
        from chatbuilder.screens.dialog import Help

        if isinstance(self.screen, ModalScreen):
            return
        found = self.screen.active_bindings.values()
        keys = {tip: self.get_key_display(binding) for _, binding, _, tip in found if tip and not tip.startswith("Open the")}
        title, text = getattr(self.screen, "help_text", ("Help", ()))
        self.push_screen(Help(title, text, [*((key, tip) for tip, key in keys.items()), *GENERAL]))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The menu: every step that can be entered, then what the present screen can do, themes, help, the end."""
        if isinstance(screen, StepScreen):
            for step in self.state.session.open_steps():
                name = f"Go to {wizard.ORDER.index(step) + 1} {wizard.BY_ID[step].name}"
                yield SystemCommand(name, wizard.BY_ID[step].question, lambda step=step: self.post_message(Goto(step)))
        yield from self.more_commands()
        for theme, name in themes.NAMES.items():
            yield SystemCommand(f"Theme: {name}", "Change the colours", lambda theme=theme: self.action_theme(theme))
        yield SystemCommand("Help", "What this screen is for, and its keys", self.action_explain_screen)
        yield SystemCommand("Save and quit", "The session can be resumed", self.action_quit)

    def more_commands(self) -> Iterable[SystemCommand]:
        """Return what the product adds to the menu."""
        return ()
