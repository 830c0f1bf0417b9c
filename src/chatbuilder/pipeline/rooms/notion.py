"""A Notion database to fill: a page a chat."""

from __future__ import annotations

from chatbuilder.generators.common.rows import RowMaker
from chatbuilder.generators.notion import transcript
from chatbuilder.generators.notion.chats import Pages
from chatbuilder.pipeline import rooms
from chatbuilder.pipeline.outside import site_of
from chatbuilder.pipeline.rooms import Ground, Room
from chatbuilder.provision.notion import ABREAST, filling

BATCH = 100  # rows found and written at once: one query finds them, and none is written long after it was read


def open_room(ground: Ground) -> Room:
    """Return the room of a Notion system. Raises `CredentialsError` without a token."""
    dialect = Pages(ground.blueprint)
    sources = {
        table.key: result["data_sources"][0]["id"]
        for table in ground.blueprint.tables
        if (result := ground.results.get(f"database:{table.key}")) is not None
    }
    titles = (transcript.TITLE, transcript.UNFINISHED) if ground.transcripts else ()
    where = filling.Ground(sources, dialect.columns, titles, ground.system.id, ABREAST)
    store = filling.PageRows(site_of(ground.config, ground.desk), where, ground.tell)
    return Room(RowMaker(ground.blueprint), dialect, store, batch=min(rooms.BATCH, BATCH))
