"""An Airtable base to fill: a record a chat."""

from __future__ import annotations

from chatbuilder.generators.airtable.chats import Records
from chatbuilder.generators.common.rows import RowMaker
from chatbuilder.pipeline.outside import site_of
from chatbuilder.pipeline.rooms import Ground, Room

BATCH = 5_000  # records: between two batches nothing is on its way, and Airtable's five calls a second are not used


def open_room(ground: Ground) -> Room:
    """Return the room of a base."""
    from chatbuilder.provision.airtable import open_rows

    dialect = Records(ground.blueprint)
    names = {table.key: table.name for table in ground.blueprint.tables}
    store = open_rows(
        site_of(ground.config, ground.desk), ground.system.id, ground.tell, ground.results, names,
        dialect.columns, dialect.owned, transcripts=ground.transcripts,
    )  # fmt: skip
    return Room(RowMaker(ground.blueprint, strict=True), dialect, store, batch=BATCH)
