"""Dialogs over a step: a question, an error, help. Esc closes each of them and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar, TypeVar

from rich.cells import cell_len, set_cell_size
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Static

from chatbuilder.widgets.bars import KeyBar
from chatbuilder.widgets.edge import ABOVE, MORE, follow
from chatbuilder.widgets.small import SmallNote

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A box in the middle: a title, what it says, and buttons."""

    CSS_PATH = "dialog.tcss"
    TITLE_TEXT: ClassVar[str] = ""
    READ: ClassVar[bool] = False  # whether what stands inside is there to be read, and takes the focus
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", tooltip="Close; nothing changes"),
        Binding("enter", "close", show=False),
        Binding("pageup", "page(-1)", show=False),
        Binding("pagedown", "page(1)", show=False),
    ]

    def inside(self) -> Iterable[Widget]:
        """Return what stands between the title and the buttons."""
        raise NotImplementedError

    def buttons(self) -> Iterable[Button]:
        """Return the buttons; the one that Enter presses is the last."""
        yield Button("Close", id="close", compact=True, variant="primary", action="screen.close")

    def compose(self) -> ComposeResult:
        """The box, and the keys that work in it."""
        with Vertical(id="dialog") as box:
            box.border_title = self.TITLE_TEXT
            with VerticalScroll(id="inside", can_focus=self.READ):
                yield from self.inside()
            with Horizontal(classes="buttons"):
                yield from self.buttons()
        yield KeyBar()
        yield SmallNote()

    def on_show(self) -> None:
        """Follow what stands inside: what is out of sight is told at the edge."""
        box = self.query_one("#dialog")

        def tell(above: bool, below: bool) -> None:
            box.border_subtitle = MORE if below else ABOVE if above else ""

        follow(box, self.query_one("#inside"), tell)

    def action_close(self) -> None:
        """Close without a result."""
        self.dismiss(None)

    def action_page(self, by: int) -> None:
        """Scroll what stands inside, wherever the focus is."""
        place = self.query_one("#inside")
        place.scroll_relative(y=by * max(1, place.size.height - 1), animate=False)


class Confirm(Dialog[bool]):
    """A question before something that cannot be taken back; Esc means no."""

    AUTO_FOCUS = "#no"

    def __init__(self, title: str, text: str, yes: str, no: str) -> None:
        super().__init__()
        self.TITLE_TEXT = title  # type: ignore[misc]
        self._text, self._yes, self._no = text, yes, no

    def inside(self) -> Iterable[Widget]:
        """The question."""
        yield Static(self._text, markup=False)

    def buttons(self) -> Iterable[Button]:
        """The safe answer has the focus."""
        yield Button(self._yes, id="yes", compact=True, action="screen.answer(True)")
        yield Button(self._no, id="no", compact=True, variant="primary", action="screen.answer(False)")

    def action_answer(self, answer: bool) -> None:
        """Close with an answer."""
        self.dismiss(answer)

    def action_close(self) -> None:
        """Esc is no."""
        self.dismiss(False)


class Trouble(Dialog[None]):
    """What happened, what was kept, what to do next."""

    TITLE_TEXT = "This did not work"
    AUTO_FOCUS = "#close"

    def __init__(self, lines: Sequence[str]) -> None:
        super().__init__()
        self._lines = tuple(lines)

    def inside(self) -> Iterable[Widget]:
        """One paragraph for each line; the first one is what happened."""
        first, *rest = self._lines or ("Something went wrong.",)
        text = Content.assemble(("✗ ", "$bad bold"), (first, "bold"))
        yield Static(Content("\n").join([text, *map(Content, rest)]))


class Help(Dialog[None]):
    """What a screen is for, and what all keys do, by where they work."""

    AUTO_FOCUS = "#inside"
    READ = True

    def __init__(self, title: str, text: Sequence[str], keys: Mapping[str, Sequence[tuple[str, str]]]) -> None:
        super().__init__()
        self.TITLE_TEXT = title  # type: ignore[misc]
        self._text, self._keys = tuple(text), keys

    def inside(self) -> Iterable[Widget]:
        """The text, then the keys in two columns."""
        width = max((cell_len(key) for keys in self._keys.values() for key, _ in keys), default=0)
        paragraphs = [Content(paragraph) for paragraph in self._text]
        for title, keys in self._keys.items():
            lines = [
                Content.assemble((set_cell_size(key, width + 2), "bold $text-primary"), word) for key, word in keys
            ]
            paragraphs.append(Content("\n").join([Content.styled(title, "bold"), *lines]))
        yield Static(Content("\n\n").join(paragraphs))
