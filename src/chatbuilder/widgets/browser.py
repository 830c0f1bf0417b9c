"""A list of contents and what the highlighted entry says, side by side: four tabs of the Solution look alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.message import Message

from chatbuilder.widgets.choices import ChoiceList, Item
from chatbuilder.widgets.lines import PickList
from chatbuilder.widgets.prose import Block, Prose


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the list. `blocks` and `copy` are only called when they are wanted."""

    item: Item
    blocks: Callable[[], Sequence[Block]]
    copy: Callable[[], str]


class Browser(Horizontal):
    """Remembers the highlighted entry of every set of entries."""

    LIST: ClassVar[type[PickList]] = PickList

    class Picked(Message):
        """Space or a click on an entry, whose text is shown now."""

        def __init__(self, browser: Browser, key: str) -> None:
            super().__init__()
            self.browser, self.key = browser, key

        @property
        def control(self) -> Browser:
            """The browser it comes from."""
            return self.browser

    def __init__(self, *, id: str) -> None:
        super().__init__(id=id)
        self._entries: dict[str, Entry] = {}
        self._places: dict[str, str] = {}
        self._set = ""

    def compose(self) -> ComposeResult:
        """Contents at the left, text at the right."""
        yield self.LIST((), id="contents")
        yield Prose(id="text")

    def show(self, name: str, entries: Sequence[Entry]) -> None:
        """Show a set of entries, where it was left."""
        self._set = name
        self._entries = {entry.item.id: entry for entry in entries}
        contents = self.query_one(PickList)
        contents.offer(entry.item for entry in entries)
        wanted = self._places.get(name, "")
        contents.highlighted = list(self._entries).index(wanted) if wanted in self._entries else 0 if entries else None
        self._show_entry()

    @property
    def entry(self) -> Entry | None:
        """The entry that is shown."""
        return self._entries.get(self.query_one(PickList).current)

    def _show_entry(self) -> None:
        entry = self.entry
        if entry:
            self._places[self._set] = entry.item.id
        self.query_one(Prose).show(entry.blocks() if entry else ())

    def on_choice_list_looked(self, event: ChoiceList.Looked) -> None:
        """Another entry."""
        event.stop()
        self._show_entry()

    def on_choice_list_chosen(self, event: ChoiceList.Chosen) -> None:
        """Space or a click on an entry goes to its text."""
        event.stop()
        self._show_entry()
        self.post_message(self.Picked(self, event.id))
