"""A connection to PostgreSQL that is lost at any moment: of a build, of its change to other answers, and of a sync."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import psycopg
import pytest

from chatbuilder import pipeline
from chatbuilder.errors import UnavailableError
from chatbuilder.pipeline.syncing import sync
from tests.databases import needs_postgres
from tests.integration.filling import grown, take_in
from tests.integration.server_scene import Copies
from tests.unit.library.makers import chat

pytestmark = needs_postgres
NEVER = 10**9
ANSWERS = {
    "platform": "custom", "priorities": ["organization", "search", "automation"], "features": ["tags"],
    "complexity": "simple", "team_size": "large", "options": {"topics": ["Work", "Garden"], "sample_data": False},
}  # fmt: skip
OTHER = {**ANSWERS, "features": ["tags", "projects", "archive", "reminders"], "complexity": "moderate"}
CHATS = [chat(f"c{n}", f"Question {n}", "Answer " * 40) for n in range(500)]


@cache
def copies() -> Copies:
    """A server whose database can be put back to what it was."""
    return Copies()


class Line:
    """The connection of this process, cut just before its n-th statement or end of a transaction."""

    def __init__(self) -> None:
        self.left, self.seen = NEVER, 0
        self._admin = psycopg.connect(copies().server.url("postgres"), autocommit=True)
        self._execute = psycopg.Connection.execute

    def moment(self, connection: psycopg.Connection[Any]) -> None:
        if connection is self._admin or connection.closed:
            return
        if self.seen == self.left:
            ended = "SELECT pg_terminate_backend(%s, 10000)"  # waits until it has ended
            assert self._execute(self._admin, ended, (connection.info.backend_pid,)).fetchone() == (True,)
        self.seen += 1

    def close(self) -> None:
        self._admin.close()


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[Line]:
    found = Line()
    execute, leave, copy = psycopg.Connection.execute, psycopg.Transaction.__exit__, psycopg.Cursor.copy

    def sent(connection, *args, **more):
        found.moment(connection)
        return execute(connection, *args, **more)

    def left(transaction, *args):
        found.moment(transaction.connection)
        return leave(transaction, *args)

    def copied(cursor, *args, **more):
        found.moment(cursor.connection)
        return copy(cursor, *args, **more)

    with monkeypatch.context() as patch:
        patch.setattr(psycopg.Connection, "execute", sent)
        patch.setattr(psycopg.Cursor, "copy", copied)
        patch.setattr(psycopg.Transaction, "__exit__", left)
        yield found
    found.close()


class Scene:
    """The database and the home, to go back to together."""

    def __init__(self, home: Path, line: Line) -> None:
        self.home, self.line = home, line

    def keep(self) -> None:
        shutil.copytree(self.home, self.home.with_name("kept"))
        copies().keep("kept")

    def back(self) -> None:
        shutil.rmtree(self.home)
        shutil.copytree(self.home.with_name("kept"), self.home)
        copies().back_to("kept")

    def cut_everywhere(self, work: Callable[[], object], cuts: int) -> None:
        """Cut the line at so many moments of the work, do it again each time, and compare with an uncut one."""
        self.keep()
        self.line.seen = 0
        work()
        moments, calm = self.line.seen, copies().content()
        assert moments > cuts
        stride = int(os.environ.get("CHATBUILDER_KILL_STRIDE", moments // cuts))  # 1: at every moment
        for index in range(1, moments, stride):
            self.back()
            self.line.seen, self.line.left = 0, index
            with pytest.raises(UnavailableError) as caught:
                work()
            assert (caught.value.title, bool(caught.value.hint)) == ("Connection lost", True), index
            self.line.left = NEVER
            work()
            assert copies().content() == calm, f"lost at {index} of {moments}"
        copies().server.check("live")


def apply(answers: dict[str, Any]) -> str:
    config = pipeline.check({**answers, "target": copies().target})
    job = pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False)
    if job.status != "completed":
        raise UnavailableError(job.error["message"], title=job.error["title"], kept="x", hint="x")
    return job.system


@pytest.fixture
def scene(home, line) -> Scene:
    copies().begin(furnished=True)
    home.mkdir(exist_ok=True)
    return Scene(home, line)


def test_lost_in_a_build(scene):
    scene.cut_everywhere(lambda: apply(ANSWERS), 6)


def test_lost_in_a_change_to_other_answers(scene):
    system = apply(ANSWERS)
    take_in(*CHATS[:40])
    sync(system)
    scene.cut_everywhere(lambda: apply(OTHER), 8)
    assert {drift.state for drift in pipeline.verify(system)} == {"same"}


def test_lost_in_a_sync(scene):
    system = apply(OTHER)
    take_in(*CHATS[:250])
    sync(system, transcripts=True)
    take_in(*CHATS[250:], *(grown(old, "More", "Sure") for old in CHATS[:60]), exported=2.0)
    scene.cut_everywhere(lambda: sync(system, transcripts=True), 6)
