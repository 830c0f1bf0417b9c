"""What the tests of the command line share."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.helpers import Cli, answers_file


@pytest.fixture
def answers(tmp_path: Path) -> Path:
    """An answers file for a vault below tmp_path."""
    return answers_file(tmp_path, "obsidian", target={"path": str(tmp_path / "vault")}, features=["tags"])


@pytest.fixture
def built(run_cli: Cli, answers: Path) -> str:
    """A system that exists; its id."""
    done = run_cli("apply", "--answers", answers, "--yes", "--json")
    assert done.code == 0, done.err
    return str(done.data["system"])
