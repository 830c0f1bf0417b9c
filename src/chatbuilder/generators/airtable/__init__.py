"""Airtable: the requests that build a base, and exact clicks for what its API cannot do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbuilder.blueprint import Blueprint, Field, Option, Table, Template
from chatbuilder.config import Config
from chatbuilder.generators.airtable.guide import field_types, guide_parts
from chatbuilder.generators.airtable.manual import manual_steps
from chatbuilder.generators.airtable.recipes import recipes
from chatbuilder.generators.airtable.scripts import BACKUP, automation_script
from chatbuilder.generators.airtable.steps import build_plan, with_far_sides
from chatbuilder.generators.common.data import Later, csv_template, data_files, dictionary_document
from chatbuilder.generators.common.guide import build_guide
from chatbuilder.solution import OutputFile, Plan, Solution, json_text

__all__ = ["generate"]


def generate(config: Config, blueprint: Blueprint) -> Solution:
    """Return the Airtable solution: plan of API requests, manual steps, scripts, guide."""
    blueprint = with_far_sides(blueprint)
    tables = (*blueprint.tables, *_template_table(blueprint))
    plan = build_plan(blueprint, tables, config.target)
    manual = manual_steps(blueprint)
    dictionary = dictionary_document(blueprint)
    files = (
        *_request_files(plan),
        *_own_files(blueprint, tables),
        *data_files(blueprint),
        OutputFile("data-dictionary.md", dictionary.markdown, "Every field and what it means"),
    )
    parts = guide_parts(blueprint, manual, given=config.target.base is not None, calls=len(plan.steps))
    return Solution("airtable", blueprint, build_guide(blueprint, parts), (dictionary,), files, plan, manual)


def _request_files(plan: Plan) -> Iterator[OutputFile]:
    for number, step in enumerate(plan, 1):
        yield OutputFile(f"airtable/{number:02d}-{step.key}.json", Later(json_text, step.payload), step.title)


def _own_files(blueprint: Blueprint, tables: tuple[Table, ...]) -> Iterator[OutputFile]:
    yield OutputFile("airtable/field-types.md", field_types(blueprint, tables), "Type and options of each field")
    script = automation_script(blueprint)
    if script:
        yield OutputFile("airtable/automation.js", script, "Paste into a “Run a script” action")
    if blueprint.wants("exports"):
        yield OutputFile("airtable/backup.py", BACKUP, "Saves every table as JSON and CSV")
    if blueprint.wants("integration"):
        yield OutputFile("airtable/recipes.md", Later(recipes, blueprint), "curl, n8n, Make, Zapier, schedules")
    for table in tables[len(blueprint.tables) :]:
        yield OutputFile("airtable/session-templates.csv", csv_template(table), "The session templates, for import")


def _template_table(blueprint: Blueprint) -> Iterator[Table]:
    """Airtable's API makes no record templates, so their texts stand in a table of their own."""
    if not blueprint.templates:
        return
    src = "feature:templates"
    keys = [key for key in ("status", "category") if blueprint.sessions.has(key)]
    presets = [blueprint.sessions.field(key) for key in keys]
    yield Table(
        "templates", "Session templates", "Template", "Starting points: copy Body into the Notes of a new session.",
        (
            Field("name", "Name", "title", "person", "What it is for.", source=src),
            Field("about", "About", "text", "person", "When to use it.", source=src),
            *(_preset(item.key, item.name, item.options, src) for item in presets),
            Field("body", "Body", "long_text", "person", "The text to start with.", source=src),
        ),
        tuple(_template_row(item) for item in blueprint.templates),
    )  # fmt: skip


def _preset(key: str, name: str, options: tuple[Option, ...], source: str) -> Field:
    return Field(key, name, "select", "person", "What a new session starts with.", options, source=source)


def _template_row(template: Template) -> dict[str, Any]:
    body = "\n\n".join(f"## {heading}\n{prompt}" for heading, prompt in template.headings)
    return {"name": template.name, "about": template.about, **template.values, "body": body}
