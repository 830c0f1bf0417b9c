"""Another process of ours that works beside this one: pure Python uses one core, however many threads it has.

A worker runs one plain function. It gets requests and gives answers, both in order, over two pipes that nobody else
has; what it was given is all it knows, so it starts the same way on every system. It writes no file and holds no lock,
so it may be ended at any moment. It ends by itself when its pipes do: whoever started it is gone then, however that
came.
"""

from __future__ import annotations

import gc
import os
import pickle  # both ends are this program, and nobody else can write into the pipe
import queue
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, cast

from chatbuilder.errors import ChatbuilderError

Work = Callable[[Any, Iterator[Any], Callable[[Any], None]], None]
"""What a worker does, a function at the top of a module: what it was given, the requests to come, where answers go."""

WAITING = 0.1  # seconds between two looks whether somebody wants to stop
_STARTING = 30  # seconds after which a process that says nothing is given up
_ENDING = 0.5  # seconds that a worker has to remove its temporary copies
_MOST = 3  # workers that whoever asks can keep up with
_READY, _VALUE, _FAILED, _END = b"rvfe"
_HEAD = 9  # bytes before each message: its kind, its length
# -P and the path of this process: nothing that lies in the present folder is taken for a module.
_PROGRAM = "import sys, pickle; sys.path[:] = pickle.load(sys.stdin.buffer)\nfrom {0} import serve; serve()"


_APART: dict[str, Any] = {"process_group": 0}
"""Ctrl-C is for us, and for a worker only what we make of it."""
if sys.platform == "win32":
    _APART = {"creationflags": subprocess.CREATE_NO_WINDOW | subprocess.CREATE_NEW_PROCESS_GROUP}


class NotStartedError(Exception):
    """No worker can be had here: do the work yourself."""


def cores() -> int:
    """Return how many cores this process may use."""
    with suppress(AttributeError):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def useful() -> int:
    """Return how many workers would be of use here, 0 when this process is better off alone."""
    program = Path(sys.executable or "").stem.lower()
    alone = cores() < 2 or getattr(sys, "frozen", False) or not program.startswith(("python", "pypy"))
    return 0 if alone else min(cores(), _MOST)


class Worker:
    """A process that does a piece of work. `ahead` answers may wait here; then it waits until one is taken.

    Raises `NotStartedError` where no process can be started.
    """

    def __init__(self, work: Work, given: object, *, ahead: int = 2) -> None:
        begin = pickle.dumps((work, given))
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _PROGRAM.format(__name__)], stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                **_APART,
            )  # fmt: skip
        except (OSError, ValueError) as error:
            raise NotStartedError from error
        self._inbox = cast(BinaryIO, self._process.stdout)
        self._outbox = cast(BinaryIO, self._process.stdin)
        self._closed = False
        self._answers: queue.Queue[tuple[int, bytes]] = queue.Queue(ahead)
        self._reader = threading.Thread(target=self._read, name="worker", daemon=True)
        self._reader.start()
        try:
            self._outbox.write(pickle.dumps(sys.path))  # the program takes this one
            _put(self._outbox, _VALUE, begin)
            if self._answers.get(timeout=_STARTING)[0] != _READY:
                raise NotStartedError
        except (OSError, queue.Empty, NotStartedError) as error:
            self.close()
            raise NotStartedError from error

    def ask(self, request: object) -> None:
        """Send a request."""
        with suppress(OSError):  # a worker that is gone is told when its answer is asked for
            _put(self._outbox, _VALUE, pickle.dumps(request, 5))

    def answers(self, waiting: Callable[[], None]) -> Iterator[Any]:
        """Yield the answers, in order, until the work is done; `waiting` is called meanwhile and may raise.

        Raises what the work raised, and `ChatbuilderError` when the worker was ended by somebody else.
        """
        while True:
            try:
                kind, data = self._answers.get(timeout=WAITING)
            except queue.Empty:
                waiting()
                continue
            if kind == _VALUE:
                yield pickle.loads(data)  # noqa: S301  what our own process sent
            elif kind == _FAILED:
                raise pickle.loads(data)  # noqa: S301
            else:
                if not data:
                    raise _gone()
                return

    def _read(self) -> None:
        """Take answers down as they come: the worker goes on while this process does something else."""
        kind, data = _VALUE, b""
        while kind in (_VALUE, _READY):  # also when it is closed: a worker that ends may have a last word to say
            try:
                kind, data = _take(self._inbox)
            except (OSError, EOFError, ValueError):
                kind, data = _END, b""
            while not self._closed:
                with suppress(queue.Full):
                    self._answers.put((kind, data), timeout=WAITING)
                    break

    def close(self) -> None:
        """End the worker, whatever it is doing, and wait until it is gone."""
        self._closed = True
        self._process.terminate()
        try:
            self._process.wait(_ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        for pipe in (self._inbox, self._outbox):
            with suppress(OSError):
                pipe.close()


def serve() -> None:
    """Be a worker: do the work that comes first through the pipe, then end."""
    inbox, outbox = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "r+b") as nothing:  # what foreign code prints is no answer  # noqa: PTH123
        os.dup2(nothing.fileno(), 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit())  # what is open is let go, and copies are removed
    gc.set_threshold(20_000, 20, 20)  # what is made here is plain data, without circles
    with suppress(OSError, SystemExit):  # nobody listens any more
        _work(inbox, outbox)
    os._exit(0)  # what it was reading may be large: nobody waits for it to be taken apart


def _work(inbox: BinaryIO, outbox: BinaryIO) -> None:
    try:
        work, given = pickle.loads(_take(inbox)[1])  # noqa: S301  what our own process sent
        _put(outbox, _READY, b"")
        work(given, _requests(inbox), lambda answer: _put(outbox, _VALUE, pickle.dumps(answer, 5)))
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001  (told to whoever asked)
        _put(outbox, _FAILED, _packed(error))
    else:
        _put(outbox, _END, b"done")


def _requests(inbox: BinaryIO) -> Iterator[Any]:
    while True:
        try:
            _, data = _take(inbox)
        except EOFError:
            return
        yield pickle.loads(data)  # noqa: S301  what our own process sent


def _packed(error: Exception) -> bytes:
    error.add_note("".join(traceback.format_exception(error)))
    try:
        data = pickle.dumps(error)
        pickle.loads(data)  # noqa: S301  some errors can be sent, but not made again
    except Exception:  # noqa: BLE001  (foreign code: an error may hold anything)
        data = pickle.dumps(RuntimeError("".join(traceback.format_exception(error))))
    return data


def _put(pipe: Any, kind: int, data: bytes) -> None:
    pipe.write(bytes((kind,)) + len(data).to_bytes(_HEAD - 1, "little"))
    pipe.write(data)
    pipe.flush()


def _take(pipe: Any) -> tuple[int, bytes]:
    head = pipe.read(_HEAD)
    if len(head) < _HEAD:
        raise EOFError
    length = int.from_bytes(head[1:], "little")
    data = pipe.read(length)
    if len(data) < length:
        raise EOFError
    return head[0], data


def _gone() -> ChatbuilderError:
    return ChatbuilderError(
        "A process of chatbuilder was ended by the system or by somebody else.", title="Stopped",
        kept="everything done so far.", hint="run it again to go on; nothing comes twice.",
    )  # fmt: skip
