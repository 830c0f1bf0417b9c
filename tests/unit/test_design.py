"""design(): every row of the table in DESIGN section 5, and what simplicity trims."""

from datetime import date

import pytest
from hypothesis import given

from chatbuilder import catalog
from chatbuilder.blueprint import Blueprint
from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.filters import matches
from tests.helpers import config
from tests.strategies import configs

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
    [
        ("automation", "tagging"),
        ("integration", "sync"),
        ("archive", "archive"),
        ("reminders", "reminder"),
        ("exports", "backup"),
    ],
)
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
    fields = built(
        options={"custom_fields": [{"name": "Client", "type": "select", "choices": ["A", "B"]}]}
    ).sessions.fields
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
    gone |= {f"Chart {c.name}" for c in charts} - {
        f"Chart {c.name}" for c in (simple.dashboard.charts if simple.dashboard else ())
    }
    assert gone == said


@given(configs(priorities=("organization", "search")))
def test_nothing_is_left_out_otherwise(found):
    assert design(found).left_out == ()


def test_what_the_person_asked_for_by_name_is_never_trimmed():
    blueprint = built("simplicity", options={"custom_fields": [{"name": "Client"}]})
    assert "Client" in names(blueprint)
