"""Driving the wizard as a person would: keys and clicks in, words on the screen out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widget import Widget

from chatbuilder.app import ChatbuilderApp, make_app

NARROW, WIDE = (80, 24), (120, 36)
Window = Callable[..., Any]


class Hand:
    """A person at the keyboard. Every action waits until the program has come to rest."""

    def __init__(self, pilot: Pilot[None]) -> None:
        self.pilot = pilot

    @property
    def app(self) -> ChatbuilderApp:
        app = self.pilot.app
        assert isinstance(app, ChatbuilderApp)
        return app

    @property
    def step(self) -> str:
        """The step on the screen, or the name of the dialog over it."""
        return getattr(self.app.screen, "STEP", "") or type(self.app.screen).__name__

    @property
    def answers(self) -> Any:
        return self.app.state.session.answers

    async def rest(self) -> None:
        """Wait for threads, timers and drawing; a program that never rests fails here."""
        async with asyncio.timeout(30):
            while True:
                await self.pilot.pause()
                if self.app.idle:
                    await self.pilot.pause()
                    if self.app.idle:
                        return
                await asyncio.sleep(0.01)

    async def press(self, *keys: str) -> None:
        for key in keys:
            await self.pilot.press(key)
            await self.rest()

    async def type(self, text: str) -> None:
        for letter in text:
            await self.pilot.press("space" if letter == " " else letter)
        await self.rest()

    async def click(self, selector: str, **where: Any) -> None:
        assert await self.pilot.click(selector, **where)
        await self.rest()

    def text(self, selector: str = "") -> str:
        """What can be read on the screen, or in one widget."""
        if selector:
            lines = self.find(selector).render_lines(self.find(selector).outer_size.region)
            return "\n".join(line.text.rstrip() for line in lines)
        strips = self.app.screen._compositor.render_strips()
        return "\n".join(strip.text.rstrip() for strip in strips)

    @property
    def told(self) -> str:
        """What the notices on the screen say."""
        return " ".join(notice.message for notice in self.app._notifications)

    def find(self, selector: str) -> Widget:
        return self.app.screen.query_one(selector)

    async def to(self, step: str) -> None:
        """Answer the shortest way to a step."""
        for _ in range(12):
            if self.step == step:
                return
            if self.step == "priorities" and not self.answers.get("priorities"):
                await self.press("space")
            await self.press("enter")
        raise AssertionError(f"{step} was not reached: {self.text()}")


@asynccontextmanager
async def open_window(
    draft: str | None = None, answers: Any = None, *, size: tuple[int, int] = NARROW
) -> AsyncIterator[Hand]:
    """Open the wizard as `chatbuilder` and `chatbuilder resume` do."""
    app = make_app(draft, answers)
    async with app.run_test(size=size, notifications=True) as pilot:
        hand = Hand(pilot)
        await hand.rest()
        yield hand


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody types here, so nothing has to wait for a pause in the typing."""
    for name in ("SAVE_AFTER", "THINK_AFTER", "LOOK_AFTER"):
        monkeypatch.setattr(f"chatbuilder.app.{name}", 0.001)


@pytest.fixture
def window() -> Window:
    return open_window


@pytest.fixture(params=[NARROW, WIDE], ids=["80x24", "120x36"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    return tuple(request.param)
