"""Fewer wishes than before: what is not asked for any more is named, goes with consent, and never takes data along."""

import sqlite3
from contextlib import closing

import pytest

from chatbuilder import catalog, pipeline
from tests.helpers import answers_file
from tests.integration.systems import content, furnish, target_of

FILES = ("obsidian", "logseq")
MUCH = {
    "priorities": [p for p in catalog.PRIORITIES if p != "simplicity"], "features": list(catalog.FEATURES),
    "team_size": "large", "complexity": "advanced",
}  # fmt: skip
LITTLE = {"priorities": ["simplicity"], "features": [], "complexity": "simple"}


def answers(platform, room, wishes):
    return pipeline.check({"platform": platform, "target": target_of(platform, room), **wishes})


def apply(config, **more):
    job = pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False, **more)
    assert job.status == "completed", job.error
    return job


@pytest.fixture
def room(tmp_path):
    place = tmp_path / "room"
    place.mkdir()
    return place


def title_of(place, titles):
    """The title of the part that a file is, among some titles."""
    name = place.stem.split("___")[-1]
    return next((title for title in titles if title.endswith((f"/{name}", place.name))), None)


def find(room, name):
    return next((room / "place").rglob(name), None)


def fresh(tmp_path, platform):
    """What there is after building the little one from nothing."""
    place = tmp_path / "fresh"
    place.mkdir()
    apply(answers(platform, place, LITTLE))
    return content(place)


@pytest.mark.parametrize("platform", FILES)
def test_after_tidying_it_is_as_if_built_from_nothing(room, tmp_path, platform):
    apply(answers(platform, room, MUCH))
    little = answers(platform, room, LITTLE)
    parts = [part for part in pipeline.changes(little).parts if part.kind == "kept"]
    job = apply(little)
    left = job.result["left"]
    assert len(left) >= 19
    assert {item.title for item in pipeline.leftovers(little)} == set(left) <= {part.title for part in parts}
    assert not any(item.edited for item in pipeline.leftovers(little))
    assert {drift.state for drift in pipeline.verify(job.system)} == {"same"}
    assert set(left).isdisjoint(drift.title for drift in pipeline.verify(job.system))
    job = apply(little, tidy=True)
    assert sorted(job.result["removed"]) == sorted(left)
    assert "left" not in job.result
    assert content(room) == fresh(tmp_path, platform)
    assert pipeline.leftovers(little) == []
    assert {part.kind for part in pipeline.changes(little).parts} == {"there"}
    pipeline.destroy(job.system)
    assert content(room) == {}


@pytest.mark.parametrize("platform", FILES)
def test_what_somebody_edited_stays_and_is_named(room, platform):
    furnish(platform, room)
    mine = content(room)
    apply(answers(platform, room, MUCH))
    little = answers(platform, room, LITTLE)
    unwanted = {item.title for item in (apply(little), pipeline.leftovers(little))[1]}
    note = next(place for place in sorted((room / "place").rglob("*.md")) if title_of(place, unwanted))
    note.write_text("mine now", "utf-8")
    (edited,) = [item.title for item in pipeline.leftovers(little) if item.edited]
    job = apply(little, tidy=True)
    assert job.result["left"] == [edited]
    assert note.read_text("utf-8") == "mine now"
    assert apply(little, tidy=True).result["left"] == [edited]
    pipeline.destroy(job.system)
    assert {name: sha for name, sha in content(room).items() if not name.endswith(note.name)} == mine


@pytest.mark.parametrize("platform", [*FILES, "custom"])
def test_a_system_with_fewer_wishes_goes_without_a_trace(room, platform):
    furnish(platform, room)
    mine = content(room)
    apply(answers(platform, room, MUCH))
    system = apply(answers(platform, room, LITTLE)).system
    pipeline.destroy(system)
    assert content(room) == mine


@pytest.mark.parametrize("platform", [*FILES, "custom"])
def test_wishes_that_come_back_are_built_again(room, platform):
    much = answers(platform, room, MUCH)
    system = apply(much).system
    built = content(room)
    apply(answers(platform, room, LITTLE), tidy=True)
    assert apply(much).system == system
    assert {drift.state for drift in pipeline.verify(system)} == {"same"}
    if platform in FILES:
        assert content(room) == built
    pipeline.destroy(system)
    assert content(room) == {}


@pytest.mark.parametrize("platform", FILES)
def test_what_is_not_asked_for_any_more_is_not_put_back(room, platform):
    apply(answers(platform, room, MUCH))
    little = answers(platform, room, LITTLE)
    system = apply(little).system
    unwanted = {item.title for item in pipeline.leftovers(little)}
    before = set((room / "place").rglob("*.md"))
    job = apply(little, tidy=True)
    gone = before - set((room / "place").rglob("*.md"))
    assert gone
    assert unwanted == set(job.result["removed"])
    assert pipeline.repair(system, on_event=lambda event: None, cancelled=lambda: False).result["of"] == 0
    assert not any(place.exists() for place in gone)


def test_what_somebody_deleted_already_is_not_named(room):
    apply(answers("obsidian", room, MUCH))
    little = answers("obsidian", room, LITTLE)
    count = len(apply(little).result["left"])
    find(room, "Governance.md").unlink()
    assert len(pipeline.leftovers(little)) == count - 1
    job = apply(little)
    assert len(job.result["left"]) == count - 1
    assert {drift.state for drift in pipeline.verify(job.system)} == {"same"}


def test_tables_and_rows_stay_in_a_database(room):
    """A table is not dropped because an answer changed, even when only our sample rows are in it."""
    apply(answers("custom", room, MUCH))
    little = answers("custom", room, LITTLE)
    apply(little)
    stay = {item.title for item in pipeline.leftovers(little) if item.edited}
    assert {"Table Topics", "Table Projects", "Table Prompts"} <= stay
    job = apply(little, tidy=True)
    assert set(job.result["left"]) == stay
    assert "View By topic" in job.result["removed"]
    with closing(sqlite3.connect(room / "chats.db")) as connection:
        assert connection.execute("SELECT count(*) FROM topics").fetchone()[0] > 0
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        views = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")]
        for name in views:
            connection.execute(f'SELECT * FROM "{name}"').fetchall()
    assert {drift.state for drift in pipeline.verify(job.system)} == {"same"}


@pytest.mark.parametrize("platform", FILES)
def test_an_error_while_tidying_is_no_failure(room, platform, monkeypatch):
    from chatbuilder.provision.files import FilesProvisioner

    apply(answers(platform, room, MUCH))
    little = answers(platform, room, LITTLE)

    def busy(self, step, payload, result):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patch:
        patch.setattr(FilesProvisioner, "remove", busy)
        job = apply(little, tidy=True)
    assert job.result["left"]
    assert apply(little, tidy=True).result["removed"] == job.result["left"]


def test_tidying_from_the_command_line(run_cli, room, tmp_path):
    target = target_of("obsidian", room)
    run_cli("apply", "--answers", answers_file(tmp_path, target=target, **MUCH), "--yes")
    little = answers_file(tmp_path, target=target, **LITTLE)
    done = run_cli("plan", "--answers", little)
    assert "already there" in done.out
    assert "Not asked for any more, and kept:\n- " in done.out
    done = run_cli("apply", "--answers", little, "--yes")
    assert "not asked for any more, and kept: Dashboard.md" in done.out
    assert "`chatbuilder apply --tidy`" in done.out
    done = run_cli("apply", "--answers", little, "--tidy")
    assert "Dashboard.md: not asked for any more; it is removed" in done.err
    assert find(room, "Dashboard.md")  # nobody agreed
    done = run_cli("apply", "--answers", little, "--yes", "--tidy")
    assert "removed: Dashboard.md" in done.out
    assert not find(room, "Dashboard.md")
    assert "kept" not in run_cli("apply", "--answers", little, "--yes", "--tidy").out
