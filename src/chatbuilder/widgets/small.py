"""What stands on a terminal that is too small: a note in place of a broken screen."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

COLUMNS, LINES = 60, 18  # below this nothing fits any more; everything is made for 80 by 24 and more


class SmallNote(Widget):
    """Covers the screen while the terminal is too small; keys go on working, and nothing is lost."""

    DEFAULT_CSS = """
    SmallNote {
        layer: note;
        width: 100%;
        height: 100%;
        display: none;
        content-align: center middle;
        text-align: center;
    }
    """

    def render(self) -> Content:
        """Return the size there is, and the size it takes."""
        width, height = self.app.size
        lines = (
            Content.styled("A little more room, please", "bold"),
            Content(f"{width} by {height} here; it takes {COLUMNS} by {LINES}, and 80 by 24 is comfortable."),
            Content.styled("Your answers are saved. Make the window larger, or press ^q to quit.", "$muted"),
        )
        return Content("\n").join(lines)
