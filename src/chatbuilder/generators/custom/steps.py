"""The plan: every table, index, view and row as SQL steps, each one transaction, for either dialect."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

from chatbuilder.blueprint import Blueprint, Table
from chatbuilder.config import Config
from chatbuilder.generators.common.schema import SqlTable, comments, create_indexes, create_table, sql_tables
from chatbuilder.generators.custom import filing, roles, rows, search, upkeep
from chatbuilder.generators.custom.expressions import Sql
from chatbuilder.generators.custom.moves import moves
from chatbuilder.generators.custom.views import blueprint_view, dashboard, overview
from chatbuilder.solution import Step

SAMPLES = "samples"
ROLES = "roles"


def build_steps(config: Config, blueprint: Blueprint, sql: Sql) -> tuple[Step, ...]:
    """Return the steps in an order in which each finds what it stands on."""
    found: list[Step] = []
    for key, title, statements, more in _parts(config, blueprint, sql):
        if statements:
            payload = {"dialect": sql.name, "statements": statements, **more}
            if key == ROLES:
                payload["after"] = _digest(found)
            found.append(Step(key, title, "sql", payload, _stands_on(key, blueprint, found)))
    return tuple(found)


def _digest(steps: list[Step]) -> str:
    """Return what stands for everything that came before: what is made anew needs its rights anew."""
    text = json.dumps([step.payload for step in steps], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


_Part = tuple[str, str, list[str], dict[str, object]]


def _parts(config: Config, blueprint: Blueprint, sql: Sql) -> Iterator[_Part]:
    yield (
        "settings",
        "Settings",
        [*rows.house_tables(sql.name), *rows.settings_rows(blueprint, sql.name)],
        {"system": blueprint.name},
    )
    groups = sql_tables(blueprint)
    order = [blueprint.table(group[0].name) for group in groups]
    for group, table in zip(groups, order, strict=True):
        made = [statement for t in group for statement in _made(t, sql)]
        kept = moves(table, sql.name)
        yield f"table:{table.key}", f"Table {table.name}", made, {"moves": kept} if kept else {}
    yield "topics", "Topics", rows.topic_rows(config, blueprint, sql.name), {}
    if blueprint.templates:
        made = [*_made(rows.templates_table(blueprint), sql), *rows.template_rows(blueprint, sql.name)]
        yield "templates", "Session templates", made, {}
    if filing.tagging(blueprint):
        made = [*_made(filing.rules_table(blueprint), sql), *filing.rules_rows(blueprint, sql.name)]
        yield "rules", "Rules that file new sessions", made, {}
    yield SAMPLES, "Sample rows", rows.sample_rows(blueprint, order, sql.name), {"once": True}
    yield from _search_and_views(blueprint, order, sql)


def _search_and_views(blueprint: Blueprint, order: list[Table], sql: Sql) -> Iterator[_Part]:
    sqlite = sql.name == "sqlite"
    if sqlite:
        yield "search", "Full-text search", search.sqlite_search(blueprint), {}
    else:
        yield "search", "Full-text search", search.postgres_search(blueprint), {}
        yield "filing", "Filing of new sessions", filing.postgres_filing(blueprint), {}
    for table in order:
        yield f"overview:{table.key}", f"Overview of {table.name}", [overview(table, blueprint, sql)], {}
    for view in blueprint.views:
        yield f"view:{view.key}", f"View {view.name}", [blueprint_view(view, blueprint, sql)], {}
    if blueprint.wants("search"):
        views = search.sqlite_search_views() if sqlite else search.postgres_search_functions(blueprint)
        for name, made in views.items():
            yield f"find:{name}", f"Search by {name}", [made], {}
    for name, body in dashboard(blueprint, sql):
        yield f"dashboard:{name}", f"Dashboard view {name}", [body], {}
    for job in upkeep.jobs(blueprint, sql):
        made_for_job = [upkeep.job_view(job, blueprint, sql), *([] if sqlite else upkeep.postgres_functions(job))]
        yield f"job:{job.key}", job.title, made_for_job, {}
    if not sqlite and blueprint.team_size != "solo":
        names = list(roles.names(blueprint))
        yield ROLES, "Roles and what they may do", list(roles.statements(blueprint)), {"roles": names, "after": ""}


def _made(table: SqlTable, sql: Sql) -> list[str]:
    said = comments(table) if sql.name == "postgresql" else ()
    return [create_table(table, sql.name), *create_indexes(table), *said]


def _stands_on(key: str, blueprint: Blueprint, before: list[Step]) -> tuple[str, ...]:
    """The steps that must be there first: for a table what it refers to, for a view all tables."""
    kind, _, name = key.partition(":")
    if key == "settings":
        return ()
    if kind == "table":
        wanted = {f"table:{f.relation.table}" for f in blueprint.table(name).fields if f.relation} - {key}
        return ("settings", *(step.key for step in before if step.key in wanted))
    if kind in ("templates", "rules"):
        return ("settings",)
    if kind == ROLES:
        return tuple(step.key for step in before)
    also = {"search": ("rules", SAMPLES), "filing": ("rules",), "find": ("search",), SAMPLES: ("topics",)}.get(kind, ())
    return tuple(step.key for step in before if step.key.startswith("table:") or step.key in also)


def script(steps: tuple[Step, ...], sql: Sql, about: str) -> str:
    """Return steps as one SQL file in one transaction. `about` is a comment and must be ours: no text from outside."""
    begin = "PRAGMA foreign_keys = ON;\nBEGIN;\n" if sql.name == "sqlite" else "BEGIN;\n"
    parts = [f"-- {about}\n\n{begin}"]
    for step in steps:
        parts.append(f"\n-- {step.title}\n")
        parts += [f"{statement};\n" for statement in step.payload["statements"]]
    return "".join(parts) + "\nCOMMIT;\n"
