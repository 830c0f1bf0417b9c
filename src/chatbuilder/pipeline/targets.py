"""Where a system goes: the suggested target, its place in words, the id that a place gives a system."""

from __future__ import annotations

import hashlib
from importlib import import_module
from pathlib import Path, PurePath

from chatbuilder.answers import check
from chatbuilder.config import Config
from chatbuilder.paths import typed
from chatbuilder.pipeline import outside, passwords
from chatbuilder.pipeline.hands import never
from chatbuilder.provision.base import Provisioner
from chatbuilder.provision.outside.desk import Desk
from chatbuilder.servers import is_server


def default_target(config: Config) -> dict[str, str]:
    """Return the target keys to suggest: a place in the person's documents for local platforms."""
    from chatbuilder.generators.common.text import file_name, slug

    home = Path.home()
    documents = home / "Documents" if (home / "Documents").is_dir() else home
    name = file_name(config.name)
    match config.platform:
        case "obsidian":
            return {"path": str(documents / f"{name} vault")}
        case "logseq":
            return {"path": str(documents / f"{name} graph")}
        case "excel":
            return {"path": str(documents / f"{name}.xlsx")}
        case "custom":
            return {"database": f"sqlite:///{(documents / f'{slug(config.name)}.db').as_posix()}"}
    return {}


def with_target(config: Config) -> Config:
    """Return the Config with the suggested target when it has none; no path in it depends on the present folder.

    Raises `InputError` when that makes a path too long.
    """
    target = dict(config.data().get("target", {}))
    if not (config.target.path or config.target.database):
        target = {**default_target(config), **target}
    if "path" in target:
        target["path"] = str(typed(target["path"]).absolute())
    if file := _sqlite_file(target.get("database", "")):
        target["database"] = f"sqlite:///{file.absolute().as_posix()}"
    return check({**config.data(), "target": target})


def _sqlite_file(database: str) -> Path | None:
    name = database.removeprefix("sqlite:///")
    # What is no plain path is left to the provisioner, which says why it is refused.
    plain = name != database and name != ":memory:" and not name.startswith("file:") and "?" not in name
    return typed(name) if plain else None


def place_of(config: Config) -> str:
    """Return the target in one line, resolved: the same place always gives the same text. Raises `InputError`."""
    target = config.target
    if outside.is_remote(config.platform):
        return outside.identity(config)[0]
    if target.path:
        return str(typed(target.path).resolve())
    if file := _sqlite_file(target.database or ""):
        return f"sqlite:///{file.resolve().as_posix()}"
    if is_server(target.database):
        return passwords.server(str(target.database)).identity
    return target.database or "nowhere yet"


def system_id(config: Config) -> str:
    """Return the stable id of the system these answers build: platform, name and a digest of the place.

    Raises `InputError` for a target that names no place.
    """
    from chatbuilder.generators.common.text import slug

    # A workbook, database, base or spreadsheet is one system whatever its name; elsewhere there may be several.
    place = place_of(config)
    remote = outside.is_remote(config.platform)
    whole = outside.identity(config)[1] if remote else config.platform in ("excel", "custom")
    name = PurePath(place).stem if whole and not remote else config.name
    name = passwords.server(str(config.target.database)).name if is_server(config.target.database) else name
    parts = [config.platform, place] if whole else [config.platform, place, config.name]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:6]
    # Where the name may change, the id must not follow it.
    name = place.partition(" ")[0] if whole and remote else name
    return f"{config.platform}-{slug(name)[:30].rstrip('-')}-{digest}"


def open_provisioner(config: Config, desk: Desk | None = None) -> Provisioner:
    """Return the provisioner of the Config's target. `desk` stops work out there and hears of its waits.

    Raises `InputError` or `RefusedError`, and `CredentialsError` when there is no token.
    """
    if outside.is_remote(config.platform):
        return outside.open_remote(config, desk or outside.desk_of(never))
    module = import_module(f"chatbuilder.provision.{config.platform}")
    if is_server(config.target.database):
        server: Provisioner = module.open_server(config.target.database, passwords.find(str(config.target.database)))
        return server
    target = config.target.database if config.platform == "custom" else typed(str(config.target.path)).absolute()
    provisioner: Provisioner = module.open_target(target)
    return provisioner
