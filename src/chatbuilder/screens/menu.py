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
    ("↑ ↓", "Move in a list or a text; so do j and k"),
    ("tab", "Next part of the screen; with shift, the one before"),
    ("^g", "All steps and their answers; a number goes there"),
    ("^p", "Menu: everything that can be done, and the colours"),
    ("^q", "Quit; the session is saved"),
)
HIDDEN = {"command_palette", "quit", "app.explain_screen", "app.search"}


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
        title, text = getattr(self.screen, "help_text", ("Help", ()))
        keys = {"In this part": self._keys(of_screen=False), "On this screen": self._keys(of_screen=True)}
        told = {where: lines for where, lines in keys.items() if lines}
        self.push_screen(Help(title, text, {**told, "Everywhere": GENERAL}))

    def _keys(self, *, of_screen: bool) -> list[tuple[str, str]]:
        """Return the keys of the screen, or those of the part that has the focus, with what they do."""
        lines: dict[str, list[str]] = {}
        for node, binding, _, tip in self.screen.active_bindings.values():
            if tip and node is not self and (node is self.screen) == of_screen:
                names = lines.setdefault(tip, [])
                if (name := self.get_key_display(binding)) not in names:
                    names.append(name)
        return [(" ".join(names), tip) for tip, names in lines.items()]

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """The menu: every step that can be entered, then what the present screen can do, themes, help, the end."""
        if isinstance(screen, StepScreen):
            for step in self.state.session.open_steps():
                name = f"Go to {wizard.ORDER.index(step) + 1} {wizard.BY_ID[step].name}"
                yield SystemCommand(name, wizard.BY_ID[step].question, partial(self.post_message, Goto(step)))
            yield SystemCommand("All steps", "Every step with its answer", self.action_overview)
        here = list(self._here(screen))
        yield from here
        known = {command.title.rpartition(" (")[0] for command in here}
        yield from (command for command in self.more_commands() if command.title not in known)
        for theme, name in themes.NAMES.items():
            yield SystemCommand(f"Theme: {name}", "Change the colours", partial(self.action_theme, theme))
        yield SystemCommand("Help", "What this screen is for, and its keys", self.action_explain_screen)
        yield SystemCommand("Save and quit", "The session can be resumed", self.action_quit)

    def _here(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Return what the keys of this screen do; a key that waits for something is not offered."""
        known: set[str] = set()
        for node, binding, enabled, tip in screen.active_bindings.values():
            if node is screen and enabled and tip and binding.description and binding.action not in known | HIDDEN:
                known.add(binding.action)
                run = partial(self.run_action, binding.action, screen)
                yield SystemCommand(f"{binding.description} ({self.get_key_display(binding)})", tip, run)

    def action_overview(self) -> None:
        """Every step with its answer, and the way there."""
        from chatbuilder.screens.overview import OverviewScreen

        if isinstance(self.screen, StepScreen):
            self.push_screen(OverviewScreen(self.state), self._jump)

    def _jump(self, step: str | None) -> None:
        if step:
            self.post_message(Goto(step))

    def more_commands(self) -> Iterable[SystemCommand]:
        """Return what the product adds to the menu."""
        return ()
