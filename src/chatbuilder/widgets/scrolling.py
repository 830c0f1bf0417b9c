"""Scroll bars made of lines, so that they show without colours too."""

from __future__ import annotations

from typing import ClassVar

from rich.color import Color
from rich.segment import Segment, Segments
from rich.style import Style
from textual.scrollbar import ScrollBar, ScrollBarRender

THUMB, TRACK = "┃", "│"
PLAIN = Color.default()


class LineBar(ScrollBarRender):
    """A thick line on a thin one; only vertical bars are ever seen here."""

    BLANK_GLYPH: ClassVar[str] = " "

    @classmethod
    def render_bar(
        cls, size: int = 25, virtual_size: float = 50, window_size: float = 20, position: float = 0, thickness: int = 1,
        vertical: bool = True, back_color: Color = PLAIN, bar_color: Color = PLAIN,
    ) -> Segments:  # fmt: skip
        """Return one glyph for each line: the thumb where the window is."""
        over = virtual_size - window_size
        long = max(1, round(size * window_size / virtual_size)) if virtual_size and over > 0 else 0
        first = round((size - long) * min(1.0, position / over)) if long else 0
        grab, up, down = ({"@mouse.down": what} for what in ("grab", "scroll_up", "scroll_down"))
        parts = []
        for place in range(size):
            thumb = first <= place < first + long
            meta = grab if thumb else up if place < first else down
            style = Style(color=bar_color, bgcolor=back_color, meta=meta)
            parts.append(Segment((THUMB if thumb else TRACK) * thickness, style))
        return Segments(parts, new_lines=vertical)


def use_lines() -> None:
    """Draw all scroll bars this way."""
    ScrollBar.renderer = LineBar
