"""Two processes on one thing: nothing breaks, nothing is twice, and the one that has to wait is told why."""

from __future__ import annotations

import os

import pytest

from chatbuilder import pipeline
from chatbuilder.pipeline.hands import system_lock
from tests.helpers import answers_file, complete, python, saved_draft, start
from tests.integration.filling import take_in
from tests.integration.places import VaultPlace
from tests.integration.systems import LOCAL, target_of
from tests.unit.library.makers import chat, conversation, export

pytestmark = pytest.mark.timeout(180)
ONE = {"priorities": ["organization"], "options": {"sample_data": False}}


def both(*commands):
    """Run commands at the same time; all of them end by themselves, well or told that the other is at it."""
    processes = [start(*words) for words in commands]
    codes = []
    for process in processes:
        _, err = process.communicate(timeout=90)
        codes.append(process.returncode)
        assert process.returncode == 0 or complete("\n".join(line for line in err.splitlines() if line[:1] != "[")), err
        assert process.returncode in (0, 3, 5, 6), err
        assert process.returncode == 0 or "nother" in err, err
    assert 0 in codes
    return codes


@pytest.fixture
def filled(tmp_path):
    take_in(*(chat(f"c{n}", f"Question {n}", "Answer", project="Garden") for n in range(40)))
    return VaultPlace(tmp_path, {**ONE})


@pytest.mark.parametrize("platform", LOCAL)
def test_two_builds_of_the_same_answers(platform, tmp_path):
    place = answers_file(tmp_path, platform, target=target_of(platform, tmp_path), **ONE)
    both(*[("apply", "--answers", place, "--yes")] * 2)
    (system,) = pipeline.systems()
    assert system.status == "ready"
    assert {drift.state for drift in pipeline.verify(system.id)} <= {"same", "yours"}


def test_two_syncs_of_one_system(filled):
    both(*[("sync", filled.system, "--transcripts")] * 2)
    assert len(filled.rows()) == 40
    assert filled.sync(transcripts=True).requests == 0


def test_two_imports_of_one_export(tmp_path, run_cli):
    place = export(tmp_path, *(conversation(f"c{n}", "Hello", f"w{n}") for n in range(700)))
    both(*[("import", place)] * 2)
    assert pipeline.chats(limit=1).total == 700
    assert pipeline.search("Hello").total == 700
    again = run_cli("import", place, "--json").data
    assert (again["unchanged"], again["imported"], again["updated"]) == (700, 0, 0)


def test_an_import_during_a_sync(filled, tmp_path):
    place = export(tmp_path, *(conversation(f"n{n}", "Hello", f"w{n}") for n in range(300)))
    assert both(("sync", filled.system), ("import", place)) == [0, 0]
    filled.sync()
    assert len(filled.rows()) == 340


def test_taking_down_during_a_sync(filled, run_cli):
    both(("sync", filled.system), ("destroy", filled.system, "--yes"))
    if pipeline.systems():
        assert run_cli("destroy", filled.system, "--yes").code in (0, 6)
    assert not pipeline.systems()
    assert pipeline.chats(limit=1).total == 40


@pytest.mark.parametrize("words", [("sync",), ("repair",), ("destroy", "--yes")])
def test_who_has_to_wait_is_told_for_whom(filled, words):
    with system_lock(filled.system):
        done = start(words[0], filled.system, *words[1:])
        _, err = done.communicate(timeout=60)
    assert done.returncode == 3
    assert complete(err)
    assert f"(process {os.getpid()})" in err
    assert "nothing was changed" in err


def test_two_windows_on_one_draft(tmp_path):
    draft = saved_draft(platform="obsidian", name="Mine")
    code = (
        "import sys; from chatbuilder.pipeline import load_draft as o; d = o(sys.argv[1]); print(d.id, d.copied_from)"
    )
    mine = pipeline.load_draft(draft)
    try:
        done = python(code, draft)
        assert done.code == 0, done.err
        other, copied_from = done.out.split()
        assert (other != draft, copied_from) == (True, draft)
        removal = start("drafts", "rm", draft)
        _, err = removal.communicate(timeout=60)
        assert removal.returncode == 3
        assert complete(err)
        assert "open in another window" in err
        pipeline.save_draft(mine)
    finally:
        pipeline.release_draft(draft)
    assert {info.id: info.problem for info in pipeline.drafts()} == {draft: "", other: ""}
    assert pipeline.peek_draft(draft).answers["name"] == pipeline.peek_draft(other).answers["name"] == "Mine"
