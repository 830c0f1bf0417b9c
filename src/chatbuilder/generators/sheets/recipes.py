"""Recipes that connect the spreadsheet to other tools through Google's API."""

from __future__ import annotations

from chatbuilder.blueprint import Blueprint
from chatbuilder.generators.common.text import md
from chatbuilder.generators.sheets.layout import grids

_TEXT = """\
# Connect {name} to other tools

The file's id stands in its URL between `/d/` and `/edit`: `export SHEET=…`. With the Google Cloud CLI a token for your
own account comes from `gcloud auth application-default login
--scopes=https://www.googleapis.com/auth/spreadsheets,https://www.googleapis.com/auth/cloud-platform`, and then
`TOKEN=$(gcloud auth application-default print-access-token)`. For a server use a service account and share the file
with its address as Editor.

Limits: 60 reads and 60 writes a minute for each person; one batch counts as one write.

## Read all sessions

```sh
curl -sS "https://sheets.googleapis.com/v4/spreadsheets/$SHEET/values/'Chat%20Sessions'!A1:{last}" \\
  -H "Authorization: Bearer $TOKEN"
```

## Add a session

Look for its Source ID in column {key} first: adding twice makes two rows. `RAW` keeps text text, so that a title that
begins with `=` never becomes a formula. `appendCells` with the table's id lets the table grow:

```sh
curl -sS "https://sheets.googleapis.com/v4/spreadsheets/$SHEET/values/'Chat%20Sessions'!{key}2:{key}" \\
  -H "Authorization: Bearer $TOKEN"
curl -sS -X POST "https://sheets.googleapis.com/v4/spreadsheets/$SHEET:batchUpdate" \\
  -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" \\
  -d '{{"requests": [{{"appendCells": {{"tableId": "{table}", "sheetId": {sheet}, "fields": "userEnteredValue",
       "rows": [{{"values": [{{"userEnteredValue": {{"stringValue": "What I found out"}}}},
                            {{"userEnteredValue": {{"stringValue": "Active"}}}}]}}]}}}}]}}'
```

## n8n

1. Add the trigger you need (**Webhook**, **Schedule Trigger**, **Gmail Trigger** …).
2. Add **Google Sheets**, operation **Append or Update Row**, the sheet **Chat Sessions**, column to match on **Source
   ID**; map Title, Status and Link.

## Make

1. **Google Sheets → Search Rows**, filter **Source ID** equals your key.
2. A router: found → **Update a Row**, else → **Add a Row**; value input option **Raw**.

## Zapier

1. Action **Google Sheets → Lookup Spreadsheet Row**, lookup column **Source ID**, create it when it is not found.
2. Then **Update Spreadsheet Row** with the columns to change.

## Sync on a schedule

`chatbuilder sync SYSTEM` brings new chats, and what is new in those that are there (`chatbuilder systems` tells the
name of the system). Without news it sends nothing. Any scheduler can run it every day at 7:00:

* cron: `0 7 * * * chatbuilder sync SYSTEM`
* systemd: a timer with `OnCalendar=*-*-* 07:00` and `Persistent=true`
* macOS launchd: a LaunchAgent with `StartCalendarInterval` (Hour 7, Minute 0)
* Windows: `schtasks /Create /SC DAILY /ST 07:00 /TN chatbuilder /TR "chatbuilder sync SYSTEM"`

The calls above do the same for what you add by a script of your own.
"""


def recipes(blueprint: Blueprint) -> str:
    """Return the recipes as a Markdown page."""
    grid = grids(blueprint)["sessions"]
    key = grid.letter("source_id")
    return _TEXT.format(name=md(blueprint.name), key=key, last=key, table=grid.table_id, sheet=grid.sheet)
