"""A vault to fill: a note a chat."""

from __future__ import annotations

from chatbuilder.generators.common.rows import RowMaker
from chatbuilder.generators.obsidian.chats import Notes, rules_of, source_id
from chatbuilder.paths import typed
from chatbuilder.pipeline.rooms import Ground, Room
from chatbuilder.provision.notes import NotesStore


def open_room(ground: Ground) -> Room:
    """Return the room of a vault, with the tagging rules that stand on its page."""
    dialect = Notes(ground.blueprint, ground.config.options.topics)
    store = NotesStore(typed(str(ground.config.target.path)).absolute(), dialect.folder, source_id)
    page = store.text(f"{dialect.root}/Rules.md")
    return Room(RowMaker(ground.blueprint, rules_of(page) if page else None), dialect, store, portable=True)
