"""Where a base is to be made or filled: the target's ids, and what stands in the way there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from chatbuilder.errors import InputError
from chatbuilder.provision.airtable.reading import MARKED, Data, Reader, by_id, by_name, mark_of
from chatbuilder.provision.base import Result
from chatbuilder.solution import Plan, resolve

SESSIONS = "Chat Sessions"
KEPT = "everything there; nothing was sent."
# What Airtable puts into a base that is started from scratch.
DEFAULT_FIELDS = frozenset(("name", "notes", "assignee", "status", "attachments"))
DEFAULT_EXTRA = frozenset(("attachment summary",))
FREE = "The Free plan holds 1,000 records a base and allows 1,000 API calls a month in a workspace"


def target_base(target: Mapping[str, str]) -> str | None:
    """Return the id of the base to fill. Raises `InputError` when what was given holds none."""
    return _target(target, "base", "app", "open the base: its address is https://airtable.com/app…/…")


def target_workspace(target: Mapping[str, str]) -> str | None:
    """Return the id of the workspace to make a base in. Raises `InputError` when what was given holds none."""
    return _target(
        target, "workspace", "wsp", "open the workspace: its address is https://airtable.com/workspaces/wsp…"
    )


def _target(target: Mapping[str, str], key: str, prefix: str, where: str) -> str | None:
    text = target.get(key)
    if not text:
        return None
    found = re.search(rf"\b{prefix}[A-Za-z0-9]{{8,}}", text)
    if found is None:
        raise InputError(
            f"{text[:100]!r} holds no id of a {key} ({prefix}…).", title=f"Not a {key}", kept=KEPT, hint=f"{where}."
        )
    return found[0]


def no_target() -> InputError:
    """Return the error of answers that name neither workspace nor base."""
    return InputError(
        "The answers say neither in which workspace to make the base, nor which empty base to fill.",
        title="No target", kept=KEPT,
        problems=(
            "workspace = “wsp…”: on airtable.com click the workspace's name; its address is "
            "airtable.com/workspaces/wsp….",
            "or base = “app…”: make an empty base there (Create → Start from scratch) and open it; its address is "
            "airtable.com/app…/….",
        ),
        hint="put one of them under [target] in the answers.",
    )  # fmt: skip


def base_of(known: Mapping[str, Result]) -> str | None:
    """Return the id of the base that earlier runs made."""
    return str(known["base"]["id"]) if "base" in known else None


def known_tables(known: Mapping[str, Result]) -> set[str]:
    """Return the ids of the tables that earlier runs made."""
    made = {table["id"] for table in known.get("base", {}).get("tables", ())}
    return made | {result["id"] for key, result in known.items() if key.startswith("table-")}


def clashes(plan: Plan, known: Mapping[str, Result], tables: list[Data]) -> list[str]:
    """Return what of the person's own bears a name that the plan is about to use."""
    ours = known_tables(known)
    mark = known.get("target", {}).get("mark")
    found = []
    for step in plan:
        body = step.payload["body"]
        if step.key in known:
            continue
        if step.payload["makes"] == "table":
            table = by_name(tables, body["name"])
            if table and table["id"] not in ours and not _may_be_ours(table, mark):
                found.append(f"There is a table {table['name']} already.")
        elif step.payload["makes"] == "field" and (table := _table_of(step.payload, known, tables)):
            field = by_name(table["fields"], body["name"])
            if field and field["type"] != body["type"]:
                found.append(f"The table {table['name']} has a field {field['name']} of another kind already.")
    return found


def _may_be_ours(table: Data, mark: str | None) -> bool:
    """A table with our kind of mark may come from a create that was in doubt: delivery looks whose it is."""
    found = MARKED.search(mark_of(table))
    return found is not None and mark in (None, found["mark"])


def _table_of(payload: Mapping[str, Any], known: Mapping[str, Result], tables: list[Data]) -> Data | None:
    try:
        return by_id(tables, resolve(payload["params"], known)["table"])
    except KeyError:  # its table is still to be made
        return None


def must_be_empty(reader: Reader, base: str, tables: list[Data]) -> None:
    """Refuse a base that holds anything of a person's: what is put into it, the API cannot take out again.

    Empty is: nothing but one table as Airtable makes it, or one whose rows have no values. Tables with a mark of
    ours are what an earlier run left.
    """
    own = [table for table in tables if not mark_of(table)]
    if len(own) < len(tables) or (len(own) <= 1 and all(_empty(reader, base, table) for table in own)):
        return
    raise InputError(
        "The base is not empty, and Airtable's API could not take our tables out of it again.",
        title="The base is not empty", kept=KEPT,
        problems=[f"It has a table {table['name']}." for table in own[:20]],
        hint="make an empty base (Create → Start from scratch) and name it as the target; "
        "or name a workspace to have one made.",
    )  # fmt: skip


def _empty(reader: Reader, base: str, table: Data) -> bool:
    if {field["name"].casefold() for field in table["fields"]} - DEFAULT_EXTRA == DEFAULT_FIELDS:
        return True
    return not any(reader.all_rows(base, table["id"]).values())


def notes_on(plan: Plan, known: Mapping[str, Result], others: list[Data]) -> list[str]:
    """Return what to know before it starts."""
    calls = sum(step.key not in known and "came" not in step.payload for step in plan)
    notes = [f"{FREE}; this takes {calls} calls."] if calls else []
    if others:
        names = ", ".join(table["name"] for table in others[:5])
        notes.append(f"What is in the base stays as it is: {names}. An empty “Table 1” can be deleted by hand.")
    return notes


def first_steps(results: Mapping[str, Result]) -> str:
    """Return what a person does first in a finished base: the first of the guide's clicks, named."""
    tables = [*results.get("base", {}).get("tables", ()), *(v for k, v in results.items() if k.startswith("table-"))]
    fields: list[Data] = next((table["fields"] for table in tables if table["name"] == SESSIONS), [])
    links = [field["name"] for field in fields if field["type"] == "multipleRecordLinks"]
    first = f"make the first view: rename Grid view in the table {SESSIONS} to All sessions"
    if links:
        first = f"let {' and '.join(links)} link to one row only: the arrow beside the name → Edit field → switch off "
        first += "Allow linking to multiple records"
    return f"Open the base and {first}; then go on in the guide under “To do by hand”: Airtable's API makes no views."


def in_the_way(problems: list[str]) -> InputError:
    """Return the error of a base in which the person's own things bear our names."""
    return InputError(
        "Things of your own have the names of what is to be made.", title="Names are taken", kept=KEPT,
        problems=problems, hint="rename them in Airtable, or choose another base; then apply again.",
    )  # fmt: skip
