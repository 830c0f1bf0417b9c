"""The requests of a batch where columns moved: formulas, ranges, filters, cells."""

import copy
import hashlib
import itertools
import json
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.design import design
from chatbuilder.generators.common.sheets_batch import (
    Moves,
    Unmovable,
    holds,
    letters_of,
    moved,
    moved_formula,
    moves_to,
    number_of,
    same_value,
    standing,
)
from chatbuilder.generators.common.sheets_difference import difference
from chatbuilder.generators.common.sheets_ground import untouched
from chatbuilder.generators.sheets import generate
from chatbuilder.solution import resolve
from tests.helpers import config
from tests.strategies import configs
from tests.unit.test_goldens import FOLDER, hold

AWAY = Moves({7: {0: 2, 1: 5}}, {"Chat Sessions": "It's mine"}, {"Chat Sessions": 7, "Topics": 8}, {"t": 7})
KNOWN = {"file": {"id": "x"}, "target": {"mark": "0123456789ab"}}


@pytest.mark.parametrize(
    ("formula", "wanted"),
    [
        ("='Chat Sessions'!$A$2:$A", "='It''s mine'!$C$2:$C"),
        ("=LEN($B2)", "=LEN($F2)"),
        ("='Topics'!$A$2:$B", "='Topics'!$A$2:$B"),
        ("=Topics!$A$2", "='Topics'!$A$2"),
        ('="A1 and $B2"&$A2', '="A1 and $B2"&$C2'),
        ("=LOG10(A1)", "=LOG10(C1)"),
        ("= SUM( A1:B1 )", "=SUM(C1:F1)"),
        ('=REGEXMATCH(x,"\\Q""A1""\\E")', '=REGEXMATCH(x,"\\Q""A1""\\E")'),
        ("=CHAR(10)&Me", "=CHAR(10)&Me"),
    ],
)
def test_formulas_follow_their_columns(formula, wanted):
    assert moved_formula(formula, 7, AWAY) == wanted


def test_a_column_that_is_gone_cannot_be_named():
    with pytest.raises(Unmovable):
        moved_formula("=$C2", 7, AWAY)


@given(st.integers(0, 20_000))
def test_letters_and_numbers_of_columns_agree(number):
    assert number_of(letters_of(number)) == number


@pytest.mark.parametrize(
    ("live", "wanted", "same"),
    [
        ({"a": 1, "b": 2}, {"a": 1}, True),
        ({}, {"a": 0, "b": "", "c": []}, True),
        ({"a": [1]}, {"a": [1, 2]}, False),
        ({"a": 0.80001}, {"a": 0.8}, True),
        ({"f": "=A1 + 1"}, {"f": "=A1+1"}, True),
        (None, {"a": 1}, False),
    ],
)
def test_what_google_adds_does_not_count(live, wanted, same):
    assert holds(live, wanted) is same


def test_blank_and_empty_cells_are_the_same():
    assert same_value(None, {"stringValue": ""})
    assert not same_value({"stringValue": "1"}, {"numberValue": 1})
    assert same_value({"formulaValue": "=Topics!A1"}, {"formulaValue": "='Topics'!A1"})


def whole(config):
    build = next(step for step in generate(config, design(config)).plan if step.key == "build")
    return standing(resolve(build.payload, KNOWN))


@given(configs("sheets"))
def test_nothing_moves_where_nothing_moved(config):
    layout, requests = whole(config)
    columns = {t["sheet"]: {key: at for key, (at, _) in t["columns"].items()} for t in layout["tables"].values()}
    moves = moves_to(layout, requests, columns, {})
    assert [holds(now, then) for now, then in zip(moved(requests, moves), requests, strict=True)].count(False) == 0


@given(configs("sheets"))
def test_the_same_answers_make_no_difference(config):
    one = whole(config)
    found = difference(one, one, untouched(*one))
    assert (found.requests, found.kept) == ([], ())


# a spreadsheet that exists comes to other answers, held to the letter

MINE = {"custom_fields": [{"name": "Client", "type": "select", "choices": ["Acme", "=1+1", "1/2"]}]}
MORE = {
    "topics": ["Work", "Garden"],
    "custom_fields": [
        {"name": "Client", "type": "select", "choices": ["Acme", "=1+1", "New"]},
        {"name": "Field", "type": "multi_select", "choices": ["+1", "B"]},
        {"name": "Started by", "type": "checkbox"},
    ],
}
STEPS = {
    "small": config("sheets", "organization", complexity="simple"),
    "linked": config("sheets", "organization", "search", features=["tags", "projects", "dashboard", "timeline"],
                     complexity="moderate", options=MINE),
    "full": config("sheets", "organization", "analytics", "collaboration", "automation",
                   features=["tags", "reminders", "dashboard", "archive", "templates"], team_size="large",
                   complexity="advanced", options=MORE),
}  # fmt: skip


def as_built(live, layout):
    """Nobody did anything."""


def lived_in(live, layout):
    """Columns were moved and one deleted, sheets renamed and changed, entries added, views and charts changed."""
    first = next(iter(live["columns"].values()))
    gone = list(first["columns"])[4]
    first["columns"] = {key: at + 2 for key, at in reversed(first["columns"].items()) if key != gone}
    first |= {"end": first["end"] + 2, "width": first["width"] + 3}
    live["entries"] = {key: [key, "Of my own", "Acme"] for key in layout["lists"]["columns"]}
    live["formulas"] = {sheet: {"days_idle": True, "session_count": True} for sheet in live["columns"]}
    for sheet in live["columns"]:
        live["sheets"][sheet]["title"] = f"It's {sheet}"
    others = [key for key in live["sheets"] if key not in live["columns"]]
    for key in others[::3]:
        live["sheets"][key] |= {"touched": True, "broken": [(0, 0), (3, 1), (4, 0)]}
    for key in others[1::3]:
        live["sheets"][key]["rows"] += 100
    for kind in ("filters", "charts"):
        keys = list(live[kind])
        live[kind] = {key: {"touched": key in keys[1::3]} for key in keys if key not in keys[::3]}
    for table in live["tables"].values():
        table["columnProperties"][1] |= {"columnName": "Field"}
        table["columnProperties"].append({"columnName": "Outcome", "columnIndex": len(table["columnProperties"])})


def torn(live, layout):
    """Sheets were deleted, and a table was turned into plain cells."""
    live["tables"].pop(next(iter(live["tables"])))
    for sheet in list(live["sheets"])[1::2]:
        for kind in ("sheets", "columns"):
            live[kind].pop(sheet, None)


def in_short(data, requests=()):
    """A digest, and how many requests of each kind there are."""
    digest = hashlib.sha256(json.dumps([data, requests], sort_keys=True).encode()).hexdigest()[:12]
    counts = Counter(kind for request in requests for kind in request)
    return f"{digest} {', '.join(f'{number} {kind}' for kind, number in sorted(counts.items()))}".rstrip()


@pytest.mark.parametrize("meanwhile", [as_built, lived_in, torn])
def test_how_a_spreadsheet_comes_to_other_answers(meanwhile):
    lines = []
    built = {name: whole(answers) for name, answers in STEPS.items()}
    for one, other in itertools.permutations(built, 2):
        live = copy.deepcopy(untouched(*built[one]))
        meanwhile(live, built[one][0])
        found = difference(built[one], built[other], live)
        deleted = {kind for request in found.requests for kind in request if "delete" in kind.lower()}
        assert deleted <= {"deleteEmbeddedObject"}, "nothing that holds data is dropped"
        lines += [f"=== {one} to {other}: {found.words}", *found.kept, in_short("", found.requests)]
        lines += [f"then {in_short(*found.stands)}"]
    hold(FOLDER / f"sheets {meanwhile.__name__.replace('_', ' ')}.txt", "\n".join(lines) + "\n")
