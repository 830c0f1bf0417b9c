"""Recipes that connect the base to other tools through Airtable's API."""

from __future__ import annotations

from urllib.parse import quote

from chatbuilder.blueprint import Blueprint
from chatbuilder.filters import Cmp, Today
from chatbuilder.generators.airtable.conditions import row_formula
from chatbuilder.generators.common.text import md

_TEXT = """\
# Connect {name} to other tools

Make a personal access token at airtable.com/create/tokens with the scopes `data.records:read` and
`data.records:write`, and access to this base. The base id (`app…`) stands in the base's URL. Keep the token out of
files: `export AIRTABLE_TOKEN=pat…`, `export BASE=app…`.

Limits: 5 requests a second for each base (after a 429 wait 30 seconds), 10 records a request; 1,000 requests a month on
the Free plan.

## List what changed this week

```sh
curl -sS "https://api.airtable.com/v0/$BASE/Chat%20Sessions?filterByFormula={recent}" \\
  -H "Authorization: Bearer $AIRTABLE_TOKEN"
```

The formula in it is `{recent_plain}`.
{due}
## Add or update a session (sending it twice adds nothing)

```sh
curl -sS -X PATCH "https://api.airtable.com/v0/$BASE/Chat%20Sessions" \\
  -H "Authorization: Bearer $AIRTABLE_TOKEN" -H "Content-Type: application/json" \\
  -d '{{"performUpsert": {{"fieldsToMergeOn": ["Source ID"]}}, "typecast": true,
       "records": [{{"fields": {{"Source ID": "manual:1", "Title": "What I found out", "Status": "Active"}}}}]}}'
```

## n8n

1. Add the trigger you need (**Webhook**, **Schedule Trigger**, **Gmail Trigger** …).
2. Add the node **Airtable**, credential **Airtable Personal Access Token**, operation **Create or Update**.
3. Choose the base, the table **Chat Sessions**, and **Source ID** under **Columns to match on**; map Title and Status.

## Make

1. Add the module **Airtable → Upsert a Record**; connect it with the token.
2. Choose base and table, fill **Source ID** as the key, then Title, Status and Link.

## Zapier

1. Action **Airtable → Find or Create Record**, search field **Source ID**.
2. Then **Airtable → Update Record** with the fields to change.

## Sync on a schedule

`chatbuilder import` of a newer export and then `chatbuilder sync SYSTEM` bring new chats, and new facts to those that
are there; nothing new costs no call. `chatbuilder systems` names the SYSTEM. Every day at 7:00:

* cron: `0 7 * * * chatbuilder sync SYSTEM` (with the whole path of chatbuilder)
* systemd: a timer with `OnCalendar=*-*-* 07:00` and `Persistent=true`
* macOS launchd: a LaunchAgent with `StartCalendarInterval` (Hour 7, Minute 0)
* Windows: `schtasks /Create /SC DAILY /ST 07:00 /TN chatbuilder /TR "chatbuilder sync SYSTEM"`
"""
_DUE = """
## List the follow-ups that are due

```sh
curl -sS "https://api.airtable.com/v0/$BASE/Chat%20Sessions?filterByFormula={due}" \\
  -H "Authorization: Bearer $AIRTABLE_TOKEN"
```
"""


def recipes(blueprint: Blueprint) -> str:
    """Return the recipes as a Markdown page."""
    table = blueprint.sessions
    recent = row_formula(Cmp("last_activity", "ge", Today(-7)), table)
    due = ""
    if table.has("follow_up"):
        due = _DUE.format(due=quote(row_formula(Cmp("follow_up", "le", Today(0)), table)))
    return _TEXT.format(name=md(blueprint.name), recent=quote(recent), recent_plain=recent, due=due)
