"""What Airtable accepts: strict bodies, and a base in memory that answers as the API does.

There is no official schema of the request side, so the rules are written by hand from the field-model, create-base,
create-table, create-field, update-field and update-multiple-records pages (November 2026).
"""

from __future__ import annotations

import copy
import pickle
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
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
    """Airtable answers with this status and error instead."""

    def __init__(self, why: str, status: int = 422, type_: str = "INVALID_REQUEST_UNKNOWN") -> None:
        super().__init__(why)
        self.status = status
        self.type = type_


def _need(yes: Any, why: str, status: int = 422, type_: str = "INVALID_REQUEST_UNKNOWN") -> None:
    if not yes:
        raise Refused(why, status, type_)


def _found(yes: Any, why: str) -> None:
    """A wrong id and a missing right are one and the same to Airtable."""
    _need(yes, why, 403, "INVALID_PERMISSIONS_OR_MODEL_NOT_FOUND")


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
    _need(
        kind not in NOT_CREATABLE, f"Creating {kind} fields is not supported at this time", 422,
        "UNSUPPORTED_FIELD_TYPE_FOR_CREATE",
    )  # fmt: skip
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


def _choices(options: Any, where: str, tables: set[str], more: frozenset[str] = frozenset()) -> None:
    _keys(options, {"choices"}, set(), where)
    for choice in options["choices"]:
        _keys(choice, {"name"}, {"color"} | more, where)
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
    """One base. Ids are counted, so that a test can read them; cells are kept by the ids of their fields.

    A request that asks for typecast makes linked rows of names. With `typecast` it makes new choices as well, which
    takes the role Creator; without, the choices that our plans rely on have to be there. `limit` is how many records
    the plan holds.
    """

    workspace: str = "wspAAAAAAAAAAAAAA"
    id: str = "appAAAAAAAAAAAAAA"
    name: str = ""
    tables: dict[str, dict[str, Any]] = field(default_factory=dict)
    cells: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))
    typecast: bool = False
    limit: int = 1000

    def new_id(self, kind: str) -> str:
        return f"{kind}{next(self.numbers):014d}"

    @property
    def rows(self) -> dict[str, dict[str, dict[str, Any]]]:
        """The rows of each table: by id, cells by the present name of their field."""
        return {key: {row: self.named(key, row) for row in rows} for key, rows in self.cells.items()}

    def named(self, table: str, row: str) -> dict[str, Any]:
        names = {f["id"]: f["name"] for f in self.tables[table]["fields"]}
        cells = self.cells[table][row]
        return {
            names[key]: list(value) if isinstance(value, list) else value
            for key, value in cells.items()
            if value not in (None, "", []) and value is not False
        }

    def send(self, method: str, path: str, body: Any, query: dict[str, list[str]] | None = None) -> dict[str, Any]:
        """Answer one request as Airtable does, or refuse it. What is refused changes nothing."""
        self.calls.append((method, path))
        for pattern, verb, handler in ROUTES:
            match = re.fullmatch(pattern, path)
            if match and verb == method:
                if method == "GET":
                    return handler(self, query, *match.groups())
                if verb == "POST" and handler is Base.find_rows:
                    return handler(self, body, *match.groups())
                before = pickle.dumps((self.tables, self.cells))
                try:
                    return handler(self, query if method == "DELETE" else body, *match.groups())
                except BaseException:
                    self.tables, self.cells = pickle.loads(before)
                    raise
        raise Refused(f"{method} {path}", 404, "NOT_FOUND")

    def table(self, key: str) -> dict[str, Any]:
        """A table by id or name, as Airtable takes both."""
        found = self.tables.get(key) or next((t for t in self.tables.values() if t["name"] == key), None)
        _found(found, f"table {key}")
        assert found is not None
        return found

    def create_base(self, body: Any) -> dict[str, Any]:
        _keys(body, {"name", "workspaceId", "tables"}, set(), "base")
        _name(body["name"], "base")
        _found(body["workspaceId"] == self.workspace, f"workspace {body['workspaceId']}")
        _need(not self.tables, "the base is made twice")
        _need(body["tables"], "a base needs a table")
        _distinct([t["name"] for t in body["tables"]], "base")
        self.name = body["name"]
        return {"id": self.id, "tables": [self._add_table(table) for table in body["tables"]]}

    def list_tables(self, query: Any, base: str) -> dict[str, Any]:
        _found(base == self.id, f"base {base}")
        _need(not query, f"unknown query {query}")
        return {"tables": [self._shown(table) for table in self.tables.values()]}

    def _shown(self, table: dict[str, Any]) -> dict[str, Any]:
        view = {"id": f"viw{table['id'][3:]}", "name": "Grid view", "type": "grid"}
        found = {**copy.deepcopy(table), "primaryFieldId": table["fields"][0]["id"], "views": [view]}
        if not found["description"]:
            del found["description"]
        for item in found["fields"]:
            if not item["options"]:
                del item["options"]
        return found

    def create_table(self, body: Any, base: str) -> dict[str, Any]:
        _found(base == self.id, f"base {base}")
        return self._add_table(body)

    def _add_table(self, body: Any) -> dict[str, Any]:
        check_table(body, set(self.tables))
        _distinct([*(t["name"] for t in self.tables.values()), body["name"]], "base")
        key = self.new_id("tbl")
        table = {"id": key, "name": body["name"], "description": body.get("description", ""), "fields": []}
        self.tables[key], self.cells[key] = table, {}
        for item in body["fields"]:
            self._add_field(table, item)
        return self._shown(table)

    def create_field(self, body: Any, base: str, table: str) -> dict[str, Any]:
        _found(base == self.id, f"base {base}")
        check_field(body, set(self.tables))
        return copy.deepcopy(self._add_field(self.table(table), body))

    def _add_field(self, table: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        _distinct([*(f["name"] for f in table["fields"]), body["name"]], f"table {table['name']}")
        found = {**body, "id": self.new_id("fld"), "options": copy.deepcopy(body.get("options", {}))}
        for choice in found["options"].get("choices", ()):
            choice["id"] = self.new_id("sel")
        table["fields"].append(found)
        other = self.tables.get(found["options"].get("linkedTableId", ""))
        if other is not None:
            found["options"] |= {"isReversed": False, "prefersSingleRecordLink": False}
        if other is not None and other is not table:
            taken = {f["name"].casefold() for f in other["fields"]}
            names = [table["name"], *(f"{table['name']} {number}" for number in range(2, 9))]
            name = next(name for name in names if name.casefold() not in taken)
            far = {"id": self.new_id("fld"), "name": name, "type": "multipleRecordLinks"}
            far["options"] = {"linkedTableId": table["id"], "inverseLinkFieldId": found["id"], "isReversed": False}
            other["fields"].append(far)
            found["options"]["inverseLinkFieldId"] = far["id"]
        return found

    def update_field(self, body: Any, base: str, table: str, key: str) -> dict[str, Any]:
        _found(base == self.id, f"base {base}")
        _keys(body, set(), {"name", "description", "options"}, "update field")
        _need(body, "update field: nothing to update")
        owner = self.table(table)
        found = next((f for f in owner["fields"] if f["id"] == key), None)
        _found(found, f"field {key} in {owner['name']}")
        assert found is not None
        if "name" in body:
            _name(body["name"], "update field")
            _distinct([*(f["name"] for f in owner["fields"] if f is not found), body["name"]], f"table {owner['name']}")
            found["name"] = body["name"]
        if "options" in body:
            self._set_choices(found, body["options"])
        return copy.deepcopy(found)

    def _set_choices(self, found: dict[str, Any], options: Any) -> None:
        """Choices that are left out go, with the cells that hold them."""
        _need(found["type"] in ("singleSelect", "multipleSelects"), f"{found['name']}: options of {found['type']}")
        _choices(options, found["name"], set(), frozenset(("id",)))
        before = {choice["id"] for choice in found["options"]["choices"]}
        _need({c["id"] for c in options["choices"] if "id" in c} <= before, f"{found['name']}: unknown choice id")
        names = {c["name"] for c in found["options"]["choices"]}
        _need(
            all("id" in c for c in options["choices"] if c["name"] in names),
            f"{found['name']}: a choice without its id",
        )
        kept = [{**choice, "id": choice.get("id") or self.new_id("sel")} for choice in options["choices"]]
        found["options"]["choices"] = kept
        names = {choice["name"] for choice in kept}
        for rows in self.cells.values():
            for cells in rows.values():
                value = cells.get(found["id"])
                if isinstance(value, str) and value not in names:
                    del cells[found["id"]]

    def update_table(self, body: Any, base: str, table: str) -> dict[str, Any]:
        _found(base == self.id, f"base {base}")
        _keys(body, set(), {"name", "description"}, "update table")
        owner = self.table(table)
        if "name" in body:
            _name(body["name"], "update table")
            _distinct([*(t["name"] for t in self.tables.values() if t is not owner), body["name"]], "base")
        owner.update(body)
        return self._shown(owner)

    # Records

    def list_rows(self, query: Any, base: str, table: str) -> dict[str, Any]:
        _found(base == self.id, f"base {base}")
        query = query or {}
        _need(set(query) <= {"offset", "pageSize", "maxRecords", "fields[]"}, f"unknown query {set(query)}")
        size, most = (
            int(query.get(name, [str(default)])[0]) for name, default in (("pageSize", 100), ("maxRecords", 0))
        )
        _need(1 <= size <= 100, f"page size {size}")
        owner = self.table(table)
        keys = list(self.cells[owner["id"]])[: most or None]
        offset = query.get("offset", [""])[0]
        start = int(offset.partition("/")[2] or "0") if offset else 0
        _need(not offset or offset.startswith("itr"), "bad offset", 422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")
        found = [self._row(owner, key) for key in keys[start : start + size]]
        for name in query.get("fields[]", ()):
            _need(any(f["name"] == name for f in owner["fields"]), f'Unknown field name: "{name}"', 422, UNKNOWN_FIELD)
        if "fields[]" in query:
            for row in found:
                row["fields"] = {name: cell for name, cell in row["fields"].items() if name in query["fields[]"]}
        more = {"offset": f"itr/{start + size}"} if start + size < len(keys) else {}
        return {"records": found, **more}

    def find_rows(self, body: Any, base: str, table: str) -> dict[str, Any]:
        """List records by a POST, which takes longer formulas than an address does."""
        _found(base == self.id, f"base {base}")
        _keys(
            body, set(), {"offset", "pageSize", "maxRecords", "fields", "filterByFormula", "returnFieldsByFieldId"}, ""
        )
        owner, size = self.table(table), body.get("pageSize", 100)
        _need(isinstance(size, int) and 1 <= size <= 100, f"page size {size}")
        fits = _formula(body["filterByFormula"], owner) if "filterByFormula" in body else lambda key, cells: True
        keys = [key for key, cells in self.cells[owner["id"]].items() if fits(key, cells)]
        offset = body.get("offset", "")
        _need(not offset or offset.startswith("itr/"), "bad offset", 422, "LIST_RECORDS_ITERATOR_NOT_AVAILABLE")
        start = int(offset.partition("/")[2] or "0")
        by_id = body.get("returnFieldsByFieldId") is True
        wanted = [_field(owner, name) for name in body.get("fields", ())]
        rows = [self._row(owner, key, by_id=by_id) for key in keys[start : start + size]]
        if "fields" in body:
            names = {item["id" if by_id else "name"] for item in wanted}
            for row in rows:
                row["fields"] = {name: cell for name, cell in row["fields"].items() if name in names}
        return {"records": rows, **({"offset": f"itr/{start + size}"} if start + size < len(keys) else {})}

    def _row(self, owner: dict[str, Any], key: str, *, by_id: bool = False) -> dict[str, Any]:
        fields = self.named(owner["id"], key)
        if by_id:
            ids = {f["name"]: f["id"] for f in owner["fields"]}
            fields = {ids[name]: value for name, value in fields.items()}
        return {"id": key, "createdTime": "2026-11-22T00:00:00.000Z", "fields": fields}

    def delete_rows(self, query: Any, base: str, table: str) -> dict[str, Any]:
        _found(base == self.id, f"base {base}")
        owner = self.table(table)
        keys = (query or {}).get("records[]", [])
        _need(set(query or {}) == {"records[]"} and 1 <= len(keys) <= 10, f"records to delete: {query}")
        for key in keys:
            _found(key in self.cells[owner["id"]], f"record {key}")
        for key in keys:
            self.drop_row(owner["id"], key)
        return {"records": [{"id": key, "deleted": True} for key in keys]}

    def drop_row(self, table: str, row: str) -> None:
        """Delete a row, and every link to it."""
        del self.cells[table][row]
        for rows in self.cells.values():
            for cells in rows.values():
                for value in cells.values():
                    if isinstance(value, list) and row in value:
                        value.remove(row)

    def update_rows(self, body: Any, base: str, table: str) -> dict[str, Any]:
        _found(base == self.id, f"base {base}")
        owner = self.table(table)
        _keys(body, {"records"}, {"performUpsert", "typecast", "returnFieldsByFieldId"}, "records")
        by_id = body.get("returnFieldsByFieldId") is True
        _need(1 <= len(body["records"]) <= 10, f"{len(body['records'])} records in a call")
        upsert, cast = "performUpsert" in body, body.get("typecast") is True
        merge = self._merge(owner, body["performUpsert"]) if upsert else []
        before = set(self.cells[owner["id"]])
        keys = [self._write(owner, record, merge, upsert=upsert, cast=cast) for record in body["records"]]
        _need(len(set(keys)) == len(keys), "a record comes twice in one call")
        _need(
            sum(map(len, self.cells.values())) <= self.limit, "The base holds no more records", 422,
            "RECORD_LIMIT_EXCEEDED",
        )  # fmt: skip
        if not upsert:
            return {"records": [self._row(owner, key, by_id=by_id) for key in keys]}
        # The order of an upsert's answer is not promised: here it is never the order that was sent.
        return {
            "records": [self._row(owner, key, by_id=by_id) for key in reversed(keys)],
            "createdRecords": [key for key in keys if key not in before],
            "updatedRecords": [key for key in keys if key in before],
        }

    def _merge(self, table: dict[str, Any], body: Any) -> list[str]:
        _keys(body, {"fieldsToMergeOn"}, set(), "performUpsert")
        names: list[str] = [_field(table, name)["name"] for name in body["fieldsToMergeOn"]]
        _need(1 <= len(names) <= 3, "one to three merge fields")
        kinds = {f["name"]: f["type"] for f in table["fields"]}
        _need(all(kinds.get(n) in MERGEABLE for n in names), f"{names} cannot tell rows apart", 422, UNKNOWN_FIELD)
        return names

    def _write(self, table: dict[str, Any], record: Any, merge: list[str], *, upsert: bool, cast: bool) -> str:
        # Of an upsert, records with an id are updated as without it.
        _keys(record, {"fields"} | (set() if upsert else {"id"}), {"id"} if upsert else set(), "record")
        kinds = {f["name"]: f for f in table["fields"]}
        values: dict[str, Any] = {}
        for given, value in record["fields"].items():
            name = _field(table, given)["name"]
            _need(name not in values, f"{name} comes twice")
            values[name] = self._cast(kinds[name], value) if cast and value is not None else value
            if value is not None:  # null empties a cell
                self._check_cell(kinds[name], values[name])
        rows = self.cells[table["id"]]
        if upsert and "id" not in record:
            key = tuple(values.get(n) for n in merge)
            _need(all(key), "a merge field is empty")
            ids = [kinds[n]["id"] for n in merge]
            same = [k for k, row in rows.items() if tuple(row.get(i) for i in ids) == key]
            _need(len(same) <= 1, f"several rows match {key}")
            row = same[0] if same else self.new_id("rec")
        else:
            row = record["id"]
            _need(row in rows, f"record {row}", 404, "MODEL_ID_NOT_FOUND")
        self.cells[table["id"]].setdefault(row, {})
        for name, value in values.items():
            self.set_cell(kinds[name], table["id"], row, value)
        return row

    def set_cell(self, rule: dict[str, Any], table: str, row: str, value: Any) -> None:
        """Write a cell; a link shows on its other side as well."""
        before = self.cells[table][row].get(rule["id"]) or []
        self.cells[table][row][rule["id"]] = list(value) if isinstance(value, list) else _kept(rule["type"], value)
        far = rule["options"].get("inverseLinkFieldId")
        if far is None:
            return
        others = self.cells[rule["options"]["linkedTableId"]]
        for other in set(before) - set(value or []):
            others[other][far].remove(row)
        for other in [o for o in value or [] if o not in before]:
            others[other].setdefault(far, []).append(row)

    def _cast(self, rule: dict[str, Any], value: Any) -> Any:
        options = rule["options"]
        if self.typecast and rule["type"] in ("singleSelect", "multipleSelects"):
            for name in [value] if isinstance(value, str) else value:
                if name not in {c["name"] for c in options["choices"]}:
                    options["choices"].append({"id": self.new_id("sel"), "name": name, "color": "blueLight2"})
        if rule["type"] == "multipleRecordLinks":
            return [self._linked(options["linkedTableId"], text) for text in value]
        return value

    def _linked(self, table: str, text: str) -> str:
        # What typecast makes of such text is not documented.
        _need(
            text in self.cells[table] or not set(text) & set(",;\"'\n"), f"a name to link to with signs in it: {text!r}"
        )
        if text in self.cells[table]:
            return text
        primary = self.tables[table]["fields"][0]["id"]
        found = next((row for row, cells in self.cells[table].items() if cells.get(primary) == text), None)
        if found is None:
            found = self.new_id("rec")
            self.cells[table][found] = {primary: text}
        return found

    def _check_cell(self, rule: dict[str, Any], value: Any) -> None:
        kind, options = rule["type"], rule["options"]
        right, code = kind in CELLS and CELLS[kind](value), "INVALID_VALUE_FOR_COLUMN"
        if isinstance(value, str):
            right = right and len(value.encode("utf-16-le")) <= 2 * CELL_LIMIT
        if right and kind in ("singleSelect", "multipleSelects"):
            known = {c["name"] for c in options["choices"]}
            right = set([value] if kind == "singleSelect" else value) <= known
            code = "INVALID_MULTIPLE_CHOICE_OPTIONS"
        if right and kind == "multipleRecordLinks":
            right = set(value) <= set(self.cells[options["linkedTableId"]])
            code = "ROW_DOES_NOT_EXIST"
        if right and kind == "rating":
            right = 1 <= value <= options["max"]
        _need(right, f"Field {rule['name']!r} ({kind}) cannot accept {value!r}", 422, code)


UNKNOWN_FIELD = "UNKNOWN_FIELD_NAME"
CELL_LIMIT = 100_000


def _field(table: dict[str, Any], key: str) -> dict[str, Any]:
    """A field by id or name, as Airtable takes both."""
    found = next((f for f in table["fields"] if key in (f["id"], f["name"])), None)
    _need(found, f'Unknown field name: "{key}"', 422, UNKNOWN_FIELD)
    assert found is not None
    return found


def _formula(text: str, table: dict[str, Any]) -> Callable[[str, dict[str, Any]], bool]:
    """The formulas that we send: one test of equality, or several in an OR."""
    test = r"(RECORD_ID\(\)|\{(?:[^{}\\]|\\[}\\])+\})='([^'\\\n]*)'"
    inner = re.fullmatch(rf"OR\(({test}(?:,{test})*)\)|{test}", text)
    _need(inner, f"The formula for filtering records is invalid: {text[:80]}", 422, "INVALID_FILTER_BY_FORMULA")
    ids, cells = set(), set()
    for what, value in re.findall(test, text):
        if what == "RECORD_ID()":
            ids.add(value)
        else:
            name = re.sub(r"\\(.)", r"\1", what[1:-1])
            cells.add((_field(table, name)["id"], value))
    return lambda key, row: key in ids or any(str(row.get(item, "")) == value for item, value in cells)


def _is_date(value: Any) -> bool:
    return isinstance(value, str) and date.fromisoformat(value).isoformat() == value


def _is_moment(value: Any) -> bool:
    return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is not None


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(v, str) for v in value) and len(set(value)) == len(value)


def _kept(kind: str, value: Any) -> Any:
    """What stands in a cell once a value was written: times in UTC to the millisecond."""
    if kind == "dateTime" and value is not None:
        return datetime.fromisoformat(value).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    return value.rstrip() if kind in ("singleLineText", "multilineText") and value is not None else value


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
    (r"/v0/meta/bases/(\w+)/tables", "GET", Base.list_tables),
    (r"/v0/meta/bases/(\w+)/tables", "POST", Base.create_table),
    (r"/v0/meta/bases/(\w+)/tables/(\w+)", "PATCH", Base.update_table),
    (r"/v0/meta/bases/(\w+)/tables/(\w+)/fields", "POST", Base.create_field),
    (r"/v0/meta/bases/(\w+)/tables/(\w+)/fields/(\w+)", "PATCH", Base.update_field),
    (r"/v0/(\w+)/(\w+)/listRecords", "POST", Base.find_rows),
    (r"/v0/(\w+)/(\w+)", "GET", Base.list_rows),
    (r"/v0/(\w+)/(\w+)", "PATCH", Base.update_rows),
    (r"/v0/(\w+)/(\w+)", "DELETE", Base.delete_rows),
]


def deliver(
    plan: Plan, base: Base, *, target: dict[str, str] | None = None, done: dict[str, Any] | None = None
) -> Base:
    """Send a plan step by step, as a provisioner would: Refs resolved from earlier answers, ids put into the path.

    `done` gets payload and result of each step, as a journal has them.
    """
    results: dict[str, Any] = {"target": {"mark": "0123456789ab", **(target or {})}}
    for step in plan:
        _need(set(step.depends_on) <= set(results), f"{step.key} comes before {step.depends_on}")
        payload = resolve(step.payload, {key: results[key] for key in (*step.depends_on, "target")})
        _keys(payload, {"makes", "method", "path", "body"}, {"params", "by_name", "came"}, step.key)
        path = payload["path"].format(**payload.get("params", {}))
        if "came" in payload:
            results[step.key] = _came(payload)
        else:
            answer = _ordered(payload["body"], base.send(payload["method"], path, payload["body"]))
            results[step.key] = answer | _brought(payload, answer)
        if done is not None:
            done[step.key] = (payload, results[step.key])
    return base


def _brought(payload: Any, answer: dict[str, Any]) -> dict[str, Any]:
    """The ids of rows of other tables that came with the rows of a step, by field and name."""
    linked: dict[str, dict[str, str]] = {name: {} for name in payload.get("by_name", ())}
    for sent, row in zip(payload["body"].get("records", ()), answer.get("records", ()), strict=True) if linked else ():
        for name in linked:
            if len(sent["fields"].get(name, ())) == 1:
                linked[name][sent["fields"][name][0]] = row["fields"][name][0]
    return {"linked": linked} if linked else {}


def _came(payload: Any) -> dict[str, Any]:
    """Rows that came with others: all of them, so that their step is not sent."""
    name = payload["body"]["performUpsert"]["fieldsToMergeOn"][0]
    keys = [record["fields"][name] for record in payload["body"]["records"]]
    _need(set(keys) == set(payload["came"]), f"only {payload['came']} came of {keys}")
    return {"records": [{"id": payload["came"][key], "key": key} for key in keys]}


def _ordered(body: Any, answer: dict[str, Any]) -> dict[str, Any]:
    """Bring the rows of an upsert's answer into the order in which they were sent, as Refs count on."""
    if "performUpsert" not in body:
        return answer
    name = body["performUpsert"]["fieldsToMergeOn"][0]
    found = {row["fields"][name]: {**row, "key": row["fields"][name]} for row in answer["records"]}
    return {**answer, "records": [found[record["fields"][name]] for record in body["records"]]}
