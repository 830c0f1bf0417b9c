"""PostgREST in front of a PostgreSQL database: its settings, the script that starts it, its REST surface as OpenAPI.

Source: docs.postgrest.org, "Configuration", "Authentication", "Tables and Views", "Functions as RPC"; tried: 12.0.2.

Every request needs a token. Without one, any web page in a browser on the same machine could read the sessions:
PostgREST answers pages of every origin.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.generators.common.schema import column_name, columns_of, stored_name
from chatbuilder.generators.custom.expressions import POSTGRES
from chatbuilder.generators.custom.openapi import Json, row_schema
from chatbuilder.generators.custom.postgrest_text import SERVE
from chatbuilder.generators.custom.search import postgres_search_functions
from chatbuilder.generators.custom.upkeep import function_name, jobs
from chatbuilder.generators.custom.views import overview_name, view_columns
from chatbuilder.solution import json_text

_BASE = "http://127.0.0.1:3000"

CONF = """# Settings of PostgREST, started by serve/postgrest.py. All of them: docs.postgrest.org, "Configuration".
# The address, the port and the key for tokens come from the script. No password belongs in this file.

server-host = "127.0.0.1"
db-schemas = "public"
db-max-rows = 1000
openapi-mode = "follow-privileges"
log-level = "error"

# Without a token nobody gets in: no db-anon-role.
# Nobody changes these settings from inside the database.
db-config = false
"""


def serve_py(config: Config) -> str:
    """Return serve/postgrest.py. Nothing from outside goes into it but the address, as a Python literal."""
    return SERVE.replace("@DATABASE@", repr(config.target.database or "postgresql:///YOUR_DATABASE"))


def openapi_json(given: tuple[Config, Blueprint]) -> str:
    """Return openapi.json: tables to read and write, views to read, and functions to call."""
    blueprint = given[1]
    return json_text(
        {
            "openapi": "3.1.0",
            "info": {
                "title": blueprint.name,
                "version": "1.0.0",
                "description": "What PostgREST serves: python3 serve/postgrest.py. A token's role decides what it may.",
            },
            "servers": [{"url": _BASE}],
            "security": [{"token": []}],
            "paths": dict(_paths(blueprint)),
            "components": {
                "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
                "parameters": _PARAMETERS,
                "schemas": dict(_schemas(blueprint)),
            },
        }
    )


def _parameter(name: str, about: str, **schema: Any) -> Json:
    return {"name": name, "in": "query", "required": False, "description": about, "schema": schema}


_PARAMETERS: Json = {
    "select": _parameter("select", "Columns, such as id,title.", type="string"),
    "order": _parameter("order", "Columns to sort by, such as last_activity.desc.", type="string"),
    "limit": _parameter("limit", "Rows at most; never more than 1000.", type="integer", minimum=0),
    "offset": _parameter("offset", "Rows to leave out first.", type="integer", minimum=0),
    "where": {
        **_parameter(
            "where", "Any column, such as status=eq.Active or last_activity=gte.2026-11-01.",
            type="object", additionalProperties={"type": "string"},
        ),
        "style": "form", "explode": True,
    },
}  # fmt: skip
_READ = ("select", "order", "limit", "offset", "where")


def _paths(blueprint: Blueprint) -> Iterator[tuple[str, Json]]:
    for table in blueprint.tables:
        yield f"/{table.key}", {"get": _list(table.key, table.about), **_changes(table.key, table.singular.lower())}
        name = overview_name(table)
        yield f"/{name}", {"get": _list(name, f"{table.name} with titles instead of ids, and figures.")}
    for view in blueprint.views:
        yield f"/{view.key}", {"get": _list(view.key, view.about)}
    if blueprint.wants("search"):
        for name in postgres_search_functions(blueprint):
            yield f"/rpc/{name}", {"get": _search(name)}
    for job in jobs(blueprint, POSTGRES):
        for name in job.statements:
            yield f"/rpc/{function_name(name)}", {"post": _job(function_name(name), job.title)}


def _list(name: str, about: str) -> Json:
    return {
        "operationId": f"list_{name}",
        "summary": about,
        "parameters": _uses(*_READ),
        "responses": _rows({"$ref": f"#/components/schemas/{name}"}),
    }


def _changes(table: str, one: str) -> Json:
    body = {"required": True, "content": _json({"$ref": f"#/components/schemas/new_{table}"})}
    return {
        "post": {
            "operationId": f"add_{table}", "summary": f"Add a {one}.", "requestBody": body,
            "responses": {"201": {"description": "Added."}, **_refusals("409", "It is there already.")},
        },
        "patch": {
            "operationId": f"change_{table}", "summary": f"Change each {one} that fits.", "requestBody": body,
            "parameters": _uses("where"), "responses": {"204": {"description": "Changed."}, **_refusals()},
        },
        "delete": {
            "operationId": f"delete_{table}", "summary": f"Delete each {one} that fits.",
            "parameters": _uses("where"), "responses": {"204": {"description": "Deleted."}, **_refusals()},
        },
    }  # fmt: skip


def _search(name: str) -> Json:
    words = {"name": "query", "in": "query", "required": True, "schema": {"type": "string"}}
    about = "Sessions with these words, best first." if name == "search_sessions" else "Sessions with a part of a word."
    return {
        "operationId": name,
        "summary": about,
        "parameters": [words, *_uses("limit", "offset")],
        "responses": _rows({"$ref": "#/components/schemas/found"}),
    }


def _job(name: str, title: str) -> Json:
    counted = {"description": "How many sessions it changed.", "content": _json({"type": "integer"})}
    return {"operationId": name, "summary": f"{title}.", "responses": {"200": counted, **_refusals()}}


def _uses(*names: str) -> list[Json]:
    return [{"$ref": f"#/components/parameters/{name}"} for name in names]


def _rows(schema: Json) -> Json:
    return {"200": {"description": "Rows.", "content": _json({"type": "array", "items": schema})}, **_refusals()}


def _json(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _refusals(*more: str) -> Json:
    found = {"401": {"description": "No token, or one that is over."}, "403": {"description": "The role may not."}}
    return found | ({more[0]: {"description": more[1]}} if more else {})


def _schemas(blueprint: Blueprint) -> Iterator[tuple[str, Json]]:
    for table in blueprint.tables:
        row = row_schema({stored_name(f): f for f in columns_of(table)}, stored=True, native=True)
        yield table.key, row
        yield f"new_{table.key}", {key: value for key, value in row.items() if key != "required"}
        yield overview_name(table), row_schema({column_name(f.key): f for f in table.fields}, native=True)
    for view in blueprint.views:
        table = blueprint.table(view.table)
        shown = {column_name(key): table.field(key) for key in view_columns(view) if key != "id"}
        yield view.key, row_schema(shown, native=True)
    if blueprint.wants("search"):
        told = {name: {"type": ["string", "null"]} for name in ("title", "status", "last_activity", "link", "found")}
        yield "found", {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}, **told}}
