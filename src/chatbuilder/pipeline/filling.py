"""One sync of one system: looks at every chat of the library, finds its row, and writes what may be written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from itertools import chain, islice
from typing import Any

from chatbuilder.generators.common.merging import ABSENT, Cell, Merge, digest, merge
from chatbuilder.generators.common.rows import TRANSCRIPT, Payload, Row
from chatbuilder.library.placements import Placement, Placements, Standing
from chatbuilder.library.systems import System
from chatbuilder.pipeline import preparing, workers
from chatbuilder.pipeline.hands import Hands
from chatbuilder.pipeline.preparing import Draft, Drafting
from chatbuilder.pipeline.rooms import Room
from chatbuilder.pipeline.sync_report import SyncProblem, SyncProgress, SyncReport, stopped
from chatbuilder.provision.rows import Delivery, Found, Outlook, Related, Wanted

BATCH_TEXT = 4_000_000  # characters of transcripts that are written at once
UNSETTLED = 2_500  # rows written before they are flushed to the disk and noted as done
SHOWN = 200  # problems in a report
OFTEN = 0.2  # seconds between two words on the progress


@dataclass(slots=True)
class _Job:
    """One chat whose row has to be looked at: what it should hold, and what is known of where it stands.

    A new row may have been worked out as a `draft`; else, and where that does not fit, it is worked out by `make`.
    """

    chat: Standing
    hash: str
    make: Callable[[Standing], tuple[Row, Mapping[str, Cell]]]
    draft: Draft | None = None
    _made: tuple[Row, Mapping[str, Cell]] | None = None

    @property
    def row(self) -> Row:
        return self._whole()[0]

    @property
    def cells(self) -> Mapping[str, Cell]:
        return self._whole()[1]

    def _whole(self) -> tuple[Row, Mapping[str, Cell]]:
        self._made = self._made or self.make(self.chat)
        return self._made

    @property
    def place(self) -> Placement | None:
        return self.chat.placement

    @property
    def name(self) -> tuple[str, str]:
        return self.chat.source, self.chat.source_id

    @property
    def title(self) -> str:
        return self.draft.title if self.draft else self.row.title

    @property
    def source_id(self) -> str:
        """Return what its row is found by."""
        return self.draft.source_id if self.draft else preparing.source_id(self.cells)

    @property
    def size(self) -> int:
        """Return about how many characters it holds of a transcript."""
        if self.draft:
            return self.draft.payload.size if self.draft.said and self.draft.payload else 0
        return sum(len(message.text) for message in self.row.said or ())

    def settled(self) -> bool:
        """Tell whether all of it was written before, so that nobody has to look."""
        known = self.place.written if self.place and self.place.state == "done" else {}
        return all(known.get(name) == [digest(value)] for name, value in self.cells.items())

    def placed(self, state: str, remote: str, digests: Mapping[str, str], *, new: bool = False) -> Placement:
        """Return the placement once these digests stand there; a transcript that is not wanted now stays on record."""
        place = None if new else self.place
        known = place.written.get(TRANSCRIPT) if place else None
        facts: dict[str, Any] = {"d": {**({TRANSCRIPT: "|".join(known)} if known else {}), **digests}}
        has = TRANSCRIPT in (self.draft.digests if self.draft else self.cells)
        told = self.chat.hash if has else place.facts.get("t") if place else None
        return Placement(state, remote, self.hash, facts | ({"t": told} if told else {}))


@dataclass(frozen=True, slots=True)
class _Write:
    """A row to write, the placement it has when that is done, and digests of what stands there `before`."""

    job: _Job
    delivery: Delivery
    payload: Payload
    after: Placement
    before: Mapping[str, str]
    told: bool


class Run:
    """One sync of one system. Raises `InterruptedByUser` once `cancelled` tells that somebody wants to stop."""

    def __init__(
        self, room: Room, placements: Placements, report: SyncReport, hands: Hands,
        hear: Callable[[SyncProgress], None], *, transcripts: bool,
    ) -> None:  # fmt: skip
        self._room, self._placements, self._report, self._transcripts = room, placements, report, transcripts
        self._hands, self._hear = hands, hear
        self._stamp = room.maker.stamp()
        self._linked: dict[tuple[str, str], str | None] = {}
        self._jobs: list[_Job] = []
        self._text, self._cost, self._related = 0, 0.0, 0
        self._unsettled: list[tuple[str, str, Placement]] = []
        self._total, self._told = 0, time.monotonic()

    def go(self, system: System, *, restore: bool) -> None:
        """Look at every chat of the library."""
        known = not restore and (not self._report.dry_run or self._placements.is_of(system.mark))
        if not self._report.dry_run:
            if restore:
                self._placements.forget()
            self._placements.belong_to(system.mark)
        self._total = self._placements.count()
        due = self._due(known=known)
        alone = preparing.ALONE if self._room.portable and workers.useful() else None
        try:
            for chat in islice(due, alone):
                self._take(chat)
            self._work()  # what rows point to is known from here on
            if alone is not None:
                self._go_on(due)
                self._work()
        finally:
            self._settle()
        self._tell()

    def _go_on(self, due: Iterator[Standing]) -> None:
        """Take up the rest: new rows are worked out beside this process where that is of use."""
        drafting = self._drafting() if (chat := next(due, None)) is not None else None
        rest = chain(() if chat is None else (chat,), due)
        if drafting is None:
            for chat in rest:
                self._take(chat)
            return
        with closing(drafting):
            for chat, draft in drafting.of(rest, self._stop):
                self._take(chat, draft)

    def _drafting(self) -> Drafting | None:
        room, library = self._room, self._placements.library
        try:
            return Drafting(preparing.Order(library, room.maker, room.dialect, self._transcripts), self._linked)
        except workers.NotStartedError:
            return None

    def _take(self, chat: Standing, draft: Draft | None = None) -> None:
        job = _Job(chat, self._wanted(chat), self._make, draft)
        self._jobs.append(job)
        self._text += job.size
        if len(self._jobs) >= self._room.batch or self._text >= BATCH_TEXT:
            self._work()
            self._tell()
        elif time.monotonic() - self._told > OFTEN:
            self._tell()

    def _make(self, chat: Standing) -> tuple[Row, Mapping[str, Cell]]:
        row = self._room.maker.row(self._placements.load(chat.id), transcript=self._transcripts)
        return row, self._room.dialect.cells(row)

    def outlook(self) -> Outlook:
        """Return what was, or would be, written."""
        report = self._report
        return Outlook(report.created, report.updated, self._related, report.bytes, self._cost)

    def _tell(self) -> None:
        report = self._report
        self._told = time.monotonic()
        self._hear(SyncProgress(report.chats, self._total, report.created, report.updated))
        self._stop()

    def _stop(self) -> None:
        if self._hands.cancelled():
            raise stopped()

    def _wanted(self, chat: Standing) -> str:
        return sha256("\0".join((self._stamp, chat.hash, chat.project or "")).encode()).hexdigest()[:32]

    def _due(self, *, known: bool) -> Iterator[Standing]:
        """Yield the chats whose rows have to be looked at; those about which nothing is new are counted."""
        for chat in self._placements.chats(known=known):
            place = chat.placement
            told = not self._transcripts or (place is not None and place.facts.get("t") == chat.hash)
            if place is not None and place.state == "removed":
                self._report.skipped += 1
            elif place is not None and place.state == "done" and place.hash == self._wanted(chat) and told:
                self._report.unchanged += 1
            else:
                yield chat
            if time.monotonic() - self._told > OFTEN:
                self._tell()

    def _work(self) -> None:
        """Write one batch."""
        jobs, self._jobs, self._text = self._jobs, [], 0
        looked = [job for job in jobs if not self._is_settled(job)]
        found = self._find(looked)
        self._relate([job for job, there in zip(looked, found, strict=True) if there is None and _may_be_new(job)])
        writes = [w for job, there in zip(looked, found, strict=True) if (w := self._decide(job, there)) is not None]
        if self._report.dry_run:
            for write in writes:
                self._count(write)
        else:
            self._deliver(writes)
        if len(self._unsettled) >= (self._room.gathers or UNSETTLED):
            self._settle()

    def _is_settled(self, job: _Job) -> bool:
        """Tell whether the row holds it all already; then that is noted."""
        if job.place is None or not job.settled():
            return False
        self._report.unchanged += 1
        digests = {name: digest(value) for name, value in job.cells.items()}
        self._unsettled.append((*job.name, job.placed("done", job.place.remote, digests)))
        return True

    def _find(self, jobs: Sequence[_Job]) -> Sequence[Found | str | None]:
        wanted = [Wanted(job.source_id, job.place.remote if job.place else "") for job in jobs]
        return self._hands.do(lambda: self._room.store.find(wanted)) if wanted else []

    def _decide(self, job: _Job, there: Found | str | None) -> _Write | None:
        """Return what is to be written; what needs no writing is counted here."""
        if isinstance(there, str):
            self._fail(job, there)
            return None
        if there is None:
            if _may_be_new(job):
                return self._new(job)
            self._report.skipped += 1
            self._unsettled.append((*job.name, job.placed("removed", job.place.remote if job.place else "", {})))
            return None
        try:
            theirs = self._room.dialect.read(there.state)
            if TRANSCRIPT in job.cells:  # nothing was said yet, so none was written: that is nobody's doing
                theirs = {TRANSCRIPT: "", **theirs}
            verdict = merge(job.cells, theirs, job.place.written if job.place else {})
            before = {name: digest(theirs[name]) if name in theirs else ABSENT for name in verdict.write}
            return self._change(job, there, verdict, {**verdict.digests, **before})
        except ValueError as error:
            self._fail(job, f"{there.remote}: {error}")
            return None

    def _new(self, job: _Job) -> _Write:
        linked = {name: place for name in self._links(job) if (place := self._linked.get(name)) is not None}
        draft = job.draft
        if draft is not None and draft.payload is not None and draft.linked == linked:
            payload, digests, told = draft.payload, draft.digests, draft.said
            self._room.maker.unlisted.update(draft.unlisted)
        else:
            payload, told = self._room.dialect.new(job.row, job.cells, linked), bool(job.row.said)
            digests = {name: digest(value) for name, value in job.cells.items()}
        remote = (job.place.remote if job.place else "") or self._room.store.reserve(payload.data)
        after = job.placed("done", remote, digests, new=True)
        return _Write(job, Delivery(job.source_id, remote, payload.data), payload, after, {}, told=told)

    def _change(self, job: _Job, there: Found, verdict: Merge, before: Mapping[str, str]) -> _Write | None:
        after = job.placed("done", there.remote, verdict.digests)
        self._report.kept += len(verdict.kept)
        if not verdict.write:
            self._report.unchanged += 1
            self._unsettled.append((*job.name, after))
            return None
        payload = self._room.dialect.change(there.state, job.row, job.cells, verdict.write)
        delivery = Delivery(job.source_id, there.remote, payload.data, there)
        return _Write(job, delivery, payload, after, before, told=TRANSCRIPT in verdict.write)

    def _links(self, job: _Job) -> Sequence[tuple[str, str]]:
        return job.draft.links if job.draft else preparing.links_of(self._room.maker, job.row)

    def _relate(self, jobs: Sequence[_Job]) -> None:
        """Find where projects and topics stand. A project gets its row once; deleted or renamed, it stays so."""
        names = dict.fromkeys(name for job in jobs for name in self._links(job) if name not in self._linked)
        asked = {name: self._related_item(*name) for name in names}
        if not asked:
            return
        places = self._hands.do(lambda: self._room.store.related(list(asked.values())))
        self._linked.update(zip(asked, places, strict=True))
        if self._report.dry_run:
            self._related += sum(
                place is None and table in self._room.makes
                for (table, _), place in zip(asked, places, strict=True)
            )  # fmt: skip
            return
        new = [
            (f"@{table}", title, Placement("done", place, ""))
            for ((table, title), item), place in zip(asked.items(), places, strict=True)
            if place is not None and not item.remote
        ]
        if self._room.gathers:
            self._unsettled += new
        else:
            self._placements.put(new)

    def _related_item(self, table: str, title: str) -> Related:
        known = self._placements.find(f"@{table}", title)
        make = table in self._room.makes and known is None and not self._report.dry_run
        return Related(self._room.dialect.related(table, title).data, known.remote if known else "", make)

    def _fail(self, job: _Job, reason: str) -> None:
        self._report.failed += 1
        if len(self._report.problems) < SHOWN:
            self._report.problems.append(SyncProblem(":".join(job.name), job.title, reason))

    def _count(self, write: _Write) -> None:
        """Count a row that was, or would be, written."""
        report, payload = self._report, write.payload
        report.created += write.delivery.found is None
        report.updated += write.delivery.found is not None
        report.bytes += payload.size
        report.transcripts += write.told
        self._cost += payload.cost

    def _deliver(self, writes: list[_Write]) -> None:
        """Note what is about to be written, write it, and keep what became of it."""
        if not writes:
            return
        self._placements.put((*w.job.name, _intent(w)) for w in writes)
        done = self._room.store.write([w.delivery for w in writes])
        for write, result in zip(writes, done, strict=True):
            if result.problem:
                self._undo(write, result.problem)
            else:
                after = write.after
                self._unsettled.append((*write.job.name, Placement("done", result.remote, after.hash, after.facts)))
                self._count(write)
            if time.monotonic() - self._told > OFTEN:
                self._tell()

    def _undo(self, write: _Write, reason: str) -> None:
        """Take back the intent of a row that was not written: the next sync tries again."""
        job = write.job
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


def _may_be_new(job: _Job) -> bool:
    """Tell whether a row that is not there may be made: sync never wrote it, so nobody can have deleted it."""
    return job.place is None or job.place.is_new


def _intent(write: _Write) -> Placement:
    """Return the placement while a row is being written: both what stood there and what will."""
    place, facts = write.job.place, {"n": write.after.facts["d"]}
    if write.delivery.found is not None:
        facts["d"] = dict(write.before)
    told = place.facts.get("t") if place else None
    return Placement("intent", write.delivery.remote, write.after.hash, facts | ({"t": told} if told else {}))
