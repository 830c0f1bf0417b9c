"""The first screen for those who were here before: what they left open, and what they have built."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Button, Static

from chatbuilder.screens.frame import framed
from chatbuilder.screens.helptexts import HELP
from chatbuilder.screens.messages import AskFill, NewSession, OpenDraft, RemoveDraft
from chatbuilder.screens.state import State
from chatbuilder.screens.welcoming import SystemLines, WelcomeLines, draft_items, system_item
from chatbuilder.widgets.actions import ActionBar, put
from chatbuilder.widgets.bars import KeyBar, TopBar
from chatbuilder.widgets.choices import ChoiceList, Item
from chatbuilder.widgets.heading import Heading

NEW, WAIT = "new", "wait"


class WelcomeScreen(Screen[None]):
    """Sessions to go on with, a new one, and the systems that exist."""

    CSS_PATH = "welcome.tcss"
    AUTO_FOCUS = "#sessions"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", tooltip="Start with no answers"),
        Binding("delete,backspace", "remove", "Remove", key_display="del", tooltip="Remove this session for good"),
        Binding("slash", "app.search", "Search chats", key_display="/", tooltip="Find words in all chats"),
        Binding("f1", "app.explain_screen", "Help", tooltip="What this screen is for, and its keys"),
    ]
    state: reactive[State] = reactive(State, init=False)
    leaving = False
    drawn = False
    listed = False
    eager = False  # Enter came before the list did
    help_text = ("Welcome", HELP["welcome"])

    def __init__(self, state: State) -> None:
        super().__init__()
        self.set_reactive(WelcomeScreen.state, state)

    def compose(self) -> ComposeResult:
        """Two lists, one above the other."""
        heading = Heading(
            "Welcome back",
            "Which system do you work on?",
            "Go on where you were, or start something new: all is saved.",
        )
        yield from framed((TopBar(),), heading, self._lists(), (), ActionBar(*self._buttons()))

    def _lists(self) -> Iterable[Widget]:
        yield WelcomeLines((Item(WAIT, "Looking for what you left …", sign="·", style="$muted"),), id="sessions")
        yield Static(id="kept-aside", markup=False)
        yield Static("Your systems", classes="title", id="systems-title")
        yield SystemLines((), id="systems")

    def _buttons(self) -> Iterable[Button]:
        yield Button("Search chats", id="search", compact=True, action="app.search")
        yield Button("New system", id="new", compact=True, action="screen.new")
        yield Button("Open ›", id="forward", compact=True, variant="primary", action="screen.open")

    def on_mount(self) -> None:
        """Draw what is known."""
        self.drawn = bool(self.query(KeyBar))
        self.watch_state(self.state)

    def watch_state(self, state: State) -> None:
        """Draw the lists, once they are known."""
        if not self.drawn:
            return
        if state.drafts is None:
            for place in ("#systems-title", "#systems", "#kept-aside"):
                self.query_one(place).display = False
            return
        lines = self.query_one("#sessions", WelcomeLines)
        lines.offer([*draft_items(state.drafts), Item(NEW, "Start a new system", sign="+", style="$text-primary bold")])
        if not self.listed:
            self.listed, lines.highlighted = True, 0
        aside = [Content.assemble(("! ", "$warn bold"), d.problem) for d in state.drafts if d.problem]
        put(self.query_one("#kept-aside", Static), Content("\n").join(aside))
        self.query_one("#kept-aside", Static).display = bool(aside)
        systems = self.query_one("#systems", SystemLines)
        self.query_one("#systems-title").display = systems.display = bool(state.systems)
        systems.offer(map(system_item, state.systems))
        self.refresh_bindings()
        self._say_next()
        if self.eager:
            self.eager = False
            self._open(lines.current)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only a session can be removed."""
        if action == "remove":
            return not self.drawn or self.query_one("#sessions", WelcomeLines).current not in (NEW, WAIT, "")
        return True

    def on_choice_list_looked(self, event: ChoiceList.Looked) -> None:
        """What the keys do depends on the line."""
        self.refresh_bindings()
        self._say_next()

    def _say_next(self) -> None:
        """Say what Open does; a line that may be removed is a session."""
        session = self.check_action("remove", ()) and self.listed
        text = "Opens it where you left it." if session else "Starts with the first question."
        self.query_one(ActionBar).tell("quiet", text)

    def action_open(self) -> None:
        """Open the highlighted session."""
        self.query_one("#sessions", WelcomeLines).action_select()

    def on_choice_list_chosen(self, event: ChoiceList.Chosen) -> None:
        """Open a session, or start one; while the list is on its way, its first line. A system is filled."""
        if event.choices.id == "systems":
            self.app.post_message(AskFill(event.id))
            return
        self.eager = event.id == WAIT
        if not self.eager:
            self._open(event.id)

    def _open(self, line: str) -> None:
        self.app.post_message(NewSession() if line == NEW else OpenDraft(line))

    def action_new(self) -> None:
        """Start with no answers."""
        self.app.post_message(NewSession())

    def action_remove(self) -> None:
        """Remove the highlighted session."""
        self.app.post_message(RemoveDraft(self.query_one("#sessions", WelcomeLines).current))
