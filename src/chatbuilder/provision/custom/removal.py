"""Taking a step down: only what we made, only when nobody changed it, and never what something of a person's needs."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from typing import Any

from chatbuilder.provision.custom.database import Thing, catalogue, quote
from chatbuilder.provision.custom.meta import is_untouched, references

Place = tuple[str, int]


def remove_rows(connection: sqlite3.Connection, rows: Iterable[Mapping[str, Any]]) -> list[str]:
    """Delete the rows we added that nobody changed and nothing else points to; say what stays."""
    present = catalogue(connection)
    here = [row for row in rows if row["table"].lower() in present and _exists(connection, row)]
    free = {(row["table"], row["rowid"]) for row in here if is_untouched(connection, row)}
    links = [r for r in references(connection) if r[2].lower() in present]
    size = -1
    while size != len(free):
        size = len(free)
        free = {place for place in free if _is_free(connection, place, links, free)}
    for table, rowid in free:
        connection.execute(f"DELETE FROM {quote(table)} WHERE rowid = ?", (rowid,))
    stay: dict[str, int] = {}
    for row in here:
        if (row["table"], row["rowid"]) not in free:
            stay[row["table"]] = stay.get(row["table"], 0) + 1
    return [
        f"{count} sample row{'s' if count > 1 else ''} of {table} changed or in use" for table, count in stay.items()
    ]


def _exists(connection: sqlite3.Connection, row: Mapping[str, Any]) -> bool:
    query = f"SELECT 1 FROM {quote(row['table'])} WHERE rowid = ?"
    return connection.execute(query, (row["rowid"],)).fetchone() is not None


def _is_free(
    connection: sqlite3.Connection, place: Place, links: list[tuple[str, str, str, bool]], free: set[Place]
) -> bool:
    """Tell whether nothing that stays points to the row; a link goes only with one of the rows that it joins."""
    table, rowid = place
    for child, column, parent, _ in links:
        if parent == table:
            query = f"SELECT rowid FROM {quote(child)} WHERE {quote(column)} = ?"
            if any((child, found) not in free for (found,) in connection.execute(query, (rowid,))):
                return False
    above = [(parent, column) for child, column, parent, cascades in links if child == table and cascades]
    for parent, column in above:
        query = f"SELECT {quote(column)} FROM {quote(table)} WHERE rowid = ?"
        if (parent, connection.execute(query, (rowid,)).fetchone()[0]) in free:
            return True
    return not above


def remove_objects(connection: sqlite3.Connection, objects: Mapping[str, str]) -> list[str]:
    """Drop our objects, newest first; say what stays and why."""
    present = catalogue(connection)
    things = [present[name.lower()] for name in reversed(list(objects)) if name.lower() in present]
    stay: list[str] = []
    for thing in sorted(things, key=lambda t: (t.type == "table", t.virtual is False)):
        why = _reason_to_keep(connection, thing, objects[thing.name], stay)
        if not why and thing.type == "index" and thing.table in objects and thing.table.lower() in present:
            continue  # goes with its table
        why = why or _drop(connection, thing)
        if why:
            stay.append(f"{thing.type} {thing.name}: {why}")
    return stay


def _reason_to_keep(connection: sqlite3.Connection, thing: Thing, recorded: str, stay: list[str]) -> str:
    if thing.sql != recorded:
        return "it was edited"
    if thing.type != "table":
        return ""
    if thing.virtual:
        return "an edited trigger needs it" if any(kept.startswith("trigger ") for kept in stay) else ""
    count = connection.execute(f"SELECT count(*) FROM {quote(thing.name)}").fetchone()[0]
    if count:
        return f"it holds {count} row{'s' if count > 1 else ''}"
    users = {child for child, _, parent, _ in references(connection) if parent.lower() == thing.name.lower()}
    users -= {thing.name}
    return f"{', '.join(sorted(users))} refers to it" if users else ""


def _drop(connection: sqlite3.Connection, thing: Thing) -> str:
    """Drop one thing, unless a view that works now would then be broken; return why it stays."""
    working = _working_views(connection) - {thing.name}
    connection.execute("SAVEPOINT dropping")
    connection.execute(f"DROP {thing.type} {quote(thing.name)}")
    broken = sorted(working - _working_views(connection))
    if broken:
        connection.execute("ROLLBACK TO dropping")
    connection.execute("RELEASE dropping")
    return f"the view {', '.join(broken)} reads it" if broken else ""


def _working_views(connection: sqlite3.Connection) -> set[str]:
    found = set()
    for thing in catalogue(connection).values():
        if thing.type == "view":
            try:
                connection.execute(f"SELECT * FROM {quote(thing.name)} LIMIT 0").close()
            except sqlite3.OperationalError:
                continue
            found.add(thing.name)
    return found
