"""A description of the read-only REST surface that Datasette gives the database, as OpenAPI 3.1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chatbuilder.blueprint import Blueprint, DaysSince, Field, Table
from chatbuilder.config import Config
from chatbuilder.generators.common.schema import column_name, columns_of, stored_name
from chatbuilder.generators.custom.datasette import address, database_name, queries
from chatbuilder.generators.custom.expressions import is_list
from chatbuilder.generators.custom.views import overview_name, view_columns
from chatbuilder.solution import json_text

Json = dict[str, Any]
_BASE = "http://127.0.0.1:8001"


def openapi_json(given: tuple[Config, Blueprint]) -> str:
    """Return openapi.json: every table and view as a list of rows, single rows, and the ready-made queries."""
    config, blueprint = given
    root = f"/{address(database_name(config))}"
    return json_text(
        {
            "openapi": "3.1.0",
            "info": {
                "title": blueprint.name,
                "version": "1.0.0",
                "description": "What Datasette serves: python3 manage.py serve. Lists come in pages of `_size` rows.",
            },
            "servers": [{"url": _BASE}],
            "paths": {f"{root}/{path}.json": {"get": operation} for path, operation in _operations(blueprint)},
            "components": {"parameters": _PARAMETERS, "schemas": dict(_schemas(blueprint))},
        }
    )


def _parameter(name: str, about: str, *, required: bool = False, **schema: Any) -> Json:
    return {"name": name, "in": "query", "required": required, "description": about, "schema": schema}


_PARAMETERS: Json = {
    "shape": _parameter("_shape", "Rows alone, without page details.", required=True, type="string", enum=["array"]),
    "size": _parameter("_size", "Rows in a page.", type="integer", minimum=1, maximum=1000),
    "sort": _parameter("_sort", "Column to sort by.", type="string"),
    "sort_desc": _parameter("_sort_desc", "Column to sort by, last first.", type="string"),
    "json": _parameter("_json", "List column to return as a list instead of JSON text.", type="string"),
    "search": _parameter("_search", "Words to find.", type="string"),
}


def _operations(blueprint: Blueprint) -> Iterator[tuple[str, Json]]:
    for table in blueprint.tables:
        found = table.key == "sessions"
        yield table.key, _list(table.key, table.about, table.key, search=found)
        yield f"{table.key}/{{id}}", _one(table)
        name = overview_name(table)
        about = f"{table.name} with titles instead of ids, and figures."
        yield name, _list(name, about, name, search=found)
    for view in blueprint.views:
        yield view.key, _list(view.key, view.about, view.key, search=view.table == "sessions")
    for name, query in queries(blueprint).items():
        yield name, _query(name, query)


def _list(name: str, about: str, schema: str, *, search: bool) -> Json:
    used = ["shape", "size", "sort", "sort_desc", "json", *(["search"] if search else [])]
    return {
        "operationId": f"list_{name}",
        "summary": about,
        "parameters": [{"$ref": f"#/components/parameters/{key}"} for key in used],
        "responses": _answer({"type": "array", "items": {"$ref": f"#/components/schemas/{schema}"}}),
    }


def _one(table: Table) -> Json:
    identity = {"name": "id", "in": "path", "required": True, "schema": {"type": "integer"}}
    return {
        "operationId": f"get_{table.key}",
        "summary": f"One {table.singular.lower()}.",
        "parameters": [identity, {"$ref": "#/components/parameters/shape"}],
        "responses": {
            **_answer({"type": "array", "items": {"$ref": f"#/components/schemas/{table.key}"}, "maxItems": 1}),
            "404": {"description": "No such row."},
        },
    }


def _query(name: str, query: Mapping[str, str]) -> Json:
    box = {"search": "words", "search_parts": "words", "tagged": "tag", "changed_since": "since"}[name]
    given = {"name": box, "in": "query", "required": True, "schema": {"type": "string"}}
    return {
        "operationId": f"query_{name}",
        "summary": query["title"],
        "parameters": [given, {"$ref": "#/components/parameters/shape"}],
        "responses": _answer({"type": "array", "items": {"type": "object"}}),
    }


def _answer(schema: Json) -> Json:
    return {"200": {"description": "Rows.", "content": {"application/json": {"schema": schema}}}}


def _schemas(blueprint: Blueprint) -> Iterator[tuple[str, Json]]:
    for table in blueprint.tables:
        yield table.key, row_schema({stored_name(f): f for f in columns_of(table)}, stored=True)
        shown = {column_name(f.key): f for f in table.fields}
        yield overview_name(table), row_schema(shown)
    for view in blueprint.views:
        table = blueprint.table(view.table)
        yield view.key, row_schema({column_name(k): table.field(k) for k in view_columns(view) if k != "id"})


def row_schema(fields: Mapping[str, Field], *, stored: bool = False, native: bool = False) -> Json:
    """Return a row by column name as JSON Schema.

    `stored`: a table, where a link is an id; else a view, where it is a title. `native`: PostgreSQL, which has lists,
    ticks and times of its own; else SQLite, where they are text and numbers.
    """
    properties = {name: _property(field, stored=stored, native=native) for name, field in fields.items()}
    return {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, **properties}}


def _property(field: Field, *, stored: bool, native: bool) -> Json:
    said = {"title": field.name, "description": field.about}
    if is_list(field):
        listed = {"type": "array", "items": {"type": "string"}}
        return {**(listed if native else {"type": "string", "contentMediaType": "application/json"}), **said}
    if field.type == "select":
        return {"enum": [*field.option_names(), None], **said}
    form = {"date": "date", "datetime": "date-time", "url": "uri"}.get(field.type)
    return {"type": [_kind(field, stored=stored, native=native), "null"], **({"format": form} if form else {}), **said}


def _kind(field: Field, *, stored: bool, native: bool) -> str:
    if field.rollup:
        return {"count": "integer", "sum": "number", "latest": "string"}[field.rollup.function]
    if field.type == "checkbox" or (field.formula and not isinstance(field.formula, DaysSince)):
        return "boolean" if native else "integer"
    if field.type == "number" and field.owner == "person" and field.maximum is None:
        return "number"
    return "integer" if field.type in ("number", "formula") or (field.relation and stored) else "string"
