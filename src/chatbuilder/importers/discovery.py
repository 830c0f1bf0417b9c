"""Where coding agents keep their logs on this machine."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import Path

_CODE = ("Code", "Code - Insiders", "VSCodium")
_CONFIGS = (".config", "Library/Application Support", "AppData/Roaming")  # Linux, macOS, Windows

# Globs below the home folder. A folder stands for all logs in it.
_PLACES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("claude-code", (".claude/projects", ".config/claude/projects")),
    ("codex", (".codex/sessions", ".codex/archived_sessions")),
    ("gemini-cli", (".gemini/tmp",)),
    ("copilot-cli", (".copilot/session-state", ".copilot/history-session-state")),
    ("vscode-copilot", tuple(
        f"{config}/{product}/User/{place}"
        for config in _CONFIGS for product in _CODE
        for place in ("workspaceStorage/*/chatSessions", "globalStorage/emptyWindowChatSessions")
    )),
    ("cursor", tuple(
        f"{config}/Cursor/User/globalStorage/state.vscdb" for config in _CONFIGS
    )),
    ("lm-studio", (".lmstudio/conversations", ".cache/lm-studio/conversations")),
    ("llm", tuple(f"{config}/io.datasette.llm/logs.db" for config in (*_CONFIGS, "AppData/Local"))),
)  # fmt: skip


def discover(home: Path, more: Iterable[tuple[str, Iterable[str]]] = ()) -> list[tuple[str, Path]]:
    """Return (source id, path) for each agent's log folder or database that exists under this home folder.

    Paths are what `open_source` takes, one for each place: a folder stands for all logs in it, so that sessions that
    span files are read together. Linux, macOS and Windows places are all looked at, and `more`: ids and globs
    of foreign sources. Nothing is read, only looked for.
    """
    places = chain(_PLACES, more)
    return [(source, path) for source, globs in places for pattern in globs for path in sorted(home.glob(pattern))]
