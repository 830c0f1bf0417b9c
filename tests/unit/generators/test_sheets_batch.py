"""The requests of a batch where columns moved: formulas, ranges, filters, cells."""

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
from tests.strategies import configs

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
