"""The guide: one Markdown page for a platform and these answers. Generators hand in what only they know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from chatbuilder import catalog
from chatbuilder.blueprint import Blueprint, Field
from chatbuilder.generators.common.data import type_text
from chatbuilder.generators.common.text import md
from chatbuilder.generators.common.words import view_text
from chatbuilder.solution import Document, ManualStep

# How every guide begins to tell of filling a system.
TO_LIBRARY = (
    "`chatbuilder import PATH` reads your chat exports into a library on your computer, where `chatbuilder search` "
    "finds every word of them"
)


@dataclass(frozen=True, slots=True)
class GuideParts:
    """What a platform adds to the common guide. All values are trusted Markdown: escape user text with `md()`.

    * `result`: one or two sentences: what stands where when it is built.
    * `setup`: numbered steps to build it, each one Markdown item.
    * `views`: how views work here; `view_notes`: view key -> how this view was made, or is made by hand.
    * `answers`: priority or feature id -> how to use what it added, here. One or two sentences with names of real
      pages, sheets, menus or commands. Cover every chosen answer.
    * `automations`: automation key -> recipe for this platform.
    * `team`: how to share it, roles and permissions here; "" for solo.
    * `sync`: how chats get in and stay in sync.
    * `manual`: what only the person can do. `limits`: what the platform cannot do, one line each.
    """

    result: str
    setup: tuple[str, ...]
    views: str
    view_notes: Mapping[str, str] = field(default_factory=dict)
    answers: Mapping[str, str] = field(default_factory=dict)
    automations: Mapping[str, str] = field(default_factory=dict)
    team: str = ""
    sync: str = ""
    manual: tuple[ManualStep, ...] = ()
    limits: tuple[str, ...] = ()


def build_guide(blueprint: Blueprint, parts: GuideParts) -> Document:
    """Return the guide. Simplicity asks for one page: it keeps set-up, views, routine and what is done by hand."""
    platform = catalog.PLATFORMS[blueprint.platform].name
    short = blueprint.wants("simplicity")
    sections: list[Iterable[str]] = [
        [f"# {md(blueprint.name)} in {platform}", "", parts.result, ""],
        _what(blueprint),
        _setup(parts),
        _answers(blueprint, parts),
        _views(blueprint, parts, short=short),
        () if short else _fields(blueprint),
        _templates(blueprint),
        _dashboard(blueprint),
        _automations(blueprint, parts),
        _team(blueprint, parts),
        _routine(blueprint),
        ["## Getting your chats in", "", parts.sync, ""] if parts.sync else (),
        _manual(parts),
        _limits(blueprint, parts),
        _left_out(blueprint),
    ]
    text = "\n".join(line for section in sections for line in section).rstrip() + "\n"
    return Document("guide", "Guide", text)


def _what(bp: Blueprint) -> Iterable[str]:
    tables = ", ".join(f"**{md(t.name)}** ({len(t.fields)} fields)" for t in bp.tables)
    size = catalog.TEAM_SIZES[bp.team_size].name.lower()
    yield from ("## What you get", "", f"- Tables: {tables}", f"- Views: {len(bp.views)}")
    yield f"- Made for: {size}, {catalog.COMPLEXITIES[bp.complexity].name.lower()} set-up"
    yield f"- In your order of importance: {', '.join(catalog.PRIORITIES[p].name for p in bp.priorities)}"
    if bp.features:
        yield f"- Features: {', '.join(catalog.FEATURES[f].name for f in bp.features)}"
    yield ""


def _setup(parts: GuideParts) -> Iterable[str]:
    yield from ("## Set it up", "")
    yield from (f"{n}. {step}" for n, step in enumerate(parts.setup, 1))
    yield ""


def _answers(bp: Blueprint, parts: GuideParts) -> Iterable[str]:
    yield from ("## How your answers show", "")
    for key in (*bp.priorities, *bp.features):
        choice = catalog.PRIORITIES.get(key) or catalog.FEATURES[key]
        yield f"- **{choice.name}.** {parts.answers.get(key) or choice.summary}"
    size, depth = catalog.TEAM_SIZES[bp.team_size], catalog.COMPLEXITIES[bp.complexity]
    yield f"- **{size.name}.** {size.adds}."
    yield f"- **{depth.name}.** {depth.adds}."
    yield ""


def _views(bp: Blueprint, parts: GuideParts, *, short: bool) -> Iterable[str]:
    yield from ("## Views", "", parts.views, "")
    for view in bp.views:
        yield f"- **{md(view.name)}** ({view.kind}): {md(view.about)}"
        if not short:
            yield f"  - {md(view_text(view, bp))}"
        if view.key in parts.view_notes:
            yield f"  - {parts.view_notes[view.key]}"
    yield ""


def _fields(bp: Blueprint) -> Iterable[str]:
    yield from ("## Fields", "", "The data dictionary has them all with their meaning. In short:", "")
    for table in bp.tables:
        names = ", ".join(f"{md(f.name)} ({md(_short_type(f, bp))})" for f in table.fields)
        yield f"- **{md(table.name)}**: {names}"
    yield ""


def _short_type(item: Field, bp: Blueprint) -> str:
    text = type_text(item, bp).split(":")[0]
    return text[:1].lower() + text[1:]


def _templates(bp: Blueprint) -> Iterable[str]:
    if bp.templates:
        yield from ("## Templates", "")
        for template in bp.templates:
            yield f"- **{template.name}**: {template.about} Headings: {', '.join(h for h, _ in template.headings)}."
        yield ""


def _dashboard(bp: Blueprint) -> Iterable[str]:
    if bp.dashboard:
        yield from ("## Dashboard", "", f"Figures: {', '.join(f.name for f in bp.dashboard.figures)}.")
        if bp.dashboard.charts:
            yield f"Charts: {', '.join(c.name for c in bp.dashboard.charts)}."
        yield ""


def _automations(bp: Blueprint, parts: GuideParts) -> Iterable[str]:
    if not bp.automations:
        return
    yield from ("## What happens by itself", "")
    for item in bp.automations:
        yield from (f"### {item.name}", "", f"When: {item.trigger}. Then: {item.effect}", "")
        if item.rules:
            yield from ("| Words | Sets |", "|---|---|")
            yield from (
                f"| {md(', '.join(r.words))} | {md(bp.sessions.field(r.field).name)} = {md(r.value)} |"
                for r in item.rules
            )
            yield ""
        if item.key in parts.automations:
            yield from (parts.automations[item.key], "")


def _team(bp: Blueprint, parts: GuideParts) -> Iterable[str]:
    team = bp.team
    if bp.team_size == "solo" and not team.permissions:
        return
    yield from ("## Working together", "")
    yield from (parts.team, "") if parts.team else ()
    yield from (f"- {line}" for line in team.permissions)
    if team.roles:
        yield from ("", "| Role | May | Who |", "|---|---|---|")
        yield from (f"| {r.name} | {r.may} | {r.who} |" for r in team.roles)
    if team.naming:
        yield from ("", "Names everybody uses:", "")
        yield from (f"- {line}" for line in team.naming)
    if team.retention_days:
        yield from (
            "",
            "### Governance",
            "",
            f"- Access levels: {', '.join(team.access_levels)}; new sessions start as {team.access_levels[0]}.",
        )
        yield f"- Keep sessions for {team.retention_days} days; then look at Retention due and delete the rest."
        yield "- Once a quarter an Owner checks who has access and removes people who left."
    yield ""


def _routine(bp: Blueprint) -> Iterable[str]:
    views = {view.key: view.name for view in bp.views}
    daily = [
        "Open **Recent (7 days)** and give new sessions a status."
        if "recent" in views
        else "Open **All sessions** and give new sessions a status."
    ]
    daily += ["Write one line of Summary for what was worth it."]
    daily += ["Clear **Needs follow-up**."] if "needs_follow_up" in views else []
    weekly = [
        "Run sync, then look at **Active** and close what is done."
        if "active" in views
        else "Run sync, then close what is done."
    ]
    for key, text in _WEEKLY.items():
        if key in views:
            weekly.append(text)
    weekly += ["Save a backup."] if bp.wants("exports") else []
    yield from ("## Routine", "", "Every day, two minutes:", "")
    yield from (f"- {line}" for line in daily)
    yield from ("", "Every week, ten minutes:", "")
    yield from (f"- {line}" for line in weekly)
    yield ""


_WEEKLY = {
    "untagged": "Empty **Untagged**.",
    "by_topic": "Walk through **By topic**: is each session where you would look for it?",
    "by_project": "Walk through **By project** and set the phase.",
    "needs_review": "Read one session from **Needs review**.",
    "auto_filed": "Check **Auto-filed** and mend the rules that guess wrong.",
    "high_value": "Reread one session from **High value**.",
    "stale": "Close or restart what is **Stale**.",
    "to_delete": "Look at **Retention due**.",
}


def _manual(parts: GuideParts) -> Iterable[str]:
    if not parts.manual:
        return
    yield from ("## To do by hand", "")
    for step in parts.manual:
        yield from (f"### {step.title}", "", f"Why by hand: {step.why}", "")
        yield from (f"{n}. {line}" for n, line in enumerate(step.how, 1))
        yield ""


def _limits(bp: Blueprint, parts: GuideParts) -> Iterable[str]:
    gaps = [f"**{md(f.title)}.** {md(f.reason)} {md(f.suggestion)}" for f in bp.findings if f.key != "trimmed"]
    lines = [*parts.limits, *gaps]
    if lines:
        yield from ("## Good to know", "", *(f"- {line}" for line in lines), "")


def _left_out(bp: Blueprint) -> Iterable[str]:
    if bp.left_out:
        yield from ("## Left out to keep it simple", "")
        for item in bp.left_out:
            asked = "" if item.source == "core" else f" (asked for by {item.source.split(':')[-1]})"
            yield f"- {md(item.what)}{asked}"
        yield ""
