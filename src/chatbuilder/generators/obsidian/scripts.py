"""The scripts that come with a vault, as text. They work on the notes beside them, so they hold no names."""

SESSIONS = '''#!/usr/bin/env python3
"""Works on the notes of the folder above this script. Needs Python 3.8 or newer, nothing else.

python3 sessions.py file            apply Rules.md to sessions whose auto_filed is still empty
python3 sessions.py archive [DAYS]  archive completed sessions that were quiet for DAYS (90)
python3 sessions.py due             list follow-ups that are due
python3 sessions.py export FOLDER   save every table as CSV and JSON

Notes are replaced whole or not at all. Run it again as often as you like.
"""

import csv
import datetime
import json
import os
import re
import sys
from pathlib import Path

SYSTEM = Path(__file__).resolve().parent.parent
TABLES = ("Sessions", "Topics", "Projects", "Prompts")
KEY = re.compile(r"([A-Za-z_][\\w-]*):(?: (.*))?$")


class Note:
    """One note: its properties by name, and its text line by line."""

    def __init__(self, path):
        self.path = path
        with open(path, encoding="utf-8", newline="") as file:
            self.lines = file.read().split("\\n")
        marks = [n for n, line in enumerate(self.lines) if line.rstrip("\\r") == "---"]
        self.end = marks[1] if len(marks) > 1 and marks[0] == 0 else 0
        self.at = {}
        for number in range(1, self.end):
            found = KEY.match(self.lines[number].rstrip("\\r"))
            if found:
                self.at[found[1]] = number

    def _items(self, number):
        stop = number + 1
        while stop < self.end and re.match(r"\\s*- ", self.lines[stop]):
            stop += 1
        return stop

    def get(self, name):
        """Return a property: text, number, true or false, a list, or None."""
        if name not in self.at:
            return None
        number = self.at[name]
        value = (KEY.match(self.lines[number].rstrip("\\r"))[2] or "").strip()
        if value:
            return scalar(value)
        items = [line.strip()[2:].strip() for line in self.lines[number + 1 : self._items(number)]]
        return [scalar(item) for item in items] or None

    def set(self, name, value):
        """Change a property, or add it at the end of the block."""
        text = [f"{name}: {quoted(value)}"]
        if isinstance(value, list):
            text = [f"{name}:", *(f"  - {quoted(item)}" for item in value)]
        if not self.end:
            self.lines[:0] = ["---", *text, "---"]
        elif name in self.at:
            self.lines[self.at[name] : self._items(self.at[name])] = text
        else:
            self.lines[self.end : self.end] = text
        self.save()
        self.__init__(self.path)

    def save(self):
        temporary = self.path.with_name(self.path.name + ".tmp")
        with open(temporary, "w", encoding="utf-8", newline="") as file:
            file.write("\\n".join(self.lines))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, self.path)


def scalar(text):
    if text.startswith('"'):
        return json.loads(text)
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    if text in ("true", "false", "[]", "null", "~"):
        return {"true": True, "false": False, "[]": []}.get(text)
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


def quoted(value):
    if isinstance(value, (bool, datetime.date)):
        return str(value).lower()
    return json.dumps(value, ensure_ascii=False)


def notes(table):
    return [Note(path) for path in sorted((SYSTEM / table).rglob("*.md"))]


def day(value):
    try:
        return datetime.date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def file_sessions():
    page = SYSTEM / "Rules.md"
    if not page.exists():
        sys.exit("There is no Rules.md here, so there is nothing to apply.")
    rules = json.loads(re.search(r"```json\\n(.*?)\\n```", page.read_text("utf-8"), re.S)[1])
    count = 0
    for note in notes("Sessions"):
        if note.get("auto_filed") is not None:
            continue
        text = " ".join(str(note.get(name) or "") for name in ("title", "first_prompt", "keywords"))
        text = f"{note.path.stem} {text}".casefold()
        filed = [rule for rule in rules if any(word.casefold() in text for word in rule["words"]) and apply(note, rule)]
        note.set("auto_filed", bool(filed))
        count += bool(filed)
    print(f"{count} filed.")


def apply(note, rule):
    name, value, now = rule["property"], rule["value"], note.get(rule["property"])
    if name == "tags":
        tags = now if isinstance(now, list) else [now] if now else []
        if value in tags:
            return False
        note.set(name, [*tags, value])
        return True
    if now:
        return False
    note.set(name, value)
    return True


def archive(days=90):
    today = datetime.date.today()
    count = 0
    for note in notes("Sessions"):
        last = day(note.get("last_activity"))
        if note.get("status") == "Completed" and last and (today - last).days >= int(days):
            note.set("archived_on", today)
            note.set("status", "Archived")
            count += 1
    print(f"{count} archived.")


def due():
    for note in notes("Sessions"):
        when = day(note.get("follow_up"))
        if when and when <= datetime.date.today() and note.get("status") not in ("Completed", "Archived"):
            print(f"{when}  {note.path.stem}")


def cell(value):
    if isinstance(value, list):
        value = "; ".join(str(plain(item)) for item in value)
    value = "" if value is None else plain(value)
    risky = isinstance(value, str) and value[:1] in ("=", "+", "-", "@")
    return f"'{value}" if risky else value


def plain(value):
    link = re.fullmatch(r"\\[\\[(?:[^|\\]]*\\|)?([^\\]]*)\\]\\]", value) if isinstance(value, str) else None
    return link[1] if link else value


def export(folder):
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    for table in TABLES:
        found = notes(table)
        if not found:
            continue
        names = list(dict.fromkeys(name for note in found for name in note.at))
        rows = [{"note": note.path.stem, **{name: note.get(name) for name in names}} for note in found]
        with open(target / f"{table.lower()}.csv", "w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["note", *names])
            writer.writerows([[cell(value) for value in row.values()] for row in rows])
        text = json.dumps(rows, ensure_ascii=False, indent=2) + "\\n"
        (target / f"{table.lower()}.json").write_text(text, encoding="utf-8")
        print(f"{table}: {len(rows)} saved in {target}")


def main(words):
    commands = {"file": file_sessions, "archive": archive, "due": due, "export": export}
    takes = {"file": (0, 0), "archive": (0, 1), "due": (0, 0), "export": (1, 1)}
    name, *rest = words or [""]
    least, most = takes.get(name, (1, 0))
    if not least <= len(rest) <= most:
        sys.exit(__doc__)
    commands[name](*rest)


if __name__ == "__main__":
    main(sys.argv[1:])
'''

BACKUP_SH = """#!/bin/sh
# Saves this system (notes, tables, templates) as one archive: sh backup.sh [FOLDER]. FOLDER is ~/Backups unless given.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
system=$(dirname "$here")
target=${1:-"$HOME/Backups"}
mkdir -p "$target"
target=$(cd "$target" && pwd -P)
case "$target/" in
  "$system"/*) echo "Choose a folder outside $system." >&2; exit 1 ;;
esac
archive=$target/chats-$(date +%Y-%m-%d-%H%M%S).tar.gz
tar -czf "$archive.part" -C "$(dirname "$system")" "./$(basename "$system")"
mv "$archive.part" "$archive"
echo "Saved $archive"
"""

BACKUP_PS1 = """# Saves this system (notes, tables, templates) as one archive: .\\backup.ps1 [-Target FOLDER]
param([string]$Target = (Join-Path $HOME 'Backups'))
$ErrorActionPreference = 'Stop'
$system = Split-Path -Parent $PSScriptRoot
New-Item -ItemType Directory -Force -Path $Target | Out-Null
$Target = (Resolve-Path -LiteralPath $Target).Path
if (($Target + '\\').StartsWith($system + '\\')) { throw "Choose a folder outside $system." }
$archive = Join-Path $Target ('chats-' + (Get-Date -Format 'yyyy-MM-dd-HHmmss') + '.zip')
Compress-Archive -LiteralPath $system -DestinationPath "$archive.part.zip"
Move-Item -LiteralPath "$archive.part.zip" -Destination $archive
Write-Output "Saved $archive"
"""
