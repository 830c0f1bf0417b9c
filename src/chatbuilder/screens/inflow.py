"""How far bringing in chats and filling a system are: frozen values that every event replaces."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from chatbuilder.screens.filled import FillReport
    from chatbuilder.screens.imported import ReadReport
    from chatbuilder.screens.saved import BuiltSystem

Stage = Literal["choosing", "looking", "seen", "working", "done", "stopped", "refused"]


@dataclass(frozen=True, slots=True)
class Origin:
    """A place to import from: logs of an assistant, or with "" an export that the person named."""

    path: str
    assistant: str = ""
    ticked: bool = True


@dataclass(frozen=True, slots=True)
class Intake:
    """Bringing in chats. `report` is of the last look or import; `trouble` are the lines to show when one stopped.

    looking: a preview is made; seen: it is there; working: chats are imported; `ending` once it was asked to stop.
    `total` is how many chats the look found, 0 before it.
    """

    origins: tuple[Origin, ...] = ()
    listed: bool = False
    stage: Stage = "choosing"
    ending: bool = False
    counts: tuple[int, int, int] = (0, 0, 0)  # found, new, changed
    total: int = 0
    report: ReadReport | None = None
    trouble: tuple[str, ...] = ()

    @property
    def busy(self) -> bool:
        """Whether something is being read."""
        return self.stage in ("looking", "working")

    @property
    def paths(self) -> tuple[str, ...]:
        """What is to be read."""
        return tuple(origin.path for origin in self.origins if origin.ticked)

    @property
    def news(self) -> int:
        """How many chats an import would write."""
        return self.report.imported + self.report.updated if self.report else 0

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return self.stage == "done" or (self.stage == "seen" and not self.news)

    @property
    def told_now(self) -> object:
        """What stands for the words that tell of it: while it is the same, they are."""
        return self.stage, id(self.report), self.trouble, self.listed, bool(self.origins)

    def choosing(self, *origins: Origin) -> Intake:
        """Return it with other origins; what was seen of the ones before is void."""
        return replace(self, origins=origins, stage="choosing", total=0, report=None, trouble=())

    def at(self, stage: Stage, **more: Any) -> Intake:
        """Return it at another stage."""
        return replace(self, **{"stage": stage, "ending": False, "counts": (0, 0, 0), "trouble": (), **more})


@dataclass(frozen=True, slots=True)
class Filling:
    """Filling a system. `systems` is None until it is known what there is; `chats` counts those of the library.

    looking: it is worked out what would be written; seen: `report` tells it; working: it is written; done: `report`
    tells what was. `waits` is why it waits, `until` a moment of the monotonic clock in seconds.
    """

    systems: tuple[BuiltSystem, ...] | None = None
    system: str = ""
    chats: int = 0
    transcripts: bool = False
    stage: Stage = "choosing"
    ending: bool = False
    counts: tuple[int, int, int, int] = (0, 0, 0, 0)  # looked at, of, new, changed
    waits: str = ""
    until: float = 0.0
    report: FillReport | None = None
    trouble: tuple[str, ...] = ()

    @property
    def busy(self) -> bool:
        """Whether it is being worked out or written."""
        return self.stage in ("looking", "working")

    @property
    def target(self) -> BuiltSystem | None:
        """The system that is filled."""
        return next((system for system in self.systems or () if system.id == self.system), None)

    @property
    def news(self) -> int:
        """How many rows would be written."""
        return self.report.created + self.report.updated if self.report else 0

    @property
    def over(self) -> bool:
        """Whether nothing is left to do."""
        return self.stage == "done" or (self.stage == "seen" and not self.news)

    @property
    def told_now(self) -> object:
        """What stands for the words that tell of it: while it is the same, they are."""
        return self.stage, id(self.report), self.trouble, self.systems is None, self.system, bool(self.chats)

    def told(self, news: Any, now: float) -> Filling:
        """Return it after a word of the sync: it waits, or there is progress and a wait is over."""
        if hasattr(news, "why"):
            return replace(self, waits=news.why, until=now + news.seconds)
        return replace(self, counts=(news.done, news.total, news.created, news.updated), waits="", until=0.0)

    def at(self, stage: Stage, **more: Any) -> Filling:
        """Return it at another stage."""
        clean = {"ending": False, "counts": (0, 0, 0, 0), "waits": "", "until": 0.0, "trouble": ()}
        return replace(self, **{"stage": stage, **clean, **more})
