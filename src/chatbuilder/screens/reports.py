"""What the pipeline hands over, as far as screens read it: they do not know the pipeline itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol


class Target(Protocol):
    """What was found at the place to build in (`pipeline.TargetReport`)."""

    @property
    def place(self) -> str:
        """The place in one line."""

    @property
    def ready(self) -> bool:
        """Whether nothing stands in the way."""

    @property
    def notes(self) -> Sequence[str]:
        """What else to know."""

    @property
    def merges(self) -> Sequence[str]:
        """The person's own settings files that would be extended."""

    @property
    def problems(self) -> Sequence[str]:
        """What stands in the way."""

    @property
    def credentials(self) -> str:
        """The state of the token, in words."""


class Job(Protocol):
    """How a build ended (`pipeline.Job`)."""

    @property
    def status(self) -> str:
        """Completed, failed or cancelled."""

    @property
    def result(self) -> Mapping[str, Any]:
        """Where the system is."""

    @property
    def error(self) -> Mapping[str, Any] | None:
        """What stopped it."""


class Report(Protocol):
    """What an export did (`pipeline.ExportReport`)."""

    @property
    def place(self) -> str:
        """The folder."""

    @property
    def written(self) -> Sequence[str]:
        """New files."""

    @property
    def updated(self) -> Sequence[str]:
        """Files of an earlier export, written anew."""

    @property
    def unchanged(self) -> Sequence[str]:
        """Files that were right already."""

    @property
    def kept(self) -> Sequence[str]:
        """Files that the person changed, and that stay."""
