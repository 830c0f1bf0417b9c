"""The design as it stands, beside the questions: what the last key added is marked with +."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from chatbuilder.widgets.actions import put

if TYPE_CHECKING:
    from chatbuilder.blueprint import Blueprint

WAITING = "Your design appears here while you choose."


class Preview(VerticalScroll):
    """Tables, fields, views and extras of a blueprint, compared with the one before."""

    def compose(self) -> ComposeResult:
        """One text that is replaced at every change."""
        yield Static(Content.styled(WAITING, "$muted"), id="preview-text")

    def on_mount(self) -> None:
        """Name the pane."""
        self.border_title = "Live preview"

    def show(self, design: Blueprint | None, before: Blueprint | None) -> None:
        """Show a design; without one, say what will be here."""
        text = Content("\n").join(_lines(design, before)) if design else Content.styled(WAITING, "$muted")
        put(self.query_one("#preview-text", Static), text)


def _lines(design: Blueprint, before: Blueprint | None) -> Iterable[Content]:
    fields = sum(len(table.fields) for table in design.tables)
    yield Content.assemble(
        (str(len(design.tables)), "bold"), f" table{_s(design.tables)}   ", (str(fields), "bold"), " fields   ",
        (str(len(design.views)), "bold"), " views",
    )  # fmt: skip
    old_tables = {table.key: table for table in before.tables} if before else {}
    for table in design.tables:
        old = old_tables.get(table.key)
        new_table = before is not None and old is None
        yield Content("")
        yield _title(table.name, len(table.fields), new=new_table)
        yield _names(
            [f.name for f in table.fields], None if before is None else [f.name for f in old.fields] if old else []
        )
    for gone in (table.name for key, table in old_tables.items() if not any(t.key == key for t in design.tables)):
        yield Content.styled(f"− {gone}", "$muted strike")
    yield Content("")
    yield _title("Views", len(design.views))
    yield _names([v.name for v in design.views], [v.name for v in before.views] if before else None)
    yield from _extras(design, before)
    yield from _findings(design)


def _extras(design: Blueprint, before: Blueprint | None) -> Iterable[Content]:
    now, old = _extra_names(design), _extra_names(before) if before else {}
    for title, names in now.items():
        if names or old.get(title):
            yield Content("")
            yield _title(title, len(names))
            yield _names(names, old.get(title) if before else None)


def _extra_names(design: Blueprint) -> dict[str, list[str]]:
    board = design.dashboard
    return {
        "Templates": [template.name for template in design.templates],
        "Dashboard": [*(f.name for f in board.figures), *(c.name for c in board.charts)] if board else [],
        "Automation": [automation.name for automation in design.automations],
        "Roles": [role.name for role in design.team.roles],
    }


def _findings(design: Blueprint) -> Iterable[Content]:
    if design.findings:
        yield Content("")
        yield _title("Good to know", len(design.findings))
    for finding in design.findings:
        sign, style = ("!", "$warn bold") if finding.level == "warning" else ("·", "$muted")
        yield Content.assemble((f"{sign} ", style), (finding.title, "$muted"))


def _title(name: str, count: int, *, new: bool = False) -> Content:
    return Content.assemble(("+ ", "$good bold") if new else "", (name, "bold"), (f"  {count}", "$muted"))


def _names(now: Sequence[str], old: Sequence[str] | None) -> Content:
    """Return the names in order; new ones with +, those that went with −."""
    known = now if old is None else old
    words = [Content.styled(n, "$muted") if n in known else Content.styled(f"+{n}", "$good bold") for n in now]
    words += [Content.styled(f"−{n}", "$muted strike") for n in known if n not in now]
    return Content.styled(", ", "$muted").join(words)


def _s(things: Sequence[object]) -> str:
    return "" if len(things) == 1 else "s"
