"""Work on threads of its own, so that a call that hangs never holds up a person who wants to stop.

Python cannot end a thread, so work that hangs is left behind: it does nothing more at its next look at `abandoned()`,
nobody reads what it returns, and the next run of the same owner in this process lets it end first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Event, Lock, Thread
from typing import Any, NamedTuple, Protocol, TypeVar

from chatbuilder.provision.outside.desk import POLL, Cancelled

T = TypeVar("T")
Tell = Callable[[str, str, float], None]  # key of the work, why it waits, seconds
STRAYS_END = 200.0  # seconds: longer than any call to a vendor may take


class Ended(NamedTuple):
    """How a piece of work ended; with `error` there is no `result`."""

    key: str
    result: Any
    error: BaseException | None


class _Wait(NamedTuple):
    key: str
    why: str
    seconds: float


@dataclass(frozen=True, slots=True)
class _Post:
    """What runs in a thread knows of the crew it belongs to."""

    wait: Callable[[str, float], None]
    over: Event


_post: ContextVar[_Post | None] = ContextVar("crew", default=None)
_strays: dict[str, list[Thread]] = {}
_guard = Lock()


def waiting(why: str, seconds: float) -> None:
    """Tell whoever runs the present work that it waits: for `Desk.waiting`."""
    if (post := _post.get()) is not None:
        post.wait(why, seconds)


def abandoned() -> bool:
    """Tell whether nobody waits for the present work any more: for `Desk.cancelled`."""
    post = _post.get()
    return post is not None and post.over.is_set()


class Crew:
    """Runs pieces of work and hands back how they ended. `tell` and the results are for the thread that owns the crew.

    With `aside` every piece has a thread of its own; without it `start` does the work at once, on the caller's.
    """

    def __init__(self, owner: str, tell: Tell, *, aside: bool) -> None:
        self._owner = owner
        self._tell = tell
        self._aside = aside
        self._news: SimpleQueue[Ended | _Wait] = SimpleQueue()
        self._over = Event()
        self._threads: list[Thread] = []

    def start(self, key: str, work: Callable[[], Any]) -> None:
        """Begin a piece of work."""
        if not self._aside:
            self._do(key, work, lambda why, seconds: self._tell(key, why, seconds))
            return
        thread = Thread(target=self._do, args=(key, work, self._note(key)), name=f"chatbuilder {key}", daemon=True)
        self._threads = [*(old for old in self._threads if old.is_alive()), thread]
        thread.start()

    def next(self, seconds: float = POLL) -> Ended | None:
        """Return what ended, in the order of ending; None when nothing did for some seconds."""
        try:
            news = self._news.get(timeout=seconds)
        except Empty:
            return None
        if isinstance(news, _Wait):
            self._tell(*news)
            return None
        return news

    def leave(self) -> None:
        """Wait for nothing any more: what still runs is left behind."""
        self._over.set()
        with _guard:
            alive = [thread for thread in self._threads if thread.is_alive()]
            if alive:
                _strays[self._owner] = [*_alive(self._owner), *alive]

    def _note(self, key: str) -> Callable[[str, float], None]:
        return lambda why, seconds: self._news.put(_Wait(key, why, seconds))

    def _do(self, key: str, work: Callable[[], Any], wait: Callable[[str, float], None]) -> None:
        before = _post.set(_Post(wait, self._over))
        try:
            self._news.put(Ended(key, work(), None))
        except BaseException as error:  # noqa: BLE001  (whoever owns the crew raises it or tells it)
            self._news.put(Ended(key, None, error))
        finally:
            _post.reset(before)


def aside(owner: str, work: Callable[[], T], cancelled: Callable[[], bool], tell: Tell) -> T:
    """Return what one piece of work returns, on a thread of its own. Raises what it raises, and `Cancelled`."""
    crew = Crew(owner, tell, aside=True)
    try:
        crew.start("", work)
        while (ended := crew.next()) is None:
            if cancelled():
                raise Cancelled
    finally:
        crew.leave()
    if ended.error is not None:
        raise ended.error
    result: T = ended.result
    return result


def let_strays_end(owner: str, cancelled: Callable[[], bool], tell: Tell) -> None:
    """Wait until what an earlier run of this owner left behind is over: it may still make what we look for.

    Only for some time, as a call that never ends has its own limits. Raises `Cancelled`.
    """
    with _guard:
        strays = _alive(owner)
    if not strays:
        return
    tell("", "letting the last call of the stopped run end", STRAYS_END)
    for _ in range(int(STRAYS_END / POLL)):
        strays[0].join(POLL)
        with _guard:
            strays = _alive(owner)
        if not strays:
            return
        if cancelled():
            raise Cancelled


def _alive(owner: str) -> list[Thread]:
    _strays[owner] = [thread for thread in _strays.get(owner, ()) if thread.is_alive()]
    return _strays[owner] or _strays.pop(owner)


class Closable(Protocol):
    """What has to be closed."""

    def close(self) -> None:
        """Let go of files and connections."""
        ...


@contextmanager
def closing(owner: str, thing: Closable) -> Iterator[None]:
    """Close a thing at the end: later, when work that was left behind is still using it."""
    try:
        yield
    finally:
        with _guard:
            strays = _alive(owner)
        if strays:
            Thread(target=_close_after, args=(strays, thing), daemon=True).start()
        else:
            thing.close()


def _close_after(strays: list[Thread], thing: Closable) -> None:
    for thread in strays:
        thread.join()
    thing.close()
