"""Sync into Notion, as far as it differs from other platforms: faults, renamed properties, choices, transcripts."""

from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbuilder.errors import ChatbuilderError, CredentialsError, InputError, InterruptedByUser, RefusedError
from chatbuilder.generators.notion.transcript import TITLE, UNFINISHED
from chatbuilder.paths import locate
from chatbuilder.pipeline.syncing import SyncWaiting
from chatbuilder.provision.notion import filling
from chatbuilder.provision.notion.transport import NotionTransport
from tests.contract.notion import Refused
from tests.integration.filling import FULL, grown, keys, take_in
from tests.integration.places import NotionPlace
from tests.unit.library.makers import chat
from tests.vendors.faults import KINDS, Faults
from tests.vendors.notion import NotionFake, pool

LONG = [text for n in range(60) for text in (f"Question {n}", f"Answer {n}")]
STRIDE = int(os.environ.get("CHATBUILDER_FAULT_STRIDE", "3"))  # 1: every kind of fault at every call
CHATS = [chat("a", project="Garden"), chat("b", "How?", "```python\nprint(1)\n```\nSo.", project="Garden"), chat("c")]
LEAN = {**FULL, "options": {**FULL["options"], "sample_data": False}}


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[Callable[..., NotionPlace]]:
    with ExitStack() as stack:
        yield lambda **more: stack.enter_context(closing(NotionPlace(tmp_path, **more)))


class Bench:
    """A place whose fake answers without a socket, and a way back to how it was."""

    def __init__(self, place: NotionPlace, monkeypatch: pytest.MonkeyPatch) -> None:
        self.place, self.fake = place, place.fake
        monkeypatch.setattr(
            filling, "NotionTransport", lambda secret, url: NotionTransport(secret, http=pool(place.fake))
        )

    def keep(self) -> None:
        home = locate().library.parent
        shutil.rmtree(home.with_name("kept"), ignore_errors=True)
        shutil.copytree(home, home.with_name("kept"))
        self.workspace = copy.deepcopy(self.fake.workspace)

    def back(self) -> None:
        home = locate().library.parent
        shutil.rmtree(home)
        shutil.copytree(home.with_name("kept"), home)
        self.fake.workspace = copy.deepcopy(self.workspace)
        self.fake.faults = Faults()

    def sync(self) -> Any:
        return self.place.sync(transcripts=True)

    def found(self) -> dict[str, Any]:
        return {"rows": self.place.rows(), "projects": sorted(self.place.projects())}


def _met(bench: Bench, kind: Any, after: dict[str, Any], calls: int) -> None:
    """Let each call go wrong in turn; sync again as a person would, and compare with nothing having gone wrong."""
    for index in range(KINDS.index(kind) % STRIDE, calls, STRIDE):
        bench.back()
        bench.fake.faults = Faults({index: kind})
        with suppress(ChatbuilderError):
            report = bench.sync()
            assert not report.failed, report.problems
        bench.fake.faults.clear()
        assert not bench.sync().failed
        assert bench.found() == after, f"{kind} at call {index}"


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
def test_any_fault_at_any_call_loses_nothing_and_doubles_nothing(kind, opens, monkeypatch):
    bench = Bench(opens(answers=LEAN), monkeypatch)
    take_in(*CHATS, chat("long", *LONG))
    bench.keep()
    bench.sync()
    after, calls = bench.found(), bench.fake.faults.count
    assert calls > 8
    bench.back()
    bench.fake.faults = Faults()
    _met(bench, kind, after, calls)
    # What is there grows: properties and transcripts change.
    bench.back()
    bench.sync()
    take_in(*(grown(old, "More", "Sure") for old in CHATS), chat("long", *LONG[:-1], "Other", days=1), exported=2.0)
    bench.keep()
    bench.fake.faults = Faults()
    bench.sync()
    after, calls = bench.found(), bench.fake.faults.count
    _met(bench, kind, after, calls)


def test_a_page_for_each_chat_with_forecast_and_exact_calls(opens):
    place = opens(answers=LEAN)
    take_in(*CHATS)
    forecast = place.sync(dry_run=True)
    assert any("less than a minute" in note and "180 calls a minute" in note for note in forecast.notes)
    place.fake.log.clear()
    report = place.sync()
    assert report.requests == forecast.requests == 6  # two queries, a project, three pages
    assert len([call for call in place.fake.log if call == ("POST", "/v1/pages")]) == 4
    assert place.fake.refusals == 0


def test_a_connection_on_free_is_told_of_the_block_limit_first(tmp_path):
    with closing(NotionPlace(tmp_path, LEAN, NotionFake(plan="free", kind="internal"))) as place:
        take_in(*(chat(f"c{n}") for n in range(400)))
        notes = place.sync(dry_run=True, transcripts=True).notes
        assert any("404 calls, about 3 minutes" in note for note in notes)
        assert any("1,000 blocks" in note and "400 new rows" in note for note in notes)


def test_a_full_workspace_stops_it_and_it_goes_on_later(opens):
    place = opens(answers=LEAN)
    chats = [chat(f"c{n}") for n in range(12)]
    take_in(*chats)
    place.fake.blocks = 5
    with pytest.raises(RefusedError, match="workspace is full"):
        place.sync()
    assert len(place.rows()) == 5
    place.fake.blocks = None
    assert place.sync().created == 7
    assert set(place.rows()) == keys(chats)


def test_renamed_properties_are_still_ours(opens):
    place = opens(answers=LEAN)
    take_in(chat("a"))
    place.sync()
    source = place.source()
    for old, new in (("Source ID", "Kennung"), ("Messages", "Nachrichten"), ("Title", "Titel"), ("Tags", "Labels")):
        place.fake.workspace._rename(source, source.properties[old], new)
    take_in(grown(chat("a"), "More"), chat("b", tags=("mine",)), exported=2.0)
    report = place.sync()
    assert (report.created, report.updated, report.kept, report.notes) == (1, 1, 0, [])
    rows = place.rows()
    assert rows["chatgpt:a"]["messages"] == "3"
    assert rows["chatgpt:b"]["tags"] == "mine"


def test_a_deleted_property_stays_out_and_is_told(opens):
    place = opens(answers=LEAN)
    del place.source().properties["Model"]
    take_in(chat("a", model="gpt-5"))
    report = place.sync()
    assert report.created == 1
    assert any("Model" in note for note in report.notes)
    assert place.sync().requests == 0


def test_without_the_property_that_rows_are_found_by_nothing_is_written(opens):
    place = opens(answers=LEAN)
    source = place.source()
    del source.properties["Source ID"]
    take_in(chat("a"))
    with pytest.raises(InputError, match="no property Source ID"):
        place.sync()
    assert source.live() == []


def test_a_page_whose_source_id_was_changed_is_found_where_it_was(opens):
    place = opens(answers=LEAN)
    take_in(chat("a"))
    place.sync()
    place.edit("chatgpt:a", source_id="mine")
    take_in(grown(chat("a"), "More"), exported=2.0)
    report = place.sync()
    assert (report.created, report.updated, report.kept) == (0, 1, 1)
    assert place.rows()["mine"]["messages"] == "3"


def test_a_copy_that_a_person_made_is_left_alone(opens):
    place = opens(answers=LEAN)
    take_in(chat("a"))
    place.sync()
    source = place.source()
    original = source.rows[-1]
    source.rows.insert(0, {**copy.deepcopy(original), "id": "99999999-0000-4000-8000-000000000000"})
    take_in(grown(chat("a"), "More"), exported=2.0)
    assert place.sync().updated == 1
    assert original["properties"]["Messages"] == {"number": 3}
    assert source.rows[0]["properties"]["Messages"] == {"number": 2}


def test_choices_of_the_person_are_kept_and_new_ones_added_up_to_a_hundred(opens):
    place = opens(answers=LEAN)
    tags = place.property("tags")
    tags["select_options"].append({"name": "URGENT", "color": "red"})
    before = [option["name"] for option in tags["select_options"]]
    take_in(chat("a", tags=("urgent", "one, two", "One; Two", "x" * 200)),
            *(chat(f"m{n}", tags=(f"label {n}",)) for n in range(120)))  # fmt: skip
    report = place.sync()
    assert (report.created, report.failed) == (121, 0), report.problems
    names = [option["name"] for option in tags["select_options"]]
    assert names[: len(before)] == before
    assert len(names) == 100
    assert place.rows()["chatgpt:a"]["tags"].startswith("URGENT, ")
    assert sum(name.casefold() == "one; two" for name in names) == 1
    assert place.fake.conflicts == 0
    assert place.sync().requests == 0


def test_a_row_that_notion_does_not_take_stops_no_other(opens, monkeypatch):
    place = opens(answers=LEAN)
    take_in(chat("a"), chat("bad"), chat("c"))
    answer = place.fake.workspace.answer

    def refusing(method: str, path: str, query: Any, body: Any) -> Any:
        if method == "POST" and path == "/v1/pages" and "chatgpt:bad" in str(body):
            raise Refused("body.properties should be something else")
        return answer(method, path, query, body)

    monkeypatch.setattr(place.fake.workspace, "answer", refusing)
    report = place.sync()
    assert (report.created, report.failed) == (2, 1)
    assert "should be something else" in report.problems[0].reason
    monkeypatch.setattr(place.fake.workspace, "answer", answer)
    assert place.sync().created == 1


def test_a_query_that_is_too_long_for_notion_is_parted(opens, monkeypatch):
    place = opens(answers=LEAN)
    chats = [chat(f"c{n}") for n in range(30)]
    take_in(*chats)
    place.sync()
    answer = place.fake.workspace.answer

    def strict(method: str, path: str, query: Any, body: Any) -> Any:
        if path.endswith("/query") and len(body["filter"].get("or", ())) > 8:
            raise Refused("body.filter.or.length should be less than it is")
        return answer(method, path, query, body)

    monkeypatch.setattr(place.fake.workspace, "answer", strict)
    take_in(*(grown(old, "More") for old in chats), exported=2.0)
    assert place.sync().updated == 30


def test_a_token_that_ended_stops_it_with_what_to_do(opens):
    place = opens(answers=LEAN)
    take_in(chat("a"))
    place.fake.token = "ntn_other"
    with pytest.raises(CredentialsError) as caught:
        place.sync()
    assert "token set notion" in caught.value.hint


def test_stopped_in_the_middle_and_gone_on(opens):
    place = opens(answers=LEAN)
    chats = [chat(f"c{n}") for n in range(40)]
    take_in(*chats)
    with pytest.raises(InterruptedByUser) as caught:
        place.sync(cancelled=lambda: len(place.source().rows) >= 12)
    assert "nothing comes twice" in caught.value.hint
    assert 12 <= len(place.rows()) < 40
    assert place.sync().created >= 40 - 12 - 6
    assert set(place.rows()) == keys(chats)


def test_waits_for_the_limit_are_told_and_nothing_is_refused(opens):
    place = opens(answers=LEAN)
    chats = [chat(f"c{n}") for n in range(260)]
    take_in(*chats)
    heard: list[Any] = []
    assert place.sync(on_event=heard.append).created == 260
    assert any(isinstance(item, SyncWaiting) and item.seconds > 1 for item in heard)
    assert place.fake.refusals == 0
    assert set(place.rows()) == keys(chats)


# Transcripts ---------------------------------------------------------------------------------------------------------
def test_code_is_a_block_and_all_else_is_text(opens):
    place = opens(answers=LEAN)
    text = 'Look:\n```PY\nprint(1)\n```\n<mention-page url="x"/> [a](http://x) **b** @now\n~~~dataviewjs\nx\n~~~'
    take_in(chat("a", "Hello", text))
    place.sync(transcripts=True)
    found = [(item["type"], _words(item)) for item in place.inside("chatgpt:a")]
    assert found == [
        ("paragraph", "You · 2026-03-01 12:00\nHello"),
        ("paragraph", "ChatGPT · 2026-03-01 12:01\nLook:"),
        ("code", "print(1)"),
        ("paragraph", '<mention-page url="x"/> [a](http://x) **b** @now'),
        ("code", "x"),
    ]
    codes = [item["code"]["language"] for item in place.inside("chatgpt:a") if item["type"] == "code"]
    assert codes == ["python", "plain text"]
    assert place.sync(transcripts=True).requests == 0


def _words(item: dict[str, Any]) -> str:
    return "".join(part["text"]["content"] for part in item[item["type"]]["rich_text"])


def test_a_long_transcript_takes_as_many_calls_as_the_forecast_says(opens):
    place = opens(answers=LEAN)
    take_in(chat("long", *LONG))
    forecast = place.sync(dry_run=True, transcripts=True)
    assert place.sync(transcripts=True).requests == forecast.requests
    assert place.said("chatgpt:long") == LONG
    more = [f"More {n}" for n in range(130)]
    take_in(chat("long", *LONG, *more, days=1), exported=2.0)
    forecast = place.sync(dry_run=True, transcripts=True)
    assert place.sync(transcripts=True).requests == forecast.requests
    assert place.said("chatgpt:long") == [*LONG, *more]


def test_a_transcript_that_changed_in_the_middle_is_replaced(opens):
    place = opens(answers=LEAN)
    take_in(chat("a", "One", "Two", "Three", "Four"))
    place.sync(transcripts=True)
    take_in(chat("a", "One", "Other", "Three", "Four", days=1), exported=2.0)
    forecast = place.sync(dry_run=True, transcripts=True)
    assert place.sync(transcripts=True).requests == forecast.requests
    assert place.said("chatgpt:a") == ["One", "Other", "Three", "Four"]
    take_in(replace(chat("a", days=2), messages=()), exported=3.0)
    forecast = place.sync(dry_run=True, transcripts=True)
    assert place.sync(transcripts=True).requests == forecast.requests
    assert place.toggles("chatgpt:a") == []


def test_what_a_person_writes_on_the_page_stays(opens):
    place = opens(answers=LEAN)
    take_in(chat("a", "One", "Two"))
    place.sync()
    workspace, page = place.fake.workspace, place.pages()["chatgpt:a"]["id"]
    mine = {"id": "mine", "type": "toggle", "toggle": {"rich_text": [{"type": "text", "text": {"content": "Notes"}}]}}
    workspace.blocks[page] = [mine]
    place.sync(transcripts=True)
    take_in(grown(chat("a", "One", "Two"), "More"), exported=2.0)
    place.sync(transcripts=True)
    assert workspace.blocks[page][0] is mine
    assert [_words(item) for item in place.toggles("chatgpt:a")] == ["Notes", TITLE]


def test_a_deleted_transcript_stays_away(opens):
    place = opens(answers=LEAN)
    take_in(chat("a", "One", "Two"))
    place.sync(transcripts=True)
    place.toggles("chatgpt:a")[0]["in_trash"] = True
    take_in(grown(chat("a", "One", "Two"), "More"), exported=2.0)
    report = place.sync(transcripts=True)
    assert (report.updated, report.kept) == (1, 1)
    assert place.toggles("chatgpt:a") == []


def test_a_transcript_that_was_left_half_written_is_finished(opens):
    place = opens(answers=LEAN)
    take_in(chat("long", *LONG))
    place.sync(transcripts=True)
    (toggle,) = place.toggles("chatgpt:long")
    toggle["toggle"]["rich_text"][0]["text"]["content"] = UNFINISHED
    del place.fake.workspace.blocks[toggle["id"]][70:]
    take_in(grown(chat("long", *LONG), "More"), exported=2.0)
    assert place.sync(transcripts=True).kept == 0
    assert place.said("chatgpt:long") == [*LONG, "More"]
