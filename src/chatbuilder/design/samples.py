"""Sample rows: fixed, made up, and clearly marked, so that every view has something to show on the first day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from chatbuilder.blueprint import Field, Table
from chatbuilder.config import Config

_ROWS: tuple[tuple[str, str, str, str, int, str], ...] = (
    ("Plan a week of dinners", "Completed", "2026-01-12T18:02:00Z", "2026-01-12T18:31:00Z", 12, "Plan five dinners for two, under 30 minutes each"),
    ("Why does my query scan the whole table?", "Active", "2026-02-03T09:15:00Z", "2026-02-05T16:40:00Z", 28, "SELECT is slow although there is an index"),
    ("Cover letter for the museum job", "On Hold", "2026-03-21T20:10:00Z", "2026-03-22T07:55:00Z", 9, "Help me write a cover letter for a curator post"),
    ("Compare three note apps", "Archived", "2026-04-02T11:00:00Z", "2026-04-02T11:45:00Z", 17, "Compare Obsidian, Logseq and Notion for research notes"),
    ("Understand Bayes with coins", "Active", "2026-05-19T13:30:00Z", "2026-05-20T08:05:00Z", 22, "Explain Bayes' rule with two coins"),
    ("Names for a new cat", "On Hold", "2026-04-19T19:00:00Z", "2026-04-19T19:12:00Z", 6, "Suggest ten short names for a grey cat"),
)  # fmt: skip
_FIXED: dict[str, tuple[Any, ...]] = {
    "summary": ("Five quick dinners and one shopping list.", "The index was on the wrong column; WAL was not the cause.", "A first draft; the closing is still weak.", "Obsidian for files, Notion for teams, Logseq for outlines.", "The prior is the coin you picked; the data is the toss.", "Ten names; Ash and Miso were liked best."),
    "key_insights": ("Cook twice, eat four times.", "EXPLAIN QUERY PLAN shows it at once.", None, "Choose by who has to read it.", "Multiply, then divide by the total.", "Two syllables are easiest to call."),
    "action_items": (None, "Add the composite index.", "Rewrite the last paragraph.", None, "Try it with three coins.", None),
    "notes": ("Sample session: delete it when you like.",) * 6,
    "category": ("Task", "Question", "Task", "Decision", "Question", "Idea"),
    "value": (3, 5, 2, 4, 4, 2),
    "satisfaction": (4, 5, 3, 4, 5, 4),
    "duration": (29, 3325, 705, 45, 1115, 12),
    "words": (1400, 5200, 900, 2600, 3100, 350),
    "phase": (None, "Do", "Plan", "Review", "Do", "Review"),
    "tags": (("how-to",), ("bug", "reference"), (), ("reference",), (), ()),
    "priority": ("Low", "High", "Medium", None, "Medium", "Low"),
    "follow_up": (None, "2026-02-12", "2026-04-01", None, "2030-01-15", None),
    "reminder": (None, "Check result", "Continue", None, "Continue", None),
    "archived_on": (None, None, None, "2026-07-01", None, None),
    "owner": ("Sam", "Robin", "Sam", "Robin", "Sam", "Robin"),
    "shared_with": (None, "the data team", None, "everyone", None, None),
    "review": ("Not needed", "Wanted", "Not needed", "Approved", "In review", "Not needed"),
    "team": ("Operations", "Product", "Operations", "Research", "Research", "Product"),
    "access": ("Private", "Team", "Private", "Everyone", "Team", "Private"),
    "keep_until": ("2026-06-30", "2030-02-05", None, "2030-04-02", "2030-05-20", "2030-04-19"),
    "outcome": ("Solved", "Solved", "Open", "Solved", "Partly", "Open"),
    "auto_filed": (False, True, False, False, True, False),
    "keywords": ("dinner shopping quick", "sqlite index explain", "letter museum draft", "obsidian logseq notion", "bayes coins probability", "cat names grey"),
}  # fmt: skip


def with_samples(tables: tuple[Table, ...], config: Config) -> tuple[Table, ...]:
    """Return the tables with their first rows: the topics that were named, and sample rows when they are wanted."""
    if not config.options.sample_data:
        return tuple(replace(t, samples=_topics(config)) if t.key == "topics" else t for t in tables)
    keys = {table.key for table in tables}
    rows: dict[str, tuple[Mapping[str, Any], ...]] = {
        "sessions": tuple(_session(tables[0], n, keys, config) for n in range(len(_ROWS))),
        "topics": _topics(config),
        "projects": _PROJECTS,
        "prompts": (
            {"name": "Explain with a small example", "text": "Explain … with the smallest example that shows it.", "kind": "Research",
             "works_with": config.options.assistants[:2], "sessions": (_ROWS[4][0],)},
            {"name": "Find the cause first", "text": "List three possible causes, then the test that tells them apart.", "kind": "Code",
             "works_with": config.options.assistants[:1], "sessions": (_ROWS[1][0],)},
        ),
    }  # fmt: skip
    return tuple(Table(t.key, t.name, t.singular, t.about, t.fields, rows[t.key]) for t in tables)


_PROJECTS: tuple[Mapping[str, Any], ...] = (
    {"name": "Website", "status": "Active", "start": "2026-01-05", "end": "2026-06-30", "description": "The new site.", "goals": "Live by summer."},
    {"name": "Thesis", "status": "Planned", "start": "2026-03-01", "end": "2026-12-15", "description": "Write it.", "goals": "Hand it in."},
    {"name": "Household", "status": "Active", "start": "2026-01-01", "end": None, "description": "Daily life.", "goals": "Less of it."},
)  # fmt: skip
_PROJECT_OF = ("Household", "Website", "Thesis", "Website", "Thesis", "Household")


def _topics(config: Config) -> tuple[Mapping[str, Any], ...]:
    names = config.options.topics
    rows: list[dict[str, Any]] = [{"name": name, "about": None} for name in names]
    if config.complexity == "advanced":
        for number, row in enumerate(rows):
            example = config.options.sample_data and 0 < number == len(names) - 1
            row["parent"] = (names[0],) if example else ()
    return tuple(rows)


def _session(table: Table, n: int, tables: set[str], config: Config) -> dict[str, Any]:
    title, status, started, last, messages, prompt = _ROWS[n]
    topics, assistants = config.options.topics, config.options.assistants
    row: dict[str, Any] = {
        "title": title, "status": status, "assistant": assistants[n % len(assistants)], "started": started,
        "last_activity": last, "messages": messages, "link": None, "first_prompt": prompt, "model": None,
        "source_id": f"sample:{n + 1}", "external_id": str(n + 1), "month": started[:7], "day": started[:10],
        "week": _WEEKS[n], "topic": _linked(topics[n % len(topics)], "topics" in tables),
        "secondary_topics": topics[1:2] if n % 2 else (), "project": _linked(_PROJECT_OF[n], "projects" in tables),
    }  # fmt: skip
    for field in table.fields:
        if field.key not in row:
            row[field.key] = _FIXED[field.key][n] if field.key in _FIXED else _custom(field, n)
    return {field.key: row[field.key] for field in table.fields if field.owner != "computed"}


_WEEKS = ("2026-W03", "2026-W06", "2026-W12", "2026-W14", "2026-W21", "2026-W16")


def _linked(name: str, table: bool) -> str | tuple[str, ...]:
    return (name,) if table else name


def _custom(field: Field, n: int) -> Any:
    names = field.option_names()
    if field.type == "select":
        return names[n % len(names)]
    if field.type == "multi_select":
        return names[:1] if n % 2 else ()
    return None
