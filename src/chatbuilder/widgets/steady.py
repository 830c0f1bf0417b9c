"""Lists of options that stay calm where there is no room to show any."""

from __future__ import annotations

from typing import Literal

from textual.command import CommandList, CommandPalette
from textual.widgets import OptionList


class SteadyList(OptionList):
    """Textual (8.2.8) looks for the line of the highlighted option also in a list too narrow to have lines."""

    def _move_page(self, direction: Literal[-1, 1]) -> None:
        if (self.highlighted or 0) in self._index_to_line:
            super()._move_page(direction)


class SteadyPalette(CommandPalette):
    """The menu, whose list of commands is Textual's own."""

    def _action_command_list(self, action: str) -> None:
        found = self.query_one(CommandList)
        if not action.startswith("page") or (found.highlighted or 0) in found._index_to_line:
            super()._action_command_list(action)
