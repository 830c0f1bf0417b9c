"""What differs between the platforms: design and Auto-setup of each, and what stands there afterwards.

The vendors are the strict fakes of the tests, so no account is needed and the pictures are the same everywhere.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

from camera import ADA, OUT, Camera, forget, print_out, window

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))  # for the vendors that the tests talk to
ANSWERS: dict[str, dict[str, Any]] = {
    "obsidian": {"priorities": ["organization", "search"], "features": ["tags", "projects"]},
    "logseq": {"priorities": ["organization", "search"], "features": ["tags", "projects", "timeline"]},
    "excel": {"priorities": ["analytics", "organization"], "features": ["dashboard", "projects"]},
    "custom": {"priorities": ["search", "organization"], "features": ["tags", "archive"]},
    "notion": {"priorities": ["organization", "collaboration"], "features": ["projects", "timeline"],
               "team_size": "small"},
    "airtable": {"priorities": ["organization", "automation"], "features": ["projects", "reminders"],
                 "target": {"workspace": "wspTestWorkspace1"}},
    "sheets": {"priorities": ["analytics", "search"], "features": ["dashboard"]},
}  # fmt: skip


def answers(platform: str) -> dict[str, Any]:
    """What the guide of a platform chooses."""
    return {"platform": platform, "name": "Chat Sessions", **ANSWERS[platform]}


@contextmanager
def vendors() -> Iterator[None]:
    """Have Notion, Airtable and Google on this machine, with a token for each."""
    from tests.vendors import airtable, notion, sheets

    ANSWERS["airtable"]["target"] = {"workspace": airtable.WORKSPACE}
    secret = "pat" + "0" * 14 + ".0123456789"
    with ExitStack() as stack:
        file = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "credentials.json"
        file.write_text(sheets.user(), "utf-8")
        addresses = {
            "NOTION": stack.enter_context(notion.serving(notion.NotionFake(token="ntn_picture", limit=None))),
            "AIRTABLE": stack.enter_context(
                airtable.serving(airtable.AirtableFake(token=secret, per_second=None))
            ),
            "GOOGLE": stack.enter_context(sheets.serving(sheets.GoogleFake())),
        }  # fmt: skip
        tokens = {
            "NOTION_TOKEN": "ntn_picture", "AIRTABLE_TOKEN": secret, "GOOGLE_APPLICATION_CREDENTIALS": str(file),
        }  # fmt: skip
        stack.enter_context(patch.dict(os.environ, tokens))
        stack.enter_context(patch.dict(os.environ, {f"CHATBUILDER_{name}_URL": url for name, url in addresses.items()}))
        yield


async def platforms(home: Path) -> None:
    """Take the design and Auto-setup of every platform, before anything is built."""
    with vendors(), patch.dict(os.environ, {"HOME": ADA}):
        for platform in ANSWERS:
            async with window(answers(platform)) as camera:
                await camera.go("solution")
                await camera.press("2", "down")
                camera.take(f"{platform}-design")
                await setup(camera)
                camera.take(f"{platform}-setup")
            forget()


async def setup(camera: Camera) -> None:
    """Go to Auto-setup, where the account and the place have been looked at."""
    await camera.go("setup")
    await camera.rest()


def results(home: Path) -> None:
    """Build the local systems and show what is on the disk."""
    for platform, show in RESULTS.items():
        place = home / {"excel": "Chats.xlsx", "custom": "chats.db"}.get(platform, platform)
        build(platform, place)
        show(place)


def build(platform: str, place: Path) -> None:
    """Build a system without the wizard."""
    from chatbuilder import pipeline
    from chatbuilder.answers import check

    target = {"database": f"sqlite:///{place}"} if platform == "custom" else {"path": str(place)}
    pipeline.apply(check({**answers(platform), "target": target}), on_event=lambda event: None, cancelled=lambda: False)


def tree(folder: Path) -> str:
    """What `tree --dirsfirst` prints of a folder, with at most five files of each."""
    lines: list[str] = []

    def add(place: Path, indent: str) -> None:
        found = sorted(place.iterdir(), key=lambda path: (path.is_file(), path.name))
        shown = [path for path in found if not path.name.startswith(".")]
        folders, files = [p for p in shown if p.is_dir()], [p for p in shown if p.is_file()]
        names: list[tuple[str, Path | None]] = [(p.name, p) for p in folders] + [(p.name, None) for p in files[:5]]
        names += [(f"… {len(files) - 5} more", None)] if len(files) > 5 else []
        for number, (text, inner) in enumerate(names):
            last = number == len(names) - 1
            lines.append(f"{indent}{'└── ' if last else '├── '}{text}")
            if inner:
                add(inner, indent + ("    " if last else "│   "))

    add(folder, "")
    return "\n".join(lines)


def vault(place: Path) -> None:
    """Show the folders of a vault, and one note."""
    note = next(path for path in sorted(place.rglob("*.md")) if path.parent.name == "Sessions")
    parts = [("tree ~/Vault", tree(place)), (f"cat ~/Vault/{note.relative_to(place)!s}", note.read_text("utf-8"))]
    print_out("obsidian-result", "an Obsidian vault", parts)


def graph(place: Path) -> None:
    """Show the folders of a graph, and the page of a view."""
    pages = sorted((place / "pages").glob("*.md"))
    page = next(path for path in pages if "query" in path.read_text("utf-8") and "Active" in path.name)
    parts = [("tree ~/Graph", tree(place)), (f"cat ~/Graph/pages/{page.name}", page.read_text("utf-8"))]
    print_out("logseq-result", "a Logseq graph", parts)


def database(place: Path) -> None:
    """Show tables and views of a database, and ask two questions."""
    queries = (
        "SELECT type, name FROM sqlite_schema WHERE type IN ('table', 'view') AND name NOT LIKE '%\\_%' ESCAPE '\\' "
        "ORDER BY type, name",
        "SELECT title, assistant, status, started FROM sessions ORDER BY started DESC",
    )  # fmt: skip
    with closing(sqlite3.connect(place)) as connection:
        parts = [(f'sqlite3 -box chats.db "{query}"', box(connection, query)) for query in queries]
    print_out("custom-result", "a SQLite database", parts)


def box(connection: sqlite3.Connection, query: str) -> str:
    """What the option -box of sqlite3 prints."""
    cursor = connection.execute(query)
    lines = [tuple(column[0] for column in cursor.description)]
    lines += [tuple("" if value is None else str(value)[:44] for value in row) for row in cursor]
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]

    def rule(left: str, middle: str, right: str) -> str:
        return left + middle.join("─" * (width + 2) for width in widths) + right

    body = ["│ " + " │ ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)) + " │" for line in lines]
    return "\n".join((rule("┌", "┬", "┐"), body[0], rule("├", "┼", "┤"), *body[1:], rule("└", "┴", "┘")))


def workbook(place: Path) -> None:
    """Show two sheets as LibreOffice draws them; without it the pictures stay as they are."""
    office, drawer = shutil.which("soffice") or shutil.which("libreoffice"), shutil.which("pdftoppm")
    if not (office and drawer and shutil.which("pdftotext")):
        print("LibreOffice or poppler is not installed: docs/pictures/excel-*.png stay as they are", file=sys.stderr)
        return
    profile = place.parent / "office"
    folder, printed = str(place.parent), str(place.with_suffix(".pdf"))
    run([office, f"-env:UserInstallation={profile.as_uri()}", "--headless", "--convert-to", "pdf",
         "--outdir", folder, str(place)])  # fmt: skip
    pages = run(["pdftotext", printed, "-"]).split("\f")
    for title, (name, *crop) in SHEETS.items():
        page = str(next(n for n, text in enumerate(pages, 1) if text.lstrip().startswith(title)))
        edges = [word for key, edge in zip("xyWH", crop, strict=True) for word in (f"-{key}", str(edge * DPI // 72))]
        run([drawer, "-png", "-r", str(DPI), *edges, "-f", page, "-l", page, "-singlefile", printed, str(OUT / name)])
        print(f"docs/pictures/{name}.png")


def run(command: list[str]) -> str:
    """Run a program that draws; return what it prints."""
    return subprocess.run(command, check=True, capture_output=True, encoding="utf-8", timeout=180).stdout


# The title of a sheet, the picture, and what of the page it shows: left, top, width, height in points.
DPI, SHEETS = 108, {"Dashboard": ("excel-dashboard", 55, 62, 690, 375), "All sessions": ("excel-view", 48, 65, 695, 85)}
RESULTS = {"obsidian": vault, "logseq": graph, "custom": database, "excel": workbook}
