"""What a person does that changes something, small enough to be broken at every moment of it.

Each flow has what stands there before (`prepare`), what is done (`work`, which returns an exit code), and which exit
codes doing it again may have: to delete what is deleted already is an error that says so.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.holds.moments import expect, fork
from tests.integration.filling import take_in
from tests.integration.systems import ANSWERS, LOCAL, OTHER_ANSWERS, content, furnish, target_of
from tests.unit.library.makers import chat, conversation, export

DRAFT = "d-abc123"
CHATS = [chat(f"c{n}", f"Question {n}", "Answer", title="Same title", project_id="p1") for n in range(3)]
VOLATILE = ("-wal", "-shm", ".lock", ".holder", "audit.jsonl", "audit.1.jsonl", "library.db", "chats.db")


class FileKeyring:
    """A keyring that outlives the process: one JSON file, written as keyrings do."""

    priority = 5

    def __init__(self, place: Path) -> None:
        self.place = place

    def _all(self) -> dict[str, str]:
        return json.loads(self.place.read_text("utf-8")) if self.place.exists() else {}

    def _write(self, kept: dict[str, str]) -> None:
        new = self.place.with_suffix(".new")
        new.write_text(json.dumps(kept), "utf-8")
        new.replace(self.place)

    def get_password(self, service: str, name: str) -> str | None:
        return self._all().get(f"{service}/{name}")

    def set_password(self, service: str, name: str, password: str) -> None:
        self._write(self._all() | {f"{service}/{name}": password})

    def delete_password(self, service: str, name: str) -> None:
        self._write({key: value for key, value in self._all().items() if key != f"{service}/{name}"})


class Stage:
    """A home of chatbuilder, a room of the person's, and a copy of both to go back to."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder, self.home, self.room = folder, folder / "home", folder / "room"
        self.inbox = folder / "inbox"
        self.inbox.mkdir(exist_ok=True)
        os.environ["CHATBUILDER_HOME"] = str(self.home)
        import keyring.core

        keyring.core._keyring_backend = FileKeyring(self.room / "keyring.json")

    def begin(self) -> None:
        for place in (self.home, self.room):
            shutil.rmtree(place, ignore_errors=True)
            place.mkdir()

    def keep(self) -> None:
        for place in (self.home, self.room):
            shutil.rmtree(place.with_name(f"{place.name}-kept"), ignore_errors=True)
            shutil.copytree(place, place.with_name(f"{place.name}-kept"))

    def back(self) -> None:
        for place in (self.home, self.room):
            shutil.rmtree(place)
            shutil.copytree(place.with_name(f"{place.name}-kept"), place)

    def answers(self, platform: str = "obsidian", name: str = "answers.json", **more: Any) -> str:
        place = self.inbox / f"{platform}-{name}"
        data = json.dumps({**ANSWERS, "platform": platform, "target": target_of(platform, self.room), **more})
        if not place.exists() or place.read_text("utf-8") != data:
            place.write_text(data, "utf-8")
        return str(place)


def command(*words: str, stdin: str = "") -> int:
    """Run a command as a person in a pipe would."""
    from chatbuilder import cli

    sys.stdin = io.StringIO(stdin)
    return cli.run(words)


def said(work: Callable[[], int | None]) -> int:
    """What the wizard's app would show of it, as a command would print it."""
    from chatbuilder.cli import _say
    from chatbuilder.errors import ChatbuilderError

    try:
        return int(work() or 0)
    except ChatbuilderError as error:
        return _say(error)


@dataclass(frozen=True)
class Flow:
    """Something that a person does; `kills` when no other test kills it at every moment."""

    prepare: Callable[[Stage], object]
    work: Callable[[Stage], int]
    again: tuple[int, ...] = (0,)
    kills: bool = True


def _save_drafts(stage: Stage) -> int:
    from chatbuilder import pipeline

    def work() -> None:
        draft = pipeline.load_draft(DRAFT)
        try:
            for step, name in (("team", "A"), ("review", "B")):
                draft = pipeline.save_draft(type(draft)(draft.id, step, {**draft.answers, "name": name}, ("platform",)))
        finally:
            pipeline.release_draft(DRAFT)

    return said(work)


def _a_draft(stage: Stage) -> None:
    from chatbuilder import pipeline

    draft = pipeline.Draft(DRAFT, "platform", {"platform": "obsidian", "name": "Ünï"})
    pipeline.save_draft(draft)


def _build(stage: Stage, *more: str, **answers: Any) -> int:
    return command("build", "--answers", stage.answers(**answers), "--out", str(stage.room / "out"), *more)


def _apply(stage: Stage, platform: str, *more: str, **answers: Any) -> int:
    return command("apply", "--answers", stage.answers(platform, **answers), "--yes", *more)


def _furnished(stage: Stage, platform: str) -> None:
    furnish(platform, stage.room)


def _system() -> str:
    from chatbuilder import pipeline

    return pipeline.systems()[0].id


def _built(stage: Stage, platform: str, *, filled: bool = False) -> None:
    furnish(platform, stage.room)
    assert _apply(stage, platform) == 0
    if filled:
        take_in(*CHATS)
        assert command("sync", _system()) == 0
        newer = [chat(c.source_id, *(m.text for m in c.messages), "More", "Sure", title=c.title, days=1) for c in CHATS]
        take_in(*newer, chat("new", "Brand new", "Yes", title="Same title"), exported=2.0)


def _damaged(stage: Stage, platform: str) -> None:
    """Something that was built is gone."""
    _built(stage, platform)
    if platform in ("obsidian", "logseq"):
        gone = sorted(path for path in (stage.room / "place").rglob("*.md") if "2020" not in path.name)
        for path in gone[:2]:
            path.unlink()
    elif platform == "excel":
        import openpyxl

        book = openpyxl.load_workbook(stage.room / "book.xlsx")
        del book[book.sheetnames[-1]]
        book.save(stage.room / "book.xlsx")
    else:
        with closing(sqlite3.connect(stage.room / "chats.db")) as db, db:
            views = [row[0] for row in db.execute("SELECT name FROM sqlite_schema WHERE type = 'view'")]
            db.execute(f'DROP VIEW "{views[0]}"')


def _exports(stage: Stage) -> None:
    export(stage.inbox, *(conversation(f"c{at}", "Hello 未来", f"w{at}") for at in range(3)), name="old.zip", month=1)
    newer = [conversation(f"c{at}", "Hello 未来", f"w{at}", *["more"] * (at % 2)) for at in range(4)]
    export(stage.inbox, *newer, name="new.zip")
    assert command("import", str(stage.inbox / "old.zip")) == 0


def _deleted(stage: Stage) -> None:
    take_in(*CHATS)
    assert command("chats", "rm", "chatgpt:c0", "--yes") == 0


def _full_log(stage: Stage) -> None:
    take_in(*CHATS)
    log = stage.home / "logs" / "audit.jsonl"
    log.parent.mkdir(mode=0o700, exist_ok=True)
    line = json.dumps({"at": "2026-01-01T00:00:00Z", "action": "export", "x": "y" * 900}) + "\n"
    log.write_text(line * 5400, "utf-8")


def _old_library(stage: Stage) -> None:
    from chatbuilder.library.database import APPLICATION_ID
    from tests.unit.test_library import OLD

    place = stage.home / "data" / "library.db"
    place.parent.mkdir(mode=0o700)
    with closing(sqlite3.connect(place)) as db:
        db.executescript(f"PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = 1; {OLD}")


def _theme(stage: Stage) -> int:
    from chatbuilder.pipeline import interactive

    interactive.remember_theme("dracula")
    return 0


def _nothing(stage: Stage) -> None:
    """Nothing stands there."""


def _move(stage: Stage) -> int:
    from chatbuilder import pipeline

    (first,) = (system.id for system in pipeline.systems() if system.platform == "obsidian")
    target = f"database=sqlite:///{stage.room / 'moved.db'}"
    return command("move", first, "--platform", "custom", "--target", target, "--transcripts", "--yes")


def _moving(stage: Stage) -> None:
    _built(stage, "obsidian")
    take_in(*CHATS)


TOKEN = "ntn_0123456789abcdefghijklmnopqrstuvwxyz"
FLOWS: dict[str, Flow] = {
    "drafts": Flow(_a_draft, _save_drafts),
    "drafts rm": Flow(_a_draft, lambda stage: command("drafts", "rm", DRAFT), (0, 3)),
    "export": Flow(_nothing, _build),
    "export anew": Flow(lambda stage: _build(stage, features=["projects"], complexity="moderate"), _build),
    "export zip": Flow(lambda stage: _build(stage, "--zip", features=["projects"]), lambda s: _build(s, "--zip")),
    "import": Flow(_exports, lambda stage: command("import", str(stage.inbox / "new.zip")), kills=False),
    "chats rm": Flow(lambda s: take_in(*CHATS), lambda s: command("chats", "rm", "chatgpt:c0", "--yes"), (0, 3)),
    "chats restore": Flow(_deleted, lambda stage: command("chats", "restore", "chatgpt:c0"), (0, 3)),
    "chats project": Flow(lambda s: take_in(*CHATS), lambda s: command("chats", "project", "p1", "Garden")),
    "chats csv": Flow(
        lambda s: take_in(*CHATS), lambda s: command("chats", "--csv", str(s.room / "chats.csv")), (0, 3)
    ),
    "log": Flow(_full_log, lambda stage: command("chats", "project", "p1", "Garden")),
    "old library": Flow(_old_library, lambda stage: command("systems")),
    "token set": Flow(_nothing, lambda s: command("token", "set", "notion", "--account", "work", stdin=TOKEN)),
    "token set again": Flow(
        lambda s: command("token", "set", "notion", stdin=f"{TOKEN}old"),
        lambda s: command("token", "set", "notion", stdin=TOKEN),
    ),
    "token rm": Flow(
        lambda s: command("token", "set", "notion", "--account", "work", stdin=TOKEN),
        lambda s: command("token", "rm", "notion", "--account", "work"), (0, 4),
    ),
    "theme": Flow(_nothing, _theme),
    "move": Flow(_moving, _move),
    "tidy": Flow(
        lambda stage: _built(stage, "obsidian"), lambda stage: _apply(stage, "obsidian", "--tidy", **OTHER_ANSWERS)
    ),
}  # fmt: skip
for _platform in LOCAL:
    FLOWS |= {
        f"apply {_platform}": Flow(
            lambda s, p=_platform: _furnished(s, p), lambda s, p=_platform: _apply(s, p), kills=False
        ),
        f"repair {_platform}": Flow(
            lambda s, p=_platform: _damaged(s, p), lambda s: command("repair", _system())
        ),
        f"destroy {_platform}": Flow(
            lambda s, p=_platform: _built(s, p), lambda s: _take_down(), (0, 3), kills=False
        ),
        f"sync {_platform}": Flow(
            lambda s, p=_platform: _built(s, p, filled=True), lambda s: command("sync", _system(), "--transcripts"),
            kills=False,
        ),
    }  # fmt: skip


def _take_down() -> int:
    from chatbuilder import pipeline

    found = pipeline.systems()
    return command("destroy", found[0].id, "--yes") if found else 3


def look(stage: Stage) -> dict[str, Any]:
    """What a person finds afterwards. Raises what reading it raises: everything has to be readable at any time."""
    from chatbuilder import pipeline

    found: dict[str, Any] = {"room": content(stage.room)}
    drafts = pipeline.drafts()
    assert not any(info.problem for info in drafts), drafts
    found["drafts"] = {info.id: dict(pipeline.peek_draft(info.id).answers) for info in drafts}
    found["chats"] = {c.key: [m.text for m in pipeline.chat(c.key).messages] for c in pipeline.chats().chats}
    words = ("Hello", "Question")
    found["words"] = {word: sorted(hit.chat.key for hit in pipeline.search(word).hits) for word in words}
    found["projects"] = sorted(map(repr, pipeline.projects()))
    found["systems"] = [(s.id, s.status) for s in pipeline.systems()]
    found["drift"] = [[d.key, d.state] for s in pipeline.systems() if s.place != "/x" for d in pipeline.verify(s.id)]
    found["tokens"] = [(t.platform, t.account, t.where) for t in pipeline.token_list()]
    found["log"] = all("action" in entry for entry in pipeline.audit_entries())
    found["running"] = [job.id for job in pipeline.jobs() if job.status == "running"]
    with closing(sqlite3.connect(stage.home / "data" / "library.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        db.execute("INSERT INTO search (search) VALUES ('integrity-check')")
        for name, columns in (
            ("steps", "system, key, state, position"), ("placements", "system, source, source_id, state"),
            ("deleted_chats", "source, source_id"),
        ):  # fmt: skip
            found[name] = sorted(map(str, db.execute(f"SELECT {columns} FROM {name}").fetchall()))
        found["importing"] = db.execute(
            "SELECT status FROM imports WHERE id IN (SELECT max(id) FROM imports GROUP BY path)"
        ).fetchall()
    found["home"] = {
        path.relative_to(stage.home).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in stage.home.rglob("*") if path.is_file() and not path.name.endswith(VOLATILE)
        and path.parent.name not in ("drafts", "crash")
    }  # fmt: skip
    found["litter"] = [str(path) for path in stage.folder.rglob("*.tmp")]
    return found


def state(stage: Stage) -> dict[str, Any]:
    """The same, looked up in a process of its own."""
    place = stage.folder / "state.json"

    def write() -> int:
        place.write_text(json.dumps(look(stage), default=str), "utf-8")
        return 0

    expect(fork(write))
    return json.loads(place.read_text("utf-8"))


def differences(wanted: dict[str, Any], found: dict[str, Any]) -> list[str]:
    """What is not as it should be, in few words."""
    wrong = []
    for key in wanted:
        one, other = wanted[key], found[key]
        if one != other and isinstance(one, dict):
            names = [name for name in {*one, *other} if one.get(name) != other.get(name)]
            wrong.append(f"{key}: {sorted(names)[:5]}")
        elif one != other:
            wrong.append(f"{key}: {other} instead of {one}"[:600])
    return wrong
