"""Answers as files and tokens: every problem at once, in plain words, and nothing lost on the way."""

import base64
import hashlib
import json
import os
import re
import threading
import tomllib
import zlib

import pytest
from hypothesis import given

from chatbuilder import answers, catalog
from chatbuilder.config import Config
from chatbuilder.errors import ExitCode, InputError
from tests.helpers import config
from tests.strategies import configs

GOOD = {"platform": "obsidian", "priorities": ["search"]}


def problems(**given):
    """The problems named for these answers (added to good ones; None leaves a good one out)."""
    data = {key: value for key, value in {**GOOD, **given}.items() if value is not None}
    with pytest.raises(InputError) as caught:
        answers.check(data)
    assert caught.value.exit_code == ExitCode.INPUT
    assert caught.value.kept == "nothing was written."
    assert caught.value.hint
    return list(caught.value.problems)


def token_of(raw: bytes) -> str:
    """A token with a right check sum over anything."""
    packed = zlib.compress(raw, 9)
    return "cb1." + base64.urlsafe_b64encode(hashlib.sha256(packed).digest()[:3] + packed).decode().rstrip("=")


# every kind of bad answer


@pytest.mark.parametrize(
    ("key", "given", "meant"),
    [
        ("platform", "obsidan", "obsidian"),
        ("platform", "Notion", "notion"),
        ("platform", "google sheets", "sheets"),
        ("priorities", ["organisation"], "organization"),
        ("priorities", ["search", "simplcity"], "simplicity"),
        ("features", ["tag"], "tags"),
        ("features", ["tags", "template"], "templates"),
        ("team_size", "smal", "small"),
        ("complexity", "advance", "advanced"),
    ],
)
def test_unknown_ids_with_what_was_meant(key, given, meant):
    (said,) = problems(**{key: given})
    assert f"did you mean {meant!r}?" in said
    known = {"platform": catalog.PLATFORMS, "priorities": catalog.PRIORITIES, "features": catalog.FEATURES}
    assert said.endswith(f"Choose from: {', '.join(known[key])}." if key in known else ".")


def test_no_guess_when_nothing_is_near():
    (said,) = problems(platform="zzzzzz")
    assert "did you mean" not in said
    assert "'zzzzzz' is not known" in said


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"platform": None}, "platform is missing."),
        ({"priorities": None}, "priorities is missing."),
        ({"priorities": []}, "priorities: choose at least 1."),
        ({"priorities": "search"}, "priorities must be a list."),
        ({"priorities": ["search"] * 9}, "priorities lists 'search' twice."),
        ({"priorities": ["search", "search"]}, "priorities lists 'search' twice."),
        ({"features": ["tags", "tags"]}, "features lists 'tags' twice."),
        ({"name": 5}, "name must be text."),
        ({"name": ""}, "name must not be empty."),
        ({"name": "x" * 500}, "name has 500 characters; the limit is 100."),
        ({"name": "../x"}, "name looks like a path; give the system a plain name."),
        ({"version": 2}, "version: 2 is not a version this program reads; it reads 1."),
        ({"version": "1"}, "version: '1' is not a version this program reads; it reads 1."),
        ({"options": []}, "options must be a table."),
        ({"target": "here"}, "target must be a table."),
        ({"nam": "x"}, "nam: not a known key (did you mean 'name'?)."),
        ({"options": {"topic": ["a"]}}, "options.topic: not a known key (did you mean 'topics'?)."),
        ({"options": {"topics": "a"}}, "options.topics must be a list."),
        ({"options": {"topics": ["a", 5]}}, "options.topics[1] must be text."),
        ({"options": {"sample_data": "yes"}}, "options.sample_data must be true or false."),
        ({"options": {"custom_fields": ["x"]}}, "options.custom_fields[0] must be a table."),
        (
            {"options": {"custom_fields": [{"name": "x", "typ": "text"}]}},
            "options.custom_fields[0].typ: not a known key (did you mean 'type'?).",
        ),
        ({"options": {"custom_fields": [{"type": "text"}]}}, "options.custom_fields[0].name is missing."),
        ({"target": {"pth": "x"}}, "target.pth: not a known key (did you mean 'path'?)."),
        ({"target": {"database": "sqlite:///x"}}, "target database does not apply to obsidian, which takes path."),
    ],
    ids=str,
)
def test_one_problem_in_plain_words(given, said):
    assert problems(**given) == [said]


def test_all_problems_in_one_error():
    found = problems(
        platform="obsidan",
        priorities=["seach", "organisation"],
        features=["tag"],
        team_size="huge",
        complexity=7,
        name="a\x00b",
        colour="red",
        options={
            "timezone": "Mars/Base",
            "topics": ["a,b", ""],
            "custom_fields": [{"name": "Status"}, {"name": "C", "type": "select"}],
        },
        target={"path": "", "nowhere": 1},
    )
    about = [re.match(r"[\w.\[\]]+", problem)[0] for problem in found]
    assert about == [
        "name", "platform", "priorities[0]", "priorities[1]", "features[0]", "team_size", "complexity",
        "options.topics[0]", "options.topics[1]", "options.timezone", "options.custom_fields[0].name",
        "options.custom_fields[1]", "target.path", "target.nowhere", "colour",
    ]  # fmt: skip


def test_the_message_counts_and_names_the_source():
    with pytest.raises(InputError) as caught:
        answers.check({"platform": "x"}, "my.toml")
    assert caught.value.lines()[0] == "Invalid answers: my.toml cannot be used: 2 problems."
    assert len(caught.value.problems) == 2


def test_a_foreign_target_key_is_told_beside_other_target_problems():
    found = problems(platform="notion", target={"path": "x", "parent": ""})
    assert found == [
        "target.parent must not be empty; leave it out instead.",
        "target path does not apply to notion, which takes parent, account.",
    ]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"priorities": ["search", "search", "serch"]}, ["priorities[2]", "priorities lists 'search' twice."]),
        ({"features": ["tags"] * 9 + ["x"]}, ["features[9]", "features lists 'tags' twice."]),
        ({"features": ["tags", "exports", "exports", "tags"]}, ["features lists 'exports', 'tags' twice."]),
        ({"options": {"topics": ["A", " a ", ""]}}, ["options.topics[2]", "options.topics lists 'a' twice."]),
        (
            {"options": {"custom_fields": [{"name": "Q", "typ": 1}, {"name": "q", "type": "select"}]}},
            ["options.custom_fields[0].typ", "options.custom_fields[1] a", "options.custom_fields lists 'q' twice."],
        ),
        (
            {"options": {"custom_fields": [{"name": "Status", "choices": ["x", 3, "X"]}]}},
            [
                "options.custom_fields[0].name", "options.custom_fields[0].choices[1]",
                "options.custom_fields[0].choices lists 'X' twice.",
                "options.custom_fields[0] a text field takes no choices.",
            ],
        ),
        (
            {"platform": "airtable", "target": {"base": "b", "workspace": "", "path": "x", "y": 1}},
            ["target.workspace", "target.y", "target path does not apply", "target takes workspace"],
        ),
    ],
    ids=str,
)  # fmt: skip
def test_what_a_whole_list_or_table_lacks_is_told_beside_its_entries(given, said):
    found = problems(**given)
    assert [one.startswith(start) for one, start in zip(found, said, strict=True)] == [True] * len(said), found


def test_a_password_is_not_repeated():
    (said,) = problems(platform="custom", target={"database": "postgresql://sam:hunter2@host/db"})
    assert "hunter2" not in said


@pytest.mark.parametrize("key", ["\x1b[31mred", "a\nb", "\u202eabc"])
def test_foreign_keys_cannot_paint_the_terminal(key):
    (said,) = problems(**{key: 1})
    assert said.isprintable()
    assert said.endswith(": not a known key.")


def test_foreign_values_are_shown_short():
    deep: list = []
    for _ in range(5000):
        deep = [deep]
    for value in ("x" * 100_000, deep, {"a": "y" * 9000}):
        (said,) = problems(platform=value)
        assert len(said) < 250


def test_a_flood_of_problems_is_cut_but_counted():
    found = problems(**{f"key{n}": 1 for n in range(500)})
    assert len(found) == 101
    assert found[-1] == "and 400 more."


@pytest.mark.parametrize("bad", [True, 1.0])
def test_what_equals_the_version_is_the_version(bad):
    assert answers.check({**GOOD, "version": bad}).data()["version"] is not bad


# files


@given(configs())
def test_toml_and_back(found):
    assert Config.model_validate(tomllib.loads(answers.to_toml(found))) == found


@given(configs())
def test_json_and_back(found):
    assert answers.check(answers.parse(json.dumps(found.data()), "x")) == found


def test_a_full_file_and_back(tmp_path):
    full = config(
        "airtable",
        name="🗂️ “x”\\",
        target={"workspace": "wsp1", "account": "work"},
        options={
            "custom_fields": [{"name": "Client", "type": "select", "choices": ["A", "B\\"]}],
            "timezone": "Europe/Paris",
        },
    )
    place = tmp_path / "answers.toml"
    place.write_text(answers.to_toml(full), "utf-8")
    assert answers.load(str(place)) == full


def test_the_example_of_the_design_is_valid(tmp_path):
    place = tmp_path / "answers.toml"
    place.write_text(
        """
version = 1
name = "Chat Sessions"
platform = "obsidian"
priorities = ["organization", "search"]      # in order of importance
features = ["tags", "projects"]
team_size = "solo"
complexity = "moderate"
[options]
assistants = ["ChatGPT", "Claude"]
topics = ["Work", "Learning"]
timezone = "Europe/Paris"
date_format = "iso"
sample_data = true
[[options.custom_fields]]
name = "Client"
type = "select"
choices = ["Acme", "Globex"]
[target]
path = "~/Vaults/Chats"
""",
        "utf-8",
    )
    found = answers.load(str(place))
    assert found.options.custom_fields[0].choices == ("Acme", "Globex")
    assert found.target.path == "~/Vaults/Chats"


@pytest.mark.parametrize(
    "text", ['platform = "obsidian"\npriorities = ["search"]\n', '{"platform": "obsidian", "priorities": ["search"]}']
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_files_of_any_editor(tmp_path, text, encoding, end):
    place = tmp_path / "any.txt"
    place.write_bytes(text.replace("\n", end).encode(encoding))
    assert answers.load(str(place)) == config("obsidian", "search")


def test_the_home_folder_in_a_path(home):
    (home.parent / "a.toml").write_text('platform = "custom"\npriorities = ["search"]', "utf-8")
    assert answers.load("~/a.toml").platform == "custom"


def unusable(place):
    """The error of a file that cannot be read as answers: it says what was kept and what to do."""
    with pytest.raises(InputError) as caught:
        answers.load(str(place))
    assert caught.value.kept
    assert caught.value.hint
    return caught.value


def test_no_such_file(tmp_path):
    assert "does not exist" in unusable(tmp_path / "none.toml").message
    assert "does not exist" in unusable("~nobody-at-all/none.toml").message


def test_a_folder_is_no_file(tmp_path):
    assert str(tmp_path) in unusable(tmp_path).message


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b'platform = "obsidian', "not valid TOML"),
        (b'{"platform": "obsidian",', "not valid JSON"),
        (b'{"version": ' + b"1" * 5000 + b"}", "not valid JSON"),
        (b"version = " + b"1" * 5000, "not valid TOML"),
        (b"a = " + b"[" * 5000 + b"]" * 5000, "nested too deeply"),
        (b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested too deeply"),
        (b"\x00\x01\x02", "not valid TOML"),
        (b"\xff\xfe\x00p", "not text in UTF-8"),
        (b"PK\x03\x04\xe9", "not text in UTF-8"),
        (b"# x\n" * 300_000, "larger than 1,000,000 bytes"),
    ],
    ids=lambda value: repr(value[:20]),
)
def test_files_that_hold_no_answers(tmp_path, raw, said):
    place = tmp_path / "bad.toml"
    place.write_bytes(raw)
    assert said in unusable(place).message


def test_an_empty_file_says_what_is_needed(tmp_path):
    (tmp_path / "empty.toml").touch()
    assert unusable(tmp_path / "empty.toml").problems == ("platform is missing.", "priorities is missing.")


def test_bad_toml_names_the_line():
    with pytest.raises(InputError, match="line 3"):
        answers.parse("a = 1\nb = 2\nc = \n", "x.toml")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_without_end_is_read_to_the_limit_only(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    def pour():
        try:
            with pipe.open("wb") as file:
                while True:
                    file.write(b"#" * 65536)
        except BrokenPipeError:
            pass

    writer = threading.Thread(target=pour, daemon=True)
    writer.start()
    assert "larger than" in unusable(pipe).message
    writer.join(10)
    assert not writer.is_alive()


def test_unfinished_answers_print_without_what_is_not_there():
    text = answers.raw_toml({"platform": "notion", "name": None, "options": {"topics": ["a", None], "timezone": None}})
    assert tomllib.loads(text) == {"platform": "notion", "options": {"topics": ["a"]}}


# tokens


@given(configs())
def test_a_token_carries_everything_but_the_target(found):
    assert answers.load(answers.share(found)) == found


@pytest.mark.parametrize("platform", catalog.PLATFORMS)
def test_a_target_stays_at_home(platform):
    key = catalog.PLATFORMS[platform].target_keys[0]
    value = "sqlite:///private.db" if key == "database" else "private"
    token = answers.share(config(platform, target={key: value}))
    assert answers.load(token) == config(platform)
    assert b"private" not in zlib.decompress(base64.urlsafe_b64decode(token[4:] + "==")[3:])


def test_a_usual_token_is_short():
    assert len(answers.share(config("obsidian", "organization", "search", features=["tags"]))) < 160


def test_damaged_tokens():
    token = answers.share(config("obsidian", "organization", "search", features=["tags", "projects"]))
    damaged = [token[:n] for n in range(4, len(token))]
    damaged += [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in range(4, len(token) - 1)]
    damaged += ["cb1.", "cb1.!!!!", "cb1.é", "cb1." + "A" * 19_999, "cb1." + "A" * 50_000, token + "AAAA"]
    for text in damaged:
        with pytest.raises(InputError) as caught:
            answers.load(text)
        assert caught.value.title in ("Bad token", "Invalid answers")
        assert caught.value.kept
        assert caught.value.hint


def test_a_token_survives_a_line_break():
    token = answers.share(config())
    assert answers.load(f"{token[:20]}\n{token[20:]}\n") == config()


@pytest.mark.parametrize(
    "raw", [b"[]", b'"x"', b"5", b"\xff", b"{", b"[" * 100_000, b"{" + b" " * 60_000_000 + b"}"], ids=len
)
def test_tokens_that_hold_something_else(raw):
    with pytest.raises(InputError, match="damaged"):
        answers.load(token_of(raw))


def test_a_token_with_bad_answers_says_so():
    with pytest.raises(InputError) as caught:
        answers.load(token_of(b'{"platform":"obsidan","priorities":["search"]}'))
    assert "did you mean 'obsidian'?" in caught.value.problems[0]
