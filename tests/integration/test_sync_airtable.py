"""Sync into Airtable: what its API does to values, its limits, and faults and kills at every single call."""

from __future__ import annotations

import copy
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import Any

import pytest

from chatbuilder import pipeline
from chatbuilder.errors import ChatbuilderError, CredentialsError, InputError, RefusedError
from chatbuilder.generators.airtable.chats import CELL_LIMIT
from chatbuilder.paths import locate
from chatbuilder.provision.airtable import transport
from chatbuilder.provision.outside.desk import RealTime
from tests.integration.filling import FULL, grown, keys, take_in
from tests.integration.places import AirtablePlace
from tests.unit.library.makers import chat
from tests.vendors.airtable import Reply
from tests.vendors.faults import KINDS

CHATS = [chat(f"c{n}", f"Question {n}", "Answer", project="Garden", tags=("mine",)) for n in range(12)]
GROWN = [replace(grown(old, "More", "Sure"), model="new") for old in CHATS]


@pytest.fixture
def place(tmp_path) -> Iterator[AirtablePlace]:
    with closing(AirtablePlace(tmp_path)) as found:
        yield found


def writes(place: AirtablePlace) -> list[str]:
    """The paths of what was written, since the log was cleared."""
    return [path for method, path in place.fake.log if method == "PATCH"]


# What is sent


def test_ten_records_a_call_and_a_few_looks(place):
    take_in(*(chat(f"c{n}") for n in range(250)))
    place.fake.log.clear()
    report = place.sync()
    assert (report.created, len(writes(place))) == (250, 25)
    assert report.requests == len(place.fake.log)
    assert len(place.fake.log) <= 25 + 4
    take_in(*(grown(chat(f"c{n}"), "More") for n in range(0, 250, 25)), exported=2.0)
    place.fake.log.clear()
    assert place.sync().updated == 10
    assert len(writes(place)) == 1
    assert len(place.fake.log) == 3  # the schema, one look for ten records, one call that writes them


def test_nothing_new_asks_nothing(place):
    take_in(*CHATS)
    place.sync()
    place.fake.log.clear()
    assert place.sync().requests == 0
    assert place.fake.log == []


def test_only_what_changed_is_sent(place):
    take_in(CHATS[0])
    place.sync()
    bodies = []
    send = place.base.send
    place.base.send = lambda method, path, body, query=None: (
        bodies.append((method, body)) or send(method, path, body, query)
    )
    take_in(GROWN[0], exported=2.0)
    place.sync()
    ((record,),) = [body["records"] for method, body in bodies if method == "PATCH"]
    names = {field["id"]: field["name"] for field in place.table()["fields"]}
    sent = {names[key] for key in record["fields"]}
    assert {"Last activity", "Messages", "Model"} <= sent
    assert not sent & {"Title", "Source ID", "Started", "Link", "Tags", "Status"}
    assert record["id"] == place.record(CHATS[0].key)


def test_a_record_that_was_duplicated_by_hand_confuses_nobody(place):
    take_in(*CHATS[:2])
    place.sync()
    table = place.table()["id"]
    place.base.cells[table][place.base.new_id("rec")] = dict(place.base.cells[table][place.record(CHATS[0].key)])
    take_in(*GROWN[:2], exported=2.0)
    assert (place.sync().updated, len(place.base.cells[table])) == (2, 6 + 3)


def test_keys_that_no_formula_can_hold_are_found(place):
    odd = [chat('it\'s {a} \\ "key"'), chat("plain")]
    take_in(*odd)
    assert place.sync().created == 2
    place.lose_library()
    take_in(*odd)
    assert place.sync().unchanged == 2


def test_what_a_person_renamed_is_found_by_its_id(place):
    take_in(*CHATS)
    place.sync()
    place.table()["name"] = "My chats"
    table = next(table for table in place.base.tables.values() if table["name"] == "My chats")
    fields = {field["name"]: field for field in table["fields"]}
    fields["Source ID"]["name"] = "Key"
    fields["Messages"]["name"] = "How {many}"
    fields["Assistant"]["options"]["choices"][0]["name"] = "GPT"
    for cells in place.base.cells[table["id"]].values():
        if cells.get(fields["Assistant"]["id"]) == "ChatGPT":
            cells[fields["Assistant"]["id"]] = "GPT"
    take_in(*GROWN, chat("new"), exported=2.0)
    report = place.sync()
    assert (report.created, report.updated, report.kept, report.failed) == (1, 12, 0, 0)
    rows = [place.base.named(table["id"], row) for row in place.base.cells[table["id"]]]
    assert {row["Assistant"] for row in rows if row.get("Key") in keys(CHATS)} == {"GPT"}
    assert next(row for row in rows if row.get("Key") == "chatgpt:new")["Assistant"] == "GPT"
    assert next(row for row in rows if row.get("Key") == CHATS[0].key)["How {many}"] == 4


def test_a_field_that_is_gone_or_of_another_type_stays_out_and_is_told(place):
    table = place.table()
    table["fields"] = [field for field in table["fields"] if field["name"] != "Link"]
    place.field("words")["type"] = "singleLineText"
    take_in(*CHATS)
    report = place.sync()
    assert report.created == 12
    assert any("Link" in note and "Words" in note for note in report.notes)


def test_tables_of_many_pages(place):
    chats = [chat(f"c{n}", f"Question {n}", project=f"Project {n}") for n in range(230)]
    take_in(*chats)
    assert place.sync().created == 230
    assert len(place.projects()) == 3 + 230
    place.lose_library()
    take_in(*chats, chat("new", project="Project 229"))
    report = place.sync()
    assert (report.created, report.unchanged) == (1, 230)
    assert place.rows()["chatgpt:new"]["project"] == "Project 229"
    assert len(place.projects()) == 3 + 230


def test_without_the_table_nothing_is_written(place):
    key = place.table()["id"]
    del place.base.tables[key], place.base.cells[key]
    take_in(*CHATS)
    with pytest.raises(InputError, match="no table Chat Sessions"):
        place.sync()


def test_without_source_id_nothing_is_written(place):
    table = place.table()
    table["fields"] = [field for field in table["fields"] if field["name"] != "Source ID"]
    take_in(*CHATS)
    with pytest.raises(InputError, match="Source ID") as caught:
        place.sync()
    assert "repair" in caught.value.hint


def test_new_tags_become_choices_and_an_unknown_assistant_is_other(place):
    take_in(chat("a", tags=("mine", "Mine", "a, b")), chat("b", source="codex", tags=("MINE",)))
    report = place.sync()
    assert report.created == 2
    names = [choice["name"] for choice in place.field("tags")["options"]["choices"]]
    assert len([name for name in names if name.casefold() == "mine"]) == 1
    assert "a, b" in names
    assert place.rows()["codex:b"]["assistant"] == "Other"
    assert "Codex" not in [choice["name"] for choice in place.field("assistant")["options"]["choices"]]


def test_whoever_may_not_add_choices_gets_the_records_without_them(place):
    place.base.typecast = False
    take_in(chat("a", tags=("mine",)), chat("b"))
    report = place.sync()
    assert (report.created, report.failed) == (2, 0)
    assert any("Creator" in note for note in report.notes)
    assert "mine" not in place.rows()["chatgpt:a"]["tags"]


def test_what_airtable_refuses_stops_only_its_own_record(place):
    take_in(*CHATS)
    place.sync()
    gone = place.record(CHATS[3].key)
    answer = place.base.send

    def deletes(method: str, path: str, body: Any, query: Any = None) -> Any:
        """Somebody deletes a record between the look and the write."""
        if method == "PATCH" and gone in place.base.cells[place.table()["id"]]:
            place.base.drop_row(place.table()["id"], gone)
        return answer(method, path, body, query)

    place.base.send = deletes
    take_in(*GROWN, exported=2.0)
    report = place.sync()
    assert (report.updated, report.failed) == (11, 1)
    assert "deleted" in report.problems[0].reason
    again = place.sync()
    assert (again.skipped, again.unchanged, again.failed) == (1, 11, 0)
    assert set(place.rows()) == keys(CHATS) - {CHATS[3].key}


def test_a_base_that_was_named_is_filled(place):
    mine = place.fake.add_base("Mine")
    place.build(pipeline.check({**FULL, "platform": "airtable", "target": {"base": mine.id}}))
    take_in(*CHATS)
    assert place.sync().created == 12
    assert set(place.rows()) == keys(CHATS)
    assert place.base is mine


# Transcripts


def test_a_transcript_says_who_and_when(place):
    take_in(chat("a", "Hello", "Hi there\n\nAnd more"))
    place.sync(transcripts=True)
    assert place.transcript("chatgpt:a") == (
        "You · 2026-03-01 12:00\nHello\n\nChatGPT · 2026-03-01 12:01\nHi there\n\nAnd more"
    )


def test_a_long_transcript_is_cut_where_a_cell_ends(place):
    take_in(chat("big", "x" * 250_000, "the end"), chat("emoji", "🚀" * 120_000, "the end"), chat("small", "a", "b"))
    report = place.sync(transcripts=True)
    assert (report.created, report.failed) == (3, 0)
    for key in ("chatgpt:big", "chatgpt:emoji"):
        text = place.transcript(key)
        assert CELL_LIMIT * 0.99 < len(text.encode("utf-16-le")) / 2 <= CELL_LIMIT
        assert text.endswith("[Cut here: a cell of Airtable holds no more. Open the Link for the rest, or "
                             "`chatbuilder search`.]")  # fmt: skip
    assert "Cut here" not in place.transcript("chatgpt:small")
    assert place.sync(transcripts=True).requests == 0


def test_many_long_transcripts_come_in_smaller_calls(place):
    take_in(*(chat(f"c{n}", "x" * 99_000, "y" * 900) for n in range(24)))
    place.fake.log.clear()
    told = place.sync(transcripts=True, dry_run=True)
    place.fake.log.clear()
    report = place.sync(transcripts=True)
    assert report.created == 24
    assert len(writes(place)) == 3
    assert told.requests == report.requests == len(place.fake.log)


def test_a_field_transcript_of_the_persons_own_is_left_alone(place):
    place.base._add_field(place.table(), {"name": "transcript", "type": "multilineText"})
    take_in(*CHATS)
    with pytest.raises(RefusedError, match="of your own"):
        place.sync(transcripts=True)
    assert place.rows() == {}
    assert place.sync().created == 12


# Limits


def test_calls_time_and_limits_are_told_first(place):
    take_in(*(chat(f"c{n}") for n in range(1200)))
    report = place.sync(dry_run=True)
    words = "\n".join(report.notes)
    assert f"About {report.requests} calls in 25 seconds" in words
    assert "1,000 records a base and allows 1,000 API calls a month" in words
    assert "1200 records more, more than Free holds" in words
    assert place.rows() == {}


def test_a_full_base_is_told_and_goes_on_after_room_was_made(place):
    place.base.limit = 30
    take_in(*(chat(f"c{n}") for n in range(40)))
    with pytest.raises(RefusedError, match="RECORD_LIMIT_EXCEEDED") as caught:
        place.sync()
    assert "written so far" in caught.value.kept
    there = len(place.rows())
    assert 0 < there < 40
    place.base.limit = 1000
    assert place.sync().created == 40 - there
    assert len(place.rows()) == 40


def test_the_end_of_the_months_calls_is_no_reason_to_try_again(place):
    take_in(*(chat(f"c{n}") for n in range(60)))
    place.fake.calls_left = 6
    with pytest.raises(RefusedError, match="used up its API calls"):
        place.sync()
    assert len(place.fake.log) < 60
    place.fake.calls_left = None
    place.sync()
    assert len(place.rows()) == 60


def test_a_token_that_may_only_read(place):
    place.fake.scopes = frozenset({"schema.bases:read", "data.records:read"})
    take_in(*CHATS)
    with pytest.raises(CredentialsError):
        place.sync()
    assert place.rows() == {}
    assert len(place.fake.log) < 60


# Faults and kills


class Stage:
    """A place and its library, to go back to."""

    def __init__(self, place: AirtablePlace) -> None:
        self.place, self.home = place, locate().library.parent
        place.sync(transcripts=False)
        self.keep()

    def keep(self) -> None:
        self.kept = self.place.snapshot()
        shutil.copytree(self.home, self.home.with_name("kept"), dirs_exist_ok=True)

    def back(self) -> None:
        self.place.fake.faults.clear()
        self.place.fake.log.clear()
        base = self.place.base
        base.tables, base.cells = copy.deepcopy(self.kept["tables"]), copy.deepcopy(self.kept["cells"])
        shutil.rmtree(self.home)
        shutil.copytree(self.home.with_name("kept"), self.home)

    def sync(self) -> Any:
        return self.place.sync(transcripts=True)

    def settled(self) -> dict[str, Any]:
        """Sync until nothing is left to do, and give what stands there."""
        for _ in range(3):
            if not (report := self.sync()).requests:
                break
            assert not report.failed, report.problems
        assert report.requests == 0
        titles = Counter(self.place.projects())
        assert titles["Garden"] == 1
        tags = [choice["name"] for choice in self.place.field("tags")["options"]["choices"]]
        assert len({tag.casefold() for tag in tags}) == len(tags)
        assert [f["name"] for f in self.place.table()["fields"]].count("Transcript") == 1
        return {"rows": self.place.rows(), "said": {key: self.place.said(key) for key in self.place.rows()}}


def _filled(place: AirtablePlace) -> Stage:
    stage = Stage(place)
    take_in(*CHATS)
    stage.keep()
    return stage


def _changed(place: AirtablePlace) -> Stage:
    take_in(*CHATS)
    place.sync(transcripts=True)
    stage = Stage(place)
    place.edit(CHATS[0].key, title="Mine", model="mine")
    place.delete(CHATS[1].key)
    take_in(*GROWN, chat("new", "Brand new", "Yes", project="Garden"), exported=2.0)
    stage.keep()
    return stage


STAGES = {"fill": _filled, "update": _changed}


@pytest.mark.parametrize("work", STAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_any_fault_at_any_call(place, monkeypatch, work, kind):
    if kind == "slow":
        monkeypatch.setattr(transport, "TIMEOUT", (5.0, 0.25))
    stage = STAGES[work](place)
    first = place.fake.faults.count
    stage.sync()
    calls = place.fake.faults.count - first
    assert calls >= 4
    calm = stage.settled()
    for index in range(calls):
        stage.back()
        place.fake.faults.plan = {place.fake.faults.count + index: kind}
        stage.sync()
        assert place.fake.faults.met, (index, kind)
        assert stage.settled() == calm, (index, kind)


@pytest.mark.parametrize("work", STAGES)
def test_a_vendor_that_stays_away_from_any_call_on(place, work):
    stage = STAGES[work](place)
    first = place.fake.faults.count
    stage.sync()
    calls = place.fake.faults.count - first
    calm = stage.settled()
    for index in range(calls):
        for kind in ("drop-after", "503-after", "drop-before"):
            stage.back()
            place.fake.faults.storm(place.fake.faults.count + index, 200, kind)
            with pytest.raises(ChatbuilderError):
                stage.sync()
            place.fake.faults.clear()
            assert stage.settled() == calm, (index, kind)


@contextmanager
def deadly(place: AirtablePlace, at: int, *, sent: bool) -> Iterator[list[subprocess.Popen[bytes]]]:
    """Let the server kill -9 its client at a call: before the call does anything, or before its answer goes out."""
    victims: list[subprocess.Popen[bytes]] = []
    answer, seen = place.fake.answer, iter(range(10_000))

    def answering(*call: Any) -> Any:
        now = next(seen) == at
        if now and not sent:
            victims[0].kill()
            victims[0].wait()
        reply = answer(*call) if sent or not now else Reply(0, drop=True)
        if now and sent:
            victims[0].kill()
            victims[0].wait()
        return reply

    place.fake.answer = answering
    yield victims
    del place.fake.answer


@pytest.mark.timeout(300)
@pytest.mark.parametrize("work", STAGES)
def test_killed_at_any_call(place, work):
    """Real processes that really die. CHATBUILDER_KILL_STRIDE=1 kills at every call, before and after it."""
    stage = STAGES[work](place)
    first = place.fake.faults.count
    stage.sync()
    calls = place.fake.faults.count - first
    calm = stage.settled()
    place.fake.clock = RealTime().now
    command = [sys.executable, "-m", "chatbuilder", "sync", place.system, "--transcripts"]
    moments = [(index, sent) for index in range(calls) for sent in (False, True)]
    for index, sent in moments[:: int(os.environ.get("CHATBUILDER_KILL_STRIDE", "5"))]:
        stage.back()
        with deadly(place, index, sent=sent) as victims:
            victims.append(subprocess.Popen(command, env=dict(os.environ), stdout=-3, stderr=-3))
            assert victims[0].wait(60) == -9, (index, sent)
        assert stage.settled() == calm, (index, sent)
