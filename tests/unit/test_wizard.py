"""The way through the wizard, without a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder import catalog, pipeline, wizard
from chatbuilder.errors import InputError
from chatbuilder.screens.progress import Delivery, Progress, error_lines
from chatbuilder.wizard import Outcome, Session
from tests.strategies import configs

BUILT = Outcome("built", "/x", "file:///x", ("open it",), ("yours",))
FULL = Session({"platform": "excel", "priorities": ("search",)}, "review", wizard.ORDER[:5])


def test_there_are_eight_steps_and_each_has_its_words():
    assert wizard.ORDER == ("platform", "priorities", "features", "team", "review", "solution", "setup", "done")
    for step in wizard.STEPS:
        assert step.question
        assert step.hint
        assert len(step.short) <= len(step.name)


def test_forward_stops_where_an_answer_is_missing():
    start = Session()
    assert start.next() is start
    chosen = start.answer({"platform": "notion"})
    second = chosen.next()
    assert second.step == "priorities"
    assert second.next() is second
    third = second.answer({"priorities": ("search",)}).next()
    assert (third.step, third.reached) == ("features", ("platform", "priorities", "features"))


def test_only_a_system_or_a_package_opens_the_last_step():
    at_setup = FULL.next().next()
    assert at_setup.step == "setup"
    assert at_setup.next() is at_setup
    assert at_setup.finished(BUILT).next().step == "done"


def test_back_keeps_everything_and_ends_at_the_first_step():
    session = FULL
    for _ in range(9):
        session = session.previous()
    assert session.step == "platform"
    assert session.answers == FULL.answers
    assert session.reached == FULL.reached


def test_a_step_that_was_seen_can_be_entered_and_no_other():
    assert FULL.at("features").step == "features"
    assert FULL.at("solution") is FULL
    assert FULL.at("nowhere") is FULL


def test_taking_an_answer_away_closes_what_depends_on_it():
    seen = Session(FULL.answers, "priorities", wizard.ORDER[:6])
    assert "solution" in seen.open_steps()
    assert seen.answer({"priorities": ()}).open_steps() == ("platform", "priorities")


def test_a_change_of_answers_voids_what_was_built():
    done = Session(FULL.answers, "done", wizard.ORDER, BUILT)
    changed = done.answer({"features": ("tags",)})
    assert changed.outcome is None
    assert "done" not in changed.reached
    assert done.answer({"platform": "excel"}) is done


def test_a_package_does_not_depend_on_where_one_might_build():
    packed = Session(FULL.answers, "setup", wizard.ORDER, Outcome("exported", "/x"))
    assert packed.answer({"target": {"path": "/a.xlsx"}}).outcome == packed.outcome
    assert packed.answer({"features": ("tags",)}).outcome is None
    built = Session(FULL.answers, "setup", wizard.ORDER, BUILT)
    assert built.answer({"target": {"path": "/a.xlsx"}}).outcome is None


def test_another_platform_starts_without_a_target():
    session = FULL.answer({"target": {"path": "/a.xlsx"}})
    assert "target" not in session.answer({"platform": "logseq"}).answers
    assert session.answer({"platform": "excel"}).answers["target"] == {"path": "/a.xlsx"}


def test_merging_goes_into_tables_and_none_takes_away():
    merged = wizard.merge({"options": {"topics": ("a",), "timezone": "UTC"}}, {"options": {"timezone": None, "x": [1]}})
    assert merged == {"options": {"topics": ("a",), "x": (1,)}}


orders = st.lists(st.sampled_from("abcdef"), unique=True).map(tuple)


@given(orders, st.sampled_from("abcdef"), st.integers(-9, 9))
def test_moving_keeps_what_was_chosen(order, item, by):
    moved = wizard.moved(order, item, by)
    assert sorted(moved) == sorted(order)
    if item in order:
        assert moved.index(item) == max(0, min(len(order) - 1, order.index(item) + by))
        assert [c for c in moved if c != item] == [c for c in order if c != item]


@given(orders, st.sampled_from("abcdef"), st.integers(0, 9))
def test_a_number_puts_an_item_at_that_place(order, item, place):
    placed = wizard.placed(order, item, place)
    assert placed.index(item) == min(place, len(placed) - 1)
    assert set(placed) == {*order, item}


@given(orders, st.sampled_from("abcdef"))
def test_toggling_twice_changes_only_the_place(order, item):
    twice = wizard.toggled(wizard.toggled(order, item), item)
    assert sorted(twice) == sorted(order)
    assert (item in wizard.toggled(order, item)) != (item in order)


@given(configs())
def test_any_valid_answers_can_be_resumed_described_and_are_not_touched(config):
    data = config.data()
    session = wizard.resumed(data, "review", wizard.ORDER[:5])
    assert session.step == "review"
    assert pipeline.check(session.answers) == config
    assert wizard.tidy(data)[1] == ()
    words = wizard.describe(session.answers)
    assert words["platform"] == catalog.PLATFORMS[config.platform].name
    assert words["priorities"].startswith(f"1 {catalog.PRIORITIES[config.priorities[0]].name}")


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
KEYS = ("name", "platform", "priorities", "features", "team_size", "complexity", "options", "target", "what")


@given(st.dictionaries(st.sampled_from(KEYS), junk), st.text(max_size=9), st.lists(st.text(max_size=9)), junk)
def test_a_draft_somebody_edited_never_breaks_a_screen(answers, step, reached, extra):
    session = wizard.resumed(answers, step, reached, {"outcome": extra})
    assert session.step in wizard.ORDER
    assert session.step in session.open_steps()
    wizard.describe(session.answers)
    wizard.subject(session.answers)
    usable, dropped = wizard.tidy(answers)
    assert set(answers) - set(usable) <= set(dropped) <= set(answers)
    assert wizard.tidy(usable) == (usable, ())


def test_resuming_goes_no_further_than_the_answers():
    assert wizard.resumed({}, "solution", wizard.ORDER).step == "platform"
    assert wizard.resumed({"platform": "excel"}, "review", wizard.ORDER).step == "priorities"
    assert wizard.resumed(FULL.answers, "done", wizard.ORDER).step == "setup"
    assert wizard.resumed(FULL.answers, "done", wizard.ORDER, {"outcome": BUILT.data()}).step == "done"


@pytest.mark.parametrize("data", [None, 3, [], {}, {"kind": "sold", "place": "x"}, {"kind": "built", "place": 3}])
def test_an_outcome_that_is_none_is_none(data):
    assert Outcome.read(data) is None


def test_an_outcome_is_read_as_it_was_written():
    assert Outcome.read(BUILT.data()) == BUILT


def test_problems_are_found_by_the_answer_they_are_about():
    bad = {
        "platform": "excel", "priorities": ["search"], "name": " ", "team_size": "huge",
        "options": {"timezone": "Mars", "topics": ["a", "a"], "custom_fields": [{"name": "Title"}]},
        "target": {"path": "\n"},
    }  # fmt: skip
    with pytest.raises(InputError) as caught:
        pipeline.check(bad)
    found = wizard.by_field(caught.value.problems)
    assert set(found) == {
        "name", "team_size", "options.timezone", "options.topics", "options.custom_fields", "target.path",
    }  # fmt: skip
    assert "empty" in found["name"]
    assert all(words[0].isupper() or not words[0].isalpha() for words in found.values())


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ({"name": "Client", "type": "text"}, None),
        ({"name": "", "type": "text"}, "name"),
        ({"name": "title", "type": "text"}, "name"),
        ({"name": "Status", "type": "text"}, "name"),
        ({"name": "Mine", "type": "text"}, "name"),
        ({"name": "Client", "type": "select"}, "choices"),
        ({"name": "Client", "type": "select", "choices": ["a", "A"]}, "choices"),
        ({"name": "Client", "type": "select", "choices": ["a", "b"]}, None),
    ],
)
def test_a_field_of_ones_own_is_checked_part_by_part(field, wrong):
    assert set(wizard.field_problems(field, ["mine"])) == ({wrong} if wrong else set())


def test_a_comma_separated_line_has_no_empty_entries():
    assert wizard.listed(" a, b ,, c,") == ["a", "b", "c"]
    assert wizard.listed(" , ") == []


def test_progress_follows_the_steps():
    progress = Progress((Delivery("a", "A"), Delivery("b", "B")))
    progress = progress.with_step("a", "running").with_step("a", "done", "there already").with_step("b", "running")
    assert (progress.done, progress.busy) == (1, True)
    assert progress.steps[0].note == "there already"
    assert progress.stopping().busy
    ended = progress.ended("failed", ["why"])
    assert (ended.busy, ended.status, ended.error) == (False, "failed", ("why",))
    assert progress.ended("cancelled").status == "cancelled"
    assert progress.ended("something new").status == "failed"


def test_an_error_says_what_happened_what_was_kept_and_what_next():
    error = {
        "title": "No",
        "message": "disk full.",
        "problems": ["a"],
        "kept": "all.",
        "hint": "free space.",
        "exit_code": 5,
    }
    assert error_lines(error) == ("No: disk full.", "- a", "Kept: all.", "Next: free space.")
    assert error_lines({}) == ()


@given(st.text())
def test_the_suggested_export_folder_is_plain(name):
    folder = wizard.export_folder({"name": name, "platform": "excel"})
    assert folder.startswith("~/chatbuilder/")
    assert all(c.isascii() and (c.isalnum() or c == "-") for c in folder.removeprefix("~/chatbuilder/"))
