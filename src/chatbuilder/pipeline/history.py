"""What was done and when: the audit log, and provisioning jobs with what became of each step."""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chatbuilder import audit
from chatbuilder.errors import InputError
from chatbuilder.library.systems import Job, Library
from chatbuilder.paths import locate
from chatbuilder.pipeline.hands import system_lock


@dataclass(frozen=True, slots=True)
class Past:
    """Which part of what happened: since a moment, before one, of a system by its id or the beginning of it."""

    since: datetime | None = None
    before: datetime | None = None
    system: str = ""

    def has(self, at: object, system: object) -> bool:
        """Tell whether something that happened at this time (ISO 8601) to this system belongs to it."""
        if self.system and not (isinstance(system, str) and system.startswith(self.system)):
            return False
        if self.since is None and self.before is None:
            return True
        when = _moment(at)
        if when is None:
            return False
        return (self.since is None or when >= self.since) and (self.before is None or when < self.before)


@dataclass(frozen=True, slots=True)
class JobReport:
    """A job and its steps: how many stand in which state, and the titles of those that are not done.

    Steps that a later job took over are counted there. `stopped`: its program ended without closing it.
    """

    job: Job
    name: str
    states: dict[str, int]
    open: tuple[tuple[str, str], ...]
    stopped: bool

    def data(self) -> dict[str, Any]:
        """Return it as `jobs show --json` reports it."""
        open_ = [{"state": state, "title": title} for state, title in self.open]
        return {**self.job.data(), "name": self.name, "steps": self.states, "open": open_, "stopped": self.stopped}


def audit_entries() -> list[dict[str, Any]]:
    """Return the newest entries of the audit log, oldest of them first."""
    return audit.read(locate().audit_log)


def log(past: Past | None = None) -> list[dict[str, Any]]:
    """Return the entries of the audit log, newest first."""
    chosen = past or Past()
    found = audit.read(locate().audit_log, limit=sys.maxsize)
    return [entry for entry in reversed(found) if chosen.has(entry.get("at"), entry.get("system"))]


def jobs(past: Past | None = None) -> list[Job]:
    """Return provisioning jobs, newest first."""
    if not locate().library.exists():
        return []
    chosen = past or Past()
    with Library(locate().library) as library:
        return [job for job in library.jobs() if chosen.has(job.started, job.system)]


def job(wanted: str) -> JobReport:
    """Return a job by its id or a beginning that only one has. Raises `InputError`."""
    if not locate().library.exists():
        raise _no_job(wanted, "there are none yet")
    with Library(locate().library) as library:
        found = [one for one in library.jobs() if wanted and one.id.startswith(wanted)]
        if len(found) != 1:
            raise _no_job(wanted, "it fits several" if found else "there is no such job")
        one = found[0]
        system = library.find(one.system)
        steps = library.steps_of(one.id)
    open_ = tuple((state, title) for title, state in steps if state in ("intent", "failed"))
    counts = dict(Counter(state for _, state in steps))
    return JobReport(one, system.name if system else "", counts, open_, is_stopped(one))


def is_stopped(one: Job) -> bool:
    """Tell whether a job that stands as running has nobody who works on it any more."""
    if one.status != "running":
        return False
    try:
        with system_lock(one.system):
            return True
    except InputError:
        return False


def _moment(at: object) -> datetime | None:
    try:
        found = datetime.fromisoformat(str(at))
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _no_job(wanted: str, why: str) -> InputError:
    return InputError(
        f"No job can be shown for {wanted!r}: {why}.", title="Which job?", kept="everything as it is.",
        hint="`chatbuilder jobs` lists them.",
    )  # fmt: skip
