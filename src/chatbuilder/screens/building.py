"""The build as the interface sees it: a job in a thread that outlives its screen, heard step by step, stopped by asking."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from threading import Event
from typing import Any, Protocol

from chatbuilder import wizard
from chatbuilder.errors import ChatbuilderError
from chatbuilder.screens.desk import Desk
from chatbuilder.screens.state import State
from chatbuilder.wizard import Delivery, Outcome, Progress

Hear = Callable[[str, wizard.StepState, str], None]


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


class BuildingDesk(Desk):
    """A desk that builds one system at a time."""

    def __init__(self, state: State) -> None:
        super().__init__(state)
        self._halt = Event()
        self._leaving = False

    @abstractmethod
    def build_job(self) -> Callable[[Hear, Callable[[], bool]], Job] | None:
        """Return what builds the system, given who listens and who may stop it; None when it cannot start."""

    @abstractmethod
    def built(self, outcome: Outcome) -> None:
        """A system exists."""

    @abstractmethod
    def look(self) -> None:
        """Look at the target again."""

    @abstractmethod
    def leave(self) -> None:
        """Save and go."""

    @property
    def busy(self) -> bool:
        """Whether a build is going on."""
        return self.state.progress is not None and self.state.progress.busy

    def on_start(self) -> None:
        """Build it, or go on with it."""
        job, solution = self.build_job(), self.state.solution
        if job is None or solution is None or self.busy:
            return
        self._halt.clear()
        self.update(progress=Progress(tuple(Delivery(step.key, step.title) for step in solution.plan)))

        def hear(key: str, state: wizard.StepState, note: str) -> None:
            self.post_message(self.Finished(self._heard, (key, state, note)))

        self.work(lambda: job(hear, self._halt.is_set), self._ended, self._refused)

    def _heard(self, step: tuple[str, wizard.StepState, str]) -> None:
        if self.state.progress is not None:
            self.update(progress=self.state.progress.with_step(*step))

    def _ended(self, job: Job) -> None:
        progress = self.state.progress or Progress(())
        self.update(progress=progress.ended(job.status, wizard.error_lines(job.error or {})))
        if job.status == "completed":
            self.built(wizard.built(job.result))
        self._after_build()

    def _refused(self, error: ChatbuilderError) -> None:
        self.update(progress=(self.state.progress or Progress(())).ended("failed", error.lines()))
        self._after_build()

    def _after_build(self) -> None:
        if self._leaving:
            self.leave()
        elif self.state.session.outcome is None:
            self.look()

    def on_stop(self) -> None:
        """Stop after the present step."""
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

    def _leave_later(self) -> None:
        self._leaving = True
        if not self.busy:
            self.leave()
