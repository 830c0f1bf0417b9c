"""What an import or a filling did, or would do, in words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual.content import Content

from chatbuilder.chats import FIELDS, SOURCES
from chatbuilder.screens.filled import FillReport
from chatbuilder.screens.imported import Part, ReadReport
from chatbuilder.widgets.actions import SIGNS
from chatbuilder.widgets.prose import Block, Text

SHOWN = 50  # lines of what could not be read or written
WORDS = {"last_activity": "last activity", "url": "link", "command": "command that resumes it"}
TOLD = tuple(name for name in FIELDS if name != "branches")


def counted(count: int, noun: str) -> str:
    """Return "1 chat", "2 chats"."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def some(names: Sequence[str]) -> str:
    """Return names with "and" before the last."""
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def size(count: int) -> str:
    """Return a number of bytes for people."""
    return f"{count / 1e6:,.1f} MB" if count >= 1e6 else f"{max(1, round(count / 1e3)):,} kB"


def told(kind: str, text: str) -> Text:
    """Return a text from outside with the sign of its kind in front."""
    sign, style = SIGNS[kind]
    content = Content.styled(text, "$muted") if kind == "quiet" else Content(text)
    return Text(content, f"{sign} ", gap=False, style=f"{style} bold")


def trouble(lines: Sequence[str]) -> Iterator[Block]:
    """Return an error: what happened, then what was kept and what to do."""
    first, *rest = lines
    yield told("bad", first)
    yield from (Text(Content(line), "  ", gap=False) for line in rest)


def read_text(report: ReadReport) -> Iterator[Block]:
    """Return what an import did, or would do."""
    new, changed = ("would be new", "would change") if report.dry_run else ("new", "changed")
    total = (
        f"{counted(report.found, 'chat')}: {report.imported:,} {new}, {report.updated:,} {changed}, "
        f"{report.unchanged:,} here already"
    )
    total += f", {report.quarantined:,} that cannot be read." if report.quarantined else "."
    if report.found:
        yield told("quiet" if report.dry_run else "good", total)
    for name, part in sorted(report.sources.items()):
        yield from _source(SOURCES[name].assistant if name in SOURCES else name, part, dry_run=report.dry_run)
    for error in report.strangers:
        yield told("note", error.message)
    for error in report.failed:
        yield from trouble(error.lines())
    for problem in report.problems[:SHOWN]:
        yield told("note", f"{problem.where}: {problem.reason}")
    more = len(report.problems[SHOWN:]) + report.more_problems
    if more and report.dry_run:
        yield told("note", f"and {more:,} more that cannot be read")
    elif more:
        yield told("note", f"and {more:,} more; `chatbuilder import --problems` lists them")


def _source(name: str, part: Part, *, dry_run: bool) -> Iterator[Block]:
    counts = (
        (part.imported, "new"), (part.updated, "changed"), (part.unchanged, "here already"),
        (part.quarantined, "cannot be read"),
    )  # fmt: skip
    became = ", ".join(f"{count:,} {word}" for count, word in counts if count) or "no chats"
    said = f"{counted(part.messages['human'], 'prompt')}, {counted(part.messages['assistant'], 'answer')}"
    yield Text(Content.assemble((name, "bold $text-primary"), f"  {became} · {said}"))
    if not dry_run or not part.chats:
        return
    shares = {field: part.filled[field] + part.derived[field] for field in TOLD}
    derived = [field for field in TOLD if part.derived[field] > part.filled[field]]
    filled = [field for field in TOLD if shares[field] and field not in derived]
    for title, fields in (("can fill", filled), ("worked out", derived)):
        if fields:
            names = ", ".join(_field(field, shares[field], part.chats) for field in fields)
            yield Text(Content(names), f"  {title:<12}", gap=False, style="$muted")
    if never := [WORDS.get(field, field) for field in TOLD if not shares[field]]:
        yield Text(Content.styled(", ".join(never), "$muted"), f"  {'not told':<12}", gap=False, style="$muted")


def _field(name: str, count: int, of: int) -> str:
    share = "" if count >= of else f" ({max(1, round(100 * count / of))} %)"
    return f"{WORDS.get(name, name)}{share}"


def fill_text(report: FillReport) -> Iterator[Block]:
    """Return what filling did, or would do."""
    writes = report.created + report.updated
    if not report.dry_run:
        counts = f"{report.created:,} new, {report.updated:,} changed, {report.unchanged:,} unchanged."
        yield told("note" if report.failed else "good", counts)
    elif writes:
        yield from _forecast(report)
    else:
        yield told("good", "Everything is there already: nothing would be written.")
    if report.transcripts:
        yield told("quiet", f"{counted(report.transcripts, 'row')} with transcript.")
    yield from (told("note", text) for text in report.notes)
    yield from _yours(report)
    if report.unlisted:
        names = ", ".join(f"{name} ({times:,})" for name, times in report.unlisted.items())
        yield told("note", f"Not among the choices of Assistant: {names}. Add them at Review and build again.")
    if report.failed:
        yield told("bad", f"Left alone, as something is wrong with {counted(report.failed, 'row')}:")
        yield from (told("bad", f"{problem.title}: {problem.reason}") for problem in report.problems[:SHOWN])
        if (more := report.failed - len(report.problems[:SHOWN])) > 0:
            yield told("bad", f"and {more:,} more")


def _forecast(report: FillReport) -> Iterator[Block]:
    parts = [counted(report.created, "new row")] if report.created else []
    parts += [f"{counted(report.updated, 'row')} to bring up to date"] if report.updated else []
    # How many calls that takes, where it takes any, stands in the notes.
    yield told("quiet", f"Would write {some(parts)}: {size(report.bytes)}.")
    if report.unchanged:
        yield told("quiet", f"{counted(report.unchanged, 'row')} up to date already.")


def _yours(report: FillReport) -> Iterator[Block]:
    if report.kept:
        yield told("quiet", f"Kept: {counted(report.kept, 'value')} that you changed or emptied.")
    if report.skipped:
        stays = "it stays away" if report.skipped == 1 else "they stay away"
        yield told("quiet", f"Skipped: {counted(report.skipped, 'row')} that you deleted; {stays}.")
