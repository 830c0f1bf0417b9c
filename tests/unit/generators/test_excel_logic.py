"""Filters and orders as formulas, to the letter: what they give is computed by LibreOffice in its own tests."""

from __future__ import annotations

import hashlib
import json

import pytest

from chatbuilder import catalog
from chatbuilder.blueprint import Sort, View
from chatbuilder.design import design
from chatbuilder.filters import Cmp
from chatbuilder.generators.excel import generate, logic
from chatbuilder.generators.excel.book import open_book
from chatbuilder.generators.excel.pages import wanted_pages
from tests.helpers import config
from tests.unit.generators.excel_cases import spec_of
from tests.unit.generators.test_logseq_filters import ASKED, TREES, comparisons
from tests.unit.test_goldens import ANSWERS, FOLDER, NOT_SIMPLE, answers, hold


@pytest.fixture(scope="module")
def blueprint():
    return design(
        config("excel", *NOT_SIMPLE, features=tuple(catalog.FEATURES), team_size="large", complexity="advanced")
    )


def test_filters_as_formulas(blueprint):
    dated = [Cmp("follow_up", op, "2026-05-25") for op in ("eq", "lt", "ge")]
    asked = [*(one for key in ASKED for one in comparisons(key)), *TREES, *dated, None, Cmp("auto_filed", "empty")]
    asked.append(Cmp("auto_filed", "not_empty"))
    lines = [f"{one}\n    {logic.condition(one, blueprint.sessions, lambda key: f'<{key}>')}" for one in asked]
    hold(FOLDER / "excel filters.txt", "\n".join(lines) + "\n")


def test_orders_as_keys(blueprint):
    book = open_book(blueprint, wanted_pages(blueprint))
    kinds = {(item.type, item.maximum, item.key == "month"): item for item in blueprint.sessions.fields}
    views = [
        View(f"{item.key} {down}", "", "table", "", (), sorts=(Sort(item.key, down),))
        for item in kinds.values()
        for down in (False, True)
    ]
    views += [
        View(f"by {every}", "", "board", "", (), group_by="started", interval=every) for every in ("week", "month")
    ]
    sorts = (
        Sort("value", descending=True),
        Sort("status", descending=True),
        Sort("started"),
        Sort("title"),
        Sort("words"),
    )
    views += [View(f"many, by {key}", "", "board", "", (), sorts=sorts, group_by=key) for key in ("status", None)]
    lines = [f"{view.key}\n    {logic.key_of(view, book)}" for view in views]
    for view in blueprint.views:
        lines.append(f"view {view.key}\n    {logic.view_formula(view, book)}")
    hold(FOLDER / "excel orders.txt", "\n".join(lines) + "\n")


@pytest.mark.parametrize("which", ANSWERS)
def test_each_sheet_as_it_is_ordered(which):
    """A digest of each sheet, name and script before the workbook is packed: it names what changed."""
    answers_ = answers(which, "excel")
    solution = generate(answers_, design(answers_))
    spec = spec_of(solution)
    parts = {f"sheet {sheet['key']}": sheet for sheet in spec["sheets"]}
    parts |= {"names": spec["names"], "formats": spec["formats"], "guide": solution.guide.markdown}
    parts |= {document.key: document.markdown for document in solution.documents}
    parts |= {file.path: file.content for file in solution.files if isinstance(file.content, str)}
    parts |= {f"by hand {n}": repr(step) for n, step in enumerate(solution.manual)}
    told = (f"{key} {hashlib.sha256(json.dumps(part).encode()).hexdigest()[:12]}" for key, part in parts.items())
    hold(FOLDER / f"excel sheets of {which}.txt", "\n".join(told) + "\n")
