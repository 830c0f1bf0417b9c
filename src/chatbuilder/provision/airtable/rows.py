"""Sample rows: sent as upserts, known by the field that tells rows apart, compared cell by cell.

Source: airtable.com/developers/web/api/update-multiple-records (10 records a call; the order of the answer is not
promised), list-records, delete-multiple-records.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from chatbuilder.errors import RefusedError
from chatbuilder.provision.airtable.reading import Data, Reader, by_id, by_name
from chatbuilder.provision.outside.calls import Call

COMPUTED = frozenset(
    (
        "formula", "rollup", "multipleLookupValues", "count", "autoNumber", "createdTime", "lastModifiedTime",
        "createdBy", "lastModifiedBy", "button", "aiText", "externalSyncSource",
    )
)  # fmt: skip


def merge_field(body: Mapping[str, Any]) -> str:
    """Return the name of the field that tells the rows of an upsert apart."""
    return str(body["performUpsert"]["fieldsToMergeOn"][0])


def whole(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the body with all rows of a step, the ones of earlier answers included."""
    body: Mapping[str, Any] = payload.get("then", payload)["body"]
    return body


def sent_cells(payload: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Data]:
    """Return what was written into each row by its key: links that were written as names as the ids they became."""
    body = whole(payload)
    name = merge_field(body)
    sent = {record["fields"][name]: record["fields"] for record in body["records"]}
    linked = {row["key"]: row["links"] for row in result["records"] if row.get("links")}
    return {key: {**cells, **linked.get(key, {})} for key, cells in sent.items()}


def _result(rows: list[Data], payload: Mapping[str, Any]) -> Data:
    """Return the result of a step: its rows, and the rows of other tables that came with them by field and name."""
    came: dict[str, Data] = {name: {} for name in payload.get("by_name", ())}
    body = whole(payload)
    names = {record["fields"][merge_field(body)]: record["fields"] for record in body["records"]}
    for row in rows:
        for field, ids in row.get("links", {}).items():
            sent = names.get(row["key"], {}).get(field, ())
            if field in came and len(sent) == len(ids) == 1:  # else nobody tells which of them is which
                came[field][sent[0]] = ids[0]
    return {"records": rows, **({"linked": came} if came else {})}


def _links(payload: Mapping[str, Any], fields: Mapping[str, Any]) -> Data:
    """Return the ids in the cells of a row that were written as names."""
    found = {name: [_id_of(item) for item in fields[name]] for name in payload.get("by_name", ()) if fields.get(name)}
    return {"links": found} if found else {}


@dataclass(frozen=True, slots=True)
class RowWriter:
    """Sends rows of one step, and nothing a second time that a person may have edited since."""

    reader: Reader

    def upsert(self, path: str, ids: Mapping[str, str], payload: Mapping[str, Any], before: Data | None) -> Data:
        """Return where each row is: `records` with id and key, earlier ones first.

        What came with rows of another table (`came`: ids by name) is not sent.
        """
        body, known = payload["body"], list((before or {}).get("records", ()))
        if before is None:
            known = self._come(payload)
        if before is not None and self._sent(payload, known):
            # The same rows once more: some of them are gone. Those that are there may hold the person's edits.
            there = self.reader.rows(ids["base"], ids["table"], {row["id"] for row in known})
            known = [row for row in known if row["id"] in there]
            body = whole(payload)
        keys = {row["key"] for row in known}
        name = merge_field(body)
        records = [record for record in body["records"] if record["fields"][name] not in keys]
        if before is not None:
            records = self._with_ids(ids["base"], payload, records, before)
        new = self._send(path, {**body, "records": records}, name, payload) if records else []
        if before is None:
            order = [{"key": record["fields"][name]} for record in body["records"]]
            return _result(_in_order([*known, *new], order), payload)
        if body is payload["body"]:
            return _result([*known, *new], payload)
        return _result(_in_order([*known, *new], before["records"]), payload)

    def _come(self, payload: Mapping[str, Any]) -> list[Data]:
        name, came = merge_field(payload["body"]), payload.get("came") or {}
        keys = (record["fields"][name] for record in payload["body"]["records"])
        return [{"id": came[key], "key": key} for key in keys if key in came]

    def _with_ids(
        self, base: str, payload: Mapping[str, Any], records: list[Data], before: Mapping[str, Any]
    ) -> list[Data]:
        """Return records with links to the rows that names became once: they may have other names by now."""
        for name, table in payload.get("by_name", {}).items() if records else ():
            known = before.get("linked", {}).get(name, {})
            there = self.reader.rows(base, table, set(known.values())) if known else {}
            ids = {key: row for key, row in known.items() if row in there}
            cells = [{**record["fields"]} for record in records]
            for fields in cells:
                if name in fields:
                    fields[name] = [ids.get(item, item) for item in fields[name]]
            records = [{**record, "fields": fields} for record, fields in zip(records, cells, strict=True)]
        return records

    def link(self, path: str, ids: Mapping[str, str], payload: Mapping[str, Any]) -> Data:
        """Write link cells of rows that are there, by their ids; when it is optional, of those that may have gone."""
        records = payload["body"]["records"]
        if payload.get("optional"):
            records = self._open_to(ids, records)
        if records:
            body = {**payload["body"], "records": records}
            self.reader.policy.send(Call("PATCH", path, body=body, safe=True))
            self.reader.forget()
        return {"records": [{"id": record["id"]} for record in records]}

    def _open_to(self, ids: Mapping[str, str], records: list[Data]) -> list[Data]:
        """Return the records whose rows are there with nothing yet in the cells to be written."""
        linked = {row for record in records for cell in record["fields"].values() for row in cell}
        there = self.reader.rows(ids["base"], ids["table"], linked | {record["id"] for record in records})
        return [
            record
            for record in records
            if record["id"] in there
            and not any(there[record["id"]].get(name) for name in record["fields"])
            and all(there.keys() >= set(cell) for cell in record["fields"].values())
        ]

    def look_up(self, ids: Mapping[str, str], payload: Mapping[str, Any]) -> Data | None:
        """Return the result of an upsert whose answer was lost, None unless every row is there."""
        if "then" in payload:
            return None
        name = merge_field(payload["body"])
        rows = self.reader.all_rows(ids["base"], ids["table"])
        there = {row.get(name): key for key, row in rows.items()}
        wanted = [record["fields"][name] for record in payload["body"]["records"]]
        if not there.keys() >= set(wanted):
            return None
        return self.found(payload, {key: (there[key], rows[there[key]]) for key in wanted})

    def found(self, payload: Mapping[str, Any], there: Mapping[str, tuple[str, Data]]) -> Data:
        """Return the result of an upsert from rows as they stand: id and cells by key; others get ids of none."""
        name = merge_field(payload["body"])
        rows: list[Data] = []
        for number, key in enumerate(record["fields"][name] for record in payload["body"]["records"]):
            if key in there:
                row, cells = there[key]
                rows.append({"id": row, "key": key, **_links(payload, cells)})
            else:
                rows.append({"id": f"recGone{number:010d}", "key": key, "gone": True})
        return _result(rows, payload)

    def _sent(self, payload: Mapping[str, Any], known: list[Data]) -> bool:
        name, keys = merge_field(payload["body"]), {row["key"] for row in known}
        return all(record["fields"][name] in keys for record in payload["body"]["records"])

    def _send(self, path: str, body: Mapping[str, Any], name: str, payload: Mapping[str, Any]) -> list[Data]:
        answer = self.reader.policy.send(Call("PATCH", path, body=body, safe=True))
        self.reader.forget()
        made = {_plain(row["fields"].get(name)): row for row in answer.data["records"]}
        keys = [record["fields"][name] for record in body["records"]]
        if lost := [key for key in keys if _plain(key) not in made]:
            raise RefusedError(
                f"Airtable answered without {len(lost)} of the rows that were sent.", title="Rows are missing",
                kept="everything built so far.", hint="run it again: it goes on from here.",
            )  # fmt: skip
        found = [(key, made[_plain(key)]) for key in keys]
        return [{"id": row["id"], "key": key, **_links(payload, row["fields"])} for key, row in found]


def _in_order(rows: list[Data], before: list[Data]) -> list[Data]:
    places = {row["key"]: number for number, row in enumerate(before)}
    return sorted(rows, key=lambda row: places.get(row["key"], len(places)))


def cells_differ(sent: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Tell whether a cell that was written holds something else now."""
    return any(_plain(value) != _plain(row.get(name)) for name, value in sent.items())


def added_to(
    sent: Mapping[str, Any], row: Mapping[str, Any], table: Data, ours: set[str], by_hand: set[str]
) -> list[str]:
    """Return the names of fields in which somebody put something into a row of ours.

    Links among `ours` do not count: they are our own. `by_hand` are names that never count.
    """
    found = []
    for name, value in row.items():
        field = by_name(table["fields"], name) or {"type": ""}
        if name in sent or name in by_hand or field["type"] in COMPUTED or value in (None, "", [], False):
            continue
        linked = field["type"] == "multipleRecordLinks" and set(map(_id_of, value)) <= ours
        if not linked:
            found.append(name)
    return found


def _id_of(value: Any) -> str:
    return str(value.get("id")) if isinstance(value, dict) else str(value)


def _plain(value: Any) -> Any:
    """Return a cell so that what was sent and what comes back compare equal."""
    if isinstance(value, list):
        return sorted(_id_of(item) for item in value) or None
    if value is False or value == "":
        return None  # Airtable leaves out what is empty
    if isinstance(value, str):
        return _moment(value) or value.strip()
    return value


def _moment(text: str) -> datetime | None:
    if len(text) < len("2026-11-22T00:00Z") or text[4:5] != "-" or "T" not in text:
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def table_of(reader: Reader, ids: Mapping[str, str]) -> Data | None:
    """Return the schema of the table that a payload's params name."""
    return by_id(reader.tables(ids["base"]), ids["table"])
