"""The one batch that brings a spreadsheet from what it is to what it shall be: for new answers, and for repair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chatbuilder.generators.common.sheets_batch import Request, Whole
from chatbuilder.generators.common.sheets_ground import Change, ground_of
from chatbuilder.generators.common.sheets_pages import pages, views
from chatbuilder.generators.common.sheets_tables import lists, tables


@dataclass(frozen=True, slots=True)
class Difference:
    """What to send, what there will be afterwards, what stays though it is not wanted, and all of it in a few words."""

    requests: list[Request]
    stands: Whole
    kept: tuple[str, ...]
    words: str


def difference(old: Whole, new: Whole, live: Mapping[str, Any]) -> Difference:
    """Return how to get from one whole to another. `live` is what is in the spreadsheet now, as `untouched` has it.

    Nothing that people typed is overwritten, nothing that holds data is dropped or renamed.
    """
    ground = ground_of(old, new, live)
    change = Change()
    for part in (tables, lists, pages, views):
        part(ground, change)
    return Difference(
        change.requests(), (ground.stands_layout(), change.stands(ground)), tuple(change.kept), change.words()
    )
