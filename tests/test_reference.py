"""The tables of commands and answers are what the program says of itself; every limit they name is tried."""

from __future__ import annotations

import argparse
import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatbuilder import catalog
from chatbuilder.config import Config
from chatbuilder.errors import InputError
from tests.helpers import ROOT

sys.path.insert(0, str(ROOT / "tools"))
import reference

REMEDY = "run `python3 dev.py reference`"
BEGIN = "<!-- begin {} -->"


@pytest.mark.parametrize("page", reference.PAGES)
def test_the_tables_are_what_the_program_says(page):
    text = (ROOT / "docs" / page).read_text("utf-8")
    wanted = reference.rendered(text)
    lines, new = set(text.splitlines()), set(wanted.splitlines())
    missing, stale = sorted(new - lines), sorted(lines - new)
    assert text == wanted, f"{REMEDY}: docs/{page} lacks {missing} and has {stale}"


def test_every_part_stands_on_one_page():
    text = "".join((ROOT / "docs" / page).read_text("utf-8") for page in reference.PAGES)
    assert {part: text.count(BEGIN.format(part)) for part in reference.PARTS} == dict.fromkeys(reference.PARTS, 1)


def test_usage_lines_name_every_option_of_every_command():
    """Compared with what argparse itself shows, in whatever form this Python shows it."""
    page = (ROOT / "docs" / "commands.md").read_text("utf-8")
    for prog, parser in reference.commands():
        part = page[page.index(f"\n### {prog}\n") :].split("\n### ")[1]
        shared = [
            name for group in reference.shared_groups(parser) for a in group._group_actions for name in a.option_strings
        ]
        known = {name for action in parser._actions for name in action.option_strings} - {"-h", "--help", *shared}
        assert set(re.findall(r"(?<![\w-])--?[a-z][\w-]*", "".join(re.findall(r"^\| (.*?) \| ", part, re.M)))) <= known
        assert [name for name in sorted(known) if name not in part] == [], prog


def test_a_new_option_is_told_by_name():
    """What a helper adds to the parser is missing in the page until the tables are written again."""
    parser = argparse.ArgumentParser(prog="chatbuilder new")
    parser.add_argument("--brand-new", metavar="N", default=7, help="count | of things")
    assert reference.usage(parser) == "chatbuilder new [--brand-new N]"
    assert reference.options(reference.own_actions(parser)).splitlines()[-1] == (
        "| `--brand-new N` | count \\| of things | `7` |"
    )


def test_words_for_what_is_gone_are_an_error():
    with pytest.raises(LookupError, match=r"no words for key \['new'\], and words for \['old'\]"):
        reference.agree("key", ["new"], {"old": "…"})


def variables(tree: ast.AST) -> Iterator[str]:
    """Every variable of the environment that a module reads or speaks of."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from re.findall(
                r"\b(?:CHATBUILDER_[A-Z_]+|PG[A-Z]{3,})\b|^[A-Z_]+_(?:TOKEN|CREDENTIALS)$", node.value
            )
        reads = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
        if reads is not None and ast.unparse(reads).endswith(("environ", "env")):
            yield from (arg.value for arg in node.args[:1] if isinstance(arg, ast.Constant))
        if isinstance(node, ast.Subscript) and ast.unparse(node.value).endswith("environ"):
            yield from (node.slice.value for _ in [0] if isinstance(node.slice, ast.Constant))


def test_every_variable_of_the_environment_is_told_and_no_other():
    # The scripts that generators write have variables of their own.
    files = [p for p in (ROOT / "src" / "chatbuilder").rglob("*.py") if "generators" not in p.parts]
    found = {name for path in files for name in variables(ast.parse(path.read_text("utf-8")))}
    assert found == set(reference.VARIABLES)


def answers(key: str, value: Any) -> dict[str, Any]:
    """Valid answers in which one key has a value."""
    data: dict[str, Any] = {"platform": "obsidian", "priorities": ["search"], "options": {}}
    top, _, rest = key.partition(".")
    if top == "target":
        data["platform"] = next(p for p, about in catalog.PLATFORMS.items() if rest in about.target_keys)
        data["target"] = {rest: value}
    elif rest.startswith("custom_fields."):
        field = {"name": "Client", "type": "select", "choices": ["Acme"]}
        data["options"] = {"custom_fields": [{**field, rest.partition(".")[2]: value}]}
    elif rest:
        data["options"] = {rest: value}
    else:
        data[top] = value
    return data


def accepted(key: str, value: Any) -> bool:
    from chatbuilder.answers import check

    try:
        return isinstance(check(answers(key, value)), Config)
    except InputError:
        return False


LINES = [
    [part.strip() for part in line.strip("| ").split(" | ")]
    for line in reference.answer_keys().splitlines()[2:]
]  # fmt: skip


def many(key: str, count: int) -> list[Any]:
    """Different entries for a list."""
    if key == "options.custom_fields":
        return [{"name": f"Field {n}"} for n in range(count)]
    return [f"Entry {n}" for n in range(count)]


@pytest.mark.parametrize("line", LINES, ids=lambda line: line[0].strip("`"))
def test_every_value_and_limit_of_a_key_holds(line):
    key, kind, told, left_out, _ = line
    key, is_list = key.strip("`"), kind.startswith("list")
    for value in re.findall(r"`(\w+)`", told):
        extra = {"text": "choices"} if key.endswith("custom_fields.type") else {}
        if extra:
            data = answers(key, value)
            field = data["options"]["custom_fields"][0]
            field["choices"] = ["Acme"] if "select" in value else []
            assert Config.model_validate(data)
        else:
            wanted = int(value) if value.isdecimal() else value
            assert accepted(key, [wanted] if is_list else wanted), value
    assert not accepted(key, ["no such thing"] if is_list and "`" in told else {"no": "such thing"})
    if found := re.search(r"(\d+) characters", told):
        limit = int(found[1])
        label = "x" * limit
        assert accepted(key, [label] if is_list else label)
        assert not accepted(key, [label + "x"] if is_list else label + "x")
    if found := re.search(r"at most (\d+)", told):
        assert accepted(key, many(key, int(found[1])))
        assert not accepted(key, many(key, int(found[1]) + 1))
    if is_list and not key.endswith(".choices"):
        assert accepted(key, []) != bool(re.search(r"at least 1\b", told))
    if "none twice" in told:
        twice = [{"name": "One"}, {"name": "One"}] if key.endswith("fields") else re.findall(r"`(\w+)`", told)[:1] * 2
        assert not accepted(key, twice or ["One", "one "])
    if "no commas" in told:
        assert not accepted(key, ["a, b"])
    data = answers(key, "x")
    holder = data["options"] if key.startswith("options.") else data
    if left_out != "needed" and not key.startswith("options.custom_fields."):
        holder.pop(key.rpartition(".")[2], None)
        default = Config.model_validate({**data})
        value = getattr(default.options if key.startswith("options.") else default, key.rpartition(".")[2])
        shown = ", ".join(value) if isinstance(value, tuple) else str(value).lower() if value is True else str(value)
        assert (shown or "none") == left_out.strip("`")


@pytest.mark.parametrize("key", [f"target.{key}" for key in ("path", "parent", "workspace", "base", "spreadsheet")])
def test_the_targets_limit_holds(key):
    limit = int(re.search(r"at most ([\d,]+) characters", reference.target_keys())[1].replace(",", ""))
    assert accepted(key, "x" * limit)
    assert not accepted(key, "x" * (limit + 1))
    assert not accepted(key, "")


def test_targets_are_for_the_platforms_that_are_told():
    for line in reference.target_keys().splitlines()[2:]:
        if not line.startswith("|"):
            continue
        key, platforms, _ = [part.strip() for part in line.strip("| ").split(" | ")]
        value = "sqlite:///chats.db" if key == "`database`" else "x"
        for platform in catalog.PLATFORMS:
            data = {"platform": platform, "priorities": ["search"], "target": {key.strip("`"): value}}
            takes = f"`{platform}`" in platforms
            try:
                Config.model_validate(data)
            except ValueError:
                assert not takes, (key, platform)
            else:
                assert takes, (key, platform)


def test_the_words_are_for_people():
    """No cell of a table is a wall: a line is read in one go."""
    for page in reference.PAGES:
        for line in (ROOT / "docs" / page).read_text("utf-8").splitlines():
            assert len(line) < 320, line


def test_the_tool_writes_the_pages(tmp_path: Path, monkeypatch, capsys):
    for page in reference.PAGES:
        text = (ROOT / "docs" / page).read_text("utf-8")
        (tmp_path / page).write_text(reference.PART.sub(r"\1\4", text), "utf-8")
    monkeypatch.setattr(reference, "DOCS", tmp_path)
    assert reference.main() == 0
    for page in reference.PAGES:
        assert (tmp_path / page).read_text("utf-8") == (ROOT / "docs" / page).read_text("utf-8")
    assert capsys.readouterr().out.splitlines() == [f"docs/{page}" for page in reference.PAGES]
