"""Every body for Google is one that Google's own description accepts; and the check itself can say no."""

import copy
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatbuilder import catalog
from chatbuilder.config import Config, Target
from chatbuilder.design import design
from chatbuilder.generators.sheets import generate
from chatbuilder.solution import Ref, plain, resolve
from tests.contract.sheets import Refused, check_file, run_batch
from tests.strategies import configs

FULL = Config(
    platform="sheets",
    priorities=tuple(p for p in catalog.PRIORITIES if p != "simplicity"),
    features=tuple(catalog.FEATURES),
    team_size="large",
    complexity="advanced",
)


def steps(config):
    return {step.key: step for step in generate(config, design(config)).plan}


KNOWN = {"file": {"id": "1AbC"}, "target": {"mark": "0123456789ab"}}


def full_batch():
    return copy.deepcopy(resolve(steps(FULL)["build"].payload["body"], KNOWN))


@settings(max_examples=60, deadline=None)
@given(configs("sheets"))
def test_every_request_is_valid(config):
    found = steps(config)
    assert list(found) == ["file", "build"]
    file, build = found["file"].payload, found["build"].payload
    assert (file["method"], file["path"]) == ("POST", "/drive/v3/files")
    check_file(resolve(file["body"], KNOWN), file["query"])
    assert file["body"]["name"] == config.name
    assert (build["method"], build["path"]) == ("POST", "/v4/spreadsheets/{spreadsheet}:batchUpdate")
    assert build["params"] == {"spreadsheet": Ref("file")}
    assert found["build"].depends_on == ("file",)
    book = run_batch(resolve(build["body"], KNOWN))
    assert 0 not in book.sheets, "the empty first sheet goes"
    assert book.properties == {"locale": "en_US", "timeZone": config.options.timezone}


@settings(max_examples=20, deadline=None)
@given(
    configs("sheets"),
    st.sampled_from(
        ["https://docs.google.com/spreadsheets/d/{}/edit#gid=0", "{}", "https://docs.google.com/u/1/spreadsheets/d/{}"]
    ),
)
def test_a_given_spreadsheet_keeps_its_own_sheets(config, form):
    key = "1AbC-dEf_0123456789012345678901234567890123"
    config = Config(**{**dict(config), "target": Target(spreadsheet=form.format(key))})
    found = steps(config)
    assert list(found) == ["build"]
    assert found["build"].payload["params"] == {"spreadsheet": key}
    book = run_batch(resolve(found["build"].payload["body"], KNOWN), fresh=False)
    assert book.sheets[0]["title"] == "My own notes"
    assert book.cells[0] == {}
    assert book.properties == {}, "language and time zone of a person's own file stay"


def test_a_pasted_target_never_changes_the_path():
    config = Config(platform="sheets", priorities=("search",), target=Target(spreadsheet="../../v1/x?y=#z"))
    payload = steps(config)["build"].payload
    assert payload["params"]["spreadsheet"] == "..%2F..%2Fv1%2Fx%3Fy%3D%23z"
    assert payload["path"] == "/v4/spreadsheets/{spreadsheet}:batchUpdate"


def test_the_full_design_takes_two_calls_and_fits_one_request():
    plan = generate(FULL, design(FULL)).plan
    assert len(plan.steps) == 2
    book = run_batch(full_batch())
    assert {t["name"] for t in book.tables.values()} == {"Chat Sessions", "Topics", "Projects", "Prompts"}
    assert len(book.filters) == len(design(FULL).views)
    assert len(book.charts) == 4
    assert list(book.names) == ["Me"]
    assert {m["metadataValue"] for m in book.marks.values()} == {
        f"v1:{part}:0123456789ab" for part in ("file", "sessions", "topics", "projects", "prompts")
    }  # fmt: skip


def requests_of(body, kind):
    return [request[kind] for request in body["requests"] if kind in request]


def spoil_unknown_field(body):
    body["requests"][0]["updateSpreadsheetProperties"]["properties"]["colour"] = "red"


def spoil_enum(body):
    requests_of(body, "addTable")[0]["table"]["columnProperties"][0]["columnType"] = "STRING"


def spoil_dropdown(body):
    columns = requests_of(body, "addTable")[0]["table"]["columnProperties"]
    del next(c for c in columns if c.get("columnType") == "DROPDOWN")["dataValidationRule"]


def spoil_header(body):
    requests_of(body, "addTable")[0]["table"]["columnProperties"][0]["columnName"] = "Other"


def spoil_sheet_id(body):
    sheets = requests_of(body, "addSheet")
    sheets[1]["properties"]["sheetId"] = sheets[0]["properties"]["sheetId"]


def spoil_range(body):
    requests_of(body, "addTable")[0]["table"]["range"]["endRowIndex"] = 2_000_000


def spoil_filter(body):
    requests_of(body, "addFilterView")[0]["filter"]["range"] = {"sheetId": 0}


def spoil_formula(body):
    view = next(f for f in requests_of(body, "addFilterView") if "filterSpecs" in f["filter"])
    condition = view["filter"]["filterSpecs"][0]["filterCriteria"]["condition"]
    condition["values"][0]["userEnteredValue"] = "=EXACT('Topics'!$A2,\"x\")"


def spoil_list(body):
    columns = requests_of(body, "addTable")[0]["table"]["columnProperties"]
    rule = next(c for c in columns if c.get("columnType") == "DROPDOWN")["dataValidationRule"]
    rule["condition"]["values"][0]["userEnteredValue"] = "=1+1"


def spoil_mask(body):
    requests_of(body, "repeatCell")[0]["fields"] += ",userEnteredFormat.borders"


def spoil_read_only(body):
    body["requests"][1]["addSheet"]["properties"]["dataSourceSheetProperties"] = {}


def spoil_two_kinds(body):
    body["requests"][1]["deleteSheet"] = {"sheetId": 0}


def spoil_size(body):
    cell = {"userEnteredValue": {"stringValue": "x" * 49_000}}
    for request in requests_of(body, "updateCells"):
        request["rows"][0]["values"][0:0] = []
        request["rows"] += [{"values": [cell]}] * 2


SPOILERS = [value for name, value in sorted(globals().items()) if name.startswith("spoil_")]


@pytest.mark.parametrize("spoil", SPOILERS, ids=lambda f: f.__name__.removeprefix("spoil_"))
def test_the_check_refuses(spoil):
    body = full_batch()
    run_batch(copy.deepcopy(body))
    spoil(body)
    with pytest.raises(Refused):
        run_batch(body)


def test_a_batch_is_refused_the_second_time():
    body = full_batch()
    twice = {**body, "requests": [*body["requests"][:-1], *body["requests"][1:]]}
    with pytest.raises(Refused, match="already exists"):
        run_batch(twice)


@pytest.mark.parametrize("value", [{"name": "x", "colour": 1}, {"name": 5}, {"appProperties": {"k": "v" * 200}}])
def test_the_file_check_refuses(value):
    with pytest.raises(Refused):
        check_file(value, {"fields": "id"})


@settings(max_examples=15, deadline=None)
@given(configs("sheets"))
def test_the_exported_bodies_are_the_plan(config):
    solution = generate(config, design(config))
    files = {file.path: file.data().decode() for file in solution.files}
    for number, step in enumerate(solution.plan, 1):
        assert json.loads(files[f"sheets/{number:02d}-{step.key}.json"]) == plain(step.payload)
    script = files["sheets/apps-script/Build.gs"]
    assert script.isascii()
    start = script.index("const REQUESTS = ") + len("const REQUESTS = ")
    requests = json.loads(script[start:].rstrip().removesuffix(";"))
    # The script builds in the person's own file, so it deletes nothing.
    marked = {"target": {"mark": "script"}}
    assert requests == resolve(steps(config)["build"].payload["body"]["requests"], marked)[:-1]
