"""Every comparison of every kind of field, as a query of Logseq: the rows it finds, and its text to the letter."""

from __future__ import annotations

import dataclasses
from datetime import date
from typing import Any

import pytest

from chatbuilder.blueprint import View
from chatbuilder.config import Config, Options
from chatbuilder.design import design
from chatbuilder.filters import And, Cmp, Filter, Me, Not, Or, Today
from chatbuilder.generators.logseq import generate, queries
from tests.unit.generators import logseq_graph as logseq
from tests.unit.generators.test_logseq import EVERYTHING, expected, graph, view_query
from tests.unit.test_goldens import FOLDER, hold

TODAY = date(2026, 5, 25)
TOPICS = ("Work", "a; b", "C# [x]", "12")
ORDER = ("eq", "ne", "lt", "le", "gt", "ge")
LISTED = ("has", "lacks")
ASKED: dict[str, tuple[tuple[str, ...], tuple[Any, ...]]] = {
    "title": (("eq", "ne"), ("One", "a/b")),
    "status": (("eq", "ne"), ("Active", "On Hold", "")),
    "model": (("eq", "ne"), ("gpt", "12", "true", "x; y", "[[z]]", 'a"b', "a, b")),
    "value": (ORDER, (3, -1, 3.5)),
    "follow_up": (ORDER, (Today(0), Today(-1), Today(6))),
    "last_activity": (ORDER, (Today(0), Today(1), Today(-7))),
    "tags": (LISTED, ("bug", "how-to")),
    "secondary_topics": (LISTED, TOPICS),
    "topic": (LISTED, ("Work", "C# [x]")),
    "owner": (("eq", *LISTED), ("Sam", Me())),
    "auto_filed": (("eq", "ne"), (True, False)),
}
CELLS: dict[str, tuple[Any, ...]] = {
    "title": ("One", "a/b", "Two"),
    "status": (None, "Active", "On Hold"),
    "model": (None, "gpt", "12", "true", "x; y", "[[z]]", 'a"b', "a, b", "GPT"),
    "value": (None, -1, 3, 3.5, 5),
    "follow_up": (None, "2026-05-24", "2026-05-25", "2026-05-26", "2026-05-31"),
    "last_activity": (
        None, "2026-05-18T00:00:00Z", "2026-05-24T23:59:59Z", "2026-05-25T12:00:00Z", "2026-05-26T00:00:00Z",
    ),
    "tags": ((), ("bug",), ("bug", "how-to")),
    "secondary_topics": ((), *((topic,) for topic in TOPICS), TOPICS),
    "topic": ((), ("Work",), ("C# [x]",)),
    "owner": (None, "Sam", queries.ME),
    "auto_filed": (None, True, False),
}  # fmt: skip
ACTIVE, SAM, LATE = Cmp("status", "eq", "Active"), Cmp("owner", "has", "Sam"), Cmp("follow_up", "lt", Today())
SOON = Cmp("follow_up", "le", Today(6))
TREES: tuple[Filter, ...] = (
    And((ACTIVE, SAM)), And((ACTIVE, And((SAM, Cmp("tags", "lacks", "bug"))))), Or((ACTIVE, SAM)), Or((ACTIVE,)),
    Or(()), And(()), Or((ACTIVE, Cmp("value", "eq", 3))),
    And((Or((ACTIVE, Cmp("status", "eq", "On Hold"))), Not(SAM))), Not(And(())),
    Or((LATE, Not(SOON))), Not(Or((LATE, And((SOON, ACTIVE))))), And((LATE, SOON)),
    Or((ACTIVE, Cmp("model", "eq", "a, b"))),
    Not(Not(Cmp("tags", "empty"))), Or((ACTIVE, Cmp("status", "ne", "On Hold"))),
)  # fmt: skip


def scene(conditions: list[Filter], cells: dict[str, Any]) -> tuple[Any, list[logseq.Page]]:
    config = Config(platform="logseq", **EVERYTHING, options=Options(topics=TOPICS))
    found = design(config)
    views = tuple(View(f"v{n}", f"V{n}", "table", "", ("title",), filter=one) for n, one in enumerate(conditions))
    rows = tuple({"title": f"{key} {n}", key: cell} for key, every in cells.items() for n, cell in enumerate(every))
    rows += tuple({"title": f"{s} {o} {n}", "status": s, "owner": o, "follow_up": day, "tags": ("bug",)[n % 2 :]}
                  for s in ("Active", "On Hold") for o in ("Sam", None)
                  for n, day in enumerate((None, "2026-05-24", "2026-05-28", "2026-06-30")))  # fmt: skip
    tables = (dataclasses.replace(found.sessions, samples=rows), *(
        dataclasses.replace(t, samples=()) if t.key == "prompts" else t for t in found.tables[1:]))  # fmt: skip
    blueprint = dataclasses.replace(found, views=views, tables=tables)
    return blueprint, logseq.read_pages(graph(generate(config, blueprint)))


def comparisons(key: str) -> list[Filter]:
    operators, values = ASKED[key]
    asked: list[Filter] = [Cmp(key, op, value) for op in operators for value in values]  # type: ignore[arg-type]
    return asked if key in ("title", "auto_filed") else [*asked, Cmp(key, "empty"), Cmp(key, "not_empty")]


@pytest.mark.parametrize("key", [*ASKED, "trees"])
def test_each_comparison_finds_the_rows_that_it_means(key):
    asked = comparisons(key) if key != "trees" else list(TREES)
    blueprint, pages = scene(asked, {key: CELLS[key]} if key in CELLS else {})
    lines = []
    for view in blueprint.views:
        query = view_query(view, pages, blueprint)
        wanted = expected(view, blueprint, TODAY)
        assert logseq.run(query, pages, TODAY) == wanted, view.filter
        lines += [f"=== {view.filter}", f"{query.kind}: {query.source}", str(dict(query.properties))]
    hold(FOLDER / f"logseq {key}.txt", "\n".join(lines) + "\n")
