"""What sync fills, a module a platform: what writes its rows (pure) and what keeps them there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
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
    """Return the room of a system. Raises as `require_filled` does.

    Raises `CredentialsError` and `InputError` as well; sends nothing and opens no file for writing.
    """
    return require_filled(ground.config)(ground)


def require_filled(config: Config) -> Callable[[Ground], Room]:
    """Return what opens the room of a platform. Raises `RefusedError` for one that sync does not fill."""
    from chatbuilder.pipeline.platforms import platform

    found = platform(config.platform)
    if found.fill is None:
        raise RefusedError(
            f"{found.about.name} cannot be filled: the package that brings it has no sync.", title="Not filled by sync",
            kept="the system and the library as they are.",
            hint=f"`chatbuilder move` builds a second system on {_ours()} and fills that.",
        )  # fmt: skip
    return found.fill


def _ours() -> str:
    return ", ".join(catalog.PLATFORMS[key].name for key in catalog.OURS)
