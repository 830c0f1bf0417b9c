"""What was said in a chat, as blocks in one toggle at the end of its page.

Every text goes in as data, as rich text does, and none as Markdown: so nothing in it can mention, link, embed or open
anything, and it comes back from the API as it was sent. Only code between fences becomes a block of its own.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chatbuilder.chats import Message
from chatbuilder.generators.common.rows import stamp
from chatbuilder.generators.common.text import clean, one_line
from chatbuilder.generators.notion.rich import LIST_LIMIT, Json, rich

TITLE = "Transcript · kept up to date by chatbuilder until you change it"
UNFINISHED = "Transcript · chatbuilder is still writing it"
BLOCK_TEXT = 20_000  # characters in a block: no more than 40 pieces of rich text, and a page stays readable
REQUEST = 350_000  # bytes of JSON, all but ASCII escaped: with the properties of a row below the 500 KB of a request
_LANGUAGES = frozenset(re.findall(r"\S+", """
bash c clojure css dart diff docker elixir elm erlang fortran go graphql groovy haskell html java javascript json julia
kotlin latex less lisp lua makefile markdown matlab nix ocaml pascal perl php powershell prolog protobuf python r ruby
rust sass scala scheme scss shell solidity sql swift toml typescript xml yaml
"""))  # fmt: skip
_ALIASES = {
    "c++": "c++", "cpp": "c++", "c#": "c#", "cs": "c#", "csharp": "c#", "f#": "f#", "js": "javascript", "jsx":
    "javascript", "ts": "typescript", "tsx": "typescript", "py": "python", "rb": "ruby", "rs": "rust", "sh": "shell",
    "zsh": "shell", "yml": "yaml", "tex": "latex", "make": "makefile", "dockerfile": "docker", "golang": "go",
    "kt": "kotlin", "md": "markdown", "ps1": "powershell",
}  # fmt: skip
_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([^\s`]*)[^`\n]*$")


def blocks(said: Sequence[Message], assistant: str) -> list[Json]:
    """Return the messages as blocks: a paragraph each, that begins with who said it and when."""
    return [block for message in said for block in _message(message, assistant)]


def _message(message: Message, assistant: str) -> Iterator[Json]:
    who = "You" if message.is_prompt else one_line(assistant, 100)
    when = stamp(message.time)
    lead = f"{who}{f' · {when[:16]}'.replace('T', ' ') if when else ''}"
    files = "\n".join(f"[file: {part.name or 'without a name'}]" for part in message.parts if part.kind == "attachment")
    text = "\n\n".join(part for part in (clean(message.text).strip("\n"), clean(files)) if part)
    parts = list(_parts(text))
    if not parts or parts[0][0]:
        yield _paragraph(rich(lead, bold=True))
    for number, (language, inside) in enumerate(parts):
        for at in range(0, max(1, len(inside)), BLOCK_TEXT):
            piece = rich(inside[at : at + BLOCK_TEXT])
            if language:
                yield {"object": "block", "type": "code", "code": {"rich_text": piece, "language": language}}
            else:
                first = number == at == 0
                yield _paragraph([*rich(lead, bold=True), *rich("\n"), *piece] if first else piece)


def _paragraph(texts: list[Json]) -> Json:
    return {"object": "block", "type": "paragraph", "paragraph": {"rich_text": texts}}


def _parts(text: str) -> Iterator[tuple[str, str]]:
    """Yield language and text of what stands in fences, and "" and text of what stands between them."""
    lines, plain, number = text.split("\n"), list[str](), 0
    while number < len(lines):
        fence = _FENCE.match(lines[number])
        end = _end_of(lines, number, fence[1]) if fence else None
        if fence is None or end is None:
            plain.append(lines[number])
            number += 1
            continue
        if before := "\n".join(plain).strip("\n"):
            yield "", before
        plain = []
        if code := "\n".join(lines[number + 1 : end]):
            yield _language(fence[2]), code
        number = end + 1
    if rest := "\n".join(plain).strip("\n"):
        yield "", rest


def _end_of(lines: Sequence[str], begin: int, opening: str) -> int | None:
    """Return the line that closes a fence; None when nothing does, and then it is text."""
    for number in range(begin + 1, len(lines)):
        line = lines[number].strip()
        if len(line) >= len(opening) and set(line) == {opening[0]}:
            return number
    return None


def _language(name: str) -> str:
    known = name.lower()
    return known if known in _LANGUAGES else _ALIASES.get(known, "plain text")


def told(block: Mapping[str, Any]) -> tuple[str, str]:
    """Return the kind and the text of a block that was made here, as the API gives them back."""
    kind = block["type"]
    return kind, "".join(item["text"]["content"] for item in block[kind]["rich_text"])


def as_compared(items: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Return blocks, by kind and text, in the form in which two transcripts are compared: spaces do not count."""
    return tuple(f"{kind} {' '.join(text.split())}" for kind, text in items)


def requests(made: Sequence[Json]) -> list[list[Json]]:
    """Return the blocks as they fit into requests: 100 each, and not too many bytes."""
    found: list[list[Json]] = []
    size = 0
    for block in made:
        length = len(json.dumps(block))
        if not found or len(found[-1]) >= LIST_LIMIT or size + length > REQUEST:
            found.append([])
            size = 0
        found[-1].append(block)
        size += length
    return found
