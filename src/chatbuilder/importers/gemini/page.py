"""My Activity as HTML: one `outer-cell` for each entry, times local with the name of a zone."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import BinaryIO

from chatbuilder.importers.common.html_text import Words
from chatbuilder.importers.common.outcome import Problem
from chatbuilder.importers.common.shape import Context, Found
from chatbuilder.importers.common.values import without_citations
from chatbuilder.importers.gemini.activity import PRODUCTS, SOURCE, Activity, chats

_CHUNK = 256 * 1024
_HOURS = {
    "UTC": 0, "GMT": 0, "Z": 0, "WET": 0, "WEST": 1, "BST": 1, "CET": 1, "CEST": 2, "MEZ": 1, "MESZ": 2, "EET": 2,
    "EEST": 3, "MSK": 3, "IST": 5.5, "SGT": 8, "HKT": 8, "JST": 9, "KST": 9, "AEST": 10, "AEDT": 11, "NZST": 12,
    "NZDT": 13, "AST": -4, "ADT": -3, "BRT": -3, "EST": -5, "EDT": -4, "CST": -6, "CDT": -5, "MST": -7, "MDT": -6,
    "PST": -8, "PDT": -7, "AKST": -9, "AKDT": -8, "HST": -10,
}  # fmt: skip
_MONTHS = {
    month: number
    for number, month in enumerate(
        ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"), 1
    )
}
_CLOCK = r",?\s+(?P<hour>\d{1,2}):(?P<minute>\d\d):(?P<second>\d\d)(?:\s*(?P<half>[AP])\.?M\.?)?\s*(?P<zone>\S{1,40})?"
_DATES = tuple(
    re.compile(date + _CLOCK + "$", re.I)
    for date in (
        r"(?P<month>[A-Za-z]{3})[a-z.]*\s+(?P<day>\d{1,2}),\s+(?P<year>\d{4})",
        r"(?P<day>\d{1,2})\s+(?P<month>[A-Za-z]{3})[a-z.]*\s+(?P<year>\d{4})",
        r"(?P<day>\d{1,2})\.(?P<month>\d{1,2})\.(?P<year>\d{4})",
        r"(?P<year>\d{4})-(?P<month>\d{1,2})-(?P<day>\d{1,2})",
    )
)
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2})(?::?(\d\d))?$")


def matches(head: str) -> bool:
    """Whether the page has entries of Gemini: the header's text exactly, as other products' pages mention it, too."""
    return "outer-cell" in head and any(re.search(rf">\s*{product}\s*<", head) for product in PRODUCTS)


def read(stream: BinaryIO, context: Context) -> Found:
    """Read My Activity's HTML; where a tag never ends, what stands before it counts."""
    parser = _Cells(context)
    yield from chats(_entries(stream, parser, context.limits.text), context)
    if len(parser.rawdata) > context.limits.text:
        yield Problem(context.where, "a tag in it never ends; what stands behind it is left out", "malformed", SOURCE)


def _entries(stream: BinaryIO, parser: _Cells, longest: int) -> Iterator[Activity]:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    while (chunk := stream.read(_CHUNK)) and len(parser.rawdata) <= longest:
        parser.feed(decoder.decode(chunk))
        yield from parser.taken()
    if len(parser.rawdata) <= longest:
        parser.close()
    parser.finish()
    yield from parser.taken()


class _Cells(Words):
    """Walks the cells: the header's text, then prompt, time and answer in the first cell with content."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._done: list[Activity] = []
        self._divs = 0
        self._inside = ""
        self._starts_at = 0
        self._header = ""
        self._content = ""
        self._files: list[str] = []

    def taken(self) -> list[Activity]:
        """Return the entries that are complete, and forget them."""
        done, self._done = self._done, []
        return done

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Notice where a cell starts, and the files in it."""
        if tag == "div":
            self._divs += 1
            self._cell(dict(attrs).get("class") or "")
        elif tag == "img" and self._inside == "content":
            self._files.append(dict(attrs).get("src") or "")
        super().handle_starttag(tag, attrs)

    def _cell(self, kind: str) -> None:
        if "outer-cell" in kind:
            self.finish()
        elif "header-cell" in kind:
            self._enter("header")
        elif "content-cell" in kind and "text-right" not in kind and "caption" not in kind and not self._content:
            self._enter("content")

    def _enter(self, cell: str) -> None:
        self.take()
        self._inside, self._starts_at = cell, self._divs

    def handle_endtag(self, tag: str) -> None:
        """Take a cell's text where it ends."""
        super().handle_endtag(tag)
        if tag == "div":
            if self._inside and self._divs == self._starts_at:
                text = self.take()
                if self._inside == "header":
                    self._header = text
                else:
                    self._content = text
                self._inside = ""
            self._divs -= 1

    def finish(self) -> None:
        """End the entry that is open."""
        if self._header in PRODUCTS and self._content:
            self._done.append(self._activity())
        elif self._header:
            self._context.skipped("other product" if self._header not in PRODUCTS else "entry without content")
        self.take()
        self._inside, self._header, self._content, self._files = "", "", "", []

    def _activity(self) -> Activity:
        """The first line that is a time parts the prompt from the answer."""
        lines = self._content.split("\n")
        for number, line in enumerate(lines):
            time = when(line.strip())
            if time:
                before, after = "\n".join(lines[:number]), "\n".join(lines[number + 1 :])
                files = tuple(file for file in self._files if file)
                return Activity(time[0], before.strip(), without_citations(after.strip()), files, None, time[1])
        self._context.unknown("entry without a time")
        return Activity(None, lines[0].strip(), "\n".join(lines[1:]).strip())


def when(text: str) -> tuple[datetime, bool] | None:
    """Return (UTC, whether the zone is known) for a time as Google writes it in English or with figures."""
    found = next((match for pattern in _DATES if (match := pattern.match(text))), None) if len(text) < 80 else None
    if not found:
        return None
    month = found["month"]
    hour = int(found["hour"])
    if found["half"]:
        hour = hour % 12 + (12 if found["half"].upper() == "P" else 0)
    zone = _zone(found["zone"])
    try:
        number = int(month) if month.isdigit() else _MONTHS[month.lower()]
        local = datetime(
            int(found["year"]), number, int(found["day"]), hour, int(found["minute"]), int(found["second"]), tzinfo=UTC
        )
        return (local - (zone or timedelta()), zone is not None)
    except (KeyError, ValueError, OverflowError):
        return None


def _zone(text: str | None) -> timedelta | None:
    if not text:
        return None
    if text.upper() in _HOURS:
        return timedelta(hours=_HOURS[text.upper()])
    found = _OFFSET.match(text)
    if not found:
        return None
    offset = timedelta(hours=int(found[2]), minutes=int(found[3] or 0))
    return -offset if found[1] == "-" else offset
