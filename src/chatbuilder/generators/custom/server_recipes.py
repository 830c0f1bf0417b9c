"""Pages for a PostgreSQL server: work on a schedule, other tools, leaving, and how a large team governs it."""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.blueprint import Blueprint
from chatbuilder.generators.common.schema import sql_tables
from chatbuilder.generators.common.text import md
from chatbuilder.generators.custom.expressions import POSTGRES
from chatbuilder.generators.custom.upkeep import function_name, jobs
from chatbuilder.solution import Document

# What is worth running by itself: key of a job -> when, in cron's words, and why.
_WHEN = {
    "reminders": ("0 8 * * *", "tells you what is due"),
    "archive": ("10 6 * * *", "archives finished sessions"),
    "retention": ("30 6 * * 1", "gives new sessions a day to keep them until"),
}


def documents(blueprint: Blueprint) -> Iterator[Document]:
    """Return the pages that these answers ask for, beside the guide and the data dictionary."""
    if _jobs(blueprint) or blueprint.wants("integration") or blueprint.wants("exports"):
        yield Document("schedule", "Running things by themselves", _schedule(blueprint))
    if blueprint.wants("integration"):
        yield Document("integration", "Connecting other tools", _integration(blueprint))
    if blueprint.wants("portability"):
        yield Document("portability", "Leaving with everything", _portability(blueprint))
    if blueprint.team.retention_days:
        yield Document("governance", "Governance", _governance(blueprint))


def _jobs(blueprint: Blueprint) -> list[tuple[str, str]]:
    """Return the jobs to run by themselves, each with its statement."""
    found = []
    for job in jobs(blueprint, POSTGRES):
        name = next(iter(job.statements), None)
        found.append((job.key, f"SELECT {function_name(name)}();" if name else f"SELECT * FROM {job.view};"))
    return found


def _schedule(blueprint: Blueprint) -> str:
    found = _jobs(blueprint)
    lines = [f"{_WHEN[key][0]} psql -X -d YOUR_DATABASE -c '{statement}'" for key, statement in found]
    if blueprint.wants("exports"):
        lines.append("20 6 * * 1 pg_dump -Fc -f chats-$(date +\\%F).dump YOUR_DATABASE")
    lines.append("0 7 * * * /path/to/chatbuilder sync SYSTEM")
    told = [f"- `{statement}` {_WHEN[key][1]}." for key, statement in found]
    cron = [
        f"SELECT cron.schedule('chats {key}', '{_WHEN[key][0]}', '{statement}');"
        for key, statement in found if key != "reminders"
    ]  # fmt: skip
    page = (
        "# Running things by themselves\n\nYOUR_DATABASE stands for the name of your database, or its address in "
        "quotes. The password comes from `~/.pgpass` (mode 600) of the user whose crontab it is.\n\n"
        "## Linux and macOS: `crontab -e`\n\n```\n" + "\n".join(lines) + "\n```\n\n"
    )
    page += "\n".join(told) + "\n" if told else ""
    page += "\ncron sends what a job prints as local mail; add `>> jobs.log 2>&1` to keep it in a file.\n"
    if cron:
        page += (
            "\n## In the database: pg_cron\n\nWhere the server has the extension pg_cron, it needs no other machine. "
            "The jobs run as whoever schedules them.\n\n```sql\n" + "\n".join(cron) + "\n```\n"
        )
    return page


def _integration(blueprint: Blueprint) -> str:
    search = ""
    if blueprint.wants("search"):
        search = "chats -G --data-urlencode 'query=slow index' \"$BASE/rpc/search_sessions\"\n"
    return f"""# Connecting other tools

Start PostgREST with `sh serve/serve.sh` (on Windows `serve/serve.ps1`). It listens on this machine only, at
<http://127.0.0.1:3000>, and prints a token: each request acts as the role in its token and may what that role may.
[openapi.json](openapi.json) describes every address: import it into Postman, Insomnia or a code generator.

For tokens that outlive a restart, make a key once (`openssl rand -hex 32`), keep it where you keep passwords, and set
it as PGRST_JWT_SECRET; then `python3 serve/postgrest.py token YOUR_ROLE --hours 720` prints a token for a month.

## curl

```sh
BASE=http://127.0.0.1:3000
# The token goes through a pipe: other users of this machine see what stands behind curl.
chats() {{ printf 'Authorization: Bearer %s' "$TOKEN" | curl -sS -H @- "$@"; }}
chats "$BASE/all_sessions?limit=20"
chats "$BASE/sessions?status=eq.Active&order=last_activity.desc"
chats "$BASE/sessions?last_activity=gte.2026-11-01T00:00:00Z"
{search}chats -X PATCH --json '{{"status": "Completed"}}' "$BASE/sessions?id=eq.7"
```

Make, Zapier and n8n reach the database itself with their PostgreSQL modules, where it can be reached from them: give
them a login of their own with the role that fits, and no more.

## One server for the whole team

Make a login that may become each person, and has no rights of its own:

```sql
CREATE ROLE chats_server LOGIN NOINHERIT;
GRANT robin, sam TO chats_server;
```

Start PostgREST as `chats_server` (`PGRST_DB_URI=postgresql://chats_server@HOST/YOUR_DATABASE`, with PGRST_JWT_SECRET
set), put a web server with TLS in front of it on the same machine, and hand each person a token for their own role.
Whoever has the key can make a token for each of them.

## Your own programs

Connect with any PostgreSQL driver, read the views, and write to `sessions` with `INSERT … ON CONFLICT (source_id) DO
UPDATE`, so that nothing is there twice.
"""


def _portability(blueprint: Blueprint) -> str:
    tables = "\n".join(f"- `{t.key}`: {md(t.about)}" for t in blueprint.tables)
    order = ", ".join(f"`{t.name}`" for group in sql_tables(blueprint) for t in group)
    return f"""# Leaving with everything

{tables}

`source_id` is a chat's key here; `external_id` is its own id at its source.

1. `pg_dump -Fc -f chats.dump YOUR_DATABASE` saves everything, and `pg_restore -d NEW_DATABASE chats.dump` brings it to
   another server. As the user that built the system: others lack the private sessions.
2. As CSV, for spreadsheets:
   `psql -d YOUR_DATABASE -c "\\copy (SELECT * FROM sessions_overview) TO 'sessions.csv' CSV HEADER"`. A cell
   may look like a formula: import it as text.
3. To SQLite: `sqlite3 -bail chats.db < sql/sqlite/schema.sql`, then load the tables in this order: {order}.
   Column names are the same and ids may be kept.
4. Back again: `templates/` has a CSV and a JSON template for each table, `data-dictionary.csv` what each field means.
"""


def _governance(blueprint: Blueprint) -> str:
    team = blueprint.team
    return f"""# Governance

## Who may do what

| Role in the database | May |
|---|---|
| `chats_reader` | read tables and views |
| `chats_editor` | add, change and delete sessions; sync |
| `chats_owner` | also change the tagging rules and settings, and see every private session |

Access levels: {", ".join(team.access_levels)}; new sessions start as {team.access_levels[0]}. A session whose Access is
Private, and its transcript, is seen by its Owner and by `chats_owner` only; the database itself refuses the others.

Once a quarter look at who has which role, and take it from people who left (`REVOKE chats_editor FROM robin;`):

```sql
SELECT r.rolname AS role, m.rolname AS person
FROM pg_auth_members a JOIN pg_roles r ON r.oid = a.roleid JOIN pg_roles m ON m.oid = a.member
WHERE r.rolname LIKE 'chats\\_%' ORDER BY 1, 2;
```

## Retention

Sessions are kept for {team.retention_days} days from their start. Two functions see to it, run by a member of
`chats_owner`: anybody else's run leaves out the private sessions that they cannot see.

1. `SELECT run_retention();` gives each session without one a day in Keep until, and returns how many got one. A day
   that somebody set stays: put an earlier one, or 9999-12-31 to keep a session for good.
2. `SELECT * FROM retention_due;` shows what is past its day.
3. `SELECT run_retention_delete();` deletes exactly those, with their transcripts, and returns how many. They are gone;
   sync does not bring them back.

[schedule.md](schedule.md) runs the first one each week. Put the third on a schedule when nobody needs to look first.
"""
