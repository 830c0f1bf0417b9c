"""Filling a system as the interface sees it: what there is to fill, a forecast, the filling, all in threads."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from threading import Event
from time import monotonic
from typing import TYPE_CHECKING, Any

from chatbuilder.errors import ChatbuilderError, ExitCode
from chatbuilder.screens.importing import ImportingDesk
from chatbuilder.screens.inflow import Filling, Stage
from chatbuilder.screens.state import State
from chatbuilder.screens.wording import all_here

if TYPE_CHECKING:
    from chatbuilder.screens.filled import FillReport, Standing
    from chatbuilder.screens.messages import AskFill
    from chatbuilder.screens.wishes import Aim, Fill, Halt


class FillingDesk(ImportingDesk):
    """A desk that fills one system at a time."""

    def __init__(self, state: State, styles: list[Any], theme: str = "", *, plain: bool = False) -> None:
        super().__init__(state, styles, theme, plain=plain)
        self._fill_stop = Event()

    @abstractmethod
    def standing_job(self) -> Callable[[], Standing]:
        """Return what finds out which systems there are, and which one is at hand."""

    @property
    def at_work(self) -> bool:
        """Whether something is written that is better not cut off."""
        return self.busy or "working" in (self.state.intake.stage, self.state.filling.stage)

    def on_ask_fill(self, event: AskFill) -> None:
        """Open the screen that fills a system."""
        from chatbuilder.screens.filler import FillScreen

        if self.busy or any(isinstance(screen, FillScreen) for screen in self.screen_stack):
            return
        self.state = replace(self.state, filling=Filling(system=event.system))
        self.push_screen(FillScreen(self.state), lambda _: self._fill_closed())
        self.work(self.standing_job(), self._stands)

    def imported(self) -> None:
        """There may be more chats: it is worked out anew what they would write."""
        self.update()
        if self.state.filling.systems is not None:
            self.work(self.standing_job(), self._stands)

    def _fill_closed(self) -> None:
        self._fill_stop.set()
        self.update(filling=Filling())

    def _stands(self, found: Standing) -> None:
        wanted = self.state.filling.system or found.mine or next((system.id for system in found.systems), "")
        filling = replace(self.state.filling, systems=tuple(found.systems), system=wanted, chats=found.chats)
        self._forecast(filling)

    def on_aim(self, event: Aim) -> None:
        """Fill another system, or with other things."""
        filling = self.state.filling
        if filling.stage != "working":
            self._forecast(replace(filling, system=event.system, transcripts=event.transcripts))

    def _forecast(self, filling: Filling) -> None:
        """Work out what filling would write, where there is anything to fill and to fill it with."""
        self._fill_stop.set()
        self.update(filling=filling.at("choosing", report=None))
        if filling.target and filling.chats:
            self._begin(dry_run=True)

    def on_fill(self, event: Fill) -> None:
        """Fill it, or work out what that would do."""
        if not self.state.filling.busy and self.state.filling.target:
            self._begin(dry_run=event.dry_run)

    def _begin(self, *, dry_run: bool) -> None:
        filling = self.state.filling
        stop = self._fill_stop = Event()

        def hear(news: Any) -> None:
            self.tell(partial(self._filled_on, stop), news)

        def body() -> FillReport:
            with self.at_target:
                found: FillReport = self.chats.fill(filling.system, filling.transcripts, dry_run, hear, stop.is_set)
                return found

        self.look_away()
        self.update(filling=filling.at("looking" if dry_run else "working", report=None))
        self.work(body, partial(self._was_filled, stop), partial(self._not_filled, stop), aside=dry_run)

    def _filled_on(self, stop: Event, news: Any) -> None:
        """Show how far it is; a wait is over once there is progress."""
        filling = self.state.filling
        if stop is self._fill_stop and filling.busy:
            self.update(filling=filling.told(news, monotonic()))

    def _was_filled(self, stop: Event, report: FillReport) -> None:
        if stop is self._fill_stop:
            self.update(filling=self.state.filling.at("seen" if report.dry_run else "done", report=report))
            self.after_work()

    def _not_filled(self, stop: Event, error: ChatbuilderError) -> None:
        if stop is not self._fill_stop:
            return
        filling, stopped = self.state.filling, error.exit_code == ExitCode.INTERRUPTED
        stage: Stage = "choosing" if filling.stage == "looking" and stopped else "stopped" if stopped else "refused"
        self.update(filling=filling.at(stage, trouble=() if stage == "choosing" else all_here(error.lines())))
        self.after_work()

    def on_halt(self, event: Halt) -> None:
        """Stop what is being read or written; what is there stays."""
        self.ask_to_end("Stop", self._halt_all) if event.ask and self.at_work else self._halt_all()

    def _halt_all(self) -> None:
        self.stop_reading()
        self._fill_stop.set()
        if self.state.filling.busy:
            self.update(filling=replace(self.state.filling, ending=True))

    def ask_to_end(self, yes: str, then: Callable[[], None]) -> None:
        """Ask before an import or a filling is stopped."""
        filling = self.state.filling.stage == "working"
        title, kept = ("Stop filling?", "rows written") if filling else ("Stop importing?", "chats read")
        text = f"All {kept} so far stay. Start it again at any time: it goes on, and nothing comes twice."
        self.ask(title, text, yes, "Keep on", then)

    async def action_quit(self) -> None:
        """Leave; an import or a filling is only stopped after asking."""
        if self.busy or not self.at_work:
            await super().action_quit()
        else:
            self.ask_to_end("Stop and quit", self._halt_and_leave)

    def _halt_and_leave(self) -> None:
        self._halt_all()
        self._leave_later()

    def on_unmount(self) -> None:
        """The window is gone: what is written stays, and nothing more begins."""
        self._fill_stop.set()
