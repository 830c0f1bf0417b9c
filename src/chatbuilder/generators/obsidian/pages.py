"""The pages of the vault: start page, dashboard, search, rules, team, governance, leaving and connecting."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from chatbuilder.blueprint import Automation, Blueprint, Chart, Dashboard, TagRule
from chatbuilder.generators.obsidian import bases
from chatbuilder.generators.obsidian.layout import Layout, page_link, plain_text, safe

# On the start page, in this order, the first three that the design has.
_START_VIEWS = ("needs_follow_up", "recent", "active", "my_sessions", "by_project", "by_topic", "all_sessions")


def pages(blueprint: Blueprint, layout: Layout) -> Iterator[tuple[str, str, str]]:
    """Return file name, Markdown and purpose of every page but the guide and the data dictionary."""
    yield "Home.md", _home(blueprint, layout), "Start here"
    if blueprint.dashboard is not None:
        yield "Dashboard.md", _dashboard(blueprint.dashboard, layout), "Figures and charts"
    if blueprint.wants("search"):
        yield "Search.md", _search(blueprint, layout), "Ways to find a session"
    for automation in blueprint.automations:
        if automation.kind == "tagging":
            yield "Rules.md", _rules(automation, blueprint, layout), "Which words file a session"
    if blueprint.team_size != "solo" or blueprint.team.permissions:
        yield "Team.md", _team(blueprint), "Who does what"
    if blueprint.team_size == "large":
        yield "Governance.md", _governance(blueprint, layout), "Access, retention, reviews"
    if blueprint.wants("portability"):
        yield "Leaving.md", _leaving(blueprint), "How to leave with everything"
    if blueprint.wants("integration"):
        yield "Connect.md", _connect(blueprint), "How other tools read and write notes"
    if blueprint.dashboard is not None and blueprint.dashboard.charts and not blueprint.wants("simplicity"):
        yield (
            "Extras/Dataview tables.md",
            _dataview(blueprint.dashboard, blueprint, layout),
            "Optional: needs a community plugin",
        )


def _page(*lines: str) -> str:
    return "\n".join(lines).rstrip() + "\n"


def _embed(layout: Layout, base: str, view: str) -> list[str]:
    return [f"## {view}", "", f"![[{layout.base(base)}#{view}]]", ""]


def _home(bp: Blueprint, layout: Layout) -> str:
    listed = [entry for entry in pages_of(bp) if entry != "Home"]
    out = [f"# {safe(bp.name)}", "", "Pages: " + " · ".join(page_link(layout.under(name)) for name in listed), ""]
    out += ["Tables: " + " · ".join(page_link(layout.base(t.name), t.name) for t in bp.tables), ""]
    shown = [view for key in _START_VIEWS for view in bp.views if view.key == key][:3]
    for view in shown:
        out += _embed(layout, bp.table(view.table).name, view.name)
    names = ", ".join(view.name for view in bp.views if view not in shown)
    out += [f"More views, in the view menu of each table: {names}.", ""] if names else []
    return _page(*out)


def pages_of(bp: Blueprint) -> list[str]:
    """Return the names of the pages that the start page links to."""
    names = ["Home", "Guide", "Data dictionary"]
    names += ["Dashboard"] if bp.dashboard else []
    names += ["Search"] if bp.wants("search") else []
    names += ["Rules"] if any(a.kind == "tagging" for a in bp.automations) else []
    names += ["Team"] if bp.team_size != "solo" or bp.team.permissions else []
    names += ["Governance"] if bp.team_size == "large" else []
    names += ["Leaving"] if bp.wants("portability") else []
    names += ["Connect"] if bp.wants("integration") else []
    return names


def _dashboard(dashboard: Dashboard, layout: Layout) -> str:
    names = ", ".join(figure.name for figure in dashboard.figures)
    out = ["# Dashboard", "", f"The last line of the first table holds the figures: {names}.", ""]
    out += _embed(layout, bases.DASHBOARD, bases.FIGURES)
    if dashboard.charts:
        out += ["Obsidian has no charts of its own. Each group below starts with a bar of text and its count.", ""]
    for chart in dashboard.charts:
        out += _embed(layout, bases.DASHBOARD, chart.name)
    return _page(*out)


def _search(bp: Blueprint, layout: Layout) -> str:
    here = f'path:"{layout.folder("sessions")}"'
    table = bp.sessions
    searches = [("Still open", f"{here} [status:Active]"), ("Without a summary", f"{here} [summary:null]")]
    if table.has("tags"):
        searches.append(("Tagged as a bug", f"{here} tag:#bug"))
    if table.has("outcome"):
        searches.append(("Not solved", f"{here} [outcome:Open]"))
    out = ["# Search", "", "Press Ctrl+Shift+F (Cmd+Shift+F on a Mac), paste one of these and add your words:", ""]
    out += [
        f"- `{here} words` looks into the sessions only",
        f"- `{here} [keywords:word]` looks at one property",
        f"- `{here} [first_prompt:word]` looks at how a chat began",
        "",
    ]
    for name, query in searches:
        out += [f"## {name}", "", "```query", query, "```", ""]
    find = next((view for view in bp.views if view.key == "find"), None)
    if find is not None:
        out += [
            "Type into the search field above this table to narrow it down:",
            "",
            *_embed(layout, table.name, find.name),
        ]
    return _page(*out)


def _rule(rule: TagRule, bp: Blueprint, layout: Layout) -> str:
    """Return a rule as the script reads it; no word of it works as a link or a command."""
    field = bp.sessions.field(rule.field)
    value = layout.link(field.relation.table, rule.value) if field.relation else plain_text(field, rule.value)
    words = json.dumps(rule.words, ensure_ascii=False).replace("[[", "[\\u005b")
    data = f'{{"words": {words}, "property": "{rule.field}", "value": {json.dumps(value, ensure_ascii=False)}}}'
    return data.replace("<%", "\\u003c%")


def _rules(automation: Automation, bp: Blueprint, layout: Layout) -> str:
    data = ",\n".join("  " + _rule(rule, bp, layout) for rule in automation.rules)
    out = [
        "# Rules", "", f"{automation.effect}", "",
        "Change the list below; every line is one rule. When the title, the first prompt or the keywords of a "
        "session hold one of the words, the property gets the value. Only sessions whose `auto_filed` is still "
        "empty are looked at, and what you typed yourself stays.", "",
        "```json", "[", data, "]", "```", "",
        "Obsidian runs nothing by itself. `python3 Scripts/sessions.py file` applies the rules; the guide says how "
        "to run it every hour.", "",
    ]  # fmt: skip
    filed = next((view for view in bp.views if view.key == "auto_filed"), None)
    return _page(*out, *(_embed(layout, bp.sessions.name, filed.name) if filed else ()))


def _team(bp: Blueprint) -> str:
    out = ["# Team", "", "Write down here who does what, so that nobody has to ask.", ""]
    out += ["- Owner of the system:", "- Where the vault lives (Obsidian Sync, Git, shared drive):", ""]
    if bp.team.permissions:
        out += ["## Sharing", "", *(f"- {line}" for line in bp.team.permissions), ""]
    if bp.team.roles:
        out += ["## Roles", "", "| Role | May | Who |", "|---|---|---|"]
        out += [*(f"| {role.name} | {role.may} | {role.who} |" for role in bp.team.roles), ""]
    if bp.team.naming:
        out += ["## Names", "", *(f"- {line}" for line in bp.team.naming), ""]
    out += ["Obsidian has no rights of its own: whoever has the folder may change everything in it.", ""]
    return _page(*out)


def _governance(bp: Blueprint, layout: Layout) -> str:
    levels = bp.team.access_levels
    out = ["# Governance", "", f"Access levels: {', '.join(levels)}. New sessions start as {levels[0]}.", ""]
    out += [
        "The property `access` tells people what is meant; Obsidian does not enforce it. Keep notes that others "
        "must not read in a vault that they do not have.", "",
        f"Sessions are kept for {bp.team.retention_days} days. `keep_until` is the day one may be deleted.", "",
        "Every quarter: look at the table below, delete what nobody needs, and take people who left off the shared "
        "folder.", "",
    ]  # fmt: skip
    due = next((view for view in bp.views if view.key == "to_delete"), None)
    return _page(*out, *(_embed(layout, bp.sessions.name, due.name) if due else ()))


def _leaving(bp: Blueprint) -> str:
    folders = ", ".join(f"{t.name}" for t in bp.tables)
    return _page(
        "# Leaving", "",
        "Everything here is text in your own folder. Without Obsidian it opens in any editor.", "",
        f"- `python3 Scripts/sessions.py export FOLDER`, run in this folder, writes every table ({folders}) as CSV "
        "and JSON.",
        "- Each note keeps `source_id`, the key of the chat, and `external_id`, its id at the source: with them "
        "another tool can match rows again.",
        "- In a table: results menu → Export CSV saves exactly what the view shows.",
        "- Back again: the Importer plugin by Obsidian (Settings → Community plugins) turns a CSV into notes with "
        "properties.", "",
        "What does not come along: the views (they are `.base` files, described in the data dictionary and the "
        "guide), bookmarks and the settings of Obsidian.",
    )  # fmt: skip


def _connect(bp: Blueprint) -> str:
    return _page(
        "# Connect", "",
        "A session is a Markdown file in `Sessions`, so whatever writes files can add one.", "",
        "The commands below run in the folder that holds this page.", "",
        "## Read", "", "CSV and JSON of every table:", "", "```sh",
        "python3 Scripts/sessions.py export ../sessions-export", "```", "",
        "n8n: Schedule Trigger → Execute Command with the line above → Read/Write Files from Disk → Extract from "
        "File (JSON). Make and Zapier run in the cloud and do not reach your disk: let the export land in a folder "
        "that Google Drive, OneDrive or Dropbox carries up, and start the scenario with “Watch files”.", "",
        "## Write", "", "```sh",
        """printf '%s\\n' --- 'title: "From a script"' 'status: "Active"' --- > "Sessions/From a script.md\"""",
        "```", "",
        "Open a note from outside, with Obsidian's own links:", "", "```sh",
        "xdg-open 'obsidian://search?query=python'      # open on a Mac, start on Windows", "```", "",
        "With Obsidian 1.12.7 or newer, Settings → General → Command line interface, while Obsidian runs:", "", "```sh",
        'obsidian base:query file="Chat Sessions" format=json', "```", "",
        "## Over HTTP, optional", "",
        "The community plugin Local REST API answers on this computer only (https://127.0.0.1:27124) and wants the "
        "key from its settings:", "", "```sh",
        'curl -k -H "Authorization: Bearer $OBSIDIAN_KEY" https://127.0.0.1:27124/vault/', "```",
    )  # fmt: skip


def _dataview(dashboard: Dashboard, bp: Blueprint, layout: Layout) -> str:
    out = [
        "# Dataview tables", "",
        "Optional. These count by group, in one small table each. They need the community plugin Dataview (Settings "
        "→ Community plugins → Browse); without it you see their text.", "",
    ]  # fmt: skip
    for chart in dashboard.charts:
        group, name = _dataview_group(chart, bp)
        order = f"{name} DESC" if chart.interval else "length(rows) DESC"
        out += [
            f"## {chart.name}",
            "",
            "```dataview",
            f'TABLE length(rows) AS "Sessions" FROM "{layout.folder(chart.table)}"',
        ]
        out += [f"GROUP BY {group}", f"SORT {order}", *_limit(chart.limit), "```", ""]
    return _page(*out)


def _dataview_group(chart: Chart, bp: Blueprint) -> tuple[str, str]:
    """Return what to group by, and the name of the group column."""
    if chart.interval is None:
        return chart.group_by, chart.group_by
    if chart.interval == "week" and bp.table(chart.table).has("week"):
        return "week", "week"
    days = {"day": "yyyy-MM-dd", "week": "kkkk-'W'WW", "month": "yyyy-MM"}
    return f'dateformat({chart.group_by}, "{days[chart.interval]}") AS period', "period"


def _limit(limit: int) -> Iterable[str]:
    return (f"LIMIT {limit}",) if limit else ()
