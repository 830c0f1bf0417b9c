"""What the guide says about Obsidian, for these answers."""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.blueprint import Automation, Blueprint, View
from chatbuilder.filters import And, Cmp, Filter, Me, Not, Or
from chatbuilder.generators.common.guide import TO_LIBRARY, GuideParts, build_guide
from chatbuilder.generators.obsidian.bases import grouping
from chatbuilder.generators.obsidian.layout import ME, Layout, safe
from chatbuilder.solution import Document, ManualStep


def guide(blueprint: Blueprint, layout: Layout) -> tuple[Document, tuple[ManualStep, ...]]:
    """Return the guide and the steps that stay for the person."""
    manual = tuple(_manual(blueprint, layout))
    parts = GuideParts(
        result=(
            f"One folder, **{safe(layout.root)}**, in an Obsidian vault: a note for each session, and tables over "
            "them that Obsidian draws itself. No plugin to install, and every file is yours."
        ),
        setup=_setup(layout),
        views=(
            "Views are in `Bases`: open a table and choose a view from the menu at its top left. Filter, Sort and "
            "Properties stand at the top right; what you change there stays. A view shows only notes in the folder "
            "of its table."
        ),
        view_notes={view.key: note for view in blueprint.views if (note := _view_note(view, blueprint))},
        answers=dict(_answers(blueprint)),
        automations={item.key: _automation(item) for item in blueprint.automations},
        team=_team(blueprint),
        sync=_sync(blueprint),
        manual=manual,
        limits=tuple(_limits(blueprint)),
    )
    return build_guide(blueprint, parts), manual


def _setup(layout: Layout) -> tuple[str, ...]:
    root = safe(layout.root)
    return (
        "Install Obsidian 1.10 or newer (Settings → General shows the version). If it is open, close it now.",
        "Let chatbuilder do it: Auto-setup, or `chatbuilder apply --answers FILE`, with your vault as target. By "
        f"hand instead: copy the folder **{root}** from `vault` into your vault; for a new vault copy all of "
        "`vault`, with its hidden `.obsidian`.",
        "Start Obsidian. For a new vault choose **Open folder as vault** and take that folder; an existing one "
        "opens as ever.",
        "Settings → Core plugins: **Bases**, **Templates** and **Bookmarks** are on.",
        f"Open **{root}/Home**. In the Bookmarks tab on the left you find it again.",
        "New session: right-click the folder `Sessions` → New note, name it, then press Ctrl+P (Cmd+P on a Mac), "
        "**Templates: Insert template**, and choose one.",
    )


def _view_note(view: View, bp: Blueprint) -> str:
    table = bp.table(view.table)
    key, interval = grouping(view, table)
    notes = []
    if view.kind == "board":
        notes.append(f"Obsidian has no boards of its own: this is a table in groups by {table.field(key).name}.")
    elif view.kind == "calendar":
        notes.append(
            f"Obsidian has no calendar of its own: this is a table with a group for each {interval or 'day'}, in order."
        )
    elif view.kind == "timeline":
        what = f"each {interval}" if interval else f"each {table.field(key).name.lower()}"
        notes.append(f"Obsidian has no timeline of its own: this is a table with a group for {what}, in order of time.")
    elif key:
        notes.append("The head of each group shows how many it has.")
    if _asks_me(view.filter):
        notes.append(f"Obsidian does not know who you are: put your name in place of “{ME}” (see “To do by hand”).")
    return " ".join(notes)


def _asks_me(expr: Filter | None) -> bool:
    match expr:
        case Cmp(value=value):
            return isinstance(value, Me)
        case Not(part=part):
            return _asks_me(part)
        case And(parts=parts) | Or(parts=parts):
            return any(_asks_me(part) for part in parts)
    return False


def _answers(bp: Blueprint) -> Iterator[tuple[str, str]]:
    views = {view.key for view in bp.views}
    tables = {table.key for table in bp.tables}

    def seen(key: str, text: str) -> str:
        return text if key in views else ""

    topics = (
        "Topics are notes in `Topics`, each with its sessions listed" if "topics" in tables else "`topic` is a property"
    )
    yield (
        "organization",
        f"{topics}; `category` says what kind of talk it was. {seen('by_topic', 'By topic gathers them.')}",
    )
    yield "search", f"Page **Search** has ready searches. {seen('find', 'Find has prompts and keywords side by side.')}"
    yield (
        "analytics",
        "Rate `value` from 1 to 5; page **Dashboard** adds up minutes and averages. "
        + seen("by_month", "By month shows each month's sums."),
    )
    yield (
        "collaboration",
        "`owner` and `review` say who looks after what; page **Team** has the rules. "
        + seen("needs_review", "Needs review is the queue."),
    )
    yield (
        "automation",
        "Page **Rules** lists the words; `Scripts/sessions.py file` applies them. "
        + seen("auto_filed", "Auto-filed shows what they did."),
    )
    yield "simplicity", "One table, at most four views, this one page. Topics and projects are plain choices."
    yield (
        "portability",
        "Page **Leaving** says how to go with everything; `Scripts/sessions.py export` writes CSV and JSON.",
    )
    yield "integration", "Page **Connect** has the commands for reading and writing from outside, n8n, Make and HTTP."
    yield (
        "tags",
        "`tags` are Obsidian's own: they show in the Tags tab and in search (`tag:#how-to`). `priority` ranks.",
    )
    projects = "Projects are notes in `Projects`, each with its sessions listed." if "projects" in tables else ""
    yield "projects", projects or "`project` is a property; sessions of one project share its name."
    yield "timeline", f"`day` is the date of a session. {seen('calendar', 'Calendar is a table grouped by it.')}"
    yield "templates", "Five templates stand in `Templates`: Ctrl+P (Cmd+P on a Mac), **Templates: Insert template**."
    yield (
        "reminders",
        "Set `follow_up`; `Scripts/sessions.py due` prints what is due. "
        + seen("needs_follow_up", "The start page shows it too."),
    )
    yield (
        "exports",
        "`Scripts/backup.sh` (Windows: `backup.ps1`) saves the folder as one archive; `Scripts/sessions.py export` "
        "saves every table as CSV and JSON.",
    )
    yield "dashboard", "Page **Dashboard**: figures in the summary row, each chart a grouped table with bars of text."
    yield (
        "archive",
        "Status Archived hides a session everywhere but in Archive; `Scripts/sessions.py archive` does it by age.",
    )


def _automation(item: Automation) -> str:
    if item.kind == "tagging":
        return _scheduled("Change the rules on page **Rules**.", "sessions.py file", "0 * * * *", "every hour")
    if item.kind == "archive":
        return _scheduled("", f"sessions.py archive {item.days}", "0 6 * * *", "every morning")
    if item.kind == "reminder":
        return (
            "The start page shows Needs follow-up whenever you open it. Obsidian sends no messages; this prints "
            "what is due, for cron to mail or a login script to show: `python3 Scripts/sessions.py due`."
        )
    if item.kind == "backup":
        return (
            "Linux and macOS: `sh Scripts/backup.sh ~/Backups`. Windows: `powershell -File Scripts\\backup.ps1`. "
            'Weekly with cron: `0 18 * * 5 sh "/path/to/the folder/Scripts/backup.sh"`; on Windows with '
            "Task Scheduler → Create Basic Task → Weekly."
        )
    return (
        "`chatbuilder sync SYSTEM` writes new chats as notes; cron or Task Scheduler "
        "can then call it every day. Until then, see “Getting your chats in”."
    )


def _scheduled(first: str, command: str, when: str, often: str) -> str:
    return (
        f"{first} Obsidian runs nothing by itself. In the system's folder: `python3 Scripts/{command}` (Windows: "
        "`py`). To have it "
        f'run {often}: `crontab -e` and `{when} python3 "/path/to/the folder/Scripts/{command.split()[0]}" '
        f"{' '.join(command.split()[1:])}`; on Windows Task Scheduler → Create Basic Task. Run it while Obsidian is "
        "open or closed: it replaces whole files."
    ).strip()


def _team(bp: Blueprint) -> str:
    if bp.team_size == "solo" and not bp.team.permissions:
        return ""
    text = (
        "Share the vault with Obsidian Sync (Settings → Sync → Manage → Manage sharing; at most 20 people), with "
        "Git, or on a shared drive. Obsidian has no rights for single notes: whoever has the vault may change all "
        "of it, and two people in one note at the same moment get a merged note. Page **Team** is for who does what."
    )
    if bp.team_size == "large":
        text += (
            " For more than 20 people use one vault for each team. `access` only tells; **Governance** has the rules."
        )
    return text


def _sync(bp: Blueprint) -> str:
    key = "`source_id`" + (" and `external_id`" if bp.sessions.has("external_id") else "")
    return (
        f"{TO_LIBRARY}. `chatbuilder sync SYSTEM` then writes one note for each chat, found again by {key}, and keeps "
        "it up to date; what you typed, renamed, moved or deleted stays as you made it. Run it any time. Chats from "
        "elsewhere: fill `templates/chat-sessions.csv` from the exported package, then Settings → Community plugins → "
        "Browse → **Importer** (by Obsidian), choose **CSV (.csv)**, your file, and the folder `Sessions` as "
        "output; on its second page take Title as the note's title, and name each property as the column `key` of "
        "`data-dictionary.csv` does. One note by hand: right-click `Sessions` → New note → **Templates: Insert "
        "template**. Times in notes are UTC; “today” in a view is the day of your computer. Times that a template "
        "fills in are your computer's."
    )


def _manual(bp: Blueprint, layout: Layout) -> Iterator[ManualStep]:
    yield ManualStep(
        "open_vault", "Open the vault once",
        "Obsidian keeps its list of vaults to itself; links from outside work for vaults that it knows.",
        (
            "Start Obsidian; in an open vault: vault name at the bottom left → Manage vaults…",
            "**Open folder as vault** → Open → choose the folder.",
        ),
    )  # fmt: skip
    yield ManualStep(
        "template_folder", "If you use templates already: keep both",
        "Obsidian has one template folder for a vault, and yours stays.",
        (
            "Settings → Core plugins → Templates → Template folder location shows yours.",
            f"Move the notes of **{safe(layout.root)}/Templates** there, or choose that folder instead.",
        ),
    )  # fmt: skip
    if any(_asks_me(view.filter) for view in bp.views):
        yield ManualStep(
            "my_name", "Say who you are",
            "Obsidian has no signed-in person that a view could ask for.",
            (
                "Open **Bases/Chat Sessions**, view **My sessions**, then Filter → This view.",
                f"Replace “{ME}” with the name that you write into `owner`.",
            ),
        )  # fmt: skip
    kinds = {view.kind for view in bp.views}
    if kinds & {"board", "calendar", "timeline"}:
        yield ManualStep(
            "layouts", "If you want real boards or calendars",
            "Obsidian itself has tables, cards and lists; more layouts come from community plugins, which run other "
            "people's code.",
            (
                "Settings → Community plugins → Turn on community plugins → Browse, and search for “bases”: there "
                "are plugins that add calendar, board and timeline layouts. We have not checked them.",
                "Open the view, its name at the top left → the arrow beside it → Layout, and choose the new one.",
            ),
        )  # fmt: skip
    if bp.automations:
        yield ManualStep(
            "schedule", "Run the scripts on a schedule",
            "Obsidian runs nothing while you are away, and a vault cannot bring a schedule along.",
            (
                "Take the line from “What happens by itself”.",
                "Linux, macOS: `crontab -e`. Windows: Task Scheduler → Create Basic Task.",
            ),
        )  # fmt: skip


def _limits(bp: Blueprint) -> Iterator[str]:
    yield "`source_id` is the key of a chat: leave it alone."
    yield "Rename notes as you like: links follow, and `title` keeps the full title."
    yield "Properties hold one line of text. Longer thoughts go into the note below them."
    if any(field.rollup for table in bp.tables for field in table.fields):
        yield (
            "Session count and Latest session are formulas over backlinks. Obsidian does not refresh them at once: "
            "close and open the table. The list in each note is always fresh."
        )
    if bp.dashboard is not None and bp.dashboard.charts:
        yield "Groups stand in the order of their names: “Top topics” cannot be sorted by count, nor cut after ten."
    yield "Choices (status, category …) are suggestions: Obsidian offers what other notes use and refuses no new word."
