"""Adding sheets of one workbook to another, and taking them out again. Every other part stays byte for byte."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from xml.sax.saxutils import escape

from chatbuilder.provision.excel.package import (
    LINKS,
    TYPES,
    Link,
    Package,
    Unusable,
    attribute,
    inserted,
    links_of,
    links_xml,
    prefix_of,
    read,
)  # fmt: skip
from chatbuilder.provision.excel.styles import Looks, merge

_AFTER_SHEETS = (
    "functionGroups", "externalReferences", "definedNames", "calcPr", "oleSize", "customWorkbookViews", "pivotCaches",
    "smartTagPr", "smartTagTypes", "webPublishing", "fileRecoveryPr", "webPublishObjects", "extLst", "workbook",
)  # fmt: skip


def grafted(theirs: bytes, ours: bytes, wanted: Collection[str], names: Collection[str]) -> bytes:
    """Return a workbook with the `wanted` sheets of ours at its end, and those of our defined `names`.

    The names of sheets, tables and defined names must be free. Raises `Unusable`.
    """
    book, source = read(theirs), read(ours)
    before = dict(book.parts)
    looks = merge(book, source)
    links = book.links(book.workbook)
    free_link = last_number([link.id for link in links])
    types: dict[str, str] = {}
    entries, new_links = [], []
    sheet_id = highest(book.text(book.workbook), r'\bsheetId="(\d+)"')
    for name, part in source.sheets().items():
        if name not in wanted:
            continue
        sheet_id += 1
        free_link += 1
        target = _copied(part, source, book, looks, types)
        hidden = _state(source, name)
        entries.append((name, sheet_id, f"rId{free_link}", hidden))
        new_links.append(Link(f"rId{free_link}", "worksheet", target))
    list_sheets(book, entries)
    _define(book, source, names)
    recalculate(book)
    link_sheets(book, new_links)
    declare(book, types)
    changed = {book.workbook, links_of(book.workbook), TYPES, book.linked("styles")}
    if any(book.parts[name] != content for name, content in before.items() if name not in changed):
        raise Unusable("could not be extended without touching your own sheets")
    for name in changed:
        book.root(name)
    return book.data()


def last_number(ids: Collection[str]) -> int:
    """Return the highest number among links."""
    return max([0, *(int(found[1]) for found in (re.fullmatch(r"rId(\d+)", name) for name in ids) if found)])


def highest(xml: str, pattern: str) -> int:
    """Return the highest number that a pattern finds."""
    return max([0, *(int(number) for number in re.findall(pattern, xml))])


def _state(source: Package, name: str) -> str:
    found = re.search(rf"<sheet name={re.escape(attribute(name))} [^>]*state=\"(\w+)\"", source.text(source.workbook))
    return found[1] if found else "visible"


def _copied(part: str, source: Package, book: Package, looks: Looks, types: dict[str, str]) -> str:
    """Copy a part with everything it leads to, under names that are free; return its new name."""
    stem, number = re.sub(r"\d*\.xml$", "", part), 1
    while f"{stem}{number}.xml" in book.parts:
        number += 1
    name = f"{stem}{number}.xml"
    kind = stem.split("/")[1]
    xml = source.text(part)
    book.put(name, _worksheet(xml, looks) if kind == "worksheets" else _table(xml, book) if kind == "tables" else xml)
    types[name] = _type_of(source, part)
    links = [Link(link.id, link.kind, _copied(link.target, source, book, looks, types)) for link in source.links(part)]
    if links:
        book.put(links_of(name), links_xml(links))
    return name


def _worksheet(xml: str, looks: Looks) -> str:
    xml = re.sub(r'(<c [^>]*?\bs=")(\d+)(")', lambda m: f"{m[1]}{looks.styles[int(m[2])]}{m[3]}", xml)
    xml = re.sub(r'(\bdxfId=")(\d+)(")', lambda m: f"{m[1]}{looks.conditional[int(m[2])]}{m[3]}", xml)
    return re.sub(r'\stabSelected="\w+"', "", xml)


def _table(xml: str, book: Package) -> str:
    highest = max([0, *(int(table.get("id", "0")) for table in book.tables())])
    return re.sub(r'(<table [^>]*?\bid=")\d+(")', rf"\g<1>{highest + 1}\g<2>", xml, count=1)


def _type_of(source: Package, part: str) -> str:
    found = re.search(rf'PartName="/{re.escape(part)}" ContentType="([^"]+)"', source.text(TYPES))
    return found[1] if found else "application/xml"


def list_sheets(book: Package, entries: list[tuple[str, int, str, str]]) -> None:
    """List sheets in a workbook, at its end: name, number, link and state of each."""
    xml = book.text(book.workbook)
    prefix = prefix_of(xml, "workbook")
    new = "".join(
        f'<{prefix}sheet name={attribute(name)} sheetId="{number}"'
        f'{f" state={attribute(state)}" if state != "visible" else ""} xmlns:r="{LINKS}" r:id="{link}"/>'
        for name, number, link, state in entries
    )
    book.put(book.workbook, inserted(xml, prefix, "sheets", new, _AFTER_SHEETS))


def _define(book: Package, source: Package, names: Collection[str]) -> None:
    found = re.findall(r'<definedName name="([^"]+)">([^<]*)</definedName>', source.text(source.workbook))
    xml = book.text(book.workbook)
    prefix = prefix_of(xml, "workbook")
    new = "".join(f'<{prefix}definedName name="{n}">{text}</{prefix}definedName>' for n, text in found if n in names)
    if new:
        book.put(book.workbook, inserted(xml, prefix, "definedNames", new, _AFTER_SHEETS[3:]))


def recalculate(book: Package) -> None:
    """Ask Excel to work everything out on opening: our formulas carry no results."""
    xml = book.text(book.workbook)
    prefix = prefix_of(xml, "workbook")
    found = re.search(rf"<{prefix}calcPr\b[^>]*?/?>", xml)
    if found is None:
        xml = _before(xml, prefix, _AFTER_SHEETS[4:], f'<{prefix}calcPr fullCalcOnLoad="1"/>')
    elif "fullCalcOnLoad" in found[0]:
        changed = re.sub(r'fullCalcOnLoad="\w+"', 'fullCalcOnLoad="1"', found[0])
        xml = xml.replace(found[0], changed, 1)
    else:
        head = f"<{prefix}calcPr"
        xml = xml.replace(head, f'{head} fullCalcOnLoad="1"', 1)
    book.put(book.workbook, xml)


def _before(xml: str, prefix: str, followers: tuple[str, ...], new: str) -> str:
    for follower in followers:
        found = re.search(rf"<{prefix}{follower}[\s/>]|</{prefix}{follower}>", xml)
        if found:
            return xml[: found.start()] + new + xml[found.start() :]
    raise Unusable("is saved in an unusual form")


def link_sheets(book: Package, links: list[Link]) -> None:
    """Add links to the workbook's."""
    name = links_of(book.workbook)
    xml = book.text(name)
    prefix = prefix_of(xml, "Relationships")
    new = "".join(
        f'<{prefix}Relationship Id="{k.id}" Type="{LINKS}/{k.kind}" Target="/{escape(k.target)}"/>' for k in links
    )
    book.put(name, inserted(xml, prefix, "Relationships", new, ()))


def declare(book: Package, types: Mapping[str, str]) -> None:
    """Tell the kinds of new parts."""
    xml = book.text(TYPES)
    prefix = prefix_of(xml, "Types")
    new = "".join(f'<{prefix}Override PartName="/{name}" ContentType="{kind}"/>' for name, kind in types.items())
    book.put(TYPES, inserted(xml, prefix, "Types", new, ()))


def pruned(data: bytes, unwanted: Collection[str], names: Collection[str]) -> bytes:
    """Return a workbook without some sheets and defined names. Raises `Unusable` if that leaves no visible sheet."""
    book = read(data)
    parts = book.sheets()
    order = list(parts)
    kept = [name for name in order if name not in unwanted]
    xml = book.text(book.workbook)
    prefix = prefix_of(xml, "workbook")
    found = re.findall(rf"<{prefix}sheet\s[^>]*?/>", xml)
    if len(found) != len(order):
        raise Unusable("is saved in an unusual form")
    entries = dict(zip(order, found, strict=True))
    if not any(not re.search(r'\sstate="\w*[hH]idden"', entries[name]) for name in kept):
        raise Unusable("would be left without a sheet")
    for name in order:
        if name in unwanted:
            xml = xml.replace(entries[name], "", 1)
    xml = _undefined(xml, prefix, names, [order.index(name) for name in kept])
    xml = re.sub(
        r'(\b(?:activeTab|firstSheet)=")(\d+)(")', lambda m: f"{m[1]}{min(int(m[2]), len(kept) - 1)}{m[3]}", xml
    )
    book.put(book.workbook, xml)
    gone = {parts[name] for name in order if name in unwanted}
    chain = book.linked("calcChain")  # Excel makes it anew
    drop(book, gone | ({chain} if chain else set()))
    return book.data()


def _undefined(xml: str, prefix: str, names: Collection[str], kept: list[int]) -> str:
    def one(found: re.Match[str]) -> str:
        local = re.search(r'\slocalSheetId="(\d+)"', found[1])
        name = re.search(r'\sname="([^"]*)"', found[1])
        if local is None:
            return "" if name and name[1] in names else found[0]
        if int(local[1]) not in kept:
            return ""
        return found[0].replace(local[0], f' localSheetId="{kept.index(int(local[1]))}"', 1)

    xml = re.sub(rf"<{prefix}definedName(\s[^>]*)>[^<]*</{prefix}definedName>", one, xml)
    return re.sub(rf"<{prefix}definedNames>\s*</{prefix}definedNames>", "", xml)


def drop(book: Package, gone: set[str]) -> None:
    """Remove parts, what only they lead to, and every mention of them."""
    links = links_of(book.workbook)
    ids = [link.id for link in book.links(book.workbook) if link.target in gone]
    xml = book.text(links)
    for name in ids:
        xml = re.sub(rf'<(?:[\w.-]+:)?Relationship\s[^>]*\bId="{re.escape(name)}"[^>]*?/>', "", xml)
    book.put(links, xml)
    while gone:
        below = {link.target for part in gone for link in book.links(part) if link.target in book.parts}
        for part in gone:
            book.parts.pop(part, None)
            book.parts.pop(links_of(part), None)
            xml = re.sub(rf'<(?:[\w.-]+:)?Override\s[^>]*\bPartName="/{re.escape(part)}"[^>]*?/>', "", book.text(TYPES))
            book.put(TYPES, xml)
        still = {link.target for part in book.parts if not part.endswith(".rels") for link in book.links(part)}
        gone = below - still
