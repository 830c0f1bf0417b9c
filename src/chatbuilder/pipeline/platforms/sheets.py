"""Google Sheets: a spreadsheet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatbuilder import catalog
from chatbuilder.config import Config
from chatbuilder.generators.sheets import generate
from chatbuilder.generators.sheets.evolve import evolve
from chatbuilder.generators.sheets.steps import spreadsheet_id
from chatbuilder.pipeline.outside import account_place
from chatbuilder.pipeline.plugin import Account, ChatPlatform, Desk, Place, Provisioner, Site, site_of

if TYPE_CHECKING:
    from chatbuilder.pipeline.plugin import Ground, Room


def _open(config: Config, desk: Desk) -> Provisioner:
    from chatbuilder.provision.sheets import open_remote

    return open_remote(site_of(config, desk))


def _check(site: Site) -> Account:
    from chatbuilder.provision.sheets import check_account

    return check_account(site)


def _place(config: Config) -> Place:
    target = config.target
    if target.spreadsheet:
        return Place(f"spreadsheet {spreadsheet_id(target.spreadsheet)}", "spreadsheet")
    return Place(account_place(config))


def _fill(ground: Ground) -> Room:
    from chatbuilder.pipeline.rooms.sheets import open_room

    return open_room(ground)


PLATFORM = ChatPlatform(
    about=catalog.PLATFORMS["sheets"], generate=generate, open=_open, place=_place, fill=_fill, evolve=evolve,
    check_account=_check, hands_over=True,
)  # fmt: skip
