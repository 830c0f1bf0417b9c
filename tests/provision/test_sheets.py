"""Google Sheets for real, against a strict Google on loopback: build, faults, kills, drift, repair, taking down."""

import itertools
import json

import pytest
from hypothesis import HealthCheck, given, settings

from chatbuilder import pipeline
from chatbuilder.config import Target
from chatbuilder.errors import ChatbuilderError, CredentialsError, InputError, RefusedError
from chatbuilder.provision.outside.desk import Desk
from chatbuilder.provision.outside.site import Site
from chatbuilder.provision.sheets import check_account
from chatbuilder.provision.sheets.transport import GoogleTransport
from chatbuilder.secret import Secret
from tests.provision.sheets_bench import Bench, Killed, answers, assert_whole, bench, mark_of, planned
from tests.strategies import configs
from tests.vendors.faults import KINDS, Faults, single_faults
from tests.vendors.sheets import ACTIVATE, ANA, BOT, NO_STORAGE, REFRESH, GoogleFake, Person, service_account, user

MID = answers()


@pytest.fixture
def google(tmp_path):
    with bench(tmp_path / "bench") as found:
        yield found


def own_file(google: Bench, *shared: str):
    """A spreadsheet of Ana's own as the target, for a service account that it is shared with."""
    google.sign_in(service_account())
    file = google.fake.give("Ana's notes", ANA, *(shared or (BOT,)))
    return file, answers(target=Target(spreadsheet=f"https://docs.google.com/spreadsheets/d/{file.id}/edit#gid=0"))


# Building
def test_a_build_takes_two_calls_and_makes_what_the_plan_says(google):
    job = google.done(MID)
    assert [call.split("/")[1] for call in google.fake.writes] == ["drive", "v4"]
    assert len(google.fake.log) == 2
    assert job.result["url"] == f"https://docs.google.com/spreadsheets/d/{google.file.id}/edit"
    assert google.file.name == "Chat Sessions"
    assert google.file.book.sheets.keys() == planned(MID, mark_of(google.file)).sheets.keys()
    assert google.file.book == planned(MID, mark_of(google.file))
    assert_whole(google.file.book, MID)


def test_building_again_writes_nothing(google):
    google.done(MID)
    before = google.writes()
    google.done(MID)
    assert google.writes() == before
    assert google.verify() == {}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(config=configs("sheets"))
def test_any_answers_build_what_they_say(config, tmp_path_factory):
    with bench(tmp_path_factory.mktemp("any")) as google:
        google.done(config)
        assert_whole(google.file.book, config)
        assert google.file.book == planned(config, mark_of(google.file))
        assert google.verify() == {}


def test_a_given_spreadsheet_is_filled_beside_what_is_in_it(google):
    file, config = own_file(google)
    Person(file).type("My own notes", 4, 2, "mine")
    google.done(config)
    assert [method for method, _ in google.fake.log] == ["GET", "POST"]
    assert file.book.cells[0] == {(4, 2): "mine"}
    assert (file.locale, file.zone) == ("en_US", "Etc/GMT")
    assert_whole(file.book, config)
    before = google.writes()
    google.done(config)
    assert google.writes() == before


def test_two_systems_of_one_account_are_not_confused(google):
    google.done(MID)
    google.done(answers(name="Second"))
    assert sorted(file.name for file in google.fake.files.values()) == ["Chat Sessions", "Second"]
    assert len({mark_of(file) for file in google.fake.files.values()}) == 2


# Faults and kills, counted
@pytest.mark.parametrize(("call", "kind"), single_faults(2), ids=lambda value: str(value))
def test_a_fault_at_any_call_ends_well(call, kind, tmp_path):
    with bench(tmp_path, GoogleFake(faults=Faults({call: kind}), list_lag=1.5, patience=0.0)) as google:
        if kind == "slow":
            impatient(google, call)
        job = google.apply(MID)
        google.fake.faults.clear()
        if job.status != "completed":
            google.done(MID)
        assert len(google.fake.files) == 1
        assert google.file.book == planned(MID, mark_of(google.file))
        assert google.verify() == {}


@pytest.mark.parametrize(("call", "kind"), single_faults(2), ids=lambda value: str(value))
def test_a_fault_while_a_given_spreadsheet_is_filled_ends_well(call, kind, tmp_path):
    with bench(tmp_path, GoogleFake(faults=Faults({call: kind}), patience=0.0)) as google:
        file, config = own_file(google)
        if kind == "slow":
            impatient(google, call)
        google.done(config)
        assert_whole(file.book, config)
        assert "My own notes" in file.book.titles()
        assert google.verify() == {}


def impatient(google: Bench, call: int) -> None:
    """Nobody reads the answer to one call in time."""
    from chatbuilder.provision.outside.calls import NoAnswer

    send, counted = GoogleTransport.send, itertools.count()

    def late(self, sent):
        answer = send(self, sent)
        if next(counted) == call:
            raise NoAnswer("the answer took too long", late=True)
        return answer

    google.patch.setattr(GoogleTransport, "send", late)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "slow"])
def test_a_storm_of_faults_ends_with_words_and_goes_on_later(kind, tmp_path):
    with bench(tmp_path, GoogleFake(faults=Faults(every=kind), patience=0.0)) as google:
        code, text = failing(google)
        assert (code, bool(text)) == (5, True)
        google.fake.faults.clear()
        google.time.pass_(120)
        google.done(MID)
        assert len(google.fake.files) == 1
        assert google.file.book == planned(MID, mark_of(google.file))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", [0, 1])
def test_killed_at_any_call_it_goes_on(call, when, tmp_path, monkeypatch):
    with bench(tmp_path, GoogleFake(list_lag=1.5)) as google:
        send, counted = GoogleTransport.send, itertools.count()

        def deadly(self, sent):
            if next(counted) != call:
                return send(self, sent)
            if when == "after":
                send(self, sent)
            raise Killed

        monkeypatch.setattr(GoogleTransport, "send", deadly)
        with pytest.raises(Killed):
            google.apply(MID)
        monkeypatch.setattr(GoogleTransport, "send", send)
        google.done(MID)
        assert len(google.fake.files) == 1
        assert google.file.book == planned(MID, mark_of(google.file))


def test_the_limit_of_a_minute_is_kept_not_hit(google):
    file = google.fake.give("Ana's notes", ANA, BOT)
    for _ in range(35):
        check(google, service_account(), spreadsheet=file.id)
    assert google.fake.refused == 0
    assert google.time.now() >= 60


# Drift and repair
def spoil_sheet(person):
    person.do({"deleteSheet": {"sheetId": person.sheet("By topic")}})


def spoil_table_sheet(person):
    person.do({"deleteSheet": {"sheetId": person.sheet("Topics")}})


def spoil_filter(person):
    view = next(key for key, view in person.file.book.filters.items() if view["title"] == "Active")
    person.do({"deleteFilterView": {"filterId": view}})


def spoil_chart(person):
    person.do({"deleteEmbeddedObject": {"objectId": next(iter(person.file.book.charts))}})


def spoil_name(person):
    person.do({"deleteNamedRange": {"namedRangeId": person.file.book.names["Me"]["namedRangeId"]}})


def spoil_guard(person):
    person.file.book.guards.pop()


def spoil_rule(person):
    person.file.book.colours.pop()


def spoil_choice(person):
    table = next(t for t in person.file.book.tables.values() if t["name"] == "Chat Sessions")
    column = next(c for c in table["columnProperties"] if c["columnName"] == "Status")
    column["dataValidationRule"]["condition"]["values"].pop()


def spoil_column(person):
    delete_column(person, "Chat Sessions", "Assistant")


def spoil_computed(person):
    sheet = person.sheet("Topics")
    place = next(at for at, v in person.file.book.cells[sheet].items() if at[0] == 0 and isinstance(v, dict))
    area = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": place[1], "endIndex": place[1] + 1}
    person.do({"deleteDimension": {"range": area}})


def delete_column(person, table, name):
    sheet = person.sheet(table)
    column = next(at[1] for at, v in person.file.book.cells[sheet].items() if at[0] == 0 and v == name)
    area = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": column, "endIndex": column + 1}
    person.do({"deleteDimension": {"range": area}})


SPOILERS = [value for name, value in sorted(globals().items()) if name.startswith("spoil_")]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda f: f.__name__.removeprefix("spoil_"))
def test_what_is_missing_is_told_and_put_back(spoil, google):
    google.done(MID)
    person = google.person
    person.type("Chat Sessions", 1, 0, "typed by me")
    spoil(person)
    assert "missing" in google.verify().values()
    google.repair()
    assert "missing" not in google.verify().values()
    assert_whole(google.file.book, MID)
    assert "typed by me" in google.file.book.cells[person.sheet("Chat Sessions")].values()
    before = google.writes()
    google.repair()
    assert google.writes() == before


def test_on_a_page_that_somebody_changed_only_broken_formulas_are_mended(google):
    google.done(MID)
    google.person.type("By assistant", 20, 0, "my line")
    spoil_column(google.person)
    google.repair()
    book = google.file.book
    cells = book.cells[book.titles()["By assistant"]]
    assert cells[20, 0] == "my line"
    assert "#REF!" not in str(cells)
    assert google.verify() == {"sheet By assistant": "edited"}


def test_all_that_can_be_missing_at_once_is_put_back(google):
    google.done(MID)
    for spoil in SPOILERS:
        spoil(google.person)
    google.repair()
    assert "missing" not in google.verify().values()
    assert_whole(google.file.book, MID)


def test_a_spreadsheet_in_the_trash_is_made_anew(google):
    google.done(MID)
    google.file.trashed = True
    assert set(google.verify().values()) == {"missing"}
    google.repair()
    assert google.file.book == planned(MID, mark_of(google.file))
    assert google.verify() == {}


def test_each_part_that_is_missing_or_changed_is_told_by_its_name(google):
    google.done(MID)
    spoil_filter(google.person)
    delete_column(google.person, "Chat Sessions", "Priority")
    google.person.type("Chat Sessions", 0, 1, "State")
    google.person.type("Start", 30, 0, "mine")
    found = google.verify()
    assert found["filter view Active"] == "missing"
    assert found["column Priority of Chat Sessions"] == "missing"
    assert found["column Status of Chat Sessions"] == "edited"
    assert found["sheet Start"] == "edited"
    assert "column Title of Chat Sessions" not in found


def test_what_a_person_changed_is_told_and_left_alone(google):
    google.done(MID)
    person = google.person
    book = person.file.book
    sheet = person.sheet("Chat Sessions")
    person.type("Chat Sessions", 0, 0, "Topic of the chat")
    person.type("Start", 30, 0, "my own line")
    area = {"sheetId": sheet, "dimension": "COLUMNS", "startIndex": 2, "endIndex": 4}
    person.do({"insertDimension": {"range": area, "inheritFromBefore": True}})
    person.type("Chat Sessions", 0, 2, "My column")
    person.do({"updateSheetProperties": {"properties": {"sheetId": sheet, "title": "My chats"}, "fields": "title"}})
    view = next(view for view in person.file.book.filters.values() if view["title"] == "Active")
    view["sortSpecs"] = [{"dimensionIndex": 0, "sortOrder": "ASCENDING"}]
    assert set(google.verify().values()) == {"edited"}
    book = person.file.book
    google.repair()
    assert person.file.book is book


def test_a_table_that_was_turned_into_plain_cells_stays_so(google):
    google.done(MID)
    book = google.file.book
    table = next(key for key, found in book.tables.items() if found["name"] == "Chat Sessions")
    book.filters = {key: view for key, view in book.filters.items() if view["tableId"] != table}
    del book.tables[table]
    assert google.verify() == {"table Chat Sessions": "edited"}
    google.repair()
    google.done(answers(features=("archive", "reminders"), complexity="advanced"))
    assert table not in google.file.book.tables
    header = [v for at, v in google.file.book.cells[google.person.sheet("Chat Sessions")].items() if at[0] == 0]
    assert "Follow-up" in header


def test_cells_that_people_are_asked_to_type_into_are_no_drift(google):
    google.done(MID)
    google.person.type("Start", 3, 1, "Ana")
    google.person.type("Search", 1, 1, "bayes")
    google.person.type("Chat Sessions", 7, 0, "A chat of mine")
    assert google.verify() == {}


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_repair_that_is_killed_goes_on(when, google, monkeypatch):
    google.done(MID)
    for spoil in (spoil_column, spoil_sheet, spoil_filter):
        spoil(google.person)
    send = GoogleTransport.send

    def deadly(self, sent):
        if sent.method != "POST":
            return send(self, sent)
        if when == "after":
            send(self, sent)
        raise Killed

    monkeypatch.setattr(GoogleTransport, "send", deadly)
    with pytest.raises(Killed):
        google.repair()
    monkeypatch.setattr(GoogleTransport, "send", send)
    google.repair()
    assert "missing" not in google.verify().values()
    assert_whole(google.file.book, MID)


# Taking down
def taken(google: Bench):
    return [(item.removed, item.why) for item in pipeline.destroy(google.system)]


def test_an_untouched_spreadsheet_goes_into_the_trash(google):
    google.done(MID)
    file = google.file
    assert all(removed for removed, _ in taken(google))
    assert file.trashed
    assert google.fake.files, "nothing is deleted for good"


@pytest.mark.parametrize(
    ("title", "row", "column", "text"),
    [("Chat Sessions", 7, 0, "A chat of mine"), ("Start", 40, 0, "my line"), ("Chat Sessions", 1, 0, "my title")],
)
def test_what_somebody_wrote_keeps_the_spreadsheet(title, row, column, text, google):
    google.done(MID)
    google.person.type(title, row, column, text)
    found = taken(google)
    assert not any(removed for removed, _ in found)
    assert all(google.file.id in why for _, why in found)
    assert not google.file.trashed


def test_what_was_taken_down_is_built_anew_as_another(google):
    google.done(MID)
    first = google.file
    taken(google)
    google.done(MID)
    assert len(google.fake.files) == 2
    assert mark_of(google.file) != mark_of(first)
    assert google.file.book == planned(MID, mark_of(google.file))


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", range(4))
def test_taking_down_that_is_killed_goes_on(call, when, google, monkeypatch):
    google.done(MID)
    file = google.file
    send, counted = GoogleTransport.send, itertools.count()

    def deadly(self, sent):
        if next(counted) != call:
            return send(self, sent)
        if when == "after":
            send(self, sent)
        raise Killed

    monkeypatch.setattr(GoogleTransport, "send", deadly)
    with pytest.raises(Killed):
        pipeline.destroy(google.system)
    monkeypatch.setattr(GoogleTransport, "send", send)
    pipeline.destroy(google.system)
    assert file.trashed


def test_a_sheet_of_their_own_keeps_the_spreadsheet(google):
    google.done(MID)
    grid = {"rowCount": 5, "columnCount": 5}
    google.person.do({"addSheet": {"properties": {"sheetId": 77, "title": "Mine", "gridProperties": grid}}})
    assert not any(removed for removed, _ in taken(google))
    assert not google.file.trashed


def test_a_file_that_was_never_filled_goes_into_the_trash(google):
    send = GoogleTransport.send
    google.patch.setattr(
        GoogleTransport, "send", lambda self, call: send(self, call) if "v4" not in call.path else dead()
    )
    with pytest.raises(Killed):
        google.apply(MID)
    google.patch.setattr(GoogleTransport, "send", send)
    file = google.file
    taken(google)
    assert file.trashed


def dead():
    raise Killed


def test_of_a_given_spreadsheet_only_our_sheets_go(google):
    file, config = own_file(google)
    Person(file).type("My own notes", 4, 2, "mine")
    google.done(config)
    assert all(removed for removed, _ in taken(google))
    assert file.book.titles() == {"My own notes": 0}
    assert file.book.cells[0] == {(4, 2): "mine"}
    assert (file.book.marks, file.book.names, file.trashed) == ({}, {}, False)


def test_of_a_given_spreadsheet_what_somebody_wrote_stays(google):
    file, config = own_file(google)
    google.done(config)
    Person(file).type("Chat Sessions", 7, 0, "A chat of mine")
    found = taken(google)
    assert any("wrote into them" in why for removed, why in found if not removed)
    assert {"My own notes", "Chat Sessions", "Topics", "Projects"} == set(file.book.titles())
    assert "A chat of mine" in file.book.cells[Person(file).sheet("Chat Sessions")].values()


# What Google refuses
def test_clashes_with_a_given_spreadsheet_are_listed_before_anything_is_written(google):
    file, config = own_file(google)
    grid = {"rowCount": 5, "columnCount": 5}
    Person(file).do({"addSheet": {"properties": {"sheetId": 77, "title": "chat sessions", "gridProperties": grid}}})
    area = {"sheetId": 0, "startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1}
    Person(file).do({"addNamedRange": {"namedRange": {"namedRangeId": "x", "name": "Me", "range": area}}})
    book = file.book
    report = pipeline.inspect_target(config)
    assert not report.ready
    assert {"sheet Chat Sessions", "named range Me"} <= set(report.problems)
    with pytest.raises(InputError):
        google.apply(config)
    assert file.book is book
    assert google.writes() == 0


def test_a_spreadsheet_that_holds_a_system_already_is_taken_over_and_not_filled_twice(google):
    file, config = own_file(google)
    google.done(config)
    Person(file).type("Chat Sessions", 7, 0, "A chat of mine")
    writes, book = google.writes(), file.book
    google.patch.setenv("CHATBUILDER_HOME", str(google.folder / "other"))
    assert any("taken over" in note for note in pipeline.inspect_target(config).notes)
    google.done(config)
    assert google.writes() == writes
    assert file.book is book
    assert google.verify() == {}


def test_a_system_of_other_tables_is_not_built_into(google):
    file, config = own_file(google)
    google.done(config)
    Person(file).do({"deleteTable": {"tableId": next(iter(file.book.tables))}})
    google.patch.setenv("CHATBUILDER_HOME", str(google.folder / "other"))
    with pytest.raises(InputError) as caught:
        google.apply(config)
    assert any("a system of chatbuilder" in problem for problem in caught.value.problems)


def failing(google: Bench, config=MID):
    """The error of a build, however it comes out."""
    try:
        job = google.apply(config)
    except ChatbuilderError as error:
        return int(error.exit_code), " ".join(error.lines())
    assert job.status == "failed"
    return job.error["exit_code"], " ".join(str(value) for value in job.error.values())


def test_an_expired_sign_in_says_why_and_what_to_do(google):
    google.fake.revoked[REFRESH] = "Token has been expired or revoked."
    code, text = failing(google)
    assert code == 4
    assert "Token has been expired or revoked." in text
    assert "7 days" in text
    assert "chatbuilder token set sheets --file FILE" in text
    assert REFRESH not in text


def test_a_service_account_without_room_is_shown_the_way_on(google):
    google.sign_in(service_account())
    code, text = failing(google)
    assert code == 5
    assert NO_STORAGE in text
    assert BOT in text
    assert "Editor" in text
    google.fake.storage = 10**9
    google.done(MID)


def test_a_full_drive_is_refused_with_words(google):
    google.fake.full = True
    code, text = failing(google)
    assert (code, "storage quota has been exceeded" in text) == (5, True)
    google.fake.full = False
    google.done(MID)


@pytest.mark.parametrize("service", ["drive", "sheets"])
def test_an_api_that_is_off_comes_with_the_address_that_switches_it_on(service, google):
    google.fake.disabled = {service}
    code, text = failing(google)
    assert code == 4
    assert ACTIVATE.format(service) in text
    google.fake.disabled = set()
    google.done(MID)
    assert len(google.fake.files) == 1


@pytest.mark.parametrize("shared", ["somebody@else.org", "reader"])
def test_a_spreadsheet_that_is_not_shared_as_editor_says_with_whom_to_share(shared, google):
    file, config = own_file(google, shared)
    if shared == "reader":
        file.readers.add(BOT)
    code, text = failing(google, config)
    assert code == 4
    assert "The caller does not have permission" in text
    assert BOT in text


def test_a_sign_in_does_not_see_a_spreadsheet_that_it_did_not_make(google):
    file = google.fake.give()
    code, text = failing(google, answers(target=Target(spreadsheet=file.id)))
    assert code == 4
    assert "Requested entity was not found." in text
    assert "drive.file" in text


def test_a_batch_that_is_too_large_is_not_sent(google):
    google.patch.setattr("chatbuilder.provision.sheets.delivery.BATCH_LIMIT", 1000)
    code, text = failing(google)
    assert code == 5
    assert "1,000" in text
    assert len(google.fake.writes) == 1


# Accounts
def check(google: Bench, text: str, **target):
    return check_account(Site(Secret(text), target, google.url, Desk(time=google.time)))


def test_a_sign_in_is_shown_with_its_limits(google):
    found = check(google, user())
    assert found.who == f"Ana Ruiz ({ANA})"
    assert found.usable
    assert any("60 writes a minute" in line for line in found.limits)


def test_a_service_account_is_told_what_it_lacks(google):
    found = check(google, service_account())
    assert BOT in found.who
    assert not found.usable
    assert any(BOT in line and "Editor" in line for line in found.next)


def test_a_service_account_with_a_shared_spreadsheet_will_do(google):
    file = google.fake.give("Ana's notes", ANA, BOT)
    found = check(google, service_account(), spreadsheet=file.id)
    assert found.usable
    assert any("Ana's notes" in line for line in found.may)
    with pytest.raises(CredentialsError, match="does not have permission"):
        check(google, service_account("other@project.iam.gserviceaccount.com"), spreadsheet=file.id)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "no JSON"),
        ("[1]", "no JSON"),
        ("{}", "neither"),
        ('{"installed": {}}', "OAuth client"),
        ('{"type": "service_account", "client_email": "x"}', "incomplete or damaged"),
        ('{"type": "service_account", "client_email": "x", "private_key": "canary", "token_uri": "y"}', "damaged"),
        ('{"refresh_token": "canary"}', "incomplete"),
        ('{"refresh_token": 5, "client_id": "a", "client_secret": "b"}', "refresh_token"),
    ],
)
def test_what_is_no_google_token_is_said(text, words, google):
    with pytest.raises(CredentialsError, match=words) as caught:
        check(google, text)
    assert "canary" not in " ".join(caught.value.lines())
    assert google.fake.token_calls == 0


def test_the_address_in_a_token_is_not_believed(google):
    text = json.dumps({**json.loads(user()), "token_uri": "http://127.0.0.1:9/steal"})
    assert check(google, text).usable


def test_a_revoked_key_of_a_service_account_is_said(google):
    google.fake.revoked[BOT] = "Invalid JWT Signature."
    with pytest.raises(CredentialsError, match="Invalid JWT Signature") as caught:
        check(google, service_account())
    assert "Keys" in caught.value.hint


def test_an_access_token_that_dies_on_the_way_is_renewed(google):
    send = GoogleTransport.send

    def forgetful(self, call):
        google.fake.tokens.clear()
        return send(self, call)

    google.patch.setattr(GoogleTransport, "send", forgetful)
    google.done(MID)
    assert google.file.book == planned(MID, mark_of(google.file))


def test_no_google_within_reach_is_said(google):
    with pytest.raises(RefusedError, match="could not be reached"):
        check_account(Site(Secret(user()), {}, "http://127.0.0.1:9", Desk(time=google.time)))


def test_no_secret_is_left_anywhere(google):
    google.fake.revoked["other"] = "x"
    google.done(MID)
    spoil_sheet(google.person)
    google.repair()
    pipeline.destroy(google.system)
    for place in (google.folder / "home").rglob("*"):
        data = place.read_bytes() if place.is_file() else b""
        assert b"canary" not in data, place
        assert b"GOCSPX" not in data, place
