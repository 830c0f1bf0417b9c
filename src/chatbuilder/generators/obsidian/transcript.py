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

from chatbuilder.chats import Message
from chatbuilder.generators.common import fences
from chatbuilder.generators.common.rows import stamp
from chatbuilder.generators.common.text import clean
from chatbuilder.generators.obsidian.layout import safe

BEGIN, END = (
    "%% chatbuilder: transcript, kept up to date until you change it %%",
    "%% chatbuilder: end of transcript %%",
)
_WORDLESS = "\u200b"
_CODE = re.compile(r"(?<![\\`])(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_IN_CODE = re.compile(r"(<(?=%)|\[(?=\[)|%(?=%)|:(?=:)|^(?==|\$=))")
_IN_TEXT = (
    (re.compile(r"<(?=[a-zA-Z/!?%])"), "&lt;"),
    (re.compile(r"\[(?=\[)|(?<=\[)\["), r"\\["),
    (re.compile(r"!(?=\[|\\\[)"), "!\u200b"),
    (re.compile(r"\](?=\((?!https?://))"), r"]\\"),
    (re.compile(r"%(?=%)"), r"\\%"),
    (re.compile(r":(?=:)"), r":\\"),
    (re.compile(r"~(?=~~)"), r"\\~"),
    (re.compile(r"(?<![\w&\\#])#(?=[^\s#\\])"), r"\\#"),
    (re.compile(r"(\s)\^(?=[\w-]+\s*$)"), r"\1\\^"),
    (re.compile(r"^(\s*(?:[-*+]|\d+[.)])\s+)\[(?=.\](?:\s|$))"), r"\1\\["),
)  # fmt: skip
_NOTABLE = re.compile(r"[<\[\]%:#^`~]")  # a text or line without any of these is as it should be
_HEADING = re.compile(r"^( {0,3})(#{1,6})(?=\s)")


def transcript(said: Sequence[Message], assistant: str) -> str:
    """Return the messages as the inside of the block; "" when nothing was said."""
    parts = []
    for message in said:
        who = "You" if message.is_prompt else safe(assistant)
        when = stamp(message.time)
        parts.append(f"### {who}{f' · {when[:16]}'.replace('T', ' ') if when else ''}\n\n{_told(message)}")
    return "\n\n".join(parts)


def _told(message: Message) -> str:
    text = harmless(message.text.strip("\n"))
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
    return "\n".join(_lines(text.split("\n"))) if _NOTABLE.search(text) else text


def _lines(lines: list[str]) -> Iterator[str]:
    for found, language, _ in fences.parts(lines):
        if language is None:
            yield _line(found[0])
        else:
            yield from _code(found, language)


def _code(lines: list[str], language: str) -> Iterator[str]:
    """Yield a code block with a fence that nothing inside can close, in a language that nothing runs."""
    longest = max((len(run) for line in lines for run in re.findall(r"`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    yield fence + fences.harmless_language(language)
    for line in lines:
        yield line.replace("<%", f"<{_WORDLESS}%").replace("%% chatbuilder", f"%{_WORDLESS}% chatbuilder")
    yield fence


def _line(line: str) -> str:
    """Return one line outside code blocks; what stands between backticks is code."""
    if not _NOTABLE.search(line):
        return line
    heading = _HEADING.match(line)
    if heading:
        line = f"{'#' * min(6, len(heading[2]) + 3)}{line[heading.end() :]}"
    out, at = [], 0
    for found in _CODE.finditer(line):
        inner = _IN_CODE.sub(lambda m: m[1] + _WORDLESS if m[1] else _WORDLESS, found[2])
        out += [_text(line[at : found.start()], first=at == 0), f"{found[1]}{inner}{found[1]}"]
        at = found.end()
    return "".join((*out, _text(line[at:], first=at == 0)))


def _text(text: str, *, first: bool) -> str:
    """Return plain text of a line; a stray backtick cannot begin code, and only its `first` part can begin a task."""
    text = re.sub(r"(?<!\\)`", r"\\`", text)
    head = _HEADING.match(text) if first else None
    kept, rest = (text[: head.end()], text[head.end() :]) if head else ("", text)
    for pattern, spelled in _IN_TEXT:
        rest = pattern.sub(spelled, rest)
    return kept + rest
