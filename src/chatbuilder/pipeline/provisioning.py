"""Building a system for real: target, preflight, run, job. Registering what exists."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from chatbuilder import audit, credentials
from chatbuilder.config import Config
from chatbuilder.errors import ChatbuilderError, CredentialsError, ExitCode, UnavailableError
from chatbuilder.library.journal import Journal
from chatbuilder.library.systems import Job, Library
from chatbuilder.paths import locate
from chatbuilder.pipeline import evolving, passwords, taking_over
from chatbuilder.pipeline.designing import build, check
from chatbuilder.pipeline.hands import Hands, hands_of, never, silent, usable_target
from chatbuilder.pipeline.metering import meter
from chatbuilder.pipeline.outside import desk_of, for_account, is_remote, naming_account
from chatbuilder.pipeline.targets import default_target, open_provisioner, place_of, system_id, with_target
from chatbuilder.pipeline.tidying import Tidied, tidy_up
from chatbuilder.provision import crew
from chatbuilder.provision.base import Preflight, Provisioner, Result, Sweeping
from chatbuilder.provision.runner import Event, Outcome, give_up, run, settle, step_of
from chatbuilder.servers import is_server
from chatbuilder.solution import Evolution, Plan, Solution

__all__ = [
    "Run", "SystemInfo", "TargetReport", "apply", "config_of", "default_target", "inspect_target",
    "known_results", "open_provisioner", "place_of", "system_id", "systems", "with_target",
]  # fmt: skip

STANDS = (
    "A system that chatbuilder built stands here, and this library does not know it: it is taken over as it stands, "
    "and nothing is made twice."
)
COMMITS = 4.0  # seconds after which a vendor has done what it was asked, or not


@dataclass(frozen=True, slots=True)
class TargetReport:
    """What was found at the target: `ready` when nothing stands in the way; `problems` say what does.

    `merges` are settings of the person's own that would get new keys; `credentials` is the state of the token; `code`
    is the exit code of the error that stands in the way, 0 when none does.
    """

    place: str
    ready: bool
    exists: bool
    notes: tuple[str, ...] = ()
    merges: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    credentials: str = ""
    code: int = 0


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


def known_results(journal: Journal, provisioner: Provisioner, hands: Hands) -> dict[str, Result]:
    """Return the results of earlier runs by step key, that of a step which a crash left in doubt included.

    Only for whoever holds the lock of the system: a step that another process is at would look in doubt.
    """
    settle(journal, provisioner, hands.do)
    ago = journal.cut_off() if hands.aside else None
    if ago is not None and 0 <= ago < COMMITS:
        # The vendor may still be at what a killed run has just asked of it: what is not there may come yet.
        desk = desk_of(hands.cancelled)
        hands.do(lambda: desk.wait(COMMITS - ago, "letting the last call of the stopped run end"))
        settle(journal, provisioner, hands.do)
    return evolving.known(journal.records())


def inspect_target(
    config: Config, *, cancelled: Callable[[], bool] = never, on_event: Callable[[Event], None] = silent
) -> TargetReport:
    """Look at the target without changing it; problems are reported, not raised."""
    place = where = ""
    try:
        where = _credentials(config)
        place = place_of(config)
        found = _look(config, place, hands_of(config, system_id(config), on_event, cancelled))
    except ChatbuilderError as error:
        problems = (error.message, *error.problems, *((error.hint,) if error.hint else ()))
        code = int(error.exit_code)
        return TargetReport(place, False, False, problems=problems, credentials=where, code=code)
    return TargetReport(found.place, True, found.exists, found.notes, found.merges, (), where)


def _credentials(config: Config) -> str:
    """Return where the token or password of a target comes from, in words."""
    if is_server(config.target.database):
        return passwords.state(str(config.target.database))
    return credentials.state(config.platform, config.target.account or "").where


def _look(config: Config, place: str, hands: Hands) -> Preflight:
    plan = build(config).plan
    with usable_target(place):
        provisioner = open_provisioner(config, desk_of(hands.cancelled))
        if not locate().library.exists():
            with crew.closing(hands.system, provisioner), naming_account(config.platform, config.target.account):
                return _first_look(config, plan, provisioner, None, hands)
        with hands.holding(provisioner), Library(locate().library) as library:
            system = library.find(hands.system)
            alive = system is not None and system.status != "destroyed"
            if not alive:
                with naming_account(config.platform, config.target.account):
                    return _first_look(config, plan, provisioner, library, hands)
            seed = evolving.seed_of(config, system.mark) if system else {}
            return _preflight(config, plan, provisioner, library.journal(hands.system), seed, hands)[1]


def _first_look(
    config: Config, plan: Plan, provisioner: Provisioner, library: Library | None, hands: Hands
) -> Preflight:
    """Look at a target where the library knows no system, though one may stand there."""
    found = hands.do(lambda: taking_over.standing(config, plan, provisioner, library))
    if found is None:
        return hands.do(lambda: provisioner.preflight(plan, {}))
    known = {**found.results, **evolving.seed_of(config, found.mark)}
    seen = hands.do(lambda: provisioner.preflight(plan, known))
    return replace(seen, notes=(STANDS, *seen.notes))


def _preflight(
    config: Config, plan: Plan, provisioner: Provisioner, journal: Journal, seed: Mapping[str, Result], hands: Hands
) -> tuple[Evolution, Preflight]:
    with naming_account(config.platform, config.target.account):
        known = {**known_results(journal, provisioner, hands), **seed}
        evolution = evolving.evolve(config, plan, evolving.present(journal.records()))
        return evolution, hands.do(lambda: provisioner.preflight(evolution.plan, known))


def apply(
    config: Config, *, on_event: Callable[[Event], None], cancelled: Callable[[], bool], tidy: bool = False
) -> Job:
    """Build the system, or finish an interrupted build, or bring it to these answers. Returns the closed job.

    With `tidy`, parts that the answers do not ask for any more are removed, but for what the person edited.

    Raises `InputError`, `CredentialsError`, `RefusedError` or `InterruptedByUser` when it cannot start; a step that
    fails later is in the job's error.
    """
    config = with_target(config)
    hands = hands_of(config, system_id(config), on_event, cancelled)
    solution = build(config)
    place = place_of(config)
    with usable_target(place):
        provisioner = open_provisioner(config, desk_of(cancelled))
    with hands.holding(provisioner), Library(locate().library) as library:
        told = _taken_over(config, solution.plan, provisioner, library, place, hands)
        journal = library.journal(hands.system)
        mark = library.mark(hands.system)
        seed = evolving.seed_of(config, mark)
        with usable_target(place):
            evolution, found = _preflight(config, solution.plan, provisioner, journal, seed, hands)
        give_up(journal, solution.plan)
        journal.put_in_order(step.key for step in evolution.plan)
        library.save_system(hands.system, config.name, config.platform, found.place, config.data(), mark)
        run_ = Run(library, config, hands, provisioner, solution, seed, told)
        return run_.bring_to(evolution, tidy=tidy)


def _taken_over(
    config: Config, plan: Plan, provisioner: Provisioner, library: Library, place: str, hands: Hands
) -> tuple[str, ...]:
    """Put a system on record that stands at the target though the library knows none; return what to tell of it."""
    system = library.find(hands.system)
    if system is not None and system.status != "destroyed":
        return ()
    with usable_target(place), naming_account(config.platform, config.target.account):
        found = hands.do(lambda: taking_over.standing(config, plan, provisioner, library))
    if found is None:
        return ()
    taking_over.take_over(library, hands.system, config, place, found)
    audit.record(locate().audit_log, "take over", system=hands.system, steps=len(found.steps))
    return found.told(hands.system)


@dataclass(frozen=True, slots=True)
class Run:
    """One job on one system: delivers a plan and closes the job, whatever happens. `told` comes first in its result."""

    library: Library
    config: Config
    hands: Hands
    provisioner: Provisioner
    solution: Solution
    seed: Mapping[str, Result]
    told: tuple[str, ...] = ()

    def bring_to(self, evolution: Evolution, *, tidy: bool) -> Job:
        """Bring the system to its answers: what an earlier run left half changed first, then the rest."""

        def work(journal: Journal) -> tuple[Outcome, Tidied]:
            last, now = self._finish_changes(journal), evolution
            if last is not None:
                if last.status != "completed":
                    return last, Tidied()
                now = evolving.evolve(self.config, self.solution.plan, evolving.present(journal.records()))
            outcome = self._deliver(journal, now.plan, {})
            if outcome.status != "completed":
                return outcome, Tidied()
            if is_remote(self.config.platform):
                return outcome, Tidied(left=now.kept, swept=self._sweep(journal))
            return outcome, tidy_up(journal, self.provisioner, now.plan, remove=tidy)

        return self._job("apply", work)

    def _sweep(self, journal: Journal) -> tuple[str, ...]:
        """Clear away what calls in doubt made twice, where a platform can tell; this is no reason to fail."""
        if not isinstance(self.provisioner, Sweeping):
            return ()
        told: list[str] = []
        for record in evolving.present(journal.records()).values():
            if record.result is not None and record.result.get("doubted") and record.state == "done":
                with suppress(ChatbuilderError):
                    told += self.hands.do(
                        partial(self.provisioner.sweep, step_of(record), record.payload, record.result)
                    )
        return tuple(told)

    def deliver(self, plan: Plan, action: str, positions: Mapping[str, int]) -> Job:
        """Deliver the steps of a plan that are not done yet and return the closed job; `positions` as in `run`."""
        return self._job(action, lambda journal: (self._deliver(journal, plan, positions), Tidied()))

    def _finish_changes(self, journal: Journal) -> Outcome | None:
        """Deliver the changes that were begun with answers of before: what changes next builds on them."""
        if not is_remote(self.config.platform):
            return None
        wanted = {step.key for step in self.solution.plan}
        steps = [
            step_of(record)
            for record in journal.records().values()
            if record.state in ("intent", "failed") and record.result is not None and record.key in wanted
        ]
        positions = {record.key: record.position for record in journal.records().values()}
        return self._deliver(journal, Plan(tuple(steps)), positions) if steps else None

    def _deliver(self, journal: Journal, plan: Plan, positions: Mapping[str, int]) -> Outcome:
        return run(
            plan, self.provisioner, journal, self.hands.on_event, self.hands.cancelled, positions, seed=self.seed,
            aside=self.hands.aside or None,
        )  # fmt: skip

    def _job(self, action: str, work: Callable[[Journal], tuple[Outcome, Tidied]]) -> Job:
        job = self.library.start_job(self.hands.system, self.config.platform)
        before = meter().sent(self.config.platform)
        try:
            outcome, tidied = work(self.library.journal(self.hands.system, job.id))
        except KeyboardInterrupt:
            self.library.finish_job(job.id, "cancelled", {}, None)
            self._record(action, job, "cancelled", calls=meter().sent(job.platform) - before)
            raise
        except BaseException as error:
            self.library.finish_job(job.id, "failed", {}, defect_data(error))
            self._record(action, job, "failed", calls=meter().sent(job.platform) - before, error=type(error).__name__)
            raise
        calls = meter().sent(self.config.platform) - before
        closed = self._close(job, outcome, tidied, calls)
        title = outcome.error.title if outcome.error else ""
        self._record(action, job, outcome.status, steps=outcome.done, calls=calls, error=title)
        return closed

    def _record(self, action: str, job: Job, status: str, *, calls: int, steps: int = 0, error: str = "") -> None:
        more: dict[str, Any] = {"error": error} if error else {}
        audit.record(
            locate().audit_log, action, system=job.system, job=job.id, status=status, steps=steps, calls=calls, **more
        )

    def _close(self, job: Job, outcome: Outcome, tidied: Tidied, calls: int) -> Job:
        result: dict[str, Any] = {"steps": outcome.done, "of": outcome.total, "kept": list(outcome.kept)}
        result |= {"calls": calls} if calls else {}
        if outcome.status == "completed":
            links = self.provisioner.links(outcome.results)
            by_hand = [step.title for step in self.solution.manual]
            result |= {
                "url": links.url,
                "place": links.place,
                "next": [*self.told, *tidied.swept, *links.next],
                "by_hand": by_hand,
            }
            result |= {"left": list(tidied.left)} if tidied.left else {}
            result |= {"removed": list(tidied.removed)} if tidied.removed else {}
            self.library.set_system(job.system, "ready", links.url)
        error = error_data(outcome.error, self._exit_code(outcome)) if outcome.error else None
        if error is not None:
            error["hint"] = for_account(error["hint"], job.platform, self.config.target.account)
        return self.library.finish_job(job.id, outcome.status, result, error)

    def _exit_code(self, outcome: Outcome) -> int:
        """A run that got somewhere is partly done when running it again will do; else the error says what it takes."""
        error = outcome.error
        again = isinstance(error, UnavailableError) or not is_remote(self.config.platform)
        if error is None or not outcome.done or isinstance(error, CredentialsError) or not again:
            return int(error.exit_code if error else ExitCode.DONE)
        return int(ExitCode.PARTLY)


def error_data(error: ChatbuilderError, exit_code: int) -> dict[str, Any]:
    """Return an error as JSON data for a job."""
    return {
        "title": error.title, "message": error.message, "problems": list(error.problems), "kept": error.kept,
        "hint": error.hint, "exit_code": exit_code,
    }  # fmt: skip


def defect_data(error: BaseException) -> dict[str, Any]:
    """Return a defect as JSON data for a job, without the values that were handled."""
    wording = ChatbuilderError(type(error).__name__, title="Defect", kept="everything built so far.", hint="report it.")
    return error_data(wording, int(ExitCode.DEFECT))


def systems() -> list[SystemInfo]:
    """Return the systems that exist, newest first."""
    if not locate().library.exists():
        return []
    with Library(locate().library) as library:
        return [
            SystemInfo(s.id, s.name, s.platform, s.place, s.url, s.status, s.created, s.updated)
            for s in library.systems()
        ]


def config_of(answers: Mapping[str, Any]) -> Config:
    """Return the Config a system was built from. Raises `InputError` when this version no longer accepts it."""
    return check(answers, "The system's answers")
