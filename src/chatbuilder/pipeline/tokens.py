"""Tokens, for the command line and the wizard: keep, list, prove and remove them. They are never shown."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from chatbuilder import audit, credentials
from chatbuilder.credentials import TokenInfo
from chatbuilder.errors import InterruptedByUser
from chatbuilder.paths import locate
from chatbuilder.pipeline import passwords, plugins
from chatbuilder.pipeline.outside import base_url, desk_of, naming_account
from chatbuilder.pipeline.platforms import platform as of
from chatbuilder.provision import crew
from chatbuilder.provision.base import Account
from chatbuilder.provision.outside.desk import Cancelled
from chatbuilder.provision.outside.site import Site
from chatbuilder.secret import Secret

Wait = Callable[[str, float], None]


def _never() -> bool:
    return False


def _silent(why: str, seconds: float) -> None:
    """Tell nobody."""


def token_platforms() -> tuple[str, ...]:
    """Return the platforms that have tokens or passwords, ours first."""
    plugins.platforms()
    return (*credentials.variables(), "custom")


def token_set(platform: str, token: str | Secret, account: str = "", *, keep: bool = True) -> None:
    """Keep a token in the keyring; for sheets it is the JSON text of a service account or an authorised user.

    Without `keep` it is only held until the program ends. Raises `InputError` for what cannot be a token,
    `CredentialsError` when there is no keyring.
    """
    secret = token if isinstance(token, Secret) else Secret(token)
    if not keep:
        credentials.hold(platform, secret, account)
        return
    credentials.store(platform, secret, account)
    audit.record(locate().audit_log, "token set", platform=platform, account=account)


def token_file(
    path: str, account: str = "", *, open_browser: Callable[[str], object] = webbrowser.open,
    cancelled: Callable[[], bool] = _never, keep: bool = True,
) -> str:  # fmt: skip
    """Keep (see `token_set`) what a Google credentials file leads to, and return its type.

    A service account or an authorised user is kept as it is; with an OAuth desktop client ("client") the person agrees
    in their browser first. Raises `InputError`, `CredentialsError`, and `InterruptedByUser` when they stop waiting.
    """
    secret = credentials.read_google(path)
    kind = credentials.kind_of_google(secret.reveal())
    if kind == "client":
        if keep:
            credentials.need_keyring("sheets")
        site = Site(secret, url=base_url("sheets"), desk=desk_of(cancelled))
        consent = import_module("chatbuilder.provision.sheets.consent")
        secret = _patiently(lambda: consent.authorise(secret, site, open_browser), cancelled, _silent)
    token_set("sheets", secret, account, keep=keep)
    return kind


def token_rm(platform: str, account: str = "") -> bool:
    """Remove a token from the keyring; False when there is none. Raises `CredentialsError` when that fails."""
    removed = credentials.delete(platform, account)
    if removed:
        audit.record(locate().audit_log, "token rm", platform=platform, account=account)
    return removed


def token_list() -> list[TokenInfo]:
    """Return every token that is there: platform, account and where it is kept."""
    plugins.platforms()
    return credentials.accounts()


def token_check(
    platform: str, account: str = "", *, token: str | Secret | None = None, target: Mapping[str, str] | None = None,
    cancelled: Callable[[], bool] = _never, waiting: Wait = _silent,
) -> Account:  # fmt: skip
    """Ask the vendor what a token is good for; `token` proves one before it is kept, `target` proves a place too.

    Raises `CredentialsError` (no token, or refused), `RefusedError`, `InputError`, `InterruptedByUser`.
    """
    if platform == "custom":
        given = token if isinstance(token, Secret) or token is None else Secret(token)
        return passwords.check(target or {}, account, given)
    if token is None:
        secret = credentials.find(platform, account)
    else:
        secret = credentials.usable(platform, token if isinstance(token, Secret) else Secret(token))
    site = Site(secret, dict(target or {}), base_url(platform), desk_of(cancelled))
    ask = of(platform).check_account
    if ask is None:
        return Account("Nobody was asked: this platform has no way to prove a token.")
    with naming_account(platform, account):
        found: Account = _patiently(lambda: ask(site), cancelled, waiting)
    return found


def _patiently(work: Callable[[], Any], cancelled: Callable[[], bool], waiting: Wait) -> Any:
    try:
        return crew.aside("token", work, cancelled, lambda key, why, seconds: waiting(why, seconds))
    except Cancelled:
        raise InterruptedByUser(
            "Stopped before the answer came.", title="Stopped", kept="everything as it is.", hint="run it again."
        ) from None
