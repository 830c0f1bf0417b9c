"""Logseq: pages of a file graph for Logseq OG 0.10 and 1.0, which Logseq 2 imports (“File to DB graph”)."""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.generators.common.data import data_files, dictionary_document
from chatbuilder.generators.logseq import markup
from chatbuilder.generators.logseq.config import config_edn
from chatbuilder.generators.logseq.guide import guide
from chatbuilder.generators.logseq.names import Titles, page_path
from chatbuilder.generators.logseq.outline import outline
from chatbuilder.generators.logseq.pages import Page, graph_pages
from chatbuilder.generators.logseq.recipes import recipe_files
from chatbuilder.solution import Document, OutputFile, Plan, Solution, Step

__all__ = ["generate"]

CONFIG_PATH = "logseq/config.edn"


def generate(config: Config, blueprint: Blueprint) -> Solution:
    """Return the graph, its guide and the plan that delivers it into a folder.

    The plan's steps carry exactly the texts of the files below `graph/`. `logseq/config.edn` is a file step with
    `if_absent`: true in its payload: settings that are there already stay as they are.
    """
    titles = Titles(blueprint)
    document, manual = guide(blueprint, titles)
    pages = [*graph_pages(blueprint, titles), _guide_page(document, titles)]
    settings = config_edn(blueprint, titles)
    dictionary = dictionary_document(blueprint)
    files = (
        OutputFile(f"graph/{CONFIG_PATH}", settings, "Settings, for a new graph"),
        *(OutputFile(f"graph/{page_path(page.title)}", page.text, page.about) for page in pages),
        *data_files(blueprint),
        OutputFile("data-dictionary.md", dictionary.markdown, "Every field"),
        *recipe_files(blueprint, titles),
    )
    plan = Plan(tuple(_steps(pages, settings)))
    return Solution("logseq", blueprint, document, (dictionary,), files, plan, manual, {"home": titles.root})


def _guide_page(document: Document, titles: Titles) -> Page:
    title = titles.page("Guide")
    return Page("guide", title, "Guide", markup.page(title, {}, outline(document.markdown)))


def _steps(pages: list[Page], settings: str) -> Iterator[Step]:
    for folder in ("pages", "journals", "logseq"):
        yield Step(f"folder:{folder}", f"Folder {folder}", "folder", {"path": folder})
    payload = {"path": CONFIG_PATH, "text": settings, "if_absent": True}
    yield Step("config", "Settings, if there are none yet", "file", payload, ("folder:logseq",))
    for page in pages:
        payload = {"path": page_path(page.title), "text": page.text}
        yield Step(page.key, f"Page {page.title}", "file", payload, ("folder:pages",))
