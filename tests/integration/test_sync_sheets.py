"""Sync into a spreadsheet: what people do to it meanwhile, what goes wrong on the way, and what it takes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chatbuilder.errors import ChatbuilderError, InputError, RefusedError
from chatbuilder.paths import locate
from tests.contract.sheets import Refused
from tests.integration.filling import FULL, grown, keys, take_in
from tests.integration.places import SpreadsheetPlace
from tests.unit.library.makers import chat
from tests.vendors.faults import KINDS, Faults, Kind

SESSIONS = "Chat Sessions"
BARE: dict[str, Any] = {**FULL, "options": {**FULL["options"], "sample_data": False}}


@pytest.fixture
def place(tmp_path: Path) -> Iterator[SpreadsheetPlace]:
    with closing(SpreadsheetPlace(tmp_path)) as found:
        yield found


def some(count: int = 6) -> list[Any]:
    return [chat(f"c{n}", f"Question {n}", "Answer") for n in range(count)]


def newer(chats: list[Any]) -> None:
    take_in(*(replace(grown(old, "More", "Sure"), model="gpt-6") for old in chats), exported=2.0)


def calls(place: SpreadsheetPlace, since: int = 0) -> list[str]:
    """The calls of Sheets and Drive, by what they ask."""
    return [f"{method} {path.rpartition(':')[2] if ':' in path else 'get'}" for method, path in place.fake.log[since:]]


# What people do in between
def test_rows_that_were_sorted_and_moved_are_found_by_their_key(place):
    chats = some()
    take_in(*chats)
    place.sync()
    sheet = place.file.book.titles()[SESSIONS]
    (table,) = [t for t in place.file.book.tables.values() if t["range"]["sheetId"] == sheet]
    area = {**table["range"], "startRowIndex": 1}
    place.do({"sortRange": {"range": area, "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}]}})
    row = {"sheetId": sheet, "dimension": "ROWS", "startIndex": 3, "endIndex": 5}
    place.do({"insertDimension": {"range": row, "inheritFromBefore": True}})
    place.put(SESSIONS, 3, "Title", "A row of my own")
    newer(chats)
    assert place.sync().updated == len(chats)
    rows = place.rows()
    assert {key: row["messages"] for key, row in rows.items()} == dict.fromkeys(keys(chats), "4")
    assert all(rows[old.key]["title"] == old.title for old in chats)
    mine = [row for row in place.table(SESSIONS) if row["Title"] == "A row of my own"]
    assert [(row["Source ID"], row["Model"]) for row in mine] == [(None, None)]


def test_columns_that_were_moved_renamed_and_added_are_followed(place):
    chats = some()
    take_in(*chats)
    place.sync()
    sheet = place.file.book.titles()[SESSIONS]
    column = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": 2, "endIndex": 3}
    place.do({"insertDimension": {"range": column, "inheritFromBefore": True}})
    place.person.type(SESSIONS, 0, 2, "My column")
    names = [c["columnName"] for c in next(t for t in place.file.book.tables.values() if t["name"] == SESSIONS)[
        "columnProperties"]]  # fmt: skip
    place.person.type(SESSIONS, 0, names.index("Messages"), "How many")
    place.person.type(SESSIONS, 0, names.index("Source ID"), "Key")
    place.do({"updateSheetProperties": {"properties": {"sheetId": sheet, "title": "Mine"}, "fields": "title"}})
    newer(chats)
    take_in(chat("new", "Hello", "Hi"))
    report = place.sync()
    assert (report.updated, report.created, report.failed) == (len(chats), 1, 0)
    rows = {row["Key"]: row for row in place.table("Mine") if row["Key"] and not row["Key"].startswith("sample:")}
    assert {key: row["How many"] for key, row in rows.items()} == {**dict.fromkeys(keys(chats), 4), "chatgpt:new": 2}
    assert all(row["My column"] is None and row["Assistant"] == "ChatGPT" for row in rows.values())


def test_a_column_of_sync_that_was_deleted_stays_out_and_is_told(place):
    chats = some(2)
    take_in(*chats)
    place.sync()
    book = place.file.book
    (table,) = [t for t in book.tables.values() if t["name"] == SESSIONS]
    at = [c["columnName"] for c in table["columnProperties"]].index("Model")
    column = {"sheetId": table["range"]["sheetId"], "dimension": "COLUMNS", "startIndex": at, "endIndex": at + 1}
    place.do({"deleteDimension": {"range": column}})
    newer(chats)
    report = place.sync()
    assert report.updated == 2
    assert any("Model" in note for note in report.notes)
    assert {row["messages"] for row in place.rows().values()} == {"4"}


@pytest.mark.parametrize("what", ["sheet", "table", "key"])
def test_without_what_rows_are_found_by_nothing_is_written(place, what):
    take_in(*some(2))
    book = place.file.book
    (table,) = [t for t in book.tables.values() if t["name"] == SESSIONS]
    area = table["range"]
    if what == "sheet":
        place.do({"deleteSheet": {"sheetId": area["sheetId"]}})
    elif what == "table":
        del book.tables[table["tableId"]]
        place.fake.changed()
    else:
        at = area["endColumnIndex"] - 1
        column = {"sheetId": area["sheetId"], "dimension": "COLUMNS", "startIndex": at, "endIndex": at + 1}
        place.do({"deleteDimension": {"range": column}})
    before = place.snapshot()
    with pytest.raises(InputError) as caught:
        place.sync()
    assert caught.value.hint
    assert caught.value.kept
    assert place.snapshot() == before


def test_a_column_in_the_place_of_the_key_that_is_somebody_s_own_is_not_written(place):
    take_in(*some(2))
    place.sync()
    book = place.file.book
    (table,) = [t for t in book.tables.values() if t["name"] == SESSIONS]
    sheet, at = table["range"]["sheetId"], table["range"]["endColumnIndex"] - 1
    for row in range(1, table["range"]["endRowIndex"]):
        book.cells[sheet].pop((row, at), None)
    place.person.type(SESSIONS, 0, at, "My words")
    take_in(chat("new"))
    with pytest.raises(InputError, match="Source ID"):
        place.sync()


def test_somebody_sorts_at_the_very_moment_and_gets_back_what_was_theirs(place, monkeypatch):
    chats = some()
    take_in(*chats)
    place.sync()
    place.edit(chats[0].key, model="my own model")
    newer(chats[:3])
    carry_out, done = place.fake._batch, []

    def sorted_first(file: Any, data: Any, asked: Any) -> Any:
        if not done:
            done.append(True)
            (table,) = [t for t in file.book.tables.values() if t["name"] == SESSIONS]
            area = {**table["range"], "startRowIndex": 1}
            place.do({"sortRange": {"range": area, "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}]}})
        return carry_out(file, data, asked)

    monkeypatch.setattr(place.fake, "_batch", sorted_first)
    before = place.rows()
    report = place.sync()
    assert report.failed + report.updated == 3
    assert report.failed >= 1
    assert all("moved" in problem.reason for problem in report.problems)
    left = {problem.key for problem in report.problems}
    rows = place.rows()
    assert {key: rows[key] for key in {*keys(chats[3:]), *left}} == {
        key: before[key] for key in {*keys(chats[3:]), *left}
    }
    assert place.sync().failed == 0
    rows = place.rows()
    assert {rows[old.key]["messages"] for old in chats[:3]} == {"4"}
    assert {rows[old.key]["messages"] for old in chats[3:]} == {"2"}
    assert rows[chats[0].key]["model"] == "my own model"
    assert place.sync().requests == 0


def test_columns_that_move_between_two_looks_are_read_where_they_are(place, monkeypatch):
    chats = some(3)
    take_in(*chats)
    place.sync()
    for file in locate().library.parent.glob("library*"):
        file.unlink()
    place.build(place.config)
    take_in(*chats, chat("new"))
    look, seen = place.fake._sheets, []

    def moved(method: str, path: str, *rest: Any) -> Any:
        seen.append(path)
        if len(seen) == 2:
            sheet = place.file.book.titles()[SESSIONS]
            column = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": 2, "endIndex": 3}
            place.do({"insertDimension": {"range": column, "inheritFromBefore": True}})
        return look(method, path, *rest)

    monkeypatch.setattr(place.fake, "_sheets", moved)
    report = place.sync()
    assert (report.created, report.unchanged) == (1, 3)
    assert len(place.sessions()) == 4


def test_transcripts_that_were_sorted_grow_in_their_rows(place):
    chats = some(4)
    take_in(*chats)
    place.sync(transcripts=True)
    (table,) = [t for t in place.file.book.tables.values() if t["name"] == "Transcripts"]
    area = {**table["range"], "startRowIndex": 1}
    place.do({"sortRange": {"range": area, "sortSpecs": [{"dimensionIndex": 4, "sortOrder": "DESCENDING"}]}})
    newer(chats)
    assert place.sync(transcripts=True).updated == 4
    assert all(place.said(old.key) == [f"Question {n}", "Answer", "More", "Sure"] for n, old in enumerate(chats))


def test_a_row_that_changes_while_sync_runs_is_left_alone(place, monkeypatch):
    chats = some(3)
    take_in(*chats)
    place.sync()
    newer(chats)
    look, seen = place.fake._sheets, []

    def edited(method: str, path: str, *rest: Any) -> Any:
        seen.append(path)
        if len(seen) == 3:  # tables and cells were read; this is the look before the write
            place.edit(chats[1].key, model="mine")
        return look(method, path, *rest)

    monkeypatch.setattr(place.fake, "_sheets", edited)
    report = place.sync()
    assert (report.updated, report.failed) == (2, 1)
    assert "while this ran" in report.problems[0].reason
    report = place.sync()
    assert (report.updated, report.kept) == (1, 1)
    assert place.rows()[chats[1].key]["model"] == "mine"


def test_a_spreadsheet_in_the_trash_is_not_filled(place):
    take_in(chat("a"))
    place.file.trashed = True
    place.fake.changed()
    before = place.snapshot()
    with pytest.raises(InputError, match="trash") as caught:
        place.sync()
    assert "Restore" in caught.value.hint
    assert place.snapshot() == before


# What goes wrong on the way
def outcome(place: SpreadsheetPlace) -> dict[str, Any]:
    """Everything that stands in the rows, and every transcript."""
    rows = place.rows()
    return {key: (row, place.said(key)) for key, row in rows.items()} | {"projects": sorted(place.projects())}


@pytest.mark.timeout(300)
@pytest.mark.parametrize("kind", KINDS)
def test_every_fault_at_every_call_and_run_again_gives_the_same_rows(kind, tmp_path, home, monkeypatch):
    monkeypatch.setattr("chatbuilder.provision.sheets.transport.TIMEOUT", (5.0, 1.0))
    room = tmp_path / "room"
    room.mkdir()
    with closing(SpreadsheetPlace(room, BARE)) as place:
        place.fake.patience = 1.5
        take_in(*(chat(f"c{n}", f"Question {n}", "Answer", project="Garden") for n in range(3)))
        shutil.copytree(home, tmp_path / f"{home.name}-kept")
        shutil.copytree(room, tmp_path / "room-kept")

        def trial(plan: dict[int, Kind]) -> tuple[dict[str, Any], Faults]:
            for folder in (home, room):
                shutil.rmtree(folder)
                shutil.copytree(tmp_path / f"{folder.name}-kept", folder)
            place.fake.faults = faults = Faults(plan)
            run_through(place)
            newer([chat(f"c{n}", f"Question {n}", "Answer", project="Garden") for n in range(3)])
            run_through(place)
            faults.clear()
            assert place.sync(transcripts=True).requests == 0
            return outcome(place), faults

        calm, faults = trial({})
        assert faults.count >= 7
        for index in range(faults.count):
            found, met = trial({index: kind})
            assert met.met, (kind, index)
            assert found == calm, (kind, index)


def run_through(place: SpreadsheetPlace) -> None:
    """Sync until it is done, as somebody does who is told to run it again."""
    for _ in range(3):
        try:
            report = place.sync(transcripts=True)
        except ChatbuilderError as error:
            told = error.hint
        else:
            told = "it was told as failed"
            if not report.failed:
                return
        assert told
    raise AssertionError("never done")


def test_a_batch_of_a_killed_run_that_comes_late_is_refused(place, monkeypatch):
    """It was on its way when its run was killed, and the next run did not see its rows yet."""
    take_in(*some(3))
    carry_out = place.fake._batch
    bodies: list[Any] = []
    monkeypatch.setattr(place.fake, "_batch", lambda *request: bodies.append(request[1]) or carry_out(*request))
    place.sync()
    (first,) = [body for body in bodies if "appendCells" in str(body)]
    with pytest.raises(Refused, match="metadata id"):
        carry_out(place.file, first, {})
    assert len(place.sessions()) == 3


def test_two_computers_at_once_make_no_row_twice(place, monkeypatch, tmp_path):
    chats = some(4)
    take_in(*chats)
    carry_out, first = place.fake._batch, []

    def other_first(file: Any, data: Any, asked: Any) -> Any:
        if not first:
            first.append(True)
            body = {"requests": [*data["requests"][:-1], _other(data["requests"][-1])]}
            carry_out(file, body, {})
        return carry_out(file, data, asked)

    monkeypatch.setattr(place.fake, "_batch", other_first)
    report = place.sync()
    assert (report.created, report.failed) == (0, 4)
    assert all("another sync" in problem.reason for problem in report.problems)
    report = place.sync()
    assert (report.created, report.failed, report.unchanged) == (0, 0, 4)
    assert set(place.rows()) == keys(chats)


def _other(request: dict[str, Any]) -> dict[str, Any]:
    """The mark of another batch."""
    (mark,) = request["createDeveloperMetadata"].values()
    return {"createDeveloperMetadata": {"developerMetadata": {**mark, "metadataValue": f"{mark['metadataValue']}x"}}}


# What it takes
def test_three_thousand_rows_take_few_calls(place):
    take_in(*(chat(f"c{n}", f"Question {n}", "Answer") for n in range(3_000)))
    forecast = place.sync(dry_run=True)
    since = len(place.fake.log)
    report = place.sync()
    assert report.created == 3_000
    assert report.requests == len(place.fake.log) - since == forecast.requests == 9
    assert calls(place, since) == ["GET get", "GET get", "POST getByDataFilter", *["POST batchUpdate"] * 6]
    assert max(len(str(body)) for body in place.fake.bodies) < 2_500_000
    assert any("10,000,000" in note for note in forecast.notes)
    assert len(place.sessions()) == 3_000
    book = place.file.book
    (table,) = [t for t in book.tables.values() if t["name"] == SESSIONS]
    assert table["range"]["endRowIndex"] == 3_007 < book.sheets[table["range"]["sheetId"]]["gridProperties"]["rowCount"]


def test_changes_of_many_rows_take_a_look_and_a_batch_for_each_five_hundred(place):
    chats = some(600)
    take_in(*chats)
    place.sync()
    newer(chats)
    since = len(place.fake.log)
    forecast = place.sync(dry_run=True)
    report = place.sync()
    assert report.updated == 600
    assert report.requests == forecast.requests == 7
    assert calls(place, since)[-4:] == ["POST getByDataFilter", "POST batchUpdate"] * 2


def test_a_long_transcript_is_there_whole_or_not_at_all(place):
    said = [f"{n} {'é' * 60_000}" for n in range(12)]
    take_in(chat("big", *said))
    place.fake.faults = Faults()
    place.sync()
    seen: list[int] = []
    carry_out = place.fake._batch

    def watch(*request: Any) -> Any:
        answer = carry_out(*request)
        seen.append(len([row for row in place.table("Transcripts") if row["Source ID"] == "chatgpt:big"]))
        return answer

    place.fake._batch = watch  # type: ignore[method-assign]
    assert place.sync(transcripts=True).transcripts == 1
    assert len(seen) > 2
    assert set(seen) == {0, 24}
    assert "".join(place.said("chatgpt:big")) == "".join(said)
    assert place.sync(transcripts=True).requests == 0


def test_a_sheet_of_that_name_is_not_written_into(place):
    grid = {"rowCount": 5, "columnCount": 5}
    place.do({"addSheet": {"properties": {"sheetId": 77, "title": "transcripts", "gridProperties": grid}}})
    take_in(chat("a"))
    with pytest.raises(RefusedError, match="your own"):
        place.sync(transcripts=True)
    assert place.sync().created == 1


def test_emoji_count_twice_and_a_formula_stays_text(place):
    take_in(chat("a", "🚀" * 60_000, "=1+1", title='=HYPERLINK("http://x")'))
    place.sync(transcripts=True)
    row = place.sessions()["chatgpt:a"]
    assert row["Title"] == '=HYPERLINK("http://x")'
    said = place.said("chatgpt:a")
    assert "".join(said[:-1]) == "🚀" * 60_000
    assert all(len(text.encode("utf-16-le")) <= 100_000 for text in said)
    assert said[-1] == "=1+1"
