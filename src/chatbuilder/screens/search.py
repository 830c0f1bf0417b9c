"""Searching all chats while typing: words, an assistant, hits with their place; Enter reads one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, ClassVar, cast

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input, OptionList, Static

from chatbuilder.screens.hits import HitList, SearchField
from chatbuilder.screens.messages import AskImport, Copy
from chatbuilder.screens.reading import ReadingScreen
from chatbuilder.screens.task import Task
from chatbuilder.widgets.actions import put, signed
from chatbuilder.widgets.form import Cycle

if TYPE_CHECKING:
    from chatbuilder.chats import ChatSession
    from chatbuilder.errors import ChatbuilderError
    from chatbuilder.screens.desk import Desk
    from chatbuilder.screens.found import FoundHit, FoundHits

WAIT, ANY = 0.12, ""  # seconds after a key; every assistant


class SearchScreen(Task[None]):
    """One field, one filter, one list."""

    NAME, HELP_KEY = "Search chats", "search"
    ASKED = ("Which words do you look for?", "In titles, prompts, answers and names of files, of all your chats.")
    CSS_PATH = "search.tcss"
    AUTO_FOCUS = "#words"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", tooltip="Back to where you were"),
        Binding("slash", "to_words", "Search", show=False, tooltip="Back to the field"),
        Binding("ctrl+o", "import", "Import chats", tooltip="Bring chats into the library"),
        Binding("f1", "app.explain_screen", "Help", tooltip="What this screen is for, and its keys"),
    ]

    def __init__(
        self, find: Callable[[str, str], FoundHits], read: Callable[[str], ChatSession],
        assistants: Callable[[], Iterable[str]],
    ) -> None:  # fmt: skip
        super().__init__()
        self._find, self._read, self._assistants = find, read, assistants
        self._hits: Sequence[FoundHit] = ()

    @property
    def desk(self) -> Desk:
        """The app, which does the work in threads."""
        return cast("Desk", self.app)

    def content(self) -> Iterable[Widget]:
        """The field and the filter, what was found, the list."""
        with Horizontal(id="asked", classes="row"):
            yield SearchField("", id="words", placeholder='words, "in a row", -without, begin*')
            yield Cycle([(ANY, "every assistant")], ANY, id="assistant")
        yield Static(id="status", markup=False)
        yield HitList(id="hits", markup=False)

    def buttons(self) -> Iterable[Button]:
        """Where the library is empty, a way to fill it."""
        yield Button("Close", id="close", compact=True, action="screen.close")
        yield Button("Import chats", id="import", compact=True, action="screen.import")

    def on_mount(self) -> None:
        """Begin with the newest chats."""
        self.desk.work(lambda: tuple(self._assistants()), self._offer)
        self.look_up()

    def _offer(self, names: Sequence[str]) -> None:
        self.query_one(Cycle).offer([(ANY, "every assistant"), *((name, name) for name in names)])

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search once the typing pauses."""
        self.desk.after(WAIT, self.look_up)

    def on_cycle_turned(self, event: Cycle.Turned) -> None:
        """Another assistant."""
        event.cycle.value = event.value
        self.look_up()

    @property
    def _asked(self) -> tuple[str, str]:
        return self.query_one("#words", Input).value.strip(), self.query_one(Cycle).value

    def look_up(self) -> None:
        """Search for what is asked now; what was asked before is forgotten."""
        if self.is_attached:
            asked = self._asked
            self.desk.work(partial(self._find, *asked), partial(self._show, asked), partial(self._failed, asked))

    def _show(self, asked: tuple[str, str], found: FoundHits) -> None:
        if not self.is_attached or asked != self._asked:
            return
        self._hits = found.hits
        self.query_one(HitList).offer(found.hits)
        many = f"{found.total:,} chat{'' if found.total == 1 else 's'}"
        words = many if asked[0] else f"{many}, newest first"
        if not found.total:
            words = "No chat has these words." if any(asked) else "Your library is empty. Import chats (^o) fills it."
        put(self.query_one("#status", Static), signed("quiet", words))

    def _failed(self, asked: tuple[str, str], error: ChatbuilderError) -> None:
        if self.is_attached and asked == self._asked:
            self._hits = ()
            self.query_one(HitList).offer(())
            put(self.query_one("#status", Static), signed("note", f"{error.message} {error.hint}"))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Read a chat."""
        event.stop()
        self.desk.work(partial(self._read, self._hits[event.option_index].chat.key), self._opened)

    def _opened(self, chat: ChatSession) -> None:
        if self.is_current:
            self.app.push_screen(ReadingScreen(chat))

    def action_import(self) -> None:
        """Bring chats into the library; what is asked here is asked again then."""
        self.app.post_message(AskImport())

    def on_screen_resume(self) -> None:
        """There may be other chats by now."""
        if self.query("#words"):
            self.look_up()

    def action_to_hits(self) -> None:
        """Go to the list."""
        if self._hits:
            self.query_one(HitList).focus()

    def action_to_words(self) -> None:
        """Go back to the field."""
        self.query_one("#words").focus()

    def action_copy(self) -> None:
        """Copy what leads to the highlighted chat."""
        at = self.query_one(HitList).highlighted
        if at is not None and at < len(self._hits):
            chat = self._hits[at].chat
            self.app.post_message(Copy(chat.url or chat.command or chat.key, "Link" if chat.url else "Chat"))

    def action_close(self) -> None:
        """Back to where one was."""
        self.dismiss(None)
