"""Recipe pages that come with a workbook: leaving with everything, and connecting it to other tools."""

from __future__ import annotations

import json
from collections.abc import Iterator
from urllib.parse import quote

from chatbuilder.blueprint import Blueprint
from chatbuilder.generators.common.text import md, slug
from chatbuilder.generators.common.workbook_spec import Spec
from chatbuilder.solution import Document


def documents(bp: Blueprint, spec: Spec, file: str) -> Iterator[Document]:
    """Yield the recipe pages that these answers ask for; `file` is the workbook's name."""
    if bp.wants("portability"):
        yield Document("portability", "Leaving with everything", _portability(bp))
    if bp.wants("integration"):
        yield Document("integration", "Connecting it to other tools", _integration(bp, spec, file))


def _portability(bp: Blueprint) -> str:
    templates = "\n".join(f"- `templates/{slug(t.name)}.csv` and `.json`: {md(t.name)}" for t in bp.tables)
    return f"""# Leaving with everything

An .xlsx file is a zip of XML that many programs read: you are never locked in.

## Out

1. Save the workbook, then run `python3 scripts/export_tables.py WORKBOOK.xlsx FOLDER`.
2. FOLDER holds a CSV and a JSON file for each table, dates as ISO text in UTC, several entries as “a; b”.
3. Without Python: open a table's sheet, File → Save As → CSV UTF-8. Once for each sheet.

**Source ID** and **External ID** stay the same for ever: they are what another system can join on.

## In again

The columns that are read back, with samples:

{templates}

1. In Excel: Data → Get Data → From File → From Text/CSV, choose the file, then Load.
2. Copy the rows, and paste their values (Paste Special → Values) into the first empty row below the table of the same
   name. The hidden columns fill themselves.
3. `chatbuilder import` reads chat exports directly; `chatbuilder sync SYSTEM` writes them here.

The sheet **Data dictionary** and `data-dictionary.csv` say what every column means and who writes it.
"""


def _integration(bp: Blueprint, spec: Spec, file: str) -> str:
    columns = next(sheet for sheet in spec["sheets"] if sheet["key"] == "table:sessions")["tables"][0]["columns"]
    row = [_example(column["name"]) for column in columns]
    body = json.dumps({"index": None, "values": [row]}, ensure_ascii=False)
    url = f"https://graph.microsoft.com/v1.0/me/drive/root:/{quote(file)}:/workbook/tables/Sessions"
    return f"""# Connecting it to other tools

The workbook has to lie in OneDrive for Business or SharePoint; these tools do not reach a file on your disk.

## curl and Microsoft Graph

You need an access token with `Files.ReadWrite` (Graph Explorer gives one to try: developer.microsoft.com/graph).

Read the sessions:

```sh
curl -H "Authorization: Bearer $TOKEN" '{url}/rows?$top=50'
```

Add one. The list has a place for each column of the table; null leaves the column alone, so formulas stay:

```sh
curl -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\
  --data @row.json '{url}/rows/add'
```

with `row.json`:

```json
{body}
```

## n8n, Make, Zapier, Power Automate

| Tool | Step |
|---|---|
| n8n | Microsoft Excel 365 → Table → Append rows |
| Make | Microsoft 365 Excel → Add a Table Row |
| Zapier | Microsoft Excel → Add Row to Table |
| Power Automate | Excel Online (Business) → Add a row into a table; DateTime format ISO 8601 |

In each: choose the workbook, the sheet {md(bp.sessions.name)} and the table Sessions, then map Title, Assistant,
Started, Link and Source ID.

Give every row a **Source ID**, such as `zapier:` and the chat's id: it keeps a chat from being added twice.

## On a schedule

`chatbuilder sync SYSTEM` brings new chats in, while the workbook is closed. Every day at 7:

- Linux, macOS: `crontab -e`, then `0 7 * * * chatbuilder sync SYSTEM`
- Linux with systemd: `systemd-run --user --on-calendar='*-*-* 07:00' chatbuilder sync SYSTEM` (until you restart)
- macOS: a file in `~/Library/LaunchAgents` with `ProgramArguments` chatbuilder, sync, SYSTEM and
  `StartCalendarInterval` Hour 7
- Windows: `schtasks /Create /TN Chats /SC DAILY /ST 07:00 /TR "chatbuilder sync SYSTEM"`

The same lines work with `python3 scripts/export_tables.py WORKBOOK.xlsx FOLDER`, which hands the tables to
whatever reads CSV or JSON. Close the workbook first: Excel keeps other programs from changing an open file.
"""


_EXAMPLES = {
    "Title": "Hello from curl", "Status": "Active", "Started": "2026-11-22 09:00", "Last activity": "2026-11-22 09:20",
    "Source ID": "curl:1",
}  # fmt: skip


def _example(name: str) -> str | None:
    return _EXAMPLES.get(name)
