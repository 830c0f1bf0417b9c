"""`sync`: the library into a system, with progress on stderr and a summary for people or scripts."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from chatbuilder import pipeline
from chatbuilder.cli import output
from chatbuilder.cli.building import stop_by_signal
from chatbuilder.cli.chats import counted
from chatbuilder.cli.progress import progress
from chatbuilder.errors import ExitCode

if TYPE_CHECKING:
    from chatbuilder.pipeline import SyncProgress, SyncReport, SyncWaiting

SHOWN = 20  # problems on a screen


def sync(arguments: Namespace) -> int:
    """Bring the library into a system, or tell what that would do."""
    with stop_by_signal() as stop, progress() as show:
        report = pipeline.sync(
            arguments.system, dry_run=arguments.dry_run, transcripts=arguments.transcripts,
            restore=arguments.restore, on_event=lambda news: show(told(news)), cancelled=stop,
        )  # fmt: skip
    for text in report.notes:
        output.note(text)
    if arguments.json:
        output.as_json(report.data())
    else:
        summary(report)
    return ExitCode.PARTLY if report.failed else ExitCode.DONE


def told(news: SyncProgress | SyncWaiting) -> str:
    """Return how far a sync is, in one line."""
    if isinstance(news, pipeline.SyncWaiting):
        return f"waiting {news.seconds:.0f} s: {news.why}"
    so_far = f"{news.created:,} new, {news.updated:,} changed"
    return f"{news.done:,} of {counted(news.total, 'chat')}, {so_far}"


def summary(report: SyncReport) -> None:
    """Print what a sync did, or would do."""
    verbs = ("would be new", "would change") if report.dry_run else ("new", "changed")
    output.line(
        f"{counted(report.chats, 'chat')}: {report.created:,} {verbs[0]}, {report.updated:,} {verbs[1]},"
        f" {report.unchanged:,} unchanged, {report.skipped:,} deleted by you, {report.failed:,} failed."
    )
    if report.created or report.updated:
        told = f", {report.transcripts:,} of them with transcript" if report.transcripts else ""
        verb = "would be written" if report.dry_run else "written"
        output.line(f"{_size(report.bytes)} {verb}{told}.")
    if report.kept:
        output.line(f"{counted(report.kept, 'value')} that you changed or emptied stayed as they are.")
    if report.unlisted:
        names = ", ".join(f"{name} ({times:,})" for name, times in report.unlisted.items())
        output.line(f"Not among the choices of Assistant: {names}. Add them to `assistants` in the answers and apply.")
    for problem in report.problems[:SHOWN]:
        output.line(f"! {problem.key} “{problem.title}”: {problem.reason}")
    hidden = report.failed - len(report.problems[:SHOWN])
    if hidden > 0:
        output.line(f"! and {hidden:,} more; --json lists them")
    if report.dry_run:
        output.line("Nothing was written. Without --dry-run it is.")


def _size(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3)):,} kB"
