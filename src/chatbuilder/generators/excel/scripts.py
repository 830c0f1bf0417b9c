"""The scripts that come with a workbook, as text: Office Scripts for Excel on the web, backup and export for a shell.

Names of the person's own enter only as JSON strings; the shell scripts take their paths as arguments.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from chatbuilder.blueprint import Automation, Blueprint
from chatbuilder.generators.excel.book import Book
from chatbuilder.solution import OutputFile

_HEAD = """// {what}
// In Excel (Microsoft 365): Automate > New Script, replace everything with this text, Save, Run.
// Running it again does no harm: {harm}.
// Was there a table of yours with this name before? Then ours has another: Table Design > Table Name shows it.
const SESSIONS = "Sessions";

function main(workbook: ExcelScript.Workbook) {{
  const table = workbook.getTable(SESSIONS);
  const names = table ? table.getHeaderRowRange().getTexts()[0] : [];
  for (const name of {needed}) {{
    if (!names.includes(name)) {{
      throw new Error("The table " + SESSIONS + " has no column " + name + ": put the right name into the script.");
    }}
  }}
  const body = table.getRangeBetweenHeaderAndTotal();
  const rows = body.getValues();
  const at = (row: number, name: string) => String(rows[row][names.indexOf(name)] ?? "").trim();
  const put = (row: number, name: string, value: string | number | boolean) => {{
    const text = typeof value === "string" && /^[=+@-]/.test(value) ? "'" + value : value;
    body.getCell(row, names.indexOf(name)).setValue(text);
  }};
"""

_FILE = """  const rules = workbook.getTable("Rules").getRangeBetweenHeaderAndTotal().getValues();
  const searched = {searched};
  const done = {done};
  let filed = 0;
  for (let row = 0; row < rows.length; row++) {{
    if (at(row, {title}) === "" || rows[row][names.indexOf(done)] === true) {{
      continue;
    }}
    const text = searched.map((name) => at(row, name).toLowerCase()).join(" ");
    let changed = false;
    for (const field of {fields}) {{
      const hits = rules.filter((rule) => {{
        const word = String(rule[0]).trim().toLowerCase();
        return word !== "" && String(rule[1]) === field.name && text.includes(word);
      }});
      const values = hits.map((rule) => String(rule[2])).filter((value, n, all) => all.indexOf(value) === n);
      if (values.length > 0 && at(row, field.name) === "") {{
        put(row, field.name, field.many ? values.join("; ") : values[0]);
        changed = true;
      }}
    }}
    if (changed) {{
      put(row, done, true);
      filed++;
    }}
  }}
  console.log(filed + " sessions filed");
  return filed;
}}
"""

_ARCHIVE = """  const now = new Date();
  const today = Math.floor(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()) / 86400000) + 25569;
  let archived = 0;
  for (let row = 0; row < rows.length; row++) {{
    const last = Number(rows[row][names.indexOf({last})]);
    if (at(row, {status}) === "Completed" && last > 0 && last <= today - {days}) {{
      put(row, {status}, "Archived");
      put(row, {archived}, today);
      archived++;
    }}
  }}
  console.log(archived + " sessions archived");
  return archived;
}}
"""

_DUE = """  const now = new Date();
  const today = Math.floor(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()) / 86400000) + 25569;
  const due: string[] = [];
  for (let row = 0; row < rows.length; row++) {{
    const day = Number(rows[row][names.indexOf({day})]);
    if (day > 0 && Math.floor(day) <= today && !["Completed", "Archived"].includes(at(row, {status}))) {{
      due.push(at(row, {title}) + " " + at(row, {link}));
    }}
  }}
  console.log(due.join("\\n"));
  return due.join("\\n");
}}
"""

BACKUP_SH = """#!/bin/sh
# Save a dated copy of the workbook, check it, and keep the newest copies. Save it in Excel first.
# Use: sh backup.sh WORKBOOK.xlsx [FOLDER] [HOW MANY TO KEEP]
set -eu
book=${1:?Use: sh backup.sh WORKBOOK.xlsx [FOLDER] [HOW MANY TO KEEP]}
[ -f "$book" ] || { echo "There is no file $book" >&2; exit 3; }
folder=${2:-$(dirname -- "$book")/backups}
keep=${3:-10}
name=$(basename -- "$book" .xlsx)
copy="$folder/$name-$(date -u +%Y%m%dT%H%M%SZ).xlsx"
mkdir -p -- "$folder"
cp -- "$book" "$copy.part"
if command -v unzip >/dev/null 2>&1; then
  unzip -tqq "$copy.part" || { rm -f -- "$copy.part"; echo "The copy is damaged; nothing was kept" >&2; exit 1; }
fi
mv -- "$copy.part" "$copy"
set -- "$folder/$name"-[0-9]*T[0-9]*Z.xlsx
while [ "$#" -gt "$keep" ]; do
  rm -f -- "$1"
  shift
done
echo "$copy"
"""

BACKUP_PS1 = """# Save a dated copy of the workbook, check it, and keep the newest copies. Save it in Excel first.
# Use: powershell -ExecutionPolicy Bypass -File backup.ps1 WORKBOOK.xlsx [FOLDER] [HOW MANY TO KEEP]
param([Parameter(Mandatory = $true)][string]$Book, [string]$Folder = "", [int]$Keep = 10)
$ErrorActionPreference = "Stop"
$file = Get-Item -LiteralPath $Book
if ($Folder -eq "") { $Folder = Join-Path $file.DirectoryName "backups" }
New-Item -ItemType Directory -Force -Path $Folder | Out-Null
$stamp = (Get-Date).ToUniversalTime().ToString("yyyyMMddTHHmmssZ")
$copy = Join-Path $Folder ($file.BaseName + "-" + $stamp + ".xlsx")
Copy-Item -LiteralPath $file.FullName -Destination ($copy + ".part")
Add-Type -AssemblyName System.IO.Compression.FileSystem
try { [System.IO.Compression.ZipFile]::OpenRead($copy + ".part").Dispose() }
catch { Remove-Item -LiteralPath ($copy + ".part"); throw "The copy is damaged; nothing was kept" }
Move-Item -LiteralPath ($copy + ".part") -Destination $copy
Get-ChildItem -LiteralPath $Folder -File |
  Where-Object { $_.Name.StartsWith($file.BaseName + "-") -and $_.Name -match "-\\d{8}T\\d{6}Z\\.xlsx$" } |
  Sort-Object Name -Descending | Select-Object -Skip $Keep | ForEach-Object { Remove-Item -LiteralPath $_.FullName }
Write-Output $copy
"""

EXPORT_PY = '''#!/usr/bin/env python3
"""Save every table of a workbook as CSV and JSON. Needs Python 3.8 or newer, nothing else.

python3 export_tables.py WORKBOOK.xlsx FOLDER

Hidden helper columns (their names begin with _) and the lists behind dropdowns are left out. Dates are ISO text.
A cell that begins with = + - or @ gets an apostrophe in the CSV, so that no spreadsheet takes it for a formula.
"""

import csv
import datetime
import json
import posixpath
import re
import sys
import zipfile
from pathlib import Path
from xml.etree import ElementTree

MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
BUILT_IN_DATES = set(range(14, 23)) | {45, 46, 47}


def xml(book, name):
    return ElementTree.fromstring(book.read(name))


def text_of(item):
    kept = [t.text or "" for t in item.iter(MAIN + "t")]
    return re.sub("_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), "".join(kept))


def links(book, part):
    folder, name = posixpath.split(part)
    rels = posixpath.join(folder, "_rels", name + ".rels")
    if rels not in book.namelist():
        return {}
    found = {}
    for link in xml(book, rels):
        target = link.get("Target")
        found[link.get("Id")] = (
            target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
        )
    return found


def date_styles(book):
    styles = xml(book, "xl/styles.xml")
    own = {}
    for item in styles.iter(MAIN + "numFmt"):
        own[int(item.get("numFmtId"))] = re.sub(r'"[^"]*"|\\[[^\\]]*\\]|\\\\.', "", item.get("formatCode"))
    found = set()
    for number, style in enumerate(styles.find(MAIN + "cellXfs")):
        kind = int(style.get("numFmtId", 0))
        if kind in BUILT_IN_DATES or re.search("[ymdhs]", own.get(kind, "").lower()):
            found.add(number)
    return found


def value_of(cell, strings, dates):
    kind, inner = cell.get("t"), cell.find(MAIN + "v")
    if kind == "inlineStr":
        return text_of(cell)
    if inner is None or inner.text is None:
        return None
    if kind == "s":
        return strings[int(inner.text)]
    if kind == "b":
        return inner.text == "1"
    if kind in ("str", "e"):
        return inner.text
    number = float(inner.text)
    if int(cell.get("s", 0)) in dates:
        moment = datetime.datetime(1899, 12, 30) + datetime.timedelta(seconds=round(number * 86400))
        return moment.date().isoformat() if number == int(number) else moment.isoformat() + "Z"
    return int(number) if number == int(number) else number


def column(ref):
    number = 0
    for sign in re.match("[A-Z]+", ref)[0]:
        number = number * 26 + ord(sign) - 64
    return number


def tables(book):
    """Yield the name, the headings and the rows of every table."""
    strings = []
    if "xl/sharedStrings.xml" in book.namelist():
        strings = [text_of(item) for item in xml(book, "xl/sharedStrings.xml")]
    dates = date_styles(book)
    for sheet in sorted(set(links(book, "xl/workbook.xml").values())):
        if not sheet.startswith("xl/worksheets/"):
            continue
        parts = [part for part in links(book, sheet).values() if part.startswith("xl/tables/")]
        if not parts:
            continue
        cells = {}
        for cell in xml(book, sheet).iter(MAIN + "c"):
            row = int(re.search("[0-9]+", cell.get("r"))[0])
            cells[row, column(cell.get("r"))] = value_of(cell, strings, dates)
        for part in parts:
            yield table(xml(book, part), cells)


def table(root, cells):
    first, last = root.get("ref").split(":")
    top, bottom = (int(re.search("[0-9]+", ref)[0]) for ref in (first, last))
    bottom -= int(root.get("totalsRowCount", 0))
    names = [item.get("name") for item in root.find(MAIN + "tableColumns")]
    names = [re.sub("_x([0-9A-Fa-f]{4})_", lambda m: chr(int(m[1], 16)), name) for name in names]
    kept = [(column(first) + n, name) for n, name in enumerate(names) if not name.startswith("_")]
    rows = [[cells.get((row, at)) for at, _ in kept] for row in range(top + 1, bottom + 1)]
    rows = [row for row in rows if any(value not in (None, "") for value in row)]
    return root.get("displayName"), [name for _, name in kept], rows


def safe(value):
    text = "" if value is None else str(value)
    return "'" + text if isinstance(value, str) and text[:1] in ("=", "+", "-", "@", "\\t", "\\r") else text


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.strip().splitlines()[2])
    folder = Path(sys.argv[2])
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(sys.argv[1]) as book:
        for name, names, rows in tables(book):
            if name.startswith("lst_"):
                continue
            with open(folder / (name + ".csv"), "w", encoding="utf-8-sig", newline="") as file:
                writer = csv.writer(file)
                writer.writerow([safe(item) for item in names])
                writer.writerows([[safe(value) for value in row] for row in rows])
            data = [dict(zip(names, row)) for row in rows]
            text = json.dumps(data, ensure_ascii=False, indent=2)
            (folder / (name + ".json")).write_text(text + "\\n", encoding="utf-8")
            print(name + ": " + str(len(rows)) + " rows")


if __name__ == "__main__":
    main()
'''


def files(book: Book) -> Iterator[OutputFile]:
    """Yield the scripts that these answers ask for."""
    bp = book.blueprint
    for item in bp.automations:
        text = _office_script(item, book)
        if text:
            yield OutputFile(f"office-scripts/{item.key.replace('_', '-')}.ts", text, f"Office Script: {item.name}")
    if bp.wants("exports"):
        yield OutputFile("scripts/backup.sh", BACKUP_SH, "Saves a dated copy (Linux, macOS)")
        yield OutputFile("scripts/backup.ps1", BACKUP_PS1, "Saves a dated copy (Windows)")
    if has_export(bp):
        yield OutputFile("scripts/export_tables.py", EXPORT_PY, "Saves every table as CSV and JSON")


def has_export(bp: Blueprint) -> bool:
    """Tell whether the script that saves tables as CSV and JSON is part of the solution."""
    return any(bp.wants(answer) for answer in ("exports", "portability", "integration"))


def _office_script(item: Automation, book: Book) -> str:
    if item.kind == "tagging":
        return _head(item, book, "it only fills what is empty", "title", "auto_filed") + _filing(item, book)
    if item.kind == "archive":
        fill = _names(book, last="last_activity", status="status", archived="archived_on")
        harm = "it only changes sessions that are due"
        head = _head(item, book, harm, "last_activity", "status", "archived_on")
        return head + _ARCHIVE.format(days=item.days, **fill)
    if item.kind == "reminder":
        fill = _names(book, day="follow_up", status="status", title="title", link="link")
        return _head(item, book, "it changes nothing", "follow_up", "status", "title", "link") + _DUE.format(**fill)
    return ""


def _head(item: Automation, book: Book, harm: str, *keys: str) -> str:
    needed = json.dumps([book.headers["sessions", key] for key in keys])
    return _HEAD.format(what=f"{item.name}: {item.effect}", harm=harm, needed=needed)


def _names(book: Book, **keys: str) -> dict[str, str]:
    return {place: json.dumps(book.headers["sessions", key]) for place, key in keys.items()}


def _filing(item: Automation, book: Book) -> str:
    table, names = book.blueprint.sessions, _names(book, done="auto_filed", title="title")
    fields = [
        {"name": book.headers["sessions", key], "many": table.field(key).type == "multi_select"}
        for key in dict.fromkeys(rule.field for rule in item.rules)
    ]
    searched = [book.headers["sessions", key] for key in ("title", "first_prompt", "keywords") if table.has(key)]
    return _FILE.format(searched=json.dumps(searched), fields=json.dumps(fields), **names)
