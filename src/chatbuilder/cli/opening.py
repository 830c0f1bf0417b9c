"""Opening the wizard, with nothing loaded that its first screen does not need."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from chatbuilder import pipeline
from chatbuilder.cli import output
from chatbuilder.errors import InputError, UsageError

if TYPE_CHECKING:
    from argparse import Namespace


def wizard(arguments: Namespace | None = None) -> int:
    """Open the wizard at its first screen, or at the welcome screen when something is saved."""
    return _open(None)


def resume(arguments: Namespace) -> int:
    """Open the wizard at a draft."""
    return _open(arguments.draft or newest_draft())


def _open(draft: str | None) -> int:
    if not (_in_browser() or (output.is_terminal(sys.stdin) and output.is_terminal(sys.stdout))):
        raise UsageError(
            "The wizard needs a terminal, and this is none.",
            title="No terminal",
            kept="everything that is saved.",
            hint="`chatbuilder build --answers FILE --out DIR` does the same without one.",
        )
    from chatbuilder.app import run

    return run(draft)


def _in_browser() -> bool:
    """Tell whether `serve` started this process: Textual then speaks to a page instead of a terminal."""
    return os.environ.get("TEXTUAL_DRIVER") == "textual.drivers.web_driver:WebDriver"


def newest_draft() -> str:
    """Return the id of the draft saved last. Raises `InputError` when there is none."""
    found = [info for info in pipeline.drafts() if not info.problem]
    if not found:
        raise InputError(
            "There is no saved session.", title="No drafts", kept="nothing was changed.",
            hint="`chatbuilder` starts a new one.",
        )  # fmt: skip
    return found[0].id
