"""The Excel solution: what stands in the workbook, and what LibreOffice makes of it."""

import dataclasses
import io
import json
import random
import re
import shutil
import statistics
import subprocess
import sys
import time
import zipfile
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.office import errors, load, needs_office, recalculated
from tests.strategies import HOSTILE_CHOICES, HOSTILE_NAMES, configs, neighbours

from chatbuilder import catalog, filters
from chatbuilder.blueprint import Sort
from chatbuilder.config import Config, CustomField, Options
from chatbuilder.design import design
from chatbuilder.filters import And, Cmp, Me, Not, Or, Today
from chatbuilder.generators.common import workbook_formulas as formulas
from chatbuilder.generators.common.workbook import render
from chatbuilder.generators.common.workbook_spec import cell_text, idents, sheet_name, with_names
from chatbuilder.generators.excel import generate
from chatbuilder.generators.excel.logic import KEY_LIMIT

DAY = date(2026, 6, 15)
EVERYTHING = dict(
    platform="excel", priorities=tuple(p for p in catalog.PRIORITIES if p != "simplicity"),
    features=tuple(catalog.FEATURES), team_size="large", complexity="advanced",
)  # fmt: skip
TYPICAL = dict(platform="excel", priorities=("organization", "search"), features=("tags", "projects", "dashboard"))


def solution_for(config, rows=None):
    """A solution; `rows` take the place of the sample rows of tables, by key."""
    blueprint = design(config)
    if rows is not None:
        tables = tuple(dataclasses.replace(t, samples=tuple(rows.get(t.key, t.samples))) for t in blueprint.tables)
        blueprint = dataclasses.replace(blueprint, tables=tables)
    return generate(config, blueprint)


def spec_of(solution):
    return solution.plan.steps[0].payload["spec"]


def on_day(spec, day=DAY, me="", search=""):
    """The spec as on a certain day, for a certain person, with words typed into Search."""
    spec = json.loads(json.dumps(spec))
    for sheet in spec["sheets"]:
        for cell in sheet.get("cells", ()):
            if (sheet["key"], cell[0]) == ("home", "C4"):
                cell[1] = {"date": day.isoformat()}
            if (sheet["key"], cell[0]) == ("home", "C5"):
                cell[1] = me
            if (sheet["key"], cell[0]) == ("search", "D3"):
                cell[1] = search
    return spec


def shown(page, column):
    """The values of a column on a view's sheet, top to bottom, for the rows that are in use."""
    at = {cell.value: cell.column for cell in page[4] if cell.value}
    places = [row for row in range(5, 205) if isinstance(page.cell(row, 1).value, (int, float))]
    return [unescaped(page.cell(row, at[column]).value) for row in places]


def unescaped(value):
    """openpyxl leaves Excel's escapes as they stand in the file."""
    return value.replace("_x005F_", "_") if isinstance(value, str) else value


# what the views should show: the reference evaluator, and an order written down independently of the formulas


def rank(table, key, value, blueprint):
    field = table.field(key)
    if field.type == "select" or (field.relation and not field.relation.many):
        names = field.option_names()
        if field.relation:
            names = [row[blueprint.table(field.relation.table).title.key] for row in blueprint.table(field.relation.table).samples]
        name = value[0] if isinstance(value, tuple) else value
        return (0, list(names).index(name), "") if name in names else (1, 0, name.casefold())
    if field.type in ("date", "datetime"):
        moment = datetime.fromisoformat(value)
        return moment.timestamp() if len(value) > 10 else moment.toordinal()
    value = "; ".join(value) if isinstance(value, tuple) else value
    return value.casefold() if isinstance(value, str) else value


def expected(view, blueprint, me=""):
    table = blueprint.table(view.table)
    rows = filters.select_rows(view.filter, table.samples, today=DAY, me=me)
    if view.kind == "calendar":
        sorts = [Sort(view.date_field)]
    else:
        down = any(s.field == view.group_by and s.descending for s in view.sorts)
        sorts = [Sort(view.group_by, down)] if view.group_by else []
        sorts += [s for s in view.sorts if s.field != view.group_by]
    for sort in reversed(sorts):
        full = [row for row in rows if not filters.is_empty(row.get(sort.field))]
        empty = [row for row in rows if filters.is_empty(row.get(sort.field))]
        full.sort(key=lambda row: rank(table, sort.field, row[sort.field], blueprint), reverse=sort.descending)
        rows = full + empty
    return [row[table.title.key] for row in rows]


def made_up(blueprint, seed, count=60):
    """Rows for every table that try the edges: empty values, ties, days around today, awkward text."""
    chance = random.Random(seed)
    odd = ("=1+1", "-5", "+x", "@me", "a*b", "a?b", "~x", ">5", "x; y", "ünï", '"q"', "🚀", "[red]", "_x0041_", "1e5", "TRUE")

    def value(field, n):
        if field.key == "title" or field.type == "title":
            start = "" if field.key == "title" else "dcbafe"[n % 6]  # sorted by name: where every alphabet agrees
            return f"{start}{chance.choice(odd)} {n}"
        if field.key == "source_id":
            return f"made:{n}"
        if field.key == "month":
            return chance.choice(["2026-03", "2025-12", "2026-11", "2026-06"])
        if chance.random() < 0.25 and field.type not in ("title",):
            return () if field.type in ("multi_select", "relation") else None
        day = DAY + timedelta(days=chance.choice([-400, -91, -31, -30, -29, -8, -7, -6, -1, 0, 1, 5]))
        match field.type:
            case "select":
                return chance.choice(field.option_names())
            case "multi_select":
                return tuple(chance.sample(field.option_names(), k=min(2, len(field.option_names()))))
            case "relation":
                other = blueprint.table(field.relation.table)
                return (chance.choice([row[other.title.key] for row in other.samples]),) if other.samples else ()
            case "date":
                return day.isoformat()
            case "datetime":
                return f"{day.isoformat()}T{chance.choice(['00:00:00', '23:59:59', '12:30:15'])}{chance.choice(['Z', '+00:00'])}"
            case "number":
                return chance.randint(field.minimum or 0, field.maximum or 500)
            case "checkbox":
                return chance.choice([True, False])
            case "person":
                return chance.choice(["Sam", "sam", "Robin", ("Robin", "Sam"), "Samantha"])
        return chance.choice(odd)

    def rows(table, how_many):
        return tuple({f.key: value(f, n) for f in table.fields if f.owner != "computed"} for n in range(how_many))

    others = {t.key: rows(t, 4) for t in blueprint.tables if t.key not in ("sessions", "prompts")}
    blueprint = dataclasses.replace(
        blueprint, tables=tuple(dataclasses.replace(t, samples=others.get(t.key, t.samples)) for t in blueprint.tables)
    )
    return {**others, "sessions": rows(blueprint.sessions, count)}


HOSTILE = Options(
    assistants=HOSTILE_CHOICES[:6], topics=HOSTILE_CHOICES[6:],
    custom_fields=tuple(
        CustomField(name=name, type=kind, choices=HOSTILE_CHOICES if "select" in kind else ())
        for name, kind in zip(HOSTILE_NAMES[1:], catalog.CUSTOM_FIELD_TYPES * 3, strict=False)
        if name.casefold() not in catalog.RESERVED_FIELD_NAMES
    )[:20],
)  # fmt: skip
CASES = {
    "samples": (Config(**EVERYTHING), None, {}),
    "made_up": (Config(**EVERYTHING), 1, {"me": "Sam", "search": "x"}),
    "more": (Config(**{**EVERYTHING, "priorities": ("analytics", "collaboration", "search"), "complexity": "simple"}), 2, {"me": "Robin", "search": "what? * ~x"}),
    "hostile": (Config(**{**TYPICAL, "name": "=cmd|x", "options": HOSTILE, "priorities": ("organization", "automation")}), 3, {}),
    "empty": (Config(**{**TYPICAL, "features": ("dashboard", "timeline", "projects"), "options": Options(sample_data=False)}), None, {}),
    "american": (Config(platform="excel", priorities=("organization",), features=("timeline",), options=Options(date_format="us")), 9, {}),
    "plain": (Config(platform="excel", priorities=("simplicity",)), None, {}),
    "timeline": (Config(platform="excel", priorities=("portability",), features=("timeline", "archive"), options=Options(date_format="european")), 4, {}),
    "team": (Config(platform="excel", priorities=("collaboration",), features=("reminders",), team_size="medium"), 5, {"me": "=SUM(1)"}),
    "rules": (Config(platform="excel", priorities=("automation",), features=("tags", "templates", "exports")), None, {}),
    "numbers": (Config(platform="excel", priorities=("analytics", "integration"), features=("dashboard", "projects"), complexity="simple"), 6, {}),
    "one_list": (Config(platform="excel", priorities=("organization", "simplicity"), features=("projects", "timeline", "dashboard"), complexity="advanced"), 7, {}),
    "small": (Config(platform="excel", priorities=("search", "organization"), features=("tags",), team_size="small"), 8, {"search": "a*b"}),
}  # fmt: skip


@needs_office
@pytest.mark.timeout(300)
def test_libreoffice_agrees(tmp_path):
    """One test, because starting LibreOffice and working out twelve workbooks is what takes the time."""
    built = {}
    for name, (config, seed, typed) in CASES.items():
        rows = made_up(design(config), seed) if seed else None
        built[name] = (solution_for(config, rows).plan.steps[0].payload["spec"], rows, typed)
    books = recalculated({name: render(on_day(spec, **typed)) for name, (spec, _, typed) in built.items()}, tmp_path)
    problems = {}
    for name, (config, _, typed) in CASES.items():
        rows = built[name][1]
        blueprint = solution_for(config, rows).blueprint
        for check in (errors_shown, views_shown, figures_shown, charts_shown, found_by_search, used, rolled_up, calendar, advised):
            found, wanted = check(blueprint, books[name], typed)
            if found != wanted:
                problems[name, check.__name__] = (found, wanted)
    assert problems == {}


def errors_shown(blueprint, book, typed):
    return errors(book), []


def views_shown(blueprint, book, typed):
    found = {v.key: shown(book[v.name], blueprint.table(v.table).title.name) for v in blueprint.views}
    wanted = {v.key: expected(v, blueprint, typed.get("me", "")) for v in blueprint.views}
    return {k: v for k, v in found.items() if v != wanted[k]}, {}


def figures_shown(blueprint, book, typed):
    found, wanted = {}, {}
    for figure in blueprint.dashboard.figures if blueprint.dashboard else ():
        rows = filters.select_rows(figure.filter, blueprint.table(figure.table).samples, today=DAY)
        values = [row[figure.field] for row in rows if row.get(figure.field) is not None]
        average = pytest.approx(statistics.mean(values)) if values else "–"
        wanted[figure.name] = {"count": len(rows), "sum": sum(values), "average": average}[figure.aggregate]
        found[figure.name] = next(
            book["Dashboard"].cell(cell.row - 1, cell.column).value
            for row in book["Dashboard"]["B4:K12"] for cell in row if cell.value == figure.name
        )  # fmt: skip
    return found, wanted


def numbers_of(blueprint, book, chart):
    page = book["Dashboard"]
    top = next(row for row in range(1, 300) if page.cell(row, 20).value == chart.name)
    lines = []
    while page.cell(top + 1, 21).value is not None:
        top += 1
        lines.append((unescaped(page.cell(top, 20).value), page.cell(top, 21).value))
    return lines


def charts_shown(blueprint, book, typed):
    found, wanted = {}, {}
    for chart in blueprint.dashboard.charts if blueprint.dashboard else ():
        table = blueprint.table(chart.table)
        values = [row.get(chart.group_by) for row in table.samples]
        names = [value[0] if isinstance(value, tuple) and value else value for value in values]
        lines = numbers_of(blueprint, book, chart)
        if chart.interval == "week":
            mondays = [date.fromisoformat(v[:10]) - timedelta(days=date.fromisoformat(v[:10]).weekday()) for v in names if v]
            newest = max(mondays, default=DAY - timedelta(days=DAY.weekday()))
            weeks = [newest - timedelta(weeks=n) for n in range(25, -1, -1)]
            wanted[chart.key] = [(week, mondays.count(week)) for week in weeks]
            found[chart.key] = [(label.date(), count) for label, count in lines]
            continue
        counts = {name: names.count(name) for name in names if name}
        if chart.limit:
            found[chart.key] = ([count for _, count in lines], {label: count for label, count in lines if label})
            best = sorted(counts.values(), reverse=True)[: chart.limit]
            wanted[chart.key] = (best + [0] * (len(lines) - len(best)), counts if len(counts) <= chart.limit else None)
        else:
            options = table.field(chart.group_by).option_names()
            rest = len(names) - sum(counts.get(option, 0) for option in options)
            found[chart.key] = lines
            wanted[chart.key] = [(option, counts.get(option, 0)) for option in options] + [("Other or none", rest)]
    return found, wanted


def found_by_search(blueprint, book, typed):
    words = typed.get("search", "").casefold().split()
    if "Search" not in book.sheetnames or not words:
        return None, None
    texts = ("title", "first_prompt", "keywords", "summary", "notes")
    wanted = [
        row["title"] for row in blueprint.sessions.samples
        if all(any(word in (row.get(key) or "").casefold() for key in texts) for word in words)
    ]  # fmt: skip
    page = book["Search"]
    rows = [row for row in range(7, 207) if isinstance(page.cell(row, 1).value, (int, float))]
    archive = next(v for v in blueprint.views if v.key == "all_sessions")
    order = expected(dataclasses.replace(archive, filter=None), blueprint)
    return [unescaped(page.cell(row, 4).value) for row in rows], [title for title in order if title in wanted]


def used(blueprint, book, typed):
    page = book["Lists"]
    found, wanted = {}, {}
    for column in range(1, page.max_column + 1, 3):
        found[page.cell(4, column).value] = {
            unescaped(page.cell(row, column).value): page.cell(row, column + 1).value
            for row in range(6, page.max_row + 1) if page.cell(row, column).value not in (None, True, False)
        }  # fmt: skip
    for table in blueprint.tables:
        for field in table.fields:
            if field.options:
                caption = field.name if table.key == "sessions" else f"{table.name}: {field.name}"
                values = [row.get(field.key) or () for row in table.samples]
                entries = [e for v in values for e in (v if isinstance(v, tuple) else (v,))]
                wanted[caption] = {name: entries.count(name) for name in field.option_names()}
    return {caption: found[caption] for caption in wanted}, wanted


def rolled_up(blueprint, book, typed):
    found, wanted = {}, {}
    for table in blueprint.tables:
        for number, field in enumerate(table.fields, 1):
            if not field.rollup:
                continue
            for n, row in enumerate(table.samples, 2):
                rows = [r for r in blueprint.sessions.samples if r[field.rollup.via] == (row["name"],)]
                cell = book[table.name].cell(n, number).value
                found[field.key, row["name"]] = cell
                wanted[field.key, row["name"]] = len(rows)
                if field.rollup.function == "latest":
                    days = [r[field.rollup.field] for r in rows if r[field.rollup.field]]
                    newest = max((datetime.fromisoformat(d).replace(tzinfo=None) for d in days), default=None)
                    found[field.key, row["name"]] = cell and cell.replace(microsecond=0)
                    wanted[field.key, row["name"]] = newest
    return found, wanted


def calendar(blueprint, book, typed):
    view = next((v for v in blueprint.views if v.kind == "calendar"), None)
    if view is None:
        return None, None
    rows = filters.select_rows(view.filter, blueprint.sessions.samples, today=DAY)
    days = [date.fromisoformat(r["day"]) for r in blueprint.sessions.samples if r["day"]]
    month = max(days, default=DAY).replace(day=1)
    page, found, wanted = book[view.name], {}, {}
    first = month - timedelta(days=(month.weekday() + (blueprint.date_format == "us")) % 7)
    for n in range(42):
        day, at, top = first + timedelta(days=n), 3 + n % 7, 5 + n // 7 * 6
        titles = [r["title"] for r in rows if r["day"] == day.isoformat()]
        cells = [unescaped(page.cell(top + k, at).value) for k in range(1, 6)]
        found[day] = (page.cell(top, at).value.date(), [c for c in cells if c])
        wanted[day] = (day, titles[:4] + ([f"+ {len(titles) - 4} more"] if len(titles) > 4 else []))
    return found, wanted


def advised(blueprint, book, typed):
    rules = [rule for item in blueprint.automations for rule in item.rules]
    page, found, wanted = book[blueprint.sessions.name], {}, {}
    for cell in page[1]:
        if str(cell.value).startswith("Rule says: "):
            key = next(f.key for f in blueprint.sessions.fields if cell.value == f"Rule says: {f.name}")
            for n, row in enumerate(blueprint.sessions.samples, 2):
                text = " ".join(str(row.get(k) or "") for k in ("title", "first_prompt", "keywords")).casefold()
                hits = [r.value for r in rules if r.field == key and any(w.casefold() in text for w in r.words)]
                found[key, n] = unescaped(page.cell(n, cell.column).value)
                wanted[key, n] = hits[0] if hits else None
    return found, wanted
