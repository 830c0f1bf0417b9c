"""Kills `chatbuilder` at every moment it could matter, in processes that really die, and runs it again.

A moment is a change to the disk (a file opened for writing, a rename, link, removal or new folder, as Python's own
audit events tell), a statement that SQLite is about to run, or one that goes to a PostgreSQL server. The victim is a
fork of this small process and gets SIGKILL just before the chosen moment: no handler, no clean-up, locks and files as a
power cut leaves them.

Run as: python -m tests.integration.killer PLATFORM FOLDER STRIDE [bare]; prints one JSON document. Bare: neither the
target nor the folders above it exist yet; else things of the person's own are there.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.integration.server_scene import Copies
from tests.integration.systems import ANSWERS, OTHER_ANSWERS, content, furnish, target_of

EVENTS = {"os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "os.chmod"}
WRITING = os.O_WRONLY | os.O_RDWR
NEVER = 10**9


class Countdown:
    """Counts moments and, at the chosen one, ends the process."""

    def __init__(self) -> None:
        self.left = NEVER
        self.seen = 0

    def moment(self) -> None:
        self.seen += 1
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1

    def audit(self, event: str, arguments: tuple[object, ...]) -> None:
        flags = arguments[2] if event == "open" and len(arguments) == 3 else 0
        if event in EVENTS or (isinstance(flags, int) and flags & WRITING and not str(arguments[0]).endswith(".lock")):
            self.moment()


COUNTDOWN = Countdown()


def watch() -> None:
    """Count every moment of this process and of those forked from it."""
    sys.addaudithook(COUNTDOWN.audit)
    connect = sqlite3.connect

    def watched(*args, **more):
        connection = connect(*args, **more)
        connection.execute("PRAGMA synchronous = OFF")  # nobody pulls the plug here
        connection.set_trace_callback(lambda statement: COUNTDOWN.moment())
        return connection

    sqlite3.connect = watched
    sqlite3.dbapi2.connect = watched
    os.fsync = lambda handle: None
    _watch_servers()


def _watch_servers() -> None:
    """Count what is sent to PostgreSQL, and the end of each transaction."""
    import psycopg

    execute, leave, copy = psycopg.Connection.execute, psycopg.Transaction.__exit__, psycopg.Cursor.copy

    def sent(*args, **more):
        COUNTDOWN.moment()
        return execute(*args, **more)

    def left(*args):
        COUNTDOWN.moment()
        return leave(*args)

    def copied(*args, **more):
        COUNTDOWN.moment()
        return copy(*args, **more)

    psycopg.Connection.execute, psycopg.Transaction.__exit__, psycopg.Cursor.copy = sent, left, copied


def in_a_process(work: Callable[[], object], kill_at: int = NEVER) -> int | None:
    """Do the work in a process of its own; return how many moments it had, None when it was killed at one."""
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(read)
        COUNTDOWN.left, COUNTDOWN.seen = kill_at, 0
        try:
            work()
            COUNTDOWN.left = NEVER
            os.write(write, str(COUNTDOWN.seen).encode())
        except BaseException as error:  # noqa: BLE001  (a fork says everything through its pipe)
            COUNTDOWN.left = NEVER
            os.write(write, f"!{type(error).__name__}: {error}".encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(pid, 0)
    if said.startswith("!"):
        raise AssertionError(said)
    if os.WIFSIGNALED(status):
        return None
    return int(said)


class Scene:
    """One platform, one target, one home: set up anew for every kill."""

    def __init__(self, platform: str, folder: Path, bare: bool) -> None:
        self.platform, self.bare = platform, bare
        self.room = folder / "room"
        self.home = folder / "home"
        place = self.room / "new" / "newer" if bare else self.room
        self.server = Copies() if platform == "server" else None
        target = self.server.target if self.server else target_of(platform, place)
        self.answers = {**ANSWERS, "platform": "custom" if self.server else platform, "target": target}
        self.other = {**self.answers, **OTHER_ANSWERS}
        self.before: dict[str, object] = {}

    def set_up(self) -> None:
        for folder in (self.room, self.home):
            shutil.rmtree(folder, ignore_errors=True)
        self.room.mkdir(parents=True)
        if self.server:
            self.server.begin(furnished=not self.bare)
        elif not self.bare:
            furnish(self.platform, self.room)
        self.before = self.content()

    def content(self) -> dict[str, object]:
        """What a person finds at the target."""
        return self.server.content() if self.server else content(self.room)

    def keep(self, name: str) -> None:
        """Remember how things stand now, to go back to them cheaply."""
        for folder in (self.room, self.home):
            shutil.rmtree(folder.with_name(f"{folder.name}-{name}"), ignore_errors=True)
            shutil.copytree(folder, folder.with_name(f"{folder.name}-{name}"))
        if self.server:
            self.server.keep(name)

    def back_to(self, name: str) -> None:
        for folder in (self.room, self.home):
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(folder.with_name(f"{folder.name}-{name}"), folder)
        if self.server:
            self.server.back_to(name)

    def apply(self, answers: dict | None = None) -> None:
        from chatbuilder import pipeline

        config = pipeline.check(answers or self.answers)
        job = pipeline.apply(config, on_event=lambda event: None, cancelled=lambda: False)
        assert job.status == "completed", job.error

    def warm(self, folder: Path) -> None:
        """Build a system somewhere else, so that everything is imported."""
        elsewhere = self.answers["target"] if self.server else target_of(self.platform, folder)
        self.apply({**self.answers, "target": elsewhere})
        if self.server:
            self.server.begin(furnished=not self.bare)

    def destroy(self) -> None:
        from chatbuilder import pipeline

        for system in pipeline.systems():
            pipeline.destroy(system.id)

    def state(self) -> dict[str, object]:
        """What a person finds, and what the program says about it."""
        from chatbuilder import pipeline

        found: dict[str, object] = {"content": self.content()}
        found["systems"] = [(s.id, s.status) for s in pipeline.systems()]
        found["drift"] = [[d.key, d.state] for s in pipeline.systems() for d in pipeline.verify(s.id)]
        found["running"] = [job.id for job in pipeline.jobs() if job.status == "running"]
        return found


def seen_from_outside(scene: Scene) -> dict[str, object]:
    """The state, looked up in a process of its own like everything else."""
    place = scene.home.with_name("state.json")

    def look() -> None:
        COUNTDOWN.left = NEVER
        place.write_text(json.dumps(scene.state(), default=repr), "utf-8")

    in_a_process(look)
    return json.loads(place.read_text("utf-8"))


def differences(wanted: dict, found: dict) -> list[str]:
    """What is not as it should be, in few words."""
    said = []
    for key in wanted:
        if wanted[key] != found[key]:
            if isinstance(wanted[key], dict):
                names = sorted(set(wanted[key]) | set(found[key]))
                wrong = [name for name in names if wanted[key].get(name) != found[key].get(name)]
                said.append(f"{key}: {wrong[:4]}")
            else:
                said.append(
                    f"{key}: {[item for item in found[key] if item not in wanted[key]][:4]} for {len(wanted[key])}"
                )
    return said


def trial(scene: Scene, start: str, work: Callable[[], object], stride: int) -> dict[str, object]:
    """Kill the work at every stride-th moment, do it again, and compare with never having been killed.

    Then, for every other kill, the answers change as well; and in the end all of it is taken down.
    """
    scene.back_to(start)
    moments = in_a_process(work)
    calm = seen_from_outside(scene)
    failures, kills = [], 0
    for index in range(0, moments, stride):
        scene.back_to(start)
        if in_a_process(work, kill_at=index) is not None:
            continue
        kills += 1
        try:
            wrong = after_a_kill(scene, work, calm, other=kills % 2 == 0 and work != scene.destroy)
        except AssertionError as error:
            wrong = [str(error)]
        if wrong:
            failures.append({"moment": index, "of": moments, "wrong": wrong})
    return {"moments": moments, "kills": kills, "failures": failures, "drift": sorted({s for _, s in calm["drift"]})}


def after_a_kill(scene: Scene, work: Callable[[], object], calm: dict, other: bool) -> list[str]:
    """Go on as a person would, and say what is not as it should be."""
    if other:
        in_a_process(lambda: scene.apply({**scene.answers, "features": ["archive"]}))
        found = seen_from_outside(scene)
        wrong = [f"drift: {drift}" for drift in found["drift"] if drift[1] not in ("same", "yours")]
    else:
        in_a_process(work)
        wrong = differences(calm, seen_from_outside(scene))
    in_a_process(scene.destroy)
    return wrong + differences({"content": as_json(scene.before)}, seen_from_outside(scene))


def as_json(value: object) -> Any:
    """The value as it comes back from a file."""
    return json.loads(json.dumps(value, default=repr))


def main() -> None:
    platform, folder, stride = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    scene = Scene(platform, folder, bare=sys.argv[4:] == ["bare"])
    os.environ["CHATBUILDER_HOME"] = str(scene.home)
    scene.set_up()
    scene.home.mkdir()
    scene.warm(folder / "warm")  # everything is imported from here on
    shutil.rmtree(scene.home)
    scene.home.mkdir()
    watch()
    scene.keep("empty")
    report = {"apply": trial(scene, "empty", scene.apply, stride)}
    scene.back_to("empty")
    in_a_process(scene.apply)
    scene.keep("built")
    report["update"] = trial(scene, "built", lambda: scene.apply(scene.other), stride)
    report["destroy"] = trial(scene, "built", scene.destroy, stride)
    report["left"] = differences({"content": as_json(scene.before)}, seen_from_outside(scene))
    print(json.dumps(report))


if __name__ == "__main__":
    main()
