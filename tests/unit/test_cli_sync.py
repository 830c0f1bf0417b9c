"""`sync` on the command line: reports for people and scripts, exit codes."""

from __future__ import annotations

import pytest

from chatbuilder import pipeline
from chatbuilder.errors import InterruptedByUser
from tests.helpers import complete, unfilled
from tests.integration.filling import take_in
from tests.integration.places import VaultPlace
from tests.unit.library.makers import chat

COUNTS = {"created", "updated", "unchanged", "skipped", "failed", "requests", "seconds"}


@pytest.fixture
def place(tmp_path):
    place = VaultPlace(tmp_path)
    take_in(chat("a", source="codex"), chat("b"))
    return place


def test_a_report_for_scripts(place, run_cli):
    done = run_cli("sync", place.system, "--json")
    assert done.code == 0
    assert done.data.keys() >= COUNTS
    assert (done.data["created"], done.data["requests"]) == (2, 2)
    assert run_cli("sync", place.system, "--json").data["unchanged"] == 2


def test_a_report_for_people(place, run_cli):
    done = run_cli("sync", place.system, "--dry-run", "--transcripts")
    assert "2 would be new" in done.out
    assert "2 of them with transcript" in done.out
    assert "Nothing was written" in done.out
    assert not place.notes()
    done = run_cli("sync", place.system)
    assert "2 new" in done.out
    assert "Codex (1)" in done.out
    place.edit("chatgpt:b", model="mine")
    place.delete("codex:a")
    take_in(chat("a", "x", "y", "z", source="codex", days=1), chat("b", "x", "y", "z", days=1, model="m"), exported=2.0)
    done = run_cli("sync", place.system)
    assert "1 changed" in done.out
    assert "1 deleted by you" in done.out
    assert "1 value that you changed" in done.out
    assert "1 new" in run_cli("sync", place.system, "--restore").out


def test_what_could_not_be_written_is_told(place, run_cli):
    run_cli("sync", place.system)
    path = place.notes()["chatgpt:b"]
    path.write_text(path.read_text("utf-8").replace("---\n", "---\nx: 1\nx: 2\n", 1), "utf-8")
    take_in(chat("b", "x", "y", "z", days=1), exported=2.0)
    done = run_cli("sync", place.system)
    assert done.code == 6
    assert "! chatgpt:b" in done.out
    assert run_cli("sync", place.system, "--json").data["problems"][0]["key"] == "chatgpt:b"


def test_stopped(place, run_cli, monkeypatch):
    def stop(*given, **more):
        raise InterruptedByUser("Stopped.", title="Stopped", kept="all.", hint="again.")

    monkeypatch.setattr(pipeline, "sync", stop, raising=False)
    done = run_cli("sync", place.system)
    assert done.code == 130
    assert complete(done.err)


def test_refusals(place, run_cli, monkeypatch):
    done = run_cli("sync", "nothing-like-it")
    assert done.code == 3
    assert complete(done.err)
    unfilled(monkeypatch, "obsidian")
    done = run_cli("sync", place.system)
    assert done.code == 5
    assert complete(done.err)
