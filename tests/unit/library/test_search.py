"""Searching, listing and figures: filters, order, places of the words, months."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from chatbuilder.chats import Message, Part
from chatbuilder.errors import InputError
from chatbuilder.library.chats import ChatStore, Incoming, opened
from chatbuilder.library.figures import figures
from chatbuilder.library.listing import Filters, count, keys_like, listed, projects, read_date
from chatbuilder.library.search import count_hits, search
from chatbuilder.library.terms import parse
from tests.unit.library.makers import DAY, chat, said


@pytest.fixture
def db(tmp_path):
    with opened(tmp_path / "library.db") as connection:
        yield connection


def fill(db, *sessions):
    ChatStore(db).write([Incoming(session, 1.0) for session in sessions])


def find(db, query, filters=None, **more):
    return search(db, parse(query), filters or Filters(), **more)


def names(hits):
    return [hit.chat.source_id for hit in hits]


CHATS = (
    chat("gpt", "apple pie", "yes", project_id="p1", project="Kitchen 100%", model="gpt-5", archived=True, days=1),
    chat("claude", "apple cake", "no", source="claude", model="opus", tags=("Food", "x"), days=2),
    chat("cli", "apple tree", "ok", source="gemini-cli", project_id="/home/me/garden", project="garden", days=3),
    chat("studio", "apple juice", "ok", source="aistudio", started=None, last_activity=None, archived=False),
)


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (Filters(), {"gpt", "claude", "cli", "studio"}),
        (Filters(assistant="chatGPT"), {"gpt"}),
        (Filters(assistant="Gemini"), {"cli", "studio"}),
        (Filters(assistant="gemini-cli"), {"cli"}),
        (Filters(source="claude"), {"claude"}),
        (Filters(project="kitchen"), {"gpt"}),
        (Filters(project="100%"), {"gpt"}),
        (Filters(project="%"), {"gpt"}),
        (Filters(project="_"), set()),
        (Filters(project="p1"), {"gpt"}),
        (Filters(model="GPT"), {"gpt"}),
        (Filters(tag="food"), {"claude"}),
        (Filters(tag="foo"), set()),
        (Filters(archived=True), {"gpt"}),
        (Filters(archived=False), {"claude", "cli", "studio"}),
        (Filters(after=DAY + timedelta(days=2)), {"claude", "cli"}),
        (Filters(before=DAY), set()),
        (Filters(before=DAY + timedelta(days=1), after=DAY + timedelta(days=3)), {"cli"}),
        (Filters(project="x' OR 1=1 --"), set()),
        (Filters(tag="x' OR 1=1 --"), set()),
    ],
)
def test_filters_choose_the_same_for_lists_searches_and_figures(db, filters, found):
    fill(db, *CHATS)
    assert {info.source_id for info in listed(db, filters)} == found
    assert set(names(find(db, "apple", filters))) == found
    assert (
        count(db, filters) == count_hits(db, parse("apple"), filters) == figures(db, filters).total.chats == len(found)
    )


@pytest.mark.parametrize("filters", [Filters(assistant="Clode"), Filters(source="chatgtp")])
def test_an_unknown_name_is_refused_with_the_nearest_one(db, filters):
    with pytest.raises(InputError, match="Did you mean"):
        count(db, filters)


def test_the_name_a_person_gave_a_project_is_found(db):
    fill(
        db,
        chat("a", project_id="g-p-1"),
        chat("b", project_id="g-p-1", title=None),
        chat("c", project_id="q"),
        chat("d", project_id="told", project="Source"),
        chat("e", project_id="told", project="Source"),
        chat("f", project_id="told", project="Source"),
    )
    ChatStore(db).name_project("g-p-1", "Garden")
    assert [info.project for info in listed(db, Filters(project="gard"))] == ["Garden", "Garden"]
    assert [(p.project_id, p.name, p.chats, p.titles) for p in projects(db)] == [
        ("q", None, 1, ("Chat c",)), ("told", "Source", 3, ("Chat f", "Chat e", "Chat d")),
        ("g-p-1", "Garden", 2, ("Chat a",)),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("order", "wanted"), [("newest", "dcba"), ("oldest", "bcda"), ("title", "abcd"), ("longest", "cbda")]
)
def test_lists_have_an_order_and_a_limit(db, order, wanted):
    started = DAY - timedelta(days=9)
    fill(
        db, chat("a", started=None, last_activity=None, messages=()), chat("b", days=1, started=started - timedelta(1)),
        chat("c", "1", "2", "3", days=2, started=started), chat("d", days=3),
    )  # fmt: skip
    got = "".join(info.source_id for info in listed(db, Filters(), order=order))
    assert got[:3] == wanted[:3] if order != "longest" else got[0] == "c"
    assert "".join(info.source_id for info in listed(db, Filters(), order=order, limit=2)) == got[:2]


def test_the_title_counts_most_and_dates_sort(db):
    fill(
        db, chat("body", "about apples and apple pie", days=2), chat("title", "x", "y", title="Apple", days=1),
        chat("old", "apple", days=-5),
    )  # fmt: skip
    assert names(find(db, "apple"))[0] == "title"
    assert names(find(db, "apple", sort="newest")) == ["body", "title", "old"]
    assert names(find(db, "apple", limit=1)) == ["title"]


def test_a_hit_shows_the_message_with_most_of_the_words_in_its_place(db):
    long = "word " * 200
    fill(db, chat("a", "only apple here", f"{long}the apple\n\n pie [b]is[/b] ready {long}"))
    hit = find(db, "apple pie")[0]
    assert (hit.role, hit.time) == ("assistant", DAY + timedelta(minutes=1))
    assert [hit.snippet[start:end] for start, end in hit.spans] == ["apple", "pie"]
    assert "apple pie [b]is[/b] ready" in hit.snippet
    assert hit.snippet.startswith("… ")
    assert hit.snippet.endswith(" …")
    assert len(hit.snippet) < 220
    assert hit.data()["spans"] == [list(span) for span in hit.spans]


def test_a_hit_in_the_title_alone_says_so(db):
    fill(db, chat("a", "nothing", "here", title="An apple"))
    hit = find(db, "apple")[0]
    assert (hit.role, hit.snippet, hit.spans, hit.title_spans) == ("title", "", (), ((3, 8),))


def test_noise_is_not_searched_but_files_and_pages_are(db):
    noise = Message("n", None, "assistant", (Part("thinking", "secretplan"), Part("tool", "toolword", "bash")))
    shown = Message("s", None, "human", (Part("attachment", "cellvalue", "budget.xlsx"),))
    cited = Message("c", None, "assistant", (Part("reference", "https://example.org", "Handbook"),))
    result = Message("r", None, "tool", (Part("answer", "resultword"),))
    fill(db, chat("a", messages=(said(0, "hello"), noise, shown, cited, result)))
    assert [bool(find(db, w)) for w in ("secretplan", "toolword", "resultword")] == [False] * 3
    assert [bool(find(db, w)) for w in ("cellvalue", "budget", "handbook", "hello")] == [True] * 4
    assert find(db, "handbook")[0].snippet == "Handbook"


def test_keys_are_found_by_their_beginning(db):
    fill(db, chat("abc-1"), chat("abc-2"), chat("a_c"), chat("abc", source="claude"))
    assert keys_like(db, "chatgpt:abc-1") == ["chatgpt:abc-1"]
    assert keys_like(db, "abc") == ["claude:abc"]
    assert keys_like(db, "abc-") == ["chatgpt:abc-1", "chatgpt:abc-2"]
    assert keys_like(db, "a_") == ["chatgpt:a_c"]
    assert keys_like(db, "claude:a") == ["claude:abc"]
    assert keys_like(db, "") == keys_like(db, "zzz") == []


def test_figures_have_every_month_and_put_sources_of_one_assistant_together(db):
    march, june = datetime(2026, 3, 31, 23, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
    fill(
        db, chat("a", started=march, model="m1"), chat("b", started=june, source="gemini-cli", project="P"),
        chat("c", "1", "2", "3", started=june, source="aistudio", archived=True),
        chat("d", started=None, last_activity=None),
    )  # fmt: skip
    found = figures(db, Filters())
    assert (found.total.chats, found.total.human, found.total.answers) == (4, 5, 4)
    assert [(m.month, m.chats, m.assistants) for m in found.months] == [
        ("2026-03", 1, {"ChatGPT": 1}), ("2026-04", 0, {}), ("2026-05", 0, {}), ("2026-06", 2, {"Gemini": 2}),
    ]  # fmt: skip
    assert [(f.name, f.chats) for f in found.assistants] == [("ChatGPT", 2), ("Gemini", 2)]
    assert [(f.name, f.chats) for f in found.models] == [("m1", 1)]
    assert [(f.name, f.chats) for f in found.projects] == [("P", 1)]
    assert (found.undated, found.archived, found.first) == (1, 1, march)
    assert figures(db, Filters(tag="none")).data() == {
        "chats": 0, "human": 0, "assistant": 0, "first": None, "last": None, "archived": 0, "quarantined": 0,
        "undated": 0, "months": [], "assistants": [], "models": [], "projects": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026", "2026-01-01T00:00"), ("2026-11", "2026-11-01T00:00"), ("2026-11-22", "2026-11-22T00:00"),
        ("2026-11-22T10:00:00+02:00", "2026-11-22T08:00"),
    ],
)  # fmt: skip
def test_dates_may_be_short(text, found):
    assert read_date(text) == datetime.fromisoformat(f"{found}:00+00:00")


@pytest.mark.parametrize("text", ["yesterday", "2026-13", "22.11.2026", "0000", "'; --", "0001-01-01T00:00:00+23:00"])
def test_what_is_no_date_is_refused(text):
    with pytest.raises(InputError, match="is not a date"):
        read_date(text)


def test_a_phrase_that_only_the_index_sees_still_shows_the_chat(db):
    fill(db, chat("a", "it ends here", "and starts there"))
    assert find(db, '"ends here"')[0].spans
    assert not find(db, '"starts it"')
    fill(db, chat("b", messages=(said(0, "it ends"), said(2, "and begins"))))
    hit = find(db, '"ends and"')[0]
    assert (hit.snippet, hit.spans, hit.role) == ("it ends", (), "human")


def test_only_so_much_of_a_chat_is_looked_through_for_the_best_place(db, monkeypatch):
    monkeypatch.setattr("chatbuilder.library.search._LOOKED_AT", 20)
    fill(db, chat("a", "apple " * 300, "apple pie"))
    hit = find(db, "apple pie")[0]
    assert hit.role == "human"
    assert hit.snippet.startswith("apple")
