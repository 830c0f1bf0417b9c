"""What the guide says about Logseq, for these answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from chatbuilder.blueprint import Automation, Blueprint, DaysSince, View
from chatbuilder.filters import And, Cmp, Filter, Me, Not, Or
from chatbuilder.generators.common.guide import TO_LIBRARY, GuideParts, build_guide
from chatbuilder.generators.common.text import md, slug
from chatbuilder.generators.logseq.names import Titles
from chatbuilder.generators.logseq.queries import ME
from chatbuilder.solution import Document, ManualStep


def guide(bp: Blueprint, titles: Titles) -> tuple[Document, tuple[ManualStep, ...]]:
    """Return the guide and the steps that stay for the person."""
    manual = tuple(_manual(bp, titles))
    root = md(titles.root)
    parts = GuideParts(
        result=(
            f"A page for each session below **{root}/** in a Logseq graph, and pages with live queries over them. "
            "Everything is Markdown in your own folder; no plugin is needed."
        ),
        setup=_setup(titles),
        views=(
            f"Each view is a page below **{root}/Views/**, linked from the page **{root}**. What you see is a query: "
            "it changes as the pages do. Click beside it to see and change it, press Esc to run it again. In a plain "
            "table click on a column to sort by it, and on the wheel above it to choose columns."
        ),
        view_notes={view.key: note for view in bp.views if (note := _view_note(view, bp, titles))},
        answers=_answers(bp, titles),
        automations={item.key: _automation(item, bp, titles) for item in bp.automations},
        team=_team(bp, titles),
        sync=_sync(bp),
        manual=manual,
        limits=tuple(_limits(bp)),
    )
    return build_guide(bp, parts), manual


def _setup(titles: Titles) -> tuple[str, ...]:
    root = md(titles.root)
    return (
        "Install **Logseq OG** (0.10.15 or 1.0), the Logseq that works on files. If Logseq is open, close it now.",
        "Let chatbuilder do it: Auto-setup, or `chatbuilder apply --answers FILE`, with your graph folder (or a new "
        "folder) as target. By hand instead: copy what is in `graph/pages` into the `pages` folder of your graph; for "
        "a new graph copy all of `graph`.",
        "Start Logseq. New graph: click the graph's name at the top left → **Add new graph** → choose the folder. "
        "Graph that Logseq knows: open it, then graph name → **Refresh** (or **Re-index** when pages are missing).",
        f"Open the page **{root}**: press Ctrl+K (Cmd+K on a Mac) and type its name. Star it to have it on the left. "
        "In a new graph it opens first and is starred already.",
        f"New session: create a page called `{titles.root}/…`, type `/Template`, choose **{root}: New session**. Then "
        "click into the properties at the top, press Esc: only after that do the queries see them.",
        "With Logseq 2 instead: three dots → **Import** → **File to DB graph** → choose the folder. Pages, "
        "properties and links come over; the queries on the view pages have to be made again there.",
    )


def _view_note(view: View, bp: Blueprint, titles: Titles) -> str:
    table = bp.table(view.table)
    notes = []
    group = table.field(view.group_by).name if view.group_by else ""
    if view.kind == "board":
        notes.append(f"Logseq has no boards: this is a list with a heading for each {md(group.lower())}.")
    elif view.kind == "calendar":
        notes.append(
            "Logseq has no calendar of its own: this is a list by month. The journal is the calendar: `day` links to "
            "the day, and each day shows its sessions under Linked References."
        )
    elif view.kind == "timeline":
        notes.append("Logseq has no timelines: this draws each session as a bar of blocks from first to last day.")
    elif view.group_by:
        notes.append(f"A heading for each {md(group.lower())}, with how many it has.")
    if _asks_me(view.filter):
        notes.append(f"Logseq does not know who you are: put your name in place of “{ME}” (see “To do by hand”).")
    if any(isinstance(table.field(key).formula, DaysSince) for key in view.fields):
        notes.append("The days are counted when you look.")
    notes += [f"Page `{titles.view(view)}`."] if titles.view(view).rsplit("/", 1)[-1] != view.name else []
    return " ".join(notes)


def _asks_me(expr: Filter | None) -> bool:
    match expr:
        case Cmp(value=value):
            return isinstance(value, Me)
        case Not(part=part):
            return _asks_me(part)
        case And(parts=parts) | Or(parts=parts):
            return any(_asks_me(part) for part in parts)
        case _:
            return False


def _answers(bp: Blueprint, titles: Titles) -> Mapping[str, str]:
    """Return, for every priority and feature, how it shows; only those chosen are read."""
    views = {view.key: view.name for view in bp.views}
    return {
        key: f"{text}{_named(views, _VIEWS.get(key, ()))}"
        for key, text in {**_priorities(bp, titles), **_features(bp, titles)}.items()
    }


_VIEWS = {
    "organization": ("by_topic", "by_category", "by_assistant"),
    "search": ("find",),
    "analytics": ("high_value", "by_month"),
    "collaboration": ("my_sessions", "needs_review"),
    "automation": ("auto_filed",),
    "tags": ("untagged",),
    "projects": ("by_project", "project_timeline", "active_projects"),
    "timeline": ("calendar", "timeline"),
    "reminders": ("needs_follow_up",),
    "archive": ("archive",),
}


def _priorities(bp: Blueprint, titles: Titles) -> dict[str, str]:
    root = md(titles.root)
    find = any(view.key == "find" for view in bp.views)
    return {
        "organization": f"{_place(bp, titles, 'topic', 'Topics')}; `category` says what kind of talk it was.",
        "search": "Ctrl+K (Cmd+K on a Mac) searches every page and block. `first-prompt` and `keywords` hold the words "
        "you remember." + (" At the foot of that view's page you can search for a word of your own." if find else ""),
        "analytics": f"Give `value` 1 to 5; the figures stand on **{root}** and are counted when you look.",
        "collaboration": "`owner` says who looks after a session, `review` what a second reader thinks.",
        "automation": f"**{root}/Rules** lists, for each rule, the sessions that it fits and that are not filed yet.",
        "simplicity": "One kind of page, few properties, at most four views. What was left out is listed at the end.",
        "portability": "Pages are Markdown, and every property is a line of text. `tools/logseq_csv.py export` writes "
        "all of it as CSV and JSON, `add` reads CSV. `external-id` and `source-id` stay the same everywhere.",
        "integration": "`integration/README.md` has requests for Logseq's local server, n8n, and a daily schedule.",
    }


def _features(bp: Blueprint, titles: Titles) -> dict[str, str]:
    root = md(titles.root)
    charts = ", ".join(chart.name for chart in bp.dashboard.charts) if bp.dashboard else ""
    return {
        "tags": "`tags` takes names with commas between them; each is a page that lists what carries it. `priority` "
        "says how urgent a session is.",
        "projects": f"{_place(bp, titles, 'project', 'Projects')}.",
        "timeline": "`day` links each session to its day in the journal: open a day and look at Linked References.",
        "templates": f"Type `/Template` on a new page: {', '.join(template.name for template in bp.templates)}. They "
        f"stand on **{root}/Templates**; change them there.",
        "reminders": "A follow-up is a task with a date on the session's page. Logseq lists it in today's journal page "
        "for the seven days before it is due. Type `/Scheduled` on a task to set one, and write the day in "
        "`follow-up` too.",
        "exports": "`backup/backup.sh` (macOS, Linux) or `backup/backup.ps1` (Windows) saves the whole graph; "
        "`tools/logseq_csv.py export` writes CSV and JSON.",
        "dashboard": f"**{root}** has the figures, and bars made of text: {charts}.",
        "archive": "Set `status` to Archived and `archived-on` to the day; the other views then leave it out.",
    }


def _place(bp: Blueprint, titles: Titles, name: str, table: str) -> str:
    if any(one.name == table for one in bp.tables):
        return f"`{name}` links to a page below **{md(titles.root)}/{table}/**, which lists its sessions"
    return f"`{name}` is one word from a list (the page Fields has it)"


def _named(views: Mapping[str, str], keys: Sequence[str]) -> str:
    names = [f"**{md(views[key])}**" for key in keys if key in views]
    return f" {'View' if len(names) == 1 else 'Views'}: {', '.join(names)}." if names else ""


def _automation(item: Automation, bp: Blueprint, titles: Titles) -> str:
    root, views = md(titles.root), {view.key for view in bp.views}
    match item.kind:
        case "tagging":
            return (
                f"`chatbuilder sync` files each new chat by the rules on the page **{root}/Rules**: change a line that "
                "begins with Words, and it follows you. Below each rule stands a list of older sessions that it "
                "fits and that are not filed yet; set the property there, and the session leaves the list."
            )
        case "archive":
            place = f"{root}/Views/Archive" if "archive" in views else root
            return (
                f"Logseq changes no page by itself. **Ready to archive**, on the page **{place}**, lists what is due: "
                "open a session there and set the two properties."
            )
        case "reminder":
            late = (
                "When the day has passed, only the view still shows it; in a new graph that view stands at the foot of "
                "today's journal page as well."
                if "needs_follow_up" in views
                else "When the day has passed, it still stands in the journal of that day."
            )
            return (
                "The task with `SCHEDULED:` on the session's page shows in the journal for the seven days before its "
                f"day; set it to DONE when you are through. {late}"
            )
        case "backup":
            return (
                "Run `sh backup/backup.sh GRAPH BACKUPS`, on Windows `powershell -File backup\\\\backup.ps1 GRAPH "
                "BACKUPS`. Every week by itself: `0 18 * * 5 sh /path/to/backup.sh /path/to/graph /path/to/backups` "
                "in `crontab -e`, or a weekly task in Task Scheduler. To restore, unpack it to a new folder and add "
                "that as a graph."
            )
        case "sync":
            return (
                "`chatbuilder sync SYSTEM` writes new chats as pages and brings the others up to date; "
                "`integration/README.md` has the schedules for it."
            )


def _team(bp: Blueprint, titles: Titles) -> str:
    if bp.team_size == "solo":
        return ""
    size = {
        "small": "Two to five people: agree who writes when, and say so in your team chat.",
        "medium": "Use Git with one branch; pull before you start, commit and push when you stop.",
        "large": f"Use Git with reviews of changes; **{md(titles.root)}/Governance** has roles, levels and retention.",
    }[bp.team_size]
    return (
        "Logseq works for one person at a time. Share the graph folder by Git, Syncthing or a cloud drive, and never "
        "have two people in the same page at once: the later save wins. Who may read is decided by who can reach the "
        f"folder. {size}"
    )


def _sync(bp: Blueprint) -> str:
    names = ", ".join(f"`{slug(table.name)}.csv`" for table in bp.tables)
    return (
        f"{TO_LIBRARY}. `chatbuilder sync SYSTEM` then writes one page for each chat, found again by `source-id` under "
        "whatever title, and keeps it up to date; what you typed, renamed, moved or deleted stays as you made it. Run "
        "it any time; if a page does not show in Logseq, choose graph name → **Refresh**, or **Re-index** after the "
        "first sync of many chats. Chats from elsewhere: fill "
        f"{names} from `templates` and run `python3 tools/logseq_csv.py add GRAPH FILE.csv`, with Logseq closed. Each "
        "row becomes a page; pages that exist stay as they are. Then open Logseq and choose graph name → **Refresh**."
    )


def _manual(bp: Blueprint, titles: Titles) -> Iterator[ManualStep]:
    mine = [view for view in bp.views if _asks_me(view.filter)]
    if mine:
        yield ManualStep(
            "me", "Say who you are", "Logseq has no accounts, so a query cannot ask who is looking.",
            (
                f"Open **{md(titles.view(mine[0]))}** and click beside the table, so that you see the query.",
                f"Put your name in place of `{ME}`, exactly as you write it in `owner::`.",
                "Press Esc. In a shared graph each person makes a copy of the page with the own name in it.",
            ),
        )  # fmt: skip
    yield ManualStep(
        "settings", "In a graph that you had before: settings", "Your `logseq/config.edn` is yours; it is not touched.",
        (
            "Three dots → Settings → Editor: **Filename format** should be the triple underscore one. If it is not, "
            "the pages work all the same: each has its name in `title::`.",
            f"To open **{md(titles.root)}** first, add this to `logseq/config.edn`: "
            f'`:default-home {{:page "{titles.root}"}}`.',
            "To have no page for each property, add `:property-pages/enabled? false` there.",
        ),
    )  # fmt: skip
    if bp.team_size != "solo":
        yield ManualStep(
            "share", "Share the folder", "A graph is a folder; Logseq has no members and no permissions.",
            (
                "Put the folder in a Git repository, or in a Syncthing or cloud folder that all of you can reach.",
                "Leave out `logseq/bak` and `logseq/.recycle` (in Git: add both to `.gitignore`).",
                "Everybody: graph name → **Add new graph** → choose the folder on the own computer.",
            ),
        )  # fmt: skip


def _limits(bp: Blueprint) -> Iterator[str]:
    yield (
        "Dates are text such as 2026-02-12, so they sort; a day picked from Logseq's calendar works in the filters "
        "too. Times are UTC, and “today” is the day on your computer."
    )
    yield (
        "A property has no fixed type and no list of choices: Logseq offers what you typed before. The page Fields "
        "lists the choices."
    )
    yield "Long texts are cut at 1,000 characters in a property; the whole text then stands on the page below."
    if any(field.owner == "computed" for table in bp.tables for field in table.fields):
        yield "Logseq stores no formulas: days, counts and latest dates are worked out by the queries that show them."
    if any(field.relation for table in bp.tables for field in table.fields):
        yield "Links work both ways by themselves: open the other page and look at Linked References."
    if bp.dashboard and bp.dashboard.charts:
        yield "Logseq draws no charts; the bars are text and need no plugin."
    yield "Thousands of pages make queries slower; Logseq then shows a refresh button in place of live results."
