"""What a platform is made of: the one interface for ours and for those that other packages bring.

A package names an object of type `ChatPlatform` as an entry point of the group `chatbuilder.platforms`:

    [project.entry-points."chatbuilder.platforms"]
    my-tool = "my_package:PLATFORM"

Its generator imports `chatbuilder.generators.plugin` and its provisioner `chatbuilder.provision.plugin`; this module
ties the two together. docs/plugins.md goes through a whole package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chatbuilder.blueprint import Blueprint
from chatbuilder.catalog import CAPABILITIES, Platform, TargetKey, TokenKind
from chatbuilder.config import Config
from chatbuilder.paths import typed
from chatbuilder.pipeline.outside import site_of
from chatbuilder.provision.base import Account, Provisioner
from chatbuilder.provision.outside.desk import Desk
from chatbuilder.provision.outside.site import Site
from chatbuilder.solution import Delivered, Evolution, Plan, Solution

if TYPE_CHECKING:
    from chatbuilder.generators.common.rows import RowMaker
    from chatbuilder.pipeline.rooms import Ground, Room

__all__ = [
    "CAPABILITIES", "Account", "Blueprint", "ChatPlatform", "Config", "Delivered", "Desk", "Evolution", "Ground",
    "Place", "Plan", "Platform", "Provisioner", "Room", "RowMaker", "Site", "Solution", "TargetKey", "TokenKind",
    "folder_of", "site_of",
]  # fmt: skip


_OF_SYNC = {"Ground": "pipeline.rooms", "Room": "pipeline.rooms", "RowMaker": "generators.common.rows"}


def __getattr__(name: str) -> Any:
    """Load what only sync needs when it is first used."""
    if name not in _OF_SYNC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"chatbuilder.{_OF_SYNC[name]}"), name)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a system is, in one line: the same place always gives the same text, however it was typed.

    With a `name` the place is one system by itself, whatever the system is called; without one there may be several.
    """

    text: str
    name: str = ""


def folder_of(config: Config) -> Path:
    """Return the file or folder of a target, in full."""
    return typed(config.target.value("path")).absolute()


def given_place(config: Config) -> Place:
    """Return the path of a target, or else everything that is given of it, as its place."""
    if config.target.path:
        return Place(str(typed(config.target.path).resolve()))
    given = config.data().get("target", {})
    return Place(", ".join(f"{key} {value}" for key, value in sorted(given.items())) or "nowhere yet")


def no_suggestion(config: Config, documents: Path) -> Mapping[str, str]:
    """Suggest nothing: the person has to say where."""
    return {}


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatPlatform:
    """One platform. Everything is called with a valid Config of this platform.

    * `about`: its entry in the catalogue.
    * `generate`: pure; the same answers always give the same Solution.
    * `open`: what delivers steps to the target. For an API, `site_of(config, desk)` has token, target and time.
    * `place`: what identifies the target.
    * `suggest`: target keys to suggest, given the folder of the person's documents.
    * `fill`: how sync fills it; None for a platform that sync does not fill.
    * `evolve`: pure; the steps from what was delivered to other answers. None: the provisioner compares when it
      delivers, as `Provisioner.deliver` says.
    * `standing`: pure; the plan as it stands after such steps, where they put things elsewhere.
    * `check_account`: asks the vendor what a token is good for; needed for an API.
    * `hands_over`: whether what `destroy` leaves is the person's, so that a later build at the place starts anew.
    """

    about: Platform
    generate: Callable[[Config, Blueprint], Solution]
    open: Callable[[Config, Desk], Provisioner]
    place: Callable[[Config], Place] = given_place
    suggest: Callable[[Config, Path], Mapping[str, str]] = no_suggestion
    fill: Callable[[Ground], Room] | None = None
    evolve: Callable[[Plan, Mapping[str, Delivered]], Evolution] | None = None
    standing: Callable[[Plan, Mapping[str, Delivered]], Plan] | None = None
    check_account: Callable[[Site], Account] | None = None
    hands_over: bool = False
