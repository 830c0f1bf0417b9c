"""What any app of this look needs: a state that its screens draw, dialogs, themes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from textual.binding import Binding, BindingType
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen
from textual.theme import Theme

from chatbuilder.errors import ChatbuilderError
from chatbuilder.screens import themes
from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.state import State
from chatbuilder.screens.threads import Threads
from chatbuilder.widgets.scrolling import use_lines
from chatbuilder.widgets.small import COLUMNS, LINES


class Desk(Threads):
    """An app with a state, dialogs, themes."""

    TITLE = "chatbuilder"
    # Classes of every screen: "-tiny" and "-flat" are too small for anything but a note (widgets/small.py).
    HORIZONTAL_BREAKPOINTS = [(0, "-tiny"), (COLUMNS, "-narrow"), (100, "-wide"), (140, "-huge")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-flat"), (LINES, "-short"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "forward", show=False),
        Binding("ctrl+g", "overview", show=False),
        Binding("ctrl+q", "quit", "Quit", tooltip="Quit; the session is saved", priority=True),
    ]

    # Ours from the start: a theme that is set later has all styles read twice.
    theme: Reactive[str] = Reactive(themes.DARK)

    def __init__(self, state: State, styles: list[Any], theme: str = "", *, plain: bool = False) -> None:
        # Native colours are what Textual can take away entirely when NO_COLOR is set.
        super().__init__(css_path=styles, ansi_color=plain or None)
        use_lines()
        for colours in themes.THEMES:
            self.register_theme(colours)
        if theme in themes.NAMES:
            self.theme = theme
        self.state = state

    def get_theme(self, theme_name: str) -> Theme | None:
        """Return one of ours also before it is registered."""
        return themes.BY_NAME.get(theme_name) or super().get_theme(theme_name)

    def on_app_focus(self) -> None:
        """Give the keyboard to a screen that came while this window did not have it: Textual gave it to none then."""
        self.call_after_refresh(self._focus_first)

    def _focus_first(self) -> None:
        if not self.app_focus or self.screen.focused is not None:
            return
        wanted = self.screen.AUTO_FOCUS or self.AUTO_FOCUS
        first = next((widget for widget in self.screen.query(wanted) if widget.focusable), None)
        self.screen.set_focus(first)

    def show_screen(self, screen: Screen[Any]) -> None:
        """Show another screen in place of the present one and of any dialog over it.

        The first screen takes the place of Textual's own blank one, so that it comes a fifth sooner; it cannot be
        replaced and stays below the others.
        """
        while isinstance(self.screen, ModalScreen):
            self.pop_screen()
        if len(self.screen_stack) == 1:
            self.push_screen(screen)
        else:
            self.switch_screen(screen)

    def update(self, **parts: Any) -> None:
        """Change what is known, and let the screens draw it."""
        self.state = replace(self.state, **parts)
        for screen in reversed(self.screen_stack):
            if hasattr(screen, "state"):
                screen.state = self.state
                return

    def trouble(self, error: ChatbuilderError) -> None:
        """Show an error over the present screen."""
        from chatbuilder.screens.dialog import Trouble

        self.stay()
        self.push_screen(Trouble(error.lines()))

    def stay(self) -> None:
        """Let the present screen take keys again, and say why it stays."""
        if isinstance(self.screen, StepScreen):
            self.screen.stay()

    def action_forward(self) -> None:
        """Enter where nothing else takes it: the step says what is missing."""
        if isinstance(self.screen, StepScreen):
            self.screen.action_forward()
