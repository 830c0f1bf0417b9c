"""Logseq: a graph of files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from chatbuilder import catalog
from chatbuilder.config import Config
from chatbuilder.generators.common.text import file_name
from chatbuilder.generators.logseq import generate
from chatbuilder.pipeline.plugin import ChatPlatform, Desk, Provisioner, folder_of

if TYPE_CHECKING:
    from chatbuilder.pipeline.plugin import Ground, Room


def _open(config: Config, desk: Desk) -> Provisioner:
    from chatbuilder.provision.logseq import open_target

    return open_target(folder_of(config))


def _suggest(config: Config, documents: Path) -> Mapping[str, str]:
    return {"path": str(documents / f"{file_name(config.name)} graph")}


def _fill(ground: Ground) -> Room:
    from chatbuilder.pipeline.rooms.logseq import open_room

    return open_room(ground)


PLATFORM = ChatPlatform(about=catalog.PLATFORMS["logseq"], generate=generate, open=_open, suggest=_suggest, fill=_fill)
