"""design(): what must hold for any answers, and previews of answers that are not finished."""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings

from chatbuilder import catalog
from chatbuilder.blueprint import Blueprint, to_data
from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.filters import fields_of
from chatbuilder.pipeline import preview
from tests.helpers import config
from tests.strategies import configs, neighbours


def built(*priorities: str, **answers) -> Blueprint:
    return design(config("custom", *(priorities or ("integration",)), **answers))


def names(blueprint: Blueprint, table: str = "sessions") -> set[str]:
    return {field.name for field in blueprint.table(table).fields}


def unechoed(found: Config):
    """The design without the places that merely repeat the answers."""
    data = to_data(design(found))
    for key in ("name", "platform", "priorities", "features", "team_size", "complexity", "findings"):
        data.pop(key)
    data["team"].pop("size")
    return _without_sources(data)


def _without_sources(value):
    if isinstance(value, dict):
        return {key: _without_sources(item) for key, item in value.items() if key != "source"}
    return [_without_sources(item) for item in value] if isinstance(value, list) else value


@settings(max_examples=settings.default.max_examples // 2)  # each tries some twenty neighbours
@given(configs())
def test_no_dead_answers(found):
    """One other priority, feature, size or complexity: another design, from wherever one starts."""
    base = unechoed(found)
    dead = [name for name, other in neighbours(found) if unechoed(other) == base]
    assert dead == []


@given(configs())
def test_the_same_answers_give_the_same_design(found):
    again = Config.model_validate(found.data())
    assert design(again) == design(found)


@given(configs())
def test_keys_are_unique_and_plain(found):
    blueprint = design(found)
    for table in blueprint.tables:
        keys = [field.key for field in table.fields]
        assert len(set(keys)) == len(keys)
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", key) for key in keys)
        shown = [field.name.casefold() for field in table.fields]
        assert len(set(shown)) == len(shown)
        assert table.title.type == "title"
        assert [field.type for field in table.fields].count("title") == 1
    for items in (blueprint.tables, blueprint.views, blueprint.templates, blueprint.automations, blueprint.findings):
        assert len({item.key for item in items}) == len(items)


def test_custom_fields_that_look_alike_keep_apart():
    wanted = ["x 3", "x", "x!", "x?", "X 3 4", "日本", "עברית", "😀"]
    fields = built(options={"custom_fields": [{"name": name} for name in wanted]}).sessions.fields
    keys = [field.key for field in fields]
    assert len(set(keys)) == len(keys)


@given(configs())
def test_every_built_in_name_is_reserved(found):
    mine = {item.name for item in found.options.custom_fields}
    used = {field.name.casefold() for field in design(found).sessions.fields if field.name not in mine}
    reverse = {
        field.relation.reverse.casefold()
        for table in design(found).tables
        for field in table.fields
        if field.relation and field.relation.table == "sessions" and field.relation.reverse
    }
    assert used | reverse <= catalog.RESERVED_FIELD_NAMES


@given(configs())
def test_views_show_and_use_what_exists(found):
    blueprint = design(found)
    for view in blueprint.views:
        table = blueprint.table(view.table)
        used = {*view.fields, *fields_of(view.filter), *(sort.field for sort in view.sorts)}
        used |= {key for key in (view.group_by, view.date_field, view.end_field) if key}
        assert {key for key in used if not table.has(key)} == set()
        assert view.fields[0] == table.title.key
        assert len(set(view.fields)) == len(view.fields)
        assert (view.kind in ("calendar", "timeline")) == bool(view.date_field)
        if view.kind == "board":
            assert view.group_by


@given(configs())
def test_links_figures_and_formulas_point_at_what_exists(found):
    blueprint = design(found)
    for table in blueprint.tables:
        for field in table.fields:
            if field.relation:
                assert blueprint.table(field.relation.table)
            if field.rollup:
                source = blueprint.table(field.rollup.table)
                assert source.field(field.rollup.via).relation.table == table.key
                assert not field.rollup.field or source.has(field.rollup.field)
            assert (field.type == "relation") == (field.relation is not None)
            assert (field.type == "rollup") == (field.rollup is not None)
            assert (field.type == "formula") == (field.formula is not None)
            assert bool(field.options) == (field.type in ("select", "multi_select"))
    if blueprint.dashboard:
        for figure in blueprint.dashboard.figures:
            table = blueprint.table(figure.table)
            assert fields_of(figure.filter) <= {field.key for field in table.fields}
            assert not figure.field or table.field(figure.field).type == "number"
        for chart in blueprint.dashboard.charts:
            assert blueprint.table(chart.table).has(chart.group_by)


def fits(value, field, blueprint) -> bool:
    if value is None:
        return True
    match field.type:
        case "number":
            return isinstance(value, int) and (field.maximum is None or field.minimum <= value <= field.maximum)
        case "date":
            return str(date.fromisoformat(value)) == value
        case "datetime":
            return value.endswith("Z") and datetime.fromisoformat(value).tzinfo == UTC
        case "checkbox":
            return isinstance(value, bool)
        case "select":
            return value in field.option_names()
        case "multi_select":
            return isinstance(value, tuple) and set(value) <= set(field.option_names())
        case "relation":
            other = blueprint.table(field.relation.table)
            return isinstance(value, tuple) and set(value) <= {row[other.title.key] for row in other.samples}
    return isinstance(value, str)


@given(configs())
def test_samples_fit_their_fields(found):
    blueprint = design(found)
    for table in blueprint.tables:
        # The topics that a person named are theirs, not samples.
        assert bool(table.samples) == (found.options.sample_data or table.key == "topics")
        stored = [field for field in table.fields if field.owner != "computed"]
        for row in table.samples:
            assert set(row) == {field.key for field in stored}
            assert row[table.title.key]
            assert [(f.key, row[f.key]) for f in stored if not fits(row[f.key], f, blueprint)] == []
        titles = [row[table.title.key] for row in table.samples]
        assert len(set(titles)) == len(titles)


def test_samples_agree_with_themselves():
    rows = built("analytics", features=["timeline", "dashboard"]).sessions.samples
    for row in rows:
        started, last = (datetime.fromisoformat(row[key]) for key in ("started", "last_activity"))
        assert row["duration"] == (last - started).total_seconds() // 60
        assert row["day"] == str(started.date())
        assert row["month"] == f"{started:%Y-%m}"
        assert row["week"] == f"{started:%G-W%V}"
        assert row["messages"] > 0


@given(configs())
def test_nobody_but_the_right_one_writes(found):
    for field in design(found).sessions.fields:
        assert (field.owner == "computed") == (field.type in ("formula", "rollup"))
        assert field.about.endswith((".", "?"))


# answers that are not finished


def test_a_preview_of_nothing_is_a_design():
    assert preview({}).platform == "obsidian"


@pytest.mark.parametrize(
    "broken",
    [
        {"priorities": ["x"]},
        {"name": ""},
        {"options": {"topics": 5}},
        {"nonsense": 1},
        {"platform": None},
        {"features": []},
    ],
)
def test_a_preview_overlooks_what_is_wrong(broken):
    assert preview({"platform": "notion", "team_size": "large", **broken}).team.size == "large"


def test_a_preview_follows_every_answer():
    before = preview({"platform": "notion"})
    assert preview({"platform": "notion", "features": ["tags"]}) != before
    assert preview({"platform": "notion", "priorities": ["search"]}) != before
