"""What was said in a chat, at the end of its page: blocks that read well and in which nothing of theirs runs or links.

Messages are blocks; paragraphs, list items, tables and code are blocks below them. Headings, lists, emphasis and code
keep their looks. Links to pages and blocks, tags, macros, properties, tasks, queries, raw HTML and pictures are spelled
so that they only show, and code blocks have no language that Logseq runs (calc, query). What the parser takes for what
was tried with mldoc 1.6.0.

The block holds the property that `find` looks for. A cell is what stands below it, in one form whatever Logseq does to
a page it writes anew: it indents in its own way, trims blocks, and adds `collapsed::` and `id::` (logseq/og:
`frontend/modules/file/core.cljs` transform-content).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from chatbuilder.chats import Message
from chatbuilder.generators.common import fences
from chatbuilder.generators.common.rows import stamp
from chatbuilder.generators.common.text import clean, one_line
from chatbuilder.generators.logseq import markup

MARK = "chatbuilder:: transcript, kept up to date until you change it"
_MARK = re.compile(r"^[ \t]*chatbuilder::[ \t]+transcript\b.*$", re.MULTILINE)
_BULLET = re.compile(r"([ \t]*)-(?: |(?=\r?$))", re.MULTILINE)
_STATE = re.compile(r"(?:collapsed|id)::(?: |$)")
_SPACES = re.compile(r"[^\S\n\t ]")  # some are spaces for Logseq and some are not
_GAP = "\u200b"  # nothing to be seen; parts what Logseq would read together
_MARKERS = "TODO|DOING|DONE|NOW|LATER|WAIT|CANCEL|IN-PROGRESS"
# A message without any of these is its paragraphs, as they are.
_NOTABLE = re.compile(rf"[\\`\[\]#<]|\(\(|\)\)|\{{\{{|::|@@|^(?:[-*+>|$:~ \t]|\d+[.)]|{_MARKERS})|[ \t]$", re.MULTILINE)
_ITEM = re.compile(r"([ \t]*)(?:[-*+]|(\d{1,9}[.)]))[ \t]+(?=\S)")
_HEADING = re.compile(r" {0,3}(#{1,6})[ \t]+(?=\S)")
_SPAN = re.compile(r"(`[^`]+`)")
# What may stand beside inline code that is left as it is: nothing that could begin a link, a formula or an address.
_CALM = re.compile(r"[\w\s.,;:'\"!?()*&%+-]*")
_OPENS = re.compile(r"[\s(\"*]$")
_COLON = re.compile(r":(?=:)")
_FIRST = re.compile(r"[^ \t]*::")  # only these end the key of a property
_BOLD = re.compile(r"\*\*[^\s*]")
_KEY = re.compile(r"^(\s*[^\s:]+:)(?=:(?:\s|$))")


def transcript(said: Sequence[Message], assistant: str) -> str:
    """Return the messages as what stands below the block; "" when nothing was said."""
    lines: list[str] = []
    for message in said:
        who = "You" if message.is_prompt else markup.escape(assistant)
        when = stamp(message.time)
        lines.append(f"- **{who}**{f' · {when[:16]}'.replace('T', ' ') if when else ''}")
        text = clean(message.text)
        text = text if text.isascii() else _SPACES.sub(" ", text)
        lines += [_written(depth + 1, found) for depth, found in _blocks(text)]
        files = (one_line(p.name or "without a name", 300) for p in message.parts if p.kind == "attachment")
        lines += [f"\t- *File: {markup.escape(name)}*" for name in files]
    return "\n".join(lines)


def _written(depth: int, text: str) -> str:
    lead = "\t" * depth
    return f"{lead}- {text}".replace("\n", f"\n{lead}  ")


def block(inside: str) -> str:
    """Return the whole block, as it stands at the end of a page; "" when nothing was said."""
    return f"- ## Transcript\n  {MARK}\n  collapsed:: true\n{_below(inside, '')}\n" if inside else ""


def _below(inside: str, indent: str) -> str:
    lead = indent + "\t"
    return lead + inside.replace("\n", f"\n{lead}")


# what is there


def read(page: str) -> str:
    """Return what stands below the transcript's block, in the form of `transcript`; "" when it is not there."""
    place = _find(page)
    return "\n".join(_canonical(page[place[0] : place[1]].split("\n"))) if place else ""


def write(page: str, inside: str) -> str:
    """Return the page with this below the transcript's block, which comes to the end where there is none."""
    ending = "\r\n" if "\r\n" in page else "\n"
    place = _find(page)
    if place:
        begin, end, indent = place
        gap = "" if page[:begin].endswith("\n") else ending
        new = f"{gap}{_below(inside, indent)}\n".replace("\r\n", "\n").replace("\n", ending) if inside else ""
        return page[:begin] + new + page[end:]
    gap = "" if page.endswith("\n") else ending
    gap += "" if re.search("^-", page, re.MULTILINE) or page.endswith(ending * 2) else ending
    return page + gap + block(inside).replace("\n", ending) if inside else page


def _find(page: str) -> tuple[int, int, str] | None:
    """Return where what stands below the transcript's block begins and ends, and the block's own indent."""
    for mark in _MARK.finditer(page):
        head = page.rfind("\n", 0, mark.start()) + 1
        while head > 0 and not _BULLET.match(page, head):
            head = page.rfind("\n", 0, head - 1) + 1
        if found := _BULLET.match(page, head):
            return (*_extent(page, mark.end(), len(found[1])), found[1])
    return None


def _extent(page: str, start: int, indent: int) -> tuple[int, int]:
    """Return from where to where there are blocks deeper than `indent`, after the line of `start`."""
    begin, at = -1, page.find("\n", start) + 1 or len(page)
    while at < len(page):
        found = _BULLET.match(page, at)
        if found and len(found[1]) <= indent:
            break
        begin = at if found and begin < 0 else begin
        at = page.find("\n", at) + 1 or len(page)
    if begin < 0:
        return at, at
    last = begin + len(page[begin:at].rstrip())
    return begin, page.find("\n", last) + 1 or len(page)


def _canonical(lines: Sequence[str]) -> Iterator[str]:
    levels: list[int] = []
    content: list[str] = []
    fenced = False
    for raw in lines:
        found = None if fenced else _BULLET.match(raw)
        line = raw.rstrip()
        if found:
            yield from _one(content, len(levels) - 1)
            while levels and levels[-1] >= len(found[1]):
                levels.pop()
            levels.append(len(found[1]))
            content = [line[found.end() :]]
        elif levels:
            indent = levels[-1] + 2
            content.append(line if line[:indent].strip() else line[indent:])
        fenced ^= bool(content) and content[-1].startswith("```")
    yield from _one(content, len(levels) - 1)


def _one(content: Sequence[str], depth: int) -> Iterator[str]:
    """Yield one block, without what Logseq notes in it."""
    if content:
        kept = (line for number, line in enumerate(content) if number == 0 or not _STATE.match(line))
        yield _written(depth, "\n".join(kept).strip())


# foreign text


def _blocks(text: str) -> Iterable[tuple[int, str]]:
    """Return the blocks of a message, as depth and text."""
    calm = not _NOTABLE.search(text)
    if calm and len(text) < markup.BLOCK_LIMIT:
        return [(0, part) for paragraph in text.split("\n\n") if (part := paragraph.strip())]
    outline = _Outline()
    if calm:
        for line in text.split("\n"):
            outline.add(line.strip())
        return outline.done()
    for found, language, indent in fences.parts(text.split("\n")):
        if language is None:
            _prose(outline, found)
        else:
            outline.code(found, fences.harmless_language(language), indent)
    return outline.done()


def _prose(outline: _Outline, lines: Sequence[str]) -> None:
    """Add lines that are no code; those of a table belong together."""
    for is_table, found in groupby(lines, lambda line: line.lstrip().startswith("|")):
        if is_table:
            outline.table([line.strip() for line in found])
        else:
            for line in found:
                outline.line(line)


class _Outline:
    """The blocks of a message in the making: lists are nested by their indents, code belongs to the item above."""

    def __init__(self) -> None:
        self._blocks: list[tuple[int, str]] = []
        self._waiting: list[str] = []
        self._size = self._depth = 0
        self._indents: list[int] = []

    def done(self) -> list[tuple[int, str]]:
        """Return the blocks."""
        self._flush()
        return self._blocks

    def _flush(self) -> None:
        if self._waiting:
            self._blocks.append((self._depth, "\n".join(self._waiting)))
            self._waiting, self._size, self._depth = [], 0, len(self._indents)

    def add(self, line: str) -> None:
        """Add a line that is as it should be; an empty one ends the block."""
        if not line or self._size + len(line) >= markup.BLOCK_LIMIT:
            self._flush()
        if len(line) >= markup.BLOCK_LIMIT:
            pieces = (line[at : at + markup.BLOCK_LIMIT].strip() for at in range(0, len(line), markup.BLOCK_LIMIT))
            self._blocks += [(self._depth, piece) for piece in pieces if piece]
        elif line:
            self._waiting.append(line)
            self._size += len(line) + 1

    def line(self, raw: str) -> None:
        """Add a line of foreign text."""
        line = raw.strip()
        item, heading = _ITEM.match(raw), _HEADING.match(raw)
        if item:
            self._item(len(item[1].expandtabs(4)))
            line = raw[item.end() :].strip()
        elif heading:
            self._flush()
            line = raw[heading.end() :].strip()
        if line and not raw[0].isspace() and not item and not self._waiting:
            self._indents, self._depth = [], 0
        lead = f"{item[2]} " if item and item[2] else "#" * min(6, len(heading[1]) + 2) + " " if heading else ""
        self._text(line, lead)
        if heading:
            self._flush()

    def _item(self, indent: int) -> None:
        self._flush()
        while self._indents and self._indents[-1] >= indent:
            self._indents.pop()
        self._depth = len(self._indents)
        self._indents.append(indent)

    def _text(self, line: str, lead: str) -> None:
        if len(line) <= markup.BLOCK_LIMIT // 2:
            self.add(lead + _harmless(line) if line else "")
            return
        for at in range(0, len(line), markup.BLOCK_LIMIT // 2):
            self._flush()
            self.add(_harmless(line[at : at + markup.BLOCK_LIMIT // 2].strip()))

    def table(self, rows: Sequence[str]) -> None:
        """Add a table, as code: Logseq loses the head of a table that begins a block."""
        if len(rows) > 1:
            self.code(rows, "text", 0)
        for row in rows if len(rows) == 1 else ():
            self.line(row)

    def code(self, lines: Sequence[str], language: str, indent: int) -> None:
        """Add code, in several blocks when it is long; indented, it belongs to the item above."""
        self._flush()
        if not indent:
            self._indents, self._depth = [], 0
        room = markup.BLOCK_LIMIT - 100
        pieces = (line[at : at + room // 2] for line in lines for at in range(0, len(line) or 1, room // 2))
        inside, size = [f"```{language}"], 0
        for piece in pieces:
            line = _code_line(piece)
            if size + len(line) > room:
                self._blocks.append((self._depth, "\n".join((*inside, "```"))))
                inside, size = [f"```{language}"], 0
            inside.append(line)
            size += len(line) + 1
        self._blocks.append((self._depth, "\n".join((*inside, "```"))))


def _code_line(line: str) -> str:
    """Return a line of code: nothing in it ends the code, and nothing is taken for a property."""
    line = re.sub(r"(?<=`)`|(?<=~)~", lambda found: _GAP + found[0], line.rstrip())
    return _KEY.sub(rf"\1{_GAP}", line)


def _harmless(line: str) -> str:
    """Return a line outside of code blocks. Inline code keeps its looks where nothing beside it can reach into it."""
    if "`" not in line or "``" in line:
        return _guarded(line)
    parts = _SPAN.split(line)
    outside = parts[::2]
    calm = all(_CALM.fullmatch(part) and "((" not in part for part in outside)
    if not calm or _FIRST.match(line) or not all(_OPENS.search(part) for part in outside[int(not outside[0]) : -1]):
        return _guarded(line)
    return (markup.no_property if line.startswith("`") or _BOLD.match(line) else markup.guarded)(line)


def _guarded(line: str) -> str:
    guard = markup.no_property if _BOLD.match(line) else markup.guarded
    text = guard(markup.neutral(_COLON.sub(":\\\\", line.replace("\\", "\\\\"))))
    return "\\" + text if text.startswith("~~~") else text
