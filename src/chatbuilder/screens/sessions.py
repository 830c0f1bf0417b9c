"""Saving the session at every change, and going on with one that was saved."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

from chatbuilder import wizard
from chatbuilder.errors import ChatbuilderError
from chatbuilder.screens.filling import FillingDesk
from chatbuilder.screens.messages import OpenDraft, RemoveDraft
from chatbuilder.screens.state import State
from chatbuilder.wizard import Session

SAVED, UNSAVED = "✓ saved", "✗ not saved"

if TYPE_CHECKING:
    from chatbuilder.screens.saved import BuiltSystem, Draft, SavedDraft

    Known = tuple[tuple[SavedDraft, ...], tuple[BuiltSystem, ...]]


class SessionsDesk(FillingDesk):
    """A desk that keeps its session on disk, in threads, one write at a time.

    `store` is `pipeline.interactive` or what has its session functions.
    """

    store: Any

    def __init__(
        self, state: State, draft: Draft | None, styles: list[Any], theme: str = "", *, plain: bool = False
    ) -> None:
        super().__init__(state, styles, theme, plain=plain)
        self._draft = draft
        self._lock = Lock()

    @abstractmethod
    def begin(self, session: Session) -> None:
        """Show a session from its step on."""

    def save(self) -> None:
        """Save the session; an untouched one leaves nothing behind."""
        if self._draft is not None or self.state.session.answers:
            self.work(self._store, lambda _: self.update(saved=SAVED), self._unsaved)

    def _store(self) -> None:
        """Write the newest session, whatever was newest when this was asked for."""
        with self._lock:
            if self._draft is not None or self.state.session.answers:
                self._draft = self.store.save_session(self._draft, self.state.session)

    def _unsaved(self, error: ChatbuilderError) -> None:
        if self.state.saved != UNSAVED:
            self.notify("\n".join(error.lines()), title="Not saved", severity="error", markup=False, timeout=15)
        self.update(saved=UNSAVED)

    def list_sessions(self, _: object = None) -> None:
        """Find out what the welcome screen shows."""
        self.work(self.store.known, self._listed)

    def _listed(self, found: Known) -> None:
        self.update(drafts=found[0], systems=found[1])

    def on_open_draft(self, event: OpenDraft) -> None:
        """Resume a session."""
        self.work(partial(self.store.open_session, event.draft), self._opened, self._not_opened)

    def _opened(self, draft: Draft) -> None:
        self._release()
        self._draft = draft
        self.begin(resumed(draft))
        self.tell_differences()

    def _not_opened(self, error: ChatbuilderError) -> None:
        self.trouble(error)
        self.list_sessions()

    def tell_differences(self) -> None:
        """Say what is not as it was left."""
        if self._draft and self._draft.copied_from:
            text = f"That session is open in another window. This is a copy of it: {self._draft.id}."
            self.notify(text, title="Copied", markup=False, timeout=10)
        if self._draft and (left_out := self._draft.extra.get("left_out")):
            text = f"Not usable, and kept aside in the draft: {', '.join(left_out)}. Please answer again."
            if "platform" in left_out:
                text += f" Nothing here brings the platform {left_out['platform']!r}: is a package missing?"
            self.notify(text, title="Some answers", severity="warning", markup=False, timeout=10)

    def on_remove_draft(self, event: RemoveDraft) -> None:
        """Remove a session for good, after asking."""
        name = next((d.name for d in self.state.drafts or () if d.id == event.draft), event.draft)
        text = f"The answers of “{name}” are deleted. Systems that were built stay as they are."
        remove = partial(self.work, partial(self.store.delete_session, event.draft), self.list_sessions)
        self.ask("Remove this session?", text, "Remove", "Keep it", remove)

    def on_new_session(self) -> None:
        """Start with no answers; the present session stays saved."""
        self._release()
        self.begin(Session())

    def _release(self) -> None:
        """Save what is open for the last time, and let it go."""
        try:
            self._store()
        except ChatbuilderError as error:
            self._unsaved(error)
        with self._lock:
            if self._draft is not None:
                self.store.release_session(self._draft.id)
            self._draft = None

    def on_finish(self) -> None:
        """Leave; everything is done."""
        self.leave()

    def leave(self) -> None:
        """Save and go, saying how to come back."""
        try:
            self._store()
        except ChatbuilderError as error:
            self.exit(message="\n".join(error.lines()))
        else:
            hint = f"Saved. `chatbuilder resume {self._draft.id}` goes on from here." if self._draft else None
            self.exit(message=hint)


def resumed(draft: Draft) -> Session:
    """Return the session in a draft."""
    return wizard.resumed(draft.answers, draft.step, draft.reached, draft.extra)
