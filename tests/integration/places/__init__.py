"""The systems that sync fills, as a person finds them: one module a platform, one interface for all tests of sync."""

from tests.integration.places.base import Place
from tests.integration.places.database import DatabasePlace
from tests.integration.places.vault import VaultPlace
from tests.integration.places.workbook import WorkbookPlace

PLACES: dict[str, type[Place]] = {"obsidian": VaultPlace, "custom": DatabasePlace, "excel": WorkbookPlace}
PLATFORMS = tuple(PLACES)

__all__ = ["PLACES", "PLATFORMS", "DatabasePlace", "Place", "VaultPlace", "WorkbookPlace"]
