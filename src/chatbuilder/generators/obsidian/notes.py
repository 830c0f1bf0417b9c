"""Notes of rows, and the templates for new ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from chatbuilder.blueprint import Blueprint, Field, Table, Template
from chatbuilder.generators.obsidian import bases
from chatbuilder.generators.obsidian.layout import Layout, Row, property_value, safe, stored
from chatbuilder.generators.obsidian.yaml import front_matter

# Moment.js formats in the variables of the core Templates plugin (Obsidian help, "Templates"). Quoted, or Live Preview
# would overwrite them; the week's letter stands in brackets as Moment wants it.
_NOW = "{{date:YYYY-MM-DD}}T{{time:HH:mm:ss}}"
_AT_CREATION = {
    "started": _NOW, "last_activity": _NOW, "day": "{{date:YYYY-MM-DD}}", "month": "{{date:YYYY-MM}}",
    "week": "{{date:GGGG-[W]WW}}", "status": "Active",
}  # fmt: skip
_PLAIN = (("Question", "What did I want to know?"), ("What came out of it", "The answer, in a few lines."))


def row_note(table: Table, row: Row, blueprint: Blueprint, layout: Layout) -> str:
    """Return the note of one row: its properties, then what a person reads."""
    values = {field.key: property_value(field, row.get(field.key), layout) for field in stored(table)}
    body = _session_body(row) if table.key == "sessions" else []
    return front_matter(values) + "\n" + "\n".join([*body, *_related(table, blueprint, layout)])


def _session_body(row: Row) -> list[str]:
    asked, found = row.get("first_prompt"), row.get("summary")
    return [
        "## Question", "", safe(str(asked)) if asked else "What did I want to know?", "",
        "## What came out of it", "", safe(str(found)) if found else "The answer, in a few lines.", "",
    ]  # fmt: skip


def _related(table: Table, blueprint: Blueprint, layout: Layout) -> list[str]:
    """Return the embedded tables of what links to this note."""
    views = bases.related_views(blueprint).get(table.key, [])
    lines = []
    for name, _, _ in views:
        lines += [f"## {name}", "", f"![[{layout.base(bases.RELATED)}#{name}]]", ""]
    return lines


def session_templates(blueprint: Blueprint, layout: Layout) -> Iterable[tuple[str, str]]:
    """Return name and text of the template for any session, and of those that the design brings."""
    plain = Template("session", "Session", "Any session.", {}, _PLAIN)
    for template in (plain, *blueprint.templates):
        yield template.name, _template(blueprint.sessions, template.values, template.headings, blueprint, layout)


def other_templates(blueprint: Blueprint, layout: Layout) -> Iterable[tuple[str, str]]:
    """Return name and text of one template for each further table."""
    for table in blueprint.tables[1:]:
        yield table.singular, _template(table, {}, (), blueprint, layout)


def _template(
    table: Table, presets: Mapping[str, str], headings: Iterable[tuple[str, str]], blueprint: Blueprint, layout: Layout
) -> str:
    sessions = table.key == "sessions"
    values = {f.key: _preset(f, presets, at_creation=sessions) for f in stored(table) if not f.hidden}
    values[table.title.key] = "{{title}}"
    lines = [line for name, prompt in headings for line in (f"## {name}", "", prompt, "")]
    if "{{" not in layout.root:  # a template fills in what stands in braces, also inside a path
        lines += _related(table, blueprint, layout)
    return front_matter(values) + "\n" + "\n".join(lines)


def _preset(field: Field, presets: Mapping[str, str], *, at_creation: bool) -> Any:
    if field.key in presets:
        return presets[field.key]
    if at_creation and field.key in _AT_CREATION:
        return _AT_CREATION[field.key]
    return [] if field.type == "multi_select" or (field.relation and field.relation.many) else None
