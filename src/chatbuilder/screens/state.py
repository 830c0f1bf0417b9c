"""What the app knows, as one frozen value: screens are drawn from it and never from their own widgets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from chatbuilder.wizard import Progress, Session

if TYPE_CHECKING:
    from chatbuilder.blueprint import Blueprint
    from chatbuilder.solution import Solution


class Target(Protocol):
    """What was found at the place to build in (`pipeline.TargetReport`)."""

    @property
    def place(self) -> str: ...
    @property
    def ready(self) -> bool: ...
    @property
    def exists(self) -> bool: ...
    @property
    def notes(self) -> Sequence[str]: ...
    @property
    def merges(self) -> Sequence[str]: ...
    @property
    def problems(self) -> Sequence[str]: ...
    @property
    def credentials(self) -> str: ...


class SavedDraft(Protocol):
    """One saved session (`pipeline.DraftInfo`)."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def platform(self) -> str: ...
    @property
    def step(self) -> str: ...
    @property
    def saved(self) -> str: ...
    @property
    def locked(self) -> bool: ...
    @property
    def problem(self) -> str: ...


class BuiltSystem(Protocol):
    """One system that exists (`pipeline.SystemInfo`)."""

    @property
    def id(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def platform(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def url(self) -> str: ...
    @property
    def status(self) -> str: ...


@dataclass(frozen=True, slots=True)
class State:
    """Everything a screen may show. `problems` are by answer, as `wizard.by_field` returns them.

    `solution`, `target` and `progress` are None until there is one for the present answers.
    """

    session: Session = field(default_factory=Session)
    blueprint: Blueprint | None = None
    before: Blueprint | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    solution: Solution | None = None
    view_words: Mapping[str, str] = field(default_factory=dict)
    target: Target | None = None
    suggested: Mapping[str, str] = field(default_factory=dict)
    progress: Progress | None = None
    saved: str = ""
    zones: tuple[str, ...] = ()
    drafts: tuple[SavedDraft, ...] | None = None
    systems: tuple[BuiltSystem, ...] = ()
