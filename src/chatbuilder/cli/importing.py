"""`import`: exports and agents' logs into the library, with progress on stderr and a summary for people or scripts."""

from __future__ import annotations

from argparse import Namespace
from typing import TYPE_CHECKING

from chatbuilder import pipeline
from chatbuilder.chats import FIELDS, assistant_of
from chatbuilder.cli import output
from chatbuilder.cli.building import stop_by_signal
from chatbuilder.cli.chats import counted
from chatbuilder.cli.progress import progress
from chatbuilder.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from chatbuilder.pipeline import FoundLogs, ImportProgress, ImportReport

SHOWN = 20  # problems and unknown things on a screen


def import_chats(arguments: Namespace) -> int:
    """Import what was named, or what agents keep on this machine."""
    if arguments.problems:
        return _stored_problems(as_json=arguments.json)
    if bool(arguments.paths) == arguments.discover:
        raise UsageError(
            "Give the paths of exports, or --discover to look for agents' logs, not both or neither.",
            title="Nothing to import", kept="the library as it is.", hint="chatbuilder import ~/Downloads/export.zip",
        )  # fmt: skip
    paths = arguments.paths
    if arguments.discover:
        found = pipeline.discover_logs()
        _list(found)
        if found and not (arguments.yes or arguments.dry_run) and not output.agreed("Import all of these?"):
            output.note("Nothing was imported.")
            return ExitCode.DONE
        paths = [item.path for item in found]
    with stop_by_signal() as stop, progress() as show:
        report = pipeline.import_chats(
            paths, dry_run=arguments.dry_run, on_progress=lambda news: show(_told(news)), cancelled=stop
        )
    if arguments.json:
        output.as_json(report.data())
    else:
        _summary(report)
    return _code(report, discovered=arguments.discover)


def _code(report: ImportReport, discovered: bool) -> int:
    """Say what failed, and return what the script is told: nothing usable at all is invalid input.

    A usual place of an agent without any chats in it is worth a line, and no failure.
    """
    for error in (*report.failed, *report.strangers):
        for text in error.lines():
            output.note(text)
    if discovered:
        report.strangers.clear()
    if report.whole:
        return ExitCode.DONE
    useless = (report.failed or report.strangers) and not (report.imported or report.updated or report.unchanged)
    return ExitCode.INPUT if useless else ExitCode.PARTLY


def _list(found: list[FoundLogs]) -> None:
    if not found:
        output.note("No agent keeps chats in the usual places of this machine.")
    for item in found:
        output.note(f"{item.assistant:<18} {item.path}")


def _told(news: ImportProgress) -> str:
    return f"{counted(news.found, 'chat')}, {news.imported:,} new, {news.updated:,} changed"


def _summary(report: ImportReport) -> None:
    verbs = ("would be new", "would change") if report.dry_run else ("new", "changed")
    rows = [
        (assistant_of(name), name, f"{part.chats + part.quarantined:,}",
         f"{part.imported:,}", f"{part.updated:,}", f"{part.unchanged:,}", f"{part.quarantined:,}",
         f"{part.messages['human']:,}", f"{part.messages['assistant']:,}")
        for name, part in sorted(report.sources.items())
    ]  # fmt: skip
    heads = ("Assistant", "Source", "Chats", verbs[0].capitalize(), verbs[1].capitalize(), "Unchanged", "Quarantined",
             "Prompts", "Answers")  # fmt: skip
    if rows:
        output.table(heads, rows, "")
        output.line()
    if report.dry_run:
        _coverage(report)
    output.line(
        f"{counted(report.found, 'chat')} found: {report.imported:,} {verbs[0]}, {report.updated:,} {verbs[1]},"
        f" {report.unchanged:,} unchanged, {report.quarantined:,} quarantined."
    )
    _problems(report)
    for words, counts in (
        ("not known to this version", report.unknown),
        ("left out, as it is no chat", report.skipped),
    ):
        for name, times in counts.most_common(SHOWN):
            output.line(f"- {words}: {name} ({times:,})")
    if report.dry_run:
        output.line("Nothing was written. Without --dry-run it is imported.")
    elif report.imported or report.updated:
        output.line("Next: `chatbuilder search WORDS`, `chatbuilder stats`, `chatbuilder chats`.")


def _coverage(report: ImportReport) -> None:
    """Which fields the chats really have, before anybody relies on them."""
    rows = []
    for name, part in sorted(report.sources.items()):
        told = {f: _share(part.filled[f], part.derived[f], part.chats) for f in FIELDS if f != "branches"}
        rows.append((name, *told.values()))
    heads = ("Source", *(f.replace("_", " ").capitalize() for f in FIELDS if f != "branches"))
    output.table(heads, rows, "")
    output.line("Share of the chats that have it; ~ worked out by a rule; - not in the export.\n")


def _share(filled: int, derived: int, chats: int) -> str:
    if not chats or not (filled or derived):
        return "-"
    return f"{'~' if derived > filled else ''}{max(1, round(100 * (filled + derived) / chats))}%"


def _problems(report: ImportReport) -> None:
    for problem in report.problems[:SHOWN]:
        what = f" “{problem.title}”" if problem.title else ""
        output.line(f"! {problem.where}{what}: {problem.reason}")
    hidden = len(report.problems[SHOWN:]) + report.more_problems
    if hidden:
        output.line(f"! and {hidden:,} more; `chatbuilder import --problems` lists them")


def _stored_problems(*, as_json: bool) -> int:
    found = pipeline.import_problems()
    if as_json:
        output.as_json([
            {"path": p.path, "where": p.where, "reason": p.reason, "code": p.code, "source": p.source,
             "title": p.title, "chat": p.chat} for p in found
        ])  # fmt: skip
    else:
        rows = [(p.where, p.title or "", p.reason) for p in found]
        output.table(("Where", "Title", "Reason"), rows, "No import has left anything unread.")
    return ExitCode.DONE
