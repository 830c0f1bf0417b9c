"""What a filter means. Every dialect is judged by this evaluator, so its rules are pinned one by one."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.filters import And, Cmp, Me, Not, Or, Today, all_of, fields_of, is_empty, matches, select_rows

TODAY = date(2026, 11, 22)
COMPARING = ("eq", "lt", "le", "gt", "ge", "has")

values = st.one_of(st.none(), st.just(""), st.integers(0, 9))
rows = st.fixed_dictionaries({}, optional=dict.fromkeys("abc", values))
comparisons = st.builds(
    Cmp, st.sampled_from("abc"), st.sampled_from(("eq", "ne", "lt", "le", "gt", "ge")), st.integers(0, 9)
)
leaves = comparisons | st.builds(Cmp, st.sampled_from("abc"), st.sampled_from(("empty", "not_empty")))
filters = st.recursive(
    leaves,
    lambda part: (
        st.builds(Not, part)
        | st.builds(And, st.lists(part, max_size=3).map(tuple))
        | st.builds(Or, st.lists(part, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


def holds(expr, row, me=""):
    return matches(expr, row, today=TODAY, me=me)


@given(filters, filters, rows)
def test_de_morgan(a, b, row):
    assert holds(Not(And((a, b))), row) == holds(Or((Not(a), Not(b))), row)
    assert holds(Not(Or((a, b))), row) == holds(And((Not(a), Not(b))), row)
    assert holds(Not(Not(a)), row) == holds(a, row)


@given(filters, rows)
def test_every_row_is_on_exactly_one_side(expr, row):
    assert len(select_rows(expr, [row], today=TODAY)) + len(select_rows(Not(expr), [row], today=TODAY)) == 1


@given(comparisons, rows)
def test_opposites_are_opposites_where_there_is_a_value(cmp, row):
    opposite = {"eq": "ne", "ne": "eq", "lt": "ge", "ge": "lt", "gt": "le", "le": "gt"}[cmp.op]
    if not is_empty(row.get(cmp.field)):
        assert holds(cmp, row) != holds(Cmp(cmp.field, opposite, cmp.value), row)


@pytest.mark.parametrize("empty", [None, "", (), [], set()], ids=repr)
@pytest.mark.parametrize("missing", [True, False])
def test_an_empty_value_equals_nothing_and_lacks_everything(empty, missing):
    row = {} if missing else {"f": empty}
    assert [op for op in COMPARING if holds(Cmp("f", op, 3), row)] == []
    assert holds(Cmp("f", "ne", 3), row)
    assert holds(Cmp("f", "lacks", "x"), row)
    assert holds(Cmp("f", "empty"), row)
    assert not holds(Cmp("f", "not_empty"), row)
    assert not holds(Cmp("f", "le", Today()), row)


@pytest.mark.parametrize("value", [0, False, "0", " ", (None,)], ids=repr)
def test_zero_false_and_blanks_are_not_empty(value):
    assert holds(Cmp("f", "not_empty"), {"f": value})


@pytest.mark.parametrize(("value", "checked"), [(True, True), (False, False), (None, False), ("", False)])
def test_a_checkbox_is_never_empty(value, checked):
    row = {"f": value}
    assert holds(Cmp("f", "eq", True), row) == checked
    assert holds(Cmp("f", "ne", False), row) == checked
    assert holds(Cmp("f", "eq", False), row) != checked
    assert holds(Cmp("f", "ne", True), row) != checked
    assert holds(Cmp("f", "eq", False), {})


def test_numbers():
    row = {"value": 4}
    passing = {op for op in ("eq", "ne", "lt", "le", "gt", "ge") if holds(Cmp("value", op, 4), row)}
    assert passing == {"eq", "le", "ge"}


@pytest.mark.parametrize("kind", [tuple, list, set])
def test_has_compares_whole_entries(kind):
    row = {"tags": kind(["how-to", "bug"])}
    assert holds(Cmp("tags", "has", "bug"), row)
    assert not holds(Cmp("tags", "has", "bu"), row)
    assert not holds(Cmp("tags", "has", "BUG"), row)
    assert holds(Cmp("tags", "lacks", "bu"), row)


def test_a_single_value_has_itself():
    assert holds(Cmp("owner", "has", "Sam"), {"owner": "Sam"})
    assert holds(Cmp("owner", "lacks", "Sa"), {"owner": "Sam"})


@pytest.mark.parametrize("owner", ["Sam", ("Robin", "Sam")])
def test_me_is_whoever_looks(owner):
    mine = Cmp("owner", "has", Me())
    assert holds(mine, {"owner": owner}, me="Sam")
    assert not holds(mine, {"owner": owner}, me="Alex")
    assert not holds(mine, {"owner": owner})


PARIS = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    "moment",
    [
        "2026-11-22",
        "2026-11-22T00:00:00Z",
        "2026-11-22T23:59:59Z",
        "2026-11-22T23:59:59+00:00",
        "2026-11-23T00:30:00+01:00",
        "2026-11-21T20:00:00-05:00",
        date(2026, 11, 22),
        datetime(2026, 11, 22, 12),
        datetime(2026, 11, 22, 12, tzinfo=UTC),
        datetime(2026, 11, 23, 0, 30, tzinfo=PARIS),
    ],
    ids=str,
)
def test_times_count_by_their_utc_day(moment):
    row = {"last": moment}
    assert holds(Cmp("last", "eq", Today()), row)
    assert holds(Cmp("last", "ge", Today()), row)
    assert not holds(Cmp("last", "gt", Today()), row)
    assert holds(Cmp("last", "lt", Today(1)), row)
    assert not holds(Cmp("last", "ne", Today()), row)


@given(st.dates(date(2000, 1, 1), date(2099, 1, 1)), st.integers(-400, 400))
def test_today_moves_with_the_day_it_is_looked_at(day, offset):
    row = {"d": (day + timedelta(days=offset)).isoformat()}
    assert matches(Cmp("d", "eq", Today(offset)), row, today=day)


def test_no_filter_passes_everything():
    assert holds(None, {})
    assert select_rows(None, [{"a": 1}, {}], today=TODAY) == [{"a": 1}, {}]


def test_no_parts():
    assert holds(And(()), {})
    assert not holds(Or(()), {})


MINE_AND_DUE = (Cmp("owner", "has", Me()), Cmp("due", "le", Today()))


@pytest.mark.parametrize(
    ("expr", "passes"),
    [
        (And(MINE_AND_DUE), ["both"]),
        (Or(MINE_AND_DUE), ["mine", "due", "both"]),
        (Not(And(MINE_AND_DUE)), ["mine", "due"]),
        (Not(Not(MINE_AND_DUE[1])), ["due", "both"]),
        (And((Or(MINE_AND_DUE), Not(MINE_AND_DUE[0]))), ["due"]),
    ],
)
def test_who_looks_and_when_reaches_every_part(expr, passes):
    rows = [
        {"name": "mine", "owner": "Sam", "due": "2027-01-01"},
        {"name": "due", "owner": "Alex", "due": "2026-11-22"},
        {"name": "both", "owner": "Sam", "due": "2026-11-21"},
    ]
    assert [row["name"] for row in select_rows(expr, rows, today=TODAY, me="Sam")] == passes


def test_nobody_in_particular_owns_nothing():
    assert select_rows(Cmp("owner", "eq", Me()), [{"owner": "Sam"}, {"owner": ""}, {}], today=TODAY) == []


def test_what_is_no_day_is_before_every_day():
    assert holds(Cmp("last", "lt", Today(-36500)), {"last": 7})


def test_rows_keep_their_order():
    found = select_rows(Cmp("n", "ge", 2), [{"n": 3}, {"n": 1}, {"n": 2}], today=TODAY)
    assert [row["n"] for row in found] == [3, 2]


def test_all_of_joins_what_is_there():
    a, b = Cmp("a", "empty"), Cmp("b", "empty")
    assert all_of() is None
    assert all_of(None, a, None) == a
    assert all_of(a, None, b) == And((a, b))


@given(filters)
def test_only_the_named_fields_matter(expr):
    row = {"a": 3, "b": None, "c": 5}
    seen = {key: value for key, value in row.items() if key in fields_of(expr)}
    assert holds(expr, row) == holds(expr, seen)


def test_no_filter_reads_no_field():
    assert fields_of(None) == set()
