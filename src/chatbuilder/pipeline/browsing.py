"""What is in the library: lists, single chats, search, figures, projects' names, deleting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from sqlite3 import Connection

from chatbuilder import audit
from chatbuilder.chats import ChatSession
from chatbuilder.errors import InputError
from chatbuilder.library import chats as archive
from chatbuilder.library import figures as numbers
from chatbuilder.library import listing, stored, terms
from chatbuilder.library import search as finding
from chatbuilder.library.imports import ImportLog, StoredProblem
from chatbuilder.library.listing import ChatInfo, Filters, Order, ProjectInfo
from chatbuilder.library.search import Hit, Sort
from chatbuilder.paths import locate
from chatbuilder.pipeline import plugins

MOST = 500  # hits of one search


@dataclass(frozen=True, slots=True)
class ChatList:
    """Some chats of `total` that fit."""

    chats: tuple[ChatInfo, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Hits:
    """The first hits of `total` that fit."""

    hits: tuple[Hit, ...]
    total: int


@contextmanager
def _library() -> Iterator[Connection]:
    plugins.chat_sources()  # their names can be asked for, too
    with archive.opened(locate().library) as connection:
        yield connection


def chats(filters: Filters | None = None, *, order: Order = "newest", limit: int = 0) -> ChatList:
    """Return the chats that fit, `limit` of them at most (0: all). Raises `InputError`."""
    chosen = filters or Filters()
    with _library() as connection:
        found = tuple(listing.listed(connection, chosen, order=order, limit=limit))
        return ChatList(found, listing.count(connection, chosen) if limit else len(found))


def search(
    query: str, filters: Filters | None = None, *, sort: Sort = "best", limit: int = 20, typing: bool = False
) -> Hits:
    """Return the chats in which all words of the query stand; see `library.terms.parse` for what a query may say.

    `typing`: the last word may be only its beginning. Raises `InputError`.
    """
    chosen = filters or Filters()
    parsed = terms.parse(query, typing=typing)
    most = max(1, min(limit or MOST, MOST))
    with _library() as connection:
        hits = tuple(finding.search(connection, parsed, chosen, sort=sort, limit=most))
        total = len(hits) if len(hits) < most else finding.count_hits(connection, parsed, chosen)
        return Hits(hits, total)


def look_up(query: str, assistant: str = "") -> Hits:
    """Return what a person who is still typing may be looking for; without words, the newest chats."""
    filters = Filters(assistant=assistant)
    if query.strip():
        return search(query, filters, limit=50, typing=True)
    found = chats(filters, limit=100)
    return Hits(tuple(Hit(info, 0.0, "", (), (), "title", None) for info in found.chats), found.total)


def assistants() -> list[str]:
    """Return the assistants that have chats here, the one with most chats first."""
    return [figure.name for figure in stats().assistants]


def chat(wanted: str) -> ChatSession:
    """Return a whole chat by its key, its source's id, or a beginning that only one has. Raises `InputError`."""
    with _library() as connection:
        found = stored.load(connection, _key(connection, wanted))
        if found is None:  # deleted by another process a moment ago
            raise _no_chat(f"There is no chat {wanted!r}.")
        return found


def delete_chats(wanted: Sequence[str]) -> list[str]:
    """Delete chats from the library and return their keys; no import brings them back. Raises `InputError`."""
    with _library() as connection:
        keys = list(dict.fromkeys(_key(connection, name) for name in wanted))
        archive.ChatStore(connection).delete(keys)
    audit.record(locate().audit_log, "chats deleted", chats=len(keys))
    return keys


def restore_chat(key: str) -> None:
    """Let the next import bring a deleted chat back. Raises `InputError` when it was not deleted."""
    with _library() as connection:
        if not archive.ChatStore(connection).restore(key):
            raise _no_chat(f"{key!r} is not the key of a deleted chat.")


def stats(filters: Filters | None = None) -> numbers.Figures:
    """Return figures about the chats that fit. Raises `InputError`."""
    with _library() as connection:
        return numbers.figures(connection, filters or Filters())


def projects() -> list[ProjectInfo]:
    """Return the projects that chats belong to, those without a name first."""
    with _library() as connection:
        return listing.projects(connection)


def name_project(project_id: str, name: str) -> int:
    """Name a project that exports know only by its id; return how many chats it has. Raises `InputError`."""
    with _library() as connection:
        count = archive.ChatStore(connection).name_project(project_id, " ".join(name.split())[:200])
    if not count:
        raise InputError(
            f"No chat belongs to a project {project_id!r}.", title="No such project", kept="the library as it is.",
            hint="`chatbuilder chats projects` lists them.",
        )  # fmt: skip
    return count


def import_problems() -> list[StoredProblem]:
    """Return what the newest import of each path could not read."""
    with _library() as connection:
        return ImportLog(connection).kept()


def _key(connection: Connection, wanted: str) -> str:
    found = listing.keys_like(connection, wanted)
    if len(found) == 1:
        return found[0]
    if found:
        raise _no_chat(f"{wanted!r} fits several chats: {', '.join(found[:5])}{' …' if len(found) > 5 else ''}.")
    raise _no_chat(f"There is no chat {wanted!r}.")


def _no_chat(message: str) -> InputError:
    return InputError(
        message, title="Which chat?", kept="the library as it is.",
        hint="`chatbuilder chats` and `chatbuilder search` show the keys.",
    )  # fmt: skip
