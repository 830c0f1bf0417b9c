"""A base is built once and whole, whatever happens on the way; through the use-cases, pyairtable and HTTP."""

import pytest
from hypothesis import HealthCheck, given, settings

from chatbuilder import pipeline
from chatbuilder.design import design
from chatbuilder.errors import InputError
from chatbuilder.generators.airtable import generate
from chatbuilder.generators.airtable.fields import airtable_type, creatable
from chatbuilder.provision.airtable import transport
from tests.provision.airtable_site import IMPATIENT, MID, Killed, config, portrait, site, standing
from tests.strategies import configs
from tests.vendors.airtable import WORKSPACE
from tests.vendors.faults import KINDS

__all__ = ["site"]


@pytest.fixture(scope="module")
def module_site(tmp_path_factory):
    patch = pytest.MonkeyPatch()
    with standing(patch, tmp_path_factory.mktemp("airtable")) as found:
        yield found
    patch.undo()


@pytest.fixture(scope="module")
def whole(module_site):
    """A base that was built without any trouble, and the number of calls it took."""
    base = module_site.fresh().built(MID)
    return portrait(base), len(module_site.fake.log)


# What is built


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(configs("airtable", target=config().target))
def test_any_answers_become_the_base_that_was_designed(module_site, answers):
    base = module_site.fresh().built(answers)
    blueprint = design(answers)
    tables = {table["name"]: table for table in base.tables.values()}
    for table in blueprint.tables:
        fields = {f["name"]: f for f in tables[table.name]["fields"]}
        for item in filter(creatable, table.fields):
            made = fields[item.name]
            assert made["type"] == airtable_type(item)
            if item.options:
                assert [c["name"] for c in made["options"]["choices"]] == list(item.option_names())
            if item.relation:
                other = tables[blueprint.table(item.relation.table).name]
                assert made["options"]["linkedTableId"] == other["id"]
                if item.relation.reverse:
                    far = next(f for f in other["fields"] if f["id"] == made["options"]["inverseLinkFieldId"])
                    assert far["name"] == table.name
        assert len(base.rows[tables[table.name]["id"]]) == len(table.samples)
    plan = generate(answers, blueprint).plan
    assert len(module_site.writes()) == sum("came" not in step.payload for step in plan)
    assert len(module_site.fake.log) <= 1.15 * len(plan.steps) + 1
    assert set(module_site.states().values()) <= {"same"}


def test_the_job_says_where_it_is_and_what_is_left_to_do(site):
    job = site.apply(MID)
    base = site.fake.only_base()
    assert job.result["url"] == f"https://airtable.com/{base.id}"
    assert job.result["place"] == "Airtable base Chat Sessions"
    assert job.result["next"][0].startswith("Open the base and let Topic and Project link to one row only")
    assert "To do by hand" in job.result["next"][0]
    assert job.result["by_hand"][0] == "Let a session link to one row only"


def test_without_links_the_first_view_is_what_comes_first(site):
    job = site.apply(config("organization", complexity="simple"))
    assert "rename Grid view in the table Chat Sessions to All sessions" in job.result["next"][0]


def test_it_takes_one_call_beside_the_plan(site):
    site.built(MID)
    assert len(site.writes()) == sum("came" not in step.payload for step in generate(MID, design(MID)).plan)
    assert [call for call in site.fake.log if call[0] == "GET"] == [("GET", "/v0/meta/bases")]


def test_again_it_writes_nothing(site):
    site.built(MID)
    site.fake.log.clear()
    assert site.apply(MID).status == "completed"
    assert site.writes() == []
    assert len(site.fake.log) == 1


def test_links_hold_although_answers_come_in_another_order(site):
    base = site.built(MID)
    key = next(k for k, t in base.tables.items() if t["name"] == "Chat Sessions")
    projects = next(k for k, t in base.tables.items() if t["name"] == "Projects")
    samples = {row["title"]: row for row in design(MID).sessions.samples}
    for row in base.rows[key].values():
        linked = [base.rows[projects][item]["Name"] for item in row.get("Project", [])]
        assert linked == list(samples[row["Title"]]["project"] or ())


def test_a_base_of_the_persons_own_is_filled(site):
    base = site.fake.add_base("Empty")
    url = f"https://airtable.com/{base.id}/tblX/viwY?blocks=hide"
    site.built(config(target={"base": url}))
    assert {"Table 1", "Topics", "Chat Sessions"} <= {t["name"] for t in base.tables.values()}
    assert ("POST", "/v0/meta/bases") not in site.fake.log
    report = pipeline.inspect_target(config(target={"base": base.id}))
    assert report.ready
    assert report.exists
    assert "Table 1" in " ".join(report.notes)


def test_two_systems_in_one_workspace_are_two_bases(site):
    site.built(config(name="One"))
    assert site.apply(config(name="Two")).status == "completed"
    assert sorted(base.name for base in site.fake.bases.values()) == ["One", "Two"]


def test_a_base_of_the_same_name_is_not_taken_for_ours(site):
    site.fake.add_base("Chat Sessions", ("Topics", ("Name",)))
    report = pipeline.inspect_target(MID)
    assert report.ready
    assert any("exists already" in note for note in report.notes)
    assert site.apply(MID).status == "completed"
    assert len(site.fake.bases) == 2


def test_bases_are_listed_page_by_page(site):
    site.fake.page = 2
    for number in range(5):
        site.fake.add_base(f"Base {number}")
    site.fake.faults.plan = {4: "drop-after"}  # after three pages of the list: createBase
    assert site.apply(MID).status == "completed"
    assert sum(base.name == "Chat Sessions" for base in site.fake.bases.values()) == 1


# What stands in the way


def test_a_base_with_things_in_it_is_left_alone(site):
    base = site.fake.add_base("Mine", ("Customers", ("Name",)), ("Orders", ("Number",)))
    report = pipeline.inspect_target(config(target={"base": base.id}))
    assert not report.ready
    assert "It has a table Customers." in report.problems
    assert site.writes() == []


def test_a_base_with_one_filled_table_is_not_empty(site):
    base = site.fake.add_base("Mine", ("Customers", ("Name",)))
    answers = config(target={"base": base.id})
    assert pipeline.inspect_target(answers).ready
    key = next(iter(base.tables))
    base.cells[key]["recAAAAAAAAAAAAAA"] = {base.tables[key]["fields"][0]["id"]: "Acme"}
    assert not pipeline.inspect_target(answers).ready


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({}, "airtable.com/workspaces/wsp…"),
        ({"workspace": "My workspace"}, "https://airtable.com/workspaces/wsp…"),
        ({"base": "https://airtable.com/"}, "https://airtable.com/app…"),
    ],
)
def test_without_a_usable_target_it_says_where_the_id_stands(site, target, words):
    report = pipeline.inspect_target(config(target=target))
    assert not report.ready
    assert words in " ".join(report.problems)
    assert site.writes() == []


def test_a_new_field_whose_name_is_taken_is_reported_first(site):
    base = site.built(config("organization", complexity="simple"))
    sessions = next(t for t in base.tables.values() if t["name"] == "Chat Sessions")
    base._add_field(sessions, {"name": "Priority", "type": "singleLineText"})
    wider = config("organization", complexity="simple", features=("tags",))
    report = pipeline.inspect_target(wider)
    assert not report.ready
    assert "The table Chat Sessions has a field Priority of another kind already." in report.problems


# Whatever happens on the way


def calls_of_mid():
    return sum("came" not in step.payload for step in generate(MID, design(MID)).plan) + 1


@pytest.mark.parametrize("kind", KINDS)
def test_a_fault_at_any_call_costs_nothing(kind, module_site, whole, monkeypatch):
    """Counted: every call of a whole build, and every kind of fault."""
    if kind == "slow":
        monkeypatch.setattr(transport, "TIMEOUT", IMPATIENT)
    expected, calls = whole
    assert calls == calls_of_mid()
    for index in range(calls):
        site = module_site.fresh()
        site.fake.faults.plan = {index: kind}
        job = site.apply(MID)
        site.fake.faults.clear()
        if job.status != "completed":
            job = site.apply(MID)
        assert job.status == "completed", (kind, index, job.error)
        assert site.fake.faults.met == [(index, kind)]
        assert portrait(site.fake.only_base()) == expected, (kind, index)


@pytest.mark.parametrize("sent", [False, True], ids=["before it is sent", "after it is done"])
def test_killed_at_any_call_running_again_finishes_it(sent, module_site, whole):
    expected, calls = whole
    for index in range(calls):
        site = module_site.fresh()
        site.die_at = (index, sent)
        with pytest.raises(Killed):
            site.apply(MID)
        assert site.apply(MID).status == "completed"
        assert portrait(site.fake.only_base()) == expected, (sent, index)


def test_a_storm_ends_the_run_and_the_next_one_finishes_it(site, whole):
    for kind in ("503-after", "drop-after", "429"):
        site.fresh().fake.faults.every = kind
        with pytest.raises(Exception, match="Airtable"):
            site.apply(MID)
        site.fake.faults.clear()
        site.fake.faults.storm(site.fake.faults.count + 3, 60, kind)
        job = site.apply(MID)
        assert job.status == "failed"
        assert job.error["title"] == "Airtable is not available"
        site.fake.faults.clear()
        assert site.apply(MID).status == "completed"
        assert portrait(site.fake.only_base()) == whole[0]


def test_stopped_at_any_step_it_goes_on_from_there(module_site, whole):
    for steps in range(1, 6):
        site = module_site.fresh()
        job = site.apply(MID, cancelled=lambda: len(site.events) > 2 * steps)  # noqa: B023  (used at once)
        assert job.status == "cancelled"
        assert site.apply(MID).status == "completed"
        assert portrait(site.fake.only_base()) == whole[0]


def test_a_row_that_was_edited_after_a_crash_keeps_the_edit(site):
    for index in range(calls_of_mid()):
        site.fresh().die_at = (index, True)
        with pytest.raises(Killed):
            site.apply(MID)
        base = site.fake.only_base() if site.fake.bases else None
        projects = next((k for k, t in base.tables.items() if t["name"] == "Projects"), None) if base else None
        if projects and base.cells[projects]:
            key = next(iter(base.cells[projects]))
            goals = next(f["id"] for f in base.tables[projects]["fields"] if f["name"] == "Goals")
            base.cells[projects][key][goals] = "mine"
            assert site.apply(MID).status == "completed"
            assert base.cells[projects][key][goals] == "mine"
            return
    raise AssertionError("no row was ever written")


def test_the_workspace_may_be_pasted_as_its_address(site):
    assert site.apply(config(target={"workspace": f"https://airtable.com/workspaces/{WORKSPACE}?x=1"})).status == (
        "completed"
    )


# Answers and leftovers that are seldom


def test_what_a_run_that_gave_up_left_is_taken_up(site, whole):
    """The answer and every look for it were lost: the next run is refused the name, and looks whose it is."""
    for first in range(1, 5):
        site.fresh().fake.faults.plan = {first: "drop-after"}
        site.fake.faults.storm(first + 1, 100, "drop-before")
        job = site.apply(MID)
        assert job.status == "failed"
        site.fake.faults.clear()
        assert site.apply(MID).status == "completed"
        assert portrait(site.fake.only_base()) == whole[0]


def test_a_table_with_the_name_of_ours_is_reported(site):
    base = site.fake.add_base("Empty")
    answers = config(target={"base": base.id})
    site.fake.faults.storm(2, 100, "drop-before")
    site.apply(answers)
    site.fake.faults.clear()
    base._add_table({"name": "Chat Sessions", "fields": [{"name": "Name", "type": "singleLineText"}]})
    made = {t["name"] for t in base.tables.values()}
    report = pipeline.inspect_target(answers)
    assert "There is a table Chat Sessions already." in report.problems
    assert {t["name"] for t in base.tables.values()} == made


def test_a_base_that_another_system_left_is_not_mixed_up_with(site):
    base = site.fake.add_base("Empty")
    answers = config(target={"base": base.id})
    site.built(answers)
    pipeline.destroy(site.system)
    before = portrait(base)
    with pytest.raises(InputError) as raised:
        site.apply(answers)
    assert "There is a table Topics already." in raised.value.problems
    assert portrait(base) == before


def test_other_answers_for_a_base_of_the_persons_own(site):
    base = site.fake.add_base("Empty")
    site.built(config(target={"base": base.id}))
    site.built(config(features=("projects",), target={"base": base.id}))
    assert "Projects" in {t["name"] for t in base.tables.values()}
    assert len(site.fake.bases) == 1
    assert set(site.states().values()) == {"same"}
