"""Small readers of values, and what a chat promises of itself."""

import dataclasses
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.chats import SOURCES, ChatSession, Message, Part, utc
from chatbuilder.importers.common import values
from chatbuilder.importers.common.entries import label
from chatbuilder.importers.common.html_text import words
from chatbuilder.importers.common.limits import LIMITS
from chatbuilder.importers.common.outcome import FileReport
from chatbuilder.importers.common.session import (
    count_branches,
    newest_leaf,
    part,
    path_to,
    reading_order,
    references,
    title_from,
)
from chatbuilder.importers.common.shape import Context
from chatbuilder.importers.discovery import discover

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.binary(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(ANYTHING)
def test_readers_take_anything(value):
    found = values.moment(value)
    assert found is None or found.tzinfo is UTC
    for text in (values.name(value), values.title(value), values.identifier(value), values.word(value)):
        assert text is None or text
    assert values.web(value) is None or value.startswith("http")
    assert values.flag(value) in (None, True, False)
    assert isinstance(values.texts(value), str)
    assert isinstance(values.mapping(value), dict)
    assert isinstance(values.sequence(value), list)
    assert all(isinstance(one, dict) for one in values.mappings(value))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1_750_000_000, "2025-06-15T15:06:40"),
        (1_750_000_000_500, "2025-06-15T15:06:40.500"),
        ("1750000000.5", "2025-06-15T15:06:40.500"),
        (1e11, "5138-11-16T09:46:40"),
        (100_000_000_001, "1973-03-03T09:46:40.001"),
        (0.5, "1970-01-01T00:00:00.500"),
        (" 2026-03-10T20:00:00Z ", "2026-03-10T20:00:00"),
        ({"$numberLong": 1750000000}, "2025-06-15T15:06:40"),
        ("2026-03-10T20:00:00+08:00", "2026-03-10T12:00:00"),
        ("2026-03-10T20:00:00", "2026-03-10T20:00:00"),
        ({"$date": "2026-03-10T20:00:00Z"}, "2026-03-10T20:00:00"),
        ({"$date": {"$numberLong": "1750000000000"}}, "2025-06-15T15:06:40"),
        (0, None),
        ("", None),
        (True, None),
        (-5, None),
        (1e300, None),
        (float("nan"), None),
        ("tomorrow", None),
        ("0001-01-01T00:00:00+14:00", None),
        ({}, None),
        ([], None),
    ],
)
def test_moments(value, expected):
    assert values.moment(value) == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)


@pytest.mark.parametrize(
    ("read", "most"),
    [(values.name, 500), (values.word, 500), (values.title, 2000), (lambda text: values.shorten(text, 7), 7),
     (lambda text: part("tool", text)[0].text, 20_000), (lambda text: part("thinking", text)[0].text, 20_000),
     (lambda text: title_from([Message("1", None, "human", (Part("typed", text),))]), 80), (label, 300)],
)  # fmt: skip
def test_what_is_too_long_is_cut_and_shows_it(read, most):
    assert read("x" * most) == "x" * most
    assert read("x" * (most + 1)) == "x" * (most - 1) + "…"
    assert read("x" * (most - 2) + " " + "x" * 9) == "x" * (most - 2) + "…"


def test_what_is_too_long_to_be_cut_is_left_out_or_kept_whole():
    assert [values.identifier("x" * 500), values.identifier(" x "), values.identifier(7)] == ["x" * 500, "x", "7"]
    assert [values.identifier(one) for one in ("x" * 501, " ", True, 7.5, None)] == [None] * 5
    address = "https://x.example/".ljust(2000, "a")
    assert (values.web(address), values.web(address + "a")) == (address, None)
    for kind in ("typed", "answer", "attachment"):
        assert part(kind, "x" * 30_000) == [Part(kind, "x" * 30_000)]
    pages = [(f"https://x.example/{number}", f" Page  {number} ") for number in range(102)]
    found = references([pages[0], *pages, ("javascript:x", "no"), (None, "no")])
    assert found == [Part("reference", f"https://x.example/{number}", f"Page {number}") for number in range(100)]


def test_the_first_words_that_were_typed_are_the_title():
    def said(role, text, kind="typed", active=True):
        return Message(text, None, role, (Part(kind, text),), active=active)

    others = [said("system", "a", "context"), said("human", "b", "context"), said("human", "c", active=False)]
    others += [said("assistant", "d", "answer"), said("human", " \n\t")]
    assert title_from([*others, said("human", "\n  Two  \t words \nmore"), said("human", "later")]) == "Two words"
    assert title_from(others) is None


def test_links_and_addresses_cannot_leave_their_place():
    assert values.link("https://x.example", "../a b", "c?d#e") == "https://x.example/..%2Fa%20b/c%3Fd%23e"
    assert values.web("http://x.example") == "http://x.example"
    for bad in (
        "javascript:x",
        "http://",
        "https://a b",
        "http://[",
        "file:///etc",
        "https://x.example/" + "a" * 3000,
        None,
    ):
        assert values.web(bad) is None


def test_texts_keep_within_their_budget():
    assert values.texts({"a": ["one", {"b": "two"}], "c": 3}) == "one\ntwo"
    assert values.texts(["x" * 30, "y"], 10) == "x" * 10 + "…"


def test_clean_keeps_words():
    assert values.clean("a\r\nb\rc\td\0e\x1b[31mf\u0085g\ud800h🙂") == "a\nb\nc\tde[31mfg\ufffdh🙂"
    assert values.clean_tree({"a\0": ["b\0", 1, None]}) == {"a": ["b", 1, None]}


def test_html_becomes_words():
    page = "<p>One &amp; two</p><script>x()</script><ul><li>a</li><li>b</li></ul><pre>x  =  1\ny</pre>"
    page += "<table><tr><td>c  d</td></tr></table><br>"
    assert words(page) == "One & two\n\n- a\n- b\n\nx  =  1\ny\n\n| c d"
    assert words("plain\0 text ") == "plain text"
    assert words("</script></pre>a") == "a"


LINKS = st.dictionaries(st.sampled_from("abcdefgh"), st.none() | st.sampled_from("abcdefghz"), min_size=1)


@given(LINKS)
def test_any_links_give_a_path_and_an_order(parent_of):
    leaf = newest_leaf(parent_of, lambda key: None)
    assert leaf in parent_of
    path = path_to(leaf, parent_of)
    order = reading_order(path, parent_of)
    assert sorted(order) == sorted(parent_of)
    assert order[: len(path)] == path
    assert 0 <= count_branches(parent_of) <= len(parent_of)


def chat(**fields):
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    messages = (
        Message("1", None, "human", (Part("typed", "Hello\nthere"), Part("attachment", "", "a.png")), moment),
        Message("2", "1", "assistant", (Part("thinking", "hm"), Part("answer", "Hi")), moment, "m-1"),
        Message("3", "1", "assistant", (Part("answer", "Off"),), moment, "m-2", active=False),
        Message("4", "2", "tool", (Part("tool", "x"),)),
    )
    return ChatSession(
        **{
            "source": "claude",
            "source_id": "1",
            "title": "T",
            "started": moment,
            "last_activity": moment,
            "messages": messages,
            "model": "m-3",
            **fields,
        }
    )


def test_a_chat_counts_what_is_on_the_active_path():
    found = chat()
    assert (found.key, found.assistant, found.human, found.answers) == ("claude:1", "Claude", 1, 1)
    assert found.first_prompt == "Hello\nthere"
    assert found.models == ("m-1", "m-2", "m-3")
    assert [message.id for message in found.active_path()] == ["1", "2", "4"]
    assert chat(source="other", model=None, messages=()).assistant == "other"
    assert chat(messages=()).first_prompt is None
    assert chat(messages=(), model=None).models == ()


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(ChatSession)])
def test_the_hash_changes_with_every_field(field):
    other = {
        "messages": chat().messages[:1],
        "branches": 9,
        "tags": ("t",),
        "derived": ("title",),
        "archived": True,
        "starred": True,
    }
    changed = chat(
        **{
            field: other.get(
                field, datetime(2027, 1, 1, tzinfo=UTC) if field in ("started", "last_activity") else "other"
            )
        }
    )
    assert changed.content_hash() != chat().content_hash()
    assert chat().content_hash() == chat().content_hash()
    assert len(chat().content_hash()) == 32


@pytest.mark.parametrize(
    "change",
    [
        {"parts": (Part("typed", "x"),)},
        {"time": None},
        {"model": "x"},
        {"active": False},
        {"id": "x"},
        {"role": "tool"},
    ],
)
def test_the_hash_changes_with_every_message(change):
    first, *rest = chat().messages
    assert chat(messages=(first._replace(**change), *rest)).content_hash() != chat().content_hash()


def test_the_hash_is_the_same_moment_in_any_zone():
    elsewhere = datetime(2026, 1, 1, 5, tzinfo=timezone(timedelta(hours=5)))
    assert chat(started=elsewhere).content_hash() == chat().content_hash()
    assert utc(elsewhere) == utc(datetime(2026, 1, 1)) == datetime(2026, 1, 1, tzinfo=UTC)


def test_unknown_things_are_counted_within_limits():
    context = Context(FileReport("w", "claude"), LIMITS, "s", "w")
    for number in range(500):
        context.unknown(f"field {number}")
    context.unknown("")
    assert len(context.report.unknown) <= 201
    assert context.report.unknown.total() == 501


def test_discovery_finds_the_places_of_three_systems(tmp_path):
    places = [
        ".claude/projects",
        ".codex/sessions",
        ".gemini/tmp",
        ".copilot/session-state",
        ".lmstudio/conversations",
        ".config/Code/User/workspaceStorage/abc/chatSessions",
        "Library/Application Support/Code/User/globalStorage/emptyWindowChatSessions",
        "AppData/Roaming/Cursor/User/globalStorage/state.vscdb",
        "Library/Application Support/io.datasette.llm/logs.db",
    ]
    assert discover(tmp_path) == []
    for place in places:
        path = tmp_path / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("") if path.suffix in (".db", ".vscdb") else path.mkdir()
    found = discover(tmp_path)
    assert {path.relative_to(tmp_path).as_posix() for _, path in found} == set(places)
    assert {source for source, _ in found} == {
        "claude-code",
        "codex",
        "gemini-cli",
        "copilot-cli",
        "vscode-copilot",
        "cursor",
        "lm-studio",
        "llm",
    }
    assert {source for source, _ in found} <= set(SOURCES)
