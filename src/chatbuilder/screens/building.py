"""Building as the interface sees it: a job in a thread that outlives its screen."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from chatbuilder import wizard
from chatbuilder.errors import ChatbuilderError, ExitCode
from chatbuilder.screens.exporting import ExportingDesk
from chatbuilder.screens.state import State
from chatbuilder.screens.wording import all_here
from chatbuilder.wizard import Answers

if TYPE_CHECKING:
    from chatbuilder.screens.progress import Progress, StepState
    from chatbuilder.screens.reports import Job

DRAW_AFTER = 0.05  # seconds: a fast build has more steps than the eye can follow
Hear = Callable[[str, Literal["running", "held", "done", "left", "failed"], str, float], None]


class BuildingDesk(ExportingDesk):
    """A desk that builds one system at a time."""

    def __init__(self, state: State, styles: list[Any], theme: str = "", *, plain: bool = False) -> None:
        super().__init__(state, styles, theme, plain=plain)
        self._halt = Event()
        self._leaving = False
        self._built_from: Answers | None = None

    @abstractmethod
    def build_job(self, *, tidy: bool) -> Callable[[Hear, Callable[[], bool]], Job] | None:
        """Return what builds the system, given who listens and who may stop it; None when it cannot start.

        With `tidy` what the answers do not ask for any more is removed, unless somebody edited it.
        """

    @abstractmethod
    def leave(self) -> None:
        """Save and go."""

    def start(self, *, tidy: bool = False) -> None:
        """Build it, or go on with it."""
        from chatbuilder.screens.progress import Delivery, Progress

        job, solution = self.build_job(tidy=tidy), self.state.solution
        if job is None or solution is None or self.busy:
            return
        self._halt.clear()
        self._built_from = self.state.session.answers
        plan = self.state.changes.plan if self.state.changes else solution.plan
        self.update(progress=Progress(tuple(Delivery(step.key, step.title) for step in plan)))

        def hear(key: str, state: StepState, note: str, seconds: float = 0.0) -> None:
            self.tell(self._heard, (key, state, note, monotonic() + seconds))

        def body() -> Job:
            with self.at_target:
                return job(hear, self._halt.is_set)

        self.look_away()
        self.work(body, self._ended, self._refused)

    def _heard(self, step: tuple[str, StepState, str, float]) -> None:
        if self.state.progress is not None:
            self.state = replace(self.state, progress=self.state.progress.with_step(*step))
            self.soon(DRAW_AFTER, self.update)

    def _ended(self, job: Job) -> None:
        from chatbuilder.screens.progress import error_lines

        error = job.error or {}
        self._after_build(
            lambda progress: progress.ended(job.status, all_here(error_lines(error)), error.get("exit_code") or 0)
        )
        if job.status == "completed" and self._built_from is self.state.session.answers:
            self.built(wizard.built(job.result))

    def _refused(self, error: ChatbuilderError) -> None:
        status = "cancelled" if error.exit_code == ExitCode.INTERRUPTED else "failed"
        lines = () if status == "cancelled" else all_here(error.lines())
        self._after_build(lambda progress: progress.ended(status, lines, error.exit_code))

    def _after_build(self, end: Callable[[Progress], Progress]) -> None:
        """Show how it ended; a build of answers that are not the present ones any more leaves nothing to show."""
        progress, same = self.state.progress, self._built_from is self.state.session.answers
        self.update(progress=end(progress) if progress and same else None)
        if self._leaving:
            self.leave()
        else:
            self.look()

    def on_unmount(self) -> None:
        """The window is gone, as when its terminal is closed: what is done stays, and nothing more begins."""
        self._halt.set()

    def on_stop(self) -> None:
        """Stop; what is done stays."""
        self._halt.set()
        if self.state.progress is not None and self.busy:
            self.update(progress=self.state.progress.stopping())

    def ask_to_stop(self, yes: str, then: Callable[[], None]) -> None:
        """Ask before a build is stopped; what it has done stays."""

        def stop() -> None:
            self.on_stop()
            then()

        done = self.state.progress.done if self.state.progress else 0
        text = f"It is being built: {done} steps are done and stay. You can go on with the rest at any time."
        self.ask("Stop building?", text, yes, "Keep building", stop)

    async def action_quit(self) -> None:
        """Leave; the session is saved, a build is only stopped after asking."""
        if self.busy:
            self.ask_to_stop("Stop and quit", self._leave_later)
        else:
            self.leave()

    @property
    def at_work(self) -> bool:
        """Whether something is being written that is better not cut off."""
        return self.busy

    def _leave_later(self) -> None:
        self._leaving = True
        progress = self.state.progress
        # What has not begun waits for a keyring or a lock, perhaps for ever; once stopped, it never begins.
        waiting = progress is not None and self.busy and not (progress.done or progress.abreast)
        if waiting or not self.at_work:
            self.leave()
