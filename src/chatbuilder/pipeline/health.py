"""`doctor`: what is well, what is missing, why it matters and what to do about it."""

from __future__ import annotations

import platform
import sqlite3
import time
from collections.abc import Iterable

from chatbuilder import __version__, credentials
from chatbuilder.catalog import PLATFORMS
from chatbuilder.drafts import Drafts
from chatbuilder.errors import ChatbuilderError, ExitCode, InputError
from chatbuilder.library.systems import Library
from chatbuilder.paths import Paths, locate
from chatbuilder.pipeline import history, plugins, surroundings, tokens
from chatbuilder.pipeline.outside import URLS, base_url
from chatbuilder.pipeline.surroundings import Check, State

__all__ = ["Check", "doctor", "exit_code"]

LONG = 5.0  # seconds after which a large library is not looked through any further
OURS = "everything you import and build is on record there"


def doctor(*, online: bool = False) -> list[Check]:
    """Return the health of everything chatbuilder needs; changes nothing but makes its own folders.

    With `online` every token that is there is proved at its vendor.
    """
    paths = locate()
    version = f"{__version__} on Python {platform.python_version()}, {platform.system()}"
    found = [
        Check("chatbuilder", "ok", version, why="name it when you report something"),
        surroundings.packages(), surroundings.folders(paths), surroundings.disk(paths), surroundings.sqlite(),
        *_library(paths), _drafts(paths), *_reports(paths), surroundings.clock(paths), surroundings.terminal(),
        *surroundings.network(), *_addresses(), _keyring(),
    ]  # fmt: skip
    found += _proved() if online else _tokens()
    return [*found, surroundings.postgres(), surroundings.browser(), surroundings.programs(), *_plugins()]


def exit_code(found: Iterable[Check]) -> ExitCode:
    """Return what a script is told: 4 when only tokens are in the way, 3 for any other problem."""
    names = [check.name for check in found if check.state == "problem"]
    if not names:
        return ExitCode.DONE
    return ExitCode.CREDENTIALS if all(name.startswith("token") for name in names) else ExitCode.INPUT


def _library(paths: Paths) -> list[Check]:
    if not paths.library.exists():
        return [Check("library", "ok", "not made yet; it comes with the first system or import", why=OURS)]
    try:
        with Library(paths.library) as library:
            systems = library.systems()
            building = [system.id for system in systems if system.status == "building"]
            stopped = [job for job in library.jobs() if job.status == "running" and history.is_stopped(job)]
        whole = _integrity(paths)
    except ChatbuilderError as error:
        return [Check("library", "problem", error.message, error.hint, OURS)]
    if whole not in ("ok", ""):
        hint = "restore a backup; or move the file away, then import your exports and apply your answers again."
        return [Check("library", "problem", f"{paths.library} is damaged: {whole}", hint, OURS)]
    count = len(systems)
    size = f"{paths.library.stat().st_size / 1e6:,.1f} MB, {'whole' if whole else 'too large to look through here'}"
    out = [Check("library", "ok", f"{paths.library} with {count} system{'' if count == 1 else 's'}, {size}", why=OURS)]
    unfinished = list(dict.fromkeys([*building, *(job.system for job in stopped)]))
    if unfinished:
        text = f"not finished: {', '.join(unfinished)}"
        hint = "run `chatbuilder apply` again with the same answers, or `chatbuilder repair SYSTEM`: it goes on there."
        out.append(Check("systems", "note", text, hint, "a system can be filled when it is built to its end"))
    return out


def _integrity(paths: Paths) -> str:
    """Return "ok", what is wrong with the library's file, or "" when it is too large for a quick look."""
    end = time.monotonic() + LONG
    connection = sqlite3.connect(f"{paths.library.as_uri()}?mode=ro", uri=True, timeout=1)
    try:
        connection.set_progress_handler(lambda: time.monotonic() > end, 10_000)
        return str(connection.execute("PRAGMA quick_check(1)").fetchone()[0]).partition("\n")[0]
    except sqlite3.OperationalError as error:
        return "" if "interrupt" in str(error) or "locked" in str(error) else str(error)
    except sqlite3.Error as error:
        return str(error)
    finally:
        connection.close()


def _drafts(paths: Paths) -> Check:
    why = "a saved session is resumed from there"
    try:
        found = Drafts(paths.drafts).list() if paths.drafts.exists() else []
    except (ChatbuilderError, OSError) as error:
        return Check("drafts", "problem", str(error), "see that the folder can be read.", why)
    if bad := [info.problem for info in found if info.problem]:
        hint = "start a new session with `chatbuilder`; the file is kept for you to mend or remove."
        return Check("drafts", "note", " ".join(bad), hint, why)
    open_ = sum(info.locked for info in found)
    text = f"{len(found)} saved" + (f", {open_} open in another window" if open_ else "")
    return Check("drafts", "ok", text, why=why)


def _reports(paths: Paths) -> list[Check]:
    place = paths.logs / "crash.log"
    if not place.exists():
        return []
    hint = f"report it with {place}, which holds none of your data; remove the file afterwards."
    return [Check("reports", "note", "chatbuilder failed here before", hint, "a defect that nobody reports stays")]


def _addresses() -> list[Check]:
    out = []
    for name, variable in URLS.items():
        why = f"{name} is asked there instead of at its own address"
        try:
            if base_url(name):
                hint = f"unset {variable} to reach {name} itself."
                out.append(Check(f"address: {name}", "note", f"{variable} is set", hint, why))
        except InputError as error:
            out.append(Check(f"address: {name}", "problem", error.message, error.hint, why))
    return out


def _keyring() -> Check:
    why = "tokens are kept in it"
    if problem := credentials.keyring_problem():
        hint = (
            "install and unlock GNOME Keyring, KWallet or KeePassXC, on a server `pip install keyrings.cryptfile`; or "
            "give tokens by the environment. Local platforms need none."
        )
        return Check("keyring", "note", problem, hint, why)
    return Check("keyring", "ok", "usable", why=why)


def _tokens() -> list[Check]:
    out = []
    for key in credentials.ENVIRONMENT:
        state = credentials.state(key)
        hint = "" if state.found else f"to build there, run `chatbuilder token set {key}`; nothing else needs it."
        why = _why(key)
        out.append(Check(f"token: {key}", "ok" if state.found else "note", state.where, hint, why))
    return out


def _why(key: str) -> str:
    return f"{PLATFORMS[key].name} is built and filled with your own token"


def _proved() -> list[Check]:
    """Ask each vendor of which there is a token; the others stay as they are without asking."""
    out = {check.name: check for check in _tokens()}
    for token in credentials.accounts():
        if token.platform not in credentials.ENVIRONMENT:
            continue
        name = f"token: {token.platform}" + (f" {token.account}" if token.account else "")
        why = _why(token.platform)
        try:
            account = tokens.token_check(token.platform, token.account)
        except ChatbuilderError as error:
            # A vendor that is away says nothing against a token.
            state: State = "note" if error.exit_code == ExitCode.REFUSED else "problem"
            out[name] = Check(name, state, error.message, error.hint, why)
            continue
        missing = " ".join(account.next)
        out[name] = Check(name, "note" if missing else "ok", f"valid: {account.who}", missing, why)
    return list(out.values())


def _plugins() -> list[Check]:
    why = "it brings a source of chats of its own"
    return [
        Check(f"plug-in {plugin.name}", "note", f"{plugin.package} cannot be used: {plugin.problem}",
              "update or remove that package; everything else works without it.", why)
        if plugin.problem
        else Check(f"plug-in {plugin.name}", "ok", plugin.package, why=why)
        for plugin in plugins.chat_sources()
    ]  # fmt: skip
