"""The wizard's app: it alone changes the session, saves it, and calls the pipeline, which it imports after the first frame."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from threading import Lock
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand

from chatbuilder import pipeline, wizard
from chatbuilder.errors import ChatbuilderError
from chatbuilder.pipeline import interactive
from chatbuilder.screens import messages
from chatbuilder.screens.base import StepScreen
from chatbuilder.screens.building import BuildingDesk, Hear, Job
from chatbuilder.screens.state import State
from chatbuilder.wizard import Answers, Outcome, Session

if TYPE_CHECKING:
    from chatbuilder.config import Config

SAVE_AFTER, THINK_AFTER, LOOK_AFTER = 0.15, 0.02, 0.3  # seconds after the last change
FROM_SOLUTION_ON = ("solution", "setup", "done")


class ChatbuilderApp(BuildingDesk):
    """One window on one session."""

    CSS_PATH = "app.tcss"

    def __init__(self, session: Session, draft: pipeline.Draft | None = None, *, welcome: bool = False) -> None:
        super().__init__(State(session))
        self._draft = draft
        self._welcome = welcome
        self._config: Config | None = None
        self._lock = Lock()

    def on_mount(self) -> None:
        """Show the first screen at once; everything that takes time comes after it."""
        self.push_screen(self._welcome_screen() if self._welcome else _screen(self.state))
        self.call_after_refresh(self._after_first_frame)

    def _after_first_frame(self) -> None:
        if self._welcome:
            self.work(self._known, self._list)
        self.work(interactive.time_zones, lambda zones: self.update(zones=zones))
        self._think()
        self._tell_copy()

    # The session and its draft

    def on_answered(self, event: messages.Answered) -> None:
        """Merge an answer."""
        change = event.change(self.state.session.answers) if callable(event.change) else event.change
        self._set(self.state.session.answer(change))

    def _set(self, session: Session) -> None:
        """What was made of other answers is void; what was found stays until it is found anew."""
        if session.answers != self.state.session.answers:
            self._config = None
            self.update(session=session, solution=None, target=None, progress=None)
            self.after(THINK_AFTER, self._think)
        else:
            self.update(session=session)
        self.after(SAVE_AFTER, self._save)

    def on_forward(self) -> None:
        """The next step, unless something is missing."""
        self._go(self.state.session.next())

    def on_backward(self) -> None:
        """One step back."""
        self._go(self.state.session.previous())

    def on_goto(self, event: messages.Goto) -> None:
        """A step that was seen before."""
        self._go(self.state.session.at(event.step))

    def _go(self, session: Session) -> None:
        if session.step == self.state.session.step:
            self.stay()
        elif self.busy:
            self.ask_to_stop("Stop and go", lambda: self._show(session))
        else:
            self._show(session)

    def _show(self, session: Session) -> None:
        self.state = replace(self.state, session=session)
        self.switch_screen(_screen(self.state))
        self._save()
        self._think()

    def _save(self) -> None:
        if self._draft is not None or self.state.session.answers:
            self.work(self._store, lambda _: self.update(saved="✓ saved"), self._unsaved)

    def _store(self) -> None:
        """Write the newest session, whatever was newest when this was asked for."""
        with self._lock:
            session, draft = self.state.session, self._draft or pipeline.new_draft()
            extra = {**draft.extra, "outcome": session.outcome.data() if session.outcome else None}
            self._draft = pipeline.save_draft(
                replace(draft, step=session.step, answers=session.answers, reached=session.reached, extra=extra)
            )

    def _unsaved(self, error: ChatbuilderError) -> None:
        if self.state.saved != "✗ not saved":
            self.notify("\n".join(error.lines()), title="Not saved", severity="error", markup=False, timeout=15)
        self.update(saved="✗ not saved")

    # From answers to a design, to a solution, to a look at the target

    def _think(self) -> None:
        answers = self.state.session.answers
        self.work(partial(interactive.sketch, answers), partial(self._sketched, answers))

    def _sketched(self, answers: Answers, found: interactive.Sketch) -> None:
        if answers is not self.state.session.answers:
            return
        new = found.blueprint != self.state.blueprint
        before = self.state.blueprint if new else self.state.before
        problems = wizard.by_field(found.problems)
        self.update(blueprint=found.blueprint, before=before, problems=problems)
        if self.state.session.step in FROM_SOLUTION_ON and not problems:
            self.work(partial(interactive.work_out, answers), partial(self._worked_out, answers))

    def _worked_out(self, answers: Answers, found: interactive.Work) -> None:
        if answers is not self.state.session.answers:
            return
        self._config = found.config
        if self.state.solution is None:
            self.update(solution=found.solution, suggested=found.suggested, view_words=found.view_words)
        if self.state.session.step == "setup":
            if found.suggested and not answers.get("target"):
                self._set(self.state.session.answer({"target": found.suggested}))
            else:
                self.after(LOOK_AFTER, self.look)

    def look(self) -> None:
        """See what is at the target, without changing it."""
        if (config := self._config) and not self.busy:
            self.work(
                partial(pipeline.inspect_target, config),
                lambda target: self.update(target=target) if config is self._config else None,
            )

    # Building

    def build_job(self) -> Callable[[Hear, Callable[[], bool]], Job] | None:
        """Return the use-case that builds these answers."""
        config = self._config
        return None if config is None else lambda hear, cancelled: interactive.apply(config, hear, cancelled)

    def built(self, outcome: Outcome) -> None:
        """A system exists: the last step is open."""
        self._set(self.state.session.finished(outcome))

    # Export

    def on_ask_export(self) -> None:
        """Ask where to export to."""
        from chatbuilder.screens.export import ExportScreen

        self.push_screen(ExportScreen(wizard.export_folder(self.state.session.answers)))

    def on_export(self, event: messages.Export) -> None:
        """Write the package; the dialog tells what came of it."""
        from chatbuilder.screens.export import ExportScreen

        def told(what: str, result: Any) -> None:
            for screen in self.screen_stack:
                if isinstance(screen, ExportScreen):
                    screen.finished(result) if what == "finished" else screen.refused(result.lines())

        def written(report: pipeline.ExportReport) -> None:
            told("finished", report)
            if self.state.session.outcome is None:
                self._set(self.state.session.finished(wizard.exported(report.place)))

        config, solution = self._config, self.state.solution
        if config and solution:
            export = partial(pipeline.export, solution, config, event.folder, zipped=event.zipped)
            self.work(export, written, partial(told, "refused"))

    # Sessions to go on with

    def _welcome_screen(self) -> Any:
        from chatbuilder.screens.welcome import WelcomeScreen

        return WelcomeScreen(self.state)

    @staticmethod
    def _known() -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return tuple(pipeline.drafts()), tuple(pipeline.systems())

    def _list(self, found: tuple[tuple[Any, ...], tuple[Any, ...]]) -> None:
        self.update(drafts=found[0], systems=found[1])

    def on_open_draft(self, event: messages.OpenDraft) -> None:
        """Resume a session."""
        self.work(partial(pipeline.load_draft, event.draft), self._opened, self._not_opened)

    def _opened(self, draft: pipeline.Draft) -> None:
        self._release()
        self._draft = draft
        self.state = State(
            wizard.resumed(draft.answers, draft.step, draft.reached, draft.extra), zones=self.state.zones
        )
        self.switch_screen(_screen(self.state))
        self._think()
        self._tell_copy()

    def _not_opened(self, error: ChatbuilderError) -> None:
        self.trouble(error)
        self.work(self._known, self._list)

    def _tell_copy(self) -> None:
        if self._draft and self._draft.copied_from:
            text = f"That session is open in another window. This is a copy of it: {self._draft.id}."
            self.notify(text, title="Copied", markup=False, timeout=10)

    def on_remove_draft(self, event: messages.RemoveDraft) -> None:
        """Remove a session for good, after asking."""
        name = next((d.name for d in self.state.drafts or () if d.id == event.draft), event.draft)
        self.ask(
            "Remove this session?", f"The answers of {name!r} are deleted. Systems that were built stay as they are.",
            "Remove", "Keep it",
            lambda: self.work(partial(pipeline.delete_draft, event.draft), lambda _: self.work(self._known, self._list)),
        )  # fmt: skip

    def on_new_session(self) -> None:
        """Start with no answers; the present session stays saved."""
        self._release()
        self.state = State(zones=self.state.zones)
        self.switch_screen(_screen(self.state))
        self._think()

    def _release(self) -> None:
        with self._lock:
            if self._draft is not None:
                pipeline.release_draft(self._draft.id)
            self._draft = None

    # The menu and the end

    def more_commands(self) -> Iterable[SystemCommand]:
        """Export and copy, where there is a solution."""
        if solution := self.state.solution:
            plan = partial(wizard.plan_text, solution)
            yield SystemCommand("Export", "Write everything to a folder or a zip file", self.on_ask_export)
            yield SystemCommand(
                "Copy the plan", "Every delivery as JSON", lambda: self.on_copy(messages.Copy(plan(), "Plan"))
            )

    def on_finish(self) -> None:
        """Leave; everything is done."""
        self.leave()

    def leave(self) -> None:
        if self._draft is not None or self.state.session.answers:
            try:
                self._store()
            except ChatbuilderError as error:
                self.exit(message="\n".join(error.lines()))
                return
            self.exit(message=f"Saved. `chatbuilder resume {self._draft.id if self._draft else ''}` goes on from here.")
        else:
            self.exit()


def _screen(state: State) -> StepScreen:
    """Return the screen of the present step; its module is loaded when it is needed."""
    step = state.session.step
    module = import_module(f"chatbuilder.screens.{step}")
    screen: StepScreen = getattr(module, f"{step.title()}Screen")(state)
    return screen


def run(draft_id: str | None = None, answers: Mapping[str, Any] | None = None) -> int:
    """Open the wizard: on a draft, on answers (at Review), on the welcome screen, or on the first step.

    Returns the exit code. Raises `InputError` for a draft that cannot be opened.
    """
    draft, session = None, Session()
    if draft_id is not None:
        draft = pipeline.load_draft(draft_id)
        session = wizard.resumed(draft.answers, draft.step, draft.reached, draft.extra)
    elif answers is not None:
        session = wizard.resumed(answers, "review", wizard.ORDER[:5])
    welcome = draft is None and answers is None and interactive.anything_saved()
    app = ChatbuilderApp(session, draft, welcome=welcome)
    app.run()
    return app.return_code or 0
