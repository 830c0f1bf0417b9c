"""How a spreadsheet that exists gets to other answers: the one batch that makes the difference.

Everything is found by key: sheets, tables, filter views and charts by their ids, columns by their field. New columns
go to the end of their table. What people typed, renamed or moved stays; pages that nobody touched are written anew.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chatbuilder.generators.common.sheets_batch import as_data, whole_of

# Under its own name the pipeline would take it for this module's: see `evolving.standing`.
from chatbuilder.generators.common.sheets_batch import standing as whole_built
from chatbuilder.generators.common.sheets_difference import difference
from chatbuilder.generators.common.sheets_ground import untouched
from chatbuilder.generators.sheets.layout import stable_id
from chatbuilder.solution import Delivered, Evolution, Plan, Step, resolve


def evolve(plan: Plan, delivered: Mapping[str, Delivered]) -> Evolution:
    """Return what to deliver so that a delivered spreadsheet becomes what the plan wants; see `Evolution`.

    The request is the one for a spreadsheet that nobody touched since it was built. Delivery looks first: where columns
    were moved or pages edited meanwhile, it sends what `difference` makes of the same change there.
    """
    steps: list[Step] = []
    kept: tuple[str, ...] = ()
    for step in plan:
        if step.key not in delivered:
            steps.append(step)
        elif step.key == "build":
            changed, kept = _build(step, delivered[step.key])
            steps.append(changed)
        else:  # the file: its mark and its name do not change
            steps.append(replace(step, payload=delivered[step.key].payload))
    return Evolution(Plan(tuple(steps)), kept)


def _build(step: Step, delivered: Delivered) -> tuple[Step, tuple[str, ...]]:
    payload, result = delivered.payload, delivered.result
    mark = str(payload["marker"]).split(":")[2]
    new = resolve(step.payload, {"file": {"id": payload["params"]["spreadsheet"]}, "target": {"mark": mark}})
    # A change that was refused is no ground to stand on: the next one starts from where that one did.
    taken = "from" not in payload or result.get("marker") == payload["marker"]
    if taken and new == payload.get("then", payload):
        return replace(step, payload=payload), ()
    old = whole_of(result, payload)
    found = difference(old, whole_built(new), untouched(*old))
    digest = zlib.crc32(json.dumps([new, found.requests], sort_keys=True).encode())
    stamp = f"{new['marker']}:{digest:08x}"
    change = {
        "method": new["method"], "path": new["path"], "params": new["params"],
        "body": {"requests": [*found.requests, _restamp(stamp)], "includeSpreadsheetInResponse": False},
        "makes": new["makes"], "marker": stamp, "given": new["given"], "kept": list(found.kept),
        "from": as_data(old), "then": new, "stands": as_data(found.stands),
    }  # fmt: skip
    return replace(step, title=f"Change the spreadsheet: {found.words}", payload=change), found.kept


def _restamp(stamp: str) -> dict[str, Any]:
    """The mark of the file says which batch was the last: that is how a lost answer is found."""
    return {
        "updateDeveloperMetadata": {
            "dataFilters": [{"developerMetadataLookup": {"metadataId": stable_id("metadata", "file")}}],
            "developerMetadata": {"metadataValue": stamp},
            "fields": "metadataValue",
        }
    }
