"""Step 6: the guide, the design, the files and the plan, exactly as they will be built."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.messages import AskExport, Copy
from chatbuilder.screens.state import State
from chatbuilder.widgets import contents
from chatbuilder.widgets.browser import Browser, Entry
from chatbuilder.widgets.tabs import TabLine

if TYPE_CHECKING:
    from chatbuilder.solution import Solution

TABS = ("Guide", "Design", "Files", "Plan")


class SolutionScreen(StepScreen):
    """Four tabs over one pair of panes: contents at the left, text at the right."""

    STEP = "solution"
    FORWARD = "Set it up"
    PREVIEW = False
    CSS_PATH = "solution.tcss"
    AUTO_FOCUS = "#contents"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("e", "export", "Export", tooltip="Write everything to a folder or a zip file"),
        Binding("c", "copy", "Copy", tooltip="Copy what you look at"),
        *(Binding(str(n), f"tab({n})", show=False) for n in range(1, 5)),
    ]
    _shown: Solution | None = None

    def content(self) -> Iterable[Widget]:
        """The tabs and the panes."""
        yield TabLine(TABS, id="tabs")
        yield Browser(id="browser")

    def show(self, state: State) -> None:
        """Fill the panes when there is another solution."""
        if state.solution is not self._shown:
            self._shown = state.solution
            self._fill()

    def _fill(self) -> None:
        tab = self.query_one(TabLine).active
        self.query_one(Browser).show(tab, self._entries(tab))

    def _entries(self, tab: str) -> Sequence[Entry]:
        solution = self.state.solution
        if solution is None:
            return ()
        if tab == "Design":
            return contents.design(solution, self.state.view_words)
        return {"Guide": contents.guide, "Files": contents.files, "Plan": contents.plan}[tab](solution)

    def problem(self, state: State) -> str:
        """Going on needs a solution."""
        return super().problem(state) or ("" if state.solution else "Designing your system …")

    def advice(self, state: State) -> tuple[str, str]:
        """Say how much there is."""
        if not state.solution:
            return "quiet", ""
        steps, hand = len(state.solution.plan.steps), len(state.solution.manual)
        by_hand = f", {hand} thing{'' if hand == 1 else 's'} by hand" if hand else ""
        return "quiet", f"{len(state.solution.files)} files, {steps} deliveries{by_hand}"

    def on_tab_line_opened(self, event: TabLine.Opened) -> None:
        """Another tab."""
        self._fill()

    def action_tab(self, number: int) -> None:
        """Open a tab by its number."""
        self.query_one(TabLine).action_pick(number)

    def action_export(self) -> None:
        """Ask where to."""
        self.say(AskExport())

    def action_copy(self) -> None:
        """Copy what is shown."""
        entry = self.query_one(Browser).entry
        if entry:
            self.say(Copy(entry.copy(), entry.item.name.strip()))
