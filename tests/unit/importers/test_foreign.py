"""What a reader of foreign exports is handed, in each of the five forms, and what becomes of what it says."""

import json
import sqlite3
from contextlib import closing

import pytest

from chatbuilder.importers import Limits
from chatbuilder.importers.common.limits import MIB
from chatbuilder.importers.common.shape import html
from chatbuilder.importers.plugin import (
    BadChat,
    Message,
    Part,
    Problem,
    csv_rows,
    each,
    items,
    lines,
    session,
    straight,
    tables,
)
from tests.unit.importers.reading import Result, says

SOURCE = "mine"


def made(key, *words, **fields):
    told = [Message(str(n), None, "human", (Part("typed", text),)) for n, text in enumerate(words)]
    return session(SOURCE, key, messages=straight(told), **fields)


def read(tmp_path, shape, content, **limits):
    path = tmp_path / "mine.txt"
    path.write_text(content, "utf-8")
    return Result(path, more=[shape], limits=Limits(**limits))


def test_a_list_and_a_single_object(tmp_path):
    def parse(item, context):
        context.unknown_fields(item, frozenset({"mine", "title"}), "note")
        if item["mine"] == "nothing":
            return None
        return made(str(item["mine"]), item["words"])

    shape = items(SOURCE, lambda item: "mine" in item, each(parse))
    chats = [
        {"mine": 1, "words": "One"},
        {"mine": "nothing"},
        {"mine": 2, "title": "Two"},
        {"mine": 3, "words": 3},
        4,
        5,
    ]
    found = read(tmp_path, shape, json.dumps(chats)[:-2] + "nul]")
    assert (found.chat.key, says(found.chat)) == ("mine:1", [("human", "One")])
    assert [(one.where, one.reason, one.code, one.source, one.title, one.chat) for one in found.problems] == [
        ("mine.txt, chat 3", "it is not built as mine chats are (KeyError)", "malformed", SOURCE, "Two", True),
        ("mine.txt, chat 4", "it is not built as mine chats are (TypeError)", "malformed", SOURCE, None, True),
        ("mine.txt, chat 5", "it is not an object", "malformed", SOURCE, None, True),
        ("mine.txt, chat 6", "its JSON is broken (Expecting value)", "malformed", SOURCE, None, True),
    ]
    assert found.unknown == {"field words of a note": 2}
    assert says(read(tmp_path, shape, json.dumps(chats[0])).chat) == [("human", "One")]


def test_logs(tmp_path):
    def parse(logs):
        for log in logs:
            log.context.skipped("line", 2)
            about = [f"{log.folder}/{log.name}", str(log.head), str(log.tail())]
            told = [f"{one.number} {one.bad.code}: {one.bad}" if one.bad else f"{one.number}" for one in log.lines()]
            yield made(log.name, *about, *told)

    shape = lines(SOURCE, lambda head: head[0].get("mine") == 1, parse)
    long = json.dumps({"long": "x" * 3 * MIB})
    first = json.dumps({"mine": 1, "in": {"a": {"b": {"c": 1}}}, "list": [1], "words": "y" * 501, "most": "z" * 500})
    base = tmp_path / "logs"
    base.mkdir()
    (base / "in.folder").mkdir()
    found = read(base / "in.folder", shape, f'\ufeff{first}\n\n[2]\n{{bad\n{long}\n{{"last": 1}}\n{{"cut', line=2 * MIB)
    chat = found.chat
    assert chat.source_id == "mine.txt"
    assert [one.text for one in chat.messages] == [
        f"{(base / 'in.folder').as_posix()}/mine.txt",
        str([{"mine": 1, "in": {"a": {}}, "most": "z" * 500}, {"last": 1}]),
        "[{'last': 1}]",
        "1",
        "3",
        "4 malformed: its JSON is broken (Expecting property name enclosed in double quotes)",
        "5 too-large: the line is longer than 2 MiB",
        "6",
        "7 truncated: the last line is cut",
    ]
    assert found.skipped == {"line": 2}


def test_a_table(tmp_path):
    def parse(rows, context):
        for number, row in enumerate(rows, 1):
            yield made(context.place(number, "row"), *row)

    shape = csv_rows(SOURCE, lambda header: header == ["mine", "b c"], parse)
    found = read(tmp_path, shape, '\ufeffmine , b c\n"a\n""b""",\0d\n', text=40)
    assert {chat.source_id: [one.text for one in chat.messages] for chat in found.chats} == {
        "mine.txt, row 1": ["mine ", " b c"],
        "mine.txt, row 2": ['a\n"b"', "d"],
    }
    found = read(tmp_path, shape, "mine,b c\n" + "x" * 50 + ",d\n1,2\n", text=40)
    assert [one.messages[0].text for one in found.chats] == ["mine", "1"]
    assert found.unknown == {"row that is not CSV (field larger than field limit (40))": 1}


def test_a_page(tmp_path):
    shape = html(
        SOURCE, lambda head: "mine é" in head, lambda stream, context: iter([made("1", stream.read().decode())])
    )
    assert read(tmp_path, shape, "\ufeff  <p>mine é</p>").chat.messages[0].text == "\ufeff  <p>mine é</p>"


def test_a_database(tmp_path):
    def parse(connection, context):
        for key, words in connection.execute("SELECT * FROM mine"):
            yield made(key, words)

    shape = tables(SOURCE, lambda connection: connection.execute("SELECT 1 FROM mine").fetchone(), parse)
    path = tmp_path / "mine.db"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE mine (key TEXT, words TEXT)")
        connection.execute("INSERT INTO mine VALUES ('1', 'caf\u00e9\x1b'), ('2', CAST(x'ff61' AS TEXT))")
    found = Result(path, more=[shape])
    assert [says(chat) for chat in found.chats] == [[("human", "café")], [("human", "\ufffda")]]


def test_a_reader_that_gives_up_costs_its_file_only(tmp_path):
    def parse(stream, context):
        yield made("1", "Hi")
        raise BadChat("it is written in ink", "unreadable")

    found = read(tmp_path, html(SOURCE, lambda head: True, parse), "<html>")
    assert found.chat.source_id == "1"
    assert found.problems == [Problem("mine.txt", "it is written in ink", "unreadable", SOURCE)]


@pytest.mark.parametrize("said", [None, "", " ", 7, "x" * 200, "two\nlines"])
def test_what_a_reader_does_not_know_is_counted_in_one_short_line(tmp_path, said):
    def parse(item, context):
        context.unknown(said)
        return made("1", "Hi")

    found = read(tmp_path, items(SOURCE, lambda item: True, each(parse)), "{}")
    expected = {7: "7", "x" * 200: "x" * 119 + "…", "two\nlines": "two lines"}.get(said, "nameless")
    assert found.unknown == {expected: 1}


def test_names_that_never_end_are_counted_together(tmp_path):
    def parse(item, context):
        for number in range(202):
            context.unknown(f"field {number}")
        context.unknown("field 7")
        return made("1", "Hi")

    found = read(tmp_path, items(SOURCE, lambda item: True, each(parse)), "{}")
    assert len(found.unknown) == 201
    assert (found.unknown["others"], found.unknown["field 7"], found.unknown["field 199"]) == (2, 2, 1)
