"""Retention as a job on both engines: it deletes what is past its day, with its transcript, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.databases import EVERYTHING, needs_postgres, package_of
from tests.integration.filling import grown, take_in
from tests.integration.places import DatabasePlace, Place, ServerPlace
from tests.unit.library.makers import chat

ANSWERS = {**EVERYTHING, "options": {"sample_data": False}}
CHATS = {name: chat(name, f"Question of {name}", "Answer") for name in ("old", "kept", "recent", "past", "undated")}
ROWS = {
    "old": "started = '2001-02-03T04:05:06Z'",
    "kept": "started = '2001-02-03T04:05:06Z', keep_until = '9999-12-31'",
    "recent": "started = {now}",
    "past": "started = {now}, keep_until = '2020-01-01'",
    "undated": "started = NULL, last_activity = NULL",
}
NOW = {DatabasePlace: "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')", ServerPlace: "date_trunc('second', now())"}


@pytest.fixture(params=[DatabasePlace, pytest.param(ServerPlace, marks=needs_postgres)])
def place(request, tmp_path, home) -> Iterator[Place]:
    made = request.param(tmp_path, ANSWERS)
    take_in(*CHATS.values())
    assert made.sync(transcripts=True).failed == 0
    for name, sets in ROWS.items():
        made.ask(f"UPDATE sessions SET {sets.format(now=NOW[type(made)])} WHERE source_id = 'chatgpt:{name}'")
    for path, text in package_of(made.config).items():
        (tmp_path / "package" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "package" / path).write_text(text, "utf-8", newline="")
    yield made
    made.close()


def job(place: Place, *, delete: bool) -> str:
    """Run it as the governance page says."""
    page = (place.room / "package" / "governance.md").read_text("utf-8")
    if isinstance(place, ServerPlace):
        statement = "SELECT run_retention_delete();" if delete else "SELECT run_retention();"
        assert f"`{statement}`" in page
        return "".join(place.server.run(place.name, statement))
    words = ["manage.py", "retention", *(["--delete"] if delete else [])]
    assert f"`python3 {' '.join(words)}`" in page
    done = subprocess.run(
        [sys.executable, *words], cwd=place.room / "package", capture_output=True, text=True, check=True
    )
    return done.stdout


def there(place: Place) -> set[str]:
    names = {row["source_id"] for row in place.ask("SELECT source_id FROM sessions")}
    told = {row["source_id"] for row in place.ask("SELECT source_id FROM transcripts")}
    assert names == told
    return {name.removeprefix("chatgpt:") for name in names}


def days(place: Place) -> dict[str, str]:
    rows = place.ask("SELECT source_id, CAST(keep_until AS text) AS day FROM sessions")
    return {row["source_id"].removeprefix("chatgpt:"): row["day"] or "" for row in rows}


def test_what_is_past_its_day_goes_and_nothing_else(place):
    before = days(place)
    job(place, delete=True)
    assert there(place) == {"old", "kept", "recent", "undated"}  # no day, no deleting: nobody could have seen it
    assert days(place) == {name: before[name] for name in there(place)}
    job(place, delete=False)
    after = days(place)
    assert (after["kept"], after["undated"]) == ("9999-12-31", "")
    assert after["old"] < "2010"
    assert after["recent"] > "2026"
    due = place.ask("SELECT id FROM retention_due")
    assert len(due) == 1
    job(place, delete=True)
    assert there(place) == {"kept", "recent", "undated"}
    job(place, delete=True)
    assert there(place) == {"kept", "recent", "undated"}
    if isinstance(place, ServerPlace):
        place.server.check(place.name)
    else:
        assert place.ask("PRAGMA integrity_check")[0][0] == "ok"
        assert place.ask("SELECT title FROM search_sessions WHERE words MATCH 'old'") == []


def test_sync_does_not_bring_back_what_was_deleted(place):
    job(place, delete=False)
    job(place, delete=True)
    left = there(place)
    take_in(*(grown(old, "More", "Sure") for old in CHATS.values()), exported=2.0)
    assert place.sync(transcripts=True).failed == 0
    assert there(place) == left == {"kept", "recent", "undated"}


def test_days_that_are_none_are_refused(place):
    for nonsense in ("2026-02-30", "soon", "2026-13-01"):
        with pytest.raises(Exception, match=r"CHECK|date"):
            place.ask(f"UPDATE sessions SET keep_until = '{nonsense}'")


@needs_postgres
def test_it_never_deletes_what_its_runner_may_not_see(tmp_path, home):
    place = ServerPlace(tmp_path, ANSWERS)
    who = f"{place.name}_ed"
    place.server.run(place.name, f"CREATE ROLE {who} LOGIN; GRANT chats_editor TO {who};")
    take_in(*CHATS.values())
    place.sync(transcripts=True)
    place.ask("UPDATE sessions SET keep_until = '2020-01-01'")
    place.ask("UPDATE sessions SET access = 'Team' WHERE source_id = 'chatgpt:old'")
    assert place.server.run(place.name, "SELECT run_retention_delete();", user=who) == ["1"]
    assert there(place) == set(CHATS) - {"old"}
    place.close()
    place.server.run(place.name, f"DROP OWNED BY {who}; DROP ROLE {who};")
