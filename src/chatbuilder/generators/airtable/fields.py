"""One blueprint field as Airtable's API takes it: type and exact options.

Source of types, options and enums: airtable.com/developers/web/api/field-model (November 2026).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chatbuilder.blueprint import Blueprint, Colour, Field, Table
from chatbuilder.generators.airtable.zones import airtable_zone
from chatbuilder.generators.common.text import clean
from chatbuilder.solution import Ref

MARK = "chatbuilder:v1"
NEUTRAL_TYPES = {
    "title": "singleLineText",
    "text": "singleLineText",
    "long_text": "multilineText",
    "url": "url",
    "number": "number",
    "date": "date",
    "datetime": "dateTime",
    "checkbox": "checkbox",
    "select": "singleSelect",
    "multi_select": "multipleSelects",
    "person": "singleCollaborator",
    "relation": "multipleRecordLinks",
}
TYPE_WORDS = {
    "singleLineText": "Single line text",
    "multilineText": "Long text",
    "url": "URL",
    "number": "Number",
    "rating": "Rating",
    "date": "Date",
    "dateTime": "Date, with “Include time” switched on",
    "checkbox": "Checkbox",
    "singleSelect": "Single select",
    "multipleSelects": "Multiple select",
    "singleCollaborator": "User",
    "multipleRecordLinks": "Link to another record",
}
_COLOURS: dict[Colour, str] = {
    "gray": "grayLight2",
    "brown": "orangeDark1",
    "orange": "orangeLight2",
    "yellow": "yellowLight2",
    "green": "greenLight2",
    "blue": "blueLight2",
    "purple": "purpleLight2",
    "pink": "pinkLight2",
    "red": "redLight2",
}
RATING_LIMIT = 10
DESCRIPTION_LIMIT = 20_000


def creatable(field: Field) -> bool:
    """Tell whether the API can create a field; formulas, rollups and counts are made by hand."""
    return field.type in NEUTRAL_TYPES


def is_rating(field: Field) -> bool:
    """Tell whether a number is one of Airtable's star ratings (1 to at most 10)."""
    return field.type == "number" and field.minimum == 1 and 1 < (field.maximum or 0) <= RATING_LIMIT


def airtable_type(field: Field) -> str:
    """Return Airtable's type of a field that the API can create."""
    return "rating" if is_rating(field) else NEUTRAL_TYPES[field.type]


def field_body(field: Field, blueprint: Blueprint, linked: Any = None) -> dict[str, Any]:
    """Return the body that creates a field; `linked` is the id (or Ref) of the table that a link points to."""
    body: dict[str, Any] = {"name": field.name, "type": airtable_type(field)}
    options = _options(field, blueprint, linked)
    if options:
        body["options"] = options
    if field.about:
        body["description"] = clean(field.about)[:DESCRIPTION_LIMIT]
    return body


def _options(field: Field, blueprint: Blueprint, linked: Any) -> dict[str, Any]:
    match airtable_type(field):
        case "rating":
            # Free bases take no other icon and colour.
            return {"icon": "star", "color": "yellowBright", "max": field.maximum}
        case "checkbox":
            return {"icon": "check", "color": "greenBright"}
        case "number":
            return {"precision": 2 if field.owner == "person" else 0}
        case "date":
            return {"dateFormat": {"name": blueprint.date_format}}
        case "dateTime":
            return {
                "timeZone": airtable_zone(blueprint.timezone),
                "dateFormat": {"name": blueprint.date_format},
                "timeFormat": {"name": "12hour" if blueprint.date_format == "us" else "24hour"},
            }
        case "singleSelect" | "multipleSelects":
            return {"choices": [{"name": o.name, "color": _COLOURS[o.colour]} for o in field.options]}
        case "multipleRecordLinks":
            return {"linkedTableId": linked}
    return {}


def table_body(table: Table, fields: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the body that creates a table; its description ends with the mark of the system that it belongs to."""
    mark = Ref("target", "mark", f"{table.about}\n\n{MARK}:{table.key}:")
    return {"name": table.name, "description": mark, "fields": list(fields)}


def cell(field: Field, value: Any) -> Any:
    """Return a sample value as the API takes it; None for what must not be sent."""
    if value is None or value in ("", ()) or field.type in ("person", "relation") or field.owner == "computed":
        return None
    return list(value) if isinstance(value, tuple) else value
