"""Taking a system down again: the whole file when it is ours, else our sheets, as long as nobody changed them."""

from __future__ import annotations

from typing import Any

from chatbuilder.generators.common import workbook_spec
from chatbuilder.generators.common.workbook_spec import Spec
from chatbuilder.provision import disk
from chatbuilder.provision.base import Removal, Result
from chatbuilder.provision.excel import graft, presence
from chatbuilder.provision.excel.digests import chats_in, digests
from chatbuilder.provision.excel.package import Package, Unusable, read
from chatbuilder.provision.excel.place import Place
from chatbuilder.provision.excel.presence import MARKER, Presence

_CHATS = "table:sessions"


def remove(place: Place, spec: Spec, result: Result) -> Removal:
    """Remove what `result` says is there; a person's own sheets, and ours that they changed, stay."""
    disk.sweep(place.path.parent)
    data = place.read()
    if data is None:
        place.remove(int(result.get("above", 0)))
        return Removal(True, place.name, "it was gone already")
    if disk.sha256(data) == result["sha256"]:
        whole = _whole(place, data, result)
        if whole is not None:
            return whole
    if place.original(result) == data:  # a kill came between putting it back and this
        return _as_before(place, result)
    try:
        book = read(data)
        there, found = presence.find(book), digests(data)
    except Unusable as error:
        return Removal(False, place.name, f"it {error}")
    if there is None:
        return Removal(True, place.name, "our sheets were gone already")
    known = {key: item["digest"] for key, item in result["sheets"].items()}
    there = presence.with_renamed(there, found, known)
    changed = {key for key, name in there.sheets.items() if found.get(name) != known.get(key)}
    if set(book.sheets()) == there.names():
        if changed:
            return Removal(False, place.name, _why(there, changed, set(), data))
        place.remove(int(result.get("above", 0)))
        return Removal(True, place.name)
    return _cut_out(place, data, book, there, spec, changed)


def _whole(place: Place, data: bytes, result: Result) -> Removal | None:
    """Nothing has changed since: remove the file, or put the one from before back."""
    if result["mode"] == "created":
        place.remove(int(result.get("above", 0)))
        return Removal(True, place.name)
    before = place.original(result)
    if before is None:
        return None
    place.replace(data, before)
    return _as_before(place, result)


def _as_before(place: Place, result: Result) -> Removal:
    place.path.with_name(str(result["backup"])).unlink()
    return Removal(True, place.name, "the workbook is again exactly as it was before")


def _cut_out(place: Place, data: bytes, book: Package, there: Presence, spec: Spec, changed: set[str]) -> Removal:
    """Remove our sheets that nobody changed and nothing leans on."""
    ours = workbook_spec.with_names(spec, there.sheets, there.idents)
    used = presence.foreign_uses(book, there, ours)
    stays = presence.leaned_on(ours, changed | used) & set(there.sheets)
    stays |= changed | ({MARKER} if stays or changed else set())
    goes = [name for key, name in there.sheets.items() if key not in stays]
    if not goes or goes == [there.sheets[MARKER]]:
        return Removal(False, place.name, _why(there, changed, used, data))
    names = _only_of(ours, goes)
    try:
        left = graft.pruned(data, goes, names)
    except Unusable as error:
        return Removal(False, place.name, f"it {error}")
    copy = place.back_up(data, "removal")
    place.replace(data, left)
    if stays:
        return Removal(
            False,
            place.name,
            f"{_why(there, changed, used, data)}; the other sheets of ours are gone ({copy} has them)",
        )
    return Removal(True, place.name, f"our sheets are gone, yours stayed; {copy} is the file from before")


def _only_of(ours: Spec, goes: list[str]) -> set[str]:
    gone = [sheet for sheet in ours["sheets"] if sheet["name"] in goes]
    return {name for sheet in gone for name, column in workbook_spec.offers(sheet, ours) if not column}


def _why(there: Presence, changed: set[str], used: set[str], data: bytes) -> str:
    reasons = []
    if _CHATS in changed and (chats := chats_in(data, there.sheets[_CHATS])):
        reasons.append(f"{there.sheets[_CHATS]} holds {chats:,} chat{'' if chats == 1 else 's'}")
    edited = changed - {_CHATS} if reasons else changed
    if edited:
        reasons.append(f"you changed {_names(there, edited)}")
    if used - changed:
        reasons.append(f"your own sheets use {_names(there, used - changed)}")
    return " and ".join(reasons)


def _names(there: Presence, keys: set[Any]) -> str:
    found = [name for key, name in there.sheets.items() if key in keys]
    return ", ".join(found[:6]) + (f" and {len(found) - 6} more" if len(found) > 6 else "")
