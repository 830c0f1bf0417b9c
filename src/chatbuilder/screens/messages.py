"""What screens tell the app. Only the app changes the session, saves it, and calls the pipeline."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual.message import Message

from chatbuilder.wizard import Answers


@dataclass
class Answered(Message):
    """Answers changed: a change to merge, or how to find it from the answers at that moment."""

    change: Answers | Callable[[Answers], Answers]


@dataclass
class Forward(Message):
    """Go on to the next step."""


@dataclass
class Backward(Message):
    """Go back one step."""


@dataclass
class Goto(Message):
    """Go to a step that can be entered."""

    step: str


@dataclass
class Copy(Message):
    """Put a text on the clipboard; `what` names it for the notice."""

    text: str
    what: str


@dataclass
class Export(Message):
    """Write the package into a folder."""

    folder: str
    zipped: bool


@dataclass
class AskExport(Message):
    """Open the dialog that asks where to export to."""


@dataclass
class Start(Message):
    """Build the system at the target."""


@dataclass
class Stop(Message):
    """Stop building after the current step."""


@dataclass
class OpenDraft(Message):
    """Resume a saved session."""

    draft: str


@dataclass
class RemoveDraft(Message):
    """Remove a saved session for good."""

    draft: str


@dataclass
class NewSession(Message):
    """Start from the first step with no answers."""


@dataclass
class Finish(Message):
    """Leave; everything is done."""
