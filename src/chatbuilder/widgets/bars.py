"""The lines at the edges: name and state on top, what the keys do at the bottom."""

from __future__ import annotations

from textual.binding import Binding
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.style import Style
from textual.widget import Widget


class TopBar(Widget):
    """The product, the system's name, whether the draft is saved, and the menu."""

    DEFAULT_CSS = """
    TopBar {
        height: 1;
        width: 1fr;
    }
    """
    auto_links = False
    subject: reactive[str] = reactive("")
    state: reactive[str] = reactive("")

    def render(self) -> Content:
        """Return one line: the subject gives way first when room is short."""
        menu = Style.from_meta({"@click": "app.command_palette"})
        left = Content.styled("chatbuilder", "bold $text-primary")
        right = Content.assemble(
            (self.state, "$text-muted"), "   ", Content.styled("^p", "bold").stylize(menu), (" Menu", menu)
        )
        room = self.size.width - left.cell_length - right.cell_length
        subject = Content(f"  {self.subject}" if self.subject else "").truncate(max(0, room - 2), ellipsis=True)
        return left + subject + " " * max(1, room - subject.cell_length) + right


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
                word = word.stylize("$text-disabled dim")
            words.append((action, word))
        return Content(" ").join(word for _, word in words[: self.MOST])

    def keys(self) -> dict[str, tuple[Binding, bool]]:
        """Return the visible bindings by action."""
        found: dict[str, tuple[Binding, bool]] = {}
        for _, binding, enabled, _ in self.screen.active_bindings.values():
            if binding.show and binding.description not in (b.description for b, _ in found.values()):
                found.setdefault(binding.action, (binding, enabled))
        return found
