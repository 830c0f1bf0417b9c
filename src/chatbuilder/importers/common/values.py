"""Read values of unknown JSON without trusting it: each function takes anything and returns what it promises."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlsplit

from chatbuilder.chats import utc
from chatbuilder.importers.common.limits import LIMITS
from chatbuilder.importers.common.outcome import Code

Json = dict[str, Any]

_MILLISECONDS = 1e11  # as seconds, the year 5138: a larger number counts milliseconds
_NOT_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
_CITATION = re.compile("\ue200[^\ue201]{0,2000}\ue201|[\ue200-\ue206]")
_PLAIN_ID = re.compile(r"[A-Za-z0-9-]+")
_BLANKS = re.compile(r"\s+")


class BadChat(Exception):
    """A chat that cannot be read; the message is the reason, a short sentence."""

    def __init__(self, reason: str, code: Code = "malformed") -> None:
        super().__init__(reason)
        self.code: Code = code


def names(text: str) -> frozenset[str]:
    """Return a set of names that are written as one text."""
    return frozenset(text.split())


def mapping(value: object) -> Json:
    """Return an object as it is, else an empty one."""
    return value if isinstance(value, dict) else {}


def sequence(value: object) -> list[Any]:
    """Return a list as it is, else an empty one."""
    return value if isinstance(value, list) else []


def mappings(value: object) -> list[Json]:
    """Return the objects in a list."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def string(value: object) -> str:
    """Return text as it is, else an empty one."""
    return value if isinstance(value, str) else ""


def name(value: object, limit: int = LIMITS.name) -> str | None:
    """Return one short line of text, or None for anything empty or else; numbers become text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        return None
    return shorten(_BLANKS.sub(" ", value[: limit * 2]).strip(), limit) or None


@lru_cache(maxsize=1024)
def _word(value: str) -> str | None:
    return name(value)


def word(value: object) -> str | None:
    """Return what `name` returns, fast for the few words that come again and again: models, tools."""
    return _word(value) if type(value) is str and len(value) < 100 else name(value)


def title(value: object) -> str | None:
    """Return a title: one line of at most 2,000 characters, without the marks of citations; None when empty."""
    return name(without_citations(value), LIMITS.title) if isinstance(value, str) else None


def identifier(value: object) -> str | None:
    """Return an id: text or a whole number; None for anything empty, longer than a name or else."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.strip() or None if isinstance(value, str) and len(value) <= LIMITS.name else None


def flag(value: object) -> bool | None:
    """Return true or false, None for anything else (0 and 1, as databases keep them, are told apart)."""
    if isinstance(value, bool):
        return value
    return bool(value) if value in (0, 1) and isinstance(value, int) else None


def shorten(text: str, limit: int) -> str:
    """Return text of at most `limit` characters; what was cut shows as "…"."""
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def moment(value: object) -> datetime | None:
    """Return a time in UTC from Unix seconds or milliseconds (number or text), ISO 8601 or MongoDB's extended JSON.

    None for zero, nothing, and what is no time. ISO without a zone is taken as UTC; `has_zone` tells.
    """
    if type(value) is float and 0 < value < _MILLISECONDS:  # the most frequent first
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, dict):
        inner = value.get("$date", value.get("$numberLong"))
        return moment(inner) if inner is not value else None
    if isinstance(value, str):
        try:
            return _unix(float(value))
        except ValueError:
            return _iso(value)
    return _unix(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _unix(seconds: float) -> datetime | None:
    try:
        if not math.isfinite(seconds) or seconds <= 0:  # a whole number may be too large for that question, too
            return None
        return datetime.fromtimestamp(seconds / 1000 if seconds > _MILLISECONDS else seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def _iso(text: str) -> datetime | None:
    try:
        return utc(datetime.fromisoformat(text.strip()))
    except (ValueError, OverflowError):
        return None


def has_zone(value: object) -> bool:
    """Whether an ISO time names its zone."""
    try:
        return not isinstance(value, str) or datetime.fromisoformat(value.strip()).tzinfo is not None
    except ValueError:
        return True


def web(value: object) -> str | None:
    """Return a web address, or None for what is not http(s) on a host, or longer than 2,000 characters."""
    if not isinstance(value, str) or len(value) > LIMITS.title or _BLANKS.search(value):
        return None
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return value if parts.scheme in ("http", "https") and parts.netloc else None


def link(base: str, *ids: str) -> str:
    """Return an address below `base`, each id quoted so that it cannot leave its place."""
    return "/".join([base, *(part if _PLAIN_ID.fullmatch(part) else quote(part, safe="") for part in ids)])


def without_citations(text: str) -> str:
    """Return text without ChatGPT's private-use marks around citations, and what stands inside them."""
    if "\ue200" in text or "\ue201" in text or "\ue203" in text:  # single characters: the fastest there is
        return _CITATION.sub("", text)
    return text


def clean(text: str) -> str:
    """Return text without NUL and control characters (tab and line feed stay); lone surrogates become "\ufffd"."""
    if not _NOT_TEXT.search(text):
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return _NOT_TEXT.sub(lambda found: "\ufffd" if found[0] >= "\ud800" else "", text)


def clean_tree(value: Any) -> Any:
    """Return JSON with every text in it cleaned; keys too. Raises RecursionError on what nests too deeply."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(key): clean_tree(item) for key, item in value.items()}
    return [clean_tree(item) for item in value] if isinstance(value, list) else value


def texts(value: object, budget: int = LIMITS.noise) -> str:
    """Return the text found anywhere in JSON of unknown form, at most `budget` characters: for calls of tools."""
    found: list[str] = []
    todo = [value]
    while todo and budget > 0:
        item = todo.pop()
        if isinstance(item, dict):
            todo.extend(reversed(item.values()))
        elif isinstance(item, list):
            todo.extend(reversed(item))
        elif isinstance(item, str) and item:
            found.append(item[:budget])
            budget -= len(item)
    return "\n".join(found) + ("…" if budget < 0 else "")


def joined(pieces: Iterable[str], between: str = "\n\n") -> str:
    """Return the pieces that are not blank, apart from each other."""
    return between.join(piece for piece in pieces if piece.strip())
