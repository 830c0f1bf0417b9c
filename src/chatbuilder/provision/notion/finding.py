"""Finding what a call made whose answer was lost: by the id Notion names, by marks and names below the parent.

Lists of blocks, views and rows are consistent at once; only the search, which is all there is for a private page, is
not: it is asked several times.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from chatbuilder.provision.notion.api import Api, Json
from chatbuilder.provision.notion.judge import more
from chatbuilder.provision.notion.results import cut, plain_text, title_of, values_match
from chatbuilder.provision.outside.policy import InDoubt

SEARCHES = (0.0, 1.0, 2.0, 4.0, 8.0)  # seconds before each search: what is new is found late
_PLACES = {"page": "/v1/pages/", "row": "/v1/pages/", "database": "/v1/databases/", "view": "/v1/views/"}


class Finder:
    """Looks for what one step may have made. `taken` are ids that other steps are known to have made."""

    def __init__(self, api: Api, taken: Callable[[], set[str]]) -> None:
        self._api = api
        self._taken = taken

    def find(self, payload: Mapping[str, Any], doubt: InDoubt | None = None) -> Json | None:
        """Return the result of a creating step, None when it made nothing."""
        makes = payload["makes"]
        found = self._committed(makes, doubt) or next(self._candidates(makes, payload["body"], payload), None)
        return None if found is None else cut(makes, found)

    def _committed(self, makes: str, doubt: InDoubt | None) -> Json | None:
        """Return what a 503 names as committed."""
        if doubt is None or doubt.answer is None:
            return None
        identity = more(doubt.answer).get("committed_resource_id")
        return self._api.look(f"{_PLACES.get(makes, '/v1/views/')}{identity}") if isinstance(identity, str) else None

    def _candidates(self, makes: str, body: Mapping[str, Any], payload: Mapping[str, Any]) -> Iterator[Json]:
        if makes == "page":
            yield from self._pages(body, payload.get("marker"))
        elif makes == "database":
            yield from self._databases(body, payload["marker"])
        elif makes == "row":
            yield from self._rows(body)
        elif "view_id" in body:
            yield from self._views(self.widgets(body), body)
        else:
            views = self._api.listed("/v1/views", {"database_id": body["database_id"]})
            yield from self._views((view["id"] for view in views), body)

    def _pages(self, body: Mapping[str, Any], marker: str | None) -> Iterator[Json]:
        title, parent = plain_text(body["properties"]["title"]["title"]), body["parent"]
        found = self._below(parent["page_id"], title) if "page_id" in parent else self._searched(title, str(marker))
        for identity in found:
            if identity not in self._taken() and (marker is None or self.is_marked(identity, marker)):
                yield self._api.get(f"/v1/pages/{identity}")

    def _below(self, parent: str, title: str) -> Iterator[str]:
        for block in self._api.listed(f"/v1/blocks/{parent}/children"):
            if block.get("type") == "child_page" and block["child_page"].get("title") == title:
                yield block["id"]

    def _searched(self, title: str, marker: str) -> Iterator[str]:
        body = {"query": title, "filter": {"property": "object", "value": "page"}}
        for seconds in SEARCHES:
            self._api.desk.wait(seconds, "searching Notion for the page that may have been made")
            for page in self._api.asked("/v1/search", body):
                if title_of(page) == title and not page.get("in_trash") and self.is_marked(page["id"], marker):
                    yield page["id"]

    def twins(self, payload: Mapping[str, Any], known: str) -> list[str]:
        """Return the private pages with the mark of a home page that are not that page, as far as one search tells."""
        title = plain_text(payload["body"]["properties"]["title"]["title"])
        found = self._api.asked("/v1/search", {"query": title, "filter": {"property": "object", "value": "page"}})
        same = [page["id"] for page in found if title_of(page) == title and not page.get("in_trash")]
        return [page for page in same if page != known and self.is_marked(page, str(payload["marker"]))]

    def is_marked(self, page: str, marker: str) -> bool:
        """Tell whether a page holds our mark."""
        blocks = self._api.listed(f"/v1/blocks/{page}/children")
        return any(
            block.get("type") == "paragraph" and plain_text(block["paragraph"].get("rich_text", ())) == marker
            for block in blocks
        )

    def _databases(self, body: Mapping[str, Any], marker: str) -> Iterator[Json]:
        title = plain_text(body["title"])
        for block in self._api.listed(f"/v1/blocks/{body['parent']['page_id']}/children"):
            if block.get("type") != "child_database" or block["child_database"].get("title") != title:
                continue
            database = self._api.look(f"/v1/databases/{block['id']}")
            if database is not None and marker in plain_text(database.get("description", ())):
                yield database

    def _rows(self, body: Mapping[str, Any]) -> Iterator[Json]:
        values = body["properties"]
        title = next(value["title"] for value in values.values() if "title" in value)
        # The id of a title is always this, whatever somebody calls it.
        wanted = {"filter": {"property": "title", "title": {"equals": plain_text(title)}}}
        for row in self._api.asked(f"/v1/data_sources/{body['parent']['data_source_id']}/query", wanted):
            if row["id"] not in self._taken() and values_match(values, row.get("properties", {})):
                yield row

    def widgets(self, body: Mapping[str, Any]) -> Iterator[str]:
        """Yield the views on a dashboard: it lists them; else those of the data source that say so."""
        board = self._api.look(f"/v1/views/{body['view_id']}") or {}
        rows = (board.get("configuration") or {}).get("rows")
        if rows is not None:
            yield from (widget["view_id"] for row in rows for widget in row.get("widgets", ()))
            return
        for view in self._api.listed("/v1/views", {"data_source_id": body["data_source_id"]}):
            yield view["id"]

    def _views(self, ids: Iterable[str], body: Mapping[str, Any]) -> Iterator[Json]:
        board = body.get("view_id")
        for identity in ids:
            if identity in self._taken():
                continue
            view = self._api.look(f"/v1/views/{identity}") or {}
            if (view.get("name"), view.get("type")) != (body["name"], body["type"]):
                continue
            if board is None or view.get("dashboard_view_id", board) == board:
                yield view
