"""Building a system for real: target, preflight, run, job. Registering what exists."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path, PurePath
from typing import Any

from chatbuilder import audit, catalog, credentials
from chatbuilder.answers import check
from chatbuilder.config import Config
from chatbuilder.errors import ChatbuilderError, InputError, RefusedError
from chatbuilder.library.journal import Journal
from chatbuilder.library.systems import Job, Library
from chatbuilder.paths import locate, own_folder, typed
from chatbuilder.pipeline.designing import build
from chatbuilder.provision.base import Preflight, Provisioner, Result
from chatbuilder.provision.runner import Event, Outcome, give_up, run, settle
from chatbuilder.solution import Plan


@dataclass(frozen=True, slots=True)
class TargetReport:
    """What was found at the target: `ready` when nothing stands in the way; `problems` say what does.

    `merges` are settings of the person's own that would get new keys; `credentials` is the state of the token.
    """

    place: str
    ready: bool
    exists: bool
    notes: tuple[str, ...] = ()
    merges: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    credentials: str = ""


@dataclass(frozen=True, slots=True)
class SystemInfo:
    """One line of the list of systems."""

    id: str
    name: str
    platform: str
    place: str
    url: str
    status: str
    created: str
    updated: str


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
    """Return the target in one line, resolved: the same place always gives the same text."""
    target = config.target
    if target.path:
        return str(typed(target.path).resolve())
    if file := _sqlite_file(target.database or ""):
        return f"sqlite:///{file.resolve().as_posix()}"
    return target.database or target.parent or target.base or target.workspace or target.spreadsheet or "your account"


def system_id(config: Config) -> str:
    """Return the stable id of the system these answers build: platform, name and a digest of the place."""
    from chatbuilder.generators.common.text import slug

    # A workbook or database is one system whatever its name; a folder may hold several, side by side.
    place = place_of(config)
    one_file = config.platform in ("excel", "custom")
    name = PurePath(place).stem if one_file else config.name
    parts = [config.platform, place] if one_file else [config.platform, place, config.name]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:6]
    return f"{config.platform}-{slug(name)[:30].rstrip('-')}-{digest}"


def open_provisioner(config: Config) -> Provisioner:
    """Return the provisioner of the Config's target. Raises `InputError` or `RefusedError`."""
    platform = catalog.PLATFORMS[config.platform]
    if platform.kind == "api":
        raise RefusedError(
            f"This version does not build in {platform.name} by itself yet.", title="Not in this version",
            kept="your answers.",
            hint=f"`chatbuilder build` writes the package: its guide builds it in {platform.name} by hand.",
        )  # fmt: skip
    module = import_module(f"chatbuilder.provision.{config.platform}")
    target = config.target.database if config.platform == "custom" else typed(str(config.target.path)).absolute()
    provisioner: Provisioner = module.open_target(target)
    return provisioner


@contextmanager
def system_lock(identity: str) -> Iterator[None]:
    """Let one process at a time work on a system. Raises `InputError` when another one does."""
    from filelock import FileLock, Timeout

    folder = own_folder(locate().state / "locks")
    try:
        with FileLock(folder / f"{identity}.lock", timeout=0, mode=0o600):
            yield
    except Timeout:
        raise InputError(
            "Another chatbuilder is working on this system.", title="System in use", kept="nothing was changed.",
            hint="wait until it has finished.",
        ) from None  # fmt: skip


def known_results(journal: Journal, provisioner: Provisioner) -> dict[str, Result]:
    """Return the results of earlier runs by step key, that of a step which a crash left in doubt included.

    Only for whoever holds the lock of the system: a step that another process is at would look in doubt.
    """
    settle(journal, provisioner)
    return {key: record.result for key, record in journal.records().items() if record.result is not None}


@contextmanager
def usable_target(place: str) -> Iterator[None]:
    """Turn what the system says about a target that cannot be looked at into `InputError`."""
    try:
        yield
    except OSError as error:
        raise InputError(
            f"{place} cannot be used: {error.strerror or error}.", title="The target cannot be used",
            kept="everything there; nothing was written.", hint="mend the cause, or choose another target.",
        ) from error  # fmt: skip


def inspect_target(config: Config) -> TargetReport:
    """Look at the target without changing it; problems are reported, not raised."""
    token = credentials.state(config.platform, config.target.account or "")
    place = place_of(config)
    try:
        found = _look(config, place)
    except ChatbuilderError as error:
        problems = (error.message, *error.problems, *((error.hint,) if error.hint else ()))
        return TargetReport(place, ready=False, exists=False, problems=problems, credentials=token.where)
    return TargetReport(found.place, True, found.exists, found.notes, found.merges, (), token.where)


def _look(config: Config, place: str) -> Preflight:
    with usable_target(place), closing(open_provisioner(config)) as provisioner:
        plan = build(config).plan
        if not locate().library.exists():
            return provisioner.preflight(plan, {})
        with system_lock(system_id(config)), Library(locate().library) as library:
            return provisioner.preflight(plan, known_results(library.journal(system_id(config)), provisioner))


def apply(config: Config, *, on_event: Callable[[Event], None], cancelled: Callable[[], bool]) -> Job:
    """Build the system, or finish an interrupted build, or bring it to these answers. Returns the closed job.

    Raises `InputError` or `RefusedError` when it cannot start; a step that fails later is in the job's error.
    """
    config = with_target(config)
    identity = system_id(config)
    solution = build(config)
    with usable_target(place_of(config)):
        provisioner = open_provisioner(config)
    with closing(provisioner), system_lock(identity), Library(locate().library) as library:
        journal = library.journal(identity)
        with usable_target(place_of(config)):
            found = provisioner.preflight(solution.plan, known_results(journal, provisioner))
        give_up(journal, solution.plan)
        library.save_system(identity, config.name, config.platform, found.place, config.data())
        run_ = Run(library, identity, config.platform, provisioner, tuple(m.title for m in solution.manual))
        return run_.deliver(solution.plan, "apply", on_event, cancelled)


@dataclass(frozen=True, slots=True)
class Run:
    """One job on one system: delivers a plan and closes the job, whatever happens."""

    library: Library
    system: str
    platform: str
    provisioner: Provisioner
    by_hand: tuple[str, ...]

    def deliver(
        self, plan: Plan, action: str, on_event: Callable[[Event], None], cancelled: Callable[[], bool],
        positions: Mapping[str, int] | None = None,
    ) -> Job:  # fmt: skip
        """Deliver the steps of a plan that are not done yet and return the closed job; `positions` as in `run`."""
        job = self.library.start_job(self.system, self.platform)
        try:
            journal = self.library.journal(self.system, job.id)
            outcome = run(plan, self.provisioner, journal, on_event, cancelled, positions)
        except KeyboardInterrupt:
            self.library.finish_job(job.id, "cancelled", {}, None)
            raise
        except BaseException as error:
            self.library.finish_job(job.id, "failed", {}, {"title": "Defect", "message": type(error).__name__})
            raise
        closed = self._close(job, outcome)
        audit.record(
            locate().audit_log, action, system=job.system, job=job.id, status=outcome.status, steps=outcome.done
        )
        return closed

    def _close(self, job: Job, outcome: Outcome) -> Job:
        result: dict[str, Any] = {"steps": outcome.done, "of": outcome.total, "kept": list(outcome.kept)}
        if outcome.status == "completed":
            links = self.provisioner.links(outcome.results)
            result |= {"url": links.url, "place": links.place, "next": list(links.next), "by_hand": list(self.by_hand)}
            self.library.set_system(job.system, "ready", links.url)
        error = error_data(outcome.error) if outcome.error else None
        return self.library.finish_job(job.id, outcome.status, result, error)


def error_data(error: ChatbuilderError) -> dict[str, Any]:
    """Return an error as JSON data for a job."""
    return {
        "title": error.title, "message": error.message, "problems": list(error.problems), "kept": error.kept,
        "hint": error.hint, "exit_code": int(error.exit_code),
    }  # fmt: skip


def systems() -> list[SystemInfo]:
    """Return the systems that exist, newest first."""
    if not locate().library.exists():
        return []
    with Library(locate().library) as library:
        return [
            SystemInfo(s.id, s.name, s.platform, s.place, s.url, s.status, s.created, s.updated)
            for s in library.systems()
        ]


def jobs() -> list[Job]:
    """Return provisioning jobs, newest first."""
    if not locate().library.exists():
        return []
    with Library(locate().library) as library:
        return library.jobs()


def config_of(answers: Mapping[str, Any]) -> Config:
    """Return the Config a system was built from. Raises `InputError` when this version no longer accepts it."""
    return check(answers, "The system's answers")
