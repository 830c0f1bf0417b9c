"""Airtable: conditions that mean what the filter means, scripts that run, and that every answer shows."""

import csv
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlparse
from zoneinfo import available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbuilder import catalog
from chatbuilder.blueprint import DaysSince
from chatbuilder.config import Config, Options
from chatbuilder.design import design
from chatbuilder.filters import And, Cmp, Me, Not, Or, Today, matches
from chatbuilder.generators.airtable import generate
from chatbuilder.generators.airtable.conditions import conditions, formula_text, group_text, row_formula
from chatbuilder.generators.airtable.zones import airtable_zone
from tests.strategies import configs, neighbours

TODAY = date(2026, 6, 15)
FULL = Config(
    platform="airtable",
    priorities=tuple(p for p in catalog.PRIORITIES if p != "simplicity"),
    features=tuple(catalog.FEATURES),
    team_size="large",
    complexity="advanced",
)


def solution(config=FULL):
    return generate(config, design(config))


# --- conditions ------------------------------------------------------------------------------------------------------

OPS = {
    "title": ("eq", "ne", "empty", "not_empty"),
    "text": ("eq", "ne", "empty", "not_empty"),
    "select": ("eq", "ne", "has", "lacks", "empty", "not_empty"),
    "multi_select": ("has", "lacks", "empty", "not_empty"),
    "relation": ("has", "lacks", "empty", "not_empty"),
    "person": ("has", "lacks", "empty", "not_empty"),
    "number": ("eq", "ne", "lt", "le", "gt", "ge", "empty", "not_empty"),
    "date": ("eq", "ne", "lt", "le", "gt", "ge", "empty", "not_empty"),
    "datetime": ("eq", "ne", "lt", "le", "gt", "ge", "empty", "not_empty"),
    "checkbox": ("eq", "ne"),
}
WORDS = ("Active", "Archived", "Sam", "how-to", "how", "bug", "it's", "a*b_c", "x (y)")


def field_values(field):
    some = {
        "number": st.integers(-2, 3),
        "date": st.dates(date(2026, 6, 12), date(2026, 6, 18)).map(lambda d: d.isoformat()),
        "datetime": st.datetimes(datetime(2026, 6, 13), datetime(2026, 6, 17)).map(
            lambda d: d.replace(microsecond=0).isoformat() + "Z"
        ),
        "checkbox": st.booleans(),
        "multi_select": st.lists(st.sampled_from(WORDS), max_size=3, unique=True).map(tuple),
        "relation": st.lists(st.sampled_from(WORDS), max_size=1).map(tuple),
    }.get(field.type, st.sampled_from(WORDS))
    return some if field.type == "checkbox" else st.none() | some


def operands(field, op):
    if op in ("empty", "not_empty"):
        return st.none()
    if field.type in ("date", "datetime"):
        return st.integers(-3, 3).map(Today)
    by_type = {
        "number": st.integers(-2, 3),
        "checkbox": st.booleans(),
        "person": st.just(Me()) | st.sampled_from(WORDS),
    }
    return by_type.get(field.type, st.sampled_from(WORDS))


def filters(without=()):
    fields = [f for f in design(FULL).sessions.fields if f.type in OPS and f.type not in without]

    def one(field):
        return st.sampled_from(OPS[field.type]).flatmap(
            lambda op: operands(field, op).map(lambda v: Cmp(field.key, op, v))
        )

    def grow(inner):
        parts = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return parts.map(And) | parts.map(Or) | inner.map(Not)

    return st.recursive(st.sampled_from(fields).flatmap(one), grow, max_leaves=5)


def rows():
    fields = {f.key: field_values(f) for f in design(FULL).sessions.fields if f.type in OPS and f.key != "title"}
    return st.fixed_dictionaries({"title": st.sampled_from(WORDS), **fields})


LINE = re.compile(r"\*\*(?P<field>(?:\\.|[^*\\])+)\*\* \*(?P<op>[^*]+)\*(?: “(?P<value>(?:\\.|[^”\\])*)”)?")


def read_lines(text):
    """Read a sentence of the guide back: ("all"|"any", [parts]) or (field, operator, value)."""
    found, rest = _read_group(text)
    assert rest == "", rest
    return found


def _read_group(text):
    word = next((w for w in ("all", "any") if text.startswith(f"{w} of these: ")), "all")
    text = text.removeprefix(f"{word} of these: ")
    parts = []
    while True:
        if text.startswith("("):
            part, text = _read_group(text[1:])
            assert text.startswith(")"), text
            text = text[1:]
        else:
            match = LINE.match(text)
            assert match, text
            plain = {key: re.sub(r"\\(.)", r"\1", value or "") for key, value in match.groupdict().items()}
            part, text = (plain["field"], plain["op"], plain["value"]), text[match.end() :]
        parts.append(part)
        if not text.startswith("; "):
            return (word, parts), text
        text = text[2:]


def depth(tree):
    return 1 + max((depth(part) for part in tree[1] if isinstance(part[1], list)), default=0)


def passes(tree, row, me, blank_is_low):
    """Evaluate lines as Airtable does. What an empty cell does in a comparison is not documented: try both."""
    if isinstance(tree[1], list):
        results = [passes(part, row, me, blank_is_low) for part in tree[1]]
        return any(results) if tree[0] == "any" else all(results)
    name, op, value = tree
    field = next(f for f in design(FULL).sessions.fields if f.name == name)
    return CHECKS.get(field.type, check_text)(row.get(field.key), op, value, me, blank_is_low)


def check_text(cell, op, value, me, blank_is_low):
    wanted = me if value == "Current user" else value
    return {
        "is": cell == wanted and cell is not None,
        "is not": cell != wanted,
        "is empty": not cell,
        "is not empty": bool(cell),
    }[op]


def check_entries(cell, op, value, me, blank_is_low):
    cell = cell or ()
    return {
        "has any of": value in cell,
        "has none of": value not in cell,
        "is empty": not cell,
        "is not empty": bool(cell),
    }[op]


def check_box(cell, op, value, me, blank_is_low):
    assert op == "is"
    return bool(cell) == {"checked": True, "unchecked": False}[value]


SIGNS = {
    "=": lambda a, b: a == b, "≠": lambda a, b: a != b, "<": lambda a, b: a < b, "≤": lambda a, b: a <= b,
    ">": lambda a, b: a > b, "≥": lambda a, b: a >= b,
}  # fmt: skip
DAYS = {
    "is": "=", "is not": "≠", "is before": "<", "is on or before": "≤", "is after": ">", "is on or after": "≥",
}  # fmt: skip


def check_number(cell, op, value, me, blank_is_low):
    if op in ("is empty", "is not empty"):
        return (cell is None) == (op == "is empty")
    if cell is None:
        return blank_is_low and SIGNS[op](0, float(value))
    return SIGNS[op](cell, float(value))


def check_day(cell, op, value, me, blank_is_low):
    if op in ("is empty", "is not empty"):
        return (cell is None) == (op == "is empty")
    day = TODAY
    if value != "today":
        shift = re.fullmatch(r"number of days (ago|from now): (\d+)", value)
        day += timedelta(days=int(shift[2]) * (-1 if shift[1] == "ago" else 1))
    if cell is None:
        return op in ("is before", "is on or before", "is not") if blank_is_low else False
    return SIGNS[DAYS[op]](date.fromisoformat(cell[:10]), day)


CHECKS = {
    "multi_select": check_entries, "relation": check_entries, "checkbox": check_box, "number": check_number,
    "date": check_day, "datetime": check_day,
}  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(filters(), rows(), st.sampled_from(["", "Sam"]))
def test_the_words_select_the_same_rows(expr, row, me):
    text = group_text(conditions(expr, design(FULL).sessions))
    tree = read_lines(text)
    wanted = matches(expr, row, today=TODAY, me=me or "nobody")
    for blank_is_low in (True, False):
        assert passes(tree, row, me or "nobody", blank_is_low) == wanted, text


def test_every_view_is_spelled_out():
    found = solution()
    blueprint = found.blueprint
    manual = {step.key: step for step in found.manual}
    for view in blueprint.views:
        table = blueprint.table(view.table)
        how = "\n".join(manual[f"view_{view.key}"].how)
        assert f"**{table.name}**" in how
        assert f"**{view.name}**" in how
        kind = {"table": "Grid", "board": "Kanban", "calendar": "Calendar", "timeline": "Timeline"}[view.kind]
        assert f"**{kind}" in how
        for key in (*view.fields, view.group_by, view.date_field, view.end_field, *(s.field for s in view.sorts)):
            assert not key or f"**{table.field(key).name}**" in how, (view.key, key)
        if view.filter is None:
            assert "Click **Filter**" not in how
            continue
        line = next(item for item in manual[f"view_{view.key}"].how if "Click **Filter**" in item)
        words = re.sub(r"\. Where \*\*Current user.*|\.$", "", line.removeprefix("Click **Filter** and add: "))
        tree = read_lines(words)
        assert depth(tree) <= 3
        if view.table == "sessions":
            for row in blueprint.sessions.samples:
                for blank in (True, False):
                    assert passes(tree, row, "Sam", blank) == matches(view.filter, row, today=TODAY, me="Sam"), view.key


def test_only_this_filter_order_needs_text():
    """Text has no order in Airtable's dialog: saying so beats a condition that selects something else."""
    with pytest.raises(ValueError, match="no condition"):
        conditions(Cmp("month", "ge", "2026-01"), design(FULL).sessions)


# --- formulas --------------------------------------------------------------------------------------------------------

TOKEN = re.compile(r"\s*(?:(?P<field>\{(?:\\.|[^}\\])+\})|(?P<text>'(?:\\.|[^'\\])*')|(?P<number>-?\d+(?:\.\d+)?)"
                   r"|(?P<name>[A-Z_]+)(?=\()|(?P<op>!=|<=|>=|[=<>&(),]))")  # fmt: skip


class Formula:
    """Evaluates the few functions of Airtable's formula language that we emit."""

    def __init__(self, text, table, row):
        self.tokens, at = [], 0
        while at < len(text):
            match = TOKEN.match(text, at)
            assert match, text[at:]
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        self.at, self.table, self.row = 0, table, row

    def peek(self):
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def take(self):
        self.at += 1
        return self.tokens[self.at - 1]

    def run(self):
        value = self.comparison()
        assert self.at == len(self.tokens)
        return value

    def comparison(self):
        left = self.joined()
        if self.peek() not in ("=", "!=", "<", "<=", ">", ">="):
            return left
        op, right = self.take()[1], self.joined()
        if op in ("=", "!="):
            return (left == right) == (op == "=")
        low, high = left or 0, right or 0  # an empty number counts as 0
        return {"<": low < high, "<=": low <= high, ">": low > high, ">=": low >= high}[op]

    def joined(self):
        left = self.atom()
        while self.peek() == "&":
            self.take()
            left = ("" if left is None else str(left)) + ("" if (right := self.atom()) is None else str(right))
        return left

    def atom(self):
        kind, text = self.take()
        if kind == "text":
            return re.sub(r"\\(.)", r"\1", text[1:-1])
        if kind == "number":
            return float(text)
        if kind == "field":
            name = re.sub(r"\\(.)", r"\1", text[1:-1])
            value = self.row.get(next(f.key for f in self.table.fields if f.name == name))
            value = ", ".join(value) if isinstance(value, tuple) else value
            return value or None if isinstance(value, str) else value
        assert kind == "name", text
        self.take()
        arguments = []
        while self.peek() != ")":
            start = self.at
            try:
                arguments.append(self.comparison())
            except ValueError:  # an error passes on through every function but IF, which drops what it does not choose
                if text != "IF":
                    raise
                arguments.append(None)
                self.at = self.skip(start)
            if self.peek() == ",":
                self.take()
        self.take()
        return getattr(self, text.lower())(*arguments)

    def skip(self, at):
        level = 0
        while level or self.tokens[at][1] not in (",", ")"):
            level += {"(": 1, ")": -1}.get(self.tokens[at][1], 0)
            at += 1
        return at

    def blank(self):
        return None

    def today(self):
        return TODAY.isoformat()

    def datestr(self, value):
        if value is None:
            raise ValueError("#ERROR!")
        return value[:10]

    def dateadd(self, day, days, unit):
        assert unit == "days"
        return (date.fromisoformat(day[:10]) + timedelta(days=int(days))).isoformat()

    def datetime_diff(self, a, b, unit):
        assert unit == "days"
        return (date.fromisoformat(a[:10]) - date.fromisoformat(b[:10])).days

    def find(self, needle, hay):
        return hay.find(needle) + 1

    def _not(self, value):
        return not value

    def _and(self, *values):
        return all(values)

    def _or(self, *values):
        return any(values)

    def _if(self, test, yes, no=None):
        return yes if test else no

    def __getattr__(self, name):
        return object.__getattribute__(self, f"_{name}")


@settings(max_examples=200, deadline=None)
@given(filters(without=("person", "relation")), rows())
def test_formulas_select_the_same_rows(expr, row):
    """A number 0 and an empty cell are one to Airtable, so 0 is left out."""
    row = {key: (7 if value == 0 and not isinstance(value, bool) else value) for key, value in row.items()}
    table = design(FULL).sessions
    text = row_formula(expr, table)
    assert bool(Formula(text, table, row).run()) == matches(expr, row, today=TODAY), text


def test_computed_fields_are_given_with_their_formula():
    found = solution()
    table = found.blueprint.sessions
    manual = {step.key: "\n".join(step.how) for step in found.manual}
    for field in table.fields:
        if field.formula is None:
            continue
        text = formula_text(field.formula, table)
        assert f"`{text}`" in manual[f"field_sessions_{field.key}"]
        for row in table.samples:
            value = Formula(text, table, row).run()
            if isinstance(field.formula, DaysSince):
                assert value == (TODAY - date.fromisoformat(row[field.formula.field][:10])).days
            else:
                assert value == int(matches(field.formula.when, row, today=TODAY))
    assert "**Count**" in manual["field_topics_session_count"]
    assert "linked record field **Chat Sessions**" in manual["field_topics_session_count"]
    assert "`MAX(values)`" in manual["field_projects_latest"]
    sent = json.dumps(found.plan.data())
    assert "Session count" not in sent
    assert "Days idle" not in sent


def test_the_dashboard_is_told_element_by_element():
    found = solution()
    how = "\n".join(next(step.how for step in found.manual if step.key == "dashboard"))
    for item in (*found.blueprint.dashboard.figures, *found.blueprint.dashboard.charts):
        assert f"title **{item.name}**" in how
    assert "type **Donut**" in how
    assert "bucket **Week**" in how


# --- fields ----------------------------------------------------------------------------------------------------------


def sent_field(config, table, name):
    for step in solution(config).plan:
        body = step.payload["body"]
        for item in body.get("tables", [body]):
            if item.get("name") == table:
                return next(f for f in item["fields"] if f["name"] == name)
    raise AssertionError(name)


@pytest.mark.parametrize(("date_format", "time"), [("iso", "24hour"), ("european", "24hour"), ("us", "12hour")])
def test_dates_show_as_chosen(date_format, time):
    options = Options(date_format=date_format, timezone="Europe/Paris")
    config = Config(platform="airtable", priorities=("search",), features=("reminders",), options=options)
    assert sent_field(config, "Chat Sessions", "Follow-up")["options"] == {"dateFormat": {"name": date_format}}
    assert sent_field(config, "Chat Sessions", "Started")["options"] == {
        "timeZone": "Europe/Paris",
        "dateFormat": {"name": date_format},
        "timeFormat": {"name": time},
    }


def test_ratings_and_checkboxes_are_those_that_free_bases_take():
    value = sent_field(FULL, "Chat Sessions", "Value")
    assert (value["type"], value["options"]) == ("rating", {"icon": "star", "color": "yellowBright", "max": 5})
    filed = sent_field(FULL, "Chat Sessions", "Auto-filed")
    assert (filed["type"], filed["options"]) == ("checkbox", {"icon": "check", "color": "greenBright"})


def test_every_time_zone_has_a_name_in_airtable():
    renamed = {zone: airtable_zone(zone) for zone in sorted(available_timezones())}
    renamed = {zone: name for zone, name in renamed.items() if name not in ("utc", "client", zone)}
    assert renamed["Europe/Kyiv"] == "Europe/Kiev"
    assert len(renamed) <= 10
    assert {airtable_zone(name) for name in renamed.values()} == set(renamed.values())


def test_common_time_zones_are_known_and_unknown_ones_are_explained():
    for zone in (
        "Europe/Paris",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Sydney",
        "Africa/Lagos",
        "Pacific/Auckland",
    ):
        assert airtable_zone(zone) == zone
    assert airtable_zone("UTC") == "utc"
    config = Config(platform="airtable", priorities=("search",), options=Options(timezone="Etc/GMT+5"))
    assert "Airtable has no time zone Etc/GMT+5" in solution(config).guide.markdown


# --- the package -----------------------------------------------------------------------------------------------------


def contents(config):
    """What is provisioned and what is written, without blueprint.json; and the guide."""
    found = solution(config)
    files = {file.path: file.data() for file in found.files if file.path != "blueprint.json"}
    return json.dumps(found.plan.data(), sort_keys=True), files, found.guide.markdown


@settings(max_examples=15, deadline=None)
@given(configs("airtable"))
def test_no_answer_is_dead(config):
    plan, files, guide = contents(config)
    for name, other in neighbours(config):
        new_plan, new_files, new_guide = contents(other)
        assert new_guide != guide, name
        assert (new_plan, new_files) != (plan, files), name


@settings(max_examples=25, deadline=None)
@given(configs("airtable"))
def test_the_same_answers_give_the_same_bytes(config):
    assert contents(config) == contents(Config(**dict(config)))


@settings(max_examples=40, deadline=None)
@given(configs("airtable"))
def test_the_guide_is_written_for_these_answers(config):
    found = solution(config)
    guide = found.guide.markdown
    for group in (catalog.PRIORITIES, catalog.FEATURES):
        for key, choice in group.items():
            if key in config.priorities or key in config.features:
                assert f"- **{choice.name}.** {choice.summary}" not in guide, f"{key} has no words of its own"
                assert f"- **{choice.name}.** " in guide
    for command in re.finditer(r"`chatbuilder sync", guide):
        assert "SYSTEM" in guide[command.start() :][:30]
    paths = {file.path for file in found.files}
    for path in re.findall(r"`(?:python )?((?:airtable|templates)/[A-Za-z0-9_./-]+\.[a-z]+)", guide):
        assert path in paths, path
    assert len(paths) == len(found.files)
    for step in found.manual:
        assert step.title in guide


@settings(max_examples=40, deadline=None)
@given(configs("airtable"))
def test_names_cannot_break_out_of_the_guide(config):
    guide = solution(config).guide.markdown
    for field in config.options.custom_fields:
        if any(c in field.name for c in "[]{}<>*_`|#\\"):
            assert f"**{field.name}**" not in guide
    assert "[red]" not in guide.replace("\\[red\\]", "")
    assert "<% tp %>" not in guide


def test_the_recipes_ask_what_the_views_ask():
    page = next(f.data().decode() for f in solution().files if f.path == "airtable/recipes.md")
    urls = re.findall(r'"(https://api\.airtable\.com[^"]*filterByFormula=[^"]*)"', page)
    assert len(urls) == 2
    table = design(FULL).sessions
    for url, expr in zip(urls, (Cmp("last_activity", "ge", Today(-7)), Cmp("follow_up", "le", Today(0))), strict=True):
        formula = unquote(url.partition("filterByFormula=")[2])
        for row in table.samples:
            assert bool(Formula(formula, table, row).run()) == matches(expr, row, today=TODAY)


# --- scripts ---------------------------------------------------------------------------------------------------------

NODE = shutil.which("node")
needs_node = pytest.mark.skipif(NODE is None and not os.environ.get("CI"), reason="node is not installed")
HARNESS = Path(__file__).with_name("airtable_script.js").read_text("utf-8")


def run_script(code, tables, inputs, now="2026-06-15"):
    """Run automation.js in node with a stand-in for Airtable's services; return the updates."""
    job = {"tables": tables, "inputs": inputs, "now": now}
    done = subprocess.run(
        [NODE, "-e", HARNESS],
        input=json.dumps([code, job]),
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def script_of(config=FULL):
    return next((f.data().decode() for f in solution(config).files if f.path == "airtable/automation.js"), "")


def session(key, title, **cells):
    return {"id": key, "cells": {"Title": title, **cells}}


FIELDS = [
    "Title",
    "Status",
    "Last activity",
    "Topic",
    "Tags",
    "Notes",
    "First prompt",
    "Keywords",
    "Auto-filed",
    "Archived on",
]
TOPICS = {
    "fields": ["Name"],
    "records": [{"id": f"t{n}", "cells": {"Name": name}} for n, name in enumerate(catalog.TOPICS)],
}


def tables(*records):
    return {"Chat Sessions": {"fields": FIELDS, "records": list(records)}, "Topics": TOPICS}


@needs_node
def test_the_script_files_one_new_record():
    done = run_script(
        script_of(),
        tables(
            session("a", "Help with PYTHON", **{"First prompt": "how to begin", "Tags": [{"name": "bug"}]}),
            session("b", "Python again"),
        ),
        {"recordId": "a"},
    )
    coding = f"t{catalog.TOPICS.index('Coding')}"
    assert done == [
        [
            {
                "id": "a",
                "fields": {
                    "Topic": [{"id": coding}],
                    "Tags": [{"name": "bug"}, {"name": "how-to"}],
                    "Auto-filed": True,
                },
            }
        ]
    ]


@needs_node
def test_the_script_never_writes_over_what_is_there():
    mine = [{"id": "t0", "name": "Work"}]
    records = (
        session("a", "python error", Topic=mine, Tags=[{"name": "bug"}]),
        session("b", "python", **{"Auto-filed": True}),
        session("c", "tea"),
    )
    assert run_script(script_of(), tables(*records), {"fileAll": "1"}) == []


@needs_node
def test_the_script_archives_at_night_in_parts_of_fifty():
    old = [
        session(f"r{n}", "x", Status={"name": "Completed"}, **{"Last activity": "2026-03-17T22:00:00.000Z"})
        for n in range(51)
    ]
    young = session("y", "x", Status={"name": "Completed"}, **{"Last activity": "2026-03-18T00:00:00.000Z"})
    active = session("z", "x", Status={"name": "Active"}, **{"Last activity": "2020-01-01T00:00:00.000Z"})
    done = run_script(script_of(), tables(*old, young, active), {})
    assert [len(part) for part in done] == [50, 1]
    assert done[1] == [{"id": "r50", "fields": {"Status": {"name": "Archived"}, "Archived on": "2026-06-15"}}]


@needs_node
@settings(max_examples=10, deadline=None)
@given(configs("airtable"))
def test_any_script_runs(config):
    code = script_of(config)
    kinds = {item.kind for item in design(config).automations}
    assert bool(code) == bool(kinds & {"tagging", "archive"})
    if code:
        assert code.isascii()
        for inputs in ({}, {"fileAll": "1"}, {"recordId": "a"}):
            word = next((w for a in design(config).automations for r in a.rules for w in r.words), "x")
            done = run_script(code, tables(session("a", f"about {word}")), inputs)
            assert bool(done) == bool("tagging" in kinds and inputs) or "Topics" in code


class Api(http.server.BaseHTTPRequestHandler):
    """Two pages of sessions, and one request that is told to wait."""

    asked: list[str] = []  # noqa: RUF012

    def do_GET(self):
        self.asked.append(self.path)
        url = urlparse(self.path)
        if self.headers["Authorization"] != "Bearer secret-token":
            self.answer(401, {"error": {"type": "AUTHENTICATION_REQUIRED"}})
        elif url.path == "/v0/meta/bases/app1/tables":
            fields = [{"name": n} for n in ("Title", "Tags", "Topic", "Value")]
            self.answer(200, {"tables": [{"id": "tbl1", "name": "Chat/Sessions", "fields": fields}]})
        elif "offset" not in parse_qs(url.query):
            row = {"Title": "=cmd|x", "Tags": ["a", "b"], "Value": -3}
            self.answer(200, {"records": [{"id": "r1", "fields": row}], "offset": "next/1"})
        else:
            self.answer(200, {"records": [{"id": "r2", "fields": {"Title": "two", "Topic": [{"name": "T"}]}}]})

    def answer(self, code, body):
        data = json.dumps(body).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *args):
        pass


@pytest.fixture
def api():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def run_backup(folder, token, url=""):
    script = next(f.data() for f in solution().files if f.path == "airtable/backup.py")
    (folder / "backup.py").write_bytes(script)
    env = {**os.environ, "CHATBUILDER_AIRTABLE_URL": url, **({"AIRTABLE_TOKEN": token} if token else {})}
    env = {k: v for k, v in env.items() if token or k != "AIRTABLE_TOKEN"}
    return subprocess.run(
        [sys.executable, "backup.py", "app1", "out"],
        cwd=folder,
        env=env,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_backup_saves_every_page_as_json_and_csv(api, tmp_path):
    done = run_backup(tmp_path, "secret-token", api)
    assert done.returncode == 0, done.stderr
    (place,) = (tmp_path / "out").iterdir()
    assert [r["id"] for r in json.loads((place / "Chat_Sessions.json").read_text("utf-8"))] == ["r1", "r2"]
    with (place / "Chat_Sessions.csv").open(encoding="utf-8", newline="") as file:
        assert list(csv.reader(file)) == [
            ["Title", "Tags", "Topic", "Value"],
            ["'=cmd|x", "a; b", "", "-3"],
            ["two", "", "T", ""],
        ]
    assert "secret-token" not in done.stdout + done.stderr


def test_the_backup_explains_what_is_missing(api, tmp_path):
    assert "AIRTABLE_TOKEN" in run_backup(tmp_path, "").stderr
    refused = run_backup(tmp_path, "wrong", api)
    assert refused.returncode != 0
    assert "401" in refused.stderr
    assert "wrong" not in refused.stderr
