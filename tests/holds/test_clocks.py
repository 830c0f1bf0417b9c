"""A clock that jumps, and files from the future: nothing is lost, nothing is done again without reason."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta

import pytest

from chatbuilder import clock, pipeline
from tests.helpers import complete, saved_draft
from tests.integration.filling import grown, take_in
from tests.integration.places import LOCAL, PLACES
from tests.unit.library.makers import chat, conversation, export

YEAR = timedelta(days=365)
CHATS = [chat(f"c{n}", f"Question {n}", "Answer", project="Garden") for n in range(3)]
_jumps: list[timedelta] = []


def _jumping():
    """Stands in for the code of `utc_now`: functions have it as their default, so it is changed from inside."""
    from datetime import UTC, datetime

    from tests.holds import test_clocks

    jumps = test_clocks._jumps
    now = datetime.now(UTC).replace(microsecond=0) + (jumps[0] if jumps else test_clocks.timedelta())
    if len(jumps) > 1:
        jumps.append(jumps.pop(0))
    return now


@pytest.fixture(autouse=True)
def clocks(monkeypatch):
    monkeypatch.setattr(clock.utc_now, "__code__", _jumping.__code__)
    _jumps.clear()
    yield
    _jumps.clear()


def at(*offsets):
    """The clock is off by this, or at every look by the next of these."""
    _jumps[:] = offsets


@pytest.mark.parametrize("platform", LOCAL)
@pytest.mark.parametrize("jump", [-YEAR, 10 * YEAR], ids=["back", "forth"])
def test_a_jump_between_syncs_writes_nothing_again(platform, jump, tmp_path):
    take_in(*CHATS)
    place = PLACES[platform](tmp_path)
    place.sync(transcripts=True)
    before = place.rows()
    at(jump)
    for path in tmp_path.rglob("*"):
        if path.is_file() and "home" not in path.parts:
            moved = path.stat().st_mtime + jump.total_seconds()
            os.utime(path, (moved, moved))
    assert place.sync(transcripts=True).requests == 0
    take_in(grown(CHATS[0], "more"), exported=2.0)
    report = place.sync(transcripts=True)
    assert (report.created, report.updated) == (0, 1)
    assert report.seconds >= 0
    at(timedelta())
    assert place.sync(transcripts=True).requests == 0
    assert place.rows().keys() == before.keys()
    place.close()


@pytest.mark.parametrize("jumps", [(timedelta(), -YEAR), (timedelta(), 10 * YEAR, -YEAR)], ids=["back", "about"])
def test_a_clock_that_jumps_all_the_time_while_it_is_built_and_filled(jumps, tmp_path, run_cli):
    at(*jumps)
    take_in(*CHATS)
    place = PLACES["obsidian"](tmp_path)
    exported = export(tmp_path, conversation("new", "Hello", "Hi"))
    assert run_cli("import", exported).code == 0
    assert place.sync().created == 4
    assert place.sync().requests == 0
    for job in pipeline.jobs():
        assert datetime.fromisoformat(job.finished) >= datetime.fromisoformat(job.started)
    for words in (("jobs",), ("log",), ("stats",), ("chats",), ("systems",), ("doctor",), ("drafts",)):
        done = run_cli(*words)
        assert done.code == 0 or complete(done.err), (words, done.err)
    draft = saved_draft(platform="obsidian")
    assert [info.id for info in pipeline.drafts()] == [draft]


def test_an_export_with_a_file_from_the_future_is_not_the_later_one_for_ever(tmp_path, run_cli):
    folder = tmp_path / "export"
    folder.mkdir()

    def exported(title, ahead):
        talk = conversation("c1", "Hello", "Hi")
        (folder / "conversations.json").write_text(json.dumps([{**talk, "title": title}]), "utf-8")
        when = datetime.now().timestamp() + ahead
        os.utime(folder / "conversations.json", (when, when))
        assert run_cli("import", folder).code == 0
        return pipeline.chats().chats[0].title

    assert exported("Old name", 10 * YEAR.total_seconds()) == "Old name"
    at(timedelta(hours=1))
    assert exported("New name", 1_800) == "New name", "renamed since, in an export that was made later"
