"""Bring in chats: where from, a preview of what is new and what each source can fill, the import, its summary."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input

from chatbuilder.screens.inflow import Origin
from chatbuilder.screens.stages import intake_item, intake_label, intake_next, intake_progress, intake_told, relabel
from chatbuilder.screens.state import State
from chatbuilder.screens.summaries import told
from chatbuilder.screens.task import Work
from chatbuilder.screens.wishes import Browse, Halt, Origins, Read
from chatbuilder.widgets.choices import CheckList, ChoiceList
from chatbuilder.widgets.form import Field
from chatbuilder.widgets.prose import Prose

AWAY = "Tick a place, or name an export: a zip file, a folder, a file."


class ImportScreen(Work):
    """Places, one field, one button that does the next thing, and what came of it."""

    NAME, HELP_KEY = "Import chats", "import"
    ASKED = ("Where are your chats?", "Exports and logs are only read; chats go into a library on this computer.")
    CSS_PATH = "fill.tcss"
    AUTO_FOCUS = "#path"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "forward", "Go on", key_display="↵", tooltip="Look, then import, then close"),
        Binding("ctrl+o", "browse", "Browse", tooltip="Choose a file or folder"),
        Binding("ctrl+x", "stop", "Stop", tooltip="Stop; what was imported stays"),
        Binding("escape", "close", "Close", tooltip="Back to where you were"),
        Binding("f1", "app.explain_screen", "Help", tooltip="What this screen is for, and its keys"),
    ]

    def content(self) -> Iterable[Widget]:
        """Places, field, report."""
        yield CheckList((), id="origins")
        with Horizontal(id="named", classes="row"):
            yield Field("", id="path", placeholder="an export: zip, folder or file")
            yield Button("Browse", id="browse", compact=True, action="screen.browse")
        yield from self.outcome()

    def buttons(self) -> Iterable[Button]:
        """Only what can be done now is shown; Go and Stop take each other's place."""
        yield Button("Close", id="close", compact=True, action="screen.close")
        yield Button("Stop", id="stop", compact=True, action="screen.stop")
        yield Button("Look", id="go", compact=True, variant="primary", action="screen.forward")

    def far(self) -> Content:
        """How far it is."""
        return intake_progress(self.state.intake)

    def draw(self, old: State, new: State) -> None:
        """Draw how far it is; once something is over, Enter does the next thing."""
        intake = new.intake
        places, go = self.query_one("#origins", CheckList), self.query_one("#go", Button)
        places.offer(map(intake_item, intake.origins))
        places.choose(intake.paths)
        places.display = bool(intake.origins)
        self.query_one("#named").disabled = places.disabled = intake.busy
        relabel(go, intake_label(intake))
        go.display, self.query_one("#stop").display = not intake.busy, intake.busy
        self.query_one("#close").display = not (intake.busy or intake.over)
        self.next(intake_next(intake))
        over = intake.stage != old.intake.stage and intake.stage != "choosing"
        self.tell(intake.told_now, partial(intake_told, intake), over=over)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys say what can be done now."""
        busy = self.state.intake.busy
        return busy if action == "stop" else not busy if action in ("forward", "browse") else True

    def on_choice_list_chosen(self, event: ChoiceList.Chosen) -> None:
        """From there too, or not."""
        origins = self.state.intake.origins
        self._from(*(Origin(o.path, o.assistant, o.ticked != (o.path == event.id)) for o in origins))

    def _from(self, *origins: Origin) -> None:
        self.app.post_message(Origins(*origins))

    def action_forward(self) -> None:
        """Look, import, close: whichever comes next. What stands in the field is a place as well."""
        intake, field = self.state.intake, self.query_one("#path", Input)
        if intake.busy:
            return
        if path := field.value.strip():
            field.value = ""
            self._from(*(origin for origin in intake.origins if origin.path != path), Origin(path))
            self.app.post_message(Read(dry_run=True))
        elif intake.over:
            self.action_close()
        elif intake.paths:
            self.app.post_message(Read(dry_run=intake.stage not in ("seen", "stopped")))
        else:
            self.query_one(Prose).tell(AWAY, lambda: [told("bad", AWAY)])

    def action_browse(self) -> None:
        """Choose a file or folder."""
        self.app.post_message(Browse(self.query_one("#path", Input).value.strip()))

    def action_stop(self) -> None:
        """Stop; what was imported stays."""
        self.app.post_message(Halt())

    def action_close(self) -> None:
        """Back to where one was; an import is only stopped after asking."""
        if self.state.intake.stage == "working":
            self.app.post_message(Halt(ask=True))
            return
        if self.state.intake.busy:
            self.app.post_message(Halt())
        self.dismiss(None)
