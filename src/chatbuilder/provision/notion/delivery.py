"""Delivering one step: send it, find it when its answer was lost, put back what is missing of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbuilder.provision.base import Result
from chatbuilder.provision.notion.api import Api, Json
from chatbuilder.provision.notion.fields import as_it_fits, lost_fields
from chatbuilder.provision.notion.finding import Finder
from chatbuilder.provision.notion.renames import Renames
from chatbuilder.provision.notion.results import cut, shortfall
from chatbuilder.provision.outside.policy import InDoubt

_PAGES = {"page": "/v1/pages/", "row": "/v1/pages/", "database": "/v1/databases/"}


class Delivery:
    """Sends the requests of steps. Safe to use from several threads: what it remembers only grows."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self._made: set[str] = set()
        self._doubted = False
        self.finder = Finder(api, lambda: self._made)
        self.names = Renames(api)

    def knows(self, results: Mapping[str, Result]) -> None:
        """Remember what earlier runs made, so that it is not taken for what another step made."""
        self._made |= {str(result["id"]) for result in results.values() if "id" in result}

    def look_up(self, payload: Mapping[str, Any]) -> Result | None:
        """Return the result of a creating step whose answer was lost; others are simply sent again."""
        if payload["method"] != "POST" or "then" in payload:
            return None
        self._doubted = self._doubted or is_private(payload)
        return self._kept(payload, self.finder.find(payload))

    def deliver(self, payload: Mapping[str, Any], previous: Result | None) -> Result:
        """Do one step; with `previous` put back what is missing of it, or send the change that `then` belongs to."""
        payload = self.names.fitted(payload)
        if "then" in payload:
            return self._changed(payload, previous or {})
        if previous is not None and payload["method"] != "GET":
            return self._put_back(payload, previous)
        return self._made_new(payload)

    def _made_new(self, payload: Mapping[str, Any]) -> Result:
        makes = payload["makes"]
        if payload["method"] == "POST":
            found = self._api.make(payload, lambda doubt: self._found(payload, doubt))
            return self._kept(payload, found) or {}
        if "anew" not in payload:
            return cut(makes, self._api.send(payload))
        answer = self._api.send_if_there(payload)
        if answer is None:
            return self._made_new(_anew(payload))  # the tab to put it on is gone
        return _noted(payload, answer, cut(makes, answer))

    def _found(self, payload: Mapping[str, Any], doubt: InDoubt) -> Json | None:
        self._doubted = self._doubted or is_private(payload)
        return self.finder.find(payload, doubt)

    def _kept(self, payload: Mapping[str, Any], found: Json | None) -> Result | None:
        """Return the result of what was made: from the answer, or as it was found."""
        if found is None:
            return None
        makes = payload["makes"]
        if makes == "database" and not found.get("data_sources"):
            found = self._api.get(f"/v1/databases/{found['id']}")
        self._made.add(found["id"])
        noted = _noted(payload, found, cut(makes, found))
        # What is searched for may be found late: a later look finds a page that came twice.
        return {**noted, "doubted": True} if self._doubted and is_private(payload) else noted

    def _changed(self, payload: Mapping[str, Any], previous: Result) -> Result:
        """Send what makes the difference between old and new answers; the step's result stays what it was."""
        makes = payload["makes"]
        if makes in ("view", "widget"):
            return self._view_changed(payload, previous)
        if makes == "schema":
            return cut(makes, self._api.send(payload))
        change = as_it_fits(self._api, payload)
        if not change["body"]["properties"]:
            return previous
        answer = self._api.send(change)
        return {**previous, **cut(makes, answer)} if makes == "fields" else previous

    def _view_changed(self, payload: Mapping[str, Any], previous: Result) -> Result:
        answer = self._api.attempt(payload)
        if answer is None:
            # The person deleted it, and the new answers ask for it.
            return self._made_new(self.names.fitted(_anew(payload["then"])))
        before = {key: value for key, value in previous.items() if key not in ("left", "kept")}
        if isinstance(answer, str):
            return {**before, "kept": f"a field that its change needs was renamed or deleted; Notion said: “{answer}”"}
        return {**before, **_noted(payload, answer, cut(payload["makes"], answer))}

    def _put_back(self, payload: Mapping[str, Any], previous: Result) -> Result:
        makes = payload["makes"]
        if makes == "fields":
            return self._fields_back(payload, previous)
        if makes in ("view", "widget"):
            gone = self._api.look(f"/v1/views/{previous['id']}") is None
            return self._made_new(_anew(payload)) if gone else previous
        path = f"{_PAGES[makes]}{previous['id']}"
        there = self._api.look(path)
        if there is None:
            return self._made_new(payload)
        if there.get("in_trash"):
            self._api.change(path, {"in_trash": False})
        return self._fields_back(payload, previous) if makes == "database" else previous

    def _fields_back(self, payload: Mapping[str, Any], previous: Result) -> Result:
        """Add the fields and options that are gone; what somebody renamed or added stays."""
        identity = previous["data_sources"][0]["id"] if payload["makes"] == "database" else _last(payload)
        path = f"/v1/data_sources/{identity}"
        lost = lost_fields(payload, self._api.get(path)["properties"], previous)
        if not lost:
            return previous
        answer = self._api.change(path, {"properties": lost})
        return cut("fields", answer) if payload["makes"] == "fields" else previous


def is_private(payload: Mapping[str, Any]) -> bool:
    """Tell whether a step makes a page that only the search leads to."""
    return bool(payload["makes"] == "page" and "workspace" in payload["body"]["parent"])


def _noted(payload: Mapping[str, Any], answer: Mapping[str, Any], result: Json) -> Json:
    """Add what the person has to know of it."""
    whole = payload.get("then", payload)
    if payload["makes"] in ("view", "widget") and (left := shortfall(whole.get("anew") or whole["body"], answer)):
        return result | {"left": left}
    return result


def _last(payload: Mapping[str, Any]) -> str:
    return str(payload["params"]["data_source_id"])


def _anew(payload: Mapping[str, Any]) -> Json:
    """Return the payload that makes a view which is gone; its place in the row of tabs is the end then."""
    body = {key: value for key, value in (payload.get("anew") or payload["body"]).items() if key != "position"}
    kept = {key: payload[key] for key in ("makes", "key", "optional") if key in payload}
    return {"method": "POST", "path": "/v1/views", "body": body, **kept}
