"""Findings: said when they are true, with a reason and a way out that works."""

import pytest
from hypothesis import given

from chatbuilder import catalog
from chatbuilder.config import Config
from chatbuilder.design import design
from chatbuilder.wizard import merge
from tests.helpers import config
from tests.strategies import configs

SIMPLE = ("simplicity", "organization")


def found(*args, **answers):
    return {finding.key: finding for finding in design(config(*args, **answers)).findings}


@pytest.mark.parametrize(
    ("key", "with_it", "without"),
    [
        ("simplicity_vs_advanced", config("custom", *SIMPLE, complexity="advanced"), config("custom", *SIMPLE)),
        (
            "simplicity_vs_features",
            config("custom", *SIMPLE, features=list(catalog.FEATURES)[:5]),
            config("custom", *SIMPLE, features=list(catalog.FEATURES)[:4]),
        ),
        (
            "many_priorities",
            config("custom", *list(catalog.PRIORITIES)[:5]),
            config("custom", *list(catalog.PRIORITIES)[:4]),
        ),
        ("collaboration_solo", config("notion", "collaboration"), config("notion", "collaboration", team_size="small")),
        (
            "custom_fields_simple",
            config("custom", *SIMPLE, options={"custom_fields": [{"name": "Client"}]}),
            config("custom", "search", options={"custom_fields": [{"name": "Client"}]}),
        ),
        ("one_person_platform", config("obsidian", team_size="small"), config("notion", team_size="small")),
        ("gap_board", config("airtable", "organization"), config("notion", "organization")),
        (
            "gap_charts",
            config("obsidian", "search", features=["dashboard"]),
            config("excel", "search", features=["dashboard"]),
        ),
        ("gap_relations", config("excel", complexity="moderate"), config("excel", complexity="simple")),
        ("notion_charts", config("notion", features=["dashboard"]), config("notion")),
        ("notion_blocks", config("notion", team_size="small"), config("notion")),
        ("airtable_records", config("airtable"), config("sheets")),
        ("trimmed", config("custom", *SIMPLE), config("custom", "search")),
    ],
)
def test_said_when_true_and_only_then(key, with_it, without):
    assert key in {finding.key for finding in design(with_it).findings}
    assert key not in {finding.key for finding in design(without).findings}


def test_a_gap_names_the_answers_and_the_tool():
    finding = found("airtable", "organization", features=["timeline"])["gap_calendar"]
    assert "Airtable" in finding.title
    assert "timeline" in finding.title
    assert "by hand" in finding.title
    assert "guide" in finding.suggestion


def test_what_a_tool_lacks_is_a_warning_and_by_hand_a_note():
    assert found("logseq", features=["timeline"])["gap_calendar"].level == "warning"
    assert found("obsidian", features=["timeline"])["gap_calendar"].level == "note"


def test_a_team_on_a_one_person_tool_is_told_once():
    assert [key for key in found("obsidian", "collaboration", team_size="large") if "team" in key] == []


def test_a_better_platform():
    finding = found("excel", "collaboration", team_size="large", complexity="advanced")["better_platform"]
    better = finding.change["platform"]
    assert catalog.PLATFORMS[better].name in finding.title
    assert "several people at once" in finding.reason
    assert "better_platform" not in found(better, "collaboration", team_size="large", complexity="advanced")


def test_no_better_platform_where_everything_is_there():
    assert "better_platform" not in found("custom", "search", "portability", complexity="simple")


@given(configs())
def test_findings_are_complete_sentences_with_a_way_out(given_config):
    blueprint = design(given_config)
    levels = [finding.level for finding in blueprint.findings]
    assert levels == sorted(levels, reverse=True)  # warnings come first
    for finding in blueprint.findings:
        assert finding.title
        assert not finding.title.endswith(".")
        for text in (finding.reason, finding.suggestion):
            assert text.endswith("."), text
            assert text[0].isupper() or text[0].isdigit()


@given(configs())
def test_a_suggested_change_is_valid_and_settles_it(given_config):
    for finding in design(given_config).findings:
        if finding.change:
            changed = Config.model_validate(merge(given_config.data(), finding.change))
            assert finding.key not in {other.key for other in design(changed).findings}


@pytest.mark.parametrize("platform", catalog.PLATFORMS)
def test_a_suggested_platform_leaves_the_old_target_behind(platform):
    """Otherwise the change would make the answers invalid."""
    target = {catalog.PLATFORMS[platform].target_keys[0]: "sqlite:///x.db" if platform == "custom" else "x"}
    for size in catalog.TEAM_SIZES:
        given_config = config(
            platform, "collaboration", "portability", "search", team_size=size, complexity="advanced", target=target
        )
        for finding in design(given_config).findings:
            Config.model_validate(merge(given_config.data(), finding.change))


def test_a_long_list_of_what_is_left_out_is_cut():
    finding = found("custom", *catalog.PRIORITIES, features=list(catalog.FEATURES), complexity="advanced")["trimmed"]
    assert "more." in finding.reason
