"""A database of the person's own: a file of SQLite, or one of a PostgreSQL server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from chatbuilder import catalog
from chatbuilder.config import Config
from chatbuilder.generators.common.text import slug
from chatbuilder.generators.custom import generate
from chatbuilder.pipeline import passwords
from chatbuilder.pipeline.plugin import ChatPlatform, Desk, Place, Provisioner
from chatbuilder.pipeline.targets import sqlite_file
from chatbuilder.servers import is_server

if TYPE_CHECKING:
    from chatbuilder.pipeline.plugin import Ground, Room


def _open(config: Config, desk: Desk) -> Provisioner:
    from chatbuilder.provision.custom import open_server, open_target

    database = config.target.value("database")
    return open_server(database, passwords.find(database)) if is_server(database) else open_target(database)


def _place(config: Config) -> Place:
    database = config.target.value("database")
    if is_server(database):
        server = passwords.server(database)
        return Place(server.identity, server.name)
    file = sqlite_file(database)
    place = f"sqlite:///{file.resolve().as_posix()}" if file else database or "nowhere yet"
    return Place(place, PurePath(place).stem)


def _suggest(config: Config, documents: Path) -> Mapping[str, str]:
    return {"database": f"sqlite:///{(documents / f'{slug(config.name)}.db').as_posix()}"}


def _fill(ground: Ground) -> Room:
    from chatbuilder.pipeline.rooms.custom import open_room

    return open_room(ground)


PLATFORM = ChatPlatform(
    about=catalog.PLATFORMS["custom"], generate=generate, open=_open, place=_place, suggest=_suggest, fill=_fill
)
