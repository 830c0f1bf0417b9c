"""What was said in a chat, at the end of its note: readable Markdown in which nothing of theirs runs, links or files.

Text keeps its headings, lists, emphasis and code. Spelled so that they only show: links and embeds of notes, tags,
comments, raw HTML, pictures (loading one tells its server that you read the note), tasks, block ids, Dataview's inline
fields and queries, Templater's commands (it runs them in the raw text of a new note, in code as well), and code blocks
in a language that a plugin would run. Sources: Obsidian help "Internal links", "Basic formatting syntax"; Dataview
"Metadata on pages"; Templater `on_file_creation`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC

from chatbuilder.chats import Message
from chatbuilder.generators.common import fences
from chatbuilder.generators.common.text import clean
from chatbuilder.generators.obsidian.layout import safe

BEGIN, END = (
    "%% chatbuilder: transcript, kept up to date until you change it %%",
    "%% chatbuilder: end of transcript %%",
)
_WORDLESS = "\u200b"
_RISKY = re.compile(r"[<\[%:=$]")  # code without any of these does nothing
_RISKY_CODE = re.compile(r"(<(?=%)|\[(?=\[)|%(?=%)|:(?=:)|^(?==|\$=))")
# Everything that would work, outside code blocks: one pass over a text of any length. Each branch begins with its mark,
# which lets the engine skip plain text; what stands before the mark is then asked with lookbehinds that hold it too.
_MARK = re.compile(r"""
  `(?<![\\`]`)(`*)(?!`)(.+?)(?<!`)`\1(?!`)   # code between backticks
| `(?<!\\`)                                   # a stray backtick cannot begin code
| <(?=[a-zA-Z/!?%])
| \[(?:(?=\[)|(?<=\[\[)|(?P<task>)(?=.\](?:\s|$)))
| !(?=\\?\[)
| \](?=\((?!https?://))
| %(?=%)
| :(?=:)
| ~(?=~~)
| \#(?<!\#\#)(?P<heading>\#{0,5})(?=[^\S\n])
| \#(?<![\w&\\\#]\#)(?=[^\s\#\\`])(?!\[\[|%%|~~~)   # a tag
| \^(?<!\S\^)(?=[\w-]+[^\S\n]*$)            # the id of a block
""", re.VERBOSE | re.MULTILINE)  # fmt: skip
_SPELLED = {
    "`": "\\`", "<": "&lt;", "!": f"!{_WORDLESS}", "]": "]\\", "%": "\\%", ":": ":\\", "~": "\\~", "^": "\\^",
}  # fmt: skip
_ITEM = re.compile(r"[\s>]*(?:(?:[-*+]|\d+[.)])\s+)+")  # what stands before the box of a task
_FARTHEST = 200  # characters from the beginning of its line to the box
_NOTABLE = re.compile(r"[<\[\]%:#^`~]")  # a text without any of these is as it should be


def transcript(said: Sequence[Message], assistant: str) -> str:
    """Return the messages as the inside of the block; "" when nothing was said."""
    parts, name = [], safe(assistant)
    for message in said:
        who = "You" if message.is_prompt else name
        time = message.time
        if time and time.tzinfo is not UTC:
            time = time.astimezone(UTC)
        when = f" · {time.isoformat(' ', 'minutes')[:16]}" if time else ""
        parts.append(f"### {who}{when}\n\n{_told(message)}")
    return "\n\n".join(parts)


def _told(message: Message) -> str:
    text = harmless(message.text.strip("\n"))
    if len(message.parts) == 1 and message.parts[0].kind != "attachment":
        return text
    files = [f"*File: {safe(p.name or 'without a name')}*" for p in message.parts if p.kind == "attachment"]
    return "\n\n".join(part for part in (text, *files) if part)


def block(inside: str) -> str:
    """Return the whole block, as it stands at the end of a note."""
    return f"## Transcript\n\n{BEGIN}\n\n{inside}\n\n{END}\n"


def find(text: str) -> tuple[int, int] | None:
    """Return where the inside of the block stands in a note, if it does."""
    begin = text.find(f"{BEGIN}\n\n")
    end = text.rfind(f"\n\n{END}")
    begin += len(BEGIN) + 2
    return (begin, end) if len(BEGIN) + 2 <= begin <= end else None


def harmless(text: str) -> str:
    """Return foreign Markdown for the body of a note: it reads the same, and nothing in it works."""
    text = clean(text)
    if "```" in text or "~~~" in text:
        return "\n".join(_pieces(text.split("\n")))
    return _MARK.sub(_spelled, text) if _NOTABLE.search(text) else text


def _pieces(lines: list[str]) -> Iterator[str]:
    """Yield what stands between code blocks, and these line by line."""
    for found, language, _ in fences.parts(lines):
        if language is None:
            yield _MARK.sub(_spelled, "\n".join(found))
        else:
            yield from _code(found, language)


def _code(lines: Sequence[str], language: str) -> Iterator[str]:
    """Yield a code block with a fence that nothing inside can close, in a language that nothing runs."""
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield fence + fences.harmless_language(language)
    for line in lines:
        yield line.replace("<%", f"<{_WORDLESS}%").replace("%% chatbuilder", f"%{_WORDLESS}% chatbuilder")
    yield fence


def _spelled(found: re.Match[str]) -> str:
    """Return what a mark is written as, so that it only shows."""
    mark = found[0]
    if simple := _SPELLED.get(mark):
        return simple
    if mark[0] == "`":
        more, inner = found[1], found[2]
        if not more and not _RISKY.search(inner):
            return mark
        ticks = f"`{more}"
        inner = _RISKY_CODE.sub(lambda risky: risky[1] + _WORDLESS, inner)
        # Three of them could be taken for a fence where they begin a line.
        return f"{_WORDLESS if more[1:] else ''}{ticks}{inner}{ticks}"
    if mark == "[":
        return "[" if found["task"] is not None and not _begins_item(found.string, found.start()) else "\\["
    if found["heading"] is None:
        return "\\#"
    return "#" * min(6, len(mark) + 3) if _begins_line(found.string, found.start()) else mark


def _begins_line(text: str, at: int) -> bool:
    """Tell whether nothing but up to three spaces stands before a place in its line, as before a heading."""
    before = text[max(0, at - 4) : at].rstrip(" ")
    return before.endswith("\n") or (not before and at < 4)


def _begins_item(text: str, at: int) -> bool:
    """Tell whether the box of a task could stand at a place: nothing but the mark of a list item before it."""
    start = text.rfind("\n", max(0, at - _FARTHEST), at) + 1
    return (start > 0 or at < _FARTHEST) and _ITEM.fullmatch(text, start, at) is not None
