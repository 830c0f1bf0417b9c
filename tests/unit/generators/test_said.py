"""What filters, views, charts and chats become in the words of each platform, held to the letter.

The designs here have what no answers lead to: every condition on every kind of field, every way to group. What each
means is tested with the platform's own kin (contract and LibreOffice, SQLite, PostgreSQL); here no word may change
unseen. `CHATBUILDER_GOLDENS=write` writes the texts anew, as in test_goldens.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest

from chatbuilder import blueprint as bp
from chatbuilder import catalog
from chatbuilder.chats import ChatSession, Message, Part
from chatbuilder.design import design
from chatbuilder.filters import And, Cmp, Me, Not, Or, Today
from chatbuilder.generators import airtable, custom, notion, sheets
from chatbuilder.generators.airtable import chats as airtable_chats
from chatbuilder.generators.airtable.conditions import conditions, group_text, row_formula
from chatbuilder.generators.common.rows import TRANSCRIPT, RowMaker
from chatbuilder.generators.custom import chats as custom_chats
from chatbuilder.generators.custom.expressions import POSTGRES, SQLITE, condition
from chatbuilder.generators.notion import chats as notion_chats
from chatbuilder.generators.notion import transcript
from chatbuilder.generators.notion.formulas import expression
from chatbuilder.generators.notion.queries import to_query
from chatbuilder.generators.sheets import chats as sheets_chats
from chatbuilder.generators.sheets.formulas import column_test, row_test
from chatbuilder.generators.sheets.layout import grids
from chatbuilder.generators.sheets.transcripts import described, sheet_requests
from chatbuilder.solution import plain
from tests.helpers import config, hold
from tests.unit.test_goldens import ANSWERS, FOLDER, NOT_SIMPLE

PLATFORMS = {"notion": notion, "airtable": airtable, "sheets": sheets, "custom": custom, "postgresql": custom}
FULL = design(config("notion", *NOT_SIMPLE, **ANSWERS["everything"]))
TABLE = FULL.sessions
A, B = Cmp("status", "eq", "Active"), Cmp("value", "ge", 4)
ORDERED = ("eq", "ne", "lt", "le", "gt", "ge")
FIELDS = ("title", "status", "tags", "topic", "owner", "value", "days_idle", "auto_filed", "overdue", "follow_up",
          "last_activity", "link", "notes")  # fmt: skip
CONDITIONS = [
    *(Cmp("status", op, 'On "Hold"') for op in ("eq", "ne", "has", "lacks")),
    *(Cmp("title", op, "it's a \\ {b}, c") for op in ("eq", "ne", "has", "lacks", "lt", "ge")),
    *(Cmp(key, op, "Work") for key in ("tags", "topic", "secondary_topics") for op in ("has", "lacks")),
    *(Cmp("owner", op, Me()) for op in ("has", "lacks")), *(Cmp("value", op, n) for op in ORDERED for n in (3, 0)),
    *(Cmp("value", op, -1.5) for op in ("eq", "gt", "ge")), *(Cmp("days_idle", op, 7) for op in ORDERED),
    *(Cmp(key, op, to) for key in ("auto_filed", "overdue") for op in ("eq", "ne") for to in (True, False)),
    *(Cmp("follow_up", op, Today(days)) for op in ORDERED for days in (0, -7, -30)),
    *(Cmp("last_activity", op, Today(days)) for op in ORDERED for days in (1, -30)),
    *(Cmp(key, op) for key in FIELDS for op in ("empty", "not_empty")),
]  # fmt: skip
TOGETHER = [
    And((A, B)), Or((A, B)), Not(A), Not(And((A, B))), Not(Or((A, B))), Not(Not(B)), And((A,)), Or((B,)),
    And((Or((A, B)), Not(Cmp("tags", "empty")))), Or((And((A, B)), And((Not(A), Cmp("title", "eq", "x"))), A)),
    And((Or((And((A, Or((B, Cmp("title", "eq", "x"))))), Cmp("title", "eq", "y"))), A)), Or((A, A)),
    And((And((A, B)), B)),
    Or((A, Cmp("follow_up", "le", Today(-30)))), And((A, Cmp("follow_up", "le", Today(-30)))),
    Not(Or((A, And((B, Not(Or((A, B)))))))),
]  # fmt: skip
TURNED = [
    Not(c) for c in CONDITIONS if c.field in ("title", "tags", "days_idle", "overdue") or c.value in (3, Today(-7))
]
FILTERS = [*CONDITIONS, *TURNED, *TOGETHER]
PROJECTS = FULL.table("projects")
OF_PROJECTS = [
    *(Cmp("session_count", op, 2) for op in ORDERED), *(Cmp("latest", op, Today(-7)) for op in ORDERED),
    *(Cmp(key, op) for key in ("session_count", "latest") for op in ("empty", "not_empty")),
]  # fmt: skip


def tried(say, *given):
    try:
        return say(*given)
    except ValueError as error:
        return f"ValueError: {error}"


def in_notion(found, table):
    query, charts = to_query(found, table), to_query(found, table, charts=True)
    return [query, *([charts] if charts != query else ()), tried(expression, bp.Test(found), table)]


def in_airtable(found, table):
    dialog = tried(conditions, found, table)
    return [dialog if isinstance(dialog, str) else group_text(dialog), tried(row_formula, found, table)]


def in_sheets(found, table):
    grid = grids(FULL)[table.key]
    return [row_test(found, grid), column_test(found, grid)[len(column_test(None, grid)) :]]


SAY = {
    "notion": in_notion, "airtable": in_airtable, "sheets": in_sheets,
    "custom": lambda found, table: [condition(found, table, SQLITE)],
    "postgresql": lambda found, table: [condition(found, table, POSTGRES)],
}  # fmt: skip


def told(query):
    return " · ".join([json.dumps(query.filter, ensure_ascii=False), *query.untold])


def short(found):
    if isinstance(found, Cmp):
        value = {Me: "me", Today: f"today{getattr(found.value, 'days', 0):+d}"}.get(
            type(found.value), repr(found.value)
        )
        return f"{found.field} {found.op}" + ("" if found.op in ("empty", "not_empty") else f" {value}")
    if isinstance(found, Not):
        return f"not ({short(found.part)})"
    return f" {type(found).__name__.lower()} ".join(f"({short(part)})" for part in found.parts)


@pytest.mark.parametrize("platform", SAY)
def test_filters_in_its_words(platform):
    lines = []
    for found, table in [*((found, TABLE) for found in FILTERS), *((found, PROJECTS) for found in OF_PROJECTS)]:
        lines += [
            short(found),
            *(f"    {line if isinstance(line, str) else told(line)}" for line in SAY[platform](found, table)),
        ]
    hold(FOLDER / f"filters on {platform}.txt", "\n".join(lines) + "\n")


# Views, charts and figures --------------------------------------------------------------------------------------------
GROUPS = ("", "title", "status", "tags", "topic", "project", "owner", "value", "duration", "link", "month", "overdue",
          "days_idle", "auto_filed", "started", "follow_up", "notes")  # fmt: skip
FALLING = tuple(bp.Sort(key, descending=True) for key in ("started", "value"))


def odd_views():
    """Every kind of view by every kind of group, with sorts both ways, and dates at both ends or one."""
    shown = ("title", "status", "started", "tags", "topic", "days_idle", "value", "title")
    for kind in ("table", "board", "list", "gallery"):
        for group in GROUPS:
            when = ("day", "week", "month", None) if group in ("started", "follow_up") and kind == "table" else (None,)
            for interval in when:
                sorts = (
                    (bp.Sort(group, descending=kind == "board"),) if group and kind in ("list", "board") else FALLING
                )
                yield kind, group, interval, {"fields": shown, "group_by": group, "interval": interval, "sorts": sorts}
    for kind in ("calendar", "timeline"):
        for start, end, group in (("started", "last_activity", ""), ("follow_up", "", "status"), ("", "", "topic"),
                                  ("started", "", "project"), ("follow_up", "keep_until", "tags")):  # fmt: skip
            more = {"fields": shown[:3], "date_field": start, "end_field": end, "group_by": group, "filter": B}
            yield kind, start, group, more


def odd_design(platform):
    whole = [v for v in odd_views() if platform == "notion" or (v[1] or v[0] not in ("board", "calendar", "timeline"))]
    views = [
        bp.View(f"v{n}", f"*{kind}* {what} {more}", kind, f"About {n}.", **{"filter": TOGETHER[n % 9], **facts})
        for n, (kind, what, more, facts) in enumerate(whole)
    ]
    charts = tuple(
        bp.Chart(f"c{n}", f"Chart [{n}]", kind, group, interval=interval, limit=n % 3)
        for n, (kind, group, interval) in enumerate(
            (kind, group, interval)
            for group in ("status", "topic", "overdue", "started", "tags", "owner", "month")
            for kind in ("column", "bar", "line", "donut")
            for interval in (("day", "week", "month") if group == "started" else (None,))
        )
    )
    tests = (None, A, Cmp("follow_up", "le", Today(-30)), Cmp("follow_up", "ge", Today()), TOGETHER[0])
    figures = tuple(
        bp.Figure(f"f{n}", f"Figure <{n}>", aggregate, field=field, filter=found)
        for n, (aggregate, field, found) in enumerate(
            (aggregate, field, found)
            for aggregate, field in (("count", ""), ("sum", "duration"), ("average", "value"))
            for found in tests
        )
    )
    for at in range(0, len(charts), 6):  # some dashboards, for Notion's has at most 12 parts
        board = bp.Dashboard("Board & co", figures[at // 2 : at // 2 + 5], charts[at : at + 6])
        yield dataclasses.replace(FULL, views=tuple(views[at * 4 : at * 4 + 24]), dashboard=board)


def digest(value):
    return hashlib.sha256(json.dumps(plain(value), default=str).encode()).hexdigest()[:12]


@pytest.mark.parametrize("platform", PLATFORMS)
def test_views_of_every_kind(platform):
    target = {"target": {"database": "postgresql://sam@host/chats"}} if platform == "postgresql" else {}
    answers = config("custom" if target else platform, *NOT_SIMPLE, **ANSWERS["everything"], **target)
    lines = []
    for blueprint in odd_design(platform):
        solution = PLATFORMS[platform].generate(answers, blueprint)
        names = {f"view:{view.key}": f"{view.kind} by {view.group_by or view.date_field}" for view in blueprint.views}
        lines.append(f"guide {digest(solution.guide.markdown)}")
        lines += [f"document {page.key} {digest(page.markdown)}" for page in solution.documents]
        lines += [
            f"{step.key} {names.get(step.key, step.title)} {digest([step.title, step.payload, step.depends_on])}"
            for step in solution.plan
        ]
        lines += [f"by hand: {step.title} {digest([step.why, step.how])}" for step in solution.manual]
    hold(FOLDER / f"odd views on {platform}.txt", "\n".join(dict.fromkeys(lines)) + "\n")


# Each answer by itself -----------------------------------------------------------------------------------------------
PAGE = "https://www.notion.so/Home-195de9221179449fab8075a27c979105"
PLACES = {
    "notion": ({}, {"parent": PAGE}),
    "airtable": ({}, {"base": "appAAAAAAAAAAAAAA"}, {"workspace": "wspAAAAAAAAAAAAAA"}),
    "sheets": ({}, {"spreadsheet": "1aBcDeFgHiJkLmNoPqRsTuVwXyZ0123456789abcdefg"}),
    "custom": ({}, {"database": "sqlite:///~/My chats/é.db"}),
    "postgresql": ({"database": "postgresql://sam@host/chats"}, {"database": "postgres://sam@db.example:6543/a%20b"}),
}  # fmt: skip
OPTIONS = (
    {}, {"sample_data": False, "date_format": "european"}, {"topics": ("Work",), "timezone": "Europe/Paris"},
    {"assistants": ("ChatGPT",), "date_format": "us", "custom_fields": (
        {"name": 'Say "x" \\ | [y]', "type": "select", "choices": ("=1+1", "Mar 5", "b|c")},
        {"name": "Seen", "type": "checkbox"},
        {"name": "it's", "type": "multi_select", "choices": ("a", "b")}, {"name": "Cost", "type": "number"},
        {"name": "At", "type": "date"}, {"name": "See", "type": "url"}, {"name": "Story", "type": "long_text"},
    )},
)  # fmt: skip


def each_answer(platform):
    """Every priority and feature alone and with simplicity, among changing sizes, options, names and places."""
    keys = [*catalog.PRIORITIES, *catalog.FEATURES]
    for n, key in enumerate([*keys, *keys]):
        priorities = [key] if key in catalog.PRIORITIES else ["organization" if n % 2 else "analytics"]
        priorities += ["simplicity"] if n >= len(keys) and key != "simplicity" else []
        found = config(
            "custom" if platform == "postgresql" else platform, *priorities,
            name=("Chat Sessions", "Ana's <b>chats</b> | *1*", "Ünïcode 🗂️")[n % 3],
            features=(key,) if key in catalog.FEATURES else (), options=OPTIONS[n % 4],
            team_size=list(catalog.TEAM_SIZES)[n // 2 % 4], complexity=list(catalog.COMPLEXITIES)[n % 3],
            target=PLACES[platform][n // 3 % len(PLACES[platform])],
        )  # fmt: skip
        yield f"{n}: {key}", found


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_answer_by_itself(platform):
    lines = []
    for name, found in each_answer(platform):
        solution = PLATFORMS[platform].generate(found, design(found))
        pages = [page.markdown for page in (solution.guide, *solution.documents)]
        files = [[file.path, hashlib.sha256(file.data()).hexdigest(), file.about] for file in solution.files]
        steps = [dataclasses.replace(step, payload=plain(step.payload)) for step in solution.plan]
        parts = {"guide": pages[0], "documents": pages[1:], "files": files, "plan": [*map(dataclasses.astuple, steps)]}
        parts |= {"by hand": [*map(dataclasses.astuple, solution.manual)], "notes": dict(solution.notes)}
        lines.append(" ".join([name, *(f"{part} {digest(value)[:8]}" for part, value in parts.items())]))
    hold(FOLDER / f"each answer on {platform}.txt", "\n".join(lines) + "\n")


# Chats ---------------------------------------------------------------------------------------------------------------
NOON = datetime(2026, 3, 1, 12, 30, 59, 999_999, UTC)


def message(at, text, role="", parts=(), **more):
    role = role or ("human", "assistant")[at % 2]
    words = (Part("typed" if role == "human" else "answer", text), *parts)
    return Message(f"m{at}", f"m{at - 1}" if at else None, role, words, NOON + timedelta(hours=at), **more)


FILES = (Part("attachment", "", "plan.pdf"), Part("attachment", "", None))
CODE = "See:\n\n```py\nprint(1)\n```\nand\n~~~ Sql\nSELECT 1\n~~~\n```nope\nx\n```\n```\nnever closed"
CHATS = {
    "plain": ChatSession(
        "chatgpt", "c-1", "Plan a garden", NOON, NOON + timedelta(days=3), (
            message(0, "How do I plan a garden?"), message(1, "Begin with **light**.", model="gpt-5"),
            message(2, "", parts=FILES), message(3, "It shows\n\ttwo beds.", parts=FILES[:1], model="gpt-5.1"),
        ), model="gpt-5.1", project="Website", url="https://chatgpt.com/c/c-1", summary="Two beds.\nSouth.",
        tags=("Garden", "garden", "a, b", "x\ny"), archived=True,
    ),
    "odd": ChatSession(
        "no-such-source", "=1+1 ", " =HYPERLINK(\"x\")\r\n<b>*it's*</b>\0 \ud800 🚀 ", NOON, NOON, (
            message(0, "\ufeff+1 \0 [[x]] 'y' \ud83d\n\n\n"), message(1, CODE), message(2, "\u2028Now?\x1b"),
        ), model="m\nn", project="No such project", url="https://x.example/" + "é" * 2_000, tags=("🚀" * 99, ""),
    ),
    "bare": ChatSession("claude", "", None, None, None, ()),
    "no times": ChatSession(
        "claude-code", "s", "", None, None, tuple(message(at, "ls")._replace(time=None) for at in range(2)),
        command="claude --resume s", project="/home/sam/site",
    ),
    "a hundred": ChatSession("grok", "h", "100", NOON, NOON, tuple(message(at, f"{at}") for at in range(100))),
    "one more": ChatSession("grok", "i", "101", NOON, NOON, tuple(message(at, f"{at}") for at in range(101))),
    "long": ChatSession(
        "gemini", "g", "L" * 3_000, NOON, NOON + timedelta(seconds=29), (
            message(0, "word " * 9_000), message(1, "é" * 50_001), message(2, "🚀" * 26_000), message(3, "x" * 20_001),
            *(message(at, f"line {at}") for at in range(4, 120)),
        ), summary="s" * 11_000,
    ),
}  # fmt: skip
LINKED = {
    ("projects", "Website"): "recWebsite",
    ("topics", "Work"): "recWork",
    ("projects", "No such project"): "recNo",
}


def in_cells(new):
    return {"cells": new.data["fields"], "there": [*new.data["fields"], "model", "link", TRANSCRIPT]}


def in_sheet(new):
    cells = {key: cell["userEnteredValue"] for key, cell in new.data["values"].items()}
    return {"cells": cells, "said": new.data["parts"]}


def in_page(new):
    blocks = [transcript.told(block) for part in new.data["said"] for block in part]
    said = {"id": "t", "half": False, "old": [], "blocks": blocks} if blocks else None
    return {"values": new.data["values"], "said": said}


def in_row(new):
    return {**new.data["values"], TRANSCRIPT: new.data["messages"]}


WRITERS = {
    "notion": (notion_chats.Pages, in_page), "airtable": (airtable_chats.Records, in_cells),
    "sheets": (sheets_chats.Rows, in_sheet), "custom": (custom_chats.Rows, in_row),
    "postgresql": (custom_chats.PostgresRows, in_row),
}  # fmt: skip


def shown(value):
    """A value in JSON; of what is long the beginning, the length and a digest."""
    text = json.dumps(value, default=str)
    return text if len(text) < 150 else f"{text[:80]}… {len(text)} {digest(value)}"


@pytest.mark.parametrize("platform", WRITERS)
def test_chats_as_they_are_written(platform):
    writer, state_of = WRITERS[platform]
    lines = []
    for which, size in (("everything", "rich"), ("the least", "poor")):
        blueprint = design(config("custom" if platform == "postgresql" else platform, *NOT_SIMPLE, **ANSWERS[which]))
        writes = writer(blueprint)
        linked = {at: "7" if platform in ("custom", "postgresql") else where for at, where in LINKED.items()}
        for name, found in CHATS.items():
            row = RowMaker(blueprint, strict=platform == "notion").row(found, transcript=True)
            cells = writes.cells(row)
            new = writes.new(row, cells, linked)
            there = state_of(new)
            back = writes.read(there)
            assert {key: cells[key] for key in back} == back, "what was written is read as it was written"
            change = writes.change(there, row, cells, [key for key in cells if key in back])
            alone = writes.change(there, row, cells, [key for key in ("model", "link") if key in cells])
            lines.append(f"{name}, {size}: {new.size} bytes, {new.cost:.6f} requests; {change.size}, {change.cost:.6f}")
            parts = [(f"new {part}", value) for part, value in new.data.items()]
            for part, values in [("cell", cells), *parts] if size == "rich" and len(found.messages) < 100 else ():
                pairs = values.items() if isinstance(values, dict) else [("", values)]
                lines += [f"  {part} {key} {shown(value)}" for key, value in pairs]
            bare = RowMaker(blueprint).row(found)
            plain_row = writes.new(bare, writes.cells(bare), {})
            for part, value in (("cells", cells), ("new", new.data), ("change", change.data), ("two", alone.data)):
                lines.append(f"  {part} {digest(value)}")
            lines.append(f"  without links and transcript {plain_row.size} {digest(plain_row.data)}")
        if len(blueprint.tables) > 1:
            other = writes.related(next(t.key for t in blueprint.tables if t.key != "sessions"), " A\nB\0 é ")
            lines.append(f"related {other.size} {other.cost} {json.dumps(other.data)}")
    hold(FOLDER / f"chats on {platform}.txt", "\n".join(lines) + "\n")


def test_where_transcripts_go():
    """The sheet in Google Sheets, and the table in PostgreSQL with the rights of a team of every size."""
    lines = [custom_chats.TRANSCRIPTS, json.dumps(described()), *map(json.dumps, sheet_requests("dd/mm/yyyy hh:mm"))]
    for size in catalog.TEAM_SIZES:
        blueprint = design(config("custom", "organization", team_size=size))
        lines += [size, *custom_chats.postgres_transcripts(blueprint)]
    hold(FOLDER / "transcripts.txt", "\n".join(lines) + "\n")
