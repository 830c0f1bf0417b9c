"""Chats as rows of a workbook: a new row, what sync's columns hold, and the change of some of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from chatbuilder.blueprint import Blueprint, Field, TagRule
from chatbuilder.chats import Message
from chatbuilder.generators.common.merging import Cell
from chatbuilder.generators.common.rows import TRANSCRIPT, Payload, Row, stamp
from chatbuilder.generators.common.text import one_line
from chatbuilder.generators.common.workbook_spec import cell_parts, cell_text, moment, shown_text
from chatbuilder.generators.excel.book import entry, open_book
from chatbuilder.generators.excel.pages import wanted_pages

_DATES = ("date", "datetime")
_THEIRS: Cell = ("", "not of sync's kind")
_RULES = {"word": "Word", "field": "Field", "value": "Value"}


class Rows:
    """Writes rows of one workbook. A state holds [kind, text] by field; payloads hold contents by field.

    Contents are those of a spec: None, truth, number, text, or {"date": ISO text}. "values" are a new row, "set" what
    changes, "messages" a transcript: number, part, who, time, model and text of each row.
    """

    def __init__(self, blueprint: Blueprint) -> None:
        self._blueprint = blueprint
        self._book = open_book(blueprint, wanted_pages(blueprint))
        fields = blueprint.sessions.fields
        self._fields = {field.key: field for field in fields if field.owner != "computed"}
        self._sync = {field.key: field for field in fields if field.owner == "sync"}

    # what the tables were built as

    @property
    def read_fields(self) -> tuple[str, ...]:
        """The fields that are looked at: sync's, and the title."""
        return ("title", *self._sync)

    @property
    def idents(self) -> dict[str, str]:
        """The names of tables as built."""
        found = {table.key: self._book.ident(table.key) for table in self._blueprint.tables}
        return found | ({"rules": "Rules"} if "rules" in self._book.sheets else {})

    @property
    def names(self) -> dict[str, dict[str, str]]:
        """The headings of each table by field."""
        found = {
            table.key: {field.key: self._book.headers[table.key, field.key] for field in table.fields}
            for table in self._blueprint.tables
        }
        return found | {"rules": _RULES}

    @property
    def ids(self) -> dict[str, dict[str, int]]:
        """The numbers that columns were built with."""
        return {table: {key: at for at, key in enumerate(names, 1)} for table, names in self.names.items()}

    @property
    def titles(self) -> dict[str, str]:
        """The field of each table that names its rows."""
        return {table.key: table.title.key for table in self._blueprint.tables}

    # rows

    def cells(self, row: Row) -> dict[str, Cell]:
        """Return what sync's columns hold once the row is written."""
        found: dict[str, Cell] = {key: _cell(_content(f, row.values[key])) for key, f in self._sync.items()}
        return found if row.said is None else found | {TRANSCRIPT: _told(map(_shown, messages(row.said)))}

    def read(self, state: Mapping[str, Any]) -> dict[str, Cell]:
        """Return what sync's columns hold; a formula is the person's, and differs from everything."""
        found = {key: _read(field, *state[key]) for key, field in self._sync.items() if key in state}
        if TRANSCRIPT in state:
            found[TRANSCRIPT] = _told(_message(row) for row in state[TRANSCRIPT])
        return found

    def new(self, row: Row, cells: Mapping[str, Cell], linked: Mapping[tuple[str, str], str]) -> Payload:
        """Return a new row."""
        values = {}
        for key, value in row.all().items():
            field = self._fields.get(key)
            if field is None:
                continue
            table = field.relation.table if field.relation else ""
            places = tuple(linked[table, title] for title in value or () if (table, title) in linked) if table else ()
            content = _content(field, places if table else value)
            if content is not None:
                values[key] = content
        return _payload({"values": values}, values, row.said)

    def change(self, state: Mapping[str, Any], row: Row, cells: Mapping[str, Cell], fields: Sequence[str]) -> Payload:
        """Return the change of these columns."""
        now = {key: _content(self._sync[key], row.values[key]) for key in fields if key != TRANSCRIPT}
        return _payload({"set": now}, now, row.said if TRANSCRIPT in fields else None)

    def related(self, table: str, title: str) -> Payload:
        """Return a new row of another table: its title, as it is and as a cell holds it."""
        content = cell_text(title)
        return Payload({"table": table, "title": shown_text(content), "content": content}, len(content.encode()))

    def rules(self, listed: Iterable[tuple[str, str, str]]) -> tuple[TagRule, ...]:
        """Return the tagging rules that stand on the sheet Rules: word, field and value of each."""
        keys = {name.casefold(): key for (table, key), name in self._book.headers.items() if table == "sessions"}
        keys |= {field.name.casefold(): field.key for field in self._fields.values()}
        return tuple(
            TagRule((word.strip(),), keys[field.strip().casefold()], value.strip())
            for word, field, value in listed
            if word.strip() and value.strip() and field.strip().casefold() in keys
        )


def messages(said: Sequence[Message]) -> list[list[Any]]:
    """Return a transcript as rows: number, part, who, time, model, text. A message beyond a cell has several parts."""
    rows: list[list[Any]] = []
    for number, message in enumerate(said, 1):
        files = [f"[file: {part.name or 'without a name'}]" for part in message.parts if part.kind == "attachment"]
        whole = "\n\n".join(part for part in (message.text, *files) if part)
        model = cell_text(one_line(message.model or "", 200)) or None
        who = "you" if message.is_prompt else "assistant"
        for part, text in enumerate(cell_parts(whole) or [None], 1):
            rows.append([number, part, who, stamp(message.time), model, text])
    return rows


def _told(rows: Iterable[Sequence[Any]]) -> str:
    """Return a transcript as one text: who said what, the parts of a message joined; "" for none."""
    told: dict[str, list[str]] = {}
    for number, _, who, at, model, text in rows:
        told.setdefault(str(number), [who, at, model, ""])[3] += text
    return json.dumps(list(told.values())) if told else ""


def _message(row: Mapping[str, Sequence[str]]) -> list[Any]:
    """Return a row of a transcript as it stands, in the form of `messages`."""
    plain = {key: cell[1] for key, cell in row.items()}
    kind, at = row.get("at", ("", ""))
    number, part = (_plain_number(plain.get(key, "")) for key in ("message", "part"))
    time = _moment(at)[:19] + "Z" if kind == "n" else at
    return [number, part, plain.get("who", ""), time, plain.get("model", ""), plain.get("text", "")]


def _shown(row: Sequence[Any]) -> list[Any]:
    """Return a row of `messages` as it reads once it stands there."""
    number, part, who, at, model, text = row
    return [number, part, who, at or "", shown_text(model or ""), shown_text(text or "")]


def _payload(data: dict[str, Any], values: Mapping[str, Any], said: Sequence[Message] | None) -> Payload:
    size = sum(map(_length, values.values()))
    if said is not None:
        data["messages"] = messages(said)
        size += sum(len((row[-1] or "").encode()) for row in data["messages"])
    return Payload(data, size)


def _length(content: Any) -> int:
    return len(content.encode()) if isinstance(content, str) else 8


def _content(field: Field, value: Any) -> Any:
    """Return a value as its cell holds it; None for an empty one."""
    if value is None or value == "" or value == ():
        return None
    if isinstance(value, (tuple, list)):
        many = field.type == "multi_select" or (field.relation is not None and field.relation.many)
        return cell_text("; ".join(entry(str(item)) for item in value) if many else str(value[0]))
    if isinstance(value, (bool, int, float)):
        return value
    return {"date": value} if field.type in _DATES else cell_text(str(value))


def _cell(content: Any) -> str:
    if isinstance(content, Mapping):
        return str(content["date"])
    return "" if content is None else shown_text(content) if isinstance(content, str) else str(content)


def _read(field: Field, kind: str, text: str) -> Cell:
    if kind in ("f", "e"):
        return _THEIRS
    if kind == "n" and field.type in _DATES:
        found = _moment(text)
        return f"{found[:19]}Z" if field.type == "datetime" else found[:10]
    return _plain_number(text) if kind == "n" else text


def _moment(text: str) -> str:
    """Return Excel's number for a moment as ISO text; what is no date stays a number."""
    try:
        return (moment("1899-12-30") + timedelta(seconds=round(float(text) * 86400))).isoformat()
    except (ValueError, OverflowError):
        return text


def _plain_number(text: str) -> str:
    try:
        number = float(text)
        return str(int(number)) if number == int(number) else repr(number)
    except (ValueError, OverflowError):
        return text
