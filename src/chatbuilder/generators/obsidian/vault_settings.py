"""What the vault's own settings need: merged into `.obsidian/*.json`, where everything of the person's wins."""

from __future__ import annotations

from typing import Any

from chatbuilder.blueprint import Blueprint
from chatbuilder.generators.obsidian.layout import Layout, property_type, stored

FOLDER = ".obsidian"
# Those that Obsidian switches on by itself in a new vault (1.10), so that a new settings file changes nothing else.
_CORE_PLUGINS = (
    "file-explorer", "global-search", "switcher", "graph", "backlink", "canvas", "outgoing-link", "tag-pane",
    "properties", "page-preview", "daily-notes", "templates", "note-composer", "command-palette", "editor-status",
    "bookmarks", "outline", "word-count", "file-recovery", "bases",
)  # fmt: skip
# Bookmarks carry the time they were made, in milliseconds; one fixed moment keeps builds equal: 2026-01-01 UTC.
_MADE = 1767225600000


def merges(blueprint: Blueprint, layout: Layout) -> dict[str, dict[str, Any]]:
    """Return the values to add, by file name. Links are kept alive on renames, because relations are links."""
    types = {field.key: property_type(field) for table in blueprint.tables for field in stored(table)}
    return {
        "app.json": {"alwaysUpdateLinks": True},
        "core-plugins.json": dict.fromkeys(_CORE_PLUGINS, True),
        "types.json": {"types": types},
        "templates.json": {"folder": layout.under("Templates")},
        "bookmarks.json": {"items": [_bookmarks(blueprint, layout)]},
    }


def _bookmarks(blueprint: Blueprint, layout: Layout) -> dict[str, Any]:
    pages = ["Home.md", "Dashboard.md"] if blueprint.dashboard else ["Home.md"]
    paths = [*(layout.under(page) for page in pages), *(layout.base(table.name) for table in blueprint.tables)]
    items = [{"type": "file", "ctime": _MADE, "path": path} for path in paths]
    if blueprint.wants("search"):
        found = {
            "type": "search",
            "ctime": _MADE,
            "query": f'path:"{layout.folder("sessions")}" ',
            "title": "Find a session",
        }
        items.append(found)
    return {"type": "group", "ctime": _MADE, "title": layout.root, "items": items}
