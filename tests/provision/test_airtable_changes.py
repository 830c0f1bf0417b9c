"""Other answers for a base that exists: what is new is added, what a person made stays, nothing is dropped."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbuilder import pipeline
from chatbuilder.design import design
from chatbuilder.generators.airtable import generate
from chatbuilder.generators.airtable.evolve import evolve
from chatbuilder.generators.airtable.fields import airtable_type, creatable
from chatbuilder.solution import Delivered
from tests.contract.airtable import Base, deliver
from tests.provision.airtable_site import MID, Killed, config, portrait, site, standing
from tests.strategies import configs

__all__ = ["site"]
SMALL = config("organization", complexity="simple")
WIDE = config("organization", "analytics", complexity="advanced", features=("projects", "tags", "templates"))


def table(base, name="Chat Sessions"):
    return next(t for t in base.tables.values() if t["name"] == name)


def field(base, name, of="Chat Sessions"):
    return next(f for f in table(base, of)["fields"] if f["name"] == name)


def names(base, of="Chat Sessions"):
    return {f["name"] for f in table(base, of)["fields"]}


def values(base, of="Chat Sessions"):
    return base.rows[table(base, of)["id"]]


@pytest.fixture(scope="module")
def module_site(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    with standing(patch, tmp_path_factory.mktemp("airtable")) as found:
        yield found
    patch.undo()


def test_new_answers_bring_new_tables_fields_and_links(site):
    base = site.built(config("organization", features=("tags",)))
    assert "Projects" not in {t["name"] for t in base.tables.values()}
    before = values(base)
    base = site.built(config("organization", features=("tags", "projects")))
    assert field(base, "Project")["options"]["linkedTableId"] == table(base, "Projects")["id"]
    far = field(base, "Project")["options"]["inverseLinkFieldId"]
    assert next(f for f in table(base, "Projects")["fields"] if f["id"] == far)["name"] == "Chat Sessions"
    assert values(base, "Projects")
    assert values(base) == before
    assert set(site.states().values()) == {"same"}
    site.fake.log.clear()
    assert site.apply(config("organization", features=("tags", "projects"))).status == "completed"
    assert site.writes() == []


def test_the_plan_shows_what_will_change(site):
    site.built(SMALL)
    found = pipeline.changes(config("organization", complexity="simple", features=("tags",)))
    new = [part.title for part in found.parts if part.kind == "new"]
    assert new == ["Add Chat Sessions: Tags", "Add Chat Sessions: Priority"]
    site.fake.log.clear()
    site.built(config("organization", complexity="simple", features=("tags",)))
    assert len(site.writes()) == 2


def test_new_choices_come_to_those_that_are_there(site):
    base = site.built(config("organization", complexity="simple", options={"topics": ("Work", "Home")}))
    mine = {"id": "selMINEMINEMINE00", "name": "My own", "color": "redBright"}
    field(base, "Topic")["options"]["choices"].append(mine)
    before = list(field(base, "Topic")["options"]["choices"])
    job = site.apply(config("organization", complexity="simple", options={"topics": ("Work", "Travel")}))
    assert job.status == "completed"
    after = field(base, "Topic")["options"]["choices"]
    assert after[: len(before)] == before
    assert [choice["name"] for choice in after] == ["Work", "Home", "My own", "Travel"]
    assert any("Home" in line for line in job.result["left"])
    assert set(site.states().values()) == {"same"}


def test_choices_grow_again_and_again(site):
    for topics in (("Work",), ("Work", "A"), ("Work", "A", "B"), ("Work", "B")):
        base = site.built(config("organization", complexity="simple", options={"topics": topics}))
    assert [choice["name"] for choice in field(base, "Topic")["options"]["choices"]] == ["Work", "A", "B"]


def test_a_choice_that_airtable_will_not_take_is_left_to_the_person(site):
    base = site.built(config("organization", complexity="simple", options={"topics": ("Work",)}))
    base._set_choices = lambda found, options: (_ for _ in ()).throw(refused())
    job = site.apply(config("organization", complexity="simple", options={"topics": ("Work", "Travel")}))
    assert job.status == "completed"
    assert any("by hand" in line for line in job.result["kept"])


def refused():
    from tests.contract.airtable import Refused

    return Refused("Updating the choices is not supported")


def test_new_topics_become_rows_and_old_ones_are_not_touched(site):
    base = site.built(config("organization", options={"topics": ("Work", "Home")}))
    topics = table(base, "Topics")
    key = next(k for k, row in values(base, "Topics").items() if row["Name"] == "Home")
    base.drop_row(topics["id"], key)
    site.built(config("organization", options={"topics": ("Travel", "Work", "Home")}))
    assert sorted(row["Name"] for row in values(base, "Topics").values()) == ["Travel", "Work"]
    site.built(config("organization", options={"topics": ("Travel", "Work", "Home", "Play")}))
    assert sorted(row["Name"] for row in values(base, "Topics").values()) == ["Play", "Travel", "Work"]


def test_a_select_that_becomes_a_table_keeps_its_values(site):
    base = site.built(SMALL)
    before = {row["Title"]: row.get("Topic") for row in values(base).values()}
    job = site.apply(config("organization"))
    assert job.status == "completed", job.error
    assert {row["Title"]: row.get("Topic") for row in values(base).values()} == before
    assert field(base, "Topic")["type"] == "singleSelect"
    linked = field(base, "Topic (link to another record)")
    assert linked["options"]["linkedTableId"] == table(base, "Topics")["id"]
    assert any("Topic stays as it is" in line for line in job.result["left"])
    site.fake.log.clear()
    site.apply(config("organization"))
    assert site.writes() == []


def test_what_is_not_wanted_any_more_stays_and_is_named(site):
    base = site.built(WIDE)
    before = portrait(base)
    job = site.apply(config("organization"))
    assert job.status == "completed"
    assert portrait(base) == before
    assert {"The table Projects", "The table Prompts", "Chat Sessions: Tags"} <= set(job.result["left"])


def test_a_field_that_a_person_renamed_is_not_made_again(site):
    base = site.built(config("organization", features=("tags",)))
    field(base, "Tags")["name"] = "Labels"
    site.built(config("organization", features=("tags", "reminders")))
    assert "Tags" not in names(base)
    assert "Follow-up" in names(base)


def test_rows_that_a_person_deleted_are_not_linked(site):
    topics = {"topics": ("Work", "Learning")}
    base = site.built(config("organization", options=topics))
    gone = next(k for k, row in values(base, "Topics").items() if row["Name"] == "Learning")
    base.drop_row(table(base, "Topics")["id"], gone)
    job = site.apply(config("organization", complexity="advanced", options=topics))
    assert job.status == "completed", job.error
    assert field(base, "Parent topic", "Topics")["type"] == "multipleRecordLinks"
    assert [row["Name"] for row in values(base, "Topics").values()] == ["Work"]


def test_choices_for_a_field_that_a_person_deleted_are_left_out(site):
    base = site.built(config("organization", complexity="simple", options={"topics": ("Work",)}))
    table(base)["fields"].remove(field(base, "Topic"))
    base.cells[table(base)["id"]].clear()
    job = site.apply(config("organization", complexity="simple", options={"topics": ("Work", "Travel")}))
    assert job.status == "completed"
    assert any("not there any more" in line for line in job.result["kept"])


def test_samples_can_come_later(site):
    site.built(config("organization", features=("projects",), options={"sample_data": False}))
    base = site.built(config("organization", features=("projects",)))
    assert len(values(base)) == len(design(config("organization", features=("projects",))).sessions.samples)
    assert any(row.get("Project") for row in values(base).values())


@pytest.mark.parametrize("sent", [False, True], ids=["before it is sent", "after it is done"])
def test_killed_while_it_changes_it_goes_on(sent, module_site):
    """Counted: at every call of a change."""
    before, after = config("organization"), config("organization", "analytics", complexity="advanced")
    site = module_site.fresh()
    site.built(before)
    start = len(site.fake.log)
    expected = portrait(site.built(after))
    calls = len(site.fake.log) - start
    assert calls > 5
    for index in range(calls):
        site = module_site.fresh()
        site.built(before)
        site.die_at = (site._sent + index, sent)
        with pytest.raises(Killed):
            site.apply(after)
        assert site.apply(after).status == "completed"
        assert portrait(site.fake.only_base()) == expected, index


def delivered(plan, target):
    """What a journal would hold after a plan was delivered to a base in memory."""
    base, found = Base(), {}
    deliver(plan, base, target=target, done=found)
    return base, {key: Delivered(payload, result) for key, (payload, result) in found.items()}


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(configs("airtable", target=config().target), configs("airtable", target=config().target))
def test_from_any_answers_to_any_others(module_site, first, second):
    second = second.model_copy(update={"name": first.name})
    site = module_site.fresh()
    base = site.built(first)
    before = {t["name"]: {f["name"]: f["type"] for f in t["fields"]} for t in base.tables.values()}
    cells = base.rows
    job = site.apply(second)
    assert job.status == "completed", job.error
    for name, fields in before.items():  # nothing is lost
        now = {f["name"]: f["type"] for f in table(base, name)["fields"]}
        assert fields.items() <= now.items()
    for key, rows in cells.items():
        for row, was in rows.items():
            assert was.items() <= {**was, **base.rows[key][row]}.items()
            assert all(base.rows[key][row][name] == value for name, value in was.items() if not isinstance(value, list))
    for wanted in design(second).tables:  # and all that is wanted is there
        made = {f["name"]: f for f in table(base, wanted.name)["fields"]}
        for item in filter(creatable, wanted.fields):
            kinds = {f["type"] for name, f in made.items() if name == item.name or name.startswith(f"{item.name} (")}
            assert airtable_type(item) in kinds
            if item.options and made[item.name]["type"] == airtable_type(item):
                assert set(item.option_names()) <= {c["name"] for c in made[item.name]["options"]["choices"]}
    site.fake.log.clear()
    assert site.apply(second).status == "completed"
    assert site.writes() == []


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_the_same_answers_change_nothing(data):
    answers = data.draw(configs("airtable", target=config().target))
    plan = generate(answers, design(answers)).plan
    _, done = delivered(plan, {})
    found = evolve(plan, done)
    assert found.kept == ()
    assert [step.payload for step in found.plan] == [done[step.key].payload for step in plan]


def test_a_new_system_is_the_plan_itself():
    plan = generate(MID, design(MID)).plan
    assert evolve(plan, {}).plan is plan
