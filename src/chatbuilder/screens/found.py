"""Chats that a search found, as far as screens read them (see `reports`)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol


class FoundChat(Protocol):
    """A chat in a list (`pipeline.ChatInfo`): what is shown of it, and what leads to it."""

    @property
    def key(self) -> str:
        """What stands for it everywhere."""

    @property
    def title(self) -> str | None:
        """Its title."""

    @property
    def assistant(self) -> str:
        """The product's name."""

    @property
    def project(self) -> str | None:
        """The name of its project."""

    @property
    def started(self) -> datetime | None:
        """When it began (UTC)."""

    @property
    def last_activity(self) -> datetime | None:
        """When somebody last said something in it (UTC)."""

    @property
    def url(self) -> str | None:
        """Its deep link."""

    @property
    def command(self) -> str | None:
        """What resumes it in a shell."""


class FoundHit(Protocol):
    """A chat with the place of the words in it (`pipeline.Hit`)."""

    @property
    def chat(self) -> FoundChat:
        """The chat."""

    @property
    def snippet(self) -> str:
        """A line of text around the words."""

    @property
    def spans(self) -> Sequence[tuple[int, int]]:
        """Where in the snippet they stand."""

    @property
    def title_spans(self) -> Sequence[tuple[int, int]]:
        """Where in the title they stand."""


class FoundHits(Protocol):
    """The first hits of all that fit (`pipeline.Hits`)."""

    @property
    def hits(self) -> Sequence[FoundHit]:
        """The hits, best first."""

    @property
    def total(self) -> int:
        """How many chats fit."""
