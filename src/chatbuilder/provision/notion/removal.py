"""Taking down what was created: into the trash, and only what holds nothing of the person's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chatbuilder.provision.base import Removal, Result
from chatbuilder.provision.notion.api import Api, Json
from chatbuilder.provision.notion.inspecting import Inspector
from chatbuilder.provision.notion.results import nothing_more, plain_text, values_match

TRASH = {"in_trash": True}
CHILDREN = ("child_page", "child_database")


class Remover:
    """Takes down one step after the other, the last of the plan first: rows, then views, databases, pages, home."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def remove(self, title: str, payload: Mapping[str, Any], result: Result) -> Removal:
        """Take down what one step made, or say why it stays."""
        makes = payload["makes"]
        if makes == "row":
            return self._row(title, payload, result)
        if makes == "database":
            return self._database(title, result)
        if makes == "page":
            return self._page(title, payload, result)
        # Fields and views hold nothing themselves and go with their database.
        return Removal(True, title)

    def _row(self, title: str, payload: Mapping[str, Any], result: Result) -> Removal:
        path = f"/v1/pages/{result['id']}"
        row = self._api.look(path)
        if row is None or row.get("in_trash"):
            return Removal(True, title, "it was gone already")
        wanted, there = payload["body"]["properties"], row.get("properties", {})
        if not (values_match(wanted, there) and nothing_more(wanted, there)):
            return Removal(False, title, "you changed it")
        if next(self._api.listed(f"/v1/blocks/{result['id']}/children"), None) is not None:
            return Removal(False, title, "you wrote on its page")
        self._api.change(path, TRASH)
        return Removal(True, title)

    def _database(self, title: str, result: Result) -> Removal:
        path = f"/v1/databases/{result['id']}"
        database = self._api.look(path)
        if database is None or database.get("in_trash"):
            return Removal(True, title, "it was gone already")
        inspector = Inspector(self._api)
        rows = sum(len(inspector.rows(source["id"])) for source in database.get("data_sources", ()))
        if rows:
            return Removal(False, title, f"it holds {rows} rows that you added or changed; its views stay, too")
        self._api.change(path, TRASH)
        return Removal(True, title)

    def _page(self, title: str, payload: Mapping[str, Any], result: Result) -> Removal:
        path = f"/v1/pages/{result['id']}"
        page = self._api.look(path)
        if page is None or page.get("in_trash"):
            return Removal(True, title, "it was gone already")
        blocks = list(self._api.listed(f"/v1/blocks/{result['id']}/children"))
        inside = [block[block["type"]].get("title", "") for block in blocks if block.get("type") in CHILDREN]
        if inside:
            return Removal(False, title, f"it still holds {', '.join(inside)}"[:300])
        ours = {_text(block) for block in payload["body"].get("children", ())}
        if any(_text(block) not in ours for block in blocks):
            return Removal(False, title, "you wrote on it")
        self._api.change(path, TRASH)
        return Removal(True, title)


def _text(block: Json) -> str:
    """Return the words of a block; what has none (a picture, a table) is the person's."""
    inner = block.get(block.get("type", ""))
    texts = inner.get("rich_text") if isinstance(inner, Mapping) else None
    return f"a block {block.get('type')}" if texts is None else plain_text(texts)
