"""Excel: a workbook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from chatbuilder import catalog
from chatbuilder.config import Config
from chatbuilder.generators.common.text import file_name
from chatbuilder.generators.excel import generate
from chatbuilder.paths import typed
from chatbuilder.pipeline.plugin import ChatPlatform, Desk, Place, Provisioner, folder_of

if TYPE_CHECKING:
    from chatbuilder.pipeline.plugin import Ground, Room


def _open(config: Config, desk: Desk) -> Provisioner:
    from chatbuilder.provision.excel import open_target

    return open_target(folder_of(config))


def _place(config: Config) -> Place:
    file = typed(config.target.value("path")).resolve()
    return Place(str(file), file.stem)


def _suggest(config: Config, documents: Path) -> Mapping[str, str]:
    return {"path": str(documents / f"{file_name(config.name)}.xlsx")}


def _fill(ground: Ground) -> Room:
    from chatbuilder.pipeline.rooms.excel import open_room

    return open_room(ground)


PLATFORM = ChatPlatform(
    about=catalog.PLATFORMS["excel"], generate=generate, open=_open, place=_place, suggest=_suggest, fill=_fill,
    hands_over=True,
)  # fmt: skip
