"""One design and the same chats in SQLite and in PostgreSQL: every view and every search gives the same rows."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

import pytest

from chatbuilder import pipeline
from chatbuilder.chats import ChatSession
from chatbuilder.design import design
from tests.databases import EVERYTHING, needs_postgres
from tests.integration.filling import grown, hostile_chats, take_in
from tests.integration.places import DatabasePlace, Place, ServerPlace
from tests.unit.library.makers import DAY, chat

pytestmark = needs_postgres
CHATS = int(os.environ.get("CHATBUILDER_BOTH_CHATS", "300"))
WORDS = """
index café naïve Zürich résumé well-known example.com path/to/file snake_case it's “quoted” e-mail 3.14 -5 Привет
日本語の検索 über slow python Garden cooking trip budget SELECT * FROM x; C++ #tag key=value
""".split()  # noqa: SIM905  (words that are to be read as a text)
SEARCHED = (
    "index", "cafe", "café", "naive", "Zürich", "resume", "known", "well", "example", "file", "snake", "case", "quoted",
    "mail", "14", "5", "Привет", "uber", "PYTHON", "key", "value", "nowhere", "python slow", '"slow python"',
)  # fmt: skip
PARTS = ("ytho", "日本語", "語の検", "INDE", "ard", "n sl", "ample.c", "zzz")
NOT_MATCHED = {"id", "rank", "found", "words"}


def any_chats(count: int) -> list[ChatSession]:
    """Chats of words that the two engines might take apart in different ways."""
    chance = random.Random(5)
    made = []
    for number in range(count):
        text = " ".join(chance.choices(WORDS, k=12))
        title, model = " ".join(chance.choices(WORDS, k=4)), chance.choice((None, "gpt-5"))
        project, started = chance.choice((None, "Garden", "Website")), DAY.replace(day=1 + number % 28)
        made.append(chat(f"c{number}", text, "Answer", title=title, model=model, project=project, started=started))
    return made


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Place]:
    """The same answers and the same chats on both."""
    room: Path = tmp_path_factory.mktemp("room")
    patch = pytest.MonkeyPatch()
    patch.setenv("CHATBUILDER_HOME", str(room / "home"))
    places = DatabasePlace(room, EVERYTHING), ServerPlace(room, EVERYTHING)
    chats = any_chats(CHATS)
    take_in(*chats, *hostile_chats())
    for place in places:
        assert place.sync(transcripts=True).failed == 0
    take_in(*(grown(old, "More python", "Sure") for old in chats[::7]), exported=2.0)
    for place in places:
        report = place.sync(transcripts=True)
        assert (report.updated, report.failed) == (len(chats[::7]), 0)
    # Who a person is, is told differently: in a file by a setting, on a server by the role, which new rows belong to.
    places[0].ask("UPDATE chatbuilder_settings SET value = 'postgres' WHERE key = 'me'")
    places[0].ask("UPDATE sessions SET owner = 'postgres' WHERE source_id NOT LIKE 'sample:%'")
    states = [{drift.state for drift in pipeline.verify(place.system)} for place in places]
    assert states == [{"same"}, {"same"}]
    patch.undo()
    return places


def rows(place: Place, query: str, *values: Any) -> list[dict[str, Any]]:
    if isinstance(place, ServerPlace):
        found = [row["row"] for row in place.ask(f"SELECT row_to_json(q) AS row FROM ({query}) q", *values)]
    else:
        found = [dict(row) for row in place.ask(query, *values)]
    return [{name: _plain(value) for name, value in row.items() if name not in NOT_MATCHED} for row in found]


def _plain(value: Any) -> Any:
    """A value in the form that both can tell: lists as lists, ticks as numbers, times with a Z."""
    if isinstance(value, str) and value.startswith("["):
        try:
            return json.loads(value)
        except ValueError:
            return value
    if isinstance(value, str):
        return value.replace("+00:00", "Z")
    return float(value) if isinstance(value, (bool, int, float)) else value


def test_every_view_shows_the_same_rows_in_the_same_order(both):
    file, _ = both
    blueprint = design(file.config)
    names = {row["name"] for row in file.ask("SELECT name FROM sqlite_master WHERE type = 'view'")}
    names -= {"search_sessions", "search_any_script"}
    assert {view.key for view in blueprint.views} <= names
    assert len(names) > 30
    seen = 0
    for name in sorted(names):
        ours, theirs = (rows(place, f'SELECT * FROM "{name}"') for place in both)
        if name.endswith("_overview"):  # a table as it is: in no order
            ours, theirs = (sorted(found, key=str) for found in (ours, theirs))
        assert ours == theirs, name
        seen += len(ours)
    assert seen > 5 * CHATS


@pytest.mark.parametrize("words", SEARCHED)
def test_words_are_found_in_the_same_sessions(both, words):
    file, server = both
    asked = words if words.startswith('"') else " ".join(f'"{word}"' for word in words.split())
    ours = rows(file, "SELECT title, link, last_activity FROM search_sessions WHERE words MATCH ?", asked)
    theirs = rows(server, "SELECT title, link, last_activity FROM search_sessions(%s)", words)
    assert sorted(map(str, ours)) == sorted(map(str, theirs))
    assert bool(ours) == (words != "nowhere")


@pytest.mark.parametrize("part", PARTS)
def test_parts_of_words_are_found_in_the_same_sessions(both, part):
    file, server = both
    ours = rows(file, "SELECT title, link, last_activity FROM search_any_script WHERE words MATCH ?", f'"{part}"')
    theirs = rows(server, "SELECT title, link, last_activity FROM search_any_script(%s)", part)
    assert sorted(map(str, ours)) == sorted(map(str, theirs))
    assert bool(ours) == (part != "zzz")


def test_both_are_whole_after_all_of_it(both):
    file, server = both
    assert file.ask("PRAGMA integrity_check")[0][0] == "ok"
    assert file.ask("PRAGMA foreign_key_check") == []
    # Every page and every index entry, as pg_amcheck looks at them.
    server.server.check(server.name)
