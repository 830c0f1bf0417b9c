"""Things to do, with what each one takes beside it: Space ticks them off."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from chatbuilder.widgets.browser import Browser
from chatbuilder.widgets.lines import PickList


class TickList(PickList):
    """A table of contents whose lines can be ticked off."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "select", "Tick", key_display="␣", tooltip="Tick it off, or take the tick away")
    ]


class Checklist(Browser):
    """Remembers nothing itself: whoever hears `Picked` keeps the ticks."""

    LIST = TickList
