"""What the database itself remembers of each step: its digest, the objects it made, and the rows it added."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from typing import Any

from chatbuilder.provision.custom.database import META, catalogue, columns, quote

Row = Mapping[str, Any]


def digest(value: Any) -> str:
    """Return a short fingerprint of JSON data."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def is_ours(connection: sqlite3.Connection) -> bool:
    """Tell whether the file has our table of steps, and not a person's table of the same name."""
    return META in catalogue(connection) and set(columns(connection, META)) == {"step", "digest", "result"}


def remembered(connection: sqlite3.Connection) -> dict[str, dict[str, Any]]:
    """Return the results of all finished steps, by key."""
    if not is_ours(connection):
        return {}
    rows = connection.execute(f"SELECT step, result FROM {quote(META)}")
    return {step: json.loads(result) for step, result in rows}


def remember(connection: sqlite3.Connection, result: Mapping[str, Any]) -> None:
    """Write a step's result, in the transaction that did the work."""
    connection.execute(
        f"INSERT INTO {quote(META)} (step, digest, result) VALUES (?, ?, ?) "
        "ON CONFLICT (step) DO UPDATE SET digest = excluded.digest, result = excluded.result",
        (result["step"], result["digest"], json.dumps(result, ensure_ascii=False)),
    )


def forget(connection: sqlite3.Connection, step: str) -> None:
    """Drop what is remembered of a step."""
    connection.execute(f"DELETE FROM {quote(META)} WHERE step = ?", (step,))


def read_row(connection: sqlite3.Connection, table: str, rowid: int) -> dict[str, Any] | None:
    """Return a row as it is now, or None when it is gone."""
    cursor = connection.execute(f"SELECT * FROM {quote(table)} WHERE rowid = ?", (rowid,))
    row = cursor.fetchone()
    return None if row is None else dict(zip((c[0] for c in cursor.description), row, strict=True))


def is_untouched(connection: sqlite3.Connection, recorded: Row) -> bool:
    """Tell whether a row that we added is as we added it; columns added since must hold their default."""
    now = read_row(connection, recorded["table"], recorded["rowid"])
    if now is None:
        return False
    defaults = columns(connection, recorded["table"])
    was = {**{name: _plain(connection, sql) for name, sql in defaults.items()}, **recorded["values"]}
    return all(value == was.get(name) for name, value in now.items())


def _plain(connection: sqlite3.Connection, default: str | None) -> Any:
    return connection.execute(f"SELECT {default}").fetchone()[0] if default else None  # the schema's own SQL


def untouched_rows(connection: sqlite3.Connection) -> list[tuple[str, int]]:
    """Return step and position of every row of ours that nobody changed."""
    present = catalogue(connection)
    return [
        (step, n)
        for step, result in remembered(connection).items()
        for n, row in enumerate(result.get("rows", ()))
        if row["table"].lower() in present and is_untouched(connection, row)
    ]


def refresh(connection: sqlite3.Connection, untouched: list[tuple[str, int]]) -> None:
    """Record rows anew that nobody had changed before we changed them ourselves."""
    results = remembered(connection)
    for step, n in untouched:
        rows = results.get(step, {}).get("rows", [])
        if n < len(rows):
            values = read_row(connection, rows[n]["table"], rows[n]["rowid"])
            rows[n] = {**rows[n], "values": values} if values is not None else rows[n]
    for step in dict.fromkeys(step for step, _ in untouched):
        if step in results:
            remember(connection, results[step])


def references(connection: sqlite3.Connection) -> Iterator[tuple[str, str, str, bool]]:
    """Yield every foreign key of the file: table, column, the table it points to, and whether it cascades."""
    for thing in catalogue(connection).values():
        if thing.type == "table" and not thing.virtual:
            for key in connection.execute(f"PRAGMA foreign_key_list({quote(thing.name)})"):
                yield thing.name, key[3], key[2], key[6] == "CASCADE"
