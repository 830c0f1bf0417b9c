"""Work in a process beside this one: answers in order, errors told, nothing left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chatbuilder.errors import ChatbuilderError, InputError
from chatbuilder.pipeline import workers
from chatbuilder.pipeline.workers import NotStartedError, Worker


def never():
    pass


def doubled(given, requests, answer):
    print("this is no answer")
    for request in requests:
        answer((given, request * 2, os.getpid()))


def refusing(given, requests, answer):
    raise InputError(given, title="Refused", hint="try again", kept="all")


class Unsendable(Exception):
    def __init__(self, one, two):
        super().__init__(one)


def breaking(given, requests, answer):
    answer("first")
    raise Unsendable("a", "b")


def endless(given, requests, answer):
    while True:
        answer(bytes(given))


def gone(pid):
    """Tell whether a process ends within a few seconds."""
    for _ in range(200):
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        stat = Path(f"/proc/{pid}/stat")
        if stat.exists() and " Z " in stat.read_text():  # nobody has asked how it ended
            return True
        time.sleep(0.05)
    return False


def test_answers_come_in_order_from_another_process():
    worker = Worker(doubled, "given")
    try:
        answers = worker.answers(never)
        for number in range(20):
            worker.ask(number)
        found = [next(answers) for _ in range(20)]
    finally:
        worker.close()
    assert [answer[:2] for answer in found] == [("given", number * 2) for number in range(20)]
    assert found[0][2] != os.getpid()
    assert gone(found[0][2])


def test_an_error_of_ours_arrives_with_all_its_words():
    worker = Worker(refusing, "It is so.")
    with pytest.raises(InputError) as caught:
        list(worker.answers(never))
    worker.close()
    assert caught.value.lines() == ["Refused: It is so.", "Kept: all", "Next: try again"]


def test_an_error_that_cannot_be_sent_is_told_after_what_came_before():
    worker = Worker(breaking, None)
    answers = worker.answers(never)
    assert next(answers) == "first"
    with pytest.raises(RuntimeError, match="Unsendable"):
        next(answers)
    worker.close()


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
def test_a_worker_that_somebody_ends_is_told():
    worker = Worker(endless, 10)
    answers = worker.answers(never)
    next(answers)
    os.kill(worker._process.pid, signal.SIGKILL)
    with pytest.raises(ChatbuilderError, match="ended by the system"):
        list(answers)
    worker.close()


def test_whoever_waits_may_stop():
    class Enough(Exception):
        pass

    def enough():
        raise Enough

    worker = Worker(doubled, None)
    with pytest.raises(Enough):
        next(worker.answers(enough))
    begin = time.monotonic()
    worker.close()
    assert time.monotonic() - begin < 5


def test_closing_ends_a_worker_that_is_in_the_middle_of_much():
    worker = Worker(endless, 1_000_000)
    next(worker.answers(never))
    pid = worker._process.pid
    worker.close()
    assert gone(pid)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="no SIGKILL here")
@pytest.mark.parametrize("work", ["endless", "doubled"])  # one is writing, one waits for a request
def test_a_worker_ends_when_its_owner_was_killed(work):
    code = (
        "import sys, time; sys.path.insert(0, '.')\n"
        f"from tests.unit.test_workers import {work}\n"
        "from chatbuilder.pipeline.workers import Worker\n"
        f"worker = Worker({work}, 100_000); print(worker._process.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as owner:
        pid = int(owner.stdout.readline())
        owner.kill()
    assert gone(pid)


def test_no_process_means_doing_it_here(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with pytest.raises(NotStartedError):
        Worker(doubled, None)
    monkeypatch.setattr(sys, "executable", "/usr/bin/true")
    assert workers.useful() == 0


@pytest.mark.skipif(not Path("/bin/true").exists(), reason="no such program here")
def test_another_program_is_no_worker(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/true")
    with pytest.raises(NotStartedError):
        Worker(doubled, None)


def test_one_core_needs_no_worker(monkeypatch):
    monkeypatch.setattr(workers, "cores", lambda: 1)
    assert workers.useful() == 0
    monkeypatch.setattr(workers, "cores", lambda: 2)
    assert workers.useful() == 2
    monkeypatch.setattr(workers, "cores", lambda: 64)
    assert workers.useful() == 3
