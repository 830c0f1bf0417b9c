"""`move`: the library into a second system, on another platform or at another place; the first stays as it is.

Both halves are use-cases that can be stopped at any moment and run again: what is built is not built twice, and no row
comes twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chatbuilder import catalog
from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.errors import InputError, UsageError
from chatbuilder.library.systems import Job, Library, System
from chatbuilder.paths import locate
from chatbuilder.pipeline import browsing
from chatbuilder.pipeline.designing import check, know
from chatbuilder.pipeline.evolving import changes
from chatbuilder.pipeline.hands import never
from chatbuilder.pipeline.provisioning import TargetReport, apply, config_of, inspect_target
from chatbuilder.pipeline.rooms import require_filled
from chatbuilder.pipeline.sync_report import SyncReport
from chatbuilder.pipeline.syncing import Hear, sync
from chatbuilder.pipeline.targets import system_id, with_target
from chatbuilder.provision.runner import Event

__all__ = ["Move", "MoveForecast", "MoveReport", "forecast_move", "move", "plan_move"]


@dataclass(frozen=True, slots=True)
class Move:
    """One move: from which system, to which answers, and what comes along.

    `fields` are those of a chat that the second system gets from the library; `stays` are fields of the first that
    only a person fills, and whose values therefore stay there.
    """

    source: System
    config: Config
    system: str
    chats: int
    fields: tuple[str, ...]
    stays: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoveForecast:
    """What a move would do: what is at the place, how many steps are new or change something, and rows to write.

    `sync` is None while the second system is not built: then every chat of the library gets a row.
    """

    target: TargetReport
    steps: int
    sync: SyncReport | None


@dataclass(frozen=True, slots=True)
class MoveReport:
    """What a move did; `sync` is None when the second system could not be finished."""

    apply: Job
    sync: SyncReport | None


def plan_move(
    system: str, answers: Config | None = None, *, platform: str = "", target: Mapping[str, str] | None = None
) -> Move:
    """Return what a move would be about, sending nothing: to `answers`, else to those of the system elsewhere.

    Elsewhere is another `platform`, another `target`, or both. Raises `InputError`, `RefusedError` for a platform that
    sync does not fill, and `UsageError` when nothing says where to.
    """
    with Library(locate().library) as library:
        source = library.system(system)
    first = config_of(source.answers)
    config = with_target(answers or _elsewhere(first, platform, target or {}))
    require_filled(config)
    wanted = system_id(config)
    if wanted == source.id:
        raise InputError(
            f"That is the place of {source.id} itself.", title="Nothing to move", kept="the system as it is.",
            hint="name another platform or place; `chatbuilder sync` brings the library into this system.",
        )  # fmt: skip
    chats = browsing.chats(limit=1).total
    if not chats:
        raise InputError(
            "The library is empty, so nothing would come along.", title="Nothing to move",
            kept="the system as it is.", hint="import the exports of your chats first: `chatbuilder import PATH`.",
        )  # fmt: skip
    return Move(source, config, wanted, chats, _brought(design(config)), _left_behind(design(first)))


def _elsewhere(first: Config, platform: str, target: Mapping[str, str]) -> Config:
    if not (platform or target):
        raise UsageError(
            "It is not said where to.", title="Move where?", kept="everything as it is.",
            hint="add --answers FILE, or --platform NAME with --target KEY=VALUE.",
        )  # fmt: skip
    chosen = platform or first.platform
    know(chosen)
    if chosen in catalog.PLATFORMS and (unknown := set(target) - set(catalog.PLATFORMS[chosen].target_keys)):
        known = ", ".join(catalog.PLATFORMS[chosen].target_keys)
        raise UsageError(
            f"{catalog.PLATFORMS[chosen].name} has no target {', '.join(sorted(unknown))!r}; it has {known}.",
            title="Move where?", kept="everything as it is.", hint=f"for example --target {known.partition(',')[0]}=…",
        )  # fmt: skip
    return check({**first.data(), "platform": chosen, "target": dict(target)}, "The system's answers, moved")


def _brought(blueprint: Blueprint) -> tuple[str, ...]:
    fields = blueprint.sessions.fields
    return tuple(field.name for field in fields if field.owner in ("sync", "seed") and not field.hidden)


def _left_behind(blueprint: Blueprint) -> tuple[str, ...]:
    return tuple(field.name for field in blueprint.sessions.fields if field.owner == "person")


def forecast_move(
    planned: Move, *, transcripts: bool = False, on_sync: Hear = lambda news: None,
    cancelled: Callable[[], bool] = never,
) -> MoveForecast:  # fmt: skip
    """Return what a move would do, changing nothing. Raises as `inspect_target` and `sync` do."""
    target = inspect_target(planned.config, cancelled=cancelled)
    parts = changes(planned.config).parts
    steps = sum(part.kind in ("new", "changed") for part in parts)
    with Library(locate().library) as library:
        found = library.find(planned.system)
    there = found is not None and found.status == "ready" and target.ready
    report = None
    if there:
        report = sync(planned.system, dry_run=True, transcripts=transcripts, on_event=on_sync, cancelled=cancelled)
    return MoveForecast(target, steps, report)


def move(
    planned: Move, *, transcripts: bool = False, on_step: Callable[[Event], None], on_sync: Hear,
    cancelled: Callable[[], bool],
) -> MoveReport:  # fmt: skip
    """Build the second system and bring the library into it; the first is not touched.

    Run it again after any interruption to finish. Raises as `apply` and `sync` do; a step that fails is in the job.
    """
    job = apply(planned.config, on_event=on_step, cancelled=cancelled)
    if job.status != "completed":
        return MoveReport(job, None)
    return MoveReport(job, sync(job.system, transcripts=transcripts, on_event=on_sync, cancelled=cancelled))
