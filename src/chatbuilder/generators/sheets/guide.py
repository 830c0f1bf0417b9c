"""The words of the Google Sheets guide, and what has to be done by hand."""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.blueprint import Blueprint
from chatbuilder.generators.common.guide import TO_LIBRARY, GuideParts
from chatbuilder.generators.common.text import md, slug
from chatbuilder.generators.sheets.formulas import row_test
from chatbuilder.generators.sheets.layout import Grid, grids, needs_sheet
from chatbuilder.solution import ManualStep

_ANSWERS: dict[str, str] = {
    "organization": "Choose **Topic** and **Category** from their dropdowns.",
    "search": "Type words into B2 of the sheet **Search**: it lists the sessions that hold all of them, newest first.",
    "analytics": "Choose **Value** from 1 to 5; the sheet **Dashboard** adds up minutes and averages.",
    "collaboration": "Put your name into **Me** on the sheet **Start**, and set **Review state** when you have read "
    "one.",
    "automation": "The sheet **Rules** holds the words that file a session; `Code.gs` applies them when you type and "
    "once a day.",
    "simplicity": "One table, at most four views: you can print the guide on one page.",
    "portability": "**File** → **Download** gives CSV, Excel or PDF at any time; **Source ID** and **External ID** "
    "stay with each row, `data-dictionary.md` explains every column.",
    "integration": "`sheets/recipes.md` has calls that work with curl, n8n, Make and Zapier.",
    "tags": "**Tags** holds several labels with a comma between them, **Priority** ranks what is open.",
    "projects": "Choose **Project** from its dropdown.",
    "timeline": "Months and bars are sheets that compute themselves; type a day into B2 of a calendar to see its "
    "month.",
    "templates": "The menu **Chatbuilder** → **New: …** adds a row with the template's values; the texts stand on the "
    "sheet **Templates**.",
    "reminders": "Set **Follow-up**: the date turns red when it is due, and `Code.gs` mails you what to come back to.",
    "exports": "`Code.gs` copies the spreadsheet into the Drive folder “Chatbuilder backups” every Monday and keeps "
    "ten.",
    "dashboard": "The sheet **Dashboard** has figures and charts that follow the data at once.",
    "archive": "Set **Status** to Archived and the row leaves the other views; `Code.gs` does it after 90 days.",
}
_AUTOMATIONS = {
    "tagging": "`Code.gs` files a row when you type its title, first prompt or keywords, and every morning the rest "
    "(**Chatbuilder** → **File all sessions** does it now). Change the words on the sheet **Rules**.",
    "archive": "`archiveOld` in `Code.gs` runs every morning; **Chatbuilder** → **Archive old sessions now** runs it "
    "at once.",
    "reminder": "`remind` in `Code.gs` mails you what is due every morning at six; no mail when nothing is.",
    "backup": "`backup` in `Code.gs` runs every Monday. By hand: **File** → **Make a copy**, or **File** → "
    "**Download** → **Microsoft Excel (.xlsx)**.",
    "sync": "`chatbuilder sync SYSTEM`, by hand or every day: `sheets/recipes.md` has the lines for a schedule.",
}
_VIEWS = (
    "Each view is a **filter view** (**Data** → **Change view**, or a link on the sheet **Start**): it filters and "
    "sorts for you alone. Groups, boards and time lines are sheets of their own that compute themselves."
)


def guide_parts(blueprint: Blueprint, manual: tuple[ManualStep, ...], *, scripted: bool, given: bool) -> GuideParts:
    """Return what only the Google Sheets guide says: `scripted` with a Code.gs, `given` with a spreadsheet to fill."""
    found = grids(blueprint)
    return GuideParts(
        result=_result(blueprint),
        setup=_setup(blueprint, scripted=scripted, given=given),
        views=_VIEWS,
        view_notes={view.key: _view_note(view.key, blueprint, found) for view in blueprint.views},
        answers=_answers(blueprint),
        automations={item.key: _AUTOMATIONS[item.kind] for item in blueprint.automations},
        team=_team(blueprint),
        sync=_sync(blueprint),
        manual=manual,
        limits=_limits(blueprint),
    )


def _result(blueprint: Blueprint) -> str:
    names = [md(table.name) for table in blueprint.tables]
    tables = f"the tables {', '.join(names)}" if len(names) > 1 else f"the table {names[0]}"
    pages = "the sheets **Start** and **Dashboard**" if blueprint.dashboard else "the sheet **Start**"
    return f"One spreadsheet with {tables}, {pages}, and a filter view for each of {len(blueprint.views)} views."


def _setup(blueprint: Blueprint, *, scripted: bool, given: bool) -> tuple[str, ...]:
    steps = [
        *_tokens(given=given),
        "`chatbuilder apply --answers FILE` (or Auto-setup in the wizard) sends exactly the requests in `sheets/`: "
        + (
            "one batch that adds new sheets beside yours. It stops before anything is written when there are sheets of "
            "the same name."
            if given
            else "one that makes the file, and one batch that builds everything in it."
        ),
    ]
    if scripted:
        steps.append(
            "**Extensions** → **Apps Script**, **+** beside **Files** → **Script**, name it `Code` and paste "
            "`sheets/apps-script/Code.gs`; choose `installTriggers` and click **Run**. Reload the spreadsheet: the "
            "menu **Chatbuilder** is there."
        )
    steps.append("Go through “To do by hand” below.")
    where = "the spreadsheet that you named" if given else f"sheets.new, named **{md(blueprint.name)}**"
    files = ", ".join(f"`sheets/import/{slug(table.name)}.csv`" for table in blueprint.tables)
    steps += [
        f"Without a token: open {where}, **Extensions** → **Apps Script**, rename the `Code.gs` that is there to "
        "`Build.gs`, put `sheets/apps-script/Build.gs` in place of what it holds, add **Google Sheets API** under "
        "**Services**, choose `buildSystem` and click **Run**: it sends the same batch.",
        f"Without scripts: **File** → **Import** → **Upload** {files}, each with **Insert new sheet(s)**; name each "
        "sheet like its file, mark it and choose **Format** → **Convert to table**, set the column types from "
        "`data-dictionary.md`, and make the filter views with the formulas under “Views”.",
    ]
    return tuple(steps)


def _tokens(*, given: bool) -> tuple[str, ...]:
    machine = (
        "console.cloud.google.com → create a project → **APIs & Services** → **Library** → enable **Google Sheets "
        "API** and **Google Drive API** → **IAM & Admin** → **Service accounts** → **Create** → **Keys** → **Add key** "
        "→ **JSON**. Then `chatbuilder token set sheets --file FILE` with that file."
    )
    if given:
        return (
            f"A key for a spreadsheet of your own: {machine}",
            "Open the spreadsheet, **Share**, add the `client_email` from the JSON file as **Editor**. (A sign-in with "
            "the browser sees only files that chatbuilder made.) Its language and time zone stay as they are.",
        )
    return (
        "Sign in: console.cloud.google.com → create a project → **APIs & Services** → **Library** → enable **Google "
        "Sheets API** and **Google Drive API** → **Google Auth Platform** → **Get started** (External) → **Audience** "
        "→ **Publish app** (in testing a sign-in ends after 7 days) → **Clients** → **Create client** → **Desktop "
        "app** → **Download JSON**. Then `chatbuilder token set sheets --file FILE` with that file: your browser asks "
        "once, for the right to files that chatbuilder makes (`drive.file`) and no others.",
    )


def _view_note(key: str, blueprint: Blueprint, found: dict[str, Grid]) -> str:
    view = next(item for item in blueprint.views if item.key == key)
    grid = found[view.table]
    place = f"Sheet **{md(view.name)}**, and a filter view" if needs_sheet(view) else "Filter view"
    if view.filter is None:
        return f"{place} on {md(grid.table.name)}, sorted only."
    test = f"={row_test(view.filter, grid)}"
    column = f"filter **{md(grid.table.title.name)}** by **Custom formula**"
    return f"{place} on {md(grid.table.name)}; by hand: {column} `{test}`"


def _answers(blueprint: Blueprint) -> dict[str, str]:
    return {key: _ANSWERS[key] + _views_of(key, blueprint) for key in (*blueprint.priorities, *blueprint.features)}


def _views_of(answer: str, blueprint: Blueprint) -> str:
    """Name the views that an answer brought, as far as they were kept."""
    kind = "feature" if answer in blueprint.features else "priority"
    names = [f"**{md(view.name)}**" for view in blueprint.views if view.source == f"{kind}:{answer}"]
    return f" Look at {', '.join(names)}." if names else ""


def _team(blueprint: Blueprint) -> str:
    team = blueprint.team
    if blueprint.team_size == "solo" and not team.permissions:
        return ""
    text = "Click **Share** and add people by address: **Editor** for those who write, **Viewer** for those who read."
    if team.roles:
        text += (
            " Owner = the file's owner and one more Editor, Editor = **Editor**, Reader = **Viewer** or **Commenter**."
        )
    text += (
        " Everybody sees the same filter views, and each person may have another one open. The sheet **Governance** "
    )
    text += "holds the rules below." if team.roles or team.permissions else "is there from medium teams on."
    if team.access_levels:
        text += (
            " Sheets has no rights for single rows: what is **Private** belongs into a file of its own, shared with "
            "nobody; Access says which ones those are."
        )
    return text


def _sync(blueprint: Blueprint) -> str:
    keep = "**Source ID** as it is: rows are recognised by it"
    if blueprint.sessions.has("external_id"):
        keep = "**Source ID** and **External ID** as they are: rows are recognised by them"
    return (
        f"{TO_LIBRARY}. `chatbuilder sync SYSTEM` then adds one row for each chat below the table, and keeps it up to "
        "date; what you typed, sorted, moved, renamed or deleted stays as you made it. Run it any time. Chats from "
        "elsewhere: fill `sheets/import/chat-sessions.csv`, **File** → **Import** → **Append to current sheet**, and "
        "let **Data** → **Data clean-up** → **Remove duplicates** on Source ID drop what came twice. "
        f"Keep {keep}."
    )


def _limits(blueprint: Blueprint) -> tuple[str, ...]:
    lines = [
        "Links between tables are names: renaming a topic or project in its table does not rename it in the sessions.",
        "A cell holds 50,000 characters, a file 10 million cells; computed view sheets show up to 5,000 rows.",
        "Times are stored in UTC; “today” is the day in the spreadsheet's time zone "
        f"({md(blueprint.timezone)}, **File** → **Settings**). The language of a new file is set to English (United "
        "States), which the formulas are written in; your own menus stay in your language. A spreadsheet of your own "
        "keeps its language and time zone.",
        "Other answers later: new columns come at the end of a table, new choices beside yours; nothing that holds "
        "data is dropped or renamed, and a sheet that you changed stays yours.",
    ]
    if blueprint.sessions.has("owner"):
        lines.append(
            "**Me** is one cell for everybody who has the file open: each person makes a filter view of their own."
        )
    return tuple(lines)


def manual_steps(blueprint: Blueprint, *, scripted: bool) -> tuple[ManualStep, ...]:
    """Return what only a person can do in Google Sheets."""
    return tuple(_manual(blueprint, scripted=scripted))


def _manual(blueprint: Blueprint, *, scripted: bool) -> Iterator[ManualStep]:
    if scripted:
        yield ManualStep(
            "apps_script",
            "Paste the automations",
            "A script needs its owner's consent; no API can give it.",
            (
                "**Extensions** → **Apps Script**, **+** beside **Files** → **Script**, name it `Code`, paste "
                "`sheets/apps-script/Code.gs`, **Save**.",
                "Choose `installTriggers`, click **Run** and allow what Google asks: the script reads and writes this "
                f"file{_more_rights(blueprint)}.",
                "Reload the spreadsheet. The menu **Chatbuilder** stands right of **Help**.",
            ),
        )
    several = [(t, f) for t in blueprint.tables for f in t.fields if f.type == "multi_select"]
    if several:
        yield ManualStep(
            "several_choices",
            "Dropdowns for columns with several entries",
            "The API makes dropdowns for one entry only; until then the entries are text with commas between them.",
            tuple(
                f"Sheet **{md(t.name)}**, column **{md(f.name)}**: **Data** → **Data validation** → **Add rule** → "
                f"**Dropdown**, enter {', '.join(md(name) for name in f.option_names())}, tick **Allow multiple "
                "selections**, **Done**."
                for t, f in several
            ),
        )
    spans = [view for view in blueprint.views if view.kind in ("calendar", "timeline")]
    if spans:
        yield ManualStep(
            "native_timeline",
            "Native timeline, if your plan has it",
            "The API does not make timeline views; ours are sheets of formulas that need no plan.",
            (
                f"The sheets {', '.join(f'**{md(view.name)}**' for view in spans)} work as they are.",
                "With a Workspace plan that has it: select the table, **Insert** → **Timeline**, start **Started**, "
                "end **Last activity**.",
            ),
        )
    if blueprint.team_size != "solo":
        yield ManualStep(
            "sharing",
            "Share the spreadsheet",
            "Who may see your chats is yours to decide.",
            (
                "Click **Share**, add the people, choose **Editor** or **Viewer** for each.",
                "In the gear at the top right of that window switch off “Editors can change permissions and share”.",
            ),
        )


def _more_rights(blueprint: Blueprint) -> str:
    kinds = {item.kind for item in blueprint.automations}
    rights = ["sends mail to you"] if "reminder" in kinds else []
    rights += ["makes copies in your Drive"] if "backup" in kinds else []
    return "".join(f", {right}" for right in rights)
