"""Which answers are valid."""

import pytest
from pydantic import ValidationError

from chatbuilder import catalog
from chatbuilder.config import Config, CustomField, Options, clean_label, clean_name
from tests.helpers import config
from tests.strategies import HOSTILE_CHOICES, HOSTILE_NAMES


def refused(**answers):
    """What is said about answers that are not valid."""
    with pytest.raises(ValidationError) as caught:
        Config.model_validate({"platform": "obsidian", "priorities": ["search"], **answers})
    return " | ".join(item["msg"] for item in caught.value.errors())


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_name_that_can_be_shown_is_a_name(name):
    assert clean_name(name) == name.strip()


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("", "must not be empty"),
        ("   \t ", "must not be empty"),
        ("\u200b\u200d", "must not be empty"),
        ("\u0301", "must not be empty"),
        ("x" * 101, "has 101 characters"),
        ("x" * 500, "has 500 characters"),
        ("a\nb", "control characters or line breaks"),
        ("a\x00b", "control characters"),
        ("\x1b[31mred", "control characters"),
        ("a\u2028b", "line breaks"),
        ("a\x85b", "control characters"),
        ("a\ue000b", "control characters"),
        ("a\uffffb", "control characters"),
        ("a\ufdd0b", "control characters"),
        ("abc\u202edcba", "reorder text"),
        ("\u2066isolate\u2069", "reorder text"),
        ("../../etc/passwd", "looks like a path"),
        ("..", "looks like a path"),
        (".", "looks like a path"),
        ("a/../b", "looks like a path"),
        ("a\\..\\b", "looks like a path"),
        ("/etc", "looks like a path"),
        ("\\\\server\\share", "looks like a path"),
        ("~root", "looks like a path"),
        ("---", "letter, digit or emoji"),
        ("!!!", "letter, digit or emoji"),
    ],
    ids=repr,
)
def test_names_that_cannot_be(name, why):
    assert why in refused(name=name)


@pytest.mark.parametrize("name", ["🗂️", "محادثات", "שיחות", "日本語", "\U0001fae8", "\U0001faea new", "v1.2", "a/b"])
def test_scripts_and_emoji_are_names(name):
    """Also emoji that are younger than this Python."""
    assert config(name=name).name == name


def test_labels_are_trimmed_and_composed():
    assert clean_label("  Cafe\u0301 ") == "Caf\u00e9"


def test_a_choice_has_no_comma():
    assert "comma" in refused(options={"topics": ["a, b"]})


@pytest.mark.parametrize("choice", HOSTILE_CHOICES)
def test_any_other_choice_is_kept_as_it_is(choice):
    assert config(options={"topics": [choice], "assistants": [choice]}).options.topics == (choice,)


@pytest.mark.parametrize("again", [["Work", "work"], ["Straße", "STRASSE"], ["Café", "Cafe\u0301"]])
def test_entries_are_named_once(again):
    assert "twice" in refused(options={"topics": again})
    fields = [{"name": name} for name in again]
    assert "twice" in refused(options={"custom_fields": fields})


def test_lists_have_a_limit():
    assert "at most 50" in refused(options={"topics": [f"t{n}" for n in range(51)]})
    assert "at most 20" in refused(options={"custom_fields": [{"name": f"f{n}"} for n in range(21)]})


def test_lists_to_choose_from_are_not_empty():
    assert "at least one" in refused(options={"topics": []})
    assert "at least one" in refused(options={"assistants": []})


@pytest.mark.parametrize(
    "zone", ["Europe/Pariss", "../../etc/passwd", "", "Europe", "\x00", "x" * 3000, "/etc/localtime"]
)
def test_time_zones_must_exist(zone):
    assert "is not a time zone" in refused(options={"timezone": zone})


@pytest.mark.parametrize("name", sorted(catalog.RESERVED_FIELD_NAMES))
def test_built_in_names_are_taken(name):
    assert "built-in" in refused(options={"custom_fields": [{"name": name.upper()}]})


@pytest.mark.parametrize("kind", catalog.CUSTOM_FIELD_TYPES)
def test_only_selects_have_choices_and_they_must(kind):
    given, needs = ("A",), kind in ("select", "multi_select")
    assert CustomField(name="Client", type=kind, choices=given if needs else ()).type == kind
    with pytest.raises(ValidationError, match="needs choices" if needs else "takes no choices"):
        CustomField(name="Client", type=kind, choices=() if needs else given)


def test_features_come_in_one_order_so_that_equal_answers_are_equal():
    first, second = config(features=["tags", "archive"]), config(features=["archive", "tags"])
    assert first == second
    assert first.features == ("tags", "archive")


def test_priorities_keep_the_order_of_the_person():
    assert config("notion", "search", "organization").priorities == ("search", "organization")


def test_answers_never_change():
    with pytest.raises(ValidationError):
        config().name = "x"
    with pytest.raises(ValidationError):
        config().options.topics = ()


@pytest.mark.parametrize("platform", catalog.PLATFORMS)
def test_a_target_has_the_keys_of_its_platform_only(platform):
    mine = catalog.PLATFORMS[platform].target_keys
    example = {"database": "sqlite:///x.db"}
    for key in ("path", "parent", "workspace", "base", "spreadsheet", "database", "account"):
        target = {key: example.get(key, "x")}
        if key in mine:
            assert getattr(config(platform, target=target).target, key) == target[key]
        else:
            with pytest.raises(ValidationError, match=f"{key} does not apply to {platform}, which takes"):
                config(platform, target=target)


def test_all_keys_that_do_not_apply_are_told_at_once():
    with pytest.raises(ValidationError, match=r"base, path does not apply|path, base does not apply") as caught:
        config("notion", target={"path": "x", "base": "app1"})
    assert "which takes parent, account" in caught.value.errors()[0]["msg"]


def test_a_base_is_made_or_filled_not_both():
    with pytest.raises(ValidationError, match="not both"):
        config("airtable", target={"workspace": "wsp1", "base": "app1"})


@pytest.mark.parametrize("value", ["", "  ", "x" * 1001, "a\x00b", "a\nb"])
def test_target_values_are_plain_text(value):
    with pytest.raises(ValidationError, match=r"empty|longer than 1000|control"):
        config(target={"path": value})


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://sam:secret@host/db",
        "postgres://sam:secret@host/db",
        "postgresql://sam:se/cret@host/db",
        "postgresql://sam:se?cret@host/db",
        "postgresql://sam:se@cret@host/db",
        "postgresql://sam@firm:secret@host/db",
        "postgresql://sam:secret://with@host/db",
        "postgresql://:secret@host/db",
        "postgresql://sam@host/db?password=secret",
        "postgresql://sam@host/db?sslmode=require&PASSWORD=secret",
    ],
)
def test_a_password_in_a_database_url_is_refused_and_not_repeated(url):
    with pytest.raises(ValidationError) as caught:
        config("custom", target={"database": url})
    said = caught.value.errors()[0]["msg"]
    assert "holds a password" in said
    assert "~/.pgpass" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    "url",
    [
        "sqlite:///C:/me@home/chats.db",
        "sqlite:///~/chats.db",
        "sqlite:////abs/chats.db",
        "postgresql://sam@host:5432/db",
        "postgres://host/db",
    ],
)
def test_database_urls(url):
    assert config("custom", target={"database": url}).target.database == url


@pytest.mark.parametrize(
    "url", ["chats.db", "mysql://host/db", "sqlite://", "sqlite:///", "postgresql://", "javascript:x"]
)
def test_other_urls_are_refused(url):
    with pytest.raises(ValidationError, match="must look like"):
        config("custom", target={"database": url})


def test_everything_has_a_default_but_platform_and_priorities():
    found = config("notion", "search")
    assert (found.name, found.features, found.team_size, found.complexity) == ("Chat Sessions", (), "solo", "moderate")
    assert found.options == Options()
    assert found.data()["target"] == {}


@pytest.mark.parametrize("group", ["priorities", "features", "team_size", "complexity"])
def test_every_id_of_the_catalogue_is_an_answer(group):
    known = {
        "priorities": catalog.PRIORITIES,
        "features": catalog.FEATURES,
        "team_size": catalog.TEAM_SIZES,
        "complexity": catalog.COMPLEXITIES,
    }
    for key in known[group]:
        value = key if group in ("team_size", "complexity") else [key]
        answers = {"platform": "custom", "priorities": ["search"], group: value}
        assert Config.model_validate(answers).data()[group] == value


@pytest.mark.parametrize("platform", catalog.PLATFORMS.values(), ids=lambda p: p.id)
def test_a_platform_says_how_far_it_goes_for_every_capability(platform):
    assert {platform.level(capability) for capability in catalog.CAPABILITIES} <= {"yes", "by hand", "no"}
