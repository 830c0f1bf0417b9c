"""What goes into one call that writes records: which records, and what is in each, by the ids of the fields."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chatbuilder.provision.airtable.columns import Column
from chatbuilder.provision.airtable.reading import Data
from chatbuilder.provision.rows import Delivery

RECORDS_A_CALL = 10
CALL_TEXT = 1_000_000  # characters in one call


@dataclass(frozen=True, slots=True)
class Record:
    """One record of a call: fields by id; `new_choices` are choices that are not there yet, by field."""

    key: str
    id: str
    fields: dict[str, Any]
    new_choices: dict[str, tuple[str, ...]]

    @classmethod
    def of(cls, item: Delivery, columns: Mapping[str, Column]) -> Record:
        """Return the record of a delivery, without what the table has no place for."""
        fields: dict[str, Any] = {}
        new: dict[str, tuple[str, ...]] = {}
        for key, given in item.data["fields"].items():
            if (column := columns.get(key)) is None:
                continue
            value = _value(key, given, column)
            if column.type == "multipleSelects" and (names := [text for text in value or () if not column.now(text)]):
                new[column.id] = tuple(names)
            if value is not None or (given is None and item.found is not None):
                fields[column.id] = value
        return cls(item.key, item.remote if item.found else "", fields, new)

    def without_new_choices(self) -> Record:
        """Return the record with nothing in it that is no choice yet."""
        fields = dict(self.fields)
        for key, names in self.new_choices.items():
            fields[key] = [name for name in fields[key] if name not in names]
        return Record(self.key, self.id, fields, {})

    def body(self) -> Data:
        """Return the record as it is sent."""
        return {"id": self.id, "fields": self.fields} if self.id else {"fields": self.fields}


def calls_of(deliveries: Sequence[Delivery]) -> Iterator[list[Delivery]]:
    """Yield what goes into one call: at most ten records, and not too much text."""
    part: list[Delivery] = []
    size = 0
    for item in deliveries:
        more = sum(len(value) for value in item.data["fields"].values() if isinstance(value, str))
        if part and (len(part) == RECORDS_A_CALL or size + more > CALL_TEXT):
            yield part
            part, size = [], 0
        part.append(item)
        size += more
    if part:
        yield part


def _value(key: str, value: Any, column: Column) -> Any:
    """Return a value with choices by their present names; one choice that is not there is Other, or left out."""
    if column.type == "singleSelect" and value is not None:
        return column.now(value) or (column.now("Other") if key == "assistant" else None)
    if column.type == "multipleSelects" and value:
        return list(dict.fromkeys(map(column.spelled, value)))
    return value
