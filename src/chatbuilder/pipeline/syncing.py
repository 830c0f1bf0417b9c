"""`sync`: the library into a system, row by row. What a person did there is never undone (docs/sync.md has the rules).

Every row is told to the library before and after it is written, so that a run which is killed at any moment is
finished by the next one, nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import Any

from chatbuilder import audit
from chatbuilder.design import design
from chatbuilder.errors import InputError, InterruptedByUser
from chatbuilder.generators.common.merging import ABSENT, Cell, Merge, digest, merge
from chatbuilder.generators.common.rows import TRANSCRIPT, Row
from chatbuilder.library.chats import opened
from chatbuilder.library.placements import Placement, Placements, Standing
from chatbuilder.library.systems import Library, System
from chatbuilder.paths import locate
from chatbuilder.pipeline.hands import never, system_lock, usable_target
from chatbuilder.pipeline.provisioning import config_of
from chatbuilder.pipeline.rooms import Room, open_room
from chatbuilder.provision.rows import Delivery, Found, Wanted

BATCH_ROWS, BATCH_TEXT = 500, 4_000_000  # rows, characters of transcripts that are written at once
UNSETTLED = 2_500  # rows written before they are flushed to the disk and noted as done
SHOWN = 200  # problems in a report


@dataclass(frozen=True, slots=True)
class SyncProblem:
    """A chat whose row was left alone, and why."""

    key: str
    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class SyncProgress:
    """How far a sync is: chats looked at, of how many, and the rows created and updated so far."""

    done: int
    total: int
    created: int
    updated: int


@dataclass(slots=True)
class SyncReport:
    """What a sync did, or with `dry_run` would do.

    Every chat of the library counts once: created + updated + unchanged + skipped + failed. Skipped are those whose
    row the person deleted. `requests` counts what was sent or written, `bytes` what that holds; `kept` counts values
    that differ because the person changed them. `unlisted` are assistants that are not among the choices.
    """

    dry_run: bool = False
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    requests: int = 0
    seconds: float = 0.0
    bytes: int = 0
    kept: int = 0
    transcripts: int = 0
    unlisted: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[SyncProblem] = field(default_factory=list)

    @property
    def chats(self) -> int:
        """How many chats were looked at."""
        return self.created + self.updated + self.unchanged + self.skipped + self.failed

    def data(self) -> dict[str, Any]:
        """Return the report as `sync --json` prints it (DESIGN section 6)."""
        return {**asdict(self), "seconds": round(self.seconds, 3)}


Hear = Callable[[SyncProgress], None]


def sync(
    system: str, *, dry_run: bool = False, transcripts: bool = False, restore: bool = False,
    on_event: Hear = lambda progress: None, cancelled: Callable[[], bool] = never,
) -> SyncReport:  # fmt: skip
    """Bring the library into a system, or with `dry_run` tell what that would do.

    With `transcripts` what was said goes along; with `restore` rows that the person deleted are made again. Raises
    `InputError`, `RefusedError` and `InterruptedByUser`; what was written by then is kept, and syncing again goes on.
    """
    begin = time.monotonic()
    with Library(locate().library) as library:
        found = library.system(system)
    if found.status != "ready":
        raise InputError(
            f"The system {found.id} is not finished.", title="Not built yet", kept="everything built so far.",
            hint="run `chatbuilder apply` with its answers again, then sync.",
        )  # fmt: skip
    config = config_of(found.answers)
    room = open_room(config, design(config), transcripts=transcripts)
    report = SyncReport(dry_run=dry_run)
    with system_lock(found.id), closing(room.store), usable_target(found.place), opened(locate().library) as connection:
        report.notes += room.store.check()
        run = _Run(room, Placements(connection, found.id), report, transcripts, (on_event, cancelled))
        try:
            run.go(found, restore=restore)
        finally:
            report.requests = room.store.requests
            report.unlisted = dict(room.maker.unlisted.most_common())
            report.seconds = time.monotonic() - begin
    if not dry_run:
        counts = {name: getattr(report, name) for name in ("created", "updated", "skipped", "failed")}
        audit.record(locate().audit_log, "sync", system=found.id, **counts)
    return report


@dataclass(frozen=True, slots=True)
class _Job:
    """One chat whose row has to be looked at: what it should hold, and what is known of where it stands."""

    chat: Standing
    row: Row
    cells: Mapping[str, Cell]
    hash: str

    @property
    def place(self) -> Placement | None:
        return self.chat.placement

    @property
    def name(self) -> tuple[str, str]:
        return self.chat.source, self.chat.source_id

    def settled(self) -> bool:
        """Tell whether all of it was written before, so that nobody has to look."""
        known = self.place.written if self.place and self.place.state == "done" else {}
        return all(known.get(name) == [digest(value)] for name, value in self.cells.items())

    def placed(self, state: str, remote: str, digests: Mapping[str, str], *, new: bool = False) -> Placement:
        """Return the placement once these digests stand there; a transcript that is not wanted now stays on record."""
        place = None if new else self.place
        known = place.written.get(TRANSCRIPT) if place else None
        facts: dict[str, Any] = {"d": {**({TRANSCRIPT: "|".join(known)} if known else {}), **digests}}
        told = self.chat.hash if TRANSCRIPT in self.cells else place.facts.get("t") if place else None
        return Placement(state, remote, self.hash, facts | ({"t": told} if told else {}))


@dataclass(frozen=True, slots=True)
class _Write:
    """A row to write, the placement it has when that is done, and digests of what stands there `before`."""

    job: _Job
    delivery: Delivery
    after: Placement
    before: Mapping[str, str]


class _Run:
    """One sync of one system."""

    def __init__(
        self, room: Room, placements: Placements, report: SyncReport, transcripts: bool,
        faces: tuple[Hear, Callable[[], bool]],
    ) -> None:  # fmt: skip
        self._room, self._placements, self._report, self._transcripts = room, placements, report, transcripts
        self._hear, self._cancelled = faces
        self._stamp = room.maker.stamp()
        self._linked: dict[tuple[str, str], str | None] = {}
        self._jobs: list[_Job] = []
        self._text = 0
        self._unsettled: list[tuple[str, str, Placement]] = []

    def go(self, system: System, *, restore: bool) -> None:
        """Look at every chat of the library."""
        known = not restore and (not self._report.dry_run or self._placements.is_of(system.mark))
        if not self._report.dry_run:
            if restore:
                self._placements.forget()
            self._placements.belong_to(system.mark)
        total = self._placements.count()
        try:
            for chat in self._placements.chats(known=known):
                self._look(chat)
                if len(self._jobs) >= BATCH_ROWS or self._text >= BATCH_TEXT:
                    self._work()
                    self._tell(total)
            self._work()
        finally:
            self._settle()
        self._tell(total)

    def _tell(self, total: int) -> None:
        report = self._report
        self._hear(SyncProgress(report.chats, total, report.created, report.updated))
        if self._cancelled():
            raise InterruptedByUser(
                "The sync was stopped.", title="Stopped", kept="every row written so far.",
                hint="sync again to go on; nothing comes twice.",
            )  # fmt: skip

    def _look(self, chat: Standing) -> None:
        """Take up a chat unless nothing about it is new."""
        wanted = sha256("\0".join((self._stamp, chat.hash, chat.project or "")).encode()).hexdigest()[:32]
        place = chat.placement
        if place is not None and place.state == "removed":
            self._report.skipped += 1
            return
        told = not self._transcripts or (place is not None and place.facts.get("t") == chat.hash)
        if place is not None and place.state == "done" and place.hash == wanted and told:
            self._report.unchanged += 1
            return
        row = self._room.maker.row(self._placements.load(chat.id), transcript=self._transcripts)
        self._jobs.append(_Job(chat, row, self._room.dialect.cells(row), wanted))
        self._text += sum(len(message.text) for message in row.said or ())

    def _work(self) -> None:
        """Write one batch."""
        jobs, self._jobs, self._text = self._jobs, [], 0
        looked = []
        for job in jobs:
            place = job.place
            if place is None or not job.settled():
                looked.append(job)
                continue
            self._report.unchanged += 1
            digests = {name: digest(value) for name, value in job.cells.items()}
            self._unsettled.append((*job.name, job.placed("done", place.remote, digests)))
        wanted = [Wanted(_text(job.cells["source_id"]), job.place.remote if job.place else "") for job in looked]
        found = self._room.store.find(wanted) if looked else []
        writes = [w for job, there in zip(looked, found, strict=True) if (w := self._decide(job, there)) is not None]
        if not self._report.dry_run:
            self._deliver(writes)
        if len(self._unsettled) >= UNSETTLED:
            self._settle()

    def _decide(self, job: _Job, there: Found | str | None) -> _Write | None:
        """Return what is to be written; what needs no writing is counted here."""
        if isinstance(there, str):
            self._fail(job, there)
            return None
        if there is None:
            if job.place is None or job.place.is_new:
                return self._new(job)
            self._report.skipped += 1
            self._unsettled.append((*job.name, job.placed("removed", job.place.remote, {})))
            return None
        try:
            theirs = self._room.dialect.read(there.state)
            verdict = merge(job.cells, theirs, job.place.written if job.place else {})
            before = {name: digest(theirs[name]) if name in theirs else ABSENT for name in verdict.write}
            return self._change(job, there, verdict, {**verdict.digests, **before})
        except ValueError as error:
            self._fail(job, f"{there.remote}: {error}")
            return None

    def _new(self, job: _Job) -> _Write:
        linked = {name: place for name in self._links(job.row) if (place := self._related(*name)) is not None}
        payload = self._room.dialect.new(job.row, job.cells, linked)
        remote = (job.place.remote if job.place else "") or self._room.store.reserve(payload.data)
        after = job.placed("done", remote, {name: digest(value) for name, value in job.cells.items()}, new=True)
        self._report.created += 1
        self._report.bytes += payload.size
        self._report.transcripts += bool(job.row.said)
        return _Write(job, Delivery(_text(job.cells["source_id"]), remote, payload.data), after, {})

    def _change(self, job: _Job, there: Found, verdict: Merge, before: Mapping[str, str]) -> _Write | None:
        after = job.placed("done", there.remote, verdict.digests)
        self._report.kept += len(verdict.kept)
        if not verdict.write:
            self._report.unchanged += 1
            self._unsettled.append((*job.name, after))
            return None
        payload = self._room.dialect.change(there.state, job.row, job.cells, verdict.write)
        self._report.updated += 1
        self._report.bytes += payload.size
        self._report.transcripts += TRANSCRIPT in verdict.write
        delivery = Delivery(_text(job.cells["source_id"]), there.remote, payload.data, there)
        return _Write(job, delivery, after, before)

    def _links(self, row: Row) -> list[tuple[str, str]]:
        """Return table and title of every row of another table that a new row points to."""
        fields = self._room.maker.blueprint.sessions.fields
        return [
            (f.relation.table, title)
            for f in fields
            if f.relation and f.owner == "seed"
            for title in row.seeds.get(f.key) or ()
        ]

    def _related(self, table: str, title: str) -> str | None:
        """Return where a project or topic stands. A project gets its row once; deleted or renamed, it stays so."""
        if (table, title) not in self._linked:
            dialect, store = self._room.dialect, self._room.store
            known = self._placements.find(f"@{table}", title)
            make = table in self._room.makes and known is None and not self._report.dry_run
            place = store.related(dialect.related(table, title).data, known.remote if known else "", make=make)
            if place is not None and known is None and not self._report.dry_run:
                self._placements.put([(f"@{table}", title, Placement("done", place, ""))])
            self._linked[table, title] = place
        return self._linked[table, title]

    def _fail(self, job: _Job, reason: str) -> None:
        self._report.failed += 1
        if len(self._report.problems) < SHOWN:
            self._report.problems.append(SyncProblem(job.row.key, job.row.title, reason))

    def _deliver(self, writes: list[_Write]) -> None:
        """Note what is about to be written, write it, and keep what became of it."""
        self._placements.put((*w.job.name, _intent(w)) for w in writes)
        done = self._room.store.write([w.delivery for w in writes]) if writes else []
        for write, result in zip(writes, done, strict=True):
            if result.problem:
                self._undo(write, result.problem)
            else:
                after = write.after
                self._unsettled.append((*write.job.name, Placement("done", result.remote, after.hash, after.facts)))

    def _undo(self, write: _Write, reason: str) -> None:
        """Take back the intent of a row that was not written: the next sync tries again."""
        report, job = self._report, write.job
        if write.delivery.found is None:
            report.created -= 1
        else:
            report.updated -= 1
        if job.place is None:
            self._placements.drop(*job.name)
        else:
            self._placements.put([(*job.name, job.place)])
        self._fail(job, reason)

    def _settle(self) -> None:
        """Flush what was written, and only then note it as done: after a loss of power the rest is looked up."""
        placed, self._unsettled = self._unsettled, []
        if self._report.dry_run or not placed:
            return
        self._room.store.settle()
        self._placements.put(placed)


def _intent(write: _Write) -> Placement:
    """Return the placement while a row is being written: both what stood there and what will."""
    place, facts = write.job.place, {"n": write.after.facts["d"]}
    if write.delivery.found is not None:
        facts["d"] = dict(write.before)
    told = place.facts.get("t") if place else None
    return Placement("intent", write.delivery.remote, write.after.hash, facts | ({"t": told} if told else {}))


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else "\0".join(cell)
