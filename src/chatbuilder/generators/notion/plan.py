"""The steps that build the system through the API, in an order in which everything a step needs is there.

Beside the request itself (method, path, params, query, body) a payload says what it makes, so that delivery can find
it again: `makes` (page, database, schema, fields, tabs, view, widget, row), `key` and, where the API keeps text for
us, `marker`. `optional` gives the reason why a refusal is no failure: the step and what depends on it are left out.
`anew` is the body that makes a view where the tab it was put on is gone.

New tabs go to the end, so each view waits for the one before it: the tabs stand in the order of the design whatever
else is sent at the same time, and writes to one database come one after the other, as Notion likes them
(conflict_error otherwise). The dashboard says its place itself, right after the first tab, and waits for no view.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from chatbuilder.blueprint import Blueprint, Table
from chatbuilder.generators.notion import pages
from chatbuilder.generators.notion.dashboard import Widget
from chatbuilder.generators.notion.rich import Json, emoji, mark, marked, rich
from chatbuilder.generators.notion.schema import (
    ICONS,
    database_key,
    database_properties,
    extend_key,
    in_order,
    late_properties,
    row_values,
    schema_key,
    source,
    two_ways,
)  # fmt: skip
from chatbuilder.generators.notion.views import NotionView
from chatbuilder.solution import Plan, Ref, Step

HOME = "home"
DASHBOARD = "dashboard"
_MAY_REFER = (dict, list, Ref)
NEEDS_BUSINESS = "Notion shows dashboards on the Business and Enterprise plans only."
_DATABASES, _SOURCES, _PAGES, _VIEWS = "/v1/databases", "/v1/data_sources/{data_source_id}", "/v1/pages", "/v1/views"


def build_plan(
    blueprint: Blueprint, home: list[Json], parent: Json, views: Mapping[str, NotionView], boxes: tuple[Widget, ...]
) -> Plan:
    """Return all steps. The home page has the blocks `home` and goes below `parent`."""
    steps = [
        _page(HOME, blueprint.name, parent, home, "🏠"),
        *_databases(blueprint),
        *_pages(blueprint),
        *_views(blueprint, views),
        *_dashboard(blueprint, boxes),
        *_rows(blueprint),
    ]
    return Plan(tuple(_with_dependencies(steps)))


def _with_dependencies(steps: list[Step]) -> Iterator[Step]:
    """Every step waits for the steps whose results it uses, and for those it names itself."""
    place = {step.key: index for index, step in enumerate(steps)}
    for step in steps:
        needed = {*step.depends_on, *_references(step.payload)} & place.keys()
        yield Step(step.key, step.title, step.kind, step.payload, tuple(sorted(needed, key=place.__getitem__)))


def _references(value: Any) -> Iterator[str]:
    """Yield the steps that a payload refers to. Payloads are made here, of plain dicts and lists."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if type(item) is Ref:
            yield item.step
            continue
        parts = (*item, *item.values()) if type(item) is dict else item
        waiting += [part for part in parts if type(part) in _MAY_REFER]


def _step(key: str, title: str, payload: Json, *after: str) -> Step:
    return Step(key, title, "http", payload, after)


def _page(key: str, title: str, parent: Json, children: list[Json], icon: str) -> Step:
    body = {
        "parent": parent,
        "icon": emoji(icon),
        "properties": {"title": {"title": rich(title)}},
        "children": children,
    }
    marker = {"marker": mark(HOME)} if key == HOME else {}
    return _step(
        key, f"Page {title}", {"method": "POST", "path": _PAGES, "body": body, "makes": "page", "key": key, **marker}
    )


def _databases(blueprint: Blueprint) -> Iterator[Step]:
    tables = in_order(blueprint.tables)
    yield from (_database(table, blueprint) for table in tables)
    owners = {link.owner.key for link in two_ways(blueprint)}
    for table in tables:
        if table.key in owners:
            yield _read(table)
    for table in tables:
        if fields := late_properties(table, blueprint):
            payload = {
                "method": "PATCH", "path": _SOURCES, "params": {"data_source_id": source(table.key)},
                "body": {"properties": fields}, "makes": "fields", "key": table.key,
            }  # fmt: skip
            yield _step(extend_key(table.key), f"Links and figures of {table.name}", payload)


def _database(table: Table, blueprint: Blueprint) -> Step:
    body = {
        "parent": {"type": "page_id", "page_id": Ref(HOME)},
        "title": rich(table.name),
        "description": [*rich(f"{table.about} "), *marked(table.key)],
        "is_inline": False,
        "icon": emoji(ICONS.get(table.key, "🗂️")),
        "initial_data_source": {"properties": database_properties(table, blueprint)},
    }
    payload = {
        "method": "POST",
        "path": _DATABASES,
        "body": body,
        "makes": "database",
        "key": table.key,
        "marker": mark(table.key),
    }
    return _step(database_key(table.key), f"Database {table.name}", payload)


def _read(table: Table) -> Step:
    payload = {
        "method": "GET", "path": _SOURCES, "params": {"data_source_id": source(table.key)}, "makes": "schema",
        "key": table.key,
    }  # fmt: skip
    return _step(schema_key(table.key), f"Read the fields of {table.name}", payload)


def _pages(blueprint: Blueprint) -> Iterator[Step]:
    home: Json = {"type": "page_id", "page_id": Ref(HOME)}
    if blueprint.templates:
        yield _page("page:templates", pages.TEMPLATES_TITLE, home, pages.templates_intro(), "📝")
        under: Json = {"type": "page_id", "page_id": Ref("page:templates")}
        for item in blueprint.templates:
            yield _page(f"template:{item.key}", item.name, under, pages.template(item, blueprint), "📄")
    if (automation := pages.tagging(blueprint)) is not None:
        yield _page("page:rules", pages.RULES_TITLE, home, pages.rules(automation, blueprint), "🏷️")
    if blocks := pages.team(blueprint):
        yield _page("page:team", pages.team_title(blueprint), home, blocks, "🤝")


def _views(blueprint: Blueprint, views: Mapping[str, NotionView]) -> Iterator[Step]:
    """The first table view of a database takes over the tab that Notion makes by itself; the others are added."""
    taken: set[str] = set()
    for table in in_order(blueprint.tables):
        payload = {
            "method": "GET", "path": _VIEWS, "query": {"database_id": Ref(database_key(table.key))}, "makes": "tabs",
            "key": table.key,
        }  # fmt: skip
        yield _step(tabs_key(table.key), f"Find the first tab of {table.name}", payload)
    last: dict[str, str] = {}  # the tab of a table that a new one goes behind
    for view in blueprint.views:
        made = views[view.key]
        after = [extend_key(view.table), tabs_key(view.table)]
        whole = {**_place(view.table), "type": made.kind, **made.body}
        key = f"view:{view.key}"
        if made.kind == "table" and view.table not in taken:
            taken.add(view.table)
            payload = {
                "method": "PATCH", "path": f"{_VIEWS}/{{view_id}}", "params": {"view_id": _first_tab(view.table)},
                "body": made.body, "anew": whole,
            }  # fmt: skip
        else:
            payload = {"method": "POST", "path": _VIEWS, "body": whole}
            after += [last[view.table]] if view.table in last else []
            last[view.table] = key
        payload |= {"makes": "view", "key": view.key}
        yield _step(key, f"View {view.name}", payload, *after)


def _first_tab(table: str) -> Ref:
    return Ref(tabs_key(table), "results.0.id")


def tabs_key(table: str) -> str:
    """Return the key of the step that finds the tab which Notion makes by itself."""
    return f"tabs:{table}"


def _place(table: str) -> Json:
    return {"database_id": Ref(database_key(table)), "data_source_id": source(table)}


def _dashboard(blueprint: Blueprint, boxes: tuple[Widget, ...]) -> Iterator[Step]:
    if blueprint.dashboard is None:
        return
    body = {**_place("sessions"), "name": blueprint.dashboard.name, "type": "dashboard"}
    body["position"] = {"type": "after_view", "view_id": _first_tab("sessions")}
    payload = {
        "method": "POST",
        "path": _VIEWS,
        "body": body,
        "makes": "view",
        "key": DASHBOARD,
        "optional": NEEDS_BUSINESS,
    }
    yield _step(DASHBOARD, f"View {blueprint.dashboard.name}", payload)
    lead = DASHBOARD
    for box in boxes:
        inside = {"view_id": Ref(DASHBOARD), "data_source_id": source(box.table), **box.body}
        payload = {"method": "POST", "path": _VIEWS, "body": inside, "makes": "widget", "key": box.key}
        payload["optional"] = NEEDS_BUSINESS
        key = f"widget:{box.key}"
        yield _step(key, f"Widget {box.body['name']}", payload, extend_key(box.table), lead)
        lead = key if box.body["placement"]["type"] == "new_row" else lead  # rows are counted, so they come in order


def _rows(blueprint: Blueprint) -> Iterator[Step]:
    made: dict[tuple[str, str], Ref] = {}
    for table in in_order(blueprint.tables):
        for number, row in _parents_first(table):
            title = str(row[table.title.key])
            key = f"row:{table.key}:{number}"
            body = {
                "parent": {"type": "data_source_id", "data_source_id": source(table.key)},
                "properties": row_values(table, row, made),
            }
            payload = {"method": "POST", "path": _PAGES, "body": body, "makes": "row", "key": key, "table": table.key}
            yield _step(key, f"{table.singular} {title}", payload, extend_key(table.key))
            made.setdefault((table.key, title), Ref(key))


def _parents_first(table: Table) -> list[tuple[int, Mapping[str, Any]]]:
    """Return the sample rows with their numbers, a row after the rows of the same table that it links to."""
    inner = [field.key for field in table.fields if field.relation and field.relation.table == table.key]
    waiting, placed = list(enumerate(table.samples, 1)), list[tuple[int, Mapping[str, Any]]]()
    while waiting:
        titles = {row[table.title.key] for _, row in waiting}
        free = (item for item in waiting if not any(set(item[1].get(key) or ()) & titles for key in inner))
        chosen = next(free, waiting[0])
        placed.append(chosen)
        waiting.remove(chosen)
    return placed
