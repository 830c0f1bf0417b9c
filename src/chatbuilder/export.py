"""Putting files into a folder of the person's: atomic, inside the folder only, and never over their own changes.

A manifest beside the files remembers the SHA-256 of what was written. A file whose bytes are not in the manifest is
the person's, and stays as it is.
"""

from __future__ import annotations

import hashlib
import io
import json
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from chatbuilder import atomic
from chatbuilder.errors import InputError

MANIFEST = ".chatbuilder-export.json"
_ZIP_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class ExportReport:
    """What an export did, as paths relative to `place`: `kept` files are the person's and were not touched."""

    place: str
    written: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]
    removed: tuple[str, ...]
    kept: tuple[str, ...]


def export_files(files: Mapping[str, bytes], folder: Path) -> ExportReport:
    """Write files (POSIX path -> bytes) below a folder, which is made when missing.

    Files of an earlier export that are no longer part of it are removed when nobody changed them. Raises
    `InputError` when the folder cannot be used; files already written stay whole.
    """
    root = _open_folder(folder)
    places = {name: _inside(root, name) for name in files}
    manifest = _read_manifest(root)
    report: dict[str, list[str]] = {key: [] for key in ("written", "updated", "unchanged", "removed", "kept")}
    try:
        for name, data in files.items():
            report[_fate(places[name], data, manifest.get(name, ()))].append(name)
        _replace(root, files, places, manifest, report)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        raise InputError(
            f"{root} could not be written: {error.strerror or error}{where}.", title="Export stopped",
            kept="every file written so far is whole; yours are untouched.", hint="mend the cause and export again.",
        ) from error  # fmt: skip
    return ExportReport(str(root), **{key: tuple(sorted(names)) for key, names in report.items()})


def _replace(
    root: Path,
    files: Mapping[str, bytes],
    places: Mapping[str, Path],
    manifest: Mapping[str, tuple[str, ...]],
    report: dict[str, list[str]],
) -> None:
    """Write what has to be written and remove what is stale, so that a crash anywhere is mended by exporting again."""
    ours = {name: (_sha(data),) for name, data in files.items() if name not in report["kept"]}
    # Before the first byte: old and new digests, so that a crash half-way leaves no file that looks edited.
    _write_manifest(root, {**manifest, **{name: (*manifest.get(name, ()), *sha) for name, sha in ours.items()}})
    for folder in {place.parent for place in places.values()}:
        atomic.sweep(folder)
    for name in (*report["written"], *report["updated"]):
        places[name].parent.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(places[name], files[name], mode=_mode(name))
    for name in manifest:
        if name not in files and not _is_other_kind(name, files):
            _remove_stale(root, name, manifest, report)
    rest = {name: shas for name, shas in manifest.items() if name not in report["removed"]}
    _write_manifest(root, {**rest, **ours})


def _mode(name: str) -> int:
    return 0o777 if name.endswith(".sh") else 0o666


def zip_bytes(files: Mapping[str, bytes], top: str) -> bytes:
    """Return a zip with the files below one folder; the same files always give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            if not _is_plain(name):
                raise _unsafe(name, "the zip")
            info = zipfile.ZipInfo(f"{top}/{name}", _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.create_system = 3  # Unix, wherever it is made
            info.external_attr = (0o100000 | _mode(name) & 0o755) << 16
            archive.writestr(info, files[name])
    return out.getvalue()


def _open_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        root = folder.resolve(strict=True)
        with tempfile.TemporaryFile(dir=root):
            pass
    except OSError as error:
        reason = "it is a file" if isinstance(error, FileExistsError) else error.strerror or str(error)
        raise InputError(
            f"{folder} cannot be written: {reason}.", title="Folder not usable", kept="nothing was written.",
            hint="choose another folder.",
        ) from error  # fmt: skip
    return root


def _inside(root: Path, name: str) -> Path:
    """Return the place of a relative POSIX path, refusing anything that would leave the folder."""
    place = root.joinpath(*PurePosixPath(name).parts)
    if not _is_plain(name) or not place.parent.resolve().is_relative_to(root):
        raise _unsafe(name, str(root))
    return place


def _is_plain(name: str) -> bool:
    pure = PurePosixPath(name)
    return bool(pure.parts) and not pure.is_absolute() and not any(_is_odd(part) for part in pure.parts)


def _is_odd(part: str) -> bool:
    return part == ".." or any(c in ":\\\x7f" or c < " " for c in part)


def _unsafe(name: str, place: str) -> InputError:
    return InputError(
        f"{name!r} would be written outside {place}.", title="Unsafe path", kept="nothing was written.",
        hint="choose another folder, or remove the link that leads out of this one.",
    )  # fmt: skip


def _fate(place: Path, data: bytes, known: tuple[str, ...]) -> str:
    if place.is_symlink() or (place.exists() and not place.is_file()):
        return "kept"
    if not place.exists():
        return "written"
    now = _sha(place.read_bytes())
    if now == _sha(data):
        return "unchanged"
    return "updated" if now in known else "kept"


def _is_other_kind(name: str, files: Mapping[str, bytes]) -> bool:
    """A zip and a folder export may share a folder; neither cleans up after the other."""
    zipped = len(files) == 1 and next(iter(files)).endswith(".zip")
    return zipped != ("/" not in name and name.endswith(".zip"))


def _remove_stale(root: Path, name: str, manifest: Mapping[str, tuple[str, ...]], report: dict[str, list[str]]) -> None:
    place = root / name
    there = place.is_file() and not place.is_symlink()
    if there and _sha(place.read_bytes()) not in manifest[name]:
        report["kept"].append(name)
        return
    if there:
        place.unlink()
    report["removed"].append(name)
    # Also when the file is gone: a run that was killed right after it left its folders.
    parent = place.parent
    while parent != root and parent.is_dir() and not any(parent.iterdir()):
        parent.rmdir()
        parent = parent.parent


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read_manifest(root: Path) -> dict[str, tuple[str, ...]]:
    try:
        data = json.loads((root / MANIFEST).read_bytes())
        known = {str(name): tuple(str(sha) for sha in shas) for name, shas in data["files"].items()}
        # It lies in a folder that anybody may have written: names that lead elsewhere are not ours.
        return {name: shas for name, shas in known.items() if _is_plain(name) and _stays(root, name)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _stays(root: Path, name: str) -> bool:
    return root.joinpath(name).parent.resolve().is_relative_to(root)


def _write_manifest(root: Path, files: Mapping[str, tuple[str, ...]]) -> None:
    text = json.dumps(
        {"about": "What chatbuilder wrote here", "files": {k: list(v) for k, v in sorted(files.items())}}, indent=1
    )
    atomic.write_bytes(root / MANIFEST, (text + "\n").encode())
