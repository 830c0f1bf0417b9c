"""What other packages bring, chat sources and platforms: found once, checked, and never able to stop ours.

Packages are only looked for when something needs them: an answer that is none of ours, a list of all platforms, an
import, `doctor`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from chatbuilder import catalog, chats
from chatbuilder.chats import ChatSession

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from chatbuilder.importers.plugin import ChatSource, Found, Shape
    from chatbuilder.pipeline.plugin import ChatPlatform

SOURCES, PLATFORMS = "chatbuilder.chat_sources", "chatbuilder.platforms"
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Plugin(Generic[T]):
    """A package that was found: what it brings, or why it cannot be used."""

    name: str
    package: str
    brings: T | None = None
    problem: str = ""


@cache
def chat_sources() -> tuple[Plugin[ChatSource], ...]:
    """Return the foreign sources of this installation and make them known, once in a process."""
    return _found(SOURCES, _source)


@cache
def platforms() -> tuple[Plugin[ChatPlatform], ...]:
    """Return the foreign platforms of this installation and make them known, once in a process."""
    return _found(PLATFORMS, _platform)


def platform(name: str) -> ChatPlatform:
    """Return the platform of another package by id; `KeyError` when none brings it."""
    for plugin in platforms():
        if plugin.brings is not None and plugin.brings.about.id == name:
            return plugin.brings
    raise KeyError(name)


def advice(name: object) -> str:
    """Return what to do about a platform that nobody brings, to put behind a hint; "" for one that is known."""
    if not isinstance(name, str) or name in catalog.PLATFORMS:
        return ""
    brought = [f"{plugin.brings.about.id} ({plugin.package})" for plugin in platforms() if plugin.brings]
    broken = [f"{plugin.package} cannot be used: {plugin.problem}" for plugin in platforms() if plugin.problem]
    text = f" Platforms of other packages here: {', '.join(brought)}." if brought else ""
    text += "".join(f" {why}." for why in broken)
    return f"{text} A platform that came with a package needs that package: install it again."


def shapes() -> tuple[Shape, ...]:
    """Return the shapes of all foreign sources that can be used."""
    return tuple(shape for plugin in chat_sources() if plugin.brings for shape in plugin.brings.shapes)


def places() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return where foreign sources keep their chats: id, and globs below the home folder."""
    return tuple((plugin.brings.source.id, plugin.brings.places) for plugin in chat_sources() if plugin.brings)


def _found(group: str, check: Callable[[Any, str], T]) -> tuple[Plugin[T], ...]:
    from importlib.metadata import entry_points

    entries = sorted(entry_points(group=group), key=lambda entry: (entry.name, entry.value))
    return tuple(_load(entry, check) for entry in entries)


def _load(entry: EntryPoint, check: Callable[[Any, str], T]) -> Plugin[T]:
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown package"
    try:
        return Plugin(entry.name, package, check(entry.load(), package))
    except (Exception, SystemExit) as error:  # noqa: BLE001  (foreign code: `doctor` tells whatever is wrong with it)
        why = " ".join(f"{type(error).__name__}: {error}".split())
        return Plugin(entry.name, package, problem=why[:300].rstrip("."))


def _source(found: Any, package: str) -> ChatSource:
    from chatbuilder.importers.plugin import ChatSource

    if not isinstance(found, ChatSource):
        raise TypeError(f"it names a {type(found).__name__} instead of a ChatSource")
    if strangers := {shape.source for shape in found.shapes} - {found.source.id}:
        raise ValueError(f"its shapes are for {', '.join(sorted(strangers))}")
    chats.add_source(found.source)
    own = tuple(replace(shape, read=_own(shape.read, found.source.id)) for shape in found.shapes)
    return replace(found, shapes=own)


def _own(read: Callable[..., Found], source: str) -> Callable[..., Found]:
    """Return a reader that can only give chats of its own source: nobody else's are ever written over."""

    def reading(*given: Any) -> Found:
        from chatbuilder.importers import Problem

        for found in read(*given):
            if isinstance(found, ChatSession) and found.source != source:
                yield Problem(source, f"its plug-in says that it comes from {found.source}", "malformed", source,
                              found.title, chat=True)  # fmt: skip
            else:
                yield found

    return reading


def _platform(found: Any, package: str) -> ChatPlatform:
    from chatbuilder.pipeline.guarding import guarded
    from chatbuilder.pipeline.plugin import ChatPlatform

    if not isinstance(found, ChatPlatform):
        raise TypeError(f"it names a {type(found).__name__} instead of a ChatPlatform")
    if not isinstance(found.about, catalog.Platform):
        raise TypeError("its about is no Platform")
    if wrong := [name for name in ("generate", "open", "place", "suggest") if not callable(getattr(found, name))]:
        raise TypeError(f"its {', '.join(wrong)} cannot be called")
    if found.about.kind == "api" and found.check_account is None:
        raise ValueError("a platform with an API needs check_account")
    catalog.add_platform(found.about)
    return guarded(found, package)
