"""A graph to fill: a page a chat."""

from __future__ import annotations

from chatbuilder.generators.common.rows import RowMaker
from chatbuilder.generators.logseq.chats import Pages
from chatbuilder.generators.logseq.rules import rules_of
from chatbuilder.paths import typed
from chatbuilder.pipeline.rooms import Ground, Room
from chatbuilder.provision.pages import PagesStore


def open_room(ground: Ground) -> Room:
    """Return the room of a graph, with the tagging rules that stand on its page."""
    dialect = Pages(ground.blueprint)
    titles = dialect.titles
    store = PagesStore(typed(str(ground.config.target.path)).absolute(), dialect)
    page = store.text(dialect.path_of(titles.page("Rules")))
    rules = rules_of(page, ground.blueprint, titles) if page is not None else None
    return Room(RowMaker(ground.blueprint, rules), dialect, store, portable=True)
