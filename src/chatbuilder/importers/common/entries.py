"""Files to read, wherever they lie: on disk, in a folder, in a zip, in a zip inside a zip, in a tar, compressed."""

from __future__ import annotations

import codecs
import gzip
import lzma
import os
import shutil
import sqlite3
import struct
import sys
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from importlib import import_module
from pathlib import Path, PurePosixPath
from typing import BinaryIO, cast

from chatbuilder.importers.common.limits import MIB, Limits
from chatbuilder.importers.common.outcome import Problem
from chatbuilder.importers.common.values import clean, shorten

DAMAGED = (
    OSError,
    EOFError,
    zipfile.BadZipFile,
    tarfile.TarError,
    zlib.error,
    lzma.LZMAError,
    sqlite3.Error,
    NotImplementedError,
    UnicodeError,
    struct.error,
)
"""What reading a damaged, locked or forbidden file can raise; SQLite's messages quote bytes that are no text."""

_SMALL = 8 * MIB
_ZSTD = b"\x28\xb5\x2f\xfd"
_GZIP = b"\x1f\x8b"
_UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file: `where` for people, its name and folder, bytes, and how to open it (any number of times)."""

    where: str
    name: str
    folder: str
    size: int
    open: Callable[[], BinaryIO]
    path: Path | None = None

    @property
    def stem(self) -> str:
        """The name without its suffix."""
        return PurePosixPath(self.name).stem


def on_disk(path: Path, where: str) -> Entry:
    """Return a file on disk."""
    return Entry(
        where, path.name, path.parent.as_posix(), path.stat().st_size, lambda: cast(BinaryIO, path.open("rb")), path
    )


def beside(folder: Path) -> Iterator[Entry]:
    """Yield the index of titles that Codex keeps beside its folders of sessions."""
    index = folder.parent / "session_index.jsonl"
    if folder.name in ("sessions", "archived_sessions") and index.is_file():
        yield on_disk(index, index.name)


def in_folder(folder: Path, limits: Limits) -> Iterator[Entry | Problem]:
    """Yield every regular file below a folder, in the order of names; links to folders are not followed."""
    count = 0
    for base, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(base, name)
            count += 1
            if count > limits.entries:
                yield Problem(label(str(folder)), f"it holds more than {limits.entries:,} files", "too-large")
                return
            where = label(path.relative_to(folder).as_posix())
            try:
                if path.is_file():
                    yield on_disk(path, where)
            except OSError as error:
                yield Problem(where, f"it cannot be read ({error.strerror})", "unreadable")


def in_zip(archive: zipfile.ZipFile, where: str, limits: Limits) -> Iterator[Entry | Problem]:
    """Yield the files in a zip; names are labels only and never become paths on disk."""
    infos = archive.infolist()
    if len(infos) > limits.entries or sum(info.file_size for info in infos) > limits.unpacked:
        yield Problem(where, "it unpacks to more than the limit, like a zip bomb", "too-large")
        return
    for info in infos:
        if info.filename.endswith("/"):  # `is_dir` takes a name for granted
            continue
        place = f"{where}: {label(info.filename)}"
        if info.flag_bits & 1:
            yield Problem(place, "it is encrypted with a password", "unreadable")
        elif info.file_size > _SMALL and info.file_size > limits.ratio * max(info.compress_size, 1):
            yield Problem(place, "it unpacks to far more than a text does, like a zip bomb", "too-large")
        else:
            pure = PurePosixPath(info.filename)
            yield Entry(place, pure.name, f"{where}/{pure.parent}", info.file_size, _opener(archive, info))


def _opener(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Callable[[], BinaryIO]:
    def open_it() -> BinaryIO:
        try:
            return cast(BinaryIO, archive.open(info))
        except RuntimeError as error:  # zipfile's word for a password
            raise OSError(str(error)) from error

    return open_it


def is_tar(head: bytes) -> bool:
    """Tell whether a file is a tar archive, by its beginning (pax(1), ustar interchange format)."""
    return head[257:262] == b"ustar"


def in_tar(entry: Entry, folder: Path, limits: Limits) -> Iterator[Entry | Problem]:
    """Yield the files in a tar, copied into a folder of ours under names of ours: a tar can only be read forwards."""
    left = limits.inner
    with entry.open() as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        for count, member in enumerate(archive):
            place = f"{entry.where}: {label(member.name)}"
            left -= member.size
            if left < 0 or count >= limits.entries:
                yield Problem(place, "from here on it holds more than is read at once; unpack it first", "too-large")
                return
            source = archive.extractfile(member) if member.isfile() else None
            if source is None:
                continue
            copy = folder / str(count)
            with source, copy.open("xb") as target:
                shutil.copyfileobj(source, target, MIB)
            pure = PurePosixPath(member.name)
            yield Entry(place, pure.name, f"{entry.where}/{pure.parent}", member.size, partial(_reopened, copy), copy)


def _reopened(copy: Path) -> BinaryIO:
    return copy.open("rb")


def label(text: str) -> str:
    """Return a name that is safe to show: one clean line of at most 300 characters."""
    return shorten(clean(text.encode("utf-8", "replace").decode()).replace("\n", " ").replace("\t", " "), 300)


def unpacked(entry: Entry, magic: bytes, limits: Limits) -> Entry | Problem | None:
    """Return the file inside a gzip or zstd file, UTF-16 as UTF-8; None for a file that is read as it is."""
    if magic.startswith(_GZIP):
        return _wrapped(entry, lambda packed: cast(BinaryIO, gzip.GzipFile(fileobj=packed)), EOFError, limits)
    if magic.startswith(_UTF_16):
        return replace(
            entry,
            open=lambda: cast(BinaryIO, codecs.EncodedFile(entry.open(), "utf-8", "utf-16", "replace")),
            path=None,
        )
    if not magic.startswith(_ZSTD):
        return None
    try:
        zstd = import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    except ImportError:
        return Problem(entry.where, "it is compressed with zstd; unpack it with `unzstd` first", "unreadable")
    return _wrapped(entry, zstd.ZstdFile, zstd.ZstdError, limits)


def _wrapped(entry: Entry, wrap: Callable[[BinaryIO], BinaryIO], damage: type[Exception], limits: Limits) -> Entry:
    most = max(_SMALL, entry.size * limits.ratio)

    def open_it() -> BinaryIO:
        packed = entry.open()
        return cast(BinaryIO, _Unpacking(packed, wrap(packed), damage, most))

    return Entry(entry.where, PurePosixPath(entry.name).stem, entry.folder, entry.size, open_it)


class _Unpacking:
    """A compressed stream that refuses to give more than a number of bytes: it can be a bomb."""

    def __init__(self, packed: BinaryIO, stream: BinaryIO, damage: type[Exception], most: int) -> None:
        self._packed = packed
        self._stream = stream
        self._damage = damage
        self._left = most

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes, all that is left for -1; raises OSError for damage and bombs."""
        return self._take(lambda: self._stream.read(size if size >= 0 else self._left + 1))

    def readline(self, size: int = -1) -> bytes:
        """Return the next line; raises OSError for damage and bombs."""
        return self._take(lambda: self._stream.readline(size if size >= 0 else self._left + 1))

    def _take(self, give: Callable[[], bytes]) -> bytes:
        try:
            data = give()
        except self._damage as error:
            raise OSError(str(error)) from error
        self._left -= len(data)
        if self._left < 0:
            raise OSError("it unpacks to far more than a text does")
        return data

    def __enter__(self) -> _Unpacking:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()
        self._packed.close()


@contextmanager
def seekable(entry: Entry, limits: Limits) -> Iterator[BinaryIO]:
    """Open a file so that it can be read in any order; one inside a zip is copied to a temporary file."""
    with ExitStack() as held:
        stream = held.enter_context(entry.open())
        if entry.path is None:
            if entry.size > limits.inner:
                raise OSError(f"it is larger than {limits.inner // MIB} MiB inside a zip; unpack it first")
            copy = held.enter_context(tempfile.SpooledTemporaryFile(max_size=_SMALL))
            shutil.copyfileobj(stream, copy, MIB)
            copy.seek(0)
            stream = cast(BinaryIO, copy)
        yield stream


@contextmanager
def database(entry: Entry, limits: Limits) -> Iterator[sqlite3.Connection]:
    """Open a copy of a SQLite file read-only: the program that owns it may be writing, with a log beside it."""
    if entry.size > limits.inner:
        raise OSError(f"the database is larger than {limits.inner // MIB} MiB")
    with tempfile.TemporaryDirectory(prefix="chatbuilder-") as folder:
        copy = Path(folder, "copy.db")
        with entry.open() as source, copy.open("wb") as target:
            shutil.copyfileobj(source, target, MIB)
        log = entry.path.with_name(f"{entry.path.name}-wal") if entry.path else None
        if log is not None and log.is_file():
            shutil.copyfile(log, Path(folder, "copy.db-wal"))
        connection = sqlite3.connect(copy)
        try:
            connection.text_factory = lambda raw: clean(raw.decode("utf-8", "replace"))
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA query_only = ON")
            yield connection
        finally:
            connection.close()
