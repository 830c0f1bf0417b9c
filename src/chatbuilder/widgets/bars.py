"""The lines at the edges: name and state on top, what the keys do at the bottom."""

from __future__ import annotations

from textual.binding import Binding
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.style import Style
from textual.widget import Widget

WIDEST = 160  # columns; on a wider terminal everything stands in a column of this width, in the middle


def inset(width: int) -> int:
    """Return how many columns stay empty at each side."""
    return max(0, width - WIDEST) // 2


class TopBar(Widget):
    """The product, the system's name, whether the draft is saved, the steps and the menu (not over a step)."""

    DEFAULT_CSS = """
    TopBar {
        height: 1;
        width: 1fr;
    }
    """
    auto_links = False
    subject: reactive[str] = reactive("")
    state: reactive[str] = reactive("")

    def __init__(self, *, steps: bool = False, menu: bool = True) -> None:
        super().__init__()
        self._steps, self._menu = steps, menu

    def render(self) -> Content:
        """Return one line: the subject gives way first when room is short."""
        pad = " " * inset(self.size.width)
        left = Content.assemble(pad, ("chatbuilder", "bold $text-primary"))
        right = Content.styled(self.state, "$text-muted")
        if self._steps:
            right += _offer("^g", "Steps", "app.overview")
        if self._menu:
            right += _offer("^p", "Menu", "app.command_palette")
        right += pad
        room = self.size.width - left.cell_length - right.cell_length
        subject = Content(f"  {self.subject}" if self.subject else "").truncate(max(0, room - 2), ellipsis=True)
        return left + subject + " " * max(1, room - subject.cell_length) + right


def _offer(key: str, word: str, action: str) -> Content:
    click = Style.from_meta({"@click": action})
    return Content("   ") + Content.styled(key, "bold").stylize(click) + Content(f" {word}").stylize(click)


class KeyBar(Widget):
    """What the keys do right now: at most five, dimmed while they cannot be used, each of them can be clicked."""

    DEFAULT_CSS = """
    KeyBar {
        dock: bottom;
        height: 1;
        width: 1fr;
    }
    """
    auto_links = False
    MOST = 5

    def on_mount(self) -> None:
        """Follow the bindings of the screen."""
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        if screen is self.screen:
            self.refresh()

    def render(self) -> Content:
        """Return the keys of the focused widget first, then the screen's."""
        words = []
        for action, (binding, enabled) in self.keys().items():
            display = self.app.get_key_display(binding)
            word = Content.assemble((f" {display} ", "bold" if enabled else ""), f"{binding.description} ")
            if enabled:
                word = word.stylize(Style.from_meta({"@click": f"app.simulate_key({binding.key!r})"}))
            else:
                word = Content(f" {display} {binding.description}, not yet ").stylize("$text-disabled")
            words.append((action, word))
        return Content(" " * inset(self.size.width)) + Content(" ").join(word for _, word in words[: self.MOST])

    def keys(self) -> dict[str, tuple[Binding, bool]]:
        """Return the visible bindings by action."""
        found: dict[str, tuple[Binding, bool]] = {}
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show and binding.description not in (b.description for b, _ in found.values()):
                found.setdefault(binding.action, (binding, enabled))
        return found
