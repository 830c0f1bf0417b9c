"""What the database itself remembers of each step: its digest, the things it made, and the rows it added.

A row is remembered as the server tells it in JSON, all its columns but generated ones.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from chatbuilder.provision.custom.database import quote
from chatbuilder.provision.custom.meta import digest
from chatbuilder.provision.custom.postgres.catalogue import META, Thing, catalogue, columns, exists
from chatbuilder.provision.custom.postgres.server import Connection

Row = Mapping[str, Any]
Results = dict[str, dict[str, Any]]
__all__ = [
    "Results", "Row", "digest", "forget", "read_rows", "redefine", "refresh", "remember", "remembered", "untouched",
]  # fmt: skip


def remembered(connection: Connection) -> Results:
    """Return the results of all finished steps, by key, in the order in which they were first done."""
    if set(columns(connection, META)) != {"step", "digest", "result"}:
        return {}
    rows = connection.execute(f"SELECT step, result FROM {quote(META)}").fetchall()
    found = {step: json.loads(result) for step, result in rows}
    return dict(sorted(found.items(), key=lambda item: item[1].get("number", 0)))


def remember(connection: Connection, result: dict[str, Any]) -> dict[str, Any]:
    """Write a step's result, in the transaction that did the work, and return it as it will be read."""
    known = remembered(connection)
    number = known.get(result["step"], {}).get("number") or 1 + max((r["number"] for r in known.values()), default=0)
    result = {**result, "number": number}
    connection.execute(
        f"INSERT INTO {quote(META)} (step, digest, result) VALUES (%s, %s, %s) "
        "ON CONFLICT (step) DO UPDATE SET digest = excluded.digest, result = excluded.result",
        (result["step"], result["digest"], json.dumps(result, ensure_ascii=False)),
    )
    return result


def forget(connection: Connection, step: str) -> None:
    """Drop what is remembered of a step."""
    connection.execute(f"DELETE FROM {quote(META)} WHERE step = %s", (step,))


def _plain_values(connection: Connection, table: str) -> dict[str, Any]:
    """Return what each column of a table holds when nobody fills it."""
    defaults = columns(connection, table)
    found: dict[str, Any] = dict.fromkeys(defaults)
    for name, sql in defaults.items():
        if sql and "nextval" not in sql:  # the schema's own SQL
            row = connection.execute(f"SELECT to_jsonb({sql})").fetchone()
            found[name] = row[0] if row else None
    return found


def read_rows(connection: Connection, table: str, rows: Iterable[Row]) -> list[dict[str, Any] | None]:
    """Return rows that we added as they are now, None for each that is gone."""
    rows = list(rows)
    if not exists(connection, table):
        return [None] * len(rows)
    kept = set(columns(connection, table))
    if all("id" in row["values"] for row in rows):
        ids = [row["values"]["id"] for row in rows]
        query = f"SELECT to_jsonb(t) FROM {quote(table)} t WHERE t.id = ANY(%s)"
        by_id = {value["id"]: value for (value,) in connection.execute(query, (ids,))}
        now = [by_id.get(number) for number in ids]
    else:
        query = f"SELECT to_jsonb(t) FROM {quote(table)} t WHERE to_jsonb(t) @> %s::jsonb LIMIT 1"
        found = (connection.execute(query, (json.dumps(row["values"]),)).fetchone() for row in rows)
        now = [row[0] if row else None for row in found]
    return [None if row is None else {name: row[name] for name in row if name in kept} for row in now]


def untouched(connection: Connection, rows: Iterable[Row]) -> list[Row]:
    """Return those of our rows that are as we added them; columns added since must hold their default."""
    by_table: dict[str, list[Row]] = {}
    for row in rows:
        by_table.setdefault(row["table"], []).append(row)
    found = []
    for table, group in by_table.items():
        if not exists(connection, table):
            continue
        plain = _plain_values(connection, table)
        for row, now in zip(group, read_rows(connection, table, group), strict=True):
            was = {**plain, **row["values"]}
            if now is not None and all(value == was.get(name) for name, value in now.items()):
                found.append(row)
    return found


def refresh(connection: Connection, rows: Iterable[Row]) -> None:
    """Record rows anew that nobody had changed before we changed them ourselves."""
    wanted = {json.dumps(row, sort_keys=True) for row in rows}
    if not wanted:
        return
    for result in remembered(connection).values():
        before = result.get("rows", [])
        after = [_now(connection, row) if json.dumps(row, sort_keys=True) in wanted else row for row in before]
        if after != before:
            remember(connection, {**result, "rows": after})


def redefine(connection: Connection, was: Mapping[str, Thing]) -> None:
    """Record tables anew that a step of ours has just altered, and nobody else before it."""
    now = catalogue(connection)
    for result in remembered(connection).values():
        objects = result["objects"]
        ours = [key for key in objects if key in was and key in now and objects[key] == was[key].definition]
        changed = {key: now[key].definition for key in ours if now[key].definition != objects[key]}
        if changed:
            remember(connection, {**result, "objects": objects | changed})


def _now(connection: Connection, row: Row) -> Row:
    (values,) = read_rows(connection, row["table"], [row])
    return row if values is None else {**row, "values": values}
