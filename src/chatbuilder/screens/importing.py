"""Bringing in chats as the interface sees it: places to import from, a preview, the import, all in threads."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Any

from chatbuilder.errors import ChatbuilderError, ExitCode
from chatbuilder.screens.building import BuildingDesk
from chatbuilder.screens.inflow import Intake, Origin
from chatbuilder.screens.state import State
from chatbuilder.screens.wording import all_here

if TYPE_CHECKING:
    from chatbuilder.screens.imported import Listing, Logs, Progress, ReadReport
    from chatbuilder.screens.wishes import Browse, Origins, Read


class ImportingDesk(BuildingDesk):
    """A desk that brings chats into the library. `chats` is `pipeline.bringing` or what is like it."""

    chats: Any

    def __init__(self, state: State, styles: list[Any], theme: str = "", *, plain: bool = False) -> None:
        super().__init__(state, styles, theme, plain=plain)
        self._read_stop = Event()

    def imported(self) -> None:
        """The screen that brings in chats was closed."""

    def on_ask_import(self) -> None:
        """Open the screen that brings in chats; what was done on it before is done."""
        from chatbuilder.screens.importer import ImportScreen

        if any(isinstance(screen, ImportScreen) for screen in self.screen_stack):
            return
        self.state = replace(self.state, intake=Intake())
        self.push_screen(ImportScreen(self.state), lambda _: self.imported())
        self.work(self.chats.logs, self._logs_found, aside=True)

    def _logs_found(self, found: tuple[Logs, ...]) -> None:
        """Offer the places that were found, beside those named meanwhile."""
        intake = self.state.intake
        named = tuple(origin for origin in intake.origins if not origin.assistant)
        origins = (*(Origin(logs.path, logs.assistant) for logs in found), *named)
        self.update(intake=replace(intake, origins=origins, listed=True))

    def on_origins(self, event: Origins) -> None:
        """Import from other places."""
        if not self.state.intake.busy:
            self.update(intake=self.state.intake.choosing(*event.origins))

    def on_read(self, event: Read) -> None:
        """Import, or look what that would do."""
        intake = self.state.intake
        if intake.busy or not intake.paths:
            return
        stop = self._read_stop = Event()

        def hear(progress: Progress) -> None:
            self.tell(partial(self._read_on, stop), progress)

        known = 0 if event.dry_run else intake.report.found if intake.report else intake.total
        self.update(intake=intake.at("looking" if event.dry_run else "working", total=known, report=None))
        job = partial(self.chats.read, intake.paths, event.dry_run, hear, stop.is_set)
        self.work(job, partial(self._were_read, stop), partial(self._not_read, stop), aside=event.dry_run)

    def _read_on(self, stop: Event, progress: Progress) -> None:
        if stop is self._read_stop and self.state.intake.busy:
            counts = (progress.found, progress.imported, progress.updated)
            self.update(intake=replace(self.state.intake, counts=counts))

    def _were_read(self, stop: Event, report: ReadReport) -> None:
        if stop is self._read_stop:
            self.update(intake=self.state.intake.at("seen" if report.dry_run else "done", report=report))
            self.after_work()

    def _not_read(self, stop: Event, error: ChatbuilderError) -> None:
        if stop is not self._read_stop:
            return
        intake, stopped = self.state.intake, error.exit_code == ExitCode.INTERRUPTED
        if stopped and intake.stage == "looking":
            self.update(intake=intake.at("choosing"))
        else:
            found, new, changed = intake.counts
            far = (f"So far: {found:,} chats read, {new:,} new, {changed:,} changed.",) if stopped and found else ()
            lines = (*all_here(error.lines()), *far)
            self.update(intake=intake.at("stopped" if stopped else "refused", trouble=lines))
        self.after_work()

    def stop_reading(self) -> None:
        """Stop reading; what was imported stays."""
        self._read_stop.set()
        if self.state.intake.busy:
            self.update(intake=replace(self.state.intake, ending=True))

    def after_work(self) -> None:
        """Something that may have kept the window open has ended."""
        if self._leaving:
            self.leave()

    def on_unmount(self) -> None:
        """The window is gone: what is imported stays, and nothing more begins."""
        self._read_stop.set()

    # Choosing a folder or file

    def on_browse(self, event: Browse) -> None:
        """Show a folder to choose from."""
        from chatbuilder.screens.chooser import ChooserScreen

        if not isinstance(self.screen, ChooserScreen):
            self.push_screen(ChooserScreen(), self._chosen)
        self.work(partial(self.chats.listing, event.folder), self._show_folder, aside=True)

    def _show_folder(self, found: Listing) -> None:
        from chatbuilder.screens.chooser import ChooserScreen

        if isinstance(self.screen, ChooserScreen):
            self.screen.show(found)

    def _chosen(self, path: str | None) -> None:
        intake = self.state.intake
        if path and not intake.busy:
            self.update(intake=intake.choosing(*_with(intake.origins, path)))


def _with(origins: tuple[Origin, ...], path: str) -> tuple[Origin, ...]:
    """Return the origins with one that the person named, ticked."""
    return (*(origin for origin in origins if origin.path != path), Origin(path))
