"""The tests of the package. Run them with pytest where chatbuilder and this package are installed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from chatbuilder_org import agenda, syntax

from chatbuilder.generators.plugin import And, Cmp, Field, Not, Or, Table, Today

TITLE = Field("title", "Title", "title", "seed", "")
STATUS, VALUE = Field("status", "Status", "select", "person", ""), Field("value", "Value", "number", "person", "")
TABLE = Table("sessions", "Sessions", "Session", "", (TITLE, STATUS, VALUE))


@pytest.mark.parametrize(
    "title", ["TODO x", "[#A] x", "x :tag:", "COMMENT x", "[[elisp:x]]", "<2026-01-01>", "* x", ""]
)
def test_a_title_is_only_a_title(title):
    line = syntax.headline(title)
    name = line.removeprefix("* ")
    assert line.startswith("* ")
    assert not name.startswith(("TODO", "COMMENT", "[#", "[["))
    assert not name.endswith(":")
    assert "<2" not in name


def test_only_the_named_properties_change():
    text = "#+title: x\n* x\n:PROPERTIES:\n:A: 1\n:B: 2\n:END:\n** Notes\n:A: mine\n"
    assert syntax.with_properties(text, {"B": "3", "C": "4"}) == text.replace(":B: 2\n", ":B: 3\n:C: 4\n")
    assert syntax.properties(text) == {"A": "1", "B": "2"}
    with pytest.raises(ValueError, match="drawer"):
        syntax.with_properties("* x\n", {"A": "1"})


def test_filters_as_matches():
    open_ = And((Cmp("status", "eq", "On Hold"), Not(Or((Cmp("value", "lt", 3), Cmp("value", "empty"))))))
    assert agenda.match(open_, TABLE) == (
        'SOURCE_ID<>""+TODO="ON_HOLD"+VALUE<>""+VALUE>=3+VALUE<>""|SOURCE_ID<>""+TODO="ON_HOLD"+VALUE=""+VALUE<>""'
    )
    assert agenda.match(Cmp("value", "ge", Today(-7)), TABLE) == 'SOURCE_ID<>""+VALUE>="<-7d>"'
    with pytest.raises(agenda.NoMatch):
        agenda.match(Cmp("title", "has", "x"), TABLE)


def test_it_is_built_and_taken_down(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("CHATBUILDER_HOME", str(tmp_path / "home"))
    answers = {"platform": "org", "priorities": ["search"], "target": {"path": str(tmp_path / "org")}}
    (tmp_path / "answers.json").write_text(json.dumps(answers), "utf-8")

    def chatbuilder(*words: str) -> str:
        command = [sys.executable, "-m", "chatbuilder", *words]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    built = json.loads(chatbuilder("apply", "--answers", str(tmp_path / "answers.json"), "--yes", "--json"))
    assert (tmp_path / "org" / "Chat Sessions" / "index.org").is_file()
    chatbuilder("destroy", built["system"], "--yes")
    assert not (tmp_path / "org").exists()
