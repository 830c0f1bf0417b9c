"""Work that comes back: archiving, retention, follow-ups. Each is a view of what is due, and statements that do it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatbuilder.blueprint import Blueprint
from chatbuilder.filters import And, Cmp, Filter, Today
from chatbuilder.generators.common.schema import quote
from chatbuilder.generators.custom.expressions import Sql, shown
from chatbuilder.generators.custom.views import where

FOLLOW_UP_DUE = And(
    (Cmp("follow_up", "le", Today(0)), Cmp("status", "ne", "Completed"), Cmp("status", "ne", "Archived"))
)


FORGET = (
    'DELETE FROM "transcripts" WHERE "source_id" IN\n'
    '  (SELECT "source_id" FROM "sessions" WHERE "id" IN (SELECT "id" FROM "retention_due"))'
)
"""Transcripts go with their sessions; sync makes their table when it first brings one."""


@dataclass(frozen=True, slots=True)
class Job:
    """A view named `view` that lists what is due, and named statements that do the work; "" is the main one."""

    key: str
    title: str
    view: str
    columns: tuple[str, ...]
    due: Filter
    statements: dict[str, tuple[str, ...]]


def jobs(blueprint: Blueprint, sql: Sql) -> Iterator[Job]:
    """Yield the jobs that these answers ask for."""
    for automation in blueprint.automations:
        if automation.kind == "archive":
            due = And((Cmp("status", "eq", "Completed"), Cmp("last_activity", "le", Today(-automation.days))))
            done = (
                f'UPDATE "sessions" SET "status" = \'Archived\', "archived_on" = {sql.today(0)}\n'
                'WHERE "id" IN (SELECT "id" FROM "archive_due")',
            )
            yield Job("archive", automation.name, "archive_due", ("title", "last_activity"), due, {"archive": done})
        if automation.kind == "reminder":
            shown = tuple(k for k in ("title", "follow_up", "reminder", "link") if blueprint.sessions.has(k))
            yield Job("reminders", automation.name, "follow_ups_due", shown, FOLLOW_UP_DUE, {})
    if blueprint.team.retention_days:
        yield _retention(blueprint.team.retention_days, sql)


def _retention(days: int, sql: Sql) -> Job:
    born = 'coalesce("started", "last_activity")'
    day = f"date({born}, '+{days} days')" if sql.name == "sqlite" else f"{sql.day(born, 'datetime')} + {days}"
    fill = f'UPDATE "sessions" SET "keep_until" = {day}\nWHERE "keep_until" IS NULL AND {born} IS NOT NULL'
    drop = 'DELETE FROM "sessions"\nWHERE "id" IN (SELECT "id" FROM "retention_due")'
    due = Cmp("keep_until", "le", Today(0))
    # Deleting gives no days: what goes could be seen in retention_due before.
    statements = {"retention": (fill,), "retention-delete": (FORGET, drop)}
    if sql.name == "sqlite":
        # A script cannot ask whether there is a table of transcripts, so they go by a script of their own.
        statements = {"retention": (fill,), "retention-delete": (drop,), "retention-transcripts": (FORGET,)}
    return Job("retention", "Retention", "retention_due", ("title", "owner", "keep_until"), due, statements)


def job_view(job: Job, blueprint: Blueprint, sql: Sql) -> str:
    """Return the view of what is due, oldest first."""
    columns = ", ".join(shown(c) for c in ("id", *job.columns))
    when = {"archive": "last_activity", "reminders": "follow_up", "retention": "keep_until"}[job.key]
    rows = f'FROM "sessions" v{where(job.due, blueprint.sessions, sql)}'
    return sql.view(job.view, f"SELECT {columns}\n{rows}\nORDER BY {shown(when)}, {shown('id')}")


def function_name(statements: str) -> str:
    """Return the PostgreSQL function that runs named statements of a job."""
    return f"run_{statements.replace('-', '_')}"


def postgres_functions(job: Job) -> list[str]:
    """Return PostgreSQL functions that do the job and tell how many rows the last statement changed."""
    found = []
    for name, statements in job.statements.items():
        body = "".join(_in_a_function(statement) for statement in statements)
        head = f"CREATE FUNCTION {quote(function_name(name))}() RETURNS integer LANGUAGE plpgsql AS "
        counted = "  GET DIAGNOSTICS changed = ROW_COUNT;\n  RETURN changed;\n"
        found.append(f"{head}$chatbuilder$\nDECLARE\n  changed integer;\nBEGIN\n{body}{counted}END\n$chatbuilder$")
    return found


def _in_a_function(statement: str) -> str:
    if statement is FORGET:
        return f"  IF to_regclass('transcripts') IS NOT NULL THEN\n    {statement};\n  END IF;\n"
    return f"  {statement};\n"
