"""Where chatbuilder keeps its own things. Folders are private (0700) and made on first use."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Paths:
    """The five folders of one installation."""

    config: Path
    state: Path
    data: Path
    cache: Path
    logs: Path

    @property
    def drafts(self) -> Path:
        """Saved wizard sessions."""
        return self.state / "drafts"

    @property
    def library(self) -> Path:
        """The SQLite file of chats, deployments, jobs and their journal."""
        return self.data / "library.db"

    @property
    def audit_log(self) -> Path:
        """One JSON line for each thing that changed something."""
        return self.logs / "audit.jsonl"


def locate(environ: dict[str, str] | None = None) -> Paths:
    """Return the folders to use: under `CHATBUILDER_HOME` when set, else the platform's own places."""
    env = dict(os.environ) if environ is None else environ
    home = env.get("CHATBUILDER_HOME", "").strip()
    if home:
        root = Path(home).expanduser()
        return Paths(root / "config", root / "state", root / "data", root / "cache", root / "logs")
    import platformdirs

    dirs = platformdirs.PlatformDirs("chatbuilder", appauthor=False)
    return Paths(
        Path(dirs.user_config_dir),
        Path(dirs.user_state_dir),
        Path(dirs.user_data_dir),
        Path(dirs.user_cache_dir),
        Path(dirs.user_log_dir),
    )


def private_folder(path: Path) -> Path:
    """Make a folder that only its owner can read, and return it."""
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path
