"""The address of a PostgreSQL database: whose it is, what identifies it, and under which name its password is kept."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote, urlsplit

_SCHEME = re.compile(r"postgres(ql)?://")
_PORT = "5432"


@dataclass(frozen=True, slots=True)
class Server:
    """An address taken apart; what it leaves out is "": libpq finds that in PGHOST, PGUSER and the like."""

    user: str
    host: str
    port: str
    database: str
    service: str

    @property
    def identity(self) -> str:
        """Return what stands for the database: the same one gives the same text, whoever signs in and however."""
        if self.service:
            return f"postgresql service {self.service}{f'/{self.database}' if self.database else ''}"
        port = f":{self.port}" if self.port not in ("", _PORT) else ""
        return f"postgresql://{self.host}{port}/{self.database}"

    @property
    def name(self) -> str:
        """Return a word for the database."""
        return self.database or self.service or "postgresql"

    def account(self, user: str = "", host: str = "") -> str:
        """Return the name under which the keyring has the password: user@host, or the service.

        A password is bound to its server: answers from somebody else cannot send it elsewhere. `user` and `host` stand
        in where the address has none; a server on this machine is “localhost”, by a socket too.
        """
        if self.service:
            return self.service
        place = self.host or host
        return f"{self.user or user}@{'localhost' if place.startswith('/') or not place else place}"


def is_server(database: str | None) -> bool:
    """Tell whether a database address is one of PostgreSQL."""
    return _SCHEME.match(database or "") is not None


def server_of(database: str) -> Server:
    """Return an address taken apart, as libpq reads it (“Connection URIs”). Raises `ValueError` when it is none."""
    parts = urlsplit(re.sub(_SCHEME, "postgresql://", database, count=1))
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    login, _, place = parts.netloc.rpartition("@")
    host, port = _host_and_port(place)
    name = unquote(parts.path.removeprefix("/"))
    if parts.fragment or "," in place:
        raise ValueError("has a # or several hosts")
    return Server(
        given.get("user", unquote(login)), given.get("host", host).lower() or given.get("hostaddr", ""),
        given.get("port", port), given.get("dbname", name), given.get("service", ""),
    )  # fmt: skip


def _host_and_port(place: str) -> tuple[str, str]:
    found = re.fullmatch(r"(\[[0-9a-fA-F:.]+\]|[^:\[\]]*)(?::(\d*))?", place)
    if not found:
        raise ValueError("has no host and port of the form host:5432")
    return unquote(found[1].strip("[]")), found[2] or ""
