"""How far an import or a filling is, in words and as a bar, and what their buttons do next."""

from __future__ import annotations

import math
from collections.abc import Iterable
from time import monotonic

from textual.content import Content
from textual.widgets import Button

from chatbuilder.catalog import PLATFORMS
from chatbuilder.screens.inflow import Filling, Intake, Origin
from chatbuilder.screens.saved import BuiltSystem
from chatbuilder.screens.summaries import counted, fill_text, read_text, told, trouble
from chatbuilder.widgets.choices import Item
from chatbuilder.widgets.prose import Block

WIDE = 16  # columns of a bar


def relabel(button: Button, label: str) -> None:
    """Give a button another label, and the width for it."""
    if str(button.label) != label:
        button.label = label
        button.refresh(layout=True)


def intake_item(origin: Origin) -> Item:
    """Return a place to import from as a line."""
    return Item(origin.path, origin.assistant or "Export", origin.path)


def intake_label(intake: Intake) -> str:
    """Return what the button of an import does now."""
    if intake.over:
        return "Close"
    words = {"seen": f"Import {counted(intake.news, 'chat')}", "stopped": "Go on", "refused": "Look again"}
    return words.get(intake.stage, "Look")


def intake_next(intake: Intake) -> str:
    """Return what happens next, in a few words."""
    if intake.over:
        return "Nothing is left to do here."
    words = {
        "looking": "Only reading; nothing is written yet.", "seen": "Only Import writes.",
        "working": "Stop keeps what is imported.", "stopped": "What was imported stays.",
        "refused": "Nothing was written.",
    }  # fmt: skip
    return words.get(intake.stage, "Look reads it and tells what is new.")


def intake_progress(intake: Intake) -> Content:
    """Return how far an import is, as a bar where its end is known, and in words."""
    if not intake.busy:
        return Content("")
    found, new, changed = intake.counts
    verb = "Stopping" if intake.ending else "Looking" if intake.stage == "looking" else "Importing"
    news = f"{new:,} new, {changed:,} changed"
    if 0 < found <= intake.total and not intake.ending:
        return _bar(found, intake.total, news)
    return Content(f"{verb} … {counted(found, 'chat')}, {news}" if found else f"{verb} …")


def _bar(done: int, total: int, news: str) -> Content:
    full = WIDE * done // total
    told = f" {done:,} of {counted(total, 'chat')}{news and f', {news}'}"
    return Content.assemble(("█" * full, "$good"), ("░" * (WIDE - full), "$muted"), told)


def intake_told(intake: Intake) -> Iterable[Block]:
    """Return what came of an import, or of a look at what it would do."""
    if intake.trouble:
        return trouble(intake.trouble)
    if intake.report is not None:
        return read_text(intake.report)
    if intake.busy:
        return ()
    if intake.listed and not intake.origins:
        return [told("quiet", "No agent keeps chats in the usual places here. Name an export of yours above.")]
    return [told("quiet", "Look tells what is new, before anything is imported.")]


def place_text(system: BuiltSystem) -> Content:
    """Return where a system is."""
    platform = PLATFORMS[system.platform].name if system.platform in PLATFORMS else system.platform
    return Content.assemble((platform, ""), (f"  {system.place}", "$muted"))


def fill_label(filling: Filling) -> str:
    """Return what the button of a filling does now."""
    if filling.systems is not None and not filling.chats:
        return "Import chats"
    if filling.over:
        return "Close"
    words = {"seen": f"Fill {counted(filling.news, 'row')}", "stopped": "Go on", "refused": "Try again"}
    return words.get(filling.stage, "Fill")


def fill_next(filling: Filling) -> str:
    """Return what happens next, in a few words."""
    if filling.over:
        return "Nothing is left to do here."
    words = {"seen": "Only Fill writes.", "working": "Stop keeps the rows so far.", "stopped": "Written rows stay."}
    return words.get(filling.stage, "Nothing is written before Fill.")


def fill_progress(filling: Filling) -> Content:
    """Return how far a filling is, as a bar and in words."""
    if not filling.busy:
        return Content("")
    done, total, new, changed = filling.counts
    if filling.ending:
        return Content("Stopping …")
    if (left := math.ceil(filling.until - monotonic())) > 0:
        return Content.assemble(("‖ ", "$warn bold"), f"{filling.waits}: {left} s")
    verb = "Working out" if filling.stage == "looking" else "Filling"
    if not total:
        return Content(f"{verb} …")
    return _bar(done, total, f"{new:,} new, {changed:,} changed" if filling.stage == "working" else "")


def fill_told(filling: Filling) -> Iterable[Block]:
    """Return what there is to fill and with what, what filling would do, or what it did."""
    if filling.systems is None:
        return [told("quiet", "Looking what there is …")]
    if filling.trouble:
        return trouble(filling.trouble)
    if filling.target is None:
        return [told("note", "No system is built yet. Answer the questions, then build it at Auto-setup.")]
    if not filling.chats:
        return [told("note", "The library is empty. Import your chats first.")]
    if filling.report is not None:
        return fill_text(filling.report)
    return [told("quiet", "Working out what would be written …")] if filling.stage == "looking" else ()
