"""An .xlsx file read and written as a stream: what is large goes from the old file into the new one piece by piece.

Its small parts (the list of sheets, tables, styles, links) are a `Package`; the sheets themselves are only ever walked
through, so that memory does not grow with the rows.
"""

from __future__ import annotations

import codecs
import hashlib
import io
import re
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, BinaryIO

from chatbuilder.provision.excel.package import PART_LIMIT, TYPES, Package, Unusable, check

FILE_LIMIT = 2 * 2**30
UNPACKED_LIMIT = 16 * 2**30
_SMALL = 64 * 2**20
_CHUNK = 2**18
_LEVEL = 6
_KEPT = re.compile(r"(?:.*\.rels|xl/tables/[^/]+\.xml)")

Rewrite = Callable[[Iterable[str]], Iterable[str]]
"""Takes the text of a part in pieces and returns the new text in pieces."""


class Archive:
    """One workbook on disk, open for reading. Raises `Unusable` for what is not one, `OSError` when it cannot be read.

    `book` holds the small parts, and an empty place for each of the others.
    """

    def __init__(self, path: Path) -> None:
        self._file: BinaryIO = path.open("rb")
        try:
            self._open()
        except BaseException:
            self._file.close()
            raise

    def _open(self) -> None:
        if self._file.read(8) == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
            raise Unusable("has a password, or is in the old .xls format")
        if self._file.seek(0, io.SEEK_END) > FILE_LIMIT:
            raise Unusable(f"is larger than {FILE_LIMIT // 2**30} GB")
        self.digest = digest_of(self._file)
        try:
            self._zip = zipfile.ZipFile(self._file)
            self._notes = {info.filename: info for info in self._zip.infolist() if not info.is_dir()}
            if len(self._notes) > PART_LIMIT or sum(n.file_size for n in self._notes.values()) > UNPACKED_LIMIT:
                raise Unusable(f"unpacks to more than {UNPACKED_LIMIT // 2**30} GB")
            self.book = self._small_parts()
            check(self.book)
        except (zipfile.BadZipFile, RuntimeError, NotImplementedError, EOFError) as error:
            raise Unusable("is not an .xlsx workbook, or it is damaged") from error
        self._seen = dict(self.book.parts)

    def _small_parts(self) -> Package:
        kept = {name for name in self._notes if name == TYPES or _KEPT.fullmatch(name)}
        book = Package({name: self._whole(name) if name in kept else b"" for name in self._notes}, self._notes)
        main = book.workbook
        book.parts[main] = self._whole(main)
        styles = book.linked("styles")
        if styles in self._notes:
            book.parts[styles] = self._whole(styles)
        return book

    def _whole(self, name: str) -> bytes:
        if self._notes[name].file_size > _SMALL:
            raise Unusable("is saved in an unusual form")
        return self._zip.read(name)

    def holds(self, name: str) -> bool:
        """Tell whether there is a part of this name."""
        return name in self._notes

    def text(self, name: str) -> Iterator[str]:
        """Yield the text of a part in pieces. Raises `Unusable`."""
        decoder = codecs.getincrementaldecoder("utf-8-sig")()
        try:
            with self._zip.open(name) as file:
                while chunk := file.read(_CHUNK):
                    yield decoder.decode(chunk)
                yield decoder.decode(b"", final=True)
        except (KeyError, UnicodeDecodeError, zipfile.BadZipFile, EOFError) as error:
            raise Unusable("is damaged, or saved in an unusual form") from error

    def beginning(self, name: str) -> str:
        """Return the first characters of a part, in which its root element begins."""
        return next(iter(self.text(name)), "")

    def write(self, out: BinaryIO, changed: Mapping[str, Rewrite], finish: Callable[[], None]) -> None:
        """Write the workbook with some parts rewritten, and its small parts as `book` has them.

        `finish` is called once the rewritten parts are written: it may still change the small ones.
        """
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as new:
            for name in changed:
                with new.open(self._note(name), "w", force_zip64=True) as file:
                    _pour(changed[name](self.text(name) if name in self._notes else ()), file)
            finish()
            for name, content in self.book.parts.items():
                if name not in changed:
                    with new.open(self._note(name), "w") as file:
                        self._copy(name, content, file)

    def _copy(self, name: str, content: bytes, file: IO[bytes]) -> None:
        if name not in self._notes or content != self._seen.get(name, b""):
            file.write(content)
        else:
            with self._zip.open(name) as old:
                shutil.copyfileobj(old, file, _CHUNK)

    def _note(self, name: str) -> zipfile.ZipInfo:
        date = self._notes[name].date_time if name in self._notes else (2000, 1, 1, 0, 0, 0)
        note = zipfile.ZipInfo(name, date)
        note.compress_type, note.create_system = zipfile.ZIP_DEFLATED, 0
        note._compresslevel = _LEVEL  # type: ignore[attr-defined]  # the one way to say it for an entry with a date
        if name in self._notes:
            note.file_size = self._notes[name].file_size
        return note

    def close(self) -> None:
        """Let go of the file."""
        self._file.close()


def digest_of(file: IO[bytes]) -> str:
    """Return the SHA-256 of a whole file."""
    total = hashlib.sha256()
    file.seek(0)
    while chunk := file.read(_CHUNK):
        total.update(chunk)
    return total.hexdigest()


def _pour(texts: Iterable[str], file: IO[bytes]) -> None:
    """Write texts, gathered: each write has its price."""
    waiting: list[str] = []
    size = 0
    for text in texts:
        waiting.append(text)
        size += len(text)
        if size > _CHUNK:
            file.write("".join(waiting).encode())
            waiting, size = [], 0
    file.write("".join(waiting).encode())
