"""Tokens as the wizard needs them: which there are, keeping and proving one, and whose fault a refusal is."""

from __future__ import annotations

import os
import sys
import webbrowser
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal

from chatbuilder.errors import CredentialsError, ExitCode, InputError, RefusedError

if TYPE_CHECKING:
    from chatbuilder.credentials import TokenInfo
    from chatbuilder.provision.base import Account
    from chatbuilder.secret import Secret

Cancelled = Callable[[], bool]
Wait = Callable[[str, float], None]
Fault = Literal["", "token", "place"]
OPENED = ("https://", "http://127.0.0.1", "http://localhost", "obsidian://", "logseq://", "file://")


def tokens(platform: str) -> tuple[TokenInfo, ...]:
    """Return the tokens of a platform that are there, the usual one first. Asks the keyring, which may take a while."""
    from chatbuilder.pipeline.tokens import token_list

    return tuple(token for token in token_list() if token.platform == platform)


def keyring_problem() -> str:
    """Return why no token can be kept on this machine, "" when one can."""
    from chatbuilder import credentials

    return credentials.keyring_problem()


def connect(
    platform: str, account: str, secret: Secret | None, path: str, *, keep: bool, target: Mapping[str, str],
    show: Callable[[str], object], cancelled: Cancelled, waiting: Wait,
) -> Account:  # fmt: skip
    """Take a token, or for Google what a credentials file leads to, and return what it is good for.

    A token that the vendor does not know is not kept: the one from before stays. `show` gets the address at which a
    person agrees in their browser. Without `keep` the token is held until the program ends. Raises `InputError`,
    `CredentialsError`, `RefusedError`, `InterruptedByUser`.
    """
    from chatbuilder.pipeline import tokens as door

    if secret is None:
        door.token_file(path, account, open_browser=show, cancelled=cancelled, keep=keep)
        return check(platform, account, target, cancelled=cancelled, waiting=waiting)
    try:
        found = door.token_check(platform, token=secret, target=target, cancelled=cancelled, waiting=waiting)
    except (CredentialsError, InputError):
        # The place may be what is wrong: then the token by itself is good, and this does not raise.
        found = door.token_check(platform, token=secret, cancelled=cancelled, waiting=waiting)
        door.token_set(platform, secret, account, keep=keep)
        return check(platform, account, target, cancelled=cancelled, waiting=waiting)
    except RefusedError:  # the vendor is away, or full: that says nothing against the token
        door.token_set(platform, secret, account, keep=keep)
        raise
    door.token_set(platform, secret, account, keep=keep)
    return found


def check(platform: str, account: str, target: Mapping[str, str], *, cancelled: Cancelled, waiting: Wait) -> Account:
    """Return what a saved token is good for, at a target too. Raises as `token_check` does."""
    from chatbuilder.pipeline.tokens import token_check

    place = {key: value for key, value in target.items() if key != "account" and value}
    return token_check(platform, account, target=place, cancelled=cancelled, waiting=waiting)


def at_fault(platform: str, account: str, code: int, *, cancelled: Cancelled, waiting: Wait) -> Fault:
    """Return whether a refusal with this exit code is about the token or about the place; "" for neither.

    A token that is good by itself is not at fault: then the place is wrong, gone, or not shared with it.
    """
    if code == ExitCode.INPUT:
        return "place"
    if code != ExitCode.CREDENTIALS:
        return ""
    try:
        check(platform, account, {}, cancelled=cancelled, waiting=waiting)
    except (CredentialsError, InputError):
        return "token"
    except RefusedError:
        return ""
    return "place"


def open_page(url: str) -> bool:
    """Open an address in the person's browser or program; False where there is none, or for a strange address."""
    # Without a desktop the browser that is found may be one for the terminal, and would draw over the wizard.
    desktop = sys.platform in ("win32", "darwin") or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if not desktop or not url.startswith(OPENED):
        return False
    try:
        return webbrowser.open(url)
    except webbrowser.Error:
        return False
