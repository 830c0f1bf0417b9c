"""Chats as rows of a workbook: found by their Source ID wherever they were sorted to, written as one new file.

What is to be written is gathered on disk; `settle` then walks through the workbook once, writes a new file beside it
and puts that in its place. A workbook that somebody has open, or has changed meanwhile, is left as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from chatbuilder.errors import InputError, RefusedError
from chatbuilder.generators.common.workbook_spec import LAST_ROW
from chatbuilder.provision import disk
from chatbuilder.provision.excel import graft, messages
from chatbuilder.provision.excel.archive import Archive, Rewrite, digest_of
from chatbuilder.provision.excel.index import Index, Region, survey
from chatbuilder.provision.excel.package import Unusable, prefix_of
from chatbuilder.provision.excel.place import Place
from chatbuilder.provision.excel.rowxml import Value
from chatbuilder.provision.excel.shapes import Shape, grown_table, shapes
from chatbuilder.provision.excel.strings import SharedStrings
from chatbuilder.provision.excel.writing import Looks, Sheet, recalculating
from chatbuilder.provision.rows import Delivery, Forecast, Found, Outlook, Related, Wanted, Written

_CHATS, _SAID = "sessions", "messages"
_SLOW = 5_000  # rows from which a workbook takes its time to open


@dataclass(frozen=True, slots=True)
class Layout:
    """What the tables were built as: their names by key, and for each the headings and numbers of columns by field.

    `read` are the fields of sessions that are looked at; `sheets` are the names of our sheets.
    """

    idents: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]
    ids: Mapping[str, Mapping[str, int]]
    titles: Mapping[str, str]
    read: Sequence[str]
    sheets: Sequence[str]


class WorkbookRows:
    """The rows of one workbook.

    A state holds [kind, text] by field, and where transcripts are wanted "transcript": its rows by column.
    """

    noticed: tuple[str, ...] = ()

    def __init__(self, path: Path, layout: Layout, *, transcripts: bool = False) -> None:
        self._place = Place(path)
        self._layout, self._transcripts = layout, transcripts
        self._index = Index()
        self._regions: dict[str, Region] = {}
        self._digest = ""
        self.requests = 0

    # looking

    def check(self) -> tuple[str, ...]:
        """See that the table is there and its file free. Raises `InputError` when it cannot be used."""
        problems = list(self._place.problems())
        if problems:
            raise self._place.unfit(problems)
        if not self._place.path.is_file():
            raise _unusable(f"{self._place.path} is not there")
        disk.sweep(self._place.path.parent)
        with self._opened() as archive:
            shape = self._shape(archive.shapes, _CHATS)
            if shape is None:
                raise _unusable(f"{self._place.name} has no table {self._layout.idents[_CHATS]}")
            return self._notes(shape)

    def _notes(self, shape: Shape) -> tuple[str, ...]:
        names = self._layout.names[_CHATS]
        columns, renamed = shape.named(names, self._layout.ids[_CHATS])
        for key in ("source_id", "title"):
            if key not in columns:
                raise _unusable(f"the table {shape.ident} has no column {names[key]} any more")
        notes = [f"The column {names[key]} is called {now} there; it is filled all the same."
                 for key, now in renamed.items()]  # fmt: skip
        missing = [names[key] for key in self._layout.read if key not in columns]
        if missing:
            notes.append(f"These columns are not there and stay out: {', '.join(missing)}.")
        return tuple(notes)

    def _opened(self) -> _Opened:
        try:
            return _Opened(self._place.path)
        except Unusable as error:
            raise self._place.unfit([f"{self._place.name} {error}"]) from error

    def _shape(self, there: Iterable[Shape], key: str) -> Shape | None:
        """Return a table by its name, else by its headings: it may have another name now."""
        tables, ident = list(there), self._layout.idents[key]
        wanted = set(self._layout.names[key].values())
        named = [shape for shape in tables if shape.ident.casefold() == ident.casefold()]
        alike = [shape for shape in tables if wanted <= {column.name for column in shape.columns}]
        return next(iter(named or (alike if key == _CHATS else [])), None)

    def rules(self) -> list[tuple[str, str, str]] | None:
        """Return word, field and value of each rule that stands in the workbook; None when none can be read."""
        try:
            with self._opened() as archive:
                shape = self._shape(archive.shapes, "rules")
                if shape is None:
                    return None
                found: list[tuple[str, str, str]] = []
                columns, _ = shape.named(self._layout.names["rules"], self._layout.ids["rules"])
                archive.survey(shape, columns, lambda _, row: found.append(_three(row)))
                return found if len(columns) == len(_RULE) else None
        except (InputError, OSError, Unusable, KeyError):
            return None

    def _load(self) -> None:
        """Walk through the tables once."""
        if self._digest:
            return
        with self._opened() as archive:
            try:
                self._survey(archive)
            except Unusable as error:
                raise self._place.unfit([f"{self._place.name} {error}"]) from error
            self._digest = archive.digest

    def _survey(self, archive: _Opened) -> None:
        for key in self._layout.idents:
            shape = self._shape(archive.shapes, key) if key != "rules" else None
            if shape is None:
                continue
            columns, _ = shape.named(self._layout.names[key], self._layout.ids[key])
            if key == _CHATS:
                looked = {name: columns[name] for name in self._layout.read if name in columns}
                region = archive.survey(shape, looked, self._index.add_row)
            else:
                title = self._layout.titles[key]
                if title not in columns:
                    continue
                region = archive.survey(shape, {title: columns[title]}, self._heard(key, title))
            region.columns = columns
            self._regions[key] = region
        if self._transcripts:
            self._survey_messages(archive)

    def _survey_messages(self, archive: _Opened) -> None:
        shape = next(filter(messages.is_ours, archive.shapes), None)
        if shape is not None:
            columns, _ = shape.named(messages.NAMES, {})
            self._regions[_SAID] = archive.survey(shape, columns, self._index.add_said)

    def _heard(self, area: str, key: str) -> Any:
        return lambda _, row: self._index.add_title(area, row[key].text)

    # the rows of a sync

    def find(self, wanted: Sequence[Wanted]) -> list[Found | str | None]:
        """Return the rows with these keys."""
        self._load()
        return [self._find(item.key) for item in wanted]

    def _find(self, key: str) -> Found | None:
        found = self._index.row(key)
        if found is None:
            return None
        state: dict[str, Any] = dict(found[1])
        if self._transcripts:
            state["transcript"] = [row for _, row in self._index.said(key)]
        return Found(key, state)

    def reserve(self, data: Mapping[str, Any]) -> str:
        """Return nothing: a row is known by its Source ID."""
        return ""

    def write(self, deliveries: Sequence[Delivery]) -> list[Written]:
        """Gather rows for the next `settle`; those for which there is no room are told."""
        self._load()
        return [self._gather(item) for item in deliveries]

    def _gather(self, item: Delivery) -> Written:
        region = self._regions[_CHATS]
        said = self._index.said(item.key) if "messages" in item.data else []
        problem = self._crowded(region, len(item.data.get("messages", ())) - len(said), new=item.found is None)
        if problem:
            return Written(item.remote, problem)
        if item.found is None:
            self._index.add(_CHATS, _by_column(region, item.data["values"]))
        elif item.data["set"] and (there := self._index.row(item.key)):
            self._index.change(_CHATS, there[0], _by_column(region, item.data["set"]))
        if "messages" in item.data:
            self._tell(item.key, item.data["messages"], [row for row, _ in said])
        self.requests += 1
        return Written(item.key)

    def _crowded(self, region: Region, more: int, *, new: bool) -> str:
        if new and region.room <= self._index.waiting(_CHATS):
            return _no_room(region)
        there = self._regions.get(_SAID)
        room = there.room if there else LAST_ROW - 1
        if more > 0 and room < self._index.waiting(_SAID) + more:
            return _no_room(there) if there else "its transcript is longer than a sheet"
        return ""

    def _tell(self, key: str, said: Sequence[Sequence[Any]], there: Sequence[int]) -> None:
        """Put a transcript over the rows that it has, and the rest below; rows that are too many become blank."""
        built = {key: column for column, key in enumerate(messages.KEYS, 1)}
        names = self._regions[_SAID].columns if _SAID in self._regions else built
        for at, row in enumerate(said):
            number, part, who, moment, model, text = row
            time = {"date": moment} if moment else None
            values = dict(zip(messages.KEYS, (key, number, part, who, time, model, text), strict=True))
            contents = {names[name]: values[name] for name in names if name in values}
            if at < len(there):
                self._index.change(_SAID, there[at], contents)
            else:
                self._index.add(_SAID, contents)
        for surplus in there[len(said) :]:
            self._index.change(_SAID, surplus, dict.fromkeys(names.values()))

    def related(self, items: Sequence[Related]) -> list[str | None]:
        """Return the title of each row of another table, by which rows of a workbook point to each other."""
        self._load()
        return [self._related(item) for item in items]

    def _related(self, item: Related) -> str | None:
        area, title = item.data["table"], item.remote or item.data["title"]
        region = self._regions.get(area)
        if region is None:
            return None
        if self._index.has_title(area, title):
            return str(title)
        if item.remote or not item.make or region.room <= self._index.waiting(area):
            return None
        self._index.add_title(area, title)
        self._index.add(area, {region.columns[self._layout.titles[area]]: item.data["content"]})
        self.requests += 1
        return str(title)

    def forecast(self, outlook: Outlook) -> Forecast:
        """Return one row written for each, and whether the workbook will be slow to open."""
        self._load()
        rows = self._index.count() + outlook.created
        notes = []
        if outlook.created or outlook.updated:
            notes.append(f"All of it is written as one new file in place of {self._place.name}.")
        if rows > _SLOW and notes:
            notes.append(f"{rows:,} rows: Excel works out every view when it opens the file, which takes its time.")
        return Forecast(outlook.created + outlook.updated + outlook.related, tuple(notes))

    # the new file

    def settle(self) -> None:
        """Write what was gathered as a new file in place of the old. Raises `RefusedError` and `InputError`."""
        areas = self._index.areas()
        if not areas:
            return
        self._place.unlocked()
        with self._opened() as archive:
            if archive.digest != self._digest:
                raise self._changed()
            try:
                self._replace(archive, areas)
            except Unusable as error:
                raise self._place.unfit([f"{self._place.name} {error}"]) from error
            except PermissionError as error:
                raise self._changed("is open in another program") from error
        self._index.written()

    def _changed_parts(self, archive: _Opened, areas: set[str], looks: Looks) -> dict[str, Rewrite]:
        book = archive.book
        changed: dict[str, Rewrite] = {}
        fresh: dict[str, str] = {}
        if _SAID in areas and _SAID not in self._regions:
            shape, fresh[_SAID] = messages.made(book)
            columns, _ = shape.named(messages.NAMES, {})
            looks_there = {columns["at"]: self._look("started")}
            self._regions[_SAID] = Region(shape, "", columns, shape.first, LAST_ROW, looks_there)
        for area in areas:
            region = self._regions[area]
            sheet = Sheet(region, looks, self._index.waiting(area))
            changed[region.shape.sheet] = self._rewrite(area, sheet, fresh.get(area))
            table = region.shape.part
            book.put(table, grown_table(book.text(table), region.shape, sheet.grown))
        ours = {part for name, part in book.sheets().items() if name in self._layout.sheets}
        for part in ours - changed.keys():
            changed[part] = _recalculated(archive, part)
        graft.recalculate(book)
        if chain := book.linked("calcChain"):
            graft.drop(book, {chain})  # Excel makes it anew
        return changed

    def _rewrite(self, area: str, sheet: Sheet, text: str | None) -> Rewrite:
        index = self._index
        return lambda chunks: sheet.text([text] if text else chunks, index.changes(area), index.added(area))

    def _look(self, key: str) -> int:
        region = self._regions[_CHATS]
        return region.looks.get(region.columns.get(key, 0), 0)

    def _replace(self, archive: _Opened, areas: set[str]) -> None:
        path, looks = self._place.path, Looks(archive.book)
        changed = self._changed_parts(archive, areas, looks)

        def ready() -> None:
            self._place.unlocked()
            if _digest(path) != self._digest:
                raise self._changed()

        def write(out: BinaryIO) -> None:
            archive.write(out, changed, looks.keep)
            digests.append(digest_of(out))

        digests: list[str] = []
        disk.pour(path, write, ready)
        self._digest = digests[0]
        self._grow()

    def _grow(self) -> None:
        """Take in where the next rows go, for another `settle`."""
        with self._opened() as archive:
            there = {shape.part: shape for shape in archive.shapes}
        for area, region in self._regions.items():
            region.next += self._index.waiting(area)
            region.shape = there[region.shape.part]

    def _changed(self, how: str = "was changed while this ran") -> RefusedError:
        return RefusedError(
            f"{self._place.name} {how}.", title="The workbook is in use",
            kept="the workbook as it is now; this run wrote nothing since.",
            hint="save and close it everywhere, then sync again.",
        )  # fmt: skip

    def close(self) -> None:
        """Forget what was read."""
        self._index.close()


class _Opened(Archive):
    """A workbook with its tables and shared texts, for the length of a `with`."""

    def __init__(self, path: Path) -> None:
        super().__init__(path)
        self.shapes = shapes(self.book)
        self._strings = SharedStrings(self)

    def survey(self, shape: Shape, columns: Mapping[str, int], hear: Any) -> Region:
        """Walk through a table, see `index.survey`."""
        return survey(self, self._strings, shape, columns, hear)

    def __enter__(self) -> _Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self._strings.close()
        self.close()


_RULE = ("word", "field", "value")


def _three(row: Mapping[str, Value]) -> tuple[str, str, str]:
    word, field, value = (row[name].text if name in row else "" for name in _RULE)
    return word, field, value


def _by_column(region: Region, values: Mapping[str, Any]) -> dict[int, Any]:
    return {region.columns[key]: content for key, content in values.items() if key in region.columns}


def _recalculated(archive: Archive, part: str) -> Rewrite:
    prefix = prefix_of(archive.beginning(part), "worksheet")
    return lambda chunks: recalculating(chunks, prefix)


def _digest(path: Path) -> str:
    with suppress(FileNotFoundError), path.open("rb") as file:
        return digest_of(file)
    return ""


def _no_room(region: Region) -> str:
    if region.limit + region.shape.totals >= LAST_ROW:
        return f"the sheet of the table {region.shape.ident} is full: it has {LAST_ROW:,} rows"
    return (
        f"there is no room below the table {region.shape.ident}: row {region.limit + region.shape.totals + 1} holds "
        "something of yours; move that away, or insert rows above it"
    )


def _unusable(what: str) -> InputError:
    return InputError(
        f"{what[0].upper()}{what[1:]}.", title="The system cannot be filled", kept="everything as it is.",
        hint="`chatbuilder verify` tells what is missing, `chatbuilder repair` puts it back.",
    )  # fmt: skip
