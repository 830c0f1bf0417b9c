"""Evolution of the sheets that hold data: new columns at the end of a table, new choices beside the present ones."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

from chatbuilder.generators.common.sheets_batch import (
    Request,
    Unmovable,
    cells_of,
    grid_range,
    kind_of,
    moved,
    moved_formula,
    put,
    say,
    sheet_of,
)
from chatbuilder.generators.common.sheets_ground import Change, Ground, Grown

DROPDOWN = "DROPDOWN"


def tables(ground: Ground, change: Change) -> None:
    """Add what the new answers want of tables: whole new ones, and columns, choices and colours of those there."""
    for key, part in ground.new_layout["tables"].items():
        if key not in ground.old_layout["tables"] and ground.there("sheets", part["sheet"]):
            change.kept.append(f"the sheet {ground.title(part['sheet'])} is there already: it stays as it is")
        elif key not in ground.old_layout["tables"]:
            _whole(part["sheet"], ground, change)
            change.count("table")
        elif part["sheet"] in ground.grown:
            _Table(ground, change, key).evolve()
        else:
            change.kept.append(f"the sheet {part['title']} is gone: `chatbuilder repair` puts it back")
    for key, part in ground.old_layout["tables"].items():
        if key not in ground.new_layout["tables"]:
            change.kept.append(f"the table {ground.title(part['sheet'])} stays, with all its rows")


def _whole(sheet: int, ground: Ground, change: Change) -> None:
    for part, requests in ground.new_parts.items():
        if part[0] != "filter" and sheet_of(requests[0], ground.after.tables) == sheet:
            change.add(ground.becomes(part))


class _Table:
    """One table that is there already."""

    def __init__(self, ground: Ground, change: Change, key: str) -> None:
        self.ground, self.change = ground, change
        self.old, self.new = ground.old_layout["tables"][key], ground.new_layout["tables"][key]
        self.sheet: int = self.new["sheet"]
        self.grown: Grown = ground.grown[self.sheet]
        self.title = ground.title(self.sheet)
        self.fresh = {*self.grown.stored, *self.grown.computed}

    def evolve(self) -> None:
        """Put the difference into the change."""
        self._dropped()
        self.change.columns += self._room()
        self._columns()
        self._computed()
        self._shapes()

    def _dropped(self) -> None:
        for key, (_, name) in self.old["columns"].items():
            if key not in self.new["columns"] and key in self.grown.columns:
                self.change.kept.append(f"the column {name} of {self.title} stays, with what it holds")
        for key, (_, name) in self.new["columns"].items():
            if key not in self.grown.columns:
                self.change.kept.append(
                    f"the column {name} of {self.title} was deleted: `chatbuilder repair` makes it anew"
                )

    def _room(self) -> Iterator[Request]:
        live = self.ground.live["columns"][str(self.sheet)]
        count, end, width = len(self.grown.stored), live["end"], live["width"]
        if count and end < width:
            area = {"sheetId": self.sheet, "dimension": "COLUMNS", "startIndex": end, "endIndex": end + count}
            yield {"insertDimension": {"range": area, "inheritFromBefore": False}}
            width += count
        if self.grown.width > width:
            more = self.grown.width - width
            yield {"appendDimension": {"sheetId": self.sheet, "dimension": "COLUMNS", "length": more}}
        self.change.count("column", len(self.fresh))

    def _columns(self) -> None:
        """Extend the table over its new columns, and its dropdowns by new choices; nothing leaves them."""
        live = self.ground.live["tables"].get(self.new["table"])
        names = self._names(live or {"columnProperties": ()})
        first = self.grown.end - len(names)
        if names:
            self.change.rest.append(put(self.sheet, 0, first, [[say(name) for name in names]]))
        if live is None:
            self.change.kept.append(f"the table on {self.title} was turned into plain cells: it stays so")
            return
        left = live["range"].get("startColumnIndex", 0)
        properties = self._properties(live, left, dict(zip(self.grown.stored, names, strict=True)))
        area = {**live["range"], "endColumnIndex": self.grown.end}
        table = {"tableId": self.new["table"], "range": area, "columnProperties": properties}
        if properties != list(live["columnProperties"]):
            self.change.rest.append({"updateTable": {"table": table, "fields": "range,columnProperties"}})
        self._stand(table, properties)

    def _names(self, live: Mapping[str, Any]) -> list[str]:
        """A table takes each column name once: a new column of a name that somebody used gets a number."""
        taken = {str(column.get("columnName", "")).casefold() for column in live["columnProperties"]}
        names = []
        for key in self.grown.stored:
            plain = name = self.new["columns"][key][1]
            numbers = count(2)
            while name.casefold() in taken:
                name = f"{plain} {next(numbers)}"
            taken.add(name.casefold())
            names.append(name)
        return names

    def _properties(self, live: Mapping[str, Any], left: int, names: Mapping[str, str]) -> list[dict[str, Any]]:
        wanted = self._wanted("new")
        found = [{**column, "columnIndex": number} for number, column in enumerate(live["columnProperties"])]
        had = self._wanted("old")
        for key, column in wanted.items():
            at = self.grown.columns.get(key, -1) - left
            if key in self.grown.stored:
                found.append({**column, "columnIndex": at, "columnName": names[key]})
            elif 0 <= at < len(found):
                found[at] = _united(found[at], had.get(key, {}), column, self._added)
        return found

    def _added(self, count: int) -> None:
        self.change.count("choice", count)

    def _wanted(self, side: str) -> dict[str, dict[str, Any]]:
        layout, parts = (self.new, self.ground.new_parts) if side == "new" else (self.old, self.ground.old_parts)
        found = parts.get(("table", layout["table"]))
        if not found:
            return {}
        table = found[0]["addTable"]["table"]
        left = table["range"].get("startColumnIndex", 0)
        keys = {at: key for key, (at, _) in layout["columns"].items()}
        return {keys[left + n]: c for n, c in enumerate(table["columnProperties"]) if left + n in keys}

    def _stand(self, table: Mapping[str, Any], properties: list[dict[str, Any]]) -> None:
        """Say how the whole sheet would be made now, should it have to be."""
        (whole,) = self.ground.new_parts["table", self.new["table"]]
        made = {**whole["addTable"]["table"], **table}
        self.change.standing["table", self.new["table"]] = [{"addTable": {"table": made}}]
        left = table["range"].get("startColumnIndex", 0)
        header = put(self.sheet, 0, left, [[say(c["columnName"]) for c in properties]])
        self.change.standing["sheet", self.sheet] = [*self._standing_sheet(), header, *self._left_formulas()]

    def _left_formulas(self) -> Iterator[Request]:
        for key, formula in self._formulas("old").items():
            if formula is not None and key not in self.new["columns"]:
                cell = {"userEnteredValue": {"formulaValue": formula}}
                yield put(self.sheet, 0, self.grown.columns[key], [[cell]])

    def _standing_sheet(self) -> Iterator[Request]:
        for request in self.ground.new_parts["sheet", self.sheet]:
            if "addSheet" not in request:
                yield from _movable(request, self.ground)
                continue
            found = request["addSheet"]["properties"]
            grid = {**found["gridProperties"], "columnCount": self.grown.width}
            yield {"addSheet": {"properties": {**found, "title": self.title, "gridProperties": grid}}}

    def _computed(self) -> None:
        """Write the formulas of new computed columns, and those that changed unless somebody edited them."""
        new, old = self._formulas("new"), self._formulas("old")
        edited = self.ground.live["formulas"].get(str(self.sheet), {})
        for key, formula in new.items():
            if formula is None or formula == old.get(key):
                continue
            if edited.get(key):
                name = self.new["columns"][key][1]
                self.change.kept.append(f"the formula of {name} on {self.title} is yours: it stays")
                continue
            cell = {"userEnteredValue": {"formulaValue": formula}}
            self.change.rest.append(put(self.sheet, 0, self.grown.columns[key], [[cell]]))
            self.change.count("formula", key in old)

    def _formulas(self, side: str) -> dict[str, str | None]:
        ground = self.ground
        layout, requests, moves = (
            (self.new, ground.new, ground.after) if side == "new" else (self.old, ground.old, ground.before)
        )
        cells = cells_of(requests).get(self.sheet, {})
        found: dict[str, str | None] = {}
        for key, (at, _) in layout["columns"].items():
            formula = cells.get((0, at), {}).get("formulaValue")
            if formula and key in self.grown.columns:
                try:
                    found[key] = moved_formula(formula, self.sheet, moves)
                except Unmovable:
                    found[key] = None
        return found

    def _shapes(self) -> None:
        """Give new columns their formats, dropdowns and guards; add colours for new choices."""
        fresh = {self.new["columns"][key][0] for key in self.fresh}
        for request in self.ground.new_parts["sheet", self.sheet]:
            kind, value = kind_of(request)
            area = value.get("range", {})
            first, last = _ends(area)
            single = last == first + 1 and first in fresh
            formats = single or (last > first + 1 and self.grown.computed)
            if kind == "setDataValidation":
                formats = single or not self._had_choices(request)
            if formats and kind in ("repeatCell", "updateDimensionProperties", "setDataValidation"):
                self.change.rest += _movable(request, self.ground)
        for key in self.grown.stored:
            self.change.rest.append(_shown(self.sheet, self.grown.columns[key], self._hidden(key)))
        self._guards_and_colours()

    def _had_choices(self, request: Request) -> bool:
        try:
            wanted = moved([request], self.ground.after)[0]
        except Unmovable:
            return True
        return wanted in (self.ground.was(("sheet", self.sheet)) or [])

    def _hidden(self, key: str) -> bool:
        at = self.new["columns"][key][0]
        found = [r["updateDimensionProperties"] for r in self.ground.new_parts["sheet", self.sheet]
                 if "updateDimensionProperties" in r]  # fmt: skip
        return any(v["range"]["startIndex"] == at and v["properties"].get("hiddenByUser") for v in found)

    def _guards_and_colours(self) -> None:
        for part in self.ground.new_parts:
            if part[0] not in ("guard", "rule") or part[1] != self.sheet:
                continue
            requests = _all_movable(self.ground, part)
            was = self.ground.was(part)
            if was is None:
                self.change.add(requests)
            elif part[0] == "guard" and self.grown.computed and part[2].startswith("Computed"):
                columns = sorted(self.grown.columns[key] for key in self.grown.computed)
                guard = requests[0]["addProtectedRange"]["protectedRange"]
                area = grid_range(self.sheet, (0, None), (columns[0], columns[-1] + 1))
                self.change.add([{"addProtectedRange": {"protectedRange": {**guard, "range": area}}}])


def _movable(request: Request, ground: Ground) -> list[Request]:
    try:
        return moved([request], ground.after)
    except Unmovable:
        return []


def _all_movable(ground: Ground, part: tuple[Any, ...]) -> list[Request]:
    return [found for request in ground.new_parts[part] for found in _movable(request, ground)]


def _ends(area: Mapping[str, Any]) -> tuple[int, int]:
    first = area.get("startColumnIndex", area.get("startIndex", 0))
    return first, area.get("endColumnIndex", area.get("endIndex", first))


def _shown(sheet: int, column: int, hidden: bool) -> Request:
    area = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": column, "endIndex": column + 1}
    return {
        "updateDimensionProperties": {"range": area, "properties": {"hiddenByUser": hidden}, "fields": "hiddenByUser"}
    }


def _united(live: Mapping[str, Any], had: Mapping[str, Any], wanted: Mapping[str, Any], added: Any) -> dict[str, Any]:
    """Return a column with all choices that it has, and those that it shall have; a type that somebody chose stays."""
    if live.get("columnType") != DROPDOWN or wanted.get("columnType") != DROPDOWN:
        ours = live.get("columnType") == had.get("columnType") != wanted.get("columnType")
        if not ours:
            return dict(live)
        kept = {key: live[key] for key in ("columnIndex", "columnName") if key in live}
        return {**wanted, **kept}
    entries = list(live["dataValidationRule"]["condition"]["values"])
    more = [v for v in wanted["dataValidationRule"]["condition"]["values"] if v not in entries]
    added(len(more))
    return {**live, "dataValidationRule": {"condition": {"type": "ONE_OF_LIST", "values": [*entries, *more]}}}


def lists(ground: Ground, change: Change) -> None:
    """Add the choices that stand on the sheet Lists; the person's own stay."""
    part = ground.new_layout["lists"]
    sheet = part["sheet"]
    if ("sheet", sheet) not in ground.new_parts:
        return
    if ("sheet", sheet) not in ground.old_parts:
        change.add(ground.becomes(("sheet", sheet)))
        return
    grown = ground.grown.get(sheet)
    if grown is None:
        change.kept.append(f"the sheet {part['title']} is gone: `chatbuilder repair` puts it back")
        return
    if grown.stored:
        length = len(grown.stored)
        change.columns.append({"appendDimension": {"sheetId": sheet, "dimension": "COLUMNS", "length": length}})
        plain = {"userEnteredFormat": {"numberFormat": {"type": "TEXT", "pattern": "@"}}}
        area = grid_range(sheet, (0, None), (grown.width - length, grown.width))
        change.rest.append({"repeatCell": {"range": area, "cell": plain, "fields": "userEnteredFormat.numberFormat"}})
    _entries(ground, change, grown)


def _entries(ground: Ground, change: Change, grown: Grown) -> None:
    part = ground.new_layout["lists"]
    wanted, had = _columns(ground.new, part), _columns(ground.old, ground.old_layout["lists"])
    for key, entries in wanted.items():
        there = ground.live["entries"].get(key, had.get(key, []))
        more = [entry for entry in entries if entry not in there]
        if more:
            rows = [[say(entry)] for entry in more]
            change.rest.append(put(part["sheet"], len(there), grown.columns[key], rows))
            change.count("choice", len(more) - (key in grown.stored))
    standing = [r for r in ground.new_parts["sheet", part["sheet"]] if "updateCells" not in r]
    for request in standing:
        if "addSheet" in request:
            grid = request["addSheet"]["properties"]["gridProperties"]
            more_room = {**grid, "columnCount": grown.width}
            standing[standing.index(request)] = {
                "addSheet": {"properties": {**request["addSheet"]["properties"], "gridProperties": more_room}}
            }
    for key, at in grown.columns.items():
        there = ground.live["entries"].get(key, had.get(key, []))
        entries = [*there, *(e for e in wanted.get(key, []) if e not in there)]
        standing.append(put(part["sheet"], 0, at, [[say(entry)] for entry in entries]))
    change.standing["sheet", part["sheet"]] = standing


def _columns(requests: list[Request], layout: Mapping[str, Any]) -> dict[str, list[str]]:
    """Return what stands in each column of the sheet Lists, header included."""
    cells = cells_of(requests).get(layout["sheet"], {})
    found = {}
    for key, (at, _) in layout["columns"].items():
        rows = sorted((row, value["stringValue"]) for (row, column), value in cells.items() if column == at)
        found[key] = [text for _, text in rows]
    return found
