"""A spreadsheet to fill: a row a chat."""

from __future__ import annotations

from chatbuilder.generators.common.rows import RowMaker
from chatbuilder.generators.sheets.cells import moment_pattern
from chatbuilder.generators.sheets.chats import Rows
from chatbuilder.generators.sheets.steps import described
from chatbuilder.generators.sheets.transcripts import described as transcripts_described
from chatbuilder.generators.sheets.transcripts import sheet_requests
from chatbuilder.pipeline.outside import site_of
from chatbuilder.pipeline.rooms import Ground, Room
from chatbuilder.provision.sheets import open_rows
from chatbuilder.provision.sheets.batching import TOLD
from chatbuilder.provision.sheets.filling import Target


def open_room(ground: Ground) -> Room:
    """Return the room of a spreadsheet."""
    blueprint, result = ground.blueprint, ground.results["build"]
    dialect = Rows(blueprint)
    layout = result.get("stands", {}).get("layout") or described(blueprint)
    target = Target(
        spreadsheet=result["id"],
        layout={**layout, "tables": {**layout["tables"], TOLD: transcripts_described()}},
        owned=dialect.owned,
        titles={table.key: table.title.key for table in blueprint.tables if table.key != blueprint.sessions.key},
        transcripts=sheet_requests(moment_pattern(blueprint.date_format)) if ground.transcripts else (),
        owner=ground.system.id,
        ours="file" in ground.results,
        tell=ground.tell,
    )
    store = open_rows(site_of(ground.config, ground.desk), target)
    return Room(RowMaker(blueprint, strict=True), dialect, store)
