"""design(): every row of the table in DESIGN section 5, and what must hold for any answers."""

import re
from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings

from chatbuilder import catalog
from chatbuilder.blueprint import Blueprint, to_data
from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.filters import fields_of, matches
from chatbuilder.pipeline import preview
from tests.helpers import config
from tests.strategies import configs, neighbours

CORE = (
    "Title", "Assistant", "Status", "Started", "Last activity", "Messages", "Link", "Summary", "Key insights",
    "Action items", "Notes", "Source ID", "Model",
)  # fmt: skip


def built(*priorities: str, **answers) -> Blueprint:
    return design(config("custom", *(priorities or ("integration",)), **answers))


def names(blueprint: Blueprint, table: str = "sessions") -> set[str]:
    return {field.name for field in blueprint.table(table).fields}


def views(blueprint: Blueprint) -> set[str]:
    return {view.name for view in blueprint.views}


def added(base: Blueprint, more: Blueprint) -> tuple[set[str], set[str], set[str]]:
    """Fields, views and tables that the second has and the first has not."""
    tables = {t.name for t in more.tables} - {t.name for t in base.tables}
    return names(more) - names(base), views(more) - views(base), tables


# the core


def test_the_core_is_always_there():
    bare = built(complexity="simple")
    assert {field.name for field in bare.sessions.fields} == set(CORE)
    assert bare.sessions.name == "Chat Sessions"
    assert bare.sessions.field("status").option_names() == ("Active", "On Hold", "Completed", "Archived")
    assert [view.name for view in bare.views] == ["All sessions", "Recent (7 days)", "Active"]
    assert [table.key for table in bare.tables] == ["sessions"]
    assert bare.sessions.fields[-1].key == "source_id"
    assert bare.sessions.field("source_id").hidden


@given(configs())
def test_every_system_has_the_core(found):
    blueprint = design(found)
    trimmed = {"Key insights", "Action items"} if "simplicity" in found.priorities else set()
    assert names(blueprint) >= set(CORE) - trimmed
    assert blueprint.sessions.title.name == "Title"
    assert blueprint.sessions.fields[-1].key == "source_id"
    assert blueprint.views[0].name == "All sessions"


# what each answer adds (complexity simple: one table)

PRIORITY_ADDS = {
    "organization": ({"Topic", "Category", "Secondary topics"}, {"By topic", "By category", "By assistant"}),
    "search": ({"First prompt", "Keywords"}, {"Find"}),
    "analytics": ({"Duration", "Words", "Satisfaction", "Value", "Month"}, {"High value", "By month"}),
    "collaboration": ({"Owner", "Shared with", "Review state"}, {"My sessions", "Needs review"}),
    "automation": ({"Auto-filed"}, {"Auto-filed"}),
    "portability": ({"External ID"}, set()),
}
FEATURE_ADDS = {
    "tags": ({"Tags", "Priority"}, {"Untagged"}),
    "projects": ({"Project", "Phase"}, {"By project", "Project timeline"}),
    "timeline": ({"Day"}, {"Calendar", "Timeline"}),
    "templates": (set(), set()),
    "reminders": ({"Follow-up", "Reminder"}, {"Needs follow-up"}),
    "exports": (set(), set()),
    "dashboard": ({"Week"}, set()),
    "archive": ({"Archived on"}, {"Archive"}),
}
TEAM_ADDS = {
    "solo": (set(), set()),
    "small": ({"Owner"}, {"By owner"}),
    "medium": ({"Owner", "Team"}, {"By owner", "By team"}),
    "large": ({"Owner", "Team", "Access", "Keep until"}, {"By owner", "By team", "Retention due"}),
}


@pytest.mark.parametrize("priority", PRIORITY_ADDS)
def test_what_a_priority_adds(priority):
    base = built(complexity="simple")
    assert added(base, built("integration", priority, complexity="simple")) == (*PRIORITY_ADDS[priority], set())


@pytest.mark.parametrize("feature", catalog.FEATURES)
def test_what_a_feature_adds(feature):
    base = built(complexity="simple")
    assert added(base, built(features=[feature], complexity="simple")) == (*FEATURE_ADDS[feature], set())


@pytest.mark.parametrize("size", catalog.TEAM_SIZES)
def test_what_a_team_size_adds(size):
    base = built(complexity="simple")
    assert added(base, built(team_size=size, complexity="simple")) == (*TEAM_ADDS[size], set())


def test_what_moderate_adds():
    answers = {"features": ["projects"]}
    simple = built("organization", complexity="simple", **answers)
    moderate = built("organization", complexity="moderate", **answers)
    assert added(simple, moderate) == (
        {"Outcome"}, {"All topics", "All projects", "Active projects"}, {"Topics", "Projects"},
    )  # fmt: skip
    for key in ("topic", "project"):
        assert simple.sessions.field(key).type == "select"
        assert moderate.sessions.field(key).type == "relation"
        assert moderate.sessions.field(key).relation.reverse == "Sessions"
    assert names(moderate, "projects") == {"Name", "Status", "Start", "End", "Description", "Goals"}


def test_what_advanced_adds():
    answers = {"features": ["projects", "reminders"]}
    moderate = built("organization", complexity="moderate", **answers)
    advanced = built("organization", complexity="advanced", **answers)
    assert added(moderate, advanced) == ({"Days idle", "Overdue"}, {"Stale", "All prompts"}, {"Prompts"})
    assert names(advanced, "topics") - names(moderate, "topics") == {"Parent topic", "Session count"}
    assert names(advanced, "projects") - names(moderate, "projects") == {"Session count", "Latest session"}
    assert advanced.table("topics").field("parent").relation.table == "topics"
    assert advanced.table("prompts").field("sessions").relation.table == "sessions"


def test_topics_and_projects_are_tables_only_when_asked_for():
    assert [table.key for table in built(complexity="moderate").tables] == ["sessions"]
    assert [table.key for table in built(complexity="advanced").tables] == ["sessions", "prompts"]


def test_organization_uses_the_persons_own_topics():
    simple = built("organization", complexity="simple", options={"topics": ["Garden", "Law"]})
    assert simple.sessions.field("topic").option_names() == ("Garden", "Law")
    assert simple.sessions.field("secondary_topics").option_names() == ("Garden", "Law")
    linked = built("organization", complexity="moderate", options={"topics": ["Garden", "Law"]})
    assert [row["name"] for row in linked.table("topics").samples] == ["Garden", "Law"]


def test_assistants_are_the_persons_own():
    blueprint = built(options={"assistants": ["Aya", "ChatGPT"]})
    assert blueprint.sessions.field("assistant").option_names() == ("Aya", "ChatGPT")


def test_analytics_gives_figures_and_the_dashboard_charts():
    figures = built("analytics").dashboard
    assert [figure.name for figure in figures.figures][:3] == ["Sessions", "Active", "Last 7 days"]
    assert {"Average value", "Minutes in all", "High value"} <= {figure.name for figure in figures.figures}
    assert figures.charts == ()
    charts = built("organization", features=["dashboard"]).dashboard.charts
    assert [chart.name for chart in charts] == [
        "Sessions by assistant", "Sessions by week", "Sessions by status", "Top topics",
    ]  # fmt: skip
    assert built("search", features=["dashboard", "projects"]).dashboard.charts[-1].name == "Top projects"
    assert built().dashboard is None


def test_ratings_go_from_one_to_five():
    sessions = built("analytics").sessions
    for key in ("value", "satisfaction"):
        assert (sessions.field(key).minimum, sessions.field(key).maximum) == (1, 5)


@pytest.mark.parametrize(
    ("answer", "kind"),
    [("automation", "tagging"), ("integration", "sync"), ("archive", "archive"), ("reminders", "reminder"), ("exports", "backup")],
)  # fmt: skip
def test_what_happens_by_itself(answer, kind):
    chosen = {"priorities": ["search"], "features": []}
    chosen["priorities" if answer in catalog.PRIORITIES else "features"].append(answer)
    with_it = design(Config(platform="custom", **{k: tuple(v) for k, v in chosen.items()}))
    assert [item.kind for item in with_it.automations] == [kind]
    assert with_it.automations[0].source.endswith(answer)


@given(configs())
def test_filing_rules_set_what_exists(found):
    blueprint = design(found)
    rules = [rule for item in blueprint.automations for rule in item.rules]
    assert bool(rules) == ("automation" in found.priorities)
    for rule in rules:
        field = blueprint.sessions.field(rule.field)
        assert rule.words
        assert field.owner in ("seed", "person")
        if field.type in ("select", "multi_select"):
            assert rule.value in field.option_names()


def test_templates():
    blueprint = built("organization", features=["templates"])
    assert [t.name for t in blueprint.templates] == ["Quick question", "Deep dive", "Debugging", "Research", "Writing"]
    assert built("organization").templates == ()


@given(configs(features=("templates",)))
def test_templates_preset_what_exists(found):
    blueprint = design(found)
    assert len(blueprint.templates) == 5
    for template in blueprint.templates:
        assert template.headings
        for key, value in template.values.items():
            assert value in blueprint.sessions.field(key).option_names()


def test_the_archive_hides_archived_sessions_elsewhere():
    hidden, shown = built("organization", features=["archive"]), built("organization")
    archived = {"status": "Archived", "last_activity": "2026-01-01T00:00:00Z"}
    today = date(2026, 1, 2)
    for view in hidden.views:
        if view.table == "sessions":
            assert matches(view.filter, archived, today=today) == (view.key == "archive")
    everything = next(view for view in shown.views if view.key == "all_sessions")
    assert matches(everything.filter, archived, today=today)


def test_needs_follow_up_is_due_and_not_finished():
    view = next(v for v in built(features=["reminders"]).views if v.key == "needs_follow_up")
    rows = {
        "today": {"follow_up": "2026-05-01", "status": "Active"},
        "late": {"follow_up": "2026-04-01", "status": "On Hold"},
        "tomorrow": {"follow_up": "2026-05-02", "status": "Active"},
        "finished": {"follow_up": "2026-04-01", "status": "Completed"},
        "archived": {"follow_up": "2026-04-01", "status": "Archived"},
        "no day": {"follow_up": None, "status": "Active"},
    }
    found = {key for key, row in rows.items() if matches(view.filter, row, today=date(2026, 5, 1))}
    assert found == {"today", "late"}


def test_teams_get_rules_that_grow_with_them():
    small, medium, large = (built(team_size=size).team for size in ("small", "medium", "large"))
    assert (small.roles, small.naming, small.retention_days) == ((), (), 0)
    assert [role.name for role in medium.roles] == ["Owner", "Editor", "Reader"]
    assert medium.naming
    assert (medium.access_levels, medium.retention_days) == ((), 0)
    assert large.access_levels == ("Private", "Team", "Everyone")
    assert large.retention_days > 0
    assert built("collaboration").team.permissions


def test_priorities_decide_the_order_of_views():
    first = [view.key for view in built("search", "organization").views]
    second = [view.key for view in built("organization", "search").views]
    assert first.index("find") < first.index("by_topic")
    assert second.index("find") > second.index("by_topic")


def test_custom_fields_stand_before_the_hidden_ones():
    fields = built(options={"custom_fields": [{"name": "Client", "type": "select", "choices": ["A", "B"]}]}).sessions.fields
    assert [field.name for field in fields[-3:]] == ["Client", "Model", "Source ID"]
    assert fields[-3].option_names() == ("A", "B")


# simplicity


@given(configs(priorities=("simplicity", "organization", "search", "analytics")))
def test_simplicity_is_simple(found):
    blueprint = design(found)
    assert len(blueprint.tables) == 1
    assert 3 <= len(blueprint.views) <= 4
    assert not any(field.optional for field in blueprint.sessions.fields)
    assert blueprint.dashboard is None or len(blueprint.dashboard.charts) <= 2


@given(configs())
def test_simplicity_says_what_it_leaves_out(found):
    """Whatever the full design has and the simple one has not is named, by what it is."""
    if "simplicity" not in found.priorities or len(found.priorities) == 1:
        return
    full = design(found.model_copy(update={"priorities": tuple(p for p in found.priorities if p != "simplicity")}))
    simple = design(found)
    said = {item.what for item in simple.left_out}
    gone = {f"Table {table.name}" for table in full.tables} - {f"Table {table.name}" for table in simple.tables}
    gone |= {f"Field {name}" for name in names(full) - names(simple)}
    gone |= {f"View {v.name}" for v in full.views if v.table == "sessions"} - {f"View {v.name}" for v in simple.views}
    charts = full.dashboard.charts if full.dashboard else ()
    gone |= {f"Chart {c.name}" for c in charts} - {f"Chart {c.name}" for c in (simple.dashboard.charts if simple.dashboard else ())}
    assert gone == said


@given(configs(priorities=("organization", "search")))
def test_nothing_is_left_out_otherwise(found):
    assert design(found).left_out == ()


def test_what_the_person_asked_for_by_name_is_never_trimmed():
    blueprint = built("simplicity", options={"custom_fields": [{"name": "Client"}]})
    assert "Client" in names(blueprint)


# for any answers


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


@pytest.mark.parametrize("broken", [{"priorities": ["x"]}, {"name": ""}, {"options": {"topics": 5}}, {"nonsense": 1}, {"platform": None}, {"features": []}])
def test_a_preview_overlooks_what_is_wrong(broken):
    assert preview({"platform": "notion", "team_size": "large", **broken}).team.size == "large"


def test_a_preview_follows_every_answer():
    before = preview({"platform": "notion"})
    assert preview({"platform": "notion", "features": ["tags"]}) != before
    assert preview({"platform": "notion", "priorities": ["search"]}) != before
