"""The journal of one system's steps: intent before the act, result after it. A crash leaves intent behind."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from chatbuilder.clock import Clock, iso, utc_now
from chatbuilder.library.database import transaction

State = Literal["intent", "done", "failed", "removed", "skipped"]


@dataclass(frozen=True, slots=True)
class Record:
    """What the journal knows of a step. `result` is the last confirmed one, also while a newer try is open."""

    key: str
    position: int
    title: str
    kind: str
    payload: Mapping[str, Any]
    digest: str
    state: State
    result: Mapping[str, Any] | None


class Journal:
    """Reads and writes the steps of one system. Each call is one transaction, on disk when it returns."""

    def __init__(self, connection: sqlite3.Connection, system: str, job: str, clock: Clock = utc_now) -> None:
        self._db = connection
        self._system = system
        self._job = job
        self._clock = clock

    @property
    def system(self) -> str:
        """The id of the system whose journal this is."""
        return self._system

    def records(self) -> dict[str, Record]:
        """Return every step ever begun for this system, by key, in plan order."""
        rows = self._db.execute("SELECT * FROM steps WHERE system = ? ORDER BY position, key", (self._system,))
        return {row["key"]: _record(row) for row in rows}

    def cut_off(self) -> float | None:
        """Return how many seconds ago a run that was killed or stopped began the last step it left open, else None."""
        row = self._db.execute(
            "SELECT max(steps.at) FROM steps JOIN jobs ON jobs.id = steps.job"
            " WHERE steps.system = ? AND steps.state = 'intent' AND jobs.status IN ('running', 'cancelled')",
            (self._system,),
        ).fetchone()
        return None if row[0] is None else (self._clock() - datetime.fromisoformat(row[0])).total_seconds()

    def put_in_order(self, keys: Iterable[str]) -> None:
        """Give the steps on record the order of these keys, with all others behind them in the order they have.

        Taking down goes backwards by it, and nothing that is asked for hangs on what is not asked for any more.
        """
        records = self.records()
        order = dict.fromkeys(key for key in (*keys, *records))
        moved = [
            (number, self._system, key)
            for number, key in enumerate(order, 1)
            if key in records and records[key].position != number
        ]
        if moved:
            with transaction(self._db):
                self._db.executemany("UPDATE steps SET position = ? WHERE system = ? AND key = ?", moved)

    def intent(self, key: str, position: int, title: str, kind: str, payload: Mapping[str, Any], digest: str) -> None:
        """Note that a step is about to be delivered; an earlier result stays."""
        self._db.execute(
            "INSERT INTO steps (system, key, position, title, kind, payload, digest, state, job, at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'intent', ?, ?)"
            " ON CONFLICT (system, key) DO UPDATE SET position = excluded.position, title = excluded.title,"
            " kind = excluded.kind, payload = excluded.payload, digest = excluded.digest, state = 'intent',"
            " job = excluded.job, at = excluded.at",
            (self._system, key, position, title, kind, json.dumps(payload), digest, self._job, self._now()),
        )

    def done(self, key: str, result: Mapping[str, Any]) -> None:
        """Note that a step is delivered, with what is needed to find it again."""
        self._set(key, "done", json.dumps(result))

    def failed(self, key: str) -> None:
        """Note that a step was refused; nothing of it is there."""
        self._db.execute(
            "UPDATE steps SET state = 'failed', at = ? WHERE system = ? AND key = ?", (self._now(), self._system, key)
        )

    def skipped(self, key: str, position: int, title: str, kind: str) -> None:
        """Note that a step was left out because the platform will not do it; an earlier result stays."""
        self._db.execute(
            "INSERT INTO steps (system, key, position, title, kind, payload, digest, state, job, at)"
            " VALUES (?, ?, ?, ?, ?, '{}', '', 'skipped', ?, ?)"
            " ON CONFLICT (system, key) DO UPDATE SET state = 'skipped', job = excluded.job, at = excluded.at",
            (self._system, key, position, title, kind, self._job, self._now()),
        )

    def removed(self, key: str) -> None:
        """Note that a step's work was taken down."""
        self._set(key, "removed", None)

    def _set(self, key: str, state: State, result: str | None) -> None:
        self._db.execute(
            "UPDATE steps SET state = ?, result = ?, job = ?, at = ? WHERE system = ? AND key = ?",
            (state, result, self._job, self._now(), self._system, key),
        )

    def _now(self) -> str:
        return iso(self._clock())


def _record(row: sqlite3.Row) -> Record:
    result = json.loads(row["result"]) if row["result"] is not None else None
    return Record(
        row["key"], row["position"], row["title"], row["kind"],
        json.loads(row["payload"]), row["digest"], row["state"], result,
    )  # fmt: skip
