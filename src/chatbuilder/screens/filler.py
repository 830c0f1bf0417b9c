"""Fill a system with the chats of the library: a forecast, consent, progress, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Static

from chatbuilder.screens.howto import HOWTO
from chatbuilder.screens.inflow import Filling
from chatbuilder.screens.messages import AskConnect, AskImport
from chatbuilder.screens.stages import fill_label, fill_next, fill_progress, fill_told, place_text, relabel
from chatbuilder.screens.state import State
from chatbuilder.screens.summaries import counted
from chatbuilder.screens.task import Work
from chatbuilder.screens.wishes import Aim, Fill, Halt
from chatbuilder.widgets.actions import put
from chatbuilder.widgets.form import Cycle, FormRow, Tick

NONE = [("", "none yet")]


class FillScreen(Work):
    """Which system, with what, one button that does the next thing, and what came of it."""

    NAME, HELP_KEY = "Fill a system", "fill"
    ASKED = ("Fill it with your chats", "Each chat gets a row. What you type, rename or delete there stays yours.")
    CSS_PATH = "fill.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "forward", "Go on", key_display="↵", tooltip="Fill it, then close"),
        Binding("i", "import", "Import chats", tooltip="Bring more chats into the library first"),
        Binding("t", "transcripts", show=False, tooltip="Take along what was said, or not"),
        Binding("ctrl+t", "connect", "Connect", tooltip="Give a token for this system; it is kept in your keyring"),
        Binding("ctrl+x", "stop", "Stop", tooltip="Stop; every row written so far stays"),
        Binding("escape", "close", "Close", tooltip="Back to where you were"),
        Binding("f1", "app.explain_screen", "Help", tooltip="What this screen is for, and its keys"),
    ]

    @property
    def filling(self) -> Filling:
        """How far it is."""
        return self.state.filling

    def content(self) -> Iterable[Widget]:
        """System, place, library, tick, report."""
        yield FormRow("System", Cycle(NONE, "", id="system"))
        yield Static(id="place", classes="fact", markup=False)
        yield Static(id="library", classes="fact", markup=False)
        yield FormRow("Transcripts", Tick("What was said goes along (T)", False, id="transcripts"))
        yield from self.outcome()

    def buttons(self) -> Iterable[Button]:
        """Only what can be done now is shown; Go and Stop take each other's place."""
        yield Button("Close", id="close", compact=True, action="screen.close")
        yield Button("Import chats", id="import", compact=True, action="screen.import")
        yield Button("Stop", id="stop", compact=True, action="screen.stop")
        yield Button("Fill", id="go", compact=True, variant="primary", action="screen.forward")

    def far(self) -> Content:
        """How far it is, or why it waits."""
        return fill_progress(self.filling)

    def draw(self, old: State, new: State) -> None:
        """Draw how far it is; once something is over, Enter does the next thing."""
        filling, target = new.filling, new.filling.target
        writing = filling.stage == "working"
        cycle, tick, go = self.query_one(Cycle), self.query_one(Tick), self.query_one("#go", Button)
        cycle.offer([(system.id, system.name) for system in filling.systems or ()] or NONE)
        cycle.value, tick.value = filling.system, filling.transcripts
        cycle.disabled = tick.disabled = writing or target is None
        put(self.query_one("#place", Static), place_text(target) if target else "")
        put(self.query_one("#library", Static), f"{counted(filling.chats, 'chat')} in your library")
        relabel(go, fill_label(filling))
        go.display, go.disabled = not filling.busy, self._hindered(filling)
        self.query_one("#stop").display = filling.busy
        self.query_one("#import").display = not writing and bool(filling.chats)
        self.query_one("#close").display = not (writing or filling.over)
        self.next(fill_next(filling))
        over = filling.stage != old.filling.stage and self.focused is not tick
        self.tell(filling.told_now, partial(fill_told, filling), over=over)

    def _hindered(self, filling: Filling) -> bool:
        return filling.systems is None or (bool(filling.chats) and filling.target is None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys say what can be done now."""
        filling = self.filling
        if action == "stop":
            return filling.busy
        if action == "forward":
            return not filling.busy and not self._hindered(filling)
        if action == "connect":
            return filling.stage == "refused" and self._platform in HOWTO
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

    @property
    def _platform(self) -> str:
        return self.filling.target.platform if self.filling.target else ""

    def action_connect(self) -> None:
        """Give a token; after that, Try again goes on."""
        self.app.post_message(AskConnect(self._platform))

    def action_stop(self) -> None:
        """Stop; what is written stays."""
        self.app.post_message(Halt())

    def action_close(self) -> None:
        """Back to where one was; filling is only stopped after asking."""
        self.app.post_message(Halt(ask=True)) if self.filling.stage == "working" else self.dismiss(None)
