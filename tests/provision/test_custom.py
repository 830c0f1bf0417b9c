"""A system in a database: built once, beside a person's own things, brought to other answers, and taken down again."""

from __future__ import annotations

import os
import random
import sqlite3
import subprocess
import sys
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbuilder import pipeline
from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config, CustomField, Options
from chatbuilder.design import design
from chatbuilder.errors import InputError, RefusedError
from chatbuilder.generators.custom import generate
from chatbuilder.provision.base import Provisioner, Removal, Result
from chatbuilder.provision.custom import database as files
from chatbuilder.provision.custom import open_target
from chatbuilder.solution import Plan, Step
from tests.databases import everything, inserts, opened, random_rows, sample_rows, select
from tests.helpers import ROOT
from tests.helpers import config as config_of
from tests.strategies import configs

Results = dict[str, Result]
THEIRS = """
CREATE TABLE recipes (id INTEGER PRIMARY KEY, name TEXT, minutes);
INSERT INTO recipes (name, minutes) VALUES ('Soup', 30), ('Bread', 'long');
CREATE INDEX recipes_by_name ON recipes (name);
CREATE VIEW quick AS SELECT name FROM recipes WHERE minutes < 45;
CREATE TRIGGER no_empty AFTER INSERT ON recipes WHEN new.name = '' BEGIN DELETE FROM recipes WHERE id = new.id; END;
"""


def plan_of(config: Config) -> Plan:
    return generate(config, design(config)).plan


def apply(path: Path, config: Config, known: Mapping[str, Result] | None = None) -> Results:
    """Deliver a plan as the runner does, and return all results known afterwards."""
    results, plan = dict(known or {}), plan_of(config)
    with closing(open_target(f"sqlite:///{path}")) as provisioner:
        provisioner.preflight(plan, results)
        for step in plan:
            results[step.key] = provisioner.deliver(step, step.payload, results.get(step.key))
    return results


def inspected(path: Path, config: Config, results: Results) -> dict[str, str]:
    """What is not as it was delivered."""
    provisioner = open_target(f"sqlite:///{path}")
    states = {s.key: provisioner.inspect(s, s.payload, results[s.key]) for s in plan_of(config)}
    provisioner.close()
    return {key: state for key, state in states.items() if state != "same"}


def destroy(path: Path, results: Results, *configs_: Config) -> dict[str, Removal]:
    """Take down what these answers built one after the other, last step first; return what stayed."""
    steps: dict[str, tuple[int, Step]] = {}
    for config in configs_:
        steps |= {step.key: (n, step) for n, step in enumerate(plan_of(config))}
    provisioner = open_target(f"sqlite:///{path}")
    backwards = [step for _, step in sorted(steps.values(), key=lambda pair: (pair[0], pair[1].key), reverse=True)]
    removals = {s.key: provisioner.remove(s, s.payload, results[s.key]) for s in backwards}
    provisioner.close()
    return {key: removal for key, removal in removals.items() if not removal.removed}


def dump(path: Path, *, without: Iterable[str] = ()) -> list[str]:
    """The whole database as SQL, but for what is written by FTS5 itself."""
    with opened(path) as connection:
        lines = list(connection.iterdump())
    connection.close()
    skipped = ("sessions_fts_", "sessions_trigram_", *without)
    return sorted(line for line in lines if not any(word in line for word in skipped))


def sound(path: Path) -> None:
    """Nothing is broken: pages, references, search index, and every view there is."""
    connection = opened(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'view'").fetchall():
        connection.execute(f'SELECT * FROM "{name}"').fetchall()
    for index in ("sessions_fts", "sessions_trigram"):
        connection.execute(f"INSERT INTO {index} ({index}, rank) VALUES ('integrity-check', 1)")
    # A rename makes SQLite read every view and trigger of the file.
    connection.execute("BEGIN")
    connection.execute("CREATE TABLE probe (id)")
    connection.execute("ALTER TABLE probe RENAME TO probed")
    connection.execute("ROLLBACK")
    connection.close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "new folder" / "it's 100%.db"


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    place = tmp_path / "theirs.db"
    connection = opened(place)
    connection.executescript(THEIRS)
    connection.close()
    return place


# building


def test_a_new_file_is_private_sound_and_as_planned(path):
    results = apply(path, everything())
    sound(path)
    assert inspected(path, everything(), results) == {}
    assert os.name != "posix" or path.stat().st_mode & 0o777 == 0o600
    assert sorted(place.name for place in path.parent.iterdir()) == [path.name]


def test_delivering_again_changes_nothing(path):
    results = apply(path, everything())
    before = path.read_bytes()
    assert apply(path, everything(), results) == results
    assert apply(path, everything()) == results  # even when the journal is lost
    assert path.read_bytes() == before


def test_a_step_is_looked_up_by_what_it_is(path):
    config, other = everything(), everything(options=Options(topics=("Else",)))
    provisioner = open_target(f"sqlite:///{path}")
    steps = {step.key: step for step in plan_of(config)}
    assert provisioner.look_up(steps["topics"], steps["topics"].payload) is None
    results = apply(path, config)
    changed = next(step for step in plan_of(other) if step.key == "topics")
    assert provisioner.look_up(steps["topics"], steps["topics"].payload) == results["topics"]
    assert provisioner.look_up(changed, changed.payload) is None
    provisioner.close()


def test_a_step_that_fails_leaves_no_trace_and_keeps_the_rest(path):
    steps = list(plan_of(everything()))
    provisioner = open_target(f"sqlite:///{path}")
    for step in steps[:4]:
        provisioner.deliver(step, step.payload, None)
    before = dump(path)
    bad = {**steps[4].payload, "statements": [*steps[4].payload["statements"], "CREATE TABLE sessions (id)"]}
    with pytest.raises(RefusedError) as caught:
        provisioner.deliver(steps[4], bad, None)
    assert caught.value.kept
    assert caught.value.hint
    assert dump(path) == before
    provisioner.deliver(steps[4], steps[4].payload, None)
    provisioner.close()


KILLED = """
import os, sys
from chatbuilder.provision.custom import evolve, open_target
from tests.provision.test_custom import apply
from tests.databases import everything
from pathlib import Path
left, execute = [int(sys.argv[2])], evolve.Work._execute
def dying(self, *arguments):
    self.connection.execute("PRAGMA cache_size = 1")  # half a change reaches the file, and a journal to undo it
    execute(self, *arguments)
    left[0] -= 1
    if left[0] == 0:
        os.kill(os.getpid(), 9)
evolve.Work._execute = dying
apply(Path(sys.argv[1]), everything(complexity=sys.argv[3]))
"""


@pytest.mark.skipif(os.name != "posix", reason="Windows has no kill -9")
@pytest.mark.parametrize("statements", [1, 2, 9, 60, 75, 90])
def test_killed_anywhere_it_finishes_on_the_next_run(path, tmp_path, statements):
    call = [sys.executable, "-c", KILLED, str(path), str(statements), "advanced"]
    assert subprocess.run(call, check=False, cwd=ROOT).returncode == -9
    apply(path, everything())
    sound(path)
    clean = tmp_path / "clean folder" / "clean.db"
    apply(clean, everything())
    assert dump(path) == dump(clean)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no kill -9")
@pytest.mark.parametrize("statements", [3, 12, 30, 45])
def test_killed_while_evolving_it_finishes_on_the_next_run(path, tmp_path, statements):
    clean = tmp_path / "clean folder" / "clean.db"
    results = {}
    for place in (path, clean):
        results[place] = apply(place, everything(complexity="simple"))
    call = [sys.executable, "-c", KILLED, str(path), str(statements), "advanced"]
    assert subprocess.run(call, check=False, cwd=ROOT).returncode == -9
    for place in (path, clean):
        apply(place, everything(), results[place])
        sound(place)
    assert dump(path) == dump(clean)


# beside a person's own things


def test_it_is_added_beside_what_a_person_has(theirs):
    before = dump(theirs)
    mode = theirs.stat().st_mode
    config = everything()
    provisioner = open_target(f"sqlite:///{theirs}")
    found = provisioner.preflight(plan_of(config), {})
    assert (found.exists, found.place) == (True, str(theirs))
    assert any("1 table of yours" in note for note in found.notes)
    provisioner.close()
    assert dump(theirs) == before
    results = apply(theirs, config)
    sound(theirs)
    assert set(before) <= set(dump(theirs))
    assert theirs.stat().st_mode == mode
    assert destroy(theirs, results, config) == {}
    assert dump(theirs) == before


def test_every_name_that_is_taken_is_listed_and_nothing_is_written(theirs):
    connection = opened(theirs)
    connection.executescript(
        "CREATE TABLE Sessions (x); CREATE VIEW active AS SELECT 1; CREATE TABLE sessions_fts_data (y);"
        "CREATE INDEX sessions_status_index ON recipes (minutes);"
        "CREATE TRIGGER sessions_search_insert AFTER DELETE ON recipes BEGIN SELECT 1; END;"
        "CREATE TABLE chatbuilder_meta (mine)"
    )
    connection.close()
    before = theirs.read_bytes()
    with pytest.raises(InputError) as caught, closing(open_target(f"sqlite:///{theirs}")) as target:
        target.preflight(plan_of(everything()), {})
    assert sorted(caught.value.problems) == [
        "index sessions_status_index", "table Sessions", "table chatbuilder_meta", "table sessions_fts_data",
        "trigger sessions_search_insert", "view active",
    ]  # fmt: skip
    assert caught.value.hint
    assert theirs.read_bytes() == before


def test_two_systems_do_not_share_a_file(path):
    apply(path, everything(name="Mine"))
    with pytest.raises(InputError, match="Mine"), closing(open_target(f"sqlite:///{path}")) as target:
        target.preflight(plan_of(everything(name="Another")), {})


# other answers


def rows_of(path: Path) -> dict[tuple[str, int], dict[str, Any]]:
    connection = opened(path)
    found = {}
    for table in ("sessions", "topics", "projects", "prompts"):
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
            found |= {(table, row["id"]): row for row in select(connection, f"SELECT * FROM {table}")}
    connection.close()
    return found


def fill(path: Path, blueprint: Blueprint, config: Config, seed: int) -> None:
    connection = opened(path)
    (day,) = connection.execute("SELECT date('now')").fetchone()
    import datetime

    rows = random_rows(blueprint, sample_rows(config, blueprint), random.Random(seed), datetime.date.fromisoformat(day))
    for statement in inserts(blueprint, rows, "sqlite"):
        connection.execute(statement)
    connection.close()


MOVED = {"topic", "topic_id", "project", "project_id"}


def values(row: dict[str, Any]) -> dict[str, str]:
    """What a person has in a row, but for links that move; a field whose type changed may write 1 as 1.0 or '1'."""
    return {key: str(value).removesuffix(".0") for key, value in row.items() if key not in MOVED}


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configs("custom", name="Chats"), configs("custom", name="Chats"), st.integers(0, 2**32))
def test_other_answers_lose_nothing_a_person_has(tmp_path_factory, first, second, seed):
    path = tmp_path_factory.mktemp("evolving") / "chats.db"
    results = apply(path, first)
    fill(path, design(first), first, seed)
    before = rows_of(path)
    results = apply(path, second, results)
    sound(path)
    assert inspected(path, second, results) == {}
    after = rows_of(path)
    for place, row in before.items():
        assert values(row).items() <= values(after[place]).items()
    results = apply(path, first, results)
    sound(path)
    assert inspected(path, first, results) == {}
    back = rows_of(path)
    for place, row in before.items():
        assert values(row).items() <= values(back[place]).items()


def test_a_topic_stays_when_it_becomes_a_link_and_back(path):
    simple, linked = everything(complexity="simple"), everything(complexity="moderate")
    results = apply(path, simple)
    connection = opened(path)
    connection.execute("INSERT INTO sessions (title, topic, project) VALUES ('mine', 'Writing', 'Thesis')")
    query = "SELECT id, topic, project FROM sessions_overview ORDER BY id"
    before = connection.execute(query).fetchall()
    results = apply(path, linked, results)
    assert connection.execute(query).fetchall() == before
    connection.execute(
        "UPDATE sessions SET topic_id = (SELECT id FROM topics WHERE name = 'Coding') WHERE title = 'mine'"
    )
    connection.execute("INSERT INTO topics (name) VALUES ('Gardening')")
    connection.execute("UPDATE sessions SET topic_id = (SELECT id FROM topics WHERE name = 'Gardening') WHERE id = 1")
    results = apply(path, simple, results)
    after = connection.execute(query).fetchall()
    assert after == [(1, None, before[0][2]), *before[1:6], (7, "Coding", "Thesis")]
    apply(path, linked, results)  # what was no choice was still in the link
    assert connection.execute("SELECT count(*) FROM topics WHERE name = 'Gardening'").fetchone() == (1,)
    connection.close()


def test_new_choices_are_allowed_and_old_ones_in_use_stay(path):
    options = Options(assistants=("ChatGPT", "Gemini"))
    results = apply(path, everything(options=options))
    more = everything(options=Options(assistants=("ChatGPT", "It's new")))
    results = apply(path, more, results)
    connection = opened(path)
    connection.execute("INSERT INTO sessions (title, assistant) VALUES ('x', 'It''s new'), ('y', 'Gemini')")
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO sessions (title, assistant) VALUES ('z', 'Nobody')")
    connection.execute("DELETE FROM sessions WHERE assistant = 'Gemini'")
    apply(path, everything(options=options), results)
    connection.execute("INSERT INTO sessions (title, assistant) VALUES ('y', 'Gemini')")
    connection.close()
    sound(path)


def test_values_that_new_rules_forbid_stay_and_it_is_said(path):
    def config(kind: Any) -> Config:
        return everything(options=Options(custom_fields=(CustomField(name="Client", type=kind),)))

    results = apply(path, config("text"))
    connection = opened(path)
    connection.execute("UPDATE sessions SET my_client = 'Acme' WHERE id = 1")
    results = apply(path, config("number"), results)
    assert "my_client" in results["table:sessions"]["left"]
    assert connection.execute("SELECT my_client FROM sessions WHERE id = 1").fetchone() == ("Acme",)
    connection.execute("UPDATE sessions SET my_client = NULL")
    results = apply(
        path, everything(options=Options(custom_fields=(CustomField(name="Client", type="date"),))), results
    )
    assert "left" not in results["table:sessions"]
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE sessions SET my_client = 'Acme' WHERE id = 1")
    connection.close()


def test_rows_that_a_person_deleted_do_not_come_back(path):
    results = apply(path, everything(complexity="moderate"))
    connection = opened(path)
    connection.executescript(
        "DELETE FROM sessions; DELETE FROM tag_rules WHERE word = 'bug'; DELETE FROM session_templates"
    )
    apply(path, everything(complexity="advanced"), results)
    assert connection.execute("SELECT count(*) FROM sessions").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM tag_rules WHERE word = 'bug'").fetchone() == (0,)
    assert connection.execute("SELECT count(*) FROM session_templates").fetchone() == (0,)
    connection.close()


def test_an_edited_view_stays_through_every_change(path):
    results = apply(path, everything(complexity="simple"))
    mine = "CREATE VIEW active AS SELECT id, title FROM sessions WHERE id > 1"
    connection = opened(path)
    connection.executescript(f"DROP VIEW active; {mine}")
    for complexity in ("moderate", "advanced"):
        results = apply(path, everything(complexity=complexity), results)
        assert connection.execute("SELECT sql FROM sqlite_master WHERE name = 'active'").fetchone() == (mine,)
        assert "view active" in results["view:active"]["kept"]
    connection.execute("DROP VIEW active")
    connection.close()
    results = apply(path, everything(complexity="simple"), results)
    assert "kept" not in results["view:active"]
    assert inspected(path, everything(complexity="simple"), results) == {}


def test_an_edited_trigger_keeps_its_search_index(path):
    results = apply(path, everything(complexity="simple"))
    connection = opened(path)
    (sql,) = connection.execute("SELECT sql FROM sqlite_master WHERE name = 'sessions_search_delete'").fetchone()
    connection.execute("DROP TRIGGER sessions_search_delete")
    connection.execute(sql.replace("BEGIN", "BEGIN SELECT 'mine';"))
    results = apply(path, everything(options=Options(custom_fields=(CustomField(name="More"),))), results)
    assert "sessions_search_delete" in results["search"]["kept"]
    connection.close()
    sound(path)


def test_a_table_with_a_column_of_the_persons_still_grows(path):
    results = apply(path, everything(complexity="simple", team_size="solo"))
    connection = opened(path)
    connection.execute("ALTER TABLE sessions ADD COLUMN mood TEXT DEFAULT 'fine' CHECK (mood <> 'bad')")
    config = everything(options=Options(assistants=("New",)))
    results = apply(path, config, results)
    assert "table sessions" in results["table:sessions"]["kept"]
    columns = {row[1] for row in connection.execute("PRAGMA table_info(sessions)")}
    assert {"mood", "topic_id", "access"} <= columns
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("UPDATE sessions SET mood = 'bad'")
    connection.close()
    sound(path)
    assert inspected(path, config, results) == {"table:sessions": "edited"}


def test_what_is_missing_comes_back_and_what_is_there_stays(path):
    config = everything()
    results = apply(path, config)
    connection = opened(path)
    connection.execute("UPDATE sessions SET notes = 'mine' WHERE id = 2")
    connection.executescript("DROP VIEW active; DROP TABLE session_templates; DROP TRIGGER sessions_search_update")
    assert inspected(path, config, results) == {
        "view:active": "missing", "templates": "missing", "search": "missing",
    }  # fmt: skip
    results = apply(path, config, results)
    assert inspected(path, config, results) == {}
    assert connection.execute("SELECT count(*) FROM session_templates").fetchone() == (5,)
    assert connection.execute("SELECT notes FROM sessions WHERE id = 2").fetchone() == ("mine",)
    connection.close()
    sound(path)


# taking down


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(configs("custom", name="Chats"), configs("custom", name="Chats"))
def test_an_untouched_system_goes_without_a_trace(tmp_path_factory, first, second):
    folder = tmp_path_factory.mktemp("going")
    results = apply(folder / "chats.db", first)
    results = apply(folder / "chats.db", second, results)
    assert destroy(folder / "chats.db", results, first, second) == {}
    assert list(folder.iterdir()) == []


def test_a_field_without_values_that_becomes_a_tick_keeps_the_system_whole(path):
    def answers(kind):
        fields = [{"name": "Mine", "type": kind}]
        return config_of("custom", "organization", options={"sample_data": True, "custom_fields": fields})

    results = apply(path, answers("text"))
    apply(path, answers("checkbox"), results)
    sound(path)


def test_what_a_person_wrote_stays_with_all_it_needs(path):
    config = everything()
    results = apply(path, config)
    connection = opened(path)
    connection.execute("INSERT INTO sessions (title, topic_id) VALUES ('mine', 2)")
    connection.execute("UPDATE sessions SET summary = 'my words' WHERE id = 3")
    connection.execute("UPDATE prompts SET text = 'my prompt' WHERE id = 2")
    connection.close()
    kept = destroy(path, results, config)
    assert set(kept) >= {"samples", "table:sessions", "table:topics", "table:prompts", "settings"}
    assert all(removal.why for removal in kept.values())
    connection = opened(path)
    titles = [title for (title,) in connection.execute("SELECT title FROM sessions ORDER BY id")]
    assert titles == ["Cover letter for the museum job", "mine"]
    assert connection.execute("SELECT text FROM prompts").fetchall() == [("my prompt",)]
    assert connection.execute("SELECT topic_id IN (SELECT id FROM topics) FROM sessions").fetchall() == [(1,), (1,)]
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    assert connection.execute("SELECT count(*) FROM sqlite_master WHERE type = 'view'").fetchone() == (0,)
    connection.execute("DELETE FROM sessions")
    connection.close()
    apply(path, config)  # what stayed is taken up again
    sound(path)


def test_a_view_of_the_persons_keeps_what_it_reads(path):
    config = everything()
    results = apply(path, config)
    connection = opened(path)
    connection.execute("CREATE VIEW mine AS SELECT name, count(*) FROM all_topics GROUP BY 1")
    connection.close()
    kept = destroy(path, results, config)
    assert "the view mine" in kept["view:all_topics"].why
    assert {"view:all_topics", "table:topics", "settings"} == set(kept)
    connection = opened(path)
    assert connection.execute("SELECT * FROM mine").fetchall() == []
    connection.close()


def test_an_edited_view_is_not_taken_down(path):
    config = everything()
    results = apply(path, config)
    connection = opened(path)
    connection.executescript("DROP VIEW recent; CREATE VIEW recent AS SELECT 1 AS mine")
    connection.close()
    kept = destroy(path, results, config)
    assert "edited" in kept["view:recent"].why
    assert opened(path).execute("SELECT mine FROM recent").fetchall() == [(1,)]


def test_taking_down_twice_is_no_error(path):
    config = everything()
    results = apply(path, config)
    assert destroy(path, results, config) == {}
    assert destroy(path, results, config) == {}


# targets that cannot be used


@pytest.mark.parametrize(
    ("address", "wanted"),
    [
        ("sqlite:///a/b.db", "{cwd}/a/b.db"),
        ("sqlite:////a/b.db", "/a/b.db"),
        ("sqlite:///~/b.db", "{home}/b.db"),
        ("sqlite:///100%20 [x].db", "{cwd}/100%20 [x].db"),
    ],
)
def test_addresses_are_read_as_sqlalchemy_reads_them(address, wanted, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    place = wanted.format(cwd=Path.cwd(), home=Path.home())
    links = open_target(address).links({})
    assert Path(links.place) == Path(place).absolute()
    assert links.url.startswith("file:///")
    assert links.next


@pytest.mark.parametrize(
    "address", ["sqlite:///:memory:", "sqlite:///x.db?mode=ro", "sqlite:///file:x.db", "mysql://x"]
)
def test_addresses_that_name_no_file_are_refused(address):
    with pytest.raises(InputError) as caught:
        open_target(address)
    assert caught.value.hint


def refused(place: Path, config: Config | None = None) -> InputError | RefusedError:
    provisioner = open_target(f"sqlite:///{place}")
    with pytest.raises((InputError, RefusedError)) as caught:
        provisioner.preflight(plan_of(config or everything()), {})
    provisioner.close()
    assert caught.value.kept
    assert caught.value.hint
    return caught.value


def test_a_file_that_is_no_database(tmp_path):
    (tmp_path / "x.db").write_text("Dear diary, " * 100)
    assert "not an SQLite database" in refused(tmp_path / "x.db").message
    assert (tmp_path / "x.db").read_text().startswith("Dear diary")


def test_a_folder_and_a_file_in_the_way(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").write_text("x")
    assert "folder" in refused(tmp_path / "folder").message
    assert "not a folder" in refused(tmp_path / "file" / "x.db").message


def test_a_damaged_database(theirs):
    data = bytearray(theirs.read_bytes())
    data[100:4000] = os.urandom(3900)
    theirs.write_bytes(data)
    before = theirs.read_bytes()
    refused(theirs)
    assert theirs.read_bytes() == before


def test_a_file_that_may_not_be_written(theirs, monkeypatch):
    monkeypatch.setattr(os, "access", lambda place, mode: place != theirs)  # root may write everywhere
    assert "read-only" in refused(theirs).message


def test_a_database_that_another_program_is_writing(theirs, monkeypatch):
    monkeypatch.setattr(files, "_BUSY_SECONDS", 0.01)
    other = opened(theirs)
    other.execute("BEGIN EXCLUSIVE")
    found = refused(theirs)
    assert "Another program" in found.message
    other.execute("ROLLBACK")
    other.close()
    apply(theirs, everything())


def deliver_all(provisioner: Provisioner, steps: list[Step]) -> None:
    for step in steps:
        provisioner.deliver(step, step.payload, None)


def test_a_full_disk_stops_one_step_and_keeps_the_others(path):
    config, results = everything(), {}
    provisioner = open_target(f"sqlite:///{path}")
    steps = list(plan_of(config))
    for step in steps[:5]:
        results[step.key] = provisioner.deliver(step, step.payload, None)
    with provisioner._database.reading() as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()
        connection.execute(f"PRAGMA max_page_count = {pages}")
    before = dump(path)
    with pytest.raises(RefusedError, match="full"):
        deliver_all(provisioner, steps[5:])
    provisioner.close()
    assert set(before) <= set(dump(path))
    apply(path, config, results)
    sound(path)


def test_an_sqlite_that_cannot_do_it_is_said(path, monkeypatch):
    monkeypatch.setattr(sqlite3, "sqlite_version_info", (3, 36, 0))
    assert "3.37" in refused(path).message
    assert not path.exists()


# through the whole house


def test_from_answers_to_a_system_and_back(path):
    config = everything(target={"database": f"sqlite:///{path}"})
    job = pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False)
    assert job.status == "completed", job.error
    (system,) = pipeline.systems()
    assert {drift.state for drift in pipeline.verify(system.id)} == {"same"}
    smaller = config.model_copy(update={"priorities": ("search",), "features": (), "complexity": "simple"})
    job = pipeline.apply(smaller, on_event=lambda event: None, cancelled=lambda: False)
    assert job.status == "completed", job.error
    sound(path)
    assert {drift.state for drift in pipeline.verify(system.id)} == {"same"}
    job = pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False)
    assert job.status == "completed", job.error
    assert {drift.state for drift in pipeline.verify(system.id)} == {"same"}
    assert [taken for taken in pipeline.destroy(system.id) if not taken.removed] == []
    assert not path.parent.exists()


def test_cancelled_between_steps_it_goes_on_from_there(path):
    config = everything(target={"database": f"sqlite:///{path}"})
    count = iter(range(1000))
    job = pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: next(count) == 20)
    assert job.status == "cancelled"
    events: list[Any] = []
    job = pipeline.apply(config, on_event=events.append, cancelled=lambda: False)
    assert job.status == "completed", job.error
    notes = [event.note for event in events if isinstance(event, pipeline.StepDone)]
    assert notes == ["already there"] * 20 + [""] * (len(notes) - 20)
    sound(path)
