"""Google Sheets: one atomic batch that builds tables, views, dashboard and pages, and an Apps Script for the rest."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbuilder.blueprint import Blueprint, Field, Table
from chatbuilder.config import Config
from chatbuilder.generators.common.data import Later, csv_text, data_files, dictionary_document, stored_fields
from chatbuilder.generators.common.guide import build_guide
from chatbuilder.generators.common.text import slug
from chatbuilder.generators.sheets.cells import Request
from chatbuilder.generators.sheets.guide import guide_parts, manual_steps
from chatbuilder.generators.sheets.layout import ENTRY_BREAK, LIST_BREAK
from chatbuilder.generators.sheets.recipes import recipes
from chatbuilder.generators.sheets.scripts import automation_script, build_script, manifest
from chatbuilder.generators.sheets.steps import build_plan, build_requests
from chatbuilder.solution import OutputFile, Solution, json_text

__all__ = ["generate"]


def generate(config: Config, blueprint: Blueprint) -> Solution:
    """Return the Google Sheets solution: plan of two requests, Apps Script, manual steps, guide."""
    given = config.target.spreadsheet is not None
    requests = build_requests(blueprint, given=given)
    plan = build_plan(blueprint, requests, config.target)
    script = automation_script(blueprint)
    manual = manual_steps(blueprint, scripted=bool(script))
    dictionary = dictionary_document(blueprint)
    bodies = tuple(
        OutputFile(f"sheets/{n:02d}-{step.key}.json", Later(json_text, step.payload), step.title)
        for n, step in enumerate(plan, 1)
    )
    files = (
        *bodies,
        *_own_files(blueprint, requests, script),
        *data_files(blueprint),
        OutputFile("data-dictionary.md", dictionary.markdown, "Every column and what it means"),
    )
    guide = build_guide(blueprint, guide_parts(blueprint, manual, scripted=bool(script), given=given))
    return Solution("sheets", blueprint, guide, (dictionary,), files, plan, manual)


def _own_files(blueprint: Blueprint, requests: list[Request], script: str) -> Iterator[OutputFile]:
    folder = "sheets/apps-script"
    yield OutputFile(f"{folder}/Build.gs", Later(build_script, requests), "Builds everything, without a token")
    if script:
        yield OutputFile(f"{folder}/Code.gs", script, "Menu and automations")
    yield OutputFile(f"{folder}/appsscript.json", manifest(blueprint), "Settings of the script project")
    if blueprint.wants("integration"):
        yield OutputFile("sheets/recipes.md", Later(recipes, blueprint), "curl, n8n, Make, Zapier, schedules")
    for table in blueprint.tables:
        path = f"sheets/import/{slug(table.name)}.csv"
        yield OutputFile(path, Later(import_csv, table), f"{table.name}, for File → Import")


def import_csv(table: Table) -> str:
    """Return a table with its samples as CSV that Sheets reads with the right types."""
    fields = stored_fields(table)
    rows: list[list[object]] = [[field.name for field in fields]]
    rows += [[_typed(field, sample.get(field.key)) for field in fields] for sample in table.samples]
    return csv_text(rows)


def _typed(field: Field, value: Any) -> object:
    if field.type == "checkbox":
        return "TRUE" if value else "FALSE"
    if isinstance(value, tuple):
        return (LIST_BREAK if field.relation else ENTRY_BREAK).join(value)
    if field.type == "datetime" and value:
        return str(value).replace("T", " ").removesuffix("Z")
    return value
