"""Tables as Notion databases: property schemas, what has to wait for another table, and rows as pages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from chatbuilder.blueprint import Blueprint, Field, Rollup, Table
from chatbuilder.filters import is_empty
from chatbuilder.generators.common.text import one_line
from chatbuilder.generators.notion.formulas import expression
from chatbuilder.generators.notion.queries import notion_type
from chatbuilder.generators.notion.rich import LIST_LIMIT, Json, rich
from chatbuilder.solution import Ref

ABOUT_LIMIT = 280
ICONS = {"sessions": "💬", "topics": "🏷️", "projects": "📁", "prompts": "✨"}
_FUNCTIONS = {"count": "count", "latest": "latest_date", "sum": "sum"}


@dataclass(frozen=True, slots=True)
class TwoWay:
    """A two-way link: `owner.field` points at `target`, whose far side Notion makes and names by itself."""

    owner: Table
    field: Field
    target: str
    name: str

    def far_id(self) -> Ref:
        """The id of the property that Notion makes on the far side, once the owner's schema was read."""
        return Ref(
            schema_key(self.owner.key), f"properties.{self.field.name}.relation.dual_property.synced_property_id"
        )


def database_key(table: str) -> str:
    """Return the key of the step that creates a table's database."""
    return f"database:{table}"


def schema_key(table: str) -> str:
    """Return the key of the step that reads a table's schema back, for the ids in it."""
    return f"schema:{table}"


def extend_key(table: str) -> str:
    """Return the key of the step that adds what had to wait for other tables."""
    return f"extend:{table}"


def source(table: str) -> Ref:
    """Return the id of a table's data source."""
    return Ref(database_key(table), "data_sources.0.id")


def in_order(tables: Iterable[Table]) -> tuple[Table, ...]:
    """Return the tables so that what a relation points at comes first, as far as circles allow."""
    waiting, placed = list(tables), list[Table]()
    while waiting:
        keys = {table.key for table in waiting}
        ready = (t for t in waiting if not (_targets(t) - {t.key}) & keys)
        chosen = next(ready, waiting[0])
        placed.append(chosen)
        waiting.remove(chosen)
    return tuple(placed)


def _targets(table: Table) -> set[str]:
    return {field.relation.table for field in table.fields if field.relation}


def two_ways(blueprint: Blueprint) -> tuple[TwoWay, ...]:
    """Return all two-way links. A link of a table to itself stays one-way: the API fails on the other kind."""
    return tuple(
        TwoWay(table, field, field.relation.table, field.relation.reverse)
        for table in in_order(blueprint.tables)
        for field in table.fields
        if field.relation and field.relation.reverse and field.relation.table != table.key
    )


def late_fields(table: Table, blueprint: Blueprint) -> tuple[Field, ...]:
    """Return the fields that a database cannot be created with: links to itself or to a later table, and rollups."""
    order = [t.key for t in in_order(blueprint.tables)]
    later = order[order.index(table.key) :]
    return tuple(f for f in table.fields if f.rollup or (f.relation and f.relation.table in later))


def database_properties(table: Table, blueprint: Blueprint) -> Json:
    """Return the properties to create a database with, by name."""
    late = late_fields(table, blueprint)
    return {f.name: property_schema(f, table, blueprint) for f in table.fields if f not in late}


def late_properties(table: Table, blueprint: Blueprint) -> dict[Any, Json]:
    """Return what to add to a table afterwards: names for the far sides of links, then the fields that had to wait."""
    names: dict[Any, Json] = {
        link.far_id(): {"name": link.name} for link in two_ways(blueprint) if link.target == table.key
    }
    return {**names, **{f.name: property_schema(f, table, blueprint) for f in late_fields(table, blueprint)}}


def property_schema(field: Field, table: Table, blueprint: Blueprint) -> Json:
    """Return the schema of one property with its meaning as description."""
    kind = notion_type(field)
    return {"type": kind, "description": one_line(field.about, ABOUT_LIMIT), kind: _settings(field, table, blueprint)}


def _settings(field: Field, table: Table, blueprint: Blueprint) -> Json:
    if field.formula:
        return {"expression": expression(field.formula, table)}
    if field.rollup:
        return _rollup(field.rollup, blueprint)
    if field.relation:
        two_way = any(link.owner.key == table.key and link.field == field for link in two_ways(blueprint))
        kind = "dual_property" if two_way else "single_property"
        return {"data_source_id": source(field.relation.table), "type": kind, kind: {}}
    if field.type in ("select", "multi_select"):
        return {"options": [{"name": o.name, "color": o.colour} for o in field.options[:LIST_LIMIT]]}
    if field.type == "number":
        return {"format": "number_with_commas" if field.unit == "words" else "number"}
    return {}


def _rollup(rollup: Rollup, blueprint: Blueprint) -> Json:
    far = blueprint.table(rollup.table)
    link = next(w for w in two_ways(blueprint) if w.owner.key == far.key and w.field.key == rollup.via)
    rolled = far.field(rollup.field) if rollup.field else far.title
    return {
        "function": _FUNCTIONS[rollup.function],
        "relation_property_id": link.far_id(),
        "rollup_property_name": rolled.name,
    }


def row_values(table: Table, row: Mapping[str, Any], pages: Mapping[tuple[str, str], Ref]) -> Json:
    """Return the property values of a row, without empty ones. `pages` finds a linked row by table and title.

    People are left out: Notion wants the ids of members, and a sample has names.
    """
    found = ((field, _value(field, row.get(field.key), pages)) for field in table.fields)
    return {field.name: value for field, value in found if value is not None}


def _value(field: Field, value: Any, pages: Mapping[tuple[str, str], Ref]) -> Json | None:
    if field.owner == "computed" or field.type == "person" or value is False or is_empty(value):
        return None
    kind = notion_type(field)
    if kind in ("title", "rich_text"):
        return {kind: rich(str(value))}
    if kind == "relation" and field.relation:
        ids = [pages[field.relation.table, title] for title in value if (field.relation.table, title) in pages]
        return {"relation": [{"id": page} for page in ids[:LIST_LIMIT]]} if ids else None
    if kind == "multi_select":
        return {kind: [{"name": name} for name in value]}
    shapes = {"select": "name", "date": "start"}
    return {kind: {shapes[kind]: value} if kind in shapes else value}
