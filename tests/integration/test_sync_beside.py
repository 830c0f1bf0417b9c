"""Sync with processes beside it: the same rows as without, and nothing lost or twice when one of them ends."""

from __future__ import annotations

import os
import signal
from contextlib import ExitStack, closing

import pytest

from chatbuilder.errors import ChatbuilderError, InterruptedByUser
from chatbuilder.pipeline import preparing, workers
from tests.helpers import noting_workers
from tests.integration.filling import take_in
from tests.integration.places import LOCAL, PLACES
from tests.unit.library.makers import chat

MANY = 130


@pytest.fixture
def beside(monkeypatch):
    """Rows are worked out in two other processes from the third on; returns the processes."""
    started = noting_workers(monkeypatch)
    monkeypatch.setattr(preparing, "ALONE", 3)
    return started


@pytest.fixture
def opens(tmp_path):
    with ExitStack() as stack:

        def make(platform, name):
            (tmp_path / name).mkdir()
            return stack.enter_context(closing(PLACES[platform](tmp_path / name)))

        yield make


def chats(count=MANY):
    """Some with a project of their own, some of one that comes later, some that are filed by a rule."""
    return [
        chat(f"c{at}", f"Please fix this python bug {at}", "Done *so*", project=(None, "One", f"P{at // 20}")[at % 3])
        for at in range(count)
    ]


@pytest.mark.parametrize("platform", LOCAL)
def test_the_rows_are_those_of_one_process(platform, opens, beside, monkeypatch):
    take_in(*chats())
    far = opens(platform, "far")
    report = far.sync(transcripts=True)
    assert (report.created, report.failed, report.transcripts) == (MANY, 0, MANY)
    assert len(beside) == 2
    assert all(process.returncode is not None for process in beside)
    assert far.sync(transcripts=True).unchanged == MANY
    monkeypatch.setattr(workers, "cores", lambda: 1)
    near = opens(platform, "near")
    alone = near.sync(transcripts=True)
    assert len(beside) == 2
    assert far.rows() == near.rows()
    assert (alone.created, alone.bytes, alone.transcripts) == (report.created, report.bytes, report.transcripts)
    assert alone.unlisted == report.unlisted


def test_a_row_that_stands_there_already_is_merged_and_not_made_again(opens, beside, monkeypatch):
    take_in(*chats())
    place = opens("obsidian", "vault")
    monkeypatch.setattr(workers, "cores", lambda: 1)
    place.sync()
    monkeypatch.setattr(workers, "cores", lambda: 2)
    place.lose_library()
    take_in(*chats())
    report = place.sync()
    assert (report.created, report.updated) == (0, 0)
    assert len(place.rows()) == MANY


def test_stopping_ends_the_processes_and_the_next_sync_goes_on(opens, beside, monkeypatch):
    take_in(*chats())
    place = opens("obsidian", "vault")
    told = []
    with pytest.raises(InterruptedByUser):
        place.sync(on_event=told.append, cancelled=lambda: len(beside) == 2)
    assert all(process.returncode is not None for process in beside)
    before = len(place.rows())
    assert before < MANY
    assert place.sync().created == MANY - before


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_process_that_somebody_kills_is_told_and_the_next_sync_goes_on(opens, beside, monkeypatch):
    take_in(*chats())
    place = opens("obsidian", "vault")
    begin = preparing.Drafting.__init__

    def killed(self, *given):
        begin(self, *given)
        os.kill(beside[0].pid, signal.SIGKILL)

    monkeypatch.setattr(preparing.Drafting, "__init__", killed)
    with pytest.raises(ChatbuilderError, match="ended by the system"):
        place.sync()
    monkeypatch.setattr(preparing.Drafting, "__init__", begin)
    before = len(place.rows())
    assert place.sync().created == MANY - before
    assert len(place.rows()) == MANY
