"""Other names for fields, wherever a payload names one: for evolution, when a name is taken by a field with values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chatbuilder.generators.notion.formulas import quoted
from chatbuilder.generators.notion.rich import Json
from chatbuilder.generators.notion.schema import schema_key
from chatbuilder.solution import Ref

Names = dict[str, dict[str, str]]  # table -> old name -> new name
_NAMING = ("property", "property_id", "date_property_id", "end_date_property_id", "relation_property_name")


def table_of(payload: Mapping[str, Any]) -> str:
    """Return the table that a step belongs to, "" for none."""
    makes = payload["makes"]
    if makes in ("view", "widget"):
        source = (payload.get("anew") or payload["body"])["data_source_id"]
        return source.step.partition(":")[2] if isinstance(source, Ref) else ""
    return str(payload.get("table", "") if makes == "row" else payload["key"])


def renamed(payload: Mapping[str, Any], names: Names) -> Json:
    """Return a payload with the new names of fields."""
    if not names:
        return dict(payload)
    return {key: _renamed(value, names.get(table_of(payload), {}), names) for key, value in payload.items()}


def _renamed(value: Any, own: Mapping[str, str], names: Names) -> Any:
    if isinstance(value, Ref):
        return _pointed(value, names)
    if isinstance(value, Mapping):
        return {_pointed(key, names): _entry(key, item, own, names) for key, item in value.items()}
    return [_renamed(item, own, names) for item in value] if isinstance(value, (list, tuple)) else value


def _entry(key: Any, item: Any, own: Mapping[str, str], names: Names) -> Any:
    if key in _NAMING and isinstance(item, str):
        return own.get(item, item)
    if key == "expression":
        for old, new in own.items():
            item = item.replace(f"prop({quoted(old)})", f"prop({quoted(new)})")
        return item
    if key == "properties" and isinstance(item, Mapping):  # of a table or a row: their keys are names
        return {own.get(k, _pointed(k, names)): _renamed(v, own, names) for k, v in item.items()}
    return _renamed(item, own, names)


def _pointed(value: Any, names: Names) -> Any:
    """Return a Ref into a table's fields that follows a new name."""
    if not isinstance(value, Ref):
        return value
    for table, own in names.items():
        for old, new in own.items():
            if value.step == schema_key(table) and value.path.startswith(f"properties.{old}."):
                return replace(value, path=f"properties.{new}.{value.path.removeprefix(f'properties.{old}.')}")
    return value
