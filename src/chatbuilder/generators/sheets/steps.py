"""The plan for Google Sheets: make the file, then build everything in it with one atomic batch.

Sources: developers.google.com/workspace/drive/api/reference/rest/v3/files/create,
developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/batchUpdate ("if any request is not valid
then the entire request will fail and nothing will be applied").
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from chatbuilder.blueprint import Blueprint, Field
from chatbuilder.config import Target
from chatbuilder.generators.common.sheets_target import spreadsheet_id as spreadsheet_id
from chatbuilder.generators.sheets.cells import Request
from chatbuilder.generators.sheets.dashboard import add_dashboard, dashboard_sheet
from chatbuilder.generators.sheets.layout import (
    DASHBOARD,
    LISTS,
    SEARCH,
    START,
    Far,
    Grid,
    grids,
    needs_sheet,
    sheet_id,
    stable_id,
)
from chatbuilder.generators.sheets.pages import add_page, add_start, page, page_names, start_sheet
from chatbuilder.generators.sheets.tables import add_data_sheet, data_sheet, lists_sheet
from chatbuilder.generators.sheets.views import add_view_sheet, filter_view, view_sheet, view_sheet_id
from chatbuilder.solution import Plan, Ref, Step

FILES = "/drive/v3/files"
BATCH = "/v4/spreadsheets/{spreadsheet}:batchUpdate"
MARK = {"chatbuilder": Ref("target", "mark", "v1:")}
STAMP = Ref("target", "mark", "v1:file:")
MIME = "application/vnd.google-apps.spreadsheet"


def build_plan(blueprint: Blueprint, requests: list[Request], target: Target) -> Plan:
    """Return the steps: create the file unless one is given, then the batch."""
    given = spreadsheet_id(target.spreadsheet)
    steps: list[Step] = []
    if given is None:
        body = {"name": blueprint.name, "mimeType": MIME, "appProperties": MARK}
        payload = {
            "method": "POST", "path": FILES, "query": {"fields": "id,name,webViewLink"}, "body": body,
            "makes": "spreadsheet", "marker": MARK["chatbuilder"],
        }  # fmt: skip
        steps.append(Step("file", "Create the spreadsheet", "http", payload))
        # A file that Drive makes has one empty sheet, with the id 0.
        requests = [*requests, {"deleteSheet": {"sheetId": 0}}]
    batch = {
        "method": "POST",
        "path": BATCH,
        "params": {"spreadsheet": given or Ref("file")},
        "body": {"requests": requests, "includeSpreadsheetInResponse": False},
        "makes": "sheets",
        "marker": STAMP,
        "given": given is not None,
        "layout": described(blueprint),
    }
    needs = () if given else ("file",)
    steps.append(Step("build", "Build sheets, tables, views and dashboard", "http", batch, needs))
    return Plan(tuple(steps))


def described(blueprint: Blueprint) -> dict[str, Any]:
    """Return where everything stands, for delivery and evolution: the columns of each table by field key.

    `inputs` are the cells (sheet, row, column) that people are asked to type into; they belong to them.
    """
    found = grids(blueprint)
    listed = {
        f"{key}.{_known_as(grid.table.field(name))}": [column, grid.table.field(name).name]
        for key, grid in found.items()
        for name, column in grid.lists.items()
    }
    return {
        "tables": {key: _described(grid) for key, grid in found.items()},
        "lists": {"sheet": sheet_id(LISTS), "title": LISTS, "columns": listed},
        "inputs": [list(cell) for cell in _inputs(blueprint)],
    }


def _described(grid: Grid) -> dict[str, Any]:
    columns = {_known_as(item): [grid.index[item.key], item.name] for item in (*grid.stored, *grid.computed)}
    return {
        "sheet": grid.sheet, "title": grid.table.name, "table": grid.table_id, "stored": len(grid.stored),
        "columns": columns,
    }  # fmt: skip


def _known_as(field: Field | Far) -> str:
    """Return what a column is known by: two names of a person's own fields may give the same key."""
    own = isinstance(field, Field) and field.source == "options"
    return f"{field.key}:{field.name}" if own else field.key


def _inputs(blueprint: Blueprint) -> Iterator[tuple[int, int, int]]:
    if blueprint.sessions.has("owner"):
        yield sheet_id(START), 3, 1
    if SEARCH in page_names(blueprint):
        yield sheet_id(SEARCH), 1, 1
    yield from ((view_sheet_id(view), 1, 1) for view in blueprint.views if view.kind == "calendar")


def build_requests(blueprint: Blueprint, *, given: bool = False) -> list[Request]:
    """Return every request of the batch, in order: sheets before what refers to them.

    `given`: the file is the person's own, whose language and time zone stay as they are.
    """
    found = grids(blueprint)
    # Formulas below are written in en-US syntax, whatever the language of the account.
    properties = {"locale": "en_US", "timeZone": blueprint.timezone}
    setting = {"updateSpreadsheetProperties": {"properties": properties, "fields": "locale,timeZone"}}
    return [*([] if given else [setting]), *_requests(blueprint, found)]


def _requests(blueprint: Blueprint, found: dict[str, Grid]) -> Iterator[Request]:
    yield from _sheets(blueprint, found)
    yield from lists_sheet(found)
    for grid in found.values():
        yield from data_sheet(grid, found, blueprint)
    for view in blueprint.views:
        yield filter_view(view, found[view.table])
        yield from view_sheet(view, found, blueprint)
    yield from start_sheet(blueprint, found)
    for name in page_names(blueprint):
        yield from page(name, blueprint, found)
    if blueprint.dashboard:
        yield from dashboard_sheet(blueprint.dashboard, found, blueprint)
    yield from _marks(found)


def _sheets(blueprint: Blueprint, found: dict[str, Grid]) -> Iterator[Request]:
    """Yield all sheets first: formulas may then name any of them. Their order is the order of the tabs."""
    yield from add_start(blueprint)
    yield from (add_data_sheet(grid) for grid in found.values())
    if blueprint.dashboard:
        yield add_dashboard(blueprint.dashboard)
    yield from (add_page(name) for name in page_names(blueprint) if name not in (START, DASHBOARD))
    yield from (add_view_sheet(view, found) for view in blueprint.views if needs_sheet(view))


def _marks(found: dict[str, Grid]) -> Iterator[Request]:
    """Yield the marks by which a later run finds what it made: one for the file, one for each table's sheet."""
    places: dict[str, dict[str, Any]] = {"file": {"spreadsheet": True}}
    places |= {key: {"sheetId": sheet_id(key)} for key in found}
    for key, where in places.items():
        metadata = {
            "metadataId": stable_id("metadata", key),
            "metadataKey": "chatbuilder",
            "metadataValue": Ref("target", "mark", f"v1:{key}:"),
            "location": where,
            "visibility": "DOCUMENT",
        }
        yield {"createDeveloperMetadata": {"developerMetadata": metadata}}
