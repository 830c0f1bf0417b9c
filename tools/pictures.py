"""Draw every screen of the wizard into docs/pictures: `python3 dev.py pictures [SCENE...]`.

The pictures come from the running program with a home of their own, so that they are the same on every machine.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import platform_pictures
from camera import ADA, NARROW, OUT, forget, print_out, window

ANSWERS: dict[str, Any] = {
    "name": "Chat Sessions", "platform": "obsidian", "priorities": ["organization", "search", "analytics"],
    "features": ["tags", "projects", "dashboard"], "team_size": "solo", "complexity": "moderate",
}  # fmt: skip
FIELD = {"name": "Client", "type": "select", "choices": ["Acme", "Globex"]}
BEGAN = 1_770_000_000
CHATS = (
    ("Window functions in SQL", "How does a window function differ from GROUP BY?",
     "A window function keeps every row.\n\n```sql\nSELECT title, rank() OVER (ORDER BY started) FROM chats;\n```\n\n"
     "GROUP BY makes one row of each group."),
    ("Running total", "A running total per month, please: with a window function?", "Use sum() OVER (ORDER BY month)."),
    ("Double glazing", "Which window lets the least noise in?", "Triple glazing; the function of the middle pane …"),
    ("Apple pie", "How long does an apple pie take?", "About 45 minutes at 190 °C."),
)  # fmt: skip


async def questions(home: Path) -> None:
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


async def design(home: Path) -> None:
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


def drafts() -> tuple[Any, ...]:
    """Two sessions that somebody left."""
    from chatbuilder import pipeline

    return (
        pipeline.DraftInfo("d-1", "Research log", "notion", "features", "2026-11-22T16:40:00Z"),
        pipeline.DraftInfo("d-2", "Chat Sessions", "excel", "review", "2026-11-20T09:12:00Z"),
    )


async def welcome(home: Path) -> None:
    """What somebody sees who was here before."""
    from chatbuilder import pipeline

    async with window() as camera:
        await camera.press("down")
    async with window() as camera:
        system = pipeline.SystemInfo(
            "s-1", "Chat Sessions", "obsidian", f"{ADA}/Documents/Chat Sessions vault", "", "ready", "", ""
        )
        camera.app.update(drafts=drafts(), systems=(system,))
        await camera.rest()
        await camera.press("home")
        camera.take("welcome")


async def connect(home: Path) -> None:
    """Where a token is given, on a machine with a keyring."""
    from chatbuilder.pipeline import connecting

    with patch.object(connecting, "keyring_problem", lambda: ""):
        async with window({**ANSWERS, "platform": "notion"}) as camera:
            await camera.go("setup")
            await camera.press("ctrl+t")
            camera.take("connect")


async def chats(home: Path) -> None:
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
    logs = (FoundLogs("claude-code", "Claude Code", f"{ADA}/.claude/projects"),)
    standing = bringing.Standing((system,), "", 1312)
    with (
        patch.multiple(bringing, logs=lambda: logs, standing=lambda config: standing),
        patch.multiple(bringing, read=lambda *rest: found, fill=lambda *rest: forecast),
    ):
        async with window() as camera:
            await camera.menu("fill")
            camera.take("fill")
            await camera.press("i")
            camera.app.screen.query_one("#path").value = f"{ADA}/Downloads/chatgpt-export.zip"
            await camera.press("enter")
            camera.take("import")


async def looks(home: Path) -> None:
    """The smallest window, and the other colours."""
    async with window(size=NARROW) as camera:
        await camera.press(*["down"] * 4)
        camera.take("platform-80x24")
    for name in ("light", "contrast"):
        async with window(ANSWERS, theme=f"chatbuilder-{name}") as camera:
            camera.take(f"review-{name}")


async def dialogs(home: Path) -> None:
    """The menu and what opens over a step: a field of one's own, the export, the chooser of files, a question."""
    downloads = home / "Downloads"
    downloads.mkdir()
    for name, size in (("chatgpt-export.zip", 48_211_004), ("claude-data.zip", 3_120_444), ("notes.txt", 812)):
        with (downloads / name).open("wb") as file:
            file.truncate(size)
        os.utime(downloads / name, (1_795_000_000, 1_795_000_000))
    async with window({**ANSWERS, "options": {"custom_fields": [FIELD]}}) as camera:
        await camera.press("ctrl+p")
        camera.take("menu")
        await camera.press("escape")
        camera.app.screen.query_one("#fields").focus()
        await camera.press("home", "space")
        camera.take("field")
        await camera.press("escape")
        await camera.go("solution")
        await camera.press("e")
        camera.app.screen.query_one("#folder").value = "~/Documents/Chat Sessions package"
        await camera.rest()
        camera.take("export")
        await camera.press("escape", "ctrl+p", *"import", "enter")
        camera.app.screen.query_one("#path").value = str(downloads)
        await camera.press("ctrl+o")
        camera.take("chooser", home)
    forget()
    async with window() as camera:
        await camera.press("down")
    async with window() as camera:
        camera.app.update(drafts=drafts())
        await camera.rest()
        await camera.press("home", "delete")
        camera.take("question")


async def finding(home: Path) -> None:
    """Searching all chats, and reading one."""
    from chatbuilder import pipeline

    pipeline.import_chats([str(export_of(home))])
    async with window() as camera:
        await camera.menu("search chats")
        await camera.type("window function")
        camera.take("search")
        await camera.press("enter", "enter")
        camera.take("reading")


def command_line(home: Path) -> None:
    """The same without the wizard: what commands print, from an export to a vault."""
    export = export_of(home)
    (home / "answers.toml").write_text('platform = "obsidian"\npriorities = ["organization", "search"]\n', "utf-8")
    lines = (
        "chatbuilder apply --answers answers.toml --yes",
        f"chatbuilder import {export.name}",
        "chatbuilder search window function",
        "chatbuilder sync obsidian --dry-run",
        "chatbuilder sync obsidian",
    )
    print_out("commands", "without the wizard", [(line, printed(line, home)) for line in lines])


def printed(line: str, home: Path) -> str:
    """What a command prints. Of its progress only the steps are shown, without their middle: they come in any case."""
    words = [sys.executable, "-m", "chatbuilder", *line.split()[1:]]
    done = subprocess.run(words, cwd=home, capture_output=True, encoding="utf-8", check=True, timeout=120)
    progress = "".join(text for text in done.stderr.splitlines(keepends=True) if text.startswith("["))
    found = (progress + done.stdout).replace(quote(str(home), safe=""), quote(ADA, safe="")).replace(str(home), ADA)
    shown = [text.rstrip() for text in found.splitlines()]
    steps = [text for text in shown if text.startswith("[")]
    return "\n".join(text if text not in steps[2:-1] else "…" for text in shown if text not in steps[3:-1])


def export_of(home: Path) -> Path:
    """Write some chats as ChatGPT exports them."""
    export = home / "chatgpt-export.zip"
    with zipfile.ZipFile(export, "w") as file:
        file.writestr("conversations.json", json.dumps([conversation(at, *said) for at, said in enumerate(CHATS)]))
    return export


def conversation(at: int, title: str, prompt: str, answer: str) -> dict[str, Any]:
    """A chat as ChatGPT exports it."""

    def node(key: str, parent: str | None, role: str, text: str) -> dict[str, Any]:
        content = {"content_type": "text", "parts": [text]}
        message = {"id": key, "author": {"role": role}, "create_time": began + 5, "content": content}
        return {"id": key, "parent": parent, "children": [], "message": message}

    began = BEGAN + at * 86_400 * 3.1
    nodes = (node("u", "root", "user", prompt), node("a", "u", "assistant", answer))
    root: dict[str, Any] = {"id": "root", "parent": None, "children": [], "message": None}
    return {
        "id": f"c{at}", "conversation_id": f"c{at}", "title": title, "create_time": began, "update_time": began + 840,
        "mapping": {"root": root, "u": nodes[0], "a": nodes[1]}, "current_node": "a", "default_model_slug": "gpt-5",
    }  # fmt: skip


SCENES: dict[str, Callable[[Path], Awaitable[None] | None]] = {
    scene.__name__: scene
    for scene in (
        questions, design, building, welcome, connect, chats, looks, dialogs, finding, command_line,
        platform_pictures.platforms, platform_pictures.results,
    )
}  # fmt: skip


def draw(name: str, folder: Path) -> str:
    """Play one scene in a home of its own; return why it could not be played, "" when it was."""
    home = folder / name / "ada"
    home.mkdir(parents=True)
    homes = {"HOME": str(home), "USERPROFILE": str(home), "CHATBUILDER_HOME": str(home / "chatbuilder")}
    quiet = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring", "TEXTUAL_ANIMATIONS": "none"}
    with patch.dict(os.environ, {**homes, **quiet}):
        os.environ.pop("NO_COLOR", None)
        try:
            coming = SCENES[name](home)
            if coming is not None:
                asyncio.run(wait_for(coming))
        except Exception as error:  # noqa: BLE001  (a screen that changed must not cost the other pictures)
            return f"{type(error).__name__}: {error}"
    return ""


async def wait_for(coming: Awaitable[None]) -> None:
    """Await what a scene returned."""
    await coming


def main(wanted: Sequence[str]) -> int:
    """Draw the pictures of the scenes that are named, of all when none is. 1 when one could not be drawn."""
    if unknown := [name for name in wanted if name not in SCENES]:
        print(f"unknown: {', '.join(unknown)}; there are {', '.join(SCENES)}", file=sys.stderr)
        return 2
    OUT.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        troubles = {name: draw(name, Path(folder).resolve()) for name in wanted or SCENES}
    for name, trouble in troubles.items():
        if trouble:
            print(f"not drawn, the scene {name} stopped: {trouble}", file=sys.stderr)
    return int(any(troubles.values()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
