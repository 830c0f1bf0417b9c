"""Dialogs over a step: a question, an error, help. Esc closes each of them and changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widget import Widget
from textual.widgets import Button, Static

from chatbuilder.widgets.bars import KeyBar

T = TypeVar("T")


class Dialog(ModalScreen[T]):
    """A box in the middle: a title, what it says, and buttons."""

    CSS_PATH = "dialog.tcss"
    TITLE_TEXT: ClassVar[str] = ""
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012  (Textual declares it for instances)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", tooltip="Close; nothing changes"),
        Binding("enter", "close", show=False),
    ]

    def inside(self) -> Iterable[Widget]:
        """Return what stands between the title and the buttons."""
        raise NotImplementedError

    def buttons(self) -> Iterable[Button]:
        """Return the buttons, the usual one first."""
        yield Button("Close", id="close", compact=True, variant="primary", action="screen.close")

    def compose(self) -> ComposeResult:
        """The box, and the keys that work in it."""
        with Vertical(id="dialog") as box:
            box.border_title = self.TITLE_TEXT
            yield from self.inside()
            with Horizontal(classes="buttons"):
                yield from self.buttons()
        yield KeyBar()

    def action_close(self) -> None:
        """Close without a result."""
        self.dismiss(None)


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
        with VerticalScroll(classes="text"):
            yield Static(Content("\n").join([text, *map(Content, rest)]))


class Help(Dialog[None]):
    """What a screen is for, and what its keys do."""

    AUTO_FOCUS = ".text"

    def __init__(self, title: str, text: Sequence[str], keys: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self.TITLE_TEXT = title  # type: ignore[misc]
        self._text, self._keys = tuple(text), tuple(keys)

    def inside(self) -> Iterable[Widget]:
        """The text, then the keys in two columns."""
        width = max((len(key) for key, _ in self._keys), default=0)
        keys = [Content.assemble((key.ljust(width + 2), "bold $text-primary"), words) for key, words in self._keys]
        paragraphs = [Content(paragraph) for paragraph in self._text]
        with VerticalScroll(classes="text"):
            yield Static(Content("\n\n").join([*paragraphs, Content("\n").join(keys)]))
