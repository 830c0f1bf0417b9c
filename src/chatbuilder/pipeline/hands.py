"""The way in which a use-case lays hands on a system: directly on this machine, aside when a vendor is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from chatbuilder.atomic import write_private
from chatbuilder.config import Config
from chatbuilder.errors import InputError, InterruptedByUser
from chatbuilder.paths import locate, own_folder
from chatbuilder.pipeline.outside import is_remote
from chatbuilder.provision import crew
from chatbuilder.provision.crew import Closable
from chatbuilder.provision.outside.desk import Cancelled
from chatbuilder.provision.runner import Event, StepWaiting

T = TypeVar("T")


def never() -> bool:
    """Tell that nobody wants to stop."""
    return False


def silent(event: Event) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Hands:
    """Whose system it is, who hears of it, and who may stop it.

    With `aside` a call that hangs is left behind as soon as somebody wants to stop; `InterruptedByUser` says so.
    """

    system: str
    aside: bool
    on_event: Callable[[Event], None] = field(default=silent)
    cancelled: Callable[[], bool] = field(default=never)

    def do(self, work: Callable[[], T]) -> T:
        """Return what a piece of work returns. Raises what it raises, and `InterruptedByUser`."""
        if not self.aside:
            return work()
        try:
            return crew.aside(self.system, work, self.cancelled, self.tell)
        except Cancelled:
            raise _stopped() from None

    @contextmanager
    def holding(self, worker: Closable) -> Iterator[None]:
        """Let one process at a time work on the system, after what a stopped run left behind; close the `worker` then.

        Raises `InputError` when another process works on it, `InterruptedByUser`.
        """
        with crew.closing(self.system, worker), system_lock(self.system):
            try:
                crew.let_strays_end(self.system, self.cancelled, self.tell)
            except Cancelled:
                raise _stopped() from None
            yield

    def tell(self, key: str, why: str, seconds: float) -> None:
        """Pass on that work waits, and why."""
        self.on_event(StepWaiting(key, "", why, seconds))


def hands_of(
    config: Config, system: str, on_event: Callable[[Event], None] = silent, cancelled: Callable[[], bool] = never
) -> Hands:
    """Return the hands for a Config's platform."""
    return Hands(system, is_remote(config.platform), on_event, cancelled)


def _stopped() -> InterruptedByUser:
    return InterruptedByUser(
        "Stopped before anything was changed.", title="Stopped", kept="everything as it was.", hint="run it again."
    )


@contextmanager
def system_lock(identity: str) -> Iterator[None]:
    """Let one process at a time work on a system. Raises `InputError` when another one does, or the disk refuses."""
    from filelock import FileLock, Timeout

    folder = own_folder(locate().state / "locks")
    lock, holder = FileLock(folder / f"{identity}.lock", timeout=0, mode=0o600), folder / f"{identity}.holder"
    try:
        lock.acquire()
    except Timeout:
        who, hint = _holder(holder)
        raise InputError(
            f"Another chatbuilder is working on this system{who}.", title="System in use", kept="nothing was changed.",
            hint=f"wait until it has finished{hint}.",
        ) from None  # fmt: skip
    except OSError as error:
        raise InputError(
            f"chatbuilder cannot keep its own files in {folder}: {error.strerror or error}.", title="No lock taken",
            kept="nothing was changed.", hint="mend the cause (is the disk full, or read-only?) and run it again.",
        ) from error  # fmt: skip
    try:
        with suppress(OSError):  # only words for others
            write_private(holder, str(os.getpid()).encode())
        yield
    finally:
        lock.release()


def _holder(place: Path) -> tuple[str, str]:
    """Return words about the process that works on a system, and how to end it."""
    try:
        number = int(place.read_bytes()[:20])
    except (OSError, ValueError):
        return "", ""
    if number == os.getpid():
        return "", ""
    return f" (process {number})", f", or end process {number}: it keeps what it has done"


@contextmanager
def usable_target(place: str) -> Iterator[None]:
    """Turn what the system says about a target that cannot be looked at into `InputError`."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{place} cannot be used: {error.strerror or error}.", title="The target cannot be used",
            kept="everything there; nothing was written.", hint="mend the cause, or choose another target.",
        ) from error  # fmt: skip
