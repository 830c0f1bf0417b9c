"""An Excel workbook to fill."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.generators.excel import pages, views
from chatbuilder.generators.excel.book import open_book
from tests.integration.places.base import Place
from tests.office import load

_SHORT = 6  # rows that a view shows: the sheets are the same, only shorter, and the tests are quicker


class WorkbookPlace(Place):
    """Rows of a table in an .xlsx file, read and changed by openpyxl, which saves every part of it anew."""

    platform = "excel"
    follows_renames = False

    def __init__(self, room: Path, answers: dict[str, Any] | None = None) -> None:
        self._patch = pytest.MonkeyPatch()
        self._patch.setattr(views, "SHOWN", _SHORT)
        self._patch.setattr(pages, "SHOWN", _SHORT)
        super().__init__(room, answers)

    def close(self) -> None:
        self._patch.undo()

    def build(self, config: Config) -> None:
        super().build(config)
        blueprint = design(config)
        book = open_book(blueprint, pages.wanted_pages(blueprint))
        self.headers = {name: key for (table, key), name in book.headers.items() if table == "sessions"}

    @property
    def file(self) -> Path:
        """The workbook."""
        return self.room / "Chats.xlsx"

    def target(self) -> dict[str, str]:
        return {"path": str(self.file)}

    def change(self, act: Callable[[Any], None]) -> None:
        """Open the workbook, do something, save it."""
        book = load(self.file.read_bytes())
        act(book)
        book.save(self.file)

    def table(self, book: Any, name: str) -> tuple[Any, Any]:
        """Return a sheet and the table on it."""
        return next((page, page.tables[name]) for page in book.worksheets if name in page.tables)

    def listed(self, book: Any, name: str) -> list[tuple[int, dict[str, Any]]]:
        """Return the rows of a table in which something stands: number, and values by heading."""
        page, table = self.table(book, name)
        first, last = (int(found) for found in re.findall(r"\d+", table.ref))
        heads = {cell.value: cell.column for cell in page[first] if cell.value}
        rows = [(n, {head: page.cell(n, at).value for head, at in heads.items()}) for n in range(first + 1, last + 1)]
        typed = [name for name in heads if not name.startswith(("_", "Rule says"))]
        return [(n, row) for n, row in rows if any(row[name] not in (None, "") for name in typed)]

    def _row(self, book: Any, key: str) -> int:
        (found,) = (n for n, row in self.listed(book, "Sessions") if row["Source ID"] == key)
        return found

    def rows(self) -> dict[str, dict[str, str]]:
        listed = self.listed(load(self.file.read_bytes()), "Sessions")
        found = [(row["Source ID"], row) for _, row in listed if not str(row["Source ID"]).startswith("sample:")]
        assert len(found) == len({key for key, _ in found}), "a chat came twice"
        return {key: {self.headers[n]: _plain(v) for n, v in row.items() if n in self.headers} for key, row in found}

    def edit(self, key: str, **values: str) -> None:
        def act(book: Any) -> None:
            page, _ = self.table(book, "Sessions")
            heads = {self.headers.get(cell.value): cell.column for cell in page[1]}
            for name, value in values.items():
                page.cell(self._row(book, key), heads[name]).value = value or None

        self.change(act)

    def delete(self, key: str) -> None:
        self.change(lambda book: self._drop(book, "Sessions", self._row(book, key)))

    def _drop(self, book: Any, name: str, row: int) -> None:
        """Delete a row of a table: what is below moves up, the table gets shorter."""
        page, table = self.table(book, name)
        page.delete_rows(row)
        found = re.fullmatch(r"(.*:[A-Z]+)(\d+)", table.ref)
        assert found
        table.ref = f"{found[1]}{int(found[2]) - 1}"
        table.autoFilter.ref = table.ref

    def said(self, key: str) -> list[str]:
        rows = [row for _, row in self.listed(load(self.file.read_bytes()), "Messages") if row["Source ID"] == key]
        texts: dict[int, str] = {}
        for row in sorted(rows, key=lambda row: (row["Message"], row["Part"])):
            texts[row["Message"]] = texts.get(row["Message"], "") + (row["Text"] or "")
        return list(texts.values())

    def retell(self, key: str, old: str, new: str) -> None:
        def act(book: Any) -> None:
            page, _ = self.table(book, "Messages")
            for n, row in self.listed(book, "Messages"):
                if row["Source ID"] == key and row["Text"] == old:
                    page.cell(n, 7).value = new

        self.change(act)

    def projects(self) -> list[str]:
        return [row["Name"] for _, row in self.listed(load(self.file.read_bytes()), "Projects")]

    def rename_project(self, old: str, new: str) -> None:
        """In a workbook the name stands in the rows of chats as well: find and replace."""

        def act(book: Any) -> None:
            for name, head in (("Projects", "Name"), ("Sessions", "Project")):
                page, _ = self.table(book, name)
                at = next(cell.column for cell in page[1] if cell.value == head)
                for n, row in self.listed(book, name):
                    if row[head] == old:
                        page.cell(n, at).value = new

        self.change(act)

    def delete_project(self, title: str) -> None:
        def act(book: Any) -> None:
            (row,) = (n for n, row in self.listed(book, "Projects") if row["Name"] == title)
            self._drop(book, "Projects", row)

        self.change(act)

    def snapshot(self) -> dict[str, Any]:
        files = (path for path in self.room.iterdir() if path.is_file())
        return {str(path): (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in files}

    def take_away(self) -> None:
        self.file.rename(self.room / "elsewhere")

    def wipe(self) -> None:
        self.file.unlink(missing_ok=True)


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else ""
    if isinstance(value, datetime):
        text = value.isoformat(timespec="seconds")
        return text[:10] if text.endswith("T00:00:00") else f"{text}Z"
    return value.isoformat() if isinstance(value, date) else str(value).replace("; ", ", ")
