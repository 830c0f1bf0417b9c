"""Building and exporting as the interface sees them: jobs in threads that outlive their screens."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from threading import Event
from typing import TYPE_CHECKING, Any, Literal

from chatbuilder import wizard
from chatbuilder.errors import ChatbuilderError
from chatbuilder.screens.menu import MenuDesk
from chatbuilder.screens.messages import Export
from chatbuilder.screens.state import State
from chatbuilder.wizard import Answers, Outcome

if TYPE_CHECKING:
    from chatbuilder.screens.progress import Progress, StepState
    from chatbuilder.screens.reports import Job, Report

DRAW_AFTER = 0.05  # seconds: a fast build has more steps than the eye can follow
Hear = Callable[[str, Literal["running", "done", "failed"], str], None]


class BuildingDesk(MenuDesk):
    """A desk that builds one system at a time."""

    def __init__(self, state: State, styles: list[Any], theme: str = "", *, plain: bool = False) -> None:
        super().__init__(state, styles, theme, plain=plain)
        self._halt = Event()
        self._leaving = False
        self._built_from: Answers | None = None

    @abstractmethod
    def build_job(self) -> Callable[[Hear, Callable[[], bool]], Job] | None:
        """Return what builds the system, given who listens and who may stop it; None when it cannot start."""

    @abstractmethod
    def export_job(self, folder: str, zipped: bool) -> Callable[[], Report] | None:
        """Return what writes the package; None when there is none yet."""

    @abstractmethod
    def built(self, outcome: Outcome) -> None:
        """A system, or its package, exists."""

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
        from chatbuilder.screens.progress import Delivery, Progress

        job, solution = self.build_job(), self.state.solution
        if job is None or solution is None or self.busy:
            return
        self._halt.clear()
        self._built_from = self.state.session.answers
        self.update(progress=Progress(tuple(Delivery(step.key, step.title) for step in solution.plan)))

        def hear(key: str, state: StepState, note: str) -> None:
            self.post_message(self.Finished(self._heard, (key, state, note)))

        self.work(lambda: job(hear, self._halt.is_set), self._ended, self._refused)

    def _heard(self, step: tuple[str, StepState, str]) -> None:
        if self.state.progress is not None:
            self.state = replace(self.state, progress=self.state.progress.with_step(*step))
            self.soon(DRAW_AFTER, self.update)

    def _ended(self, job: Job) -> None:
        from chatbuilder.screens.progress import error_lines

        self._after_build(lambda progress: progress.ended(job.status, error_lines(job.error or {})))
        if job.status == "completed" and self._built_from is self.state.session.answers:
            self.built(wizard.built(job.result))

    def _refused(self, error: ChatbuilderError) -> None:
        self._after_build(lambda progress: progress.ended("failed", error.lines()))

    def _after_build(self, end: Callable[[Progress], Progress]) -> None:
        """Show how it ended; a build of answers that are not the present ones any more leaves nothing to show."""
        progress, same = self.state.progress, self._built_from is self.state.session.answers
        self.update(progress=end(progress) if progress and same else None)
        if self._leaving:
            self.leave()
        else:
            self.look()

    def on_stop(self) -> None:
        """Stop after the present step."""
        self._halt.set()
        if self.state.progress is not None and self.busy:
            self.update(progress=self.state.progress.stopping())

    def on_ask_export(self) -> None:
        """Ask where to export to."""
        from chatbuilder.screens.export import ExportScreen

        self.push_screen(ExportScreen(wizard.export_folder(self.state.session.answers)))

    def on_export(self, event: Export) -> None:
        """Write the package; the dialog tells what came of it."""
        if job := self.export_job(event.folder, event.zipped):
            self.work(job, self._exported, self._not_exported)

    def _exported(self, report: Report) -> None:
        if (finished := getattr(self.screen, "finished", None)) is not None:
            finished(report)
        if self.state.session.outcome is None:
            self.built(wizard.exported(report.place))

    def _not_exported(self, error: ChatbuilderError) -> None:
        if (refused := getattr(self.screen, "refused", None)) is not None:
            refused(error.lines())
        else:
            self.trouble(error)

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
