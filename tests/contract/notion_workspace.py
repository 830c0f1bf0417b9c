"""A small Notion: answers requests like the API, keeps what they make, and refuses what the API would refuse.

It knows what a body alone does not show: whether the page, data source, property, choice or view that a request names
by then, and of which type it is. Filters are evaluated as the API reference ("Filter data source entries") says
and as recorded answers of the API show for empty values. Plans are delivered straight into it by the contract tests;
`tests.vendors.notion` puts it behind HTTP, with tokens, limits and faults.
"""

from __future__ import annotations

import copy
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from chatbuilder.solution import Plan, Step, resolve
from tests.contract.notion import Refused, check_request, need
from tests.contract.notion_language import conditions, evaluate, formula_properties, passes

GROUP_TYPES = {"text": "rich_text", "person": "people"}
MADE, EDITED = "2026-11-22T10:00:00.000Z", "2026-11-22T10:07:00.000Z"  # minutes, as the API rounds them
TRASHED = "Can't edit block that is archived. You must unarchive the block before editing."
MARK = "0123456789ab"
ROUTES = (
    "/v1/users/me", "/v1/search", "/v1/pages", "/v1/pages/{page_id}", "/v1/databases", "/v1/databases/{database_id}",
    "/v1/data_sources/{data_source_id}", "/v1/data_sources/{data_source_id}/query", "/v1/views", "/v1/views/{view_id}",
    "/v1/blocks/{block_id}", "/v1/blocks/{block_id}/children",
)  # fmt: skip


class Missing(Exception):
    """404 object_not_found: it is not there, or not shared; `kind` and `id` name it."""

    def __init__(self, kind: str, identity: str) -> None:
        super().__init__(f"{kind} {identity}")
        self.kind, self.id = kind, identity


@dataclass
class Page:
    """A page outside databases; `parent` is a page id, "" for the workspace."""

    id: str
    parent: str
    title: str
    blocks: list[dict[str, Any]] = field(default_factory=list)
    in_trash: bool = False
    edited: str = MADE


@dataclass
class Source:
    """One database with its data source: property name -> {"id", "type", and its settings}."""

    database: str
    title: str
    id: str = ""
    parent: str = ""
    description: str = ""
    properties: dict[str, dict[str, Any]] = field(default_factory=dict)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)
    in_trash: bool = False

    def find(self, key: str) -> dict[str, Any]:
        """Return a property by id or name."""
        by_id = {item["id"]: item for item in self.properties.values()}
        need(key in by_id or key in self.properties, f"{self.title} has no property {key!r}")
        return by_id.get(key) or self.properties[key]

    def live(self) -> list[dict[str, Any]]:
        """Return the rows that are not in the trash."""
        return [row for row in self.rows if not row.get("in_trash")]


def route(path: str) -> tuple[str, dict[str, str]]:
    """Return the template of a path and what stands for its names. Raises `Refused`."""
    for template in ROUTES:
        pattern = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", template)
        if found := re.fullmatch(pattern, path):
            return template, found.groupdict()
    raise Refused(f"Invalid request URL: {path}")


class Workspace:
    """What exists so far, and the answers to the steps delivered."""

    def __init__(self) -> None:
        self.pages: dict[str, Page] = {}
        self.sources: dict[str, Source] = {}
        self.databases: dict[str, str] = {}
        self.widgets: dict[str, dict[str, Any]] = {}
        self.dashboards: dict[str, list[list[str]]] = {}
        self.results: dict[str, dict[str, Any]] = {"target": {"mark": MARK}}
        self.page_cap = 100
        self.blocks: dict[str, list[dict[str, Any]]] = {}  # what is in rows and in toggles, by their ids
        self.chosen = 0  # choices that requests added to properties
        self._count = 0

    def run(self, plan: Plan) -> Workspace:
        """Deliver a whole plan."""
        for step in plan:
            self.deliver(step)
        return self

    def deliver(self, step: Step) -> None:
        """Deliver one step. Raises `Refused`, or `KeyError` for a Ref to a step that was not delivered."""
        need(set(step.depends_on) <= set(self.results), f"{step.key} before {step.depends_on}")
        need(step.kind == "http" and step.key not in self.results, f"step {step.key}")
        waits = {key: value for key, value in self.results.items() if key in (*step.depends_on, "target")}
        payload = resolve(step.payload, waits)  # only what it says it waits for
        if step.key == "home" and "page_id" in payload["body"]["parent"]:
            self.give(payload["body"]["parent"]["page_id"], "Somewhere")
        path = payload["path"].format(**payload.get("params", {}))
        self.results[step.key] = self.answer(payload["method"], path, payload.get("query", {}), payload.get("body"))

    def give(self, identity: str, title: str, parent: str = "") -> Page:
        """Let a page of the person's own be there."""
        return self.pages.setdefault(identity, Page(identity, parent, title))

    def source_of(self, table: str) -> Source:
        """Return the source that the step of a table made."""
        return self.sources[self.results[f"database:{table}"]["data_sources"][0]["id"]]

    def answer(self, method: str, path: str, query: Mapping[str, Any], body: Any) -> dict[str, Any]:
        """Do one request and return the body of its answer. Raises `Refused` or `Missing`, and changes nothing then."""
        template, params = route(path)
        check_request({"method": method, "path": template, "params": params, "query": dict(query), "body": body})
        words = [word for word in template.split("/")[2:] if not word.startswith("{")]
        name = f"_{method.lower()}_{'_'.join(words)}{'_one' if template.endswith('}') else ''}"
        args = [*params.values(), dict(query) if method == "GET" else copy.deepcopy(body)]
        result: dict[str, Any] = getattr(self, name)(*args)
        return result

    def trashed(self, identity: str) -> bool:
        """Tell whether a page or database is in the trash, by itself or with what it is on."""
        while identity:
            if identity in self.databases:
                source = self.sources[self.databases[identity]]
                here, identity = source.in_trash, source.parent
            elif identity in self.pages:
                page = self.pages[identity]
                here, identity = page.in_trash, page.parent
            else:
                return False
            if here:
                return True
        return False

    def row(self, identity: str) -> tuple[Source, dict[str, Any]] | None:
        """Return a row by its id, with its source."""
        found = ((s, row) for s in self.sources.values() for row in s.rows if row["id"] == identity)
        return next(found, None)

    def view(self, identity: str) -> tuple[Source, dict[str, Any]]:
        """Return a view or widget by its id, with its source. Raises `Missing`."""
        for source in self.sources.values():
            if identity in source.views:
                return source, source.views[identity]
        if identity in self.widgets:
            return self.sources[self.widgets[identity]["data_source_id"]], self.widgets[identity]
        raise Missing("view", identity)

    def _id(self) -> str:
        self._count += 1
        return str(uuid.UUID(int=self._count, version=4))

    # Pages ----------------------------------------------------------------------------------------------------------
    def _post_pages(self, body: dict[str, Any]) -> dict[str, Any]:
        page, parent = self._id(), body["parent"]
        if "data_source_id" in parent:
            self._row(self._source(parent["data_source_id"]), page, body["properties"])
            self.blocks[page] = [self._made_block(item) for item in body.get("children", ())]
            return self._get_pages_one(page, {})
        need(set(body["properties"]) == {"title"}, "a page outside a database has a title only")
        above = "" if "workspace" in parent else self._page(parent["page_id"]).id
        need(not self.trashed(above), TRASHED)
        self.pages[page] = Page(page, above, _words(body["properties"]["title"]["title"]), body.get("children", []))
        return self._get_pages_one(page, {})

    def _page(self, identity: str) -> Page:
        if identity not in self.pages:
            raise Missing("page", identity)
        return self.pages[identity]

    def _source(self, identity: str) -> Source:
        if identity not in self.sources:
            raise Missing("data source", identity)
        need(not self.trashed(self.sources[identity].database), TRASHED)
        return self.sources[identity]

    def _row(self, source: Source, page: str, values: dict[str, Any]) -> None:
        source.rows.append({"id": page, "properties": self._checked(source, values)})

    def _checked(self, source: Source, values: dict[str, Any]) -> dict[str, Any]:
        """Return values by name; a choice that is not there is added to the property, as the API does."""
        named = {}
        for key, value in values.items():
            item = source.find(key)
            name, kind = item["name"], item["type"]
            need(name not in named, f"{name} twice")
            need(kind in value, f"{name} is {kind}, not {sorted(value)}")
            if kind == "relation":
                there = {row["id"] for row in self.sources[item["target"]].live()}
                need({link["id"] for link in value["relation"]} <= there, f"{name} links to a page that is not there")
            named[name] = value
        for name, value in named.items():
            for option in new_options(source.properties[name], value):
                known = {o["name"].casefold() for o in source.properties[name]["select_options"]}
                need(option.casefold() not in known, f"{option!r} differs from a choice by case only")
                source.properties[name]["select_options"].append({"name": option, "color": "default"})
                self.chosen += 1
        return named

    def _get_pages_one(self, identity: str, _: Any) -> dict[str, Any]:
        base = {"object": "page", "id": identity, "created_time": MADE, "url": _url(identity)}
        if (found := self.row(identity)) is not None:
            source, row = found
            over = self.trashed(source.database)
            return base | {
                "parent": {"type": "data_source_id", "data_source_id": source.id, "database_id": source.database},
                "last_edited_time": row.get("edited", MADE), "in_trash": bool(row.get("in_trash")) or over,
                "properties": _row_values(source, row["properties"]),
            }  # fmt: skip
        page = self._page(identity)
        parent = (
            {"type": "page_id", "page_id": page.parent} if page.parent else {"type": "workspace", "workspace": True}
        )
        title = {"title": {"id": "title", "type": "title", "title": _rich(page.title)}}
        more = {"parent": parent, "last_edited_time": page.edited, "in_trash": self.trashed(identity)}
        return base | more | {"properties": title}

    def _patch_pages_one(self, identity: str, body: dict[str, Any]) -> dict[str, Any]:
        found = self.row(identity)
        if found is None:
            need(set(body) == {"in_trash"}, "a page outside a database is only moved to the trash here")
            self._page(identity).in_trash = body["in_trash"]
            return self._get_pages_one(identity, {})
        source, row = found
        if "properties" in body:
            need(not row.get("in_trash") and not self.trashed(source.database), TRASHED)
            row["properties"] |= self._checked(source, body["properties"])
            row["edited"] = EDITED
        if "in_trash" in body:
            row["in_trash"] = body["in_trash"]
        return self._get_pages_one(identity, {})

    # Blocks ---------------------------------------------------------------------------------------------------------
    def _made_block(self, item: dict[str, Any]) -> dict[str, Any]:
        made = {**item, "id": self._id(), item["type"]: dict(item[item["type"]])}
        inside = made[item["type"]].pop("children", [])
        if item["type"] == "toggle":
            self.blocks[made["id"]] = [self._made_block(part) for part in inside]
        return made

    def block(self, identity: str) -> tuple[str, dict[str, Any]]:
        """Return what a block is in, and the block. Raises `Missing`."""
        found = ((k, item) for k, items in self.blocks.items() for item in items if item["id"] == identity)
        if (there := next(found, None)) is None:
            raise Missing("block", identity)
        return there

    def _patch_blocks_one(self, identity: str, body: dict[str, Any]) -> dict[str, Any]:
        above, item = self.block(identity)
        need(self._is_live(above) and not item.get("in_trash"), TRASHED)
        if "in_trash" in body:
            item["in_trash"] = body["in_trash"]
        else:
            need(item["type"] == "toggle", f"{identity} is no toggle")
            item["toggle"] = body["toggle"]
        return _block(item, identity)

    def _is_live(self, identity: str) -> bool:
        """Tell whether a row or block can be changed."""
        if (found := self.row(identity)) is not None:
            return not found[1].get("in_trash") and not self.trashed(found[0].database)
        above, item = self.block(identity)
        return not item.get("in_trash") and self._is_live(above)

    def _get_blocks_children(self, identity: str, query: dict[str, Any]) -> dict[str, Any]:
        if identity in self.blocks or self.row(identity) is not None:
            live = (item for item in self.blocks.get(identity, ()) if not item.get("in_trash"))
            return self._listed([_block(item, item["id"]) for item in live], query)
        if identity not in self.pages:
            raise Missing("block", identity)
        page = self._page(identity)
        inside = [
            {"object": "block", "id": p.id, "type": "child_page", "child_page": {"title": p.title}, "in_trash": False}
            for p in self.pages.values()
            if p.parent == identity and not p.in_trash
        ] + [
            {"object": "block", "id": s.database, "type": "child_database", "child_database": {"title": s.title},
             "in_trash": False}
            for s in self.sources.values()
            if s.parent == identity and not s.in_trash
        ]  # fmt: skip
        return self._listed([_block(item, f"{identity}-{n}") for n, item in enumerate(page.blocks)] + inside, query)

    def _patch_blocks_children(self, identity: str, body: dict[str, Any]) -> dict[str, Any]:
        if identity in self.blocks or self.row(identity) is not None:
            need(self._is_live(identity), TRASHED)
            made = [self._made_block(item) for item in body["children"]]
            self.blocks.setdefault(identity, []).extend(made)
            return self._listed([_block(item, item["id"]) for item in made], {})
        need(not self.trashed(identity), TRASHED)
        page = self._page(identity)
        page.blocks += body["children"]
        return self._listed([_block(item, f"{identity}-new") for item in body["children"]], {})

    def _listed(self, items: list[dict[str, Any]], query: Mapping[str, Any]) -> dict[str, Any]:
        """Return one page of a list; the cursor is the place to go on from."""
        size = min(int(query.get("page_size", 100)), self.page_cap)
        start = int(query.get("start_cursor") or 0)
        more = start + size < len(items)
        cursor = str(start + size) if more else None
        return {"object": "list", "results": items[start : start + size], "next_cursor": cursor, "has_more": more}

    # Databases ------------------------------------------------------------------------------------------------------
    def _post_databases(self, body: dict[str, Any]) -> dict[str, Any]:
        above = self._page(body["parent"]["page_id"]).id
        need(not self.trashed(above), TRASHED)
        schema = body["initial_data_source"]["properties"]
        need(sum("title" in item for item in schema.values()) == 1, "exactly one title")
        database, source_id = self._id(), self._id()
        source = Source(database, _words(body["title"]), source_id, above, _words(body["description"]))
        self.sources[source_id] = source
        try:
            self._add(source, source_id, schema)
        except Refused:
            del self.sources[source_id]
            raise
        self.databases[database] = source_id
        source.views[self._id()] = {"name": "Default view", "type": "table"}
        return self._get_databases_one(database, {})

    def _database(self, identity: str) -> Source:
        if identity not in self.databases:
            raise Missing("database", identity)
        return self.sources[self.databases[identity]]

    def _get_databases_one(self, identity: str, _: Any) -> dict[str, Any]:
        source = self._database(identity)
        return {
            "object": "database", "id": identity, "title": _rich(source.title), "is_inline": False,
            "description": _rich(source.description),
            "parent": {"type": "page_id", "page_id": source.parent},
            "in_trash": self.trashed(identity), "data_sources": [{"id": source.id, "name": source.title}],
            "url": _url(identity),
        }  # fmt: skip

    def _patch_databases_one(self, identity: str, body: dict[str, Any]) -> dict[str, Any]:
        self._database(identity).in_trash = body["in_trash"]
        return self._get_databases_one(identity, {})

    def _add(self, source: Source, source_id: str, schema: dict[str, Any]) -> None:
        """Plain properties first: the API sorts out what a formula or rollup of the same request needs."""
        late = {name: item for name, item in schema.items() if "formula" in item or "rollup" in item}
        for name, item in {**{n: i for n, i in schema.items() if n not in late}, **late}.items():
            need(name.casefold() not in {n.casefold() for n in source.properties}, f"twice a property {name!r}")
            kind = next(key for key in item if key not in ("type", "description", "name"))
            made = source.properties[name] = {"id": "title" if kind == "title" else self._id()[30:], "type": kind}
            made |= {"name": name, "description": item.get("description"), "settings": item[kind]}
            getattr(self, f"_add_{kind}", lambda *_: None)(source, source_id, made, item[kind])

    def _add_select(self, _: Source, __: str, made: dict[str, Any], settings: dict[str, Any]) -> None:
        made["select_options"] = settings.get("options", [])

    _add_multi_select = _add_select

    def _add_relation(self, source: Source, source_id: str, made: dict[str, Any], settings: dict[str, Any]) -> None:
        need(settings["data_source_id"] in self.sources, "the other data source does not exist")
        made["target"] = settings["data_source_id"]
        made["relation"] = {"data_source_id": made["target"], "type": settings["type"], settings["type"]: {}}
        if settings["type"] == "dual_property":
            need(made["target"] != source_id, "a two-way link to itself fails with 500")
            far = self.sources[made["target"]]
            other = f"Related to {source.title} ({made['name']})"
            far.properties[other] = {"id": self._id()[30:], "type": "relation", "name": other, "target": source_id}
            back = {"synced_property_id": made["id"], "synced_property_name": made["name"]}
            far.properties[other]["relation"] = {
                "data_source_id": source_id, "type": "dual_property", "dual_property": back
            }  # fmt: skip
            pair = {"synced_property_id": far.properties[other]["id"], "synced_property_name": other}
            made["relation"]["dual_property"] = pair

    def _add_rollup(self, source: Source, _: str, made: dict[str, Any], settings: dict[str, Any]) -> None:
        sides = {key.rpartition("_")[0]: value for key, value in settings.items() if key != "function"}
        link = source.find(sides["relation_property"])
        need(link["type"] == "relation", "a rollup over what is no relation")
        rolled = self.sources[link["target"]].find(sides["rollup_property"])
        need(settings["function"] != "latest_date" or rolled["type"] == "date", "latest_date of no date")
        made["result"] = "date" if settings["function"] == "latest_date" else "number"

    def _add_formula(self, source: Source, _: str, made: dict[str, Any], settings: dict[str, Any]) -> None:
        for name in formula_properties(settings["expression"]):
            source.find(name)
        made["expression"] = settings["expression"]
        made["result"] = (
            "checkbox" if isinstance(evaluate(made["expression"], {}, date(2026, 1, 1)), bool) else "number"
        )

    def _get_data_sources_one(self, identity: str, _: Any) -> dict[str, Any]:
        if identity not in self.sources:
            raise Missing("data source", identity)
        source = self.sources[identity]
        return {
            "object": "data_source", "id": identity, "title": _rich(source.title),
            "in_trash": self.trashed(source.database),
            "parent": {"type": "database_id", "database_id": source.database},
            "properties": {name: _property(item) for name, item in source.properties.items()},
        }  # fmt: skip

    def _patch_data_sources_one(self, identity: str, body: dict[str, Any]) -> dict[str, Any]:
        source = self._source(identity)
        before = copy.deepcopy(source.properties)
        try:
            self._change(source, body["properties"])
        except Refused:
            source.properties = before
            raise
        return self._get_data_sources_one(identity, {})

    def _change(self, source: Source, wanted: dict[str, Any]) -> None:
        fresh = {}
        for key, item in wanted.items():
            known = key in source.properties or key in {p["id"] for p in source.properties.values()}
            if set(item) == {"name"}:
                self._rename(source, source.find(key), item["name"])
            elif known:
                self._update(source.find(key), item)
            else:
                fresh[key] = item
        self._add(source, source.id, fresh)

    def _rename(self, source: Source, item: dict[str, Any], name: str) -> None:
        del source.properties[item["name"]]
        need(name.casefold() not in {n.casefold() for n in source.properties}, f"twice a property {name!r}")
        source.properties[name] = item
        _follow(source.views, item["name"], name)
        _follow(self.widgets, item["name"], name)
        for row in source.rows:
            row["properties"] = {name if k == item["name"] else k: v for k, v in row["properties"].items()}
        for far in (s.properties for s in self.sources.values()):
            for other in far.values():
                pair = other.get("relation", {}).get("dual_property", {})
                if pair.get("synced_property_id") == item["id"]:
                    pair["synced_property_name"] = name
        item["name"] = name

    def _update(self, item: dict[str, Any], wanted: dict[str, Any]) -> None:
        """Settings that are sent take the place of the old ones: an option that is left out is gone."""
        kind = item["type"]
        need(kind in wanted, f"{item['name']} is {kind}: sent as {sorted(wanted)}, its values would be lost")
        if "options" in wanted[kind]:
            item["select_options"] = wanted[kind]["options"]
        if "expression" in wanted[kind]:
            item["expression"] = wanted[kind]["expression"]
        item["settings"] = {**item.get("settings", {}), **wanted[kind]}

    def _post_data_sources_query(self, identity: str, body: dict[str, Any]) -> dict[str, Any]:
        source = self._source(identity)
        for condition in conditions(body.get("filter")):
            source.find(condition["property"])
        today = date(2026, 11, 22)
        if (wanted := _equal_texts(body.get("filter"), source)) is not None:
            name, texts = wanted
            rows = (r for r in source.live() if _said(r["properties"].get(name)) in texts)
            return self._listed([self._get_pages_one(row["id"], {}) for row in rows], body)
        kept = [r for r in source.live() if passes(body.get("filter"), _plain_row(source, r), source, today, "")]
        return self._listed([self._get_pages_one(row["id"], {}) for row in kept], body)

    # Views ----------------------------------------------------------------------------------------------------------
    def _get_views(self, query: dict[str, Any]) -> dict[str, Any]:
        source = (
            self._database(query["database_id"]) if "database_id" in query else self.sources[query["data_source_id"]]
        )
        widgets = [key for key, item in self.widgets.items() if item["data_source_id"] == source.id]
        keys = [*source.views, *(widgets if "data_source_id" in query else ())]
        return self._listed([{"object": "view", "id": key} for key in keys], query)

    def _get_views_one(self, identity: str, _: Any) -> dict[str, Any]:
        source, view = self.view(identity)
        answer = {
            "object": "view", "id": identity, "name": view["name"], "type": view["type"], "url": _url(identity),
            "parent": {"type": "database_id", "database_id": source.database}, "data_source_id": source.id,
            "filter": _by_id(view.get("filter"), source), "sorts": _by_id(view.get("sorts"), source),
            "configuration": view.get("configuration"),
        }  # fmt: skip
        if view["type"] == "dashboard":
            rows = [{"id": f"r{n}", "widgets": [{"id": f"w{key}", "view_id": key} for key in row]}
                    for n, row in enumerate(self.dashboards[identity])]  # fmt: skip
            answer |= {"configuration": {"type": "dashboard", "rows": rows}, "data_source_id": None}
        return answer | ({"dashboard_view_id": view["view_id"]} if "view_id" in view else {})

    def _post_views(self, body: dict[str, Any]) -> dict[str, Any]:
        source = self._source(body["data_source_id"])
        self._check_view(source, body)
        view = self._id()
        if "view_id" in body:
            self._place(view, body)
            self.widgets[view] = body
        else:
            need(self.databases.get(body["database_id"]) == body["data_source_id"], "database and data source differ")
            self._put(source, view, body)
        if body["type"] == "dashboard":
            self.dashboards[view] = []
        return self._get_views_one(view, {})

    def _put(self, source: Source, view: str, body: dict[str, Any]) -> None:
        """Place a tab: at the end, or where `position` says."""
        place, tabs = body.get("position", {"type": "end"}), list(source.views)
        if place["type"] == "after_view":
            need(place["view_id"] in tabs, "position after a view that is not there")
        ends = {"start": 0, "end": len(tabs)}
        at = ends[place["type"]] if place["type"] in ends else tabs.index(place["view_id"]) + 1
        tabs.insert(at, view)
        source.views = {key: body if key == view else source.views[key] for key in tabs}

    def _place(self, view: str, body: dict[str, Any]) -> None:
        need(body["view_id"] in self.dashboards and body["type"] != "dashboard", "no dashboard of this id")
        rows = self.dashboards[body["view_id"]]
        place = body.get("placement", {"type": "new_row"})
        if place["type"] == "new_row":
            rows.insert(place.get("row_index", len(rows)), [view])
        else:
            need(0 <= place["row_index"] < len(rows), "no such row in the dashboard")
            need(len(rows[place["row_index"]]) < 4, "a row of a dashboard holds four widgets")
            rows[place["row_index"]].append(view)

    def _patch_views_one(self, identity: str, body: dict[str, Any]) -> dict[str, Any]:
        source, view = self.view(identity)
        need(body.get("configuration", {}).get("type", view["type"]) == view["type"], "a view keeps its type")
        self._check_view(source, body)
        if "configuration" in body:
            body["configuration"] = {**view.get("configuration", {}), **body["configuration"]}
        view.update(body)
        for key in ("filter", "sorts"):
            if view.get(key, ...) is None:
                del view[key]
        return self._get_views_one(identity, {})

    def _check_view(self, source: Source, body: dict[str, Any]) -> None:
        for condition in conditions(body.get("filter")):
            item = source.find(condition["property"])
            kind = next(key for key in condition if key not in ("property", "type"))
            need(kind == item["type"], f"{condition['property']} is {item['type']}, not {kind}")
            need(
                kind not in ("formula", "rollup") or set(condition[kind]) == {item["result"]}, f"result of {condition}"
            )
        for sort in body.get("sorts") or []:
            source.find(sort["property"])
        layout = body.get("configuration", {})
        seen = [source.find(look["property_id"])["id"] for look in layout.get("properties") or []]
        need(len(set(seen)) == len(seen), "a property twice")
        ours = sum("own" not in item for item in source.properties.values())
        need("properties" not in layout or len(seen) >= ours, "a property of unknown visibility")
        for key in ("date_property_id", "end_date_property_id"):
            need(not layout.get(key) or source.find(layout[key])["type"] == "date", f"{key} is no date")
        for key in ("group_by", "x_axis"):
            if layout.get(key):
                kind = source.find(layout[key]["property_id"])["type"]
                need(
                    GROUP_TYPES.get(layout[key]["type"], layout[key]["type"]) == kind, f"{kind} grouped: {layout[key]}"
                )
        for part in ("value", "y_axis"):
            if "property_id" in layout.get(part, {}):
                need(source.find(layout[part]["property_id"])["type"] == "number", "figures need a number")


# Answers ------------------------------------------------------------------------------------------------------------
def _words(items: list[dict[str, Any]]) -> str:
    return "".join(item["text"]["content"] for item in items)


def _rich(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": {"content": text, "link": None}, "plain_text": text, "href": None}] if text else []


def _url(identity: str) -> str:
    return f"https://www.notion.so/{identity.replace('-', '')}"


def new_options(item: dict[str, Any], value: dict[str, Any]) -> list[str]:
    """Return the choices of a value that its property does not have."""
    kind = item["type"]
    if kind not in ("select", "multi_select") or not value.get(kind):
        return []
    known = {option["name"] for option in item["select_options"]}
    chosen = [value[kind]] if kind == "select" else value[kind]
    return [name for name in dict.fromkeys(option["name"] for option in chosen) if name not in known]


def _equal_texts(expr: dict[str, Any] | None, source: Source) -> tuple[str, set[str]] | None:
    """Return property and texts of a filter that asks for one text or one of several; None for any other filter."""
    found = conditions(expr)
    if not found or (expr and "and" in expr):
        return None
    names, texts = set(), set()
    for condition in found:
        kind = next(key for key in condition if key not in ("property", "type"))
        item = source.find(condition["property"])
        need(kind == item["type"], f"{item['name']} is {item['type']}, not {kind}")
        if kind not in ("title", "rich_text") or set(condition[kind]) != {"equals"}:
            return None
        names.add(item["name"])
        texts.add(condition[kind]["equals"])
    return (names.pop(), texts) if len(names) == 1 else None


def _said(value: dict[str, Any] | None) -> str:
    return _words(next(iter((value or {"title": []}).values())))


def _block(item: dict[str, Any], identity: str) -> dict[str, Any]:
    kind = item["type"]
    inner = {**item[kind], "rich_text": _rich(_words(item[kind]["rich_text"]))}
    return {
        "object": "block", "id": identity, "type": kind, kind: inner, "in_trash": False,
        "has_children": kind == "toggle",
    }  # fmt: skip


def _property(item: dict[str, Any]) -> dict[str, Any]:
    kind = item["type"]
    settings: Any = item.get("settings", {})
    if kind in ("select", "multi_select"):
        settings = {"options": [{"id": f"o{n}", **option} for n, option in enumerate(item["select_options"])]}
    elif kind == "relation":
        settings = item["relation"]
    return {
        "id": item["id"], "name": item["name"], "type": kind, "description": item.get("description"), kind: settings
    }  # fmt: skip


def _row_values(source: Source, values: dict[str, Any]) -> dict[str, Any]:
    found = {}
    for name, item in source.properties.items():
        kind = item["type"]
        value = values.get(name, {}).get(kind)
        if kind in ("title", "rich_text"):
            value = _rich(_words(value or []))
        elif kind in ("multi_select", "relation", "people"):
            value = value or []
        elif kind == "select" and value:
            value = {"id": "o", "name": value["name"], "color": "default"}
        elif kind == "date" and value:
            value = {"start": _time(value["start"]), "end": _time(value.get("end")), "time_zone": None}
        elif kind == "checkbox":
            value = bool(value)
        elif kind in ("formula", "rollup"):
            value = {"type": item["result"], item["result"]: None}
        found[name] = {"id": item["id"], "type": kind, kind: value}
    return found


def _time(text: str | None) -> str | None:
    """Return a time to the minute and with its offset, as the API gives it back; a day stays a day."""
    if text is None or len(text) < 16:
        return text
    return datetime.fromisoformat(text).replace(second=0).isoformat(timespec="milliseconds")


def _plain_row(source: Source, row: dict[str, Any]) -> dict[str, Any]:
    plain = {}
    for name, item in source.properties.items():
        value = row["properties"].get(name, {}).get(item["type"])
        plain[name] = _words(value) if item["type"] in ("title", "rich_text") and value else value
    return plain


def _follow(value: Any, old: str, new: str) -> None:
    """Let views say the new name of a property wherever they said the old one: Notion keeps ids, not names."""
    if isinstance(value, dict):
        for key, item in value.items():
            if item == old and (key == "property" or key.endswith("property_id")):
                value[key] = new
            _follow(item, old, new)
    elif isinstance(value, list):
        for item in value:
            _follow(item, old, new)


def _by_id(value: Any, source: Source) -> Any:
    """Return a filter or sorts with property ids for names, as the API gives them back."""
    if isinstance(value, list):
        return [_by_id(item, source) for item in value]
    if isinstance(value, dict):
        out = {key: _by_id(item, source) for key, item in value.items()}
        if isinstance(value.get("property"), str):
            known = [p["id"] for p in source.properties.values() if value["property"] in (p["name"], p["id"])]
            out["property"] = known[0] if known else value["property"]
        return out
    return value
