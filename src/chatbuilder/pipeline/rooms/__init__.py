"""The platforms that sync serves, a module each: what writes its rows (pure) and what keeps them there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from chatbuilder import catalog
from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.errors import RefusedError
from chatbuilder.generators.common.rows import Dialect, RowMaker
from chatbuilder.library.systems import System
from chatbuilder.provision.outside.desk import Desk
from chatbuilder.provision.rows import RowStore

BATCH = 500  # rows that are found and written at once

_SERVED = {
    "airtable": "Airtable",
    "custom": "SQLite and PostgreSQL",
    "excel": "Excel",
    "logseq": "Logseq",
    "notion": "Notion",
    "obsidian": "Obsidian",
    "sheets": "Google Sheets",
}


@dataclass(frozen=True, slots=True)
class Ground:
    """One system that is to be filled: what it was built from and what its steps came to, by step key.

    `transcripts` tells whether what was said goes along; `desk` stops work out there and hears of its waits.
    """

    system: System
    config: Config
    blueprint: Blueprint
    results: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    transcripts: bool = False
    desk: Desk = field(default_factory=Desk)
    tell: Callable[[str, str, float], None] = lambda key, why, seconds: None


@dataclass(frozen=True, slots=True)
class Room:
    """One system to fill. `makes` are the tables in which sync adds a row for a name that has none.

    `batch` rows are found and written at once: more where a vendor is kept busy by several at a time. `gathers` tells
    that rows and projects are only there once the store has settled, which it does after so many rows; 0: at once.
    `portable` rows may be worked out by copies of `maker` and `dialect` in other processes: neither changes on the way,
    and no vendor's pace is what takes the time.
    """

    maker: RowMaker
    dialect: Dialect
    store: RowStore
    makes: tuple[str, ...] = ("projects",)
    batch: int = field(default_factory=lambda: BATCH)
    gathers: int = 0
    portable: bool = False


def open_room(ground: Ground) -> Room:
    """Return the room of a system. Raises as `require_served` does.

    Raises `CredentialsError` and `InputError` as well; sends nothing and opens no file for writing.
    """
    require_served(ground.config)
    room: Room = import_module(f"chatbuilder.pipeline.rooms.{ground.config.platform}").open_room(ground)
    return room


def require_served(config: Config) -> None:
    """Raise `RefusedError` for a platform that sync does not serve yet."""
    if config.platform not in _SERVED:
        name = catalog.PLATFORMS[config.platform].name
        raise RefusedError(
            f"This version does not fill {name} yet.", title="Not served yet",
            kept="the system and the library as they are.",
            hint=f"`chatbuilder move` builds a second system on {', '.join(served())} and fills that.",
        )  # fmt: skip


def served() -> list[str]:
    """Return the names of the platforms that sync serves."""
    return list(_SERVED.values())
