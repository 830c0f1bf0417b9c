"""Saved sessions and built systems, as far as screens read them (see `reports`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class SavedDraft(Protocol):
    """One saved session (`pipeline.DraftInfo`)."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def name(self) -> str:
        """The name of the system in it."""

    @property
    def platform(self) -> str:
        """The id of its platform."""

    @property
    def step(self) -> str:
        """The step it is at."""

    @property
    def saved(self) -> str:
        """When it was saved, ISO 8601 in UTC."""

    @property
    def locked(self) -> bool:
        """Whether another window has it open."""

    @property
    def problem(self) -> str:
        """Why it was kept aside."""


class BuiltSystem(Protocol):
    """One system that exists (`pipeline.SystemInfo`)."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def platform(self) -> str:
        """The id of its platform."""

    @property
    def place(self) -> str:
        """Where it is, and `status` how it is."""

    @property
    def status(self) -> str:
        """Ready, or what it is instead."""


class Draft(Protocol):
    """A saved session that this window has open (`pipeline.Draft`)."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def answers(self) -> Mapping[str, Any]:
        """The answers in it."""

    @property
    def step(self) -> str:
        """The step it is at, and in `reached` those seen."""

    @property
    def reached(self) -> Sequence[str]:
        """The steps that were seen."""

    @property
    def extra(self) -> Mapping[str, Any]:
        """What else is kept: the outcome, and answers that were not usable."""

    @property
    def copied_from(self) -> str:
        """The draft it is a copy of."""
