"""The plan for Google Sheets: make the file, then build everything in it with one atomic batch.

Sources: developers.google.com/workspace/drive/api/reference/rest/v3/files/create,
developers.google.com/workspace/sheets/api/reference/rest/v4/spreadsheets/batchUpdate ("if any request is not valid
then the entire request will fail and nothing will be applied").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Target
from chatbuilder.generators.sheets.cells import Request
from chatbuilder.generators.sheets.dashboard import add_dashboard, dashboard_sheet
from chatbuilder.generators.sheets.layout import DASHBOARD, START, Grid, grids, needs_sheet, sheet_id, stable_id
from chatbuilder.generators.sheets.pages import add_page, add_start, page, page_names, start_sheet
from chatbuilder.generators.sheets.tables import add_data_sheet, data_sheet, lists_sheet
from chatbuilder.generators.sheets.views import add_view_sheet, filter_view, view_sheet
from chatbuilder.solution import Plan, Ref, Step

FILES = "/drive/v3/files"
BATCH = "/v4/spreadsheets/{spreadsheet}:batchUpdate"
MARK = {"chatbuilder": "v1"}
MIME = "application/vnd.google-apps.spreadsheet"


def spreadsheet_id(pasted: str | None) -> str | None:
    """Return the id in a pasted URL or id of a spreadsheet; the text itself, URL-quoted, when it is neither."""
    if pasted is None:
        return None
    found = re.search(r"/spreadsheets/d/([A-Za-z0-9_-]{20,})", pasted)
    return found[1] if found else quote(pasted, safe="")


def build_plan(blueprint: Blueprint, requests: list[Request], target: Target) -> Plan:
    """Return the steps: create the file unless one is given, then the batch."""
    given = spreadsheet_id(target.spreadsheet)
    steps: list[Step] = []
    if given is None:
        body = {"name": blueprint.name, "mimeType": MIME, "appProperties": MARK}
        payload = {"method": "POST", "path": FILES, "query": {"fields": "id,name,webViewLink"}, "body": body}
        steps.append(Step("file", "Create the spreadsheet", "http", payload))
        # A file that Drive makes has one empty sheet, with the id 0.
        requests = [*requests, {"deleteSheet": {"sheetId": 0}}]
    batch = {
        "method": "POST",
        "path": BATCH,
        "params": {"spreadsheet": given or Ref("file")},
        "body": {"requests": requests, "includeSpreadsheetInResponse": False},
    }
    needs = () if given else ("file",)
    steps.append(Step("build", "Build sheets, tables, views and dashboard", "http", batch, needs))
    return Plan(tuple(steps))


def build_requests(blueprint: Blueprint) -> list[Request]:
    """Return every request of the batch, in order: sheets before what refers to them."""
    return list(_requests(blueprint, grids(blueprint)))


def _requests(blueprint: Blueprint, found: dict[str, Grid]) -> Iterator[Request]:
    # Formulas below are written in en-US syntax, whatever the language of the account.
    properties = {"locale": "en_US", "timeZone": blueprint.timezone}
    yield {"updateSpreadsheetProperties": {"properties": properties, "fields": "locale,timeZone"}}
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
            "metadataValue": f"v1:{key}",
            "location": where,
            "visibility": "DOCUMENT",
        }
        yield {"createDeveloperMetadata": {"developerMetadata": metadata}}
