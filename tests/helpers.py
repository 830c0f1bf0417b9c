"""What several test files need: a Config in one line, the command line here and in another process, trees of files."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from chatbuilder import cli, pipeline
from chatbuilder.config import Config
from chatbuilder.drafts import Draft
from chatbuilder.pipeline import workers

ROOT = Path(__file__).resolve().parents[1]


def config(platform: str = "obsidian", *priorities: str, **answers: Any) -> Config:
    """A valid Config: organization and search unless other priorities are named."""
    return Config.model_validate(
        {"platform": platform, "priorities": priorities or ("organization", "search"), **answers}
    )


def unfilled(monkeypatch: Any, platform: str) -> None:
    """Let a platform be one that sync does not fill."""
    module = import_module(f"chatbuilder.pipeline.platforms.{platform}")
    monkeypatch.setattr(module, "PLATFORM", replace(module.PLATFORM, fill=None))


def hold(golden: Path, text: str) -> None:
    """Compare a text with the one that is kept; `CHATBUILDER_GOLDENS=write` keeps this one."""
    if os.environ.get("CHATBUILDER_GOLDENS") == "write":
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text, "utf-8", newline="\n")
    assert text.splitlines() == golden.read_text("utf-8").splitlines()


def answers_file(folder: Path, platform: str = "obsidian", name: str = "answers.json", **answers: Any) -> Path:
    """An answers file on disk."""
    place = folder / name
    data = {"platform": platform, "priorities": ["organization", "search"], **answers}
    place.write_text(json.dumps(data), "utf-8")
    return place


def saved_draft(**answers: Any) -> str:
    """A draft on disk that no window has open; its id."""
    draft = pipeline.save_draft(Draft(pipeline.new_draft().id, "team", answers))
    pipeline.release_draft(draft.id)
    return draft.id


def complete(err: str) -> bool:
    """Whether an error on stderr says what happened, what was kept and what to do next."""
    return bool(re.search(r"^\S.+: .+", err) and "\nKept: " in err and "\nNext: " in err)


class Done(NamedTuple):
    """What a command gave: exit code, stdout, stderr."""

    code: int
    out: str
    err: str

    @property
    def data(self) -> Any:
        """The JSON document on stdout."""
        return json.loads(self.out)


class Cli:
    """The command line in this process."""

    def __init__(self, capsys: Any) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Done:
        self._capsys.readouterr()
        code = cli.run([str(argument) for argument in arguments])
        out, err = self._capsys.readouterr()
        return Done(code, out, err)


def start(*arguments: object, **more: Any) -> subprocess.Popen[str]:
    """Start the program in a process of its own, with the environment of this test."""
    words = [sys.executable, "-m", "chatbuilder", *(str(argument) for argument in arguments)]
    more.setdefault("stdin", subprocess.DEVNULL)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more.pop("env", {})}
    return subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8", env=environment, **more
    )


def run(*arguments: object, **more: Any) -> Done:
    """Run the program in a process of its own to its end."""
    process = start(*arguments, **more)
    out, err = process.communicate(timeout=60)
    return Done(process.returncode, out, err)


def python(code: str, *arguments: object, **more: Any) -> Done:
    """Run a script in a fresh interpreter with the environment of this test."""
    words = [sys.executable, "-c", code, *(str(argument) for argument in arguments)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **more.pop("env", {})}
    more.setdefault("timeout", 60)
    done = subprocess.run(words, capture_output=True, text=True, encoding="utf-8", env=environment, check=False, **more)
    return Done(done.returncode, done.stdout, done.stderr)


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its bytes; a folder that holds nothing stands as name/ with nothing in it."""
    found = {}
    for place in sorted(folder.rglob("*")):
        name = place.relative_to(folder).as_posix()
        if place.is_file():
            found[name] = place.read_bytes()
        elif not any(place.iterdir()):
            found[f"{name}/"] = b""
    return found


def noting_workers(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that are started from here on to work beside this one, as on a machine with two cores."""
    started: list[subprocess.Popen[bytes]] = []
    begin = workers.Worker.__init__

    def noted(self: workers.Worker, *given: Any, **more: Any) -> None:
        begin(self, *given, **more)
        started.append(self._process)

    monkeypatch.setattr(workers.Worker, "__init__", noted)
    monkeypatch.setattr(workers, "cores", lambda: 2)
    return started
