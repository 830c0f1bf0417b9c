"""Words for a target, for what was found there, and for whether it can be built."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from chatbuilder.screens.reports import Target
from chatbuilder.screens.state import State
from chatbuilder.screens.wording import here
from chatbuilder.widgets.actions import signed


def found(state: State) -> Content:
    """Return what stands at the place."""
    target = state.target
    if state.problems:
        return signed("bad", "Correct the place first.")
    if target is None:
        return signed("quiet", state.waiting or "Looking at the place …")
    if state.fault:
        return Content("\n").join(_refused(target, state.fault))
    lines = [signed("good" if target.ready else "quiet", target.place)] if target.place else []
    lines += [signed("quiet" if place else "bad", here(text)) for place, text in enumerate(target.problems)]
    lines += [signed("quiet", text) for text in target.notes]
    if state.unfinished and not state.progress:
        lines.append(signed("note", "A build stopped here before its end. Go on takes it from there."))
    lines += [signed("note", f"Yours, would be extended: {text}") for text in target.merges]
    lines += [signed("note", text) for text in _leftovers(state)]
    if target.credentials.startswith("no "):
        lines.append(signed("quiet", f"{target.credentials[:1].upper()}{target.credentials[1:]}."))
    return Content("\n").join(lines)


def _refused(target: Target, fault: str) -> list[Content]:
    """Return what to do about a refusal; what was said stands at the row it is about."""
    if target.credentials.startswith("none"):
        return [signed("note", "No token yet: Connect (^t) takes one. Export needs none.")]
    lines = [signed("note", here(text)) for text in target.problems[1:]]
    return [*lines, signed("quiet", "Connect (^t) takes another token.")] if fault == "token" else lines


def _leftovers(state: State) -> list[str]:
    """Return what the answers do not ask for any more, in a line for each fate."""
    gone = [part.title for part in state.leftovers if not part.edited]
    yours = [part.title for part in state.leftovers if part.edited]
    lines = [f"Not asked for any more: {some(gone)}."] if gone else []
    return [*lines, f"Not asked for any more, but edited by you, so it stays: {some(yours)}."] if yours else lines


def some(titles: Sequence[str], most: int = 4) -> str:
    """Return a few titles, and how many more there are."""
    more = len(titles) - most
    return ", ".join(titles[:most]) + (f" and {more} more" if more > 0 else "")


def hindrance(state: State, agreed: bool) -> str:
    """Return why it cannot be built now, "" when it can; `agreed`: the person's own settings may be extended."""
    if state.problems:
        return "correct the place first."
    if state.target is None:
        return "the place has not been looked at yet."
    if not state.target.ready:
        return state.target.problems[0] if state.target.problems else "it cannot be built from here yet."
    if state.progress and state.progress.busy:
        return "it is being built already."
    return "" if agreed or not state.target.merges else "say Yes to the settings that would be added to yours."


def start_label(state: State) -> str:
    """Return what the button that builds does now."""
    if state.unfinished or (state.progress and state.progress.status in ("failed", "cancelled")):
        return "Go on"
    return "Build again" if state.session.built else "Start"
