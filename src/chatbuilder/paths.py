"""Where chatbuilder keeps its own things. Folders are private (0700) and made on first use."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from chatbuilder.errors import InputError


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

    @property
    def usage(self) -> Path:
        """How many calls vendors' APIs were sent, and how they went."""
        return self.state / "usage.json"


def locate(environ: dict[str, str] | None = None) -> Paths:
    """Return the folders to use: under `CHATBUILDER_HOME` when set, else the platform's own places."""
    env = dict(os.environ) if environ is None else environ
    home = env.get("CHATBUILDER_HOME", "").strip()
    if home:
        root = typed(home).absolute()
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


def typed(text: str) -> Path:
    """Return the path that a person typed: `~` is their home. An unknown `~name` stays as it is."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)


def private_folder(path: Path) -> Path:
    """Make a folder, and what is missing above it, that only its owner can read; return it. Raises `OSError`."""
    missing = [folder for folder in (path, *path.parents) if not folder.exists()]
    for folder in reversed(missing):
        folder.mkdir(mode=0o700, exist_ok=True)
    path.mkdir(exist_ok=True)
    return path


def own_folder(path: Path) -> Path:
    """Like `private_folder`, for what the work needs: raises `InputError` with words for people."""
    try:
        return private_folder(path)
    except OSError as error:
        raise InputError(
            f"chatbuilder cannot keep its own files in {path}: {error.strerror or error}.",
            title="Own folder not usable", kept="everything that is there.",
            hint="mend the cause, or set CHATBUILDER_HOME to a folder you can write.",
        ) from error  # fmt: skip
