"""What the guide says about a database of one's own and these answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from chatbuilder.blueprint import Blueprint, View
from chatbuilder.config import Config
from chatbuilder.generators.common.guide import TO_LIBRARY, GuideParts
from chatbuilder.generators.common.text import md
from chatbuilder.generators.custom.datasette import database_file
from chatbuilder.generators.custom.recipes import jobs_to_run
from chatbuilder.generators.custom.tool import commands
from chatbuilder.solution import ManualStep

_PSQL = "psql -v ON_ERROR_STOP=1 -d YOUR_DATABASE -f sql/postgresql"


def guide_parts(config: Config, blueprint: Blueprint, *, postgres: bool) -> GuideParts:
    """Return the database's part of the guide; `postgres` when the answers name a PostgreSQL server."""
    return GuideParts(
        result=_result(config, blueprint, postgres=postgres),
        setup=tuple(_postgres_setup(blueprint) if postgres else _sqlite_setup(config, blueprint)),
        views=_views(postgres=postgres),
        view_notes={view.key: _view_note(view, postgres=postgres) for view in blueprint.views},
        answers=_answers(blueprint, postgres=postgres),
        automations=_automations(blueprint, postgres=postgres),
        team=_team(blueprint, postgres=postgres),
        sync=_sync(postgres=postgres),
        manual=tuple(manual_steps(blueprint, postgres=postgres)),
        limits=tuple(_limits(blueprint, postgres=postgres)),
    )


def _result(config: Config, bp: Blueprint, *, postgres: bool) -> str:
    counts = f"{len(bp.tables)} table{'s' if len(bp.tables) > 1 else ''}, {len(bp.views)} views"
    if postgres:
        return f"{counts} and a full-text index in your PostgreSQL database, version 15 or newer."
    return (
        f"One SQLite file, {md(database_file(config))}, with {counts} and full-text search; and ready-made settings "
        "for Datasette, which shows it in your browser."
    )


def _sqlite_setup(config: Config, bp: Blueprint) -> Iterator[str]:
    samples = " (`--samples` for a few rows)" if bp.sessions.samples else ""
    yield (
        f"Build it: `chatbuilder apply --answers answers.toml` makes {md(database_file(config))}, or adds to it. "
        f"Without chatbuilder: `python3 manage.py create` in this folder{samples}. On Windows say `python`."
    )
    yield "Install Datasette once: `pip install datasette`. It is the web page for your database."
    yield (
        "Start it: `python3 manage.py serve` (or `sh serve/serve.sh`; on Windows `serve/serve.ps1`), and open "
        "<http://127.0.0.1:8001>. Only this machine can reach it."
    )
    if "me" in commands(bp):
        yield 'Say who you are, as you stand in Owner: `python3 manage.py me "Your Name"`.'
    yield "Change rows with DB Browser for SQLite, or any program that opens SQLite. Datasette only shows them."
    if jobs_to_run(bp):
        yield "Put the jobs of [schedule.md](schedule.md) on a schedule."


def _postgres_setup(bp: Blueprint) -> Iterator[str]:
    yield "Make a database: `createdb -E UTF8 YOUR_DATABASE`, and name it in the answers."
    yield (
        "Keep the password in your keyring (`chatbuilder token set custom --account USER@HOST`), in `~/.pgpass` or in "
        "PGPASSWORD, never in the answers."
    )
    samples = f", and for a few sample rows `{_PSQL}/samples.sql`" if bp.sessions.samples else ""
    yield (
        "Build it: `chatbuilder apply --answers answers.toml`. Without chatbuilder: "
        f"`{_PSQL}/schema.sql` makes everything in one transaction{samples}."
    )
    if bp.team_size != "solo":
        yield (
            "The roles of a team are made along with it when you may make roles; else let the administrator run "
            f"`{_PSQL}/roles.sql`. Then `GRANT chats_editor TO sam;` for each person."
        )
    yield (
        "Serve it as a REST API: install PostgREST and run `sh serve/serve.sh` in this folder (on Windows "
        "`serve/serve.ps1`). It answers on <http://127.0.0.1:3000>, on this machine only, and prints a token; each "
        "request may what the role of its token may. [openapi.json](openapi.json) describes it."
    )
    yield "Look at it with psql, DBeaver or pgAdmin; as a web page for the team, NocoDB opens it as it is."
    if jobs_to_run(bp):
        yield "Put the jobs of [schedule.md](schedule.md) on a schedule."


def _views(*, postgres: bool) -> str:
    if postgres:
        return 'Each view is an SQL view of the same key: `SELECT * FROM "active";`. “Today” is the UTC day.'
    return (
        "Each view is an SQL view. `python3 manage.py show` lists them, `python3 manage.py show all_sessions` prints "
        "one, and Datasette shows each as a page with search, filters, CSV and JSON. “Today” is the UTC day."
    )


def _view_note(view: View, *, postgres: bool) -> str:
    note = f'`SELECT * FROM "{view.key}";`'
    if view.kind in ("board", "gallery"):
        counts = "" if postgres else ", and Datasette lists the groups with their counts on top"
        return f"{note} No board: rows come group by group{counts}."
    if view.kind in ("calendar", "timeline"):
        return f"{note} No calendar: rows come in the order of their dates."
    return f"{note} Rows come group by group." if view.group_by else note


# What each answer gives here: with SQLite, with PostgreSQL ("" where it is the same).
_ANSWERS: dict[str, tuple[str, str]] = {
    "search": (
        "`python3 manage.py search index wal` finds words. In Datasette **Search** does, and **Search for a part of a "
        "word**, also in Chinese, Japanese and Thai. In SQL: "
        "`SELECT * FROM search_sessions WHERE words MATCH 'index';`",
        "`SELECT * FROM search_sessions('slow \"full table\" -wal');` finds words and phrases, best first; "
        "`SELECT * FROM search_any_script('ndex');` parts of words.",
    ),
    "analytics": (
        "Fill **Value** (1 to 5; the database refuses a 7). `high_value`, `by_month` and `dashboard_figures` have the "
        "sums.",
        "",
    ),
    "collaboration": (
        "Fill **Owner** and **Review state**. `my_sessions` shows those of the name you set with "
        "`python3 manage.py me`; `needs_review` those that wait for a second reader.",
        "Fill **Owner** with role names, and **Review state**. `my_sessions` shows each person their own; "
        "`needs_review` those that wait for a second reader.",
    ),
    "automation": (
        "The table `tag_rules` has one row for each word. A trigger files a session the moment it is added; "
        "`auto_filed` shows what it did.",
        "",
    ),
    "simplicity": ("One table, at most four views. To add more later, change the answers and apply again.", ""),
    "portability": (
        "[portability.md](portability.md) says how to leave; `python3 manage.py export FOLDER` writes everything as "
        "CSV and JSON.",
        "[portability.md](portability.md) says how to leave; `pg_dump YOUR_DATABASE` writes everything.",
    ),
    "integration": (
        "[integration.md](integration.md) has calls for curl, n8n, Make and Zapier, [openapi.json](openapi.json) "
        "describes the addresses, and [schedule.md](schedule.md) how to run sync by itself.",
        "",
    ),
    "tags": (
        '**Tags** is a JSON list such as `["how-to", "bug"]`: any word goes. Datasette counts them on top of '
        "`sessions`. `untagged` shows what has none.",
        '**Tags** is a jsonb list such as `["how-to", "bug"]`: any word goes; `tags ? \'bug\'` finds one. '
        "`untagged` shows what has none.",
    ),
    "timeline": (
        "`calendar` and `timeline` come in the order of days. `python3 manage.py calendar chats.ics` writes a file "
        "that every calendar program opens.",
        "`calendar` and `timeline` come in the order of days; Grafana or Metabase draw them.",
    ),
    "templates": (
        '`python3 manage.py new deep_dive "Title"` starts a session from a row of `session_templates`. Edit the rows '
        "as you like.",
        "A new session starts with a row of `session_templates`: see `sql/postgresql/new-session.sql`. Edit the rows "
        "as you like.",
    ),
    "reminders": (
        "Set **Follow-up**. `python3 manage.py due` prints what is due: run it every morning, see "
        "[schedule.md](schedule.md).",
        "Set **Follow-up**. `SELECT * FROM follow_ups_due;` shows what is due.",
    ),
    "exports": (
        "`python3 manage.py backup` saves a checked copy while the database is in use; "
        "`python3 manage.py export FOLDER` writes CSV and JSON.",
        "`pg_dump -Fc -f chats.dump YOUR_DATABASE` saves everything; `pg_restore -d NEW_DATABASE chats.dump` brings "
        "it back.",
    ),
    "dashboard": (
        "`dashboard_figures` has the headline figures, each other `dashboard_…` view the numbers of one chart. "
        "Datasette shows them as tables.",
        "`dashboard_figures` has the headline figures, each other `dashboard_…` view the numbers of one chart, ready "
        "for Metabase or Grafana.",
    ),
    "archive": (
        "Set Status to Archived: the session leaves every view but `archive`. `python3 manage.py archive` does it for "
        "finished ones that have been quiet for long.",
        "Set Status to Archived: the session leaves every view but `archive`. `SELECT run_archive();` does it for "
        "finished ones that have been quiet for long.",
    ),
}


def _answers(bp: Blueprint, *, postgres: bool) -> Mapping[str, str]:
    tables = {table.key for table in bp.tables}
    topic = "**Topic** is a column with fixed choices."
    if "topics" in tables:
        topic = "**Topic** points to a row of `topics`: add a row there for a new one."
    project = "**Project** is a column with fixed choices."
    if "projects" in tables:
        project = "**Project** points to a row of `projects`, where start, end and goals are."
    more = {
        "organization": (f"{topic} `by_topic`, `by_category` and `by_assistant` come group by group.", ""),
        "projects": (f"{project} `by_project` and `project_timeline` show them.", ""),
    }
    texts = {key: pair[1] if postgres and pair[1] else pair[0] for key, pair in {**_ANSWERS, **more}.items()}
    gone = {f"`{key}`": name for key, name in _trimmed(bp)}
    return {key: _known(texts[key], gone) for key in (*bp.priorities, *bp.features)}


_VIEW_NAMES = {
    "by_topic": "By topic", "by_category": "By category", "by_assistant": "By assistant", "high_value": "High value",
    "by_month": "By month", "my_sessions": "My sessions", "needs_review": "Needs review", "auto_filed": "Auto-filed",
    "untagged": "Untagged", "by_project": "By project", "project_timeline": "Project timeline", "calendar": "Calendar",
    "timeline": "Timeline", "archive": "Archive",
}  # fmt: skip


def _trimmed(bp: Blueprint) -> Iterator[tuple[str, str]]:
    kept = {view.key for view in bp.views}
    yield from ((key, name) for key, name in _VIEW_NAMES.items() if key not in kept and bp.left_out)


def _known(text: str, gone: Mapping[str, str]) -> str:
    """Say so when simplicity left out a view that the text names."""
    missing = [name for key, name in gone.items() if key in text]
    return f"{text} (Left out to keep it simple: {', '.join(missing)}.)" if missing else text


def _automations(bp: Blueprint, *, postgres: bool) -> Mapping[str, str]:
    sqlite = {
        "tagging": "Built in: the trigger `sessions_search_insert` reads `tag_rules` for every new row, "
        "whoever adds it.",
        "archive": "`python3 manage.py archive` archives what `archive_due` lists (`--dry-run` only lists it).",
        "reminder": "`follow_ups_due` lists what is due. `python3 manage.py due` prints it.",
        "backup": "`python3 manage.py backup` writes into `backups/`. Keep some copies on another disk.",
        "sync": "`chatbuilder sync SYSTEM` on a schedule; [schedule.md](schedule.md) has the lines for it.",
    }
    server = {
        "tagging": "Built in: the trigger `sessions_file` reads `tag_rules` for every new row, whoever adds it.",
        "archive": "`SELECT run_archive();` archives what `archive_due` lists; run it daily from cron or pg_cron.",
        "reminder": "`follow_ups_due` lists what is due.",
        "backup": "`pg_dump -Fc -f chats.dump YOUR_DATABASE`, every week from cron.",
        "sync": "`chatbuilder sync SYSTEM` on a schedule; [schedule.md](schedule.md) has the lines for it.",
    }
    return {item.key: (server if postgres else sqlite)[item.kind] for item in bp.automations}


def _team(bp: Blueprint, *, postgres: bool) -> str:
    if bp.team_size == "solo":
        return ""
    text = (
        "An SQLite file has no users, and one person writes at a time: keep it where only the team can write, and let "
        "the others read with Datasette. When several write at once, move to PostgreSQL with `sql/postgresql/`; there"
    )
    if postgres:
        text = "Everybody signs in with a PostgreSQL role of their own;"
    roles = "one role, `chats_editor`"
    if bp.team_size != "small":
        roles = "`chats_owner`, `chats_editor` and `chats_reader`"
    made = "`chatbuilder apply`, or `sql/postgresql/roles.sql`," if postgres else "`sql/postgresql/roles.sql`"
    text += f" {made} makes {roles}."
    if postgres:
        text += " A new session belongs to whoever adds it, by sync too, unless Owner says otherwise."
    if bp.team_size == "large":
        text += (
            " On PostgreSQL a session whose Access is Private is seen by its owner only (row-level security), and "
            "[governance.md](governance.md) has the rules and the job that keeps to them: "
        )
        text += (
            "`SELECT run_retention();` fills Keep until, `SELECT run_retention_delete();` deletes what is past it."
            if postgres
            else "`python3 manage.py retention` fills Keep until, and with `--delete` it deletes what is past it."
        )
    return text


def _sync(*, postgres: bool) -> str:
    rows = (
        f"{TO_LIBRARY}. `chatbuilder sync SYSTEM` then writes one row of `sessions` for each chat and keeps it up to "
        "date; what you typed stays. Run it any time.\n\n"
        "Chats from elsewhere: fill `templates/chat-sessions.csv`, one line for each chat, and run "
        "`python3 manage.py load templates/chat-sessions.csv`. A Source ID that is there already is left alone, so a "
        "chat cannot get in twice. Times look like `2026-11-22T14:05:00Z`, dates like `2026-11-22`; anything else is "
        "refused and listed."
    )
    if postgres:
        rows = (
            f"{TO_LIBRARY}. `chatbuilder sync SYSTEM` then writes one row of `sessions` for each chat and keeps it up "
            "to date; what you typed stays. Run it any time; several people may, at once too.\n\n"
            "Chats from elsewhere: insert into `sessions` with `ON CONFLICT (source_id) DO NOTHING`, or `\\copy` a CSV "
            "into a table of its own and insert from there."
        )
    return rows


def manual_steps(bp: Blueprint, *, postgres: bool) -> Iterator[ManualStep]:
    """Return what only the person can do."""
    if postgres and bp.team_size != "solo":
        yield ManualStep(
            "people", "Give each person a role", "Who is in the team, only you know.",
            ("`CREATE ROLE sam LOGIN;` for whoever has none yet", "`GRANT chats_editor TO sam;`"),
        )  # fmt: skip
    if bp.wants("dashboard"):
        draw: tuple[str, ...] = (
            "In Datasette: `datasette install datasette-vega`, then open a `dashboard_…` view and click Show "
            "charting options.",
            "Or download the view as CSV and draw it in a spreadsheet.",
        )
        if postgres:
            draw = ("Connect Metabase or Grafana, with a login that may only read, and draw each `dashboard_…` view.",)
        yield ManualStep("charts", "Draw the charts", "A database stores numbers; it draws nothing.", draw)
    if bp.wants("timeline") and not postgres:
        yield ManualStep(
            "calendar", "Put sessions into your calendar", "A database has no calendar.",
            ("`python3 manage.py calendar chats.ics`", "Open the file with your calendar program, or import it there."),
        )  # fmt: skip
    if bp.wants("reminders"):
        look = "`SELECT * FROM follow_ups_due;`" if postgres else "`python3 manage.py due`"
        yield ManualStep(
            "reminders", "Be reminded", "A database cannot call you.",
            (f"Run {look} every morning, from cron or Task Scheduler.", "Let it mail you, or open a terminal with it."),
        )  # fmt: skip
    jobs = [name for name in jobs_to_run(bp) if name != "due"]
    if jobs:
        yield ManualStep(
            "schedule", "Put the jobs on a schedule",
            "A server runs nothing by itself." if postgres else "A file runs nothing by itself.",
            (f"Open [schedule.md](schedule.md) and copy the lines for {', '.join(jobs)}.",),
        )  # fmt: skip


def _limits(bp: Blueprint, *, postgres: bool) -> Iterator[str]:
    if postgres:
        yield "The views need PostgreSQL 15 or newer."
        yield "Search covers the first 200,000 characters of a session's texts."
    else:
        yield "STRICT tables need SQLite 3.37 (November 2021) or newer in every program that opens the file."
        yield "Do not put the file on a network drive when several machines write to it."
    if any(f.type == "select" for t in bp.tables for f in t.fields):
        yield "Choices are checked by the database: to add one, change the answers and run `chatbuilder apply` again."
    if bp.timezone != "UTC":
        yield f"Times are UTC; your time zone is {md(bp.timezone)}, so around midnight a view may differ by a day."
