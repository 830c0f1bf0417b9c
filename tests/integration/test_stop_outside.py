"""Real processes against a server that stops answering: Ctrl-C ends them within a second, and nothing is made twice."""

from __future__ import annotations

import os
import signal
from threading import Event
from time import monotonic

import pytest

from chatbuilder import pipeline
from tests.helpers import answers_file, run, start
from tests.vendors import notion
from tests.vendors.notion import NotionFake

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has other signals")
WISHES = {"priorities": ["organization"], "options": {"topics": ["Work"]}, "target": {"parent": notion.PARENT}}


class Hanging:
    """From a call on, the server thinks until it is told to go on; `met` is set when the first call hangs."""

    def __init__(self, fake: NotionFake, first: int) -> None:
        self.met, self.go_on = Event(), Event()
        self.calls, self.first = 0, first
        fake.latency, fake.sleep = 1.0, self.sleep

    def sleep(self, seconds: float) -> None:
        self.calls += 1
        if self.calls > self.first:
            self.met.set()
            self.go_on.wait(60)


@pytest.fixture
def server(monkeypatch):
    fake = NotionFake(limit=None)
    with notion.serving(fake) as url:
        monkeypatch.setenv("CHATBUILDER_NOTION_URL", url)
        monkeypatch.setenv("NOTION_TOKEN", fake.token)
        yield fake


def counts(fake):
    return len(fake.workspace.pages), len(fake.workspace.databases)


@pytest.fixture
def calm(server, monkeypatch, tmp_path):
    """What there is after a build that nobody disturbed."""
    fake = NotionFake(limit=None)
    with notion.serving(fake) as url, monkeypatch.context() as patch:
        patch.setenv("CHATBUILDER_NOTION_URL", url)
        patch.setenv("CHATBUILDER_HOME", str(tmp_path / "another"))
        config = pipeline.load_answers(str(answers_file(tmp_path, "notion", **WISHES)))
        pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False)
    return counts(fake)


CASES = [
    pytest.param(signal.SIGINT, 0, id="Ctrl-C while it looks"),
    pytest.param(signal.SIGINT, 6, id="Ctrl-C while it builds"),
    pytest.param(signal.SIGTERM, 12, id="SIGTERM"),
    pytest.param(signal.SIGKILL, 6, id="kill -9"),
]


@pytest.mark.parametrize(("number", "first"), CASES)
def test_a_server_that_hangs_holds_nobody_up(server, calm, tmp_path, number, first):
    place = answers_file(tmp_path, "notion", **WISHES)
    hanging = Hanging(server, first)
    process = start("apply", "--answers", place, "--yes", "--json")
    assert hanging.met.wait(30)
    asked = monotonic()
    process.send_signal(number)
    _, err = process.communicate(timeout=30)
    took = monotonic() - asked
    hanging.go_on.set()
    if number != signal.SIGKILL:
        assert process.returncode == 130, err
        assert took < 2  # a second, and what an interpreter needs to end on a busy machine
    done = run("apply", "--answers", place, "--yes", "--json")
    assert done.code == 0, done.err
    assert done.data["status"] == "completed"
    assert {drift.state for drift in pipeline.verify(done.data["system"])} == {"same"}
    assert counts(server) == calm
