"""What a sync into a spreadsheet would take: calls, time, cells."""

from __future__ import annotations

from math import ceil

from chatbuilder.provision.rows import Forecast, Outlook
from chatbuilder.provision.sheets.grids import Area
from chatbuilder.provision.sheets.reading import Book

CELLS = 10_000_000  # of one spreadsheet, blank ones too
CALL = 1.0  # seconds that a call takes, roughly; a batch of 2 MB takes a few
RATE = 60  # calls of either kind in a minute
PART = 1_500.0  # characters of a transcript for which a row is reckoned


def forecast(outlook: Outlook, book: Book | None, sessions: Area | None, first: int) -> Forecast:
    """Return what writing so much would take, after `first` looks. Where nobody looked there is nothing to write."""
    if book is None or sessions is None:
        return Forecast(0)
    writes = ceil(round(outlook.cost, 6)) + (1 if outlook.related else 0)
    reads = first + (ceil(round(outlook.cost, 6)) if outlook.updated else 0)
    if not outlook.created + outlook.updated:
        writes = 0
    calls = reads + writes
    seconds = max(calls * CALL, (max(reads, writes) - RATE) / RATE * 60)
    notes = [f"{calls} calls to Google, {_time(seconds)}; it takes 60 reads and 60 writes a minute."]
    held = sum(book.size(sheet)[0] * book.size(sheet)[1] for sheet in book.sheets)
    cells = outlook.created * sessions.width + held
    notes.append(f"The spreadsheet then has about {cells:,} cells; Google takes {CELLS:,}.")
    if cells > CELLS:
        notes.append("That is too many: archive older rows into another spreadsheet, or sync without --transcripts.")
    return Forecast(calls, tuple(notes))


def _time(seconds: float) -> str:
    if seconds < 60:
        return f"about {max(1, round(seconds))} seconds"
    return f"about {round(seconds / 60)} minutes"
