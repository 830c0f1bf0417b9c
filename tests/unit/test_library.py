"""The library: one private file that is refused untouched when it is not ours, and the journal of steps."""

import json
import os
import re
import sqlite3
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from chatbuilder.errors import ExitCode, InputError
from chatbuilder.library import Library, database, open_library
from chatbuilder.library.database import APPLICATION_ID, VERSION, explained
from tests.helpers import ROOT

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = NOON - timedelta(minutes=1)

    def __call__(self):
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def place(tmp_path):
    return tmp_path / "data" / "library.db"


@pytest.fixture
def library(place):
    with Library(place, Clock()) as library:
        yield library


def refused(place):
    """The error of a library that cannot be used; the file is as it was."""
    before = place.read_bytes()
    with pytest.raises(InputError) as caught:
        open_library(place)
    assert caught.value.exit_code == ExitCode.INPUT
    assert caught.value.kept
    assert caught.value.hint
    assert place.read_bytes() == before
    return caught.value


# the file


def test_it_is_made_whole_and_strict(place):
    connection = open_library(place)
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert connection.execute("PRAGMA foreign_keys").fetchone()[0] == 1
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    tables = {
        row["name"]: row["strict"] for row in connection.execute("PRAGMA table_list") if row["name"][:7] != "sqlite_"
    }
    assert {name: tables[name] for name in ("systems", "jobs", "steps")} == {"systems": 1, "jobs": 1, "steps": 1}
    connection.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_it_is_private_with_its_side_files(place):
    before = os.umask(0)
    try:
        with Library(place) as library:
            library.save_system("s", "S", "custom", "/x", {})
            modes = {stat.S_IMODE(file.stat().st_mode) for file in place.parent.iterdir()}
    finally:
        os.umask(before)
    assert modes == {0o600}
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700


def test_it_opens_again(place):
    with Library(place) as library:
        library.save_system("s", "S", "custom", "/x", {"a": 1})
    with Library(place) as library:
        assert library.find("s").answers == {"a": 1}


def test_a_file_that_a_crash_left_empty_is_filled(place):
    place.parent.mkdir()
    place.touch()
    open_library(place).close()
    assert place.stat().st_size > 0


def test_a_newer_one_is_refused(place):
    open_library(place).close()
    with sqlite3.connect(place) as raw:
        raw.execute(f"PRAGMA user_version = {VERSION + 1}")
    raw.close()
    error = refused(place)
    assert f"newer chatbuilder (format {VERSION + 1})" in error.message
    assert error.hint == "update chatbuilder."


@pytest.mark.parametrize(
    "raw", [b"hello, I am no database" * 100, b"SQLite format 3\x00" + b"\xff" * 4096], ids=["text", "broken"]
)
def test_a_corrupt_one_is_refused(place, raw):
    place.parent.mkdir()
    place.write_bytes(raw)
    assert "restore a backup" in refused(place).hint


@pytest.mark.parametrize(
    "script",
    [
        "CREATE TABLE theirs (x)",
        f"CREATE TABLE theirs (x); PRAGMA user_version = {VERSION}",
        "PRAGMA application_id = 5",
    ],
)
def test_the_database_of_another_program_is_refused(place, script):
    place.parent.mkdir()
    raw = sqlite3.connect(place)
    raw.executescript(script)
    raw.close()
    assert "another program" in refused(place).message


def test_a_folder_in_its_place_is_told(place):
    place.mkdir(parents=True)
    with pytest.raises(InputError, match="cannot be used") as caught:
        open_library(place)
    assert caught.value.hint


def test_a_home_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="cannot keep its own files"):
        open_library(tmp_path / "file" / "data" / "library.db")


OLD = """
CREATE TABLE systems (
  id TEXT PRIMARY KEY, name TEXT NOT NULL, platform TEXT NOT NULL, place TEXT NOT NULL, url TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('building', 'ready', 'destroyed')),
  answers TEXT NOT NULL CHECK (json_valid(answers)), created TEXT NOT NULL, updated TEXT NOT NULL
) STRICT;
CREATE TABLE jobs (
  id TEXT PRIMARY KEY, system TEXT NOT NULL REFERENCES systems (id), platform TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('pending', 'running', 'completed', 'failed', 'cancelled')),
  started TEXT NOT NULL, finished TEXT, result TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(result)),
  error TEXT CHECK (error IS NULL OR json_valid(error))
) STRICT;
CREATE INDEX jobs_system ON jobs (system, started);
CREATE TABLE steps (
  system TEXT NOT NULL REFERENCES systems (id), key TEXT NOT NULL, position INTEGER NOT NULL, title TEXT NOT NULL,
  kind TEXT NOT NULL, payload TEXT NOT NULL CHECK (json_valid(payload)), digest TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('intent', 'done', 'failed', 'removed')),
  result TEXT CHECK (result IS NULL OR json_valid(result)), job TEXT NOT NULL, at TEXT NOT NULL,
  PRIMARY KEY (system, key)
) STRICT;
INSERT INTO systems VALUES ('s', 'S', 'obsidian', '/x', 'u', 'ready', '{"name": "S"}', 'then', 'now');
INSERT INTO jobs VALUES ('j', 's', 'obsidian', 'completed', 'then', 'now', '{}', NULL);
INSERT INTO steps VALUES ('s', 'a', 1, 'A', 'file', '{"path": "é"}', 'd1', 'done', '{"id": 5}', 'j', 'now');
INSERT INTO steps VALUES ('s', 'b', 2, 'B', 'file', '{}', 'd2', 'intent', NULL, 'j', 'now');
"""


def old_library(place):
    """A library as the first format had it, with a system in it."""
    place.parent.mkdir()
    raw = sqlite3.connect(place)
    raw.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1; {OLD}")
    raw.close()


def test_a_library_of_the_first_format_is_brought_to_the_present_one(place):
    old_library(place)
    with Library(place) as library:
        system = library.find("s")
        assert (system.url, system.status, system.answers, system.mark) == ("u", "ready", {"name": "S"}, "")
        assert [job.id for job in library.jobs()] == ["j"]
        records = library.journal("s").records()
        assert [(r.key, r.state, r.result) for r in records.values()] == [
            ("a", "done", {"id": 5}),
            ("b", "intent", None),
        ]
        library.journal("s").skipped("b", 2, "B", "file")  # a state that the first format does not know
    with Library(place) as library:
        assert library.journal("s").records()["b"].state == "skipped"
    raw = sqlite3.connect(place)
    assert raw.execute("PRAGMA user_version").fetchone()[0] == VERSION
    made = place.with_name("fresh.db")
    open_library(made).close()
    fresh = sqlite3.connect(made)
    columns = [[row[1:6] for row in db.execute("PRAGMA table_info(systems)")] for db in (raw, fresh)]
    assert columns[0] == columns[1]
    names = [{row[0] for row in db.execute("SELECT name FROM sqlite_schema")} for db in (raw, fresh)]
    assert names[0] == names[1]
    assert raw.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert raw.execute("PRAGMA foreign_key_check").fetchall() == []
    for db in (raw, fresh):
        db.close()


def test_a_crash_in_the_middle_of_that_leaves_the_first_format(place, monkeypatch):
    old_library(place)
    monkeypatch.setitem(database._UPGRADES, 1, f"{database._UPGRADES[1]}CREATE TABLE oops (;\n")
    with pytest.raises(InputError):
        open_library(place)
    raw = sqlite3.connect(place)
    assert raw.execute("PRAGMA user_version").fetchone()[0] == 1
    assert raw.execute("SELECT count(*) FROM steps").fetchone()[0] == 2
    raw.close()
    monkeypatch.undo()
    with Library(place) as library:
        assert len(library.journal("s").records()) == 2


def test_a_crash_while_it_is_made_leaves_nothing_half(place, monkeypatch):
    monkeypatch.setattr("chatbuilder.library.database._SCHEMA", "CREATE TABLE systems (id);\nCREATE TABLE oops (;\n")
    with pytest.raises(InputError):
        open_library(place)
    monkeypatch.undo()
    with Library(place) as library:
        assert library.systems() == []


@pytest.mark.parametrize(
    ("sql", "said"),
    [(sqlite3.SQLITE_BUSY, "busy"), (sqlite3.SQLITE_CORRUPT, "restore a backup"), (sqlite3.SQLITE_FULL, "disk full")],
)
def test_a_disk_that_gives_up_in_the_middle_is_told_in_words(place, sql, said):
    error = sqlite3.OperationalError("no")
    error.sqlite_errorcode = sql
    with pytest.raises(InputError) as caught, Library(place):
        raise error
    text = " ".join(caught.value.lines())
    assert said in text
    assert "Kept:" in text
    assert "Next:" in text


def test_a_file_that_may_not_be_opened(place):
    error = explained(PermissionError(13, "Permission denied"), place)
    assert "Permission denied" in error.message


def test_other_errors_pass_through(place):
    with pytest.raises(KeyError), Library(place):
        raise KeyError("x")


OPEN = """
import sys
from pathlib import Path
from chatbuilder.library import Library
sys.stdin.readline()
with Library(Path(sys.argv[1])) as library:
    library.save_system(sys.argv[2], "S", "custom", "/x", {})
    print(len(library.systems()))
"""


def test_processes_that_open_a_new_library_at_once(place):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    others = [
        subprocess.Popen([sys.executable, "-c", OPEN, str(place), f"s{n}"], env=environment, **pipes) for n in range(4)
    ]
    for other in others:  # all are waiting by now or soon: let them go together
        other.stdin.write("\n")
        other.stdin.flush()
    ends = [other.communicate(timeout=60) for other in others]
    assert [err for _, err in ends] == [""] * 4
    with Library(place) as library:
        assert {system.id for system in library.systems()} == {"s0", "s1", "s2", "s3"}


# systems and jobs


def test_a_system_from_begun_to_destroyed(library):
    library.save_system("s", "Größe 🗂️", "obsidian", "/vault", {"name": "x"})
    begun = library.find("s")
    assert (begun.status, begun.url, begun.created) == ("building", "", "2026-11-22T12:00:00Z")
    library.set_system("s", "ready", "obsidian://x")
    ready = library.find("s")
    assert (ready.status, ready.url, ready.name) == ("ready", "obsidian://x", "Größe 🗂️")
    library.save_system("s", "New", "obsidian", "/vault", {"name": "y"})
    again = library.find("s")
    assert (again.status, again.url, again.name, again.answers) == ("building", "obsidian://x", "New", {"name": "y"})
    assert again.created == begun.created < again.updated
    library.set_system("s", "destroyed")
    assert library.systems() == []
    assert [system.id for system in library.systems(destroyed=True)] == ["s"]
    assert library.find("s").status == "destroyed"
    assert library.find("none") is None


def test_a_system_is_found_by_its_beginning(library):
    for name in ("obsidian-a-1", "obsidian-b-2", "excel-a-3"):
        library.save_system(name, "x", "obsidian", "/x", {})
    assert library.system("excel").id == "excel-a-3"
    assert library.system("obsidian-b").id == "obsidian-b-2"
    with pytest.raises(InputError, match=r"fits several systems\. Systems: obsidian-b-2, obsidian-a-1") as caught:
        library.system("obsidian")
    assert "chatbuilder systems" in caught.value.hint
    assert caught.value.title == "Several systems"
    with pytest.raises(InputError, match="There is no system 'notion'") as caught:
        library.system("notion")
    assert caught.value.title == "No such system"


def test_an_exact_id_wins_over_a_longer_one(library):
    for name in ("a", "ab"):
        library.save_system(name, "x", "obsidian", "/x", {})
    assert library.system("a").id == "a"


@pytest.mark.parametrize("count", [0, 1])
def test_an_empty_name_is_never_the_only_system(library, count):
    for number in range(count):
        library.save_system(f"s{number}", "x", "obsidian", "/x", {})
    with pytest.raises(InputError):
        library.system("")


def test_a_job_from_running_to_closed(library):
    library.save_system("s", "x", "obsidian", "/x", {})
    job = library.start_job("s", "obsidian")
    assert (job.status, job.finished, job.error) == ("running", None, None)
    closed = library.finish_job(job.id, "failed", {"steps": 1}, {"title": "T"})
    assert json.loads(json.dumps(closed.data())) == {
        "id": job.id, "system": "s", "platform": "obsidian", "status": "failed", "started": "2026-11-22T12:01:00Z",
        "finished": "2026-11-22T12:02:00Z", "result": {"steps": 1}, "error": {"title": "T"},
    }  # fmt: skip


def test_a_job_that_a_crash_left_running_is_closed_by_the_next(library):
    for name in ("s", "other"):
        library.save_system(name, "x", "obsidian", "/x", {})
    elsewhere, crashed = library.start_job("other", "obsidian"), library.start_job("s", "obsidian")
    library.start_job("s", "obsidian")
    jobs = {job.id: job for job in library.jobs()}
    assert jobs[crashed.id].status == "failed"
    assert jobs[crashed.id].error["title"] == "Interrupted"
    assert jobs[crashed.id].finished
    assert jobs[elsewhere.id].status == "running"


def test_jobs_are_newest_first_and_limited(library):
    library.save_system("s", "x", "obsidian", "/x", {})
    ids = [library.start_job("s", "obsidian").id for _ in range(4)]
    assert [job.id for job in library.jobs(limit=2)] == ids[:1:-1]


def test_a_system_keeps_its_mark_until_it_is_taken_down(library):
    first = library.mark("s")
    assert re.fullmatch(r"[0-9a-f]{12}", first)
    library.save_system("s", "S", "notion", "x", {}, first)
    assert library.mark("s") == library.find("s").mark == first
    library.save_system("s", "S", "notion", "x", {"other": 1})
    assert library.mark("s") == first
    library.set_system("s", "destroyed")
    second = library.mark("s")
    assert second != first
    library.save_system("s", "S", "notion", "x", {}, second)
    assert library.mark("s") == second
    assert library.mark("t") not in (first, second)


# the journal


@pytest.fixture
def journal(library):
    library.save_system("s", "x", "obsidian", "/x", {})
    return library.journal("s", "job-1")


def test_a_step_from_intent_to_done_to_removed(journal):
    journal.intent("a", 1, "Make a", "file", {"path": "é"}, "d1")
    record = journal.records()["a"]
    assert (record.state, record.result, record.payload, record.digest) == ("intent", None, {"path": "é"}, "d1")
    journal.done("a", {"id": 5})
    assert (journal.records()["a"].state, journal.records()["a"].result) == ("done", {"id": 5})
    journal.removed("a")
    assert (journal.records()["a"].state, journal.records()["a"].result) == ("removed", None)


def test_a_new_intent_keeps_the_last_confirmed_result(journal):
    journal.intent("a", 1, "A", "file", {"v": 1}, "d1")
    journal.done("a", {"id": 5})
    journal.intent("a", 2, "A2", "file", {"v": 2}, "d2")
    record = journal.records()["a"]
    assert (record.state, record.result, record.payload, record.position, record.title) == (
        "intent", {"id": 5}, {"v": 2}, 2, "A2",
    )  # fmt: skip
    journal.failed("a")
    assert (journal.records()["a"].state, journal.records()["a"].result) == ("failed", {"id": 5})


def test_how_long_ago_a_run_was_cut_off(library):
    library.save_system("s", "x", "notion", "x", {})
    job = library.start_job("s", "notion")
    journal = library.journal("s", job.id)
    assert journal.cut_off() is None
    journal.intent("a", 1, "A", "http", {}, "d")
    assert journal.cut_off() == 60  # this clock ticks by the minute
    library.finish_job(job.id, "cancelled", {}, None)
    assert journal.cut_off() == 180
    library.finish_job(job.id, "failed", {}, None)  # it ended by itself: nothing is under way
    assert journal.cut_off() is None
    second = library.journal("s", library.start_job("s", "notion").id)
    second.intent("b", 1, "B", "http", {}, "d")
    second.done("b", {})
    assert second.cut_off() is None


def test_the_order_of_what_is_on_record(journal):
    for position, key in enumerate("abcd", 1):
        journal.intent(key, position, key, "file", {}, "d")
    journal.put_in_order(["x", "c", "a"])
    assert list(journal.records()) == ["c", "a", "b", "d"]
    journal.put_in_order(["c", "a"])
    assert [(r.key, r.position) for r in journal.records().values()] == [("c", 1), ("a", 2), ("b", 3), ("d", 4)]


def test_what_was_left_out_keeps_what_was_there_before(journal):
    journal.skipped("new", 3, "New", "http")
    record = journal.records()["new"]
    assert (record.state, record.result, record.payload, record.position) == ("skipped", None, {}, 3)
    journal.intent("a", 1, "A", "http", {"v": 1}, "d1")
    journal.done("a", {"id": 5})
    journal.intent("a", 1, "A", "http", {"v": 2}, "d2")
    journal.skipped("a", 1, "A", "http")
    assert (journal.records()["a"].state, journal.records()["a"].result) == ("skipped", {"id": 5})
    assert journal.system == "s"


def test_steps_come_in_their_order_and_systems_do_not_mix(library, journal):
    library.save_system("t", "x", "obsidian", "/x", {})
    other = library.journal("t", "job-2")
    for key, position in (("b", 2), ("a", 3), ("c", 1)):
        journal.intent(key, position, key, "file", {}, "d")
    other.intent("a", 1, "theirs", "file", {}, "d")
    other.done("a", {"x": 1})
    assert list(journal.records()) == ["c", "b", "a"]
    assert journal.records()["a"].state == "intent"


def test_what_is_written_is_on_disk_at_once(place, journal):
    journal.intent("a", 1, "A", "file", {}, "d")
    with Library(place) as second:
        assert second.journal("s").records()["a"].state == "intent"


def test_a_closed_table_of_states(place, journal):
    with open_library(place) as raw, pytest.raises(sqlite3.IntegrityError):
        raw.execute("INSERT INTO steps VALUES ('s','k',1,'t','file','{}','d','nonsense',NULL,'j','now')")
    raw.close()


def test_the_file_says_whose_it_is(place, library):
    raw = sqlite3.connect(place)
    assert raw.execute("PRAGMA application_id").fetchone()[0] == APPLICATION_ID
    assert raw.execute("PRAGMA user_version").fetchone()[0] == VERSION
    raw.close()
