"""The baseline of the wizard's first frame: a bare Textual app with stock widgets like those of its first screen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widgets import Button, Footer, OptionList, Static


class Bare(App[None]):
    """Stock widgets only, no logic: what any app of this shape pays."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("f1", "help", "Help"),
        ("enter", "go", "Continue"),
        ("ctrl+q", "quit", "Quit"),
    ]

    def compose(self) -> ComposeResult:
        """Lay out a header line, a title, a list, a preview and a footer."""
        yield Static("chatbuilder  1 Platform  2 Priorities  3 Features  4 Team  5 Review  6 Solution  7 Setup  8 Done")
        with Horizontal():
            with Vertical():
                yield Static("Bare ready")
                yield Static("What this is for, in two lines of text that wrap on a narrow terminal.")
                yield OptionList(*(f"Option {n}" for n in range(7)))
                yield Static("A line that describes the highlighted option in some detail, as our screen does.")
                with Horizontal():
                    yield Button("Back")
                    yield Button("Continue")
            with VerticalScroll():
                yield Static("\n".join(f"Preview line {n}" for n in range(20)))
        yield Footer()


if __name__ == "__main__":
    Bare().run()
