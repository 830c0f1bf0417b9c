"""Your own database: one design as SQL for SQLite and PostgreSQL, with a ready-made server, a tool and recipes."""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.generators.common.data import Later, data_files, dictionary_document
from chatbuilder.generators.common.guide import build_guide
from chatbuilder.generators.custom import datasette, openapi, postgrest, recipes, roles, server_recipes, tool, upkeep
from chatbuilder.generators.custom.expressions import POSTGRES, SQLITE, Sql
from chatbuilder.generators.custom.guide import guide_parts
from chatbuilder.generators.custom.steps import ROLES, SAMPLES, build_steps, script
from chatbuilder.solution import Document, OutputFile, Plan, Solution

__all__ = ["generate"]

Given = tuple[Config, Blueprint]

_SERVE_SH = """#!/bin/sh
# Shows the database in a browser, on this machine only.
exec python3 "$(dirname "$0")/../manage.py" serve "$@"
"""
_SERVE_PS1 = """# Shows the database in a browser, on this machine only.
python "$PSScriptRoot/../manage.py" serve @args
"""
_REST_SH = """#!/bin/sh
# Serves the database as a REST API, on this machine only.
exec python3 "$(dirname "$0")/postgrest.py" "$@"
"""
_REST_PS1 = """# Serves the database as a REST API, on this machine only.
python "$PSScriptRoot/postgrest.py" @args
"""


def generate(config: Config, blueprint: Blueprint) -> Solution:
    """Return the solution; the plan is in the dialect of the database that the answers name, SQLite without one."""
    postgres = (config.target.database or "").startswith("postgres")
    sql = POSTGRES if postgres else SQLITE
    parts = guide_parts(config, blueprint, postgres=postgres)
    dictionary = dictionary_document(blueprint)
    pages = server_recipes.documents(blueprint) if postgres else recipes.documents(config, blueprint)
    documents = (dictionary, *pages)
    tools = _server_tools(config, blueprint) if postgres else _file_tools(config, blueprint)
    return Solution(
        platform="custom",
        blueprint=blueprint,
        guide=build_guide(blueprint, parts),
        documents=documents,
        files=(*_sql_files(config, blueprint), *tools, *_pages(documents), *data_files(blueprint)),
        plan=Plan(build_steps(config, blueprint, sql)),
        manual=parts.manual,
        notes={"database": datasette.database_file(config)},
    )


def _pages(documents: tuple[Document, ...]) -> Iterator[OutputFile]:
    names = {"dictionary": "data-dictionary"}
    for page in documents:
        yield OutputFile(f"{names.get(page.key, page.key)}.md", page.markdown, page.title)


def _sql_files(config: Config, blueprint: Blueprint) -> Iterator[OutputFile]:
    given = (config, blueprint)
    for sql, schema, samples, start in (
        (SQLITE, sqlite_schema, sqlite_samples, sqlite_new_session),
        (POSTGRES, postgres_schema, postgres_samples, postgres_new_session),
    ):
        folder = f"sql/{sql.name}"
        yield OutputFile(f"{folder}/schema.sql", Later(schema, given), "Everything but sample rows, one transaction")
        if blueprint.sessions.samples:
            yield OutputFile(f"{folder}/samples.sql", Later(samples, given), "Sample rows")
        if blueprint.templates:
            yield OutputFile(f"{folder}/new-session.sql", Later(start, given), "A new session from a template")
    for job in upkeep.jobs(blueprint, SQLITE):
        for name, statements in job.statements.items():
            body = "".join(f"{statement};\n" for statement in statements)
            yield OutputFile(f"sql/sqlite/{name}.sql", f"BEGIN;\n{body}COMMIT;\n", job.title)
    if blueprint.team_size != "solo":
        yield OutputFile("sql/postgresql/roles.sql", Later(roles.roles_sql, blueprint), "Roles and what they may do")


def _file_tools(config: Config, blueprint: Blueprint) -> Iterator[OutputFile]:
    given = (config, blueprint)
    yield OutputFile("manage.py", Later(tool.manage_py, given), "Looks after the database")
    yield OutputFile("serve/metadata.yaml", Later(datasette.metadata_yaml, given), "Settings for Datasette")
    yield OutputFile("serve/datasette.yaml", Later(datasette.datasette_yaml, given), "Settings for Datasette 1.0")
    yield OutputFile("serve/serve.sh", _SERVE_SH, "Starts Datasette on Linux and macOS")
    yield OutputFile("serve/serve.ps1", _SERVE_PS1, "Starts Datasette on Windows")
    yield OutputFile("openapi.json", Later(openapi.openapi_json, given), "The REST surface that Datasette gives")
    if blueprint.wants("integration"):
        yield OutputFile("integrations/n8n.json", Later(recipes.n8n_json, given), "A workflow for n8n")


def _server_tools(config: Config, blueprint: Blueprint) -> Iterator[OutputFile]:
    given = (config, blueprint)
    yield OutputFile("serve/postgrest.py", Later(postgrest.serve_py, config), "Starts PostgREST, the REST server")
    yield OutputFile("serve/postgrest.conf", postgrest.CONF, "Settings for PostgREST")
    yield OutputFile("serve/serve.sh", _REST_SH, "Starts PostgREST on Linux and macOS")
    yield OutputFile("serve/serve.ps1", _REST_PS1, "Starts PostgREST on Windows")
    yield OutputFile("openapi.json", Later(postgrest.openapi_json, given), "The REST surface that PostgREST gives")


def sqlite_schema(given: Given) -> str:
    """Return SQLite's schema as one script."""
    return _schema(given, SQLITE, "Chat sessions in SQLite 3.37 or newer: sqlite3 -bail chats.db < schema.sql")


def postgres_schema(given: Given) -> str:
    """Return PostgreSQL's schema as one script."""
    return _schema(given, POSTGRES, "Chat sessions in PostgreSQL 15 or newer: psql -v ON_ERROR_STOP=1 -f schema.sql")


def _schema(given: Given, sql: Sql, about: str) -> str:
    steps = build_steps(*given, sql)
    return script(tuple(step for step in steps if step.key not in (SAMPLES, ROLES)), sql, about)


def sqlite_samples(given: Given) -> str:
    """Return the sample rows for SQLite."""
    return _samples(given, SQLITE)


def postgres_samples(given: Given) -> str:
    """Return the sample rows for PostgreSQL."""
    return _samples(given, POSTGRES)


def _samples(given: Given, sql: Sql) -> str:
    steps = build_steps(*given, sql)
    return script(tuple(step for step in steps if step.key == SAMPLES), sql, "Sample rows: run once, after schema.sql")


def sqlite_new_session(given: Given) -> str:
    """Return a statement that starts a session from a template."""
    return _new_session(given, "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')")


def postgres_new_session(given: Given) -> str:
    """Return a statement that starts a session from a template."""
    return _new_session(given, "date_trunc('second', now())")


def _new_session(given: Given, now: str) -> str:
    blueprint = given[1]
    presets = ", ".join(
        f'"{key}"' for key in (*dict.fromkeys(k for t in blueprint.templates for k in t.values), "notes")
    )
    return (
        "-- Put your own title and template: " + ", ".join(t.key for t in blueprint.templates) + "\n"
        f'INSERT INTO "sessions" ("title", "started", "last_activity", {presets})\n'
        f"SELECT 'New session', {now}, {now}, {presets}\n"
        f'FROM "session_templates" WHERE "key" = \'{blueprint.templates[0].key}\';\n'
    )
