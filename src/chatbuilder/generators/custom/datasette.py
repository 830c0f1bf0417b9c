"""Ready-made settings for Datasette, which shows the database in a browser and gives it a read-only REST surface.

Source: docs.datasette.io, "Metadata", "Facets", "Full-text search", "Canned queries"; tried with 0.65.5 and 1.0a41.
Datasette 0.65 reads everything from metadata.yaml; 1.0 reads what a table does from datasette.yaml.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from chatbuilder.blueprint import Blueprint, Field, Table, View
from chatbuilder.config import Config
from chatbuilder.generators.common.schema import column_name, is_linked, stored_name
from chatbuilder.generators.common.text import slug
from chatbuilder.generators.custom.search import PIECES, WORDS
from chatbuilder.generators.custom.views import overview_name

_FACETS = ("status", "assistant", "topic", "project", "category", "tags", "owner", "team")
_HIDDEN = ("chatbuilder_meta", "chatbuilder_settings")
_TABLE_KEYS = ("facets", "sort", "sort_desc", "label_column", "fts_table", "fts_pk", "hidden")


def database_file(config: Config) -> str:
    """Return the database file that the answers name, as they write it, or one named after the system."""
    found = re.fullmatch(r"sqlite:///(.+)", config.target.database or "")
    return found[1] if found else f"{slug(config.name)}.db"


def database_name(config: Config) -> str:
    """Return what Datasette calls the database: the file's name without its last ending."""
    return PurePosixPath(re.split(r"[\\/]", database_file(config))[-1]).stem


def address(name: str) -> str:
    """Return a database's part of a Datasette address ("Tilde encoding" in Datasette's internals)."""
    return "".join(
        chr(b) if chr(b).isascii() and (chr(b).isalnum() or b in b"_-") else "+" if b == 32 else f"~{b:02X}"
        for b in name.encode()
    )


def metadata_yaml(given: tuple[Config, Blueprint]) -> str:
    """Return metadata.yaml: titles, descriptions, and for Datasette 0.65 how each table behaves."""
    config, blueprint = given
    database = {
        "description": "Sessions with AI assistants",
        "tables": _tables(blueprint),
        "queries": queries(blueprint),
    }
    data = {
        "title": blueprint.name,
        "description": "Made with chatbuilder. Read-only: nothing can be changed here.",
        "databases": {database_name(config): database},
    }
    return "# For Datasette: python3 manage.py serve\n" + _yaml(data)


def datasette_yaml(given: tuple[Config, Blueprint]) -> str:
    """Return datasette.yaml: for Datasette 1.0, how each table behaves, and the ready-made queries."""
    config, blueprint = given
    tables = {
        name: {key: value for key, value in table.items() if key in _TABLE_KEYS}
        for name, table in _tables(blueprint).items()
    }
    kept = {name: table for name, table in tables.items() if table}
    data = {"databases": {database_name(config): {"tables": kept, "queries": queries(blueprint)}}}
    return "# For Datasette 1.0 and newer; older ones read metadata.yaml\n" + _yaml(data)


def _tables(blueprint: Blueprint) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for table in blueprint.tables:
        found[table.key] = _table(table)
        found[overview_name(table)] = {"title": f"{table.name}, everything", **_shown_facets(table)}
    for view in blueprint.views:
        found[view.key] = _view(view, blueprint)
    return found | {name: {"hidden": True} for name in _HIDDEN}


def _table(table: Table) -> dict[str, Any]:
    stored = [f for f in table.fields if f.owner != "computed" and not is_linked(f)]
    settings: dict[str, Any] = {
        "title": table.name,
        "description": table.about,
        "label_column": table.title.key,
        "columns": {stored_name(f): f"{f.name}: {f.about}" for f in stored},
        "facets": [_facet(f, stored_name(f)) for f in stored if _has_facet(f)],
    }
    if table.key == "sessions":
        return {**settings, "sort_desc": "last_activity", "fts_table": WORDS}
    return {**settings, "sort": table.title.key}


def _has_facet(field: Field) -> bool:
    return field.key in _FACETS and field.type not in ("title", "text", "long_text")


def _facet(field: Field, column: str) -> str | dict[str, str]:
    return {"array": column} if field.type == "multi_select" else column


def _shown_facets(table: Table) -> dict[str, Any]:
    facets = [_facet(f, column_name(f.key)) for f in table.fields if _has_facet(f)]
    found = {"facets": facets} if facets else {}
    return {**found, "fts_table": WORDS, "fts_pk": "id"} if table.key == "sessions" else found


def _view(view: View, blueprint: Blueprint) -> dict[str, Any]:
    table = blueprint.table(view.table)
    group = table.field(view.group_by) if view.group_by else None
    settings: dict[str, Any] = {"title": view.name, "description": view.about}
    if group:
        settings["facets"] = [_facet(group, column_name(group.key))]
    return {**settings, "fts_table": WORDS, "fts_pk": "id"} if view.table == "sessions" else settings


def queries(blueprint: Blueprint) -> dict[str, dict[str, str]]:
    """Return the ready-made queries that the answers ask for; `:name` is a box to fill in."""
    return dict(_queries(blueprint))


def _queries(blueprint: Blueprint) -> Iterator[tuple[str, dict[str, str]]]:
    if blueprint.wants("search"):
        phrase = "'\"' || replace(:words, '\"', '\"\"') || '\"'"
        yield "search", _search("Search", WORDS, "escape_fts(:words)")
        yield "search_parts", _search("Search for a part of a word, in any script", PIECES, phrase)
    if blueprint.wants("tags"):
        has = 'EXISTS (SELECT 1 FROM json_each(s."tags") j WHERE j."value" = :tag)'
        yield "tagged", _select("Sessions with a tag", has, "DESC")
    if blueprint.wants("integration"):
        title = "Sessions with activity since a moment, such as 2026-11-01T00:00:00Z"
        yield "changed_since", _select(title, 's."last_activity" >= :since', "")


_SHOWN = 's."id", s."title", s."status", s."last_activity"'


def _search(title: str, index: str, words: str) -> dict[str, str]:
    found = f"snippet(\"{index}\", -1, '[', ']', '…', 12) AS \"found\""
    body = (
        f'SELECT {_SHOWN}, {found} FROM "{index}" f JOIN "sessions" s ON s."id" = f."rowid" '
        f'WHERE "{index}" MATCH {words} ORDER BY f."rank" LIMIT 50'
    )
    return {"title": title, "sql": body}


def _select(title: str, where: str, direction: str) -> dict[str, str]:
    body = f'SELECT {_SHOWN} FROM "sessions_overview" s WHERE {where} ORDER BY s."last_activity" {direction}'
    return {"title": title, "sql": body.rstrip()}


def _yaml(value: Mapping[str, Any], indent: int = 0) -> str:
    return "".join(_entry(f"{' ' * indent}{_key(key)}:", item, indent + 2) for key, item in value.items())


def _entry(start: str, item: Any, indent: int) -> str:
    if isinstance(item, Mapping) and item:
        return f"{start}\n{_yaml(item, indent)}"
    if isinstance(item, Sequence) and not isinstance(item, str) and item:
        return f"{start}\n" + "".join(f"{' ' * indent}- {_scalar(entry)}\n" for entry in item)
    return f"{start} {_scalar(item)}\n"


def _key(name: str) -> str:
    """Our own keys as they are, unless a YAML reader takes them for yes or no; every other one quoted."""
    plain = re.fullmatch(r"[a-z][a-z_]+", name) and name not in ("no", "yes", "on", "off", "true", "false", "null")
    return name if plain else _scalar(name)


def _scalar(value: Any) -> str:
    """JSON, which is YAML, too: nothing from outside can change the meaning."""
    return json.dumps(value, ensure_ascii=False)
