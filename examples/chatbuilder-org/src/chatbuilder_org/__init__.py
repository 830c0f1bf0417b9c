"""Org-mode for chatbuilder: what it can do, and how its two halves go together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from chatbuilder.pipeline.plugin import (
    ChatPlatform,
    Config,
    Desk,
    Ground,
    Platform,
    Provisioner,
    Room,
    RowMaker,
    TargetKey,
    folder_of,
)
from chatbuilder_org.generator import generate
from chatbuilder_org.rows import OrgRows


def _open(config: Config, desk: Desk) -> Provisioner:
    from chatbuilder_org.provisioner import OrgProvisioner

    return OrgProvisioner(folder_of(config))


def _fill(ground: Ground) -> Room:
    from chatbuilder_org.provisioner import open_store

    dialect = OrgRows(ground.blueprint)
    return Room(RowMaker(ground.blueprint), dialect, open_store(folder_of(ground.config), dialect.folder))


def _suggest(config: Config, documents: Path) -> Mapping[str, str]:
    return {"path": str(documents / "org")}


PLATFORM = ChatPlatform(
    about=Platform(
        id="org",
        name="Org-mode",
        kind="local",
        tagline="Plain .org files on your disk, with agenda views in Emacs.",
        best_for="People who live in Emacs and want their chats beside their notes.",
        price="Free.",
        target_keys=("path",),
        can={
            "views": "yes", "calendar": "by hand", "relations": "yes", "automation": "by hand", "reminders": "yes",
            "team": "by hand", "offline": "yes", "search": "yes", "templates": "yes", "scale": "by hand",
        },
        limits=("no charts, boards or rollups",),
        own=(TargetKey("path", "Folder", "your org folder, or a new one"),),
    ),
    generate=generate,
    open=_open,
    suggest=_suggest,
    fill=_fill,
)  # fmt: skip
