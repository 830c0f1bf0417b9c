"""What evolution works with: the old batch and the new one, both where things are in the spreadsheet now."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatbuilder.generators.common.sheets_batch import (
    Moves,
    Part,
    Request,
    Unmovable,
    Whole,
    by_part,
    kind_of,
    moved,
    moves_to,
    sheets_of,
)


@dataclass
class Grown:
    """What becomes of one sheet whose columns have keys: where they are afterwards, and what is new."""

    columns: dict[str, int]
    stored: list[str]
    computed: list[str]
    end: int
    width: int


@dataclass
class Ground:
    """The old requests, the new ones, what is there (`live`), and what becomes of each sheet with keyed columns."""

    old_layout: Mapping[str, Any]
    old: list[Request]
    new_layout: Mapping[str, Any]
    new: list[Request]
    live: Mapping[str, Any]
    grown: dict[int, Grown]
    before: Moves  # from the old requests to where things will be
    after: Moves  # from the new requests to there

    def __post_init__(self) -> None:
        """Group both batches by part."""
        self.old_parts = by_part(self.old)
        self.new_parts = by_part(self.new)

    def was(self, part: Part) -> list[Request] | None:
        """Return the old requests of a part where things will be; None when it was not there."""
        found = self.old_parts.get(part)
        try:
            return None if found is None else moved(found, self.before)
        except Unmovable:
            return []

    def becomes(self, part: Part) -> list[Request]:
        """Return the new requests of a part where things will be. Raises `Unmovable`."""
        return moved(self.new_parts[part], self.after)

    def there(self, kind: str, key: Any) -> bool:
        """Tell whether something is in the spreadsheet now."""
        return str(key) in self.live[kind]

    def touched(self, kind: str, key: Any) -> bool:
        """Tell whether somebody changed it since."""
        return bool(self.live[kind].get(str(key), {}).get("touched"))

    def title(self, sheet: int) -> str:
        """Return a sheet's name as it is now, or will be."""
        if self.there("sheets", sheet):
            return str(self.live["sheets"][str(sheet)]["title"])
        return next(t for t, key in {**self.before.sheets, **self.after.sheets}.items() if key == sheet)

    def stands_layout(self) -> dict[str, Any]:
        """Return the layout that there will be: what is wanted, and columns and tables that stay all the same."""
        tables: dict[str, Any] = {}
        for key in {**self.old_layout["tables"], **self.new_layout["tables"]}:
            old, new = self.old_layout["tables"].get(key), self.new_layout["tables"].get(key)
            tables[key] = self._standing(old, new)
        lists = self._standing(self.old_layout["lists"], self.new_layout["lists"])
        inputs = [
            *self.new_layout["inputs"],
            *(i for i in self.old_layout["inputs"] if i not in self.new_layout["inputs"]),
        ]
        return {"tables": tables, "lists": lists, "inputs": inputs}

    def _standing(self, old: Mapping[str, Any] | None, new: Mapping[str, Any] | None) -> dict[str, Any]:
        base: Mapping[str, Any] = new or old or {}
        grown = self.grown.get(base["sheet"])
        if grown is None:
            return dict(base)
        names = {k: name for part in (old, new) if part for k, (_, name) in part["columns"].items()}
        columns = {k: [at, names[k]] for k, at in sorted(grown.columns.items(), key=lambda i: i[1]) if k in names}
        return {**base, "title": self.title(base["sheet"]), "stored": grown.end, "columns": columns}


@dataclass
class Change:
    """The requests of the difference, in the order in which they have to come, and what is said about it."""

    sheets: list[Request] = field(default_factory=list)
    columns: list[Request] = field(default_factory=list)
    rest: list[Request] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)
    standing: dict[Part, list[Request]] = field(default_factory=dict)

    def count(self, word: str, number: int = 1) -> None:
        """Note what is new, for the title."""
        if number:
            self.counts[word] = self.counts.get(word, 0) + number

    def words(self) -> str:
        """Return the difference in a few words."""
        said = [f"{n} {word}{'s' if n > 1 else ''}" for word, n in self.counts.items()]
        return ", ".join(said) or "nothing to add"

    def add(self, requests: Iterable[Request]) -> None:
        """Add requests; new sheets come before all others."""
        for request in requests:
            (self.sheets if "addSheet" in request else self.rest).append(request)

    def requests(self) -> list[Request]:
        """Return the batch."""
        return [*self.sheets, *self.columns, *self.rest]

    def stands(self, ground: Ground) -> list[Request]:
        """Return what would make all that there is afterwards, from nothing; sheets first."""
        order = [*ground.new_parts, *(part for part in ground.old_parts if part not in ground.new_parts)]
        return sorted((request for part in order for request in self._standing(part, ground)), key=_rank)

    def _standing(self, part: Part, ground: Ground) -> list[Request]:
        if part in self.standing:
            return self.standing[part]
        if part in ground.new_parts:
            try:
                return ground.becomes(part)
            except Unmovable:
                pass
        return ground.was(part) or []


_RANKS = ("updateSpreadsheetProperties", "addSheet", "addNamedRange", "updateCells", "addTable")


def _rank(request: Request) -> int:
    kind = kind_of(request)[0]
    return _RANKS.index(kind) if kind in _RANKS else len(_RANKS)


def ground_of(old: Whole, new: Whole, live: Mapping[str, Any]) -> Ground:
    """Return what it takes to get from one whole to another in a spreadsheet as it is now (see `untouched`)."""
    wanted, had = sheets_of(new[0]), sheets_of(old[0])
    grown = {
        int(sheet): _grown(part, had[int(sheet)], wanted.get(int(sheet)))
        for sheet, part in live["columns"].items()
        if int(sheet) in had
    }
    columns = {sheet: g.columns for sheet, g in grown.items()}
    titles = {int(sheet): part["title"] for sheet, part in live["sheets"].items()}
    return Ground(*old, *new, live, grown, moves_to(*old, columns, titles), moves_to(*new, columns, titles))


def _grown(live: Mapping[str, Any], had: Mapping[str, Any], wanted: Mapping[str, Any] | None) -> Grown:
    """A column that was delivered and is gone was deleted by somebody: it does not come back by itself."""
    columns, end, width = dict(live["columns"]), live["end"], live["width"]
    fresh = [k for k in (wanted["columns"] if wanted else ()) if k not in had["columns"] and k not in columns]
    limit = wanted["stored"] if wanted and "stored" in wanted else 10**6
    stored = [k for k in fresh if wanted and wanted["columns"][k][0] < limit]
    computed = [k for k in fresh if k not in stored]
    columns = {k: at + (len(stored) if at >= end else 0) for k, at in columns.items()}
    columns |= {k: at for at, k in enumerate(stored, end)}
    width += len(stored)
    end += len(stored)
    if computed:
        width = max(width, end + 1)  # an empty column stands between a table and what formulas compute
        columns |= {k: at for at, k in enumerate(computed, width)}
        width += len(computed)
    return Grown(columns, stored, computed, end, width)


def untouched(layout: Mapping[str, Any], requests: Iterable[Request]) -> dict[str, Any]:
    """Return what is in a spreadsheet that nobody touched since it was built."""
    parts = by_part(requests)
    sheets = {
        str(v["properties"]["sheetId"]): {
            "title": v["properties"]["title"], "rows": v["properties"]["gridProperties"]["rowCount"],
            "columns": v["properties"]["gridProperties"]["columnCount"],
        }
        for k, v in map(kind_of, requests) if k == "addSheet"
    }  # fmt: skip
    columns = {}
    for sheet, part in sheets_of(layout).items():
        if str(sheet) in sheets:
            at = {key: index for key, (index, _) in part["columns"].items()}
            width = sheets[str(sheet)]["columns"]
            columns[str(sheet)] = {"columns": at, "end": part.get("stored", width), "width": width}
    tables = {v["table"]["tableId"]: v["table"] for k, v in map(kind_of, requests) if k == "addTable"}
    named: dict[str, Any] = {
        kind: {str(p[1]): {} for p in parts if p[0] == one}
        for kind, one in (("filters", "filter"), ("charts", "chart"))
    }
    return {"sheets": sheets, "columns": columns, "tables": tables, "formulas": {}, "entries": {}, **named}
