"""A filled workbook without the rows that sync put into it: to tell whether the rest is as it was built."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from chatbuilder.generators.common.workbook_formulas import column_number
from chatbuilder.provision.excel.package import Package
from chatbuilder.provision.excel.shapes import Shape, shapes

_KEY = "Source ID"
_SAMPLE = "'sample:"
_PLACE = re.compile(r"([A-Z]+)(\d+)")


@dataclass(slots=True)
class Bare:
    """Which rows of a workbook's tables are left out: those of chats, blank ones, and those with nothing but a title.

    `chats` counts the first kind.
    """

    chats: int = 0
    _shapes: dict[str, list[Shape]] = field(default_factory=dict)

    def look_at(self, book: Package) -> None:
        """Take in where the tables of a workbook are."""
        self._shapes = {}
        for shape in shapes(book):
            self._shapes.setdefault(shape.sheet, []).append(shape)

    def leaves_out(self, sheet: str, cells: Sequence[tuple[str, str]]) -> bool:
        """Tell whether a row of a sheet, given as places and contents, is left out."""
        return any(self._is_filled(shape, cells) for shape in self._shapes.get(sheet, ()))

    def _is_filled(self, shape: Shape, cells: Sequence[tuple[str, str]]) -> bool:
        typed: dict[int, str] = {}
        for place, content in cells:
            found = _PLACE.fullmatch(place)
            if found is None or not shape.first <= int(found[2]) <= shape.last:
                return False
            at = column_number(found[1])
            if content and not content.startswith("=") and shape.left <= at <= shape.right:
                typed[at] = content
        key = next((shape.left + at for at, column in enumerate(shape.columns) if column.name == _KEY), 0)
        source = typed.get(key, _SAMPLE)
        if not source.startswith(_SAMPLE):
            self.chats += 1
            return True
        return not typed.keys() - {shape.left}
