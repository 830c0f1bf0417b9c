"""Bringing the looks of one workbook into another: fonts, fills, borders, number formats, conditional looks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

from chatbuilder.provision.excel.package import MAIN, Package, inserted, prefix_of

_ORDER = (
    "numFmts", "fonts", "fills", "borders", "cellStyleXfs", "cellXfs", "cellStyles", "dxfs", "tableStyles", "colors",
    "extLst", "styleSheet",
)  # fmt: skip
_FIRST_OWN_FORMAT = 164
"""Number formats below this one are built into Excel (ECMA-376 part 1, 18.8.30)."""


@dataclass(frozen=True, slots=True)
class Looks:
    """Where our looks ended up: our style number -> theirs, our conditional look number -> theirs."""

    styles: dict[int, int]
    conditional: dict[int, int]


def merge(into: Package, ours: Package) -> Looks:
    """Add our looks to a workbook and return where they are. The default look of a cell stays the workbook's own."""
    name = into.linked("styles")
    theirs, mine = into.root(name), ours.root(ours.linked("styles"))
    xml = into.text(name)
    prefix = prefix_of(xml, "styleSheet")
    formats, new_formats = _formats(theirs, mine)
    xml = _added(xml, prefix, "numFmts", new_formats)
    maps = {}
    for container, shared in (("fonts", 1), ("fills", 2), ("borders", 1)):
        start, items = _count(theirs, container), _items(mine, container)
        maps[container] = {n: n if n < shared else start + n - shared for n in range(len(items))}
        xml = _added(xml, prefix, container, items[shared:])
    start, cells = _count(theirs, "cellXfs"), _items(mine, "cellXfs")
    for item in cells[1:]:
        _renumber(item, formats, maps)
    xml = _added(xml, prefix, "cellXfs", cells[1:])
    first, looks = _count(theirs, "dxfs"), _items(mine, "dxfs")
    xml = _added(xml, prefix, "dxfs", looks)
    into.put(name, xml)
    styles = {n: n if n == 0 else start + n - 1 for n in range(len(cells))}
    return Looks(styles, {n: first + n for n in range(len(looks))})


def _items(root: ElementTree.Element, container: str) -> list[ElementTree.Element]:
    found = root.find(f"{{{MAIN}}}{container}")
    return list(found) if found is not None else []


def _count(root: ElementTree.Element, container: str) -> int:
    return len(_items(root, container))


def _formats(
    theirs: ElementTree.Element, mine: ElementTree.Element
) -> tuple[dict[str, str], list[ElementTree.Element]]:
    known = {item.get("formatCode", ""): item.get("numFmtId", "") for item in _items(theirs, "numFmts")}
    free = max([_FIRST_OWN_FORMAT - 1, *(int(number) for number in known.values())]) + 1
    found: dict[str, str] = {}
    new = []
    for item in _items(mine, "numFmts"):
        code = item.get("formatCode", "")
        if code not in known:
            known[code] = str(free)
            free += 1
            new.append(ElementTree.Element(item.tag, {"numFmtId": known[code], "formatCode": code}))
        found[item.get("numFmtId", "")] = known[code]
    return found, new


def _renumber(item: ElementTree.Element, formats: dict[str, str], maps: dict[str, dict[int, int]]) -> None:
    number = item.get("numFmtId", "0")
    item.set("numFmtId", formats.get(number, number))
    for attribute, container in (("fontId", "fonts"), ("fillId", "fills"), ("borderId", "borders")):
        item.set(attribute, str(maps[container][int(item.get(attribute, "0"))]))
    item.set("xfId", "0")


def _added(xml: str, prefix: str, container: str, items: list[ElementTree.Element]) -> str:
    if not items:
        return xml
    new = "".join(_text(item, prefix) for item in items)
    before = _ORDER[_ORDER.index(container) + 1 :]
    xml = inserted(xml, prefix, container, new, before)
    head = re.search(rf"<{prefix}{container}(\s[^>]*)?>", xml)
    if head is None:
        return xml
    count = re.search(r'\scount="(\d+)"', head[0])
    changed = head[0].replace(count[0], f' count="{int(count[1]) + len(items)}"') if count else head[0]
    return xml[: head.start()] + changed + xml[head.end() :]


def _text(item: ElementTree.Element, prefix: str) -> str:
    name = prefix + item.tag.rpartition("}")[2]
    attributes = "".join(f" {key}={quoteattr(value)}" for key, value in item.items())
    inner = escape(item.text or "") + "".join(_text(child, prefix) for child in item)
    return f"<{name}{attributes}>{inner}</{name}>" if inner else f"<{name}{attributes}/>"
