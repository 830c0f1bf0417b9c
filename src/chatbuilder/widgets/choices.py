"""Lists to choose from: one, some, or some in order. Space or a click chooses, arrows move, Enter goes on."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, NamedTuple

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.css.styles import RulesMap
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip
from textual.style import Style
from textual.visual import RenderOptions, Visual
from textual.widget import Widget
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from chatbuilder.widgets.steady import SteadyList

POINTER = "›"
NARROWEST_TEXT = 22
TALL = 30


class Item(NamedTuple):
    """One line of a list: its name and what it means; `sign` (with a style) and `ending` are for lists of lines."""

    id: str
    name: str
    text: str = ""
    sign: str = ""
    style: str = ""
    ending: str = ""


class Row(Visual):
    """A mark, a name and a text: side by side with the text in a column, or stacked where there is height for it."""

    def __init__(
        self, mark: Content, name: Content, text: Content, column: int, tail: Content | None = None, *, stacked: bool
    ) -> None:
        self._mark, self._name, self._text, self._column = mark, name, text, column
        self._tail = tail or Content("")
        self._stacked = stacked

    def _lines(self, width: int) -> list[Content]:
        lead = self._mark + self._name
        if self._stacked:
            return self._stack(width)
        room = width - self._column - self._tail.cell_length
        if not self._text:
            return [self._ended(lead, width)]
        if room >= NARROWEST_TEXT:
            first, *rest = self._text.wrap(room)
            indent = " " * self._column
            head = lead.pad_right(max(1, self._column - lead.cell_length)) + first
            return [self._ended(head, width), *(Content(indent) + line for line in rest)]
        return self._stack(width)

    def _stack(self, width: int) -> list[Content]:
        indent = Content(" " * self._mark.cell_length)
        room = max(1, width - indent.cell_length)
        first, *rest = self._name.wrap(max(1, room - self._tail.cell_length))
        below = [*rest, *(self._text.wrap(room) if self._text else ())]
        return [self._ended(self._mark + first, width), *(indent + line for line in below)]

    def _ended(self, line: Content, width: int) -> Content:
        gap = width - line.cell_length - self._tail.cell_length
        return line.pad_right(gap) + self._tail if self._tail and gap >= 0 else line

    def render_strips(self, width: int, height: int | None, style: Style, options: RenderOptions) -> list[Strip]:
        """Return the lines at this width."""
        whole = Content("\n").join(self._lines(width))
        return whole.render_strips(width, height, style, options)

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        """Return the width that needs no wrapping."""
        return self._column + self._text.cell_length + self._tail.cell_length

    def get_height(self, rules: RulesMap, width: int) -> int:
        """Return the number of lines at this width."""
        return len(self._lines(width)) if width > 0 else 1


class ChoiceMessage(Message):
    """Something about one item of a list."""

    def __init__(self, choices: ChoiceList, id: str) -> None:
        super().__init__()
        self.choices, self.id = choices, id

    @property
    def control(self) -> ChoiceList:
        """The list it comes from."""
        return self.choices


class ChoiceList(SteadyList):
    """Choose one item: the highlighted one is the chosen one, as with radio buttons."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "select", "Choose", key_display="␣", tooltip="Choose the highlighted line"),
        Binding("enter", "screen.forward", "Continue", key_display="↵", tooltip="Go on to the next step"),
        Binding("k", "cursor_up", show=False),
        Binding("j", "cursor_down", show=False),
    ]

    class Chosen(ChoiceMessage):
        """An item was chosen (or, in a list of many, toggled)."""

    class Looked(ChoiceMessage):
        """Another item is highlighted."""

    MARKS: ClassVar[tuple[str, str]] = ("○", "●")
    FOLLOWS: ClassVar[bool] = True
    STACKED: ClassVar[bool | None] = None  # None: where the terminal is high enough

    def __init__(self, items: Iterable[Item], chosen: Sequence[str] = (), *, id: str | None = None) -> None:
        self.items = {item.id: item for item in items}
        self.chosen = tuple(chosen)
        self._looked_at: int | None = None
        self._ready = False
        super().__init__(*(Option("", id=key) for key in self.items), id=id, markup=False)
        if self.chosen:
            self.highlighted = list(self.items).index(self.chosen[0])
        self._looked_at = self.highlighted
        self._ready = True
        self._redraw()

    def offer(self, items: Iterable[Item]) -> None:
        """Show other items, with the highlight where it was."""
        new = {item.id: item for item in items}
        if new == self.items:
            return
        same = list(new) == list(self.items)
        here, self.items = self.current, new
        if same:
            self._redraw()
            return
        self.set_options(Option("", id=key) for key in new)
        self._looked_at = self.highlighted = list(new).index(here) if here in new else 0 if new else None
        self._redraw()

    def choose(self, chosen: Sequence[str]) -> None:
        """Show another choice, made elsewhere or refused."""
        if tuple(chosen) != self.chosen:
            self.chosen = tuple(chosen)
            self._redraw()

    @property
    def current(self) -> str:
        """The id of the highlighted item."""
        option = self.highlighted_option
        return option.id or "" if option else ""

    def watch_highlighted(self, highlighted: int | None) -> None:
        """Mark the line, and choose it where the choice follows the highlight."""
        super().watch_highlighted(highlighted)
        if not self._ready:
            return
        self._redraw()
        # What is highlighted at first was not chosen by anybody.
        if highlighted != self._looked_at and self.current:
            self._looked_at = highlighted
            self.call_after_refresh(self._keep_in_sight)
            self.post_message(self.Looked(self, self.current))
            if self.FOLLOWS:
                self.post_message(self.Chosen(self, self.current))

    def _keep_in_sight(self) -> None:
        """Scroll what this list stands in: a list that is as high as its lines does not scroll itself."""
        if self.highlighted is None or not isinstance(self.parent, Widget):
            return
        heights = [option.prompt.get_height({}, self.size.width) for option in self.options]  # type: ignore[union-attr]
        top = self.virtual_region.y + sum(heights[: self.highlighted]) - self.scroll_offset.y
        self.parent.scroll_to_region(Region(0, top, 1, heights[self.highlighted]), animate=False)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Once the screen is left, keys that were typed ahead change nothing on it."""
        return not (action == "select" and getattr(self.screen, "leaving", False))

    def action_select(self) -> None:
        """Space or a click: posted at once, so that it cannot be overtaken by the Enter that follows."""
        if self.current:
            self.post_message(self.Chosen(self, self.current))

    def action_page_down(self) -> None:
        """A page of what the list stands in, where that is what scrolls."""
        if not self._page(1):
            super().action_page_down()  # type: ignore[no-untyped-call]

    def action_page_up(self) -> None:
        """A page back."""
        if not self._page(-1):
            super().action_page_up()  # type: ignore[no-untyped-call]

    def _page(self, by: int) -> bool:
        """Scroll what the list stands in; say whether there was anything to scroll."""
        place = self.parent if isinstance(self.parent, Widget) else None
        if self.max_scroll_y or place is None or not place.max_scroll_y:
            return False
        place.scroll_relative(y=by * max(1, place.size.height - 2), animate=False)
        return True

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Replaced by `Looked`, which is silent while the screen is being built."""
        event.stop()

    def on_resize(self) -> None:
        """Stack names and texts where the terminal is high enough."""
        self._redraw()

    def watch_has_focus(self, has_focus: bool) -> None:
        """Show the pointer, or take it away."""
        super().watch_has_focus(has_focus)
        self._redraw()

    def mark(self, key: str) -> Content:
        """Return the sign in front of an item: filled when chosen, never colour alone."""
        empty, full = self.MARKS
        return (
            Content.styled(full, "$text-primary bold") if key in self.chosen else Content.styled(empty, "$text-muted")
        )

    def tail(self, key: str) -> Content | None:
        """Return what stands at the end of an item's line."""
        return None

    def _redraw(self) -> None:
        column = max((len(item.name) for item in self.items.values()), default=0) + 5
        tall = self.is_attached and self.app.size.height >= TALL
        stacked = tall if self.STACKED is None else self.STACKED
        for index, option in enumerate(self.options):
            key = option.id or ""
            item = self.items[key]
            here = self.highlighted == index
            pointer = Content.styled(POINTER if here and self.has_focus else " ", "$text-primary bold")
            mark = pointer + self.mark(key) + " "
            name = Content.styled(item.name, "bold" if key in self.chosen else "")
            text = Content.styled(item.text, "" if here and self.has_focus else "$text-muted")
            self.replace_option_prompt_at_index(index, Row(mark, name, text, column, self.tail(key), stacked=stacked))


class CheckList(ChoiceList):
    """Choose any number of items."""

    MARKS = ("□", "■")
    FOLLOWS = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "select", "Add or remove", key_display="␣", tooltip="Add the highlighted line, or take it out")
    ]


class RankList(CheckList):
    """Choose items and put them in order; the sign in front is the place."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("shift+up,plus,ctrl+up", "move(-1)", "Move", key_display="⇧↑↓", tooltip="More important"),
        Binding("shift+down,minus,ctrl+down", "move(1)", show=False, tooltip="Less important"),
        *(Binding(str(n), f"put({n})", show=False) for n in range(1, 9)),
    ]

    class Moved(ChoiceMessage):
        """An item is to change its place: by steps, or to a place counted from 0."""

        def __init__(self, choices: RankList, id: str, by: int = 0, to: int | None = None) -> None:
            super().__init__(choices, id)
            self.by, self.to = by, to

    def mark(self, key: str) -> Content:
        """Return the place, or an empty circle."""
        if key in self.chosen:
            return Content.styled(str(self.chosen.index(key) + 1), "$text-primary bold")
        return Content.styled("○", "$text-muted")

    def tail(self, key: str) -> Content | None:
        """Return arrows to click, on lines that have a place."""
        if key not in self.chosen:
            return None
        up, down = (Style.from_meta({"shift": (key, by)}) for by in (-1, 1))
        return Content.assemble(" ", ("▲", up), " ", ("▼", down), " ")

    def on_click(self, event: events.Click) -> None:
        """An arrow at the end of a line moves it; elsewhere a click chooses."""
        if shift := event.style.meta.get("shift"):
            event.prevent_default()
            key, by = shift
            self.post_message(self.Moved(self, key, by))

    def action_move(self, by: int) -> None:
        """Move the highlighted item up or down in the order."""
        if self.current:
            self.post_message(self.Moved(self, self.current, by))

    def action_put(self, place: int) -> None:
        """Give the highlighted item a place, counted from 1."""
        if self.current:
            self.post_message(self.Moved(self, self.current, to=place - 1))
