"""Delivery into a PostgreSQL database: a new one, or one with a person's own tables, which stay as they are.

Each step is one transaction together with its row in `chatbuilder_meta`, so it happened wholly, once, or not at all:
PostgreSQL takes back tables and views that a transaction made as it takes back rows.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from chatbuilder.errors import CredentialsError, InputError
from chatbuilder.provision.base import Account, Links, Preflight, Removal, Result, State
from chatbuilder.provision.custom.database import quote
from chatbuilder.provision.custom.postgres import meta, removal
from chatbuilder.provision.custom.postgres.catalogue import Thing, catalogue, clashes, created
from chatbuilder.provision.custom.postgres.server import Connection, Database
from chatbuilder.provision.custom.postgres.work import Work
from chatbuilder.secret import Secret
from chatbuilder.solution import Plan, Step

_SETTINGS = "chatbuilder_settings"


class PostgresProvisioner:
    """Delivers SQL steps into one PostgreSQL database.

    Results: {step, digest, number, objects: {“view recent”: definition as the server tells it}, rows: those it added,
    ran: marks of the statements that added rows, tables: column definitions, design: the columns that the answers
    want, roles: those it made}; `kept` says what of the person's stayed, `left` what could not be changed.
    """

    abreast = 1

    def __init__(self, url: str, password: Secret | None = None) -> None:
        self._database = Database(url, password)

    # looking

    def preflight(self, plan: Plan, known: Mapping[str, Result]) -> Preflight:
        """Look at the database. Raises `InputError` listing every name that is taken."""
        planned = {made for step in plan for text in step.payload["statements"] if (made := created(text))}
        with self._database.reading() as connection:
            present = catalogue(connection)
            done = meta.remembered(connection)
            missing = _missing_right(connection)
            self._check_system(plan, known, connection, done)
        if missing and not done:
            raise missing
        ours = {key for result in (*known.values(), *done.values()) for key in _keys(result)}
        taken = clashes(planned, present, ours)
        if taken:
            raise InputError(
                f"The database already has {len(taken)} of the names that the system needs.", title="Names are taken",
                problems=taken, kept="the database is untouched.",
                hint="choose another database in [target] database, or rename what is listed.",
            )  # fmt: skip
        return Preflight(self._database.url, exists=bool(done), notes=tuple(_notes(present, ours, done)))

    def _check_system(
        self, plan: Plan, known: Mapping[str, Result], connection: Connection, done: meta.Results
    ) -> None:
        """Two systems do not share one database: one that this one does not know of must have the same name."""
        wanted = next((step.payload["system"] for step in plan if "system" in step.payload), None)
        if known or not done or f"table {_SETTINGS}" not in catalogue(connection):
            return
        row = connection.execute(f"SELECT value FROM {quote(_SETTINGS)} WHERE key = 'name'").fetchone()
        if row and wanted and row[0] != wanted:
            raise InputError(
                f"The database already holds the system “{row[0]}”.", title="Another system lives here",
                kept="the database is untouched.",
                hint="choose another database in [target] database, or give these answers that system's name.",
            )  # fmt: skip

    def look_up(self, step: Step, payload: Mapping[str, Any]) -> Result | None:
        """Return what the database remembers of this very step, or None."""
        with self._database.reading() as connection:
            found = meta.remembered(connection).get(step.key)
        return found if found and found["digest"] == meta.digest(payload) else None

    def inspect(self, step: Step, payload: Mapping[str, Any], result: Result) -> State:
        """Compare the definitions of what the step made. Rows are the person's to change or delete."""
        with self._database.reading() as connection:
            done = meta.remembered(connection).get(step.key)
            return "missing" if done is None else _state(connection, done)

    # changing

    def deliver(self, step: Step, payload: Mapping[str, Any], previous: Result | None) -> Result:
        """Do one step in one transaction, with its row in chatbuilder_meta; a step that is there is not done again."""
        with self._database.writing() as connection:
            before = meta.remembered(connection).get(step.key, {})
            digest = meta.digest(payload)
            if before and before["digest"] == digest and _state(connection, before) != "missing":
                return before
            done = meta.remembered(connection) if before and _reshapes(payload) else {}
            untouched = meta.untouched(connection, [row for each in done.values() for row in each.get("rows", ())])
            alters = any(text.startswith("ALTER TABLE") for text in payload["statements"])
            was = catalogue(connection) if alters else {}
            result = {"step": step.key, "digest": digest, **Work(connection, payload, before).run()}
            result = meta.remember(connection, result)
            meta.refresh(connection, untouched)
            if alters:
                meta.redefine(connection, was)
            return meta.remembered(connection)[step.key]

    def remove(self, step: Step, payload: Mapping[str, Any], result: Result) -> Removal:
        """Drop what the step made, when nobody edited it and no row or view of a person's needs it."""
        with self._database.writing() as connection:
            done = meta.remembered(connection)
            if step.key not in done:
                return Removal(removed=True, what=step.title, why="it was gone already")
            if "roles" in done[step.key]:
                return Removal(removed=True, what=step.title, why="they go with the last step, if nothing needs them")
            last = step.key == removal.LAST
            stay = removal.remove_house(connection) if last else removal.remove(connection, step.key, done)
            waits = bool(stay) and not last and removal.goes_later(connection, step.key)
        if waits:
            return Removal(removed=True, what=step.title, why="it goes with the last step, after what needs it")
        return Removal(removed=not stay, what=step.title, why="; ".join(stay))

    def links(self, results: Mapping[str, Result]) -> Links:
        """Return the database, and ways to look into it."""
        url = self._database.url
        return Links(
            url, url,
            (
                f"A first look: psql {shlex.quote(url)} -c 'SELECT * FROM all_sessions'",
                "Or open it with DBeaver, pgAdmin or NocoDB.",
                "As a REST API: export the solution and run “sh serve/serve.sh” there.",
            ),
        )  # fmt: skip

    def account(self) -> Account:
        """Return who signs in, what they may do, and what is missing to build there."""
        with self._database.reading() as connection:
            row = connection.execute("SELECT current_user::text, current_database()::text").fetchone()
            missing = _missing_right(connection)
            roles = connection.execute(
                "SELECT rolsuper OR rolcreaterole FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
        who, name = row if row else ("", "")
        may = ("make the roles of a team",) if roles and roles[0] else ()
        return Account(
            f"{who} in the database {name}, PostgreSQL {self._database.version}",
            may if missing else ("make tables, views and functions", *may),
            next=(f"{missing.message} {missing.hint}",) if missing else (),
        )  # fmt: skip

    def close(self) -> None:
        """Close the connection."""
        self._database.close()


def _reshapes(payload: Mapping[str, Any]) -> bool:
    """Tell whether doing a step again may change rows that are there: those of tables that grow."""
    return any(text.startswith("CREATE TABLE") for text in payload["statements"])


def _keys(result: Mapping[str, Any]) -> tuple[str, ...]:
    return (*result.get("objects", ()), *result.get("theirs", ()))


def _state(connection: Connection, done: Mapping[str, Any]) -> State:
    present = catalogue(connection)
    found = [present.get(key) for key in done["objects"]]
    if None in found or (done.get("team") and not _all_may_read(connection, done["team"])):
        return "missing"
    same = all(thing and thing.definition == done["objects"][thing.key] for thing in found)
    return "same" if same else "edited"


def _all_may_read(connection: Connection, roles: list[str]) -> bool:
    """Tell whether these roles are there and may read every table and view of the system, as the roles' step gave it.

    One that was made anew has no rights yet.
    """
    done = meta.remembered(connection)
    names = [key.partition(" ") for result in done.values() for key in result["objects"]]
    things = [quote(name) for kind, _, name in names if kind in ("table", "view")]
    query = (
        "SELECT count(*) FILTER (WHERE has_table_privilege(r.oid, to_regclass(t.name), 'SELECT')) = %s"
        " FROM unnest(%s::text[]) AS t(name) CROSS JOIN pg_roles r WHERE r.rolname = ANY(%s::text[])"
    )
    row = connection.execute(query, (len(roles) * len(things), things, roles)).fetchone()
    return bool(row and row[0])


def _missing_right(connection: Connection) -> CredentialsError | None:
    row = connection.execute(
        "SELECT current_schema()::text, current_user::text, coalesce(has_schema_privilege(current_schema(), 'CREATE'),"
        " false)"
    ).fetchone()
    schema, who, may = row if row else (None, "", False)
    if may:
        return None
    return CredentialsError(
        f"{who} may not make tables in the schema {schema or 'public'}.", title="A right is missing",
        kept="nothing was changed.",
        hint=f"let the owner of the database run: GRANT CREATE ON SCHEMA {quote(schema or 'public')} TO {quote(who)};",
    )  # fmt: skip


def _notes(present: Mapping[str, Thing], ours: set[str], done: Mapping[str, Any]) -> Iterator[str]:
    theirs = [thing.name for key, thing in present.items() if thing.kind == "table" and key not in ours]
    if done:
        yield f"The database has {len(done)} finished steps of this system; what differs is brought up to date."
    if theirs:
        count = f"{len(theirs)} table{'s' if len(theirs) > 1 else ''}"
        yield f"It also has {count} of yours: nothing of that is changed."
