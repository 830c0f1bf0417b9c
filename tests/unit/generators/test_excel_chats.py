"""Rows of chats in a workbook as a person, or Excel, left them."""

from __future__ import annotations

import json

import pytest

from chatbuilder.blueprint import TagRule
from chatbuilder.design import design
from chatbuilder.generators.common.rows import TRANSCRIPT, RowMaker
from chatbuilder.generators.excel.chats import Rows, messages
from tests.helpers import config
from tests.unit.library.makers import chat, said


@pytest.fixture(scope="module")
def rows():
    wanted = config(
        "excel", "organization", "automation", "analytics", features=["tags", "projects", "timeline"],
        complexity="moderate", options={"custom_fields": [{"name": "a", "type": "text"}, {"name": "_B"}]},
    )  # fmt: skip
    return Rows(design(wanted))


@pytest.mark.parametrize(
    ("key", "kind", "text", "cell"),
    [
        ("started", "n", "46082.5", "2026-03-01T12:00:00Z"),
        ("started", "n", "46082.500011574", "2026-03-01T12:00:01Z"),
        ("day", "n", "46082", "2026-03-01"), ("day", "n", "46082.75", "2026-03-01"), ("day", "n", "1e300", "1e300"),
        ("day", "s", "soon", "soon"), ("messages", "n", "12", "12"), ("messages", "n", "12.0", "12"),
        ("messages", "n", "1.5", "1.5"), ("messages", "n", "x", "x"), ("messages", "n", "inf", "inf"),
        ("model", "s", "", ""),
        ("messages", "s", "12.0", "12.0"), ("model", "f", "gpt", ("", "not of sync's kind")),
        ("model", "e", "#N/A", ("", "not of sync's kind")),
    ],
)  # fmt: skip
def test_what_stands_in_a_cell(rows, key, kind, text, cell):
    assert rows.read({key: [kind, text]}) == {key: cell}


def test_a_transcript_reads_as_it_was_written():
    """However Excel keeps numbers and moments; the parts of a message count as one."""
    told = (said(0, "x" * 40_000), said(1, "Yes", model="gpt"), said(2, "No", time=None))
    plain = Rows(design(config("excel")))
    row = RowMaker(design(config("excel"))).row(chat("a"), transcript=True)
    wanted = plain.cells(type(row)(**{**{k: getattr(row, k) for k in row.__slots__}, "said": told}))[TRANSCRIPT]
    listed = messages(told)
    assert [(found[0], found[1], found[2]) for found in listed] == [
        (1, 1, "you"), (1, 2, "you"), (2, 1, "assistant"), (3, 1, "you"),
    ]  # fmt: skip
    names = ("message", "part", "who", "at", "model", "text")
    state = []
    for line in listed:
        cells = {name: ["s", str(value)] for name, value in zip(names, line, strict=True) if value is not None}
        cells |= {name: ["n", f"{line[at]}.0"] for at, name in enumerate(names[:2])}
        state.append(cells)
    assert plain.read({TRANSCRIPT: state}) == {TRANSCRIPT: wanted}
    state[2]["at"] = ["n", "46082.500694444"]
    assert plain.read({TRANSCRIPT: state}) == {TRANSCRIPT: wanted}
    state[2]["who"] = ["s", "me"]
    assert plain.read({TRANSCRIPT: state}) != {TRANSCRIPT: wanted}
    assert plain.read({TRANSCRIPT: []}) == {TRANSCRIPT: ""}
    assert [who for who, *_ in json.loads(wanted)] == ["you", "assistant", "you"]


def test_rules_on_their_sheet(rows):
    listed = [
        (" bread ", "TOPIC", " Work "), ("x", " Tags", "bug"), ("", "Topic", "Work"), ("x", "Topic", " "),
        ("x", "Gone", "y"),
        ("x", "Field 2", "y"), ("x", "_b", "z"), ("x", "topic", "Personal"),
    ]  # fmt: skip
    assert rows.rules(listed) == (
        TagRule(("bread",), "topic", "Work"), TagRule(("x",), "tags", "bug"), TagRule(("x",), "my_b", "z"),
        TagRule(("x",), "topic", "Personal"),
    )  # fmt: skip


def test_only_the_columns_that_are_asked_for_are_changed(rows):
    maker = RowMaker(design(config("excel", "analytics")))
    plain = Rows(design(config("excel", "analytics")))
    row = maker.row(chat("a", "Hello", "é", title="T"), transcript=True)
    cells = plain.cells(row)
    change = plain.change({}, row, cells, ("messages", "started"))
    assert (change.data, change.size) == ({"set": {"messages": 2, "started": {"date": "2026-03-01T12:00:00Z"}}}, 16)
    change = plain.change({}, row, cells, ("source_id", TRANSCRIPT))
    assert change.data == {"set": {"source_id": "chatgpt:a"}, "messages": messages(row.said)}
    assert change.size == len("chatgpt:a") + len("Hello") + len("é".encode())
    assert plain.read_fields[0] == "title"
    assert set(plain.read_fields[1:]) | {TRANSCRIPT} == set(cells)


def test_a_project_is_named_as_a_cell_holds_it(rows):
    made = rows.related("projects", "a _x0041_ b")
    assert made.data == {"table": "projects", "title": "a _x0041_ b", "content": "a _x005F_x0041_ b"}
    assert made.size == len("a _x005F_x0041_ b")


def test_tables_and_headings_as_they_were_built(rows):
    assert rows.idents == {"sessions": "Sessions", "topics": "Topics", "projects": "Projects", "rules": "Rules"}
    assert rows.titles == {"sessions": "title", "topics": "name", "projects": "name"}
    assert rows.names["rules"] == {"word": "Word", "field": "Field", "value": "Value"}
    assert rows.names["topics"] == {"name": "Name", "about": "About"}
    assert rows.ids["topics"] == {"name": 1, "about": 2}
    assert "rules" not in Rows(design(config("excel"))).idents
