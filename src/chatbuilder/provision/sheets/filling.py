"""Rows of Chat Sessions in a spreadsheet: read once, compared here, written in few atomic batches.

A row is only ever written where its Source ID was seen a moment before, in the same run. Google cannot make a batch
depend on what cells hold, so between that look and the batch (one call, well below a second as a rule) somebody may
still sort or delete rows; the batch's answer tells, and what it hit is put back (`batching`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from chatbuilder.errors import InputError, RefusedError, UnavailableError
from chatbuilder.generators.common.sheets_batch import Request
from chatbuilder.provision.crew import Tell
from chatbuilder.provision.lanes import in_order
from chatbuilder.provision.outside.calls import Answer, Call
from chatbuilder.provision.outside.policy import Policy
from chatbuilder.provision.rows import Delivery as Row
from chatbuilder.provision.rows import Forecast, Found, Outlook, Related, Wanted, Written
from chatbuilder.provision.sheets import told
from chatbuilder.provision.sheets.batching import KEY, SESSIONS, TOLD, Batch, batches
from chatbuilder.provision.sheets.delivery import Delivery
from chatbuilder.provision.sheets.forecasting import forecast
from chatbuilder.provision.sheets.grids import DATA, STRUCTURE, Area, areas_of, look, look_into, record, rows_of, spans
from chatbuilder.provision.sheets.reading import Book, cells_by_sheet, path_of
from chatbuilder.provision.sheets.requests import generation_of, mark_id, marking, rows_below

NEW_ROWS = 1000  # of a sheet that is made for transcripts
LOOKS = 3  # times that a look is taken anew because somebody moves things just then
NEVER = float("-inf")
FRESH = 10.0  # seconds for which new rows may be added to a table as it was seen
IN_TRASH = (
    "take it out again (drive.google.com → Trash → Restore) and sync; or `chatbuilder repair` makes it anew, and "
    "`chatbuilder sync` with --restore fills it."
)
OVERTAKEN = "another sync wrote into the spreadsheet at the same moment"


@dataclass(frozen=True, slots=True)
class Target:
    """What is filled: the spreadsheet, where its columns stood when it was built, the fields that are sync's.

    `titles` are the fields by which rows of other tables are known; `transcripts` the requests that make their sheet,
    none where transcripts are not wanted; `owner` is whose work it is, for `lanes`.
    """

    spreadsheet: str
    layout: Mapping[str, Any]
    owned: Sequence[str]
    titles: Mapping[str, str]
    transcripts: Sequence[Request] = ()
    owner: str = ""
    ours: bool = False
    """Whether chatbuilder made the file: then Drive tells whether it is in the trash."""
    tell: Tell = field(default=lambda key, why, seconds: None)


class Overtaken(Exception):
    """Another batch was made from the same look at the spreadsheet, and was carried out."""


class SheetRows:
    """A state holds "cells" by field key and, where transcripts are wanted, "said": [who, text] of each part."""

    def __init__(self, policy: Policy, target: Target) -> None:
        self._policy, self._target = policy, target
        self.areas: dict[str, Area] = {}
        self.keys = [KEY, *(key for key in target.owned if key != KEY)]
        self.transcripts = target.transcripts
        self._book: Book | None = None  # as it was when all of it was last looked at
        self._loaded, self._seen, self._generation = False, NEVER, 0
        self._rows: dict[str, dict[str, Any]] = {}
        self._titles: dict[str, set[str]] = {}
        self._marks: set[int] = set()
        self.told = told.Index()
        self._said: dict[str, list[list[str]]] = {}
        self.requests = 0
        self.noticed: tuple[str, ...] = ()

    def check(self) -> tuple[str, ...]:
        """Ask nothing: a sync that has nothing to write costs no call. `noticed` tells what the first look finds."""
        return ()

    # What stands there
    def find(self, wanted: Sequence[Wanted]) -> list[Found | str | None]:
        """Return the rows with these keys. The first time all of them are read."""
        self._load()
        if self.transcripts:
            self._read_said([item.key for item in wanted])
        return [self._found(item.key) for item in wanted]

    def _found(self, key: str) -> Found | None:
        if key not in self._rows:
            return None
        state: dict[str, Any] = {"cells": self._rows[key]}
        if self.transcripts:
            state["said"] = self._said.get(key, [])
        return Found(key, state)

    def _load(self) -> None:
        """Read the keys and sync's columns, once."""
        if self._loaded:
            return
        if self._target.ours:
            self.requests += 1
            if Delivery(self._policy).file_state(self._target.spreadsheet) == "missing":
                raise _unusable("the spreadsheet is gone or in the trash", IN_TRASH)
        for _ in range(LOOKS):
            self._see(self._asked(look))
            seen, ranges = dict(self.areas), self._ranges()
            book = self._asked(partial(look_into, ranges=ranges))
            now = areas_of(book, self._target.layout)
            if all(now[key].columns == seen[key].columns for key in now):
                self._take_up(book)
                self._loaded = True
                return
        raise _unusable("somebody moves its columns at this moment", "wait until they have finished, then sync again.")

    def _ranges(self) -> list[dict[str, Any]]:
        ranges = self.area(SESSIONS).ranges(self.keys)
        for key, title in self._target.titles.items():
            ranges += self.areas[key].ranges([title]) if key in self.areas else []
        return ranges + (self.areas[TOLD].ranges(told.INDEX) if self.transcripts and TOLD in self.areas else [])

    def _take_up(self, book: Book) -> None:
        sessions = self.area(SESSIONS)
        cells = book.cells.get(sessions.sheet, {})
        places = rows_of(cells, sessions, KEY)
        self._check_key(sessions, places)
        self._rows = {key: record(cells, sessions, row, self._target.owned) for row, key in reversed(places.items())}
        self._titles = {
            key: set(rows_of(book.cells.get(area.sheet, {}), area, self._target.titles[key]).values())
            for key, area in self.areas.items() if self._target.titles.get(key) in area.columns
        }  # fmt: skip
        if self.transcripts and TOLD in self.areas:
            self.told = told.Index.of(book.cells.get(self.areas[TOLD].sheet, {}), self.areas[TOLD])

    def area(self, key: str) -> Area:
        """Return one of our tables as it was last seen."""
        return self.areas[key]

    @property
    def new_told(self) -> Area:
        """Where the sheet Transcripts stands once it is made."""
        part = self._target.layout["tables"][TOLD]
        columns = {key: at for key, (at, _) in part["columns"].items()}
        return Area(part["sheet"], part["title"], part["table"], 0, 0, 2, NEW_ROWS, len(columns), columns)

    def _asked(self, ask: Any) -> Book:
        self.requests += 1
        book: Book = ask(self._policy, self._target.spreadsheet)
        return book

    def _see(self, book: Book) -> None:
        """Take up how the spreadsheet is now. Raises `InputError` when rows cannot be kept there any more."""
        self.areas = areas_of(book, self._target.layout)
        self._book, self._seen, self._marks = book, self._policy.desk.time.now(), set(book.marks)
        self._generation = max(self._generation, generation_of(book))
        part = self._target.layout["tables"][SESSIONS]
        if part["sheet"] not in book.sheets:
            raise _unusable(f"the sheet {part['title']} is gone")
        if SESSIONS not in self.areas:
            raise _unusable(
                f"what stands on the sheet {book.titles[part['sheet']]} is no table any more",
                "select a cell of it and choose Format → Convert to table, then sync again.",
            )
        names = {key: name for key, (_, name) in part["columns"].items()}
        missing = [names[key] for key in (KEY, "title", *self._target.owned) if key not in self.area(SESSIONS).columns]
        vital = [name for name in missing if name in (names[KEY], names["title"])]
        if vital:
            raise _unusable(f"the sheet {self.area(SESSIONS).title} has no column {' and no '.join(vital)} any more")
        if missing:
            self.noticed = (f"These columns are not there and stay out: {', '.join(missing)}.",)
        self._check_told(book)

    def _check_told(self, book: Book) -> None:
        part = self._target.layout["tables"][TOLD]
        if not self.transcripts:
            return
        taken = part["sheet"] not in book.sheets and part["title"].casefold() in {
            title.casefold() for title in book.titles.values()
        }
        broken = part["sheet"] in book.sheets and (
            TOLD not in self.areas or any(key not in self.areas[TOLD].columns for key in (*told.INDEX, *told.WORDS))
        )
        if taken or broken:
            why = "is one of your own" if taken else "lost its table or columns"
            raise RefusedError(
                f"The sheet {part['title']} {why}.", title="No place for transcripts",
                kept="everything; nothing was written.", hint="rename that sheet, or sync without --transcripts.",
            )  # fmt: skip

    def _check_key(self, sessions: Area, places: Mapping[int, str]) -> None:
        """A column in the place of Source ID that has another name and no keys is somebody's own."""
        name = self._target.layout["tables"][SESSIONS]["columns"][KEY][1]
        keys = [text for text in places.values() if ":" in text]
        if sessions.names.get(KEY) != name and not keys:
            raise _unusable(f"the sheet {sessions.title} has no column {name} any more")

    def _read_said(self, wanted: Sequence[str]) -> None:
        """Read what is said in the transcripts of these keys."""
        for _ in range(LOOKS):
            keys = [key for key in wanted if self.told.at(key) and key not in self._said]
            if not keys:
                return
            area = self.areas[TOLD]
            rows = sorted(row for key in keys for row in self.told.at(key))
            ranges = [found for span in spans(rows) for found in area.ranges((told.KEY, *told.WORDS), span)]
            cells = self.look_into(ranges).cells.get(area.sheet, {})
            there = rows_of(cells, area, told.KEY)
            if self.areas[TOLD].columns == area.columns and all(
                there.get(r) == k for k in keys for r in self.told.at(k)
            ):
                self._said |= {key: told.words(cells, area, self.told.at(key)) for key in keys}
                return
            self._loaded = False  # somebody moved rows: look where they are
            self._load()
        raise _unusable("somebody moves its rows at this moment", "wait until they have finished, then sync again.")

    def look_into(self, ranges: Sequence[Mapping[str, Any]]) -> Book:
        """Look at some cells, and at where the tables of their sheets are now."""
        book = self._asked(partial(look_into, ranges=ranges))
        self.areas |= areas_of(book, self._target.layout)
        self._generation = max(self._generation, generation_of(book))
        return book

    def reserve(self, data: Mapping[str, Any]) -> str:
        """Return nothing: rows are known by their keys, wherever they stand."""
        return ""

    # Writing
    def write(self, deliveries: Sequence[Row]) -> Iterator[Written]:
        """Write rows in as few batches as the limit allows; each is carried out whole or not at all."""
        works = [partial(self._deliver, batch) for batch in batches(deliveries)]
        desk = self._policy.desk
        for done in in_order(self._target.owner, works, 1, desk.cancelled, self._target.tell):
            yield from done

    def _deliver(self, batch: Sequence[Row]) -> list[Written]:
        try:
            return Batch(self, batch).delivered()
        except Overtaken:
            self._seen = NEVER
            return [Written(item.remote, OVERTAKEN) for item in batch]

    def related(self, items: Sequence[Related]) -> list[str | None]:
        """Return the titles of rows of other tables, by which others link to them; add those that are to be made."""
        self._load()
        new: dict[str, dict[str, Any]] = {}
        found = [self._related(item, new) for item in items]
        if new:
            self._add_related(new)
        return found

    def _related(self, item: Related, new: dict[str, dict[str, Any]]) -> str | None:
        table, title = item.data["table"], str(item.data["title"])
        if table not in self._titles:
            return None
        if item.remote:
            return item.remote if item.remote in self._titles[table] else None
        if title in self._titles[table] or title in new.get(table, {}):
            return title
        if not item.make:
            return None
        new.setdefault(table, {})[title] = {item.data["field"]: item.data["cell"]}
        return title

    def _add_related(self, new: Mapping[str, Mapping[str, Any]]) -> None:
        self.ready()
        requests = [r for table, rows in new.items() for r in rows_below(self.areas[table], rows.values())]
        try:
            self.send(requests)
        except Overtaken:
            raise InputError(
                f"{OVERTAKEN[0].upper()}{OVERTAKEN[1:]}.", title="Somebody else is syncing",
                kept="every row written so far.", hint="wait until it has finished, then sync again.",
            ) from None  # fmt: skip
        for table, rows in new.items():
            self._titles[table] |= set(rows)

    def ready(self) -> None:
        """Look again when the last look is too old to add rows by."""
        if self._policy.desk.time.now() - self._seen > FRESH:
            self._see(self._asked(look))

    def send(self, requests: Sequence[Request], watched: Sequence[str] = ()) -> Book | None:
        """Send one batch with its mark; return the columns `watched` (ranges) as they are after it.

        Raises `Overtaken` when another batch was faster: then nothing of this one was done.
        """
        generation = self._generation
        mark, marks = marking(generation, self.area(SESSIONS).sheet, requests, self._marks)
        body: dict[str, Any] = {"requests": [*requests, *marks], "includeSpreadsheetInResponse": True}
        if watched:
            body["responseRanges"] = list(watched)
        query = {"fields": f"spreadsheetId,updatedSpreadsheet({STRUCTURE}{DATA if watched else ''}))"}
        call = Call("POST", path_of(self._target.spreadsheet, ":batchUpdate"), query, body)
        self.requests += 1
        try:
            answer = self._policy.make(call, lambda doubt: self._landed(generation, mark))
        except UnavailableError:
            raise
        except RefusedError:
            if self._landed(generation, mark) is None:
                raise
            answer = True
        self._generation = generation + 1
        return self._after(answer, whole=not watched)

    def _after(self, answer: Answer | bool, *, whole: bool) -> Book | None:
        found = answer.data.get("updatedSpreadsheet") if isinstance(answer, Answer) else None
        if found is None:
            self._seen = NEVER
            return None
        book = Book(found, dict(cells_by_sheet(found)))
        if whole:
            self._see(book)
        else:
            self._seen = NEVER
        return book

    def _landed(self, generation: int, mark: str) -> bool | None:
        """Tell whether the batch with this mark was carried out, None when not. Raises `Overtaken`."""
        marks = self._asked(look).marks
        there = marks.get(mark_id(generation + 1))
        if there is None:
            return None
        if there != mark:
            raise Overtaken
        return True

    def forecast(self, outlook: Outlook) -> Forecast:
        """Return what writing so much would take."""
        return forecast(outlook, self._book, self.areas.get(SESSIONS), 3 if self._target.ours else 2)

    def settle(self) -> None:
        """Nothing to wait for: what Google answered is kept."""

    def close(self) -> None:
        """Let go of connections."""
        self._policy.transport.close()


def _unusable(what: str, hint: str = "") -> InputError:
    return InputError(
        f"{what[0].upper()}{what[1:]}.", title="The system cannot be filled", kept="everything as it is.",
        hint=hint or "`chatbuilder verify` tells what is missing, `chatbuilder repair` puts it back.",
    )  # fmt: skip
