"""A spreadsheet of the person's own, before anything is written into it: what is taken there, and what stays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from chatbuilder.generators.common.sheets_batch import kind_of, standing
from chatbuilder.provision.sheets.reading import Book
from chatbuilder.solution import Step

Value = Mapping[str, Any]


def built_before(build: Step, book: Book) -> str:
    """Return the mark of a system that stands in the spreadsheet with these tables, "" when there is none.

    Its library is lost, or on another computer: it is taken over as it stands.
    """
    tables = build.payload["layout"]["tables"].values()
    marks = [mark for mark in book.marks.values() if mark.startswith("v1:file:")]
    return marks[0] if marks and all(part["table"] in book.tables for part in tables) else ""


def clashes(build: Step, book: Book) -> list[str]:
    """Return what of the batch is taken in a spreadsheet of the person's own, in words."""
    if built_before(build, book):
        return []
    found = [f"a system of chatbuilder ({mark})" for mark in book.marks.values() if mark.startswith("v1:file:")]
    for kind, value in map(kind_of, standing(build.payload)[1]):
        if kind in _CHECKS and (clash := _CHECKS[kind](value, book)):
            found.append(clash)
    return found


def _sheet(value: Value, book: Book) -> str:
    wanted = value["properties"]
    if wanted["title"].casefold() in {title.casefold() for title in book.titles.values()}:
        return f"sheet {wanted['title']}"
    return f"sheet with the id {wanted['sheetId']}" if wanted["sheetId"] in book.sheets else ""


def _table(value: Value, book: Book) -> str:
    wanted = value["table"]
    names = {str(table.get("name", "")).casefold() for table in book.tables.values()}
    taken = wanted["name"].casefold() in names or wanted["tableId"] in book.tables
    return f"table {wanted['name']}" if taken else ""


def _name(value: Value, book: Book) -> str:
    name = value["namedRange"]["name"]
    return f"named range {name}" if name.casefold() in {known.casefold() for known in book.names} else ""


def _filter(value: Value, book: Book) -> str:
    identity = value["filter"]["filterViewId"]
    return f"filter view with the id {identity}" if identity in book.filters else ""


def _chart(value: Value, book: Book) -> str:
    identity = value["chart"]["chartId"]
    return f"chart with the id {identity}" if identity in book.charts else ""


_CHECKS: dict[str, Callable[[Value, Book], str]] = {
    "addSheet": _sheet,
    "addTable": _table,
    "addNamedRange": _name,
    "addFilterView": _filter,
    "addChart": _chart,
}


def notes(book: Book) -> list[str]:
    """Return what stays as it is there, and what that means."""
    settings = book.data.get("properties", {})
    locale, zone = str(settings.get("locale", "")), str(settings.get("timeZone", ""))
    found = [f"“today” in its views is the day in its own time zone, {zone}"] if zone else []
    if locale and not locale.startswith("en"):
        found.append(
            f"its language ({locale}) stays; should Google refuse the formulas, choose English (United States) under "
            "File → Settings and apply again"
        )
    return found
