"""The systems that sync fills, as a person finds them: one module a platform, one interface for all tests of sync."""

import os

from tests.databases import PROGRAMS
from tests.integration.places.base import Place
from tests.integration.places.database import DatabasePlace
from tests.integration.places.server import ServerPlace
from tests.integration.places.vault import VaultPlace

PLACES: dict[str, type[Place]] = {"obsidian": VaultPlace, "custom": DatabasePlace, "server": ServerPlace}
PLATFORMS = tuple(name for name in PLACES if name != "server" or PROGRAMS or os.environ.get("CI"))

__all__ = ["PLACES", "PLATFORMS", "DatabasePlace", "Place", "ServerPlace", "VaultPlace"]
