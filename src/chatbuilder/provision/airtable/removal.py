"""Taking down: sample rows nobody touched; for bases, tables and fields the clicks, because the API deletes none.

Source: airtable.com/developers/web/api/delete-multiple-records; deleting a base needs an Enterprise plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from chatbuilder.errors import CredentialsError
from chatbuilder.provision.airtable.making import WEB
from chatbuilder.provision.airtable.reading import Reader
from chatbuilder.provision.airtable.rows import added_to, cells_differ, sent_cells, table_of
from chatbuilder.provision.base import Removal
from chatbuilder.provision.outside.calls import Call
from chatbuilder.provision.outside.policy import InDoubt
from chatbuilder.solution import Step

RECORDS_A_CALL = 10


def gone(reader: Reader, base: str) -> bool:
    """Tell whether a base is not there any more, for this token."""
    try:
        reader.tables(base)
    except CredentialsError:
        # A token that is no good fails here again, with its own words.
        return all(found["id"] != base for found in reader.bases())
    return False


def remove(reader: Reader, step: Step, payload: Mapping[str, Any], result: Mapping[str, Any]) -> Removal:
    """Take down one step as far as Airtable lets us."""
    base = result["id"] if payload["makes"] == "base" else payload["params"]["base"]
    if gone(reader, base):
        return Removal(True, step.title, "the base is not there any more for this token")
    match payload["makes"]:
        case "base":
            why = f"Airtable's API deletes no bases. Open {WEB}/{base}, click the arrow beside the base's name at the "
            why += "top, then the three dots → Delete base (it stays in the trash for some days)"
            return Removal(False, f"The base {payload['body']['name']}", why)
        case "table":
            where = f"{WEB}/{base}/{result['id']}"
            why = f"Airtable's API deletes no tables. It goes with its base; to delete it alone open {where} and click "
            why += "the arrow on its tab → Delete table"
            return Removal(False, f"The table {payload['body']['name']}", why)
        case "rows":
            return _rows(reader, step, payload, result)
        case "links":
            return Removal(True, step.title, "links go with their rows")
    return Removal(False, step.title, "Airtable's API deletes no fields: it goes with its table", told=False)


def _rows(reader: Reader, step: Step, payload: Mapping[str, Any], result: Mapping[str, Any]) -> Removal:
    ids = payload["params"]
    table = table_of(reader, ids)
    if table is None:
        return Removal(True, step.title, "the table is not there any more")
    sent = sent_cells(payload, result)
    places = {row["id"]: row["key"] for row in result["records"]}
    there = reader.rows(ids["base"], ids["table"], set(places))
    own = {f["name"] for f in table["fields"] if (f.get("options") or {}).get("linkedTableId") == table["id"]}
    untouched = [
        key
        for key, row in there.items()
        if not cells_differ(sent.get(places[key], {}), row)
        and not added_to(sent.get(places[key], {}), row, table, set(places), own)
    ]
    _delete(reader, ids, sorted(untouched))
    left = len(there) - len(untouched)
    if left:
        rows = "a row that was" if left == 1 else f"{left} rows that were"
        why = f"kept {rows} edited, or that something of yours links to; {len(untouched)} untouched removed"
        return Removal(False, step.title, why)
    return Removal(True, step.title)


def _delete(reader: Reader, ids: Mapping[str, str], rows: list[str]) -> None:
    for start in range(0, len(rows), RECORDS_A_CALL):
        part = rows[start : start + RECORDS_A_CALL]
        call = Call("DELETE", f"/v0/{ids['base']}/{ids['table']}", {"records[]": part})
        reader.policy.make(call, partial(_all_gone, reader, ids, set(part)))
    if rows:
        reader.forget()


def _all_gone(reader: Reader, ids: Mapping[str, str], rows: set[str], doubt: InDoubt) -> bool | None:
    """Look whether a delete whose answer was lost went through: sent again it would be refused."""
    reader.forget()
    return True if not reader.rows(ids["base"], ids["table"], rows) else None
