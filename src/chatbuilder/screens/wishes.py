"""What the screens that bring in chats and fill a system tell the app."""

from __future__ import annotations

from textual.message import Message

from chatbuilder.screens.inflow import Origin


class Origins(Message):
    """Other places to import from, ticked or not."""

    def __init__(self, *origins: Origin) -> None:
        super().__init__()
        self.origins = origins


class Read(Message):
    """Import what is ticked, or only look what that would do."""

    def __init__(self, *, dry_run: bool) -> None:
        super().__init__()
        self.dry_run = dry_run


class Browse(Message):
    """Show a folder to choose from, "" for the one to begin with."""

    def __init__(self, folder: str = "") -> None:
        super().__init__()
        self.folder = folder


class Aim(Message):
    """Fill another system, or with other things: what was worked out before is void."""

    def __init__(self, system: str, *, transcripts: bool) -> None:
        super().__init__()
        self.system, self.transcripts = system, transcripts


class Fill(Message):
    """Fill the system, or only work out what that would do."""

    def __init__(self, *, dry_run: bool) -> None:
        super().__init__()
        self.dry_run = dry_run


class Halt(Message):
    """Stop what is being read or written; with `ask`, only after asking."""

    def __init__(self, *, ask: bool = False) -> None:
        super().__init__()
        self.ask = ask
