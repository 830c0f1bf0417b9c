"""What the app knows, as one frozen value: screens are drawn from it, never from their own widgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chatbuilder.screens.inflow import Filling, Intake
from chatbuilder.wizard import Session

if TYPE_CHECKING:
    from chatbuilder.blueprint import Blueprint
    from chatbuilder.screens.progress import Progress
    from chatbuilder.screens.reports import Target
    from chatbuilder.screens.saved import BuiltSystem, SavedDraft
    from chatbuilder.screens.standing import Changes, Leftover, Token
    from chatbuilder.solution import Solution


@dataclass(frozen=True, slots=True)
class State:
    """Everything a screen may show. `problems` are by answer, as `wizard.by_field` returns them.

    `solution`, `target` and `progress` are None until there is one for the present answers; `unfinished` tells that
    a build stopped at the target before its end, `changes` what building would do, `leftovers` what it would leave,
    `fault` what a refusal there is about (token or place), `waiting` why a look at it takes so long. `accounts` are
    the tokens of the platform, None until they are known. `before` is the design before the last change. `intake` and
    `filling` are how far bringing in chats and filling a system are. `foreign` are the platforms of other packages,
    with the package that brings each.
    """

    session: Session = field(default_factory=Session)
    blueprint: Blueprint | None = None
    before: Blueprint | None = None
    problems: Mapping[str, str] = field(default_factory=dict)
    solution: Solution | None = None
    view_words: Mapping[str, str] = field(default_factory=dict)
    target: Target | None = None
    unfinished: bool = False
    changes: Changes | None = None
    leftovers: tuple[Leftover, ...] = ()
    fault: str = ""
    waiting: str = ""
    accounts: tuple[Token, ...] | None = None
    suggested: Mapping[str, str] = field(default_factory=dict)
    progress: Progress | None = None
    saved: str = ""
    zones: tuple[str, ...] = ()
    foreign: Mapping[str, str] = field(default_factory=dict)
    drafts: tuple[SavedDraft, ...] | None = None
    systems: tuple[BuiltSystem, ...] = ()
    intake: Intake = field(default_factory=Intake)
    filling: Filling = field(default_factory=Filling)

    @property
    def misanswered(self) -> Mapping[str, str]:
        """The problems that are not about the place: that one is mended on Auto-setup, and nothing before needs it."""
        return {key: text for key, text in self.problems.items() if not key.startswith("target")}
