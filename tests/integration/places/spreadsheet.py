"""A spreadsheet to fill, of a small Google on loopback."""

from __future__ import annotations

import pickle
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from chatbuilder import pipeline
from chatbuilder.config import Config
from chatbuilder.paths import locate
from tests.integration.places.base import Place
from tests.vendors.clock import FakeTime
from tests.vendors.sheets import ANA, File, GoogleFake, Person, serving, user

EPOCH = datetime(1899, 12, 30)
NAMES = {
    "last_activity": "Last activity", "first_prompt": "First prompt", "auto_filed": "Auto-filed",
    "external_id": "External ID", "source_id": "Source ID",
}  # fmt: skip


class KeptGoogle(GoogleFake):
    """Keeps its files in a file of its own, so that a test may go back to how they were."""

    place: Path | None = None
    stood: Any = None

    def answer(self, *request: Any) -> Any:
        with self.lock:
            self.recall()
        return super().answer(*request)

    def recall(self) -> None:
        """Take up the files as they are kept, when somebody put others there."""
        if self.place is None or not self.place.exists():
            return
        stood = (self.place.stat().st_ino, self.place.stat().st_mtime_ns)
        if stood != self.stood:
            self.files, self.stood = pickle.loads(self.place.read_bytes()), stood

    def changed(self) -> None:
        if self.place is not None:
            self.place.write_bytes(pickle.dumps(self.files))
            self.stood = (self.place.stat().st_ino, self.place.stat().st_mtime_ns)


class SpreadsheetPlace(Place):
    """Rows of a table in a spreadsheet."""

    platform = "sheets"
    strict = True
    follows_renames = False
    forks = False

    def __init__(self, room: Path, answers: dict[str, Any] | None = None) -> None:
        self.fake = KeptGoogle(per_minute=100_000)
        self._open = ExitStack()
        patch = pytest.MonkeyPatch()
        self._open.callback(patch.undo)
        self.time = FakeTime()
        patch.setattr("chatbuilder.pipeline.outside.RealTime", lambda: self.time)
        patch.setenv("CHATBUILDER_GOOGLE_URL", self._open.enter_context(serving(self.fake)))
        key = room.parent / f"{room.name}-google.json"
        key.write_text(user(), "utf-8")
        patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key))
        self.fake.place = room / "google"
        super().__init__(room, answers)

    def close(self) -> None:
        self._open.close()

    def build(self, config: Config) -> None:
        """Apply; whoever lost the library names the spreadsheet."""
        if not locate().library.exists() and self.fake.files and not self.file.trashed:
            target = {"spreadsheet": f"https://docs.google.com/spreadsheets/d/{self.file.id}/edit"}
            config = pipeline.check({**config.data(), "target": target})
        super().build(config)

    @property
    def file(self) -> File:
        """The spreadsheet."""
        self.fake.recall()
        return list(self.fake.files.values())[-1]

    @property
    def person(self) -> Person:
        """Somebody who has it open."""
        return Person(self.file)

    def target(self) -> dict[str, str]:
        return {}

    def table(self, title: str) -> list[dict[str, Any]]:
        """The rows of a table as they stand, by the names of its columns; blank rows too, "row" is where they are."""
        book = self.file.book
        if title not in book.titles():
            return []
        sheet = book.titles()[title]
        (table,) = [t for t in book.tables.values() if t["range"]["sheetId"] == sheet]
        area, names = table["range"], [c["columnName"] for c in table["columnProperties"]]
        found = []
        for row in range(area["startRowIndex"] + 1, area["endRowIndex"]):
            cells = {n: book.cells[sheet].get((row, area["startColumnIndex"] + at)) for at, n in enumerate(names)}
            found.append({**cells, "row": row})
        below = [row for row, column in book.cells[sheet] if row >= area["endRowIndex"] and column < len(names)]
        assert not below, "rows below the table"
        return found

    def sessions(self) -> dict[str, dict[str, Any]]:
        """The rows of chats as they stand."""
        found: dict[str, dict[str, Any]] = {}
        for row in self.table("Chat Sessions"):
            key = row["Source ID"]
            if key and not str(key).startswith("sample:"):
                assert key not in found, "a chat came twice"
                found[key] = row
        return found

    def rows(self) -> dict[str, dict[str, str]]:
        return {
            key: {name.lower().replace(" ", "_").replace("-", "_"): _plain(name, value) for name, value in row.items()
                  if name != "row"}
            for key, row in self.sessions().items()
        }  # fmt: skip

    def edit(self, key: str, **values: str) -> None:
        row = self.sessions()[key]
        for name, value in values.items():
            self.put("Chat Sessions", row["row"], NAMES.get(name, name.capitalize()), value)

    def put(self, title: str, row: int, column: str, value: Any) -> None:
        """Type into a cell."""
        book = self.file.book
        sheet = book.titles()[title]
        (table,) = [t for t in book.tables.values() if t["range"]["sheetId"] == sheet]
        at = [c["columnName"] for c in table["columnProperties"]].index(column) + table["range"]["startColumnIndex"]
        book.cells[sheet].pop((row, at), None)
        if value != "":
            book.cells[sheet][row, at] = value
        self.fake.changed()

    def do(self, *requests: dict[str, Any]) -> None:
        """Change something in the browser."""
        self.person.do(*requests)
        self.fake.changed()

    def delete_row(self, title: str, row: int) -> None:
        """Delete a row, or empty it where it is the only one."""
        sheet = self.file.book.titles()[title]
        if row == 1:
            cells = self.file.book.cells[sheet]
            for place in [place for place in cells if place[0] == row and place[1] < 40]:
                del cells[place]
            self.fake.changed()
            return
        place = {"sheetId": sheet, "dimension": "ROWS", "startIndex": row, "endIndex": row + 1}
        self.do({"deleteDimension": {"range": place}})

    def delete(self, key: str) -> None:
        self.delete_row("Chat Sessions", self.sessions()[key]["row"])

    def _parts(self, key: str) -> list[dict[str, Any]]:
        parts = [row for row in self.table("Transcripts") if row["Source ID"] == key]
        numbers = [row["Part"] for row in parts]
        assert sorted(numbers) == list(range(1, len(parts) + 1)), numbers
        return sorted(parts, key=lambda row: row["Part"])

    def said(self, key: str) -> list[str]:
        return [row["Text"] for row in self._parts(key)]

    def retell(self, key: str, old: str, new: str) -> None:
        (row,) = [row for row in self._parts(key) if row["Text"] == old]
        self.put("Transcripts", row["row"], "Text", new)

    def projects(self) -> list[str]:
        return [row["Name"] for row in self.table("Projects") if row["Name"]]

    def rename_project(self, old: str, new: str) -> None:
        """Find and replace, as the guide tells: links are names."""
        for title, column in (("Projects", "Name"), ("Chat Sessions", "Project")):
            for row in self.table(title):
                if row[column] == old:
                    self.put(title, row["row"], column, new)

    def delete_project(self, title: str) -> None:
        (row,) = [row for row in self.table("Projects") if row["Name"] == title]
        self.delete_row("Projects", row["row"])

    def snapshot(self) -> dict[str, Any]:
        self.fake.recall()
        return {file.id: (pickle.dumps(file.book), file.trashed) for file in self.fake.files.values()}

    def take_away(self) -> None:
        self.file.owner = f"not-{ANA}"
        self.fake.changed()

    def wipe(self) -> None:
        self.file.trashed = True
        self.fake.changed()


def _plain(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, (int, float)) and name in ("Started", "Last activity", "Day", "Archived on"):
        moment = EPOCH + timedelta(seconds=round(value * 86400))
        return moment.date().isoformat() if name in ("Day", "Archived on") else f"{moment.isoformat()}Z"
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
