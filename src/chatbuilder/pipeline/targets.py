"""Where a system goes: the suggested target, its place in words, the id that a place gives a system."""

from __future__ import annotations

import hashlib
from pathlib import Path

from chatbuilder.answers import check
from chatbuilder.config import Config
from chatbuilder.paths import typed
from chatbuilder.pipeline import outside
from chatbuilder.pipeline.hands import never
from chatbuilder.pipeline.platforms import platform
from chatbuilder.provision.base import Provisioner
from chatbuilder.provision.outside.desk import Desk


def default_target(config: Config) -> dict[str, str]:
    """Return the target keys to suggest: a place in the person's documents for local platforms."""
    home = Path.home()
    documents = home / "Documents" if (home / "Documents").is_dir() else home
    return dict(platform(config.platform).suggest(config, documents))


def with_target(config: Config) -> Config:
    """Return the Config with the suggested target when it has none; no path in it depends on the present folder.

    Raises `InputError` when that makes a path too long.
    """
    target = {**default_target(config), **config.data().get("target", {})}
    if "path" in target:
        target["path"] = str(typed(target["path"]).absolute())
    if file := sqlite_file(target.get("database", "")):
        target["database"] = f"sqlite:///{file.absolute().as_posix()}"
    return check({**config.data(), "target": target})


def sqlite_file(database: str) -> Path | None:
    """Return the file that a database address names; None for any other address."""
    name = database.removeprefix("sqlite:///")
    # What is no plain path is left to the provisioner, which says why it is refused.
    plain = name != database and name != ":memory:" and not name.startswith("file:") and "?" not in name
    return typed(name) if plain else None


def place_of(config: Config) -> str:
    """Return the target in one line, resolved: the same place always gives the same text. Raises `InputError`."""
    return platform(config.platform).place(config).text


def system_id(config: Config) -> str:
    """Return the stable id of the system these answers build: platform, name and a digest of the place.

    Raises `InputError` for a target that names no place.
    """
    from chatbuilder.generators.common.text import slug

    # A workbook, database, base or spreadsheet is one system whatever its name; elsewhere there may be several.
    place = platform(config.platform).place(config)
    parts = [config.platform, place.text] if place.name else [config.platform, place.text, config.name]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:6]
    # Where the name may change, the id must not follow it.
    return f"{config.platform}-{slug(place.name or config.name)[:30].rstrip('-')}-{digest}"


def open_provisioner(config: Config, desk: Desk | None = None) -> Provisioner:
    """Return the provisioner of the Config's target. `desk` stops work out there and hears of its waits.

    Raises `InputError` or `RefusedError`, and `CredentialsError` when there is no token.
    """
    return platform(config.platform).open(config, desk or outside.desk_of(never))
