"""Exporting as the interface sees it: a dialog that asks where to, and a job in a thread."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING

from chatbuilder import wizard
from chatbuilder.errors import ChatbuilderError
from chatbuilder.screens.looking import LookingDesk
from chatbuilder.screens.messages import Export
from chatbuilder.wizard import Outcome

if TYPE_CHECKING:
    from chatbuilder.screens.reports import Report


class ExportingDesk(LookingDesk):
    """A desk that writes packages."""

    @abstractmethod
    def export_job(self, folder: str, zipped: bool) -> Callable[[], Report] | None:
        """Return what writes the package; None when there is none yet."""

    @abstractmethod
    def built(self, outcome: Outcome) -> None:
        """A system, or its package, exists."""

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
