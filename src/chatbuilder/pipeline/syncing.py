"""`sync`: the library into a system, row by row. What a person did there is never undone (docs/sync.md has the rules).

Every row is told to the library before and after it is written, so that a run which is killed at any moment is
finished by the next one, nothing twice.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from chatbuilder import audit
from chatbuilder.design import design
from chatbuilder.errors import ChatbuilderError, InputError
from chatbuilder.library.chats import opened
from chatbuilder.library.placements import Placements
from chatbuilder.library.systems import Library, System
from chatbuilder.paths import locate
from chatbuilder.pipeline import evolving, plugins
from chatbuilder.pipeline.filling import Run
from chatbuilder.pipeline.hands import hands_of, never, usable_target
from chatbuilder.pipeline.outside import desk_of, is_remote, naming_account
from chatbuilder.pipeline.provisioning import config_of
from chatbuilder.pipeline.rooms import Ground, open_room
from chatbuilder.pipeline.sync_report import SyncProblem, SyncProgress, SyncReport, SyncWaiting, stopped
from chatbuilder.provision.outside.desk import Cancelled
from chatbuilder.provision.runner import Event, StepWaiting

__all__ = ["SyncProblem", "SyncProgress", "SyncReport", "SyncWaiting", "sync"]

Hear = Callable[[SyncProgress | SyncWaiting], None]


def sync(
    system: str, *, dry_run: bool = False, transcripts: bool = False, restore: bool = False,
    on_event: Hear = lambda progress: None, cancelled: Callable[[], bool] = never,
) -> SyncReport:  # fmt: skip
    """Bring the library into a system, or with `dry_run` tell what that would do.

    With `transcripts` what was said goes along; with `restore` rows that the person deleted are made again. Raises
    `InputError`, `CredentialsError`, `RefusedError` and `InterruptedByUser`; what was written by then is kept, and
    syncing again goes on.
    """
    begin = time.monotonic()
    plugins.chat_sources()  # what their chats are called
    with Library(locate().library) as library:
        found = library.system(system)
        results = evolving.known(library.journal(found.id).records())
    if found.status != "ready":
        raise InputError(
            f"The system {found.id} is not finished.", title="Not built yet", kept="everything built so far.",
            hint="run `chatbuilder apply` with its answers again, then sync.",
        )  # fmt: skip
    config, report = config_of(found.answers), SyncReport(dry_run=dry_run)
    with _recorded(found, report, begin):
        _fill(Ground(found, config, design(config), results, transcripts, desk_of(cancelled)), report,
              restore=restore, on_event=on_event, cancelled=cancelled)  # fmt: skip
    return report


@contextmanager
def _recorded(found: System, report: SyncReport, begin: float) -> Iterator[None]:
    """Put into the audit log what a sync came to, however it ends."""
    more: dict[str, Any] = {}
    try:
        yield
    except BaseException as error:
        more["error"] = error.title if isinstance(error, ChatbuilderError) else type(error).__name__
        raise
    finally:
        report.seconds = time.monotonic() - begin
        if not report.dry_run:
            counts = {name: getattr(report, name) for name in ("created", "updated", "unchanged", "skipped", "failed")}
            counts |= {"calls": report.requests} if is_remote(found.platform) else {}
            seconds = round(report.seconds, 1)
            audit.record(locate().audit_log, "sync", system=found.id, **counts, seconds=seconds, **more)


def _fill(ground: Ground, report: SyncReport, *, restore: bool, on_event: Hear, cancelled: Callable[[], bool]) -> None:
    found, config = ground.system, ground.config
    hands = hands_of(config, found.id, lambda event: _waits(event, on_event), cancelled)
    with usable_target(found.place), naming_account(config.platform, config.target.account):
        room = open_room(replace(ground, tell=hands.tell))
        with hands.holding(room.store), opened(locate().library) as connection:
            report.notes += hands.do(room.store.check)
            run = Run(room, Placements(connection, found.id), report, hands, on_event, transcripts=ground.transcripts)
            try:
                _go(run, found, restore=restore)
            finally:
                report.requests = room.store.requests
                report.unlisted = dict(room.maker.unlisted.most_common())
                report.notes += room.store.noticed
            if report.dry_run:
                forecast = room.store.forecast(run.outlook())
                report.requests = forecast.requests
                report.notes += forecast.notes


def _go(run: Run, system: System, *, restore: bool) -> None:
    try:
        run.go(system, restore=restore)
    except Cancelled:
        raise stopped() from None


def _waits(event: Event, hear: Hear) -> None:
    if isinstance(event, StepWaiting):
        hear(SyncWaiting(event.why, event.seconds))
