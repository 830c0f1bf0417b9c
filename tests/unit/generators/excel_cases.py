"""Answers and rows to try the workbook with, and what its views should show."""

import dataclasses
import json
import random
import re
from datetime import date, datetime, timedelta

from chatbuilder import catalog, filters
from chatbuilder.blueprint import Sort
from chatbuilder.config import Config, CustomField, Options
from chatbuilder.design import design
from chatbuilder.generators.excel import generate
from tests.strategies import HOSTILE_CHOICES, HOSTILE_NAMES

DAY = date(2026, 6, 15)
EVERYTHING = {
    "platform": "excel", "priorities": tuple(p for p in catalog.PRIORITIES if p != "simplicity"),
    "features": tuple(catalog.FEATURES), "team_size": "large", "complexity": "advanced",
}  # fmt: skip
TYPICAL = {
    "platform": "excel", "priorities": ("organization", "search"), "features": ("tags", "projects", "dashboard"),
}  # fmt: skip


def solution_for(config, rows=None):
    """A solution; `rows` take the place of the sample rows of tables, by key."""
    blueprint = design(config)
    if rows is not None:
        tables = tuple(dataclasses.replace(t, samples=tuple(rows.get(t.key, t.samples))) for t in blueprint.tables)
        blueprint = dataclasses.replace(blueprint, tables=tables)
    return generate(config, blueprint)


def spec_of(solution):
    return solution.plan.steps[0].payload["spec"]


def on_day(spec, day=DAY, me="", search="", lines=70):
    """The spec as on a certain day, for a certain person, with words typed into Search.

    Views get fewer lines than in real life: they all hold the same formula, and sixty rows fit.
    """
    spec = json.loads(json.dumps(spec))
    typed = {("home", "C4"): {"date": day.isoformat()}, ("home", "C5"): me, ("search", "D3"): search}
    for sheet in spec["sheets"]:
        for cell in sheet.get("cells", ()):
            cell[1] = typed.get((sheet["key"], cell[0]), cell[1])
        for fill in sheet.get("fills", ()):
            fill["range"] = re.sub(r":([A-Z]+)20[46]$", rf":\g<1>{lines + 4}", fill["range"])
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
        names = list(field.option_names())
        if field.relation:
            other = blueprint.table(field.relation.table)
            names = [row[other.title.key] for row in other.samples]
        name = value[0] if isinstance(value, tuple) else value
        return (0, names.index(name), "") if name in names else (1, 0, name.casefold())
    if field.type in ("date", "datetime"):
        moment = datetime.fromisoformat(value)
        return moment.timestamp() if len(value) > 10 else moment.toordinal()
    value = "; ".join(value) if isinstance(value, tuple) else value
    return value.casefold() if isinstance(value, str) else value


def order_of(view):
    if view.kind == "calendar":
        return [Sort(view.date_field)]
    down = any(s.field == view.group_by and s.descending for s in view.sorts)
    group = [Sort(view.group_by, down)] if view.group_by else []
    return group + [s for s in view.sorts if s.field != view.group_by]


def expected(view, blueprint, me=""):
    """The titles that a view shows, in order: group, then sorts, empty values last, equals as in the table."""
    table = blueprint.table(view.table)
    rows = filters.select_rows(view.filter, table.samples, today=DAY, me=me)
    for sort in reversed(order_of(view)):
        full = [row for row in rows if not filters.is_empty(row.get(sort.field))]
        empty = [row for row in rows if filters.is_empty(row.get(sort.field))]
        full.sort(key=lambda row, k=sort.field: rank(table, k, row[k], blueprint), reverse=sort.descending)
        rows = full + empty
    return [row[table.title.key] for row in rows]


ODD = (
    "=1+1", "-5", "+x", "@me", "a*b", "a?b", "~x", ">5", "x; y", "ünï", '"q"', "🚀", "[red]", "_x0041_", "1e5", "TRUE",
)  # fmt: skip
DAYS = (-400, -91, -31, -30, -29, -8, -7, -6, -1, 0, 1, 5)
PEOPLE = ("Sam", "sam", "Robin", ("Robin", "Sam"), "Samantha")


def made_up(blueprint, seed, count=60):
    """Rows for every table that try the edges: empty values, ties, days around today, awkward text."""
    chance = random.Random(seed)

    def rows(table, how_many):
        fields = [field for field in table.fields if field.owner != "computed"]
        return tuple({f.key: a_value(f, n, chance, titles) for f in fields} for n in range(how_many))

    titles = {t.key: [row[t.title.key] for row in t.samples] for t in blueprint.tables}
    others = {t.key: rows(t, 4) for t in blueprint.tables if t.key not in ("sessions", "prompts")}
    titles |= {key: [row["name"] for row in found] for key, found in others.items()}
    return {**others, "sessions": rows(blueprint.sessions, count)}


def a_value(field, n, chance, titles):
    if field.type == "title":
        start = "" if field.key == "title" else "dcbafe"[n % 6]  # sorted by name: where every alphabet agrees
        return f"{start}{chance.choice(ODD)} {n}"
    if field.key == "source_id":
        return f"made:{n}"
    if field.key == "month":
        return chance.choice(["2026-03", "2025-12", "2026-11", "2026-06"])
    if chance.random() < 0.25:
        return () if field.type in ("multi_select", "relation") else None
    return MAKERS.get(field.type, lambda field, chance, titles: chance.choice(ODD))(field, chance, titles)


def a_moment(field, chance, titles):
    clock = chance.choice(["00:00:00", "23:59:59", "12:30:15"])
    return f"{DAY + timedelta(days=chance.choice(DAYS))}T{clock}{chance.choice(['Z', '+00:00'])}"


def some_rows(field, chance, titles):
    names = titles.get(field.relation.table)
    return (chance.choice(names),) if names else ()


MAKERS = {
    "select": lambda field, chance, titles: chance.choice(field.option_names()),
    "multi_select": lambda f, chance, titles: tuple(chance.sample(f.option_names(), k=min(2, len(f.options)))),
    "relation": some_rows,
    "date": lambda field, chance, titles: (DAY + timedelta(days=chance.choice(DAYS))).isoformat(),
    "datetime": a_moment,
    "number": lambda field, chance, titles: chance.randint(field.minimum or 0, field.maximum or 500),
    "checkbox": lambda field, chance, titles: chance.choice([True, False]),
    "person": lambda field, chance, titles: chance.choice(PEOPLE),
}

KINDS_OF_FIELDS = catalog.CUSTOM_FIELD_TYPES * 3
HOSTILE = Options(
    assistants=HOSTILE_CHOICES[:6], topics=HOSTILE_CHOICES[6:],
    custom_fields=tuple(
        CustomField(name=name, type=kind, choices=HOSTILE_CHOICES if "select" in kind else ())
        for name, kind in zip(HOSTILE_NAMES[1:], KINDS_OF_FIELDS, strict=False)
        if name.casefold() not in catalog.RESERVED_FIELD_NAMES
    )[:20],
)  # fmt: skip


def answers(*priorities, features=(), **more):
    return Config(platform="excel", priorities=priorities, features=features, **more)


# name -> answers, seed of the rows (None: the samples), what is typed
CASES = {
    "samples": (Config(**EVERYTHING), None, {}),
    "made_up": (Config(**EVERYTHING), 1, {"me": "Sam", "search": "x"}),
    "more": (
        answers("analytics", "collaboration", "search", features=tuple(catalog.FEATURES), complexity="simple"),
        2, {"me": "Robin", "search": "what? * ~x"},
    ),
    "hostile": (
        answers("organization", "automation", features=TYPICAL["features"], name="=cmd|x", options=HOSTILE), 3, {},
    ),
    "empty": (
        answers("organization", features=("dashboard", "timeline", "projects"), options=Options(sample_data=False)),
        None, {},
    ),
    "american": (answers("organization", features=("timeline",), options=Options(date_format="us")), 9, {}),
    "plain": (answers("simplicity"), None, {}),
    "timeline": (
        answers("portability", features=("timeline", "archive"), options=Options(date_format="european")), 4, {},
    ),
    "team": (answers("collaboration", features=("reminders",), team_size="medium"), 5, {"me": "=SUM(1)"}),
    "rules": (answers("automation", features=("tags", "templates", "exports")), None, {}),
    "numbers": (answers("analytics", "integration", features=("dashboard", "projects"), complexity="simple"), 6, {}),
    "one_list": (
        answers(
            "organization", "simplicity", features=("projects", "timeline", "dashboard"), complexity="advanced",
        ),
        7, {},
    ),
    "small": (answers("search", "organization", features=("tags",), team_size="small"), 8, {"search": "a*b"}),
}  # fmt: skip
