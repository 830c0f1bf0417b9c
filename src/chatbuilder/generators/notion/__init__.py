"""Notion: databases, views, pages and rows as exact API requests, and everything a person can do without them.

Bodies follow makenotion/notion-sdk-js 5.26 (request types) and recorded answers of the API; limits are those of
developers.notion.com/reference/request-limits.
"""

from __future__ import annotations

from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.generators.common.data import data_files, dictionary_document
from chatbuilder.generators.common.guide import build_guide
from chatbuilder.generators.notion import pages
from chatbuilder.generators.notion.dashboard import widgets
from chatbuilder.generators.notion.guide import guide_parts
from chatbuilder.generators.notion.manual import manual_steps
from chatbuilder.generators.notion.place import page_parent
from chatbuilder.generators.notion.plan import build_plan
from chatbuilder.generators.notion.recipes import csv_files, more_documents, notes, step_files
from chatbuilder.generators.notion.scripts import script_files
from chatbuilder.generators.notion.views import view_bodies
from chatbuilder.solution import OutputFile, Solution

__all__ = ["generate"]


def generate(config: Config, blueprint: Blueprint) -> Solution:
    """Return the design for Notion. Raises `InputError` when the parent page in the answers is no page."""
    parent = page_parent(config.target.parent)
    views, boxes = view_bodies(blueprint), widgets(blueprint)
    manual = manual_steps(blueprint, views, boxes)
    plan = build_plan(blueprint, pages.home(blueprint, manual), parent, views, boxes)
    documents = (dictionary_document(blueprint), *more_documents(blueprint, plan))
    files = [
        OutputFile("data-dictionary.md", documents[0].markdown, "Every field and what it means"),
        *(OutputFile(f"notion/{page.key}.md", page.markdown, page.title) for page in documents[1:]),
        *step_files(plan),
        *csv_files(blueprint),
        *script_files(blueprint),
        *data_files(blueprint),
    ]
    return Solution(
        platform="notion",
        blueprint=blueprint,
        guide=build_guide(blueprint, guide_parts(blueprint, parent, plan, manual, views)),
        documents=documents,
        files=tuple(files),
        plan=plan,
        manual=manual,
        notes=notes(),
    )
