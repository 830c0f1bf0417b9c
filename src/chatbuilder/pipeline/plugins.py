"""Chat sources that other packages bring: found once, checked, and never able to stop ours."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

from chatbuilder import chats
from chatbuilder.chats import ChatSession

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint

    from chatbuilder.importers.plugin import ChatSource, Found, Shape

GROUP = "chatbuilder.chat_sources"


@dataclass(frozen=True, slots=True)
class Plugin:
    """A package that was found: what it brings, or why it cannot be used."""

    name: str
    package: str
    brings: ChatSource | None = None
    problem: str = ""


@cache
def chat_sources() -> tuple[Plugin, ...]:
    """Return the foreign sources of this installation and make them known, once in a process."""
    from importlib.metadata import entry_points

    found = sorted(entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value))
    return tuple(_load(entry) for entry in found)


def shapes() -> tuple[Shape, ...]:
    """Return the shapes of all foreign sources that can be used."""
    return tuple(shape for plugin in chat_sources() if plugin.brings for shape in plugin.brings.shapes)


def places() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return where foreign sources keep their chats: id, and globs below the home folder."""
    return tuple((plugin.brings.source.id, plugin.brings.places) for plugin in chat_sources() if plugin.brings)


def _load(entry: EntryPoint) -> Plugin:
    package = f"{entry.dist.name} {entry.dist.version}" if entry.dist else "unknown package"
    try:
        brings = _checked(entry.load())
        chats.add_source(brings.source)
    except Exception as error:  # noqa: BLE001  (foreign code: whatever is wrong with it is told by `doctor`)
        return Plugin(entry.name, package, problem=f"{type(error).__name__}: {error}"[:300])
    own = tuple(replace(shape, read=_own(shape.read, brings.source.id)) for shape in brings.shapes)
    return Plugin(entry.name, package, replace(brings, shapes=own))


def _checked(found: Any) -> ChatSource:
    from chatbuilder.importers.plugin import ChatSource

    if not isinstance(found, ChatSource):
        raise TypeError(f"it names a {type(found).__name__} instead of a ChatSource")
    if strangers := {shape.source for shape in found.shapes} - {found.source.id}:
        raise ValueError(f"its shapes are for {', '.join(sorted(strangers))}")
    return found


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
