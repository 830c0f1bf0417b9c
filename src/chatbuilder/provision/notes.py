"""Chats as notes in a vault: found by the Source ID in them wherever they were moved, written whole.

Nothing here knows how a note looks: texts come as payloads, and `key_of` tells the Source ID of a note's beginning.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from chatbuilder.atomic import drop, place_new
from chatbuilder.errors import InputError, RefusedError
from chatbuilder.provision import disk
from chatbuilder.provision.rows import Delivery, Forecast, Found, Outlook, Related, Wanted, Written
from chatbuilder.provision.scratch import open_scratch

_HEAD = 65_536  # bytes of a note in which its properties end
_LARGEST = 64 * 1024 * 1024  # bytes of a note that is read whole
_RESERVED = 5_000  # names that are remembered until they are used; of others the index is asked
_FEW = 8  # files that are flushed one by one
_NO_LINK = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)


class NotesStore:
    """The notes below `root`; `folder` is the one for new notes, from there.

    Each note has a name that no other may have: its path. A platform with other names overrides `_name` and `_list`.
    """

    noticed: tuple[str, ...] = ()

    _mark = b"source_id"
    """Stands in the beginning of every note that has a key."""
    _suffixes: tuple[str, ...] = (".md",)
    """How the names of notes end; new ones have the first."""
    _aside: frozenset[str] = frozenset()
    """Folders, from the root, in which nothing is a note; neither is it in hidden ones, such as `.trash`."""

    def __init__(
        self, root: Path, folder: str, key_of: Callable[[str], str | None], *, suffix: str = "", mark: bytes = b""
    ) -> None:
        """`suffix` is how the names of notes end where that is not .md, `mark` what stands in those with a key."""
        self._suffixes, self._mark = (suffix,) if suffix else self._suffixes, mark or self._mark
        self._root, self._folder, self._key_of = root.resolve(), folder, key_of
        self._index = open_scratch()
        self._index.execute("PRAGMA journal_mode = OFF")
        self._index.execute("CREATE TABLE notes (path TEXT PRIMARY KEY, key TEXT, name TEXT) WITHOUT ROWID")
        self._index.execute("CREATE INDEX notes_key ON notes (key)")
        self._index.execute("CREATE TABLE taken (name TEXT PRIMARY KEY, path TEXT) WITHOUT ROWID")
        self._index.execute("CREATE TABLE numbers (name TEXT PRIMARY KEY, next INTEGER) WITHOUT ROWID")
        self._indexed = False
        self._listed: set[str] = set()
        self._loose: list[str] = []
        self._folders: dict[str, str] = {}
        self._swept: set[Path] = set()
        self._reserved: set[str] = set()  # and not yet written
        self._unnamed = hasattr(os, "O_TMPFILE")
        self.requests = 0

    def check(self) -> tuple[str, ...]:
        """See that the folder is there. Raises `InputError` when it is not."""
        place = disk.inside(self._root, self._folder)
        if not place.is_dir():
            raise InputError(
                f"{place} is not there.", title="The system cannot be filled", kept="everything as it is.",
                hint="`chatbuilder verify` tells what is missing, `chatbuilder repair` puts it back.",
            )  # fmt: skip
        for folder in (
            place,
            *(entry for entry in place.parent.iterdir() if entry.is_dir() and not entry.is_symlink()),
        ):
            self._sweep(folder)
        return ()

    def _sweep(self, folder: Path) -> None:
        """Remove what a killed run left half written in a folder, once in a run."""
        if folder not in self._swept:
            self._swept.add(folder)
            disk.sweep(folder)

    # finding

    def find(self, wanted: Sequence[Wanted]) -> list[Found | str | None]:
        """Return the note of each key: where it stood, else wherever it is now."""
        return [self._find(item) for item in wanted]

    def _find(self, item: Wanted) -> Found | str | None:
        if item.remote:
            with suppress(OSError, RefusedError):
                text = self._read(disk.inside(self._root, item.remote))
                if self._key_of(text[:_HEAD]) == item.key:
                    return Found(item.remote, text)
        self._index_all()
        query = "SELECT path FROM notes WHERE key = ? ORDER BY length(path), path LIMIT 1"
        row = self._index.execute(query, (item.key,)).fetchone()
        if row is None:
            return None
        try:
            return Found(row[0], self._read(self._root / row[0]))
        except OSError as error:
            return f"{row[0]} cannot be read: {error.strerror or error}"

    def text(self, remote: str) -> str | None:
        """Return the text of any note, None when there is none."""
        try:
            return self._read(disk.inside(self._root, remote))
        except (OSError, RefusedError):
            return None

    def _read(self, place: Path) -> str:
        with os.fdopen(os.open(place, os.O_RDONLY | _NO_LINK), "rb") as file:
            data = file.read(_LARGEST + 1)
        if len(data) > _LARGEST:
            raise OSError(0, "it is larger than 64 MB")
        return data.decode("utf-8", "surrogateescape")

    def _index_all(self) -> None:
        """Look into the properties of every note once."""
        if self._indexed:
            return
        self._indexed = True
        with self._transaction():
            for path in self._notes():
                relative = self._relative(path)
                row = (relative, *self._facts(relative, _head(path)))
                with suppress(UnicodeError):  # a name that is no text is none of ours
                    self._index.execute("INSERT OR IGNORE INTO notes VALUES (?, ?, ?)", row)

    def _relative(self, path: str) -> str:
        return path[len(str(self._root)) + 1 :].replace(os.sep, "/")

    def _notes(self) -> Iterator[str]:
        """Yield the notes, in a stable order; links and hidden folders are left out."""
        waiting = [str(self._root)]
        while waiting:
            try:
                with os.scandir(waiting.pop()) as entries:
                    found = sorted(entries, key=lambda entry: entry.name)
            except OSError:
                continue
            for entry in found:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    if self._relative(entry.path) not in self._aside:
                        waiting.append(entry.path)
                elif entry.name.endswith(self._suffixes) and entry.is_file(follow_symlinks=False):
                    yield entry.path

    def _facts(self, relative: str, head: bytes) -> tuple[str | None, str]:
        """Return the key of a note, and the name by which related notes are found."""
        key = self._key_of(head.decode("utf-8", "replace")) if self._mark in head else None
        return key, relative.rpartition("/")[2].rpartition(".")[0].casefold()

    def _transaction(self) -> sqlite3.Connection:
        self._index.execute("BEGIN")
        return self._index

    # writing

    def reserve(self, data: Mapping[str, Any]) -> str:
        """Return a path whose name no note has, also where case makes no difference: the stem, “stem (2)” and so on."""
        folder, stem = data["folder"], data["stem"]
        self._list(folder)
        path = f"{folder}/{stem}{self._suffixes[0]}"
        if not self._take(path):
            path = self._numbered(folder, stem)
        if len(self._reserved) < _RESERVED:
            self._reserved.add(path)
        return path

    def _numbered(self, folder: str, stem: str) -> str:
        counter = f"{folder}/{stem}".casefold()
        row = self._index.execute("SELECT next FROM numbers WHERE name = ?", (counter,)).fetchone()
        number = row[0] if row else 2
        while not self._take(path := f"{folder}/{stem} ({number}){self._suffixes[0]}"):
            number += 1
        self._index.execute("INSERT OR REPLACE INTO numbers VALUES (?, ?)", (counter, number + 1))
        return path

    def _take(self, path: str) -> bool:
        """Take a name; False when it is taken."""
        taken = (self._name(path), path)
        return self._index.execute("INSERT OR IGNORE INTO taken VALUES (?, ?)", taken).rowcount > 0

    def _name(self, path: str) -> str:
        """Return the name that a new note has there, in the form in which equal ones clash."""
        return path.casefold()

    def _list(self, folder: str) -> None:
        """Take down the names that new notes of a folder cannot have, once."""
        if folder in self._listed:
            return
        self._listed.add(folder)
        with suppress(OSError), os.scandir(disk.inside(self._root, folder)) as entries:
            paths = (f"{folder}/{entry.name}" for entry in entries if entry.name.isprintable())
            with self._transaction():
                rows = ((path.casefold(), path) for path in paths)
                self._index.executemany("INSERT OR IGNORE INTO taken VALUES (?, ?)", rows)

    def _own(self, path: str, data: Mapping[str, Any]) -> str:
        """Return the path meant for a new note, or another one when a note of that name has come since."""
        if path in self._reserved:  # in this run, which never gives a name away twice
            self._reserved.remove(path)
            return path
        self._list(path.rpartition("/")[0])
        name = self._name(path)
        self._index.execute("INSERT OR IGNORE INTO taken VALUES (?, ?)", (name, path))
        (holder,) = self._index.execute("SELECT path FROM taken WHERE name = ?", (name,)).fetchone()
        return path if holder == path else self.reserve(data)

    def write(self, deliveries: Sequence[Delivery]) -> list[Written]:
        """Write notes. New ones are flushed by `settle`, all at once; a note that was there is flushed by itself."""
        return [self._deliver(item) for item in deliveries]

    def _deliver(self, item: Delivery) -> Written:
        try:
            if item.found is None:
                remote = self._create(item)
            else:
                remote = item.remote
                place = disk.inside(self._root, remote)
                if self._read(place) != item.found.state:
                    return Written(remote, "the note was changed while this ran")
                self._sweep(place.parent)
                disk.write(place, _bytes(item.data["text"]))
        except OSError as error:
            if error.errno in _FULL:
                raise _refused(error, item.remote) from error
            return Written(item.remote, f"{item.remote} cannot be written: {error.strerror or error}")
        self.requests += 1
        return Written(remote)

    def _place(self, remote: str) -> str:
        """Return the place of a new note, where nothing is followed or replaced; each folder is looked at once.

        Places of new notes are plain texts: making paths of them takes as long as writing the note.
        """
        folder, _, name = remote.rpartition("/")
        if folder not in self._folders:
            self._folders[folder] = str(disk.inside(self._root, folder) if folder else self._root)
        return f"{self._folders[folder]}{os.sep}{name}"

    def _create(self, item: Delivery) -> str:
        """Put a new note in place, never over another one."""
        remote = self._own(item.remote, item.data)
        while not self._put(self._place(remote), _bytes(self._text(item.data, remote))):
            remote = self.reserve(item.data)
        self._loose.append(self._place(remote))
        if self._indexed:
            row = (remote, item.key, self._facts(remote, b"")[1])
            self._index.execute("INSERT OR REPLACE INTO notes VALUES (?, ?, ?)", row)
        return remote

    def _text(self, data: Mapping[str, Any], path: str) -> str:
        """Return the text of a new note that stands there."""
        return str(data["text"])

    def _put(self, place: str, data: bytes) -> bool:
        """Put a file in place whole, unless there is one; what a loss of power left empty is ours."""
        if self._unnamed:
            try:
                _link_whole(place, data)
                return True
            except FileExistsError:
                pass
            except (OSError, NotImplementedError) as error:
                if isinstance(error, OSError) and error.errno in _FULL:
                    raise
                self._unnamed = False  # not on this file system
        temp = f"{os.path.dirname(place)}{os.sep}.chatbuilder-{secrets.token_hex(6)}.tmp"  # noqa: PTH120
        try:
            _write_whole(temp, data)
            place_new(temp, place)
        except FileExistsError:
            there = Path(place)
            if not there.is_file() or there.read_bytes().strip(b"\0"):
                return False
            os.replace(temp, place)  # noqa: PTH105
        finally:
            drop(temp)
        return True

    def related(self, items: Sequence[Related]) -> list[str | None]:
        """Return the path, without extension, of the note of each project or topic."""
        return [self._related(item.data, item.remote, make=item.make) for item in items]

    def forecast(self, outlook: Outlook) -> Forecast:
        """Return one write a note."""
        return Forecast(outlook.created + outlook.updated + outlook.related)

    def _related(self, data: Mapping[str, Any], remote: str, *, make: bool) -> str | None:
        end = self._suffixes[0]
        path = f"{data['folder']}/{data['stem']}{end}"
        for known in (remote and f"{remote}{end}", path):
            if known and disk.inside(self._root, known).is_file():
                return known.removesuffix(end)
        self._index_all()
        query = "SELECT path FROM notes WHERE name = ? LIMIT 2"
        moved = self._index.execute(query, (data["stem"].casefold(),)).fetchall()
        if len(moved) == 1 and moved[0][0].startswith(f"{data['folder'].partition('/')[0]}/"):
            return str(moved[0][0]).rpartition(".")[0]
        if remote or not make:
            return None
        place = disk.inside(self._root, path)
        place.parent.mkdir(exist_ok=True)
        if disk.create(place, data["text"].encode()):
            self.requests += 1
        return path.removesuffix(end)

    def settle(self) -> None:
        """Flush what was written since the last time: a few notes one by one, many by one flush of the disks.

        On Linux `sync` returns when everything is written (sync(2)); elsewhere it may not wait.
        """
        loose, self._loose = self._loose, []
        if len(loose) > _FEW and sys.platform == "linux":
            os.sync()
            return
        places = [Path(place) for place in loose]
        for place in places:
            with suppress(OSError), place.open("rb+") as file:
                os.fsync(file.fileno())
        for folder in {place.parent for place in places}:
            disk.sync_folder(folder)

    def close(self) -> None:
        """Forget the index."""
        self._index.close()


_FULL = (28, 122, 30, 5)  # ENOSPC, EDQUOT, EROFS, EIO: the next note would fare no better


def _refused(error: OSError, where: str) -> RefusedError:
    return RefusedError(
        f"{where} could not be written: {error.strerror or error}.", title="The disk refused",
        kept="every note written so far.", hint="make room or mend the disk, and sync again: it goes on from there.",
    )  # fmt: skip


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _head(path: str) -> bytes:
    """Return the beginning of a note, nothing when it cannot be read."""
    try:
        handle = os.open(path, os.O_RDONLY | _NO_LINK)
    except OSError:
        return b""
    try:
        return os.read(handle, _HEAD)
    except OSError:
        return b""
    finally:
        os.close(handle)


def _link_whole(place: str, data: bytes) -> None:
    """Write a file that has no name yet and give it one: one change to the folder, and nothing to sweep after a kill.

    Linux has that: open(2), "O_TMPFILE". Raises `FileExistsError` and `OSError`, for file systems that cannot too.
    """
    flags = os.O_WRONLY | os.O_TMPFILE  # type: ignore[attr-defined,unused-ignore]
    handle = os.open(os.path.dirname(place), flags, 0o666)  # noqa: PTH120
    try:
        _write_all(handle, data)
        # The descriptor of a folder is not looked at beside a full path, but without one links are not followed.
        os.link(f"/proc/self/fd/{handle}", place, src_dir_fd=handle, follow_symlinks=True)
    finally:
        os.close(handle)


def _write_whole(place: str, data: bytes) -> None:
    """Write a new file. Plain calls to the system: pathlib takes as long again, for each of thousands of notes."""
    handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    try:
        _write_all(handle, data)
    finally:
        os.close(handle)


def _write_all(handle: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(handle, rest) :]  # a full disk takes a part first, and then none
