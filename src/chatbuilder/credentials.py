"""Tokens: in the keyring (service `chatbuilder`, user = platform id), else in the environment. Never anywhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass

ENVIRONMENT = {"notion": "NOTION_TOKEN", "airtable": "AIRTABLE_TOKEN", "sheets": "GOOGLE_APPLICATION_CREDENTIALS"}
SERVICE = "chatbuilder"


@dataclass(frozen=True, slots=True)
class TokenState:
    """Whether a token was found and where; never the token itself."""

    needed: bool
    found: bool
    where: str


def state(platform: str, account: str = "", environ: Mapping[str, str] | None = None) -> TokenState:
    """Return whether a platform needs a token and where one was found."""
    if platform not in ENVIRONMENT:
        return TokenState(False, False, "no token needed")
    name = ENVIRONMENT[platform]
    env = os.environ if environ is None else environ
    if _in_keyring(platform, account):
        return TokenState(True, True, "found in your keyring")
    if env.get(name):
        return TokenState(True, True, f"found in the environment variable {name}")
    return TokenState(True, False, f"none in your keyring, and {name} is not set")


def keyring_problem() -> str:
    """Return why the keyring cannot be used, "" when it can."""
    import keyring
    import keyring.errors

    try:
        backend = keyring.get_keyring()
        keyring.get_password(SERVICE, "notion")
        usable = backend.priority > 0
    except keyring.errors.NoKeyringError:
        return "this machine has no keyring service"
    except Exception as error:  # noqa: BLE001  (back ends let through whatever their desktop service raises)
        return f"the keyring does not answer ({type(error).__name__})"
    return "" if usable else "no keyring back end is installed"


def _in_keyring(platform: str, account: str) -> bool:
    import keyring

    try:
        return bool(keyring.get_password(SERVICE, f"{platform}:{account}" if account else platform))
    except Exception:  # noqa: BLE001  (back ends let through whatever their desktop service raises)
        return False
