"""The wizard's app: it alone changes the session, saves it, and calls the pipeline, in threads."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from textual.app import SystemCommand
from textual.screen import Screen

from chatbuilder import pipeline, wizard
from chatbuilder.errors import ChatbuilderError, ExitCode
from chatbuilder.pipeline import bringing, connecting, interactive
from chatbuilder.screens import messages
from chatbuilder.screens.building import Hear
from chatbuilder.screens.looking import NOTHING_SEEN
from chatbuilder.screens.sessions import SessionsDesk, resumed
from chatbuilder.screens.state import State
from chatbuilder.wizard import Answers, Outcome, Session

if TYPE_CHECKING:
    from chatbuilder.config import Config
    from chatbuilder.screens.reports import Job

SAVE_AFTER, THINK_AFTER, LOOK_AFTER = 0.15, 0.02, 0.3  # seconds after a change
HERE = PurePath(__file__).parent
STYLED = (*wizard.ORDER, "welcome", "dialog", "search", "fill")
CHECKED = ("review", "solution", "setup", "done")


class ChatbuilderApp(SessionsDesk):
    """One window on one session."""

    store = interactive
    vault = connecting
    chats = bringing

    def __init__(
        self, session: Session, draft: pipeline.Draft | None = None, *, welcome: bool = False, theme: str = ""
    ) -> None:
        self._first = "welcome" if welcome else session.step
        styles = ["app.tcss", f"screens/{self._first}.tcss"]
        super().__init__(State(session), draft, styles, theme, plain=bool(os.environ.get("NO_COLOR")))
        self._config: Config | None = None
        self._sketched_of: Answers | None = None
        self._start_when_seen: messages.Start | None = None
        self.when_loaded: Callable[[], None] = lambda: None

    def get_default_screen(self) -> Screen[None]:
        """Return the welcome screen, or the step to begin with."""
        return _screen(self.state, self._first)

    def on_mount(self) -> None:
        """Everything that takes time comes after the first frame."""
        self.call_after_refresh(self._after_first_frame)

    def _after_first_frame(self) -> None:
        # All at once: for every style file that comes with its screen, Textual reads all of them anew.
        self.stylesheet.read_all([HERE / f"screens/{name}.tcss" for name in STYLED])
        if self._first == "welcome":
            self.list_sessions()
        self.work(interactive.time_zones, lambda zones: self.update(zones=zones))
        self.work(interactive.foreign, lambda found: self.update(foreign=found))
        self._think()
        self.tell_differences()

    def begin(self, session: Session) -> None:
        """Show a session from its step on; nothing of the one before is left."""
        self.state = State(session, zones=self.state.zones, foreign=self.state.foreign)
        self._config = self._sketched_of = self._start_when_seen = None
        self.show_screen(_screen(self.state))
        self._think()

    # The session and its draft

    def on_answered(self, event: messages.Answered) -> None:
        """Merge an answer."""
        self._start_when_seen = None
        change = event.change(self.state.session.answers) if callable(event.change) else event.change
        self._set(self.state.session.answer(change))

    def _set(self, session: Session) -> None:
        """What was made of other answers is void; what was found stays until it is found anew."""
        if session.answers != self.state.session.answers:
            self._config = None
            progress = self.state.progress if self.busy else None
            same = session.answers.get("platform") == self.state.session.answers.get("platform")
            accounts = self.state.accounts if same else None
            self.look_away()
            self.update(session=session, solution=None, progress=progress, accounts=accounts, **NOTHING_SEEN)
            self.soon(THINK_AFTER, self._think)
        else:
            self.update(session=session)
        self.soon(SAVE_AFTER, self.save)

    def on_forward(self) -> None:
        """The next step, unless something is missing or wrong."""
        step = self.state.session.step
        holding = self.state.misanswered if step in ("review", "solution") else self.state.problems
        wrong = step in CHECKED and holding
        self._go(self.state.session if wrong else self.state.session.next())

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
        self._start_when_seen = None
        self.state = replace(self.state, session=session)
        self.show_screen(_screen(self.state))
        self.save()
        self._think()

    # From answers to a design, to a solution, to a look at the target

    def _think(self) -> None:
        answers = self.state.session.answers
        if answers is self._sketched_of:
            self._work_out()
        else:
            self.work(partial(interactive.sketch, answers), partial(self._sketched, answers))

    def _sketched(self, answers: Answers, found: interactive.Sketch) -> None:
        if answers is not self.state.session.answers:
            return
        first, self._sketched_of = self._sketched_of is None, answers
        new = found.blueprint != self.state.blueprint
        before = self.state.blueprint if new else self.state.before
        self.update(blueprint=found.blueprint, before=before, problems=wizard.by_field(found.problems))
        if self.state.problems:
            self.seen()
        if first:
            self.when_loaded()
        self._work_out()

    def _work_out(self) -> None:
        """From the Solution on, valid answers become a solution, and others go back to Review."""
        answers, misanswered = self.state.session.answers, self.state.misanswered
        if self.state.session.step not in CHECKED[1:]:
            return
        if self.state.session.step == "solution" and self.state.problems and not misanswered:
            # Where it will stand changes nothing of what is shown here; it is asked for again at Auto-setup.
            placeless = {key: value for key, value in answers.items() if key != "target"}
            self.work(partial(interactive.work_out, placeless), partial(self._shown_placeless, answers))
        elif not self.state.problems:
            job, failed = partial(interactive.work_out, answers), partial(self._not_worked_out, answers)
            self.work(job, partial(self._worked_out, answers), failed)
        elif misanswered:
            self._show(self.state.session.at("review"))

    def _worked_out(self, answers: Answers, found: interactive.Work) -> None:
        if answers is not self.state.session.answers:
            return
        self._config = found.config
        if self.state.solution is None:
            self.update(solution=found.solution, suggested=found.suggested, view_words=found.view_words)
        if self.state.session.step == "setup":
            if self.state.accounts is None:
                self.list_accounts()
            if found.suggested and "target" not in answers:
                self._set(self.state.session.answer({"target": found.suggested}))
            else:
                self.after(LOOK_AFTER, self.look)

    def _shown_placeless(self, answers: Answers, found: interactive.Work) -> None:
        if answers is self.state.session.answers and self.state.solution is None:
            self.update(solution=found.solution, view_words=found.view_words)

    def _not_worked_out(self, answers: Answers, error: ChatbuilderError) -> None:
        """A place out there that cannot be one is told at its field, as it may be half typed."""
        from chatbuilder.screens.place import place_key

        if answers is not self.state.session.answers:
            return
        key = place_key(self.state) if self.state.session.step == "setup" else ""
        if key and error.exit_code == ExitCode.INPUT:
            self.update(problems={**self.state.problems, f"target.{key}": error.message})
            self.seen()
        else:
            self.trouble(error)

    def look_job(self) -> Callable[..., Any] | None:
        """Return the use-case that looks at the target of these answers."""
        return None if self._config is None else partial(interactive.look, self._config)

    # Building

    def on_start(self, event: messages.Start) -> None:
        """Build it, after the look that is under way; else say why not."""
        from chatbuilder.screens.target import hindrance

        self._start_when_seen = None
        if self.state.target is None and not self.state.problems:
            self._start_when_seen = event
        elif why := hindrance(self.state, event.agreed):
            self.notify(f"Not started: {why}", severity="warning", markup=False)
        else:
            self.start(tidy=event.tidy)

    def seen(self) -> None:
        """The target is known: a start that waits for it can begin."""
        if self._start_when_seen is not None:
            self.on_start(self._start_when_seen)

    def build_job(self, *, tidy: bool) -> Callable[[Hear, Callable[[], bool]], Job] | None:
        """Return the use-case that builds these answers."""
        return None if self._config is None else partial(interactive.apply, self._config, tidy=tidy)

    def built(self, outcome: Outcome) -> None:
        """Something exists: the last step is open."""
        self._set(self.state.session.finished(outcome))

    def on_ticked(self, event: messages.Ticked) -> None:
        """Keep what was done by hand."""
        session = self.state.session
        self._set(replace(session, ticked=wizard.toggled(session.ticked, event.key)))

    def export_job(self, folder: str, zipped: bool) -> Callable[[], pipeline.ExportReport] | None:
        """Return the use-case that writes the package of these answers."""
        config, solution = self._config, self.state.solution
        if config is None or solution is None:
            return None
        return partial(pipeline.export, solution, config, folder, zipped=zipped)

    def standing_job(self) -> Callable[[], bringing.Standing]:
        """Return the use-case that finds out what there is to fill; what these answers built comes first."""
        return partial(bringing.standing, self._config if self.state.session.built else None)

    # The menu

    def action_search(self) -> None:
        """Search the library."""
        from chatbuilder.pipeline import browsing
        from chatbuilder.screens.search import SearchScreen

        self.push_screen(SearchScreen(browsing.look_up, browsing.chat, browsing.assistants))

    def more_commands(self) -> Iterable[SystemCommand]:
        """The library; accounts, where there are any; export and copy, where there is a solution."""
        yield SystemCommand("Search chats", "Find words in all chats of the library", self.action_search)
        yield SystemCommand("Import chats", "Exports and agents' logs, into the library", self.on_ask_import)
        fill = partial(self.on_ask_fill, messages.AskFill())
        yield SystemCommand("Fill a system", "Bring the chats of the library into it", fill)
        if self.remote:
            yield SystemCommand("Connect an account", "Give a token; it is kept in your keyring", self.on_ask_connect)
            yield SystemCommand("Check the token", "Ask what it may do, and what is missing", self.on_ask_check)
        if solution := self.state.solution:
            plan = messages.Copy(wizard.plan_text(solution), "Plan")
            yield SystemCommand("Export", "Write everything to a folder or a zip file", self.on_ask_export)
            yield SystemCommand("Copy the plan", "Every delivery as JSON", partial(self.on_copy, plan))

    def action_theme(self, name: str) -> None:
        """Change the colours, and remember it."""
        super().action_theme(name)
        self.work(partial(interactive.remember_theme, name), lambda _: None)

    # Textual would print a traceback with the values of all variables, which may be anybody's text or token.
    def _fatal_error(self) -> None:
        self._close_messages_no_wait()

    @property
    def defect(self) -> Exception | None:
        """The error that ended the app, if one did; `run` hands it on to be reported without any values."""
        return self._exception


def _screen(state: State, name: str = "") -> Screen[None]:
    """Return a screen by name, else that of the present step; its module is loaded when it is needed."""
    name = name or state.session.step
    module = import_module(f"chatbuilder.screens.{name}")
    screen: Screen[None] = getattr(module, f"{name.title()}Screen")(state)
    return screen


def make_app(draft_id: str | None = None, answers: Mapping[str, Any] | None = None) -> ChatbuilderApp:
    """Return the app on a draft, on answers (at Review), on the welcome screen, or on the first step.

    Raises `InputError` for a draft that cannot be opened.
    """
    draft, session = None, Session()
    if draft_id is not None:
        draft = interactive.open_session(draft_id)
        session = resumed(draft)
    elif answers is not None:
        session = wizard.resumed(interactive.known_answers(answers), "review", wizard.ORDER[:5])
    welcome = draft is None and answers is None and interactive.anything_saved()
    return ChatbuilderApp(session, draft, welcome=welcome, theme=interactive.theme())


def _spare_the_collector() -> None:
    """Keep the garbage collector from looking through everything that was loaded: each time stops us for 50 ms."""
    gc.freeze()
    gc.set_threshold(700, 10, 200)


def run(draft_id: str | None = None, answers: Mapping[str, Any] | None = None) -> int:
    """Open the wizard (see `make_app`) and return the exit code. Raises what it did not expect."""
    app = make_app(draft_id, answers)
    app.when_loaded = _spare_the_collector
    app.run()
    if app.defect is not None:
        raise app.defect
    return app.return_code or 0
