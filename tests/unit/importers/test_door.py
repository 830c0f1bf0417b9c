"""Files, folders, zips in zips, compressed logs, parts that are missing, limits, damage."""

import gzip
import io
import json
import os
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from chatbuilder.errors import InputError
from chatbuilder.importers import Limits, Problem, open_source
from chatbuilder.importers.common import entries
from tests.unit.importers import samples
from tests.unit.importers.reading import Result, read_json, read_lines, read_zip, zipped
from tests.unit.importers.samples import chatgpt, claude, node


def test_privacy_portal_zip_in_zip_with_media_and_side_files(tmp_path):
    inner = zipped(
        {
            "conversations-000.json": [chatgpt(key="a")],
            "conversations-001.json": [chatgpt(key="b")],
            "user.json": {"email": "ada@example.com"},
            "file-1.dat": b"\x89PNG\0\0",
            "chat.html": "<html></html>",
            "shared_conversations.json": [{"id": "s", "conversation_id": "a", "title": "x"}],
            "empty.json": "",
            "notes.txt": "hi, you",
            "message_feedback.json": [],
            "broken.json": '{"a": [1,',
            "office.docx": zipped({"[Content_Types].xml": "<x/>"}),
            "export_manifest.json": {
                "logical_files": {
                    "conversations.json": {
                        "files": ["conversations-000.json", "conversations-001.json"],
                        "sharded": True,
                    }
                }
            },
        }
    )
    found = read_zip(tmp_path, {"User Online Activity/Conversations__x.zip": inner, "report.html": "<html></html>"})
    assert [chat.source_id for chat in found.chats] == ["a", "b"]
    assert found.problem.where.endswith("Conversations__x.zip: broken.json")
    assert not found.problem.chat
    assert found.reading.ignored == 11


def test_takeout_reads_gemini_and_no_other_product(tmp_path):
    other = [{"header": "YouTube", "title": "Watched a film", "time": "2026-07-20T10:00:00Z"}]
    found = read_zip(
        tmp_path,
        {"YouTube/MyActivity.json": other, "Gemini Apps/MyActivity.json": [samples.takeout("Prompted x", 0, "y")]},
    )
    assert (found.sources, len(found.chats), found.reading.ignored) == ({"gemini"}, 1, 1)


@pytest.mark.parametrize(
    "manifest",
    [
        {
            "version": 1,
            "logical_files": {"conversations.json": {"files": ["conversations-000.json", "conversations-001.json"]}},
        },
        {
            "export_files": [
                {"path": "conversations-000.json"},
                {"path": "x/conversations-001.json"},
                {"path": "file-9.dat"},
            ]
        },
        {"version": 2, "files": ["conversations-000.json", "conversations-001.json"]},
    ],
)
def test_missing_parts_are_told(tmp_path, manifest):
    found = read_zip(tmp_path, {"export_manifest.json": manifest, "conversations-000.json": [chatgpt()]})
    missing = [problem.where for problem in found.problems if problem.code == "missing-part"]
    assert "conversations-001.json" in missing
    assert len(found.chats) == 1


def test_a_folder_of_exports(tmp_path):
    base = tmp_path / "exports"
    (base / "deep").mkdir(parents=True)
    (base / "b.json").write_text(json.dumps([claude()]))
    (base / "deep" / "a.zip").write_bytes(zipped({"x.json": [chatgpt()]}))
    (base / "deep" / "log").write_text("".join(json.dumps(line) + "\n" for line in samples.CODEX))
    if hasattr(os, "mkfifo"):
        os.mkfifo(base / "pipe")
    (base / "loop").symlink_to(base)
    found = Result(base)
    assert sorted(chat.source for chat in found.chats) == ["chatgpt", "claude", "codex"]
    assert {report.where for report in found.reading.files} == {"b.json", "deep/a.zip: x.json", "exports"}


def test_compressed_logs(tmp_path):
    text = "".join(json.dumps(line) + "\n" for line in samples.CODEX).encode()
    path = tmp_path / "rollout.jsonl.gz"
    path.write_bytes(gzip.compress(text))
    assert Result(path).chat.source == "codex"
    zstd = pytest.importorskip("backports.zstd" if sys.version_info < (3, 14) else "compression.zstd")
    path = tmp_path / "rollout.jsonl.zst"
    path.write_bytes(zstd.compress(text))
    assert Result(path).chat.source == "codex"


def tarred(files, **kinds):
    """A tar in memory; `kinds` are entries that are no files, by name, as the type of the entry."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, kind in kinds.items():
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname = kind, "/etc/passwd"
            archive.addfile(entry)
        for name, content in files.items():
            data = content if isinstance(content, bytes) else json.dumps(content).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return packed.getvalue()


def test_a_takeout_as_tgz_in_which_nothing_leads_outside(tmp_path):
    log = "".join(json.dumps(line) + "\n" for line in samples.CODEX).encode()
    path = tmp_path / "exports" / "takeout.tgz"
    path.parent.mkdir()
    path.write_bytes(
        tarred(
            {"Takeout/Gemini Apps/MyActivity.json": [samples.takeout("Prompted x", 0, "y")],
             "../../evil.json": [claude()], "/abs.jsonl": log,
             "in.zip": zipped({"c.json": [chatgpt()]}), "photo.jpg": b"\xff\xd8\xff"},
            link=tarfile.SYMTYPE, hard=tarfile.LNKTYPE, device=tarfile.CHRTYPE, folder=tarfile.DIRTYPE,
        )
    )  # fmt: skip
    before = set(tmp_path.rglob("*"))
    found = Result(path)
    assert {report.where: report.source for report in found.reading.files} == {
        "takeout.tgz: Takeout/Gemini Apps/MyActivity.json": "gemini",
        "takeout.tgz: ../../evil.json": "claude",
        "takeout.tgz": "codex",
        "takeout.tgz: in.zip: c.json": "chatgpt",
    }
    assert found.problems == []
    assert set(tmp_path.rglob("*")) == before


def test_a_tar_that_holds_too_much_or_breaks_off(tmp_path):
    path = tmp_path / "takeout.tgz"
    path.write_bytes(tarred({"a.json": [claude()], "b.json": [chatgpt()]}))
    found = Result(path, limits=Limits(inner=len(json.dumps([claude()])) + 5))
    assert (found.chat.source, found.problem.code) == ("claude", "too-large")
    tar = gzip.decompress(path.read_bytes())
    path.write_bytes(tar[: len(json.dumps([claude()])) + 1024 + 600])
    found = Result(path)
    assert (found.chat.source, found.problem.code) == ("claude", "unreadable")


def test_utf_16_as_windows_writes_it(tmp_path):
    path = tmp_path / "export.json"
    said = chatgpt(title="größer 日本語 🚀")
    for encoding in ("utf-16", "utf-16-be"):
        text = json.dumps([said], ensure_ascii=False)
        path.write_bytes((b"\xfe\xff" if encoding == "utf-16-be" else b"") + text.encode(encoding))
        found = Result(path).chat
        assert (found.title, found.human, found.answers) == ("größer 日本語 🚀", 1, 1)


def test_zstd_without_its_library_is_told(tmp_path, monkeypatch):
    for name in ("backports.zstd", "compression.zstd"):
        monkeypatch.setitem(sys.modules, name, None)
    path = tmp_path / "rollout.jsonl.zst"
    path.write_bytes(b"\x28\xb5\x2f\xfd....")
    with pytest.raises(InputError) as caught:
        Result(path)
    assert "unzstd" in str(caught.value.problems)


def test_nothing_recognised_and_nothing_there(tmp_path):
    path = tmp_path / "notes.txt"
    for content in (
        b"",
        b"hello",
        b"[]",
        b"[1, 2]",
        b"{}",
        b"<html>",
        b"\0\1",
        b"\xff\xfe[",
        b'{"a": ',
        b"a,b\n1,2\n",
        b"\"'",
        b"[",
    ):
        path.write_bytes(content)
        with pytest.raises(InputError, match="No chats were recognised"):
            Result(path)
    with pytest.raises(InputError, match="cannot be read"):
        Result(tmp_path / "absent")


def test_a_recognised_file_without_messages_is_an_error(tmp_path):
    with pytest.raises(InputError, match=r"export of claude, but not one message") as caught:
        read_json(tmp_path, [{**claude(), "chat_messages": []}])
    assert "no messages" in caught.value.problems[0]


def test_a_silent_file_beside_others_is_a_problem(tmp_path):
    found = read_zip(tmp_path, {"a.json": [chatgpt()], "b.json": [{**claude(), "chat_messages": []}]})
    assert [problem.code for problem in found.problems] == ["empty", "no-messages"]
    assert [problem.chat for problem in found.problems] == [True, False]


def test_stopping_early_leaves_nothing_behind(tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    path = tmp_path / "x.zip"
    path.write_bytes(zipped({"inner.zip": zipped({"c.json": [chatgpt(key=str(n)) for n in range(50)]})}))
    with open_source(path) as reading:
        assert next(iter(reading)).source_id == "0"
    assert list(temporary.iterdir()) == []
    assert list(reading) == []
    with open_source(path):
        pass


def bomb(size):
    return zipped({"a.json": "[" + " " * size + "]"})


def test_bombs_are_refused_and_the_rest_is_read(tmp_path):
    path = tmp_path / "bomb.zip"
    path.write_bytes(zipped({"bomb.zip": bomb(20_000_000), "fine.json": [chatgpt()]}))
    found = Result(path)
    assert len(found.chats) == 1
    assert (found.problem.code, "zip bomb" in found.problem.reason) == ("too-large", True)
    path.write_bytes(zipped({f"{n}.json": [] for n in range(20)} | {"fine.json": [chatgpt()]}))
    with pytest.raises(InputError) as caught:
        Result(path, limits=Limits(entries=10))
    assert "zip bomb" in caught.value.problems[0]
    path.write_bytes(gzip.compress(b"[" + b" " * 30_000_000 + json.dumps(chatgpt()).encode() + b"]"))
    with pytest.raises(InputError) as caught:
        Result(path)
    assert "unpacks to far more" in caught.value.problems[0]


def test_zips_too_deep_or_too_large_inside(tmp_path):
    nest = zipped({"c.json": [chatgpt()]})
    for _ in range(5):
        nest = zipped({"in.zip": nest})
    path = tmp_path / "nest.zip"
    path.write_bytes(nest)
    with pytest.raises(InputError) as caught:
        Result(path)
    assert "too deep" in caught.value.problems[0]
    path.write_bytes(zipped({"in.zip": zipped({"c.json": [chatgpt()]}), "c.json": [claude()]}))
    found = Result(path, limits=Limits(inner=10))
    assert (found.chat.source, found.problem.code) == ("claude", "unreadable")


def test_a_database_over_the_limit(tmp_path):
    import sqlite3

    path = tmp_path / "x.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE cursorDiskKV (key, value)")
    connection.close()
    with pytest.raises(InputError) as caught:
        Result(path, limits=Limits(inner=10))
    assert "larger than" in caught.value.problems[0]


def test_too_many_files_in_a_folder(tmp_path):
    base = tmp_path / "many"
    base.mkdir()
    for number in range(5):
        (base / f"{number}.json").write_text(json.dumps([chatgpt(key=str(number))]))
    found = Result(base, limits=Limits(entries=3))
    assert (len(found.chats), found.problem.code) == (3, "too-large")


def test_damaged_and_encrypted_entries_cost_themselves_only(tmp_path):
    data = bytearray(
        zipped({"a.json": [chatgpt(key=str(n)) for n in range(400)], "b.json": [claude()]}, zipfile.ZIP_STORED)
    )
    spot = data.find(b'"399"')
    data[spot : spot + 4] = b"\0\0\0\0"
    path = tmp_path / "x.zip"
    path.write_bytes(bytes(data))
    found = Result(path)
    assert "claude" in found.sources
    assert any(problem.code == "unreadable" for problem in found.problems)
    secret = bytearray(zipped({"a.json": [chatgpt()], "b.json": [claude()]}))
    at = secret.find(b"PK\x01\x02")
    secret[at + 8] |= 1
    path.write_bytes(bytes(secret))
    found = Result(path)
    assert found.sources == {"claude"}
    assert found.problem == Problem("x.zip: a.json", "it is encrypted with a password", "unreadable")
    path.write_bytes(b"PK\x03\x04 is no zip")
    with pytest.raises(InputError):
        Result(path)
    path.write_bytes(b"SQLite format 3\0 but no database")
    with pytest.raises(InputError):
        Result(path)


def test_hostile_names_stay_labels(tmp_path):
    before = sorted(path.name for path in tmp_path.parent.iterdir())
    found = read_zip(
        tmp_path, {"../../evil\x1b[31m\n.json": [chatgpt()], "/etc/passwd": "x", "C:\\x": "[", "a" * 500: [claude()]}
    )
    assert len(found.chats) == 2
    assert all("\x1b" not in report.where and "\n" not in report.where for report in found.reading.files)
    assert all(len(report.where) < 350 for report in found.reading.files)
    assert sorted(path.name for path in tmp_path.parent.iterdir()) == before


def test_over_the_limits_of_one_chat(tmp_path):
    big = chatgpt(node("u", "root", "user", "x" * 3000), key="big")
    limits = Limits(text=2000)
    found = read_json(tmp_path, [chatgpt(), big], limits=limits)
    assert (found.problem.code, "2,000 characters" in found.problem.reason) == ("too-large", True)
    many = chatgpt(*[node(str(n), str(n - 1), "user", "x") for n in range(30)])
    assert read_json(tmp_path, [chatgpt(), many], limits=Limits(messages=20)).problem.code == "too-large"
    huge = chatgpt(node("u", "root", "user", "x" * 900_000), key="huge")
    found = read_json(tmp_path, [chatgpt(), huge, chatgpt(key="after")], limits=Limits(chat=100_000))
    assert [chat.source_id for chat in found.chats] == ["c1", "after"]
    assert found.problem.code == "too-large"
    with pytest.raises(InputError):
        read_json(tmp_path, {**samples.AISTUDIO, "big": ["y" * 5000] * 5}, limits=Limits(chat=6000))
    with pytest.raises(InputError):
        read_lines(tmp_path, [{"a": 1}, {"a": "x" * 900}], limits=Limits(line=100))
    found = read_lines(tmp_path, [*samples.CODEX, {"a": "x" * 9000}, {}], limits=Limits(line=1000))
    assert found.unknown["line that is not JSON"] == 1


def test_five_megabytes_in_a_message_and_a_title_of_two_thousand(tmp_path):
    text = "=HYPERLINK(1) [[link]] {{x}} <% tp %>\u202e\ud800\0\x1b[31m é🙂 " * 100_000
    title = "=cmd\n[x](y)" + "t" * 5000
    chat = read_json(tmp_path, [chatgpt(node("u", "root", "user", text), title=title)]).chat
    words = chat.messages[0].text
    assert len(words) > 4_000_000
    assert "\ufffd" in words
    assert "\x1b" not in words
    assert "=HYPERLINK(1) [[link]] {{x}} <% tp %>" in words
    assert (len(chat.title), chat.title[:13]) == (2000, "=cmd [x](y)tt")


def test_a_file_that_is_cut_gives_what_came_before(tmp_path):
    whole = json.dumps([chatgpt(key="a"), chatgpt(key="b"), chatgpt(key="c")])
    path = tmp_path / "cut.json"
    path.write_text(whole[: len(whole) - 80])
    found = Result(path)
    assert [chat.source_id for chat in found.chats] == ["a", "b"]
    assert (found.problem.code, found.problem.chat) == ("truncated", True)
    path.write_text(json.dumps(samples.AISTUDIO)[:-1])
    with pytest.raises(InputError) as caught:
        Result(path)
    assert "ends in the middle" in caught.value.problems[0]
    path.write_text(json.dumps({"chat": 1, **samples.GEMINI_CLI})[:-30])
    with pytest.raises(InputError):
        Result(path)


def test_a_folder_that_may_not_be_read_is_told(tmp_path, monkeypatch):
    base = tmp_path / "x"
    base.mkdir()
    (base / "a.json").write_text(json.dumps([chatgpt()]))
    (base / "b.json").write_text(json.dumps([claude()]))
    is_file = Path.is_file

    def refusing(self):
        if self.name == "b.json":
            raise PermissionError(13, "Permission denied")
        return is_file(self)

    monkeypatch.setattr(entries.Path, "is_file", refusing)
    found = Result(base)
    assert found.chat.source == "chatgpt"
    assert found.problem == Problem("b.json", "it cannot be read (Permission denied)", "unreadable")
