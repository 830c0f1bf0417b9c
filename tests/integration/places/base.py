"""What every system that sync fills can do in a test."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from typing import Any

from chatbuilder import pipeline
from chatbuilder.config import Config
from chatbuilder.paths import locate
from chatbuilder.pipeline.syncing import SyncReport, sync
from tests.integration.filling import FULL


class Place(ABC):
    """A built system and its rows. Close it when done; `answers` are everything but platform and target.

    Values are told and edited by field key, as text: "" is empty, several are parted by ", ", linked rows are told by
    their titles, times are ISO in UTC, a tick is "true".
    """

    platform: str
    strict = False
    """Whether a choice that is not among the options is refused there."""
    follows_renames = True
    """Whether a project that was renamed there is still known by the rows that come later."""
    batch = "chatbuilder.pipeline.rooms.BATCH"
    """Where it is said how many rows are written at once."""
    forks = True
    """Whether a process that is forked and killed leaves what it wrote in the room's folder."""
    moments = "seconds"
    """How exact times are there: "seconds" or "minutes"."""

    def __init__(self, room: Path, answers: dict[str, Any] | None = None) -> None:
        self.room = room
        self.build(pipeline.check({**(answers or FULL), "platform": self.platform, "target": self.target()}))

    def close(self) -> None:  # noqa: B027  (only those that run something have something to end)
        """End what the place runs."""

    def build(self, config: Config) -> None:
        """Apply answers; they must work out."""
        job = pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False)
        assert job.status == "completed", job.error
        self.config, self.system = config, job.system

    def keep(self) -> Any:
        """What stands out there beside the folders of the test, to go back to."""
        return None

    def back_to(self, kept: Any) -> None:  # noqa: B027  (only those out there have anything to do)
        """Go back to what was kept, once nothing is going on there any more."""

    def each_call(self, moment: Callable[[], None]) -> None:  # noqa: B027  (only those out there are called)
        """Let something happen before every call to a vendor, and after every answer."""

    def lose_library(self) -> None:
        """Lose the library, and let a new one know the system as well as it can."""
        for file in locate().library.parent.glob("library*"):
            file.unlink()
        self.build(self.config)

    def sync(self, **more: Any) -> SyncReport:
        """Sync, and see that the counts add up."""
        report = sync(self.system, **more)
        parts = ("created", "updated", "unchanged", "skipped", "failed")
        assert report.chats == sum(getattr(report, part) for part in parts)
        return report

    @abstractmethod
    def target(self) -> dict[str, str]:
        """Where it is built."""

    @abstractmethod
    def rows(self) -> dict[str, dict[str, str]]:
        """What stands in every row of a chat but the samples, by key and field; no chat may be there twice."""

    @abstractmethod
    def edit(self, key: str, **values: str) -> None:
        """Change values of a row as a person would."""

    @abstractmethod
    def delete(self, key: str) -> None:
        """Delete a row as a person would."""

    @abstractmethod
    def said(self, key: str) -> list[str]:
        """The texts of the transcript of a chat."""

    @abstractmethod
    def retell(self, key: str, old: str, new: str) -> None:
        """Change a text in a transcript as a person would."""

    @abstractmethod
    def projects(self) -> list[str]:
        """The titles of projects, but of samples."""

    @abstractmethod
    def rename_project(self, old: str, new: str) -> None:
        """Rename a project as a person would."""

    @abstractmethod
    def delete_project(self, title: str) -> None:
        """Delete a project as a person would."""

    @abstractmethod
    def snapshot(self) -> dict[str, Any]:
        """Everything that stands there, to tell whether anything was written."""

    @abstractmethod
    def take_away(self) -> None:
        """Make the target unreachable: it is moved, deleted or not shared any more."""

    @abstractmethod
    def wipe(self) -> None:
        """Remove what `destroy` left, so that the same system can be built anew."""
