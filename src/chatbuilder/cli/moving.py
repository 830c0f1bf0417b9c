"""`move`: the same library to a second platform or place, with one question and one report."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING, Any

from chatbuilder import pipeline
from chatbuilder.catalog import PLATFORMS
from chatbuilder.cli import output
from chatbuilder.cli.building import ended, report_job, stop_by_signal, tell
from chatbuilder.cli.chats import counted
from chatbuilder.cli.progress import progress
from chatbuilder.cli.syncing import summary, told
from chatbuilder.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from chatbuilder.pipeline import Move, MoveReport


def move(arguments: Namespace) -> int:
    """Build a second system and bring the library into it, or tell what that would do."""
    planned = _planned(arguments)
    if arguments.dry_run:
        return _forecast(planned, arguments)
    if not arguments.yes and not _agreed(planned, arguments):
        output.note("Nothing was changed.")
        return ExitCode.DONE
    with stop_by_signal() as stop, progress() as show:
        report = pipeline.move(
            planned, transcripts=arguments.transcripts, on_step=tell, on_sync=lambda news: show(told(news)),
            cancelled=stop,
        )  # fmt: skip
    return _report(planned, report, as_json=arguments.json)


def _planned(arguments: Namespace) -> Move:
    """Return the move that was asked for. Raises `UsageError` for words that contradict each other, `InputError`."""
    if arguments.answers and (arguments.platform or arguments.target):
        raise UsageError(
            "--answers says where to, and so do --platform and --target.", title="Move where?",
            kept="everything as it is.", hint="give either the file, or --platform and --target.",
        )  # fmt: skip
    target = dict(_pair(text) for text in arguments.target)
    answers = pipeline.load_answers(arguments.answers) if arguments.answers else None
    return pipeline.plan_move(arguments.system, answers, platform=arguments.platform or "", target=target)


def _pair(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not (sign and key.strip() and value.strip()):
        raise UsageError(
            f"--target {text!r} is no KEY=VALUE.", title="Move where?", kept="everything as it is.",
            hint="for example --target path=~/Vaults/Chats.",
        )  # fmt: skip
    return key.strip(), value.strip()


def _agreed(planned: Move, arguments: Namespace) -> bool:
    found = pipeline.inspect_target(planned.config)
    if not found.ready:  # the move says why, with the right exit code
        return True
    for text in (*_about(planned, found.place, transcripts=arguments.transcripts), *found.notes):
        output.note(text)
    return output.agreed("Move?")


def _about(planned: Move, place: str, *, transcripts: bool) -> list[str]:
    """Return from where to where, what comes along, and what does not."""
    source, name = planned.source, PLATFORMS[planned.config.platform].name
    said = "What was said comes along." if transcripts else "What was said does not; --transcripts takes it along."
    typed = f"what you typed there under {', '.join(planned.stays)}; titles" if planned.stays else "titles"
    return [
        f"From {source.id} ({source.place}), which stays as it is, to {name}: {place}.",
        f"Comes along: {counted(planned.chats, 'chat')} of the library, as far as each source tells, with"
        f" {', '.join(planned.fields)}. {said}",
        f"Does not come along: {typed}, tags and other values that you changed there; rows, notes and pages that you"
        " made there. Rows that you deleted there come again.",
    ]


def _forecast(planned: Move, arguments: Namespace) -> int:
    with stop_by_signal() as stop, progress() as show:
        found = pipeline.forecast_move(
            planned, transcripts=arguments.transcripts, on_sync=lambda news: show(told(news)), cancelled=stop
        )
    target = found.target
    if arguments.json:
        data: dict[str, Any] = {"system": planned.system, "place": target.place, "ready": target.ready}
        data |= {"steps": found.steps, "problems": list(target.problems)}
        synced = found.sync.data() if found.sync else None
        output.as_json({"dry_run": True, "chats": planned.chats, "apply": data, "sync": synced})
        return target.code
    for text in (*_about(planned, target.place, transcripts=arguments.transcripts), *target.notes, *target.problems):
        output.line(text)
    output.line(f"{counted(found.steps, 'step')} would be new or changed.")
    if found.sync:
        summary(found.sync)
    else:
        output.line(f"{counted(planned.chats, 'chat')} would be new. Nothing was written.")
    return target.code


def _report(planned: Move, report: MoveReport, *, as_json: bool) -> int:
    if as_json:
        synced = report.sync.data() if report.sync else None
        output.as_json({"apply": report.apply.data(), "sync": synced})
    code = ended(report.apply) if as_json else report_job(report.apply, as_json=False)
    if report.sync is None:
        output.note("The library was not brought in yet: run the same move again.")
        return code
    for text in report.sync.notes:
        output.note(text)
    if not as_json:
        summary(report.sync)
        output.line(f"{planned.source.id} is as it was. `chatbuilder sync` keeps either of them up to date.")
    return ExitCode.PARTLY if report.sync.failed else ExitCode.DONE
