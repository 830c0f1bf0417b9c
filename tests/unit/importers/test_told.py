"""What a person is told of a file that cannot be read, or not whole: where, why and how bad, to the letter."""

import gzip
import json
import sqlite3
from itertools import islice

import pytest

from chatbuilder.errors import InputError
from chatbuilder.importers import Limits, Problem, open_source
from chatbuilder.importers.common.limits import MIB
from tests.unit.importers import samples
from tests.unit.importers.reading import Result, read_json, says, zipped
from tests.unit.importers.samples import chatgpt, claude, node
from tests.unit.importers.test_door import tarred
from tests.unit.importers.test_sources import cell

GOOD = json.dumps([claude()])


def problems(path, **options):
    """(place, reason, code) of everything that could not be read, whether or not the reading gave anything."""
    found, listed = [], None
    with open_source(path, **options) as reading:
        try:
            for one in reading:
                if isinstance(one, Problem):
                    found.append((one.where, one.reason, one.code))
        except InputError as error:
            listed = error.problems
    assert listed in (None, tuple(f"{where}: {reason}" for where, reason, _ in found))
    return found, reading


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{1: 2}", "its JSON is broken (a key is missing)"),
        ('{"a" 1}', "its JSON is broken (a colon is missing)"),
        ('{"a": }', "its JSON is broken (a value is missing)"),
        ('{"a": nul}', "its JSON is broken (Expecting value)"),
        ('{"a": "b"', "the file ends in the middle"),
        ('{"a": "b', "the file ends in the middle of it"),
        ('{"a": [1, ', "the file ends in the middle of the list"),
        ('{"a": ' + "9" * 5000 + "}", "its JSON is broken (a number is too long)"),
        ('{"a": {"b": ' + "[" * 2000 + "1" + "]" * 2000 + "}}", "its JSON is nested too deeply"),
        ('{"a": {"b": ' + "[" * 1010 + '"\\r"' + "]" * 1010 + "}}", "its JSON is nested too deeply"),
        ('{"a": "' + "b" * 5 * MIB + '"}', "it is larger than 2048 KiB"),
        ('{"a": [' + f'"{"b" * MIB}", ' * 3 + "1]}", "it is larger than 2 MiB"),
    ],
    ids=lambda text: text[:30],
)
def test_a_broken_document(tmp_path, text, reason):
    path = tmp_path / "broken.json"
    path.write_text(text)
    found, reading = problems(path, limits=Limits(chat=2 * MIB))
    assert found == [("broken.json", reason, "malformed")]
    assert reading.ignored == 1


@pytest.mark.parametrize(
    ("end", "reason", "code"),
    [
        (', "z": }', "its JSON is broken (a value is missing)", "malformed"),
        ("", "the file ends in the middle", "malformed"),
        (', "z": "b', "the file ends in the middle of it", "truncated"),
        (', "z": [1, {', "the file ends in the middle of it", "truncated"),
        (', "z": "' + "b" * 5 * MIB + '"}', "it is larger than 2048 KiB", "too-large"),
        (', "z": [' + f'"{"b" * MIB}", ' * 3 + "1]}", "it is larger than 2 MiB", "too-large"),
    ],
    ids=lambda text: text[:30],
)
def test_a_broken_document_that_is_one_chat(tmp_path, end, reason, code):
    path = tmp_path / "Sums.json"
    path.write_text(json.dumps({"title": "Sums", **samples.AISTUDIO})[:-1] + end)
    with open_source(path, limits=Limits(chat=2 * MIB)) as reading:
        assert list(islice(reading, 1)) == [Problem("Sums.json", reason, code, "aistudio", "Sums", chat=True)]
    assert reading.ignored == 0


@pytest.mark.parametrize(
    ("element", "reason", "code"),
    [
        ("7", "it is not an object", "malformed"),
        ("nul", "its JSON is broken (Expecting value)", "malformed"),
        ('{"uuid" 1}', "its JSON is broken (Expecting ':' delimiter)", "malformed"),
        ('{"uuid": "' + "b" * 5 * MIB + '"}', "it is larger than 2048 KiB", "too-large"),
        ('{"uuid": ' + "[" * 2000 + "]" * 2000 + "}", "its JSON is nested too deeply", "too-large"),
        ('{"uuid": "b', "the file ends in the middle of it", "truncated"),
        (json.dumps(claude(key=None)), "it has no id", "malformed"),
        (json.dumps({**claude(), "chat_messages": []}), "it has no messages", "empty"),
        (json.dumps({**claude(), "chat_messages": {}}), "it has no chat_messages", "malformed"),
    ],
    ids=lambda text: text[:30],
)
def test_a_broken_chat_among_others(tmp_path, element, reason, code):
    path = tmp_path / "chats.json"
    path.write_text(f"[{GOOD[1:-1]}, {element}" + ("" if code == "truncated" else "]"))
    assert problems(path, limits=Limits(chat=2 * MIB))[0] == [("chats.json, chat 2", reason, code)]


def test_a_chat_over_its_limits_and_one_just_within(tmp_path):
    words = chatgpt(node("u", "root", "user", "x" * 2000), key="words")
    many = chatgpt(*[node(str(n), str(n - 1), "user", "x") for n in range(20)], key="many")
    assert len(read_json(tmp_path, [words, many], limits=Limits(text=2000, messages=20)).chats) == 2
    found = read_json(tmp_path, [chatgpt(), words, many], limits=Limits(text=1999, messages=19))
    assert [(one.where, one.reason, one.code, one.title) for one in found.problems] == [
        ("anything.bin, chat 2", "a message has more than 1,999 characters", "too-large", "The moon"),
        ("anything.bin, chat 3", "it has more than 19 messages", "too-large", "The moon"),
    ]


def test_a_document_that_is_one_chat(tmp_path):
    messages = [{"id": str(number), "type": "user", "content": f"Line {number}"} for number in range(45)]
    chat = read_json(tmp_path, {**samples.GEMINI_CLI, "messages": messages}).chat
    assert [one.text for one in chat.messages] == [f"Line {number}" for number in range(45)]
    with open_source(tmp_path / "anything.bin") as reading:
        (tmp_path / "anything.bin").write_text(json.dumps({**samples.GEMINI_CLI, "messages": []}))
        assert next(iter(reading)).where == "anything.bin, chat 1"


def in_a_zip(folder, inside, **limits):
    path = folder / "e.zip"
    path.write_bytes(zipped({**inside, "fine.json": GOOD}))
    return problems(path, limits=Limits(**limits))[0]


def test_zips(tmp_path):
    inner = zipped({"c.json": [chatgpt()]})
    size = len(GOOD)
    assert in_a_zip(tmp_path, {"folder/": "", "in.zip": inner}) == []
    assert problems(tmp_path / "e.zip")[1].ignored == 0
    assert in_a_zip(tmp_path, {"in.zip": inner}, zips=2, entries=2, inner=len(inner), unpacked=size + len(inner)) == []
    assert in_a_zip(tmp_path, {"in.zip": inner}, zips=1) == [
        ("e.zip: in.zip", "it is a zip too deep inside others", "too-large")
    ]
    bomb = ("e.zip", "it unpacks to more than the limit, like a zip bomb", "too-large")
    assert in_a_zip(tmp_path, {"a.txt": ""}, entries=1) == [bomb]
    assert in_a_zip(tmp_path, {}, unpacked=size - 1) == [bomb]
    assert in_a_zip(tmp_path, {"in.zip": zipped({"a": "x" * 3 * MIB}, 0)}, inner=2 * MIB) == [
        ("e.zip: in.zip", "it cannot be read (it is larger than 2 MiB inside a zip; unpack it first)", "unreadable")
    ]
    assert in_a_zip(tmp_path, {"a.json": '{"a": }'}) == [
        ("e.zip: a.json", "its JSON is broken (a value is missing)", "malformed")
    ]
    assert in_a_zip(tmp_path, {"a.txt.gz": b"\x1f\x8b\x08 broken"})[0][::2] == ("e.zip: a.txt.gz", "unreadable")
    assert in_a_zip(tmp_path, {"conversations.json": "1", "m.json": {"files": ["conversations-2.json"]}}) == [
        ("conversations-2.json", "the export lists this part, but it is not here", "missing-part")
    ]


def test_tars(tmp_path):
    path = tmp_path / "t.tgz"
    path.write_bytes(tarred({"a/b.json": [claude()], "c.json": b'{"a": }', "d.json": [chatgpt()]}))
    whole = 7 + len(GOOD) + len(json.dumps([chatgpt()]))
    broken = ("t.tgz: c.json", "its JSON is broken (a value is missing)", "malformed")
    found, reading = problems(path, limits=Limits(inner=whole, entries=3, zips=1))
    assert found == [broken]
    assert [report.where for report in reading.files] == ["t.tgz: a/b.json", "t.tgz: d.json"]
    full = ("t.tgz: d.json", "from here on it holds more than is read at once; unpack it first", "too-large")
    assert problems(path, limits=Limits(inner=whole - 1))[0] == [broken, full]
    assert problems(path, limits=Limits(entries=2))[0] == [broken, full]
    assert problems(path, limits=Limits(zips=0))[0] == [("t.tgz", "it is a tar too deep inside others", "too-large")]


def test_folders(tmp_path):
    for name in ("a.json", "b.json", "c.json"):
        (tmp_path / name).write_text(GOOD)
    assert problems(tmp_path, limits=Limits(entries=3))[0] == []
    assert problems(tmp_path, limits=Limits(entries=2))[0] == [
        (str(tmp_path), "it holds more than 2 files", "too-large")
    ]


def test_a_page_with_a_tag_that_never_ends(tmp_path):
    path = tmp_path / "activity.html"
    entry = cell("Prompted&nbsp;Hi", "Jul 2, 2026, 12:00:05 PM UTC", "Yo")
    for length, told in ((900, []), (600_000, ["a tag in it never ends; what stands behind it is left out"])):
        path.write_text(f'<html>{entry * 2}<a title="{"x" * length}')
        found = Result(path, limits=Limits(text=1000))
        assert says(found.chat) == [("human", "Hi"), ("assistant", "Yo")] * 2
        assert [one.reason for one in found.problems if (one.where, one.code) == ("activity.html", "malformed")] == told


def test_what_is_packed_and_unpacks_to_too_much(tmp_path):
    path = tmp_path / "log.jsonl.gz"
    text = "".join(json.dumps(line) + "\n" for line in samples.CODEX).encode()
    rest = b" " * (8 * MIB - len(text))
    path.write_bytes(gzip.compress(text + rest))
    assert problems(path, limits=Limits(ratio=1))[0] == []
    path.write_bytes(gzip.compress(text + rest + b" "))
    assert problems(path, limits=Limits(ratio=1))[0] == [
        ("log.jsonl.gz", "it cannot be read (it unpacks to far more than a text does)", "unreadable")
    ]


def test_databases(tmp_path):
    path = tmp_path / "x.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (key)")
    connection.close()
    size = path.stat().st_size
    found, reading = problems(path, limits=Limits(inner=size))
    assert (found, reading.ignored) == ([], 1)
    path.write_bytes(path.read_bytes() + b"\0" * (2 * MIB - size + 1))
    assert problems(path, limits=Limits(inner=2 * MIB))[0] == [
        ("x.db", "it cannot be read (the database is larger than 2 MiB)", "unreadable")
    ]


@pytest.mark.parametrize("text", ["[1]", '[{"a": 1}]', '{"a": 1}', "a,b\n1,2\n", "<html><p>x</p></html>", ""])
def test_what_is_no_export_is_counted_once(tmp_path, text):
    path = tmp_path / "notes.txt"
    path.write_text(text)
    found, reading = problems(path)
    assert (found, reading.ignored, reading.files) == ([], 1, [])


def test_when_nothing_comes_out_the_person_is_told_what_to_do(tmp_path):
    path = tmp_path / "notes.txt"
    with pytest.raises(InputError) as caught:
        Result(path)
    assert str(caught.value) == f"{path} cannot be read (No such file or directory)."
    assert (caught.value.title, caught.value.kept, caught.value.hint) == (
        "Nothing imported",
        "what was imported before.",
        "Give the path of an export: a zip, a file or a folder.",
    )
    path.write_text("hello")
    with pytest.raises(InputError) as caught:
        Result(path)
    assert str(caught.value) == f"No chats were recognised in {path}."
    assert (caught.value.title, caught.value.kept, caught.value.hint) == (
        "Nothing imported",
        "what was imported before.",
        "See docs/sources.md for the exports that can be read, and how to get them.",
    )
    path.write_bytes(zipped({"a.json": [{**claude(), "chat_messages": []}], "b.json": [{**chatgpt(), "mapping": {}}]}))
    with pytest.raises(InputError) as caught:
        Result(path)
    told = "looks like an export of chatgpt, claude, but not one message could be read from it."
    assert str(caught.value) == f"{path} {told}"
    assert caught.value.problems == (
        "notes.txt: a.json, chat 1: it has no messages",
        "notes.txt: b.json, chat 1: it has no messages",
    )
    assert (caught.value.title, caught.value.kept, caught.value.hint) == (
        "Nothing imported",
        "what was imported before.",
        "If the product shows these chats, its export format may have changed: please report it.",
    )
