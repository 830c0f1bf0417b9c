"""What of an Airtable base stands, as far as the results of earlier runs tell: tables, fields, choices, sample rows."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatbuilder.generators.airtable.fields import MARK
from chatbuilder.solution import Delivered, Ref

Body = Mapping[str, Any]
_KEY = re.compile(rf"{MARK}:([\w-]+):")


@dataclass(slots=True)
class Column:
    """A field: the body that describes it, and its id."""

    body: Body
    id: str | Ref


@dataclass(slots=True)
class Standing:
    """A table. `columns` are by name in lower case; `twins` name the new field beside one of another kind."""

    name: str
    id: str | Ref
    columns: dict[str, Column] = field(default_factory=dict)
    twins: dict[str, str] = field(default_factory=dict)


def table_key(body: Body) -> str:
    """Return the blueprint's key of a table from the mark in its description."""
    text = body["description"]
    found = _KEY.search(text.before if isinstance(text, Ref) else text)
    if found is None:
        raise ValueError(f"the table {body['name']} has no mark")
    return found[1]


def merge_name(body: Body) -> str:
    """Return the name of the field that tells the rows of an upsert apart."""
    return str(body["performUpsert"]["fieldsToMergeOn"][0])


def standing_tables(delivered: Mapping[str, Delivered]) -> dict[str, Standing]:
    """Return the tables that exist by key, with every field and choice that any step gave them."""
    tables: dict[str, Standing] = {}
    for item in delivered.values():
        body = item.payload["body"]
        if item.payload["makes"] == "base":
            made = {result["name"]: result for result in item.result["tables"]}
            tables |= {table_key(part): _table(part, made[part["name"]]) for part in body["tables"]}
        elif item.payload["makes"] == "table":
            tables[table_key(body)] = _table(body, item.result)
    by_id = {table.id: table for table in tables.values()}
    for item in delivered.values():
        owner = by_id.get(item.payload.get("params", {}).get("table"))
        if owner is not None and item.payload["makes"] == "field":
            _add(owner, item.payload["body"], item.result)
    for item in delivered.values():
        owner = by_id.get(item.payload.get("params", {}).get("table"))
        if owner is not None and item.payload["makes"] == "choices":
            _more_choices(owner, item.payload)
    return tables


def _table(body: Body, result: Mapping[str, Any]) -> Standing:
    table = Standing(body["name"], result["id"])
    made = {field["name"]: field for field in result["fields"]}
    for part in body["fields"]:
        if part["name"] in made:
            _add(table, part, made[part["name"]])
    return table


def _add(table: Standing, body: Body, made: Mapping[str, Any]) -> None:
    table.columns[body["name"].casefold()] = Column(body, made["id"])


def _more_choices(table: Standing, payload: Mapping[str, Any]) -> None:
    for column in table.columns.values():
        if column.id == payload["params"]["field"]:
            column.body = {**column.body, "options": payload["body"]["options"]}


def standing_rows(delivered: Mapping[str, Delivered]) -> dict[Any, dict[str, str]]:
    """Return the ids of the sample rows: by id of the table, then by what tells them apart."""
    rows: dict[Any, dict[str, str]] = {}
    for item in delivered.values():
        if item.payload["makes"] == "rows":
            there = rows.setdefault(item.payload["params"]["table"], {})
            there |= {row["key"]: row["id"] for row in item.result["records"]}
    return rows
