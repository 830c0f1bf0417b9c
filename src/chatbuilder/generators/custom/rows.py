"""Rows that are there on the first day: settings, topics, session templates, samples. One INSERT for each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chatbuilder.blueprint import Blueprint, Field, Table
from chatbuilder.config import Config
from chatbuilder.generators.common.schema import (
    Column,
    Dialect,
    SqlTable,
    columns_of,
    is_linked,
    link_columns,
    link_table,
    literal,
    quote,
    stored_name,
)

SETTINGS = "chatbuilder_settings"
META = "chatbuilder_meta"
TEMPLATES = "session_templates"


def house_tables(dialect: Dialect) -> list[str]:
    """Return the two tables that chatbuilder keeps for itself: which steps are done, and settings."""
    end = ") STRICT" if dialect == "sqlite" else ")"
    text = "TEXT" if dialect == "sqlite" else "text"
    return [
        f'CREATE TABLE {quote(META)} (\n  "step" {text} NOT NULL PRIMARY KEY,\n  "digest" {text} NOT NULL,\n'
        f'  "result" {text} NOT NULL\n{end}',
        f'CREATE TABLE {quote(SETTINGS)} (\n  "key" {text} NOT NULL PRIMARY KEY,\n  "value" {text}\n{end}',
    ]


def settings_rows(blueprint: Blueprint, dialect: Dialect) -> list[str]:
    """Return the system's name, and in SQLite, which has no users, a place for the name that views take for “me”."""
    values = {"name": blueprint.name} | ({"me": ""} if dialect == "sqlite" else {})
    return [
        f'INSERT INTO {quote(SETTINGS)} ("key", "value") VALUES ({literal(key, dialect)}, {literal(value, dialect)})'
        ' ON CONFLICT ("key") DO UPDATE SET "value" = excluded."value"'
        for key, value in values.items()
    ]


def topic_rows(config: Config, blueprint: Blueprint, dialect: Dialect) -> list[str]:
    """Return the chosen topics as rows of Topics, where that is a table; those that exist already are left alone."""
    table = next((t for t in blueprint.tables if t.key == "topics"), None)
    if table is None:
        return []
    rows: list[Mapping[str, Any]] = list(table.samples) or [{"name": name} for name in config.options.topics]
    return [_insert(table, row, blueprint, dialect, once=True) for row in rows]


def templates_table(blueprint: Blueprint) -> SqlTable:
    """Return the table of session templates: what a new session starts with."""
    presets = dict.fromkeys(key for template in blueprint.templates for key in template.values)
    return SqlTable(
        TEMPLATES, "Starting points for a new session. Edit them, or add your own.",
        (
            Column("id", "id", "Number of the row."),
            Column("key", "text", "Its short name.", required=True, unique=True),
            Column("name", "text", "Its name.", required=True),
            Column("about", "text", "What it is for."),
            *(Column(key, "text", f"What {blueprint.sessions.field(key).name} starts as.") for key in presets),
            Column("notes", "text", "Headings and prompts that the notes start with."),
        ),
    )  # fmt: skip


def template_rows(blueprint: Blueprint, dialect: Dialect) -> list[str]:
    """Return one INSERT for each template."""
    found = []
    for t in blueprint.templates:
        body = "\n\n".join(f"## {heading}\n{prompt}" for heading, prompt in t.headings)
        values = {"key": t.key, "name": t.name, "about": t.about, **t.values, "notes": body}
        row = _values(TEMPLATES, {k: literal(v, dialect) for k, v in values.items()})
        # Answers that come later may add a preset; a template that is there gets it where it has none.
        presets = ", ".join(
            f"{quote(k)} = coalesce({quote(TEMPLATES)}.{quote(k)}, excluded.{quote(k)})" for k in t.values
        )
        found.append(f'{row} ON CONFLICT ("key") DO UPDATE SET {presets}')
    return found


def _values(table: str, values: Mapping[str, str]) -> str:
    names, given = ", ".join(map(quote, values)), ", ".join(values.values())
    return f"INSERT INTO {quote(table)} ({names}) VALUES ({given})"


def sample_rows(blueprint: Blueprint, tables: list[Table], dialect: Dialect) -> list[str]:
    """Return the sample rows of all tables but Topics, in this order of tables, then the links between them."""
    tables = [table for table in tables if table.key != "topics"]
    rows = [_insert(table, row, blueprint, dialect) for table in tables for row in table.samples]
    return rows + [link for table in tables for row in table.samples for link in _links(table, row, blueprint, dialect)]


def _insert(table: Table, row: Mapping[str, Any], blueprint: Blueprint, dialect: Dialect, *, once: bool = False) -> str:
    values = {
        stored_name(f): _value(f, row[f.key], blueprint, dialect)
        for f in columns_of(table)
        if row.get(f.key) not in (None, ())
    }
    if not once:
        return _values(table.key, values)
    title = quote(table.title.key)
    return (
        f"INSERT INTO {quote(table.key)} ({', '.join(map(quote, values))}) SELECT {', '.join(values.values())} "
        f"WHERE NOT EXISTS (SELECT 1 FROM {quote(table.key)} WHERE {title} = {values[table.title.key]})"
    )


def _value(field: Field, value: Any, blueprint: Blueprint, dialect: Dialect) -> str:
    if field.relation:
        return _row_id(blueprint.table(field.relation.table), value[0], dialect)
    return literal(value, dialect)


def _row_id(table: Table, title: str, dialect: Dialect) -> str:
    return f'(SELECT min("id") FROM {quote(table.key)} WHERE {quote(table.title.key)} = {literal(title, dialect)})'


def _links(table: Table, row: Mapping[str, Any], blueprint: Blueprint, dialect: Dialect) -> Iterator[str]:
    for field in table.fields:
        if field.relation and is_linked(field):
            other = blueprint.table(field.relation.table)
            near, far = link_columns(table, other)
            for title in row.get(field.key) or ():
                here, there = _row_id(table, row[table.title.key], dialect), _row_id(other, title, dialect)
                yield _values(link_table(table, field), {near: here, far: there})
