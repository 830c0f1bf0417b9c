"""Markdown as our guides use it, turned into blocks for `prose`: fast, themed, and nothing in it is executed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content

from chatbuilder.widgets.prose import Block, Code, Grid, Text, heading

if TYPE_CHECKING:
    from markdown_it.token import Token

STYLES = {"strong": "bold", "em": "italic", "s": "strike"}


def blocks(source: str) -> tuple[Block, ...]:
    """Return the blocks of a Markdown text."""
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    return tuple(_blocks(parser.parse(source)))


def _blocks(tokens: Sequence[Token]) -> Iterator[Block]:
    """Walk the tokens; a list keeps its lead (a bullet, or the next number) until its item has shown it."""
    lists: list[str] = []
    lead, tight, place = "", False, 0
    while place < len(tokens):
        token = tokens[place]
        if token.type.endswith(("_list_open", "_list_close", "list_item_open", "list_item_close")):
            lead = _list(token, lists, lead)
            tight = tight and bool(lists)
        elif token.type == "paragraph_open":
            indent = 2 * (len(lists) - 1) if lead else 2 * len(lists)
            yield Text(_inline(tokens[place + 1]), lead, max(0, indent), not (tight and lists))
            tight, lead = bool(lists), ""
        elif token.type == "table_open":
            end = next(n for n in range(place, len(tokens)) if tokens[n].type == "table_close")
            yield _table(tokens[place:end])
            place = end
        elif token.type == "heading_open":
            yield heading(_inline(tokens[place + 1]), int(token.tag[1]))
        else:
            yield from _plain(token, 2 * len(lists))
        place += 1


def _list(token: Token, lists: list[str], lead: str) -> str:
    """Open or close a list or an item; return what is to stand before the next paragraph."""
    match token.type:
        case "bullet_list_open":
            lists.append("•")
        case "ordered_list_open":
            lists.append(str(token.attrs.get("start", 1)))
        case "list_item_open":
            return f"{lists[-1]} " if lists[-1] == "•" else f"{lists[-1]}. "
        case "list_item_close":
            lists[-1] = lists[-1] if lists[-1] == "•" else str(int(lists[-1]) + 1)
        case _:
            lists.pop()
    return lead


def _plain(token: Token, indent: int) -> Iterator[Block]:
    if token.type in ("fence", "code_block", "html_block"):
        yield Code(token.content.rstrip("\n"), indent, gap=not indent)
    elif token.type == "hr":
        yield Text(Content.styled("─" * 20, "$line"))


def _table(tokens: Sequence[Token]) -> Grid:
    rows: list[list[Content]] = []
    for place, token in enumerate(tokens):
        if token.type == "tr_open":
            rows.append([])
        elif token.type in ("th_open", "td_open"):
            rows[-1].append(_inline(tokens[place + 1]))
    return Grid(tuple(tuple(row) for row in rows))


def _inline(token: Token) -> Content:
    parts: list[tuple[str, str] | str] = []
    open_styles: list[str] = []
    for child in token.children or ():
        kind = child.type.removesuffix("_open").removesuffix("_close")
        if child.type == "code_inline":
            parts.append((child.content, " ".join((*open_styles, "$text-warning"))))
        elif child.type in ("text", "html_inline"):
            parts.append((child.content, " ".join(open_styles)))
        elif child.type == "softbreak":
            parts.append(" ")
        elif child.type == "hardbreak":
            parts.append("\n")
        elif child.type == "link_open":
            open_styles.append("underline")
        elif child.type == "link_close":
            open_styles.remove("underline")
        elif kind in STYLES:
            _toggle(open_styles, STYLES[kind], on=child.type.endswith("_open"))
    return Content.assemble(*parts)


def _toggle(styles: list[str], style: str, *, on: bool) -> None:
    if on:
        styles.append(style)
    else:
        styles.remove(style)
