"""Choose a file or folder to import: what is in a folder at the left, what each thing is at the right."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget
from textual.widgets import Button

from chatbuilder.screens.imported import Listing, Spot
from chatbuilder.screens.summaries import counted, size
from chatbuilder.screens.task import Task
from chatbuilder.screens.wishes import Browse
from chatbuilder.widgets.browser import Browser, Entry
from chatbuilder.widgets.choices import Item
from chatbuilder.widgets.heading import Heading
from chatbuilder.widgets.prose import Block, heading, para

UP = ".."


class ChooserScreen(Task[str | None]):
    """Enter opens a folder or takes a file; T takes the folder that is highlighted, or the one that is shown."""

    NAME, HELP_KEY = "Import chats", "chooser"
    ASKED = ("Choose an export", "Looking into the folder …")
    CSS_PATH = "fill.tcss"
    AUTO_FOCUS = "#contents"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "forward", "Open or take", key_display="↵", tooltip="Open the folder, or take the file"),
        Binding("t", "take", "Take the folder", tooltip="Take everything in the highlighted folder"),
        Binding("backspace,left", "up", "Up", key_display="←", tooltip="The folder above"),
        Binding("escape", "close", "Close", tooltip="Choose nothing"),
        Binding("f1", "app.explain_screen", "Help", tooltip="What this screen is for, and its keys"),
    ]
    listing: Listing | None = None

    def content(self) -> Iterable[Widget]:
        """The folder, beside what is highlighted in it."""
        yield Browser(id="folder")

    def buttons(self) -> Iterable[Button]:
        """Take it, or leave it."""
        yield Button("Close", id="close", compact=True, action="screen.close")
        yield Button("Take this folder", id="take", compact=True, variant="primary", action="screen.take")

    def show(self, listing: Listing) -> None:
        """Show a folder."""
        self.listing = listing
        self.query_one(Heading).ask(self.ASKED[0], listing.path)
        self.query_one(Browser).show(listing.path, list(_entries(listing)))
        hidden = f"{counted(listing.hidden, 'other thing')} not shown" if listing.hidden else ""
        self.next(hidden)

    @property
    def spot(self) -> Spot | None:
        """What is highlighted; None for the way up."""
        entry = self.query_one(Browser).entry
        spots = self.listing.spots if self.listing else ()
        return next((spot for spot in spots if entry and spot.path == entry.item.id), None)

    def on_browser_picked(self, event: Browser.Picked) -> None:
        """Space or a click does what Enter does to a folder; a file is taken by Enter alone."""
        if event.key == UP or (self.spot and self.spot.folder):
            self.action_forward()

    def action_forward(self) -> None:
        """Open a folder, take a file."""
        spot = self.spot
        if spot is None:
            self.action_up()
        elif spot.folder:
            self.app.post_message(Browse(spot.path))
        else:
            self.dismiss(spot.path)

    def action_take(self) -> None:
        """Take a whole folder."""
        if self.listing is not None:
            spot = self.spot
            self.dismiss(spot.path if spot and spot.folder else self.listing.path)

    def action_up(self) -> None:
        """The folder above."""
        if self.listing and self.listing.parent:
            self.app.post_message(Browse(self.listing.parent))

    def action_close(self) -> None:
        """Choose nothing."""
        self.dismiss(None)


def _entries(listing: Listing) -> Iterator[Entry]:
    if listing.parent:
        yield Entry(Item(UP, UP), lambda: [heading("The folder above"), para(listing.parent)], lambda: listing.parent)
    for spot in listing.spots:
        yield _entry(spot)


def _entry(spot: Spot) -> Entry:
    item = Item(spot.path, f"{spot.name}/" if spot.folder else spot.name)
    return Entry(item, lambda: _about(spot), lambda: spot.path)


def _about(spot: Spot) -> list[Block]:
    if spot.folder:
        return [heading(spot.name), para("A folder. Enter opens it; T takes everything in it.", gap=False)]
    when = f"{datetime.fromtimestamp(spot.changed, UTC):%Y-%m-%d %H:%M} UTC"
    return [heading(spot.name), para(f"{size(spot.size)}, changed {when}.", gap=False), para("Enter takes it.")]
