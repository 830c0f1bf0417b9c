"""Sync into real targets: what arrives, what a person did stays, and nothing is written when nothing changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, nullcontext
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbuilder import pipeline
from chatbuilder.chats import Message, Part
from chatbuilder.errors import ChatbuilderError, InputError, InterruptedByUser, RefusedError
from chatbuilder.paths import locate
from chatbuilder.pipeline import filling
from chatbuilder.pipeline.hands import system_lock
from tests.foreign import bringing
from tests.helpers import unfilled
from tests.integration.filling import FULL, grown, hostile_chats, keys, take_in
from tests.integration.places import PLACES as OURS
from tests.integration.places import PLATFORMS, Place
from tests.integration.places.orgfiles import OrgPlace
from tests.strategies import configs
from tests.unit.library.makers import DAY, chat

# What a package brings does all that ours do: the example of docs/plugins.md.
PLACES: dict[str, type[Place]] = {**OURS, "org": OrgPlace}
everywhere = pytest.mark.parametrize("platform", [*PLATFORMS, "org"])
Opens = Callable[..., Place]


@pytest.fixture(autouse=True)
def known(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the platform of the example be known where it is asked for."""
    params = getattr(request.node, "callspec", None)
    with bringing(OrgPlace.brings) if params and params.params.get("platform") == "org" else nullcontext():
        yield


@pytest.fixture
def opens(tmp_path: Path) -> Iterator[Opens]:
    """Open places, and close them at the end."""
    with ExitStack() as stack:
        yield lambda platform, **more: stack.enter_context(closing(PLACES[platform](tmp_path, **more)))


@everywhere
def test_a_chat_becomes_a_row(platform, opens):
    place = opens(platform)
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
    assert (a["messages"], a["duration"], a["words"]) == ("2", "90", "9")
    assert (a["month"], a["day"], a["week"]) == ("2026-03", "2026-03-01", "2026-W09")
    assert (a["external_id"], a["model"], a["status"]) == ("a", "gpt-5", "Active")
    assert a["started"].startswith("2026-03-01T12:00:00")
    assert a["first_prompt"] == "How do I fix this python error?"
    assert "python" in a["keywords"].split()
    assert "bug" in a["tags"]
    assert a["auto_filed"] == "true"
    assert (b["title"], b["link"], b["status"]) == ("Hello", "codex resume b", "Archived")
    assert b["assistant"] == ("Other" if place.strict else "Codex")
    assert report.unlisted == {"Codex": 1}
    assert (a["topic"], a["project"]) == ("Coding", "Website")
    assert "Website" in place.projects()


@everywhere
def test_twice_writes_nothing_the_second_time(platform, opens):
    place = opens(platform)
    take_in(*(chat(f"c{n}", f"Question {n}", "Answer") for n in range(12)))
    place.sync(transcripts=True)
    before = place.snapshot()
    for more in ({"transcripts": True}, {}, {"dry_run": True}, {"transcripts": True}):
        report = place.sync(**more)
        assert (report.unchanged, report.requests) == (12, 0)
        assert place.snapshot() == before


@everywhere
def test_what_a_person_did_stays_and_new_facts_arrive(platform, opens):
    place = opens(platform)
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
        assert row["messages"] == "4"
        assert row["last_activity"].startswith("2026-03-02")
        assert row["model"] == ("my model" if number in (10, 11) else "gpt-6")
        mine = number < 10
        assert row["title"] == ("My title" if mine else f"Chat c{number}")
        assert row["status"] == ("Completed" if mine else "Active")
        assert row["summary"] == ("My words" if mine else "By the assistant.")
    again = place.sync()
    assert (again.requests, again.skipped, again.unchanged) == (0, 2, 18)
    assert place.sync(restore=True).created == 2
    assert set(place.rows()) == keys(chats)


@everywhere
def test_a_lost_library_is_rebuilt_from_the_keys_in_the_target(platform, opens):
    place = opens(platform)
    chats = [chat(f"c{n}", f"Question {n}", "Answer") for n in range(8)]
    take_in(*chats)
    place.sync()
    place.edit(chats[0].key, title="Mine", link="https://example.org/mine")
    before = place.rows()
    place.lose_library()
    take_in(*chats)
    report = place.sync()
    assert (report.created, report.updated, report.unchanged) == (0, 0, 8)
    assert report.kept == 1
    assert place.rows() == before
    take_in(*(grown(old, "More", "Sure") for old in chats), exported=2.0)
    assert place.sync().updated == 8
    row = place.rows()[chats[0].key]
    assert row["link"] == "https://example.org/mine"
    assert row["messages"] == "4"


@everywhere
def test_a_lost_library_that_comes_back_newer_brings_figures_up_to_date(platform, opens):
    place = opens(platform)
    old = chat("a", "Question", "Answer")
    take_in(old)
    place.sync()
    place.lose_library()
    take_in(replace(grown(old, "More", "Sure"), model="new"))
    assert place.sync().updated == 1
    row = place.rows()[old.key]
    assert (row["messages"], row["model"]) == ("4", "new")
    assert row["last_activity"].startswith("2026-03-02")


@everywhere
def test_a_system_built_anew_is_filled_anew(platform, opens):
    place = opens(platform, answers={**FULL, "options": {**FULL["options"], "sample_data": False}})
    take_in(chat("a"))
    place.sync()
    place.delete("chatgpt:a")
    pipeline.destroy(place.system)
    place.wipe()
    place.build(place.config)
    assert place.sync().created == 1
    assert set(place.rows()) == {"chatgpt:a"}


@everywhere
def test_new_answers_fill_their_fields_in_rows_that_are_there(platform, opens):
    place = opens(platform, answers={**FULL, "priorities": ["organization"], "features": []})
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
def test_projects_are_made_once_and_a_renamed_one_stays_linked(platform, opens):
    place = opens(platform)
    take_in(chat("a", project="Garden"), chat("b", project="Garden"))
    assert place.sync().created == 2
    assert place.projects().count("Garden") == 1
    place.rename_project("Garden", "Our garden")
    take_in(chat("c", project="Garden"))
    place.sync()
    assert place.projects().count("Garden") == 0
    assert place.rows()["chatgpt:c"]["project"] == ("Our garden" if place.follows_renames else "")
    assert place.rows()["chatgpt:a"]["project"] == "Our garden"


@everywhere
def test_a_deleted_project_stays_deleted(platform, opens):
    place = opens(platform)
    take_in(chat("a", project="Garden"))
    place.sync()
    place.delete_project("Garden")
    take_in(chat("c", project="Garden"))
    assert place.sync().created == 1
    assert place.projects().count("Garden") == 0
    assert place.rows()["chatgpt:c"]["project"] == ""


@everywhere
def test_transcripts_grow_until_the_person_changes_them(platform, opens):
    place = opens(platform)
    chats = [chat(f"c{n}", f"Question {n}", "Answer") for n in range(3)]
    take_in(*chats)
    place.sync()
    report = place.sync(transcripts=True)
    assert (report.updated, report.transcripts) == (3, 3)
    assert place.said("chatgpt:c0") == ["Question 0", "Answer"]
    place.retell("chatgpt:c1", "Question 1", "My own words")
    take_in(*(grown(old, "More", "Sure") for old in chats), exported=2.0)
    report = place.sync(transcripts=True)
    assert report.updated == 3
    assert place.said("chatgpt:c0") == ["Question 0", "Answer", "More", "Sure"]
    assert place.said("chatgpt:c1")[0] == "My own words"
    assert "More" not in place.said("chatgpt:c1")


@everywhere
def test_a_chat_in_which_nothing_was_said_gets_its_transcript_later(platform, opens):
    place, later = opens(platform), grown(chat("a"), "More", "Sure")
    noise = later.messages[0]._replace(role="tool", parts=(Part("tool", "it ran"),))
    take_in(replace(chat("a"), messages=(noise,)))
    assert place.sync(transcripts=True).created == 1
    take_in(later, exported=2.0)
    assert place.sync(transcripts=True).updated == 1
    assert place.said("chatgpt:a") == ["Hello", "Hi there", "More", "Sure"]


@everywhere
def test_a_dry_run_tells_and_writes_nothing(platform, opens):
    place = opens(platform)
    take_in(*(chat(f"c{n}", project="New one") for n in range(5)))
    before, library = place.snapshot(), _dump()
    report = place.sync(dry_run=True, transcripts=True)
    assert (report.created, report.transcripts) == (5, 5)
    assert report.bytes > 100
    assert place.snapshot() == before
    assert _dump() == library
    done = place.sync(transcripts=True)
    assert (done.created, done.requests) == (5, report.requests)


def _dump() -> str:
    import sqlite3

    with closing(sqlite3.connect(locate().library)) as connection:
        return str(connection.execute("SELECT * FROM placements").fetchall())


@everywhere
def test_stopped_and_gone_on(platform, opens, monkeypatch):
    monkeypatch.setattr(PLACES[platform].batch, 3)
    monkeypatch.setattr(filling, "OFTEN", float("inf"))  # a slow machine hears no word more than one a batch
    place = opens(platform)
    chats = [chat(f"c{n}") for n in range(10)]
    take_in(*chats)
    heard: list[Any] = []
    with pytest.raises(InterruptedByUser):
        place.sync(on_event=heard.append, cancelled=lambda: any(getattr(h, "created", 0) >= 6 for h in heard))
    assert len(place.rows()) == 6
    assert place.sync().created == 4
    assert set(place.rows()) == keys(chats)


@everywhere
def test_one_at_a_time(platform, opens):
    place = opens(platform)
    take_in(chat("a"))
    with system_lock(place.system), pytest.raises(InputError, match="Another chatbuilder"):
        place.sync()


@everywhere
def test_a_target_that_is_gone(platform, opens):
    place = opens(platform)
    take_in(chat("a"))
    place.take_away()
    with pytest.raises(ChatbuilderError) as caught:
        place.sync()
    assert caught.value.kept
    assert caught.value.hint


def test_platforms_that_are_not_served_yet_say_what_to_do(opens, monkeypatch):
    place = opens("custom")
    unfilled(monkeypatch, "custom")
    with pytest.raises(RefusedError) as caught:
        place.sync()
    assert "Obsidian" in caught.value.hint


def test_a_table_that_lost_columns(opens):
    place = opens("custom", answers={**FULL, "priorities": ["organization"], "features": []})
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


@everywhere
def test_hostile_text_arrives_as_harmless_text(platform, opens):
    place, chats = opens(platform), hostile_chats()
    take_in(*chats)
    report = place.sync(transcripts=True)
    assert (report.created, report.failed) == (len(chats), 0), report.problems
    assert set(place.rows()) == keys(chats)
    assert place.sync(transcripts=True).requests == 0
    take_in(*(grown(old, "More", "Sure") for old in chats), exported=2.0)
    assert place.sync(transcripts=True).updated == len(chats)
    assert set(place.rows()) == keys(chats)


@everywhere
def test_a_message_of_five_megabytes(platform, opens):
    place = opens(platform)
    take_in(chat("big", "x" * 5_000_000, "ok"))
    assert place.sync(transcripts=True).created == 1
    assert place.sync(transcripts=True).requests == 0


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
    answers = data.draw(configs(platform=PLACES[platform].platform)).data()
    chats = data.draw(any_chats)
    with closing(PLACES[platform](room, answers)) as place:
        _any_chats(place, chats, data)


def _any_chats(place, chats, data):
    take_in(*chats)
    transcripts = data.draw(st.booleans())
    report = place.sync(transcripts=transcripts)
    assert (report.created, report.failed) == (len(chats), 0), report.problems
    before = place.snapshot()
    again = place.sync(transcripts=transcripts)
    assert (again.requests, again.unchanged) == (0, len(chats))
    assert place.snapshot() == before
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


def test_a_file_in_place_of_words_is_told_by_its_name(opens):
    place = opens("custom")
    sent = Message("m0", None, "human", (Part("attachment", "", "plan.pdf"),), DAY)
    take_in(replace(chat("a"), messages=(sent,)))
    place.sync(transcripts=True)
    assert place.said("chatgpt:a") == ["[file: plan.pdf]"]


@everywhere
def test_a_filled_system_is_still_the_one_that_was_built(platform, opens):
    place = opens(platform)
    take_in(chat("a"), chat("b"))
    place.sync(transcripts=True)
    assert {drift.state for drift in pipeline.verify(place.system)} == {"same"}
    place.build(place.config)
    pipeline.destroy(place.system)
    assert set(place.rows()) == {"chatgpt:a", "chatgpt:b"}


@everywhere
def test_naming_a_project_later_changes_no_row_that_is_there(platform, opens):
    place = opens(platform)
    take_in(chat("a", project_id="g-p-1"))
    place.sync()
    before = place.snapshot()
    pipeline.name_project("g-p-1", "Garden")
    report = place.sync()
    assert (report.unchanged, report.requests) == (1, 0)
    assert place.snapshot() == before
