"""What docs/security.md says is kept on this machine is what is kept, and nobody else may read it."""

from __future__ import annotations

import json
import re
import stat
import sys
import zipfile
from pathlib import Path

import platformdirs.macos
import platformdirs.unix
import pytest

from chatbuilder import pipeline
from chatbuilder.cli.crash import save_report
from tests.helpers import ROOT, answers_file, saved_draft
from tests.unit.importers.samples import chatgpt

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
SAID = "384,400"  # in the sample's answer


@pytest.fixture
def used(home, tmp_path, run_cli, keyring_in_memory) -> Path:
    """A home in which everything was done once; what was built stands elsewhere."""
    export = tmp_path / "export.zip"
    with zipfile.ZipFile(export, "w") as file:
        file.writestr("conversations.json", json.dumps([chatgpt()]))
    answers = answers_file(tmp_path, target={"path": str(tmp_path / "vault")})
    assert run_cli("apply", "--answers", answers, "--yes").code == 0
    assert run_cli("import", export).code == 0
    assert run_cli("sync", "obsidian").code == 0
    pipeline.token_set("notion", "ntn_secret", account="work")
    saved_draft(platform="excel")
    assert save_report(ValueError(SAID))
    return home


def kept(home: Path) -> dict[str, Path]:
    return {path.relative_to(home).as_posix(): path for path in sorted(home.rglob("*"))}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other permissions: folders there belong to the user")
def test_everything_that_is_kept_is_private(used):
    modes = {name: stat.S_IMODE(path.stat().st_mode) for name, path in kept(used).items()}
    wrong = {name: oct(mode) for name, mode in modes.items() if mode not in (0o600, 0o700)}
    assert wrong == {}


def test_the_page_names_everything_that_is_kept_and_nothing_else(used):
    told = re.findall(r"^\| `((?:config|data|state|logs|cache)/[\w./]+)` \|", PAGE, re.MULTILINE)
    names = [name for name, path in kept(used).items() if path.is_file()]
    assert [place for place in told if not any(name.startswith(place) for name in names)] == []
    assert [name for name in names if not any(name.startswith(place) for place in told)] == []


def test_logs_hold_figures_and_no_words_of_a_chat(used):
    logs = "".join(path.read_text("utf-8") for path in (used / "logs").iterdir())
    assert '"action": "sync"' in logs
    assert "ValueError" in logs
    for words in (SAID, "The moon", "How far", "ntn_secret", str(used.parent)):
        assert words not in logs


def test_the_token_is_in_no_file_and_the_account_has_a_name(used):
    assert json.loads((used / "config" / "accounts.json").read_text("utf-8")) == {"notion": ["work"]}
    assert [name for name, path in kept(used).items() if path.is_file() and b"ntn_secret" in path.read_bytes()] == []


@pytest.mark.parametrize(
    ("system", "dirs"), [("Linux", platformdirs.unix.Unix), ("macOS", platformdirs.macos.MacOS)], ids=["Linux", "macOS"]
)
def test_the_folders_to_delete_are_all_that_are_used(system, dirs):
    """Below one of the folders that the page lists stands each that the program would use."""
    line = next(line for line in PAGE.splitlines() if line.startswith(f"| {system} |"))
    listed = [Path(place).expanduser() for place in re.findall(r"`([^`]+)`", line)]
    found = dirs("chatbuilder", appauthor=False)
    for place in (found.user_config_dir, found.user_state_dir, found.user_data_dir, found.user_log_dir):
        assert any(Path(place).is_relative_to(one) for one in listed), place
