"""Notion: databases below a page, or in a private place of the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chatbuilder import catalog
from chatbuilder.config import Config
from chatbuilder.generators.notion import generate
from chatbuilder.generators.notion.evolve import evolve, standing
from chatbuilder.generators.notion.place import page_parent
from chatbuilder.pipeline.outside import account_place
from chatbuilder.pipeline.plugin import Account, ChatPlatform, Desk, Place, Provisioner, Site, site_of

if TYPE_CHECKING:
    from chatbuilder.pipeline.plugin import Ground, Room


def _open(config: Config, desk: Desk) -> Provisioner:
    from chatbuilder.provision.notion import open_remote

    return open_remote(site_of(config, desk))


def _check(site: Site) -> Account:
    from chatbuilder.provision.notion import check_account

    return check_account(site)


def _place(config: Config) -> Place:
    target = config.target
    if target.parent:
        return Place(f"page {page_parent(target.parent)['page_id']}")
    return Place(account_place(config))


def _fill(ground: Ground) -> Room:
    from chatbuilder.pipeline.rooms.notion import open_room

    return open_room(ground)


PLATFORM = ChatPlatform(
    about=catalog.PLATFORMS["notion"], generate=generate, open=_open, place=_place, fill=_fill, evolve=evolve,
    standing=standing,
    check_account=_check, hands_over=True,
)  # fmt: skip
