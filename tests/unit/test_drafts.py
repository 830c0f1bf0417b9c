"""Saved wizard sessions: never half, never lost, one window at a time."""

import json
import os
import signal
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from chatbuilder import atomic, pipeline
from chatbuilder.drafts import VERSION, Draft, Drafts
from chatbuilder.errors import ExitCode, InputError
from tests.helpers import ROOT

ANSWERS = {"platform": "notion", "priorities": ["search"], "name": "🗂️ Mine"}


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "drafts"


class Clock:
    """Each look is a minute later."""

    def __init__(self):
        self.now = datetime(2026, 11, 22, 12, tzinfo=UTC)

    def __call__(self):
        self.now += timedelta(minutes=1)
        return self.now


@pytest.fixture
def window(folder):
    """One window of the wizard; call it again for another one."""
    clock, opened = Clock(), []

    def another() -> Drafts:
        opened.append(Drafts(folder, clock))
        return opened[-1]

    yield another
    for drafts in opened:
        for draft_id in list(drafts._locks):
            drafts.release(draft_id)


def saved(drafts, **more) -> Draft:
    new = drafts.new()
    return drafts.save(Draft(new.id, "features", ANSWERS, ("platform", "priorities", "features"), **more))


def test_a_draft_comes_back_as_it_was(window):
    first = window()
    draft = saved(first, extra={"outcome": {"kind": "built"}})
    first.release(draft.id)
    again = window().load(draft.id)
    assert (again.step, again.answers, again.reached, again.extra) == (draft.step, ANSWERS, draft.reached, draft.extra)
    assert again.saved == draft.saved == "2026-11-22T12:01:00Z"
    assert again.copied_from == ""


def test_a_new_draft_is_not_on_disk_before_it_is_saved(window, folder):
    draft = window().new()
    assert draft.step == "platform"
    assert list(folder.glob("*.json")) == []


@pytest.mark.skipif(os.name == "nt", reason="Windows has other permissions")
def test_drafts_are_private(window, folder):
    before = os.umask(0)
    try:
        draft = saved(window())
    finally:
        os.umask(before)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(place.stat().st_mode) for place in folder.iterdir()} == {0o600}
    assert (folder / f"{draft.id}.json").exists()


def test_when_the_disk_refuses_the_old_draft_stays_and_the_person_is_told(window, folder, monkeypatch):
    drafts = window()
    draft = saved(drafts)
    before = (folder / f"{draft.id}.json").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(atomic.os, "fsync", full)
    with pytest.raises(InputError) as caught:
        drafts.save(Draft(draft.id, "review", {}))
    assert caught.value.message == "The draft could not be saved: No space left on device."
    assert "still in this window" in caught.value.kept
    assert (folder / f"{draft.id}.json").read_bytes() == before


def test_a_folder_that_cannot_be_made_is_told(tmp_path):
    (tmp_path / "file").touch()
    drafts = Drafts(tmp_path / "file" / "drafts")
    for attempt in (drafts.new, lambda: drafts.save(Draft("d-1", "platform", {}))):
        with pytest.raises(InputError) as caught:
            attempt()
        assert "CHATBUILDER_HOME" in caught.value.hint


# damaged, older, newer, oversized

GOOD = {
    "version": VERSION,
    "id": "d-1",
    "step": "review",
    "reached": ["platform"],
    "saved": "2026-01-01T00:00:00Z",
    "answers": {},
}
BAD = {
    "empty": (b"", "the file is damaged"),
    "half": (json.dumps(GOOD).encode()[:40], "the file is damaged"),
    "binary": (b"\x00\xff\xfe" * 50, "the file is damaged"),
    "a list": (b"[]", "the file is damaged"),
    "no version": (b"{}", "the file is damaged"),
    "no answers": (json.dumps({k: v for k, v in GOOD.items() if k != "answers"}).encode(), "the file is damaged"),
    "answers of another kind": (json.dumps({**GOOD, "answers": []}).encode(), "the file is damaged"),
    "step of another kind": (json.dumps({**GOOD, "step": 5}).encode(), "the file is damaged"),
    "reached of another kind": (json.dumps({**GOOD, "reached": 5}).encode(), "the file is damaged"),
    "extra of another kind": (json.dumps({**GOOD, "extra": 5}).encode(), "the file is damaged"),
    "too deep": (b'{"version":1,"answers":' + b"[" * 100_000, "the file is damaged"),
    "newer": (json.dumps({**GOOD, "version": VERSION + 1}).encode(), "newer chatbuilder (format 2); update"),
    "older": (json.dumps({**GOOD, "version": 0}).encode(), "older chatbuilder (format 0)"),
    "oversized": (json.dumps({**GOOD, "pad": "x" * 1_000_001}).encode(), "it is too large"),
}


@pytest.mark.parametrize("kind", BAD)
@pytest.mark.parametrize("how", ["load", "peek", "list"])
def test_what_cannot_be_read_is_kept_aside_and_explained(window, folder, kind, how):
    raw, why = BAD[kind]
    folder.mkdir()
    (folder / "d-1.json").write_bytes(raw)
    drafts = window()
    if how == "list":
        (info,) = drafts.list()
        said = info.problem
        assert drafts.list() == []
    else:
        with pytest.raises(InputError) as caught:
            getattr(drafts, how)("d-1")
        assert caught.value.exit_code == ExitCode.INPUT
        said = " ".join(caught.value.lines())
    assert why in said
    (aside,) = (folder / "kept-aside").iterdir()
    assert aside.read_bytes() == raw
    assert str(aside) in said
    assert "Next:" in said
    assert not (folder / "d-1.json").exists()


def test_a_kept_aside_draft_can_be_moved_back(window, folder):
    """A newer program reads it again; here the version is made right by hand."""
    folder.mkdir()
    (folder / "d-1.json").write_text(json.dumps({**GOOD, "version": 9}), "utf-8")
    window().list()
    (aside,) = (folder / "kept-aside").iterdir()
    aside.write_text(json.dumps(GOOD), "utf-8")
    aside.replace(folder / "d-1.json")
    assert window().load("d-1").step == "review"


def test_two_bad_drafts_of_one_name_are_both_kept(window, folder):
    folder.mkdir()
    for raw in (b"one", b"two"):
        (folder / "d-1.json").write_bytes(raw)
        with pytest.raises(InputError):
            window().load("d-1")
    assert {place.read_bytes() for place in (folder / "kept-aside").iterdir()} == {b"one", b"two"}


def test_a_bad_draft_is_not_left_locked(window, folder):
    folder.mkdir()
    (folder / "d-1.json").write_bytes(b"x")
    with pytest.raises(InputError):
        window().load("d-1")
    (folder / "d-1.json").write_text(json.dumps(GOOD), "utf-8")
    assert window().load("d-1").copied_from == ""


def test_a_disk_that_does_not_answer_does_not_make_a_draft_bad(window, folder, monkeypatch):
    drafts = window()
    draft = saved(drafts)

    def broken(self):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", broken)
    with pytest.raises(InputError, match="Input/output error") as caught:
        drafts.peek(draft.id)
    monkeypatch.undo()
    assert str(folder) in caught.value.kept
    assert drafts.peek(draft.id).answers == ANSWERS


# the list


def test_the_list_is_newest_first_and_tells_what_it_is(window):
    drafts = window()
    first, second = saved(drafts), saved(drafts)
    infos = drafts.list()
    assert [info.id for info in infos] == [second.id, first.id]
    assert (infos[0].name, infos[0].platform, infos[0].step, infos[0].locked) == ("🗂️ Mine", "notion", "features", False)
    assert [info.locked for info in window().list()] == [True, True]
    drafts.release(first.id)
    assert [info.locked for info in window().list()] == [True, False]


def test_an_unnamed_draft_has_the_usual_name(window):
    drafts = window()
    drafts.save(Draft(drafts.new().id, "platform", {}))
    assert [(info.name, info.platform) for info in drafts.list()] == [("Chat Sessions", "")]


def test_no_folder_no_drafts(window):
    assert window().list() == []


@pytest.mark.parametrize("draft_id", ["", "none", "../../etc/passwd", "a/b", "A", "x" * 60, "d-1.json", "\x00"])
def test_ids_that_are_none(window, draft_id):
    drafts = window()
    assert not drafts.has(draft_id)
    for method in (drafts.peek, drafts.load, drafts.delete):
        with pytest.raises(InputError, match="There is no draft") as caught:
            method(draft_id)
        assert "chatbuilder drafts" in caught.value.hint


def test_deleting(window, folder):
    drafts = window()
    draft = saved(drafts)
    drafts.delete(draft.id)
    assert not drafts.has(draft.id)
    assert list(folder.glob("*.json")) == []


# two windows


def test_a_second_window_gets_a_copy(window):
    first, second = window(), window()
    draft = saved(first)
    copy = second.load(draft.id)
    assert copy.id != draft.id
    assert copy.copied_from == draft.id
    assert copy.answers == ANSWERS
    second.save(Draft(copy.id, "team", {"platform": "excel"}))
    first.save(Draft(draft.id, "review", ANSWERS))
    assert first.peek(draft.id).answers == ANSWERS
    assert first.peek(copy.id).answers == {"platform": "excel"}


def test_what_the_first_window_saved_last_is_what_the_next_one_opens(window, monkeypatch):
    """The first window saves and closes at the very moment the second one opens the draft."""
    first, second = window(), window()
    draft = saved(first)
    lock = second._lock

    def late(draft_id, **more):
        first.save(Draft(draft_id, "review", {"platform": "excel"}))
        first.release(draft_id)
        return lock(draft_id, **more)

    monkeypatch.setattr(second, "_lock", late)
    assert second.load(draft.id).answers == {"platform": "excel"}


def test_an_open_draft_is_not_deleted(window):
    first, second = window(), window()
    draft = saved(first)
    with pytest.raises(InputError, match="open in another window") as caught:
        second.delete(draft.id)
    assert caught.value.hint
    assert first.has(draft.id)
    first.release(draft.id)
    second.delete(draft.id)
    assert not first.has(draft.id)


def test_releasing_what_is_not_open_is_nothing(window):
    window().release("d-none")


HOLD = """
import sys, time
from pathlib import Path
from chatbuilder.drafts import Draft, Drafts
drafts = Drafts(Path(sys.argv[1]))
draft = drafts.new()
drafts.save(Draft(draft.id, "team", {"platform": "excel"}))
print(draft.id, flush=True)
sys.stdin.read()
"""


def test_a_killed_window_lets_go_and_loses_nothing(window, folder):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    draft_id = other.stdout.readline().strip()
    assert window().load(draft_id).copied_from == draft_id
    other.send_signal(getattr(signal, "SIGKILL", signal.SIGTERM))
    other.communicate()
    draft = window().load(draft_id)
    assert (draft.id, draft.step, draft.answers) == (draft_id, "team", {"platform": "excel"})


def test_the_pipeline_keeps_one_window_for_the_process(home):
    draft = pipeline.save_draft(Draft(pipeline.new_draft().id, "team", ANSWERS))
    assert pipeline.load_draft(draft.id).copied_from == ""
    assert pipeline.has_draft(draft.id)
    assert pipeline.peek_draft(draft.id).step == "team"
    assert [info.id for info in pipeline.drafts()] == [draft.id]
    pipeline.release_draft(draft.id)
    pipeline.delete_draft(draft.id)
    assert pipeline.drafts() == []
