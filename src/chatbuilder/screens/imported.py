"""What importing hands over, as far as screens read it (see `reports`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from chatbuilder.errors import ChatbuilderError


class Logs(Protocol):
    """Logs of an agent on this machine (`pipeline.FoundLogs`)."""

    @property
    def assistant(self) -> str:
        """The product's name."""

    @property
    def path(self) -> str:
        """Where they are."""


class Spot(Protocol):
    """One line of a folder (`bringing.Spot`): a folder, or a file that may be an export."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def path(self) -> str:
        """Where it is."""

    @property
    def folder(self) -> bool:
        """Whether it is a folder."""

    @property
    def size(self) -> int:
        """Its size in bytes."""

    @property
    def changed(self) -> float:
        """When it was changed, in seconds since 1970."""


class Listing(Protocol):
    """What may be chosen in a folder (`bringing.Listing`)."""

    @property
    def path(self) -> str:
        """The folder, and in `parent` the one above, "" at the top."""

    @property
    def parent(self) -> str:
        """The folder above."""

    @property
    def spots(self) -> Sequence[Spot]:
        """Its lines."""

    @property
    def hidden(self) -> int:
        """How many more things are in it."""


class Progress(Protocol):
    """How far an import is (`pipeline.ImportProgress`)."""

    @property
    def found(self) -> int:
        """How many chats were found so far, and in `imported` and `updated` what became of them."""

    @property
    def imported(self) -> int:
        """How many are new."""

    @property
    def updated(self) -> int:
        """How many have changed."""


class Part(Protocol):
    """What one source of chats gave (`importing.SourceReport`)."""

    imported: int
    updated: int
    unchanged: int
    quarantined: int

    @property
    def chats(self) -> int:
        """How many chats could be read."""

    @property
    def messages(self) -> Mapping[str, int]:
        """Prompts ("human") and answers ("assistant")."""

    @property
    def filled(self) -> Mapping[str, int]:
        """How many chats have each field, as the export tells it, and in `derived` by a rule."""

    @property
    def derived(self) -> Mapping[str, int]:
        """How many chats have each field worked out."""


class Unread(Protocol):
    """Something that could not be read (`importers.Problem`)."""

    @property
    def where(self) -> str:
        """The place for a person."""

    @property
    def reason(self) -> str:
        """Why."""


class ReadReport(Protocol):
    """What an import did, or would do (`pipeline.ImportReport`)."""

    dry_run: bool
    found: int
    imported: int
    updated: int
    unchanged: int
    quarantined: int
    more_problems: int

    @property
    def sources(self) -> Mapping[str, Part]:
        """By source."""

    @property
    def problems(self) -> Sequence[Unread]:
        """What could not be read; `more_problems` counts the rest."""

    @property
    def failed(self) -> Sequence[ChatbuilderError]:
        """Paths that went wrong, and in `strangers` those in which no chats were recognised."""

    @property
    def strangers(self) -> Sequence[ChatbuilderError]:
        """Paths without chats."""
