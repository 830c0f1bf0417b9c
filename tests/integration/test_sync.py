"""Sync into real targets: what arrives, what a person did stays, and nothing is written when nothing changed."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbuilder import pipeline
from chatbuilder.chats import Message, Part
from chatbuilder.errors import InputError, InterruptedByUser, RefusedError
from chatbuilder.paths import locate
from chatbuilder.pipeline import syncing
from chatbuilder.pipeline.hands import system_lock
from tests.integration.filling import FULL, PLATFORMS, Place, grown, keys, take_in
from tests.strategies import configs
from tests.unit.library.makers import DAY, chat

everywhere = pytest.mark.parametrize("platform", PLATFORMS)


@everywhere
def test_a_chat_becomes_a_row(platform, tmp_path):
    place = Place(platform, tmp_path)
    one = chat("a", "How do I fix this python error?", "Like this", url="https://chatgpt.com/c/a", model="gpt-5",
               last_activity=DAY + timedelta(minutes=90), summary="Fixed.", project="Website")  # fmt: skip
    two = chat("b", "Hello", "Hi", source="codex", title=None, command="codex resume b", archived=True, tags=("mine",))
    take_in(one, two)
    report = place.sync()
    assert (report.created, report.failed, report.requests >= 2) == (2, 0, True)
    rows = place.rows()
    a, b = rows["chatgpt:a"], rows["codex:b"]
    assert a["title"] == "Chat a"
    assert a["link"] == "https://chatgpt.com/c/a"
    assert a["summary"] == "Fixed."
    assert (str(a["messages"]), str(a["duration"]), str(a["words"])) == ("2", "90", "9")
    assert (a["month"], a["day"], a["week"]) == ("2026-03", "2026-03-01", "2026-W09")
    assert (a["external_id"], a["model"], a["status"]) == ("a", "gpt-5", "Active")
    assert a["started"].startswith("2026-03-01T12:00:00")
    assert a["first_prompt"] == "How do I fix this python error?"
    assert "python" in a["keywords"].split()
    assert "bug" in a["tags"]
    assert str(a["auto_filed"]) in ("1", "true")
    assert (b["title"], b["link"], b["status"]) == ("Hello", "codex resume b", "Archived")
    assert b["assistant"] == ("Codex" if platform == "obsidian" else "Other")
    assert report.unlisted == {"Codex": 1}
    if platform == "obsidian":
        assert a["topic"].endswith("/Topics/Coding|Coding]]")
        assert a["project"].endswith("/Projects/Website|Website]]")
    else:
        with place.connect() as connection:
            query = (
                "SELECT t.name, p.name FROM sessions s JOIN topics t ON t.id = s.topic_id"
                " JOIN projects p ON p.id = s.project_id WHERE s.source_id = 'chatgpt:a'"
            )
            assert tuple(connection.execute(query).fetchone()) == ("Coding", "Website")


@everywhere
def test_twice_writes_nothing_the_second_time(platform, tmp_path):
    place = Place(platform, tmp_path)
    take_in(*(chat(f"c{n}", f"Question {n}", "Answer") for n in range(12)))
    place.sync(transcripts=True)
    before = place.bytes()
    for more in ({"transcripts": True}, {}, {"dry_run": True}, {"transcripts": True}):
        report = place.sync(**more)
        assert (report.unchanged, report.requests) == (12, 0)
        assert place.bytes() == before


@everywhere
def test_what_a_person_did_stays_and_new_facts_arrive(platform, tmp_path):
    place = Place(platform, tmp_path)
    chats = [chat(f"c{n}", f"Question {n}", "Answer", summary="By the assistant.") for n in range(20)]
    take_in(*chats)
    place.sync()
    for old in chats[:10]:
        place.edit(old.key, title="My title", status="Completed", notes="Mine", summary="My words")
    for old in chats[10:12]:
        place.edit(old.key, model="my model")
    for old in chats[12:14]:
        place.delete(old.key)
    take_in(*(replace(grown(old, "More", "Sure"), model="gpt-6", summary="Other.") for old in chats), exported=2.0)
    report = place.sync()
    assert (report.created, report.updated, report.skipped, report.failed) == (0, 18, 2, 0)
    assert report.kept == 2
    rows = place.rows()
    assert set(rows) == keys(chats) - {chats[12].key, chats[13].key}
    for number, old in enumerate(chats):
        if number in (12, 13):
            continue
        row = rows[old.key]
        assert str(row["messages"]) == "4"
        assert row["last_activity"].startswith("2026-03-02")
        assert str(row["model"]) == ("my model" if number in (10, 11) else "gpt-6")
        mine = number < 10
        assert row["title"] == ("My title" if mine else f"Chat c{number}")
        assert row["status"] == ("Completed" if mine else "Active")
        assert row["summary"] == ("My words" if mine else "By the assistant.")
    again = place.sync()
    assert (again.requests, again.skipped, again.unchanged) == (0, 2, 18)
    assert place.sync(restore=True).created == 2
    assert set(place.rows()) == keys(chats)


@everywhere
def test_a_lost_library_is_rebuilt_from_the_keys_in_the_target(platform, tmp_path):
    place = Place(platform, tmp_path)
    chats = [chat(f"c{n}", f"Question {n}", "Answer") for n in range(8)]
    take_in(*chats)
    place.sync()
    place.edit(chats[0].key, title="Mine", link="https://example.org/mine")
    before = place.bytes()
    for file in locate().library.parent.glob("library*"):
        file.unlink()
    place.build(place.config)
    take_in(*chats)
    report = place.sync()
    assert (report.created, report.updated, report.unchanged) == (0, 0, 8)
    assert report.kept == 1
    if platform == "obsidian":
        assert {name: data for name, data in place.bytes().items() if "/Sessions/" in name} == {
            name: data for name, data in before.items() if "/Sessions/" in name
        }
    take_in(*(grown(old, "More", "Sure") for old in chats), exported=2.0)
    assert place.sync().updated == 8
    row = place.rows()[chats[0].key]
    assert row["link"] == "https://example.org/mine"
    assert str(row["messages"]) == "4"


@everywhere
def test_a_lost_library_that_comes_back_newer_brings_figures_up_to_date(platform, tmp_path):
    place = Place(platform, tmp_path)
    old = chat("a", "Question", "Answer")
    take_in(old)
    place.sync()
    for file in locate().library.parent.glob("library*"):
        file.unlink()
    place.build(place.config)
    take_in(replace(grown(old, "More", "Sure"), model="new"))
    assert place.sync().updated == 1
    row = place.rows()[old.key]
    assert (str(row["messages"]), row["model"]) == ("4", "new")
    assert row["last_activity"].startswith("2026-03-02")


@everywhere
def test_a_system_built_anew_is_filled_anew(platform, tmp_path):
    place = Place(platform, tmp_path, {**FULL, "options": {**FULL["options"], "sample_data": False}})
    take_in(chat("a"))
    place.sync()
    place.delete("chatgpt:a")
    pipeline.destroy(place.system)
    shutil.rmtree(place.file, ignore_errors=True)
    place.file.unlink(missing_ok=True)
    place.build(place.config)
    assert place.sync().created == 1
    assert set(place.rows()) == {"chatgpt:a"}


@everywhere
def test_new_answers_fill_their_fields_in_rows_that_are_there(platform, tmp_path):
    place = Place(platform, tmp_path, {**FULL, "priorities": ["organization"], "features": []})
    take_in(chat("a", "A question about sqlite", "Answer"))
    place.sync()
    place.edit("chatgpt:a", title="Mine")
    answers = {**place.config.data(), **FULL}
    place.build(pipeline.check(answers))
    assert place.sync().updated == 1
    row = place.rows()["chatgpt:a"]
    assert row["first_prompt"] == "A question about sqlite"
    assert row["month"] == "2026-03"
    assert row["title"] == "Mine"
    assert place.sync().requests == 0


@everywhere
def test_projects_are_made_once_and_a_renamed_one_stays_linked(platform, tmp_path):
    place = Place(platform, tmp_path)
    take_in(chat("a", project="Garden"), chat("b", project="Garden"))
    assert place.sync().created == 2
    if platform == "obsidian":
        notes = list(place.file.glob("*/Projects/Garden*.md"))
        assert len(notes) == 1
        notes[0].unlink()
    else:
        with place.connect() as connection:
            assert connection.execute("SELECT count(*) FROM projects WHERE name = 'Garden'").fetchone()[0] == 1
            connection.execute("UPDATE projects SET name = 'Our garden' WHERE name = 'Garden'")
            connection.commit()
    take_in(chat("c", project="Garden"))
    place.sync()
    if platform == "obsidian":
        assert not list(place.file.glob("*/Projects/Garden*.md"))
        assert place.rows()["chatgpt:c"]["project"] == ""
    else:
        with place.connect() as connection:
            names = {row[0] for row in connection.execute("SELECT name FROM projects")}
            assert "Our garden" in names
            assert "Garden" not in names
        assert place.rows()["chatgpt:c"]["project_id"] == place.rows()["chatgpt:a"]["project_id"]


@everywhere
def test_transcripts_grow_until_the_person_changes_them(platform, tmp_path):
    place = Place(platform, tmp_path)
    chats = [chat(f"c{n}", f"Question {n}", "Answer") for n in range(3)]
    take_in(*chats)
    place.sync()
    report = place.sync(transcripts=True)
    assert (report.updated, report.transcripts) == (3, 3)
    assert _said(place, "chatgpt:c0") == ["Question 0", "Answer"]
    if platform == "obsidian":
        path = place.notes()["chatgpt:c1"]
        path.write_text(path.read_text("utf-8").replace("Question 1\n", "My own words\n"), "utf-8")
    else:
        with place.connect() as connection:
            connection.execute(
                "UPDATE transcripts SET text = 'My own words' WHERE source_id = 'chatgpt:c1' AND position = 0"
            )
            connection.commit()
    take_in(*(grown(old, "More", "Sure") for old in chats), exported=2.0)
    report = place.sync(transcripts=True)
    assert report.updated == 3
    assert _said(place, "chatgpt:c0") == ["Question 0", "Answer", "More", "Sure"]
    assert _said(place, "chatgpt:c1")[0] == "My own words"
    assert "More" not in _said(place, "chatgpt:c1")


def _said(place: Place, key: str) -> list[str]:
    if place.platform == "custom":
        with place.connect() as connection:
            query = "SELECT text FROM transcripts WHERE source_id = ? ORDER BY position"
            return [row[0] for row in connection.execute(query, (key,))]
    body = place.notes()[key].read_text("utf-8").split("## Transcript\n")[1]
    return [line for line in body.split("\n") if line and not line.startswith(("###", "%%"))]


@everywhere
def test_a_dry_run_tells_and_writes_nothing(platform, tmp_path):
    place = Place(platform, tmp_path)
    take_in(*(chat(f"c{n}", project="New one") for n in range(5)))
    before, library = place.bytes(), _dump()
    report = place.sync(dry_run=True, transcripts=True)
    assert (report.created, report.transcripts, report.requests) == (5, 5, 0)
    assert report.bytes > 100
    assert place.bytes() == before
    assert _dump() == library
    assert place.sync(transcripts=True).created == 5


def _dump() -> str:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(locate().library)) as connection:
        return str(connection.execute("SELECT * FROM placements").fetchall())


@everywhere
def test_stopped_and_gone_on(platform, tmp_path, monkeypatch):
    monkeypatch.setattr(syncing, "BATCH_ROWS", 3)
    place = Place(platform, tmp_path)
    chats = [chat(f"c{n}") for n in range(10)]
    take_in(*chats)
    heard: list[Any] = []
    with pytest.raises(InterruptedByUser):
        place.sync(on_event=heard.append, cancelled=lambda: len(heard) >= 2)
    assert len(place.rows()) == 6
    assert place.sync().created == 4
    assert set(place.rows()) == keys(chats)


@everywhere
def test_one_at_a_time(platform, tmp_path):
    place = Place(platform, tmp_path)
    take_in(chat("a"))
    with system_lock(place.system), pytest.raises(InputError, match="Another chatbuilder"):
        place.sync()


@everywhere
def test_a_target_that_is_gone(platform, tmp_path):
    place = Place(platform, tmp_path)
    take_in(chat("a"))
    place.file.rename(tmp_path / "elsewhere")
    with pytest.raises(InputError) as caught:
        place.sync()
    assert caught.value.kept
    assert caught.value.hint


def test_platforms_that_are_not_served_yet_say_what_to_do(tmp_path):
    with pytest.raises(RefusedError) as caught:
        Place("logseq", tmp_path).sync()
    assert "Obsidian" in caught.value.hint


def test_a_table_that_lost_columns(tmp_path):
    place = Place("custom", tmp_path, {**FULL, "priorities": ["organization"], "features": []})
    take_in(chat("a", url="https://x.example/a"))
    with place.connect() as connection:
        for view in [row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'")]:
            connection.execute(f'DROP VIEW "{view}"')
        connection.execute("ALTER TABLE sessions DROP COLUMN link")
        connection.commit()
    report = place.sync()
    assert report.created == 1
    assert any("link" in note for note in report.notes)
    take_in(grown(chat("a", url="https://x.example/b"), "More"), exported=2.0)
    assert place.sync().updated == 1


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc"), include_characters="\n"), max_size=60)
any_chats = st.lists(
    st.builds(
        lambda name, title, said, project, tags, archived, model: chat(
            name, *said, title=title, project=project, tags=tuple(tags), archived=archived, model=model,
            source="chatgpt" if len(name) % 2 else "codex",
        ),
        st.text("abcdefXYZ0123", min_size=1, max_size=4), st.none() | texts, st.lists(texts, min_size=1, max_size=4),
        st.none() | texts, st.lists(texts, max_size=3), st.none() | st.booleans(), st.none() | texts,
    ),
    min_size=1, max_size=8, unique_by=lambda c: c.key,
)  # fmt: skip


@everywhere
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_any_chats_in_any_design(platform, tmp_path_factory, monkeypatch, data):
    room: Path = tmp_path_factory.mktemp("room")
    monkeypatch.setenv("CHATBUILDER_HOME", str(room / "home"))
    answers = data.draw(configs(platform=platform)).data()
    chats = data.draw(any_chats)
    place = Place(platform, room, answers)
    take_in(*chats)
    transcripts = data.draw(st.booleans())
    report = place.sync(transcripts=transcripts)
    assert (report.created, report.failed) == (len(chats), 0), report.problems
    before = place.bytes()
    again = place.sync(transcripts=transcripts)
    assert (again.requests, again.unchanged) == (0, len(chats))
    assert place.bytes() == before
    assert set(place.rows()) == keys(chats)
    edited = data.draw(st.sampled_from(chats))
    place.edit(edited.key, title="Edited by hand")
    take_in(*(grown(old, "More", "Sure") for old in chats), exported=2.0)
    later = place.sync(transcripts=transcripts)
    assert (later.updated, later.failed, later.kept) == (len(chats), 0, 0)
    rows = place.rows()
    assert rows[edited.key]["title"] == "Edited by hand"
    assert all(int(rows[old.key]["messages"]) == grown(old, "More", "Sure").human + grown(old, "More", "Sure").answers
               for old in chats)  # fmt: skip


def test_a_file_in_place_of_words_is_told_by_its_name(tmp_path):
    place = Place("custom", tmp_path)
    sent = Message("m0", None, "human", (Part("attachment", "", "plan.pdf"),), DAY)
    take_in(replace(chat("a"), messages=(sent,)))
    place.sync(transcripts=True)
    assert _said(place, "chatgpt:a") == ["[file: plan.pdf]"]


@everywhere
def test_a_filled_system_is_still_the_one_that_was_built(platform, tmp_path):
    place = Place(platform, tmp_path)
    take_in(chat("a"), chat("b"))
    place.sync(transcripts=True)
    assert {drift.state for drift in pipeline.verify(place.system)} == {"same"}
    place.build(place.config)
    pipeline.destroy(place.system)
    assert set(place.rows()) == {"chatgpt:a", "chatgpt:b"}


@everywhere
def test_naming_a_project_later_changes_no_row_that_is_there(platform, tmp_path):
    place = Place(platform, tmp_path)
    take_in(chat("a", project_id="g-p-1"))
    place.sync()
    before = place.bytes()
    pipeline.name_project("g-p-1", "Garden")
    report = place.sync()
    assert (report.unchanged, report.requests) == (1, 0)
    assert place.bytes() == before
