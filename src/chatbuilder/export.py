"""Putting files into a folder of the person's: atomic, inside the folder only, and never over their own changes.

A manifest beside the files remembers the SHA-256 of what was written. A file whose bytes are not in the manifest is
the person's, and stays as it is.
"""

from __future__ import annotations

import hashlib
import io
import json
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
    todo: dict[str, bytes] = {}
    for name, data in files.items():
        fate = _fate(places[name], data, manifest.get(name, ()))
        report[fate].append(name)
        if fate in ("written", "updated"):
            todo[name] = data
    stale = [name for name in manifest if name not in files and not _is_other_kind(name, files)]
    # Before the first byte: old and new digests, so that a crash half-way leaves no file that looks edited.
    both = {
        **manifest,
        **{name: (*manifest.get(name, ()), _sha(files[name])) for name in files if name not in report["kept"]},
    }
    try:
        _write_manifest(root, both)
        for name, data in todo.items():
            places[name].parent.mkdir(parents=True, exist_ok=True)
            atomic.write_bytes(places[name], data)
        for name in stale:
            _remove_stale(root, name, manifest, report)
        final = {name: (_sha(data),) for name, data in files.items() if name not in report["kept"]}
        others = {name: shas for name, shas in manifest.items() if name not in files and name not in report["removed"]}
        _write_manifest(root, {**others, **final})
    except OSError as error:
        raise InputError(
            f"{root} could not be written: {error.strerror or error}.", title="Export stopped",
            kept="every file written so far is whole; yours are untouched.", hint="mend the cause and export again.",
        ) from error  # fmt: skip
    return ExportReport(str(root), **{key: tuple(sorted(names)) for key, names in report.items()})


def zip_bytes(files: Mapping[str, bytes], top: str) -> bytes:
    """Return a zip with the files below one folder; the same files always give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(f"{top}/{name}", _ZIP_TIME)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = (0o755 if name.endswith(".sh") else 0o644) << 16
            archive.writestr(info, files[name])
    return out.getvalue()


def _open_folder(folder: Path) -> Path:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        root = folder.resolve(strict=True)
        probe = root / f"{atomic.TEMP_PREFIX}probe{atomic.TEMP_SUFFIX}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        reason = "it is a file" if folder.is_file() else error.strerror or str(error)
        raise InputError(
            f"{folder} cannot be written: {reason}.", title="Folder not usable", kept="nothing was written.",
            hint="choose another folder.",
        ) from error  # fmt: skip
    return root


def _inside(root: Path, name: str) -> Path:
    """Return the place of a relative POSIX path, refusing anything that would leave the folder."""
    pure = PurePosixPath(name)
    bad = (
        pure.is_absolute()
        or not pure.parts
        or any(part in ("..", "") or ":" in part or "\\" in part for part in pure.parts)
    )
    place = root.joinpath(*pure.parts)
    if bad or not place.parent.resolve().is_relative_to(root):
        raise InputError(f"{name!r} would be written outside {root}.", title="Unsafe path", kept="nothing was written.")
    return place


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
    place = _inside(root, name)
    if not place.is_file() or place.is_symlink():
        report["removed"].append(name)
        return
    if _sha(place.read_bytes()) in manifest[name]:
        place.unlink()
        report["removed"].append(name)
        parent = place.parent
        while parent != root and not any(parent.iterdir()):
            parent.rmdir()
            parent = parent.parent
    else:
        report["kept"].append(name)


def _sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _read_manifest(root: Path) -> dict[str, tuple[str, ...]]:
    try:
        data = json.loads((root / MANIFEST).read_bytes())
        return {str(name): tuple(str(sha) for sha in shas) for name, shas in data["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write_manifest(root: Path, files: Mapping[str, tuple[str, ...]]) -> None:
    text = json.dumps(
        {"about": "What chatbuilder wrote here", "files": {k: list(v) for k, v in sorted(files.items())}}, indent=1
    )
    atomic.write_bytes(root / MANIFEST, (text + "\n").encode())
