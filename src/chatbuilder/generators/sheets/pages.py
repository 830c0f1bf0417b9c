"""Pages beside the data: Start, Search, Templates, Rules and Governance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from chatbuilder.blueprint import Blueprint, Field
from chatbuilder.generators.common.sheets_batch import grid_range, put, say
from chatbuilder.generators.sheets.cells import Request, add_sheet, column_width, formula, heading, look, number_format
from chatbuilder.generators.sheets.formulas import ME, text
from chatbuilder.generators.sheets.layout import (
    DASHBOARD,
    GOVERNANCE,
    ROWS,
    RULES,
    SEARCH,
    START,
    TEMPLATES,
    VIEW_ROWS,
    Grid,
    needs_sheet,
    sheet_id,
    stable_id,
)
from chatbuilder.generators.sheets.views import filter_view_id, view_sheet_id

_SEARCHED = (
    "title", "first_prompt", "keywords", "summary", "key_insights", "notes", "topic", "project", "tags", "category",
)  # fmt: skip
_FOUND = ("title", "assistant", "status", "last_activity", "first_prompt", "keywords", "summary", "link")
WRAP = {"wrapStrategy": "WRAP", "verticalAlignment": "TOP"}


def page_names(blueprint: Blueprint) -> tuple[str, ...]:
    """Return the titles of the pages that these answers ask for, in the order of the tabs."""
    rules = any(item.kind == "tagging" for item in blueprint.automations)
    team = blueprint.team
    wanted = {
        START: True,
        DASHBOARD: blueprint.dashboard is not None,
        SEARCH: blueprint.wants("search"),
        TEMPLATES: bool(blueprint.templates),
        RULES: rules,
        GOVERNANCE: bool(team.roles or team.permissions),
    }
    return tuple(name for name, yes in wanted.items() if yes)


def add_start(blueprint: Blueprint) -> Iterator[Request]:
    """Yield the sheet Start and the named cell Me, which formulas on other sheets read."""
    sheet = sheet_id(START)
    yield add_sheet(sheet, START, 3, rows=60, plain=True)
    if blueprint.sessions.has("owner"):
        cell = grid_range(sheet, (3, 4), (1, 2))
        yield {"addNamedRange": {"namedRange": {"namedRangeId": str(stable_id("name", ME)), "name": ME, "range": cell}}}


def start_sheet(blueprint: Blueprint, grids: dict[str, Grid]) -> Iterator[Request]:
    """Yield the first page: who looks, links to every view, table and page."""
    sheet, sessions = sheet_id(START), grids["sessions"]
    rows: list[Sequence[dict[str, Any]]] = [
        [say(blueprint.name)],
        [say("Start here: every view is one click away.")],
        [],
    ]
    if blueprint.sessions.has("owner"):
        first = next((str(row["owner"]) for row in blueprint.sessions.samples if row.get("owner")), "")
        note = "Type your name here as it stands in the column Owner: My sessions and its filter read it."
        rows.append([say("Me"), say(first) if first else {}, say(note)])
        yield look(grid_range(sheet, (3, 4), (1, 2)), {"numberFormat": {"type": "TEXT", "pattern": "@"}})
    else:
        rows.append([])
    rows += [[], [say("Views"), say("Opens as"), say("What it shows")]]
    heads = [len(rows) - 1]
    for view in blueprint.views:
        grid = grids[view.table]
        link = f"#gid={grid.sheet}&fvid={filter_view_id(view)}"
        own = f"#gid={view_sheet_id(view)}" if needs_sheet(view) else link
        kind = f"sheet ({view.kind})" if needs_sheet(view) else "filter view"
        rows.append([_link(own, view.name), say(kind), say(view.about)])
    rows += [[], [say("Tables and pages"), say(""), say("What stands there")]]
    heads.append(len(rows) - 1)
    rows += [[_link(f"#gid={g.sheet}", g.table.name), say("table"), say(g.table.about)] for g in grids.values()]
    abouts = _abouts(sessions)
    rows += [
        [_link(f"#gid={sheet_id(name)}", name), say("page"), say(abouts[name])]
        for name in page_names(blueprint)
        if name != START
    ]
    yield put(sheet, 0, 0, rows)
    yield heading(sheet, 0, (0, 1), size=18)
    for row in (3, *heads):
        yield heading(sheet, row, (0, 1 if row == 3 else 3))
    for column, pixels in enumerate((240, 160, 520)):
        yield column_width(sheet, column, pixels)


def _link(target: str, name: str) -> dict[str, Any]:
    return formula(f"HYPERLINK({text(target)},{text(name)})")


def _abouts(sessions: Grid) -> dict[str, str]:
    return {
        DASHBOARD: "Figures and charts.",
        SEARCH: "Type words, see the sessions that hold all of them.",
        TEMPLATES: f"Starting points for a new row of {sessions.table.name}.",
        RULES: "Words that file a session by themselves.",
        GOVERNANCE: "Who may do what, and the names everybody uses.",
    }


def add_page(name: str) -> Request:
    """Return the request for a page's sheet (Start and the dashboard have their own)."""
    columns, frozen = {SEARCH: (len(_FOUND), 4), TEMPLATES: (5, 1), RULES: (3, 1), GOVERNANCE: (3, 0)}[name]
    rows = VIEW_ROWS if name == SEARCH else ROWS
    return add_sheet(sheet_id(name), name, columns, (frozen, 0), rows=rows)


def page(name: str, blueprint: Blueprint, grids: dict[str, Grid]) -> Iterator[Request]:
    """Yield what fills a page."""
    match name:
        case "Search":
            yield from _search(blueprint, grids["sessions"])
        case "Templates":
            yield from _templates(blueprint)
        case "Rules":
            yield from _rules(blueprint)
        case "Governance":
            yield from _governance(blueprint)


def search_formula(grid: Grid) -> str:
    """Return the formula that lists the sessions whose text holds every word in B2, newest first."""
    shown = [grid.column(key) for key in _FOUND if grid.table.has(key)]
    hay = '&" "&'.join(grid.column(key) for key in _SEARCHED if grid.table.has(key))
    # Each word gets a mark before SPLIT, which would turn 1/2 into a date; \Q…\E takes its characters literally.
    words = r'SUBSTITUTE(MID(SPLIT("~"&SUBSTITUTE(TRIM($B$2)," "," ~")," "),2,200),"\E","")'
    hit = r'SUMPRODUCT(--REGEXMATCH(item,"(?i)\Q"&words&"\E"))=COLUMNS(words)'
    newest = f"FILTER({grid.column('last_activity')},hits)"
    found = f'IFERROR(SORT(FILTER(HSTACK({",".join(shown)}),hits),{newest},FALSE),"Nothing found")'
    whole = f"LET(words,{words},hay,{hay},hits,MAP(hay,LAMBDA(item,{hit})),{found})"
    return f'IF(LEN(TRIM($B$2))=0,"Type one or more words in B2",ARRAYFORMULA({whole}))'


def _search(blueprint: Blueprint, grid: Grid) -> Iterator[Request]:
    sheet = sheet_id(SEARCH)
    fields = [grid.table.field(key) for key in _FOUND if grid.table.has(key)]
    note = "Sessions that hold every word, wherever it stands: title, prompts, keywords, notes, topics, tags."
    yield put(sheet, 0, 0, [[say(note)], [say("Search for")], [], [say(field.name) for field in fields]])
    yield put(sheet, 4, 0, [[formula(search_formula(grid))]])
    yield heading(sheet, 1, (0, 1))
    yield heading(sheet, 3, (0, len(fields)))
    yield look(grid_range(sheet, (1, 2), (1, 2)), {"numberFormat": {"type": "TEXT", "pattern": "@"}})
    for at, field in enumerate(fields):
        yield column_width(sheet, at, 300 if field.type in ("title", "long_text") else 150)
        yield from _date_column(sheet, at, field, blueprint)


def _date_column(sheet: int, at: int, field: Field, blueprint: Blueprint) -> Iterator[Request]:
    pattern = number_format(field, blueprint.date_format)
    if field.type in ("date", "datetime") and pattern:
        yield look(grid_range(sheet, (4, None), (at, at + 1)), {"numberFormat": pattern})


def template_body(headings: tuple[tuple[str, str], ...]) -> str:
    """Return the text that a template puts into Notes."""
    return "\n\n".join(f"## {heading}\n{prompt}" for heading, prompt in headings)


def _templates(blueprint: Blueprint) -> Iterator[Request]:
    sheet = sheet_id(TEMPLATES)
    rows = [[say(name) for name in ("Name", "About", "Status", "Category", "Body")]]
    rows += [
        [say(value) for value in (t.name, t.about, t.values.get("status", ""), t.values.get("category", ""))]
        + [say(template_body(t.headings))]
        for t in blueprint.templates
    ]
    yield from _table_page(sheet, rows, (160, 240, 110, 110, 480))


def _rules(blueprint: Blueprint) -> Iterator[Request]:
    sheet = sheet_id(RULES)
    rows = [[say(name) for name in ("Words", "Field", "Value")]]
    for item in blueprint.automations:
        for rule in item.rules:
            name = blueprint.sessions.field(rule.field).name
            rows.append([say(", ".join(rule.words)), say(name), say(rule.value)])
    yield from _table_page(sheet, rows, (420, 160, 200))


def _governance(blueprint: Blueprint) -> Iterator[Request]:
    team = blueprint.team
    rows: list[Sequence[dict[str, Any]]] = []
    if team.roles:
        rows.append([say("Role"), say("May"), say("Who")])
        rows += [[say(role.name), say(role.may), say(role.who)] for role in team.roles]
        rows.append([])
    for title, lines in (("Permissions", team.permissions), ("Names everybody uses", team.naming)):
        if lines:
            rows += [[say(title)], *([say(""), say(line)] for line in lines), []]
    if team.access_levels:
        rows.append([say("Access levels"), say(", ".join(team.access_levels))])
    if team.retention_days:
        rows.append([say("Keep sessions for"), {"userEnteredValue": {"numberValue": team.retention_days}}, say("days")])
    sheet = sheet_id(GOVERNANCE)
    yield put(sheet, 0, 0, rows)
    yield look(grid_range(sheet, (0, None), (0, 1)), {"textFormat": {"bold": True}})
    for column, pixels in enumerate((180, 520, 240)):
        yield column_width(sheet, column, pixels)


def _table_page(sheet: int, rows: list[list[dict[str, Any]]], widths: tuple[int, ...]) -> Iterator[Request]:
    plain = {"numberFormat": {"type": "TEXT", "pattern": "@"}, **WRAP}
    yield look(grid_range(sheet, (1, None), (0, len(widths))), plain)
    yield put(sheet, 0, 0, rows)
    yield heading(sheet, 0, (0, len(widths)))
    for column, pixels in enumerate(widths):
        yield column_width(sheet, column, pixels)
