"""The archive: what comes in comes out, and which of two states of a chat is the newer one."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.chats import ChatSession, Message, Part
from chatbuilder.errors import InputError
from chatbuilder.library import chats as archive
from chatbuilder.library.chats import ChatStore, Incoming, Preview, opened
from chatbuilder.library.stored import load
from tests.unit.library.makers import DAY, chat, said


@pytest.fixture
def db(tmp_path):
    with opened(tmp_path / "library.db") as connection:
        yield connection


def put(db, session, exported=1.0):
    return ChatStore(db).write([Incoming(session, exported)])[0]


def content(db):
    """Everything a person could find in the library."""
    rows = [tuple(row) for row in db.execute("SELECT source, source_id, hash, exported FROM chats ORDER BY 1, 2")]
    sessions = [load(db, f"{row[0]}:{row[1]}") for row in rows]
    words = sorted({word for s in sessions for m in s.messages for word in m.text.split()})
    hits = {w: db.execute("SELECT count(*) FROM search WHERE search MATCH ?", (f'"{w}"',)).fetchone()[0] for w in words}
    return rows, sessions, hits, db.execute("SELECT count(*) FROM messages").fetchone()[0]


def index_is_empty(db):
    """No word of a chat is left in the index: what was taken out is what had been put in."""
    vocabulary = "CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab (main, search, row)"
    db.execute(vocabulary)
    return db.execute("SELECT count(*) FROM temp.words").fetchone()[0] == 0


RICH = ChatSession(
    "claude", "id-1", "“Titel” [bold]x[/bold]", DAY, DAY + timedelta(microseconds=123_457),
    (
        said(0, "What is 人工智能?"),
        Message("m1", "m0", "assistant", (Part("thinking", "hm"), Part("answer", "A field.")), DAY, "opus", True),
        Message("m2", "m0", "assistant", (Part("answer"), Part("reference", "https://x", "Page")), None, None, False),
        Message(None, "gone", "tool", (Part("tool", "ls", "bash"),), datetime(1969, 1, 1, tzinfo=UTC), None, True),
        Message("m4", "m3", "human", (Part("attachment", "cells", "table.csv"),), None, None, True),
        Message("m5", None, "system", (), None, None, True),
        Message("m6", "m7", "human", (Part("other", "?", "foo"),), None, None, True),
    ),
    "opus", "p-1", None, "https://claude.ai/chat/1", "claude -r 1", "me@example.org", "Sum", ("a", "b"), True, False,
    "search", 1, ("title", "path"),
)  # fmt: skip


def test_a_chat_comes_out_as_it_went_in(db):
    assert put(db, RICH) == "imported"
    assert load(db, RICH.key) == RICH
    assert load(db, RICH.key).content_hash() == RICH.content_hash()
    assert load(db, "claude:other") is None


def test_the_same_again_changes_nothing(db):
    put(db, RICH)
    before = content(db)
    assert put(db, RICH) == "unchanged"
    assert content(db) == before


@pytest.mark.parametrize(
    ("known", "comes", "wins"),
    [
        (chat(days=0), chat("a", "Hello", "Hi there", "More", days=1), True),  # later activity
        (chat("a", "Hello", "Hi there", "More", days=1), chat(days=0), False),
        (chat("a", "x", "y", "z", days=0), chat("a", "x", days=1), True),  # deleted messages, but talked on since
        (chat(), chat("a", "Hello", "Hi there", "Still"), True),  # longer
        (chat("a", "Hello", "Hi there", "Still"), chat(), False),
        (chat(last_activity=None), chat(), True),  # a known time is more than none
        (chat(), chat(last_activity=None), False),
    ],
)
def test_the_newer_or_longer_state_stays_whenever_it_comes(db, known, comes, wins):
    put(db, known)
    assert put(db, comes) == ("updated" if wins else "unchanged")
    assert load(db, known.key) == (comes if wins else known)


def test_of_two_equal_states_the_later_export_counts(db):
    old, renamed = chat(title="Old name"), chat(title="New name")
    put(db, old, exported=100)
    assert put(db, renamed, exported=200) == "updated"
    assert put(db, old, exported=100) == "unchanged"
    assert load(db, old.key).title == "New name"
    assert put(db, old, exported=300) == "updated"  # named back


def test_a_state_that_was_still_there_later_is_as_old_as_its_last_sight(db):
    state, other = chat(title="Now"), chat(title="Between")
    put(db, state, exported=100)
    put(db, state, exported=300)
    assert put(db, other, exported=200) == "unchanged"


def test_the_same_export_read_by_a_newer_version_counts(db, monkeypatch):
    put(db, chat("a", "Hello", "Hi there", "noise"))
    monkeypatch.setattr(archive, "READER", archive.READER + 1)
    assert put(db, chat("a", "Hello", "Hi there")) == "updated"
    monkeypatch.setattr(archive, "READER", archive.READER - 1)
    assert put(db, chat("a", "Hello", "Hi there", "noise")) == "unchanged"


def test_an_update_leaves_no_trace_of_the_state_before(db):
    put(db, chat("a", "oldword", "y", title="Oldtitle 未来"))
    put(db, chat("a", "newword", "y", "z", title="Fresh"))
    found = [db.execute("SELECT count(*) FROM search WHERE search MATCH ?", (w,)).fetchone()[0] for w in
             ("oldword", "oldtitle", '"未来"', "newword", "fresh")]  # fmt: skip
    assert found == [0, 0, 0, 1, 1]
    assert db.execute("SELECT count(*) FROM messages").fetchone()[0] == 3


def test_a_deleted_chat_stays_deleted_until_it_is_restored(db):
    store = ChatStore(db)
    put(db, RICH)
    assert store.delete([RICH.key, "claude:unknown"]) == 1
    assert load(db, RICH.key) is None
    assert index_is_empty(db)
    assert put(db, RICH, exported=9) == "unchanged"
    assert Preview(db).write([Incoming(RICH, 9)]) == ["unchanged"]
    assert load(db, RICH.key) is None
    assert store.restore(RICH.key)
    assert not store.restore(RICH.key)
    assert put(db, RICH) == "imported"


def test_a_project_is_named_once_for_all_its_chats(db):
    store = ChatStore(db)
    put(db, chat("a", project_id="g-p-1"))
    put(db, chat("b", project_id="g-p-1"))
    assert store.name_project("g-p-1", "Garden") == 2
    put(db, chat("c", project_id="g-p-1"))
    assert [load(db, f"chatgpt:{name}").project for name in "abc"] == ["Garden"] * 3
    assert store.name_project("g-p-1", "") == 3
    assert load(db, "chatgpt:a").project is None
    assert store.name_project("unknown", "x") == 0


@given(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=20), min_size=1, max_size=3))
def test_whatever_a_chat_says_is_taken_out_of_the_index_again(tmp_path_factory, texts):
    with opened(tmp_path_factory.mktemp("any") / "library.db") as db:
        put(db, chat("a", *texts, title=texts[0]))
        put(db, chat("a", *texts, "more", title=texts[-1]))
        ChatStore(db).delete(["chatgpt:a"])
        assert index_is_empty(db)


def test_a_library_from_before_there_were_chats_gets_room_for_them(tmp_path):
    place = tmp_path / "library.db"
    with opened(place) as db:
        for name in (
            "search",
            "chats",
            "messages",
            "deleted_chats",
            "project_names",
            "problems",
            "imports",
            "placements",
        ):
            db.execute(f"DROP TABLE {name}")
        db.execute("PRAGMA user_version = 2")
    with opened(place) as db:
        assert put(db, chat()) == "imported"
        assert load(db, "chatgpt:a") == chat()


def test_a_batch_that_fails_leaves_nothing_of_itself(db, monkeypatch):
    put(db, chat("before"))
    before = content(db)
    broken = replace(chat("b"), messages=(said(0, "\ud800"),))
    with pytest.raises(UnicodeEncodeError):
        ChatStore(db).write([Incoming(chat("a"), 1), Incoming(chat("before", "x", "y", "z"), 2), Incoming(broken, 1)])
    assert content(db) == before


def test_a_library_that_gives_up_is_explained(tmp_path):
    def broken():
        with opened(tmp_path / "library.db") as db:
            db.execute("DROP TABLE messages")
            put(db, chat())

    with pytest.raises(InputError, match="cannot be used") as caught:
        broken()
    assert caught.value.hint


def test_a_preview_tells_what_would_happen_and_writes_nothing(db):
    put(db, chat("old"))
    before = content(db)
    preview = Preview(db)
    batch = [chat("old"), chat("new"), chat("new"), chat("old", "x", "y", "z"), chat("old")]
    assert preview.write([Incoming(session, 1) for session in batch]) == [
        "unchanged", "imported", "unchanged", "updated", "unchanged",
    ]  # fmt: skip
    preview.close()
    assert content(db) == before
    assert Preview(None).write([Incoming(chat(), 1)]) == ["imported"]


STATES = st.builds(
    lambda name, days, count, title: chat(name, *(f"w{n}" for n in range(count)), days=days, title=title),
    st.sampled_from("abc"), st.integers(0, 2), st.integers(1, 3), st.sampled_from(["one", "two"]),
)  # fmt: skip
EXPORTS = st.lists(st.lists(STATES, max_size=4), min_size=1, max_size=4)


@given(exports=EXPORTS, seed=st.randoms(use_true_random=False), size=st.integers(1, 3))
def test_overlapping_exports_give_the_same_library_in_any_order(tmp_path_factory, exports, seed, size):
    """However exports overlap, in whatever order and batches they come, and however often."""
    numbered = [(float(at), sessions) for at, sessions in enumerate(exports, 1)]
    libraries = []
    for order in (numbered, random.Random(seed.random()).sample(numbered, len(numbered)) + numbered[:1]):
        with opened(tmp_path_factory.mktemp("any") / "library.db") as db:
            items = [Incoming(session, at) for at, sessions in order for session in sessions]
            for at in range(0, len(items), size):
                told = Preview(db).write(items[at : at + size])
                assert ChatStore(db).write(items[at : at + size]) == told
            libraries.append(content(db))
            again = ChatStore(db).write(items)
            assert content(db) == libraries[-1]
            assert set(again) <= {"unchanged"}
            ChatStore(db).delete([f"chatgpt:{name}" for name in "abc"])
            assert index_is_empty(db)
    assert libraries[0] == libraries[1]


def test_no_state_wins_over_itself_in_a_circle():
    sessions = [chat(days=d, title=t, last_activity=a) for d in (0, 1) for t in "xy" for a in (None, DAY)]
    stands = [archive.Standing.of(s, e) for s, e in itertools.product(sessions, (1.0, 2.0))]
    for one, two in itertools.permutations(stands, 2):
        assert not (one.replaces(two) and two.replaces(one))
