"""Whether what was delivered is still there as written. Schema and rows are read once for all steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbuilder.provision.airtable.making import lacking, made_before, same_field
from chatbuilder.provision.airtable.reading import Data, Reader, by_id
from chatbuilder.provision.airtable.rows import cells_differ, sent_cells, table_of
from chatbuilder.provision.base import State

Payload = Mapping[str, Any]
Result = Mapping[str, Any]


def inspect(reader: Reader, payload: Payload, result: Result) -> State:
    """Return the state of one step: missing when a part of it is gone, edited when a part of it was changed."""
    ids, body = payload.get("params", {}), payload["body"]
    match payload["makes"]:
        case "base":
            tables = reader.tables(result["id"])
            return _worst([_table(tables, table, part) for table, part in _pairs(body["tables"], result["tables"])])
        case "table":
            return _table(reader.tables(ids["base"]), body, result)
        case "rows":
            return _rows(reader, ids, payload, result)
        case "links":
            return _links(reader, ids, body, result)
    table = table_of(reader, ids)
    field = by_id(table["fields"], result["id"]) if table else None
    if field is None:
        return "missing"
    if payload["makes"] == "field":
        return _field(field, body, result)
    if payload["makes"] == "choices":
        return "missing" if lacking(field, {**body, "type": field["type"]}) else "same"
    return "same" if field["name"] == body["name"] else "edited"


def _worst(states: list[State]) -> State:
    return "missing" if "missing" in states else "edited" if "edited" in states else "same"


def _pairs(wanted: list[Data], made: list[Data]) -> list[tuple[Data, Data]]:
    return [(item, made_before(made, item) or {"id": ""}) for item in wanted]


def _table(tables: list[Data], body: Data, result: Result) -> State:
    table = by_id(tables, result["id"])
    if table is None:
        return "missing"
    states: list[State] = ["same" if table["name"] == body["name"] else "edited"]
    for wanted, made in _pairs(body["fields"], result.get("fields", [])):
        field = by_id(table["fields"], made["id"])
        states.append("missing" if field is None else _field(field, wanted, made))
    return _worst(states)


def _field(field: Data, body: Data, made: Result) -> State:
    if not same_field(field, body) or field["name"] != body["name"]:
        return "edited"
    if lacking(field, body, dict(made)):
        return "missing"
    return "edited" if lacking(field, body) else "same"


def _rows(reader: Reader, ids: Mapping[str, str], payload: Payload, result: Result) -> State:
    if table_of(reader, ids) is None:
        return "missing"
    sent = sent_cells(payload, result)
    places = {row["id"]: row["key"] for row in result["records"]}
    there = reader.rows(ids["base"], ids["table"], set(places))
    if len(there) < len(places):
        return "missing"
    return "edited" if any(cells_differ(sent.get(places[key], {}), row) for key, row in there.items()) else "same"


def _links(reader: Reader, ids: Mapping[str, str], body: Data, result: Result) -> State:
    if table_of(reader, ids) is None:
        return "missing"
    linked = {row["id"] for row in result["records"]}
    sent = {record["id"]: record["fields"] for record in body["records"] if record["id"] in linked}
    there = reader.rows(ids["base"], ids["table"], set(sent))
    # A row that is gone is missed in the step that made it; its links can only come after it.
    changed = any(cells_differ(cells, there[key]) for key, cells in sent.items() if key in there)
    return "missing" if len(there) < len(sent) else "edited" if changed else "same"
