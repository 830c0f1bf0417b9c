"""The line above the buttons: it says when there is more to see than fits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

MORE, ABOVE = "▼ more: page down", "▲ more: page up"
WATCHED = ("scroll_y", "virtual_size", "show_vertical_scrollbar")


def follow(watcher: Widget, scrolled: Widget, tell: Callable[[bool, bool], None]) -> None:
    """Tell, at once and at each change, whether there is more above and more below what is in sight."""

    def look() -> None:
        tell(scrolled.scroll_offset.y > 0, scrolled.scroll_offset.y < scrolled.max_scroll_y)

    def changed(*_: object) -> None:
        watcher.call_after_refresh(look)

    for name in WATCHED:
        watcher.watch(scrolled, name, changed, init=False)
    changed()


class Edge(Widget):
    """A thin line under a place that scrolls, given by its id."""

    DEFAULT_CSS = """
    Edge {
        height: 1;
        width: 1fr;
    }
    """
    above: reactive[bool] = reactive(False)
    below: reactive[bool] = reactive(False)

    def __init__(self, of: str) -> None:
        super().__init__()
        self._of = of

    def on_mount(self) -> None:
        """Follow the place."""
        for scrolled in self.screen.query(self._of).results(Widget):
            follow(self, scrolled, partial(Edge.tell, self))

    def tell(self, above: bool, below: bool) -> None:
        """Show whether there is more."""
        self.above, self.below = above, below

    def render(self) -> Content:
        """Return the line, with words in it when something is out of sight."""
        words = f" {MORE} " if self.below else f" {ABOVE} " if self.above else ""
        left = "─" * max(0, self.size.width - len(words) - 2 * bool(words))
        return Content.assemble((left, "$line"), (words, "$strong bold"), ("──" if words else "", "$line"))
