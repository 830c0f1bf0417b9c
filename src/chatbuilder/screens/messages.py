"""What screens tell the app. Only the app changes the session, saves it, and calls the pipeline."""

from __future__ import annotations

from collections.abc import Callable

from textual.message import Message

from chatbuilder.secret import Secret
from chatbuilder.wizard import Answers


class Answered(Message):
    """Answers changed: a change to merge, or how to find it from the answers at that moment."""

    def __init__(self, change: Answers | Callable[[Answers], Answers]) -> None:
        super().__init__()
        self.change = change


class Forward(Message):
    """Go on to the next step."""


class Backward(Message):
    """Go back one step."""


class Goto(Message):
    """Go to a step that can be entered."""

    def __init__(self, step: str) -> None:
        super().__init__()
        self.step = step


class Copy(Message):
    """Put a text on the clipboard; `what` names it for the notice."""

    def __init__(self, text: str, what: str) -> None:
        super().__init__()
        self.text, self.what = text, what


class Export(Message):
    """Write the package into a folder."""

    def __init__(self, folder: str, zipped: bool) -> None:
        super().__init__()
        self.folder, self.zipped = folder, zipped


class AskExport(Message):
    """Open the dialog that asks where to export to."""


class Start(Message):
    """Build the system at the target.

    `agreed`: the person's own settings may be extended; `tidy`: what is not asked for any more may be removed.
    """

    agreed = tidy = False


class Stop(Message):
    """Stop building after the current step."""


class AskConnect(Message):
    """Open the dialog that takes a token: for a platform, "" for the one at hand."""

    def __init__(self, platform: str = "") -> None:
        super().__init__()
        self.platform = platform


class AskCheck(Message):
    """Ask the vendor what the saved token is good for."""


class Connect(Message):
    """Take a token, or for Google a credentials file; without `keep` it is not saved."""

    def __init__(self, platform: str, account: str, secret: Secret | None, path: str, *, keep: bool) -> None:
        super().__init__()
        self.platform, self.account, self.secret, self.path, self.keep = platform, account, secret, path, keep


class StopAsking(Message):
    """Nobody waits any more for what a vendor was asked."""


class OpenPage(Message):
    """Open an address in the person's browser."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url


class Ticked(Message):
    """Something to do by hand was done, or not after all."""

    def __init__(self, key: str) -> None:
        super().__init__()
        self.key = key


class OpenDraft(Message):
    """Resume a saved session."""

    def __init__(self, draft: str) -> None:
        super().__init__()
        self.draft = draft


class RemoveDraft(Message):
    """Remove a saved session for good."""

    def __init__(self, draft: str) -> None:
        super().__init__()
        self.draft = draft


class NewSession(Message):
    """Start from the first step with no answers."""


class AskImport(Message):
    """Open the screen that brings chats into the library."""


class AskFill(Message):
    """Open the screen that fills a system, "" for the one at hand."""

    def __init__(self, system: str = "") -> None:
        super().__init__()
        self.system = system


class Finish(Message):
    """Leave; everything is done."""
