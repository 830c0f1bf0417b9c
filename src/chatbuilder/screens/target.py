"""Words and signs for a target, for what was found there, and for a build."""

from __future__ import annotations

from textual.content import Content

from chatbuilder.screens.progress import Progress
from chatbuilder.screens.state import State
from chatbuilder.widgets.actions import signed
from chatbuilder.widgets.choices import Item

LABELS = {
    "path": ("Place", "a folder or file on this computer"),
    "database": ("Database", "sqlite:///chats.db or postgresql://user@host/name"),
    "parent": ("Page", "link of a Notion page; empty for a private page"),
    "workspace": ("Workspace", "wsp…: to create a base in"),
    "base": ("Base", "app…: an empty base to use instead"),
    "spreadsheet": ("Spreadsheet", "link of a spreadsheet; empty to create one"),
    "account": ("Account", "name of a saved token; empty for the usual one"),
}
SIGNS = {
    "waiting": ("○", "$muted"),
    "running": ("▸", "$strong bold"),
    "done": ("✓", "$good bold"),
    "failed": ("✗", "$bad bold"),
}


def found(state: State) -> Content:
    """Return what stands at the place."""
    target = state.target
    if state.problems:
        return signed("bad", "Correct the place first.")
    if target is None:
        return signed("quiet", "Looking at the place …")
    lines = [signed("good" if target.ready else "quiet", target.place)]
    lines += [signed("quiet" if place else "bad", text) for place, text in enumerate(target.problems)]
    lines += [signed("quiet", text) for text in target.notes]
    if state.unfinished and not state.progress:
        lines.append(signed("note", "A build stopped here before its end. Go on takes it from there."))
    lines += [signed("note", f"Yours, would be extended: {text}") for text in target.merges]
    words = target.credentials
    lines.append(signed("quiet", f"{words[:1].upper()}{words[1:]}." if words.startswith("no ") else f"Token: {words}."))
    return Content("\n").join(lines)


def bar(progress: Progress) -> Content:
    """Return how far a build is, as a bar and in words."""
    total, width = len(progress.steps) or 1, 20
    full = width * progress.done // total
    words = {
        "running": "building",
        "stopping": "stopping …",
        "completed": "done",
        "failed": "stopped",
        "cancelled": "stopped",
    }
    return Content.assemble(
        ("█" * full, "$good"), ("░" * (width - full), "$muted"), f" {progress.done} of {total} {words[progress.status]}"
    )


def lines(state: State) -> list[Item]:
    """Return the steps of the plan, as far as they are."""
    if state.progress:
        return [Item(s.key, s.title, s.note, *SIGNS[s.state]) for s in state.progress.steps]
    return [Item(s.key, s.title, "", *SIGNS["waiting"]) for s in state.solution.plan] if state.solution else []


def start_label(state: State) -> str:
    """Return what the button that builds does now."""
    if state.unfinished or (state.progress and state.progress.status in ("failed", "cancelled")):
        return "Go on"
    return "Build again" if state.session.outcome and state.session.outcome.kind == "built" else "Start"
