"""Sync of many new chats into a database at once: what files and indexes each of them, and what else is there."""

from __future__ import annotations

import pytest

from tests.integration.filling import take_in
from tests.integration.places import DatabasePlace
from tests.unit.library.makers import chat

MANY = 120


def things(place):
    return [tuple(row) for row in place.ask("SELECT type, name, sql FROM sqlite_master ORDER BY type, name")]


def found(place, index, words):
    query = f"SELECT s.source_id FROM {index} f JOIN sessions s ON s.id = f.rowid WHERE {index} MATCH ?"
    return {row[0] for row in place.ask(query, words)}


def whole(place):
    """Every session is indexed as it stands, once: SQLite compares the index with the table."""
    for index in ("sessions_fts", "sessions_trigram"):
        place.ask(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")
        missing = f"SELECT count(*) FROM sessions WHERE id NOT IN (SELECT id FROM {index}_docsize)"
        assert place.ask(missing)[0][0] == 0


@pytest.fixture
def place(tmp_path):
    return DatabasePlace(tmp_path)


def test_each_is_filed_and_can_be_found(place):
    before = things(place)
    place.ask("INSERT INTO tag_rules (word, field, value) VALUES ('walrus', 'tags', 'sea')")
    take_in(*(chat(f"c{n}", f"number{n} {'walrus' if n % 2 else 'otter'}", "ok") for n in range(MANY)))
    assert place.sync(transcripts=True).created == MANY
    assert {name for name, row in place.rows().items() if "sea" in row["tags"]} == {
        f"chatgpt:c{n}" for n in range(1, MANY, 2)
    }
    assert found(place, "sessions_fts", "number7") == {"chatgpt:c7"}
    assert len(found(place, "sessions_trigram", "alrus")) == MANY // 2
    whole(place)
    assert [thing for thing in things(place) if thing[1] != "transcripts"] == before
    place.edit("chatgpt:c7", title="A new name")
    assert found(place, "sessions_fts", "name") == {"chatgpt:c7"}
    whole(place)


def test_a_trigger_of_the_persons_sees_every_row_in_the_index(place):
    place.ask("CREATE TABLE seen (id INTEGER, indexed INTEGER)")
    place.ask(
        "CREATE TRIGGER mine AFTER INSERT ON sessions BEGIN INSERT INTO seen"
        " SELECT new.id, EXISTS (SELECT 1 FROM sessions_fts_docsize WHERE id = new.id); END"
    )
    before = things(place)
    take_in(*(chat(f"c{n}") for n in range(MANY)))
    assert place.sync().created == MANY
    assert place.ask("SELECT count(*) FROM seen")[0][0] == MANY
    assert things(place) == before
    whole(place)


def test_one_that_the_table_refuses_stops_no_other(place):
    place.ask("CREATE UNIQUE INDEX once ON sessions (title)")
    before = things(place)
    take_in(*(chat(f"c{n}", title=f"Title {n % (MANY - 1)}") for n in range(MANY)))
    report = place.sync()
    assert (report.created, report.failed) == (MANY - 1, 1)
    assert things(place) == before
    whole(place)
    assert found(place, "sessions_fts", "title") >= set(place.rows())
