"""Transcripts in a spreadsheet: a sheet of their own, a row for each message, for long ones several.

A cell holds 50,000 characters (Google's limits page), counted here as Google's own programs do, in UTF-16 units.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from chatbuilder.chats import Message
from chatbuilder.generators.common.rows import stamp
from chatbuilder.generators.common.sheets_batch import CELL_LIMIT, fitting, grid_range, put, say
from chatbuilder.generators.common.text import clean
from chatbuilder.generators.sheets.cells import Request, add_sheet, column_width, look
from chatbuilder.generators.sheets.formulas import serial
from chatbuilder.generators.sheets.layout import sheet_id, stable_id

TITLE = "Transcripts"
COLUMNS = ("Source ID", "Part", "Who", "At", "Text")
KEYS = ("source_id", "part", "who", "at", "text")
_WIDTHS = (220, 60, 90, 150, 700)
_TYPES = ("TEXT", "DOUBLE", "TEXT", "DATE_TIME", "TEXT")

Part = Sequence[Any]
"""Who said it ("you" or "assistant"), its text, and when (UTC, as Sheets' serial number; None unknown)."""


def parts_of(said: Sequence[Message]) -> list[list[Any]]:
    """Return a transcript as rows: who, text, when. Files are told by their names; what is too long goes on below."""
    return [part for message in said for part in _parts(message)]


def _parts(message: Message) -> Iterator[list[Any]]:
    who = "you" if message.is_prompt else "assistant"
    files = [f"[file: {part.name or 'without a name'}]" for part in message.parts if part.kind == "attachment"]
    text = clean("\n\n".join(part for part in (message.text, *files) if part))
    time = stamp(message.time)
    at = serial(time) if time else None
    while True:
        piece = fitting(text, CELL_LIMIT)
        yield [who, piece, at]
        text = text[len(piece) :]
        if not text:
            return


def compared(parts: Sequence[Part]) -> str:
    """Return parts as the text by which two transcripts are compared; "" when there is none."""
    return json.dumps([[part[0], part[1]] for part in parts], ensure_ascii=False) if parts else ""


def described() -> dict[str, Any]:
    """Return where the columns of transcripts stand, as the layout of a plan tells it of other tables."""
    columns = {key: [at, name] for at, (key, name) in enumerate(zip(KEYS, COLUMNS, strict=True))}
    return {
        "sheet": sheet_id(TITLE), "title": TITLE, "table": str(stable_id("table", TITLE)), "stored": len(KEYS),
        "columns": columns,
    }  # fmt: skip


def sheet_requests(pattern: str) -> list[Request]:
    """Return the requests that make the sheet. `pattern` is the number format of its times."""
    sheet, width = sheet_id(TITLE), len(COLUMNS)
    columns = [
        {"columnIndex": at, "columnName": name, "columnType": kind}
        for at, (name, kind) in enumerate(zip(COLUMNS, _TYPES, strict=True))
    ]
    table = {
        "tableId": str(stable_id("table", TITLE)), "name": TITLE, "range": grid_range(sheet, (0, 2), (0, width)),
        "columnProperties": columns,
    }  # fmt: skip
    texts = [look(_column(sheet, at), {"numberFormat": {"type": "TEXT", "pattern": "@"}}) for at in (0, 2, 4)]
    return [
        add_sheet(sheet, TITLE, width, (1, 0)),
        put(sheet, 0, 0, [[say(name) for name in COLUMNS]]),
        {"addTable": {"table": table}},
        look(grid_range(sheet, (1, None), (0, width)), {"wrapStrategy": "CLIP", "verticalAlignment": "TOP"}),
        *texts,
        look(_column(sheet, 3), {"numberFormat": {"type": "DATE_TIME", "pattern": pattern}}),
        *(column_width(sheet, at, pixels) for at, pixels in enumerate(_WIDTHS)),
    ]


def _column(sheet: int, at: int) -> dict[str, Any]:
    return grid_range(sheet, (1, None), (at, at + 1))
