"""Whatever stands in the files that chatbuilder reads, and in its environment: it is told in words, and kept."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import random
import zlib

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbuilder import pipeline
from chatbuilder.answers import TOKEN_PREFIX
from chatbuilder.errors import InputError
from chatbuilder.paths import locate
from tests.helpers import complete, config
from tests.integration.filling import FULL, take_in
from tests.integration.places import VaultPlace
from tests.unit.importers.test_any_input import EDITS, edited, mutated
from tests.unit.library.makers import chat

CALM = settings(suppress_health_check=list(HealthCheck))
ANSWERS = {
    "version": 1, "name": "Chats", "platform": "custom", "team_size": "small", "complexity": "moderate", **FULL,
    "target": {"database": "sqlite:///x.db"},
}  # fmt: skip
ANSWERS["options"] = {**FULL["options"], "custom_fields": [{"name": "C", "type": "select", "choices": ["a", "b"]}]}


def told(work, *arguments, **more):
    """What it gives, or None when it is refused in words."""
    try:
        return work(*arguments, **more)
    except InputError as error:
        refusal = error
    assert refusal.message
    assert refusal.kept
    assert refusal.hint
    assert all(len(line) < 5_000 for line in refusal.lines())
    return None


@CALM
@given(document=mutated([ANSWERS]))
def test_answers_of_any_structure(document, tmp_path):
    place = tmp_path / "answers.json"
    place.write_text(json.dumps(document), "utf-8")
    found = told(pipeline.load_answers, str(place))
    if found is not None:
        pipeline.build(found)
        assert pipeline.check(found.data()) == found
    if isinstance(document, dict):
        pipeline.preview(document)


@CALM
@given(edits=EDITS, toml=st.booleans(), cut=st.integers(0, 60))
def test_answers_of_any_bytes(edits, toml, cut, tmp_path):
    raw = tomli_w.dumps(ANSWERS).encode() if toml else json.dumps(ANSWERS).encode()
    place = tmp_path / "answers.toml"
    raw = edited(raw, edits)
    place.write_bytes(raw[: len(raw) - cut])
    told(pipeline.load_answers, str(place))


@CALM
@given(text=st.text(max_size=300))
def test_any_text_as_answers_or_token(text, tmp_path):
    place = tmp_path / "answers.toml"
    place.write_bytes(text.encode("utf-8", "surrogatepass"))
    told(pipeline.load_answers, str(place))
    told(pipeline.load_answers, TOKEN_PREFIX + text)
    told(pipeline.load_answers, text.replace("\0", ""))


def signed(packed):
    return TOKEN_PREFIX + base64.urlsafe_b64encode(hashlib.sha256(packed).digest()[:3] + packed).decode().rstrip("=")


@CALM
@given(edits=EDITS, sign=st.booleans(), cut=st.integers(0, 20))
def test_tokens_that_were_changed(edits, sign, cut):
    token = pipeline.share(config("obsidian"))
    if sign:
        packed = base64.urlsafe_b64decode(token[len(TOKEN_PREFIX) :] + "==")[3:]
        token = signed(edited(packed, edits)[: len(packed) - cut])
    else:
        token = edited(token.encode(), edits, len(TOKEN_PREFIX)).decode("latin-1")[: len(token) - cut]
    told(pipeline.load_answers, token)


@CALM
@given(document=mutated([{**ANSWERS, "target": {}}]))
def test_signed_tokens_of_any_structure(document):
    told(pipeline.load_answers, signed(zlib.compress(json.dumps(document).encode())))


def test_a_token_that_unpacks_to_much_is_refused():
    token = signed(zlib.compress(b'{"name": "' + b"x" * 12_000_000 + b'"}', 9))
    assert len(token) < 20_000
    assert told(pipeline.load_answers, token) is None


DRAFT = {
    "version": 1, "id": "d-aaaaaa", "step": "review", "reached": ["platform"], "saved": "2026-01-01T00:00:00Z",
    "answers": ANSWERS, "extra": {"ticked": ["a"], "built": {"system": "s", "url": "u"}},
}  # fmt: skip


def kept_or_read(raw):
    """A draft of these bytes is read, or kept aside byte for byte."""
    from chatbuilder import wizard

    folder = locate().drafts
    folder.mkdir(parents=True, exist_ok=True)
    place = folder / "d-aaaaaa.json"
    place.write_bytes(raw)
    aside = folder / "kept-aside"
    before = set(aside.glob("*")) if aside.exists() else set()
    found = told(pipeline.peek_draft, "d-aaaaaa")
    if found is None:
        (new,) = set(aside.glob("*")) - before
        assert new.read_bytes() == raw
        new.unlink()
        return
    session = wizard.resumed(found.answers, found.step, found.reached, found.extra)
    assert session.step in wizard.ORDER
    pipeline.preview(session.answers)
    pipeline.drafts()
    told(pipeline.raw_toml, found.answers)


@CALM
@given(document=mutated([DRAFT]))
def test_drafts_of_any_structure(document):
    kept_or_read(json.dumps(document).encode())


@CALM
@given(edits=EDITS, cut=st.integers(0, 60))
def test_drafts_of_any_bytes(edits, cut):
    raw = edited(json.dumps(DRAFT).encode(), edits)
    kept_or_read(raw[: len(raw) - cut])


@pytest.mark.parametrize("seed", range(int(os.environ.get("CHATBUILDER_FUZZ_LIBRARIES", "12"))))
def test_a_library_with_wrong_bytes_is_told_and_kept(seed, tmp_path, run_cli):
    take_in(*(chat(f"c{n}", f"Question {n}", "Answer") for n in range(5)))
    dice, place = random.Random(seed), locate().library
    raw = bytearray(place.read_bytes())
    match dice.choice(["cut", "bytes", "page", "head"]):
        case "cut":
            raw = raw[: dice.randrange(1, len(raw))]
        case "bytes":
            for _ in range(20):
                raw[dice.randrange(100, len(raw))] = dice.randrange(256)
        case "page":
            start = dice.randrange(0, len(raw), 4096)
            raw[start : start + 4096] = dice.randbytes(4096)
        case "head":
            raw[dice.randrange(100)] = dice.randrange(256)
    place.write_bytes(raw)
    for words in (
        ("chats",), ("search", "Question"), ("stats",), ("systems",), ("jobs",), ("doctor",),
        ("chats", "show", "chatgpt:c1"), ("chats", "rm", "chatgpt:c1", "--yes"),
    ):  # fmt: skip
        done = run_cli(*words)
        assert done.code in (0, 3), (words, done.err)
        assert done.code == 0 or complete(done.err) or words == ("doctor",), (words, done.err)
    assert place.exists()
    assert not list(place.parent.glob("*corrupt*"))


@pytest.mark.parametrize("seed", range(4))
def test_placements_and_journal_with_wrong_values_break_no_sync(seed, tmp_path, run_cli):
    import sqlite3
    from contextlib import closing

    dice = random.Random(seed)
    take_in(*(chat(f"c{n}", f"Question {n}", "Answer") for n in range(4)))
    place = VaultPlace(tmp_path, {"priorities": ["organization"]})
    place.sync()
    place.edit("chatgpt:c0", notes="mine")
    odd = ["[]", "{}", "null", "5", '"x"', '{"d": 5}', '{"d": {"title": 7}}', '{"d": {"title": "|||"}, "n": {}}']
    with closing(sqlite3.connect(locate().library)) as db, db:
        for (name,) in db.execute("SELECT source_id FROM placements WHERE source = 'chatgpt'").fetchall():
            facts, remote = dice.choice(odd), dice.choice(["", "../../x", "/etc/passwd", "\x00", "Sessions/x.md"])
            db.execute("UPDATE placements SET facts = ?, remote = ? WHERE source_id = ?", (facts, remote, name))
    done = run_cli("sync", place.system)
    assert done.code in (0, 3, 6), done.err
    assert done.code == 0 or complete(done.err), done.err
    if done.code == 0:
        assert len(place.rows()) == 4
        assert place.rows()["chatgpt:c0"]["notes"] == "mine"


ENVIRONMENT = (
    "", " ", "~", "~nobody-there/x", "/dev/null", "/dev/null/x", "/proc/1", "\udcff", "x" * 5_000, "http://", "://",
    "http://evil.example", "https://user:pw@x", "http://127.0.0.1:99999", "http://[::1", "file:///etc/passwd",
    "http://127.0.0.1:1/\r\nX: y", "http://127.0.0.1@evil.example", "ftp://127.0.0.1",
)  # fmt: skip


@pytest.mark.parametrize("value", ENVIRONMENT, ids=lambda value: repr(value)[:20])
def test_environment_values(value, monkeypatch, run_cli, tmp_path):
    monkeypatch.chdir(tmp_path)
    for name in ("CHATBUILDER_NOTION_URL", "CHATBUILDER_AIRTABLE_URL", "CHATBUILDER_GOOGLE_URL"):
        monkeypatch.setenv(name, value)
    for platform, name in (("notion", "NOTION_TOKEN"), ("airtable", "AIRTABLE_TOKEN")):
        monkeypatch.setenv(name, "ntn_0123456789")
        if "127.0.0.1" in value or not value.strip():
            continue  # that may be a way out
        done = run_cli("token", "check", platform)
        assert done.code in (3, 4, 5), done.err
        assert complete(done.err), done.err
    for name in ("CHATBUILDER_NOTION_URL", "CHATBUILDER_AIRTABLE_URL", "CHATBUILDER_GOOGLE_URL"):
        monkeypatch.delenv(name)
    if value not in ("~", "/proc/1"):
        monkeypatch.setenv("CHATBUILDER_HOME", value)
        monkeypatch.setenv("HOME", str(tmp_path))
        for words in (("drafts",), ("systems",), ("log",), ("chats",)):
            done = run_cli(*words)
            assert done.code in (0, 3), done.err
            assert done.code == 0 or complete(done.err), done.err
