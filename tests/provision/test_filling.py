"""Rows kept in a vault and in a database, where the disk or the person gets in the way."""

from __future__ import annotations

import errno
import os
import sqlite3
from contextlib import closing

import pytest

from chatbuilder.errors import InputError, RefusedError
from chatbuilder.generators.custom.chats import TRANSCRIPTS
from chatbuilder.generators.obsidian.chats import source_id
from chatbuilder.provision import notes
from chatbuilder.provision.custom.filling import SqliteRows
from chatbuilder.provision.notes import NotesStore
from chatbuilder.provision.rows import Delivery, Found, Related, Wanted

PLACE = {"folder": "Chats/Sessions", "stem": "Title"}


def note(key: str) -> str:
    return f'---\ntitle: "x"\nsource_id: "{key}"\n---\nbody\n'


def new(key: str, remote: str) -> Delivery:
    return Delivery(key, remote, {**PLACE, "text": note(key)})


@pytest.fixture
def vault(tmp_path):
    (tmp_path / "vault" / "Chats" / "Sessions").mkdir(parents=True)
    return tmp_path / "vault"


@pytest.fixture(params=[True, False], ids=["no name before", "a name before"])
def store(vault, request):
    with closing(NotesStore(vault, "Chats/Sessions", source_id)) as found:
        found._unnamed = found._unnamed and request.param
        found.check()
        yield found


def test_a_note_is_found_wherever_it_is_but_in_the_trash(store, vault):
    (vault / "Chats" / "Sessions" / "a.md").write_text(note("s:a"), "utf-8")
    (vault / "Elsewhere" / "deep").mkdir(parents=True)
    (vault / "Elsewhere" / "deep" / "b.md").write_text(note("s:b"), "utf-8")
    (vault / ".trash").mkdir()
    (vault / ".trash" / "c.md").write_text(note("s:c"), "utf-8")
    (vault / "linked.md").symlink_to(vault / ".trash" / "c.md")
    (vault / "plain.md").write_bytes(b"\xff\xfe source_id: s:c")
    wanted = [Wanted("s:a", "Chats/Sessions/a.md"), Wanted("s:b", "Chats/Sessions/b.md"), Wanted("s:c", "../out.md")]
    found = store.find(wanted)
    assert [item.remote if item else None for item in found] == ["Chats/Sessions/a.md", "Elsewhere/deep/b.md", None]


def test_a_note_that_is_too_large_is_told(store, vault, monkeypatch):
    (vault / "a.md").write_text(note("s:a"), "utf-8")
    monkeypatch.setattr(notes, "_LARGEST", 10)
    assert store.find([Wanted("s:a")]) == ["a.md cannot be read: it is larger than 64 MB"]
    assert store.text("a.md") is None


def test_names_never_meet(store, vault):
    sessions = vault / "Chats" / "Sessions"
    (sessions / "TITLE.md").write_text("mine", "utf-8")
    assert store.reserve(PLACE) == "Chats/Sessions/Title (2).md"
    (sessions / "Title (3).md").write_text("mine, made just now", "utf-8")
    remote = store.reserve(PLACE)
    assert remote == "Chats/Sessions/Title (3).md"
    (done,) = store.write([new("s:a", remote)])
    assert done.remote == "Chats/Sessions/Title (4).md"
    assert (sessions / "Title (3).md").read_text("utf-8") == "mine, made just now"
    assert (sessions / "TITLE.md").read_text("utf-8") == "mine"


def test_what_a_loss_of_power_left_empty_is_filled(store, vault):
    (vault / "Chats" / "Sessions" / "Title.md").write_bytes(b"\0" * 40)
    assert store.find([Wanted("s:a", "Chats/Sessions/Title.md")]) == [None]
    (done,) = store.write([new("s:a", "Chats/Sessions/Title.md")])
    assert done.remote == "Chats/Sessions/Title.md"
    assert source_id((vault / done.remote).read_text("utf-8")) == "s:a"
    assert [found.remote for found in store.find([Wanted("s:a")])] == [done.remote]


def test_without_hard_links(store, vault, monkeypatch):
    def none(*given, **more):
        raise OSError(errno.EOPNOTSUPP, "no links here")

    monkeypatch.setattr(os, "link", none)
    assert store.write([new("s:a", store.reserve(PLACE))])[0].problem == ""
    (done,) = store.write([new("s:b", "Chats/Sessions/Title.md")])
    assert done.remote == "Chats/Sessions/Title (2).md"
    store.settle()
    assert sorted(p.name for p in (vault / "Chats" / "Sessions").iterdir()) == ["Title (2).md", "Title.md"]


def test_a_note_has_no_name_until_it_is_whole(store, vault, monkeypatch):
    """Killed while it is written: what is there under the name of a note is whole, or nothing."""
    sessions, seen = vault / "Chats" / "Sessions", []
    write = notes._write_all

    def watched(handle, data):
        write(handle, data[: len(data) // 2])
        seen.append([path.name for path in sessions.glob("*.md")])
        write(handle, data[len(data) // 2 :])

    monkeypatch.setattr(notes, "_write_all", watched)
    written = store.write([new("s:a", store.reserve(PLACE)), new("s:b", store.reserve(PLACE))])
    assert [item.remote for item in written] == ["Chats/Sessions/Title.md", "Chats/Sessions/Title (2).md"]
    assert seen == [[], ["Title.md"]]
    assert [(vault / item.remote).read_text("utf-8") for item in written] == [note("s:a"), note("s:b")]
    assert len(list(sessions.iterdir())) == 2


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EACCES])
def test_a_disk_that_gives_up(store, vault, monkeypatch, code):
    def no_room(*given):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(notes, "place_new", no_room)
    monkeypatch.setattr(notes, "_link_whole", no_room)
    if code == errno.ENOSPC:
        with pytest.raises(RefusedError):
            store.write([new("s:a", store.reserve(PLACE))])
    else:
        assert "cannot be written" in store.write([new("s:a", store.reserve(PLACE))])[0].problem
    assert not list((vault / "Chats" / "Sessions").iterdir())


def test_a_path_out_of_the_vault_is_refused(store, vault, tmp_path):
    (vault / "Chats" / "Out").symlink_to(tmp_path)
    with pytest.raises(RefusedError):
        store.write([new("s:a", "Chats/Out/x.md")])
    assert not (tmp_path / "x.md").exists()


def test_a_project_that_was_moved_is_still_the_one(store, vault):
    data = {"folder": "Chats/Projects", "stem": "Garden", "text": "text"}
    assert store.related([Related(data)]) == [None]
    assert store.related([Related(data, make=True)]) == ["Chats/Projects/Garden"]
    assert store.requests == 1
    (vault / "Chats" / "Old").mkdir()
    (vault / "Chats" / "Projects" / "Garden.md").rename(vault / "Chats" / "Old" / "garden.md")
    with closing(NotesStore(vault, "Chats/Sessions", source_id)) as later:
        assert later.related([Related(data, "Chats/Projects/Garden")]) == ["Chats/Old/garden"]


def test_a_folder_that_is_gone(tmp_path):
    with closing(NotesStore(tmp_path, "Chats/Sessions", source_id)) as found, pytest.raises(InputError):
        found.check()


# databases


@pytest.fixture
def database(tmp_path):
    place = tmp_path / "chats.db"
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute(
            "CREATE TABLE sessions (id INTEGER PRIMARY KEY, title TEXT NOT NULL, source_id TEXT UNIQUE, model TEXT"
            " CHECK (model <> 'bad'))"
        )
    return place


def rows(place):
    with closing(sqlite3.connect(place)) as connection:
        return connection.execute("SELECT title, source_id, model FROM sessions ORDER BY id").fetchall()


def row(key: str, **values: str) -> Delivery:
    return Delivery(key, "", {"values": {"title": "t", "source_id": key, **values}})


def test_a_row_that_the_table_refuses_stops_no_other(database):
    with closing(SqliteRows(database, ("model", "source_id"))) as store:
        assert store.check() == ()
        done = store.write([row("a"), row("b", model="bad"), row("c"), row("a")])
    assert [bool(item.problem) for item in done] == [False, True, False, True]
    assert rows(database) == [("t", "a", None), ("t", "c", None)]


def test_a_row_that_changed_meanwhile_is_left_alone(database):
    with closing(SqliteRows(database, ("model", "source_id"), TRANSCRIPTS)) as store:
        store.check()
        store.write([row("a", model="x")])
        (found,) = store.find([Wanted("a")])
        with closing(sqlite3.connect(database)) as connection, connection:
            connection.execute("UPDATE sessions SET model = 'mine'")
        for new_values, old in (({"model": "y"}, {"model": "x"}), ({}, {"model": "x"})):
            data = {"set": new_values, "were": old, "messages": []}
            assert isinstance(found, Found)
            assert store.write([Delivery("a", found.remote, data, found)])[0].problem
    assert rows(database) == [("t", "a", "mine")]


def test_a_table_of_transcripts_of_the_persons_own(database):
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE transcripts (mine TEXT)")
    with closing(SqliteRows(database, ("model",))) as store:
        store.check()
    with closing(SqliteRows(database, ("model",), TRANSCRIPTS)) as store, pytest.raises(RefusedError):
        store.check()


@pytest.mark.parametrize("change", ["DROP TABLE sessions", "ALTER TABLE sessions RENAME COLUMN source_id TO mine"])
def test_a_table_that_cannot_be_filled(database, change):
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute("CREATE TABLE other (x)")
        connection.execute(change)
    with closing(SqliteRows(database, ("model",))) as store, pytest.raises(InputError) as caught:
        store.check()
    assert "repair" in caught.value.hint


def test_a_database_that_is_not_there(tmp_path):
    with closing(SqliteRows(tmp_path / "none.db", ())) as store, pytest.raises(InputError):
        store.check()
    assert not (tmp_path / "none.db").exists()


def test_rows_of_a_table_that_is_not_there(database):
    with closing(SqliteRows(database, ())) as store:
        store.check()
        assert store.related([Related({"table": "projects", "column": "name", "title": "x"}, make=True)]) == [None]
