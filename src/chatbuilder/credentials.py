"""Tokens: in the keyring (service `chatbuilder`), else in the environment, or given for one run. Never anywhere else.

The keyring's user is the platform, or `platform:account` for a named account. A keyring cannot list what it holds, so
the names of accounts (never a token) are kept in `accounts.json` below the configuration folder.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chatbuilder import catalog
from chatbuilder.atomic import write_private
from chatbuilder.errors import CredentialsError, InputError
from chatbuilder.paths import locate, own_folder, typed
from chatbuilder.secret import Secret

SERVICE = "chatbuilder"
GOOGLE_TYPES = ("service_account", "authorized_user")
TOKEN_LIMIT = 4_000  # characters of a Notion or Airtable token, several times what they are
FILE_LIMIT = 20_000  # bytes of a Google credentials file, several times what they are
PART = 1_000  # characters, two bytes each in Windows
_IN_PARTS = re.compile(r"in (\d{1,2}) parts")
_ACCOUNT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}")
_NEEDED = {"service_account": ("client_email", "private_key"), "authorized_user": ("client_id", "refresh_token")}
HELD = "held until chatbuilder ends"
_held: dict[str, Secret] = {}  # by keyring user: what is given for one run only, and outlives nothing


@dataclass(frozen=True, slots=True)
class TokenState:
    """Whether a token was found and where; never the token itself."""

    needed: bool
    found: bool
    where: str


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """A token that is there: of which platform and account ("" for the one without a name), and where it is kept."""

    platform: str
    account: str
    where: str


def variables() -> dict[str, str]:
    """Return the environment variable of each platform that has tokens, also of those of other packages."""
    return {key: platform.token.variable for key, platform in catalog.PLATFORMS.items() if platform.token}


def find(platform: str, account: str = "", environ: Mapping[str, str] | None = None) -> Secret:
    """Return a platform's token: of the named account from the keyring, else from the environment.

    For Google it is the JSON text of a service account or an authorised user. Raises `CredentialsError` when there is
    none or it is unusable.
    """
    _known(platform)
    if (held := _held.get(_user(platform, account))) is not None:
        return held
    if (kept := _in_keyring(platform, account)) is not None:
        return Secret(_checked(platform, kept, "the token in your keyring"))
    name = _variable(platform)
    value = (os.environ if environ is None else environ).get(name, "").strip()
    if account or not value:
        raise _missing(platform, account)
    if platform == "sheets":
        return Secret(_checked(platform, _read_file(typed(value), name), f"the file that {name} names"))
    return Secret(_checked(platform, value, f"the token in {name}"))


def password(account: str) -> Secret | None:
    """Return the password of a PostgreSQL server that is kept for user@host, or None.

    What the environment and files have for it (PGPASSWORD, ~/.pgpass) is read by libpq itself.
    """
    if not _ACCOUNT.fullmatch(account):
        return None
    if (held := _held.get(_user("custom", account))) is not None:
        return held
    kept = _in_keyring("custom", account)
    return None if kept is None else Secret(kept)


def store(platform: str, secret: Secret, account: str = "") -> None:
    """Keep a token in the keyring. Raises `InputError` for what cannot be one, `CredentialsError` without a keyring."""
    _known(platform)
    _bound(platform, account)
    name = _user(platform, _account(account))
    value = usable(platform, secret).reveal()
    try:
        _write(name, value)
        kept = _read(name)
    except Exception as error:  # noqa: BLE001  (back ends let through whatever their desktop service raises)
        raise _no_keyring(platform, keyring_problem() or f"the keyring refused it ({_why(error)})") from None
    if kept != value:
        raise _no_keyring(platform, keyring_problem() or "the keyring did not keep it")
    _held.pop(name, None)
    _remember({*_names(), (platform, account)})


def _why(error: Exception) -> str:
    """What the system says of a disk; other words of a back end may hold what it was given."""
    return error.strerror if isinstance(error, OSError) and error.strerror else type(error).__name__


def hold(platform: str, secret: Secret, account: str = "") -> None:
    """Keep a token in memory until the program ends, before any saved one. Raises `InputError` for what is none."""
    _bound(platform, account)
    _held[_user(platform, _account(account))] = usable(platform, secret)


def usable(platform: str, secret: Secret) -> Secret:
    """Return a token that somebody gave, in its form. Raises `InputError` for what cannot be one."""
    _known(platform)
    try:
        return Secret(_checked(platform, secret.reveal(), "what was given"))
    except CredentialsError as error:
        raise InputError(error.message, title=error.title, kept="the token from before.", hint=error.hint) from None


def delete(platform: str, account: str = "") -> bool:
    """Remove a token from the keyring; False when there is none. Raises `CredentialsError` when that fails."""
    _known(platform)
    held = _held.pop(_user(platform, _account(account)), None) is not None
    there = _in_keyring(platform, account) is not None
    if there:
        try:
            _erase(_user(platform, account))
        except Exception as error:  # noqa: BLE001  (as above)
            raise CredentialsError(
                f"The keyring did not remove the token ({_why(error)}).", title="Token not removed",
                kept="the token.", hint=f"remove {_user(platform, account)!r} of {SERVICE!r} with your keyring's tool.",
            ) from None  # fmt: skip
    _remember(_names() - {(platform, account)})
    return there or held


def accounts(environ: Mapping[str, str] | None = None) -> list[TokenInfo]:
    """Return every token that is there, by platform and account."""
    env = os.environ if environ is None else environ
    found = []
    held = {(platform, account) for platform, _, account in (user.partition(":") for user in _held)}
    for platform, account in sorted({*_names(), *held, *((platform, "") for platform in variables())}):
        if (platform, account) in held:
            found.append(TokenInfo(platform, account, HELD))
        elif _in_keyring(platform, account) is not None:
            found.append(TokenInfo(platform, account, "keyring"))
        elif not account and (name := variables().get(platform, "")) and env.get(name):
            found.append(TokenInfo(platform, account, f"environment variable {name}"))
    return found


def state(platform: str, account: str = "", environ: Mapping[str, str] | None = None) -> TokenState:
    """Return whether a platform needs a token and where one was found."""
    name = variables().get(platform)
    if name is None:  # a PostgreSQL server may want a password: see `password`
        return TokenState(False, False, "no token needed")
    env = os.environ if environ is None else environ
    if _user(platform, account) in _held:
        return TokenState(True, True, HELD)
    if _in_keyring(platform, account) is not None:
        return TokenState(True, True, "found in your keyring")
    if account:
        return TokenState(True, False, f"none for the account {account!r} in your keyring")
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


def need_keyring(platform: str) -> None:
    """See that a token can be kept before anybody is asked for one. Raises `CredentialsError`."""
    if problem := keyring_problem():
        raise _no_keyring(platform, problem)


def kind_of_google(text: str) -> str:
    """Return the type of a Google credentials file: one of `GOOGLE_TYPES`, "client" for an OAuth desktop client.

    Raises `InputError` for anything else; the message holds nothing of the text.
    """
    try:
        data: Any = json.loads(text)
    except (ValueError, RecursionError):
        data = None
    if isinstance(data, dict):
        kind = data.get("type")
        if kind in GOOGLE_TYPES and all(isinstance(data.get(key), str) and data[key] for key in _NEEDED[kind]):
            return str(kind)
        client = data.get("installed")
        if isinstance(client, dict) and isinstance(client.get("client_id"), str):
            return "client"
    raise InputError(
        "This is no Google credentials file: not JSON of a service account, an authorised user or a desktop client.",
        title="Not a credentials file", kept="the token from before.",
        hint="download the JSON key of a service account, or of an OAuth client of the type Desktop app.",
    )  # fmt: skip


def read_google(path: str) -> Secret:
    """Return what is in a Google credentials file, whatever its type. Raises `InputError`."""
    try:
        text = _read_file(typed(path), "--file")
    except CredentialsError as error:
        raise InputError(error.message, title=error.title, kept="the token from before.", hint=error.hint) from None
    kind_of_google(text)
    return Secret(text)


def _known(platform: str) -> None:
    # custom: passwords of PostgreSQL servers; the rest of their ways is libpq's
    if platform not in (kept := (*variables(), "custom")):
        raise InputError(
            f"{platform} needs no token.", title="No token needed", kept="nothing was changed.",
            hint=f"tokens are for {', '.join(kept)}.",
        )  # fmt: skip


def _bound(platform: str, account: str) -> None:
    """See that a password is kept for one server only: answers from somebody else must not send it to theirs."""
    if platform == "custom" and not account:
        raise InputError(
            "A password belongs to one user on one server.", title="Whose password?", kept="nothing was changed.",
            hint="run `chatbuilder token set custom --account USER@HOST`, with both as in the database address "
            "(localhost for a server on this machine, or the name of a service).",
        )  # fmt: skip


def _variable(platform: str) -> str:
    return variables().get(platform, "PGPASSWORD")


def _account(name: str) -> str:
    if name and not _ACCOUNT.fullmatch(name):
        raise InputError(
            "The name of an account has letters, digits and . _ @ + - only, at most 64 of them.",
            title="Name not usable", kept="nothing was changed.", hint="choose a short name such as work.",
        )  # fmt: skip
    return name


def _user(platform: str, account: str) -> str:
    return f"{platform}:{account}" if account else platform


def _checked(platform: str, value: str, what: str) -> str:
    """Return a token in its form. The message of the error never holds the token."""
    if platform == "sheets":
        try:
            wrong = "" if kind_of_google(value) != "client" else "is an OAuth client, which nobody has agreed to yet"
        except InputError:
            wrong = "is no JSON of a service account or an authorised user"
        hint = "run `chatbuilder token set sheets --file FILE` with the file from Google."
        wrong = "is too long" if len(value) > FILE_LIMIT else wrong
    elif platform == "custom":
        value = value.rstrip("\r\n")
        wrong = "" if value and value.isprintable() else "is no password: it is empty or has several lines"
        wrong = "is too long" if len(value) > TOKEN_LIMIT else wrong
        hint = "run `chatbuilder token set custom --account USER@HOST` and type it again."
    else:
        value = value.strip()
        plain = value.isascii() and value.isprintable() and " " not in value
        wrong = "" if plain and value else "is no token: it is empty or has spaces, line ends or other characters"
        wrong = "is too long" if len(value) > TOKEN_LIMIT else wrong
        hint = f"copy the token again and run `chatbuilder token set {platform}`."
    if wrong:
        raise CredentialsError(
            f"{what[0].upper()}{what[1:]} {wrong}.", title="Token not usable", kept="everything as it is.", hint=hint
        )
    return value


def _read_file(path: Path, named_by: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(FILE_LIMIT + 1)
        if len(data) <= FILE_LIMIT:
            return data.decode("utf-8-sig")
        why = "it is too large for a credentials file"
    except OSError as error:
        why = error.strerror or type(error).__name__
    except UnicodeDecodeError:
        why = "it is no text"
    raise CredentialsError(
        f"The file that {named_by} names cannot be used: {why}.", title="Credentials file not usable",
        kept="everything as it is.", hint="name the JSON file of a service account or an authorised user.",
    )  # fmt: skip


def _missing(platform: str, account: str) -> CredentialsError:
    more = f" --account {account}" if account else ""
    what = "the path of a credentials file" if platform == "sheets" else "the token"
    ways = [
        "in the wizard: paste it on the Auto-setup screen",
        f"in a terminal: chatbuilder token set {platform}{more}",
        *([] if account else [f"in scripts: put {what} into the environment variable {_variable(platform)}"]),
    ]
    which = f" for the account {account!r}" if account else ""
    problem = keyring_problem()
    return CredentialsError(
        f"There is no {platform} token{which}" + (f", and {problem}" if problem else "") + ".", title="No token",
        problems=ways, kept="everything as it is.",
        hint=f"give it in one of these ways, then prove it with `chatbuilder token check {platform}{more}`.",
    )  # fmt: skip


def _no_keyring(platform: str, problem: str) -> CredentialsError:
    what = "the path of the credentials file" if platform == "sheets" else "the token"
    return CredentialsError(
        f"The token could not be kept: {problem}.", title="No keyring", kept="everything as it is; no token was saved.",
        problems=(
            "Linux: install and unlock GNOME Keyring (gnome-keyring), KWallet or KeePassXC",
            "a server: pip install keyrings.cryptfile, or another back end that `keyring` knows",
            f"without a keyring: put {what} into the environment variable {_variable(platform)} for each run",
        ),
        hint="do one of these and run it again; `chatbuilder doctor` tells whether the keyring works.",
    )  # fmt: skip


def _in_keyring(platform: str, account: str) -> str | None:
    try:
        return _read(_user(platform, account)) or None
    except Exception:  # noqa: BLE001  (back ends let through whatever their desktop service raises)
        return None


def _read(name: str) -> str | None:
    import keyring

    value = keyring.get_password(SERVICE, name)
    if value is None or not (found := _IN_PARTS.fullmatch(value)):
        return value
    return "".join(keyring.get_password(SERVICE, f"{name}#{number}") or "" for number in range(int(found[1])))


def _write(name: str, value: str) -> None:
    """Windows' Credential Manager takes 2,560 bytes, less than the key of a service account: it gets that in parts."""
    import keyring

    try:
        keyring.set_password(SERVICE, name, value)
    except Exception:
        if len(value) <= PART:
            raise
        parts = [value[start : start + PART] for start in range(0, len(value), PART)]
        for number, part in enumerate(parts):
            keyring.set_password(SERVICE, f"{name}#{number}", part)
        keyring.set_password(SERVICE, name, f"in {len(parts)} parts")


def _erase(name: str) -> None:
    import keyring

    found = _IN_PARTS.fullmatch(keyring.get_password(SERVICE, name) or "")
    for number in range(int(found[1]) if found else 0):
        keyring.delete_password(SERVICE, f"{name}#{number}")
    keyring.delete_password(SERVICE, name)


def _index() -> Path:
    return locate().config / "accounts.json"


def _names() -> set[tuple[str, str]]:
    try:
        data = json.loads(_index().read_bytes()[:FILE_LIMIT])
        pairs = [(platform, name) for platform, names in data.items() for name in names]
    except (OSError, ValueError, RecursionError, AttributeError, TypeError):
        return set()  # a list that is lost costs names, not tokens
    return {(p, n) for p, n in pairs if isinstance(p, str) and isinstance(n, str) and (not n or _ACCOUNT.fullmatch(n))}


def _remember(names: set[tuple[str, str]]) -> None:
    data: dict[str, list[str]] = {}
    for platform, account in sorted(names):
        data.setdefault(platform, []).append(account)
    own_folder(_index().parent)
    write_private(_index(), json.dumps(data, indent=2).encode())
