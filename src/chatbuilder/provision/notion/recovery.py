"""Finding again what was built in Notion of which no record is left: home and databases by marks, the rest by names.

Only reads. What a person renamed is known by its type and description, as in `fields`, or counts as gone: nothing is
made in its place before somebody asks for that.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from chatbuilder.errors import RefusedError
from chatbuilder.provision.notion.api import Api, Json
from chatbuilder.provision.notion.delivery import Delivery
from chatbuilder.provision.notion.fields import drift_of
from chatbuilder.provision.notion.judge import KEPT
from chatbuilder.provision.notion.results import cut, plain_text, title_of, wanted_fields
from chatbuilder.solution import Plan

NOBODY = "00000000-0000-0000-0000-000000000000"  # the id of nothing
FIRST_TAB = "Default view"  # the tab that Notion makes by itself
UNNAMED = "Related to "  # how Notion begins the name of the far side of a link
KEY = "Source ID"


class Recovery:
    """One look for a system that stands below a page, or is private."""

    def __init__(self, api: Api, delivery: Delivery) -> None:
        self._api = api
        self._delivery = delivery
        self._home: Json = {}
        self._databases: dict[str, Json] = {}  # by mark
        self._sources: dict[str, Json] = {}
        self._views: dict[str, list[Json]] = {}
        self._taken: set[str] = set()

    def lost(self, plan: Plan, marks: Collection[str]) -> str | None:
        """Return the mark of the system that stands where a plan puts one, if no known mark is its."""
        step = next(step for step in plan if step.payload["makes"] == "page" and "marker" in step.payload)
        body, marker = step.payload["body"], step.payload["marker"].before
        title, parent = plain_text(body["properties"]["title"]["title"]), body["parent"]
        found = {}
        for identity in dict.fromkeys(self._pages(title, parent)):
            mark = self._mark_in(identity, marker)
            if mark and mark not in marks:
                found[identity] = mark
        if not found:
            return None
        pages = [self._api.get(f"/v1/pages/{identity}") for identity in found]
        if len(set(found.values())) == 1:  # one home page that came twice: the one with everything below it
            pages = sorted(pages, key=lambda page: not self._holds(page["id"]))[:1]
        if len(pages) > 1:
            raise _several(title, pages)
        self._home = pages[0]
        mark = found[self._home["id"]]
        self._find_databases(plan, mark)
        return mark

    def _pages(self, title: str, parent: Mapping[str, Any]) -> Iterator[str]:
        if "page_id" in parent:
            for block in self._api.listed(f"/v1/blocks/{parent['page_id']}/children"):
                if block.get("type") == "child_page" and block["child_page"].get("title") == title:
                    yield block["id"]
            return
        for page in self._api.asked("/v1/search", {"query": title, "filter": {"property": "object", "value": "page"}}):
            if title_of(page) == title and not page.get("in_trash"):
                yield page["id"]

    def _holds(self, page: str) -> bool:
        """Tell whether a page has databases below it."""
        return any(block.get("type") == "child_database" for block in self._api.listed(f"/v1/blocks/{page}/children"))

    def _mark_in(self, page: str, marker: str) -> str:
        """Return what stands behind the marker on a page."""
        for block in self._api.listed(f"/v1/blocks/{page}/children"):
            if block.get("type") == "paragraph":
                text = plain_text(block["paragraph"].get("rich_text", ()))
                if text.startswith(marker):
                    return text.removeprefix(marker)
        return ""

    def _find_databases(self, plan: Plan, mark: str) -> None:
        """Find all databases by their marks: some alone are no system, because the others may be elsewhere by now."""
        wanted = {s.payload["marker"].before + mark: s for s in plan if s.payload["makes"] == "database"}
        for block in self._api.listed(f"/v1/blocks/{self._home['id']}/children"):
            if block.get("type") == "child_database":
                database = self._api.look(f"/v1/databases/{block['id']}") or {}
                about = plain_text(database.get("description", ()))
                marker = next((marker for marker in wanted if marker in about), None)
                if marker is not None and not database.get("in_trash"):
                    self._databases[marker] = database
        problems = [
            f"The database {plain_text(step.payload['body']['title'])} is not below its home page, or has lost the "
            "mark at the end of its description."
            for marker, step in wanted.items()
            if self._databases and marker not in self._databases
        ]
        for marker, database in self._databases.items():
            fields = wanted_fields(wanted[marker].payload)
            there = self._source(database["data_sources"][0]["id"])
            if KEY in fields and drift_of(KEY, fields[KEY], there, fields) == "missing":
                problems.append(f"{plain_text(database['title'])} has no property {KEY}, by which rows are told apart.")
        if problems:
            raise _not_whole(self._home, problems)

    def adopt(self, payload: Mapping[str, Any]) -> Json | None:
        """Return the result of a step as it stands, None when it is still to be made."""
        match payload["makes"]:
            case "page":
                return self._page(payload)
            case "database":
                return self._database(payload)
            case "schema":
                return self._schema(payload["params"]["data_source_id"])
            case "fields":
                return self._fields(payload)
            case "tabs":
                return self._tabs(payload["query"]["database_id"])
            case "row":
                return self._row(payload)
        return self._view(payload)

    def _page(self, payload: Mapping[str, Any]) -> Json:
        if "marker" in payload:
            return cut("page", self._home)
        title = plain_text(payload["body"]["properties"]["title"]["title"])
        for identity in self._pages(title, payload["body"]["parent"]):
            if identity not in self._taken:
                self._taken.add(identity)
                return cut("page", self._api.get(f"/v1/pages/{identity}"))
        return _gone(f"the page {title}")

    def _database(self, payload: Mapping[str, Any]) -> Json | None:
        database = self._databases.get(payload["marker"])
        if database is None:
            return None
        result = cut("database", database)
        self._delivery.names.learn_step(payload, result)
        return self._told(result, payload, database["data_sources"][0]["id"])

    def _fields(self, payload: Mapping[str, Any]) -> Json | None:
        source = payload["params"]["data_source_id"]
        if not self._begun(wanted_fields(payload), self._source(source)):
            return None
        self._delivery.names.learn_step(payload, {})
        return self._told(self._schema(source), payload, source)

    def _begun(self, wanted: Json, there: Json) -> bool:
        """Tell whether anything of a later step's properties is there: it makes all of them, and names far sides."""
        names = {item["id"]: name for name, item in there.items()}
        return any(
            not names.get(key, UNNAMED).startswith(UNNAMED)
            if set(item) == {"name"}
            else drift_of(key, item, there, wanted) != "missing"
            for key, item in wanted.items()
        )

    def _told(self, result: Json, payload: Mapping[str, Any], source: str) -> Json:
        """Add which properties of a step are not there."""
        wanted, there = wanted_fields(payload), self._source(source)
        lost = [
            str(item["name"] if set(item) == {"name"} else name)
            for name, item in wanted.items()
            if drift_of(name, item, there, wanted) == "missing"
        ]
        return {**result, "lost": f"properties {', '.join(lost)}"} if lost else result

    def _schema(self, source: str) -> Json:
        """Return the properties of a table by the names that they were made with."""
        found = cut("schema", {"id": source, "properties": self._source(source)})
        made = self._delivery.names.now(source)
        properties = found["properties"]
        return {**found, "properties": properties | {was: properties[name] for was, name in made.items()}}

    def _source(self, source: str) -> Json:
        if source not in self._sources:
            self._sources[source] = self._api.get(f"/v1/data_sources/{source}")["properties"]
        return self._sources[source]

    def _tabs(self, database: str) -> Json | None:
        views = self._tabs_of(database)
        first = next((view for view in views if view.get("name") == FIRST_TAB), views[0] if views else {"id": NOBODY})
        return {"results": [{"id": first["id"]}]}

    def _tabs_of(self, database: str) -> list[Json]:
        if database not in self._views:
            ids = [view["id"] for view in self._api.listed("/v1/views", {"database_id": database})]
            self._views[database] = [view for i in ids if (view := self._api.look(f"/v1/views/{i}")) is not None]
        return self._views[database]

    def _view(self, payload: Mapping[str, Any]) -> Json | None:
        """Return the tab or widget of that name and kind. A tab that nobody renamed yet is still to be taken over."""
        body = payload.get("anew") or payload["body"]
        database = body.get("database_id")
        found = self._tabs_of(database) if database else self._widgets(body)
        for view in found:
            if view["id"] not in self._taken and (view.get("name"), view.get("type")) == (body["name"], body["type"]):
                self._taken.add(view["id"])
                return cut(payload["makes"], view)
        if payload["method"] == "PATCH" and any(view.get("name") == FIRST_TAB for view in found):
            return None
        gone = _gone(f"the view {body['name']}")
        return {"id": gone["id"]} if "optional" in payload else gone  # it may never have been there: a matter of plans

    def _widgets(self, body: Mapping[str, Any]) -> list[Json]:
        ids = self._delivery.finder.widgets(body) if body["view_id"] != NOBODY else ()
        return [view for i in ids if (view := self._api.look(f"/v1/views/{i}")) is not None]

    def _row(self, payload: Mapping[str, Any]) -> Json:
        """Return the row with the Source ID, or else with the title, whatever a person made of its other values."""
        values, source = payload["body"]["properties"], payload["body"]["parent"]["data_source_id"]
        title = plain_text(next(value["title"] for value in values.values() if "title" in value))
        wanted: Json = {"property": "title", "title": {"equals": title}}
        if KEY in values:
            key = plain_text(values[KEY]["rich_text"])
            wanted = {"property": self._schema(source)["properties"][KEY]["id"], "rich_text": {"equals": key}}
        for row in self._api.asked(f"/v1/data_sources/{source}/query", {"filter": wanted}):
            if row["id"] not in self._taken and not row.get("in_trash"):
                self._taken.add(row["id"])
                return cut("row", row)
        return _gone(f"the row {title}")


def _gone(what: str) -> Json:
    return {"id": NOBODY, "lost": what}


def _several(title: str, pages: list[Json]) -> RefusedError:
    return RefusedError(
        f"Several systems called “{title}” stand here that this library does not know.",
        title="Several systems stand here", kept=KEPT,
        problems=[str(page.get("url") or page["id"]) for page in pages],
        hint="move those that you do not want to the trash, rename their pages, or give the new system another name.",
    )  # fmt: skip


def _not_whole(home: Json, problems: list[str]) -> RefusedError:
    return RefusedError(
        f"chatbuilder built a system in {home.get('url') or home['id']}, and this library does not know it. It cannot "
        "be taken over, because parts are gone that everything else goes by.",
        title="A system stands here already", kept=KEPT, problems=problems,
        hint="bring them back (Notion keeps a trash), use the library file that it was built with, or give the new "
        "system another name or place.",
    )  # fmt: skip
