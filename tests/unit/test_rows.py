"""The rules by which a chat becomes a row, and the one by which a row that exists may be changed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatbuilder.blueprint import TagRule
from chatbuilder.design import design
from chatbuilder.generators.common.keywords import keywords
from chatbuilder.generators.common.merging import ABSENT, HALF, THEIRS, digest, merge
from chatbuilder.generators.common.rows import RowMaker
from tests.helpers import config
from tests.strategies import configs
from tests.unit.library.makers import DAY, chat

cells = st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["", "x", "y", "3", "7"]), max_size=4)


def maker(*priorities, strict=False, rules=None, **answers):
    return RowMaker(design(config("custom", *priorities, **answers)), rules, strict)


@given(cells, cells, cells)
def test_only_what_sync_wrote_is_written_over(ours, theirs, wrote):
    base = {name: [digest(value)] for name, value in wrote.items()}
    verdict = merge(ours, theirs, base)
    for name in verdict.write:
        was_ours = name in wrote and theirs.get(name) == wrote[name]
        never = name not in wrote and (not theirs.get(name) or theirs[name] < ours[name])
        assert was_ours or never
    assert set(verdict.digests) == set(ours)
    after = {**theirs, **{name: ours[name] for name in verdict.write}}
    again = merge(ours, after, {name: [value] for name, value in verdict.digests.items()})
    assert again.write == ()
    assert set(again.kept) == set(verdict.kept)


def test_what_was_emptied_or_taken_out_stays_so():
    base = {"a": [digest("x")], "b": [digest("x")]}
    assert merge({"a": "y", "b": "y"}, {"a": ""}, base).kept == ("a", "b")


def test_a_crash_in_the_middle_is_no_edit():
    between = {"a": [digest("x"), digest("y")], "b": [ABSENT, digest("y")]}
    assert merge({"a": "z", "b": "z"}, {"a": "y"}, between).write == ("a", "b")
    assert merge({"a": "z"}, {"a": "x"}, between).write == ("a",)
    assert merge({"a": "z"}, {"a": "mine"}, between).kept == ("a",)


def test_what_was_left_half_written_is_always_finished():
    for base in ({}, {"a": [digest("z")]}, {"a": [digest("x"), digest("z")]}):
        assert merge({"a": "z"}, {"a": HALF}, base).write == ("a",)


def test_without_a_record_only_what_grows_is_written_over():
    ours = {"n": "7", "t": "2026-03-02T12:00:00", "w": "new", "e": "new"}
    theirs = {"n": "3", "t": "2026-03-01T12:00:00", "w": "old", "e": ""}
    verdict = merge(ours, theirs, {})
    assert verdict.write == ("n", "t", "e")
    assert verdict.digests["w"] == THEIRS
    assert merge({"n": "3"}, {"n": "7"}, {}).kept == ("n",)


def test_titles_when_the_export_has_none():
    make = maker().row
    assert make(chat("a", "How do I bake bread?\nAnd more", title=None)).title == "How do I bake bread? And more"
    assert make(chat("a", title="  a\n b ")).title == "a b"
    assert make(chat("a", "", title=None)).title == "Untitled chat"
    assert len(make(chat("a", title="x" * 9_000)).title) == 2_000


def test_what_is_not_known_stays_empty():
    row = maker("analytics", "search", features=["timeline", "dashboard"]).row(
        chat("a", "", started=None, last_activity=None, title=None)
    )
    empty = "started last_activity duration month day week link model first_prompt keywords"
    assert {key: row.values[key] for key in empty.split()} == dict.fromkeys(empty.split())


@pytest.mark.parametrize(
    ("source", "strict", "wanted"),
    [("chatgpt", True, "ChatGPT"), ("codex", True, "Other"), ("codex", False, "Codex"), ("claude", True, "Claude")],
)
def test_assistants(source, strict, wanted):
    make = maker(strict=strict)
    assert make.row(chat("a", source=source)).values["assistant"] == wanted
    assert dict(make.unlisted) == ({"Codex": 1} if source == "codex" else {})


def test_an_assistant_without_a_choice_is_left_empty_where_choices_are_strict():
    make = maker(strict=True, options={"assistants": ["Claude"]})
    assert make.row(chat("a")).values["assistant"] is None


def test_rules_fill_what_is_empty_and_add_labels():
    rules = (
        TagRule(("bread",), "topic", "Work"), TagRule(("bread",), "topic", "Coding"),
        TagRule(("bake",), "tags", "how-to"),
        TagRule(("bread",), "tags", "mine"), TagRule(("",), "tags", "never"), TagRule(("bread",), "gone", "x"),
    )  # fmt: skip
    make = maker("organization", "automation", features=["tags"], complexity="simple", rules=rules)
    row = make.row(chat("a", "How to BAKE bread", tags=("mine",)))
    assert (row.seeds["topic"], row.seeds["tags"], row.seeds["auto_filed"]) == ("Work", ("mine", "how-to"), True)
    row = make.row(chat("b", "Nothing of it"))
    assert (row.seeds["topic"], row.seeds["tags"], row.seeds["auto_filed"]) == (None, (), False)


def test_rules_without_tags_go_into_the_notes():
    make = maker("automation", rules=(TagRule(("bread",), "notes", "a"), TagRule(("bread",), "notes", "b")))
    assert make.row(chat("a", "bread")).seeds["notes"] == "a, b"


def test_a_rule_never_sets_what_sync_keeps_or_what_is_computed():
    """A person may name any field on the page of rules; a row without its Source ID is not found again."""
    rules = tuple(TagRule(("bread",), key, "x") for key in ("source_id", "assistant", "days_idle", "title", "model"))
    row = maker("automation", rules=rules, complexity="advanced").row(chat("a", "bread", title="Baking"))
    plain = maker("automation", rules=(), complexity="advanced").row(chat("a", "bread", title="Baking"))
    assert row.all() == plain.all()
    assert row.all()["source_id"] == "chatgpt:a"


def test_projects_that_are_choices():
    for strict, wanted in ((True, None), (False, "Garden")):
        make = maker(features=["projects"], complexity="simple", strict=strict)
        assert make.row(chat("a", project="Garden")).seeds["project"] == wanted
        assert make.row(chat("a", project="website")).seeds["project"] == "Website"
        assert make.row(chat("a")).seeds["project"] is None


def test_archived_chats_start_archived():
    make = maker(team_size="large")
    assert make.row(chat("a", archived=True)).starts == {"status": "Archived", "access": "Private"}
    assert make.row(chat("a")).starts["status"] == "Active"


def test_duration_is_never_negative():
    row = maker("analytics").row(chat("a", started=DAY, last_activity=DAY - timedelta(days=1)))
    assert row.values["duration"] == 0


def test_keywords():
    prompts = ["the sqlite index is slow", "why is the index slow?"]
    assert keywords("Fixing SQLite", prompts) == "sqlite fixing index slow"
    assert keywords("", []) == ""
    many = [f"word{n}x other{n}x" for n in range(50)]
    assert len(keywords("", many).split()) == 8
    assert "late" not in keywords("", ["x " * 20_000, "late late late"])


@given(configs(), st.booleans())
def test_any_design_gets_only_fields_it_has(answers, strict):
    blueprint = design(answers)
    make = RowMaker(blueprint, None, strict)
    row = make.row(chat("a", "How to fix an error in python", project="Garden"), transcript=True)
    assert set(row.all()) <= {field.key for field in blueprint.sessions.fields}
    assert make.stamp() == RowMaker(blueprint, None, strict).stamp()
