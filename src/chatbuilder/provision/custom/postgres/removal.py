"""Taking a step down: only what we made, only when nobody changed it, and never what something of a person's needs.

PostgreSQL itself refuses to drop what something else needs, and says what that is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from psycopg import Rollback, errors

from chatbuilder.provision.custom.database import quote
from chatbuilder.provision.custom.postgres import meta
from chatbuilder.provision.custom.postgres.catalogue import META, Thing, catalogue
from chatbuilder.provision.custom.postgres.server import Connection

LAST = "settings"
_HOUSE = ("chatbuilder_settings", META)
_LINKS = """
SELECT c.relname::text, a.attname::text, p.relname::text, k.confdeltype = 'c'
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_class p ON p.oid = k.confrelid
  JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = k.conkey[1]
WHERE k.contype = 'f' AND c.relnamespace = current_schema()::regnamespace
"""
Link = tuple[str, str, str, bool]  # a foreign key: table, column, the table it points to, whether it cascades


def remove(connection: Connection, step: str, done: meta.Results) -> list[str]:
    """Take down one step and forget it; return what stays and why."""
    stay = _remove_rows(connection, list(_rows(step, done)))
    stay += _remove_objects(connection, done[step]["objects"])
    if not stay:
        meta.forget(connection, step)
    return stay


def goes_later(connection: Connection, step: str) -> bool:
    """Tell whether a step only waits for others of ours: then it goes when the last one is taken down."""
    gone = False
    with connection.transaction() as trial:
        _sweep(connection)
        gone = step not in meta.remembered(connection)
        raise Rollback(trial)
    return gone


def remove_house(connection: Connection) -> list[str]:
    """Drop our own two tables, the last to go: what had to wait for something else is tried again before.

    Roles that we made go as well, unless another database of the server has a use for them.
    """
    if left := _sweep(connection):
        return [f"what is kept still needs it: {', '.join(left)}"]
    roles = [name for result in meta.remembered(connection).values() for name in result.get("roles", ())]
    for name in _HOUSE:
        connection.execute(f"DROP TABLE IF EXISTS {quote(name)}")
    for name in roles:
        _tried(connection, f"REVOKE USAGE ON SCHEMA public FROM {quote(name)}; DROP ROLE {quote(name)}")
    return []


def _sweep(connection: Connection) -> list[str]:
    """Take down every step but the last, again and again while anything goes; return the keys of those that stay."""
    while True:
        done = meta.remembered(connection)
        steps = [key for key in reversed(list(done)) if key != LAST and "roles" not in done[key]]
        stay = [key for key in steps if remove(connection, key, done)]
        if len(stay) == len(steps):
            return stay


def _tried(connection: Connection, statement: str) -> str:
    """Run a statement that may be refused; return why it was, "" when it was not."""
    try:
        with connection.transaction():
            connection.execute(statement)
    except (errors.DependentObjectsStillExist, errors.InsufficientPrivilege, errors.UndefinedObject) as error:
        return " ".join((error.diag.message_detail or error.diag.message_primary or "").split())
    return ""


# rows


def _rows(step: str, done: meta.Results) -> Iterator[meta.Row]:
    """Yield the rows that a step added, and those that any step added to its tables."""
    for key, result in done.items():
        for row in result.get("rows", ()):
            if key == step or f"table {row['table']}" in done[step]["objects"]:
                yield row


def _remove_rows(connection: Connection, rows: list[meta.Row]) -> list[str]:
    """Delete the rows we added that nobody changed and nothing else points to; say what stays."""
    here = [row for row in rows if meta.read_rows(connection, row["table"], [row])[0] is not None]
    links: list[Link] = [(str(a), str(b), str(c), bool(d)) for a, b, c, d in connection.execute(_LINKS).fetchall()]
    free = {_place(row): row for row in meta.untouched(connection, here)}
    size = -1
    while size != len(free):
        size = len(free)
        free = {place: row for place, row in free.items() if _is_free(connection, row, links, free)}
    for row in free.values():
        wanted, values = _match(row)
        connection.execute(f"DELETE FROM {quote(row['table'])} WHERE {wanted}", values)
    stay: dict[str, int] = {}
    for row in here:
        if _place(row) not in free:
            stay[row["table"]] = stay.get(row["table"], 0) + 1
    return [
        f"{count} sample row{'s' if count > 1 else ''} of {table} changed or in use" for table, count in stay.items()
    ]


def _place(row: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return what tells a row from all others: its number, or for a link the two rows that it joins."""
    values = row["values"]
    return (row["table"], values["id"]) if "id" in values else (row["table"], *sorted(values.items()))


def _match(row: Mapping[str, Any]) -> tuple[str, tuple[Any, ...]]:
    values = row["values"]
    keys = ["id"] if "id" in values else sorted(values)
    return " AND ".join(f"{quote(key)} = %s" for key in keys), tuple(values[key] for key in keys)


def _is_free(connection: Connection, row: meta.Row, links: list[Link], free: Mapping[Any, meta.Row]) -> bool:
    """Tell whether nothing that stays points to the row; a link goes only with one of the rows that it joins."""
    table, values = row["table"], row["values"]
    for child, column, parent, _ in links:
        if parent == table and "id" in values:
            query = f"SELECT to_jsonb(t) FROM {quote(child)} t WHERE {quote(column)} = %s"
            for (found,) in connection.execute(query, (values["id"],)):
                if _place({"table": child, "values": found}) not in free:
                    return False
    above = [(parent, values.get(column)) for child, column, parent, cascades in links if child == table and cascades]
    return not above or any(place in free for place in above)


# things


def _remove_objects(connection: Connection, objects: Mapping[str, str]) -> list[str]:
    """Drop our things, newest first; say what stays and why."""
    present = catalogue(connection)
    things = [present[key] for key in reversed(list(objects)) if key in present]
    stay: list[str] = []
    for thing in sorted(things, key=lambda t: t.kind == "table"):
        if thing.kind == "index" and f"table {thing.table}" in objects:
            continue  # goes with its table
        why = _reason_to_keep(connection, thing, objects[thing.key]) or _tried(connection, thing.drop())
        if why:
            stay.append(f"{thing.key}: {why}")
    return stay


def _reason_to_keep(connection: Connection, thing: Thing, recorded: str) -> str:
    if thing.definition != recorded:
        return "it was edited"
    if thing.kind != "table":
        return ""
    row = connection.execute(f"SELECT count(*) FROM {quote(thing.name)}").fetchone()
    count = row[0] if row else 0
    return f"it holds {count} row{'s' if count > 1 else ''}" if count else ""
