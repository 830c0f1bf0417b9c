"""Ways to the platforms that live behind an API: which account, which address, what identifies a system there."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from ipaddress import ip_address
from urllib.parse import urlsplit

from chatbuilder import catalog, credentials
from chatbuilder.config import Config
from chatbuilder.errors import ChatbuilderError, InputError
from chatbuilder.pipeline.metering import meter
from chatbuilder.provision import crew
from chatbuilder.provision.base import Provisioner
from chatbuilder.provision.outside.desk import Desk, RealTime
from chatbuilder.provision.outside.site import Site

URLS = {"notion": "CHATBUILDER_NOTION_URL", "airtable": "CHATBUILDER_AIRTABLE_URL", "sheets": "CHATBUILDER_GOOGLE_URL"}
URL_LIMIT = 500  # characters


def is_remote(platform: str) -> bool:
    """Tell whether a platform is built through a vendor's API."""
    return catalog.PLATFORMS[platform].kind == "api"


def desk_of(cancelled: Callable[[], bool]) -> Desk:
    """Return what a provisioner needs to be stoppable, to tell of waits and be counted, on whatever thread."""
    return Desk(lambda: crew.abandoned() or cancelled(), crew.waiting, RealTime(), meter().note)


def site_of(config: Config, desk: Desk) -> Site:
    """Return the way to a target. Raises `CredentialsError` without a token, `InputError` for a bad address."""
    target = {key: value for key, value in config.data().get("target", {}).items() if value}
    return Site(credentials.find(config.platform, target.get("account", "")), target, base_url(config.platform), desk)


def open_remote(config: Config, desk: Desk) -> Provisioner:
    """Return the provisioner of a Config's target, without any call. Raises as `site_of` does, and `InputError`."""
    site = site_of(config, desk)
    provisioner: Provisioner = import_module(f"chatbuilder.provision.{config.platform}").open_remote(site)
    return provisioner


@contextmanager
def naming_account(platform: str, account: str | None) -> Iterator[None]:
    """Let the next command of an error name the account that it is about: a vendor's answer does not know it."""
    try:
        yield
    except ChatbuilderError as error:
        error.hint = for_account(error.hint, platform, account)
        raise


def for_account(hint: str, platform: str, account: str | None) -> str:
    """Return a hint whose commands for tokens are about an account."""
    command = rf"chatbuilder token (?:set|check) {platform}(?! --account)\b"
    return re.sub(command, lambda found: f"{found[0]} --account {account}", hint) if account else hint


def base_url(platform: str, environ: Mapping[str, str] | None = None) -> str:
    """Return the address that replaces the vendor's own, "" for the vendor's own. Raises `InputError`."""
    name = URLS[platform]
    url = (os.environ if environ is None else environ).get(name, "").strip().rstrip("/")
    if url and (why := _wrong_with(url)):
        raise InputError(
            f"{name} {why}.", title="Address not usable", kept="nothing was sent.",
            hint=f"unset {name}, or set it to an address such as https://api.example.org.",
        )  # fmt: skip
    return url


def _wrong_with(url: str) -> str:
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        return "is no web address"
    plain = url.isascii() and url.isprintable() and " " not in url and len(url) <= URL_LIMIT
    if not plain or parts.scheme not in ("http", "https"):
        return "is no web address that begins with https://"
    if not host or "@" in parts.netloc or parts.query or parts.fragment:
        return "must name a host and at most a path, with no user, password or query"
    if parts.scheme == "http" and not _is_loopback(host):
        return "must begin with https://: a token is not sent in the open, except to this machine itself"
    return ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def identity(config: Config) -> tuple[str, bool]:
    """Return what stands for the place of a system out there, and whether the place is one system by itself.

    The same place gives the same text however it was pasted: a Notion page, an Airtable base or workspace, a
    spreadsheet; without one the account stands for it. A base or spreadsheet is one system whatever its name; below a
    page, in a workspace or an account there may be several. Raises `InputError` for a text that names no place.
    """
    from chatbuilder.generators.airtable.steps import target_id
    from chatbuilder.generators.notion.place import page_parent
    from chatbuilder.generators.sheets.steps import spreadsheet_id

    target = config.target
    if target.parent:
        return f"page {page_parent(target.parent)['page_id']}", False
    if target.base:
        return f"base {target_id(target.base, 'app')}", True
    if target.workspace:
        return f"workspace {target_id(target.workspace, 'wsp')}", False
    if target.spreadsheet:
        return f"spreadsheet {spreadsheet_id(target.spreadsheet)}", True
    return f"account {target.account}" if target.account else "your account", False
