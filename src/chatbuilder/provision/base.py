"""What a provisioner is: something that delivers one step, looks it up, inspects it and takes it down again."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, runtime_checkable

from chatbuilder.solution import Plan, Step

Result = Mapping[str, Any]
State = Literal["same", "edited", "missing"]


@dataclass(frozen=True, slots=True)
class Preflight:
    """What was found at the target before anything is written.

    `merges` are settings of the person's own that would get new keys (asks for consent), `notes` what else to know.
    """

    place: str
    exists: bool
    notes: tuple[str, ...] = ()
    merges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Removal:
    """What became of one step's work when it was taken down; `why` says why something was kept.

    `told` is False for what another step's words cover already: a field whose table is named.
    """

    removed: bool
    what: str
    why: str = ""
    told: bool = True


@dataclass(frozen=True, slots=True)
class Links:
    """Where the finished system is: `url` opens it, `place` names it for people, `next` is what to do first."""

    url: str
    place: str
    next: tuple[str, ...] = field(default=())


class Skipped(Exception):
    """A step that is no failure when the platform will not do it (a plan limit): it and what needs it are left out."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Account:
    """What a token is good for, as the vendor says: `who` it belongs to, what it `may` do, plan `limits` that matter.

    `next` are the steps that are still missing, in the vendor's own words with instructions; empty when it will do.
    """

    who: str
    may: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()
    next: tuple[str, ...] = ()

    @property
    def usable(self) -> bool:
        """Tell whether nothing is missing."""
        return not self.next


class Provisioner(Protocol):
    """Delivers the steps of one platform to one target. Payloads arrive with every Ref resolved.

    Methods raise `InputError` for an unusable target and `RefusedError` when the platform says no. Every write is
    atomic: killed at any instant, a step is either not there, or there whole and found by `look_up`.

    `abreast` is how many steps may be delivered at once. With more than 1, `deliver` is called on several threads, and
    only for steps whose `depends_on` are done; it may raise `Cancelled` (the step is looked up by the next run) and
    `Skipped`. With 1 everything happens in order on the calling thread.
    """

    abreast: int

    def preflight(self, plan: Plan, known: Mapping[str, Result]) -> Preflight:
        """Check the target without changing it. `known` are results of earlier runs, by step key.

        Raises `InputError` listing every clash with things of the person's own that are not in `known`.
        """
        ...

    def look_up(self, step: Step, payload: Mapping[str, Any]) -> Result | None:
        """Return the result of a step that was begun and never confirmed, or None when it is not there."""
        ...

    def deliver(self, step: Step, payload: Mapping[str, Any], previous: Result | None) -> Result:
        """Do one step. `previous` is its result of an earlier run with other answers: update it, unless the person
        changed it since: then keep theirs and say so in the result as {"kept": "why"}. Make anew what is gone.
        """
        ...

    def inspect(self, step: Step, payload: Mapping[str, Any], result: Result) -> State:
        """Tell whether a delivered step is still there as written."""
        ...

    def remove(self, step: Step, payload: Mapping[str, Any], result: Result) -> Removal:
        """Take down what `deliver` created, unless the person changed it since. Never touches anything else."""
        ...

    def links(self, results: Mapping[str, Result]) -> Links:
        """Return where the system is."""
        ...

    def close(self) -> None:
        """Let go of files and connections."""
        ...


@runtime_checkable
class Recovering(Protocol):
    """A provisioner that finds what it built when no record of it is left. Both methods only ask."""

    def lost(self, plan: Plan, marks: Collection[str]) -> str | None:
        """Return the mark of a system of this plan that stands at the target, None without one.

        `marks` are those of systems that are on record. Raises `RefusedError` when several stand there, or when what
        stands is no longer whole enough to tell what belongs to it; else as `preflight` does.
        """
        ...

    def adopt(self, step: Step, payload: Mapping[str, Any]) -> Result | None:
        """Return the result of a step as it stands in the system that `lost` found, None when it is still to be made.

        A step of which nothing, or not everything, is found under its name says so in words under "lost"; what is
        missing has an id in its result that nothing has, so that it counts as gone.
        """
        ...


@runtime_checkable
class Sweeping(Protocol):
    """A provisioner whose calls in doubt may have made a thing twice where only a later look can tell."""

    def sweep(self, step: Step, payload: Mapping[str, Any], result: Result) -> tuple[str, ...]:
        """Clear away what a call in doubt made a second time and nobody touched; return what to tell of it."""
        ...


Steps = Sequence[Step]
