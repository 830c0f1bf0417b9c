"""Limits that the documents name are those of the code: change one, and this says which sentence to change."""

from __future__ import annotations

import pytest

from chatbuilder.chats import SOURCES
from chatbuilder.generators.airtable import chats as airtable_chats
from chatbuilder.generators.common import keywords, rows, sheets_batch, workbook_spec
from chatbuilder.generators.excel import views
from chatbuilder.generators.logseq import markup
from chatbuilder.generators.notion import chats as notion_chats
from chatbuilder.generators.sheets import chats as sheets_chats
from chatbuilder.importers.common.limits import LIMITS, MIB
from chatbuilder.pipeline import rooms
from chatbuilder.provision.airtable.filling import FREE_RECORDS
from chatbuilder.provision.excel import package
from chatbuilder.provision.notion.api import LIMIT as NOTION
from chatbuilder.provision.sheets import LIMIT as GOOGLE
from tests.helpers import ROOT

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")
FIGURES = {
    "README.md": (f"exports of {len(SOURCES)} assistants",),
    "docs/sync.md": (
        f"at most {rows.TITLE_LIMIT:,} characters; else the first {rows.NAMED} characters",
        f"your first prompt, at most {rows.PROMPT_LIMIT:,} characters",
        f"the {NUMBERS[keywords.MOST]} words that stand most often",
        f"their first {keywords.READ:,} characters",
        f"no block over {markup.BLOCK_LIMIT:,} characters",
        f"(cut at {airtable_chats.CELL_LIMIT:,} characters)",
        f"A cell holds {workbook_spec.CELL_LIMIT:,} characters and {workbook_spec.LINE_LIMIT} line breaks",
        f"A cell holds {sheets_batch.CELL_LIMIT:,} characters",
        f"up to {sheets_chats.ROWS_TOGETHER} rows",
        f"A view shows {views.SHOWN} rows",
        f"workbooks up to {package.SIZE_LIMIT // MIB} MB ({package.CONTENT_LIMIT // MIB} MB unpacked)",
        f"up to {notion_chats.CHOICE_LIMIT} choices",
        f"Addresses of more than {notion_chats.URL_LIMIT:,} characters",
        f"below {NOTION.calls} a minute",
        f"Batches of {rooms.BATCH} rows",
    ),
    "docs/sources.md": (
        f"a chat of {LIMITS.chat // MIB} MiB of JSON",
        f"a message of {LIMITS.text // MIB} million characters",
        f"{LIMITS.messages:,} messages in a chat",
        f"{LIMITS.entries:,} files in a zip or folder",
        f"{LIMITS.zips} zips inside each other",
        f"{LIMITS.unpacked // MIB // 1024} GiB for all that a zip unpacks to",
        f"{LIMITS.inner // MIB // 1024} GiB for a zip inside a zip",
        f"more than {LIMITS.ratio} times its size",
        f"Titles are cut at {LIMITS.title:,} characters, tool calls and thoughts at {LIMITS.noise:,}",
    ),
    "docs/platforms/excel.md": (
        f"Views show the first {views.SHOWN} rows",
        f"A cell holds {workbook_spec.CELL_LIMIT:,} characters and {workbook_spec.LINE_LIMIT} line breaks",
        f"workbooks up to {package.SIZE_LIMIT // MIB} MB",
    ),
    "docs/platforms/notion.md": (f"below {NOTION.calls}", f"allows {NOTION.calls} requests a minute"),
    "docs/platforms/airtable.md": (
        f"| Free | {FREE_RECORDS:,} |",
        f"A cell holds about {airtable_chats.CELL_LIMIT:,} characters",
    ),
    "docs/platforms/sheets.md": (
        f"{GOOGLE.calls} reads and {GOOGLE.calls} writes a minute",
        f"a cell {sheets_batch.CELL_LIMIT:,} characters",
    ),
    "docs/platforms/logseq.md": (f"at most {markup.BLOCK_LIMIT:,}",),
}


@pytest.mark.parametrize(("page", "text"), [(page, text) for page, texts in FIGURES.items() for text in texts])
def test_the_figures_are_those_of_the_code(page, text):
    assert text in " ".join((ROOT / page).read_text("utf-8").split())
