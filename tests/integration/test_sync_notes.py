"""Sync and foreign text, and what a person did inside a note."""

from __future__ import annotations

import re
from dataclasses import replace

from chatbuilder.pipeline import filling
from tests.integration.filling import HOSTILE, grown, hostile_chats, take_in
from tests.integration.places import VaultPlace
from tests.unit.library.makers import chat


def test_hostile_text_is_only_text_in_notes(tmp_path):
    place = VaultPlace(tmp_path)
    take_in(*hostile_chats())
    outside = {path for path in tmp_path.rglob("*") if place.file not in (path, *path.parents)}
    place.sync(transcripts=True)
    assert {path for path in tmp_path.rglob("*") if place.file not in (path, *path.parents)} >= outside
    assert not (tmp_path / "etc").exists()
    before = place.snapshot()
    take_in(*(grown(old, "More", "Sure") for old in hostile_chats()), exported=2.0)
    assert place.sync(transcripts=True).updated == len(HOSTILE)
    assert set(place.snapshot()) == set(before)
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


def test_a_note_keeps_everything_of_the_persons_byte_by_byte(tmp_path):
    place = VaultPlace(tmp_path)
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
    place = VaultPlace(tmp_path)
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
    place = VaultPlace(tmp_path)
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
    place = VaultPlace(tmp_path)
    take_in(*(chat(f"c{n}", title="New chat" if n % 2 else "new CHAT") for n in range(6)))
    place.sync()
    assert len({path.name.casefold() for path in place.notes().values()}) == 6


def test_a_row_that_changes_while_sync_runs_is_left_alone(tmp_path, monkeypatch):
    place = VaultPlace(tmp_path)
    take_in(chat("a"))
    place.sync()
    take_in(grown(chat("a"), "More"), exported=2.0)
    path = place.notes()["chatgpt:a"]
    real = filling.merge

    def meanwhile(*given):
        path.write_text(path.read_text("utf-8") + "typed just now\n", "utf-8")
        return real(*given)

    monkeypatch.setattr(filling, "merge", meanwhile)
    assert place.sync().failed == 1
    monkeypatch.setattr(filling, "merge", real)
    assert place.sync().updated == 1
    assert path.read_text("utf-8").endswith("typed just now\n")


def test_rules_are_those_that_the_person_left(tmp_path):
    place = VaultPlace(tmp_path)
    page = next(place.file.glob("*/Rules.md"))
    text = page.read_text("utf-8")
    assert '"error"' in text
    page.write_text(text.replace('"error"', '"zebra"'), "utf-8")
    take_in(chat("a", "A zebra in the garden"), chat("b", "An error of mine"))
    place.sync()
    rows = place.rows()
    assert rows["chatgpt:a"]["topic"] == "Coding"
    assert rows["chatgpt:b"]["topic"] == ""
    page.write_text("no rules any more", "utf-8")
    take_in(chat("c", "An error of python"))
    place.sync()
    assert place.rows()["chatgpt:c"]["topic"] == "Coding"
