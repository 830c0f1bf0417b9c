"""A base that stands while the library knows none: it is taken over as it stands, and nothing comes twice."""

import pytest

from chatbuilder import pipeline
from chatbuilder.errors import RefusedError
from chatbuilder.paths import locate
from tests.provision.airtable_site import MID, Killed, config, portrait, site

__all__ = ["site"]


def lose(site):
    """The library is gone, with its journal and its marks."""
    for file in locate().library.parent.glob("library*"):
        file.unlink()
    site.fake.log.clear()


def table(base, name="Chat Sessions"):
    return next(t for t in base.tables.values() if t["name"] == name)


def field(base, name, of="Chat Sessions"):
    return next(f for f in table(base, of)["fields"] if f["name"] == name)


def row(base, title, of="Chat Sessions"):
    owner = table(base, of)
    primary = owner["fields"][0]["id"]
    return next(key for key, cells in base.cells[owner["id"]].items() if cells.get(primary) == title)


@pytest.mark.parametrize("own", [False, True], ids=["workspace", "base"])
def test_it_is_taken_over_and_nothing_is_sent(site, own):
    answers = MID
    if own:
        answers = MID.model_copy(update={"target": config(target={"base": site.fake.add_base("Empty").id}).target})
    base = site.built(answers)
    before = portrait(base)
    mark = pipeline.systems()[0].id
    lose(site)
    report = pipeline.inspect_target(answers)
    assert report.ready
    assert any("taken over" in note for note in report.notes)
    job = site.apply(answers)
    assert job.status == "completed", job.error
    assert job.system == mark
    assert "taken over" in job.result["next"][0]
    assert [call for call in site.writes() if not call[1].endswith("/listRecords")] == []
    assert portrait(site.fake.only_base()) == before
    assert set(site.states().values()) == {"same"}
    assert "taken over" not in " ".join(site.apply(answers).result["next"])


def test_what_a_person_made_of_it_stays(site):
    base = site.built(MID)
    projects = table(base, "Projects")
    base.cells[projects["id"]][row(base, "Website", "Projects")][field(base, "Goals", "Projects")["id"]] = "mine"
    base.drop_row(projects["id"], row(base, "Thesis", "Projects"))
    base.drop_row(table(base)["id"], row(base, "Compare three note apps"))
    field(base, "Status")["name"] = "State"
    table(base, "Topics")["name"] = "Subjects"
    before = portrait(base)
    lose(site)
    job = site.apply(MID)
    assert job.status == "completed", job.error
    assert portrait(base) == before
    told = " ".join(job.result["next"])
    for words in ("Thesis", "Compare three note apps", "Chat Sessions: Status", "chatbuilder repair"):
        assert words in told
    assert site.states()["rows-projects-1"] == "missing"
    site.fake.log.clear()
    assert site.apply(MID).status == "completed"
    assert site.writes() == []
    assert portrait(base) == before
    assert site.repair().status == "completed"
    assert row(base, "Thesis", "Projects")


def test_a_half_built_base_is_finished(site):
    for index in range(2, 9):
        site.fresh().fake.faults.storm(index, 200, "503-before")
        assert site.apply(MID).status == "failed"
        site.fake.faults.clear()
        lose(site)
        job = site.apply(MID)
        assert job.status == "completed", (index, job.error)
        base = site.fake.only_base()
        names = [t["name"] for t in base.tables.values()]
        assert len(names) == len(set(names)) == 4
        site.repair()
        # A link between two sample topics may as well have been taken away by the person: it stays away.
        rest = {key: state for key, state in site.states().items() if state != "same"}
        assert rest in ({}, {"links-topics-parent-1": "edited"}), index


def test_killed_while_it_is_taken_over_nothing_comes_twice(site):
    base = site.built(MID)
    before = portrait(base)
    lose(site)
    site.apply(MID)
    calls = len(site.fake.log)
    for index in range(calls):
        lose(site)
        site.die_at, site._sent = (index, True), 0
        with pytest.raises(Killed):
            site.apply(MID)
        site.die_at = None
        assert site.apply(MID).status == "completed"
        assert portrait(site.fake.only_base()) == before


def test_two_systems_of_one_name_are_told_apart_by_the_person(site):
    first = site.built(MID)
    lose(site)
    site.fake.bases[first.id].name = "Elsewhere"
    site.apply(MID)
    site.fake.bases[first.id].name = "Chat Sessions"
    lose(site)
    with pytest.raises(RefusedError) as raised:
        site.apply(MID)
    assert len(raised.value.problems) == 2
    assert site.writes() == []
    report = pipeline.inspect_target(MID)
    assert (report.ready, report.code) == (False, 5)


@pytest.mark.parametrize("gone", ["key", "table"])
def test_what_is_not_whole_is_refused(site, gone):
    base = site.built(MID)
    if gone == "key":
        field(base, "Source ID")["name"] = "Key"
    else:
        table(base, "Projects")["description"] = "mine"
    before = portrait(base)
    lose(site)
    with pytest.raises(RefusedError) as raised:
        site.apply(MID)
    assert raised.value.exit_code == 5
    assert "name" in raised.value.hint
    assert len(site.fake.bases) == 1
    assert portrait(base) == before


def test_a_system_that_is_on_record_is_not_taken_for_a_lost_one(site):
    site.built(MID)
    pipeline.destroy(site.system)
    site.apply(MID)
    assert len(site.fake.bases) == 2


# Rows that come with those that link to them


def test_a_sample_that_comes_back_is_linked_to_the_topic_whatever_it_is_called(site):
    """Its topic was made of a name, which the person changed: no topic of the old name is made."""
    base = site.built(MID)
    topics = table(base, "Topics")
    base.cells[topics["id"]][row(base, "Work", "Topics")][topics["fields"][0]["id"]] = "My job"
    base.drop_row(table(base)["id"], row(base, "Plan a week of dinners"))
    assert site.repair().status == "completed"
    again = base.cells[table(base)["id"]][row(base, "Plan a week of dinners")]
    assert again[field(base, "Topic")["id"]] == [row(base, "My job", "Topics")]
    assert len(base.cells[topics["id"]]) == 2


def test_a_topic_that_was_deleted_comes_back_with_repair_alone(site):
    base = site.built(MID)
    topics = table(base, "Topics")
    base.drop_row(topics["id"], row(base, "Learning", "Topics"))
    assert site.states()["rows-topics-1"] == "missing"
    assert site.apply(MID).status == "completed"
    assert len(base.cells[topics["id"]]) == 1
    assert site.repair().status == "completed"
    assert row(base, "Learning", "Topics")


def test_samples_that_come_later_are_linked_to_the_topics_that_are_there(site):
    bare = MID.model_copy(update={"options": MID.options.model_copy(update={"sample_data": False})})
    base = site.built(bare)
    topics = table(base, "Topics")
    base.cells[topics["id"]][row(base, "Work", "Topics")][topics["fields"][0]["id"]] = "My job"
    site.built(MID)
    assert sorted(cells[topics["fields"][0]["id"]] for cells in base.cells[topics["id"]].values()) == [
        "Learning",
        "My job",
    ]
    sample = base.cells[table(base)["id"]][row(base, "Plan a week of dinners")]
    assert sample[field(base, "Topic")["id"]] == [row(base, "My job", "Topics")]


def test_topics_that_come_later_with_samples_come_once(site):
    base = site.built(config("organization", features=("projects",), complexity="simple"))
    site.built(config("organization", features=("projects",)))
    topics = table(base, "Topics")
    assert len(base.cells[topics["id"]]) == 6
    assert set(site.states().values()) == {"same"}


def test_a_topic_of_an_edited_sample_is_not_taken_down(site):
    base = site.built(MID)
    sample = row(base, "Plan a week of dinners")
    base.cells[table(base)["id"]][sample][field(base, "Notes")["id"]] = "mine"
    pipeline.destroy(site.system)
    assert list(base.cells[table(base)["id"]]) == [sample]
    assert list(base.cells[table(base, "Topics")["id"]]) == [row(base, "Work", "Topics")]
