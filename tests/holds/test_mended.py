"""Single faults that the breakers and storms found, each by itself, so that no stride steps over it."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing

import pytest

from chatbuilder import atomic, pipeline
from chatbuilder.errors import RefusedError
from chatbuilder.export import export_files
from chatbuilder.importers.common.values import moment
from chatbuilder.library.database import transaction
from chatbuilder.paths import locate
from chatbuilder.provision import disk
from chatbuilder.provision.scratch import open_scratch
from tests.helpers import answers_file, complete
from tests.integration.filling import take_in
from tests.unit.library.makers import chat

LEFT = ".chatbuilder-0123456789ab.tmp"


def test_an_export_that_was_killed_between_a_file_and_its_folder_leaves_no_folder(tmp_path):
    export_files({"a/b/old.md": b"x", "new.md": b"y"}, tmp_path)
    (tmp_path / "a/b/old.md").unlink()  # as far as it came
    report = export_files({"new.md": b"y"}, tmp_path)
    assert report.removed == ("a/b/old.md",)
    assert not (tmp_path / "a").exists()


def test_what_a_killed_process_left_in_a_folder_of_ours_goes_with_the_next_write(tmp_path):
    (tmp_path / LEFT).write_bytes(b"half")
    atomic.write_private(tmp_path / "settings", b"whole")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["settings"]


def refusing(monkeypatch, name, times):
    """Let a call to the system fail so many times, as a disk with a bad moment."""
    real, left = getattr(os, name), [times]

    def call(*args, **more):
        if left[0]:
            left[0] -= 1
            raise OSError(errno.EIO, "Input/output error")
        return real(*args, **more)

    monkeypatch.setattr(os, name, call)


def test_a_temporary_file_that_the_disk_keeps_for_a_moment_goes(tmp_path, monkeypatch):
    refusing(monkeypatch, "unlink", 1)
    assert atomic.create(tmp_path / "new.md", b"whole")
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["new.md"]


@pytest.mark.parametrize("times", [1, 2])
def test_a_folder_that_the_disk_keeps_for_a_moment_goes(times, tmp_path, monkeypatch):
    (tmp_path / "empty").mkdir()
    refusing(monkeypatch, "rmdir", times)
    assert disk.remove_folder(tmp_path / "empty") == (times == 1)
    assert (tmp_path / "empty").exists() == (times == 2)


def test_what_a_killed_repair_left_beside_a_workbook_goes_with_the_next(run_cli, tmp_path):
    place = tmp_path / "place"
    answers = answers_file(tmp_path, "excel", target={"path": str(place / "chats.xlsx")})
    assert run_cli("apply", "--answers", answers, "--yes").code == 0
    (place / LEFT).write_bytes(b"half")
    with closing(sqlite3.connect(locate().library)) as db, db:
        db.execute("UPDATE steps SET state = 'intent', result = NULL")  # it was killed before it could note the end
    system = run_cli("systems", "--json").data[0]["id"]
    assert run_cli("repair", system).code == 0
    assert [path.name for path in place.iterdir()] == ["chats.xlsx"]


def test_what_a_killed_csv_left_goes_with_the_next(tmp_path):
    take_in(chat("a"))
    (tmp_path / LEFT).write_bytes(b"half")
    pipeline.chats_csv(str(tmp_path / "chats.csv"))
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["chats.csv"]


def test_a_transaction_that_sqlite_has_ended_is_told_by_its_cause():
    """https://sqlite.org/lang_transaction.html: a full disk may end all of it."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as db:

        def work():
            with transaction(db):
                db.execute("ROLLBACK")
                raise sqlite3.OperationalError("database or disk is full")

        with pytest.raises(sqlite3.OperationalError, match="disk is full"):
            work()
        assert not db.in_transaction


def test_a_full_disk_under_the_library_is_told_and_nothing_is_half(run_cli):
    """A real one: SQLite may use no more pages than there are."""
    take_in(chat("a"))
    connect = sqlite3.connect

    def full(*arguments, **more):
        connection = connect(*arguments, **more)
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    sqlite3.connect = full
    try:
        with pytest.raises(Exception, match="database or disk is full"):
            take_in(*(chat(f"c{n}", "long " * 5_000) for n in range(20)))
    finally:
        sqlite3.connect = connect
    assert [info.key for info in pipeline.chats().chats] == ["chatgpt:a"]


def test_temporary_tables_on_a_full_disk_are_no_defect():
    with closing(open_scratch()) as db:
        db.execute("CREATE TABLE t (x)")
        db.execute("PRAGMA max_page_count = 3")
        with pytest.raises(RefusedError, match="full") as caught:
            db.execute("INSERT INTO t VALUES (?)", ("x" * 40_000,))
        assert "TMPDIR" in caught.value.hint
        with pytest.raises(RefusedError, match="full"):
            db.executemany("INSERT INTO t VALUES (?)", [("x" * 4_000,)] * 9)


@pytest.mark.parametrize("words", [("apply", "--answers", "{answers}", "--yes"), ("resume", "{draft}")])
def test_a_disk_that_takes_no_lock_is_told(words, run_cli, tmp_path, monkeypatch):
    from tests.helpers import saved_draft

    answers = answers_file(tmp_path, "obsidian", target={"path": str(tmp_path / "v")})
    draft = saved_draft(platform="obsidian")

    def refuse(*_, **__):
        raise OSError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr("filelock.FileLock.acquire", refuse)
    assert run_cli("drafts").code == 0
    if words[0] == "resume":
        with pytest.raises(Exception, match="Read-only") as caught:
            pipeline.load_draft(draft)
        assert caught.value.kept == "every draft, as it is."
        return
    done = run_cli(*(word.format(answers=answers, draft=draft) for word in words))
    assert done.code == 3
    assert complete(done.err)
    assert "Read-only" in done.err
    assert str(locate().state) in done.err
    assert not (tmp_path / "v").exists()


def test_a_time_that_is_a_number_without_end_is_no_time():
    assert moment(10**400) is None
    assert moment({"$date": {"$numberLong": str(10**400)}}) is None


def test_bytes_in_the_library_that_are_no_text_are_told(run_cli):
    take_in(chat("a", title="Halloween"))
    place = locate().library
    raw = place.read_bytes()
    assert b"Halloween" in raw
    place.write_bytes(raw.replace(b"Halloween", b"Hallo\xffeen"))
    for words in (("chats",), ("chats", "show", "chatgpt:a"), ("search", "Hello")):
        done = run_cli(*words)
        assert done.code == 3, done.err
        assert "restore a backup" in done.err


def test_a_draft_that_could_not_be_opened_again_is_not_saved():
    draft = pipeline.save_draft(pipeline.Draft("d-abc123", "team", {"name": "Mine"}))
    with pytest.raises(Exception, match="too large") as caught:
        pipeline.save_draft(pipeline.Draft(draft.id, "team", {"name": "x" * 1_000_000}))
    assert caught.value.kept
    assert pipeline.peek_draft(draft.id).answers["name"] == "Mine"
