"""Files that every solution has: the blueprint, the data dictionary, CSV and JSON templates."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chatbuilder.blueprint import Blueprint, DaysSince, Field, Table, to_data
from chatbuilder.generators.common.text import csv_cell, md, slug
from chatbuilder.solution import Document, OutputFile, json_text

TYPE_NAMES = {
    "title": "Title", "text": "Text", "long_text": "Long text", "url": "Link", "number": "Number", "date": "Date",
    "datetime": "Date and time (UTC)", "checkbox": "Checkbox", "select": "Choice", "multi_select": "Choices",
    "person": "Person", "relation": "Linked rows", "rollup": "Figure over linked rows", "formula": "Formula",
}  # fmt: skip
OWNER_NAMES = {"sync": "sync", "seed": "sync once, then you", "person": "you", "computed": "computed"}


@dataclass(frozen=True, slots=True)
class Later:
    """Text that is made only when somebody wants its bytes; equal when it would give the same bytes."""

    make: Callable[[Any], str]
    of: Any

    def __call__(self) -> bytes:
        """Return the bytes."""
        text: str = self.make(self.of)
        return text.encode()


def data_files(blueprint: Blueprint) -> tuple[OutputFile, ...]:
    """Return blueprint.json, the data dictionary as CSV, and a CSV and a JSON template for each table."""
    files = [
        OutputFile("blueprint.json", Later(blueprint_json, blueprint), "The design, for programs"),
        OutputFile("data-dictionary.csv", _dictionary_csv(blueprint), "Every field, for spreadsheets"),
    ]
    for table in blueprint.tables:
        name = slug(table.name)
        files.append(OutputFile(f"templates/{name}.csv", csv_template(table), f"{table.name}: header and samples"))
        rows = Later(json_template, table)
        files.append(OutputFile(f"templates/{name}.json", rows, f"{table.name}: rows as JSON"))
    return tuple(files)


def blueprint_json(blueprint: Blueprint) -> str:
    """Return the design as JSON."""
    return json_text(to_data(blueprint))


def dictionary_document(blueprint: Blueprint) -> Document:
    """Return the data dictionary as a Markdown page: every table, field, type, owner and meaning."""
    parts = [f"# Data dictionary: {md(blueprint.name)}\n"]
    for table in blueprint.tables:
        parts.append(
            f"\n## {md(table.name)}\n\n{md(table.about)}\n\n"
            "| Field | Type | Written by | Meaning |\n|---|---|---|---|\n"
        )
        parts += [
            f"| {md(f.name)} | {md(type_text(f, blueprint))} | {OWNER_NAMES[f.owner]} | {md(f.about)} |\n"
            for f in table.fields
        ]
    return Document("dictionary", "Data dictionary", "".join(parts))


def type_text(field: Field, blueprint: Blueprint) -> str:
    """Return a field's type in words, with its choices, bounds, unit or linked table."""
    base = TYPE_NAMES[field.type]
    if field.options:
        return f"{base}: {', '.join(field.option_names())}"
    if field.relation:
        return f"{base}: {blueprint.table(field.relation.table).name}"
    if field.maximum is not None:
        return f"{base} {field.minimum} to {field.maximum}"
    if field.rollup:
        what = f"{field.rollup.function} of {blueprint.table(field.rollup.table).name}"
        return f"{base}: {what}"
    if field.formula:
        return f"{base}: days since" if isinstance(field.formula, DaysSince) else f"{base}: yes or no"
    return f"{base} ({field.unit})" if field.unit else base


def _dictionary_csv(blueprint: Blueprint) -> str:
    rows: list[list[object]] = [["table", "key", "name", "type", "choices", "written_by", "asked_for_by", "about"]]
    rows += [
        [t.name, f.key, f.name, f.type, "; ".join(f.option_names()), f.owner, f.source, f.about]
        for t in blueprint.tables
        for f in t.fields
    ]
    return csv_text(rows)


def csv_text(rows: list[list[object]]) -> str:
    """Return RFC 4180 CSV with newline line ends, every cell safe to open in a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([[csv_cell(cell) for cell in row] for row in rows])
    return out.getvalue()


def stored_fields(table: Table) -> tuple[Field, ...]:
    """Return the fields that hold data; rollups and formulas compute theirs."""
    return tuple(field for field in table.fields if field.owner != "computed")


def csv_template(table: Table) -> str:
    """Return a CSV with the header of a table and its sample rows; several entries are joined with "; "."""
    fields = stored_fields(table)
    rows: list[list[object]] = [[field.name for field in fields]]
    rows += [[_flat(sample.get(field.key)) for field in fields] for sample in table.samples]
    return csv_text(rows)


def json_template(table: Table) -> str:
    """Return a JSON document with the fields of a table and its sample rows, by key."""
    fields = [{"key": f.key, "name": f.name, "type": f.type} for f in stored_fields(table)]
    return json_text({"table": table.key, "fields": fields, "rows": [to_data(row) for row in table.samples]})


def _flat(value: Any) -> object:
    if isinstance(value, (tuple, list)):
        return "; ".join(str(item) for item in value)
    return ("yes" if value else "no") if isinstance(value, bool) else value
