"""Files on disk, written so that a crash leaves either the old file or the new one, and nothing outside a folder."""

from __future__ import annotations

import errno
import hashlib
import re
from pathlib import Path, PurePosixPath

from chatbuilder.atomic import create, pour, sweep
from chatbuilder.atomic import flush_folder as sync_folder
from chatbuilder.atomic import write_bytes as write
from chatbuilder.errors import RefusedError

__all__ = ["create", "inside", "make_folders", "pour", "remove_folder", "sha256", "sweep", "sync_folder", "write"]
_FOREIGN = re.compile(r"[\x00-\x1f\x7f\\:]")


def sha256(data: bytes) -> str:
    """Return the hexadecimal SHA-256 of some bytes."""
    return hashlib.sha256(data).hexdigest()


def inside(root: Path, relative: str) -> Path:
    """Return the place of a POSIX path below `root`, which must be resolved already.

    Raises `RefusedError` for a path that could leave the root: empty, absolute, with a drive letter, `..`,
    backslashes or control characters, or through a symbolic link (or Windows junction) that leads elsewhere.
    """
    parts = PurePosixPath(relative).parts
    if not parts or parts[0].startswith("/") or ".." in parts or _FOREIGN.search(relative):
        raise _refused(relative, "is not a plain path below the folder")
    place = root.joinpath(*parts)
    try:
        within = place.resolve().is_relative_to(root)
    except (OSError, RuntimeError):  # a loop of links
        within = False
    if not within:
        raise _refused(relative, "leads out of the folder through a link")
    return place


def _refused(relative: str, why: str) -> RefusedError:
    return RefusedError(
        f"{relative!r} {why}.", title="A path was refused", kept="everything outside the folder.",
        hint="remove the link, or choose another folder.",
    )  # fmt: skip


def make_folders(root: Path, folder: Path) -> list[str]:
    """Make a folder below (or equal to) `root` with its parents; return those made, POSIX relative to `root`."""
    made = []
    for place in (*reversed([p for p in folder.parents if p == root or p.is_relative_to(root)]), folder):
        try:
            place.mkdir()
        except FileExistsError:
            continue
        made.append(place.relative_to(root).as_posix())
        sync_folder(place.parent)
    return made


def remove_folder(folder: Path) -> bool:
    """Remove a folder when nothing but our own temporary files is in it, with a second try where the disk refused."""
    sweep(folder)
    for _ in range(2):
        try:
            folder.rmdir()
            return True
        except OSError as error:
            if error.errno != errno.EIO:
                return False
    return False
