"""The texts that a workbook shares between its cells, kept on disk: Excel writes all texts there, however many."""

from __future__ import annotations

import tempfile
from array import array

from chatbuilder.provision.excel.archive import Archive
from chatbuilder.provision.excel.package import Unusable, prefix_of
from chatbuilder.provision.excel.rowxml import text_of


class SharedStrings:
    """Gives the text with a number; the texts are read once, when the first is asked for."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._file = tempfile.TemporaryFile()  # noqa: SIM115  (closed by close)
        self._ends: array[int] | None = None

    def __call__(self, number: int) -> str:
        """Return one text. Raises `Unusable` for a number that is not there."""
        ends = self._load() if self._ends is None else self._ends
        if not 0 <= number < len(ends):
            raise Unusable("is damaged: a cell leads to a text that is not there")
        start = ends[number - 1] if number else 0
        self._file.seek(start)
        return self._file.read(ends[number] - start).decode("utf-8", "surrogatepass")

    def _load(self) -> array[int]:
        ends = self._ends = array("Q")
        part = self._archive.book.linked("sharedStrings")
        if not self._archive.holds(part):
            return ends
        rest, prefix, at = "", None, 0
        for chunk in self._archive.text(part):
            rest += chunk
            if prefix is None:
                prefix = prefix_of(rest, "sst")
            *whole, rest = rest.split(f"</{prefix}si>")
            for item in whole:
                data = text_of(item, prefix).encode("utf-8", "surrogatepass")
                for _ in range(item.count(f"<{prefix}si/>")):
                    ends.append(at)
                at += len(data)
                self._file.write(data)
                ends.append(at)
        for _ in range(rest.count(f"<{prefix}si/>")):
            ends.append(at)
        return ends

    def close(self) -> None:
        """Forget the texts."""
        self._file.close()
