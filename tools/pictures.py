"""Draw every screen of the wizard into docs/pictures: `python3 dev.py pictures`.

The pictures come from the running program with a home of their own, so that they are the same on every machine.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

OUT = Path(__file__).resolve().parents[1] / "docs" / "pictures"
WIDE, NARROW = (120, 36), (80, 24)
ADA = "/home/ada"
# How Rich writes its pictures: one element for each run of letters, spaces as entities, cells of this width.
TEXT = re.compile(r'<text([^>]*) x="([\d.]+)"([^>]*) textLength="([\d.]+)"([^>]*)>([^<]*)</text>')
SPACE, CELL = "&#160;", 12.2
ANSWERS: dict[str, Any] = {
    "name": "Chat Sessions", "platform": "obsidian", "priorities": ["organization", "search", "analytics"],
    "features": ["tags", "projects", "dashboard"], "team_size": "solo", "complexity": "moderate",
}  # fmt: skip


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


class Camera:
    """One window, and the pictures taken of it."""

    def __init__(self, pilot: Any) -> None:
        self.pilot, self.app = pilot, pilot.app

    async def rest(self) -> None:
        """Wait until nothing moves."""
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
        while self.app.state.session.step != step:
            await self.press("enter")

    def take(self, name: str) -> None:
        """Write a picture."""
        self.app.update(saved="✓ saved")
        svg = self.app.export_screenshot(title="chatbuilder", simplify=True)
        (OUT / f"{name}.svg").write_text(TEXT.sub(without_margins, svg), "utf-8", newline="\n")
        print(f"docs/pictures/{name}.svg")


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


async def questions() -> None:
    """The first four steps, as somebody answers them."""
    async with window() as camera:
        await camera.press(*["down"] * 4)
        camera.take("platform")
        await camera.press("enter", "space", "down", "space", "down", "space", "shift+up")
        camera.take("priorities")
        await camera.press("enter", "space", "down", "space", "end", "up", "space")
        camera.take("features")
        await camera.press("enter", "tab", "down")
        camera.take("team")
        await camera.press("f1")
        camera.take("help")


async def design() -> None:
    """Review and the four tabs of the Solution."""
    async with window(ANSWERS) as camera:
        camera.take("review")
        await camera.go("solution")
        await camera.press(*["down"] * 4)
        camera.take("solution-guide")
        await camera.press("2", "down")
        camera.take("solution-design")
        await camera.press("3", "end")
        camera.take("solution-files")
        await camera.press("4", "end")
        camera.take("solution-plan")


async def building(home: Path) -> None:
    """Auto-setup before the first byte is written, and what came of it."""
    os.environ["HOME"] = ADA
    async with window(ANSWERS) as camera:
        await camera.go("setup")
        camera.take("setup")
    os.environ["HOME"] = str(home)
    async with window(ANSWERS) as camera:
        await camera.go("setup")
        await camera.press("ctrl+s")
        camera.app.update(session=elsewhere(camera.app.state.session, home))
        await camera.press("enter")
        camera.take("done")


def elsewhere(session: Any, home: Path) -> Any:
    """Return a session whose system seems to be in Ada's home."""

    def moved(text: str) -> str:
        return text.replace(str(home), ADA).replace(quote(str(home), safe=""), quote(ADA, safe=""))

    old = session.outcome
    new = replace(old, place=moved(old.place), url=moved(old.url), next=tuple(map(moved, old.next)))
    return replace(session, outcome=new)


async def welcome() -> None:
    """What somebody sees who was here before."""
    from chatbuilder import pipeline

    async with window() as camera:
        await camera.press("down")
    async with window() as camera:
        drafts = (
            pipeline.DraftInfo("d-1", "Research log", "notion", "features", "2026-11-22T16:40:00Z"),
            pipeline.DraftInfo("d-2", "Chat Sessions", "excel", "review", "2026-11-20T09:12:00Z"),
        )
        system = pipeline.SystemInfo(
            "s-1", "Chat Sessions", "obsidian", f"{ADA}/Documents/Chat Sessions vault", "", "ready", "", ""
        )
        camera.app.update(drafts=drafts, systems=(system,))
        await camera.rest()
        await camera.press("home")
        camera.take("welcome")


async def connect() -> None:
    """Where a token is given, on a machine with a keyring."""
    from chatbuilder.pipeline import connecting

    problem, connecting.keyring_problem = connecting.keyring_problem, lambda: ""
    async with window({**ANSWERS, "platform": "notion"}) as camera:
        await camera.go("setup")
        await camera.press("ctrl+t")
        camera.take("connect")
    connecting.keyring_problem = problem


async def chats() -> None:
    """What an import and a filling would do, told before they do it."""
    from chatbuilder.pipeline import bringing
    from chatbuilder.pipeline.importing import FoundLogs, ImportReport
    from chatbuilder.pipeline.provisioning import SystemInfo
    from chatbuilder.pipeline.syncing import SyncReport

    found = ImportReport(dry_run=True, found=1315, imported=1288, updated=6, unchanged=18, quarantined=3)
    part = found.source("chatgpt")
    part.imported, part.updated, part.unchanged, part.quarantined = 1288, 6, 18, 3
    part.messages.update(human=9412, assistant=9398)
    part.filled.update(title=1312, started=1312, url=1312, model=1190)
    part.derived.update(last_activity=1312)
    system = SystemInfo("s-1", "Chat Sessions", "obsidian", f"{ADA}/Documents/Chat Sessions vault", "", "ready", "", "")
    forecast = SyncReport(dry_run=True, created=1306, updated=6, requests=1312, bytes=2_410_000, kept=2)
    bringing.logs = lambda: (FoundLogs("claude-code", "Claude Code", f"{ADA}/.claude/projects"),)
    bringing.standing = lambda config: bringing.Standing((system,), "", 1312)
    bringing.read, bringing.fill = lambda *rest: found, lambda *rest: forecast
    async with window() as camera:
        await camera.press("ctrl+p", *"fill", "enter")
        camera.take("fill")
        await camera.press("i")
        camera.app.screen.query_one("#path").value = f"{ADA}/Downloads/chatgpt-export.zip"
        await camera.press("enter")
        camera.take("import")


async def looks() -> None:
    """The smallest window, and the other colours."""
    async with window(size=NARROW) as camera:
        await camera.press(*["down"] * 4)
        camera.take("platform-80x24")
    for name in ("light", "contrast"):
        async with window(ANSWERS, theme=f"chatbuilder-{name}") as camera:
            camera.take(f"review-{name}")


async def everything(home: Path) -> None:
    """Take all pictures; what one window leaves behind, the next would offer to resume."""
    await questions()
    forget()
    await design()
    await building(home)
    forget()
    await looks()
    forget()
    await welcome()
    await connect()
    await chats()


def forget() -> None:
    """Remove sessions and systems."""
    shutil.rmtree(os.environ["CHATBUILDER_HOME"], ignore_errors=True)


def main() -> int:
    """Draw the pictures."""
    OUT.mkdir(parents=True, exist_ok=True)
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    os.environ.pop("NO_COLOR", None)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder).resolve() / "ada"
        home.mkdir()
        os.environ |= {"HOME": str(home), "USERPROFILE": str(home), "CHATBUILDER_HOME": str(home / "chatbuilder")}
        asyncio.run(everything(home))
    return 0


if __name__ == "__main__":
    sys.exit(main())
