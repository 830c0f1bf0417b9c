"""Rows of Chat Sessions in PostgreSQL: found by their unique Source ID, each batch written in one transaction.

A batch travels as one JSON text and the server takes it apart, so that the network's delay counts once a batch and not
once a row. Whoever writes holds the database's lock for a batch: two people who sync at once take turns, and look again
before they add what the other may have added.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from psycopg import errors

from chatbuilder.errors import CredentialsError, InputError, RefusedError
from chatbuilder.provision.custom.database import quote
from chatbuilder.provision.custom.postgres.catalogue import columns, exists
from chatbuilder.provision.custom.postgres.server import Connection, Database
from chatbuilder.provision.rows import Delivery, Forecast, Found, Outlook, Related, Wanted, Written
from chatbuilder.secret import Secret

_SESSIONS, _KEY, _TRANSCRIPTS = "sessions", "source_id", "transcripts"
_BLANKS = ("source_id", "position", "who", "at", "model", "text")
_ELSEWHERE = "somebody else has just made this row; the next sync brings it up to date"
# What one row can be refused for while the others are fine: rules of the table, values, row security.
_Refused = (errors.IntegrityError, errors.DataError, errors.InsufficientPrivilege, errors.ProgramLimitExceeded,
            errors.RaiseException)  # fmt: skip


class PostgresStore:
    """`owned` are the columns to read; `transcripts` are the statements that make their table, () without transcripts.

    A state holds the row by column as JSON has it, with "id", and where transcripts are wanted "transcript": a list of
    messages.
    """

    noticed: tuple[str, ...] = ()

    def __init__(self, url: str, password: Secret | None, owned: Sequence[str], transcripts: Sequence[str]) -> None:
        self._database = Database(url, password)
        self._owned, self._transcripts = list(owned), tuple(transcripts)
        self._columns: frozenset[str] = frozenset()
        self.requests = 0

    def check(self) -> tuple[str, ...]:
        """See that the table is there. Raises `InputError` when it is not, or lost what rows are found by."""
        with self._database.reading() as connection:
            self._columns = frozenset(columns(connection, _SESSIONS))
            told = set(columns(connection, _TRANSCRIPTS))
            may = self._columns and _may_write(connection)
        if not self._columns:
            raise _unusable(f"the database has no table {_SESSIONS}")
        if not may:
            raise CredentialsError(
                f"You may read the table {_SESSIONS}, but not write to it.", title="A right is missing",
                kept="everything as it is.", hint="let the owner of the system give you a role that writes: "
                "GRANT chats_editor TO you;",
            )  # fmt: skip
        gone = [name for name in (_KEY, "title", "id") if name not in self._columns]
        if gone:
            raise _unusable(f"the table {_SESSIONS} has no column {' and no '.join(gone)} any more")
        if self._transcripts and told and told != set(_BLANKS):
            raise RefusedError(
                f"The database has a table {_TRANSCRIPTS} of your own.", title="The name is taken",
                kept="everything; nothing was written.", hint="rename that table, or sync without --transcripts.",
            )  # fmt: skip
        missing = [name for name in self._owned if name not in self._columns]
        self._owned = [name for name in self._owned if name in self._columns]
        return (f"These columns are not there and stay out: {', '.join(missing)}.",) if missing else ()

    # finding

    def find(self, wanted: Sequence[Wanted]) -> list[Found | str | None]:
        """Return the rows with these keys."""
        with self._database.reading() as connection:
            found = self._states(connection, [item.key for item in wanted])
            if self._transcripts:
                said = self._said(connection, list(found))
                for key, state in found.items():
                    state["transcript"] = said.get(key, [])
        return [Found(str(found[w.key]["id"]), found[w.key]) if w.key in found else None for w in wanted]

    def _states(self, connection: Connection, keys: list[str]) -> dict[str, dict[str, Any]]:
        names = ", ".join(quote(name) for name in dict.fromkeys(("id", _KEY, *self._owned)))
        query = f"SELECT row_to_json(q) FROM (SELECT {names} FROM {quote(_SESSIONS)} WHERE {quote(_KEY)} = ANY(%s)) q"
        return {row[_KEY]: row for (row,) in connection.execute(query, (keys,))}

    def _said(self, connection: Connection, keys: list[str]) -> dict[str, list[list[Any]]]:
        found: dict[str, list[list[Any]]] = {}
        if not exists(connection, _TRANSCRIPTS):
            return found
        query = (
            """SELECT "source_id", "who", to_char("at", 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), "model", "text" """
            f'FROM {quote(_TRANSCRIPTS)} WHERE "source_id" = ANY(%s) ORDER BY "source_id", "position"'
        )
        for key, *message in connection.execute(query, (keys,)):
            found.setdefault(key, []).append(message)
        return found

    def reserve(self, data: Mapping[str, Any]) -> str:
        """Return nothing: PostgreSQL numbers its rows."""
        return ""

    # writing

    def write(self, deliveries: Sequence[Delivery]) -> list[Written]:
        """Write rows in one transaction; a row that the table refuses does not stop the others."""
        results: dict[int, Written] = {}
        with self._database.writing() as connection:
            if any("messages" in item.data for item in deliveries) and not exists(connection, _TRANSCRIPTS):
                for statement in self._transcripts:
                    connection.execute(statement)
            for group in self._groups(deliveries):
                results |= self._together(connection, group)
        self.requests += sum(not written.problem for written in results.values())
        return [results[id(item)] for item in deliveries]

    def _groups(self, deliveries: Sequence[Delivery]) -> Iterator[list[Delivery]]:
        """Yield what one statement can write: the new rows, and changes of the same columns."""
        found: dict[tuple[str, ...] | None, list[Delivery]] = {}
        for item in deliveries:
            key = None if item.found is None else tuple(sorted(self._known(item.data["set"])))
            found.setdefault(key, []).append(item)
        yield from found.values()

    def _together(self, connection: Connection, group: list[Delivery]) -> dict[int, Written]:
        """Write rows at once; when one of them is refused, one after the other."""
        try:
            with connection.transaction():
                return self._write(connection, group)
        except _Refused as error:
            if len(group) == 1:
                why = error.diag.message_primary or type(error).__name__
                return {id(group[0]): Written(group[0].remote, f"the table refused it: {why}")}
        return {key: written for item in group for key, written in self._together(connection, [item]).items()}

    def _write(self, connection: Connection, group: list[Delivery]) -> dict[int, Written]:
        done = self._insert(connection, group) if group[0].found is None else self._change(connection, group)
        told = [item for item in group if "messages" in item.data and not done[id(item)].problem]
        if told:
            self._tell(connection, told)
        return done

    def _known(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in values.items() if name in self._columns}

    def _insert(self, connection: Connection, group: list[Delivery]) -> dict[int, Written]:
        rows = [self._known(item.data["values"]) for item in group]
        names = ", ".join(quote(name) for name in dict.fromkeys(name for row in rows for name in row))
        query = (
            f"INSERT INTO {quote(_SESSIONS)} ({names}) SELECT {names}"
            f" FROM json_populate_recordset(NULL::{quote(_SESSIONS)}, %s::json)"
            f" ON CONFLICT ({quote(_KEY)}) DO NOTHING RETURNING {quote(_KEY)}, id"
        )
        made: dict[str, int] = dict(connection.execute(query, (_text(rows),)).fetchall())
        missed = [row[_KEY] for row in rows if row[_KEY] not in made]
        there = self._states(connection, missed) if missed else {}
        return {
            id(item): Written(str(made[row[_KEY]])) if row[_KEY] in made else _met(row, there.get(row[_KEY]))
            for item, row in zip(group, rows, strict=True)
        }

    def _change(self, connection: Connection, group: list[Delivery]) -> dict[int, Written]:
        """Change rows that hold what they held when they were found."""
        new = [{"id": int(item.remote), **self._known(item.data["set"])} for item in group]
        old = [{"id": int(item.remote), **self._known(item.data["were"])} for item in group]
        names = [name for name in new[0] if name != "id"]
        fits = "".join(f" AND t.{quote(name)} IS NOT DISTINCT FROM o.{quote(name)}" for name in names)
        rows = f"json_populate_recordset(NULL::{quote(_SESSIONS)}, %s::json)"
        joined = f"{rows} n JOIN {rows} o ON o.id = n.id"
        if names:
            sets = ", ".join(f"{quote(name)} = n.{quote(name)}" for name in names)
            query = f"UPDATE {quote(_SESSIONS)} t SET {sets} FROM {joined} WHERE t.id = n.id{fits} RETURNING t.id"
        else:
            query = f"SELECT t.id FROM {quote(_SESSIONS)} t JOIN ({joined}) ON t.id = n.id"
        done = {str(number) for (number,) in connection.execute(query, (_text(new), _text(old)))}
        return {
            id(item): Written(item.remote, "" if item.remote in done else "it was changed while this ran")
            for item in group
        }

    def _tell(self, connection: Connection, group: list[Delivery]) -> None:
        keys = [item.key for item in group]
        connection.execute(f'DELETE FROM {quote(_TRANSCRIPTS)} WHERE "source_id" = ANY(%s)', (keys,))
        rows = ((item.key, at, *said) for item in group for at, said in enumerate(item.data["messages"]))
        names = ", ".join(map(quote, _BLANKS))
        if self._is_guarded(connection):
            made = [dict(zip(_BLANKS, row, strict=True)) for row in rows]
            connection.execute(
                f"INSERT INTO {quote(_TRANSCRIPTS)} ({names}) SELECT {names}"
                f" FROM json_populate_recordset(NULL::{quote(_TRANSCRIPTS)}, %s::json)",
                (_text(made),),
            )
            return
        # Reading 45 MB of JSON costs the server three times as much as COPY does.
        with connection.cursor().copy(f"COPY {quote(_TRANSCRIPTS)} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def _is_guarded(self, connection: Connection) -> bool:
        """Tell whether row security looks at each transcript that this person adds: then COPY is refused."""
        query = "SELECT row_security_active(to_regclass(%s))"
        row = connection.execute(query, (quote(_TRANSCRIPTS),)).fetchone()
        return bool(row and row[0])

    # rows of other tables

    def related(self, items: Sequence[Related]) -> list[str | None]:
        """Return the id of each row of another table."""
        with self._database.reading() as connection:
            found = self._stand(connection, items)
        makes = [item for item in items if item.make and not item.remote and found[id(item)] is None]
        if makes:
            with self._database.writing() as connection:
                found |= self._stand(connection, makes)
                found |= self._make(connection, [item for item in makes if found[id(item)] is None])
        return [found[id(item)] for item in items]

    def _stand(self, connection: Connection, items: Sequence[Related]) -> dict[int, str | None]:
        """Return where rows stand: by their number where that is known, else by title."""
        found: dict[int, str | None] = dict.fromkeys(map(id, items))
        for table, column, group in _by_table(items):
            if column not in columns(connection, table):
                continue
            numbers = [int(item.remote) for item in group if item.remote]
            titles = [item.data["title"] for item in group if not item.remote]
            query = f"SELECT id FROM {quote(table)} WHERE id = ANY(%s)"
            there = {str(number) for (number,) in connection.execute(query, (numbers,))}
            query = f"SELECT {quote(column)}, min(id) FROM {quote(table)} WHERE {quote(column)} = ANY(%s) GROUP BY 1"
            named = {title: str(number) for title, number in connection.execute(query, (titles,))}
            for item in group:
                known = item.remote if item.remote in there else None
                found[id(item)] = known if item.remote else named.get(item.data["title"])
        return found

    def _make(self, connection: Connection, items: Sequence[Related]) -> dict[int, str | None]:
        made: dict[int, str | None] = {}
        for table, column, group in _by_table(items):
            if column not in columns(connection, table):
                continue
            for item in group:
                query = f"INSERT INTO {quote(table)} ({quote(column)}) VALUES (%s) RETURNING id"
                row = connection.execute(query, (item.data["title"],)).fetchone()
                made[id(item)] = str(row[0]) if row else None
                self.requests += 1
        return made

    def forecast(self, outlook: Outlook) -> Forecast:
        """Return one row a chat; they travel some hundred at a time."""
        return Forecast(outlook.created + outlook.updated + outlook.related)

    def settle(self) -> None:
        """Nothing to wait for: a transaction is on the server's disk when it ends."""

    def close(self) -> None:
        """Close the connection."""
        self._database.close()


def _may_write(connection: Connection) -> bool:
    query = "SELECT has_table_privilege(%s, 'INSERT') AND has_table_privilege(%s, 'UPDATE')"
    row = connection.execute(query, (quote(_SESSIONS), quote(_SESSIONS))).fetchone()
    return bool(row and row[0])


def _by_table(items: Iterable[Related]) -> Iterator[tuple[str, str, list[Related]]]:
    found: dict[tuple[str, str], list[Related]] = {}
    for item in items:
        found.setdefault((item.data["table"], item.data["column"]), []).append(item)
    for (table, column), group in found.items():
        yield table, column, group


def _met(wanted: Mapping[str, Any], there: Mapping[str, Any] | None) -> Written:
    """Tell what became of a row whose key was taken in the meantime: the same row is as good as ours."""
    if there is None:
        return Written("", "a row with this key is there that you may not see: it is somebody's private chat")
    same = all(str(value).replace("+00:00", "Z") == str(wanted.get(name)) for name, value in there.items()
               if name != "id")  # fmt: skip
    return Written(str(there["id"])) if same else Written("", _ELSEWHERE)


def _text(rows: list[dict[str, Any]]) -> str:
    return json.dumps(rows, ensure_ascii=False)


def _unusable(what: str) -> InputError:
    return InputError(
        f"{what[0].upper()}{what[1:]}.", title="The system cannot be filled", kept="everything as it is.",
        hint="`chatbuilder verify` tells what is missing, `chatbuilder repair` puts it back.",
    )  # fmt: skip
