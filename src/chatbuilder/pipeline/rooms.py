"""The platforms that sync serves: for each, what writes its rows (pure) and what keeps them there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from chatbuilder import catalog
from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.errors import RefusedError
from chatbuilder.generators.common.rows import Dialect, RowMaker
from chatbuilder.paths import typed
from chatbuilder.provision.rows import RowStore


@dataclass(frozen=True, slots=True)
class Room:
    """One system to fill. `makes` are the tables in which sync adds a row for a name that has none."""

    maker: RowMaker
    dialect: Dialect
    store: RowStore
    makes: tuple[str, ...] = ("projects",)


def open_room(config: Config, blueprint: Blueprint, *, transcripts: bool) -> Room:
    """Return the room of a system. Raises `RefusedError` for a platform that sync does not serve yet."""
    make = _ROOMS.get(config.platform)
    if make is None or (config.target.database or "").startswith("postgres"):
        name = "PostgreSQL" if config.platform == "custom" else catalog.PLATFORMS[config.platform].name
        raise RefusedError(
            f"This version does not fill {name} yet.", title="Not served yet",
            kept="the system and the library as they are.",
            hint=f"build a second system on {', '.join(served())} and sync that; or take `chatbuilder chats --json`, "
            "turn it into CSV, and import that by hand.",
        )  # fmt: skip
    return make(config, blueprint, transcripts)


def served() -> list[str]:
    """Return the names of the platforms that sync serves."""
    return ["SQLite" if key == "custom" else catalog.PLATFORMS[key].name for key in _ROOMS]


def _obsidian(config: Config, blueprint: Blueprint, transcripts: bool) -> Room:
    from chatbuilder.generators.obsidian.chats import Notes, rules_of, source_id
    from chatbuilder.provision.notes import NotesStore

    dialect = Notes(blueprint, config.options.topics)
    store = NotesStore(_folder(config), dialect.folder, source_id)
    page = store.text(f"{dialect.root}/Rules.md")
    return Room(RowMaker(blueprint, rules_of(page) if page else None), dialect, store)


def _custom(config: Config, blueprint: Blueprint, transcripts: bool) -> Room:
    from chatbuilder.generators.custom.chats import TRANSCRIPTS, Rows
    from chatbuilder.provision.custom.filling import SqliteRows

    dialect = Rows(blueprint)
    file = typed(str(config.target.database).removeprefix("sqlite:///")).absolute()
    store = SqliteRows(file, dialect.columns, TRANSCRIPTS if transcripts else "")
    # A trigger files new rows by the rules that stand in the database, which the person may have changed.
    return Room(RowMaker(blueprint, rules=(), strict=True), dialect, store)


def _folder(config: Config) -> Path:
    return typed(str(config.target.path)).absolute()


_ROOMS: dict[str, Callable[[Config, Blueprint, bool], Room]] = {"obsidian": _obsidian, "custom": _custom}
