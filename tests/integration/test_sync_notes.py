"""Sync and foreign text, and what a person did inside a note."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from chatbuilder.pipeline import syncing
from tests.integration.filling import PLATFORMS, Place, grown, keys, take_in
from tests.unit.library.makers import chat

everywhere = pytest.mark.parametrize("platform", PLATFORMS)


HOSTILE = (
    "=HYPERLINK(\"http://x\")", "+1", "[[Secret]]", "![[Home]]", "<% tp.file.delete() %>", "key:: value", "---",
    "&a [*a, *a, *a]", "../../etc/passwd", "..\\..\\x", "#tag", "%%comment%%", "`= this.file`", "`$= dv.pages()`",
    "<script>alert(1)</script>", "[red]x[/red]", "'); DROP TABLE sessions; --",
    "```dataviewjs\nx\n```", "- ```tasks\n  x\n  ```", "> ~~~query\n> x", "CON", "\u202etxt",
    "- [ ] task", "a: b: c", "null", "1.0", "true", "2026-01-01", "🚀 emoji", "العربية", "%d{{date}}", "T" * 2_000,
    "source_id: chatgpt:other", "\n---\nsource_id: x\n", "x ^block", "{{query}}",
    "%% chatbuilder: end of transcript %%",
)  # fmt: skip


@everywhere
def test_hostile_text_arrives_as_harmless_text(platform, tmp_path):
    place = Place(platform, tmp_path)
    chats = [
        chat(
            f"h{n}",
            text,
            f"Answer {text}",
            text,
            "ok",
            title=text,
            project=text[:60],
            tags=(text[:50],),
            model=text[:50],
        )
        for n, text in enumerate(HOSTILE)
    ]
    take_in(*chats)
    outside = {path for path in tmp_path.rglob("*") if place.file not in (path, *path.parents)}
    report = place.sync(transcripts=True)
    assert (report.created, report.failed) == (len(HOSTILE), 0)
    rows = place.rows()
    assert set(rows) == keys(chats)
    assert {path for path in tmp_path.rglob("*") if place.file not in (path, *path.parents)} >= outside
    assert not (tmp_path / "etc").exists()
    before = place.bytes()
    assert place.sync(transcripts=True).requests == 0
    take_in(*(grown(old, "More", "Sure") for old in chats), exported=2.0)
    assert place.sync(transcripts=True).updated == len(HOSTILE)
    assert set(place.rows()) == keys(chats)
    assert set(place.bytes()) == set(before)
    if platform == "obsidian":
        for key, path in place.notes().items():
            text = path.read_text("utf-8")
            body = text.split("\n---\n", 1)[1].replace("%% chatbuilder: transcript, kept", "").replace(
                "\n%% chatbuilder: end of transcript %%\n", ""
            )  # fmt: skip
            assert "<%" not in text, key
            assert not re.search(r"(?<!\\)%%", body.replace("until you change it %%", "")), key
            links = [line for line in body.split("\n") if "[[" in line]
            assert all(line.startswith("![[") for line in links), (key, links)
            assert not [line for line in body.split("\n") if line.strip(" `~").startswith("dataviewjs")], key


@everywhere
def test_a_message_of_five_megabytes(platform, tmp_path):
    place = Place(platform, tmp_path)
    take_in(chat("big", "x" * 5_000_000, "ok"))
    assert place.sync(transcripts=True).created == 1
    assert place.sync(transcripts=True).requests == 0


def test_a_note_keeps_everything_of_the_persons_byte_by_byte(tmp_path):
    place = Place("obsidian", tmp_path)
    take_in(chat("a"), chat("b"))
    place.sync()
    path = place.notes()["chatgpt:a"]
    text = path.read_text("utf-8").replace("model:\n", "model:\n# a comment\nmood: 'good' # mine\nmany:\n- 1\n-  two\n")
    text = text.replace("messages: 2", "messages: 2   # counted").replace("tags: []", "tags: [x,   y]")
    moved = path.parent.parent / "Kept" / "My name.md"
    moved.parent.mkdir()
    moved.write_bytes((text + "My thoughts…\r\n\ttab  \n\n\n").encode())
    path.unlink()
    take_in(grown(chat("a"), "More", "Sure"), exported=2.0)
    assert place.sync().updated == 1
    assert not path.exists()
    wanted = moved.read_bytes().decode()
    changed = text.replace("messages: 2   # counted", "messages: 4 # counted").replace(
        "last_activity: 2026-03-01T12:00:00", "last_activity: 2026-03-02T12:00:00"
    )
    for line in (
        "mood: 'good' # mine",
        "- 1\n-  two\n",
        "# a comment",
        "tags: [x,   y]",
        "My thoughts…\r\n\ttab  \n\n\n",
    ):
        assert line in wanted
    ours = ("duration", "words", "keywords")
    assert _without(wanted, ours) == _without(changed + "My thoughts…\r\n\ttab  \n\n\n", ours)


def _without(text: str, names: tuple[str, ...]) -> list[str]:
    return [line for line in text.split("\n") if not line.startswith(names)]


def test_a_note_that_obsidian_wrote_anew_is_still_kept_up_to_date(tmp_path):
    """Obsidian takes quotes away and indents lists when a property is edited in its window."""
    place = Place("obsidian", tmp_path)
    take_in(chat("a", model="gpt 5: x"))
    place.sync()
    path = place.notes()["chatgpt:a"]
    text = path.read_text("utf-8")
    text = text.replace('assistant: "ChatGPT"', "assistant: ChatGPT").replace('model: "gpt 5: x"', "model: 'gpt 5: x'")
    text = text.replace("chatgpt:a", "chatgpt:a").replace('first_prompt: "Hello"', "first_prompt: >-\n  Hello")
    path.write_text(text, "utf-8")
    take_in(replace(grown(chat("a"), "More", "Sure"), model="gpt-6"), exported=2.0)
    report = place.sync()
    assert (report.updated, report.kept) == (1, 0)
    assert place.rows()["chatgpt:a"]["model"] == "gpt-6"
    assert place.rows()["chatgpt:a"]["first_prompt"] == "Hello"


def test_a_note_that_cannot_be_read_is_told_and_left_alone(tmp_path):
    place = Place("obsidian", tmp_path)
    take_in(chat("a"), chat("b"))
    place.sync()
    path = place.notes()["chatgpt:a"]
    path.write_text(path.read_text("utf-8").replace("---\n", "---\nsource_id: chatgpt:a\n", 1), "utf-8")
    before = path.read_bytes()
    take_in(grown(chat("a"), "More"), grown(chat("b"), "More"), exported=2.0)
    report = place.sync()
    assert (report.updated, report.failed) == (1, 1)
    assert "twice" in report.problems[0].reason
    assert path.read_bytes() == before
    assert place.sync().failed == 1


def test_equal_titles_get_names_of_their_own(tmp_path):
    place = Place("obsidian", tmp_path)
    take_in(*(chat(f"c{n}", title="New chat" if n % 2 else "new CHAT") for n in range(6)))
    place.sync()
    assert len({path.name.casefold() for path in place.notes().values()}) == 6


def test_a_row_that_changes_while_sync_runs_is_left_alone(tmp_path, monkeypatch):
    place = Place("obsidian", tmp_path)
    take_in(chat("a"))
    place.sync()
    take_in(grown(chat("a"), "More"), exported=2.0)
    path = place.notes()["chatgpt:a"]
    real = syncing.merge

    def meanwhile(*given):
        path.write_text(path.read_text("utf-8") + "typed just now\n", "utf-8")
        return real(*given)

    monkeypatch.setattr(syncing, "merge", meanwhile)
    assert place.sync().failed == 1
    monkeypatch.setattr(syncing, "merge", real)
    assert place.sync().updated == 1
    assert path.read_text("utf-8").endswith("typed just now\n")


def test_rules_are_those_that_the_person_left(tmp_path):
    place = Place("obsidian", tmp_path)
    page = next(place.file.glob("*/Rules.md"))
    text = page.read_text("utf-8")
    assert '"error"' in text
    page.write_text(text.replace('"error"', '"zebra"'), "utf-8")
    take_in(chat("a", "A zebra in the garden"), chat("b", "An error of mine"))
    place.sync()
    rows = place.rows()
    assert rows["chatgpt:a"]["topic"].endswith("Coding]]")
    assert rows["chatgpt:b"]["topic"] == ""
    page.write_text("no rules any more", "utf-8")
    take_in(chat("c", "An error of python"))
    place.sync()
    assert place.rows()["chatgpt:c"]["topic"].endswith("Coding]]")
