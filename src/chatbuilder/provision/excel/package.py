"""An .xlsx file as the zip of parts that it is, so that sheets can come and go while every other part stays as it was.

openpyxl reads a workbook and writes it anew, which loses what it does not know: slicers, shapes, sparklines, comments
in threads, stored results. Here only four parts of a person's workbook change, and only where something is added.
Source for the parts: ECMA-376, parts 1 and 2.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree import ElementTree
from xml.sax.saxutils import escape, quoteattr

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_LINKS = "http://schemas.openxmlformats.org/package/2006/relationships"
TYPES = "[Content_Types].xml"
SIZE_LIMIT = 64 * 2**20
CONTENT_LIMIT = 512 * 2**20
PART_LIMIT = 10_000
_OLD_OR_ENCRYPTED = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


class Unusable(Exception):
    """A workbook that cannot be worked on, with the reason as a sentence part: “it …”."""


@dataclass(frozen=True, slots=True)
class Link:
    """One relationship of a part: its id, the kind (the end of the type) and the part it leads to, "" outside."""

    id: str
    kind: str
    target: str


@dataclass(slots=True)
class Package:
    """The parts of a workbook by name, in order, with the zip's own note on each."""

    parts: dict[str, bytes]
    notes: dict[str, zipfile.ZipInfo] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """Return an XML part as text."""
        try:
            return self.parts[name].decode("utf-8-sig")
        except (KeyError, UnicodeDecodeError):
            raise Unusable("is damaged, or saved in an unusual form") from None

    def put(self, name: str, text: str) -> None:
        """Set an XML part."""
        self.parts[name] = text.encode()

    def root(self, name: str) -> ElementTree.Element:
        """Return an XML part as a tree, for looking only."""
        text = self.text(name)
        if "<!DOCTYPE" in text:
            raise Unusable("holds XML of a kind that Excel does not write")
        try:
            return ElementTree.fromstring(text.encode())  # noqa: S314  there is no DTD in it, see above
        except ElementTree.ParseError:
            raise Unusable("is damaged: one of its parts is not valid XML") from None

    def rows(self, name: str, rest: list[ElementTree.Element]) -> Iterator[ElementTree.Element]:
        """Yield the rows of a sheet one by one, so that only one is a tree; `rest` is given what is around them."""
        content = self.parts[name]
        # UTF-16 and UTF-32 write a NUL with every mark of XML; a DTD could hide in them.
        if b"<!DOCTYPE" in content or b"\0" in content:
            raise Unusable("holds XML of a kind that Excel does not write")
        try:
            for event, item in ElementTree.iterparse(io.BytesIO(content), ("start", "end")):  # noqa: S314  there is no DTD in it
                if not rest:
                    rest.append(item)
                if event == "end" and item.tag == f"{{{MAIN}}}row":
                    yield item
                    item.clear()
        except ElementTree.ParseError:
            raise Unusable("is damaged: one of its parts is not valid XML") from None

    def links(self, part: str) -> list[Link]:
        """Return the relationships of a part."""
        name = links_of(part)
        if name not in self.parts:
            return []
        folder = posixpath.dirname(part)
        found = []
        for item in self.root(name):
            target = item.get("Target", "")
            inside = item.get("TargetMode") != "External"
            place = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found.append(Link(item.get("Id", ""), item.get("Type", "").rsplit("/", 1)[-1], place if inside else ""))
        return found

    @property
    def workbook(self) -> str:
        """The name of the part that lists the sheets."""
        found = [link.target for link in self.links("") if link.kind == "officeDocument"]
        if not found or found[0] not in self.parts:
            raise Unusable("is not a workbook")
        return found[0]

    def linked(self, kind: str) -> str:
        """Return the part of a kind that the workbook leads to, or ""."""
        return next((link.target for link in self.links(self.workbook) if link.kind == kind), "")

    def sheets(self) -> dict[str, str]:
        """Return the part of every sheet by the sheet's name, in order."""
        targets = {link.id: link.target for link in self.links(self.workbook)}
        sheets = self.root(self.workbook).find(f"{{{MAIN}}}sheets")
        return {
            s.get("name", ""): targets.get(s.get(f"{{{LINKS}}}id", ""), "")
            for s in (sheets if sheets is not None else ())
        }

    def tables(self) -> Iterator[ElementTree.Element]:
        """Yield every table."""
        for name in self.parts:
            if re.fullmatch(r"xl/tables/[^/]+\.xml", name):
                yield self.root(name)

    def idents(self) -> set[str]:
        """Return the names of all tables and defined names."""
        names = {table.get("displayName", "") for table in self.tables()}
        for name in self.root(self.workbook).iter(f"{{{MAIN}}}definedName"):
            names.add(name.get("name", ""))
        return names

    def data(self) -> bytes:
        """Return the bytes of the file; parts that were there keep their zip dates."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
            for name, content in self.parts.items():
                note = zipfile.ZipInfo(
                    name, self.notes[name].date_time if name in self.notes else (2000, 1, 1, 0, 0, 0)
                )
                note.compress_type, note.create_system = zipfile.ZIP_DEFLATED, 0
                file.writestr(note, content)
        return out.getvalue()


def read(data: bytes) -> Package:
    """Take a workbook apart. Raises `Unusable` for what is not one, or is too large to handle safely."""
    if data[:8] == _OLD_OR_ENCRYPTED:
        raise Unusable("has a password, or is in the old .xls format")
    if len(data) > SIZE_LIMIT:
        raise Unusable(f"is larger than {SIZE_LIMIT // 2**20} MB")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as file:
            notes = {info.filename: info for info in file.infolist()}
            if len(notes) > PART_LIMIT or sum(info.file_size for info in notes.values()) > CONTENT_LIMIT:
                raise Unusable(f"unpacks to more than {CONTENT_LIMIT // 2**20} MB")
            return Package({name: file.read(name) for name in notes if not name.endswith("/")}, notes)
    except (zipfile.BadZipFile, RuntimeError, NotImplementedError, OSError, EOFError) as error:
        raise Unusable("is not an .xlsx workbook, or it is damaged") from error


_TROUBLE = (
    (r"xl/vbaProject\.bin", "holds macros, which belong in an .xlsm file"),
    (r"_xmlsignatures/.*", "is signed, and any change would break the signature"),
    (r"xl/revisions/.*", "is shared in the old way (Review → Share Workbook), which keeps a record of changes"),
)


def check(book: Package) -> None:
    """Raise `Unusable` when nothing can be added to a workbook without breaking something in it."""
    for pattern, reason in _TROUBLE:
        if any(re.fullmatch(pattern, name) for name in book.parts):
            raise Unusable(reason)
    root = book.root(book.workbook)
    if root.tag != f"{{{MAIN}}}workbook":
        raise Unusable("is saved as Strict Open XML: save it as an ordinary Excel Workbook (.xlsx) first")
    protection = root.find(f"{{{MAIN}}}workbookProtection")
    if protection is not None and protection.get("lockStructure") in ("1", "true"):
        raise Unusable("is protected against new sheets (Review → Protect Workbook)")
    sheets = book.sheets()
    if not sheets or any(part not in book.parts for part in sheets.values()):
        raise Unusable("is damaged: it lists sheets that are not there")
    if not book.linked("styles") or TYPES not in book.parts:
        raise Unusable("is damaged: a part that every workbook has is missing")
    for name in (book.linked("styles"), TYPES, links_of(book.workbook)):
        book.root(name)


def links_of(part: str) -> str:
    """Return the name of the part that holds another part's relationships."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def links_xml(links: list[Link]) -> str:
    """Return the XML of a part's relationships."""
    items = "".join(
        f'<Relationship Id="{link.id}" Type="{LINKS}/{link.kind}" Target="/{escape(link.target)}"/>' for link in links
    )
    head = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
    return f'{head}\n<Relationships xmlns="{PACKAGE_LINKS}">{items}</Relationships>'


def prefix_of(xml: str, root: str) -> str:
    """Return the prefix that a part uses for its own elements: "" or such as "x:"."""
    found = re.search(rf"<((?:[\w.-]+:)?){root}[\s>]", xml)
    if not found:
        raise Unusable("is saved in an unusual form")
    return found[1]


def inserted(xml: str, prefix: str, container: str, new: str, before: tuple[str, ...]) -> str:
    """Return the XML with `new` at the end of a container, made in front of the first of `before` when missing."""
    name = f"{prefix}{container}"
    closing, empty = f"</{name}>", re.search(rf"<{name}(\s[^<>]*)?/>", xml)
    if closing in xml:
        at = xml.index(closing)
        return xml[:at] + new + xml[at:]
    if empty:
        return xml[: empty.start()] + f"<{name}{(empty[1] or '').rstrip()}>{new}{closing}" + xml[empty.end() :]
    for follower in before:
        found = re.search(rf"<{prefix}{follower}[\s/>]|</{prefix}{follower}>", xml)
        if found:
            return xml[: found.start()] + f"<{name}>{new}{closing}" + xml[found.start() :]
    raise Unusable("is saved in an unusual form")


def attribute(value: str) -> str:
    """Return a value as a quoted XML attribute."""
    return quoteattr(value)
