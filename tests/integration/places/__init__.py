"""The systems that sync fills, as a person finds them: one module a platform, one interface for all tests of sync."""

import os

from tests.databases import PROGRAMS
from tests.integration.places.airtable import AirtablePlace
from tests.integration.places.base import Place
from tests.integration.places.database import DatabasePlace
from tests.integration.places.graph import GraphPlace
from tests.integration.places.notion import NotionPlace
from tests.integration.places.server import ServerPlace
from tests.integration.places.spreadsheet import SpreadsheetPlace
from tests.integration.places.vault import VaultPlace
from tests.integration.places.workbook import WorkbookPlace

PLACES: dict[str, type[Place]] = {
    "obsidian": VaultPlace,
    "custom": DatabasePlace,
    "airtable": AirtablePlace,
    "sheets": SpreadsheetPlace,
    "server": ServerPlace,
    "logseq": GraphPlace,
    "notion": NotionPlace,
    "excel": WorkbookPlace,
}
PLATFORMS = tuple(name for name in PLACES if name != "server" or PROGRAMS or os.environ.get("CI"))
LOCAL = tuple(name for name in PLATFORMS if PLACES[name].forks)

__all__ = [
    "LOCAL",
    "PLACES",
    "PLATFORMS",
    "AirtablePlace",
    "DatabasePlace",
    "GraphPlace",
    "NotionPlace",
    "Place",
    "ServerPlace",
    "SpreadsheetPlace",
    "VaultPlace",
    "WorkbookPlace",
]
