"""Where to export to, and what came of it, in one dialog."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from chatbuilder.screens.dialog import Dialog
from chatbuilder.screens.messages import Export
from chatbuilder.screens.reports import Report
from chatbuilder.widgets.actions import put
from chatbuilder.widgets.form import Field, FormRow, Tick


class ExportScreen(Dialog[None]):
    """A folder, and whether it becomes one zip file; stays open to say what was written."""

    TITLE_TEXT = "Export"
    AUTO_FOCUS = "#folder"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "forward", "Export", key_display="↵")]

    def __init__(self, folder: str) -> None:
        super().__init__()
        self._folder = folder
        self._done = False

    def inside(self) -> Iterable[Widget]:
        """Folder, zip, and the place for the report."""
        yield Static(
            "Guide, answers, plan, templates and files. Your own changes to an earlier export are kept.",
            classes="quiet",
        )
        yield FormRow("Folder", Field(self._folder, id="folder"), key="folder")
        yield FormRow("Zip", Tick("One zip file instead of many files", False, id="zipped"))
        yield Static(id="report", markup=False)

    def buttons(self) -> Iterable[Button]:
        """Export, or leave it."""
        yield Button("Cancel", id="close", compact=True, action="screen.close")
        yield Button("Export", id="go", compact=True, variant="primary", action="screen.forward")

    def on_tick_flipped(self, event: Tick.Flipped) -> None:
        """With or without zip."""
        event.tick.value = event.value
        self._again()

    def on_input_changed(self, event: Input.Changed) -> None:
        """Another folder."""
        self.query_one(FormRow).wrong("")
        self._again()

    def _again(self) -> None:
        self._done = False
        self.query_one("#go", Button).label = "Export"
        self.query_one("#close").display = True

    def action_forward(self) -> None:
        """Export; after that, Enter closes."""
        folder = self.query_one("#folder", Input).value.strip()
        if self._done:
            self.dismiss(None)
        elif not folder:
            self.query_one(FormRow).wrong("Name a folder; it is made when it does not exist.")
        else:
            put(self.query_one("#report", Static), "Writing …")
            self.app.post_message(Export(folder, self.query_one("#zipped", Tick).value))

    def finished(self, report: Report) -> None:
        """Say what was written, and what was left alone."""
        self._done = True
        self.query_one("#go", Button).label = "Close"
        self.query_one("#close").display = False
        counts = (("written", report.written), ("updated", report.updated), ("unchanged", report.unchanged))
        words = ", ".join(f"{len(names)} {word}" for word, names in counts if names) or "nothing to write"
        lines = [Content.assemble(("✓ ", "$good bold"), (report.place, "bold")), Content.styled(words, "$muted")]
        if report.kept:
            lines.append(Content.assemble(("! ", "$warn bold"), f"{len(report.kept)} kept, because you changed them:"))
            lines += [Content(f"  {name}") for name in report.kept[:6]]
        put(self.query_one("#report", Static), Content("\n").join(lines))

    def refused(self, lines: Sequence[str]) -> None:
        """Say what happened, what was kept and what to do, below the folder."""
        first, *rest = lines
        text = Content.assemble(("✗ ", "$bad bold"), (first, "bold"))
        put(self.query_one("#report", Static), Content("\n").join([text, *map(Content, rest)]))
