"""A fence around the code of another package: what goes wrong in it is told as its fault, with its name."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import wraps
from pathlib import PurePath
from typing import Any, cast

from chatbuilder.errors import ChatbuilderError
from chatbuilder.pipeline.plugin import ChatPlatform, Ground, Room
from chatbuilder.provision.base import Skipped
from chatbuilder.provision.outside.desk import Cancelled
from chatbuilder.solution import Solution

AGREED = (ChatbuilderError, OSError, Skipped, Cancelled)
"""What a platform may raise: whoever calls it knows what to make of these."""


def guarded(platform: ChatPlatform, package: str) -> ChatPlatform:
    """Return a platform whose own errors are told as those of its package."""

    def generate(*given: Any) -> Solution:
        found: Any = platform.generate(*given)
        if not isinstance(found, Solution) or found.platform != platform.about.id:
            raise TypeError("generate returned no Solution of its own platform")
        return found

    def suggest(*given: Any) -> dict[str, str]:
        found = {str(key): str(value) for key, value in platform.suggest(*given).items()}
        if strangers := set(found) - set(platform.about.target_keys):
            raise ValueError(f"suggest named {strangers}")
        return found

    def open_(*given: Any) -> Any:
        return _Guarded(platform.open(*given), package)

    def fill(ground: Ground) -> Room:
        room = cast("Callable[[Ground], Room]", platform.fill)(ground)
        dialect = _Guarded(room.dialect, package, (*AGREED, ValueError))  # it says so of a row that it cannot read
        return replace(room, dialect=cast("Any", dialect), store=cast("Any", _Guarded(room.store, package)))

    return replace(
        platform, generate=_guard(generate, package), open=_guard(open_, package),
        place=_guard(platform.place, package), suggest=_guard(suggest, package),
        fill=_guard(fill, package) if platform.fill else None,
        evolve=_guard(platform.evolve, package) if platform.evolve else None,
        standing=_guard(platform.standing, package) if platform.standing else None,
        check_account=_guard(platform.check_account, package) if platform.check_account else None,
    )  # fmt: skip


class _Guarded:
    """A provisioner, store or dialect of another package."""

    def __init__(self, inner: Any, package: str, agreed: tuple[type[BaseException], ...] = AGREED) -> None:
        self._inner, self._package, self._agreed = inner, package, agreed

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._inner, name)
        return _guard(value, self._package, self._agreed) if callable(value) else value


def _guard(call: Callable[..., Any], package: str, agreed: tuple[type[BaseException], ...] = AGREED) -> Any:
    @wraps(call)
    def calling(*given: Any, **named: Any) -> Any:
        try:
            found = call(*given, **named)
        except agreed:
            raise
        except Exception as error:
            raise _defect(error, package) from error
        return _each(found, package, agreed) if isinstance(found, Iterator) else found

    return calling


def _each(found: Iterator[Any], package: str, agreed: tuple[type[BaseException], ...]) -> Iterator[Any]:
    try:
        yield from found
    except agreed:
        raise
    except Exception as error:
        raise _defect(error, package) from error


def _defect(error: Exception, package: str) -> ChatbuilderError:
    """Return what to tell: where it happened, and never a value that was handled there."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    return ChatbuilderError(
        f"{package} failed with {type(error).__name__} ({PurePath(last.filename).name}, line {last.lineno}).",
        title="A defect of a plug-in", kept="everything done before.",
        hint=f"update {package.rpartition(' ')[0]}, or report it to its makers with these words.",
    )  # fmt: skip
