"""What `doctor` finds out about the machine: terminal, disk, clock, network settings, and packages and programs."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import importlib.util
import os
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from chatbuilder.clock import Clock, iso, utc_now
from chatbuilder.paths import Paths, private_folder, typed

State = Literal["ok", "note", "problem"]
SMALL = (80, 24)  # columns and rows that every screen fits into
FULL, TIGHT = 50_000_000, 500_000_000  # bytes free below which nothing works, and below which a large import may not
AHEAD = timedelta(minutes=10)  # by which a file may be younger than the clock: other machines write to shared folders
OLDEST = "2026-01-01"  # no clock that is right stands before this version was written
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
PROXIES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY")
PROGRAMS = {"soffice": "LibreOffice", "obsidian": "Obsidian", "logseq": "Logseq", "psql": "psql"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: ok, note (works without it) or problem.

    `why` says what it is needed for, `hint` the next thing to do; "" when there is nothing to do.
    """

    name: str
    state: State
    text: str
    hint: str = ""
    why: str = ""


def packages() -> Check:
    """Tell whether everything is installed that the program was installed with."""
    why = "each platform and the wizard need their libraries"
    missing = []
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        for line in importlib.metadata.requires("chatbuilder") or ():
            if ";" not in line and not _is_installed(line):
                missing.append(line)
    if missing:
        hint = "install chatbuilder again: `pipx reinstall chatbuilder` or `pip install --force-reinstall chatbuilder`."
        return Check("packages", "problem", f"missing: {', '.join(missing)}", hint, why)
    return Check("packages", "ok", "all there", why=why)


def _is_installed(requirement: str) -> bool:
    name = requirement.replace("[", " ").replace(">", " ").replace("=", " ").replace("<", " ").split()[0]
    try:
        importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True


def folders(paths: Paths) -> Check:
    """Tell whether our own folders are there, can be written, and are private."""
    why = "drafts, the library and the log are kept there"
    ours = (paths.config, paths.state, paths.data, paths.logs)
    try:
        for folder in ours:
            private_folder(folder)
            probe = folder / f".chatbuilder-doctor-{os.getpid()}"
            probe.touch(mode=0o600)
            probe.unlink()
    except OSError as error:
        hint = "set CHATBUILDER_HOME to a folder you can write."
        return Check("folders", "problem", f"{error.filename}: {error.strerror}", hint, why)
    if os.name != "nt" and (open_ := [f for f in ours if stat.S_IMODE(f.stat().st_mode) & 0o077]):
        names = " ".join(f"'{folder}'" for folder in open_)
        text = f"others on this machine can look into {', '.join(map(str, open_))}"
        return Check("folders", "note", text, f"chmod 700 {names}", "your chats are in them")
    return Check("folders", "ok", f"data in {paths.data}, drafts in {paths.drafts}", why=why)


def disk(paths: Paths, free: Callable[[Path], int] = lambda place: shutil.disk_usage(place).free) -> Check:
    """Tell how much room there is for the library."""
    why = "a library takes about as much as the exports that it was made from"
    place = next((each for each in (paths.data, *paths.data.parents) if each.exists()), Path.cwd())
    try:
        left = free(place)
    except OSError as error:
        return Check("disk", "note", f"free space is not known ({error.strerror})", why=why)
    text = f"{left / 1e9:,.1f} GB free"
    if left >= TIGHT:
        return Check("disk", "ok", text, why=why)
    hint = "make room, or set CHATBUILDER_HOME to a folder on another disk."
    return Check("disk", "problem" if left < FULL else "note", f"only {left / 1e6:,.0f} MB free", hint, why)


def sqlite() -> Check:
    """Tell whether Python's SQLite can hold the library and search it."""
    why, version = "the library is a SQLite file with full-text search", sqlite3.sqlite_version
    hint = "use another Python: one from python.org, your package manager or uv has both."
    if sqlite3.sqlite_version_info < (3, 37):
        return Check("SQLite", "problem", f"{version} is too old: 3.37 is needed", hint, why)
    try:
        with contextlib.closing(sqlite3.connect(":memory:")) as connection:
            connection.execute("CREATE VIRTUAL TABLE words USING fts5 (text, tokenize = 'trigram')")
    except sqlite3.Error as error:
        return Check("SQLite", "problem", f"{version} cannot search text ({error})", hint, why)
    return Check("SQLite", "ok", f"{version} with full-text search", why=why)


def terminal(environ: Mapping[str, str] | None = None) -> Check:
    """Tell what the terminal can show."""
    env = os.environ if environ is None else environ
    why = "the wizard is drawn in it"
    if not all(stream is not None and stream.isatty() for stream in (sys.stdin, sys.stdout)):
        hint = "open chatbuilder in a terminal for the wizard; every command works without."
        return Check("terminal", "note", "not a terminal", hint, why)
    size = shutil.get_terminal_size()
    encoding = (sys.stdout.encoding or "ascii").upper()
    kind = env.get("TERM", "")
    colours = "no colours" if env.get("NO_COLOR") else "all colours" if env.get("COLORTERM") else "colours"
    text = f"{size.columns} by {size.lines}, {encoding}, {colours}"
    if kind in ("dumb", "unknown"):
        return Check("terminal", "note", f"TERM={kind}: it can place no text", "use another terminal program.", why)
    if "UTF" not in encoding:
        hint = "choose a UTF-8 locale, such as `export LC_ALL=C.UTF-8`."
        return Check("terminal", "note", f"{text}: some letters and lines cannot be shown", hint, why)
    if size.columns < SMALL[0] or size.lines < SMALL[1]:
        hint = f"make the window {SMALL[0]} columns by {SMALL[1]} lines or larger, or the letters smaller."
        return Check("terminal", "note", f"{text}: small, so screens have to scroll", hint, why)
    return Check("terminal", "ok", text, why=why)


def clock(paths: Paths, now: Clock = utc_now) -> Check:
    """Tell whether the clock can be right: no file of ours is from its future."""
    why = "a wrong clock makes secure connections fail, and sync and log tell wrong times"
    hint = "set the machine's clock (let it take the time from the network)."
    moment = now()
    if iso(moment) < OLDEST:
        return Check("clock", "problem", f"it says {iso(moment)}, before this version was made", hint, why)
    newest = max(_times(paths), default=moment)
    if newest - moment > AHEAD:
        text = f"it says {iso(moment)}, but a file of ours was written at {iso(newest)}"
        return Check("clock", "note", text, hint, why)
    return Check("clock", "ok", iso(moment), why=why)


def _times(paths: Paths) -> Iterator[datetime]:
    for place in (paths.library, paths.audit_log, paths.usage):
        with contextlib.suppress(OSError, ValueError, OverflowError):
            yield datetime.fromtimestamp(place.stat().st_mtime).astimezone()


def network(environ: Mapping[str, str] | None = None) -> list[Check]:
    """Tell of settings that change the way to vendors. An address of a proxy is not told: it may hold a password."""
    env = os.environ if environ is None else environ
    why = "Notion, Airtable and Google are reached over it; everything else works without a network"
    found = [name for name in PROXIES if env.get(name) or env.get(name.lower())]
    text = f"through the proxy of {', '.join(found)}" if found else "direct, no proxy is set"
    out = [Check("network", "ok", text, why=why)]
    for name in CERTIFICATES:
        if (place := env.get(name)) and not typed(place).exists():
            hint = f"unset {name}, or let it name the certificates of your company."
            out.append(Check(f"network: {name}", "problem", "it names a place that is not there", hint,
                             "no secure connection can be made without certificates"))  # fmt: skip
    return out


def postgres() -> Check:
    """Tell whether the driver of PostgreSQL can be loaded: without its binary it needs libpq on this machine."""
    why = "only needed for a PostgreSQL server"
    try:
        driver: Any = importlib.import_module("psycopg")
        libpq = driver.pq.version() // 10_000
    except ImportError as error:
        text = f"cannot be loaded: {str(error).partition(chr(10))[0][:200] or 'not installed'}"
        return Check("PostgreSQL driver", "note", text, "pip install 'psycopg[binary]', or install libpq.", why)
    return Check("PostgreSQL driver", "ok", f"psycopg {driver.__version__} with libpq {libpq}", why=why)


def browser() -> Check:
    """Tell whether `serve` can show the wizard in a browser."""
    why = "only needed for `chatbuilder serve`"
    if importlib.util.find_spec("textual_serve"):
        return Check("serve", "ok", "the wizard can be shown in a browser", why=why)
    return Check("serve", "note", "textual-serve is not installed", "pip install 'chatbuilder[serve]'", why)


def programs() -> Check:
    """Tell which of the programs that open what is built are on the search path; none is needed to build."""
    there = [name for program, name in PROGRAMS.items() if shutil.which(program)]
    text = f"found {', '.join(there)}" if there else "found none"
    why = "they open what is built; chatbuilder writes their files itself and needs none of them"
    return Check("programs", "ok", f"{text} on the search path; none is needed", why=why)
