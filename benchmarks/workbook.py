"""Sync into an Excel workbook: 10,000 chats, a sync with nothing to do, and memory with ten times the rows.

The rows are written into a workbook that is there, formulas of every view included, and compared in the same run with
openpyxl's write-only mode, which puts the same values into a new workbook without any. Both start from values that are
ready, in the same 20 columns, and end with a file on disk.
"""

from __future__ import annotations

import shutil
import tempfile
import time
import tracemalloc
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path
from typing import Any

from benchmarks.measure import Figure, pair
from benchmarks.sync import ROUNDS, fill, home
from chatbuilder import pipeline
from chatbuilder.design import design
from chatbuilder.generators.common.workbook_spec import moment
from chatbuilder.library.systems import Library
from chatbuilder.paths import locate
from chatbuilder.pipeline import rooms
from chatbuilder.pipeline.rooms import Ground, Room
from chatbuilder.pipeline.syncing import sync
from chatbuilder.provision.rows import Delivery

ANSWERS = {
    "priorities": ["organization", "search"], "features": ["tags"], "options": {"sample_data": False},
}  # fmt: skip
COLUMNS = 20
PACK = 500


def figures() -> Iterator[Figure]:
    """Time sync into fresh workbooks."""
    with tempfile.TemporaryDirectory() as name, home(Path(name) / "home"):
        folder = Path(name)
        fill()
        yield from _sync(folder / "plain.xlsx", transcripts=False)
        yield from _rows(folder)
        yield from _sync(folder / "told.xlsx", transcripts=True)


def _build(place: Path) -> str:
    config = pipeline.check({**ANSWERS, "platform": "excel", "target": {"path": str(place)}})
    return pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False).system


def _sync(place: Path, *, transcripts: bool) -> Iterator[Figure]:
    what = f"sync excel{', transcripts' if transcripts else ''}"
    system = _build(place)
    first = sync(system, transcripts=transcripts)
    size = place.stat().st_size / 1e6
    yield Figure(what, first.seconds, 8.0, f"{first.created:,} rows, {size:.0f} MB, {first.failed} failed", "s")
    again = sync(system, transcripts=transcripts)
    detail = f"{again.unchanged:,} chats unchanged, {again.requests} writes"
    yield Figure(f"{what}, nothing to do", again.seconds, 1.0, detail, "s")


def _rows(folder: Path) -> Iterator[Figure]:
    system = _build(folder / "empty.xlsx")
    values = _values(folder / "plain.xlsx", system)
    names = count()

    def ours() -> float:
        place = folder / f"ours-{next(names)}.xlsx"
        shutil.copy(folder / "empty.xlsx", place)
        return _ours(system, place, values)

    def theirs() -> float:
        return _theirs(folder / f"theirs-{next(names)}.xlsx", values)

    mine, plain, ratio = pair(ours, theirs, ROUNDS)
    detail = f"{mine:.2f} s to {plain:.2f} s, {len(values):,} rows x {COLUMNS} columns"
    yield Figure("rows into a workbook / openpyxl write-only", ratio, 1.0, detail)
    few, many = (_memory(folder, system, values, times) for times in (1, 5))
    yield Figure("memory, five times the rows", many / few, 1.2, f"{many / 1e6:.1f} MB to {few / 1e6:.1f} MB")


def _room(system: str, place: Path) -> Room:
    with Library(locate().library) as library:
        found = library.system(system)
        results = {record.key: record.result or {} for record in library.journal(found.id).records().values()}
    config = pipeline.check({**found.answers, "target": {"path": str(place)}})
    return rooms.open_room(Ground(found, config, design(config), results))


def _values(place: Path, system: str) -> list[dict[str, Any]]:
    """Return what the first 20 columns of a filled workbook hold, as contents by field."""
    from openpyxl import load_workbook

    room = _room(system, place)
    fields = room.maker.blueprint.sessions.fields
    page = load_workbook(place, read_only=True)[room.maker.blueprint.sessions.name]
    rows = page.iter_rows(min_row=2, max_col=len(fields), values_only=True)
    keys = [field.key for field in fields]
    kept = [*keys[: COLUMNS - 1], "source_id"]
    return [{key: _content(value) for key, value in zip(keys, row, strict=True) if key in kept} for row in rows]


def _content(value: Any) -> Any:
    return {"date": value.isoformat()} if hasattr(value, "isoformat") else value


def _deliveries(values: list[dict[str, Any]], times: int) -> Iterator[list[Delivery]]:
    for turn in range(times):
        for at in range(0, len(values), PACK):
            yield [
                Delivery(
                    f"{row['source_id']}-{turn}", "", {"values": {**row, "source_id": f"{row['source_id']}-{turn}"}}
                )
                for row in values[at : at + PACK]
            ]


def _ours(system: str, place: Path, values: list[dict[str, Any]], times: int = 1) -> float:
    store = _room(system, place).store
    begin = time.perf_counter()
    store.find([])
    for batch in _deliveries(values, times):
        for done in store.write(batch):
            assert not done.problem
    store.settle()
    seconds = time.perf_counter() - begin
    store.close()
    return seconds


def _theirs(place: Path, values: list[dict[str, Any]]) -> float:
    from openpyxl import Workbook

    rows = [[_plain(content) for content in row.values()] for row in values]
    begin = time.perf_counter()
    book = Workbook(write_only=True)
    page = book.create_sheet("Chats")
    page.append(list(values[0]))
    for row in rows:
        page.append(row)
    book.save(place)
    return time.perf_counter() - begin


def _plain(content: Any) -> Any:
    return moment(content["date"]) if isinstance(content, Mapping) else content


def _memory(folder: Path, system: str, values: list[dict[str, Any]], times: int) -> float:
    place = folder / f"memory-{times}.xlsx"
    shutil.copy(folder / "empty.xlsx", place)
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    _ours(system, place, values, times)
    peak = tracemalloc.get_traced_memory()[1] - before
    tracemalloc.stop()
    return float(peak)
