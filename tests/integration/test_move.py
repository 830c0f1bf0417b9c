"""`move`: the same library on a second platform, by one command; the first system stays as it is."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from contextlib import suppress

import pytest

from chatbuilder import pipeline
from chatbuilder.errors import InterruptedByUser
from tests.helpers import complete, config, start, tree, unfilled
from tests.integration.filling import FULL, take_in
from tests.integration.places import VaultPlace
from tests.unit.library.makers import chat


@pytest.fixture
def place(tmp_path):
    """A filled vault in which a person has typed."""
    take_in(chat("a", "Hello", "Hi", project="Kitchen"), chat("b", "Pie", "Yes"), chat("c"))
    place = VaultPlace(tmp_path)
    place.sync()
    place.edit("chatgpt:a", notes="mine", status="Completed")
    place.delete("chatgpt:c")
    place.sync()
    return place


def to_sqlite(folder):
    return ["--platform", "custom", "--target", f"database=sqlite:///{folder / 'chats.db'}"]


def stored(folder):
    """Source id, title, notes and status of every chat in the database."""
    with sqlite3.connect(folder / "chats.db") as db:
        rows = db.execute("SELECT source_id, title, notes, status FROM sessions WHERE source_id NOT LIKE 'sample:%'")
        found = {row[0]: row[1:] for row in rows}
    db.close()
    return found


def test_the_library_comes_along_and_the_first_system_stays(place, tmp_path, run_cli):
    before = tree(place.file)
    done = run_cli("move", place.system, *to_sqlite(tmp_path), "--yes", "--json")
    assert done.code == 0
    assert (done.data["apply"]["status"], done.data["sync"]["created"]) == ("completed", 3)
    rows = stored(tmp_path)
    assert rows["chatgpt:a"] == ("Chat a", None, "Active"), "what was typed in the vault stays in the vault"
    assert rows.keys() == {"chatgpt:a", "chatgpt:b", "chatgpt:c"}, "a row deleted there comes again, as is said"
    assert tree(place.file) == before
    assert {system.platform for system in pipeline.systems()} == {"obsidian", "custom"}
    again = run_cli("move", place.system, *to_sqlite(tmp_path), "--yes", "--json")
    assert (again.data["sync"]["unchanged"], again.data["sync"]["requests"]) == (3, 0)


def test_it_says_what_comes_along_and_what_does_not(place, tmp_path, run_cli):
    done = run_cli("move", place.system, *to_sqlite(tmp_path), "--dry-run")
    assert done.code == 0
    assert "Comes along: 3 chats of the library, as far as each source tells, with Title, Assistant" in done.out
    assert "What was said does not; --transcripts takes it along" in done.out
    stays = next(line for line in done.out.splitlines() if line.startswith("Does not come along"))
    for name in ("Status", "Notes", "Key insights", "Action items"):
        assert name in stays
    assert "Started" not in stays
    assert "Rows that you deleted there come again" in stays
    assert "3 chats would be new. Nothing was written." in done.out
    assert not (tmp_path / "chats.db").exists()
    assert len(pipeline.systems()) == 1


def test_a_dry_run_for_scripts_counts_what_is_new(place, tmp_path, run_cli):
    words = ["move", place.system, *to_sqlite(tmp_path)]
    done = run_cli(*words, "--dry-run", "--json")
    assert (done.data["dry_run"], done.data["chats"], done.data["sync"]) == (True, 3, None)
    assert done.data["apply"]["ready"]
    assert done.data["apply"]["steps"] > 3
    run_cli(*words, "--yes")
    take_in(chat("d"))
    done = run_cli(*words, "--dry-run", "--json")
    assert done.data["apply"]["steps"] == 0
    assert (done.data["sync"]["created"], done.data["sync"]["unchanged"]) == (1, 3)
    assert len(stored(tmp_path)) == 3


def test_transcripts_come_along_when_asked_for(place, tmp_path, run_cli):
    assert run_cli("move", place.system, *to_sqlite(tmp_path), "--yes", "--transcripts").code == 0
    with sqlite3.connect(tmp_path / "chats.db") as db:
        assert db.execute("SELECT count(*) FROM transcripts").fetchone()[0] >= 3
    db.close()


def test_an_answers_file_may_ask_for_more(place, tmp_path, run_cli):
    file = tmp_path / "second.json"
    target = {"database": f"sqlite:///{tmp_path / 'chats.db'}"}
    file.write_text(json.dumps({**FULL, "platform": "custom", "name": "Second", "target": target}), "utf-8")
    done = run_cli("move", place.system, "--answers", file, "--yes")
    assert done.code == 0
    assert "3 new" in done.out
    assert f"{place.system} is as it was" in done.out
    assert {system.name for system in pipeline.systems()} == {"Chat Sessions", "Second"}


def test_the_same_platform_elsewhere(place, tmp_path, run_cli):
    done = run_cli("move", place.system, "--target", f"path={tmp_path / 'second'}", "--yes", "--json")
    assert done.data["sync"]["created"] == 3
    assert list((tmp_path / "second").rglob("Chat b.md"))


def test_interrupted_anywhere_it_goes_on(place, tmp_path):
    planned = pipeline.plan_move(
        place.system, platform="custom", target={"database": f"sqlite:///{tmp_path / 'chats.db'}"}
    )
    heard = []

    def go(limit):
        heard.clear()
        return pipeline.move(planned, on_step=heard.append, on_sync=heard.append, cancelled=lambda: len(heard) >= limit)

    report = go(3)
    assert (report.apply.status, report.sync) == ("cancelled", None)
    for limit in range(5, 200, 2):
        with suppress(InterruptedByUser):
            report = go(limit)
        if report.sync is not None:
            break
    assert stored(tmp_path).keys() == {"chatgpt:a", "chatgpt:b", "chatgpt:c"}
    assert len(pipeline.systems()) == 2


@pytest.mark.parametrize("after", [0.3, 0.9, 1.5])
def test_killed_and_run_again_nothing_comes_twice(after, place, tmp_path, run_cli):
    take_in(*(chat(f"n{number}", "x" * 200, "y") for number in range(400)))
    words = ["move", place.system, *to_sqlite(tmp_path), "--yes", "--json"]
    process = start(*words)
    with suppress(subprocess.TimeoutExpired):
        process.communicate(timeout=after)
    process.kill()
    process.communicate()
    assert run_cli(*words).data["sync"]["failed"] == 0
    assert len(stored(tmp_path)) == 403


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ([], 2, "It is not said where to"),
        (["--platform", "custom", "--answers", "x.toml"], 2, "--answers says where to"),
        (["--target", "path"], 2, "is no KEY=VALUE"),
        (["--target", "base=app1"], 2, "Obsidian has no target 'base'; it has path"),
        (["--platform", "nonsense"], 3, "nonsense"),
        (["--target", "path={vault}"], 3, "itself"),
    ],
)
def test_what_cannot_be_is_said_before_anything_happens(words, code, says, place, run_cli):
    done = run_cli("move", place.system, *(word.format(vault=place.file) for word in words), "--yes")
    assert done.code == code
    assert says in done.err
    assert complete(done.err)
    assert len(pipeline.systems()) == 1


def test_a_platform_that_sync_does_not_fill_is_refused_before_it_is_built(place, tmp_path, run_cli, monkeypatch):
    unfilled(monkeypatch, "custom")
    done = run_cli("move", place.system, *to_sqlite(tmp_path), "--yes")
    assert done.code == 5
    assert not (tmp_path / "chats.db").exists()


def test_an_empty_library_moves_nothing(tmp_path, run_cli):
    first = config("obsidian", target={"path": str(tmp_path / "v")})
    job = pipeline.apply(first, on_event=lambda event: None, cancelled=lambda: False)
    done = run_cli("move", job.system, *to_sqlite(tmp_path), "--yes")
    assert done.code == 3
    assert "library is empty" in done.err


def test_a_build_that_fails_is_reported_and_nothing_is_synced(place, tmp_path, run_cli, monkeypatch):
    def broken(self, deliveries):
        raise AssertionError("nothing may be written")

    monkeypatch.setattr("chatbuilder.provision.custom.filling.SqliteRows.write", broken)
    (tmp_path / "chats.db").write_bytes(b"this is no database at all, but somebody's own file")
    done = run_cli("move", place.system, *to_sqlite(tmp_path), "--yes", "--json")
    assert done.code in (3, 5)
    assert complete(done.err)


def test_nobody_there_to_agree_needs_yes(place, tmp_path, run_cli):
    done = run_cli("move", place.system, *to_sqlite(tmp_path))
    assert done.code == 2
    assert "Comes along" in done.err
    assert "--yes" in done.err
