"""What was delivered against what is there: part by part, in words; and what a repair has to start from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from chatbuilder.generators.common.sheets_batch import (
    BROKEN,
    Moves,
    Part,
    Request,
    Unmovable,
    Whole,
    by_part,
    cells_of,
    holds,
    kind_of,
    moved,
    moved_formula,
    same_value,
    sheet_of,
    sheets_of,
)
from chatbuilder.provision.base import State
from chatbuilder.provision.sheets.reading import Book, Cells, columns_of, moves_of


@dataclass(frozen=True, slots=True)
class Found:
    """What became of one part: a part of `part_of`, ("column" or "choices", table key, field key)."""

    part: Part
    title: str
    state: State


class Comparison:
    """What was delivered beside the spreadsheet as it is. `book` must hold the cells of `cells_wanted`."""

    def __init__(self, whole: Whole, book: Book, wanted: Whole | None = None) -> None:
        """Compare; what is not in `wanted` any more stays there unasked, and is nobody's loss."""
        self.layout, self.requests = whole
        self._wanted_layout, requests = wanted or whole
        self._wanted = {part[:2] for part in by_part(requests)}
        self.book = book
        self.parts = by_part(self.requests)
        self.columns = columns_of(book, self.layout)
        self.moves: Moves = moves_of(book, self.layout, self.requests)
        self.inputs = {(s, r, c) for s, r, c in self.layout["inputs"]}
        self.data = sheets_of(self.layout)
        self.written: dict[int, dict[tuple[int, int], Mapping[str, Any]]] = {}
        self._lost: set[tuple[int, int, int]] = set()
        for sheet, cells in cells_of(self.requests).items():
            for place, value in cells.items():
                self._expect(sheet, place, value)

    def _expect(self, sheet: int, place: tuple[int, int], value: Mapping[str, Any]) -> None:
        """Note a cell as it must be now, where it must be now; what cannot be there any more is lost."""
        try:
            at = (place[0], self.moves.column(sheet, place[1]))
            if "formulaValue" in value:
                value = {"formulaValue": moved_formula(value["formulaValue"], sheet, self.moves)}
        except Unmovable:
            self._lost.add((sheet, *place))
        else:
            self.written.setdefault(sheet, {})[at] = value

    def _here(self, part: Part) -> list[Request]:
        """Return the requests of a part where things are now; those that cannot be made any more are left out."""
        return [
            found for request in self.parts[part] if self.movable(request) for found in moved([request], self.moves)
        ]

    def touched(self, sheet: int) -> bool:
        """Tell whether somebody changed a sheet that computes itself; inputs are theirs, broken formulas are ours."""
        return any(True for _ in self._changes(sheet))

    def _changes(self, sheet: int) -> Iterator[tuple[int, int]]:
        wanted, there = self.written.get(sheet, {}), self.book.cells.get(sheet, {})
        for place in {*wanted, *there}:
            if (sheet, *place) in self.inputs or self._broken_at(sheet, place):
                continue
            if not same_value(wanted.get(place), there.get(place)):
                yield place

    def _broken_at(self, sheet: int, place: tuple[int, int]) -> bool:
        formula = self.book.cells.get(sheet, {}).get(place, {}).get("formulaValue", "")
        return (sheet, *place) in self._lost or BROKEN in str(formula)

    def broken(self, sheet: int) -> list[tuple[int, int]]:
        """Return the cells of a sheet that computes itself whose formulas lost what they read."""
        lost = [(row, column) for key, row, column in self._lost if key == sheet]
        return sorted({*lost, *(place for place in self.written.get(sheet, {}) if self._broken_at(sheet, place))})

    def movable(self, request: Request) -> bool:
        """Tell whether a request still has the columns that it needs."""
        try:
            moved([request], self.moves)
        except Unmovable:
            return False
        return True

    def found(self) -> list[Found]:
        """Return what became of every part that is asked for and that a person would notice."""
        return [item for item in self._found() if not self._left(item.part)]

    def _left(self, part: Part) -> bool:
        if part[0] in ("column", "choices"):
            table = self._wanted_layout["tables"].get(part[1])
            return table is None or part[2] not in table["columns"]
        return part[:2] not in self._wanted

    def _found(self) -> Iterator[Found]:
        for part in self.parts:
            kind = part[0]
            if kind == "sheet":
                yield self._sheet(part)
            elif kind in ("table", "filter", "chart", "name", "guard", "rule") and self._on_sheet(part):
                yield self._thing(part)
        for key, table in self.layout["tables"].items():
            if table["sheet"] in self.book.sheets:
                yield from self._fields(key, table)

    def _on_sheet(self, part: Part) -> bool:
        """What goes with a sheet or table that is missing is not told one by one."""
        request = self.parts[part][0]
        if part[0] == "filter" and request["addFilterView"]["filter"]["tableId"] not in self.book.tables:
            return False
        sheet = sheet_of(request, self.moves.tables)
        return sheet is None or sheet in self.book.sheets

    def _sheet(self, part: Part) -> Found:
        sheet = part[1]
        title = next(v["properties"]["title"] for k, v in map(kind_of, self.parts[part]) if k == "addSheet")
        if sheet not in self.book.sheets:
            return Found(part, f"sheet {title}", "missing")
        if sheet not in self.data and self.broken(sheet):
            return Found(part, f"formulas on the sheet {title}", "missing")
        edited = self.book.titles[sheet] != title or (sheet not in self.data and self.touched(sheet))
        return Found(part, f"sheet {title}", "edited" if edited else "same")

    def _thing(self, part: Part) -> Found:
        _, value = kind_of(self.parts[part][0])
        there = {
            "table": lambda: part[1] in self.book.tables,
            "filter": lambda: part[1] in self.book.filters,
            "chart": lambda: part[1] in self.book.charts,
            "name": lambda: part[1] in self.book.names,
            "guard": lambda: (part[1], part[2]) in self.book.guards,
            "rule": lambda: self._rule(part),
        }[part[0]]()
        title = _TITLES[part[0]](value)
        if not there:
            # A table that somebody turned into plain cells cannot come back without knowing how far it reached.
            return Found(part, title, "edited" if part[0] == "table" else "missing")
        return Found(part, title, "edited" if self._edited(part) else "same")

    def _rule(self, part: Part) -> bool:
        wanted = {p[1:] for p in by_part(self._here(part))}
        return not wanted or bool(wanted & self.book.rules)

    def _edited(self, part: Part) -> bool:
        wanted = self._here(part)
        if not wanted or part[0] not in ("filter", "chart"):
            return False
        _, value = kind_of(wanted[0])
        if part[0] == "chart":
            return not holds(self.book.charts[part[1]].get("spec"), value["chart"]["spec"])
        live, view = self.book.filters[part[1]], value["filter"]
        both = [{k: v for k, v in side.items() if k in ("title", "filterSpecs", "sortSpecs")} for side in (live, view)]
        return not holds(both[0], both[1]) or bool(set(both[0]) - set(both[1]))

    def _fields(self, key: str, table: Mapping[str, Any]) -> Iterator[Found]:
        sheet, known = table["sheet"], self.columns.get(table["sheet"], {})
        header = {column: value for (row, column), value in self.book.cells.get(sheet, {}).items() if row == 0}
        wanted = {c: v for (row, c), v in self.written.get(sheet, {}).items() if row == 0}
        for field, (at, name) in table["columns"].items():
            title = f"column {name} of {table['title']}"
            if field not in known:
                yield Found(("column", key, field), title, "missing")
            elif at < table["stored"]:
                renamed = header.get(known[field], {}).get("stringValue") != name
                yield Found(("column", key, field), title, "edited" if renamed else "same")
            else:
                place = known[field]
                lost = self._broken_at(sheet, (0, place)) or place not in wanted
                same = same_value(header.get(place), wanted.get(place))
                yield Found(("column", key, field), title, "missing" if lost else "same" if same else "edited")
        yield from self._choices(key, table, known)

    def _choices(self, key: str, table: Mapping[str, Any], known: Mapping[str, int]) -> Iterator[Found]:
        live = self.book.tables.get(table["table"])
        if live is None:
            return
        left, columns = live["range"]["startColumnIndex"], live["columnProperties"]
        for field, entries in self.entries(table).items():
            at = known.get(field, -1) - left
            if 0 <= at < len(columns) and columns[at].get("columnType") == "DROPDOWN":
                there = entries_of(columns[at])
                name = table["columns"][field][1]
                lost = [entry for entry in entries if entry not in there]
                title = f"choices of {name} in {table['title']}: {', '.join(lost)}"
                yield Found(("choices", key, field), title, "missing" if lost else "same")

    def entries(self, table: Mapping[str, Any]) -> dict[str, list[str]]:
        """Return the choices that were delivered, by field key."""
        made = self.parts.get(("table", table["table"]))
        if not made:
            return {}
        value = made[0]["addTable"]["table"]
        left = value["range"].get("startColumnIndex", 0)
        keys = {at: field for field, (at, _) in table["columns"].items()}
        return {
            keys[left + n]: entries_of(column)
            for n, column in enumerate(value["columnProperties"])
            if column.get("columnType") == "DROPDOWN" and left + n in keys
        }

    def live(self) -> dict[str, Any]:
        """Return what is there, as `sheets_ground.untouched` has it: what evolution and repair start from."""
        book = self.book
        sheets: dict[str, Any] = {}
        for sheet in book.sheets:
            rows, columns = book.size(sheet)
            sheets[str(sheet)] = {
                "title": book.titles[sheet], "rows": rows, "columns": columns,
                "touched": sheet not in self.data and self.touched(sheet),
                "broken": [list(place) for place in self.broken(sheet)] if sheet not in self.data else [],
            }  # fmt: skip
        filters = {
            str(key): {"touched": ("filter", key) in self.parts and self._edited(("filter", key))}
            for key in book.filters
        }
        return {
            "sheets": sheets, "columns": self._live_columns(), "tables": dict(book.tables),
            "formulas": self._live_formulas(), "entries": self._live_entries(), "filters": filters,
            "charts": {str(key): {} for key in book.charts},
        }  # fmt: skip

    def _live_columns(self) -> dict[str, Any]:
        found = {}
        for sheet, known in self.columns.items():
            _, width = self.book.size(sheet)
            table = self.book.tables.get(self.data[sheet].get("table", ""))
            stored = [at for key, at in known.items() if self._stored(sheet, key)]
            end = table["range"].get("endColumnIndex", width) if table else max(stored, default=-1) + 1
            if "stored" not in self.data[sheet]:
                end = width
            found[str(sheet)] = {"columns": known, "end": end, "width": width}
        return found

    def _stored(self, sheet: int, key: str) -> bool:
        part = self.data[sheet]
        return bool(part["columns"][key][0] < part.get("stored", 10**6))

    def _live_formulas(self) -> dict[str, dict[str, bool]]:
        """Computed columns whose formula somebody changed."""
        found: dict[str, dict[str, bool]] = {}
        for item in self.found():
            if item.part[0] == "column" and item.state == "edited":
                table = self.layout["tables"][item.part[1]]
                found.setdefault(str(table["sheet"]), {})[item.part[2]] = True
        return found

    def _live_entries(self) -> dict[str, list[str]]:
        part = self.layout["lists"]
        cells: Cells = self.book.cells.get(part["sheet"], {})
        found = {}
        for key, at in self.columns.get(part["sheet"], {}).items():
            last = max((row for row, column in cells if column == at), default=-1)
            found[key] = [str(cells.get((row, at), {}).get("stringValue", "")) for row in range(last + 1)]
        return found

    def less_what_is_missing(self) -> Whole:
        """Return what was delivered without what is missing: getting from there to the target is the repair."""
        return self._less([item.part for item in self._found() if item.state == "missing"])

    def target(self) -> Whole:
        """Return what there shall be: what was delivered, but for what nobody asks for any more and is gone."""
        missing = [item.part for item in self._found() if item.state == "missing"]
        return self._less([part for part in missing if self._left(part)])

    def _less(self, missing: list[Part]) -> Whole:
        gone = {part[1] for part in missing if part[0] == "sheet" and part[1] not in self.book.sheets}
        columns = {part[1:] for part in missing if part[0] == "column"}
        again = {self.layout["tables"][part[1]]["table"] for part in missing if part[0] == "choices"}
        tables = {
            key: {**t, "columns": {f: at for f, at in t["columns"].items() if (key, f) not in columns}}
            for key, t in self.layout["tables"].items()
            if t["sheet"] not in gone
        }
        layout = {**self.layout, "tables": tables}
        kept = []
        for part, requests in self.parts.items():
            if part in missing or (part[0] == "table" and part[1] in again):
                # A sheet that is there all the same lost what its formulas read: it is written anew.
                kept += [request for request in requests if "addSheet" in request]
            else:
                kept += requests
        titles = [title for title, sheet in self.moves.sheets.items() if sheet in gone]
        return layout, [r for r in kept if sheet_of(r, self.moves.tables) not in gone and not _reads(r, titles)]


def _reads(request: Request, titles: list[str]) -> bool:
    """Tell whether a dropdown takes its choices from one of these sheets: it went with the sheet."""
    if "setDataValidation" not in request:
        return False
    source = request["setDataValidation"]["rule"]["condition"]["values"][0]["userEnteredValue"]
    return any(source.startswith("='" + title.replace("'", "''") + "'!") for title in titles)


def entries_of(column: Mapping[str, Any]) -> list[str]:
    """Return the choices of a dropdown column."""
    values = column.get("dataValidationRule", {}).get("condition", {}).get("values", [])
    return [value.get("userEnteredValue", "") for value in values]


_TITLES: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "table": lambda v: f"table {v['table']['name']}",
    "filter": lambda v: f"filter view {v['filter']['title']}",
    "chart": lambda v: f"chart {v['chart']['spec'].get('title', '')}",
    "name": lambda v: f"named cell {v['namedRange']['name']}",
    "guard": lambda v: f"warning before edits: {v['protectedRange']['description']}",
    "rule": lambda v: "a conditional colour",
}


def cells_wanted(whole: Whole, book: Book) -> dict[int, str]:
    """Return which cells a comparison needs: headers of tables, and the whole of what computes itself."""
    layout, requests = whole
    tables = {table["sheet"] for table in layout["tables"].values()}
    ours = [v["properties"]["sheetId"] for k, v in map(kind_of, requests) if k == "addSheet"]
    return {sheet: "1:1" if sheet in tables else "" for sheet in ours if sheet in book.sheets}
