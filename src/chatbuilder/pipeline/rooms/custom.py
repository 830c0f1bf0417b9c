"""A database to fill: a row a chat."""

from __future__ import annotations

from chatbuilder.generators.common.rows import RowMaker
from chatbuilder.generators.custom.chats import TRANSCRIPTS, Rows
from chatbuilder.paths import typed
from chatbuilder.pipeline.rooms import Ground, Room
from chatbuilder.provision.custom.filling import SqliteRows


def open_room(ground: Ground) -> Room:
    """Return the room of a database."""
    dialect = Rows(ground.blueprint)
    file = typed(str(ground.config.target.database).removeprefix("sqlite:///")).absolute()
    store = SqliteRows(file, dialect.columns, TRANSCRIPTS if ground.transcripts else "")
    # A trigger files new rows by the rules that stand in the database, which the person may have changed.
    return Room(RowMaker(ground.blueprint, rules=(), strict=True), dialect, store)
