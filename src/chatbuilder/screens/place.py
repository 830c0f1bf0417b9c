"""The rows that say where to build, and with which account; the screen they are on has the answers."""

from __future__ import annotations

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.containers import Vertical

from chatbuilder.catalog import PLATFORMS
from chatbuilder.errors import ExitCode
from chatbuilder.screens.state import State
from chatbuilder.screens.wording import here
from chatbuilder.widgets.account import AccountBar
from chatbuilder.widgets.form import Field, FormRow

CREDENTIALS = int(ExitCode.CREDENTIALS)
NO_PLACE = "path", "database", "account"  # keys of things on this computer, or of none


class PlaceForm(Vertical):
    """A row for each key of the target."""

    DEFAULT_CSS = """
    PlaceForm {
        height: auto;
    }
    """

    def __init__(self, platform: str, target: Mapping[str, str]) -> None:
        super().__init__(id="place")
        self._platform, self._target = PLATFORMS[platform], target

    def compose(self) -> ComposeResult:
        """The rows."""
        for key in self._platform.target_keys:
            about, value = self._platform.describe(key), self._target.get(key, "")
            field = AccountBar(value, id=key) if key == "account" else Field(value, id=key, placeholder=about.hint)
            yield FormRow(about.label, field, key=f"target.{key}")

    def show(self, state: State, *, busy: bool) -> None:
        """Draw values, and what is wrong with each where it stands."""
        target, wrong = state.session.answers.get("target", {}), trouble(state)
        for row in self.query(FormRow):
            key = row.key.removeprefix("target.")
            row.wrong(state.problems.get(row.key) or wrong.get(key, ""))
            if key == "account":
                found = state.accounts
                names = None if found is None else [(token.account, token.where) for token in found]
                refused = state.fault == "token" or (state.progress and state.progress.code == CREDENTIALS)
                row.query_one(AccountBar).show(target.get(key, ""), names, busy=busy, urgent=bool(refused))
                continue
            field = row.query_one(Field)
            field.show(target.get(key, ""))
            field.placeholder = state.suggested.get(key) or self._platform.describe(key).hint
            field.disabled = busy


def trouble(state: State) -> dict[str, str]:
    """Return what the platform said against the place or the token, by the key of the target it is about."""
    if state.target is None or state.target.ready or not state.target.problems or not state.fault:
        return {}
    if state.target.credentials.startswith("none"):
        return {}  # the account says so itself
    said, key = here(state.target.problems[0]), "account" if state.fault == "token" else place_key(state)
    return {key: said} if key else {}


def place_key(state: State) -> str:
    """Return the key of the target that names the place out there: the one that is answered, else the first."""
    keys = [key for key in PLATFORMS[state.session.answers["platform"]].target_keys if key not in NO_PLACE]
    target = state.session.answers.get("target", {})
    return next((key for key in keys if target.get(key)), next(iter(keys), ""))
