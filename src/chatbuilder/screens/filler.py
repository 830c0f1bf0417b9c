"""Fill a system with the chats of the library: a forecast, consent, progress, and what came of it."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.reactive import reactive
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from chatbuilder.screens.helptexts import HELP
from chatbuilder.screens.inflow import Filling
from chatbuilder.screens.messages import AskImport
from chatbuilder.screens.stages import fill_label, fill_progress, fill_told, place_text, relabel
from chatbuilder.screens.state import State
from chatbuilder.screens.summaries import counted
from chatbuilder.screens.wishes import Aim, Fill, Halt
from chatbuilder.widgets.actions import put
from chatbuilder.widgets.bars import KeyBar
from chatbuilder.widgets.form import Cycle, Tick
from chatbuilder.widgets.prose import Prose

NONE = [("", "none yet")]


class FillScreen(ModalScreen[None]):
    """Which system, with what, one button that does the next thing, and what came of it."""

    CSS_PATH = "fill.tcss"
    AUTO_FOCUS = "#report"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "forward", "Go on", key_display="↵", tooltip="Fill it, then close"),
        Binding("i", "import", "Import chats", tooltip="Bring more chats into the library first"),
        Binding("t", "transcripts", show=False, tooltip="Take along what was said, or not"),
        Binding("ctrl+x", "stop", "Stop", tooltip="Stop; every row written so far stays"),
        Binding("escape", "close", "Close", tooltip="Back to where you were"),
        Binding("f1", "app.explain_screen", "Help"),
    ]
    help_text = ("Fill a system", HELP["fill"])
    state: reactive[State] = reactive(State, init=False)

    def __init__(self, state: State) -> None:
        super().__init__()
        self.set_reactive(FillScreen.state, state)

    @property
    def filling(self) -> Filling:
        """How far it is."""
        return self.state.filling

    def compose(self) -> ComposeResult:
        """System, library, tick, buttons, report."""
        with Vertical(id="work"):
            yield Static("Fill it with your chats", id="question")
            yield Static("Each chat gets a row. What you type, rename or delete there stays yours.", id="hint")
            yield Cycle(NONE, "", id="system")
            yield Static(id="place", markup=False)
            yield Static(id="library", markup=False)
            yield Tick("Transcripts (T): what was said goes along", False, id="transcripts")
            with Horizontal(id="buttons"):
                yield Button("Fill", id="go", compact=True, variant="primary", action="screen.forward")
                yield Button("Stop", id="stop", compact=True, action="screen.stop")
                yield Button("Import chats", id="import", compact=True, action="screen.import")
                yield Button("Close", id="close", compact=True, action="screen.close")
                yield Static(id="progress", markup=False)
            yield Prose(id="report")
        yield KeyBar()

    def on_mount(self) -> None:
        """Draw what is known, and count waits down."""
        self.watch_state(self.state, self.state)
        self.set_interval(1, self._count_down)

    def _count_down(self) -> None:
        if self.filling.waits:
            put(self.query_one("#progress", Static), fill_progress(self.filling))

    def watch_state(self, old: State, new: State) -> None:
        """Draw how far it is; once something is over, Enter does the next thing."""
        if not self.query(KeyBar):
            return
        filling, target = new.filling, new.filling.target
        writing = filling.stage == "working"
        cycle, tick, go = self.query_one(Cycle), self.query_one(Tick), self.query_one("#go", Button)
        cycle.offer([(system.id, system.name) for system in filling.systems or ()] or NONE)
        cycle.value, tick.value = filling.system, filling.transcripts
        cycle.display = tick.display = target is not None
        cycle.disabled = tick.disabled = writing
        put(self.query_one("#place", Static), place_text(target) if target else "")
        put(self.query_one("#library", Static), f"{counted(filling.chats, 'chat')} in your library")
        relabel(go, fill_label(filling))
        go.display, go.disabled = not filling.busy, self._hindered(filling)
        self.query_one("#stop").display = filling.busy
        self.query_one("#import").display = not writing and bool(filling.chats)
        self.query_one("#close").display = not (writing or filling.over)
        put(self.query_one("#progress", Static), fill_progress(filling))
        self.query_one(Prose).tell(filling.told_now, partial(fill_told, filling))
        if filling.stage != old.filling.stage and self.focused is not tick:
            self.query_one("#report").focus()
        self.refresh_bindings()

    def _hindered(self, filling: Filling) -> bool:
        return filling.systems is None or (bool(filling.chats) and filling.target is None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys say what can be done now."""
        filling = self.filling
        if action == "stop":
            return filling.busy
        if action == "forward":
            return not filling.busy and not self._hindered(filling)
        return filling.stage != "working" if action in ("import", "transcripts") else True

    def on_cycle_turned(self, event: Cycle.Turned) -> None:
        """Another system."""
        self.app.post_message(Aim(event.value, transcripts=self.filling.transcripts))

    def on_tick_flipped(self) -> None:
        """With or without what was said."""
        self.action_transcripts()

    def action_transcripts(self) -> None:
        """With or without what was said."""
        self.app.post_message(Aim(self.filling.system, transcripts=not self.filling.transcripts))

    def action_forward(self) -> None:
        """Import, fill, close: whichever comes next."""
        filling = self.filling
        if not filling.chats:
            self.action_import()
        elif filling.over:
            self.dismiss(None)
        else:
            self.app.post_message(Fill(dry_run=filling.stage not in ("seen", "stopped")))

    def action_import(self) -> None:
        """Bring chats into the library first."""
        self.app.post_message(AskImport())

    def action_stop(self) -> None:
        """Stop; what is written stays."""
        self.app.post_message(Halt())

    def action_close(self) -> None:
        """Back to where one was; filling is only stopped after asking."""
        self.app.post_message(Halt(ask=True)) if self.filling.stage == "working" else self.dismiss(None)
