"""Every body for Airtable is one that its API takes; and the check itself can say no."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbuilder import catalog
from chatbuilder.config import Config, Options, Target
from chatbuilder.design import design
from chatbuilder.generators.airtable import generate
from chatbuilder.generators.airtable.fields import creatable
from chatbuilder.solution import Ref, plain
from tests.contract.airtable import Base, Refused, deliver
from tests.strategies import configs

WORKSPACE = {"workspace": "wspAAAAAAAAAAAAAA"}
FULL = Config(
    platform="airtable",
    priorities=tuple(p for p in catalog.PRIORITIES if p != "simplicity"),
    features=tuple(catalog.FEATURES),
    team_size="large",
    complexity="advanced",
)


def solution(config):
    return generate(config, design(config))


def built(config, target=WORKSPACE):
    return deliver(solution(config).plan, Base(), target=target)


def with_target(config, **target):
    return Config(**{**dict(config), "target": Target(**target)})


@settings(max_examples=60, deadline=None)
@given(configs("airtable"))
def test_a_base_is_built_as_designed(config):
    found = solution(config)
    blueprint = found.blueprint
    base = deliver(found.plan, Base(), target=WORKSPACE)
    assert base.name == config.name
    tables = {t["name"]: t for t in base.tables.values()}
    assert {t.name for t in blueprint.tables} <= set(tables)
    for table in blueprint.tables:
        made = tables[table.name]
        assert made["description"].endswith(f"\n\nchatbuilder:v1:{table.key}:0123456789ab")
        assert made["fields"][0]["name"] == table.title.name
        wanted = [f.name for f in table.fields if creatable(f)]
        far = [
            o.name if f.relation.reverse else ""
            for o in blueprint.tables
            for f in o.fields
            if f.relation and f.relation.table == table.key
        ]
        assert sorted(f["name"] for f in made["fields"]) == sorted([*wanted, *(name for name in far if name)])


@settings(max_examples=40, deadline=None)
@given(configs("airtable"))
def test_sample_rows_arrive_with_their_links(config):
    blueprint = design(config)
    base = built(config)
    by_name = {t["name"]: key for key, t in base.tables.items()}
    titles = {
        row: fields.get(base.tables[key]["fields"][0]["name"])
        for key, rows in base.rows.items()
        for row, fields in rows.items()
    }
    for table in blueprint.tables:
        rows = base.rows[by_name[table.name]]
        made = {fields[table.title.name]: fields for fields in rows.values()}
        assert len(rows) == len(table.samples)
        for sample in table.samples:
            row = made[sample[table.title.key]]
            for field in table.fields:
                wanted = sample.get(field.key)
                if field.relation:
                    assert tuple(titles[r] for r in row.get(field.name, ())) == tuple(wanted or ())
                elif (
                    field.type != "person" and creatable(field) and wanted not in (None, "", ()) and wanted is not False
                ):
                    value = row[field.name].replace(".000Z", "Z") if field.type == "datetime" else row[field.name]
                    assert value == (list(wanted) if isinstance(wanted, tuple) else wanted)


@settings(max_examples=30, deadline=None)
@given(configs("airtable"))
def test_sending_the_rows_again_adds_none(config):
    plan, base = solution(config).plan, Base()
    deliver(plan, base, target=WORKSPACE)
    before = copy.deepcopy(base.rows)
    names = {t["name"]: key for key, t in base.tables.items()}
    for step in plan:
        if step.key.startswith("rows-sessions"):
            record = [
                {"fields": {k: v for k, v in r["fields"].items() if not isinstance(v, list)}}
                for r in step.payload["body"]["records"]
            ]
            body = {**step.payload["body"], "records": record}
            base.send("PATCH", f"/v0/{base.id}/{names['Chat Sessions']}", body)
    assert base.rows.keys() == before.keys()
    assert all(base.rows[key].keys() == before[key].keys() for key in before)


@settings(max_examples=30, deadline=None)
@given(configs("airtable"))
def test_an_empty_base_is_filled_table_by_table(config):
    url = "https://airtable.com/appAAAAAAAAAAAAAA/tblX/viwY?blocks=hide"
    found = solution(with_target(config, base=url))
    assert [s.key for s in found.plan if s.payload["path"] == "/v0/meta/bases"] == []
    base = deliver(found.plan, Base(), target={})
    new = built(config)
    assert {t["name"] for t in base.tables.values()} == {t["name"] for t in new.tables.values()}
    assert sorted(map(len, base.rows.values())) == sorted(map(len, new.rows.values()))


@pytest.mark.parametrize("pasted", ["wspAAAAAAAAAAAAAA", "https://airtable.com/workspaces/wspAAAAAAAAAAAAAA?x=1"])
def test_the_workspace_is_found_in_what_was_pasted(pasted):
    config = Config(platform="airtable", priorities=("search",), target=Target(workspace=pasted))
    assert built(config, target={}).tables


def test_without_a_target_delivery_is_asked_for_the_workspace():
    step = solution(Config(platform="airtable", priorities=("search",))).plan.steps[0]
    assert step.payload["body"]["workspaceId"] == Ref("target", "workspace")
    assert step.depends_on == ()


def test_a_pasted_target_never_changes_the_path():
    config = Config(platform="airtable", priorities=("search",), target=Target(base="../../x?y#z {base}"))
    found = [step.payload["params"]["base"] for step in solution(config).plan]
    assert set(found) == {"..%2F..%2Fx%3Fy%23z%20%7Bbase%7D"}


@settings(max_examples=40, deadline=None)
@given(configs("airtable"))
def test_calls_are_few(config):
    """One base, one call for each table with links, one for each link to itself; then rows by ten."""
    found = solution(config)
    tables = design(config).tables
    calls = Base()
    deliver(found.plan, calls, target=WORKSPACE)
    made = [path for method, path in calls.calls if method == "POST"]
    linked = [t for t in tables if any(f.relation and f.relation.table != t.key for f in t.fields)]
    itself = [f for t in tables for f in t.fields if f.relation and f.relation.table == t.key]
    assert len(made) == 1 + len(linked) + len(itself) <= 4
    assert not [c for c in calls.calls if c[0] == "PATCH" and "/meta/" in c[1]]


def test_the_full_design_takes_four_calls_that_create():
    base = built(FULL)
    kinds = ["row" if method == "PATCH" else "create" for method, path in base.calls]
    assert [kinds.count(kind) for kind in ("create", "row")] == [4, 5]


def test_topics_and_projects_with_samples_take_four_calls():
    config = Config(platform="airtable", priorities=("organization",), features=("projects",))
    base = built(config)
    assert [path.rpartition("/")[2] for method, path in base.calls if method == "POST"] == ["bases", "tables"]
    assert [method for method, _ in base.calls] == ["POST", "POST", "PATCH", "PATCH"]
    topics = next(key for key, table in base.tables.items() if table["name"] == "Topics")
    names = {f["id"]: f["name"] for f in base.tables[topics]["fields"]}
    rows = [{names[k]: v for k, v in row.items()} for row in base.cells[topics].values()]
    assert sorted(row["Name"] for row in rows) == sorted(config.options.topics)
    assert all(len(row["Chat Sessions"]) == 1 for row in rows)


@pytest.mark.parametrize(
    ("topics", "brought"),
    [(("Work", "Fun"), True), (('"Work"', "Fun"), False), (("recAAAAAAAAAAAAAA",), False),
     (tuple(f"Topic {n}" for n in range(7)), False)],
)  # fmt: skip
def test_only_plain_names_that_all_have_a_session_are_left_to_typecast(topics, brought):
    plan = solution(Config(platform="airtable", priorities=("organization",), options=Options(topics=topics))).plan
    step = next(step for step in plan if step.key == "rows-topics-1")
    sessions = next(step for step in plan if step.key == "rows-sessions-1")
    assert ("came" in step.payload, "by_name" in sessions.payload) == (brought, brought)


def test_fifty_topics_come_ten_at_a_time():
    config = Config(
        platform="airtable",
        priorities=("organization",),
        options=Options(topics=tuple(f"Topic {n}" for n in range(50))),
    )
    base = built(config)
    rows = next(rows for key, rows in base.rows.items() if base.tables[key]["name"] == "Topics")
    assert len(rows) == 50
    assert [s.key for s in solution(config).plan if s.key.startswith("rows-topics")] == [
        f"rows-topics-{n}" for n in range(1, 6)
    ]


def first(body, kind):
    return next(f for t in body["tables"] for f in t["fields"] if f["type"] == kind)


def spoil_colour(body):
    first(body, "singleSelect")["options"]["choices"][0]["color"] = "blue"


def spoil_formula(body):
    body["tables"][0]["fields"].append({"name": "x", "type": "formula", "options": {"formula": "1"}})


def spoil_primary(body):
    fields = body["tables"][0]["fields"]
    fields.insert(0, fields.pop(1))


def spoil_primary_id(body):
    body["tables"][0]["primaryFieldId"] = "fld1"


def spoil_case(body):
    body["tables"][0]["fields"].append({"name": body["tables"][0]["fields"][0]["name"].upper(), "type": "url"})


def spoil_no_options(body):
    body["tables"][0]["fields"][0]["options"] = {}


def spoil_date(body):
    first(body, "date")["options"]["dateFormat"]["name"] = "ISO"


def spoil_zone(body):
    first(body, "dateTime")["options"]["timeZone"] = "UTC"


def spoil_link(body):
    body["tables"][0]["fields"].append(
        {"name": "x", "type": "multipleRecordLinks", "options": {"linkedTableId": "tbl9"}}
    )


def spoil_rating(body):
    first(body, "rating")["options"]["color"] = "redBright"


def spoil_workspace(body):
    body["workspaceId"] = "wspZ"


SPOILERS = [value for name, value in sorted(globals().items()) if name.startswith("spoil_")]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda f: f.__name__.removeprefix("spoil_"))
def test_the_check_refuses(spoil):
    config = Config(platform="airtable", priorities=("analytics",), features=("reminders",), complexity="simple")
    body = plain(solution(with_target(config, workspace=WORKSPACE["workspace"])).plan.steps[0].payload["body"])
    Base().send("POST", "/v0/meta/bases", copy.deepcopy(body))
    spoil(body)
    with pytest.raises(Refused):
        Base().send("POST", "/v0/meta/bases", body)


@pytest.mark.parametrize(
    "records",
    [
        [{"fields": {"Title": "x", "Source ID": "1", "Nope": 1}}],
        [{"fields": {"Title": "x"}}],
        [{"fields": {"Source ID": "1", "Owner": "Sam"}}],
        [{"fields": {"Source ID": "1", "Status": "Unheard of"}}],
        [{"fields": {"Source ID": str(n)}} for n in range(11)],
        [{"fields": {"Source ID": "1", "Started": "2026-01-01 10:00"}}],
    ],
)
def test_the_check_refuses_rows(records):
    base = built(FULL)
    key = next(k for k, t in base.tables.items() if t["name"] == "Chat Sessions")
    body = {"performUpsert": {"fieldsToMergeOn": ["Source ID"]}, "typecast": True, "records": records}
    with pytest.raises((Refused, ValueError)):
        base.send("PATCH", f"/v0/{base.id}/{key}", body)


@settings(max_examples=15, deadline=None)
@given(configs("airtable"), st.booleans())
def test_the_exported_bodies_are_the_plan(config, given_base):
    found = solution(with_target(config, base="appAAAAAAAAAAAAAA") if given_base else config)
    files = {file.path: file.data().decode() for file in found.files}
    for number, step in enumerate(found.plan, 1):
        assert json.loads(files[f"airtable/{number:02d}-{step.key}.json"]) == plain(step.payload)
    assert sum(path.startswith("airtable/") and path.endswith(".json") for path in files) == len(found.plan.steps)
