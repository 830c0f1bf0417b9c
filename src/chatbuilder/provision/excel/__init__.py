"""Excel on disk: a new workbook written in one piece, or sheets added to a workbook of the person's own.

Nothing of theirs is read back and written anew: their parts of the file stay byte for byte, a copy of the file is kept
beside it first, and taking the sheets down again puts exactly that copy back as long as nobody has changed the file.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from chatbuilder.errors import InputError
from chatbuilder.generators.common import workbook, workbook_spec
from chatbuilder.generators.common.workbook_spec import Spec
from chatbuilder.provision import above, disk
from chatbuilder.provision.base import Links, Preflight, Provisioner, Removal, Result, State
from chatbuilder.provision.excel import graft, growing, package, presence
from chatbuilder.provision.excel.bare import Bare
from chatbuilder.provision.excel.digests import chats_in, digests
from chatbuilder.provision.excel.package import Package, Unusable
from chatbuilder.provision.excel.place import Place
from chatbuilder.provision.excel.presence import MARKER, Presence
from chatbuilder.provision.excel.removal import remove
from chatbuilder.solution import Plan, Step


def open_target(target: Path) -> Provisioner:
    """Return what delivers a workbook to a path. Raises `InputError` for a path that means nothing here."""
    return ExcelProvisioner(Place(target))


class ExcelProvisioner:
    """Delivers the one step of a workbook, {path, spec}, to the .xlsx file that the person named.

    Result: {path, mode, sha256, sheets, idents, above}, and for a workbook of theirs {backup, original}. `mode` is
    created or added; `sheets` maps our keys to {name, digest}, `idents` our names of tables to those used; `original`
    is the SHA-256 of the file before; `above` is how many of the folders above are ours; `kept` says what stayed as the
    person made it.
    """

    abreast = 1

    def __init__(self, place: Place) -> None:
        self.place = place
        self._journaled = False  # whether the journal has the result, once this is closed

    # looking

    def preflight(self, plan: Plan, known: Mapping[str, Result]) -> Preflight:
        """Check the file, or the folder for a new one; clears what a kill left. Raises `InputError`."""
        problems = list(self.place.problems())
        if problems:
            raise self.place.unfit(problems)
        disk.sweep(self.place.path.parent)
        above.forget(self.place.path, known)
        data = self.place.read()
        notes: list[str] = []
        merges: list[str] = []
        for step in plan:
            if data is not None and known.get(step.key, {}).get("sha256") != disk.sha256(data):
                self._look_at(data, step.payload["spec"], step.key in known, notes, merges)
        return Preflight(str(self.place.path), data is not None, tuple(notes), tuple(merges))

    def _look_at(self, data: bytes, spec: Spec, known: bool, notes: list[str], merges: list[str]) -> None:
        name = self.place.name
        book, there = self.place.opened(data)
        if there is not None:
            self._same_system(there, spec, known)
            notes.append(f"{name} has changed since; what you changed stays")
            return
        sheets, idents = presence.plan_names(spec, book)
        count = sum(sheet.get("state", "visible") == "visible" for sheet in spec["sheets"])
        merges.append(f"{name}: {count} sheets come after yours; yours stay as they are")
        notes.append(f"a copy of {name} is kept as {self.place.backup_place(data).name}")
        renames = [f"{s['name']} → {sheets[s['key']]}" for s in spec["sheets"] if s["name"] != sheets[s["key"]]]
        renames += [f"{old} → {new}" for old, new in idents.items() if old != new]
        if renames:
            notes.append(f"other names, for you have these already: {', '.join(renames)}")

    def _same_system(self, there: Presence, spec: Spec, known: bool) -> None:
        if not known and there.title != workbook_spec.cell_text(spec["title"]).replace("_x005F_", "_"):
            raise self.place.unfit([f"{self.place.name} holds another system already: {there.title}"])

    def look_up(self, step: Step, payload: Mapping[str, Any]) -> Result | None:
        """Return the result of a step that was begun before a crash, when all our sheets are there as written."""
        spec: Spec = payload["spec"]
        disk.sweep(self.place.path.parent)
        data = self.place.read()
        if data is None:
            return None
        if data == workbook.render(spec):
            self._journaled = True
            return {**self._result("created", data, spec), "above": above.found(self.place.path)}
        with suppress(Unusable, InputError):
            book = package.read(data)
            there = presence.find(book)
            if there is None or there.missing:
                return None
            self._same_system(there, spec, known=False)
            ours = workbook_spec.with_names(spec, there.sheets, there.idents)
            rendered, found = digests(workbook.render(ours)), digests(data)
            if all(found.get(name) == digest for name, digest in rendered.items()):
                mode = "created" if set(book.sheets()) == set(rendered) else "added"
                return self._result(mode, data, ours, there.idents, self._origin(data, ours))
        return None

    def _origin(self, data: bytes, ours: Spec) -> tuple[str, str]:
        """Return the copy from before and its SHA-256, when there is one that gives this very file."""
        for place in self.place.backups():
            before = place.read_bytes()
            with suppress(Unusable):
                if _grafted(before, ours) == data:
                    return place.name, disk.sha256(before)
        return "", ""

    # doing

    def deliver(self, step: Step, payload: Mapping[str, Any], previous: Result | None) -> Result:
        """Write the workbook, or add its sheets; sheets that the person changed since `previous` stay."""
        spec: Spec = payload["spec"]
        self.place.unlocked()
        data = self.place.read()
        if data is None:
            new = workbook.render(spec)
            return {**self._result("created", new, spec), "above": self._create(new, previous)}
        if previous is not None and previous["mode"] == "created" and disk.sha256(data) == previous["sha256"]:
            return self._rewrite(data, spec, previous)
        book, there = self.place.opened(data)
        if there is None:
            return self._add(data, data, spec)
        self._same_system(there, spec, known=previous is not None)
        there, changed = _compared(data, there, spec, previous)
        if changed:
            return self._complete(data, book, spec, there, changed, previous)
        if set(book.sheets()) == there.names():
            return self._rewrite(data, workbook_spec.with_names(spec, there.sheets, {}), previous)
        return self._add(data, self._without(data, there, previous), spec, previous, there)

    def _create(self, data: bytes, previous: Result | None) -> int:
        ours = self.place.create(data)
        self._journaled = True
        return max(ours, int((previous or {}).get("above", 0)))

    def _rewrite(self, seen: bytes, ours: Spec, previous: Result | None) -> Result:
        data = workbook.render(ours)
        self.place.replace(seen, data)
        return {**self._result("created", data, ours), "above": int((previous or {}).get("above", 0))}

    def _add(
        self, seen: bytes, base: bytes, spec: Spec, previous: Result | None = None, there: Presence | None = None
    ) -> Result:
        """Add every sheet to `base`: the file as seen, or that without an older version of our sheets."""
        sheets, idents = presence.plan_names(spec, self.place.opened(base)[0], there)
        ours = workbook_spec.with_names(spec, sheets, idents)
        try:
            data = _grafted(base, ours)
        except Unusable as error:
            raise self.place.unfit([f"{self.place.name} {error}"]) from error
        if previous and previous.get("original") == disk.sha256(base):
            origin = (str(previous["backup"]), str(previous["original"]))
        else:
            origin = (self.place.back_up(seen), disk.sha256(seen) if seen == base else "")
        self.place.replace(seen, data)
        return self._result("added", data, ours, idents, origin)

    def _without(self, data: bytes, there: Presence, previous: Result | None) -> bytes:
        """Return the workbook before our sheets came: its copy if nothing has changed since, else with them cut out."""
        if previous and previous["sha256"] == disk.sha256(data):
            before = self.place.original(previous)
            if before is not None:
                return before
        return graft.pruned(data, there.names(), set(there.idents.values()))

    def _complete(
        self, data: bytes, book: Package, spec: Spec, there: Presence, changed: list[str], previous: Result | None
    ) -> Result:
        """Keep everything as the person has it, and add the sheets that are missing where they fit."""
        sheets, idents = presence.plan_names(spec, book, there)
        ours = workbook_spec.with_names(spec, sheets, idents)
        lacking = [sheet["key"] for sheet in spec["sheets"] if sheet["key"] not in there.sheets]
        filled = chats_in(data, there.sheets.get("table:sessions")) > 0
        fitting, columns = growing.possible(ours, lacking, there, book, filled=filled)
        kept = [f"you changed {_list(changed)}: your version stays"]
        now = data
        if fitting or columns:
            now = _with_more(
                growing.grown(data, workbook.render(ours), columns) if columns else data, ours, there, fitting
            )
            self.place.back_up(data)
            self.place.replace(data, now)
        if fitting:
            kept.append(f"added: {_list(sheets[key] for key in fitting)}")
        shown = [column["name"] for new in columns.values() for column in new if not column.get("hidden")]
        if shown:
            kept.append(f"columns added: {_list(shown)}")
        left = [sheets[key] for key in lacking if key not in fitting]
        if left:
            kept.append(f"not added, for they need columns that your version lacks: {_list(left)}")
        mode = str((previous or {}).get("mode", "added"))
        return {**(previous or {}), **self._result(mode, now, ours, idents), "kept": "; ".join(kept)}

    def _result(
        self,
        mode: str,
        data: bytes,
        ours: Spec,
        idents: Mapping[str, str] | None = None,
        origin: tuple[str, str] = ("", ""),
    ) -> dict[str, Any]:
        found = digests(data, {sheet["name"] for sheet in ours["sheets"]})
        sheets = {
            sheet["key"]: {"name": sheet["name"], "digest": found[sheet["name"]]}
            for sheet in ours["sheets"] if sheet["name"] in found
        }  # fmt: skip
        return {
            "path": str(self.place.path), "mode": mode, "sha256": disk.sha256(data), "sheets": sheets,
            "idents": {old: new for old, new in (idents or {}).items() if old != new}, "above": 0,
            "backup": origin[0], "original": origin[1],
        }  # fmt: skip

    # afterwards

    def inspect(self, step: Step, payload: Mapping[str, Any], result: Result) -> State:
        """Tell whether our sheets are still there as written; what else is in the workbook does not count."""
        data = self.place.read()
        if data is None:
            return "missing"
        if disk.sha256(data) == result["sha256"]:
            return "same"
        try:
            there = presence.find(package.read(data))
            if there is None:
                return "missing"
            there, changed = _compared(data, there, payload["spec"], result)
            changed = changed and _but_for_rows(data, there, payload["spec"], changed)
        except Unusable:
            return "edited"
        return "edited" if changed else "missing" if there.missing else "same"

    def remove(self, step: Step, payload: Mapping[str, Any], result: Result) -> Removal:
        """Remove a workbook of ours, or our sheets from one of theirs, unless the person changed them since."""
        self.place.unlocked()
        return remove(self.place, payload["spec"], result)

    # the rest

    def links(self, results: Mapping[str, Result]) -> Links:
        """Return where the workbook is."""
        path = self.place.path
        home = next((r["sheets"]["home"]["name"] for r in results.values() if "home" in r.get("sheets", {})), "Home")
        steps = (f"Open {path.name} and start on the sheet {home}.", "If a yellow bar shows, click Enable Editing.")
        return Links(path.as_uri(), str(path), steps)

    def close(self) -> None:
        """Forget what only a crash would have needed."""
        with suppress(OSError):
            above.settle(self.place.path, journaled=self._journaled)


def _grafted(base: bytes, ours: Spec) -> bytes:
    names = {name["ident"] for name in ours["names"]}
    return graft.grafted(base, workbook.render(ours), {sheet["name"] for sheet in ours["sheets"]}, names)


def _with_more(data: bytes, ours: Spec, there: Presence, fitting: list[str]) -> bytes:
    """Add some sheets, and a marker that lists them in place of the old one."""
    wanted = {sheet["name"] for sheet in ours["sheets"] if sheet["key"] in (*fitting, MARKER)}
    base = graft.pruned(data, {there.sheets[MARKER]}, ())
    taken = package.read(base).idents()
    tables = taken | {t["ident"] for s in ours["sheets"] if s["key"] in fitting for t in s.get("tables", ())}
    names = {
        name["ident"] for name in ours["names"]
        if name["ident"] not in taken
        and (name.get("sheet") in fitting or name.get("formula", "").partition("[")[0] in tables)
    }  # fmt: skip
    return graft.grafted(base, workbook.render(ours), wanted, names)


def _compared(data: bytes, there: Presence, spec: Spec, previous: Result | None) -> tuple[Presence, list[str]]:
    """Return what is there, renamed sheets included, and the names of our sheets that a person changed since."""
    found = digests(data)
    if previous is not None:
        known = {key: item["digest"] for key, item in previous["sheets"].items()}
    else:
        named = {sheet["key"]: there.sheets.get(sheet["key"], sheet["name"]) for sheet in spec["sheets"]}
        rendered = digests(workbook.render(workbook_spec.with_names(spec, named, there.idents)))
        known = {key: rendered[name] for key, name in named.items()}
    there = presence.with_renamed(there, found, known)
    return there, [name for key, name in there.sheets.items() if found.get(name) != known.get(key)]


def _but_for_rows(data: bytes, there: Presence, spec: Spec, changed: list[str]) -> list[str]:
    """Return those of some changed sheets in which more has changed than the rows that sync fills in."""
    found = Bare()
    now = digests(data, set(changed), bare=found)
    if not found.chats:
        return changed
    built = workbook.render(workbook_spec.with_names(spec, there.sheets, there.idents))
    then = digests(built, set(changed), bare=Bare())
    return [name for name in changed if now.get(name) != then.get(name)]


def _list(names: Iterable[str]) -> str:
    found = list(names)
    return ", ".join(found[:6]) + (f" and {len(found) - 6} more" if len(found) > 6 else "")
