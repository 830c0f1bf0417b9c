"""The way through the wizard, for whatever window shows it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol


class Window(Protocol):
    """What a test types into and reads from: a terminal, a page."""

    def see(self, *words: str, seconds: float = 30) -> None:
        """Wait until all of these words are on the screen."""

    def see_that(self, holds: Callable[[], bool], what: str = "come true", seconds: float = 30) -> None:
        """Wait until something holds."""

    def press(self, *keys: str) -> Any:
        """Type keys by name, or text as it is."""


QUESTIONS = {
    "platform": "Where should your chats live?",
    "priorities": "What matters most to you?",
    "features": "What should it be able to do?",
    "team": "Who uses it, and how deep should it go?",
    "review": "Is this right?",
    "solution": "Your system",
    "setup": "Build it now?",
}
# What to press on each step so that it can be left, and what then shows that it was taken.
ANSWERS: dict[str, tuple[tuple[str, ...], str]] = {
    "platform": (("down",) * 4, "Obsidian"),
    "priorities": (("space", "down", "space"), "2 in order. Organization leads."),
    "features": (("space",), "1 of 8 chosen"),
    "team": ((), "Just me"),
    "review": ((), "Chat Sessions"),
    "solution": ((), "What you get"),
}


def answer(window: Window, step: str) -> None:
    """Answer a step and wait until the screen shows it."""
    window.see(QUESTIONS[step])
    keys, shown = ANSWERS[step]
    for key in keys:
        window.press(key)
    window.see(shown)


def walk(window: Window, upto: str, start: str = "platform") -> None:
    """Go from one step to another and answer everything between."""
    steps = list(QUESTIONS)
    for step in steps[steps.index(start) : steps.index(upto)]:
        answer(window, step)
        window.press("enter")
    window.see(QUESTIONS[upto])
