"""Long work in threads that answer, and timers: the interface never waits."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass
from threading import Thread
from typing import Any, TypeVar

from textual.app import App
from textual.message import Message
from textual.timer import Timer

from chatbuilder.errors import ChatbuilderError, refused

T = TypeVar("T")


class Threads(App[None]):
    """Long work runs in threads that belong to the app and answer with `Finished`."""

    @dataclass
    class Finished(Message):
        """A thread is done: what to do with its result, in the interface's own thread."""

        then: Callable[[Any], None]
        result: Any

    def __init__(self, **how: Any) -> None:
        super().__init__(**how)
        self._clocks: dict[str, Timer] = {}
        self._left: list[Thread] = []

    @property
    def idle(self) -> bool:
        """Whether nothing is under way in a thread or waiting for its time."""
        self._left = [thread for thread in self._left if thread.is_alive()]
        return not (self._clocks or self._left) and all(worker.is_finished for worker in self.workers)

    def work(
        self, do: Callable[[], T], then: Callable[[T], None], failed: Callable[[Any], None] | None = None,
        *, aside: bool = False,
    ) -> None:  # fmt: skip
        """Do something in a thread, then something with its result here; errors go to `failed`, else to a dialog.

        What is done `aside` is left behind when the window closes: nobody waits for it then, as a keyring or a network
        may never answer. That is for what may be cut off at any moment.
        """

        def body() -> None:
            try:
                result = do()
            except ChatbuilderError as error:
                self.tell(failed or self.trouble, error)
            except OSError as error:
                self.tell(failed or self.trouble, refused(error))
            except Exception as error:  # noqa: BLE001  (a defect in a thread has to reach the person, too)
                # Its own words may hold anything that was handled there, a token as well.
                defect = ChatbuilderError(
                    f"chatbuilder failed with {type(error).__name__}; this is our fault.",
                    title="A defect of chatbuilder", kept="your answers; they are saved.",
                    hint="try once more, and report it if it stays.",
                )  # fmt: skip
                self.tell(failed or self.trouble, defect)
            else:
                self.tell(then, result)

        if aside:
            thread = Thread(target=copy_context().run, args=(body,), daemon=True)
            self._left = [*(other for other in self._left if other.is_alive()), thread]
            thread.start()
        else:
            self.run_worker(body, thread=True, exit_on_error=False)

    def tell(self, then: Callable[[T], None], result: T) -> None:
        """Let the interface's own thread do something with a result; once it is gone, nobody has to."""
        with suppress(RuntimeError):
            self.post_message(self.Finished(then, result))

    def on_threads_finished(self, event: Finished) -> None:
        """Back in the interface's own thread."""
        event.then(event.result)

    def after(self, seconds: float, what: Callable[[], None]) -> None:
        """Do something once nothing has asked for it again for a while."""
        if pending := self._clocks.pop(what.__name__, None):
            pending.stop()
        self.soon(seconds, what)

    def soon(self, seconds: float, what: Callable[[], None]) -> None:
        """Do something within a while, once, however often it is asked for."""

        def ring() -> None:
            self._clocks.pop(what.__name__, None)  # one that was stopped may have been on its way already
            what()

        if what.__name__ not in self._clocks:
            self._clocks[what.__name__] = self.set_timer(seconds, ring)

    def trouble(self, error: ChatbuilderError) -> None:
        """Show an error."""
        raise NotImplementedError
