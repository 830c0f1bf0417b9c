"""Chats as Notion pages: what is sent, and that what Notion gives back in another form is the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from chatbuilder.chats import Part
from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.generators.common.merging import HALF
from chatbuilder.generators.common.rows import TRANSCRIPT, Row, RowMaker
from chatbuilder.generators.notion import transcript
from chatbuilder.generators.notion.chats import Pages, choice
from tests.contract.notion import CREATE_PAGE, block
from tests.unit.library.makers import chat, said

BLUEPRINT = design(Config(platform="notion", priorities=("organization", "search"), features=("tags", "projects")))
PAGES = Pages(BLUEPRINT)


def row_of(**more: Any) -> Row:
    return RowMaker(BLUEPRINT).row(chat("a", "Hello\nworld", "Hi", url="https://x.example/a", **more), transcript=True)


def test_a_new_page_leaves_out_what_is_empty_and_links_what_is_there():
    row = row_of(project="Garden")
    values = PAGES.new(row, PAGES.cells(row), {("projects", "Garden"): "p1"}).data["values"]
    assert values["project"] == {"relation": [{"id": "p1"}]}
    assert values["started"] == {"date": {"start": "2026-03-01T12:00:00Z"}}
    assert "model" not in values
    assert "project" not in PAGES.new(row, PAGES.cells(row), {}).data["values"]


@pytest.mark.parametrize(
    ("field", "back"),
    [
        ("started", {"date": {"start": "2026-03-01T12:00:00.000+00:00", "end": None, "time_zone": None}}),
        ("started", {"date": {"start": "2026-03-01T13:00:00.000+01:00", "end": None}}),
        ("assistant", {"select": {"id": "x", "name": "CHATGPT", "color": "red"}}),
        ("messages", {"number": 2.0}),
        ("first_prompt", {"rich_text": [{"plain_text": "Hello"}, {"plain_text": " world "}]}),
        ("link", {"url": "https://x.example/a"}),
        ("model", {"rich_text": []}),
    ],
)
def test_what_comes_back_in_another_form_is_the_same(field, back):
    cells = PAGES.cells(row_of())
    assert PAGES.read({"values": {field: back}}) == {field: cells[field]}


@pytest.mark.parametrize(
    ("field", "back"),
    [
        ("started", {"date": {"start": "2026-03-01T12:01:00.000+00:00", "end": None}}),
        ("started", {"date": {"start": "2026-03-01", "end": None}}),
        ("started", {"date": {"start": "2026-03-01T12:00:00.000+00:00", "end": "2026-03-02T12:00:00.000+00:00"}}),
        ("started", {"date": {"start": "no time at all, by any means"}}),
        ("started", {"date": None}),
        ("messages", {"number": 2.5}),
        ("assistant", {"select": None}),
        ("source_id", {"rich_text": [{"plain_text": "chatgpt:a "}]}),
    ],
)
def test_what_a_person_changed_is_not(field, back):
    cells = PAGES.cells(row_of())
    assert PAGES.read({"values": {field: back}}) != {field: cells[field]}


def test_choices_fit_notion():
    assert choice("a, b\nc") == "a; b c"
    assert choice(" , ") == ";"
    assert len(choice("🚀" * 80).encode("utf-16-le")) // 2 <= 100
    long = row_of(tags=("One", "one", "x,y"))
    values = PAGES.new(long, PAGES.cells(long), {}).data["values"]
    names = [option["name"] for option in values["tags"]["multi_select"]]
    assert len({name.casefold() for name in names}) == len(names)
    assert "x;y" in names


def test_an_address_that_is_too_long_is_left_out_not_cut():
    row = RowMaker(BLUEPRINT).row(chat("a", url="https://x.example/" + "a" * 2_000))
    assert "link" not in PAGES.new(row, PAGES.cells(row), {}).data["values"]
    assert PAGES.change({"values": {}}, row, PAGES.cells(row), ["link"]).data["values"] == {"link": {"url": None}}


# Transcripts ---------------------------------------------------------------------------------------------------------
TEXTS = (
    "plain", "", "```\n```", "```py\nprint()\n```", "before\n```\nx\n``` \nafter", "```open\nnever closed",
    "````\n```\ninner\n```\n````", "~~~ sql\nSELECT 1\n~~~", "  ```js\n  x\n  ```", "`` ` ``\n", "\n\n\n", "a\0b\r\nc",
    "<page url=\"x\">t</page>", "\ud800 lone", "```mermaid\ngraph\n```",
)  # fmt: skip


@pytest.mark.parametrize("text", TEXTS)
def test_any_text_becomes_blocks_that_notion_takes_and_gives_back(text):
    made = transcript.blocks([said(0, text), said(1, text)], "ChatGPT")
    for item in made:
        block(item)
    back = [(kind, words) for kind, words in map(transcript.told, made)]
    assert transcript.as_compared(back) == transcript.as_compared(list(map(transcript.told, made)))
    assert sum(words.startswith(("You", "ChatGPT")) for _, words in back) == 2


def test_files_are_told_by_their_names():
    message = said(0, "Look", parts=(Part("typed", "Look"), Part("attachment", "", "plan.pdf")))
    assert transcript.told(transcript.blocks([message], "x")[0])[1].endswith("Look\n\n[file: plan.pdf]")


def test_a_huge_message_fits_into_requests():
    row = RowMaker(BLUEPRINT).row(chat("a", "é" * 700_000, *(["x"] * 150)), transcript=True)
    payload = PAGES.new(row, PAGES.cells(row), {})
    parts = payload.data["said"]
    assert payload.cost == len(parts) + 2
    for part in parts:
        assert len(part) <= 100
        body = {"parent": {"page_id": "00000000-0000-4000-8000-000000000000"}, "properties": {}, "children": part}
        CREATE_PAGE(body)
        assert len(json.dumps(body)) < 450_000


def _standing(row: Row, blocks: int, **more: Any) -> dict[str, Any]:
    shown = list(map(transcript.told, transcript.blocks(row.said or (), "ChatGPT")))
    return {"id": "t", "half": False, "old": [], "blocks": shown[:blocks], **more}


def test_what_grew_is_added_and_what_changed_is_replaced():
    row = RowMaker(BLUEPRINT).row(chat("a", *map(str, range(10))), transcript=True)
    cells = PAGES.cells(row)

    def change(there: Any) -> Any:
        payload = PAGES.change({"values": {}, "said": there}, row, cells, [TRANSCRIPT])
        return payload.data["said"], payload.cost

    grew, cost = change(_standing(row, 8))
    assert (grew["into"], grew["at"], grew["whole"], len(grew["parts"][0]), cost) == ("t", 8, True, 2, 1)
    other, cost = change(_standing(row, 8) | {"blocks": [("paragraph", "other")]})
    assert (other["into"], other["old"], other["whole"], len(other["parts"][0]), cost) == ("", ["t"], False, 10, 3)
    half, cost = change(_standing(row, 4, half=True, old=["before"]))
    assert (half["into"], half["old"], half["whole"], cost) == ("t", ["before"], False, 3)
    first, cost = change(None)
    assert (first["into"], first["old"], first["whole"], cost) == ("", [], True, 1)


@pytest.mark.parametrize(
    ("texts", "there", "more", "whole", "cost"),
    [
        (300, 4, {}, False, 3 + 2),  # three requests, the word that it is unfinished and the word that it is whole
        (300, 4, {"half": True}, False, 3 + 1),
        (300, 0, {}, False, 3 + 2),
        (104, 4, {}, True, 1),
        (105, 4, {}, False, 2 + 2),
        (10, 10, {}, True, 0),
        (10, 10, {"half": True}, False, 0 + 1),
        (10, 10, {"old": ["x", "y"]}, False, 2 + 2),
        (10, 9, {"half": True, "old": ["x"]}, False, 1 + 1 + 1),
    ],
)
def test_what_it_takes_to_bring_a_transcript_up_to_date(texts, there, more, whole, cost):
    row = RowMaker(BLUEPRINT).row(chat("a", *map(str, range(texts))), transcript=True)
    payload = PAGES.change({"values": {}, "said": _standing(row, there, **more)}, row, PAGES.cells(row), [TRANSCRIPT])
    assert (payload.data["said"]["whole"], payload.cost) == (whole, cost)
    assert sum(map(len, payload.data["said"]["parts"])) == texts - there


def test_a_half_written_transcript_is_no_edit():
    row = row_of()
    assert PAGES.read({"values": {}, "said": _standing(row, 1, half=True)})[TRANSCRIPT] == HALF
    assert PAGES.read({"values": {}, "said": _standing(row, 2)})[TRANSCRIPT] == PAGES.cells(row)[TRANSCRIPT]
    assert TRANSCRIPT not in PAGES.read({"values": {}, "said": None})
