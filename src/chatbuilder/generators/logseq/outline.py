"""The guide as an outline: headings become blocks, and what stands below them their children."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatbuilder.generators.logseq import markup
from chatbuilder.generators.logseq.markup import Block, block

_CODE = re.compile(r"((?<!\\)`[^`]+`)")
_LOGSEQ_READS = re.compile(r"\\([\[\]{}<>#])")
_ITEM = re.compile(r"( *)(- |\d+\. )(.*)")


def outline(markdown: str) -> tuple[Block, ...]:
    """Return the blocks of a guide made by `common.guide`, without its first heading."""
    return tuple(_children(list(_pieces(markdown.splitlines())), 0, 0)[0])


def _children(pieces: list[tuple[int, str]], at: int, above: int) -> tuple[list[Block], int]:
    """Return the blocks deeper than `above` from `at` on, and where they end."""
    found: list[Block] = []
    while at < len(pieces) and pieces[at][0] > above:
        depth, text = pieces[at]
        below, at = _children(pieces, at + 1, depth)
        found.append(block(text, *below))
    return found, at


def _pieces(lines: list[str]) -> Iterator[tuple[int, str]]:
    """Yield depth and text of every block to be."""
    base, number = 0, 0
    while number < len(lines):
        line = lines[number]
        size = _size(lines, number)
        if line.startswith(("## ", "### ")):
            mark, _, rest = line.partition(" ")
            base = len(mark) - 1
            yield base, f"{mark} {_text(rest)}"
        elif size > 1:
            first = "" if line.startswith("```") else "\n"
            yield base + 1, first + "\n".join(_cells(line) for line in lines[number : number + size])
        elif line.strip() and not line.startswith("# "):
            yield _line(line, base)
        number += size


def _size(lines: list[str], start: int) -> int:
    """Return how many lines belong together: a table, a fence, else one."""
    if lines[start].startswith("```"):
        end = next((n for n in range(start + 1, len(lines)) if lines[n].startswith("```")), len(lines) - 1)
        return end - start + 1
    if lines[start].startswith("|"):
        end = next((n for n in range(start, len(lines)) if not lines[n].startswith("|")), len(lines))
        return end - start
    return 1


def _cells(line: str) -> str:
    return _text(line) if line.startswith("|") else line


def _line(line: str, base: int) -> tuple[int, str]:
    found = _ITEM.fullmatch(line)
    if not found:
        return base + 1, _text(line.strip())
    indent, mark, text = found.groups()
    return base + 1 + len(indent) // 2, _text(text if mark == "- " else mark + text)


def _text(line: str) -> str:
    """Return a line of trusted Markdown with foreign text escaped for Markdown, escaped for Logseq instead."""
    if "\\" not in line and not markup.is_read(line):
        return line
    parts = _CODE.split(line)
    return "".join(part if number % 2 else _escaped(part) for number, part in enumerate(parts))


def _escaped(part: str) -> str:
    return markup.neutral(_LOGSEQ_READS.sub(r"\1", part))
