"""The systems that sync fills, as a person finds them: one module a platform, one interface for all tests of sync."""

from tests.integration.places.airtable import AirtablePlace
from tests.integration.places.base import Place
from tests.integration.places.database import DatabasePlace
from tests.integration.places.spreadsheet import SpreadsheetPlace
from tests.integration.places.vault import VaultPlace

PLACES: dict[str, type[Place]] = {
    "obsidian": VaultPlace,
    "custom": DatabasePlace,
    "airtable": AirtablePlace,
    "sheets": SpreadsheetPlace,
}
PLATFORMS = tuple(PLACES)
LOCAL = tuple(key for key, place in PLACES.items() if place.forks)

__all__ = [
    "LOCAL",
    "PLACES",
    "PLATFORMS",
    "AirtablePlace",
    "DatabasePlace",
    "Place",
    "SpreadsheetPlace",
    "VaultPlace",
]
