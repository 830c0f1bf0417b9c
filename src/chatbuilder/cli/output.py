"""Printing for people and for scripts. Everything foreign is printed as it is, never as markup."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any, TextIO

from chatbuilder.errors import UsageError


def as_json(value: Any) -> None:
    """Print one JSON document on stdout."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def line(text: str = "") -> None:
    """Print one line on stdout."""
    sys.stdout.write(safe(text) + "\n")


def data(text: str) -> None:
    """Print what another program may read: exact for it, harmless on a terminal."""
    sys.stdout.write(safe(text) if is_terminal(sys.stdout) else text)


def note(text: str) -> None:
    """Print one line of progress or explanation on stderr; the work goes on when nobody can read it."""
    with contextlib.suppress(OSError):
        sys.stderr.write(safe(text) + "\n")
        sys.stderr.flush()


def safe(text: str) -> str:
    """Return text without characters that a terminal would obey or that reorder what it shows; lines and tabs stay."""
    return "".join(c for c in text if c in "\n\t" or not (ord(c) < 32 or 0x7F <= ord(c) <= 0x9F or c in _REORDERING))


_REORDERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def table(headers: Sequence[str], rows: Iterable[Sequence[str]], empty: str) -> None:
    """Print rows as a table, or `empty` when there are none."""
    found = [[safe(str(cell)) for cell in row] for row in rows]
    if not found:
        line(empty)
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    grid = Table(*headers, box=None, pad_edge=False, header_style="bold", expand=False)
    for row in found:
        grid.add_row(*(Text(cell, overflow="fold") for cell in row))
    Console(highlight=False, width=None if sys.stdout.isatty() else 200).print(grid)


def markdown(text: str) -> None:
    """Render Markdown in a terminal; print it as it is elsewhere."""
    if not sys.stdout.isatty():
        sys.stdout.write(text)
        return
    from rich.console import Console
    from rich.markdown import Markdown

    Console(width=min(Console().width, 100)).print(Markdown(safe(text), hyperlinks=False))


def confirm(question: str) -> bool:
    """Ask a yes/no question on the terminal; no answer means no."""
    sys.stderr.write(f"{question} [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")


def agreed(question: str) -> bool:
    """Ask before something is changed. Raises `UsageError` when nobody is there to answer."""
    if not is_terminal(sys.stdin):
        raise UsageError(
            "Nobody is here to agree.", title="Not confirmed", kept="nothing was changed.", hint="add --yes."
        )
    return confirm(question)


def is_terminal(stream: TextIO | None) -> bool:
    """Tell whether a person is at the other end; a stream that was closed before we began is None."""
    return stream is not None and stream.isatty()
