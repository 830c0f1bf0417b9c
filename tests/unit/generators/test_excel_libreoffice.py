"""What LibreOffice makes of the workbook: the same as the reference evaluator."""

import dataclasses
import random
import statistics
from datetime import date, datetime, timedelta

import pytest

from chatbuilder import filters
from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.filters import And, Cmp, Me, Not, Or, Today
from chatbuilder.generators.common import workbook_formulas as formulas
from chatbuilder.generators.common.workbook import render
from chatbuilder.generators.excel.logic import condition
from tests.office import errors, needs_office, recalculated
from tests.unit.generators.excel_cases import (
    CASES,
    DAY,
    EVERYTHING,
    expected,
    made_up,
    on_day,
    shown,
    solution_for,
    spec_of,
    unescaped,
)  # fmt: skip


@needs_office
@pytest.mark.timeout(300)
def test_libreoffice_agrees(tmp_path):
    """One test, because starting LibreOffice and working out twelve workbooks is what takes the time."""
    built = {}
    for name, (config, seed, typed) in CASES.items():
        rows = made_up(design(config), seed) if seed else None
        built[name] = (solution_for(config, rows).plan.steps[0].payload["spec"], rows, typed)
    books = {name: render(on_day(spec, **typed)) for name, (spec, _, typed) in built.items()}
    books["any_filter"], asked = any_filter()
    books = recalculated(books, tmp_path)
    problems = {}
    for (name, expr), wanted in asked.items():
        found = [bool(books["any_filter"]["Asked"][f"{name}{row}"].value) for row in range(2, 2 + len(wanted))]
        if found != wanted:
            problems[expr] = (found, wanted)
    for name, (config, _, typed) in CASES.items():
        rows = built[name][1]
        blueprint = solution_for(config, rows).blueprint
        for check in (
            errors_shown,
            views_shown,
            figures_shown,
            charts_shown,
            found_by_search,
            used,
            rolled_up,
            calendar,
            advised,
        ):
            found, wanted = check(blueprint, books[name], typed)
            if found != wanted:
                problems[name, check.__name__] = (found, wanted)
    assert problems == {}


def any_filter(how_many=120, seed=11):
    """A workbook with a sheet of many filters asked of many rows, and what the reference evaluator says."""
    blueprint = design(Config(**EVERYTHING))
    rows = made_up(blueprint, seed, 40)["sessions"]
    table = dataclasses.replace(blueprint.sessions, samples=rows)
    solution = solution_for(Config(**EVERYTHING), {"sessions": rows})
    chance = random.Random(seed)
    spec = on_day(spec_of(solution), me="Sam")
    cells, asked = [], {}
    places = {field.key: f"'{table.name}'!${formulas.letters(n)}" for n, field in enumerate(table.fields, 1)}
    for number in range(1, how_many + 1):
        expr = a_filter(table, chance, 3)
        asked[formulas.letters(number), repr(expr)] = [filters.matches(expr, row, today=DAY, me="Sam") for row in rows]
        for n in range(2, 2 + len(rows)):
            text = condition(expr, table, lambda key, n=n: f"{places[key]}{n}")
            cells.append([f"{formulas.letters(number)}{n}", {"formula": f"=IF({text},1,0)"}, ""])
    spec["sheets"].append({"key": "asked", "name": "Asked", "about": "", "cells": cells})
    return render(spec), asked


def a_filter(table, chance, depth):
    kind = chance.choice(["cmp", "cmp", "and", "or", "not"]) if depth else "cmp"
    if kind in ("and", "or"):
        parts = tuple(a_filter(table, chance, depth - 1) for _ in range(chance.randint(0, 3)))
        return And(parts) if kind == "and" else Or(parts)
    if kind == "not":
        return Not(a_filter(table, chance, depth - 1))
    field = chance.choice([f for f in table.fields if f.owner != "computed"])
    if chance.random() < 0.2 and field.type != "checkbox":
        return Cmp(field.key, chance.choice(["empty", "not_empty"]))
    match field.type:
        case "checkbox":
            return Cmp(field.key, chance.choice(["eq", "ne"]), chance.choice([True, False]))
        case "date" | "datetime":
            op = chance.choice(["eq", "ne", "lt", "le", "gt", "ge"])
            return Cmp(field.key, op, Today(chance.choice([-30, -7, -1, 0, 1, 5])))
        case "number":
            return Cmp(
                field.key, chance.choice(["eq", "ne", "lt", "le", "gt", "ge"]), chance.choice([1, 3, 4, 250, 2.5])
            )
        case "multi_select":
            return Cmp(
                field.key, chance.choice(["has", "lacks"]), chance.choice([*field.option_names(), "nothing", "idea "])
            )
        case "relation":
            return Cmp(field.key, chance.choice(["has", "lacks"]), chance.choice(["Work", "work"]))
        case "person":
            return Cmp(field.key, chance.choice(["has", "lacks"]), chance.choice([Me(), "sam", "Robin", "Rob"]))
    return Cmp(
        field.key, chance.choice(["eq", "ne"]), chance.choice([*field.option_names(), ">5", "a*b", "=1+1", "TRUE"])
    )


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
            mondays = [
                date.fromisoformat(v[:10]) - timedelta(days=date.fromisoformat(v[:10]).weekday()) for v in names if v
            ]
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
            wanted[chart.key] = [(option, counts.get(option, 0)) for option in options] + [("None or unlisted", rest)]
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
