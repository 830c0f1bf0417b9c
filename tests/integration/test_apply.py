"""A real system on every local platform: beside the person's own things, whole, repairable, gone without a trace."""

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from chatbuilder import catalog, pipeline
from chatbuilder.errors import InputError
from tests.helpers import answers_file, run
from tests.integration.systems import ANSWERS, LOCAL, content, furnish, target_of

FILES = ("obsidian", "logseq")
RICH = {
    "priorities": [p for p in catalog.PRIORITIES if p != "simplicity"],
    "features": list(catalog.FEATURES),
    "team_size": "large",
    "complexity": "advanced",
    "name": "Größe & “Co” 🗂️",
    "options": {"topics": ["=1+1", "a]] b"], "custom_fields": [{"name": "'; DROP"}]},
}


@pytest.fixture
def room(tmp_path):
    place = tmp_path / "room"
    place.mkdir()
    return place


def answers(platform, room, **more):
    return pipeline.check({**ANSWERS, "platform": platform, "target": target_of(platform, room), **more})


def apply(config):
    job = pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False)
    assert job.status == "completed", job.error
    return job


def states(system):
    return {drift.state for drift in pipeline.verify(system)}


@pytest.mark.parametrize("platform", LOCAL)
@pytest.mark.parametrize("more", [{}, RICH], ids=["small", "rich"])
def test_from_nothing_to_a_system_and_back_to_nothing(room, platform, more):
    config = answers(platform, room, **more)
    looked = pipeline.inspect_target(config)
    assert (looked.ready, looked.exists, looked.problems) == (True, False, ())
    assert content(room) == {}
    job = apply(config)
    assert states(job.system) == {"same"}
    built = content(room)
    assert built
    assert apply(config).system == job.system
    assert content(room) == built
    assert pipeline.inspect_target(config).ready
    assert all(item.removed for item in pipeline.destroy(job.system))
    assert content(room) == {}


@pytest.mark.parametrize("platform", LOCAL)
@pytest.mark.parametrize("more", [{}, RICH], ids=["small", "rich"])
def test_beside_the_persons_own_things(room, platform, more):
    furnish(platform, room)
    mine = content(room)
    config = answers(platform, room, **more)
    looked = pipeline.inspect_target(config)
    assert looked.ready, looked.problems
    assert content(room) == mine
    job = apply(config)
    assert states(job.system) <= {"same", "yours"}
    if platform in FILES:
        changed = {name for name in mine if content(room).get(name) != mine[name]}
        assert all(
            any(changed_name.endswith(merge.split(":")[0]) for merge in looked.merges) for changed_name in changed
        )
    pipeline.destroy(job.system)
    assert content(room) == mine


@pytest.mark.parametrize("platform", FILES)
def test_what_the_person_edits_survives_everything(room, platform):
    config = answers(platform, room)
    system = apply(config).system
    note = max((room / "place").rglob("*.md"))
    note.write_text("mine now", "utf-8")
    assert states(system) == {"same", "edited"}
    apply(answers(platform, room, features=["tags", "reminders"], options={"topics": ["Work", "Garden"]}))
    assert note.read_text("utf-8") == "mine now"
    kept = [item for item in pipeline.destroy(system) if not item.removed]
    assert [place for place in (room / "place").rglob("*") if place.is_file()] == [note]
    assert any(item.why for item in kept)


def test_rows_the_person_adds_survive_everything(room):
    system = apply(answers("custom", room)).system
    with closing(sqlite3.connect(room / "chats.db")) as connection, connection:
        table = next(
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")
            if "session" in name and "fts" not in name and not name.startswith("chatbuilder")
        )
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        assert "title" in columns
        before = connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
        connection.execute(f"INSERT INTO {table} (title, source_id) VALUES ('mine', 'mine:1')")
    apply(answers("custom", room, features=["tags", "reminders", "projects"], priorities=["organization", "search"]))
    with closing(sqlite3.connect(room / "chats.db")) as connection:
        assert connection.execute(f"SELECT title FROM {table} WHERE source_id = 'mine:1'").fetchall() == [("mine",)]
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0] == before + 1
    kept = [item for item in pipeline.destroy(system) if not item.removed]
    assert kept
    with closing(sqlite3.connect(room / "chats.db")) as connection:
        assert connection.execute(f"SELECT title FROM {table} WHERE source_id = 'mine:1'").fetchall() == [("mine",)]


@pytest.mark.parametrize("platform", LOCAL)
def test_other_answers_bring_the_system_to_them(room, platform):
    """The same as building from nothing with the new answers, as far as what is made now goes."""
    first, second = (
        answers(platform, room),
        answers(platform, room, features=["tags", "reminders"], priorities=["organization", "search"]),
    )
    system = apply(first).system
    job = apply(second)
    assert job.system == system
    assert job.result["kept"] == []
    assert states(system) == {"same"}
    updated = content(room)
    pipeline.destroy(system)
    assert content(room) == {}
    apply(second)
    if platform in FILES:
        fresh = content(room)
        assert {name for name in fresh if updated.get(name) != fresh[name]} == set()


@pytest.mark.parametrize("platform", FILES)
def test_repair_puts_back_what_was_deleted(room, platform):
    system = apply(answers(platform, room)).system
    whole = content(room)
    notes = sorted((room / "place").rglob("*.md"))
    notes[0].unlink()
    shutil.rmtree(notes[-1].parent)
    assert "missing" in states(system)
    job = pipeline.repair(system, on_event=lambda event: None, cancelled=lambda: False)
    assert job.status == "completed"
    assert states(system) == {"same"}
    assert content(room) == whole
    pipeline.destroy(system)
    assert content(room) == {}


@pytest.mark.parametrize("platform", LOCAL)
def test_all_of_it_deleted_by_hand(room, platform):
    system = apply(answers(platform, room)).system
    whole = content(room)
    for place in room.iterdir():
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    assert states(system) == {"missing"}
    pipeline.repair(system, on_event=lambda event: None, cancelled=lambda: False)
    assert content(room) == whole
    for place in room.iterdir():
        shutil.rmtree(place) if place.is_dir() else place.unlink()
    pipeline.destroy(system)
    assert content(room) == {}
    assert pipeline.systems() == []


@pytest.mark.parametrize("platform", FILES)
def test_two_systems_share_a_folder(room, platform):
    first, second = answers(platform, room, name="One"), answers(platform, room, name="Two", features=["reminders"])
    one = apply(first).system
    alone = content(room)
    two = apply(second).system
    assert one != two
    assert states(one) <= {"same", "edited"}
    pipeline.destroy(two)
    assert content(room) == alone
    assert states(one) == {"same"}
    pipeline.destroy(one)
    assert content(room) == {}


@pytest.mark.parametrize("platform", LOCAL)
def test_a_target_that_cannot_be_used_is_refused_with_everything_kept(room, platform):
    config = answers(platform, room)
    place = room / {"excel": "book.xlsx", "custom": "chats.db"}.get(platform, "place")
    place.write_bytes(b"something else of mine")
    mine = content(room) if platform in FILES else place.read_bytes()
    report = pipeline.inspect_target(config)
    assert not report.ready
    assert report.problems
    with pytest.raises(InputError) as caught:
        apply(config)
    assert caught.value.kept
    assert caught.value.hint
    assert (content(room) if platform in FILES else place.read_bytes()) == mine
    assert pipeline.systems() == []


@pytest.mark.parametrize("platform", LOCAL)
def test_a_name_too_long_for_the_disk_is_refused(room, platform):
    long = "x" * 300
    target = (
        {"database": f"sqlite:///{room}/{long}/x.db"} if platform == "custom" else {"path": f"{room}/{long}/x.xlsx"}
    )
    config = answers(platform, room, target=target)
    assert not pipeline.inspect_target(config).ready
    with pytest.raises(InputError):
        apply(config)
    assert content(room) == {}


@pytest.mark.parametrize("platform", ["obsidian", "custom"])
def test_built_here_verified_from_elsewhere(tmp_path, room, platform):
    """Relative targets, with real processes in different folders."""
    target = {k: v.replace(f"{room}/", "") for k, v in target_of(platform, room).items()}
    place = answers_file(tmp_path, platform, **{**ANSWERS, "target": target})
    done = run("apply", "--answers", place, "--yes", "--json", cwd=room)
    assert done.code == 0, done.err
    system = done.data["system"]
    assert content(room)
    done = run("verify", system, cwd="/" if os.name != "nt" else tmp_path)
    assert done.code == 0, done.out + done.err
    again = run("apply", "--answers", place, "--yes", "--json", cwd=room)
    assert again.data["system"] == system
    done = run("destroy", system, "--yes", cwd=tmp_path)
    assert done.code == 0, done.out + done.err
    assert content(room) == {}
