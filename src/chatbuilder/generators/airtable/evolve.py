"""From a base that exists to other answers: tables, fields, choices and rows are added; nothing is dropped or renamed.

A step that was delivered stays as it was delivered; what the new answers add to it comes as steps of its own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chatbuilder.generators.airtable.fields import TYPE_WORDS
from chatbuilder.generators.airtable.standing import (
    Body,
    Column,
    Standing,
    merge_name,
    standing_rows,
    standing_tables,
    table_key,
)
from chatbuilder.generators.airtable.steps import base_title, request, step
from chatbuilder.generators.common.text import slug
from chatbuilder.solution import Delivered, Evolution, Plan, Ref, Step


def evolve(plan: Plan, delivered: Mapping[str, Delivered]) -> Evolution:
    """Return what brings a delivered system to a new plan, and what stays though the new answers do not want it."""
    if not delivered:
        return Evolution(plan)
    change = _Change(delivered)
    for item in plan:
        change.take(item)
    change.finish()
    keys = {item.key for item in change.steps}
    steps = (replace(s, depends_on=tuple(key for key in s.depends_on if key in keys)) for s in change.steps)
    return Evolution(Plan(tuple(steps)), tuple(change.kept))


class _Change:
    """Goes through the new plan and collects what is to be done for it."""

    def __init__(self, delivered: Mapping[str, Delivered]) -> None:
        self.steps: list[Step] = []
        self.kept: list[str] = []
        self._delivered = delivered
        self._tables = standing_tables(delivered)
        self._rows = standing_rows(delivered)
        self._wanted: dict[str, set[str]] = {}
        # Where an id is that the new plan looks for in (step, path): the id itself, or the step that will make it.
        self._ids: dict[tuple[str, str], str | Ref] = {}
        self._base: str | Ref = Ref("base")
        self._changed: dict[str, list[str]] = {}  # steps that add to a table: its rows come after them

    def take(self, item: Step) -> None:
        """Take one step of the new plan."""
        done = item.key in self._delivered
        if done and item.payload["makes"] != "rows":
            self._as_delivered(item)
        match item.payload["makes"]:
            case "base":
                self._take_base(item, done=done)
            case "table":
                self._base = self._now(item.payload["params"]["base"])
                self._table(item.payload["body"], item.key, "")
            case "field":
                table = self._table_at(item.payload["params"]["table"])
                self._field(table, item.payload["body"], item.key)
            case "rows":
                self._take_rows(item, done=done)
            case "links" if not done:
                self._links(item)

    def finish(self) -> None:
        """Add what earlier changes made and is still wanted, and name what is not."""
        planned = {item.key for item in self.steps}
        for key, item in self._delivered.items():
            makes = item.payload["makes"]
            if key in planned or makes not in ("table", "field", "choices", "name"):
                continue
            owner = (
                table_key(item.payload["body"]) if makes == "table" else self._owner(item.payload["params"]["table"])
            )
            if owner in self._wanted:
                self.steps.append(Step(key, self._title(item), "http", item.payload))
        for owner, table in self._tables.items():
            if owner not in self._wanted:
                self.kept.append(f"The table {table.name}")
                continue
            mine = self._wanted[owner] | {name.casefold() for name in table.twins.values()}
            self.kept += [f"{table.name}: {c.body['name']}" for name, c in table.columns.items() if name not in mine]

    # Tables

    def _take_base(self, item: Step, *, done: bool) -> None:
        if done:
            self._base = self._ids[item.key, "id"] = str(self._delivered[item.key].result["id"])
        else:
            self.steps.append(item)
        for number, body in enumerate(item.payload["body"]["tables"]):
            place = f"tables.{number}."
            if done:
                self._table(body, item.key, place)
            else:
                self._new(body, Ref(item.key, f"{place}id"))

    def _table(self, body: Body, planned: str, place: str) -> None:
        """Add a table, or what one lacks that stands; the new plan looks for its ids in `planned` at `place`."""
        key = table_key(body)
        table = self._tables.get(key)
        if table is None:
            made = f"table-{key}"
            self._add(made, f"Create the table {body['name']}", request("table", {"base": self._base}, body))
            table = self._new(body, Ref(made))
        self._ids[planned, f"{place}id"] = table.id
        self._wanted.setdefault(key, set())
        for part in body["fields"]:
            self._field(table, part)

    def _new(self, body: Body, where: Ref) -> Standing:
        key = table_key(body)
        columns = {part["name"].casefold(): Column(part, "") for part in body["fields"]}
        self._tables[key] = Standing(body["name"], where, columns)
        self._wanted[key] = set(columns)
        return self._tables[key]

    def _table_at(self, where: Any) -> Standing:
        owner = self._owner(self._now(where))
        return self._tables[owner]

    def _owner(self, where: Any) -> str:
        return next((key for key, table in self._tables.items() if table.id == where), "")

    # Fields

    def _field(self, table: Standing, body: Body, made_by: str = "") -> None:
        """See that a table that stands has the field of a body: with the choices it lacks, or made anew."""
        owner, name = self._owner(table.id), body["name"].casefold()
        self._wanted[owner].add(name)
        column = table.columns.get(name)
        if column is not None and column.body["type"] != body["type"]:
            body = self._twin(table, body, column)
            column = table.columns.get(body["name"].casefold())
        if column is None:
            made = made_by or f"field-{owner}-{_slug(body['name'])}"
            ids = {"base": self._base, "table": table.id}
            self._add(made, f"Add {table.name}: {body['name']}", request("field", ids, body))
            self._changed.setdefault(owner, []).append(made)
            table.columns[body["name"].casefold()] = Column(body, Ref(made))
        elif column.id:  # else its table is new and comes with everything
            self._choices(table, body, column)

    def _twin(self, table: Standing, body: Body, column: Column) -> Body:
        """Return the body of a field beside one that has its name and another kind: that one may hold data."""
        name = f"{body['name']} ({_kind(body)})"
        self.kept.append(f"{table.name}: {body['name']} stays as it is ({_kind(column.body)}); beside it is {name}")
        table.twins[body["name"]] = name
        return {**body, "name": name}

    def _choices(self, table: Standing, body: Body, column: Column) -> None:
        had, wanted = (part.get("options", {}) for part in (column.body, body))
        if "choices" not in wanted:
            if "linkedTableId" not in wanted and had != wanted:
                self.kept.append(f"{table.name}: {body['name']} keeps its format")
            return
        names = {choice["name"].casefold() for choice in had["choices"]}
        now = {choice["name"].casefold() for choice in wanted["choices"]}
        more = [choice for choice in wanted["choices"] if choice["name"].casefold() not in names]
        stay = [choice["name"] for choice in had["choices"] if choice["name"].casefold() not in now]
        if stay:
            self.kept.append(f"{table.name}: the choices {', '.join(stay)} of {body['name']}")
        if not more:
            return
        ids = {"base": self._base, "table": table.id, "field": column.id}
        payload = request("choices", ids, {"options": {"choices": [*had["choices"], *more]}})
        # The API promises new choices for some kinds of fields only.
        payload["optional"] = f"Add the choices to {body['name']} by hand:"
        title = f"Add to the choices of {table.name}: {body['name']}: {', '.join(c['name'] for c in more)}"
        made = f"choices-{self._owner(table.id)}-{_slug(body['name'])}"
        self._add(made, title, payload)
        self._changed.setdefault(self._owner(table.id), []).append(made)

    # Rows

    def _take_rows(self, item: Step, *, done: bool) -> None:
        """Add the rows that were never sent. One that a person edited or deleted since stays so."""
        body, table = item.payload["body"], self._table_at(item.payload["params"]["table"])
        there, name = self._rows.get(table.id, {}), merge_name(body)
        sent = self._delivered[item.key].result["records"] if done else []
        fresh = [record for record in body["records"] if record["fields"][name] not in there]
        places = {record["fields"][name]: number for number, record in enumerate(fresh, len(sent))}
        for number, record in enumerate(body["records"]):
            value = record["fields"][name]
            found = there[value] if value in there else Ref(item.key, f"records.{places[value]}.id")
            self._ids[item.key, f"records.{number}.id"] = found
        if not fresh:
            if done:
                self._as_delivered(item)
            return
        records = [{"fields": {table.twins.get(k, k): v for k, v in record["fields"].items()}} for record in fresh]
        payload = self._now({**item.payload, "body": {**body, "records": records}})
        self._bring(item, payload)
        if done:
            old, keys = self._delivered[item.key].payload, {row["key"] for row in sent}
            before = [r for r in old.get("then", old)["body"]["records"] if r["fields"][name] in keys]
            payload["then"] = {"body": {**payload["body"], "records": [*before, *payload["body"]["records"]]}}
        if self._rows:
            payload["optional"] = "Not every row could be added:"  # they may link to rows that a person deleted
        self._add(item.key, item.title, payload, self._after(table))

    def _bring(self, item: Step, payload: dict[str, Any]) -> None:
        """Link fresh rows to those that are there by their ids, and take up what comes with others only if it does."""
        for name, where in payload.get("by_name", {}).items():
            there = self._rows.get(where, {})
            records = payload["body"]["records"]
            for fields in (record["fields"] for record in records if name in record["fields"]):
                fields[name] = [there.get(text, text) for text in fields[name]]
        if (came := payload.get("came")) is not None:
            brings = self._delivered.get(came.step)
            sent = any(step.key == came.step and "by_name" in step.payload for step in self.steps)
            if not sent if brings is None else "linked" not in brings.result:
                del payload["came"]

    def _links(self, item: Step) -> None:
        """Link rows. Of those that exist, delivery leaves out the ones that a person deleted or linked."""
        why = {"optional": "Not every row could be linked:"} if self._rows else {}
        table = self._table_at(item.payload["params"]["table"])
        self._add(item.key, item.title, {**item.payload, **why}, self._after(table))

    def _after(self, table: Standing) -> tuple[str, ...]:
        return tuple(self._changed.get(self._owner(table.id), ()))

    # All

    def _now(self, value: Any) -> Any:
        """Return a part of the new plan with every id as it is now."""
        if isinstance(value, Ref):
            return self._ids.get((value.step, value.path), value)
        if isinstance(value, Mapping):
            return {key: self._now(item) for key, item in value.items()}
        return [self._now(item) for item in value] if isinstance(value, (list, tuple)) else value

    def _add(self, key: str, title: str, payload: Mapping[str, Any], after: tuple[str, ...] = ()) -> None:
        self.steps.append(step(key, title, self._now(payload), after))

    def _as_delivered(self, item: Step) -> None:
        payload = self._delivered[item.key].payload
        title = base_title(payload["body"]["tables"]) if payload["makes"] == "base" else item.title
        self.steps.append(Step(item.key, title, "http", payload))

    def _title(self, item: Delivered) -> str:
        body, makes = item.payload["body"], item.payload["makes"]
        if makes == "table":
            return f"Create the table {body['name']}"
        table = self._table_at(item.payload["params"]["table"]).name
        if makes == "name":
            return f"Name the other side of a link in {table}"
        return f"Add {table}: {body['name']}" if makes == "field" else f"Add to the choices of {table}"


def _kind(body: Body) -> str:
    return TYPE_WORDS.get(body["type"], str(body["type"])).split(",")[0].lower()


def _slug(name: str) -> str:
    """Return a name as part of a step's key; names that look alike as a slug stay apart."""
    short = slug(name)
    plain = name.lower().replace(" ", "-") == short
    return short if plain else f"{short[:30]}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
