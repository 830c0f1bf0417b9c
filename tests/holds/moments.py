"""Where a process may die or the disk may refuse: every change to the disk and every statement that changes a database.

A moment is a file opened for writing, a rename, link, removal, new folder, cut or change of mode (as Python's own
audit events tell), and a statement of SQLite that writes. At the chosen moment the process kills itself (no handler, no
clean-up, as a power cut leaves things), or that one call fails as the system would fail it, and all that follow unless
the fault is `once`.
"""

from __future__ import annotations

import errno
import io
import os
import re
import resource
import signal
import sqlite3
import sys
import traceback
from collections.abc import Callable
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any

from tests.helpers import Done

EVENTS = {"os.rename", "os.link", "os.mkdir", "os.truncate", "os.remove", "os.rmdir", "os.chmod"}
MAKING_ROOM = {"os.remove", "os.rmdir", "os.chmod"}  # a full disk does these
WRITING = os.O_WRONLY | os.O_RDWR
STATEMENTS = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|REPLACE|CREATE|ALTER|DROP|BEGIN\s+(IMMEDIATE|EXCLUSIVE)|COMMIT|PRAGMA\s+\w+\s*=)", re.I
)
NOT_WRITING = re.compile(r"\s*PRAGMA\s+(foreign_keys|synchronous|busy_timeout|query_only|cache_size|temp_store)", re.I)
NEVER = 10**9
# What SQLite says in each case: (message, sqlite_errorcode)
SQLITE = {
    errno.ENOSPC: ("database or disk is full", sqlite3.SQLITE_FULL),
    errno.EROFS: ("attempt to write a readonly database", sqlite3.SQLITE_READONLY),
    errno.EACCES: ("attempt to write a readonly database", sqlite3.SQLITE_READONLY),
    errno.EIO: ("disk I/O error", sqlite3.SQLITE_IOERR),
}


@dataclass
class Watch:
    """What is to happen, and when. `fault` 0 is death, else the number of an error of the system."""

    at: int = NEVER
    fault: int = 0
    once: bool = False
    seen: int = 0
    struck: int = 0

    def moment(self, *, makes_room: bool = False) -> int:
        """Count one; return the error that this call has to fail with, 0 for none."""
        here, self.seen = self.seen, self.seen + 1
        if here < self.at or (self.once and self.struck):
            return 0
        if not self.fault:
            os.kill(os.getpid(), signal.SIGKILL)
        if makes_room and self.fault == errno.ENOSPC:
            return 0
        self.struck += 1
        return self.fault


WATCH = Watch()


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    writes = event == "open" and len(arguments) == 3 and isinstance(arguments[2], int) and arguments[2] & WRITING
    if event not in EVENTS and not writes:
        return
    name = str(arguments[0])
    if name.startswith(("/dev/", "/proc/")) or (writes and name.endswith(".lock")):
        return
    if number := WATCH.moment(makes_room=event in MAKING_ROOM):
        raise OSError(number, os.strerror(number), name)


def _statement(connection: sqlite3.Connection, sql: object) -> None:
    if not isinstance(sql, str) or not STATEMENTS.match(sql) or NOT_WRITING.match(sql):
        return
    if number := WATCH.moment():
        # What SQLite does as well when it finds no room: the whole transaction is gone by the time that it is told.
        if connection.in_transaction and number in (errno.ENOSPC, errno.EIO):
            sqlite3.Connection.execute(connection, "ROLLBACK")
        text, code = SQLITE[number]
        error = sqlite3.OperationalError(text)
        error.sqlite_errorcode = code
        raise error


class _Cursor(sqlite3.Cursor):
    def execute(self, sql, *more):
        _statement(self.connection, sql)
        return super().execute(sql, *more)

    def executemany(self, sql, *more):
        _statement(self.connection, sql)
        return super().executemany(sql, *more)


class _Connection(sqlite3.Connection):
    def cursor(self, factory=_Cursor):
        return super().cursor(factory)

    def execute(self, sql, *more):
        _statement(self, sql)
        return super().execute(sql, *more)

    def executemany(self, sql, *more):
        _statement(self, sql)
        return super().executemany(sql, *more)

    def executescript(self, sql):
        _statement(self, sql)
        return super().executescript(sql)

    def commit(self):
        _statement(self, "COMMIT")
        return super().commit()


def watch() -> None:
    """Count every moment of this process and of those forked from it. Cannot be undone: for processes of their own."""
    sys.addaudithook(_audit)
    connect = sqlite3.connect

    def watched(*arguments, **more):
        factory = more.pop("factory", sqlite3.Connection)
        faulty = _Connection if factory is sqlite3.Connection else type("Faulty", (factory, _Connection), {})
        connection = connect(*arguments, factory=faulty, **more)
        sqlite3.Connection.execute(connection, "PRAGMA synchronous = OFF")  # nobody pulls the plug here
        return connection

    sqlite3.connect = sqlite3.dbapi2.connect = watched
    os.fsync = lambda handle: None


@dataclass(frozen=True)
class Ended:
    """How a fork ended: `done` is None when it was killed; how many moments it had, and how many calls failed."""

    done: Done | None
    moments: int = 0
    struck: int = 0


def fork(work: Callable[[], object], *, at: int = NEVER, fault: int = 0, once: bool = False, room: int = 0) -> Ended:
    """Do work in a process of its own, with a fault at a moment; `room` is the most bytes that a file may have there.

    What it prints and returns comes back; an exception that it lets through is told as exit code -1.
    """
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            os.close(read)
            if room:
                signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
                resource.setrlimit(resource.RLIMIT_FSIZE, (room, resource.RLIM_INFINITY))
            out, err = io.StringIO(), io.StringIO()
            with redirect_stdout(out), redirect_stderr(err), _moments(at, fault, once=once):
                try:
                    code = work()
                except BaseException:  # noqa: BLE001  (a fork says everything through its pipe)
                    code = -1
                    traceback.print_exc()
            texts = [str(int(code or 0)), str(WATCH.seen), str(WATCH.struck), out.getvalue(), err.getvalue()]
            os.write(write, "\0".join(texts).encode("utf-8", "backslashreplace"))
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read().decode()
    os.waitpid(pid, 0)
    if not said:
        return Ended(None)
    code, seen, struck, out, err = said.split("\0", 4)
    return Ended(Done(int(code), out, err), int(seen), int(struck))


def expect(ended: Ended) -> Done:
    """What a process gave that had to end well."""
    assert ended.done is not None, "it was killed"
    assert ended.done.code == 0, ended.done.err
    return ended.done


@contextmanager
def _moments(at: int, fault: int, *, once: bool):
    WATCH.at, WATCH.fault, WATCH.once, WATCH.seen, WATCH.struck = at, fault, once, 0, 0
    try:
        yield
    finally:
        WATCH.at = NEVER
