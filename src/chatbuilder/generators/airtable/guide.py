"""The words of the Airtable guide."""

from __future__ import annotations

from collections.abc import Mapping

from chatbuilder.blueprint import Blueprint, Field, Table
from chatbuilder.generators.airtable.fields import TYPE_WORDS, airtable_type, creatable
from chatbuilder.generators.airtable.zones import airtable_zone
from chatbuilder.generators.common.guide import TO_LIBRARY, GuideParts
from chatbuilder.generators.common.text import md, slug
from chatbuilder.solution import ManualStep

_ANSWERS: dict[str, str] = {
    "organization": "Set **Topic** and **Category** in the grid, one click each.",
    "search": "**Ctrl+F** (⌘F) in a view searches First prompt, Keywords and Summary; the magnifier at the top right "
    "does the same.",
    "analytics": "Give **Value** its stars; the dashboard's figures add them up, and Duration with them.",
    "collaboration": "**Owner** is a real Airtable user, so it can notify; set **Review state** when you have read "
    "one.",
    "automation": "`airtable/automation.js` files new sessions by the words in the table below and ticks "
    "**Auto-filed**.",
    "simplicity": "One table, at most four views, no linked tables: everything is on the first screen.",
    "portability": "**External ID** and **Source ID** stay with each row; `data-dictionary.md`, `templates/` and "
    "**Download CSV** (in a view's menu) take everything out again.",
    "integration": "`airtable/recipes.md` has calls that work with curl, n8n, Make and Zapier.",
    "tags": "**Tags** takes several labels at once, **Priority** ranks what is open.",
    "projects": "**Project** ties sessions to the work they serve.",
    "timeline": "**Day**, Started and Last activity place sessions on calendars and time lines.",
    "templates": "The table **Session templates** holds five texts; record templates put them into a new session.",
    "reminders": "Set **Follow-up** to the day to come back; an automation can mail you what is due.",
    "exports": "`python airtable/backup.py app…` saves every table as JSON and CSV.",
    "dashboard": "Number and chart elements on an interface page; the steps are below. **Week** is there to group by.",
    "archive": "Set **Status** to Archived and the session leaves the other views; the script does it after 90 days.",
}


def guide_parts(blueprint: Blueprint, manual: tuple[ManualStep, ...], *, given: bool, calls: int) -> GuideParts:
    """Return what only Airtable's guide says; `given` when the answers name a base to fill, else one is made."""
    return GuideParts(
        result=_result(blueprint),
        setup=_setup(blueprint, given=given, calls=calls),
        views="Airtable's API cannot make views, so each one is a few clicks: the steps are under “To do by hand”. "
        "Everybody with edit rights sees the same views.",
        view_notes=_view_notes(blueprint),
        answers=_answers(blueprint),
        automations=_automations(blueprint),
        team=_team(blueprint),
        sync=_sync(blueprint),
        manual=manual,
        limits=_limits(blueprint),
    )


def _result(blueprint: Blueprint) -> str:
    names = [md(table.name) for table in blueprint.tables]
    links = " linked to each other" if len(names) > 1 else ""
    word = "tables" if len(names) > 1 else "table"
    return f"One Airtable base with the {word} {', '.join(names)}{links}; views and pages are made by hand."


def _setup(blueprint: Blueprint, *, given: bool, calls: int) -> tuple[str, ...]:
    access = "the base that you named as the target" if given else "the workspace in which the base is to be made"
    where = "" if given else " (its id, `wsp…`, stands in its address: put it under `[target]` as `workspace`)"
    files = [f"`templates/{slug(table.name)}.csv`" for table in _import_order(blueprint)]
    if blueprint.templates:
        files.append("`airtable/session-templates.csv`")
    by_hand = (
        "open the base that you named as the target"
        if given
        else f"click **Create** → **Start from scratch** and name the base **{md(blueprint.name)}**"
    )
    links = " Linked fields find their rows by name." if len(blueprint.tables) > 1 else ""
    return (
        "Open airtable.com/create/tokens → **Create token**. Add the scopes `data.records:read`, `data.records:write`, "
        f"`schema.bases:read` and `schema.bases:write`; under **Access** add {access}{where}. Click **Create token** "
        "and copy it.",
        "Run `chatbuilder token set airtable` and paste it; `chatbuilder token check airtable` says what it may do.",
        f"Run `chatbuilder apply --answers answers.toml`, or start it in the wizard: it sends exactly the {calls} "
        f"request{'' if calls == 1 else 's'} in `airtable/`. Run it again after any interruption: nothing comes twice.",
        "Go through “To do by hand” below from top to bottom.",
        f"Without a token it goes by hand: at airtable.com {by_hand}. Bring in {', then '.join(files)} with **+ Add or "
        "import** → **CSV file**; delete an empty **Table 1**; check that each table has the name of its file, and "
        f"give every field its type as in `airtable/field-types.md` (arrow beside the field → **Edit field**).{links}",
    )


def _import_order(blueprint: Blueprint) -> list[Table]:
    """Tables that others link to come first, so that links find their rows."""
    return [t for t in blueprint.tables if t.key != "sessions" and t.key != "prompts"] + [
        t for t in blueprint.tables if t.key in ("sessions", "prompts")
    ]


def _view_notes(blueprint: Blueprint) -> dict[str, str]:
    return {view.key: f"See “Make the view {md(view.name)}” below." for view in blueprint.views}


def _answers(blueprint: Blueprint) -> dict[str, str]:
    return {key: _ANSWERS[key] + _views_of(key, blueprint) for key in (*blueprint.priorities, *blueprint.features)}


def _views_of(answer: str, blueprint: Blueprint) -> str:
    """Name the views that an answer brought, as far as they were kept."""
    kind = "feature" if answer in blueprint.features else "priority"
    names = [f"**{md(view.name)}**" for view in blueprint.views if view.source == f"{kind}:{answer}"]
    return f" Look at {', '.join(names)}." if names else ""


def _automations(blueprint: Blueprint) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for item in blueprint.automations:
        match item.kind:
            case "tagging" | "archive" | "reminder":
                found[item.key] = f"See “Switch on the automation {md(item.name)}” below."
            case "backup":
                found[item.key] = (
                    "Run `python airtable/backup.py app…` (it needs the environment variable AIRTABLE_TOKEN) and let "
                    "cron, a systemd timer, launchd or the Task Scheduler run it weekly."
                )
            case "sync":
                found[item.key] = (
                    "`chatbuilder sync SYSTEM` brings new chats, and new facts to chats that are there; "
                    "`airtable/recipes.md` has the lines that run it every day."
                )
    return found


def _team(blueprint: Blueprint) -> str:
    if blueprint.team_size == "solo" and not blueprint.team.permissions:
        return ""
    roles = "Airtable's roles fit these: Owner = **Owner** or **Creator**, Editor = **Editor**, Reader = **Read only**."
    text = "Click **Share** at the top right and invite people to the base (not to the whole workspace). "
    text += roles if blueprint.team.roles else "Give **Editor** to those who write and **Read only** to the rest."
    text += " Every editor is a paid seat on the Team plan; readers are free."
    if blueprint.team.access_levels:
        text += (
            " A base has no rights for single rows: people who may not see **Private** sessions get an interface page "
            "with the filter **Access** *is not* “Private”, and no access to the base itself."
        )
    return text


def _sync(blueprint: Blueprint) -> str:
    keep = "**Source ID** as it is: rows are recognised by it"
    if blueprint.sessions.has("external_id"):
        keep = "**Source ID** and **External ID** as they are: rows are recognised by them"
    return (
        f"{TO_LIBRARY}. `chatbuilder sync SYSTEM` then writes one record for each chat, ten a call, and keeps it up to "
        "date; what you typed, renamed or deleted stays as you made it. `chatbuilder sync SYSTEM --dry-run` tells "
        "first how many calls and records that takes. Chats from elsewhere: fill `templates/chat-sessions.csv` (or the "
        "JSON beside it) and bring it in with **+ Add or import** → **CSV file** → **Merge with an existing table** "
        f"(the CSV import extension), merging on **Source ID**, so that no row comes twice. Keep {keep}."
    )


def _limits(blueprint: Blueprint) -> tuple[str, ...]:
    lines = [
        "Airtable's API deletes neither tables nor bases: `chatbuilder destroy` takes the untouched sample rows away "
        "and names the clicks that move the base to the trash.",
        "Names of people in the samples are left out: **Owner** takes members of the base only."
        if blueprint.sessions.has("owner")
        else "",
        "The free plan stops at 1,000 records a base and 1,000 API calls a month.",
    ]
    zone = airtable_zone(blueprint.timezone)
    if zone == "client":
        lines.append(f"Airtable has no time zone {md(blueprint.timezone)}: times show in each viewer's own zone.")
    elif zone != "utc":
        lines.append(
            f"Times show in {md(blueprint.timezone)}, and “today” in a filter is the day there; sync counts days in "
            "UTC."
        )
    return tuple(line for line in lines if line)


def field_types(blueprint: Blueprint, tables: tuple[Table, ...]) -> str:
    """Return the page that says which type and options each field gets, for a base that is made by hand."""
    parts = [f"# Field types: {md(blueprint.name)}\n"]
    for table in tables:
        parts.append(f"\n## {md(table.name)}\n\n| Field | Type in Airtable | Options |\n|---|---|---|\n")
        parts += [f"| {md(f.name)} | {_type_words(f)} | {_option_words(f, blueprint)} |\n" for f in table.fields]
    return "".join(parts)


def _type_words(field: Field) -> str:
    if creatable(field):
        return TYPE_WORDS[airtable_type(field)]
    return "Count or Rollup: see the guide" if field.rollup else "Formula: see the guide"


def _option_words(field: Field, blueprint: Blueprint) -> str:
    if field.options:
        return "; ".join(md(name) for name in field.option_names())
    if field.relation:
        other = md(blueprint.table(field.relation.table).name)
        far = f"; name the field on the other side {md(field.relation.reverse)}" if field.relation.reverse else ""
        return f"table {other}{far}"
    if field.type in ("date", "datetime"):
        name = {"iso": "ISO (2026-11-22)", "european": "European (22/11/2026)", "us": "US (11/22/2026)"}
        zone = f"; time zone {md(blueprint.timezone)}" if field.type == "datetime" else ""
        return f"date format {name[blueprint.date_format]}{zone}"
    if field.maximum is not None:
        return f"stars, {field.maximum}"
    return f"in {field.unit}, no decimals" if field.unit else ""
