"""Passwords of PostgreSQL servers: in the keyring under user@host, else where libpq looks for them itself.

libpq's own ways are PGPASSWORD, ~/.pgpass and service files: what a person has set up for psql works here as it is.
"""

from __future__ import annotations

import getpass
import os
from collections.abc import Mapping
from importlib import import_module

from chatbuilder import credentials
from chatbuilder.errors import InputError
from chatbuilder.provision.base import Account
from chatbuilder.secret import Secret
from chatbuilder.servers import Server, is_server, server_of


def server(database: str) -> Server:
    """Return an address taken apart. Raises `InputError` when it is none."""
    try:
        return server_of(database)
    except ValueError as error:
        raise InputError(
            f"The database address {error}.", title="Not a database address", kept="nothing was changed.",
            hint="write postgresql://user@host/name; another port is postgresql://user@host:5433/name.",
        ) from None  # fmt: skip


def account_of(database: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the name under which the keyring has the password of a server: user@host."""
    env = os.environ if environ is None else environ
    try:
        user = env.get("PGUSER") or getpass.getuser()
    except (OSError, KeyError):
        user = ""
    return server(database).account(user, env.get("PGHOST", ""))


def find(database: str) -> Secret | None:
    """Return the password that the keyring has for a server, None when libpq is to look for one."""
    return credentials.password(account_of(database))


def state(database: str) -> str:
    """Return where the password comes from, in a few words."""
    account = account_of(database)
    if credentials.password(account) is not None:
        return f"the password of {account} is in your keyring"
    if os.environ.get("PGPASSWORD"):
        return "the password is in the environment variable PGPASSWORD"
    return f"no password of {account} in your keyring; ~/.pgpass and service files are looked at"


def check(target: Mapping[str, str], account: str, secret: Secret | None) -> Account:
    """Ask a server who signs in and what they may do. Raises `InputError` when the target names no server."""
    database = target.get("database", "")
    if not is_server(database):
        raise InputError(
            "A password is only good for one server, and none was named.", title="Which server?",
            kept="everything as it is.", hint="run `chatbuilder token check custom --answers FILE`.",
        )  # fmt: skip
    known = secret if secret is not None else credentials.password(account or account_of(database))
    found: Account = import_module("chatbuilder.provision.custom").check_server(database, known)
    return found
