"""Excel: one workbook of tables, dropdowns, live views, a dashboard and a search page. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.generators.common import workbook
from chatbuilder.generators.common.data import data_files, dictionary_document
from chatbuilder.generators.common.text import file_name
from chatbuilder.generators.common.workbook_spec import Column, Sheet, Spec, idents
from chatbuilder.generators.excel import pages, recipes, scripts
from chatbuilder.generators.excel.book import Book, open_book
from chatbuilder.generators.excel.dashboard import dashboard_sheet
from chatbuilder.generators.excel.guide import guide
from chatbuilder.generators.excel.tables import lists_sheet, table_sheet
from chatbuilder.generators.excel.views import view_sheet
from chatbuilder.solution import Document, OutputFile, Plan, Solution, Step

FORMATS = {
    "iso": {"date": "yyyy-mm-dd", "datetime": "yyyy-mm-dd hh:mm", "month": "yyyy-mm"},
    "european": {"date": "dd/mm/yyyy", "datetime": "dd/mm/yyyy hh:mm", "month": "mm/yyyy"},
    "us": {"date": "mm/dd/yyyy", "datetime": "mm/dd/yyyy hh:mm", "month": "mm/yyyy"},
}


def generate(config: Config, blueprint: Blueprint) -> Solution:
    """Return the workbook, its guide and scripts, and the plan of one step: writing the workbook."""
    book = open_book(blueprint, pages.wanted_pages(blueprint))
    spec = workbook_spec(book)
    file = f"{file_name(config.name)}.xlsx"
    page, manual = guide(book, file)
    documents = (dictionary_document(blueprint), *recipes.documents(blueprint, spec, file))
    return Solution(
        platform="excel",
        blueprint=blueprint,
        guide=page,
        documents=documents,
        files=tuple(_files(book, spec, file, documents)),
        plan=Plan(
            (
                Step(
                    "workbook",
                    f"Workbook with {len(spec['sheets']) - 1} sheets",
                    "workbook",
                    {"path": file, "spec": spec},
                ),
            )
        ),
        manual=manual,
        notes={"workbook": file},
    )


def _files(book: Book, spec: Spec, file: str, documents: tuple[Document, ...]) -> Iterator[OutputFile]:
    yield OutputFile(file, partial(workbook.render, spec), "The workbook")
    yield from data_files(book.blueprint)
    for page in documents:
        name = "data-dictionary" if page.key == "dictionary" else page.key
        yield OutputFile(f"{name}.md", page.markdown, page.title)
    yield from scripts.files(book)


def workbook_spec(book: Book) -> Spec:
    """Return the whole workbook as plain data; the book's hidden columns are added as its sheets are made."""
    blueprint = book.blueprint
    views = [view_sheet(view, book) for view in blueprint.views]
    made: dict[str, Sheet] = {}
    names: list[dict[str, str]] = []
    rules: list[Column] = []
    if blueprint.dashboard:
        made["dashboard"] = dashboard_sheet(blueprint.dashboard, book)
    if "search" in book.sheets:
        made["search"], names = pages.search_sheet(book)
    if "rules" in book.sheets:
        made["rules"], rules = pages.rules_sheet(book)
    if "templates" in book.sheets:
        made["templates"] = pages.templates_sheet(book)
    if "team" in book.sheets:
        made["team"] = pages.team_sheet(book)
    if "dictionary" in book.sheets:
        made["dictionary"] = pages.dictionary_sheet(book)
    made["lists"], dropdowns = lists_sheet(book)
    sheets = _in_order(book, views, made, rules)
    home, own = pages.home_sheet(book, sheets)
    spec: Spec = {
        "version": 1, "title": blueprint.name, "formats": FORMATS[blueprint.date_format],
        "sheets": [home, *sheets], "names": [*own, *names, *dropdowns],
    }  # fmt: skip
    return {**spec, "sheets": [*spec["sheets"], pages.marker_sheet(book, spec["sheets"], idents(spec))]}


def _in_order(book: Book, views: list[Sheet], made: dict[str, Sheet], rules: list[Column]) -> list[Sheet]:
    """The sessions, what is looked at most, the views, the other tables, then what is set up once."""
    tables = [table_sheet(t, book, rules if t.key == "sessions" else []) for t in reversed(book.blueprint.tables)]
    first, *others = reversed(tables)  # sessions last: the figures of the others add hidden columns to it
    front = [made.pop(key) for key in ("dashboard", "search") if key in made]
    return [first, *front, *views, *others, *made.values()]
