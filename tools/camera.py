"""The wizard in a window without a screen, and the pictures taken of it."""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

OUT = Path(__file__).resolve().parents[1] / "docs" / "pictures"
WIDE, NARROW = (120, 36), (80, 24)
ADA = "/home/ada"
PATIENCE = 60.0  # seconds for one screen to come to rest
# How Rich writes its pictures: one element for each run of letters, spaces as entities, cells of this width.
TEXT = re.compile(r'<text([^>]*) x="([\d.]+)"([^>]*) textLength="([\d.]+)"([^>]*)>([^<]*)</text>')
SPACE, CELL = "&#160;", 12.2


def without_margins(text: re.Match[str]) -> str:
    """Return a text element that starts at its first letter: some viewers drop the spaces before it."""
    before, x, middle, length, after, words = text.groups()
    letters = words.split(SPACE)
    lead = next((n for n, word in enumerate(letters) if word), None)
    if lead is None:
        return ""
    tail = next(n for n, word in enumerate(reversed(letters)) if word)
    width = float(length) - (lead + tail) * CELL
    inner = SPACE.join(letters[lead : len(letters) - tail])
    return f'<text{before} x="{float(x) + lead * CELL:g}"{middle} textLength="{width:g}"{after}>{inner}</text>'


def at_home(text: re.Match[str], home: str) -> str:
    """Return a text element in which a folder is called Ada's home. Nothing may stand behind it on its line."""
    before, x, middle, length, after, words = text.groups()
    if home not in words:
        return text[0]
    width = float(length) - words.count(home) * (len(home) - len(ADA)) * CELL
    return f'<text{before} x="{x}"{middle} textLength="{width:g}"{after}>{words.replace(home, ADA)}</text>'


class Camera:
    """One window, and the pictures taken of it."""

    def __init__(self, pilot: Any) -> None:
        self.pilot, self.app = pilot, pilot.app

    async def rest(self) -> None:
        """Wait until nothing moves."""
        async with asyncio.timeout(PATIENCE):
            while True:
                await self.pilot.pause()
                if self.app.idle:
                    await self.pilot.pause()
                    if self.app.idle:
                        return
                await asyncio.sleep(0.01)

    async def press(self, *keys: str) -> None:
        """Press keys, one after the other has been answered."""
        for key in keys:
            await self.pilot.press(key)
            await self.rest()

    async def go(self, step: str) -> None:
        """Go on to a step."""
        async with asyncio.timeout(PATIENCE):
            while self.app.state.session.step != step:
                await self.press("enter")

    async def menu(self, words: str) -> None:
        """Choose from the menu."""
        await self.press("ctrl+p", *("space" if c == " " else c for c in words), "enter")

    async def type(self, words: str) -> None:
        """Type into the field that has the focus."""
        await self.press(*("space" if c == " " else c for c in words))

    def take(self, name: str, home: Path | None = None) -> None:
        """Write a picture; a home that is named seems to be Ada's."""
        self.app.update(saved="✓ saved")
        svg = self.app.export_screenshot(title="chatbuilder", simplify=True)
        write(name, TEXT.sub(lambda text: at_home(text, str(home)), svg) if home else svg)


@asynccontextmanager
async def window(answers: Any = None, size: tuple[int, int] = WIDE, theme: str = "") -> AsyncIterator[Camera]:
    """Open the wizard."""
    from chatbuilder.app import make_app

    app = make_app(None, answers)
    async with app.run_test(size=size) as pilot:
        if theme:
            app.theme = theme
        camera = Camera(pilot)
        await camera.rest()
        yield camera


def write(name: str, svg: str) -> None:
    """Write a picture whose texts have no spaces in front."""
    # Rich names its classes after all that it drew, a folder of this run included.
    svg = re.sub(r"\bterminal-\d+", f"terminal-{name}", svg)
    (OUT / f"{name}.svg").write_text(TEXT.sub(without_margins, svg), "utf-8", newline="\n")
    print(f"docs/pictures/{name}.svg")


def print_out(name: str, title: str, parts: Sequence[tuple[str, str]]) -> None:
    """Write a picture of a terminal: commands, and what they print."""
    from rich.console import Console
    from rich.text import Text

    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        console = Console(width=110, record=True, file=nowhere, force_terminal=True, color_system="truecolor")
        for command, output in parts:
            console.print(Text.assemble(("$ ", "bold green"), (command, "bold")))
            for line in output.rstrip().splitlines():
                console.print(Text(line, no_wrap=True, overflow="ellipsis"))
            console.print()
        write(name, console.export_svg(title=title, unique_id=name))


def forget() -> None:
    """Remove sessions, systems and the library: what one window leaves behind, the next would offer."""
    shutil.rmtree(os.environ["CHATBUILDER_HOME"], ignore_errors=True)
