"""manage.py of the exported package: what people run to look after their database. Standard library only.

Each part is a function of the script; the answers decide which parts are in. Nothing from outside goes into the script
but names and the path of the database, as Python literals.
"""

from __future__ import annotations

from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.generators.common.schema import columns_of, sql_tables, stored_name
from chatbuilder.generators.custom import tool_text as text
from chatbuilder.generators.custom.datasette import database_file, database_name

_EVENTS = {"timeline": ("session", "day"), "reminders": ("follow-up", "follow_up")}


def commands(blueprint: Blueprint) -> tuple[str, ...]:
    """Return the names of the commands that manage.py has for these answers."""
    wanted = {
        "me": blueprint.sessions.has("owner"),
        "backup": blueprint.wants("exports"),
        "export": blueprint.wants("exports") or blueprint.wants("portability"),
        "archive": blueprint.wants("archive"),
        "retention": blueprint.team.retention_days > 0,
        "due": blueprint.wants("reminders"),
        "new": bool(blueprint.templates),
        "calendar": blueprint.wants("timeline") or blueprint.wants("reminders"),
    }
    return ("create", "show", "search", "serve", "load", *(name for name, is_wanted in wanted.items() if is_wanted))


def manage_py(given: tuple[Config, Blueprint]) -> str:
    """Return the script."""
    config, blueprint = given
    names = commands(blueprint)
    parts = {
        "me": text.ME,
        "backup": text.BACKUP,
        "export": text.EXPORT,
        "archive": text.ARCHIVE,
        "retention": text.RETENTION,
        "due": text.DUE,
        "new": text.NEW,
    }
    script = text.HEAD.format(file=repr(database_file(config)), name=repr(database_name(config)))
    script += text.LOAD.format(columns=_columns(blueprint))
    script += "".join(part for name, part in parts.items() if name in names)
    script += text.WORK if {"archive", "retention"} & set(names) else ""
    if "calendar" in names:
        script += text.CALENDAR
        for answer, (kind, day) in _EVENTS.items():
            if blueprint.wants(answer):
                query = f"SELECT id, title, {day} FROM sessions WHERE {day} IS NOT NULL ORDER BY {day}"
                script += f'    "{kind}": "{query}",\n'
        script += "}\n"
    return script + text.TAIL


def _columns(blueprint: Blueprint) -> str:
    """Return the columns that a CSV template of sessions can fill, as a Python literal."""
    table = next(group[0] for group in sql_tables(blueprint) if group[0].name == "sessions")
    known = {column.name: column for column in table.columns}
    lines = []
    for field in columns_of(blueprint.sessions):
        column = known[stored_name(field)]
        lines.append(f"    {field.name!r}: ({column.name!r}, {column.kind!r}, {column.references!r}),\n")
    return "{\n" + "".join(lines) + "}"
