"""The documents tell the truth: every command is there, every example works, every link leads somewhere."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatbuilder import catalog
from chatbuilder.cli.parser import names
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


LINK = re.compile(r"\]\(([^)\s]+)\)")
PICTURES = ROOT / "docs" / "pictures"


def words(page: Path) -> str:
    """A page without its examples."""
    return re.sub(r"^ *```.*?^ *```", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What can be linked to in a page, as GitHub names it; a heading that comes twice gets a number."""
    found: list[str] = []
    for heading in re.findall(r"^#+ (.*)$", words(page), re.MULTILINE):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.strip().lower()).replace(" ", "-")
        found.append(f"{name}-{found.count(name)}" if name in found else name)
    return set(found)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page):
    for link in LINK.findall(words(page)):
        target, _, anchor = link.partition("#")
        if target.startswith(("https://", "http://")):
            continue
        place = (page.parent / target).resolve() if target else page
        assert place.exists(), f"{page.name} links to {link}"
        assert place.is_relative_to(ROOT), f"{page.name} links out of the project: {link}"
        assert not anchor or anchor in anchors(place), f"{page.name}: there is no heading for {link}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_addresses_on_the_web_are_encrypted_ones(page):
    assert [link for link in LINK.findall(words(page)) if link.startswith("http://")] == []


def test_every_page_can_be_reached_from_the_readme():
    seen, new = set(), {ROOT / "README.md"}
    while new:
        page = new.pop()
        seen.add(page)
        links = (link.partition("#")[0] for link in LINK.findall(words(page)))
        found = {(page.parent / link).resolve() for link in links if link.endswith(".md") and ":" not in link}
        new |= found - seen
    assert [page.name for page in PAGES if page not in seen] == []


def test_every_picture_is_shown_and_small():
    shown = {(page.parent / link).resolve() for page in PAGES for link in LINK.findall(words(page))}
    pictures = [path for path in PICTURES.iterdir() if path.suffix in (".svg", ".png")]
    assert [path.name for path in pictures if path not in shown] == []
    assert [path.name for path in pictures if path.stat().st_size > 150_000] == []


def test_pictures_have_words_for_people_who_do_not_see_them():
    for page in PAGES:
        assert "![](" not in page.read_text(encoding="utf-8"), page.name


def test_the_readme_is_read_in_a_minute():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) <= 120
    assert text.index("![") < text.index("## Start in a minute")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_no_line_is_a_wall(page):
    told = [line for line in words(page).splitlines() if len(line) > 140 and not line.startswith(("|", "!["))]
    assert told == []


def test_comments_between_quotes_are_no_history():
    """Pages tell what is so; what changed stands in the changelog."""
    history = re.compile(r"\b(no longer|previously|used to be|formerly|has been (?:added|removed))\b", re.IGNORECASE)
    assert [(page.name, found[0]) for page in PAGES for found in [history.search(words(page))] if found] == []


def test_the_readme_has_exactly_two_set_up_commands():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    start = text[text.index("## Start in a minute") : text.index("## What you end up with")]
    commands = [line.split("#")[0].strip() for _, block in FENCE.findall(start) for line in block.splitlines()]
    assert commands == ["python3 dev.py run", "python3 dev.py test"]


def test_every_command_is_documented_and_no_other():
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    documented = set(re.findall(r"^\| \[`chatbuilder ([a-z]+)", page, re.MULTILINE))
    assert documented == set(names())


def test_every_answer_is_documented():
    page = (ROOT / "docs" / "answers.md").read_text(encoding="utf-8")
    wanted = [key for key in Config.model_fields if key not in ("options", "target")]
    wanted += [f"options.{key}" for key in Options.model_fields]
    assert [key for key in wanted if f"`{key}`" not in page] == []
    assert [key for key in Target.model_fields if f"`{key}`" not in page] == []
    groups = (catalog.PLATFORMS, catalog.PRIORITIES, catalog.FEATURES, catalog.TEAM_SIZES, catalog.COMPLEXITIES)
    assert [key for group in groups for key in group if f"`{key}`" not in page] == []
    assert [kind for kind in catalog.CUSTOM_FIELD_TYPES if f"`{kind}`" not in page] == []


def test_the_places_that_developers_are_sent_to_exist():
    """A path in backticks stands in the source, the project or the tests; `<platform>` is each of the packages."""
    for name in ("architecture.md", "development.md", "sync.md", "sources.md"):
        text = words(ROOT / "docs" / name)
        for found in sorted(
            set(re.findall(r"`((?:[a-z_]+/)+(?:[a-z_]+\.(?:py|tcss))?|[a-z]+/<platform>/[a-z_.]*)`", text))
        ):
            places = [found.replace("<platform>", platform) for platform in ("notion", "airtable", "sheets")]
            roots = (ROOT, ROOT / "src" / "chatbuilder")
            assert any((root / place).exists() for root in roots for place in places), f"{name}: {found}"
