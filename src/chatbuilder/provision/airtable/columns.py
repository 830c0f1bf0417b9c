"""Where the parts of a design are in a base as it stands: tables, fields and choices by id, whatever they are called.

People rename all of them. The results of the steps that made them know their ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from chatbuilder.provision.airtable.reading import Data, by_id, by_name

Results = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Column:
    """A field that is there. `choices` are the present names of a select's choices, by the name in lower case.

    A choice that a person renamed is there under both names; `was` tells the name that it was made with. `coming` are
    choices that records bring along, so that each comes in one spelling.
    """

    id: str
    name: str
    type: str
    choices: dict[str, str] = field(default_factory=dict)
    was: dict[str, str] = field(default_factory=dict)
    coming: dict[str, str] = field(default_factory=dict)

    def now(self, name: str) -> str | None:
        """Return the present name of a choice; None when there is none."""
        return self.choices.get(name.casefold())

    def spelled(self, name: str) -> str:
        """Return the name of a choice that is there or comes along."""
        return self.now(name) or self.coming.setdefault(name.casefold(), name)

    def then(self, name: Any) -> Any:
        """Return the name that a choice had when it was made; anything else as it is."""
        return self.was.get(name, name) if isinstance(name, str) else name


def made_tables(results: Results) -> list[Data]:
    """Return what the steps of a system know of the tables that they made."""
    in_base = results.get("base", {}).get("tables", ())
    return [*map(dict, in_base), *(dict(result) for key, result in results.items() if key.startswith("table-"))]


def made_fields(results: Results) -> Iterator[Data]:
    """Yield what the steps of a system know of the fields that they made, later ones last."""
    for table in made_tables(results):
        yield from table.get("fields", ())
    for key, result in results.items():
        if key.startswith("field-"):
            yield dict(result)


def columns_of(table: Data, wanted: Mapping[str, tuple[str, str]], made: list[Data]) -> dict[str, Column]:
    """Return the fields that are there of those wanted (name and type by key), but those of another type by now."""
    found = {}
    for key, (name, kind) in wanted.items():
        known = [m for m in made if m["type"] == kind and (m["name"] == name or m["name"].startswith(f"{name} ("))]
        made_as = next((m for m in reversed(known) if by_id(table["fields"], m["id"])), {"id": ""})
        now = by_id(table["fields"], made_as["id"]) or by_name(table["fields"], name)
        if now is not None and now["type"] == kind:
            found[key] = Column(now["id"], now["name"], kind, *_choices(now, made_as))
    return found


def _choices(now: Data, made: Mapping[str, Any]) -> tuple[dict[str, str], dict[str, str]]:
    present = (now.get("options") or {}).get("choices", [])
    found, was = {choice["name"].casefold(): choice["name"] for choice in present}, {}
    for choice in (made.get("options") or {}).get("choices", ()):
        renamed = by_id(present, choice["id"])
        if renamed is not None:
            found[choice["name"].casefold()] = renamed["name"]
            was[renamed["name"]] = choice["name"]
    return found, was
