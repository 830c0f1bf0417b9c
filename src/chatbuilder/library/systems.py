"""Systems that exist and the provisioning jobs that built them."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chatbuilder.clock import Clock, iso, utc_now
from chatbuilder.errors import ExitCode, InputError
from chatbuilder.library.database import explained, open_library
from chatbuilder.library.journal import Journal


@dataclass(frozen=True, slots=True)
class System:
    """A deployment: where it is, and the answers it was built from. Status: building, ready or destroyed.

    `mark` is 12 hex digits that no other system has: what is made elsewhere carries it, to be found again.
    """

    id: str
    name: str
    platform: str
    place: str
    url: str
    status: str
    answers: Mapping[str, Any]
    created: str
    updated: str
    mark: str = ""


_CRASHED = {
    "title": "Interrupted", "message": "The program was stopped before the job ended.", "problems": [],
    "kept": "everything built so far.", "hint": "apply again: it goes on from there.",
    "exit_code": int(ExitCode.INTERRUPTED),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """One run of a plan, as reported by `apply --json`; times are ISO 8601 UTC. Status as in DESIGN section 4."""

    id: str
    system: str
    platform: str
    status: str
    started: str
    finished: str | None
    result: Mapping[str, Any] = field(default_factory=dict)
    error: Mapping[str, Any] | None = None

    def data(self) -> dict[str, Any]:
        """Return the job as JSON data."""
        return asdict(self)


class Library:
    """One open library file. Close it when done, best by `with`: that turns a disk that gives up into `InputError`."""

    def __init__(self, path: Path, clock: Clock = utc_now) -> None:
        self._path = path
        self._db: sqlite3.Connection = open_library(path)
        self._clock = clock

    def __enter__(self) -> Library:
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self.close()
        if isinstance(error, sqlite3.Error):
            raise explained(error, self._path) from error

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def systems(self, *, destroyed: bool = False) -> list[System]:
        """Return the systems that exist, newest first; with `destroyed`, those that were taken down as well."""
        rows = self._db.execute(
            "SELECT * FROM systems WHERE status <> 'destroyed' OR ? ORDER BY updated DESC, id", (destroyed,)
        )
        return [_system(row) for row in rows]

    def find(self, system_id: str) -> System | None:
        """Return a system by its exact id, destroyed or not."""
        row = self._db.execute("SELECT * FROM systems WHERE id = ?", (system_id,)).fetchone()
        return _system(row) if row else None

    def system(self, wanted: str) -> System:
        """Return a system by id or by a beginning that only one id has. Raises `InputError`."""
        known = self.systems()
        # An empty name, as from an unset variable in a script, never stands for "the only one".
        found = [s for s in known if s.id == wanted] or [s for s in known if wanted and s.id.startswith(wanted)]
        if len(found) == 1:
            return found[0]
        names = ", ".join(s.id for s in (found or known)) or "none yet"
        what = f"{wanted!r} fits several systems" if found else f"there is no system {wanted!r}"
        raise InputError(
            f"{what[0].upper()}{what[1:]}. Systems: {names}.",
            title="Several systems" if found else "No such system",
            kept="every system as it is.",
            hint="`chatbuilder systems` lists them.",
        )

    def mark(self, system_id: str) -> str:
        """Return the mark of a system that exists, else a new one: a system built anew is another one out there."""
        found = self.find(system_id)
        alive = found is not None and found.status != "destroyed"
        return (found.mark if found and alive else "") or secrets.token_hex(6)

    def save_system(
        self, system_id: str, name: str, platform: str, place: str, answers: Mapping[str, Any], mark: str = ""
    ) -> None:
        """Register a system that is about to be built, or whose answers changed; "" leaves its mark as it is."""
        now = iso(self._clock())
        self._db.execute(
            "INSERT INTO systems (id, name, platform, place, url, status, answers, created, updated, mark)"
            " VALUES (?, ?, ?, ?, '', 'building', ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET"
            " name = excluded.name, place = excluded.place, answers = excluded.answers, updated = excluded.updated,"
            " status = 'building', mark = coalesce(nullif(excluded.mark, ''), mark)",
            (system_id, name, platform, place, json.dumps(answers), now, now, mark),
        )

    def set_system(self, system_id: str, status: str, url: str | None = None) -> None:
        """Record that a system is ready (with its URL) or destroyed."""
        self._db.execute(
            "UPDATE systems SET status = ?, url = coalesce(?, url), updated = ? WHERE id = ?",
            (status, url, iso(self._clock()), system_id),
        )

    def start_job(self, system_id: str, platform: str) -> Job:
        """Begin a job; jobs of this system that a crash left running are closed as failed first."""
        now = iso(self._clock())
        crashed = json.dumps(_CRASHED)
        self._db.execute(
            "UPDATE jobs SET status = 'failed', finished = ?, error = ? WHERE system = ? AND status = 'running'",
            (now, crashed, system_id),
        )
        job = Job(f"job-{now[:10].replace('-', '')}-{secrets.token_hex(3)}", system_id, platform, "running", now, None)
        self._db.execute(
            "INSERT INTO jobs (id, system, platform, status, started) VALUES (?, ?, ?, 'running', ?)",
            (job.id, system_id, platform, now),
        )
        return job

    def finish_job(self, job_id: str, status: str, result: Mapping[str, Any], error: Mapping[str, Any] | None) -> Job:
        """Close a job and return it as it is now on record."""
        self._db.execute(
            "UPDATE jobs SET status = ?, finished = ?, result = ?, error = ? WHERE id = ?",
            (status, iso(self._clock()), json.dumps(result), json.dumps(error) if error else None, job_id),
        )
        return _job(self._db.execute("SELECT * FROM jobs WHERE id = ?", (job_id,)).fetchone())

    def jobs(self, limit: int = 0) -> list[Job]:
        """Return provisioning jobs, newest first, `limit` of them at most (0: all)."""
        rows = self._db.execute("SELECT * FROM jobs ORDER BY started DESC, rowid DESC LIMIT ?", (limit or -1,))
        return [_job(row) for row in rows]

    def steps_of(self, job_id: str) -> list[tuple[str, str]]:
        """Return title and state of the steps that a job touched last, in plan order."""
        rows = self._db.execute("SELECT title, state FROM steps WHERE job = ? ORDER BY position, key", (job_id,))
        return [(row["title"], row["state"]) for row in rows]

    def journal(self, system_id: str, job_id: str = "") -> Journal:
        """Return the journal of a system; `job_id` marks what this run writes."""
        return Journal(self._db, system_id, job_id, self._clock)


def _system(row: sqlite3.Row) -> System:
    return System(**{**dict(row), "answers": json.loads(row["answers"])})


def _job(row: sqlite3.Row) -> Job:
    data = dict(row)
    return Job(
        **{**data, "result": json.loads(data["result"]), "error": json.loads(data["error"]) if data["error"] else None}
    )
