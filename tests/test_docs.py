"""The documents tell the truth: every command is there, every example works, every link leads somewhere."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

from chatbuilder import answers, catalog
from chatbuilder.cli.parser import make_parser, names
from chatbuilder.config import Config, Options, Target

ROOT = Path(__file__).parents[1]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
FENCE = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def blocks(kind: str) -> list[tuple[str, str]]:
    return [
        (page.relative_to(ROOT).as_posix(), text)
        for page in PAGES
        for language, text in FENCE.findall(page.read_text(encoding="utf-8"))
        if language == kind
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_readme_has_exactly_two_set_up_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    start = text[text.index("## Start in a minute") : text.index("## What you end up with")]
    commands = [line.split("#")[0].strip() for _, block in FENCE.findall(start) for line in block.splitlines()]
    assert commands == ["python3 dev.py run", "python3 dev.py test"]


def test_every_command_is_documented_and_no_other():
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| `chatbuilder ([a-z]+)", page, re.MULTILINE))
    assert documented == set(names())


@pytest.mark.parametrize(("page", "example"), blocks("sh"))
def test_shell_examples_are_commands_that_exist(page, example):
    for line in example.splitlines():
        words = line.split("#")[0].split()
        if words[:1] == ["chatbuilder"]:
            make_parser().parse_args(words[1:])
        else:
            assert words[:2] == ["python3", "dev.py"], f"{page}: {line}"


@pytest.mark.parametrize(("page", "example"), blocks("toml"))
def test_answers_examples_are_valid(page, example):
    assert answers.check(tomllib.loads(example), page)


@pytest.mark.parametrize("kind", ["python", "ini"])
def test_the_code_of_the_page_on_plugins_is_that_of_the_examples(kind):
    files = [p.read_text("utf-8") for p in (ROOT / "examples").rglob("*") if p.suffix in (".py", ".toml")]
    shown = [text for page, text in blocks(kind) if page == "docs/plugins.md"]
    assert shown
    assert [text for text in shown if not any(text in file for file in files)] == []


@pytest.mark.parametrize("name", ["importers", "generators", "provision", "pipeline"])
def test_the_public_interface_is_what_its_modules_say(name):
    module = import_module(f"chatbuilder.{name}.plugin")
    assert [one for one in module.__all__ if not hasattr(module, one)] == []
    assert f"`{module.__name__}`" in (ROOT / "docs" / "plugins.md").read_text("utf-8")
    used = {
        one.strip()
        for file in (ROOT / "examples").glob("*/src/**/*.py")
        for block in re.findall(rf"from {module.__name__} import \(?([^)]*?)(?:\)|\n(?! ))", file.read_text("utf-8"))
        for one in block.split(",")
        if one.strip()
    }
    assert used <= set(module.__all__)


def test_examples_use_nothing_but_the_public_interface():
    for file in (ROOT / "examples").glob("*/src/**/*.py"):
        found = re.findall(r"^\s*(?:from|import) (chatbuilder\.\S+)", file.read_text("utf-8"), re.MULTILINE)
        assert all(name.endswith(".plugin") for name in found), file


def test_every_answer_is_documented():
    page = (ROOT / "docs" / "answers.md").read_text(encoding="utf-8")
    wanted = [key for key in Config.model_fields if key not in ("options", "target")]
    wanted += [f"options.{key}" for key in Options.model_fields]
    assert [key for key in wanted if f"`{key}`" not in page] == []
    assert [key for key in Target.model_fields if f"`{key}`" not in page] == []
    groups = (catalog.PLATFORMS, catalog.PRIORITIES, catalog.FEATURES, catalog.TEAM_SIZES, catalog.COMPLEXITIES)
    assert [key for group in groups for key in group if f"`{key}`" not in page] == []
    assert [kind for kind in catalog.CUSTOM_FIELD_TYPES if f"`{kind}`" not in page] == []
