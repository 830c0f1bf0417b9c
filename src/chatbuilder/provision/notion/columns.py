"""Which property of a table is which field of ours by now, and what its choices are called."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chatbuilder.provision.notion.api import Json

Column = tuple[str, str, str]  # name, type and description, as built
OPTION_LIMIT = 100  # choices that a request may name for one property
_CHOICES = ("select", "multi_select")


class Columns:
    """The properties of one table as they stand, by field key. Requests name them by id: that survives renaming."""

    def __init__(self, wanted: Mapping[str, Column], present: Mapping[str, Any]) -> None:
        self.ids = dict(_places(wanted, present))
        self.missing = [name for key, (name, _, _) in wanted.items() if key not in self.ids]
        by_id = {item["id"]: item for item in present.values()}
        self._options = {key: _options(by_id[found]) for key, found in self.ids.items()}

    def read(self, page: Mapping[str, Any]) -> Json:
        """Return the property values of a page by field key."""
        by_id = {item["id"]: item for item in page.get("properties", {}).values()}
        return {key: by_id[found] for key, found in self.ids.items() if found in by_id}

    def sent(self, values: Mapping[str, Any]) -> tuple[Json, bool]:
        """Return values by property id with the choices that are there, and whether Notion has to add others.

        Notion adds a choice that a page names. Beyond 100 it is left out: no request could name them all.
        """
        found, adds = {}, False
        for key, value in values.items():
            if key in self.ids:
                kind = next(iter(value))
                chosen = kind in _CHOICES and value[kind]
                fitted, more = self._chosen(key, kind, value[kind]) if chosen else (value, False)
                found[self.ids[key]] = fitted
                adds = adds or more
        return found, adds

    def _chosen(self, key: str, kind: str, value: Any) -> tuple[Json, bool]:
        options, adds, names = self._options[key], False, []
        for wanted in [value] if kind == "select" else value:
            name = options.get(wanted["name"].casefold())
            if name is None and len(options) < OPTION_LIMIT:
                name = options[wanted["name"].casefold()] = wanted["name"]
                adds = True
            if name is not None:
                names.append({"name": name})
        if kind == "select":
            return {kind: names[0] if names else None}, adds
        return {kind: names}, adds


def _places(wanted: Mapping[str, Column], present: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the property of each field: by name, else the only other one of its type with its description.

    So a field is found that somebody renamed, and one that changed answers put beside another under a name of its own.
    """
    taken, rest = set[str](), dict[str, Column]()
    for key, (name, kind, about) in wanted.items():
        item = present.get(name, {})
        if kind == "title":
            item = next(there for there in present.values() if there["type"] == "title")
        if item.get("type") == kind:
            taken.add(item["id"])
            yield key, item["id"]
        else:
            rest[key] = (name, kind, about)
    for key, (_, kind, about) in rest.items():
        like = [p["id"] for p in present.values() if p["type"] == kind and p.get("description") == about]
        left = [identity for identity in like if identity not in taken]
        if about and len(left) == 1:
            taken.add(left[0])
            yield key, left[0]


def _options(item: Mapping[str, Any]) -> dict[str, str]:
    settings = item.get(item["type"])
    options = settings.get("options", ()) if isinstance(settings, Mapping) else ()
    return {option["name"].casefold(): option["name"] for option in options}
