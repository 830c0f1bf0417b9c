"""The plan for Airtable: which request creates what, in an order in which every id exists when it is needed.

Tables without links go into one createBase call; tables with links follow one by one, with the ids of their targets;
a table that links to itself gets that field afterwards. The field on the far side of a link comes with it and keeps
the name that Airtable gives it. Sample rows are upserts, so sending them twice adds nothing. Rows that are nothing but
a name come with the rows that link to them: `typecast` makes a linked record of a name that is not there yet.
Sources: airtable.com/developers/web/api/create-base, create-table, create-field, update-field,
update-multiple-records (10 records a call; typecast).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from chatbuilder.blueprint import Blueprint, Field, Table
from chatbuilder.config import Target
from chatbuilder.generators.airtable.fields import cell, creatable, field_body, table_body
from chatbuilder.solution import Plan, Ref, Step

RECORDS_A_CALL = 10
BASES = "/v0/meta/bases"
TABLES = "/v0/meta/bases/{base}/tables"
FIELDS = "/v0/meta/bases/{base}/tables/{table}/fields"
FIELD = "/v0/meta/bases/{base}/tables/{table}/fields/{field}"
RECORDS = "/v0/{base}/{table}"
_PLAIN = re.compile(r"(?!rec)[^,;\"'\s](?:[^,;\"'\x00-\x1f]*[^,;\"'\s])?")  # a name that typecast takes as it stands
REQUESTS = {
    "base": ("POST", BASES),
    "table": ("POST", TABLES),
    "field": ("POST", FIELDS),
    "name": ("PATCH", FIELD),
    "choices": ("PATCH", FIELD),
    "rows": ("PATCH", RECORDS),
    "links": ("PATCH", RECORDS),
}


def target_id(text: str | None, prefix: str) -> str | None:
    """Return the id (`app…`, `wsp…`) in a pasted id or URL; the text itself, URL-quoted, when there is none."""
    if text is None:
        return None
    found = re.search(rf"\b{prefix}[A-Za-z0-9]{{8,}}", text)
    return found[0] if found else quote(text, safe="")


def with_far_sides(blueprint: Blueprint) -> Blueprint:
    """Return the design with the far side of each link under the name that Airtable gives it: the linking table's.

    Source: support.airtable.com "Linking records in Airtable"; a name of our own would take one more call for each.
    """
    return replace(blueprint, tables=tuple(_far_sides(table) for table in blueprint.tables))


def _far_sides(table: Table) -> Table:
    fields = (
        replace(item, relation=replace(item.relation, reverse=table.name))
        if item.relation and item.relation.table != table.key
        else item
        for item in table.fields
    )
    return replace(table, fields=tuple(fields))


def links_elsewhere(table: Table) -> list[Field]:
    """Return the link fields of a table that point to another table."""
    return [f for f in table.fields if f.relation and f.relation.table != table.key]


def creation_order(tables: tuple[Table, ...]) -> list[Table]:
    """Return the tables with every linked table before the tables that link to it."""
    done: list[Table] = []
    waiting = list(tables)
    while waiting:
        known = {table.key for table in done}
        ready = [t for t in waiting if {f.relation.table for f in links_elsewhere(t) if f.relation} <= known]
        if not ready:
            raise ValueError(f"tables link in a circle: {', '.join(t.key for t in waiting)}")
        done += ready
        waiting = [t for t in waiting if t not in ready]
    return done


@dataclass(slots=True)
class Builder:
    """Collects the steps and remembers where the ids of tables and rows will be found."""

    blueprint: Blueprint
    base: str | Ref
    workspace: str | Ref | None
    tables: dict[str, Ref] = field(default_factory=dict)
    rows: dict[tuple[str, str], Ref] = field(default_factory=dict)
    steps: list[Step] = field(default_factory=list)

    def add(
        self, key: str, title: str, makes: str, ids: Mapping[str, Any], body: Any, after: tuple[str, ...] = (),
        **more: Any,
    ) -> None:  # fmt: skip
        """Add one request; it depends on every step that it has a Ref to, and on those it comes `after`.

        `more` is for delivery alone: `by_name` and `came`, as `rows_brought` says.
        """
        self.steps.append(step(key, title, {**request(makes, ids, body), **more}, after))


def request(makes: str, ids: Mapping[str, Any], body: Any) -> dict[str, Any]:
    """Return the payload of the request that makes one kind of thing, with the ids that its path names."""
    method, path = REQUESTS[makes]
    return {"makes": makes, "method": method, "path": path, **({"params": dict(ids)} if ids else {}), "body": body}


def step(key: str, title: str, payload: Mapping[str, Any], after: tuple[str, ...] = ()) -> Step:
    """Return the step of a payload; it depends on every step that the payload has a Ref to, and on those `after`."""
    return Step(key, title, "http", payload, tuple(dict.fromkeys((*needed_by(payload), *after))))


def needed_by(value: Any) -> tuple[str, ...]:
    """Return the keys of the steps that a payload refers to, in the order they are met."""
    return tuple(dict.fromkeys(ref.step for ref in _refs(value) if ref.step != "target"))


def _refs(value: Any) -> Iterator[Ref]:
    if isinstance(value, Ref):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _refs(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _refs(item)


def build_plan(blueprint: Blueprint, tables: tuple[Table, ...], target: Target) -> Plan:
    """Return every request that builds the tables, their links and sample rows in Airtable."""
    base = target_id(target.base, "app")
    workspace = target_id(target.workspace, "wsp") or Ref("target", "workspace")
    builder = Builder(blueprint, base or Ref("base"), None if base else workspace)
    ordered = creation_order(tables)
    alone = [table for table in ordered if not links_elsewhere(table)]
    if builder.workspace is not None:
        _create_base(builder, alone)
    for table in ordered:
        if table.key not in builder.tables:
            _create_table(builder, table)
    for table in ordered:
        _self_links(builder, table)
    brought = rows_brought(ordered)
    for table in sorted(ordered, key=lambda table: table.key in brought):
        _sample_rows(builder, table, brought)
    return Plan(tuple(builder.steps))


def rows_brought(tables: Iterable[Table]) -> dict[str, tuple[Table, Field]]:
    """Return the tables whose sample rows all come with those of another table: by key that table and its link field.

    Such rows have nothing but a name, and one row of the other table each, which one call writes, links to it alone.
    The step of the other table says in `by_name` which fields have names, and in which table they are; `came` leads to
    the ids that its answer told. The step of the rows themselves is the request that makes one again that was deleted.
    """
    tables = tuple(tables)
    found: dict[str, tuple[Table, Field]] = {}
    for owner in tables:
        for link in links_elsewhere(owner) if len(owner.samples) <= RECORDS_A_CALL else ():
            target = next(t for t in tables if link.relation and t.key == link.relation.table)
            single = {row[link.key][0] for row in owner.samples if len(row.get(link.key) or ()) == 1}
            titles = [row[target.title.key] for row in target.samples]
            plain = titles and all(map(_PLAIN.fullmatch, titles))
            if plain and single >= set(titles) and not any(_has_more(target, row) for row in target.samples):
                found.setdefault(target.key, (owner, link))
    return found


def _has_more(table: Table, row: Mapping[str, Any]) -> bool:
    """Tell whether a sample row has more than a name; links among rows of one table are written on their own."""
    others = (f for f in table.fields if f is not table.title and not (f.relation and f.relation.table == table.key))
    return any(cell(f, row.get(f.key)) is not None or (f.relation and row.get(f.key)) for f in others)


def api_fields(table: Table) -> list[Field]:
    """Return the fields that are sent with their table, in order: what the API can create, without links to itself."""
    return [f for f in table.fields if creatable(f) and not (f.relation and f.relation.table == table.key)]


def _table(builder: Builder, table: Table) -> dict[str, Any]:
    bodies = [
        field_body(f, builder.blueprint, builder.tables.get(f.relation.table) if f.relation else None)
        for f in api_fields(table)
    ]
    return table_body(table, bodies)


def base_title(tables: Iterable[Mapping[str, Any]]) -> str:
    """Return the title of the step that creates the base."""
    return f"Create the base with {', '.join(table['name'] for table in tables)}"


def _create_base(builder: Builder, alone: list[Table]) -> None:
    bodies = [_table(builder, table) for table in alone]
    body = {"name": builder.blueprint.name, "workspaceId": builder.workspace, "tables": bodies}
    builder.add("base", base_title(bodies), "base", {}, body)
    for number, table in enumerate(alone):
        builder.tables[table.key] = Ref("base", f"tables.{number}.id")


def _create_table(builder: Builder, table: Table) -> None:
    key = f"table-{table.key}"
    builder.add(key, f"Create the table {table.name}", "table", {"base": builder.base}, _table(builder, table))
    builder.tables[table.key] = Ref(key)


def _self_links(builder: Builder, table: Table) -> None:
    for item in table.fields:
        if item.relation and item.relation.table == table.key:
            where = builder.tables[table.key]
            body = field_body(item, builder.blueprint, where)
            ids = {"base": builder.base, "table": where}
            builder.add(f"field-{table.key}-{item.key}", f"Add {table.name}: {item.name}", "field", ids, body)


def merge_field(table: Table) -> str:
    """Return the name of the field that tells rows apart: Source ID, else the title."""
    return table.field("source_id").name if table.has("source_id") else table.title.name


def _sample_rows(builder: Builder, table: Table, brought: Mapping[str, tuple[Table, Field]]) -> None:
    title, more = f"Add sample rows to {table.name}", _by_name(builder, table, brought)
    if table.key in brought:
        owner, link = brought[table.key]
        title = f"Take up the rows of {table.name} that came with {owner.name}"
        more = {"came": Ref(f"rows-{owner.key}-1", f"linked.{link.name}")}
    ids = {"base": builder.base, "table": builder.tables[table.key]}
    for number, start in enumerate(range(0, len(table.samples), RECORDS_A_CALL), 1):
        key = f"rows-{table.key}-{number}"
        part = table.samples[start : start + RECORDS_A_CALL]
        body = {
            "performUpsert": {"fieldsToMergeOn": [merge_field(table)]},
            "typecast": True,
            "records": [{"fields": _record(builder, table, row, more.get("by_name", {}))} for row in part],
        }
        builder.add(key, title, "rows", ids, body, **more)
        for position, row in enumerate(part):
            builder.rows[table.key, row[table.title.key]] = Ref(key, f"records.{position}.id")
    _sample_self_links(builder, table, ids)


def _by_name(builder: Builder, table: Table, brought: Mapping[str, tuple[Table, Field]]) -> dict[str, Any]:
    """Return which link fields of a table are written with names: the table that each leads to."""
    found = {link.name: builder.tables[key] for key, (owner, link) in brought.items() if owner.key == table.key}
    return {"by_name": found} if found else {}


def _record(builder: Builder, table: Table, row: Mapping[str, Any], by_name: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for item in table.fields:
        value = row.get(item.key)
        if item.name in by_name:
            found |= {item.name: list(value)} if value else {}
        elif item.relation and item.relation.table != table.key and value:
            found[item.name] = [builder.rows[item.relation.table, title] for title in value]
        elif (plain := cell(item, value)) is not None:
            found[item.name] = plain
    return found


def _sample_self_links(builder: Builder, table: Table, ids: Mapping[str, Any]) -> None:
    """A row can be linked to a row of its own table only when both exist."""
    for item in table.fields:
        if item.relation is None or item.relation.table != table.key:
            continue
        linked = [row for row in table.samples if row.get(item.key)]
        records = [
            {
                "id": builder.rows[table.key, row[table.title.key]],
                "fields": {item.name: [builder.rows[table.key, title] for title in row[item.key]]},
            }
            for row in linked
        ]
        for number, start in enumerate(range(0, len(records), RECORDS_A_CALL), 1):
            body = {"records": records[start : start + RECORDS_A_CALL]}
            key = f"links-{table.key}-{item.key}-{number}"
            builder.add(
                key, f"Link sample rows of {table.name}", "links", ids, body, (f"field-{table.key}-{item.key}",)
            )
