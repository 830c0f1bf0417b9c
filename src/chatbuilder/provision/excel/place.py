"""The file on disk: whether it can be worked on, copies of it, and replacing it in one piece."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from chatbuilder.errors import InputError, RefusedError
from chatbuilder.provision import above, disk
from chatbuilder.provision.excel import package, presence
from chatbuilder.provision.excel.package import Package, Unusable
from chatbuilder.provision.excel.presence import Presence


class Place:
    """A path where a workbook is, or will be."""

    def __init__(self, target: Path) -> None:
        """Raises `InputError` when the path means nothing here, such as ~ without a home or a loop of links."""
        try:
            self.path = target.expanduser().resolve()
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"{target} is not a usable path: {error}.", title="The target cannot be used",
                kept="everything; nothing was written.", hint="write the full path, or choose another file.",
            ) from error  # fmt: skip

    @property
    def name(self) -> str:
        """The file's name."""
        return self.path.name

    def read(self) -> bytes | None:
        """Return the file's bytes, or None when there is none. Raises `InputError`."""
        try:
            return self.path.read_bytes() if os.path.lexists(self.path) else None
        except OSError as error:
            raise self.unfit([f"{self.name} cannot be read: {error.strerror}"]) from error

    def opened(self, data: bytes) -> tuple[Package, Presence | None]:
        """Take a workbook apart that can be added to, and find what is ours in it. Raises `InputError`."""
        try:
            book = package.read(data)
            package.check(book)
            return book, presence.find(book)
        except Unusable as error:
            raise self.unfit([f"{self.name} {error}"]) from error

    def unfit(self, problems: Sequence[str]) -> InputError:
        """Return the error that says why the file cannot be used."""
        return InputError(
            f"{self.path} cannot take the system as it is.", title="The workbook cannot be used",
            problems=problems, kept="the file, exactly as it is.",
            hint="settle what is listed, or name another file.",
        )  # fmt: skip

    def problems(self) -> Iterator[str]:
        """Yield what stands in the way of writing here, looking at names and rights only."""
        suffix = self.path.suffix.casefold()
        if self.path.is_dir():
            yield f"{self.path} is a folder; name a file in it, such as {self.path.name}/Chats.xlsx"
            return
        if suffix in (".xlsm", ".xltm", ".xlsb", ".xls"):
            yield f"{self.name} is not an .xlsx workbook; macros and old formats are left alone"
        elif suffix != ".xlsx":
            yield f"{self.name} does not end in .xlsx"
        yield from self.locks()
        nearest = next((folder for folder in self.path.parents if folder.exists()), self.path.parent)
        if not nearest.is_dir():
            yield f"{nearest} is a file, not a folder"
        elif not os.access(nearest, os.W_OK | os.X_OK):
            yield f"{nearest} may not be written to"
        elif self.path.exists() and not os.access(self.path, os.R_OK | os.W_OK):
            yield f"{self.name} may not be read and written"

    def locks(self) -> Iterator[str]:
        """Yield which program has the file open, by the file that Excel and LibreOffice put beside it."""
        for lock, program in ((f"~${self.name}", "Excel"), (f".~lock.{self.name}#", "LibreOffice")):
            if os.path.lexists(self.path.with_name(lock)):
                yield f"{self.name} is open in {program}: close it (or, if it is not, remove {lock} beside it)"

    def unlocked(self) -> None:
        """Raise `InputError` when the file is open in a program, which would write over what is done here."""
        found = list(self.locks())
        if found:
            raise self.unfit(found)

    def create(self, data: bytes) -> int:
        """Put a new file in place; return how many folders above it are ours. Raises `RefusedError`."""
        ours = above.make(self.path)
        if not disk.create(self.path, data):
            above.settle(self.path, journaled=True)
            raise RefusedError(
                f"{self.name} appeared while it was being made.", title="The file is there by now",
                kept="that file, as it is.", hint="look at it, then apply again.",
            )  # fmt: skip
        return ours

    def replace(self, seen: bytes, data: bytes) -> None:
        """Put new content in place of what was seen. Raises `RefusedError` when somebody has written since."""
        if self.read() != seen:
            raise RefusedError(
                f"{self.name} was changed while it was being worked on.", title="The file has changed",
                kept="the file as it is now.", hint="close it everywhere, then apply again.",
            )  # fmt: skip
        if data != seen:
            disk.write(self.path, data)

    def back_up(self, data: bytes, when: str = "chatbuilder") -> str:
        """Keep a copy of the file beside it, unless there is one with the same bytes; return its name."""
        place = self.backup_place(data, when)
        if not place.exists() and not disk.create(place, data):
            raise RefusedError(
                f"{place.name} could not be made.", title="No copy, no change", kept="the file as it is.",
                hint="see whether something else of that name is there, then apply again.",
            )  # fmt: skip
        return place.name

    def backup_place(self, data: bytes, when: str = "chatbuilder") -> Path:
        """Return where the copy of these bytes is, or goes; an earlier copy is never overwritten."""
        number = 1
        while True:
            extra = f"-{number}" if number > 1 else ""
            place = self.path.with_name(f"{self.path.stem}.before-{when}{extra}.xlsx")
            if not os.path.lexists(place) or (place.is_file() and place.read_bytes() == data):
                return place
            number += 1

    def backups(self) -> list[Path]:
        """Return the copies from before, oldest first."""
        found, number = [], 1
        place = self.path.with_name(f"{self.path.stem}.before-chatbuilder.xlsx")
        while place.is_file():
            found.append(place)
            number += 1
            place = self.path.with_name(f"{self.path.stem}.before-chatbuilder-{number}.xlsx")
        return found

    def original(self, result: Mapping[str, Any]) -> bytes | None:
        """Return the file from before our sheets came, when its copy is still there unchanged."""
        if not result.get("backup") or not result.get("original"):
            return None
        with suppress(OSError):
            data = self.path.with_name(str(result["backup"])).read_bytes()
            return data if disk.sha256(data) == result["original"] else None
        return None

    def remove(self, ours: int) -> None:
        """Remove the file if it is there, and the folders that were made for it when nothing else is in them."""
        self.path.unlink(missing_ok=True)
        disk.sync_folder(self.path.parent)
        above.remove(self.path, ours)
