"""The parts of manage.py, as text. HEAD and LOAD are formats: their braces are doubled."""

HEAD = '''#!/usr/bin/env python3
"""Looks after the chat database. Needs Python 3.9 or newer, nothing else; "serve" needs Datasette, too.

python3 manage.py --help lists what it can do.
"""

import argparse
import csv
import datetime
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
DATABASE = {file}  # or use --database
NAME = {name}  # what serve/*.yaml call it
COMMANDS = {{}}


def command(*arguments):
    """Make a function a command; arguments are (name, settings)."""

    def add(function):
        COMMANDS[function.__name__] = (function, arguments)
        return function

    return add


def connect(path):
    """Open the database, which must exist."""
    if not path.is_file():
        sys.exit(f"{{path}} is not there yet. Make it with: python3 manage.py create")
    connection = sqlite3.connect(path, timeout=10)
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def table(cursor):
    """Print rows under their column names."""
    print(" | ".join(column[0] for column in cursor.description))
    count = 0
    for count, row in enumerate(cursor, 1):
        print(" | ".join("" if value is None else " ".join(str(value).split())[:60] for value in row))
    print(f"({{count}} rows)")


@command(("--samples", {{"action": "store_true", "help": "with a few sample sessions"}}))
def create(args):
    """make a new database from sql/sqlite/"""
    if args.database.exists():
        sys.exit(f"{{args.database}} exists already and was left alone.")
    args.database.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(args.database)
    for name in ("schema.sql", "samples.sql") if args.samples else ("schema.sql",):
        path = HERE / "sql" / "sqlite" / name
        if path.exists():
            connection.executescript(path.read_text("utf-8"))
    connection.close()
    print(f"Made {{args.database}}.")


@command(("view", {{"nargs": "?", "help": "name of a view; without it, all names"}}))
def show(args):
    """print a view, or the names of all views"""
    connection = connect(args.database)
    views = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'view' ORDER BY name")]
    if args.view is None:
        print("\\n".join(views))
    elif args.view in views:
        table(connection.execute('SELECT * FROM "{{}}"'.format(args.view.replace('"', '""'))))
    else:
        sys.exit(f"There is no view {{args.view!r}}. There are: {{', '.join(views)}}")


@command(("words", {{"nargs": "+", "help": "words that must all be there"}}))
def search(args):
    """find sessions by their words"""
    connection = connect(args.database)
    query = (
        'SELECT s."id", s."title", s."status", s."last_activity" FROM "{{0}}" f JOIN "sessions" s ON s."id" = f."rowid"'
        ' WHERE "{{0}}" MATCH ? ORDER BY f."rank" LIMIT 50'
    )
    words = " ".join('"' + word.replace('"', '""') + '"' for word in args.words)
    for index in ("sessions_fts", "sessions_trigram"):
        if connection.execute(query.format(index), (words,)).fetchone() or index == "sessions_trigram":
            table(connection.execute(query.format(index), (words,)))
            return


@command(("--port", {{"type": int, "default": 8001, "help": "8001"}}))
def serve(args):
    """show the database in a browser, on this machine only"""
    connect(args.database).close()
    program = shutil.which("datasette")
    if program is None:
        sys.exit("Datasette is missing. Install it with: pip install datasette")
    if args.database.stem != NAME:
        print(f"The file is not called {{NAME}}.db, so the settings in serve/ do not apply to it.", file=sys.stderr)
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    call = [program, "serve", str(args.database), "--host", "127.0.0.1", "--port", str(args.port)]
    call += ["--metadata", str(HERE / "serve" / "metadata.yaml")]
    if "version 0." not in version:
        call += ["--config", str(HERE / "serve" / "datasette.yaml")]
    if os.name == "posix":
        os.execv(program, call)
    sys.exit(subprocess.call(call))
'''

LOAD = '''

@command(("file", {{"type": Path, "help": "a CSV such as templates/chat-sessions.csv, filled in"}}))
def load(args):
    """add sessions from a CSV with the column names of the template; those that are there stay as they are"""
    connection = connect(args.database)
    added = there = 0
    problems = []
    with args.file.open(encoding="utf-8-sig", newline="") as file:
        for number, line in enumerate(csv.DictReader(file), 2):
            try:
                added_one = insert(connection, line)
            except (sqlite3.Error, ValueError) as error:
                problems.append(f"line {{number}}: {{error}}")
                continue
            added, there = added + added_one, there + (not added_one)
    connection.commit()
    print(f"{{added}} added, {{there}} there already, {{len(problems)}} refused.")
    if problems:
        sys.exit("\\n".join(problems))


def insert(connection, line):
    """Add one session; False when its Source ID is there already."""
    values = {{}}
    for name, text in line.items():
        text = (text or "").strip()
        if name in COLUMNS and text:
            column, kind, other = COLUMNS[name]
            text = text[1:] if text[0] == "'" and text[1:2] in tuple("=+-@") else text
            values[column] = convert(connection, kind, other, text)
    if not values.get("title"):
        raise ValueError("it has no Title")
    names, marks = ", ".join(f'"{{name}}"' for name in values), ", ".join("?" * len(values))
    query = f"INSERT INTO sessions ({{names}}) VALUES ({{marks}}) ON CONFLICT (source_id) DO NOTHING"
    return connection.execute(query, list(values.values())).rowcount


def convert(connection, kind, other, text):
    """Turn the text of a cell into what its column holds."""
    if kind == "list":
        return json.dumps([item.strip() for item in text.split(";") if item.strip()], ensure_ascii=False)
    if kind == "checkbox":
        return int(text.lower() in ("yes", "true", "1"))
    if kind in ("integer", "real"):
        return int(text) if kind == "integer" else float(text)
    if kind == "ref":
        found = connection.execute(f'SELECT min(id) FROM "{{other}}" WHERE name = ?', (text,)).fetchone()[0]
        return found or connection.execute(f'INSERT INTO "{{other}}" (name) VALUES (?)', (text,)).lastrowid
    return text


# Name of a column in the template: column here, what it holds, and the table that a link points to.
COLUMNS = {columns}
'''


ME = '''

@command(("name", {"help": "your name as it stands in Owner"}))
def me(args):
    """say who you are, for the view My sessions"""
    with connect(args.database) as connection:
        connection.execute("UPDATE chatbuilder_settings SET value = ? WHERE key = 'me'", (args.name,))
    print(f"My sessions now shows those of {args.name}.")
'''

BACKUP = '''

@command(("--folder", {"type": Path, "default": HERE / "backups", "help": "where to; backups beside this script"}))
def backup(args):
    """save a whole copy of the live database, while it is in use"""
    args.folder.mkdir(parents=True, exist_ok=True)
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%d-%H%M%S")
    path, number = args.folder / f"{args.database.stem}-{now}.db", 1
    while path.exists():
        number += 1
        path = args.folder / f"{args.database.stem}-{now}-{number}.db"
    copy = sqlite3.connect(path)
    connect(args.database).backup(copy)
    found = copy.execute("PRAGMA integrity_check").fetchone()[0]
    copy.close()
    if found != "ok":
        sys.exit(f"{path} is damaged: {found}")
    print(f"Saved and checked {path}. To go back, copy it over {args.database}.")
'''

EXPORT = '''

@command(("folder", {"type": Path, "help": "a new folder"}))
def export(args):
    """save every table, and its overview, as CSV for spreadsheets and JSON, which loses nothing"""
    connection = connect(args.database)
    args.folder.mkdir(parents=True)
    query = (
        "SELECT name FROM sqlite_master WHERE type = 'view' AND name LIKE '%overview' OR type = 'table'"
        " AND sql LIKE 'CREATE TABLE%STRICT' AND name <> 'chatbuilder_meta' ORDER BY name"
    )
    for (name,) in connection.execute(query).fetchall():
        rows = connection.execute('SELECT * FROM "{}"'.format(name.replace('"', '""')))
        columns, found = [column[0] for column in rows.description], rows.fetchall()
        with (args.folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([columns, *([harmless(value) for value in row] for row in found)])
        data = [dict(zip(columns, row)) for row in found]
        (args.folder / f"{name}.json").write_text(json.dumps(data, ensure_ascii=False, indent=1), "utf-8")
        print(f"{name}: {len(found)} rows")


def harmless(value):
    """A cell that no spreadsheet takes for a formula."""
    return "'" + value if isinstance(value, str) and value[:1] in ("=", "+", "-", "@") else value
'''

ARCHIVE = '''

@command(("--dry-run", {"action": "store_true", "help": "only list them"}))
def archive(args):
    """archive completed sessions that have been quiet for long"""
    work(args.database, "archive_due", None if args.dry_run else "archive.sql")
'''

RETENTION = '''

@command(("--delete", {"action": "store_true", "help": "delete what is past its day, for good"}))
def retention(args):
    """give new sessions a day to keep them until, and list those past it"""
    if not args.delete:
        work(args.database, "retention_due", "retention.sql", after=True)
        return
    if connect(args.database).execute("SELECT 1 FROM sqlite_master WHERE name = 'transcripts'").fetchone():
        work(args.database, None, "retention-transcripts.sql")
    work(args.database, "retention_due", "retention-delete.sql")
'''

WORK = '''

def work(database, view, script, after=False):
    """List what is due and run one of the scripts in sql/sqlite/."""
    connection = connect(database)
    if view and not after:
        table(connection.execute(f'SELECT * FROM "{view}"'))
    if script:
        connection.executescript((HERE / "sql" / "sqlite" / script).read_text("utf-8"))
        print(f"Ran sql/sqlite/{script}.")
    if after:
        table(connection.execute(f'SELECT * FROM "{view}"'))
'''

DUE = '''

@command()
def due(args):
    """list follow-ups that are due today or before"""
    table(connect(args.database).execute("SELECT * FROM follow_ups_due"))
'''

NEW = '''

@command(("template", {"help": "key of a row of session_templates"}), ("title", {"help": "title of the session"}))
def new(args):
    """start a session from a template"""
    with connect(args.database) as connection:
        found = connection.execute("SELECT * FROM session_templates WHERE key = ?", (args.template,))
        columns, row = [column[0] for column in found.description], found.fetchone()
        if row is None:
            keys = ", ".join(key for (key,) in connection.execute("SELECT key FROM session_templates"))
            sys.exit(f"There is no template {args.template!r}. There are: {keys}")
        start = {name: value for name, value in zip(columns, row) if name not in ("id", "key", "name", "about")}
        now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
        start.update(title=args.title, started=now, last_activity=now)
        names, marks = ", ".join(f'"{name}"' for name in start), ", ".join("?" * len(start))
        made = connection.execute(f"INSERT INTO sessions ({names}) VALUES ({marks})", list(start.values()))
        print(f"Session {made.lastrowid} is there.")
'''

CALENDAR = '''

@command(("file", {"type": Path, "help": "such as chats.ics"}))
def calendar(args):
    """write a calendar file that every calendar program opens or subscribes to"""
    events = []
    for kind, query in EVENTS.items():
        for number, title, day in connect(args.database).execute(query):
            events += ["BEGIN:VEVENT", f"UID:{kind}-{number}@chatbuilder", f"DTSTAMP:{day.replace('-', '')}T000000Z"]
            events += [f"DTSTART;VALUE=DATE:{day.replace('-', '')}", f"SUMMARY:{plain(title)}", "END:VEVENT"]
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//chatbuilder//manage.py//EN", *events, "END:VCALENDAR", ""]
    args.file.write_bytes("\\r\\n".join(map(fold, lines)).encode("utf-8"))
    print(f"Wrote {len(events) // 6} entries to {args.file}.")


def plain(text):
    """Escape a text as RFC 5545, section 3.3.11, wants it."""
    text = " ".join(text.split()).replace("\\\\", "\\\\\\\\")
    return text.replace(";", "\\\\;").replace(",", "\\\\,")


def fold(line):
    """Break a line after 70 bytes at most (RFC 5545, section 3.1), never inside a character."""
    parts, size = [""], 0
    for letter in line:
        size += len(letter.encode("utf-8"))
        if size > 70:
            parts.append(" ")
            size = 1 + len(letter.encode("utf-8"))
        parts[-1] += letter
    return "\\r\\n".join(parts)


EVENTS = {
'''

TAIL = """

def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--database", type=Path, default=Path(DATABASE), help=DATABASE.replace("%", "%%"))
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (function, arguments) in COMMANDS.items():
        one = commands.add_parser(name, help=function.__doc__)
        one.set_defaults(run=function)
        for flag, settings in arguments:
            one.add_argument(flag, **settings)
    sys.stdout.reconfigure(errors="replace")
    args = parser.parse_args()
    args.database = args.database.expanduser()
    try:
        args.run(args)
    except (sqlite3.Error, OSError) as error:
        sys.exit(f"{args.database}: {error}")


if __name__ == "__main__":
    main()
"""
