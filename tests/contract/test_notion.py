"""What the Notion generator plans, against a strict reading of the API and a small Notion that answers like it."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from chatbuilder import blueprint as bp
from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.filters import And, Cmp, Me, Not, Or, Today, fields_of, matches, select_rows
from chatbuilder.generators.notion import generate
from chatbuilder.generators.notion.dashboard import chart_query, widgets
from chatbuilder.generators.notion.formulas import expression
from chatbuilder.generators.notion.queries import to_query
from chatbuilder.solution import Plan, Ref, resolve
from tests.contract.notion import Refused, view_filter
from tests.contract.notion_language import conditions, evaluate, passes
from tests.contract.notion_workspace import Workspace
from tests.strategies import configs

ALL = {
    "platform": "notion",
    "priorities": ("organization", "search", "analytics", "collaboration", "automation", "portability", "integration"),
    "features": ("tags", "projects", "timeline", "templates", "reminders", "exports", "dashboard", "archive"),
}
days = st.dates(date(2026, 1, 1), date(2026, 12, 31))


def plan_of(config: Config) -> Plan:
    return generate(config, design(config)).plan


def named_row(table, row):
    """A sample row by property name, people and links as lists, as the small Notion has them."""
    many = ("person", "relation")
    found = {f.name: row.get(f.key) for f in table.fields if f.owner != "computed"}
    lists = {f.name for f in table.fields if f.type in many}
    return {k: (v,) if k in lists and isinstance(v, str) else v for k, v in found.items()}


@settings(max_examples=40, deadline=None)
@given(configs("notion"))
def test_notion_accepts_every_plan(config):
    blueprint = design(config)
    workspace = Workspace().run(generate(config, blueprint).plan)
    for table in blueprint.tables:
        source = workspace.source_of(table.key)
        far = {
            field.relation.reverse
            for other in blueprint.tables
            for field in other.fields
            if field.relation and field.relation.table == table.key and field.relation.reverse
        }
        assert set(source.properties) == {field.name for field in table.fields} | far
        assert [len(f.options) for f in table.fields if f.options] == [
            len(source.properties[f.name]["select_options"]) for f in table.fields if f.options
        ]
        views = [v.name for v in blueprint.views if v.table == table.key]
        dashboard = [blueprint.dashboard.name] if blueprint.dashboard and table.key == "sessions" else []
        assert [v["name"] for v in source.views.values()] == views[:1] + dashboard + views[1:]
        assert len(source.rows) == len(table.samples)


@settings(max_examples=30, deadline=None)
@given(configs("notion"))
def test_rows_say_what_the_samples_say(config):
    blueprint = design(config)
    workspace = Workspace().run(generate(config, blueprint).plan)
    titles = {
        row["id"]: "".join(i["text"]["content"] for v in row["properties"].values() for i in v.get("title", ()))
        for source in workspace.sources.values()
        for row in source.rows
    }
    for table in blueprint.tables:
        made = {titles[row["id"]]: row["properties"] for row in workspace.source_of(table.key).rows}
        for sample in table.samples:
            values = made[sample[table.title.key]]
            for field in table.fields:
                wanted = None if field.owner == "computed" or field.type == "person" else sample.get(field.key)
                assert _plain(values.get(field.name), titles) == (wanted or None), field.name


def _plain(value, titles):
    match value:
        case None:
            return None
        case {"title": items} | {"rich_text": items}:
            return "".join(item["text"]["content"] for item in items)
        case {"select": {"name": name}}:
            return name
        case {"multi_select": entries}:
            return tuple(entry["name"] for entry in entries)
        case {"relation": entries}:
            return tuple(titles[entry["id"]] for entry in entries)
        case {"date": {"start": start}}:
            return start
        case {"number": number} | {"checkbox": number}:
            return number
    raise AssertionError(value)


@settings(max_examples=30, deadline=None)
@given(configs("notion"), days, st.sampled_from(["Sam", "Robin", "nobody"]))
def test_views_select_what_the_design_says(config, today, me):
    blueprint = design(config)
    workspace = Workspace().run(generate(config, blueprint).plan)
    for view in blueprint.views:
        table, source = blueprint.table(view.table), workspace.source_of(view.table)
        made = next(v for v in source.views.values() if v["name"] == view.name)
        wanted = select_rows(view.filter, table.samples, today=today, me=me)
        rows = [(row, named_row(table, row)) for row in table.samples]
        got = [row for row, named in rows if passes(made.get("filter"), named, source, today, me)]
        assert got == wanted, view.name


@settings(max_examples=25, deadline=None)
@given(configs("notion", features=ALL["features"]), days)
def test_figures_count_what_the_design_says(config, today):
    blueprint = design(config)
    workspace = Workspace().run(generate(config, blueprint).plan)
    table, source = blueprint.sessions, workspace.source_of("sessions")
    boxes = {box.key: box for box in widgets(blueprint)}
    for figure in blueprint.dashboard.figures:
        made = boxes[f"figure:{figure.key}"]
        got = [
            row for row in table.samples if passes(made.body.get("filter"), named_row(table, row), source, today, "")
        ]
        assert got == select_rows(figure.filter, table.samples, today=today)
        relative = any(isinstance(c.get("date"), dict) for c in conditions(made.body.get("filter")))
        assert relative == made.listed  # no chart filters by a date that moves


FULL = design(Config(**ALL, team_size="large", complexity="advanced"))
NAMES = {"title": "é", "status": "Active", "assistant": "Claude", "tags": "bug", "value": 3, "owner": Me()}
leaves = st.one_of(
    st.builds(Cmp, st.sampled_from(["title", "status", "assistant"]), st.sampled_from(["eq", "ne", "has", "lacks"])),
    st.builds(Cmp, st.sampled_from(["tags", "owner"]), st.sampled_from(["has", "lacks"])),
    st.builds(Cmp, st.just("value"), st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"])),
).map(lambda c: Cmp(c.field, c.op, NAMES[c.field])) | st.one_of(
    st.builds(Cmp, st.just("auto_filed"), st.sampled_from(["eq", "ne"]), st.booleans()),
    st.builds(
        Cmp,
        st.sampled_from(["follow_up", "last_activity", "keep_until"]),
        st.sampled_from(["eq", "ne", "lt", "le", "gt", "ge"]),
        st.builds(Today, st.sampled_from([0, -1, 1, -7, 7, -30, 12])),
    ),
    st.builds(
        Cmp, st.sampled_from(["status", "tags", "value", "follow_up", "auto_filed", "topic"]),
        st.sampled_from(["empty", "not_empty"]),
    ),
)  # fmt: skip
trees = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(Not, inner),
        st.builds(And, st.lists(inner, min_size=1, max_size=3).map(tuple)),
        st.builds(Or, st.lists(inner, min_size=1, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2026, 12, 31))
rows = st.fixed_dictionaries(
    {
        "title": st.sampled_from(["é", "b"]), "status": st.sampled_from([None, "Active", "Archived"]),
        "assistant": st.sampled_from([None, "Claude", "Other"]),
        "tags": st.sampled_from([(), ("bug",), ("idea", "bug")]),
        "value": st.sampled_from([None, 2, 3, 5]), "owner": st.sampled_from([(), ("Sam",), ("Robin", "Sam")]),
        "auto_filed": st.booleans(), "topic": st.sampled_from([(), ("Work",)]),
        "follow_up": st.none() | days.map(date.isoformat), "keep_until": st.none() | days.map(date.isoformat),
        "last_activity": st.none() | moments.map(lambda m: m.isoformat() + "Z"),
    }
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(trees, rows, days)
def test_any_filter_means_the_same_in_notion(tree, row, today):
    source = workspace_of_all().source_of("sessions")
    query = to_query(tree, FULL.sessions)
    if query.filter is not None:
        view_filter(query.filter)
    got = passes(query.filter, named_row(FULL.sessions, row), source, today, "Sam")
    wanted = matches(tree, row, today=today, me="Sam")
    assert got >= wanted  # what cannot be told shows more rows, never fewer
    if not query.untold:
        assert got == wanted


def test_only_days_that_notion_has_no_word_for_stay_untold():
    table = FULL.sessions
    assert to_query(Cmp("last_activity", "le", Today(-30)), table).untold == ()
    assert to_query(Cmp("follow_up", "le", Today(-30)), table).untold == ("Follow-up is on or before 30 days ago",)
    assert to_query(Cmp("topic", "has", "Work"), table).untold == ("Topic contains Work",)
    kept = to_query(And((Cmp("follow_up", "le", Today(-30)), Cmp("status", "eq", "Active"))), table)
    assert kept.filter == {"property": "Status", "select": {"equals": "Active"}}
    lost = to_query(Or((Cmp("follow_up", "le", Today(-30)), Cmp("status", "eq", "Active"))), table)
    assert lost.filter is None
    assert lost.untold


def workspace_of_all(made=[]):  # noqa: B006  (made once: running the full plan takes a moment)
    if not made:
        made.append(Workspace().run(plan_of(Config(**ALL, team_size="large", complexity="advanced"))))
    return made[0]


@settings(max_examples=100, deadline=None)
@given(rows, days)
def test_formulas_compute_what_the_design_says(row, today):
    table, source = FULL.sessions, workspace_of_all().source_of("sessions")
    for field in table.fields:
        if field.formula is None:
            continue
        got = evaluate(source.properties[field.name]["expression"], named_row(table, row), today)
        if isinstance(field.formula, bp.Test):
            assert got is matches(field.formula.when, row, today=today)
        elif isinstance(field.formula, bp.DaysSince):
            value = row.get(field.formula.field)
            assert got == (None if value is None else (today - date.fromisoformat(value[:10])).days)


@settings(max_examples=150, deadline=None)
@given(trees, rows, days)
def test_any_condition_means_the_same_as_a_formula(tree, row, today):
    assume("owner" not in fields_of(tree))  # a formula does not know who looks
    text = expression(bp.Test(tree), FULL.sessions)
    assert bool(evaluate(text, named_row(FULL.sessions, row), today)) == matches(tree, row, today=today)


def test_a_formula_does_not_know_who_looks():
    with pytest.raises(ValueError, match="cannot say"):
        expression(bp.Test(Cmp("owner", "has", Me())), FULL.sessions)


@settings(max_examples=25, deadline=None)
@given(configs("notion"), st.randoms(use_true_random=False))
def test_any_order_that_respects_the_dependencies_works(config, random):
    waiting = list(plan_of(config))
    workspace = Workspace()
    while waiting:
        ready = [step for step in waiting if set(step.depends_on) <= set(workspace.results)]
        step = random.choice(ready)
        workspace.deliver(step)
        waiting.remove(step)


@pytest.mark.parametrize("late", ["database", "schema", "extend", "tabs", "page", "dashboard", "row:topics"])
def test_a_step_may_come_as_late_as_the_others_let_it(late):
    """Whatever does not wait for these steps, directly or through others, really works without them."""
    waiting = list(plan_of(Config(**ALL, team_size="large", complexity="advanced")))
    workspace = Workspace()
    while waiting:
        ready = [step for step in waiting if set(step.depends_on) <= set(workspace.results)]
        step = min(ready, key=lambda item: item.key.startswith(late))
        workspace.deliver(step)
        waiting.remove(step)


def test_a_link_of_a_table_to_itself_is_one_way():
    """The API answers 500 to the two-way kind (recorded by ultimate-notion's tests)."""
    topics = FULL.table("topics")
    parent = topics.field("parent")
    both = replace(parent, relation=replace(parent.relation, reverse="Narrower topics"))
    changed = replace(topics, fields=tuple(both if f == parent else f for f in topics.fields))
    tables = tuple(changed if t == topics else t for t in FULL.tables)
    plan = generate(Config(**ALL, complexity="advanced"), replace(FULL, tables=tables)).plan
    assert "Narrower topics" not in Workspace().run(plan).source_of("topics").properties


def test_the_first_tab_goes_to_a_table():
    """Notion's own tab is a table and stays one, so a board cannot take it over."""
    config = Config(platform="notion", priorities=("organization",))
    blueprint = design(config)
    board = sorted(blueprint.views, key=lambda view: view.kind != "board")
    plan = generate(config, replace(blueprint, views=tuple(board))).plan
    made = [v["name"] for v in Workspace().run(plan).source_of("sessions").views.values()]
    assert made[:2] == ["All sessions", "By topic"]


@settings(max_examples=40, deadline=None)
@given(configs("notion"))
def test_few_requests(config):
    """The floor of the facts: databases, their views (the first tab read and renamed), dashboard, rows, home page,
    one read for the ids of each database; pages that were asked for come on top.
    """
    blueprint = design(config)
    plan = plan_of(config)
    tables, boxes = len(blueprint.tables), len(widgets(blueprint))
    samples = sum(len(table.samples) for table in blueprint.tables)
    asked = sum(step.payload["makes"] == "page" for step in plan) - 1
    floor = 1 + tables + len(blueprint.views) + tables + (1 + boxes if blueprint.dashboard else 0) + samples + tables
    assert len(plan.steps) - asked <= 1.15 * floor


def test_requests_of_the_measured_design():
    """Three tables, two links, twelve views and a dashboard: the facts count about 34 with its checks."""
    config = Config(
        platform="notion", priorities=("organization", "analytics"), features=("projects", "timeline", "dashboard")
    )
    blueprint = design(config)
    counts = {
        key: sum(s.payload["makes"] == key for s in plan_of(config)) for key in ("database", "view", "schema", "fields")
    }
    assert counts == {"database": 3, "view": len(blueprint.views) + 1, "schema": 1, "fields": 2}


@settings(max_examples=30, deadline=None)
@given(configs("notion"))
def test_steps_come_after_what_they_wait_for(config):
    """That `depends_on` is complete is seen above: the small Notion gives a step only the results it waits for."""
    plan = plan_of(config)
    order = [step.key for step in plan]
    assert len(set(order)) == len(order)
    for number, step in enumerate(plan):
        assert set(step.depends_on) <= set(order[:number])


BREAK = {
    "unknown field": lambda body: body.update(archived=True),
    "no data source": lambda body: body.pop("data_source_id"),
    "unknown kind": lambda body: body.update(type="kanban"),
    "other configuration": lambda body: body["configuration"].update(type="list"),
    "three levels": lambda body: body.update(filter={"and": [{"or": [{"and": [body["filter"]]}]}]}),
    "unknown operator": lambda body: body.update(filter={"property": "Status", "select": {"is": "Active"}}),
    "wrong type": lambda body: body.update(filter={"property": "Status", "status": {"equals": "Active"}}),
    "unknown property": lambda body: body["sorts"][0].update(property="Nowhere"),
    "unknown group": lambda body: body["configuration"].update(group_by={"type": "select", "property_id": "Title"}),
    "two places": lambda body: body.update(view_id=body["data_source_id"]),
    "101 properties": lambda body: body["configuration"].update(properties=body["configuration"]["properties"] * 9),
    "long name": lambda body: body.update(name="x" * 2001),
}


@pytest.mark.parametrize("how", BREAK)
def test_the_small_notion_is_strict(how):
    """Each of these changes to a good request must be refused; otherwise the tests above would prove little."""
    workspace = workspace_of_all()
    plan = plan_of(Config(**ALL, team_size="large", complexity="advanced"))
    step = next(step for step in plan if step.key == "view:recent")
    body = copy.deepcopy(resolve(step.payload, workspace.results))["body"]
    copy.deepcopy(workspace).answer("POST", "/v1/views", {}, body)
    BREAK[how](body)
    with pytest.raises(Refused):
        workspace.answer("POST", "/v1/views", {}, body)


def test_charts_avoid_relative_dates_by_formulas():
    table = FULL.sessions
    overdue = next(f.formula.when for f in table.fields if isinstance(f.formula, bp.Test))
    assert chart_query(overdue, table).filter == {"property": "Overdue", "formula": {"checkbox": {"equals": True}}}
    week = chart_query(Cmp("last_activity", "ge", Today(-7)), table)
    assert week.filter == {"property": "Days idle", "formula": {"number": {"less_than_or_equal_to": 7}}}


@settings(max_examples=40, deadline=None)
@given(configs("notion"))
def test_only_the_dashboard_may_be_refused(config):
    plan = plan_of(config)
    optional = {step.key for step in plan if "optional" in step.payload}
    assert optional == {step.key for step in plan if step.key == "dashboard" or step.key.startswith("widget:")}
    assume(optional)
    assert not [step.key for step in plan if set(step.depends_on) & optional and step.key not in optional]
    assert Ref("dashboard") in [step.payload["body"].get("view_id") for step in plan if step.key in optional]


def test_days_need_no_month():
    """A month is no fixed number of days, so no filter uses one."""
    day = date(2026, 3, 31)
    assert all(to_query(Cmp("follow_up", "le", Today(n)), FULL.sessions).untold for n in (-28, -30, -31, 30, 31))
    assert day - timedelta(days=30) != date(2026, 2, 28)
