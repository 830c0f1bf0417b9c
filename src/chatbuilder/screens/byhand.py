"""What was built, and what is left to do by hand: the entries of the last step."""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.screens.state import State
from chatbuilder.solution import ManualStep
from chatbuilder.widgets.browser import Entry
from chatbuilder.widgets.choices import Item
from chatbuilder.widgets.markdown import blocks
from chatbuilder.widgets.prose import Block, heading, para
from chatbuilder.wizard import Outcome, Session, subject

STORY = "story"


def entries(state: State) -> list[Entry]:
    """Return where the system is, then each thing to do by hand with its box."""
    session, outcome = state.session, state.session.outcome
    if outcome is None:
        return []
    steps = to_do(state)
    name = "Where it is" if steps else ""
    copied = outcome.url or outcome.place
    first = Entry(Item(STORY, name), lambda: story(session, outcome, len(steps)), lambda: copied)
    return [first, *(_entry(step, ticked(state, step)) for step in steps)]


def to_do(state: State) -> tuple[ManualStep, ...]:
    """Return what only the person can do; a package says that itself."""
    return state.solution.manual if state.session.built and state.solution else ()


def tick_key(state: State, step: str) -> str:
    """Return the key of a tick: another platform has steps of the same name."""
    return f"{state.session.answers.get('platform')}/{step}"


def ticked(state: State, step: ManualStep) -> bool:
    """Tell whether a step was ticked off."""
    return tick_key(state, step.key) in state.session.ticked


def left(state: State) -> int:
    """Return how many things are still to do."""
    return sum(not ticked(state, step) for step in to_do(state))


def _entry(step: ManualStep, done: bool) -> Entry:
    sign, style = ("■", "$text-primary bold") if done else ("□", "$muted")
    return Entry(Item(step.key, step.title, "", sign, style), lambda: list(_how(step)), lambda: _plain(step))


def _how(step: ManualStep) -> Iterator[Block]:
    yield heading(step.title)
    yield para((step.why, "$muted"), gap=False)
    yield from blocks("\n".join(f"{number}. {line}" for number, line in enumerate(step.how, 1)))


def _plain(step: ManualStep) -> str:
    return "\n".join([step.title, *(f"{n}. {line}" for n, line in enumerate(step.how, 1))])


def story(session: Session, outcome: Outcome, by_hand: int = 0) -> list[Block]:
    """Return where it is, what to do first, and what was kept."""
    told: list[Block] = [para((subject(session.answers), "bold"), lead="✓ ")]
    told.append(para(("Place  ", "$muted"), outcome.place))
    if outcome.url and outcome.url != outcome.place:
        told.append(para(("Opens  ", "$muted"), outcome.url, gap=False))
    first = list(outcome.next)
    if by_hand:
        first.append(f"Do what only you can do: {by_hand} thing{'' if by_hand == 1 else 's'}, in the list beside this.")
    for title, texts in (("What to do first", first), ("What was kept, or removed", outcome.kept)):
        if texts:
            told.append(heading(title))
            told += [para(text, lead=f"{n} ", gap=False) for n, text in enumerate(texts, 1)]
    return told
