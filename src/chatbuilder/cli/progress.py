"""How far long work is, in one line on stderr: written over on a terminal, told now and then where lines are kept."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from chatbuilder.cli import output

EVERY = 10.0  # seconds between two lines in a log


@contextmanager
def progress(now: Callable[[], float] = time.monotonic) -> Iterator[Callable[[str], None]]:
    """Give what shows a text; what stands there at the end is taken away. `now` is in seconds."""
    last = now()

    def show(text: str) -> None:
        nonlocal last
        if output.is_terminal(sys.stderr):
            # A line that goes on below could not be written over.
            _write(output.safe(text)[: shutil.get_terminal_size().columns - 1])
        elif now() - last >= EVERY:
            last = now()
            output.note(text)

    try:
        yield show
    finally:
        if output.is_terminal(sys.stderr):
            _write("")


def _write(text: str) -> None:
    with suppress(OSError):  # the work goes on when nobody can read it
        sys.stderr.write(f"\r\x1b[K{text}")
        sys.stderr.flush()
