"""What any app of this look needs: threads that answer, timers, dialogs, themes, the menu."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar

from textual.app import App
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import Reactive
from textual.screen import ModalScreen, Screen
from textual.theme import Theme
from textual.timer import Timer

from chatbuilder.errors import ChatbuilderError
from chatbuilder.screens import themes
from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.state import State

T = TypeVar("T")


class Desk(App[None]):
    """Long work runs in threads that belong to the app and answer with `Finished`; the interface never waits."""

    TITLE = "chatbuilder"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "forward", show=False),
        Binding("ctrl+q", "quit", "Quit", tooltip="Quit; the session is saved", priority=True),
    ]

    # Ours from the start: a theme that is set later has all styles read twice.
    theme: Reactive[str] = Reactive(themes.DARK)

    @dataclass
    class Finished(Message):
        """A thread is done: what to do with its result, in the interface's own thread."""

        then: Callable[[Any], None]
        result: Any

    def __init__(self, state: State, styles: list[Any], theme: str = "", *, plain: bool = False) -> None:
        # Native colours are what Textual can take away entirely when NO_COLOR is set.
        super().__init__(css_path=styles, ansi_color=plain or None)
        for colours in themes.THEMES:
            self.register_theme(colours)
        if theme in themes.NAMES:
            self.theme = theme
        self.state = state
        self._clocks: dict[str, Timer] = {}

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

    @property
    def idle(self) -> bool:
        """Whether nothing is under way in a thread or waiting for its time."""
        return not self._clocks and all(worker.is_finished for worker in self.workers)

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
        if pending := self._clocks.pop(what.__name__, None):
            pending.stop()
        self.soon(seconds, what)

    def soon(self, seconds: float, what: Callable[[], None]) -> None:
        """Do something within a while, once, however often it is asked for."""

        def ring() -> None:
            del self._clocks[what.__name__]
            what()

        if what.__name__ not in self._clocks:
            self._clocks[what.__name__] = self.set_timer(seconds, ring)

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
