"""Files beside the graph: backup scripts, and requests to the running Logseq for other programs."""

from __future__ import annotations

from collections.abc import Iterator

from chatbuilder.blueprint import Blueprint
from chatbuilder.generators.logseq.names import Titles
from chatbuilder.generators.logseq.queries import edn_text
from chatbuilder.generators.logseq.tool import script
from chatbuilder.solution import OutputFile, json_text

API = "http://127.0.0.1:12315/api"


def recipe_files(bp: Blueprint, titles: Titles) -> Iterator[OutputFile]:
    """Yield the files that these answers ask for."""
    yield OutputFile("tools/logseq_csv.py", script(bp, titles), "Pages to CSV, and CSV rows to pages")
    if bp.wants("exports"):
        yield OutputFile("backup/backup.sh", _BACKUP_SH, "Save a copy of the graph (macOS, Linux)")
        yield OutputFile("backup/backup.ps1", _BACKUP_PS1, "Save a copy of the graph (Windows)")
    if bp.wants("integration"):
        yield OutputFile("integration/README.md", _INTEGRATION, "How other programs reach the graph")
        yield OutputFile("integration/active.json", json_text(_active(titles, bp)), "Request: sessions that are active")
        yield OutputFile("integration/new-session.json", json_text(_new(titles, bp)), "Request: make a session")


def _active(titles: Titles, bp: Blueprint) -> dict[str, object]:
    query = (
        "[:find (pull ?p [:block/original-name :block/properties]) :where [?p :block/original-name]"
        " [?p :block/properties ?all] [(get ?all :type) ?type] [(get ?all :status) ?status]"
        f' [(= ?type {edn_text(titles.kind(bp.sessions))})] [(= ?status "Active")]]'
    )
    return {"method": "logseq.DB.datascriptQuery", "args": [query]}


def _new(titles: Titles, bp: Blueprint) -> dict[str, object]:
    title = f"{titles.prefix(bp.sessions)}From another program"
    properties = {"type": titles.kind(bp.sessions), "status": "Active", "summary": "Made through the API"}
    return {"method": "logseq.Editor.createPage", "args": [title, properties, {"redirect": False}]}


_BACKUP_SH = """\
#!/bin/sh
# Save a copy of a Logseq graph:  sh backup.sh GRAPH_FOLDER [BACKUP_FOLDER]
set -eu
graph=${1:?the folder of the graph comes first}
out=${2:-"$HOME/Backups"}
[ -d "$graph/pages" ] || { echo "$graph has no folder pages: it is not a Logseq graph" >&2; exit 1; }
mkdir -p "$out"
graph=$(cd "$graph" && pwd)
file="$out/$(basename "$graph")-$(date +%Y-%m-%d-%H%M%S).tar.gz"
tar -czf "$file.part" -C "$(dirname "$graph")" "$(basename "$graph")"
tar -tzf "$file.part" >/dev/null
mv "$file.part" "$file"
echo "Saved $file"
"""

_BACKUP_PS1 = """\
# Save a copy of a Logseq graph:  powershell -File backup.ps1 GRAPH_FOLDER [BACKUP_FOLDER]
param(
    [Parameter(Mandatory = $true)][string]$Graph,
    [string]$Out = (Join-Path $HOME "Backups")
)
$ErrorActionPreference = "Stop"
if (-not (Test-Path -LiteralPath (Join-Path $Graph "pages"))) {
    throw "$Graph has no folder pages: it is not a Logseq graph"
}
New-Item -ItemType Directory -Force -Path $Out | Out-Null
$name = (Get-Item -LiteralPath $Graph).Name + "-" + (Get-Date -Format "yyyy-MM-dd-HHmmss")
$part = Join-Path $Out "$name.part.zip"
Compress-Archive -LiteralPath $Graph -DestinationPath $part
Rename-Item -LiteralPath $part -NewName "$name.zip"
Write-Output "Saved $(Join-Path $Out "$name.zip")"
"""

_INTEGRATION = f"""\
# Other programs and this graph

There are two doors: the files, always; and the local server of Logseq OG, while Logseq runs.

## The files

Each session is `pages/*.md`, and its properties are the `key:: value` lines at the top. A program may read them at any
time, and add a page by writing a new file. Close Logseq before a program changes a page that exists.

`python3 tools/logseq_csv.py export GRAPH OUT` writes CSV and JSON that any tool can read.

## The local server

1. In Logseq: three dots → Settings → Features → switch on **HTTP APIs server**, then restart Logseq.
2. Click the new **API** symbol in the top bar → **Authorization tokens** → add one → **Start server**.
3. Keep the token out of scripts: `export LOGSEQ_TOKEN=…` in the terminal.

Which sessions are active:

```sh
curl -sS {API} -H "Authorization: Bearer $LOGSEQ_TOKEN" -H "Content-Type: application/json" \\
  --data @integration/active.json
```

Make a session:

```sh
curl -sS {API} -H "Authorization: Bearer $LOGSEQ_TOKEN" -H "Content-Type: application/json" \\
  --data @integration/new-session.json
```

## n8n, Make, Zapier

* n8n on the same computer: an **HTTP Request** node, POST, with the address, headers and body above.
* Make and Zapier run elsewhere and cannot reach this computer. Let the schedule below write the CSV into a folder that
  Dropbox, Google Drive or OneDrive keeps in step, and let them watch that folder.

## On a schedule

`chatbuilder sync SYSTEM` brings in new chats; `chatbuilder systems` tells the name to put there. Every morning:

* Linux, with `crontab -e`: `0 7 * * * chatbuilder sync SYSTEM`
* Windows: `schtasks /Create /SC DAILY /ST 07:00 /TN "Chats" /TR "chatbuilder sync SYSTEM"`

The export runs the same way:

* Linux, with `crontab -e`: `0 7 * * * python3 /path/to/tools/logseq_csv.py export /path/to/graph /path/to/out`
* Linux, with systemd: a `.service` with that command as `ExecStart=`, and a `.timer` with `OnCalendar=daily`.
* macOS: a launchd agent in `~/Library/LaunchAgents` with that command as `ProgramArguments` and
  `StartCalendarInterval` with Hour 7.
* Windows: `schtasks /Create /SC DAILY /ST 07:00 /TN "Logseq CSV" /TR "python C:\\path\\to\\tools\\logseq_csv.py
  export C:\\path\\to\\graph C:\\path\\to\\out"`
"""
