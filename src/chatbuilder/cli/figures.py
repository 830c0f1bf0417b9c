"""`stats`: the library at a glance, as charts that need no colours to be read; and calls to platforms."""

from __future__ import annotations

import sys
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from chatbuilder import pipeline
from chatbuilder.catalog import PLATFORMS
from chatbuilder.cli import output
from chatbuilder.cli.chats import counted, day, filters_of
from chatbuilder.errors import ExitCode

if TYPE_CHECKING:
    from rich.console import Console

    from chatbuilder.pipeline import Figure, Figures, Month, PlatformUsage, Usage

SIGNS, PLAIN_SIGNS = "█▓▒░", "#=+."  # the last one stands for all others
STYLES = ("cyan", "magenta", "yellow", "dim")
# What may come of a call besides success, in words for people.
_TROUBLE = {
    "limited": "asked to wait", "failed": "failed there", "refused": "refused", "lost": "without an answer",
    "unreached": "without a connection",
}  # fmt: skip
WIDTH, TOP, MONTHS = 40, 8, 18  # characters of the longest bar, lines of a list, months shown


def stats(arguments: Namespace) -> int:
    """Print figures."""
    filters = filters_of(arguments)
    found, calls = pipeline.stats(filters), pipeline.usage()
    if arguments.json:
        output.as_json({**found.data(), "api": [each.data() for each in calls]})
        return ExitCode.DONE
    if found.total.chats:
        _print_chats(found)
    else:
        output.line("No chats here. `chatbuilder import PATH` brings them in.")
    if calls and filters == pipeline.Filters():  # what is asked for is about chats then
        _print_calls(calls)
    return ExitCode.DONE


def _print_calls(calls: Sequence[PlatformUsage]) -> None:
    output.line(f"\nCalls to platforms, last {pipeline.RECENT} days")
    rows = [
        (_name(each.platform), f"{u.calls:,}", f"{u.reads:,}", f"{u.retries:,}", _share(u), _seconds(u.within(0.5)),
         _seconds(u.within(0.95)), ", ".join(f"{n:,} {words}" for k, words in _TROUBLE.items() if (n := u.outcomes[k])))
        for each in calls
        for u in (each.usage,)
    ]  # fmt: skip
    output.table(("Platform", "Calls", "Reads", "Retries", "Errors", "Median", "95 %", "Not well"), rows, "")


def _name(platform: str) -> str:
    return PLATFORMS[platform].name if platform in PLATFORMS else platform  # the latter: of a package that is gone


def _share(usage: Usage) -> str:
    return f"{usage.errors / usage.calls:.1%}" if usage.calls else "-"


def _seconds(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def _print_chats(found: Figures) -> None:
    from rich.console import Console

    terminal = sys.stdout.isatty()
    console = Console(highlight=False, markup=False, emoji=False, width=None if terminal else 100)
    total = found.total
    output.line(
        f"{counted(total.chats, 'chat')}, {counted(total.human, 'prompt')}, {counted(total.answers, 'answer')},"
        f" from {day(found.first)} to {day(found.last)}."
    )
    _print_months(console, found)
    for title, figures in (("Assistants", found.assistants), ("Models", found.models), ("Projects", found.projects)):
        _print_bars(console, title, figures)
    for count, words in (
        (found.undated, "without a date"), (found.archived, "archived"), (found.quarantined, "quarantined by imports"),
    ):  # fmt: skip
        if count:
            output.line(f"{counted(count, 'chat')} {words}.")


def _signs() -> str:
    try:
        SIGNS.encode(sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return PLAIN_SIGNS
    return SIGNS


def _print_months(console: Console, found: Figures) -> None:
    from rich.text import Text

    months = found.months[-MONTHS:]
    if not months:
        return
    signs = _signs()
    totals: Counter[str] = Counter()
    for month in months:
        totals.update(month.assistants)
    named = [name for name, _ in totals.most_common(3 if len(totals) > 4 else 4)]
    others = len(totals) > len(named)
    console.print(
        Text(f"\nChats started by month{'' if len(found.months) == len(months) else f' (last {MONTHS})'}", "bold")
    )
    longest = max(month.chats for month in months)
    for month in months:
        bar = Text(f"  {month.month}  ")
        for number, length in enumerate(_lengths(month, named, longest)):
            bar.append(signs[number] * length, STYLES[number])
        bar.append(f" {month.chats:,}" if month.chats else "·", "" if month.chats else "dim")
        console.print(bar)
    legend = Text("  ")
    for number, name in enumerate([*named, "others"] if others else named):
        legend.append(signs[number] * 2, STYLES[number]).append(f" {output.safe(name)}   ")
    console.print(legend)


def _lengths(month: Month, named: Sequence[str], longest: int) -> list[int]:
    """Return the lengths of the parts of a bar; they add up to that of the whole, and what is there shows."""
    counts = [month.assistants.get(name, 0) for name in named]
    counts.append(month.chats - sum(counts))
    ends, total = [0], 0
    for count in counts:
        total += count
        end = round(total * WIDTH / longest)
        ends.append(max(end, ends[-1] + 1) if count else ends[-1])
    return [after - before for before, after in pairwise(ends)]


def _print_bars(console: Console, title: str, figures: Sequence[Figure]) -> None:
    from rich.text import Text

    if not figures:
        return
    shown = figures[:TOP]
    longest = shown[0].chats
    names = [_short(output.safe(figure.name), 28) for figure in shown]
    width = max(Text(name).cell_len for name in names)
    console.print(Text(f"\n{title}", "bold"))
    for name, figure in zip(names, shown, strict=True):
        line = Text(f"  {name}{' ' * (width - Text(name).cell_len)}  ")
        line.append(_signs()[0] * max(1, round(figure.chats * WIDTH / longest)), "cyan")
        console.print(line.append(f" {figure.chats:,}").append(f"  ({counted(figure.human, 'prompt')})", "dim"))
    if len(figures) > TOP:
        console.print(Text(f"  and {len(figures) - TOP:,} more", "dim"))


def _short(text: str, most: int) -> str:
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[: most - 1]}…"
