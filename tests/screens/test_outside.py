"""Building on a platform out there: what runs and waits and why, what is left out, the difference first, by hand."""

import re
from time import perf_counter

import pytest

from chatbuilder import pipeline
from chatbuilder.app import ChatbuilderApp
from chatbuilder.config import Config
from chatbuilder.pipeline import interactive
from chatbuilder.pipeline.evolving import Change, Changes
from chatbuilder.pipeline.interactive import Seen
from chatbuilder.pipeline.tidying import Leftover
from tests.screens.test_accounts import until
from tests.screens.vault import Site, Vault, titles

ANSWERS = {"platform": "notion", "priorities": ["organization"], "features": ["tags"]}
MANUAL = {"platform": "airtable", "priorities": ["organization"], "features": ["projects"]}


@pytest.fixture
def site(monkeypatch):
    vault = Vault()
    vault.kept = {"": "keyring"}
    monkeypatch.setattr(ChatbuilderApp, "vault", vault)
    fake = Site(vault)
    monkeypatch.setattr(interactive, "look", fake.look)
    monkeypatch.setattr(interactive, "apply", fake.apply)
    yield fake
    fake.go_on.set()
    fake.answers.set()


def config() -> Config:
    return pipeline.check(ANSWERS)


async def begin(hand, shows):
    await hand.to("setup")
    await hand.pilot.press("ctrl+s")
    await until(hand, lambda: hand.app.busy and shows in hand.text())


def seconds(hand) -> int:
    """How long a step waits, as the screen says."""
    return int(re.search(r"the moment: *(\d+) *s", " ".join(hand.text("#steps").split()))[1])


async def test_several_run_at_once_one_waits_and_says_why_one_is_left_out(site, window, size):
    keys = titles(config())
    site.events = [
        (keys[0][0], "running", "", 0), (keys[0][0], "done", "", 0), (keys[1][0], "running", "", 0),
        (keys[2][0], "running", "", 0), (keys[2][0], "held", "Notion allows no more calls at the moment", 100.0),
        (keys[3][0], "left", "left out: your plan has no dashboards", 0),
    ]  # fmt: skip
    async with window(answers=ANSWERS, size=size) as hand:
        await begin(hand, "Notion allows")
        lines = hand.text("#steps").splitlines()
        assert any("✓" in line and keys[0][1] in line for line in lines)
        assert any("▸" in line and keys[1][1] in line for line in lines)
        assert any("‖" in line and keys[2][1] in line for line in lines)
        said = " ".join(hand.text("#steps").split())
        assert "Notion allows" in said
        assert "left out: your plan has no dashboards" in said
        assert f"2 of {len(keys)} building, 2 at once" in hand.text("#progress")
        first = seconds(hand)
        assert first > 50
        await until(hand, lambda: seconds(hand) < first)  # it counts down
        site.go_on.set()
        await hand.rest()
        assert "Built" in hand.text("#advice")


async def test_a_wait_before_the_first_step_is_told(site, window):
    site.events = [("", "held", "letting the last call of the stopped run end", 200.0)]
    async with window(answers=ANSWERS) as hand:
        await begin(hand, "letting the last call")
        site.go_on.set()
        await hand.rest()


async def test_a_wait_that_is_over_runs_again(site, window):
    (key, title), *_ = titles(config())
    site.events = [(key, "running", "", 0), (key, "held", "Notion asks to wait", 0.5)]
    async with window(answers=ANSWERS) as hand:
        await begin(hand, title)
        await until(hand, lambda: "▸" in hand.text("#steps"))
        assert "asks to wait" not in hand.text("#steps")


async def test_stop_takes_less_than_a_second_and_go_on_finishes(site, window):
    (key, title), *_ = titles(config())
    site.events = [(key, "running", "", 0)]
    async with window(answers=ANSWERS) as hand:
        await begin(hand, title)
        began = perf_counter()
        await hand.pilot.press("ctrl+x")
        await until(hand, lambda: not hand.app.busy)
        assert perf_counter() - began < 1
        await hand.rest()
        assert hand.app.state.progress.status == "cancelled"
        assert "looked up when you go on" in " ".join(hand.text("#steps").split())
        assert str(hand.find("#start").label) == "Go on"
        site.go_on.set()
        await hand.press("ctrl+s")
        assert "Built" in hand.text("#advice")


async def test_a_build_that_fails_for_the_token_says_what_to_do_and_offers_another(site, window, size):
    site.error = {
        "title": "Token not accepted", "message": "It was “revoked”.", "kept": "all.",
        "hint": "make a new one and run `chatbuilder token set notion`.", "exit_code": 4,
    }  # fmt: skip
    site.go_on.set()
    async with window(answers=ANSWERS, size=size) as hand:
        await hand.to("setup")
        await hand.press("ctrl+s")
        assert "It was “revoked”." in hand.text("#trouble")
        assert "Next: make a new one and press Connect, ^t." in " ".join(hand.text("#trouble").split())
        assert hand.app.state.progress.code == 4
        assert hand.find("#connect").variant == "primary"
        assert str(hand.find("#start").label) == "Go on"


def differs(kinds: dict[str, str]) -> Changes:
    plan = pipeline.build(config()).plan
    parts = [Change(kinds.get(step.key, "there"), step.key, step.title) for step in plan]  # type: ignore[arg-type]
    return Changes(True, plan, (*parts, Change("kept", "", "The view By client")))


async def test_the_difference_is_shown_before_a_system_is_changed(site, window, size):
    (first, one), (second, two), *rest = titles(config())
    site.more = {"changes": differs({first: "new", second: "changed"})}
    async with window(answers=ANSWERS, size=size) as hand:
        await hand.to("setup")
        lines = [line for line in hand.text("#steps").splitlines() if line.strip()]
        assert f"+ {one}" in lines[0]
        assert "new" in lines[0]
        assert f"~ {two}" in lines[1]
        assert "changes" in lines[1]
        assert "· The view By client" in lines[2]
        assert "stays" in lines[2]
        assert "already there" in lines[3]
        said = hand.text("#progress")
        assert f"1 new, 1 to change, {len(rest)} already there, 1 to stay" in " ".join(said.split())
        assert not hand.find("#tidy").display
    assert site.tidied is None


@pytest.mark.parametrize("wanted", [True, False])
async def test_leftovers_go_only_when_asked(wanted, window, monkeypatch, tmp_path, size):
    site = Site(Vault())
    monkeypatch.setattr(interactive, "apply", site.apply)
    look = interactive.look
    left = (Leftover("a", "Bases/Old.base", False), Leftover("b", "Home.md", True))

    def seen(config, cancelled, waiting) -> Seen:
        return look(config, cancelled, waiting)._replace(leftovers=left)

    monkeypatch.setattr(interactive, "look", seen)
    site.go_on.set()
    answers = {**ANSWERS, "platform": "obsidian", "target": {"path": str(tmp_path / "v")}}
    async with window(answers=answers, size=size) as hand:
        await hand.to("setup")
        said = " ".join(hand.text("#found").split())
        assert "Not asked for any more: Bases/Old.base." in said
        assert "edited by you, so it stays: Home.md." in said
        if wanted:
            hand.find("#tidy").focus()
            await hand.press("space")
        await hand.press("ctrl+s")
        assert site.tidied is wanted


async def test_what_is_left_to_do_by_hand_is_ticked_off_and_the_ticks_stay(site, window, size):
    site.go_on.set()
    async with window(answers=MANUAL, size=size) as hand:
        await hand.to("setup")
        await hand.press("ctrl+s", "enter")
        assert hand.step == "done"
        steps = hand.app.state.solution.manual
        assert len(steps) > 9
        assert f"0 of {len(steps)} done" in hand.text("#left")
        await hand.press("down", "space", "down", "down", "space", "space")
        assert f"1 of {len(steps)} done" in hand.text("#left")
        await hand.press(*["down"] * (len(steps) - 3))  # the last one of a long list
        shown = " ".join(hand.text("#contents").split())
        assert steps[-1].title.split()[-1] in shown
        text = " ".join(hand.text("#text").split())
        assert text.startswith("│ " + " ".join(steps[-1].title.split()[:2])) or steps[-1].title[:12] in text
        assert "1." in text
        await hand.press("c")
        assert steps[-1].title in hand.app.clipboard
    async with window(pipeline.drafts()[0].id, size=size) as hand:
        assert hand.step == "done"
        assert f"1 of {len(steps)} done" in hand.text("#left")
        assert "■" in hand.text("#contents")
        assert hand.app.state.session.ticked == (f"airtable/{steps[0].key}",)


async def test_the_address_is_opened_or_copied(site, window):
    site.go_on.set()
    async with window(answers=ANSWERS) as hand:
        await hand.to("setup")
        await hand.press("ctrl+s", "enter", "o")
        assert site.vault.opened == ["https://www.notion.so/1"]
        assert "https://www.notion.so/1" in hand.told
        site.vault.browser = False
        await hand.press("o")
        assert hand.app.clipboard == "https://www.notion.so/1"
        assert "No browser" in hand.told
