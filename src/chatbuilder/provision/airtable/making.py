"""Making bases, tables and fields so that none comes twice, and putting back what is missing in them.

createBase has no guard against a second base: a base is ours when a table in it carries our mark. createTable and
createField are refused when the name is taken, so what stands there is looked at before that counts as a failure.
Source: airtable.com/developers/web/api/create-base, create-table, create-field, update-field.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from chatbuilder.provision.airtable.judge import Unwilling
from chatbuilder.provision.airtable.reading import BASES, Data, Reader, by_id, by_name, mark_of
from chatbuilder.provision.outside.calls import Answer, Call
from chatbuilder.provision.outside.policy import InDoubt

WEB = "https://airtable.com"
SELECTS = ("singleSelect", "multipleSelects")
NAME_TAKEN = 422  # the answer to a create whose name is taken: by what a create in doubt made, or by a person


def field_result(field: Data, body: Data) -> Data:
    """Return what later steps need of a field, under the name that it was made with: people rename."""
    options = field.get("options") or {}
    kept: Data = {key: options[key] for key in ("linkedTableId",) if key in options}
    if "choices" in options:
        kept["choices"] = [{"id": choice.get("id", ""), "name": choice["name"]} for choice in options["choices"]]
    return {"id": field["id"], "name": body["name"], "type": field["type"], **({"options": kept} if kept else {})}


def table_result(body: Data, table: Data) -> Data:
    """Return what later steps need of a table: its fields in the order of the body, whatever order they came in."""
    found = [(by_name(table["fields"], wanted["name"]), wanted) for wanted in body["fields"]]
    return {
        "id": table["id"], "name": body["name"],
        "fields": [field_result(field, wanted) for field, wanted in found if field],
    }  # fmt: skip


def base_result(identity: str, body: Data, tables: list[Data]) -> Data:
    """Return what later steps need of a base: its tables in the order of the body."""
    return {"id": identity, "name": body["name"], "url": f"{WEB}/{identity}", "tables": tables}


def made_before(things: list[Data], body: Data) -> Data | None:
    """Return what an earlier result has of a table or field of a body."""
    return by_name(things, body["name"])


def present_field(table: Data, wanted: Data, was: Data | None) -> Data | None:
    """Return the field of a body in a table that is there: by its id, as people rename; else by name."""
    return by_id(table["fields"], was["id"] if was else None) or by_name(table["fields"], wanted["name"])


def same_field(found: Data, body: Data) -> bool:
    """Tell whether a field is what a body would make."""
    link = (body.get("options") or {}).get("linkedTableId")
    return bool(found["type"] == body["type"] and link in (None, (found.get("options") or {}).get("linkedTableId")))


def lacking(field: Data, wanted: Data, before: Data | None = None) -> list[Data]:
    """Return the choices of a body that a select field has no more; one that was only renamed is there by its id."""
    if field["type"] != wanted["type"] or wanted["type"] not in SELECTS:
        return []
    present = field["options"]["choices"]
    ids = {choice["name"]: choice["id"] for choice in ((before or {}).get("options") or {}).get("choices", ())}
    return [
        choice
        for choice in wanted["options"]["choices"]
        if not by_id(present, ids.get(choice["name"])) and not by_name(present, choice["name"])
    ]


@dataclass(frozen=True, slots=True)
class Maker:
    """Creates through the reader's policy. `seen` gives the bases that the token reaches, as last listed."""

    reader: Reader
    seen: Callable[[], list[Data]]

    def base(self, path: str, body: Data, before: Data | None) -> Data:
        """Return the base of a body: the one that is there by our mark, else a new one."""
        if before is not None:
            return self._whole_base(body, before)
        if found := self._ours(body, self.seen()):
            return self._whole_base(body, {"id": found, "tables": []})
        made = self._make(Call("POST", path, body=body), lambda: self.look_base(body))
        if isinstance(made, dict):
            return made
        tables = [_of_answer(table, made.data["tables"]) for table in body["tables"]]
        return base_result(made.data["id"], body, tables)

    def look_base(self, body: Data) -> Data | None:
        """Return the base that an earlier call made of this body, when all of it is there; writes nothing."""
        found = self._ours(body, self.reader.bases())
        if found is None:
            return None
        present = self.reader.tables(found)
        tables = [_whole(present, table) for table in body["tables"]]
        return base_result(found, body, [table for table in tables if table]) if all(tables) else None

    def _ours(self, body: Data, bases: list[Data]) -> str | None:
        """Return the id of the base that has the name and, in a table, the mark of a body."""
        for base in bases:
            if base["name"] == body["name"]:
                tables = self.reader.tables(base["id"], fresh=True)
                if any(_marked(tables, table) for table in body["tables"]):
                    return str(base["id"])
        return None

    def _whole_base(self, body: Data, before: Data) -> Data:
        tables = [
            self.table(before["id"], f"{BASES}/{before['id']}/tables", table, made_before(before["tables"], table))
            for table in body["tables"]
        ]
        return base_result(before["id"], body, tables)

    def table(self, base: str, path: str, body: Data, before: Data | None) -> Data:
        """Return the table of a body, whole: the one that is there by id or mark, else a new one."""
        # A table that a broken run left is in the schema that preflight read: that costs no call.
        tables = self.reader.known_tables(base) if before is None else self.reader.tables(base, fresh=True)
        if found := by_id(tables, (before or {}).get("id")) or _marked(tables, body):
            return self._whole_table(base, body, found, before or {})
        try:
            made = self._make(Call("POST", path, body=body), lambda: self.look_table(base, body))
        except Unwilling as refused:
            found = _marked(self.reader.tables(base, fresh=True), body) if refused.status == NAME_TAKEN else None
            if found is None:
                raise
            return self._whole_table(base, body, found, {})
        return _of_answer(body, [made.data]) if isinstance(made, Answer) else made

    def look_table(self, base: str, body: Data) -> Data | None:
        """Return the table that an earlier call made of this body, when all of it is there; writes nothing."""
        return _whole(self.reader.tables(base, fresh=True), body)

    def _whole_table(self, base: str, body: Data, table: Data, before: Data) -> Data:
        """Add the fields and choices that a table of ours lacks; nothing else in it is touched."""
        path = f"{BASES}/{base}/tables/{table['id']}/fields"
        fields = []
        for wanted in body["fields"]:
            was = made_before(before.get("fields", []), wanted)
            found = present_field(table, wanted, was)
            if found is None:
                fields.append(self.field(base, table["id"], path, wanted, None))
            else:
                fields.append(field_result(self.choices(path, found, lacking(found, wanted, was)), wanted))
        return {"id": table["id"], "name": body["name"], "fields": fields}

    def field(self, base: str, table: str, path: str, body: Data, before: Data | None) -> Data:
        """Return the field of a body: the one that is there, with all its choices, else a new one."""
        if before is not None:
            present = by_id(self.reader.tables(base, fresh=True), table)
            if found := by_id((present or {"fields": []})["fields"], before["id"]):
                return field_result(self.choices(path, found, lacking(found, body, before)), body)
        try:
            made = self._make(Call("POST", path, body=body), lambda: self.look_field(base, table, body))
        except Unwilling as refused:
            found = self.look_field(base, table, body) if refused.status == NAME_TAKEN else None
            if found is None:
                raise
            return found
        return field_result(made.data, body) if isinstance(made, Answer) else made

    def look_field(self, base: str, table: str, body: Data) -> Data | None:
        """Return the field that an earlier call made of this body, by name, kind and choices; writes nothing."""
        present = by_id(self.reader.tables(base, fresh=True), table)
        found = by_name(present["fields"], body["name"]) if present else None
        return field_result(found, body) if found and same_field(found, body) and not lacking(found, body) else None

    def choices(self, fields: str, field: Data, more: list[Data]) -> Data:
        """Add choices to a select field. All that it has are named again with their ids: left out ones would go."""
        if not more:
            return field
        present = [
            {key: choice[key] for key in ("id", "name", "color") if key in choice}
            for choice in field["options"]["choices"]
        ]
        body = {"options": {"choices": [*present, *more]}}
        answer = self.reader.policy.send(Call("PATCH", f"{fields}/{field['id']}", body=body, safe=True))
        self.reader.forget()
        return dict(answer.data)

    def _make(self, call: Call, find: Callable[[], Data | None]) -> Answer | Data:
        """Create; what is in doubt is looked up before it is sent again."""

        def look(doubt: InDoubt) -> Data | None:
            _heed(self.reader, doubt)
            return find()

        made = self.reader.policy.make(call, look)
        self.reader.forget()
        return made


def _of_answer(body: Data, tables: list[Data]) -> Data:
    """Return the result of a table as it came back."""
    return table_result(body, by_name(tables, body["name"]) or tables[0])


def _whole(tables: list[Data], body: Data) -> Data | None:
    """Return the result of the table of a body when it is there with every field and choice."""
    table = _marked(tables, body)
    if table is None:
        return None
    for wanted in body["fields"]:
        field = by_name(table["fields"], wanted["name"])
        if field is None or lacking(field, wanted):
            return None
    return table_result(body, table)


def _marked(tables: list[Data], body: Mapping[str, Any]) -> Data | None:
    mark = mark_of(body)
    return next((table for table in tables if mark and mark_of(table) == mark), None)


def _heed(reader: Reader, doubt: InDoubt) -> None:
    """Wait as long as a 503 asks for before anything is looked at."""
    after = doubt.answer.headers.get("retry-after", "") if doubt.answer else ""
    if after.isdigit():
        reader.policy.desk.wait(min(float(after), 60.0), "Airtable asked to wait")
