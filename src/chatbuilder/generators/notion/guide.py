"""What the guide says about Notion and these answers."""

from __future__ import annotations

from collections.abc import Mapping

from chatbuilder.blueprint import Blueprint
from chatbuilder.generators.common.guide import TO_LIBRARY, GuideParts
from chatbuilder.generators.common.text import md
from chatbuilder.generators.notion.manual import view_notes
from chatbuilder.generators.notion.pages import team_title
from chatbuilder.generators.notion.rich import Json
from chatbuilder.generators.notion.views import NotionView
from chatbuilder.solution import ManualStep, Plan


def guide_parts(
    blueprint: Blueprint, parent: Json, plan: Plan, manual: tuple[ManualStep, ...], views: Mapping[str, NotionView]
) -> GuideParts:
    """Return Notion's part of the guide."""
    return GuideParts(
        result=_result(blueprint, parent),
        setup=_setup(blueprint, parent, plan),
        views="Each view is a tab above its table. Change one as you like: right-click its name, then Edit view.",
        view_notes=view_notes(views),
        answers=_answers(blueprint),
        automations=_automations(blueprint),
        team=_team(blueprint),
        sync=_sync(blueprint),
        manual=manual,
        limits=_limits(blueprint),
    )


def _result(bp: Blueprint, parent: Json) -> str:
    where = "below the page you named" if "page_id" in parent else "among your private pages"
    tables = ", ".join(md(table.name) for table in bp.tables)
    return f"One Notion page, {md(bp.name)}, {where}, with {tables} as databases on it and all views as tabs."


def _setup(bp: Blueprint, parent: Json, plan: Plan) -> tuple[str, ...]:
    where = "notion.so/profile/integrations, Personal access tokens, New token"
    token = (
        f"Make a token: {where}. It acts as you, so no page has to be shared with it. A connection's secret (New "
        "connection) does, too; then open your page, the three dots, Connections, and add it."
        if "page_id" in parent
        else f"Make a personal access token: {where}. Only such a token may make a private page; with a connection's "
        "secret, name a page as `parent` in answers.toml first."
    )
    optional = sum("optional" in step.payload for step in plan)
    refused = f" Your plan may refuse {optional} of them, for the dashboard; the rest is built." if optional else ""
    return (
        f"{token} Keep it with `chatbuilder token set notion`; `chatbuilder token check notion` tells whose it is.",
        f"Run `chatbuilder apply --answers answers.toml`. It sends the {len(plan.steps)} requests in `notion/`, and "
        f"running it again after any interruption finishes the job.{refused}",
        "Without a token: build it with mouse and keyboard, as [by-hand.md](notion/by-hand.md) says. It imports the "
        "CSV files in `notion/import/` and lists every property type and view.",
        "Do what is listed under To do by hand.",
        f"Open {md(bp.name)} and click the star at the top right: it stays in your sidebar.",
    )


_ANSWERS = {
    "search": "The view **Find** shows First prompt and Keywords side by side: click the magnifying glass above it. "
    "Ctrl+K or Cmd+K searches all of Notion.",
    "analytics": "Rate a session in **Value** and look at **High value** and **By month**. The figures are on the tab "
    "Dashboard, or below a table: Calculate.",
    "collaboration": "Set **Owner**; **My sessions** shows each reader their own. Set **Review state** to Wanted and "
    "it is in **Needs review**. Select text in a session to comment on it.",
    "simplicity": "One database, at most four views. Add a property later with + at the right end of the table.",
    "portability": "**Source ID** and **External ID** keep every row's key. [portability.md](notion/portability.md) "
    "says how to leave with everything.",
    "integration": "[integration.md](notion/integration.md) has calls for curl, n8n, Make and Zapier, and how to run "
    "one on a schedule.",
    "automation": "The page **Tagging rules** lists the words; `scripts/tag.py` applies them. **Auto-filed** shows "
    "what they did.",
    "tags": "Type into **Tags** to make a new one. **Untagged** shows what has none.",
    "timeline": "**Calendar** and **Timeline** are tabs. Drag an entry only if you mean to change its date.",
    "templates": "The page **Templates** holds one page for each kind; turn them into database templates once (To do "
    "by hand).",
    "reminders": "Set **Follow-up**; **Needs follow-up** shows what is due. For a message add Remind to the date.",
    "exports": "`python3 scripts/backup.py` saves every row as JSON. It needs NOTION_TOKEN and NOTION_PAGE (the link "
    "to the home page) in the environment.",
    "archive": "Set Status to Archived: the session leaves every view but **Archive**. `scripts/archive.py` does it by "
    "rule.",
}


def _answers(bp: Blueprint) -> dict[str, str]:
    linked = "Topic is a select: click a cell to choose one."
    if any(table.key == "topics" for table in bp.tables):
        linked = "Topics is a database of its own: open a topic to see its sessions."
    project = (
        "Choose the **Project** of a session; **By project** groups them, **Project timeline** shows when they ran."
    )
    if any(table.key == "projects" for table in bp.tables):
        project = "Projects is a database of its own: link a session in **Project**. **By project** groups them."
    charts = len(bp.dashboard.charts) if bp.dashboard else 0
    found = {
        **_ANSWERS,
        "organization": f"{linked} On **By topic** drag a card to file it. **By category** and **By assistant** group.",
        "projects": project,
        "dashboard": f"The tab **Dashboard** of Chat Sessions has {charts} charts on the Business and Enterprise "
        "plans. On other plans make them by hand (To do by hand).",
    }
    kept = {view.name for view in bp.views}
    return {key: _known(text, kept, bp) for key, text in found.items() if bp.wants(key)}


_VIEW_NAMES = (
    "Find", "High value", "By month", "My sessions", "Needs review", "Auto-filed", "Untagged", "Calendar", "Timeline",
    "Needs follow-up", "Archive", "By topic", "By category", "By assistant", "By project", "Project timeline",
)  # fmt: skip


def _known(text: str, kept: set[str], bp: Blueprint) -> str:
    """Say so when simplicity left out a view that the text names."""
    gone = [name for name in _VIEW_NAMES if f"**{name}**" in text and name not in kept]
    return f"{text} (Left out to keep it simple: {', '.join(gone)}.)" if gone and bp.left_out else text


_AUTOMATIONS = {
    "tagging": "`chatbuilder sync` files new chats by the rules of the answers as it makes their pages. For pages that "
    "are there run `python3 scripts/tag.py --dry-run`, look, then run it without `--dry-run`: it reads "
    "`scripts/rules.json`. By hand: filter **All sessions** by Title contains, select the rows, and set the property "
    "for all.",
    "archive": "On a paid plan build the database automation described under To do by hand. On Free run "
    "`python3 scripts/archive.py` once a week.",
    "reminder": "The view **Needs follow-up** fills by itself. For a message on the day see To do by hand.",
    "backup": "Run `python3 scripts/backup.py` once a week from cron or Task Scheduler. It writes one folder a day.",
    "sync": "`chatbuilder sync SYSTEM` on a schedule: [integration.md](notion/integration.md) has the lines for "
    "cron, systemd, launchd and Task Scheduler.",
}


def _automations(bp: Blueprint) -> dict[str, str]:
    kept = {view.name for view in bp.views}
    return {item.key: _known(_AUTOMATIONS[item.kind], kept, bp) for item in bp.automations}


def _team(bp: Blueprint) -> str:
    if bp.team_size == "solo":
        return (
            "Share one session with Share at its top right; nobody else sees the rest." if bp.team.permissions else ""
        )
    text = "Share the home page and everything on it is shared: databases and pages take over its permissions."
    if bp.team.roles:
        text += f" The page **{team_title(bp)}** holds roles and names. "
        text += "Owners get Full access, Editors Can edit content, Readers Can view."
    return text


def _sync(bp: Blueprint) -> str:
    links = ", then link Topic and Project by hand" if len(bp.tables) > 1 else ""
    return (
        f"{TO_LIBRARY}. `chatbuilder sync SYSTEM` then makes one page of Chat Sessions for each chat, found again by "
        "its Source ID whatever you rename, and keeps its own properties up to date; what you typed or deleted "
        "stays. `--dry-run` tells the calls and minutes first: Notion takes 180 calls a minute, a chat is one. "
        "`--transcripts` adds what was said, in a toggle at the end of each page.\n\n"
        "Without the library: fill `notion/import/chat-sessions.csv`, one line for each chat, with a Source ID such as "
        f"`chatgpt:<id from the link>`. In Notion open Chat Sessions, the three dots, Merge with CSV{links}. It adds "
        "rows and never updates: leave out the sample lines, and merge each chat once."
    )


def _limits(bp: Blueprint) -> tuple[str, ...]:
    lines = [
        "Status is a Select, not Notion's Status type: the API cannot sort the options of that one into groups, and it "
        "is never empty.",
        f"Notion counts days in your own time zone ({md(bp.timezone)}), the design in UTC: around midnight a view may "
        "differ by a day.",
    ]
    if any(field.maximum is not None for field in bp.sessions.fields):
        lines.append("Notion has no rating from 1 to 5: those fields are numbers, and a 7 is not refused.")
    if bp.wants("search"):
        lines.append("The search above a view looks into titles and properties, not into the text of pages.")
    return tuple(lines)
