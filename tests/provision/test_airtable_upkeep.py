"""A base that people work in: what drifted is told, what is gone is put back, what is theirs stays."""

import pytest

from chatbuilder import pipeline
from chatbuilder.errors import CredentialsError
from chatbuilder.generators.airtable.steps import request
from chatbuilder.library.systems import Library
from chatbuilder.paths import locate
from chatbuilder.provision.runner import digest_of
from tests.provision.airtable_site import MID, Killed, config, portrait, site, standing
from tests.provision.test_airtable_changes import field, table, values

__all__ = ["site"]


def drop_field(base, name, of="Chat Sessions"):
    """Delete a field by hand; a link takes its other side with it."""
    gone = field(base, name, of)
    ids = {gone["id"], gone["options"].get("inverseLinkFieldId")}
    for key, owner in base.tables.items():
        owner["fields"] = [f for f in owner["fields"] if f["id"] not in ids]
        for cells in base.cells[key].values():
            for identity in ids & cells.keys():
                del cells[identity]


def drop_table(base, name):
    """Delete a table by hand: links to it become text."""
    key = table(base, name)["id"]
    del base.tables[key], base.cells[key]
    for other in base.tables.values():
        for item in other["fields"]:
            if item["options"].get("linkedTableId") == key:
                item.update(type="singleLineText", options={})
                for cells in base.cells[other["id"]].values():
                    cells.pop(item["id"], None)


def row(base, title, of="Chat Sessions"):
    name = table(base, of)["fields"][0]["name"]
    return next(key for key, cells in values(base, of).items() if cells[name] == title)


def write(base, title, name, value, of="Chat Sessions"):
    base.set_cell(field(base, name, of), table(base, of)["id"], row(base, title, of), value)


def test_nothing_drifted(site):
    site.built(MID)
    site.fake.log.clear()
    assert set(site.states().values()) == {"same"}
    assert site.writes() == []
    assert len(site.fake.log) == 1 + 4  # the schema, and one page of each table's rows


def test_rows_and_fields_that_a_person_added_are_no_drift(site):
    base = site.built(MID)
    base._add_field(table(base), {"name": "Mine", "type": "singleLineText"})
    for number in range(150):
        base.cells[table(base)["id"]][f"recMine{number:010d}"] = {field(base, "Title")["id"]: f"Chat {number}"}
    assert set(site.states().values()) == {"same"}


@pytest.mark.parametrize(
    ("what", "step", "state"),
    [
        (lambda b: field(b, "Status").update(name="State"), "table-sessions", "edited"),
        (lambda b: drop_field(b, "Notes"), "table-sessions", "missing"),
        (lambda b: field(b, "Status")["options"]["choices"].pop(), "table-sessions", "missing"),
        (lambda b: field(b, "Status")["options"]["choices"][0].update(name="Going"), "table-sessions", "edited"),
        (lambda b: table(b).update(name="Chats"), "table-sessions", "edited"),
        (lambda b: field(b, "Notes").update(type="richText"), "table-sessions", "edited"),
        (lambda b: drop_field(b, "Goals", "Projects"), "base", "missing"),
        (lambda b: drop_table(b, "Prompts"), "table-prompts", "missing"),
        (lambda b: drop_table(b, "Prompts"), "rows-prompts-1", "missing"),
        (lambda b: drop_field(b, "Parent topic", "Topics"), "field-topics-parent", "missing"),
        (lambda b: write(b, "Learning", "Parent topic", [], "Topics"), "links-topics-parent-1", "edited"),
        (lambda b: write(b, "Website", "Goals", "New ones", "Projects"), "rows-projects-1", "edited"),
        (lambda b: b.drop_row(table(b, "Projects")["id"], row(b, "Website", "Projects")), "rows-projects-1", "missing"),
    ],
)
def test_drift_is_told(site, what, step, state):
    base = site.built(MID)
    what(base)
    before = portrait(base)
    assert site.states()[step] == state
    assert portrait(base) == before


@pytest.mark.parametrize(
    "what",
    [
        lambda b: drop_field(b, "Notes"),
        lambda b: drop_field(b, "Parent topic", "Topics"),
        lambda b: drop_field(b, "Goals", "Projects"),
        lambda b: field(b, "Status")["options"]["choices"].pop(1),
        lambda b: (drop_table(b, "Prompts"), drop_field(b, "Prompts")),
        lambda b: b.drop_row(table(b, "Projects")["id"], row(b, "Website", "Projects")),
        lambda b: [b.drop_row(table(b)["id"], key) for key in list(values(b))],
    ],
    ids=["field", "self link", "field of the base", "choice", "table", "row", "rows"],
)
def test_what_is_gone_is_put_back_and_nothing_else_is_touched(site, what):
    base = site.built(MID)
    fields = {t["name"]: {f["name"]: f["type"] for f in t["fields"]} for t in base.tables.values()}
    rows = {t["name"]: len(base.cells[key]) for key, t in base.tables.items()}
    write(base, "Understand Bayes with coins", "Summary", "Mine")
    write(base, "Thesis", "Goals", "Mine", "Projects")
    what(base)
    theirs = [cells for rows_ in base.rows.values() for cells in rows_.values() if "Mine" in cells.values()]
    assert site.repair().status == "completed"
    assert {t["name"]: {f["name"]: f["type"] for f in t["fields"]} for t in base.tables.values()} == fields
    assert {t["name"]: len(base.cells[key]) for key, t in base.tables.items()} == rows
    left = [cells for rows_ in base.rows.values() for cells in rows_.values() if "Mine" in cells.values()]
    assert [{k: v for k, v in c.items() if not isinstance(v, list)} for c in left] == [
        {k: v for k, v in c.items() if not isinstance(v, list)} for c in theirs
    ]
    assert "missing" not in site.states().values()
    site.fake.log.clear()
    site.repair()
    assert site.writes() == []


def test_a_link_field_that_is_put_back_has_its_other_side_too(site):
    base = site.built(MID)
    drop_field(base, "Project")
    site.repair()
    far = field(base, "Project")["options"]["inverseLinkFieldId"]
    assert field(base, "Chat Sessions", "Projects")["id"] == far


@pytest.fixture
def old(site):
    """A base as version 0.1 built it: each far side of a link was renamed to Sessions by a step of its own."""
    base = site.built(MID)
    with Library(locate().library) as library:
        journal = library.journal(site.system, library.jobs(1)[0].id)
        for number, other in enumerate(("topics", "projects")):
            far = field(base, "Chat Sessions", other.title())
            ids = {"base": base.id, "table": table(base, other.title())["id"], "field": far["id"]}
            payload = request("name", ids, {"name": "Sessions"})
            far["name"] = "Sessions"
            key = f"rename-{other}-sessions-{other[:-1]}"
            journal.intent(key, 5 + number, "Name the other side", "http", payload, digest_of(payload))
            journal.done(key, {"id": far["id"], "name": "Sessions"})
    return base


def test_a_base_with_renamed_far_sides_is_verified(site, old):
    states = site.states()
    assert states["rename-topics-sessions-topic"] == "same"
    assert set(states.values()) == {"same"}
    field(old, "Sessions", "Topics")["name"] = "Chats"
    assert site.states()["rename-topics-sessions-topic"] == "edited"
    site.fake.log.clear()
    assert site.apply(MID).status == "completed"
    assert site.writes() == []


def test_a_base_with_renamed_far_sides_is_repaired(site, old):
    drop_field(old, "Notes")
    drop_field(old, "Project")
    assert site.repair().status == "completed"
    assert field(old, "Notes")
    assert field(old, "Sessions", "Topics")
    assert field(old, "Chat Sessions", "Projects")["options"]["linkedTableId"] == table(old)["id"]
    assert not {"missing", "not finished"} & set(site.states().values())
    site.fake.log.clear()
    site.repair()
    assert site.writes() == []


def test_a_base_with_renamed_far_sides_follows_other_answers(site, old):
    before = values(old)
    more = MID.model_copy(update={"features": ("projects", "tags")})
    assert [part.title for part in pipeline.changes(more).parts if part.kind not in ("there", "kept")] == [
        "Add Chat Sessions: Tags", "Add Chat Sessions: Priority",
    ]  # fmt: skip
    site.built(more)
    assert field(old, "Tags")
    assert field(old, "Sessions", "Topics")
    assert values(old) == before
    assert set(site.states().values()) == {"same"}
    pipeline.destroy(site.system)
    assert all(not rows for rows in old.cells.values())


def test_what_later_answers_added_is_looked_after_too(site):
    base = site.built(config("organization", complexity="simple"))
    wider = config("organization", complexity="simple", features=("tags",), options={"topics": ("Work", "Zoo")})
    site.built(wider)
    drop_field(base, "Tags")
    field(base, "Topic")["options"]["choices"] = [
        c for c in field(base, "Topic")["options"]["choices"] if c["name"] != "Zoo"
    ]
    states = site.states()
    assert states["field-sessions-tags"] == "missing"
    assert states["choices-sessions-topic"] == "missing"
    assert site.repair().status == "completed"
    assert field(base, "Tags")["type"] == "multipleSelects"
    assert "Zoo" in [c["name"] for c in field(base, "Topic")["options"]["choices"]]
    assert set(site.states().values()) == {"same"}


def test_a_base_that_is_gone_is_no_reason_to_make_another(site):
    base = site.built(MID)
    del site.fake.bases[base.id]
    for work in (site.states, site.repair, lambda: site.apply(MID)):
        with pytest.raises(CredentialsError) as raised:
            work()
        text = "\n".join(raised.value.lines())
        assert base.id in text
        assert "trash" in text
        assert "chatbuilder token check airtable" in text
    assert site.fake.bases == {}


# Taking down


def test_untouched_samples_go_and_the_clicks_for_the_rest_are_named(site):
    base = site.built(MID)
    taken = pipeline.destroy(site.system)
    assert all(not rows for rows in base.cells.values())
    assert base.tables
    words = "\n".join(item.why for item in taken if not item.removed)
    assert f"https://airtable.com/{base.id}" in words
    assert "Delete base" in words
    assert pipeline.systems() == []


def test_fields_that_stay_take_no_line_each(site):
    site.built(config("organization", complexity="simple"))
    site.built(config("organization", "analytics", complexity="simple", features=("tags", "reminders", "archive")))
    taken = pipeline.destroy(site.system)
    assert [item.title for item in taken if not item.removed] == ["The base Chat Sessions"]


def test_edited_rows_and_rows_that_hold_up_others_stay(site):
    base = site.built(MID)
    write(base, "Understand Bayes with coins", "Summary", "My own words")
    key = table(base)["id"]
    base.cells[key]["recMine"] = {field(base, "Title")["id"]: "My chat"}
    base.set_cell(field(base, "Topic"), key, "recMine", [row(base, "Work", "Topics")])
    taken = pipeline.destroy(site.system)
    assert {cells["Title"] for cells in values(base).values()} == {"Understand Bayes with coins", "My chat"}
    assert "Work" in {cells["Name"] for cells in values(base, "Topics").values()}
    assert "Thesis" in {cells["Name"] for cells in values(base, "Projects").values()}
    assert "Website" not in {cells["Name"] for cells in values(base, "Projects").values()}
    assert any("edited" in item.why for item in taken if not item.removed)


def test_a_base_that_a_person_deleted_is_taken_off_the_list(site):
    base = site.built(MID)
    del site.fake.bases[base.id]
    assert all(item.removed for item in pipeline.destroy(site.system))
    assert pipeline.systems() == []
    assert site.apply(MID).status == "completed"
    assert len(site.fake.bases) == 1


def test_taking_down_again_after_another_build_does_not_find_the_old_base(site):
    old = site.built(MID)
    pipeline.destroy(site.system)
    assert site.apply(MID).status == "completed"
    assert len(site.fake.bases) == 2
    new = next(base for base in site.fake.bases.values() if base is not old)
    assert any(rows for rows in new.cells.values())
    assert not any(rows for rows in old.cells.values())


@pytest.mark.parametrize("kind", ["drop-after", "drop-before", "503-after", "html-502", "429"])
def test_faults_while_it_is_taken_down(site, kind):
    base = site.built(MID)
    first = site.fake.faults.count
    site.fake.faults.plan = {first + step: kind for step in (1, 2, 4, 7, 8, 11, 13, 16, 17, 18, 22, 25)}
    pipeline.destroy(site.system)
    assert all(not rows for rows in base.cells.values())


def test_killed_at_any_call_of_a_repair(monkeypatch, tmp_path):
    """Counted: at every call, before and after."""
    with standing(monkeypatch, tmp_path) as found:
        for sent in (False, True):
            for index in range(30):
                base = found.fresh().built(MID)
                expected = portrait(base)
                drop_field(base, "Notes")
                drop_table(base, "Prompts")
                drop_field(base, "Prompts")
                found.die_at = (found._sent + index, sent)
                try:
                    found.repair()
                except Killed:
                    found._dead = False
                    found.repair()
                    now = portrait(base)
                    assert {name: part["fields"] for name, part in now.items()} == {
                        name: part["fields"] for name, part in expected.items()
                    }
                    assert {name: len(part["rows"]) for name, part in now.items()} == {
                        name: len(part["rows"]) for name, part in expected.items()
                    }
                else:
                    assert index > 8
                    break
            else:
                raise AssertionError("a repair takes fewer calls")


def test_a_table_that_was_deleted_comes_back_after_other_answers_were_applied(site):
    """The ids that a build at one go would find are elsewhere by then, and the other side of its link is gone."""
    simple = config("organization", features=("projects",), complexity="advanced", options={"topics": ("Work",)})
    base = site.built(simple)
    drop_table(base, "Projects")
    more = simple.model_copy(update={"priorities": ("organization", "analytics"), "features": ("projects", "archive")})
    assert site.apply(more).status == "completed"
    job = site.repair()
    assert job.status == "completed", job.error
    assert values(base, "Projects")
    assert not {"missing", "not finished"} & set(site.states().values())
    site.fake.log.clear()
    assert site.apply(more).status == "completed"
    assert site.writes() == []
