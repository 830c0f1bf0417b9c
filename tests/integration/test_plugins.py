"""A chat source from another package: the example, installed as people install it; and packages that are broken."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from chatbuilder import chats
from chatbuilder.chats import SOURCES, Source
from chatbuilder.pipeline import plugins
from tests.helpers import ROOT, run

EXAMPLE = ROOT / "examples" / "chatbuilder-parley"
TALK = {
    "id": "t1", "name": "Tea", "colour": "red",
    "lines": [
        {"who": "me", "said": "Which tea for the morning?", "at": "2026-03-01T12:00:00Z"},
        {"who": "it", "said": "Assam.", "at": "2026-03-01T12:00:05Z"},
        {"who": "cat", "said": "Meow"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def installed(tmp_path_factory) -> Path:
    """A folder with the example in it, as pip puts it there."""
    folder = tmp_path_factory.mktemp("installed")
    words = [
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--no-index",
        "--target",
        folder,
        EXAMPLE,
    ]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def told(folder: Path, *arguments: object):
    return run(*arguments, env={"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"})


def test_the_example_reads_its_exports_like_any_other_source(installed, tmp_path, home):
    export = tmp_path / "talks.json"
    export.write_text(json.dumps({"parley": 1, "talks": [TALK, {**TALK, "id": None}]}), "utf-8")
    done = told(installed, "import", export, "--json")
    assert done.code == 6
    assert (done.data["found"], done.data["imported"], done.data["quarantined"]) == (2, 1, 1)
    assert done.data["sources"]["parley"]["assistant"] == "Parley"
    assert done.data["unknown"] == {"field colour of a talk": 2, "line of cat": 2}
    (chat,) = told(installed, "chats", "--source", "parley", "--json").data
    assert (chat["key"], chat["title"], chat["human"], chat["assistant"]) == ("parley:t1", "Tea", 1, 1)
    assert told(installed, "search", "assam", "--assistant", "Parley").code == 0
    assert "chatbuilder-parley 1.0" in told(installed, "doctor").out
    folder = home.parent / ".parley" / "talks"
    folder.mkdir(parents=True)
    (folder / "one.json").write_text(json.dumps({**TALK, "id": "t2"}), "utf-8")
    assert "Parley" in told(installed, "import", "--discover", "--dry-run").out


def test_without_the_package_its_chats_are_still_there(installed, tmp_path):
    export = tmp_path / "talks.json"
    export.write_text(json.dumps([TALK]), "utf-8")
    assert told(installed, "import", export).code == 0
    (chat,) = run("chats", "--json").data
    assert chat["source"] == "parley"


BROKEN = {
    "gone": "import nothing_of_that_name",
    "no-source": "SOURCE = 3",
    "taken": "SOURCE = ChatSource(Source('chatgpt', 'Mine', '', ()), ())",
    "no-id": "SOURCE = ChatSource(Source('../x', 'Mine', '', ()), ())",
    "foreign": "SOURCE = ChatSource(Source('mine', 'Mine', '', ()), (items('claude', bool, each(None)),))",
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_package_stops_nothing_and_is_told(what, tmp_path):
    module = tmp_path / "lib" / "broken.py"
    module.parent.mkdir()
    module.write_text(f"from chatbuilder.importers.plugin import *\n{BROKEN[what]}\n", "utf-8")
    info = module.with_name("broken-2.0.dist-info")
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 2.0\n", "utf-8")
    (info / "entry_points.txt").write_text("[chatbuilder.chat_sources]\nbroken = broken:SOURCE\n", "utf-8")
    export = tmp_path / "claude.json"
    talk = {"uuid": "u", "name": "x", "chat_messages": [{"uuid": "m", "sender": "human", "text": "Hello"}]}
    export.write_text(json.dumps([talk]), "utf-8")
    assert told(module.parent, "import", export, "--json").data["imported"] == 1
    assert "plug-in broken: broken 2.0 cannot be used" in told(module.parent, "doctor").out


def test_a_source_can_only_give_chats_of_its_own(monkeypatch):
    from tests.unit.library.makers import chat

    mine, theirs = chat("a", source="mine"), chat("b", source="chatgpt")
    found = list(plugins._own(lambda: iter([mine, theirs]), "mine")())
    assert found[0] == mine
    assert (found[1].chat, found[1].source, "chatgpt" in found[1].reason) == (True, "mine", True)


@pytest.mark.parametrize("name", ["", "Chat", "a b", "a--b", "x" * 41, "sample", "ä"])
def test_what_cannot_be_the_id_of_a_source(name):
    with pytest.raises(ValueError, match="id"):
        chats.add_source(Source(name, "Mine", "", ()))
    assert name not in SOURCES
