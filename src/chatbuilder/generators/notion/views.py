"""Views as Notion view bodies: every property's visibility is sent, because Notion shows all of them otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatbuilder.blueprint import Blueprint, DaysSince, Field, Interval, Table, View
from chatbuilder.filters import fields_of
from chatbuilder.generators.notion.queries import notion_type, to_query, to_sorts
from chatbuilder.generators.notion.rich import LIST_LIMIT, Json
from chatbuilder.generators.notion.schema import two_ways

_DATE_FORMATS = {"iso": "year_month_day", "european": "day_month_year", "us": "month_day_year"}
_UNGROUPED = ("rollup",)
_TEXTS = {"title": "title", "rich_text": "text", "url": "url"}


@dataclass(frozen=True, slots=True)
class NotionView:
    """What a view becomes: the body without its place, and what has to be done by hand, each as a key and words."""

    kind: str
    body: Json
    by_hand: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Looks:
    """How each property of a table looks in a view, by field key, and the far sides of links, which stay hidden."""

    shown: Mapping[str, Json]
    hidden: Mapping[str, Json]
    far: tuple[Json, ...]


def table_looks(table: Table, blueprint: Blueprint) -> Looks:
    """Return the looks of a table's properties; dates follow the date format of the answers."""
    far = [link.far_id() for link in two_ways(blueprint) if link.target == table.key]
    return Looks(
        {field.key: _look(field, blueprint, visible=True) for field in table.fields},
        {field.key: _look(field, blueprint, visible=False) for field in table.fields},
        tuple({"property_id": ref, "visible": False} for ref in far),
    )


def view_bodies(blueprint: Blueprint) -> dict[str, NotionView]:
    """Return all views in Notion's words, by key."""
    looks = {table.key: table_looks(table, blueprint) for table in blueprint.tables}
    return {view.key: view_body(view, blueprint.table(view.table), looks[view.table]) for view in blueprint.views}


def view_body(view: View, table: Table, looks: Looks) -> NotionView:
    """Return a view in Notion's words. What the API cannot set is listed in `by_hand`."""
    kind = _kind(view, table)
    query = to_query(view.filter, table)
    by_hand = [("filter", text) for text in query.untold]
    if view.kind != kind:
        by_hand.append(("kind", view.kind))
    if view.group_by and not (kind in ("table", "board") and _groupable(table.field(view.group_by))):
        by_hand.append(("group", table.field(view.group_by).name))
    body: Json = {"name": view.name}
    if query.filter is not None:
        body["filter"] = query.filter
    if view.sorts:
        body["sorts"] = to_sorts(view.sorts, table)
    body["configuration"] = {"type": kind, **_layout(view, kind, table, visibility(view.fields, looks))}
    return NotionView(kind, body, tuple(by_hand))


def _kind(view: View, table: Table) -> str:
    """A board without groups, or a calendar without a date, cannot be created: a table stands in."""
    if view.kind == "board" and not (view.group_by and _groupable(table.field(view.group_by))):
        return "table"
    return "table" if view.kind in ("calendar", "timeline") and not view.date_field else view.kind


def _groupable(field: Field) -> bool:
    return notion_type(field) not in _UNGROUPED


def _layout(view: View, kind: str, table: Table, shown: list[Json]) -> Json:
    if kind in ("table", "board"):
        grouped = {"group_by": _group(view, table)} if view.group_by and _groupable(table.field(view.group_by)) else {}
        return {**grouped, "properties": shown}
    if kind == "calendar":
        return {"date_property_id": table.field(view.date_field).name, "properties": shown, "view_range": "month"}
    if kind == "timeline":
        end = {"end_date_property_id": table.field(view.end_field).name} if view.end_field else {}
        return {
            "date_property_id": table.field(view.date_field).name, **end, "properties": shown, "show_table": True,
            "table_properties": shown, "preference": {"zoom_level": "month"},
        }  # fmt: skip
    return {"properties": shown}


def visibility(keys: tuple[str, ...], looks: Looks) -> list[Json]:
    """Return every property of a table: the given ones shown, in that order, then the others hidden."""
    shown = [looks.shown[key] for key in dict.fromkeys(keys)]
    hidden = [look for key, look in looks.hidden.items() if key not in keys]
    return [*shown, *hidden, *looks.far][:LIST_LIMIT]


def _look(field: Field, blueprint: Blueprint, *, visible: bool) -> Json:
    look: Json = {"property_id": field.name, "visible": visible}
    if field.type in ("date", "datetime"):
        look["date_format"] = _DATE_FORMATS[blueprint.date_format]
    if field.type == "datetime":
        look["time_format"] = "12_hour" if blueprint.date_format == "us" else "24_hour"
    return look


def _group(view: View, table: Table) -> Json:
    field = table.field(view.group_by)
    falling = any(sort.field == field.key and sort.descending for sort in view.sorts)
    group = group_by(field, view.interval, descending=falling)
    return {**group, "hide_empty_groups": field.key in fields_of(view.filter)}


def group_by(field: Field, interval: Interval | None = None, *, descending: bool = False) -> Json:
    """Return the grouping by one property, which may be of any type but a rollup."""
    kind = notion_type(field)
    ordered = {"type": "descending" if descending else "ascending"}
    base: dict[str, Any] = {"property_id": field.name}
    if kind in _TEXTS:
        return {"type": _TEXTS[kind], **base, "group_by": "exact", "sort": ordered}
    if kind == "date":
        week = {"start_day_of_week": 1} if interval == "week" else {}
        return {"type": "date", **base, "group_by": interval or "month", "sort": ordered, **week}
    if kind == "number":
        return {"type": "number", **base, "sort": ordered, **_range(field)}
    if kind == "formula":
        number = isinstance(field.formula, DaysSince)
        inner: Json = (
            {"type": "number", "sort": ordered} if number else {"type": "checkbox", "sort": {"type": "manual"}}
        )
        return {"type": "formula", **base, "group_by": inner}
    if kind == "relation":
        return {"type": "relation", **base, "sort": ordered}
    return {"type": "person" if kind == "people" else kind, **base, "sort": {"type": "manual"}}


def _range(field: Field) -> Json:
    """A rating groups by its own steps."""
    if field.minimum is None or field.maximum is None:
        return {}
    return {"range_start": field.minimum, "range_end": field.maximum, "range_size": 1}
