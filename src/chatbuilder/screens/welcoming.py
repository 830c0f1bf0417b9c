"""The lines of the welcome screen: sessions to go on with, and systems to fill."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType

from chatbuilder import wizard
from chatbuilder.catalog import PLATFORMS
from chatbuilder.screens.saved import BuiltSystem, SavedDraft
from chatbuilder.widgets.choices import Item
from chatbuilder.widgets.lines import LineList


class WelcomeLines(LineList):
    """Enter and Space do the same here: go on with the line."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "select", "Open", key_display="↵", tooltip="Go on with this session")
    ]


class SystemLines(LineList):
    """Enter and Space fill a system."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "select", "Fill", key_display="↵", tooltip="Fill this system with your chats")
    ]


def draft_items(drafts: Iterable[SavedDraft]) -> Iterable[Item]:
    """Return the sessions that can be opened."""
    for draft in drafts:
        if draft.problem:
            continue
        platform = PLATFORMS[draft.platform].name if draft.platform in PLATFORMS else draft.platform
        platform = platform or "no platform yet"
        step = wizard.BY_ID[draft.step].name if draft.step in wizard.BY_ID else draft.step
        when = draft.saved.replace("T", " ").removesuffix("Z")[:16]
        busy = "  (open in another window)" if draft.locked else ""
        yield Item(draft.id, draft.name, f"{platform} · at {step} · saved {when} UTC{busy}", "●", "$text-primary")


def system_item(system: BuiltSystem) -> Item:
    """Return a system, and that it can be filled."""
    platform = PLATFORMS[system.platform].name if system.platform in PLATFORMS else system.platform
    sign, style = ("✓", "$good bold") if system.status == "ready" else ("!", "$warn bold")
    return Item(system.id, system.name, f"{platform} · {system.status} · {system.place}", sign, style, "fill")
