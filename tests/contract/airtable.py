"""What Airtable accepts: strict bodies, and a base in memory that answers as the API does.

There is no official schema of the request side, so the rules are written by hand from the field-model, create-base,
create-table, create-field, update-field and update-multiple-records pages (November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import available_timezones

from chatbuilder.solution import Plan, resolve

SHADES = ("Light2", "Light1", "Bright", "Dark1")
HUES = ("blue", "cyan", "teal", "green", "yellow", "orange", "red", "pink", "purple", "gray")
COLOURS = {f"{hue}{shade}" for hue in HUES for shade in SHADES}
DATE_FORMATS = {"local", "friendly", "us", "european", "iso"}
NO_OPTIONS = {
    "singleLineText", "multilineText", "richText", "email", "url", "phoneNumber", "multipleAttachments", "barcode",
    "singleCollaborator", "multipleCollaborators",
}  # fmt: skip
NOT_CREATABLE = {
    "formula", "rollup", "multipleLookupValues", "count", "autoNumber", "createdTime", "lastModifiedTime", "createdBy",
    "lastModifiedBy", "button", "aiText", "externalSyncSource",
}  # fmt: skip
PRIMARY = {"singleLineText", "multilineText", "email", "url", "phoneNumber", "number", "date", "dateTime", "barcode"}
MERGEABLE = {"singleLineText", "multilineText", "number", "singleSelect", "multipleSelects", "date"}


class Refused(AssertionError):
    """Airtable would answer 403, 404 or 422."""


def _need(yes: Any, why: str) -> None:
    if not yes:
        raise Refused(why)


def _keys(body: Any, required: set[str], optional: set[str], where: str) -> None:
    _need(isinstance(body, dict), f"{where}: expected an object")
    _need(required <= set(body), f"{where}: misses {required - set(body)}")
    _need(set(body) <= required | optional, f"{where}: unknown {set(body) - required - optional}")


def _name(value: Any, where: str) -> None:
    _need(isinstance(value, str) and value.strip() == value and 0 < len(value) <= 255, f"{where}: bad name {value!r}")


def _distinct(names: list[str], where: str) -> None:
    _need(len({n.casefold() for n in names}) == len(names), f"{where}: names repeat: {names}")


def check_field(body: Any, tables: set[str]) -> None:
    """Check the body that creates a field; `tables` are the ids that a link may point to."""
    _keys(body, {"name", "type"}, {"options", "description"}, "field")
    _name(body["name"], "field")
    kind, where = body["type"], f"field {body['name']}"
    _need(kind not in NOT_CREATABLE, f"{where}: UNSUPPORTED_FIELD_TYPE_FOR_CREATE {kind}")
    _need(len(body.get("description", "")) <= 20_000, f"{where}: description too long")
    if kind in NO_OPTIONS:
        _need("options" not in body, f"{where}: {kind} takes no options")
        return
    _need(kind in OPTIONS, f"{where}: unknown type {kind}")
    _need("options" in body, f"{where}: {kind} needs options")
    OPTIONS[kind](body["options"], where, tables)


def _precision(most: int) -> Callable[..., None]:
    def check(options: Any, where: str, tables: set[str]) -> None:
        _keys(options, {"precision"}, set(), where)
        _need(isinstance(options["precision"], int) and 0 <= options["precision"] <= most, f"{where}: precision")

    return check


def _rating(options: Any, where: str, tables: set[str]) -> None:
    _keys(options, {"icon", "color", "max"}, set(), where)
    _need((options["icon"], options["color"]) == ("star", "yellowBright"), f"{where}: Free takes the yellow star only")
    _need(isinstance(options["max"], int) and 1 <= options["max"] <= 10, f"{where}: max")


def _checkbox(options: Any, where: str, tables: set[str]) -> None:
    _keys(options, {"icon", "color"}, set(), where)
    _need((options["icon"], options["color"]) == ("check", "greenBright"), f"{where}: Free takes the green check only")


def _date(options: Any, where: str, tables: set[str]) -> None:
    _keys(options, {"dateFormat"}, set(), where)
    _keys(options["dateFormat"], {"name"}, {"format"}, where)
    _need(options["dateFormat"]["name"] in DATE_FORMATS, f"{where}: date format")


def _datetime(options: Any, where: str, tables: set[str]) -> None:
    _keys(options, {"dateFormat", "timeFormat", "timeZone"}, set(), where)
    _date({"dateFormat": options["dateFormat"]}, where, tables)
    _keys(options["timeFormat"], {"name"}, {"format"}, where)
    _need(options["timeFormat"]["name"] in ("12hour", "24hour"), f"{where}: time format")
    zone = options["timeZone"]
    # The enum has "utc" and "client", and of the tz database only names of the form Area/Place.
    _need(zone in ("utc", "client") or ("/" in zone and zone in available_timezones()), f"{where}: time zone {zone}")
    _need(not zone.startswith(("Etc/", "US/")), f"{where}: time zone {zone}")


def _choices(options: Any, where: str, tables: set[str]) -> None:
    _keys(options, {"choices"}, set(), where)
    for choice in options["choices"]:
        _keys(choice, {"name"}, {"color"}, where)
        _name(choice["name"], where)
        _need(choice.get("color", "blueBright") in COLOURS, f"{where}: colour {choice.get('color')}")
    _distinct([c["name"] for c in options["choices"]], where)


def _link(options: Any, where: str, tables: set[str]) -> None:
    _keys(options, {"linkedTableId"}, {"viewIdForRecordSelection"}, where)
    _need(options["linkedTableId"] in tables, f"{where}: no table {options['linkedTableId']!r}")


OPTIONS: dict[str, Callable[..., None]] = {
    "number": _precision(8), "percent": _precision(8), "rating": _rating, "checkbox": _checkbox, "date": _date,
    "dateTime": _datetime, "singleSelect": _choices, "multipleSelects": _choices, "multipleRecordLinks": _link,
}  # fmt: skip


def check_table(body: Any, tables: set[str]) -> None:
    """Check the body that creates a table."""
    _keys(body, {"name", "fields"}, {"description"}, "table")
    _name(body["name"], "table")
    _need(len(body.get("description", "")) <= 20_000, f"table {body['name']}: description too long")
    _need(body["fields"], f"table {body['name']}: needs a field")
    for item in body["fields"]:
        check_field(item, tables)
    _distinct([f["name"] for f in body["fields"]], f"table {body['name']}")
    _need(body["fields"][0]["type"] in PRIMARY, f"table {body['name']}: {body['fields'][0]['type']} cannot come first")


@dataclass
class Base:
    """One base. Ids are counted, so that a test can read them."""

    workspace: str = "wspAAAAAAAAAAAAAA"
    id: str = "appAAAAAAAAAAAAAA"
    name: str = ""
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    rows: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    made: int = 0

    def new_id(self, kind: str) -> str:
        self.made += 1
        return f"{kind}{self.made:014d}"

    def send(self, method: str, path: str, body: Any) -> dict[str, Any]:
        """Answer one request as Airtable does, or refuse it."""
        self.calls.append((method, path))
        for pattern, verb, handler in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and verb == method:
                return handler(self, body, *match.groups())
        raise Refused(f"404 {method} {path}")

    def _table(self, key: str) -> dict[str, Any]:
        _need(key in self.tables, f"404 table {key}")
        return self.tables[key]

    def create_base(self, body: Any) -> dict[str, Any]:
        _keys(body, {"name", "workspaceId", "tables"}, set(), "base")
        _name(body["name"], "base")
        _need(body["workspaceId"] == self.workspace, f"403 workspace {body['workspaceId']}")
        _need(not self.tables, "the base is made twice")
        _need(body["tables"], "a base needs a table")
        _distinct([t["name"] for t in body["tables"]], "base")
        self.name = body["name"]
        return {"id": self.id, "tables": [self._add_table(table) for table in body["tables"]]}

    def create_table(self, body: Any, base: str) -> dict[str, Any]:
        _need(base == self.id, f"403 base {base}")
        return self._add_table(body)

    def _add_table(self, body: Any) -> dict[str, Any]:
        check_table(body, set(self.tables))
        _distinct([*(t["name"] for t in self.tables.values()), body["name"]], "base")
        key = self.new_id("tbl")
        table = {"id": key, "name": body["name"], "description": body.get("description", ""), "fields": []}
        self.tables[key], self.rows[key] = table, {}
        for item in body["fields"]:
            self._add_field(table, item)
        return {**table, "primaryFieldId": table["fields"][0]["id"], "fields": list(table["fields"])}

    def create_field(self, body: Any, base: str, table: str) -> dict[str, Any]:
        _need(base == self.id, f"403 base {base}")
        check_field(body, set(self.tables))
        return self._add_field(self._table(table), body)

    def _add_field(self, table: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        _distinct([*(f["name"] for f in table["fields"]), body["name"]], f"table {table['name']}")
        found = {**body, "id": self.new_id("fld"), "options": dict(body.get("options", {}))}
        table["fields"].append(found)
        other = self.tables.get(found["options"].get("linkedTableId", ""))
        if other is not None and other is not table:
            taken = {f["name"].casefold() for f in other["fields"]}
            name = table["name"] if table["name"].casefold() not in taken else f"{table['name']} 2"
            far = {"id": self.new_id("fld"), "name": name, "type": "multipleRecordLinks"}
            far["options"] = {"linkedTableId": table["id"], "inverseLinkFieldId": found["id"]}
            other["fields"].append(far)
            found["options"]["inverseLinkFieldId"] = far["id"]
        return found

    def update_field(self, body: Any, base: str, table: str, key: str) -> dict[str, Any]:
        _need(base == self.id, f"403 base {base}")
        _keys(body, set(), {"name", "description"}, "update field")
        owner = self._table(table)
        found = next((f for f in owner["fields"] if f["id"] == key), None)
        _need(found, f"404 field {key} in {owner['name']}")
        assert found is not None
        _name(body["name"], "update field")
        _distinct([*(f["name"] for f in owner["fields"] if f is not found), body["name"]], f"table {owner['name']}")
        found["name"] = body["name"]
        return found

    def update_rows(self, body: Any, base: str, table: str) -> dict[str, Any]:
        _need(base == self.id, f"403 base {base}")
        owner = self._table(table)
        _keys(body, {"records"}, {"performUpsert", "typecast"}, "records")
        _need(1 <= len(body["records"]) <= 10, f"{len(body['records'])} records in a call")
        upsert = "performUpsert" in body
        merge = self._merge(owner, body["performUpsert"]) if upsert else []
        records = [self._write(owner, record, merge, upsert=upsert) for record in body["records"]]
        return {"records": records}

    def _merge(self, table: dict[str, Any], body: Any) -> list[str]:
        _keys(body, {"fieldsToMergeOn"}, set(), "performUpsert")
        names: list[str] = body["fieldsToMergeOn"]
        _need(1 <= len(names) <= 3, "one to three merge fields")
        kinds = {f["name"]: f["type"] for f in table["fields"]}
        _need(all(kinds.get(n) in MERGEABLE for n in names), f"{names} cannot tell rows apart")
        return names

    def _write(self, table: dict[str, Any], record: Any, merge: list[str], *, upsert: bool) -> dict[str, Any]:
        _keys(record, {"fields"} | (set() if upsert else {"id"}), set(), "record")
        kinds = {f["name"]: f for f in table["fields"]}
        for name, value in record["fields"].items():
            _need(name in kinds, f"UNKNOWN_FIELD_NAME {name!r}")
            self._check_cell(kinds[name], value)
        rows = self.rows[table["id"]]
        if upsert:
            key = tuple(record["fields"].get(n) for n in merge)
            _need(all(key), "a merge field is empty")
            same = [k for k, row in rows.items() if tuple(row.get(n) for n in merge) == key]
            _need(len(same) <= 1, f"several rows match {key}")
            row = same[0] if same else self.new_id("rec")
        else:
            row = record["id"]
            _need(row in rows, f"404 record {row}")
        rows.setdefault(row, {}).update(record["fields"])
        return {"id": row, "fields": rows[row], "createdTime": "2026-11-22T00:00:00.000Z"}

    def _check_cell(self, rule: dict[str, Any], value: Any) -> None:
        kind, options = rule["type"], rule["options"]
        right = CELLS[kind](value)
        if kind in ("singleSelect", "multipleSelects"):
            known = {c["name"] for c in options["choices"]}
            right = right and set([value] if kind == "singleSelect" else value) <= known
        if kind == "multipleRecordLinks":
            right = right and set(value) <= set(self.rows[options["linkedTableId"]])
        if kind == "rating":
            right = right and 1 <= value <= options["max"]
        _need(right, f"{rule['name']} ({kind}) cannot hold {value!r}")


def _is_date(value: Any) -> bool:
    return isinstance(value, str) and date.fromisoformat(value).isoformat() == value


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value) and len(set(value)) == len(value)


CELLS: dict[str, Callable[[Any], bool]] = {
    **dict.fromkeys(
        ("singleLineText", "multilineText", "url", "singleSelect"), lambda v: isinstance(v, str) and bool(v)
    ),
    **dict.fromkeys(("multipleSelects", "multipleRecordLinks"), _is_texts),
    **dict.fromkeys(("number", "rating"), lambda v: isinstance(v, (int, float)) and not isinstance(v, bool)),
    "checkbox": lambda v: isinstance(v, bool),
    "date": _is_date,
    "dateTime": _is_moment,
    # A person is a member of the base: a bare name is refused.
    "singleCollaborator": lambda v: isinstance(v, dict) and set(v) <= {"id", "email"},
}
ROUTES: list[tuple[str, str, Callable[..., dict[str, Any]]]] = [
    (r"/v0/meta/bases", "POST", Base.create_base),
    (r"/v0/meta/bases/(\w+)/tables", "POST", Base.create_table),
    (r"/v0/meta/bases/(\w+)/tables/(\w+)/fields", "POST", Base.create_field),
    (r"/v0/meta/bases/(\w+)/tables/(\w+)/fields/(\w+)", "PATCH", Base.update_field),
    (r"/v0/(\w+)/(\w+)", "PATCH", Base.update_rows),
]


def deliver(plan: Plan, base: Base, *, target: dict[str, str] | None = None) -> Base:
    """Send a plan step by step, as a provisioner would: Refs resolved from earlier answers, ids put into the path."""
    results: dict[str, Any] = {"target": target or {}}
    for step in plan:
        _need(set(step.depends_on) <= set(results), f"{step.key} comes before {step.depends_on}")
        payload = resolve(step.payload, {key: results[key] for key in (*step.depends_on, "target")})
        _keys(payload, {"method", "path", "body"}, {"params"}, step.key)
        path = payload["path"].format(**payload.get("params", {}))
        results[step.key] = base.send(payload["method"], path, payload["body"])
    return base
