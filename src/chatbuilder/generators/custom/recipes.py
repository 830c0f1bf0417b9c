"""Pages and files for other tools and for work on a schedule."""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.generators.common.schema import sql_tables
from chatbuilder.generators.common.text import md
from chatbuilder.generators.custom.datasette import address, database_name
from chatbuilder.generators.custom.tool import commands
from chatbuilder.solution import Document, json_text

# What is worth running by itself: command of manage.py -> when, in cron's words and Task Scheduler's, and why.
_JOBS = {
    "due": ("0 8 * * *", "/SC DAILY /ST 08:00", "tells you what is due"),
    "archive": ("10 6 * * *", "/SC DAILY /ST 06:10", "archives finished sessions"),
    "backup": ("20 6 * * 1", "/SC WEEKLY /D MON /ST 06:20", "saves a copy"),
    "retention": ("30 6 * * 1", "/SC WEEKLY /D MON /ST 06:30", "sets and lists days to keep sessions until"),
}


def jobs_to_run(blueprint: Blueprint) -> tuple[str, ...]:
    """Return the commands of manage.py that are worth running on a schedule."""
    return tuple(name for name in _JOBS if name in commands(blueprint))


def documents(config: Config, blueprint: Blueprint) -> Iterator[Document]:
    """Return the pages that these answers ask for, beside the guide and the data dictionary."""
    if jobs_to_run(blueprint) or blueprint.wants("integration"):
        yield Document("schedule", "Running things by themselves", _schedule(blueprint))
    if blueprint.wants("integration"):
        yield Document("integration", "Connecting other tools", _integration(config))
    if blueprint.wants("portability"):
        yield Document("portability", "Leaving with everything", _portability(blueprint))
    if blueprint.team.retention_days:
        yield Document("governance", "Governance", _governance(blueprint))


def _schedule(blueprint: Blueprint) -> str:
    names = jobs_to_run(blueprint)
    lines = ["# Running things by themselves", "", "Put your own path in place of `/path/to` and `C:\\path\\to`.", ""]
    if names:
        lines += ["## Linux and macOS: `crontab -e`", "", "```"]
        lines += [f"{_JOBS[n][0]} cd /path/to && python3 manage.py {n}" for n in names]
        lines += [
            "```",
            "",
            "cron sends what a job prints as local mail; add `>> jobs.log 2>&1` to keep it in a file.",
            "",
        ]
        lines += ["## Windows: Task Scheduler, in a command prompt", "", "```"]
        call = 'schtasks /Create {when} /TN "chats {name}" /TR "cmd /c cd /d C:\\path\\to && python manage.py {name}"'
        lines += [call.format(when=_JOBS[n][1], name=n) for n in names]
        lines += ["```", ""]
        lines += [f"- `{name}` {_JOBS[name][2]}." for name in names]
    if blueprint.wants("integration"):
        lines += ["", "## Sync", "", "`chatbuilder sync SYSTEM` runs the same way.", ""]
        lines += [
            "```",
            "0 7 * * * /path/to/chatbuilder sync SYSTEM",
            "```",
            "",
            "With systemd, `~/.config/systemd/user/chats.service`:",
        ]
        lines += ["", "```", "[Service]", "Type=oneshot", "ExecStart=/path/to/chatbuilder sync SYSTEM", "```", ""]
        lines += ["and `chats.timer` beside it, started with `systemctl --user enable --now chats.timer`:", ""]
        lines += [
            "```",
            "[Timer]",
            "OnCalendar=daily",
            "Persistent=true",
            "",
            "[Install]",
            "WantedBy=timers.target",
            "```",
            "",
        ]
        lines += [
            "On macOS, `~/Library/LaunchAgents/chats.plist`, started with `launchctl load` and its path:",
            "",
            "```xml",
            _PLIST,
            "```",
        ]
    return "\n".join(lines).rstrip() + "\n"


_PLIST = """<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
  <key>Label</key><string>chats.sync</string>
  <key>ProgramArguments</key><array><string>/path/to/chatbuilder</string><string>sync</string><string>SYSTEM</string></array>
  <key>StartCalendarInterval</key><dict><key>Hour</key><integer>7</integer></dict>
</dict></plist>"""


def _root(config: Config) -> str:
    return f"http://127.0.0.1:8001/{address(database_name(config))}"


def _integration(config: Config) -> str:
    root = _root(config)
    changed = f"{root}/changed_since.json?_shape=array&since=2026-11-01T00:00:00Z"
    return f"""# Connecting other tools

Start the server with `python3 manage.py serve`. It listens on this machine only and is read-only.
[openapi.json](openapi.json) describes every address: import it into Postman, Insomnia or a code generator.

## curl

```sh
curl '{root}/all_sessions.json?_shape=array&_size=20'
curl '{root}/sessions.json?_shape=array&status=Active&_sort_desc=last_activity'
curl '{changed}'
```

## n8n on the same machine

In n8n open a new workflow, the three dots, Import from File, and take [n8n.json](integrations/n8n.json). It asks every
hour for sessions with new activity; add the steps that do something with them behind it.

## Make and Zapier

They run elsewhere and cannot reach this machine, so send the rows to them. In Make add Webhooks, Custom webhook; in
Zapier add Webhooks by Zapier, Catch Hook. Then, with the address it shows in WEBHOOK:

```sh
curl -s '{changed}' | curl -H 'Content-Type: application/json' --data @- "$WEBHOOK"
```

## Your own programs

Open the file itself: every language has SQLite. Switch on `PRAGMA foreign_keys = ON`, read the views, and write to
`sessions` with `INSERT … ON CONFLICT (source_id) DO UPDATE`, so that nothing is there twice.
"""


def n8n_json(given: tuple[Config, Blueprint]) -> str:
    """Return a workflow for n8n (Import from File): every hour, what changed in the last two."""
    since = "={{ $now.minus({ hours: 2 }).toUTC().toFormat(\"yyyy-MM-dd'T'HH:mm:ss'Z'\") }}"
    query = [{"name": "_shape", "value": "array"}, {"name": "since", "value": since}]
    hourly = {
        "name": "Every hour", "type": "n8n-nodes-base.scheduleTrigger", "typeVersion": 1.2, "position": [0, 0],
        "parameters": {"rule": {"interval": [{"field": "hours"}]}},
    }  # fmt: skip
    ask = {
        "name": "Sessions with news", "type": "n8n-nodes-base.httpRequest", "typeVersion": 4.2, "position": [240, 0],
        "parameters": {
            "url": f"{_root(given[0])}/changed_since.json", "sendQuery": True,
            "queryParameters": {"parameters": query}, "options": {},
        },
    }  # fmt: skip
    wire = {"main": [[{"node": "Sessions with news", "type": "main", "index": 0}]]}
    return json_text(
        {"name": "Chat sessions", "nodes": [hourly, ask], "connections": {"Every hour": wire}, "settings": {}}
    )


def _portability(blueprint: Blueprint) -> str:
    tables = "\n".join(f"- `{t.key}`: {md(t.about)}" for t in blueprint.tables)
    order = ", ".join(f"`{t.name}`" for group in sql_tables(blueprint) for t in group)
    return f"""# Leaving with everything

Everything is in one file in an open format, which the Library of Congress recommends for keeping data.

{tables}

`source_id` is a chat's key here; `external_id` is its own id at its source.

1. `python3 manage.py export FOLDER` writes every table as CSV and JSON, and each overview with titles instead of ids.
   CSV is for spreadsheets: a cell that looks like a formula gets an apostrophe in front. JSON is exact.
2. To another SQLite file: copy it, or `sqlite3 FILE .dump > chats.sql`.
3. To PostgreSQL: name your server in the answers (`database = "postgresql://user@host/name"`) and run
   `chatbuilder apply`, or run `sql/postgresql/schema.sql` there; then load the JSON files in this order: {order}.
   Column names are the same and ids may be kept; afterwards, for each table with an id,
   `SELECT setval(pg_get_serial_sequence('sessions', 'id'), (SELECT max(id) FROM sessions));`
4. Back again: `templates/` has a CSV and a JSON template for each table, `data-dictionary.csv` what each field means.
"""


def _governance(blueprint: Blueprint) -> str:
    days = blueprint.team.retention_days
    return f"""# Governance

## Who may do what

An SQLite file has no users: whoever can open it reads all of it and changes all of it. Access tells what is meant for
whom ({", ".join(blueprint.team.access_levels)}; new sessions start as {blueprint.team.access_levels[0]}), and nothing
enforces it. Keep the file where only the team can write; move to PostgreSQL when the database itself should refuse.

Once a quarter look at who has access to the file, and take it from people who left.

## Retention

Sessions are kept for {days} days from their start.

1. `python3 manage.py retention` gives each session without one a day in Keep until, and lists what is past its day. A
   day that somebody set stays: put an earlier one, or 9999-12-31 to keep a session for good.
2. `python3 manage.py retention --delete` lists what is past its day and deletes exactly that, with its transcripts. It
   is gone; sync does not bring it back.

[schedule.md](schedule.md) runs the first one each week.
"""
