"""What the guide says about Excel, for these answers."""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.blueprint import Automation, Blueprint, View
from chatbuilder.generators.common.guide import TO_LIBRARY, GuideParts, build_guide
from chatbuilder.generators.common.text import md
from chatbuilder.generators.excel.book import Book
from chatbuilder.generators.excel.pages import asks_who, has_team_page
from chatbuilder.generators.excel.scripts import has_export
from chatbuilder.generators.excel.views import SHOWN
from chatbuilder.solution import Document, ManualStep


def guide(book: Book, file: str) -> tuple[Document, tuple[ManualStep, ...]]:
    """Return the guide and the steps that stay for the person; `file` is the workbook's name."""
    bp = book.blueprint
    manual = tuple(_manual(book))
    parts = GuideParts(
        result=(
            f"One workbook, **{md(file)}**: a sheet to type in for each table, a sheet for each view that fills "
            "itself, and dropdowns that read from lists you can change. It works in Excel 2013 and newer and in "
            "LibreOffice 7.4 and newer, without macros."
        ),
        setup=tuple(_setup(book, file)),
        views=(
            "A view is a sheet of formulas: it shows the rows that pass its filter, in order, and changes as soon as "
            f"the table does, up to {SHOWN} rows. Look there, type in the table: the arrow under **Go** takes you to "
            "the row. For a look of your own use the filter buttons in the head of a table."
        ),
        view_notes={view.key: note for view in bp.views if (note := _view_note(view, book))},
        answers=dict(_answers(book)),
        automations={item.key: _automation(item, book) for item in bp.automations},
        team=_team(book),
        sync=_sync(bp),
        manual=manual,
        limits=tuple(_limits(bp)),
    )
    return build_guide(bp, parts), manual


def _setup(book: Book, file: str) -> Iterator[str]:
    sessions = md(book.sheets["table:sessions"])
    yield (
        f"Let chatbuilder do it: Auto-setup, or `chatbuilder apply --answers FILE`. It writes **{md(file)}** where you "
        "say. Give it a workbook of yours and it adds its sheets at the end, after saving a copy of the file beside "
        f"it. By hand instead: take **{md(file)}** out of the exported folder."
    )
    yield "Open it. If Excel shows a yellow bar, click **Enable Editing**: until then the formulas show nothing."
    yield "Start on **Home**: it lists every sheet, and a click opens it."
    yield (
        f"Type your first session into **{sessions}**, in the first empty row below the table: Excel takes the row in. "
        "In LibreOffice copy the last row of the table, choose Insert → Rows Above on it, and overtype the copy: "
        "the formulas at the right have to come along."
    )
    if book.blueprint.sessions.samples:
        yield "The rows that are there are samples: select them, then Home → Delete → Delete Table Rows."
    yield "A choice is missing in a dropdown? Type it below its list on **Lists**."


def _view_note(view: View, book: Book) -> str:
    table = book.blueprint.table(view.table)
    notes = []
    if view.kind == "board":
        notes.append(
            f"Excel has no boards: this is a list with a line where each {table.field(view.group_by).name} begins."
        )
    elif view.kind == "calendar":
        notes.append(
            "A month in six weeks, four titles a day and a count of the rest; every session stands in the list at the "
            "right. Type any day of another month into the yellow cell."
        )
    elif view.kind == "timeline":
        notes.append(
            "A list with bars drawn in the cells at the right; the yellow cells set the first day and how many days a "
            "cell stands for."
        )
    elif view.group_by:
        notes.append(f"A line marks where each {table.field(view.group_by).name} begins.")
    if asks_who(view.filter):
        notes.append("It needs your name in the yellow cell **Me** on Home.")
    return " ".join(notes)


def _answers(book: Book) -> Iterator[tuple[str, str]]:
    bp, sessions = book.blueprint, md(book.sheets["table:sessions"])
    linked, views = {table.key for table in bp.tables}, {view.key for view in bp.views}
    topics = "the sheet **Topics**" if "topics" in linked else "**Lists**"
    projects = "the sheet **Projects**" if "projects" in linked else "**Lists**"
    yield (
        "organization",
        f"Topic and Category are dropdowns in {sessions}; topics come from {topics}, and **Used** on Lists counts "
        "how often each is in use.",
    )
    yield (
        "search",
        "Type up to three words into the yellow cell on **Search**: it lists the sessions that have them all in title, "
        "first prompt, keywords, summary or notes.",
    )
    yield "analytics", "Give Value from 1 to 5; the figures on **Dashboard** follow at once."
    mine = "; write your name into **Me** on Home and **My sessions** is yours" if "my_sessions" in views else ""
    yield "collaboration", f"Owner and Review state are columns of {sessions}{mine}."
    yield (
        "automation",
        "**Rules** holds the words; the columns “Rule says” at the right of the table show what they would set, "
        "and the Office Script sets it.",
    )
    yield "simplicity", "Few columns, few sheets, and this one page."
    yield (
        "portability",
        "**Data dictionary** explains every column, `templates` holds CSV and JSON to fill in, and "
        "`scripts/export_tables.py` saves every table. See `portability.md`.",
    )
    yield "integration", "`integration.md` has the calls for Microsoft Graph and the steps for n8n, Make and Zapier."
    yield (
        "tags",
        "Write several tags as “how-to; bug”: the dropdown gives the first, you type the rest. Priority has colours.",
    )
    yield "projects", f"Project is a dropdown; its entries come from {projects}."
    shows = ["the month on **Calendar** reads it"] if "calendar" in views else []
    shows += ["**Timeline** draws bars"] if "timeline" in views else []
    yield "timeline", f"Day is a column of {sessions}: {'; '.join(shows) or 'filter and sort by it'}."
    yield (
        "templates",
        "**Templates** has a row for each kind of session: copy its values and paste the last cell into Notes.",
    )
    yield "reminders", "Type a Follow-up date: from that day on the cell is red, until the session is completed."
    yield (
        "exports",
        "`sh scripts/backup.sh WORKBOOK.xlsx` (Windows: `scripts/backup.ps1`) saves a dated copy, keeps ten, and "
        "`python3 scripts/export_tables.py WORKBOOK.xlsx FOLDER` saves CSV and JSON.",
    )
    yield (
        "dashboard",
        "**Dashboard** holds figures and charts; the numbers behind them stand at its right. Nothing to refresh.",
    )
    yield (
        "archive",
        "Set Status to Archived and type the day into Archived on: the row stays in the table and leaves the views.",
    )


def _automation(item: Automation, book: Book) -> str:
    script = f"`office-scripts/{item.key.replace('_', '-')}.ts`"
    if item.kind == "tagging":
        return (
            "Without a script: the columns “Rule says” show the suggestion; copy it over. With Microsoft 365: run the "
            f"Office Script {script}; it fills what is empty and ticks Auto-filed. Change words on **Rules**."
        )
    if item.kind == "archive":
        return (
            f"By hand: filter Status to Completed in **{md(book.sheets['table:sessions'])}**, sort by Last activity, "
            f"and set the old ones. With Microsoft 365: the Office Script {script} does it for sessions that were "
            f"quiet for {item.days} days."
        )
    if item.kind == "reminder":
        return (
            "Excel cannot knock on your door; the follow-up day turns red when it is reached. For a mail every morning "
            f"use {script} with Power Automate: see “To do by hand”."
        )
    if item.kind == "backup":
        return (
            "Linux, macOS: `crontab -e`, then `0 18 * * 5 sh /path/to/scripts/backup.sh /path/to/WORKBOOK.xlsx`. "
            "Windows: Task Scheduler → Create Basic Task → Weekly → Start a program `powershell` with "
            "`-ExecutionPolicy Bypass -File C:\\path\\to\\backup.ps1 C:\\path\\to\\WORKBOOK.xlsx`."
        )
    lines = "`integration.md` has the lines for cron, systemd, launchd and Task Scheduler"
    return f"`chatbuilder sync SYSTEM` on a schedule, while the workbook is closed; {lines}."


def _team(book: Book) -> str:
    bp = book.blueprint
    if not has_team_page(bp):
        return ""
    place = f"The sheet **{md(book.sheets['team'])}** in the workbook says the same."
    if bp.team_size == "solo":
        return place
    return (
        "Put the workbook into a OneDrive or SharePoint folder, File → Share, and name the people: Excel then lets "
        "several type at once. On a plain network drive the second to open it may only read. Write a name in Owner "
        f"exactly as it stands in the list People on Lists. {place}"
    )


def _sync(bp: Blueprint) -> str:
    return (
        f"{TO_LIBRARY}. `chatbuilder sync SYSTEM` then writes one row for each chat, found again by Source ID however "
        "you sort, and keeps it up to date; what you typed, added, moved or deleted stays as you made it. Close the "
        "workbook first: a file that is open is left alone. Chats from elsewhere: fill `templates/chat-sessions.csv` "
        "(it has the columns and samples), open it in Excel, copy its rows, and paste their values into the first "
        f"empty row below the table {md(bp.sessions.name)}. Dates are UTC; several entries in a cell are parted by "
        "“; ”."
    )


def _manual(book: Book) -> Iterator[ManualStep]:
    bp = book.blueprint
    if any(asks_who(view.filter) for view in bp.views):
        yield ManualStep(
            "me", "Say who you are", "A workbook does not know who looks at it.",
            ("Open Home.", "Type your name into the yellow cell Me, as it stands in Owner.", "Open My sessions."),
        )  # fmt: skip
    scripts = [item for item in bp.automations if item.kind in ("tagging", "archive", "reminder")]
    if scripts:
        names = ", ".join(f"`office-scripts/{item.key.replace('_', '-')}.ts`" for item in scripts)
        yield ManualStep(
            "scripts", "Install the Office Scripts",
            "Scripts belong to your Microsoft 365 account, not to the file, so they cannot come inside it. They need a "
            "work or school account and the workbook in OneDrive or SharePoint.",
            (
                "Open the workbook in Excel for the web or Microsoft 365.", "Choose Automate → New Script.",
                f"Replace everything with the text of the file ({names}), then Save script.",
                "Run it; running it again does no harm.",
            ),
        )  # fmt: skip
    if any(item.kind == "reminder" for item in scripts):
        yield ManualStep(
            "reminder_mail", "Get a mail about follow-ups",
            "A file cannot send mail; Power Automate can, on your account.",
            (
                "On make.powerautomate.com choose Create → Scheduled cloud flow, every day.",
                "Add Excel Online (Business) → Run script, and choose the workbook and the script for follow-ups.",
                "Add a Condition: result is not equal to an empty text.",
                "If yes: Office 365 Outlook → Send an email (V2), with result as the body.",
            ),
        )  # fmt: skip
    if bp.team_size != "solo":
        yield ManualStep(
            "share", "Share the workbook", "Who may open a file is decided where it lies.",
            ("Move it to OneDrive or SharePoint.", "File → Share: name the people, and choose Can edit or Can view.",
             "Put everybody's name into the list People on Lists."),
        )  # fmt: skip
    if bp.wants("exports"):
        yield ManualStep(
            "backup", "Put the backup on a schedule", "Nothing may write into your system's schedule but you.",
            ("Copy `scripts` to a folder that stays.", "Set the time as shown under “Save a copy”.",
             "Run it once, and open the copy."),
        )  # fmt: skip


def _limits(bp: Blueprint) -> Iterator[str]:
    yield (
        f"A view shows {SHOWN} rows; a cell holds 32,767 characters, so `sync --transcripts` puts a longer message "
        "into several rows."
    )
    yield "Dates and times are UTC; **Today** on Home is the day of your own clock."
    if any(table.key == "prompts" for table in bp.tables):
        yield "A cell cannot hold several links: Used in keeps titles, parted by “; ”."
    if has_export(bp):
        yield "`export_tables.py` reads the file as it was last saved."
    if bp.dashboard and bp.dashboard.charts:
        yield "The chart by week shows the 26 weeks up to the newest session."
