"""What the wizard asks to bring in chats and to fill a system: where logs and exports are, what exists, how it goes.

Light to import, as `interactive` is: what is heavy is imported when it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from chatbuilder.errors import InputError
from chatbuilder.paths import locate, typed

if TYPE_CHECKING:
    from chatbuilder.config import Config
    from chatbuilder.pipeline.importing import FoundLogs, ImportProgress, ImportReport
    from chatbuilder.pipeline.provisioning import SystemInfo
    from chatbuilder.pipeline.syncing import SyncProgress, SyncReport, SyncWaiting

EXPORTS = (".zip", ".json", ".jsonl", ".html", ".csv", ".db", ".vscdb", ".zst", ".gz")
"""How the names of exports and logs end. Importing goes by what is in a file; this is only what a list shows."""
MOST = 2_000  # lines of a folder
LOOKED_AT = 20_000  # names of a folder


class Spot(NamedTuple):
    """One line of a folder. `changed` is in seconds since 1970, `size` in bytes; both are 0 when nobody may know."""

    name: str
    path: str
    folder: bool
    size: int = 0
    changed: float = 0.0


class Listing(NamedTuple):
    """What may be chosen in a folder: folders by name, then files, the newest first.

    `parent` is "" at the top; `hidden` counts what is not listed: other files, names that begin with a dot.
    """

    path: str
    parent: str
    spots: tuple[Spot, ...]
    hidden: int = 0


class Standing(NamedTuple):
    """What there is to fill, newest first, which of it these answers built ("" for none), and with how many chats."""

    systems: tuple[SystemInfo, ...]
    mine: str
    chats: int


def logs() -> tuple[FoundLogs, ...]:
    """Return where agents keep their chats on this machine; reads nothing."""
    from chatbuilder.pipeline.importing import discover_logs

    return tuple(discover_logs())


def listing(folder: str = "") -> Listing:
    """Return what may be chosen in a folder, "" for the one to begin with. Raises `InputError`."""
    place = typed(folder).absolute() if folder else _start()
    if not place.is_dir():
        place = place.parent
    spots, hidden = [], 0
    try:
        for at, found in enumerate(place.iterdir()):
            spot = _spot(found) if at < LOOKED_AT and not found.name.startswith(".") else None
            hidden += spot is None
            spots += [spot] if spot else []
    except OSError as error:
        raise InputError(
            f"{place} cannot be read: {error.strerror or error}.", title="Folder not readable",
            kept="everything as it is.", hint="choose another folder.",
        ) from error  # fmt: skip
    spots.sort(key=lambda spot: (not spot.folder, 0 if spot.folder else -spot.changed, spot.name.casefold()))
    hidden += len(spots[MOST:])
    return Listing(str(place), str(place.parent) if place.parent != place else "", tuple(spots[:MOST]), hidden)


def _start() -> Path:
    home = Path.home()
    downloads = home / "Downloads"
    return downloads if downloads.is_dir() else home


def _spot(place: Path) -> Spot | None:
    try:
        if place.is_dir():
            return Spot(place.name, str(place), True)
        if place.suffix.lower() not in EXPORTS or not place.is_file():
            return None
        facts = place.stat()
        return Spot(place.name, str(place), False, facts.st_size, facts.st_mtime)
    except OSError:
        return None


def standing(config: Config | None) -> Standing:
    """Return what there is to fill and with how many chats; `config` are the answers at hand. Raises `InputError`."""
    from chatbuilder.pipeline import browsing, provisioning

    systems = tuple(provisioning.systems())
    mine = provisioning.system_id(provisioning.with_target(config)) if config is not None else ""
    chats = browsing.chats(limit=1).total if locate().library.exists() else 0
    return Standing(systems, mine if any(system.id == mine for system in systems) else "", chats)


def read(
    paths: Sequence[str], dry_run: bool, hear: Callable[[ImportProgress], None], cancelled: Callable[[], bool]
) -> ImportReport:
    """Import exports and logs, or with `dry_run` tell what that would do. Raises as `import_chats` does."""
    from chatbuilder.pipeline.importing import import_chats

    return import_chats(paths, dry_run=dry_run, on_progress=hear, cancelled=cancelled)


def fill(
    system: str, transcripts: bool, dry_run: bool, hear: Callable[[SyncProgress | SyncWaiting], None],
    cancelled: Callable[[], bool],
) -> SyncReport:  # fmt: skip
    """Bring the library into a system, or with `dry_run` tell what that would do. Raises as `sync` does."""
    from chatbuilder.pipeline.syncing import sync

    return sync(system, dry_run=dry_run, transcripts=transcripts, on_event=hear, cancelled=cancelled)
