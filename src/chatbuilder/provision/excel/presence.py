"""Finding our sheets in a workbook by the very hidden sheet that lists them, and choosing names that are free."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from xml.etree import ElementTree

from chatbuilder.generators.common import workbook_spec
from chatbuilder.generators.common.workbook_spec import Sheet, Spec
from chatbuilder.provision.excel.digests import text_of
from chatbuilder.provision.excel.package import MAIN, Package

MARKER = "marker"
_SHEET = "_chatbuilder"


@dataclass(frozen=True, slots=True)
class Presence:
    """A system of ours in a workbook: its title, our sheets that are there by key, the names of our tables as used.

    `missing` are keys of sheets that the marker lists and the workbook has no more.
    """

    title: str
    sheets: dict[str, str]
    idents: dict[str, str]
    missing: tuple[str, ...]

    def names(self) -> set[str]:
        """Return the names of our sheets."""
        return set(self.sheets.values())


def find(book: Package) -> Presence | None:
    """Return what a workbook holds of ours, or None. A sheet that was renamed is found by the table on it."""
    parts = book.sheets()
    for name, part in parts.items():
        if name.casefold().startswith(_SHEET) and part in book.parts:
            rows = list(_rows(book, part))
            if rows and rows[0][0] == "chatbuilder":
                return _read(book, rows, name)
    return None


def _read(book: Package, rows: list[tuple[str, str, str]], marker: str) -> Presence:
    parts = book.sheets()
    listed = {row[1]: row[2] for row in rows if row[0] == "sheet"}
    there = {key: title for key, title in listed.items() if title in parts}
    tables = _sheets_of_tables(book)
    for kind, key, table in rows:
        if kind == "table" and key not in there and table in tables:
            there[key] = tables[table]
    title = next((row[1] for row in rows if row[0] == "system"), "")
    idents = {row[1]: row[2] for row in rows if row[0] == "ident"}
    gone = tuple(key for key in listed if key not in there)
    return Presence(title, {**there, MARKER: marker}, idents, gone)


def _sheets_of_tables(book: Package) -> dict[str, str]:
    return {
        book.root(link.target).get("displayName", ""): name
        for name, part in book.sheets().items()
        for link in book.links(part)
        if link.kind == "table" and link.target in book.parts
    }


def with_renamed(there: Presence, found: Mapping[str, str], known: Mapping[str, str]) -> Presence:
    """Find missing sheets that only have another name now. `found` are digests by name, `known` ours by key."""
    named = dict(there.sheets)
    for key in there.missing:
        others = [name for name, digest in found.items() if digest == known.get(key) and name not in named.values()]
        if others:
            named[key] = others[0]
    return Presence(there.title, named, there.idents, tuple(key for key in there.missing if key not in named))


def _rows(book: Package, part: str) -> Iterator[tuple[str, str, str]]:
    """Yield the texts in columns A to C of a sheet."""
    shared = book.linked("sharedStrings")
    strings = [text_of(item) for item in book.root(shared)] if shared in book.parts else []
    for row in book.root(part).iter(f"{{{MAIN}}}row"):
        cells = {cell.get("r", "")[:1]: _value(cell, strings) for cell in row}
        yield cells.get("A", ""), cells.get("B", ""), cells.get("C", "")


def _value(cell: ElementTree.Element, strings: list[str]) -> str:
    item, value = cell.find(f"{{{MAIN}}}is"), cell.findtext(f"{{{MAIN}}}v") or ""
    text = text_of(item) if item is not None else strings[int(value)] if cell.get("t") == "s" and value else value
    return text.replace("_x005F_", "_")


def plan_names(spec: Spec, book: Package, there: Presence | None = None) -> tuple[dict[str, str], dict[str, str]]:
    """Return a name for each sheet (by key) and each table and defined name, free in the workbook or ours already."""
    known_sheets, parts = there.sheets if there else {}, book.sheets()
    known = {ours: used for ours, used in (there.idents if there else {}).items() if used in book.idents()}
    taken = {name.casefold() for name in parts}
    sheets = {}
    for sheet in spec["sheets"]:
        name = known_sheets.get(sheet["key"], sheet["name"])
        ours = name in parts and sheet["key"] in known_sheets
        sheets[sheet["key"]] = name if ours else workbook_spec.sheet_name(name, taken)
    used = {name.casefold() for name in book.idents()}
    return sheets, {name: known.get(name) or _free(name, used) for name in workbook_spec.idents(spec)}


def _free(name: str, used: set[str]) -> str:
    found, number = name, 1
    while found.casefold() in used:
        number += 1
        found = f"{name}_{number}"
    used.add(found.casefold())
    return found


def offered(book: Package) -> set[tuple[str, str]]:
    """Return what may be referred to in a workbook, as `workbook_spec.offers` names it."""
    there = {(table.get("displayName", ""), "") for table in book.tables()} | {(name, "") for name in book.idents()}
    for table in book.tables():
        columns = table.iter(f"{{{MAIN}}}tableColumn")
        there |= {(table.get("displayName", ""), re.sub("_x005F_", "_", c.get("name", ""))) for c in columns}
    return there


def possible(spec: Spec, wanted: Collection[str], book: Package, more: Collection[tuple[str, str]] = ()) -> list[str]:
    """Return the keys of sheets, out of `wanted`, that can be added: all they refer to is there or comes along.

    `more` are columns, by table, that come along as well.
    """
    there = offered(book)
    taken = {name for name, _ in there}
    there |= set(more)
    left = [s for s in spec["sheets"] if s["key"] in wanted and not ({t["ident"] for t in s.get("tables", ())} & taken)]
    while True:
        given = there.union(*(workbook_spec.offers(sheet, spec) for sheet in left))
        fitting = [sheet for sheet in left if workbook_spec.needs(sheet) <= given]
        if len(fitting) == len(left):
            return [sheet["key"] for sheet in left]
        left = fitting


def leaned_on(spec: Spec, kept: Collection[str]) -> set[str]:
    """Return the keys of the sheets that some sheets cannot do without, those themselves included."""
    by_key = {sheet["key"]: sheet for sheet in spec["sheets"]}
    found = {key for key in kept if key in by_key}
    while True:
        needed = {want for key in found for want in workbook_spec.needs(by_key[key])}
        more = {key for key, sheet in by_key.items() if workbook_spec.offers(sheet, spec) & needed} - found
        if not more:
            return found
        found |= more


def foreign_uses(book: Package, there: Presence, spec: Spec) -> set[str]:
    """Return the keys of our sheets that somebody's own sheets, charts or pivot tables refer to."""
    parts = book.sheets()
    ours = _reached(book, {parts[name] for name in there.names() if name in parts})
    apart = {book.workbook, book.linked("styles"), book.linked("sharedStrings"), book.linked("calcChain")}
    texts = [
        book.text(name) for name in book.parts
        if name.startswith("xl/") and name.endswith(".xml") and name not in ours | apart
    ]  # fmt: skip
    return {
        sheet["key"] for sheet in spec["sheets"]
        if sheet["key"] in there.sheets
        and any(_mentions(text, sheet, there.sheets[sheet["key"]], spec) for text in texts)
    }  # fmt: skip


def _reached(book: Package, parts: set[str]) -> set[str]:
    found = set(parts)
    while parts:
        parts = {link.target for part in parts for link in book.links(part) if link.target} - found
        found |= parts
    return found


def _mentions(text: str, sheet: Sheet, name: str, spec: Spec) -> bool:
    quoted = re.escape(name.replace("'", "''"))
    patterns = [rf"(?:'{quoted}'|(?<![\w']){quoted})!", rf'\bsheet="{re.escape(name)}"']
    for ident, _ in {pair for pair in workbook_spec.offers(sheet, spec) if not pair[1]}:
        patterns += [rf"(?<![\w.]){re.escape(ident)}(?![\w.(\"])", rf'worksheetSource [^>]*name="{re.escape(ident)}"']
    formulas = "\n".join(re.findall(r"<(?:\w+:)?(?:f|formula\d?|worksheetSource)\b[^>]*(?:/>|>[^<]*<)", text))
    return any(re.search(pattern, formulas) for pattern in patterns)
