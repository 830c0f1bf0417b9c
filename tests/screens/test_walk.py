"""From the first key to a system that exists, for each kind of platform."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatbuilder import catalog, pipeline
from tests.screens.conftest import NARROW, WIDE

LOCAL = [p.id for p in catalog.PLATFORMS.values() if p.kind == "local"]
ONLINE = [p.id for p in catalog.PLATFORMS.values() if p.kind == "api"]


# Every platform in the smallest window, one of each kind in a wide one.
SIZES = [(p, NARROW) for p in (*LOCAL, *ONLINE)] + [("obsidian", WIDE), ("notion", WIDE)]


def walks(platforms: list[str]) -> pytest.MarkDecorator:
    found = [(p, size) for p, size in SIZES if p in platforms]
    return pytest.mark.parametrize(("platform", "size"), found, ids=[f"{p}-{size[0]}" for p, size in found])


def place_of(target: dict[str, str]) -> Path:
    return Path(target.get("path") or target["database"].removeprefix("sqlite:///"))


def is_there(place: Path) -> bool:
    return place.exists()


def keys_to(platform: str) -> list[str]:
    return ["down"] * list(catalog.PLATFORMS).index(platform)


@walks(LOCAL)
async def test_a_local_system_is_built_with_the_keyboard_alone(platform, window, size):
    async with window(size=size) as hand:
        await hand.press(*keys_to(platform), "enter")
        await hand.press("space", "down", "space", "enter")
        await hand.press("space", "enter")
        await hand.press("enter")
        assert hand.step == "review"
        await hand.press("enter")
        assert hand.step == "solution"
        await hand.press("enter")
        assert hand.step == "setup"
        place = place_of(hand.answers["target"])
        assert not is_there(place), "nothing may be written before Start"
        await hand.press("ctrl+s")
        assert "Built" in hand.text("#advice")
        await hand.press("enter")
        assert hand.step == "done"
        assert "".join(place.name.split()) in "".join(hand.text("#text").replace("│", "").split())
    assert is_there(place)
    assert [(s.platform, s.status) for s in pipeline.systems()] == [(platform, "ready")]


@walks(ONLINE)
async def test_an_online_platform_says_what_it_cannot_do_and_exports(platform, window, size):
    async with window(size=size) as hand:
        await hand.press(*keys_to(platform), "space")
        await hand.to("setup")
        assert "No token yet" in hand.text("#found")
        assert hand.find("#start").disabled
        await hand.press("ctrl+s")
        assert hand.app.state.progress is None
        await hand.press("ctrl+o")
        await hand.press("enter")
        assert "written" in hand.text("#report")
        await hand.press("enter")
        await hand.press("enter")
        assert hand.step == "done"
        assert "README.md" in hand.text("#text")
    folder = (
        Path.home() / "chatbuilder" / next(p.name for p in (Path.home() / "chatbuilder").iterdir() if "-" in p.name)
    )
    assert (folder / "README.md").exists()
    assert (folder / "answers.toml").exists()


async def test_the_mouse_alone_does_it_too(window):
    async with window(size=WIDE) as hand:
        await hand.click("#platforms", offset=(8, 6))
        assert hand.answers["platform"] == "excel"
        await hand.click("#forward")
        await hand.click("#priorities", offset=(8, 0))
        await hand.click("#priorities", offset=(8, 4))
        assert hand.answers["priorities"] == ("organization", "analytics")
        await hand.click("#forward")
        await hand.click("#features", offset=(8, 2))
        assert hand.answers["features"] == ("projects",)
        await hand.click("#forward")
        await hand.click("#complexity", offset=(8, 0))
        assert hand.answers["complexity"] == "simple"
        await hand.click("#forward")
        await hand.click("#forward")
        await hand.click("#forward")
        assert hand.step == "setup"
        await hand.click("#start")
        await hand.click("#forward")
        assert hand.step == "done"
    assert pipeline.systems()[0].platform == "excel"


async def test_another_system_starts_empty_and_the_first_stays_saved(window):
    async with window(size=NARROW) as hand:
        await hand.press(*keys_to("custom"))
        await hand.to("setup")
        await hand.press("ctrl+s", "enter", "n")
        assert hand.step == "platform"
        assert hand.answers == {}
        await hand.press("down")
    assert sorted(d.platform for d in pipeline.drafts()) == ["airtable", "custom"]


async def test_what_is_built_are_the_answers_on_the_screen(window):
    async with window() as hand:
        await hand.press(*keys_to("custom"))
        await hand.press("enter", "space", "enter", "space", "enter", "enter")
        await hand.to("setup")
        await hand.press("ctrl+s")
        place = place_of(hand.answers["target"])
    assert "topic_id" in columns(place)


def columns(place: Path) -> set[str]:
    with closing(sqlite3.connect(place)) as db:
        tables = [name for (name,) in db.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
        return {row[1] for name in tables for row in db.execute(f"PRAGMA table_info('{name}')")}
