"""One PostgreSQL database: connecting, transactions, and its errors in words for people.

Every transaction brings its own settings (time zone, waiting for locks), so that a pooler that hands each transaction
to another connection is no trouble; for the same reason nothing is prepared.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import conninfo, errors

from chatbuilder.errors import ChatbuilderError, CredentialsError, InputError, RefusedError, UnavailableError
from chatbuilder.secret import Secret
from chatbuilder.servers import Server, server_of

Connection = psycopg.Connection[tuple[Any, ...]]

# Views that respect the rights of whoever reads them came with 15 (“CREATE VIEW”, security_invoker).
OLDEST = 150_000
_KEPT = "every finished step is there whole; the one that failed left no trace."
_PATIENCE = "15s"  # for a lock that somebody else holds: a batch of another person's sync takes a second or two
_DEFAULTS: dict[str, str | int] = {
    "connect_timeout": 10, "application_name": "chatbuilder", "client_encoding": "utf8", "keepalives_idle": 30,
    "keepalives_interval": 10, "keepalives_count": 3, "tcp_user_timeout": 40_000,
}  # fmt: skip
# One lock for a database: whoever builds or fills holds it for one transaction. Its number means nothing.
_LOCK = 0x63686174


class Database:
    """A database on a server. The connection is opened when it is first needed, and anew after it was lost."""

    def __init__(self, url: str, password: Secret | None = None) -> None:
        self.url, self._password = url, password
        self.server: Server = address(url)
        self._connection: Connection | None = None

    @property
    def version(self) -> str:
        """Return the server's version, as people say it."""
        number = self.connect().info.server_version
        return f"{number // 10_000}.{number % 10_000}"

    @property
    def account(self) -> str:
        """Return the name under which the keyring would have the password."""
        return self.server.account(os.environ.get("PGUSER", ""), os.environ.get("PGHOST", ""))

    def connect(self) -> Connection:
        """Return the connection. Raises `CredentialsError`, `InputError`, `RefusedError` and `UnavailableError`."""
        if self._connection is None or self._connection.closed:
            try:
                self._connection = self._open()
            except psycopg.Error as error:
                raise not_connected(error, self.server, self.account) from None
            self._check(self._connection)
        return self._connection

    def _open(self) -> Connection:
        given = conninfo.conninfo_to_dict(self.url)
        missing: dict[str, Any] = {key: value for key, value in _DEFAULTS.items() if key not in given}
        if self._password is not None:
            missing["password"] = self._password.reveal()
        connection = psycopg.connect(self.url, autocommit=True, **missing)
        connection.prepare_threshold = None
        return connection

    def _check(self, connection: Connection) -> None:
        version, encoding = connection.info.server_version, connection.info.parameter_status("server_encoding")
        if version < OLDEST:
            raise self._given_up(RefusedError(
                f"The server is PostgreSQL {version // 10_000}; the views need 15 or newer.",
                title="The server is too old", kept="nothing was changed.",
                hint="ask for a newer server, or use SQLite: database = \"sqlite:///chats.db\".",
            ))  # fmt: skip
        if encoding != "UTF8":
            raise self._given_up(RefusedError(
                f"The database keeps text as {encoding}, which cannot hold every chat.", title="Not a UTF-8 database",
                kept="nothing was changed.", hint="make one with createdb -E UTF8 -T template0 NAME, and name that.",
            ))  # fmt: skip

    def _given_up(self, error: ChatbuilderError) -> ChatbuilderError:
        self.close()
        return error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Hand out the connection in a transaction that only reads; errors of the database come back as ours."""
        with self.telling(), self.connect().transaction():
            yield self._ready(only_reads=True)

    @contextmanager
    def writing(self, *, alone: bool = True) -> Iterator[Connection]:
        """One transaction: all of it or nothing. `alone`: nobody else builds or fills this database meanwhile."""
        with self.telling(), self.connect().transaction():
            connection = self._ready()
            if alone:
                connection.execute("SELECT pg_advisory_xact_lock(%s)", (_LOCK,))
            yield connection

    def _ready(self, *, only_reads: bool = False) -> Connection:
        connection = self.connect()
        more = ", set_config('transaction_read_only', 'on', true)" if only_reads else ""
        query = f"SELECT set_config('TimeZone', 'UTC', true), set_config('lock_timeout', %s, true){more}"
        connection.execute(query, (_PATIENCE,))
        return connection

    @contextmanager
    def telling(self) -> Iterator[None]:
        """Turn errors of the database into ours."""
        try:
            yield
        except psycopg.Error as error:
            lost = self._connection is None or self._connection.closed or self._connection.broken
            raise in_words(error, self.server, lost=lost) from None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def address(url: str) -> Server:
    """Return an address taken apart. Raises `InputError` when it is none, or holds a password."""
    why, server = "", Server("", "", "", "", "")
    try:
        server = server_of(url)
        if {"password", "sslpassword"} & conninfo.conninfo_to_dict(url).keys():
            why = "holds a password"
    except ValueError as error:
        why = str(error)
    except psycopg.Error:
        why = "is no address that PostgreSQL understands"
    if why:
        raise InputError(
            f"The database address {why}.", title="Not a database address", kept="nothing was changed.",
            hint="write postgresql://user@host/name; the password comes from the keyring, PGPASSWORD or ~/.pgpass.",
        )  # fmt: skip
    return server


def not_connected(error: psycopg.Error, server: Server, account: str) -> ChatbuilderError:
    """Return what it means that there is no connection. libpq tells no error codes here, only the server's words."""
    said = _last_words(error)
    text = said.lower()
    state = getattr(error, "pgconn", None)
    if "password" in text or getattr(state, "needs_password", False):
        asked = "no password supplied" in text or "empty password" in text
        return CredentialsError(
            f"{_at(server)} asks for a password, and there is none." if asked
            else f"{_at(server)} does not take the password: {said}.",
            title="Password needed" if asked else "Password refused", kept="everything as it was.",
            problems=(
                f"in your keyring: chatbuilder token set custom --account {account}",
                "in the file ~/.pgpass (mode 0600), or in a service file",
                "in scripts: put it into the environment variable PGPASSWORD",
            ),
            hint="give the right one in one of these ways, then run this again.",
        )  # fmt: skip
    if any(word in text for word in ("authentication", "pg_hba.conf", "role ", "permission denied for database")):
        return CredentialsError(
            f"{_at(server)} does not let you in: {said}.", title="Not let in", kept="everything as it was.",
            hint="check the user in the address; the server's administrator decides who may sign in, and from where.",
        )  # fmt: skip
    if "database" in text and "does not exist" in text:
        name = server.database or "it"
        return RefusedError(
            f"{_at(server)} has no database {name}.", title="No such database", kept="nothing was changed.",
            hint=f"make it with createdb {' '.join(_words(server))}, or correct the address, then run this again.",
        )  # fmt: skip
    if "definition of service" in text or "service file" in text:
        return InputError(
            f"The service is not known: {said}.", title="No such service", kept="nothing was changed.",
            hint="check the name, and the file ~/.pg_service.conf or the one that PGSERVICEFILE names.",
        )  # fmt: skip
    if "ssl" in text or "certificate" in text:
        return RefusedError(
            f"{_at(server)} and this machine do not agree on encryption: {said}.", title="No secure connection",
            kept="nothing was changed.", hint="check sslmode and sslrootcert in the address, then run this again.",
        )  # fmt: skip
    return UnavailableError(
        f"{_at(server)} does not answer: {said}.", title="No connection", kept="everything built so far.",
        hint="check that the server runs and can be reached from here, then run this again: it goes on from here.",
    )  # fmt: skip


def in_words(error: psycopg.Error, server: Server, *, lost: bool) -> ChatbuilderError:
    """Return what an error of the database means for a person. Never its detail, which holds values of rows."""
    said = error.diag.message_primary or _last_words(error)
    if lost or isinstance(error, (errors.OperatorIntervention, psycopg.InterfaceError)):
        return UnavailableError(
            f"The connection to {_at(server)} was lost: {said}.", title="Connection lost",
            kept="everything done before; the transaction under way is there whole or not at all.",
            hint="run this again: it finds out which, and goes on from there.",
        )  # fmt: skip
    if isinstance(error, (errors.LockNotAvailable, errors.DeadlockDetected, errors.SerializationFailure)):
        return UnavailableError(
            f"Somebody else is holding what this needs: {said}.", title="The database is busy", kept=_KEPT,
            hint="wait until they are done, then run this again.",
        )  # fmt: skip
    if isinstance(error, errors.InsufficientPrivilege):
        return CredentialsError(
            f"You may not do this in {_at(server)}: {said}.", title="A right is missing", kept=_KEPT,
            hint="let the owner of the database grant it, or sign in as the owner, then run this again.",
        )  # fmt: skip
    if isinstance(error, errors.ReadOnlySqlTransaction):
        return RefusedError(
            f"{_at(server)} only lets itself be read: it is a copy, or set so.", title="Read only", kept=_KEPT,
            hint="name the main server in the address, then run this again.",
        )  # fmt: skip
    return RefusedError(
        f"{_at(server)}: {said}.", title="The database refused", kept=_KEPT,
        hint="mend the cause and run this again, or name another database.",
    )  # fmt: skip


def _at(server: Server) -> str:
    if server.service:
        return f"the service {server.service}"
    place = "this machine" if not server.host or server.host.startswith("/") else server.host
    return f"PostgreSQL on {place}{f', port {server.port}' if server.port else ''}"


def _words(server: Server) -> Iterator[str]:
    for flag, value in (("-h", server.host), ("-p", server.port), ("-U", server.user)):
        if value:
            yield f"{flag} {shlex.quote(value)}"
    yield shlex.quote(server.database) if server.database else "NAME"


def _last_words(error: psycopg.Error) -> str:
    lines = [line for line in str(error).strip().splitlines() if line.strip()]
    said = lines[0] if lines else type(error).__name__
    for mark in ("FATAL:", "failed:"):
        said = said.rpartition(mark)[2].strip() or said
    return said.rstrip(".")[:300]
