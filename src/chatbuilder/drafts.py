"""Saved wizard sessions: one private JSON file each, written atomically, open in one window at a time."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from chatbuilder import atomic
from chatbuilder.clock import Clock, iso, utc_now
from chatbuilder.errors import InputError
from chatbuilder.paths import own_folder

VERSION = 1
SIZE_LIMIT = 1_000_000
LOOK = 0.1  # seconds; longer than a list of drafts needs to look whether one is open
_LIST_HINT = "`chatbuilder drafts` lists them."
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,40}")


@dataclass(frozen=True, slots=True)
class Draft:
    """Where somebody is in the wizard. `answers` has the shape of answers.toml, as far as it goes.

    `copied_from` is the draft this one was copied from because that one is open in another window.
    """

    id: str
    step: str
    answers: Mapping[str, Any]
    reached: tuple[str, ...] = ()
    saved: str = ""
    copied_from: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DraftInfo:
    """One line of the list of drafts; `problem` says why a file was kept aside."""

    id: str
    name: str
    platform: str
    step: str
    saved: str
    locked: bool = False
    problem: str = ""


class Drafts:
    """The drafts of one installation. Keep the object while a draft is open: it holds the lock."""

    def __init__(self, folder: Path, clock: Clock = utc_now) -> None:
        self._folder = folder
        self._clock = clock
        self._locks: dict[str, FileLock] = {}

    def new(self) -> Draft:
        """Return an empty draft with a fresh id, locked by this window; it is on disk after the first save.

        Raises `InputError` when the folder of drafts cannot be made.
        """
        while True:
            draft_id = f"d-{secrets.token_hex(3)}"
            if not self._path(draft_id).exists() and self._lock(draft_id):
                return Draft(draft_id, "platform", {})

    def save(self, draft: Draft) -> Draft:
        """Write a draft and return it with the time of saving. Raises `InputError` when the disk refuses."""
        saved = replace(draft, saved=iso(self._clock()))
        data = {
            "version": VERSION, "id": saved.id, "step": saved.step, "reached": list(saved.reached),
            "saved": saved.saved, "answers": saved.answers, "extra": dict(saved.extra),
        }  # fmt: skip
        text = json.dumps(data, ensure_ascii=True, indent=1)
        if len(text) > SIZE_LIMIT:  # it could not be opened again
            raise InputError(
                f"The answers are too large for a draft ({len(text):,} of {SIZE_LIMIT:,} bytes).",
                title="Draft not saved", kept="what was saved before, and what you see in this window.",
                hint="shorten the longest text; that saves it again.",
            )  # fmt: skip
        own_folder(self._folder)
        try:
            atomic.write_private(self._path(saved.id), text.encode())
        except OSError as error:
            raise InputError(
                f"The draft could not be saved: {error.strerror or error}.", title="Draft not saved",
                kept="what you see is still in this window.",
                hint="free some space, then change anything to save again.",
            ) from error  # fmt: skip
        return saved

    def has(self, draft_id: str) -> bool:
        """Tell whether there is a draft of this id."""
        return bool(_ID.fullmatch(draft_id)) and self._path(draft_id).exists()

    def peek(self, draft_id: str) -> Draft:
        """Return a draft as it is on disk, whoever has it open. Raises `InputError` like `load`."""
        return self._read(self._present(draft_id))

    def load(self, draft_id: str) -> Draft:
        """Open a draft; a copy under a new id when another window has it open.

        Raises `InputError` when there is none, when the disk takes no lock, or when it is damaged or from another
        version: then the file is kept aside and the message says where.
        """
        path = self._present(draft_id)
        # Locked before it is read: the other window may save until the moment it lets go.
        if not self._lock(draft_id, wait=LOOK):
            return self.save(replace(self._read(path), id=self.new().id, copied_from=draft_id))
        try:
            return self._read(path)
        except InputError:
            self.release(draft_id)
            raise

    def list(self) -> list[DraftInfo]:
        """Return all drafts, newest first; damaged ones are kept aside and reported once in `problem`."""
        atomic.sweep(self._folder)
        # Two that were saved within a second are told apart by their files.
        paths = sorted(self._folder.glob("*.json"), key=_changed, reverse=True)
        return sorted(map(self._info, paths), key=lambda info: info.saved, reverse=True)

    def _info(self, path: Path) -> DraftInfo:
        try:
            draft = self._read(path)
        except InputError as error:
            return DraftInfo(path.stem, path.stem, "", "", "", problem=" ".join(error.lines()))
        name, platform = (str(draft.answers.get(key) or "") for key in ("name", "platform"))
        return DraftInfo(draft.id, name or "Chat Sessions", platform, draft.step, draft.saved, self._busy(draft.id))

    def delete(self, draft_id: str) -> None:
        """Remove a draft. Raises `InputError` when there is none or another window has it open."""
        path = self._present(draft_id)
        if not self._lock(draft_id):
            raise InputError(
                f"Draft {draft_id} is open in another window.", title="Draft in use", kept="the draft.",
                hint="close that window first.",
            )  # fmt: skip
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise InputError(
                f"Draft {draft_id} could not be removed: {error.strerror or error}.", title="Draft not removed",
                kept="the draft.", hint="mend the cause and try again.",
            ) from error  # fmt: skip
        finally:
            self.release(draft_id)

    def release(self, draft_id: str) -> None:
        """Let other windows open the draft."""
        lock = self._locks.pop(draft_id, None)
        if lock is not None:
            # The lock file stays: removing it would let two windows lock two files of one name.
            lock.release()

    def _path(self, draft_id: str) -> Path:
        return self._folder / f"{draft_id}.json"

    def _present(self, draft_id: str) -> Path:
        if not self.has(draft_id):
            raise InputError(
                f"There is no draft {draft_id!r}.", title="No such draft", kept="every draft there is.",
                hint=_LIST_HINT,
            )  # fmt: skip
        return self._path(draft_id)

    def _lock(self, draft_id: str, wait: float = 0) -> bool:
        if draft_id in self._locks:
            return True
        lock = FileLock(own_folder(self._folder) / f"{draft_id}.lock", timeout=0, mode=0o600)
        try:
            lock.acquire(timeout=wait, poll_interval=LOOK / 5)
        except Timeout:
            return False
        except OSError as error:
            raise InputError(
                f"Draft {draft_id} cannot be opened: {error.strerror or error}.", title="Draft not opened",
                kept="every draft, as it is.", hint="mend the cause (is the disk full, or read-only?) and try again.",
            ) from error  # fmt: skip
        self._locks[draft_id] = lock
        return True

    def _busy(self, draft_id: str) -> bool:
        """Tell whether another window has the draft open."""
        if draft_id in self._locks:
            return False
        try:
            if not self._lock(draft_id):
                return True
        except InputError:  # a disk that takes no lock says nothing about other windows
            return False
        self.release(draft_id)
        return False

    def _read(self, path: Path) -> Draft:
        try:
            if path.stat().st_size > SIZE_LIMIT:
                raise ValueError("it is too large")
            data = json.loads(path.read_bytes())
            version = data["version"] if isinstance(data, dict) else None
            if version != VERSION:
                raise ValueError(_about_version(version))
            return Draft(
                path.stem, _text(data["step"]), _table(data["answers"]), tuple(_text(s) for s in data["reached"]),
                _text(data["saved"]), extra=_table(data.get("extra", {})),
            )  # fmt: skip
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise self._set_aside(path, error) from error
        except OSError as error:
            raise InputError(
                f"Draft {path.stem} cannot be read: {error.strerror or error}.", title="Draft not readable",
                kept=f"the file, where it is: {path}.", hint="mend the cause and try again.",
            ) from error  # fmt: skip

    def _set_aside(self, path: Path, error: Exception) -> InputError:
        reason = str(error) if type(error) is ValueError else "the file is damaged"
        folder = own_folder(self._folder / "kept-aside")
        place = folder / f"{path.stem}-{iso(self._clock()).replace(':', '')}-{secrets.token_hex(2)}.json"
        try:
            path.replace(place)
            kept = f"the file, unchanged: {place}."
        except OSError:
            kept = f"the file, unchanged: {path}."
        return InputError(
            f"Draft {path.stem} cannot be opened: {reason}.", title="Draft kept aside", kept=kept,
            hint="start a new session; send the file along if you report this.",
        )  # fmt: skip


def _changed(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def _about_version(version: object) -> str:
    if isinstance(version, int) and version > VERSION:
        return f"it was saved by a newer chatbuilder (format {version}); update, then move the file back"
    if isinstance(version, int):
        return f"it was saved by an older chatbuilder (format {version}) that this one no longer reads"
    return "the file is damaged"


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text expected")
    return value


def _table(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("table expected")
    return value
