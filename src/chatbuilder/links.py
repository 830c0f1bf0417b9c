"""Ids in what people paste: the link to a page, or the id itself."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

from chatbuilder.errors import InputError

_PAGE = re.compile(
    r"(?<![0-9a-f])([0-9a-f]{8})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{4})-?([0-9a-f]{12})$"
)  # fmt: skip


def notion_page(target: str) -> str:
    """Return the page id in an id or a Notion URL, with hyphens. Raises `InputError`."""
    found = next((match for text in _candidates(target) if (match := _PAGE.search(text))), None)
    if found is None:
        raise InputError(
            f"{target!r} holds no Notion page id.", title="Parent page not understood", kept="nothing was written.",
            hint="in Notion open the page, choose Share, then Copy link, and paste that link as parent.",
        )  # fmt: skip
    return "-".join(found.groups())


def _candidates(target: str) -> list[str]:
    """A link to a page that is open beside another one names it in the parameter p."""
    text = target.strip().lower()
    if "/" not in text:
        return [text]
    parts = urlsplit(text if "://" in text else f"https://{text}")
    return [*parse_qs(parts.query).get("p", []), unquote(parts.path).rstrip("/")]
