"""What a person calls our fields by now: requests name fields, and who renames one must not break what comes later.

Filters, views, rows and formulas of a plan use the names that the design gave. In a table that was there before this
run they are sent with the names that stand there; a field is known by its type and its description, as in `fields`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from chatbuilder.provision.base import Result
from chatbuilder.provision.notion.api import Api, Json
from chatbuilder.provision.notion.fields import new_names
from chatbuilder.provision.notion.results import wanted_fields

Names = Mapping[str, str]
_NAMING = ("property", "property_id", "date_property_id", "end_date_property_id", "relation_property_name")
_NONE: Names = {}


class Renames:
    """Learns which fields tables should have, and reads once from each what they are called."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._wanted: dict[str, Json] = {}  # by data source
        self._names: dict[str, Names] = {}

    def learn(self, payload: Mapping[str, Any], source: str) -> None:
        """Take in what the fields of a table that exists were made as; new names of far sides say nothing of that."""
        fields = wanted_fields(payload.get("then", payload))
        named = {name: item for name, item in fields.items() if "type" in item}
        self._wanted.setdefault(source, {}).update(named)

    def learn_step(self, payload: Mapping[str, Any], result: Result) -> None:
        """Take in one step that was done."""
        if payload["makes"] == "database":
            self.learn(payload, result["data_sources"][0]["id"])
        elif payload["makes"] == "fields":
            self.learn(payload, payload["params"]["data_source_id"])
        self._names.clear()

    def fitted(self, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return a payload with the names that stand in its table."""
        names = self._of(_source(payload))
        others = {old: new for table in self._wanted for old, new in self._of(table).items() if self._is_one(old)}
        if not names and not others:
            return payload
        if payload["makes"] == "row":
            values = {names.get(name, name): value for name, value in payload["body"]["properties"].items()}
            return {**payload, "body": {**payload["body"], "properties": values}}
        return {k: _fitted(v, names, others) if k in ("body", "anew") else v for k, v in payload.items()}

    def now(self, source: str) -> Names:
        """Return what a person calls the fields of a table by now that have other names, by the names of the design."""
        return self._of(source)

    def _of(self, source: str) -> Names:
        if source not in self._wanted:
            return _NONE
        if source not in self._names:
            there = self._api.look(f"/v1/data_sources/{source}") or {}
            self._names[source] = new_names(self._wanted[source], there.get("properties", {}))
        return self._names[source]

    def _is_one(self, name: str) -> bool:
        """Only one table has such a field, so that its name says which is meant."""
        return sum(name in fields for fields in self._wanted.values()) == 1


def _source(payload: Mapping[str, Any]) -> str:
    body = payload.get("then", payload).get("anew") or payload.get("then", payload).get("body") or {}
    parent = body.get("parent", body) if isinstance(body, Mapping) else {}
    return str(parent.get("data_source_id") or payload.get("params", {}).get("data_source_id") or "")


def _fitted(value: Any, names: Names, others: Names) -> Any:
    if isinstance(value, Mapping):
        return {key: _entry(key, item, names, others) for key, item in value.items()}
    return [_fitted(item, names, others) for item in value] if isinstance(value, list) else value


def _entry(key: str, item: Any, names: Names, others: Names) -> Any:
    if not isinstance(item, str):
        return _fitted(item, names, others)
    if key in _NAMING:
        return names.get(item, item)
    if key == "rollup_property_name":
        return others.get(item, item)
    if key == "expression":
        for old, new in names.items():
            item = item.replace(f"prop({_quoted(old)})", f"prop({_quoted(new)})")
    return item


def _quoted(name: str) -> str:
    """Return a name as formulas write it."""
    return json.dumps(name, ensure_ascii=False)
