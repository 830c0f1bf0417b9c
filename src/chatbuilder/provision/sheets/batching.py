"""One batch of rows: looked at again, compared with what was found, written, and seen to have gone where it belongs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from json import dumps
from typing import TYPE_CHECKING, Any

from chatbuilder.generators.common.sheets_batch import Request, letters_of
from chatbuilder.provision.rows import Delivery, Written
from chatbuilder.provision.sheets import told
from chatbuilder.provision.sheets.grids import Area, record, rows_of, spans
from chatbuilder.provision.sheets.reading import Book, Cells, quoted
from chatbuilder.provision.sheets.requests import cells_at, rows_below

if TYPE_CHECKING:
    from chatbuilder.provision.sheets.filling import SheetRows

SESSIONS, TOLD, KEY = "sessions", "@transcripts", "source_id"
BYTES = 1_900_000  # of one request, as JSON; Google recommends 2 MB at most
CHANGED = "it was changed while this ran"
MOVED = "rows were moved at the moment it was written; what that hit was put back"


def batches(deliveries: Sequence[Delivery]) -> Iterator[list[Delivery]]:
    """Yield deliveries in portions that fit one request, in their order."""
    found: list[Delivery] = []
    size = 0
    for item in deliveries:
        length = len(dumps(dict(item.data)))
        if found and size + length > BYTES:
            yield found
            found, size = [], 0
        found.append(item)
        size += length
    if found:
        yield found


@dataclass(slots=True)
class Seen:
    """How our tables were at the last look: rows of sessions by key, cells by sheet, parts of transcripts by key."""

    sessions: Area
    talks: Area | None
    rows: Mapping[str, int] = field(default_factory=dict)
    cells: Mapping[int, Cells] = field(default_factory=dict)
    index: told.Index = field(default_factory=told.Index)

    def sheet(self, area: Area) -> Cells:
        """Return the cells of one of the sheets."""
        return self.cells.get(area.sheet, {})


class Batch:
    """Delivers some rows at once."""

    def __init__(self, store: SheetRows, items: Sequence[Delivery]) -> None:
        self._store, self._items = store, items
        self._results: dict[str, Written] = {}
        self._requests: list[Request] = []
        self._new: list[Mapping[str, Any]] = []
        self._parts: list[Mapping[str, Any]] = []
        self._places: dict[str, int] = {}

    def delivered(self) -> list[Written]:
        """Write what may be written; tell of each row what became of it. Raises `Overtaken`."""
        seen = self._look()
        for item in self._items:
            problem = self._prepare(item, seen)
            self._results[item.key] = Written(item.key, problem)
        requests = self._whole(seen)
        if len(dumps(requests)) > BYTES:
            return self._in_pieces(seen)
        if requests:
            self._send(requests, seen)
        return [self._results[item.key] for item in self._items]

    # The look
    def _look(self) -> Seen:
        store = self._store
        again = any(item.found for item in self._items) or any(self._told_before(item) for item in self._items)
        if not again:
            store.ready()
            return Seen(store.area(SESSIONS), store.areas.get(TOLD))
        return self._looked()

    def _told_before(self, item: Delivery) -> bool:
        return "parts" in item.data and bool(self._store.told.at(item.key))

    def _looked(self) -> Seen:
        store = self._store
        store.ready()
        ranges = store.area(SESSIONS).ranges(store.keys)
        if (area := store.areas.get(TOLD)) is not None and any("parts" in item.data for item in self._items):
            rows = sorted(row for item in self._items if "parts" in item.data for row in store.told.at(item.key))
            ranges += area.ranges(told.INDEX)
            ranges += [found for span in spans(rows) for found in area.ranges(told.WORDS, span)]
        book = store.look_into(ranges)
        sessions, area = store.area(SESSIONS), store.areas.get(TOLD)
        places = rows_of(book.cells.get(sessions.sheet, {}), sessions, KEY)
        index = told.Index.of(book.cells.get(area.sheet, {}), area) if area else told.Index()
        return Seen(sessions, area, {key: row for row, key in reversed(places.items())}, book.cells, index)

    # What is to be written
    def _prepare(self, item: Delivery, seen: Seen) -> str:
        """Put one row into the batch; return why it is left out."""
        if item.found is None:
            if item.key in seen.rows:
                return CHANGED
            self._new.append(item.data["values"])
            self._tell(item, seen)
            return ""
        row, data = seen.rows.get(item.key), item.data
        if row is None or any(
            record(seen.sheet(seen.sessions), seen.sessions, row, [key]).get(key) != data["were"][key]
            for key in data["set"] if key in seen.sessions.columns
        ):  # fmt: skip
            return CHANGED
        if "parts" in data and self._there(item.key, seen) != item.found.state.get("said", []):
            return CHANGED
        if data["set"]:
            self._requests += cells_at(seen.sessions, row, data["set"])
            self._places[item.key] = row
        self._tell(item, seen)
        return ""

    def _there(self, key: str, seen: Seen) -> list[list[str]]:
        if seen.talks is None:
            return []
        return told.words(seen.sheet(seen.talks), seen.talks, seen.index.at(key))

    def _tell(self, item: Delivery, seen: Seen) -> None:
        """Put a transcript into the batch. One that stands there without its row may be somebody's own by now."""
        if "parts" not in item.data:
            return
        parts, there = item.data["parts"], self._there(item.key, seen)
        if item.found is None and there and not told.begins(parts, there):
            return
        area = seen.talks or self._store.new_told
        requests, rows = told.changes(area, item.key, parts, seen.index.at(item.key), there)
        self._requests += requests
        self._parts += rows

    def _whole(self, seen: Seen) -> list[Request]:
        requests = [*self._requests, *rows_below(seen.sessions, self._new)]
        if not self._parts:
            return requests
        made = [] if seen.talks else list(self._store.transcripts)
        return [*made, *requests, *rows_below(seen.talks or self._store.new_told, self._parts)]

    # Writing
    def _in_pieces(self, seen: Seen) -> list[Written]:
        """Write what is too much for one request: in halves; one long transcript below another key first."""
        if len(self._items) > 1:
            half = len(self._items) // 2
            both = (self._items[:half], self._items[half:])
            return [done for items in both for done in Batch(self._store, items).delivered()]
        (item,) = self._items
        return [self._long(item, seen)]

    def _long(self, item: Delivery, seen: Seen) -> Written:
        """Write a long transcript in several batches, the last of which gives all parts their key, and the row."""
        store, key = self._store, told.UNFINISHED + item.key
        parts = item.data["parts"]
        if seen.talks is None:
            store.send(store.transcripts)
        area = store.area(TOLD)
        left = self._unfinished(key)
        for first, some in told.portions(parts, BYTES):
            requests: list[Request] = []
            rows = []
            for number, part in enumerate(some, first):
                cells = told.row_of(key, number + 1, part)
                if number < len(left):
                    requests += cells_at(area, left[number], cells)
                else:
                    rows.append(cells)
            store.send([*requests, *rows_below(store.area(TOLD), rows)])
            store.ready()
        return self._finish(item, key)

    def _unfinished(self, key: str) -> list[int]:
        area = self._store.area(TOLD)
        book = self._store.look_into(area.ranges(told.INDEX))
        return told.Index.of(book.cells.get(area.sheet, {}), area).at(key)

    def _finish(self, item: Delivery, key: str) -> Written:
        again = Batch(self._store, [item])
        seen = again._looked()
        data = {name: value for name, value in item.data.items() if name != "parts"}
        problem = again._prepare(Delivery(item.key, item.remote, data, item.found), seen)
        area, rows = self._store.area(TOLD), seen.index.at(key)
        if problem:
            return Written(item.key, problem)
        count = len(item.data["parts"])
        named = [r for row in rows[:count] for r in cells_at(area, row, {told.KEY: told.name(item.key)})]
        gone = [r for row in (*rows[count:], *seen.index.at(item.key)) for r in told.blank(area, row)]
        again._send([*gone, *named, *again._whole(seen)], seen)
        return Written(item.key)

    def _send(self, requests: Sequence[Request], seen: Seen) -> None:
        """Send the batch, and see that every change met its row."""
        area = seen.sessions
        book = self._store.send(requests, [f"{quoted(area.title)}!{_column(area)}"] if self._places else [])
        if self._places and (hit := self._hit(book, area)):
            self._put_back(hit, seen)

    def _hit(self, book: Book | None, area: Area) -> dict[str, tuple[int, str]]:
        """Return the rows, by the key that was meant, that turned out to hold another one: where, and which."""
        if book is None:  # the answer was lost
            return {}
        now = rows_of(book.cells.get(area.sheet, {}), area, KEY)
        return {key: (row, now.get(row, "")) for key, row in self._places.items() if now.get(row) != key}

    def _put_back(self, hit: Mapping[str, tuple[int, str]], seen: Seen) -> None:
        """Give rows that were hit what they held before, wherever they are by now; those that were meant come later."""
        now = self._looked()
        meant = {item.key: item.data["set"] for item in self._items if item.found}
        requests: list[Request] = []
        for key, (_, there) in hit.items():
            self._results[key] = Written(key, MOVED)
            was, row = seen.rows.get(there), now.rows.get(there)
            if was is None or row is None:
                continue
            before = record(seen.sheet(seen.sessions), seen.sessions, was, meant[key])
            after = record(now.sheet(now.sessions), now.sessions, row, meant[key])
            ours = {name for name, cell in meant[key].items() if after.get(name) == cell.get("userEnteredValue")}
            cells = {n: {"userEnteredValue": value} if value else {} for n, value in before.items() if n in ours}
            requests += cells_at(now.sessions, row, cells)
        if requests:
            self._store.send(requests)


def _column(area: Area) -> str:
    letters = letters_of(area.columns[KEY])
    return f"{letters}:{letters}"
