"""Markdown parted into code and everything else, and the languages that no platform or plugin runs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

# A block in any other language might be run by the platform (base, query, calc) or a plugin (dataviewjs, mermaid …).
LANGUAGES = frozenset(re.findall(r"\S+", """
bash bat c c++ clojure cmake cpp cs csharp css dart diff docker dockerfile elixir elm erlang fish go golang
graphql groovy haskell hcl html http ini java javascript js json json5 jsonc jsx julia kotlin kt latex less lisp
lua make makefile matlab md markdown nginx nix objc ocaml pascal perl php plaintext powershell properties proto
ps1 py python r rb ruby rs rust sass scala scheme scss sh shell sql svelte swift tcl terraform tex text toml ts
tsx txt typescript vb vim vue xml yaml yml zig zsh
"""))  # fmt: skip
_FENCE = re.compile(r"^(\s*)(`{3,}|~{3,})\s*([^\s`{]*)[^`]*$")


def parts(lines: Sequence[str]) -> Iterator[tuple[Sequence[str], str | None, int]]:
    """Yield the lines between code blocks with None, and those of each block, outdented, with its language as given.

    The third is the indent of a block.

    A fence that nothing closes goes on to the end (CommonMark).
    """
    number = begin = 0
    while number < len(lines):
        opening = _FENCE.match(lines[number])
        number += 1
        if opening is None:
            continue
        if begin < number - 1:
            yield lines[begin : number - 1], None, 0
        end = next((n for n in range(number, len(lines)) if _closes(lines[n], opening[2])), len(lines))
        indent = len(opening[1])
        yield [_outdented(line, indent) for line in lines[number:end]], opening[3], indent
        number = begin = end + 1
    if begin < len(lines):
        yield lines[begin:], None, 0


def harmless_language(language: str) -> str:
    """Return the language of a code block, or "text" for one that something might run."""
    return language.lower() if language.lower() in LANGUAGES else "text"


def _closes(line: str, opening: str) -> bool:
    found = line.strip()
    return len(found) >= len(opening) and set(found) == {opening[0]}


def _outdented(line: str, indent: int) -> str:
    return line[:indent].lstrip() + line[indent:]
