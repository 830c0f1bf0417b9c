"""What filling hands over, as far as screens read it (see `reports`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from chatbuilder.screens.saved import BuiltSystem


class LeftAlone(Protocol):
    """A chat whose row was left alone (`pipeline.SyncProblem`)."""

    @property
    def title(self) -> str:
        """Its title."""

    @property
    def reason(self) -> str:
        """Why."""


class FillReport(Protocol):
    """What a sync did, or would do (`pipeline.SyncReport`)."""

    dry_run: bool
    created: int
    updated: int
    unchanged: int
    skipped: int
    failed: int
    requests: int
    bytes: int
    kept: int
    transcripts: int

    @property
    def unlisted(self) -> Mapping[str, int]:
        """Assistants that are not among the choices."""

    @property
    def notes(self) -> Sequence[str]:
        """What a person should know first: minutes, limits."""

    @property
    def problems(self) -> Sequence[LeftAlone]:
        """The first of those that failed."""


class Standing(Protocol):
    """What there is to fill (`bringing.Standing`)."""

    @property
    def systems(self) -> Sequence[BuiltSystem]:
        """The systems, newest first."""

    @property
    def mine(self) -> str:
        """The one that the answers at hand built."""

    @property
    def chats(self) -> int:
        """How many chats are in the library."""
