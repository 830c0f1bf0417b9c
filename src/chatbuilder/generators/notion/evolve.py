"""From a system that exists to other answers: what is new is added, what changes is patched, nothing with data goes.

A field whose type changes (a topic that was a choice becomes a link) stays as it is, with its values, and the new one
stands beside it under a name of its own. Texts of pages and sample rows are the person's once they are there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatbuilder.generators.notion.renaming import Names, renamed, table_of
from chatbuilder.generators.notion.rich import LIST_LIMIT, Json, plain_text
from chatbuilder.generators.notion.schema import database_key, extend_key
from chatbuilder.solution import Delivered, Evolution, Plan, Ref, Step, resolve

_SOURCE = "/v1/data_sources/{data_source_id}"
_PARTS = {"name": "name", "filter": "filter", "sorts": "order", "configuration": "columns and layout"}
_NEEDED = ("type", "group_by", "date_property_id", "chart_type", "x_axis", "y_axis", "value")
_NEEDS_FIELDS = "It needs a field that was renamed or deleted in Notion."
_LINKED = " (linked)"
_NEW = " (new)"


def evolve(plan: Plan, delivered: Mapping[str, Delivered]) -> Evolution:
    """Return how the delivered system gets to the plan of other answers; see `Evolution`."""
    if not delivered:
        return Evolution(plan)
    change = _Change(plan, delivered)
    steps = tuple(change.step(step) for step in plan)
    return Evolution(Plan(steps), tuple(dict.fromkeys([*change.kept, *change.dropped()])))


def standing(plan: Plan, delivered: Mapping[str, Delivered]) -> Plan:
    """Return the plan of the present answers as it stands after all changes: what repair puts back.

    Fields that took a name beside another's have that name, and tables have the fields of earlier answers, too.
    """
    change = _Change(plan, delivered)
    return Plan(tuple(change.whole(step) for step in plan))


@dataclass(slots=True)
class _Change:
    """One evolution. `tables` are the fields of each table that exists, by table and name; `names` the renamed ones."""

    plan: Plan
    delivered: Mapping[str, Delivered]
    kept: list[str] = field(default_factory=list)
    results: dict[str, Mapping[str, Any]] = field(init=False)
    names: Names = field(init=False)
    hidden: dict[str, list[str]] = field(init=False)
    other: bool = field(init=False)

    def __post_init__(self) -> None:
        self.results = {key: item.result for key, item in self.delivered.items()}
        if (home := self.delivered.get("home")) is not None and "marker" in home.payload:
            self.results["target"] = {"mark": str(home.payload["marker"]).rpartition(":")[2]}
        tables = [step.payload["key"] for step in self.plan if step.payload["makes"] == "database"]
        self.names = {table: names for table in tables if (names := self._new_names(table))}
        self.hidden = {table: self._unwanted(table) for table in tables}
        self.other = self._is_other()

    # What is there and what is wanted -------------------------------------------------------------------------------
    def _had(self, key: str) -> Json:
        """Return the whole payload that a step was last delivered for; {} when it was not."""
        found = self.delivered.get(key)
        return {} if found is None else dict(found.payload.get("then", found.payload))

    def _wanted(self, key: str) -> Json:
        return dict(next((step.payload for step in self.plan if step.key == key), {}))

    def _fields(self, table: str, of: Any) -> Json:
        """Return all fields of a table by name; new names of far sides stand for themselves."""
        found: Json = {}
        for payload in (of(database_key(table)), of(extend_key(table))):
            for name, item in _properties(payload).items():
                found[item["name"] if set(item) == {"name"} else name] = item
        return found

    def _new_names(self, table: str) -> dict[str, str]:
        """Return other names for fields whose name stands for a field of another type."""
        had, wanted = self._fields(table, self._had), self._fields(table, self._wanted)
        names = {}
        for name, item in wanted.items():
            if name in had and _type(had[name]) != _type(item):
                names[name] = _free(name, item, had)
        return names

    def _unwanted(self, table: str) -> list[str]:
        wanted = {self.names.get(table, {}).get(name, name) for name in self._fields(table, self._wanted)}
        return [name for name in self._fields(table, self._had) if name not in wanted]

    # Steps ----------------------------------------------------------------------------------------------------------
    def step(self, step: Step) -> Step:
        """Return the step for one part: as it is when new, as it was, or the request that makes the difference."""
        payload = self._fitted(step)
        if step.key not in self.delivered:
            return self._added(step, payload)
        if payload["makes"] == "page" and _text(self._had(step.key)) != _text(payload):
            self.kept.append(f"The text of the page {_name(payload)}")
        title, change = self._change(step, payload) or (step.title, self.delivered[step.key].payload)
        return Step(step.key, title, step.kind, change, step.depends_on)

    def whole(self, step: Step) -> Step:
        """Return the step that makes a part as it stands by now."""
        payload = self._fitted(step)
        if payload["makes"] in ("database", "fields"):
            had, wanted = _properties(self._had(step.key)), _properties(payload)
            if had:
                payload = _with_properties(payload, {**had, **wanted, **_united(had, wanted)})
        return Step(step.key, step.title, step.kind, payload, step.depends_on)

    def _fitted(self, step: Step) -> Json:
        """Return a payload that fits what is there: names that are free, fields of before hidden in views."""
        payload = renamed(step.payload, self.names)
        if payload["makes"] in ("view", "widget") and "configuration" in payload["body"]:
            return self._hiding(payload, table_of(step.payload))
        return payload

    def _change(self, step: Step, payload: Json) -> tuple[str, Json] | None:
        """Return title and payload of what brings a part that is there to the new answers; None when nothing does."""
        makes = payload["makes"]
        if makes in ("page", "row", "tabs"):
            return None
        change = {"database": self._table, "fields": self._table, "schema": self._schema}.get(makes, self._view)
        return change(step.key, _settled(payload, self.results))

    def _added(self, step: Step, payload: Json) -> Step:
        """Return a new part. In a table that is there a person may have renamed what it needs: that stops nothing.

        Then a view that is refused must not take others with it, so it does not wait for the tab before it. A build
        that was interrupted and goes on with the same answers is as strict, and as ordered, as at first.
        """
        makes = payload["makes"]
        if makes == "widget" and self.other and "dashboard" in self.delivered:  # its rows may be other ones by now
            payload = {**payload, "body": {**payload["body"], "placement": {"type": "new_row"}}}
        there = database_key(table_of(step.payload)) in self.delivered and self.other
        if makes not in ("view", "row") or not there:
            return Step(step.key, step.title, step.kind, payload, step.depends_on)
        needed = tuple(key for key in step.depends_on if not key.startswith("view:"))
        return Step(step.key, step.title, step.kind, {"optional": _NEEDS_FIELDS, **payload}, needed)

    def _is_other(self) -> bool:
        """Tell whether the answers are other ones than those that what is there was made for."""
        if any("then" in item.payload for item in self.delivered.values()):
            return True
        built = (step for step in self.plan if step.key in self.delivered)
        return any(self._change(step, self._fitted(step)) is not None for step in built)

    def _schema(self, key: str, payload: Json) -> tuple[str, Json] | None:
        """Read a table's ids again when steps need more of them than were read before."""
        refs = [ref for step in self.plan for ref in _refs(renamed(step.payload, self.names)) if ref.step == key]
        lacking = sorted({ref.path.split(".")[1] for ref in refs if _settled(ref, self.results) is ref})
        if not lacking:
            return None
        return f"Read the fields again, for {', '.join(lacking)}", {**payload, "reads": lacking, "then": payload}

    def _table(self, key: str, payload: Json) -> tuple[str, Json] | None:
        had, wanted = _properties(self._had(key)), _properties(payload)
        there = {**self._fields(payload["key"], self._had), **had}
        changes: Json = {}
        words: list[str] = []
        for name, item in wanted.items():
            if name not in there:
                changes[name] = item
                words.append(f"add {item.get('name', name)}")
            elif (more := self._more(there[name], item)) is not None:
                changes[name] = more
                words.append(f"change {name}")
        if not changes:
            return None
        table = payload["key"]
        delta = {
            "method": "PATCH", "path": _SOURCE,
            "params": {"data_source_id": self.results[database_key(table)]["data_sources"][0]["id"]},
            "body": {"properties": changes}, "makes": payload["makes"], "key": table,
            "then": _with_properties(payload, {**had, **wanted, **_united(had, wanted)}),
        }  # fmt: skip
        return f"{_table_name(self._had(database_key(table)))}: {'; '.join(words)}"[:200], delta

    def _more(self, had: Json, item: Json) -> Json | None:
        """Return what to send for a field that is there; None when nothing is to change."""
        kind = _type(item)
        if kind in ("select", "multi_select"):
            united = _options_of(had, item)
            return (
                {"type": kind, kind: {"options": united}} if len(united) > len(had[kind].get("options", ())) else None
            )
        if kind == "formula" and had[kind] != item[kind]:
            return {"type": kind, kind: item[kind]}
        return None

    def _view(self, key: str, payload: Json) -> tuple[str, Json] | None:
        had = self._had(key)
        old, new = _body(had), _body(payload)
        name = new["name"]
        if old.get("type") != new.get("type"):
            self.kept.append(f"View {name} as a {old.get('type')} (Notion cannot make it a {new.get('type')})")
            return None
        body = {part: new.get(part) for part in _PARTS if old.get(part) != new.get(part)}
        if "configuration" in body:
            body["configuration"] = _less(old.get("configuration") or {}, new["configuration"])
        if not body:
            return None
        delta: Json = {
            "method": "PATCH", "path": "/v1/views/{view_id}", "params": {"view_id": self.results[key]["id"]},
            "body": body,
            **{part: payload[part] for part in ("makes", "key", "optional") if part in payload}, "then": payload,
        }  # fmt: skip
        return f"View {name}: change {', '.join(_PARTS[part] for part in body)}", delta

    def _hiding(self, payload: Json, table: str) -> Json:
        """Hide the fields that are there and no longer wanted: Notion shows what a view does not mention."""
        more = [{"property_id": name, "visible": False} for name in self.hidden.get(table, ())]
        if not more:
            return payload

        def hide(body: Json) -> Json:
            layout = dict(body["configuration"])
            for part in ("properties", "table_properties"):
                if part in layout:
                    layout[part] = [*layout[part], *more][:LIST_LIMIT]
            return {**body, "configuration": layout}

        both = ("body", "anew")
        return {key: hide(value) if key in both else value for key, value in payload.items()}

    # What stays -----------------------------------------------------------------------------------------------------
    def dropped(self) -> list[str]:
        """Return what is there and not wanted any more, in words."""
        wanted = {step.key for step in self.plan}
        whole = {key: self._had(key) for key in self.delivered if key not in wanted}
        parts = {"database": "Table", "view": "View", "page": "Page", "widget": "Widget"}
        gone = [f"{parts[p['makes']]} {_name(p)}" for p in whole.values() if p.get("makes") in parts]
        lines = []
        for table, names in self.hidden.items():
            where = _table_name(self._wanted(database_key(table)))
            lines += [f"Field {name} in {where}" for name in names]
            lines += self._choices(table, where)
        return [*gone, *lines]

    def _choices(self, table: str, where: str) -> list[str]:
        had, wanted = self._fields(table, self._had), self._fields(table, self._wanted)
        return [
            f"Choice {option['name']} of {name} in {where}"
            for name, item in wanted.items()
            if name in had and _type(item) == _type(had[name]) and _type(item) in ("select", "multi_select")
            for option in _options_of(item, had[name])[len(item[_type(item)].get("options", ())) :]
        ]


def _properties(payload: Json) -> Json:
    body = payload.get("body", {})
    found: Json = body.get("initial_data_source", body).get("properties", {})
    return found


def _with_properties(payload: Json, properties: Json) -> Json:
    body = payload["body"]
    if "initial_data_source" in body:
        return {**payload, "body": {**body, "initial_data_source": {"properties": properties}}}
    return {**payload, "body": {**body, "properties": properties}}


def _type(item: Json) -> str:
    return str(item.get("type", ""))


def _free(name: str, item: Json, had: Json) -> str:
    """Return a name beside the old field's; the one from an earlier evolution when it is of this type."""
    fresh = f"{name}{_LINKED if _type(item) == 'relation' else _NEW}"
    while fresh in had and _type(had[fresh]) != _type(item):
        fresh += _NEW
    return fresh


def _options_of(first: Json, second: Json) -> list[Json]:
    """Return the options of the first field, then those that only the second one has."""
    kind = _type(first)
    options = list(first[kind].get("options", ()))
    names = {option["name"].casefold() for option in options}
    return [*options, *(o for o in second[kind].get("options", ()) if o["name"].casefold() not in names)]


def _united(had: Json, wanted: Json) -> Json:
    """Return the selects that both know, with the options of both."""
    both = (name for name in wanted if name in had and _type(wanted[name]) in ("select", "multi_select"))
    return {
        name: {**wanted[name], _type(wanted[name]): {"options": _options_of(had[name], wanted[name])}} for name in both
    }


def _less(old: Json, new: Json) -> Json:
    """Return what of a configuration is new, with what the API wants in each; what is no longer set is cleared."""
    cleared: Json = dict.fromkeys(key for key in old if key not in new)
    return cleared | {key: value for key, value in new.items() if key in _NEEDED or old.get(key) != value}


def _body(payload: Json) -> Json:
    """Return the whole body of a view, also of one that took over Notion's own tab."""
    found: Json = payload.get("anew") or payload["body"]
    return found


def _text(payload: Json) -> list[str]:
    children = payload.get("body", {}).get("children", ())
    return [plain_text(i for i in c[c["type"]]["rich_text"] if type(i["text"]["content"]) is str) for c in children][
        :-1
    ]


def _name(payload: Json) -> str:
    body = _body(payload) if "body" in payload else {}
    if "name" in body:
        return str(body["name"])
    return _table_name(payload) if "title" in body else plain_text(body["properties"]["title"]["title"])


def _table_name(payload: Json) -> str:
    return plain_text(payload["body"]["title"])


def _refs(value: Any) -> list[Ref]:
    if isinstance(value, Ref):
        return [value]
    if isinstance(value, Mapping):
        return [ref for pair in value.items() for part in pair for ref in _refs(part)]
    return [ref for part in value for ref in _refs(part)] if isinstance(value, (list, tuple)) else []


def _settled(value: Any, results: Mapping[str, Mapping[str, Any]]) -> Any:
    """Return a payload with every Ref replaced whose value is known already."""
    if isinstance(value, Ref):
        try:
            return resolve(value, results)
        except (KeyError, IndexError, TypeError):
            return value
    if isinstance(value, Mapping):
        return {_settled(key, results): _settled(item, results) for key, item in value.items()}
    return [_settled(item, results) for item in value] if isinstance(value, (list, tuple)) else value
