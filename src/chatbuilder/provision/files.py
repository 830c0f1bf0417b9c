"""Delivery into a folder: folders, files and settings merged into files of the person's own.

Nothing that is not ours is ever overwritten, and nothing outside the folder is touched. Excel, Obsidian and Logseq
build on it.
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from chatbuilder.errors import InputError, RefusedError
from chatbuilder.provision import above, disk, intents, settings
from chatbuilder.provision.base import Links, Preflight, Removal, Result, State
from chatbuilder.solution import Plan, Step


class FilesProvisioner:
    """Delivers folder, file and merge steps below one folder.

    Results: folder {path, created, made}; file {path, sha256, created}; merge {path, sha256, created, added, theirs};
    `kept` in a result says why the person's own version stayed. `made` are folders that were made on the way, and
    `above` (when not 0) is how many parents of the root were.
    """

    abreast = 1

    def __init__(self, root: Path) -> None:
        """Raises `InputError` when the path means nothing here, such as ~ without a home or a loop of links."""
        try:
            self.root = root.expanduser().resolve()
        except (OSError, RuntimeError) as error:
            raise InputError(
                f"{root} is not a usable folder: {error}.", title="The target cannot be used",
                kept="everything; nothing was written.", hint="write the full path, or choose another folder.",
            ) from error  # fmt: skip
        self._intent: Path | None = None
        self._rooted = False  # whether the notes about the root may go once the journal has it
        self._above = 0
        self._emptied: list[Path] = []

    # looking

    def preflight(self, plan: Plan, known: Mapping[str, Result]) -> Preflight:
        """Check the folder and every path of the plan, and list all clashes at once; clears what a kill left.

        Raises `InputError` for a folder that cannot be used, and for files of the person's own in the way.
        """
        problems = list(self._root_problems())
        with suppress(OSError):
            above.forget(self.root, known)
        merges: list[str] = []
        notes: list[str] = []
        if not problems:
            for step in plan:
                self._check(step, known.get(step.key), problems, merges, notes)
        if problems:
            raise InputError(
                f"{self.root} cannot take the system as it is.", title="Something is in the way",
                problems=problems, kept="everything there; nothing was written.",
                hint="move or rename what is listed, or choose another folder.",
            )  # fmt: skip
        return Preflight(str(self.root), self.root.exists(), tuple(notes), tuple(merges))

    def _root_problems(self) -> Iterator[str]:
        try:
            nearest = next((p for p in (self.root, *self.root.parents) if p.exists()), None)
        except OSError as error:
            yield f"{self.root} cannot be looked at: {error.strerror}"
            return
        if nearest is None:
            yield f"{self.root.anchor or self.root} does not exist"
        elif not nearest.is_dir():
            yield f"{nearest} is a file, not a folder"
        elif not os.access(nearest, os.W_OK | os.X_OK):
            yield f"{nearest} may not be written to"

    def _check(
        self, step: Step, result: Result | None, problems: list[str], merges: list[str], notes: list[str]
    ) -> None:
        path = str(step.payload.get("path", ""))
        try:
            self._check_place(step, disk.inside(self.root, path), path, result, problems, merges, notes)
        except RefusedError as error:
            problems.append(error.message)
        except OSError as error:
            problems.append(f"{path} cannot be read: {error.strerror}")

    def _check_place(
        self, step: Step, place: Path, path: str, result: Result | None,
        problems: list[str], merges: list[str], notes: list[str],
    ) -> None:  # fmt: skip
        disk.sweep(place.parent)
        intents.forget(place, result)
        if not os.path.lexists(place):
            self._check_parents(place, problems)
        elif step.kind == "folder":
            problems += [] if place.is_dir() else [f"{path} is a file; a folder goes there"]
        elif not place.is_file():
            problems.append(f"{path} is not a file; a file goes there")
        elif step.kind == "merge":
            self._check_merge(step, result, place, problems, merges, notes)
        elif not _ours(result, path) and place.read_bytes() != _content(step.payload):
            problems.append(f"{path} is there already, with something else in it")

    def _check_parents(self, place: Path, problems: list[str]) -> None:
        for parent in place.parents:
            if parent == self.root:
                return
            if os.path.lexists(parent) and not parent.is_dir():
                problem = f"{self._name(parent)} is a file; a folder goes there"
                problems += [] if problem in problems else [problem]

    def _check_merge(
        self, step: Step, result: Result | None, place: Path, problems: list[str], merges: list[str], notes: list[str]
    ) -> None:
        path = self._name(place)
        try:
            current, _ = settings.load(place.read_bytes())
        except ValueError:
            problems.append(f"{path} is not valid JSON, so nothing can be added to it")
            return
        if not isinstance(current, dict):
            notes.append(f"{path} has another form than expected; it stays as it is")
            return
        before = _added(result)
        _, added = settings.merge(settings.take_back(current, before)[0], step.payload["values"])
        names = set(before.names())
        new = [name for name in added.names() if name not in names]
        if new:
            merges.append(f"{path}: {', '.join(new)}")

    def look_up(self, step: Step, payload: Mapping[str, Any]) -> Result | None:
        """Return the result of a step that was begun before a crash, when it is there whole.

        Only asked for steps in doubt, so a file with exactly our content is ours. What a folder or a merge was about to
        do stands in a note beside it.
        """
        place = disk.inside(self.root, str(payload["path"]))
        disk.sweep(place.parent)
        if step.kind in ("folder", "merge"):
            found = intents.folder(place) if step.kind == "folder" else intents.merge(place)
            self._intent = place if found is not None else self._intent
            return found
        if not place.is_file() or place.is_symlink():
            return None
        content = _content(payload)
        if place.read_bytes() != content:
            return None
        return {"path": payload["path"], "sha256": disk.sha256(content), "created": True, "made": []}

    def inspect(self, step: Step, payload: Mapping[str, Any], result: Result) -> State:
        """Tell whether a delivered step is still there as written."""
        place = disk.inside(self.root, str(result["path"]))
        if not os.path.lexists(place):
            return "missing"
        if step.kind == "folder":
            return "same" if place.is_dir() else "edited"
        if not place.is_file():
            return "edited"
        if step.kind == "merge":
            return _inspect_merge(place, payload, _added(result))
        return "same" if disk.sha256(place.read_bytes()) == result.get("sha256") else "edited"

    # doing

    def deliver(self, step: Step, payload: Mapping[str, Any], previous: Result | None) -> Result:
        """Do one step; see `Provisioner.deliver`. Raises `RefusedError` for a path that leaves the folder."""
        place = disk.inside(self.root, str(payload["path"]))
        self._confirm()
        old = previous if previous is not None and previous.get("path") != payload["path"] else None
        before = None if old is not None else previous
        if step.kind == "folder":
            result = self._folder(place, before)
        elif step.kind in ("file", "merge"):
            made = self._make_folders(place.parent)
            disk.sweep(place.parent)
            result = self._file(place, payload, before) if step.kind == "file" else self._merge(place, payload, before)
            result["made"] = list(dict.fromkeys([*made, *(before or {}).get("made", ())]))
        else:
            raise RefusedError(
                f"A {step.kind} step cannot be delivered into a folder.", title="Wrong kind of step",
                kept="everything built so far.", hint="report this: it is our fault.",
            )  # fmt: skip
        if old is not None:
            self._move_on(step, old, result)
        result.update(self._take_above(previous))
        return result

    def _take_above(self, previous: Result | None) -> dict[str, int]:
        count, self._above = max(self._above, int((previous or {}).get("above", 0))), 0
        return {"above": count} if count else {}

    def _move_on(self, step: Step, old: Result, result: dict[str, Any]) -> None:
        """The system has another name now: what stood under the old one goes, unless it was changed."""
        if step.kind == "folder":
            result["made"] = [*result["made"], *(p for p in old.get("made", ()) if p not in result["made"])]
            self._emptied += [disk.inside(self.root, p) for p in old.get("made", ()) if p != "."]
            return
        removal = self.remove(step, {}, old)
        if not removal.removed:
            result["left"] = f"{old['path']}: {removal.why}"

    def _folder(self, place: Path, previous: Result | None) -> dict[str, Any]:
        if os.path.lexists(place) and not place.is_dir():
            raise RefusedError(
                f"{self._name(place)} is a file, and a folder goes there.", title="Something is in the way",
                kept="the file.", hint="move or rename it, then apply again.",
            )  # fmt: skip
        made = list((previous or {}).get("made", ()))
        if not place.is_dir():
            path = self._name(place)
            made = list(dict.fromkeys([*self._make_folders(place.parent), path, *made]))
            note = {"above": self._above} if self._above else {}
            self._note(place, {"path": path, "created": True, "made": made, **note})
            disk.make_folders(self.root, place)
        disk.sweep(place)
        return {"path": self._name(place), "created": self._name(place) in made, "made": made}

    def _make_folders(self, folder: Path) -> list[str]:
        """Make a folder and those above it; return those made, the root also when a killed run of ours made it."""
        ours = intents.folder(self.root) is not None
        if ours or not self.root.exists():
            self._above = max(self._above, above.make(self.root))
        if not self.root.exists():
            disk.sweep(self.root.parent)
            intents.leave(self.root, {"path": "."})
        made = disk.make_folders(self.root, folder)
        self._rooted = self._rooted or ours or "." in made
        return [".", *made] if ours and "." not in made else made

    def _note(self, place: Path, result: Mapping[str, Any]) -> None:
        """Leave a note of what is about to be done, for the case that a crash hides whether it was."""
        self._intent = place
        intents.leave(place, result)

    def _file(self, place: Path, payload: Mapping[str, Any], previous: Result | None) -> dict[str, Any]:
        content = _content(payload)
        result = {"path": payload["path"], "sha256": disk.sha256(content)}
        if not os.path.lexists(place):
            if disk.create(place, content):
                return {**result, "created": True}
        elif place.is_file() and not place.is_symlink():
            current = place.read_bytes()
            if current == content:
                return {**result, "created": _created(previous)}
            if previous is not None and disk.sha256(current) == previous.get("sha256"):
                disk.write(place, content)
                return {**result, "created": _created(previous)}
        why = "you changed it" if previous is not None and "kept" not in previous else "a file of yours is there"
        mine = (previous or {}).get("sha256", "")
        return {"path": payload["path"], "sha256": mine, "created": _created(previous), "kept": why}

    def _merge(self, place: Path, payload: Mapping[str, Any], previous: Result | None) -> dict[str, Any]:
        previous = intents.merge(place) or previous
        there = os.path.lexists(place)
        current, style = _settings(place) if there else ({}, settings.Style())
        base = {"path": payload["path"], "created": _created(previous) or not there}
        if not isinstance(current, dict):
            return {**base, "created": False, "added": {}, "theirs": [], "kept": "it has another form than expected"}
        cleared, _ = settings.take_back(current, _added(previous))
        merged, added = settings.merge(cleared, payload["values"])
        data = style.dump(merged)
        result = {**base, "sha256": disk.sha256(data), "added": added.data(), "theirs": added.theirs}
        if not there or not settings.same(current, merged):
            self._note(place, {**result, "first": previous is None})
            if there:
                disk.write(place.resolve(), data)
            elif not disk.create(place, data):
                return self._merge(place, payload, previous)
        return result

    # undoing

    def remove(self, step: Step, payload: Mapping[str, Any], result: Result) -> Removal:
        """Take down what `deliver` created, unless the person changed it since."""
        path = str(result["path"])
        place = disk.inside(self.root, path)
        removal = self._remove(step, place, path, result)
        for made in reversed(result.get("made", ())):
            disk.remove_folder(self.root if made == "." else disk.inside(self.root, made))
        if result.get("above") and not self.root.exists():
            intents.drop(self.root)
            above.remove(self.root, int(result["above"]))
        return removal

    def _remove(self, step: Step, place: Path, path: str, result: Result) -> Removal:
        if step.kind == "merge":
            return _remove_merge(place, path, result)
        if not os.path.lexists(place):
            return Removal(True, path, "it was gone already")
        if not result.get("created"):
            return Removal(False, path, "it was there before" if "kept" not in result else "it is yours")
        if step.kind == "folder":
            intents.drop(place)
            gone = disk.remove_folder(place)
            return Removal(gone, path, "" if gone else "other things are in it")
        disk.sweep(place.parent)
        if place.is_symlink() or not place.is_file() or disk.sha256(place.read_bytes()) != result.get("sha256"):
            return Removal(False, path, "you changed it")
        place.unlink()
        disk.sync_folder(place.parent)
        return Removal(True, path)

    # the rest

    def links(self, results: Mapping[str, Result]) -> Links:
        """Return where the folder is."""
        return Links(self.root.as_uri(), str(self.root))

    def close(self) -> None:
        """Forget what a crash would have needed, and remove folders that are empty and were made for nothing."""
        with suppress(OSError):  # a root that cannot be looked at was not made
            if intents.folder(self.root) is not None and disk.remove_folder(self.root):
                intents.drop(self.root)
            above.settle(self.root, journaled=self._rooted)
        self._confirm()
        for folder in sorted(self._emptied, key=lambda p: len(p.parts), reverse=True):
            disk.remove_folder(folder)
        self._emptied = []

    def _confirm(self) -> None:
        """The result of the last merge is in the journal by now."""
        if self._intent is not None:
            intents.drop(self._intent)
            self._intent = None
        if self._rooted:
            above.settle(self.root, journaled=True)
            intents.drop(self.root)
            self._rooted = False

    def _name(self, place: Path) -> str:
        return place.relative_to(self.root).as_posix()


def _content(payload: Mapping[str, Any]) -> bytes:
    return base64.b64decode(payload["base64"]) if "base64" in payload else str(payload["text"]).encode()


def _created(result: Result | None) -> bool:
    return bool(result and result.get("created"))


def _ours(result: Result | None, path: str) -> bool:
    return result is not None and result.get("path") == path


def _added(result: Result | None) -> settings.Added:
    return settings.Added.read((result or {}).get("added", {}))


def _settings(place: Path) -> tuple[Any, settings.Style]:
    try:
        return settings.load(place.read_bytes())
    except ValueError as error:
        raise RefusedError(
            f"{place.name} is not valid JSON, so nothing can be added to it.", title="A settings file is damaged",
            kept="the file as it is.", hint="mend or move it, then apply again.",
        ) from error  # fmt: skip


def _inspect_merge(place: Path, payload: Mapping[str, Any], added: settings.Added) -> State:
    """What was there before us may be gone by now too: then the step is missing, and repair adds what is needed."""
    try:
        current, _ = settings.load(place.read_bytes())
    except ValueError:
        return "edited"
    if not isinstance(current, dict):
        return "edited"
    there, wanted = settings.present(current, added)
    lacks = bool(settings.merge(current, payload["values"])[1].names())
    if not lacks and there == wanted:
        return "same"
    return "missing" if lacks and not there else "edited"


def _remove_merge(place: Path, path: str, result: Result) -> Removal:
    intents.drop(place)
    place = place.resolve()
    disk.sweep(place.parent)
    if not place.is_file():
        return Removal(True, path, "it was gone already")
    try:
        current, style = settings.load(place.read_bytes())
    except ValueError:
        return Removal(False, path, "it is not valid JSON any more")
    if not isinstance(current, dict):
        return Removal(True, path, "nothing had been added")
    left, changed = settings.take_back(current, _added(result))
    if not left and _created(result):
        place.unlink()
        disk.sync_folder(place.parent)
    elif not settings.same(left, current):
        disk.write(place, style.dump(left))
    return Removal(not changed, path, f"you changed {', '.join(changed)}" if changed else "")
