"""A spreadsheet that exists comes to other answers: what is new is added, what people did stays."""

import itertools

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatbuilder import pipeline
from chatbuilder.config import CustomField, Options
from chatbuilder.provision.sheets.transport import GoogleTransport
from tests.provision.sheets_bench import Killed, answers, assert_whole, bench, columns_of
from tests.strategies import configs
from tests.vendors.faults import KINDS, Faults
from tests.vendors.sheets import GoogleFake

OLD = answers(features=("tags", "projects", "dashboard", "timeline"))
NEW = answers(
    priorities=("organization", "analytics", "collaboration"),
    features=("tags", "reminders", "dashboard", "archive", "templates"),
    complexity="advanced",
    options=Options(custom_fields=(CustomField(name="Client", type="select", choices=("Acme", "Globex")),)),
)
ODD = Options(custom_fields=(CustomField(name="Client", type="select", choices=("Acme", "=1+1", "1/2")),))


@pytest.fixture
def google(tmp_path):
    with bench(tmp_path / "bench") as found:
        google = found
        google.done(OLD)
        yield google


def values(google, title):
    book = google.file.book
    return book.cells[book.titles()[title]]


def test_the_plan_shows_the_difference_and_apply_sends_exactly_that(google):
    shown = pipeline.changes(NEW)
    build = next(step for step in shown.plan if step.key == "build")
    assert build.title.startswith("Change the spreadsheet: ")
    before = google.writes()
    google.done(NEW)
    assert google.writes() == before + 1
    assert google.fake.bodies[-1] == build.payload["body"]
    assert_whole(google.file.book, NEW)
    assert google.verify() == {}


def test_the_same_answers_again_write_nothing(google):
    google.done(NEW)
    before = google.writes()
    google.done(NEW)
    assert google.writes() == before


def test_what_is_not_wanted_any_more_stays_and_is_named(google):
    rows = dict(values(google, "Projects"))
    job = google.done(NEW)
    left = " ".join(job.result["left"])
    assert "the table Projects stays, with all its rows" in left
    assert "the column Project of Chat Sessions stays, with what it holds" in left
    assert "the sheet Project timeline stays" in left
    assert {at: v for at, v in values(google, "Projects").items() if isinstance(v, str)} == {
        at: v for at, v in rows.items() if isinstance(v, str)
    }


def test_there_and_back_again(google):
    google.done(NEW)
    google.done(OLD)
    assert_whole(google.file.book, OLD)
    google.done(NEW)
    assert_whole(google.file.book, NEW)
    assert google.verify() == {}


def test_new_choices_come_beside_those_that_are_there(google):
    sessions = columns_of(google.file.book, "Chat Sessions")
    category = sessions["Category"]["dataValidationRule"]["condition"]["values"]
    category.append({"userEnteredValue": "Of my own"})
    google.done(answers(features=OLD.features, options=Options(topics=("Gardening",), custom_fields=ODD.custom_fields)))
    google.done(
        answers(
            features=OLD.features,
            options=Options(
                custom_fields=(CustomField(name="Client", type="select", choices=("Acme", "=1+1", "1/2", "+3", "New")),)
            ),
        )
    )
    there = [value for (row, column), value in sorted(values(google, "Lists").items()) if column == 0]
    assert there == ["Client", "Acme", "=1+1", "1/2", "+3", "New"]
    entries = columns_of(google.file.book, "Chat Sessions")["Category"]["dataValidationRule"]["condition"]["values"]
    assert {"userEnteredValue": "Of my own"} in entries


def test_a_choice_that_no_dropdown_of_its_own_can_hold_moves_the_dropdown(google):
    plain = answers(features=OLD.features, options=NEW.options)
    google.done(plain)
    assert columns_of(google.file.book, "Chat Sessions")["Client"]["columnType"] == "DROPDOWN"
    google.done(answers(features=OLD.features, options=ODD))
    assert "columnType" not in columns_of(google.file.book, "Chat Sessions")["Client"]
    assert any("'Lists'!" in str(rule) for rule in google.file.book.rules)
    assert google.verify() == {}


def test_columns_that_people_moved_and_added_are_found_again(google):
    person = google.person
    sheet = person.sheet("Chat Sessions")
    area = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": 2, "endIndex": 4}
    person.do({"insertDimension": {"range": area, "inheritFromBefore": True}})
    person.type("Chat Sessions", 0, 2, "My column")
    person.type("Chat Sessions", 1, 2, "mine")
    person.type("Chat Sessions", 0, 0, "My title")
    person.do({"updateSheetProperties": {"properties": {"sheetId": sheet, "title": "My chats"}, "fields": "title"}})
    before = dict(person.file.book.cells[sheet])
    google.done(NEW)
    after = person.file.book.cells[sheet]
    assert {at: after.get(at) for at, v in before.items() if at[0] and isinstance(v, str)} == {
        at: v for at, v in before.items() if at[0] and isinstance(v, str)
    }
    columns = columns_of(person.file.book, "Chat Sessions")
    assert list(columns)[:3] == ["My title", "Status", "My column"]
    assert "Follow-up" in columns
    assert set(google.verify().values()) <= {"edited"}
    assert not [text for _, _, text in person.file.book.formulas() if "#REF!" in text]


def test_pages_that_people_changed_stay_theirs(google):
    google.person.type("Dashboard", 3, 0, "my own figure")
    google.person.type("Start", 3, 1, "Ana")
    charts = set(google.file.book.charts)
    job = google.done(NEW)
    assert values(google, "Dashboard")[3, 0] == "my own figure"
    assert values(google, "Start")[3, 1] == "Ana"
    assert set(google.file.book.charts) == charts
    assert any("Dashboard stays as it is: somebody changed it" in line for line in told(job))


def told(job):
    return [*job.result.get("kept", []), *job.result.get("left", [])]


def test_a_filter_view_that_somebody_changed_stays_theirs(google):
    view = next(view for view in google.file.book.filters.values() if view["title"] == "Active")
    view["sortSpecs"] = [{"dimensionIndex": 0, "sortOrder": "ASCENDING"}]
    google.done(NEW)
    view = next(view for view in google.file.book.filters.values() if view["title"] == "Active")
    assert view["sortSpecs"] == [{"dimensionIndex": 0, "sortOrder": "ASCENDING"}]


def test_a_computed_column_that_somebody_changed_stays_theirs(google):
    title = "Topics"
    place = next(at for at, v in values(google, title).items() if at[0] == 0 and isinstance(v, dict))
    google.person.type(title, *place, "=1+1")
    google.done(NEW)
    assert {"formula": "=1+1"} in values(google, title).values()


def test_what_is_missing_comes_back_with_the_change(google):
    person = google.person
    person.do({"deleteSheet": {"sheetId": person.sheet("Topics")}})
    column = next(at[1] for at, v in values(google, "Chat Sessions").items() if at[0] == 0 and v == "Assistant")
    area = {
        "sheetId": person.sheet("Chat Sessions"),
        "dimension": "COLUMNS",
        "startIndex": column,
        "endIndex": column + 1,
    }
    person.do({"deleteDimension": {"range": area}})
    google.done(NEW)
    assert_whole(google.file.book, NEW)
    assert google.verify() == {}


def test_a_repair_after_a_change_knows_where_things_are(google):
    google.done(NEW)
    person = google.person
    person.do({"deleteSheet": {"sheetId": person.sheet("Chat Sessions")}})
    assert "missing" in google.verify().values()
    google.repair()
    assert_whole(google.file.book, NEW)
    assert "missing" not in google.verify().values()


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", range(4))
def test_a_change_that_is_killed_goes_on(call, when, google, monkeypatch):
    send, counted = GoogleTransport.send, itertools.count()

    def deadly(self, sent):
        if next(counted) != call:
            return send(self, sent)
        if when == "after":
            send(self, sent)
        raise Killed

    monkeypatch.setattr(GoogleTransport, "send", deadly)
    with pytest.raises(Killed):
        google.apply(NEW)
    monkeypatch.setattr(GoogleTransport, "send", send)
    google.done(NEW)
    assert_whole(google.file.book, NEW)
    assert google.verify() == {}


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "slow"])
def test_a_fault_during_a_change_ends_well(kind, tmp_path):
    with bench(tmp_path, GoogleFake(patience=0.0)) as google:
        google.done(OLD)
        here = google.fake.faults.count
        google.fake.faults.plan = dict.fromkeys(range(here, here + 4), kind)
        google.done(NEW)
        assert_whole(google.file.book, NEW)
        assert google.verify() == {}
        assert isinstance(google.fake.faults, Faults)


def test_a_change_that_was_refused_is_planned_anew(google, monkeypatch):
    monkeypatch.setattr("chatbuilder.provision.sheets.delivery.BATCH_LIMIT", 1000)
    assert google.apply(NEW).status == "failed"
    monkeypatch.setattr("chatbuilder.provision.sheets.delivery.BATCH_LIMIT", 2_000_000)
    google.done(answers(features=("archive",)))
    assert_whole(google.file.book, answers(features=("archive",)))
    assert google.verify() == {}


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chain=st.lists(configs("sheets"), min_size=2, max_size=3))
def test_any_answers_follow_any_others(chain, tmp_path_factory):
    with bench(tmp_path_factory.mktemp("any")) as google:
        for config in (config.model_copy(update={"name": "One"}) for config in chain):
            google.done(config)
            assert_whole(google.file.book, config)
            assert google.verify() == {}


def test_a_new_column_makes_room_for_one_of_the_same_name(google):
    person = google.person
    sheet = person.sheet("Chat Sessions")
    area = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": 2, "endIndex": 3}
    person.do({"insertDimension": {"range": area, "inheritFromBefore": True}})
    person.type("Chat Sessions", 0, 2, "Follow-up")
    person.type("Chat Sessions", 1, 2, "call them")
    google.done(NEW)
    assert {"Follow-up", "Follow-up 2"} <= set(columns_of(person.file.book, "Chat Sessions"))
    assert person.file.book.cells[sheet][1, 2] == "call them"
