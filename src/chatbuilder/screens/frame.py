"""The frame around every screen: where you are and what is asked on top, what happens next at the bottom."""

from __future__ import annotations

from collections.abc import Iterable

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from chatbuilder.widgets.actions import ActionBar
from chatbuilder.widgets.bars import KeyBar
from chatbuilder.widgets.edge import Edge
from chatbuilder.widgets.heading import Heading
from chatbuilder.widgets.small import SmallNote


def framed(
    top: Iterable[Widget], heading: Heading, main: Iterable[Widget], aside: Iterable[Widget], actions: ActionBar
) -> ComposeResult:
    """Compose a screen; what `main` and `aside` yield is composed where it stands."""
    with Vertical(id="masthead"):
        yield from top
    with Vertical(id="frame"):
        yield heading
        with Horizontal(id="body"):
            with Vertical(id="main"):
                yield from main
            yield from aside
        yield Edge("#main")
        yield actions
    yield KeyBar()
    yield SmallNote()
