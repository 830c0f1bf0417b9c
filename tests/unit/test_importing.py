"""`import`: counts that add up, exports that overlap, what cannot be read, and stopping at any time."""

from __future__ import annotations

import json
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder import pipeline
from chatbuilder.chats import SOURCES
from chatbuilder.errors import InputError, InterruptedByUser
from chatbuilder.importers import FileReport, Problem
from chatbuilder.library.chats import opened
from chatbuilder.library.imports import ImportLog
from chatbuilder.paths import locate
from chatbuilder.pipeline import importing
from tests.unit.library.makers import chat, conversation, export


@pytest.fixture
def readings(monkeypatch):
    """Paths that are read as given: {path: [chats and problems, or an error to raise]}."""
    contents: dict[str, list] = {}

    class Reading:
        def __init__(self, path, more=()):
            self.found = contents[path.name]
            self.files = [FileReport(path.name, "chatgpt")]
            self.closed = False

        def __iter__(self):
            for item in self.found:
                if isinstance(item, BaseException):
                    raise item
                self.files[0].add(item)
                yield item

        def close(self):
            self.closed = True

    monkeypatch.setattr(importing, "open_source", Reading)
    return contents


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(importing, "BATCH_CHATS", 2)


def bad(reason="no text", **more):
    return Problem("export.zip: chat 3", reason, source="chatgpt", title="Broken", chat=True, **more)


def counts(report):
    assert report.found == report.imported + report.updated + report.unchanged + report.quarantined
    return report.imported, report.updated, report.unchanged, report.quarantined


def keys():
    return sorted(info.key for info in pipeline.chats().chats)


def test_a_real_export_comes_in_and_a_second_time_changes_nothing(tmp_path):
    place = export(tmp_path, conversation("a", "Hello 未来", "Hi"), conversation("b", "What?", "That.", "Ah"))
    report = pipeline.import_chats([str(place)])
    assert counts(report) == (2, 0, 0, 0)
    assert report.messages == 5
    assert report.whole
    assert report.data()["sources"]["chatgpt"]["messages"]["human"] == 3
    before = locate().library.stat().st_mtime_ns, [pipeline.chat(key) for key in keys()]
    assert counts(pipeline.import_chats([str(place)])) == (0, 0, 2, 0)
    assert [pipeline.chat(key) for key in keys()] == before[1]
    assert [hit.chat.key for hit in pipeline.search("未来").hits] == ["chatgpt:a"]


def test_a_newer_export_changes_only_what_changed_and_an_older_one_nothing(tmp_path):
    same, grown = conversation("a", "Hello", "Hi"), conversation("b", "One", "Two")
    renamed = {**conversation("c", "x", "y"), "title": "New name"}
    old = export(tmp_path, same, grown, conversation("c", "x", "y"), name="old.zip", month=1)
    new = export(
        tmp_path, same, conversation("b", "One", "Two", "Three"), renamed, conversation("d", "n"), name="new.zip"
    )
    assert counts(pipeline.import_chats([str(old)])) == (3, 0, 0, 0)
    assert counts(pipeline.import_chats([str(new)])) == (1, 2, 1, 0)
    assert counts(pipeline.import_chats([str(old)])) == (0, 0, 3, 0)
    assert pipeline.chat("chatgpt:c").title == "New name"
    assert len(pipeline.chat("chatgpt:b").messages) == 3
    assert keys() == [f"chatgpt:{name}" for name in "abcd"]


def test_a_preview_counts_the_same_and_writes_nothing(tmp_path):
    place = str(export(tmp_path, conversation("a", "Hello", "Hi"), conversation("b", "One")))
    preview = pipeline.import_chats([place], dry_run=True)
    assert not locate().library.exists()
    report = pipeline.import_chats([place])
    assert {**preview.data(), "dry_run": False} == report.data()
    assert report.data()["sources"]["chatgpt"]["filled"]["title"] == 2
    assert report.data()["sources"]["chatgpt"]["can_fill"] == list(SOURCES["chatgpt"].fills)
    again = pipeline.import_chats([place], dry_run=True)
    assert counts(again) == (0, 0, 2, 0)


def test_bad_chats_are_quarantined_kept_with_their_reason_and_shown_once(readings, small_batches):
    missing = Problem("export.zip", "part 2 is missing", "missing-part")
    readings["x.zip"] = [chat("a"), bad(), chat("b"), missing, bad("too deep", code="too-large"), chat("c")]
    for _ in range(2):
        report = pipeline.import_chats(["x.zip"])
        assert report.quarantined == 2
        assert report.found == 5
        assert not report.whole
        assert [p.reason for p in report.problems] == ["no text", "part 2 is missing", "too deep"]
        assert [(p.reason, p.code, p.chat) for p in pipeline.import_problems()] == [
            ("no text", "malformed", True), ("part 2 is missing", "missing-part", False),
            ("too deep", "too-large", True),
        ]  # fmt: skip
    assert report.data()["sources"]["chatgpt"]["quarantined"] == 2
    assert pipeline.stats().quarantined == 2
    readings["x.zip"] = [chat("a")]
    pipeline.import_chats(["x.zip"])
    assert pipeline.import_problems() == []


def test_a_flood_of_problems_is_counted_and_only_so_many_are_kept(readings, monkeypatch):
    monkeypatch.setattr(importing, "SHOWN", 3)
    monkeypatch.setattr(importing, "KEPT", 5)
    monkeypatch.setattr(importing, "BATCH_CHATS", 4)
    readings["x.zip"] = [bad(str(at)) for at in range(10)]
    report = pipeline.import_chats(["x.zip"])
    assert (report.quarantined, len(report.problems), report.more_problems) == (10, 3, 7)
    assert [p.reason for p in pipeline.import_problems()] == list("01234")


def test_a_path_that_is_nothing_does_not_stop_the_next(readings):
    readings["bad.txt"] = [InputError("No chats were recognised.")]
    readings["good.zip"] = [chat("a"), InputError("The rest is damaged.")]
    report = pipeline.import_chats(["bad.txt", "good.zip", "good.zip"])
    assert [error.message for error in report.failed] == ["No chats were recognised.", "The rest is damaged."]
    assert counts(report) == (1, 0, 0, 0)
    assert keys() == ["chatgpt:a"]


def test_stopping_keeps_what_was_read_and_going_on_gives_the_same(readings, small_batches):
    readings["x.zip"] = [chat(name) for name in "abcdef"]
    told = []
    with pytest.raises(InterruptedByUser) as caught:
        pipeline.import_chats(["x.zip"], on_progress=told.append, cancelled=lambda: len(told) >= 1)
    assert caught.value.kept
    assert 2 <= len(keys()) < 6
    with opened(locate().library) as db:
        assert [(run.status, run.path[-5:]) for run in ImportLog(db).runs()] == [("stopped", "x.zip")]
    report = pipeline.import_chats(["x.zip"])
    assert report.found == 6
    assert keys() == [f"chatgpt:{name}" for name in "abcdef"]


def test_a_stop_is_noticed_between_two_chats_of_a_batch(readings):
    readings["x.zip"] = [chat(name) for name in "abcdef"]
    asked = []
    with pytest.raises(InterruptedByUser):
        pipeline.import_chats(["x.zip"], cancelled=lambda: len(asked) >= 3 or asked.append(1))
    assert keys() == ["chatgpt:a", "chatgpt:b", "chatgpt:c", "chatgpt:d"]


def test_progress_is_told_while_a_batch_is_still_small(readings, monkeypatch):
    monkeypatch.setattr(importing, "OFTEN", 0.0)
    readings["x.zip"] = [chat(name) for name in "abc"]
    told = []
    pipeline.import_chats(["x.zip"], on_progress=told.append)
    assert [progress.found for progress in told] == [1, 2, 3]


def test_ctrl_c_in_the_middle_of_a_chat_keeps_the_ones_before(readings, small_batches):
    readings["x.zip"] = [chat("a"), chat("b"), chat("c"), KeyboardInterrupt()]
    with pytest.raises(KeyboardInterrupt):
        pipeline.import_chats(["x.zip"])
    assert keys() == ["chatgpt:a", "chatgpt:b", "chatgpt:c"]


def test_a_full_disk_is_explained_and_what_was_written_stays(readings, small_batches, monkeypatch):
    readings["x.zip"] = [chat(name) for name in "abcd"]
    calls = []

    def full(self, batch, write=importing.ChatStore.write):
        calls.append(batch)
        if len(calls) == 2:
            self._db.execute("PRAGMA max_page_count = 1")
            self._db.execute("CREATE TABLE big AS SELECT zeroblob(5000000)")
        return write(self, batch)

    monkeypatch.setattr(importing.ChatStore, "write", full)
    with pytest.raises(InputError, match="full"):
        pipeline.import_chats(["x.zip"])
    assert keys() == ["chatgpt:a", "chatgpt:b"]


def test_deleted_chats_stay_deleted(readings):
    readings["x.zip"] = [chat("a"), chat("b")]
    pipeline.import_chats(["x.zip"])
    assert pipeline.delete_chats(["chatgpt:a", "a"]) == ["chatgpt:a"]
    assert counts(pipeline.import_chats(["x.zip"])) == (0, 0, 2, 0)
    assert keys() == ["chatgpt:b"]
    pipeline.restore_chat("chatgpt:a")
    assert counts(pipeline.import_chats(["x.zip"])) == (1, 0, 1, 0)


def test_agents_logs_are_found_and_only_looked_for(home):
    assert pipeline.discover_logs() == []
    place = home.parent / ".claude" / "projects" / "x"
    place.mkdir(parents=True)
    (place / "1.jsonl").write_text("{}", "utf-8")
    assert [(logs.source, logs.assistant) for logs in pipeline.discover_logs()] == [("claude-code", "Claude Code")]


def test_the_time_of_an_export_outlives_a_copy(tmp_path):
    place = export(tmp_path, conversation("a", "x"), year=2025, month=2)
    first = importing.exported_at(place)
    os.utime(place, (1, 1))
    assert importing.exported_at(place) == first > 1_700_000_000
    plain = tmp_path / "folder" / "deep" / "file.json"
    plain.parent.mkdir(parents=True)
    plain.write_text("[]", "utf-8")
    os.utime(plain, (1_700_000_000, 1_700_000_000))
    assert importing.exported_at(plain) == importing.exported_at(tmp_path / "folder") == 1_700_000_000
    assert importing.exported_at(tmp_path / "missing") == 0
    undated = export(tmp_path, name="undated.zip", year=1980, month=1)
    os.utime(undated, (5, 5))
    assert importing.exported_at(undated) == 5


LETTERS = st.sampled_from("abc")
CONVERSATIONS = st.builds(lambda n, count: conversation(n, *"wxyz"[:count]), LETTERS, st.integers(1, 4))


@given(st.lists(st.lists(CONVERSATIONS, min_size=1, max_size=3), min_size=2, max_size=3), st.booleans())
def test_overlapping_exports_in_any_order_give_one_library(tmp_path_factory, exports, at_once):
    folder = tmp_path_factory.mktemp("exports")
    places = [str(export(folder, *one, name=f"{n}.zip", month=n)) for n, one in enumerate(exports, 1)]
    found = []
    for turn, order in enumerate((places, places[::-1])):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CHATBUILDER_HOME", str(folder / f"home{turn}"))
            reports = [pipeline.import_chats(order)] if at_once else [pipeline.import_chats([p]) for p in order]
            assert all(counts(report) for report in reports)
            found.append([pipeline.chat(key) for key in keys()])
    assert found[0] == found[1]


def test_the_report_is_plain_json(readings):
    readings["x.zip"] = [chat("a"), bad()]
    data = json.loads(json.dumps(pipeline.import_chats(["x.zip"]).data()))
    wanted = {"found", "imported", "updated", "unchanged", "quarantined", "messages", "sources", "unknown", "problems"}
    assert wanted <= set(data)
    assert data["problems"][0]["reason"] == "no text"
    assert data["messages"] == 2
