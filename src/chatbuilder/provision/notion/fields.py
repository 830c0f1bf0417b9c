"""Comparing the fields a table should have with those it has: renamed ones are the person's, gone ones come back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from chatbuilder.provision.notion.api import Api, Json
from chatbuilder.provision.notion.results import wanted_fields

Fields = Mapping[str, Any]
Drift = Literal["same", "edited", "missing"]


def lost_fields(payload: Mapping[str, Any], present: Fields, previous: Mapping[str, Any]) -> Json:
    """Return the properties to send so that a table has again what it should have, and nothing else changes."""
    wanted = wanted_fields(payload)
    known = {item.get("id") for item in previous.get("properties", {}).values()}
    ids = {item["id"]: name for name, item in present.items()}
    names = {
        key: item
        for key, item in wanted.items()
        if _is_name(item) and key in ids and key not in known and ids[key] != item["name"]
    }
    relinked = {key: item for key, item in wanted.items() if names and "rollup" in item}
    gone = {
        key: item
        for key, item in wanted.items()
        if not _is_name(item) and drift_of(key, item, present, wanted) == "missing"
    }
    return {**names, **relinked, **{key: _with_options(item, present.get(key)) for key, item in gone.items()}}


def table_drift(wanted: Fields, present: Fields) -> Drift:
    """Tell whether the fields of a step are all there, as named."""
    found = {drift_of(key, item, present, wanted) for key, item in wanted.items()}
    return "missing" if "missing" in found else "edited" if "edited" in found else "same"


def drift_of(key: str, item: Mapping[str, Any], present: Fields, wanted: Fields) -> Drift:
    """Tell what became of one field: by name, by id for a new name, else by what it is for."""
    if _is_name(item):
        name = next((name for name, there in present.items() if there["id"] == key), None)
        return "missing" if name is None else "same" if name == item["name"] else "edited"
    if key not in present:
        names = {*wanted, *(entry["name"] for entry in wanted.values() if _is_name(entry))}
        others = (there for name, there in present.items() if name not in names)
        return "edited" if any(_is_renamed(item, there) for there in others) else "missing"
    there = present[key]
    if there.get("type") != item["type"]:
        return "edited"
    gone = set(_options(item)) - set(_options(there))
    own = set(_options(there)) - set(_options(item))
    return "same" if not gone else "missing" if len(gone) > len(own) else "edited"


def new_names(wanted: Fields, present: Fields) -> dict[str, str]:
    """Return what fields are called that a person gave another name, as far as there is no doubt which they are."""
    others = {name: there for name, there in present.items() if name not in wanted}
    found: dict[str, str] = {}
    for name, item in wanted.items():
        like = [other for other, there in others.items() if there.get("description") and _is_renamed(item, there)]
        if name not in present and len(like) == 1:
            found[name] = like[0]
    return found


def as_it_fits(api: Api, payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a change of fields as it fits what the person made of the table since.

    Their own options are sent along, because Notion drops those that are not sent. A change of a field that is there
    no more under its name is left out: it would make a second one. (What is new comes with a description.)
    """
    fields = payload["body"]["properties"]
    present = api.get(f"/v1/data_sources/{payload['params']['data_source_id']}")["properties"]
    kept = {
        key: _with_options(item, present.get(key))
        for key, item in fields.items()
        if key in present or "description" in item or _is_name(item)
    }
    return {**payload, "body": {**payload["body"], "properties": kept}}


def _with_options(item: Mapping[str, Any], there: Mapping[str, Any] | None) -> Json:
    """Return a field's schema with every option that is there, in its place and colour, then the others."""
    kind = item.get("type", "")
    if there is None or not _options(item):
        return dict(item)
    own = [
        {key: option[key] for key in ("name", "color") if option.get(key)}
        for option in there.get(kind, {}).get("options", ())
    ]
    names = {option["name"].casefold() for option in own}
    new = [option for option in item[kind]["options"] if option["name"].casefold() not in names]
    return {**item, kind: {**item[kind], "options": [*own, *new]}}


def _options(item: Mapping[str, Any]) -> list[str]:
    settings = item.get(item.get("type", ""))
    options = settings.get("options", ()) if isinstance(settings, Mapping) else ()
    return [option["name"] for option in options]


def _is_name(item: Mapping[str, Any]) -> bool:
    return set(item) == {"name"}


def _is_renamed(item: Mapping[str, Any], there: Mapping[str, Any]) -> bool:
    """The description goes with a field whatever its name becomes."""
    about = item.get("description")
    return bool(there.get("type") == item["type"] and there.get("description", about) == about)
