"""Text to read: headings, paragraphs, lists, tables and code, laid out for the width there is, drawn line by line."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

WIDEST = 100
NARROWEST_CELL = 6
NARROW_TABLE = 66


@dataclass(frozen=True, slots=True)
class Text:
    """A heading, paragraph or list item: `lead` hangs in front of its first line, in `style`."""

    content: Content
    lead: str = ""
    indent: int = 0
    gap: bool = True
    level: int = 0
    style: str = "$text-primary bold"

    def lines(self, width: int) -> list[Content]:
        """Return the wrapped lines."""
        pad = " " * (self.indent + len(self.lead))
        first, *rest = self.content.wrap(max(1, width - len(pad))) or [Content("")]
        lead = Content.assemble(" " * self.indent, (self.lead, self.style))
        return [lead + first, *(Content(pad) + line for line in rest)]


@dataclass(frozen=True, slots=True)
class Code:
    """Lines that mean what they say; too long ones are folded, not cut."""

    text: str
    indent: int = 0
    gap: bool = True

    def lines(self, width: int) -> list[Content]:
        """Return the folded lines on their own background."""
        room = max(1, width - self.indent - 2)
        out = []
        for line in self.text.split("\n"):
            for part in Content(line).expand_tabs(4).fold(room) or [Content("")]:
                body = Content(" ") + part.pad_right(max(0, room - part.cell_length)) + Content(" ")
                out.append(Content(" " * self.indent) + body.stylize_before("on $surface"))
        return out


@dataclass(frozen=True, slots=True)
class Grid:
    """A table: the first row names the columns; cells wrap within their column."""

    rows: tuple[tuple[Content, ...], ...]
    gap: bool = True

    def lines(self, width: int) -> list[Content]:
        """Return the rows with a line under the first; in a narrow place each row becomes a paragraph."""
        if width < NARROW_TABLE and len(self.rows[0]) > 2:
            return [line for row in self.rows[1:] for line in self._paragraph(row, width)]
        widths = self._widths(width)
        out: list[Content] = []
        for place, row in enumerate(self.rows):
            cells = [cell.stylize("bold") if place == 0 else cell for cell in row]
            wrapped = [cell.wrap(room) or [Content("")] for cell, room in zip(cells, widths, strict=True)]
            for y in range(max(map(len, wrapped))):
                parts = [
                    (cell[y] if y < len(cell) else Content("")).truncate(room, pad=True)
                    for cell, room in zip(wrapped, widths, strict=True)
                ]
                out.append(Content("  ").join(parts))
            if place == 0:
                out.append(Content.styled("─" * min(width, sum(widths) + 2 * len(widths) - 2), "$line"))
        return out

    @staticmethod
    def _paragraph(row: Sequence[Content], width: int) -> list[Content]:
        first, *rest = row
        words = Content.styled(" · ", "$muted").join(cell for cell in rest if cell)
        below = [Content("  ") + line for line in words.wrap(max(1, width - 2))]
        return [*first.stylize("bold").wrap(width), *below]

    def _widths(self, width: int) -> list[int]:
        natural = [max(1, *(cell.cell_length for cell in column)) for column in zip(*self.rows, strict=True)]
        room = width - 2 * (len(natural) - 1)
        while sum(natural) > room and max(natural) > NARROWEST_CELL:
            natural[natural.index(max(natural))] -= 1
        return natural


Block = Text | Code | Grid


def heading(text: str | Content, level: int = 2) -> Text:
    """Return a heading."""
    content = text if isinstance(text, Content) else Content(text)
    return Text(content.stylize("bold $text-primary underline" if level == 1 else "bold $text-primary"), level=level)


def para(*parts: str | Content | tuple[str, str], lead: str = "", indent: int = 0, gap: bool = True) -> Text:
    """Return a paragraph, or a list item with a lead; strings are taken literally."""
    return Text(Content.assemble(*parts), lead, indent, gap)


def grid(head: Sequence[str], rows: Iterable[Sequence[str | Content]]) -> Grid:
    """Return a table; strings are taken literally."""
    cells = [tuple(cell if isinstance(cell, Content) else Content(cell) for cell in row) for row in rows]
    return Grid((tuple(Content(cell) for cell in head), *cells))


class Prose(ScrollView, can_focus=True):
    """Shows blocks; only the lines in sight are drawn, so that a long guide is as fast as a short one."""

    DEFAULT_CSS = """
    Prose {
        overflow-x: hidden;
        scrollbar-gutter: stable;
        scrollbar-size-vertical: 1;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_up", "Scroll", key_display="↑↓"),
        Binding("down,j", "scroll_down", show=False),
        Binding("pageup", "page_up", show=False),
        Binding("pagedown,space", "page_down", show=False),
        Binding("home", "scroll_home", show=False),
        Binding("end", "scroll_end", show=False),
    ]

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._blocks: tuple[Block, ...] = ()
        self._lines: list[Content] = []
        self._starts: list[int] = []
        self._width = 0
        self._told: object = None

    def show(self, blocks: Iterable[Block]) -> None:
        """Show other blocks from their beginning."""
        self._blocks = tuple(blocks)
        self._width = 0
        self._lay_out()
        self.scroll_to(0, 0, animate=False)

    def tell(self, told: object, blocks: Callable[[], Iterable[Block]]) -> None:
        """Show other blocks when what they tell is not what was told last; else it stays where it was read."""
        if told != self._told:
            self._told = told
            self.show(blocks())

    def jump(self, block: int) -> None:
        """Scroll so that a block is at the top."""
        if block < len(self._starts):
            self.scroll_to(0, self._starts[block], animate=False)

    def on_resize(self, event: events.Resize) -> None:
        """Lay out for the new width."""
        self._lay_out()

    def _lay_out(self) -> None:
        width = min(self.scrollable_content_region.width, WIDEST)
        if width <= 0 or width == self._width:
            return
        self._width, self._lines, self._starts = width, [], []
        for block in self._blocks:
            if self._lines and block.gap:
                self._lines.append(Content(""))
            self._starts.append(len(self._lines))
            self._lines += block.lines(width)
        self.virtual_size = Size(width, len(self._lines))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line in sight."""
        place, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        style = self.visual_style
        if place >= len(self._lines):
            return Strip.blank(width, style.rich_style)
        strips = Visual.to_strips(self, self._lines[place], width, 1, style, apply_selection=False)
        return strips[0].adjust_cell_length(width, style.rich_style)
