"""Telling whether what was delivered is still there as written. Reads in bulk and remembers for one look around."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbuilder.provision.base import Result, State
from chatbuilder.provision.notion.api import Api, Json
from chatbuilder.provision.notion.fields import table_drift
from chatbuilder.provision.notion.results import conditions, named, plain_text, title_of, values_match, wanted_fields


class Inspector:
    """Looks at steps one after the other; `forget` after anything was changed."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._seen: dict[str, Json | None] = {}
        self._rows: dict[str, dict[str, Json]] = {}

    def forget(self) -> None:
        """Read everything anew from now on."""
        self._seen.clear()
        self._rows.clear()

    def state(self, payload: Mapping[str, Any], result: Result) -> State:
        """Return the state of one step."""
        makes = payload["makes"]
        look = {
            "page": self._page, "database": self._database, "schema": self._schema, "fields": self._fields,
            "tabs": self._tabs, "view": self._view, "widget": self._view, "row": self._row,
        }[makes]  # fmt: skip
        return look(payload, result)

    def _look(self, path: str) -> Json | None:
        if path not in self._seen:
            self._seen[path] = self._api.look(path)
        return self._seen[path]

    def _live(self, path: str) -> Json | None:
        """Return what is there and not in the trash."""
        found = self._look(path)
        return None if found is None or found.get("in_trash") else found

    def _page(self, payload: Mapping[str, Any], result: Result) -> State:
        page = self._live(f"/v1/pages/{result['id']}")
        if page is None:
            return "missing"
        wanted = plain_text(payload["body"]["properties"]["title"]["title"])
        return "same" if title_of(page) == wanted else "edited"

    def _database(self, payload: Mapping[str, Any], result: Result) -> State:
        database = self._live(f"/v1/databases/{result['id']}")
        present = self._properties(result["data_sources"][0]["id"]) if database else None
        if database is None or present is None:
            return "missing"
        drift = table_drift(wanted_fields(payload), present)
        renamed = plain_text(database.get("title", ())) != plain_text(payload["body"]["title"])
        return "edited" if drift == "same" and renamed else drift

    def _properties(self, source: str) -> Json | None:
        found = self._live(f"/v1/data_sources/{source}")
        return None if found is None else dict(found["properties"])

    def _schema(self, payload: Mapping[str, Any], result: Result) -> State:
        """What was read of links is out of date once a link was deleted and put back."""
        present = self._properties(payload["params"]["data_source_id"])
        linked = [(item["id"], _far(item)) for item in result.get("properties", {}).values() if _far(item)]
        there = {item["id"]: _far(item) for item in (present or {}).values()}
        return "same" if all(there.get(identity) == far for identity, far in linked) else "missing"

    def _fields(self, payload: Mapping[str, Any], _: Result) -> State:
        present = self._properties(payload["params"]["data_source_id"])
        return "missing" if present is None else table_drift(wanted_fields(payload), present)

    def _tabs(self, payload: Mapping[str, Any], _: Result) -> State:
        return "missing" if self._live(f"/v1/databases/{payload['query']['database_id']}") is None else "same"

    def _view(self, payload: Mapping[str, Any], result: Result) -> State:
        """A view goes with its database, also into the trash, from which it comes back with it."""
        view = self._look(f"/v1/views/{result['id']}")
        if view is None:
            return "missing"
        if view.get("name") != result.get("name", payload["body"].get("name")):
            return "edited"
        changed = [key for key in ("filter", "sorts") if key in result and view.get(key) != result[key]]
        return "edited" if any(self._is_edit(key, result[key], view) for key in changed) else "same"

    def _is_edit(self, key: str, before: Any, view: Json) -> bool:
        """Tell a change of a view from what follows when a field that it names was deleted and put back."""
        if key == "filter" and conditions(before) != conditions(view.get(key)):
            return True
        present = self._properties(view["data_source_id"]) if view.get("data_source_id") else None
        return named(before) <= {item["id"] for item in (present or {}).values()} | set(present or {})

    def _row(self, payload: Mapping[str, Any], result: Result) -> State:
        row = self.rows(payload["body"]["parent"]["data_source_id"]).get(result["id"])
        if row is None:
            return "missing"
        return "same" if values_match(payload["body"]["properties"], row.get("properties", {})) else "edited"

    def rows(self, source: str) -> dict[str, Json]:
        """Return all rows of a data source that are not in the trash, by id."""
        if source not in self._rows:
            found = self._api.asked(f"/v1/data_sources/{source}/query", {}) if self._properties(source) else ()
            self._rows[source] = {row["id"]: row for row in found if not row.get("in_trash")}
        return self._rows[source]


def _far(item: Mapping[str, Any]) -> str | None:
    found = item.get("relation", {}).get("dual_property", {}).get("synced_property_id")
    return str(found) if found else None
