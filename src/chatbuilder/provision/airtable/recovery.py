"""Finding again what was built in a base of which no record is left: tables by their marks, the rest by its names.

Only reads. What a person renamed is not found by its name and counts as gone: nothing is made in its place before
somebody asks for that.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from chatbuilder.errors import RefusedError
from chatbuilder.provision.airtable import place
from chatbuilder.provision.airtable.making import base_result, field_result, lacking, same_field, table_result
from chatbuilder.provision.airtable.reading import MARKED, Data, Reader, by_id, by_name, mark_of
from chatbuilder.provision.airtable.rows import RowWriter, merge_field
from chatbuilder.solution import Plan, Step

BASES_LOOKED_INTO = 50  # of the name of the answers; one call each
KEY_FIELD = "Source ID"
_PLAIN = re.compile(r"[^\\'\"{}\x00-\x1f]{1,300}")  # a key that can stand in a formula as it is


@dataclass(slots=True)
class Recovery:
    """One look for a system; `base` is where it was found."""

    reader: Reader
    rows: RowWriter
    base: str = ""
    _mark: str = ""
    _unfinished: bool = False

    def lost(self, plan: Plan, base: str | None, bases: list[Data], marks: Collection[str]) -> str | None:
        """Return the mark of the system in a base, or in one of several with the name of the answers."""
        name = next((s.payload["body"]["name"] for s in plan if s.payload["makes"] == "base"), "")
        named = [base] if base else [found["id"] for found in bases if found["name"] == name][:BASES_LOOKED_INTO]
        found = sorted({(where, mark) for where in named for mark in _marks(self.reader.tables(where))})
        found = [(where, mark) for where, mark in found if mark not in marks]
        if not found:
            return None
        if len(found) > 1:
            raise _several(name, sorted({where for where, _ in found}))
        self.base, self._mark = found[0]
        self._is_whole(plan)
        return self._mark

    def _is_whole(self, plan: Plan) -> None:
        """Refuse a base in which something is gone that everything else goes by."""
        gone = []
        for body in (body for step in plan for body in _tables(step)):
            table = self._table(body["description"].before)
            self._unfinished = self._unfinished or table is None
            if table is None and body in _together(plan):
                gone.append(f"The table {body['name']} is not there, or has lost the last line of its description.")
            elif table is not None:
                keys = [field for field in body["fields"] if field["name"] == KEY_FIELD]
                gone += [
                    f"The table {table['name']} has no field {KEY_FIELD}, by which rows are told apart."
                    for field in keys
                    if (there := by_name(table["fields"], KEY_FIELD)) is None or there["type"] != field["type"]
                ]
        if gone:
            raise _not_whole(self.base, gone)

    def _table(self, mark: str) -> Data | None:
        """Return the table with a mark: the text that stands before what no other system has, or all of it."""
        wanted = mark.rpartition("\n")[2].removesuffix(self._mark) + self._mark
        return next((table for table in self.reader.tables(self.base) if mark_of(table) == wanted), None)

    def adopt(self, step: Step, payload: Mapping[str, Any]) -> Data | None:
        """Return the result of a step as it stands, None when it is still to be made."""
        ids, body = payload.get("params", {}), payload["body"]
        match payload["makes"]:
            case "base":
                parts = [self._adopted(table) for table in body["tables"]]
                return _with_lost(
                    base_result(self.base, body, [part for part, _ in parts]), [lost for _, lost in parts]
                )
            case "table":
                if self._table(body["description"]) is None:
                    return None
                part, lost = self._adopted(body)
                return _with_lost(part, [lost])
            case "field":
                table = by_id(self.reader.tables(ids["base"]), ids["table"]) or {"fields": []}
                field = by_name(table["fields"], body["name"])
                if field is not None and same_field(field, body):
                    return field_result(field, body)
                return None if self._unfinished else _with_lost(_gone(body, 0), [[body["name"]]])
            case "rows":
                return self._rows(ids, payload)
            case "links":
                return {"records": [{"id": record["id"]} for record in body["records"]]}
        return None

    def _adopted(self, body: Data) -> tuple[Data, list[str]]:
        table = self._table(body["description"])
        if table is None:
            raise _not_whole(self.base, [f"The table {body['name']} is not there."])
        fields = [(field, by_name(table["fields"], field["name"])) for field in body["fields"]]
        right = {field["name"] for field, there in fields if there is not None and same_field(there, field)}
        lost = [f"{body['name']}: {field['name']}" for field, _ in fields if field["name"] not in right]
        short = [f for f, there in fields if there and f["name"] in right and lacking(there, f)]
        lost += [f"{body['name']}: a choice of {field['name']}" for field in short]
        result = table_result(body, table)
        made = {field["name"]: field for field in result["fields"] if field["name"] in right}
        all_ = [made.get(field["name"]) or _gone(field, number) for number, field in enumerate(body["fields"])]
        return {**result, "fields": all_}, lost

    def _rows(self, ids: Mapping[str, str], payload: Mapping[str, Any]) -> Data | None:
        name = merge_field(payload["body"])
        wanted = [record["fields"][name] for record in payload["body"]["records"]]
        there = self._keyed(ids, name, wanted)
        if self._unfinished and not there.keys() & set(wanted):
            return None  # the build never came to them
        result = self.rows.found(payload, there)
        gone = [key for key, row in zip(wanted, result["records"], strict=True) if row.get("gone")]
        titles = {
            record["fields"][name]: next(iter(record["fields"].values())) for record in payload["body"]["records"]
        }
        return _with_lost(result, [[f"the row {titles[key]}" for key in gone]])

    def _keyed(self, ids: Mapping[str, str], name: str, wanted: list[str]) -> dict[str, tuple[str, Data]]:
        """Return the rows with the wanted keys: id and cells; those alone where a formula can tell."""
        if all(map(_PLAIN.fullmatch, wanted)):
            rows = self.reader.matching(ids["base"], ids["table"], name, wanted)
        else:
            rows = self.reader.all_rows(ids["base"], ids["table"])
        found: dict[str, tuple[str, Data]] = {}
        for row, cells in rows.items():
            found.setdefault(str(cells.get(name, "")).strip(), (row, cells))
        return found


def _tables(step: Step) -> list[Data]:
    body = step.payload["body"]
    return list(body["tables"]) if step.payload["makes"] == "base" else [body] * (step.payload["makes"] == "table")


def _together(plan: Plan) -> list[Data]:
    """Return the tables that one call makes: all of them are there once one is."""
    return [table for step in plan if step.payload["makes"] == "base" for table in step.payload["body"]["tables"]]


def _marks(tables: list[Data]) -> set[str]:
    found = (MARKED.search(mark_of(table)) for table in tables)
    return {match["mark"] for match in found if match}


def _gone(body: Data, number: int) -> Data:
    """Return the result of a field that is not there."""
    return {"id": f"fldGone{number:010d}", "name": body["name"], "type": body["type"]}


def _with_lost(result: Data, lost: list[list[str]]) -> Data:
    words = [text for part in lost for text in part]
    return {**result, "lost": ", ".join(words)} if words else result


def _several(name: str, bases: list[str]) -> RefusedError:
    return RefusedError(
        f"Several systems of the name {name or 'that the answers have'} stand here that this library does not know.",
        title="Several systems stand here", kept=place.KEPT,
        problems=[f"https://airtable.com/{base}" for base in bases],
        hint="name the base that you mean as the target (base = “app…”), or give the new system another name.",
    )  # fmt: skip


def _not_whole(base: str, problems: list[str]) -> RefusedError:
    return RefusedError(
        f"chatbuilder built a system in https://airtable.com/{base}, and this library does not know it. It cannot be "
        "taken over, because parts are gone that everything else goes by.",
        title="A system stands here already", kept=place.KEPT, problems=problems,
        hint="give back the old names or restore what was deleted (Airtable keeps a trash); or use the library file "
        "that it was built with; or give the new system another name or place.",
    )  # fmt: skip
