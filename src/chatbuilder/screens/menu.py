"""The menu, the help and the colours: what every screen offers besides its own keys."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.screen import ModalScreen, Screen

from chatbuilder import wizard
from chatbuilder.screens import themes
from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.desk import Desk
from chatbuilder.screens.messages import Copy, Goto
from chatbuilder.widgets.steady import SteadyPalette

GENERAL = (
    ("↑ ↓", "Move in a list or a text"),
    ("tab", "Next part of the screen; with shift, the one before"),
    ("^p", "Menu: go to a step, export, change the colours"),
)


class MenuDesk(Desk):
    """A desk with a menu and help."""

    def on_copy(self, event: Copy) -> None:
        """Put a text on the clipboard of the terminal."""
        self.copy_to_clipboard(event.text)
        self.notify(f"{event.what}: {len(event.text):,} characters", title="Copied", markup=False, timeout=3)

    def ask(self, title: str, text: str, yes: str, no: str, then: Callable[[], None]) -> None:
        """Ask before something that cannot be taken back."""
        from chatbuilder.screens.dialog import Confirm

        self.stay()
        self.push_screen(Confirm(title, text, yes, no), lambda answer: then() if answer else None)

    def action_command_palette(self) -> None:
        """Open the menu."""
        if not isinstance(self.screen, SteadyPalette):
            self.push_screen(SteadyPalette(id="--command-palette"))

    def action_theme(self, name: str) -> None:
        """Change the colours."""
        self.theme = name

    def action_explain_screen(self) -> None:
        """F1: what this screen is for, and its keys."""
        from chatbuilder.screens.dialog import Help

        if isinstance(self.screen, ModalScreen) and not hasattr(self.screen, "help_text"):
            return
        found = self.screen.active_bindings.values()
        keys = {
            tip: self.get_key_display(binding) for _, binding, _, tip in found if tip and not tip.startswith("Open the")
        }
        title, text = getattr(self.screen, "help_text", ("Help", ()))
        self.push_screen(Help(title, text, [*((key, tip) for tip, key in keys.items()), *GENERAL]))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The menu: every step that can be entered, then what the present screen can do, themes, help, the end."""
        if isinstance(screen, StepScreen):
            for step in self.state.session.open_steps():
                name = f"Go to {wizard.ORDER.index(step) + 1} {wizard.BY_ID[step].name}"
                yield SystemCommand(name, wizard.BY_ID[step].question, partial(self.post_message, Goto(step)))
        yield from self.more_commands()
        for theme, name in themes.NAMES.items():
            yield SystemCommand(f"Theme: {name}", "Change the colours", partial(self.action_theme, theme))
        yield SystemCommand("Help", "What this screen is for, and its keys", self.action_explain_screen)
        yield SystemCommand("Save and quit", "The session can be resumed", self.action_quit)

    def more_commands(self) -> Iterable[SystemCommand]:
        """Return what the product adds to the menu."""
        return ()
