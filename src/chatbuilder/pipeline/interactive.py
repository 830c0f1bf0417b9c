"""What the wizard asks while somebody answers. Light to import: what is heavy is imported when it is asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from chatbuilder.errors import ExitCode, InterruptedByUser
from chatbuilder.paths import locate, private_folder

if TYPE_CHECKING:
    from chatbuilder.blueprint import Blueprint
    from chatbuilder.config import Config
    from chatbuilder.drafts import Draft, DraftInfo
    from chatbuilder.library.systems import Job
    from chatbuilder.pipeline.connecting import Fault
    from chatbuilder.pipeline.evolving import Changes
    from chatbuilder.pipeline.provisioning import SystemInfo, TargetReport
    from chatbuilder.pipeline.tidying import Leftover
    from chatbuilder.solution import Solution
    from chatbuilder.wizard import Session

Hear = Callable[[str, Literal["running", "held", "done", "left", "failed"], str, float], None]
Cancelled = Callable[[], bool]
Wait = Callable[[str, float], None]
THEME_LIMIT = 60


class Sketch(NamedTuple):
    """The design of unfinished answers, and every problem they have, as `check` words them."""

    blueprint: Blueprint
    problems: tuple[str, ...]


class Work(NamedTuple):
    """Everything that valid answers lead to. `view_words` tell by view key how each view is set up."""

    config: Config
    solution: Solution
    suggested: Mapping[str, str]
    view_words: Mapping[str, str]


class Seen(NamedTuple):
    """What a look at the target found; `unfinished`: a build of this system stopped there before its end.

    `changes` is what building would do, `leftovers` what it would leave although the answers do not ask for it, and
    `fault` what a refusal is about: the token or the place.
    """

    target: TargetReport
    unfinished: bool = False
    changes: Changes | None = None
    leftovers: tuple[Leftover, ...] = ()
    fault: Fault = ""


def anything_saved() -> bool:
    """Tell, without loading anything, whether there may be sessions to resume or systems to show."""
    place = locate()
    return place.library.exists() or any(place.drafts.glob("*.json"))


def known() -> tuple[tuple[DraftInfo, ...], tuple[SystemInfo, ...]]:
    """Return the sessions that can be resumed and the systems that exist. Raises `InputError`."""
    from chatbuilder import pipeline
    from chatbuilder.pipeline.designing import know

    drafts, systems = tuple(pipeline.drafts()), tuple(pipeline.systems())
    for name in {*(draft.platform for draft in drafts), *(system.platform for system in systems)} - {""}:
        know(name)
    return drafts, systems


def foreign() -> dict[str, str]:
    """Return the platforms that other packages bring, with the package; they are known from then on."""
    from chatbuilder.pipeline import plugins

    return {plugin.brings.about.id: plugin.package for plugin in plugins.platforms() if plugin.brings}


def known_answers(answers: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return answers, once what they name is looked for."""
    from chatbuilder.pipeline.designing import know

    know(answers.get("platform"))
    return answers


def open_session(draft_id: str) -> Draft:
    """Return a draft, or a copy of one that is open elsewhere; answers no screen can show go to `extra`.

    Raises `InputError` for a draft that cannot be opened; the message says where the file was kept.
    """
    from chatbuilder import pipeline
    from chatbuilder.wizard import tidy

    draft = pipeline.load_draft(draft_id)
    unusable = {key: draft.answers[key] for key in tidy(known_answers(draft.answers))[1]}
    return replace(draft, extra={**draft.extra, "left_out": unusable}) if unusable else draft


def save_session(draft: Draft | None, session: Session) -> Draft:
    """Save where somebody is in the wizard, as a new draft when there is none yet. Raises `InputError`."""
    from chatbuilder import pipeline

    draft = draft or pipeline.new_draft()
    outcome = session.outcome.data() if session.outcome else None
    return pipeline.save_draft(
        replace(
            draft, step=session.step, answers=session.answers, reached=session.reached,
            extra={**draft.extra, "outcome": outcome, "ticked": list(session.ticked)},
        )
    )  # fmt: skip


def delete_session(draft_id: str) -> None:
    """Remove a draft for good. Raises `InputError`."""
    from chatbuilder import pipeline

    pipeline.delete_draft(draft_id)


def release_session(draft_id: str) -> None:
    """Let other windows open a draft."""
    from chatbuilder import pipeline

    pipeline.release_draft(draft_id)


def sketch(answers: Mapping[str, Any]) -> Sketch:
    """Return the design so far; a platform or priority that is not chosen yet is no problem."""
    from chatbuilder import pipeline
    from chatbuilder.errors import InputError

    problems: tuple[str, ...] = ()
    try:
        pipeline.check({"platform": "obsidian", "priorities": ("organization",), **answers})
    except InputError as error:
        problems = error.problems
    return Sketch(pipeline.preview(answers), problems)


def work_out(answers: Mapping[str, Any]) -> Work:
    """Return config, solution and suggested target of valid answers. Raises `InputError`."""
    from chatbuilder import pipeline
    from chatbuilder.generators.common.words import view_text

    config = pipeline.check(answers)
    solution = pipeline.build(config)
    words = {view.key: view_text(view, solution.blueprint) for view in solution.blueprint.views}
    return Work(config, solution, pipeline.default_target(config), words)


def _never() -> bool:
    return False


def _silent(why: str, seconds: float) -> None:
    """Tell nobody."""


def look(config: Config, cancelled: Cancelled = _never, waiting: Wait = _silent) -> Seen:
    """Return what is at the target, and what building there would do. Raises `InterruptedByUser`."""
    from chatbuilder import pipeline
    from chatbuilder.pipeline import connecting, provisioning
    from chatbuilder.pipeline.outside import is_remote

    def on_event(event: pipeline.Event) -> None:
        if isinstance(event, pipeline.StepWaiting):
            waiting(event.why, event.seconds)

    placed = pipeline.with_target(config)
    target = pipeline.inspect_target(placed, cancelled=cancelled, on_event=on_event)
    if target.code == ExitCode.INTERRUPTED:
        raise InterruptedByUser("Stopped.", title="Stopped", kept="everything as it was.", hint="look again.")
    account = placed.target.account or ""
    if target.code:
        if not is_remote(placed.platform):
            return Seen(target)
        fault = connecting.at_fault(placed.platform, account, target.code, cancelled=cancelled, waiting=waiting)
        return Seen(target, fault=fault)
    system = provisioning.system_id(placed)
    last = next((job for job in pipeline.jobs() if job.system == system), None)
    unfinished = last is not None and last.status != "completed"
    return Seen(target, unfinished, pipeline.changes(placed), tuple(pipeline.leftovers(placed)))


def apply(config: Config, hear: Hear, cancelled: Cancelled, *, tidy: bool = False) -> Job:
    """Build the system as `pipeline.apply` does, telling `hear` the key, state and note of each step.

    held: it waits for the reason in the note, for so many seconds (0 with all other states); the key is "" before the
    first step. left: it was left out, for the reason in the note.
    """
    from chatbuilder import pipeline

    def on_event(event: pipeline.Event) -> None:
        match event:
            case pipeline.StepStarted():
                hear(event.key, "running", "", 0)
            case pipeline.StepWaiting():
                hear(event.key, "held", event.why, event.seconds)
            case pipeline.StepDone():
                hear(event.key, "left" if event.left else "done", event.note, 0)
            case pipeline.StepFailed():
                hear(event.key, "failed", event.message, 0)

    return pipeline.apply(config, on_event=on_event, cancelled=cancelled, tidy=tidy)


def time_zones() -> tuple[str, ...]:
    """Return the names of all time zones."""
    import zoneinfo

    return tuple(sorted(zoneinfo.available_timezones()))


def theme() -> str:
    """Return the name of the colours chosen last, "" when none was."""
    try:
        return (locate().config / "theme").read_text("utf-8")[:THEME_LIMIT].strip()
    except (OSError, UnicodeDecodeError):
        return ""


def remember_theme(name: str) -> None:
    """Keep the choice of colours for the next time; a disk that refuses is no reason to stop anyone."""
    from chatbuilder import atomic

    try:
        atomic.write_private(private_folder(locate().config) / "theme", name.encode())
    except OSError:
        return
