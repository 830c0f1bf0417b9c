"""A workbook to fill: a row a chat."""

from __future__ import annotations

from chatbuilder.generators.common.rows import RowMaker
from chatbuilder.generators.excel.chats import Rows
from chatbuilder.paths import typed
from chatbuilder.pipeline.rooms import Ground, Room
from chatbuilder.provision.excel.filling import Layout, WorkbookRows

GATHERED = 20_000  # rows that are written with one new file


def open_room(ground: Ground) -> Room:
    """Return the room of a workbook, with the tagging rules that stand on its sheet."""
    dialect, result = Rows(ground.blueprint), ground.results.get("workbook", {})
    used = result.get("idents", {})
    layout = Layout(
        {key: used.get(ident, ident) for key, ident in dialect.idents.items()},
        dialect.names, dialect.ids, dialect.titles, dialect.read_fields,
        [sheet["name"] for sheet in result.get("sheets", {}).values()],
    )  # fmt: skip
    path = typed(str(ground.config.target.path)).absolute()
    store = WorkbookRows(path, layout, transcripts=ground.transcripts)
    listed = store.rules() if "rules" in dialect.idents else None
    rules = dialect.rules(listed) if listed is not None else None
    return Room(RowMaker(ground.blueprint, rules), dialect, store, gathers=GATHERED, portable=True)
