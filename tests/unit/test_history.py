"""`log` and `jobs` in plain words: what was done when and to what, how many calls, what failed and what is next."""

from __future__ import annotations

import pytest

from chatbuilder import audit, pipeline
from chatbuilder.cli.history import sentence
from chatbuilder.errors import InterruptedByUser
from chatbuilder.library import Library
from chatbuilder.paths import locate
from chatbuilder.pipeline.hands import system_lock
from tests.helpers import answers_file, complete
from tests.integration.filling import take_in
from tests.integration.places import VaultPlace
from tests.unit.library.makers import chat

SAID = {
    "Built s: 12 steps, 30 calls.": {"action": "apply", "status": "completed", "steps": 12, "calls": 30, "job": "j"},
    "Repaired s: 1 step.": {"action": "repair", "status": "completed", "steps": 1, "calls": 0, "job": "j"},
    "Building s was stopped by you after 3 steps.": {"action": "apply", "status": "cancelled", "steps": 3, "job": "j"},
    "Building s failed after 2 steps, 1 call: No access. See `chatbuilder jobs show j`.": {
        "action": "apply", "status": "failed", "steps": 2, "calls": 1, "error": "No access", "job": "j",
    },
    "Synced s: 1,200 new, 2 not written, 14 calls, 3 s.": {
        "action": "sync", "created": 1200, "updated": 0, "failed": 2, "calls": 14, "seconds": 3.2,
    },
    "Synced s: nothing to do.": {"action": "sync", "created": 0},
    "Syncing s ended early (No token): nothing written.": {"action": "sync", "error": "No token"},
    "Syncing s ended early (Stopped): 5 new.": {"action": "sync", "created": 5, "error": "Stopped"},
    "Took down s: 4 removed, 1 kept as yours.": {"action": "destroy", "removed": 4, "kept": 1, "failed": 0},
    "Import of chats: 7 new, 1 quarantined.": {"action": "import", "imported": 7, "quarantined": 1},
    "Wrote the files for notion to /x: 3 written.": {
        "action": "export", "platform": "notion", "place": "/x", "written": 3,
    },
    "Kept a token for notion (account work).": {"action": "token set", "platform": "notion", "account": "work"},
    "Removed a token for airtable.": {"action": "token rm", "platform": "airtable", "account": ""},
    "Deleted 1 chat from the library.": {"action": "chats deleted", "chats": 1},
}  # fmt: skip


@pytest.mark.parametrize("words", SAID)
def test_every_entry_is_a_sentence(words):
    assert sentence({"at": "2026-11-22T12:00:00Z", "system": "s", **SAID[words]}) == words


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"action": "apply"}, "apply"),  # an older version knew less
        ({"action": "apply", "steps": "many", "status": "completed", "system": "s"}, None),
        ({"action": "dream", "of": "sheep"}, "dream: of=sheep"),
        ({}, "unknown"),
    ],
)
def test_an_entry_of_another_version_is_shown_as_it_stands(entry, words):
    assert sentence(entry) == words if words else "many" in sentence(entry)


@pytest.fixture
def place(tmp_path):
    return VaultPlace(tmp_path)


def test_the_log_is_newest_first_and_tells_syncs_and_imports(place, run_cli):
    take_in(chat("a"), chat("b"))
    run_cli("sync", place.system)
    lines = run_cli("log").out.splitlines()
    assert "What was done" in lines[0]
    assert f"Synced {place.system}: 2 new" in lines[1]
    assert f"Built {place.system}: " in lines[-1]
    actions = [entry["action"] for entry in run_cli("log", "--json").data]
    assert actions[0] == "sync"
    assert actions[-1] == "apply"


def test_a_sync_that_ends_early_is_in_the_log(place, run_cli):
    take_in(chat("a"))
    with pytest.raises(InterruptedByUser):
        pipeline.sync(place.system, cancelled=lambda: True)
    assert f"Syncing {place.system} ended early (Stopped)" in run_cli("log").out
    before = len(pipeline.log())
    pipeline.sync(place.system, dry_run=True)
    assert len(pipeline.log()) == before


def test_filters_and_pages(run_cli, home):
    for day, system in (("2026-10-30", "one-1"), ("2026-11-02", "one-1"), ("2026-11-20", "two-2")):
        audit.record(locate().audit_log, "sync", lambda day=day: pipeline.read_date(day), system=system, created=1)
    audit.record(
        locate().audit_log, "token set", lambda: pipeline.read_date("2026-11-21"), platform="notion", account=""
    )

    def shown(*arguments):
        return [entry["at"][:10] for entry in run_cli("log", "--json", *arguments).data]

    assert shown() == ["2026-11-21", "2026-11-20", "2026-11-02", "2026-10-30"]
    assert shown("--since", "2026-11") == ["2026-11-21", "2026-11-20", "2026-11-02"]
    assert shown("--before", "2026-11-20", "--since", "2026-11") == ["2026-11-02"]
    assert shown("--system", "one") == ["2026-11-02", "2026-10-30"]
    assert shown("--limit", "1") == ["2026-11-21"]
    page = run_cli("log", "--limit", "3").out
    assert "1 older line: `--limit 0` shows all" in page
    assert run_cli("log", "--system", "three").out == "Nothing fits.\n"
    assert run_cli("log", "--since", "yesterday").code == 3


def test_an_entry_with_a_strange_time_stops_nothing(run_cli, home):
    path = locate().audit_log
    audit.record(path, "sync", system="s", created=1)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"at": "soon", "action": "x"}\n{"at": 5, "action": [1], "system": 7}\n')
    assert len(run_cli("log", "--json").data) == 3
    assert len(run_cli("log", "--json", "--since", "2020").data) == 1
    assert run_cli("log", "--system", "s").code == 0


def test_a_job_is_explained(place, run_cli):
    (job,) = pipeline.jobs()
    row = run_cli("jobs").out
    assert job.id in row
    assert "built, " in row
    done = run_cli("jobs", "show", job.id[:-2])
    assert f"{job.id}: built, " in done.out
    assert f"System:     {place.system} (" in done.out
    assert " done" in done.out
    data = run_cli("jobs", "show", job.id, "--json").data
    assert data["id"] == job.id
    assert data["steps"]["done"] == job.result["steps"]
    assert (data["open"], data["stopped"]) == ([], False)


def test_a_job_that_failed_says_why_and_what_to_do(tmp_path, run_cli):
    folder = tmp_path / "vault"
    (folder / "Chats").mkdir(parents=True)
    answers = answers_file(tmp_path, target={"path": str(folder)})
    run_cli("apply", "--answers", answers, "--yes")
    with Library(locate().library) as library:
        (system,) = library.systems()
        error = {"title": "No room", "message": "The disk is full.", "problems": ["1 MB is free"], "kept": "all.",
                 "hint": "make room.", "exit_code": 5}  # fmt: skip
        job = library.start_job(system.id, "obsidian")
        library.finish_job(job.id, "failed", {"steps": 0}, error)
    listed = run_cli("jobs")
    assert "failed: No room" in listed.out
    assert "jobs show JOB" in listed.out
    done = run_cli("jobs", "show", job.id)
    assert complete(done.out)
    assert "No room: The disk is full." in done.out
    assert "1 MB is free" in done.out


def test_a_job_whose_program_was_killed_is_not_called_running(place, run_cli):
    with Library(locate().library) as library:
        job = library.start_job(place.system, "obsidian")
        library.journal(place.system, job.id).intent("x", 1, "Write the note", "file", {}, "")
    assert "stopped before its end" in run_cli("jobs", "--system", place.system).out
    done = run_cli("jobs", "show", job.id)
    assert "begun and not finished: Write the note" in done.out
    assert "Next: " in done.out
    with system_lock(place.system):
        assert "running now" in run_cli("jobs").out


@pytest.mark.parametrize("wanted", ["", "job-", "nonsense"])
def test_which_job(run_cli, place, wanted):
    with Library(locate().library) as library:
        library.start_job(place.system, "obsidian")
    done = run_cli("jobs", "show", wanted)
    assert done.code == 3
    assert complete(done.err)


def test_no_job_before_the_first_system(run_cli):
    assert run_cli("jobs", "show", "x").code == 3
