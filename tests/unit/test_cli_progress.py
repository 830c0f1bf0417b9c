"""Progress of long work: one line that is written over on a terminal, and few lines in a log."""

from __future__ import annotations

import io
import sys

import pytest

from chatbuilder.cli import progress as module
from chatbuilder.cli.progress import progress


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_log_gets_a_line_now_and_then(monkeypatch):
    log, time = io.StringIO(), iter(range(100))
    monkeypatch.setattr(sys, "stderr", log)
    with progress(lambda: next(time)) as show:
        for number in range(40):
            show(f"{number} chats")
    lines = log.getvalue().splitlines()
    assert 2 <= len(lines) <= 4
    assert all(line.endswith(" chats") for line in lines)
    assert "\x1b" not in log.getvalue()


def test_short_work_leaves_a_log_alone(monkeypatch):
    log = io.StringIO()
    monkeypatch.setattr(sys, "stderr", log)
    with progress() as show:
        show("1 chat")
    assert not log.getvalue()


def test_a_terminal_has_one_line_that_fits_and_goes(monkeypatch):
    screen = Terminal()
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(module.shutil, "get_terminal_size", lambda: module.shutil.os.terminal_size((40, 10)))

    def work():
        with progress() as show:
            show("1 chat \x1b[2J\u202e" + "x" * 100)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        work()
    first, last = screen.getvalue().split("\r")[1:]
    assert first == "\x1b[K" + ("1 chat [2J" + "x" * 100)[:39]
    assert last == "\x1b[K"


def test_nobody_listens(monkeypatch):
    class Gone(Terminal):
        def write(self, text):
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stderr", Gone())
    with progress() as show:
        show("1 chat")
