"""Looking at the target: one look at a time, in a thread, given up as soon as its answer is of no interest."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import partial
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from chatbuilder.errors import ChatbuilderError, ExitCode
from chatbuilder.screens.connecting import ConnectingDesk
from chatbuilder.screens.state import State

if TYPE_CHECKING:
    from chatbuilder.screens.standing import Seen

    Look = Callable[[Callable[[], bool], Callable[[str, float], None]], Seen]

NOTHING_SEEN = {"target": None, "unfinished": False, "changes": None, "leftovers": (), "fault": "", "waiting": ""}


class LookingDesk(ConnectingDesk):
    """A desk that looks before it builds."""

    def __init__(self, state: State, styles: list[Any], theme: str = "", *, plain: bool = False) -> None:
        super().__init__(state, styles, theme, plain=plain)
        self._eye: Event | None = None  # set once nobody waits for the look that is under way
        self._again = False
        self.at_target = Lock()  # a look and a build would be in each other's way

    @abstractmethod
    def look_job(self) -> Look | None:
        """Return what looks at the target, given who may stop it and who hears of waits; None before there is one."""

    @abstractmethod
    def seen(self) -> None:
        """The target was looked at."""

    @property
    def busy(self) -> bool:
        """Whether a build is going on."""
        return self.state.progress is not None and self.state.progress.busy

    def look(self) -> None:
        """See what is at the target, without changing it; a look that is under way is given up for this one."""
        if self._eye is not None:
            self._eye.set()
            self._again = True
            return
        job = self.look_job()
        if job is None or self.busy:
            return
        stop = self._eye = Event()

        def waits(why: str, seconds: float) -> None:
            self.tell(partial(self._waits_to_see, stop), f"{why}: up to {round(seconds)} s …")

        def body() -> Seen:
            with self.at_target:
                return job(stop.is_set, waits)

        self.work(body, partial(self._looked, stop), partial(self._not_looked, stop), aside=True)

    def look_away(self) -> None:
        """Give up the look that is under way: the answers are others, or a build begins."""
        if self._eye is not None:
            self._eye.set()

    def on_unmount(self) -> None:
        """The window is gone: nobody waits for any answer, and the process must not either."""
        self.look_away()
        self.on_stop_asking()

    def _waits_to_see(self, stop: Event, text: str) -> None:
        if not stop.is_set():
            self.update(waiting=text[:1].upper() + text[1:])

    def _looked(self, stop: Event, found: Seen) -> None:
        if self._still_asked(stop):
            self.update(
                target=found.target, unfinished=found.unfinished, changes=found.changes, leftovers=found.leftovers,
                fault=found.fault, waiting="",
            )  # fmt: skip
            self.seen()

    def _not_looked(self, stop: Event, error: ChatbuilderError) -> None:
        if self._still_asked(stop) and error.exit_code != ExitCode.INTERRUPTED:
            self.update(waiting="The place could not be looked at.")
            self.trouble(error)

    def _still_asked(self, stop: Event) -> bool:
        self._eye, again, self._again = None, self._again, False
        if again:
            self.look()
        return not (again or stop.is_set())
