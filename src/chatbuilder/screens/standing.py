"""What is there already, as far as screens read it: tokens, accounts, parts of a system (see `reports`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chatbuilder.screens.reports import Target
    from chatbuilder.solution import Plan


class Token(Protocol):
    """A token that is there (`pipeline.TokenInfo`); never the token itself."""

    @property
    def account(self) -> str:
        """The name of the account, "" for the usual one."""

    @property
    def where(self) -> str:
        """Where it is kept."""


class Account(Protocol):
    """What a token is good for (`pipeline.Account`)."""

    @property
    def who(self) -> str:
        """Whose it is."""

    @property
    def may(self) -> Sequence[str]:
        """What it may do."""

    @property
    def limits(self) -> Sequence[str]:
        """What limits it."""

    @property
    def next(self) -> Sequence[str]:
        """What is missing."""


class Change(Protocol):
    """What building would do with one part (`pipeline.Change`)."""

    @property
    def kind(self) -> str:
        """New, changed, there or kept."""

    @property
    def key(self) -> str:
        """The key of its step."""

    @property
    def title(self) -> str:
        """Its name."""


class Changes(Protocol):
    """What building would do (`pipeline.Changes`)."""

    @property
    def exists(self) -> bool:
        """Whether there is such a system already."""

    @property
    def plan(self) -> Plan:
        """What would be delivered."""

    @property
    def parts(self) -> Sequence[Change]:
        """What would become of each part."""


class Leftover(Protocol):
    """A part that the answers do not ask for any more (`pipeline.Leftover`)."""

    @property
    def title(self) -> str:
        """Its name."""

    @property
    def edited(self) -> bool:
        """Whether the person changed it: then it always stays."""


class Seen(Protocol):
    """What a look at the target found (`pipeline.interactive.Seen`)."""

    @property
    def target(self) -> Target:
        """What is there, or what stands in the way."""

    @property
    def unfinished(self) -> bool:
        """Whether a build stopped there before its end."""

    @property
    def changes(self) -> Changes | None:
        """What building would do."""

    @property
    def leftovers(self) -> tuple[Leftover, ...]:
        """What building would leave although nobody asks for it."""

    @property
    def fault(self) -> str:
        """What a refusal is about: the token, the place, or neither."""
