"""Notion's rich text and blocks: people's text always goes in as data, never as markup."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from chatbuilder.generators.common.text import clean
from chatbuilder.solution import Ref

# Limits of the API (developers.notion.com/reference/request-limits): 2,000 characters a text, 100 entries a list.
# Half of it, because a character outside the basic plane may count as two.
TEXT_LIMIT = 1000
LIST_LIMIT = 100
MARKER = "chatbuilder:v1:"

Json = dict[str, Any]


def rich(text: str, *, bold: bool = False, colour: str = "") -> list[Json]:
    """Return rich text in pieces that Notion accepts; [] for an empty text. What exceeds 100 pieces is cut."""
    whole = clean(text)
    pieces = [whole[at : at + TEXT_LIMIT] for at in range(0, len(whole), TEXT_LIMIT)][:LIST_LIMIT]
    marks: Json = {**({"bold": True} if bold else {}), **({"color": colour} if colour else {})}
    return [
        {"type": "text", "text": {"content": piece}, **({"annotations": marks} if marks else {})} for piece in pieces
    ]


def mark(key: str) -> Ref:
    """Return the text that no other system has, by which delivery finds what a lost answer made."""
    return Ref("target", "mark", f"{MARKER}{key}:")


def marked(key: str, *, colour: str = "") -> list[Json]:
    """Return a mark as rich text."""
    marks: Json = {"annotations": {"color": colour}} if colour else {}
    return [{"type": "text", "text": {"content": mark(key)}, **marks}]


def plain_text(items: Iterable[Json]) -> str:
    """Return the words of rich text."""
    return "".join(item["text"]["content"] for item in items)


def block(kind: str, *parts: list[Json], **more: Any) -> Json:
    """Return one block of a page, such as paragraph, heading_2, bulleted_list_item or to_do."""
    return {"object": "block", "type": kind, kind: {"rich_text": [item for part in parts for item in part], **more}}


def heading(text: str) -> Json:
    """Return a heading in the middle size."""
    return block("heading_2", rich(text))


def paragraph(text: str, *, colour: str = "") -> Json:
    """Return a paragraph."""
    return block("paragraph", rich(text, colour=colour))


def bullet(text: str, *, lead: str = "") -> Json:
    """Return a list entry, with a first word in bold when given."""
    return block("bulleted_list_item", rich(lead, bold=True), rich(text))


def numbered(text: str) -> Json:
    """Return an entry of a numbered list."""
    return block("numbered_list_item", rich(text))


def to_do(text: str) -> Json:
    """Return a box to tick."""
    return block("to_do", rich(text), checked=False)


def emoji(symbol: str) -> Json:
    """Return an icon."""
    return {"type": "emoji", "emoji": symbol}
