"""A small Notion: takes the steps of a plan in order, answers like the API, and refuses what the API would refuse.

It knows what a body alone does not show: whether the page, data source, property, choice or view that a request names
by then, and of which type it is. Filters are evaluated as the API reference ("Filter data source entries") says
and as recorded answers of the API show for empty values.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from chatbuilder.solution import Plan, Step, resolve
from tests.contract.notion import check_request, need

GROUP_TYPES = {"text": "rich_text", "person": "people"}


@dataclass
class Source:
    """One database with its data source: property name -> {"id", "type", and its settings}."""

    database: str
    title: str
    properties: dict[str, dict[str, Any]] = field(default_factory=dict)
    views: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def find(self, key: str) -> dict[str, Any]:
        """Return a property by id or name."""
        by_id = {item["id"]: item for item in self.properties.values()}
        need(key in by_id or key in self.properties, f"{self.title} has no property {key!r}")
        return by_id.get(key) or self.properties[key]


class Workspace:
    """What exists so far, and the answers to the steps delivered."""

    def __init__(self) -> None:
        self.pages: set[str] = set()
        self.sources: dict[str, Source] = {}
        self.databases: dict[str, str] = {}
        self.dashboards: dict[str, int] = {}
        self.results: dict[str, dict[str, Any]] = {}
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
        waits = {key: value for key, value in self.results.items() if key in step.depends_on}
        payload = resolve(step.payload, waits)  # only what it says it waits for
        check_request(payload)
        kind = payload["path"].split("/")[2]
        self.results[step.key] = getattr(self, f"_{payload['method'].lower()}_{kind}")(payload, payload.get("body"))

    def source_of(self, table: str) -> Source:
        """Return the source that the step of a table made."""
        return self.sources[self.results[f"database:{table}"]["data_sources"][0]["id"]]

    def _id(self) -> str:
        self._count += 1
        return str(uuid.UUID(int=self._count, version=4))

    def _post_pages(self, payload: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        page, parent = self._id(), body["parent"]
        if "data_source_id" in parent:
            self._row(self.sources[parent["data_source_id"]], page, body["properties"])
        else:
            need(set(body["properties"]) == {"title"}, "a page outside a database has a title only")
            known = "workspace" in parent or parent["page_id"] in self.pages or payload["key"] == "home"
            need(known, "the parent page does not exist")
        self.pages.add(page)
        return {"object": "page", "id": page, "url": f"https://www.notion.so/{page.replace('-', '')}"}

    def _row(self, source: Source, page: str, values: dict[str, Any]) -> None:
        for name, value in values.items():
            item = source.find(name)
            kind = item["type"]
            need(kind in value, f"{name} is {kind}, not {sorted(value)}")
            if kind in ("select", "multi_select"):
                chosen = [value[kind]] if kind == "select" else value[kind]
                known = {option["name"] for option in item["select_options"]}
                need({option["name"] for option in chosen} <= known, f"unknown choice in {chosen}")
            if kind == "relation":
                there = {row["id"] for row in self.sources[item["target"]].rows}
                need({link["id"] for link in value["relation"]} <= there, f"{name} links to a page that is not there")
        source.rows.append({"id": page, "properties": values})

    def _post_databases(self, payload: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        need(body["parent"]["page_id"] in self.pages, "the parent page does not exist")
        database, source_id = self._id(), self._id()
        source = self.sources[source_id] = Source(database, "".join(item["text"]["content"] for item in body["title"]))
        self.databases[database] = source_id
        schema = body["initial_data_source"]["properties"]
        need(sum("title" in item for item in schema.values()) == 1, "exactly one title")
        self._add(source, source_id, schema)
        source.views[self._id()] = {"name": "Default view", "type": "table"}
        return {"object": "database", "id": database, "data_sources": [{"id": source_id, "name": source.title}]}

    def _add(self, source: Source, source_id: str, schema: dict[str, Any]) -> None:
        """Plain properties first: the API sorts out what a formula or rollup of the same request needs."""
        late = {name: item for name, item in schema.items() if "formula" in item or "rollup" in item}
        for name, item in {**{n: i for n, i in schema.items() if n not in late}, **late}.items():
            need(name.casefold() not in {n.casefold() for n in source.properties}, f"twice a property {name!r}")
            kind = next(key for key in item if key not in ("type", "description", "name"))
            made = source.properties[name] = {"id": "title" if kind == "title" else self._id()[30:], "type": kind}
            made["name"] = name
            getattr(self, f"_add_{kind}", lambda *_: None)(source, source_id, made, item[kind])

    def _add_select(self, _: Source, __: str, made: dict[str, Any], settings: dict[str, Any]) -> None:
        made["select_options"] = settings["options"]

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

    def _get_data_sources(self, payload: Mapping[str, Any], _: None) -> dict[str, Any]:
        source_id = payload["params"]["data_source_id"]
        return {"object": "data_source", "id": source_id, "properties": self.sources[source_id].properties}

    def _patch_data_sources(self, payload: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        source_id = payload["params"]["data_source_id"]
        source = self.sources[source_id]
        renamed = {key: item["name"] for key, item in body["properties"].items() if set(item) == {"name"}}
        for key, name in renamed.items():
            item = source.find(key)
            del source.properties[item["name"]]
            need(name not in source.properties, f"twice a property {name!r}")
            source.properties[name] = item
            item["name"] = name
        self._add(source, source_id, {key: item for key, item in body["properties"].items() if key not in renamed})
        return {"object": "data_source", "id": source_id}

    def _get_views(self, payload: Mapping[str, Any], _: None) -> dict[str, Any]:
        source = self.sources[self.databases[payload["query"]["database_id"]]]
        return {"object": "list", "results": [{"object": "view", "id": key} for key in source.views]}

    def _post_views(self, payload: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        view = self._id()
        source = self.sources[body["data_source_id"]]
        self._check_view(source, body)
        if "view_id" in body:
            self._place(body)
        else:
            need(self.databases[body["database_id"]] == body["data_source_id"], "database and data source differ")
            source.views[view] = body
        if body["type"] == "dashboard":
            self.dashboards[view] = 0
        return {"object": "view", "id": view, "type": body["type"]}

    def _place(self, body: dict[str, Any]) -> None:
        need(body["view_id"] in self.dashboards and body["type"] != "dashboard", "no dashboard of this id")
        place = body.get("placement", {"type": "new_row"})
        if place["type"] == "new_row":
            self.dashboards[body["view_id"]] += 1
        else:
            need(0 <= place["row_index"] < self.dashboards[body["view_id"]], "no such row in the dashboard")

    def _patch_views(self, payload: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        view = payload["params"]["view_id"]
        source = next(s for s in self.sources.values() if view in s.views)
        need(body.get("configuration", {}).get("type", "table") == source.views[view]["type"], "a view keeps its type")
        self._check_view(source, body)
        source.views[view] |= body
        return {"object": "view", "id": view, "type": source.views[view]["type"]}

    def _check_view(self, source: Source, body: dict[str, Any]) -> None:
        for condition in conditions(body.get("filter")):
            item = source.find(condition["property"])
            kind = next(key for key in condition if key not in ("property", "type"))
            need(kind == item["type"], f"{condition['property']} is {item['type']}, not {kind}")
            need(
                kind not in ("formula", "rollup") or set(condition[kind]) == {item["result"]}, f"result of {condition}"
            )
        for sort in body.get("sorts", []):
            source.find(sort["property"])
        layout = body.get("configuration", {})
        seen = [source.find(look["property_id"])["id"] for look in layout.get("properties", [])]
        need(len(set(seen)) == len(seen), "a property twice")
        need("properties" not in layout or len(seen) == len(source.properties), "a property of unknown visibility")
        for key in ("date_property_id", "end_date_property_id"):
            need(key not in layout or source.find(layout[key])["type"] == "date", f"{key} is no date")
        for key in ("group_by", "x_axis"):
            if key in layout:
                kind = source.find(layout[key]["property_id"])["type"]
                need(
                    GROUP_TYPES.get(layout[key]["type"], layout[key]["type"]) == kind, f"{kind} grouped: {layout[key]}"
                )
        for part in ("value", "y_axis"):
            if "property_id" in layout.get(part, {}):
                need(source.find(layout[part]["property_id"])["type"] == "number", "figures need a number")


def conditions(expr: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return the single conditions of a filter."""
    if expr is None:
        return []
    parts = expr.get("and") or expr.get("or")
    return [condition for part in parts for condition in conditions(part)] if parts else [expr]


# Formulas -----------------------------------------------------------------------------------------------------------
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def formula_properties(expression: str) -> list[str]:
    """Return the names in prop("…")."""
    return [eval(text) for text in re.findall(r"prop\((" + _STRING.pattern + r")\)", expression)]


def evaluate(expression: str, values: Mapping[str, Any], today: date) -> Any:
    """Evaluate the part of the formula language that is used; names and strings stay as they are."""
    pieces, at = [], 0
    for match in _STRING.finditer(expression):
        pieces += [_python(expression[at : match.start()]), match[0]]
        at = match.end()
    code = "".join([*pieces, _python(expression[at:])])
    return eval(
        code, {"__builtins__": {}}, _functions(values, datetime(today.year, today.month, today.day, 12, tzinfo=UTC))
    )


def _python(text: str) -> str:
    words = {"if": "if_", "true": "True", "false": "False"}
    return re.sub(r"\b(if|true|false)\b", lambda match: words[match[0]], text)


BLANK = float("nan")  # an empty value: equal to nothing, neither more nor less than anything


def _functions(values: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    def moment(value: Any) -> datetime | None:
        return None if value != value else value if isinstance(value, datetime) else read_time(value)

    def text(value: Any) -> str:
        found = moment(value)
        return "" if found is None else found.date().isoformat()

    def milliseconds(value: Any) -> float:
        found = moment(value)
        return BLANK if found is None else found.timestamp() * 1000

    return {
        "prop": lambda name: BLANK if values.get(name) in (None, "", (), []) else values[name],
        "empty": lambda value: value != value,
        "if_": lambda test, yes, no: yes if test else no,  # both sides are computed first: BLANK makes that safe
        "toNumber": lambda words: float(words) if words else None,
        "now": lambda: now,
        "timestamp": milliseconds,
        "floor": lambda value: value if value != value else int(value // 1),
        "formatDate": lambda value, _: text(value),
        "parseDate": lambda words: read_time(words) if words else BLANK,
        "dateBetween": lambda a, b, _: BLANK if a != a or b != b else (a.date() - b.date()).days,
        "includes": lambda entries, entry: entries == entries and entry in entries,
    }


def read_time(text: str) -> datetime:
    """Return a moment; a date is its midnight in UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


# Filters ------------------------------------------------------------------------------------------------------------
def passes(expr: dict[str, Any] | None, row: Mapping[str, Any], source: Source, today: date, me: str) -> bool:
    """Tell whether a row (property name -> plain value) passes a filter."""
    if expr is None:
        return True
    if "and" in expr:
        return all(passes(part, row, source, today, me) for part in expr["and"])
    if "or" in expr:
        return any(passes(part, row, source, today, me) for part in expr["or"])
    item = source.find(expr["property"])
    kind = next(key for key in expr if key != "property")
    condition, value = expr[kind], row.get(expr["property"])
    if kind == "formula":
        ((kind, condition),) = condition.items()
        value = evaluate(item["expression"], row, today)
    ((operator, wanted),) = condition.items()
    return _holds(kind, operator, wanted, value, today, me)


def _holds(kind: str, operator: str, wanted: Any, value: Any, today: date, me: str) -> bool:
    if kind == "checkbox":
        return (bool(value) == wanted) == (operator == "equals")
    is_empty = value in (None, "", [], ())
    if operator in ("is_empty", "is_not_empty"):
        return is_empty == (operator == "is_empty")
    if is_empty:
        return operator in ("does_not_equal", "does_not_contain")
    if operator in ("contains", "does_not_contain"):
        return ((me if wanted == "me" else wanted) in value) == (operator == "contains")
    if kind == "date":
        value, wanted = read_time(value).astimezone(UTC).date(), _day(wanted, today)
    return {
        "equals": lambda: value == wanted, "does_not_equal": lambda: value != wanted,
        "greater_than": lambda: value > wanted, "after": lambda: value > wanted,
        "less_than": lambda: value < wanted, "before": lambda: value < wanted,
        "greater_than_or_equal_to": lambda: value >= wanted, "on_or_after": lambda: value >= wanted,
        "less_than_or_equal_to": lambda: value <= wanted, "on_or_before": lambda: value <= wanted,
    }[operator]()  # fmt: skip


def _day(wanted: str, today: date) -> date:
    days = {"today": 0, "yesterday": -1, "tomorrow": 1, "one_week_ago": -7, "one_week_from_now": 7}
    return today + timedelta(days=days[wanted]) if wanted in days else date.fromisoformat(wanted[:10])
