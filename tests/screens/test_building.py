"""The build on the Auto-setup step: progress, stopping, failing in place, going on."""

import threading
from pathlib import Path

import pytest
from textual import events

from chatbuilder import pipeline
from chatbuilder.library.systems import Job
from chatbuilder.pipeline import interactive
from tests.screens.conftest import WIDE

VALID = {"platform": "obsidian", "priorities": ["organization"]}


class SlowBuild:
    """A build that does its first step and then waits until it is stopped or told to finish."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def __call__(self, config, hear, cancelled, *, tidy=False):
        solution = pipeline.build(config)
        first = solution.plan.steps[0].key
        hear(first, "running", "")
        hear(first, "done", "")
        while not cancelled() and not self.go_on.wait(0.01):
            pass
        status = "cancelled" if cancelled() else "completed"
        return Job("j1", "s1", config.platform, status, "", "", {"place": "here", "url": "u", "next": ["look"]})


@pytest.fixture
def slow(monkeypatch):
    build = SlowBuild()
    monkeypatch.setattr(interactive, "apply", build)
    yield build
    build.go_on.set()


async def begin(hand):
    await hand.to("setup")
    await hand.pilot.press("ctrl+s")
    for _ in range(200):
        await hand.pilot.pause(0.01)
        if hand.app.busy and hand.app.state.progress.done == 1 and "1 of" in hand.text("#progress"):
            return
    raise AssertionError("the build did not begin")


class SlowLook:
    """A look at the place that is over when it is told so."""

    def __init__(self) -> None:
        self.over = threading.Event()
        self.look = interactive.look

    def __call__(self, config, *rest):
        self.over.wait()
        return self.look(config, *rest)


@pytest.fixture
def slow_look(monkeypatch):
    look = SlowLook()
    monkeypatch.setattr(interactive, "look", look)
    yield look
    look.over.set()


async def to_unseen_setup(hand):
    """Be on Auto-setup while the place is still being looked at."""
    while hand.step != "setup":
        await hand.pilot.press("enter")
        await hand.pilot.pause(0.02)
    while hand.app.state.solution is None or "target" not in hand.answers:
        await hand.pilot.pause(0.01)
    assert "Looking at the place" in hand.text("#found")


async def test_start_before_the_place_was_seen_waits_for_the_look(slow_look, window, tmp_path):
    async with window(answers={**VALID, "target": {"path": str(tmp_path / "vault")}}) as hand:
        await to_unseen_setup(hand)
        await hand.pilot.press("ctrl+s")
        await hand.pilot.pause(0.05)
        assert not (tmp_path / "vault").exists()
        slow_look.over.set()
        await hand.rest()
        assert "Built" in hand.text("#advice")
        assert (tmp_path / "vault").exists()


@pytest.mark.parametrize("then", ["escape", "x"])
async def test_a_start_that_waits_ends_with_another_place_or_step(then, slow_look, window, tmp_path):
    async with window(answers={**VALID, "target": {"path": str(tmp_path / "vault")}}) as hand:
        await to_unseen_setup(hand)
        await hand.pilot.press("ctrl+s", then)
        slow_look.over.set()
        await hand.rest()
        assert list(tmp_path.glob("vault*")) == []


async def test_what_is_typed_stays_while_the_answers_lag_behind(window):
    async with window(answers=VALID) as hand:
        await hand.to("setup")
        field, screen = hand.find("#path"), hand.app.screen
        for text in ("", "/", "/a", "/a b"):
            field.value = text
            for _ in range(3):
                screen.show(screen.state)
            assert field.value == text
        await hand.rest()
        assert field.value == hand.answers["target"]["path"] == "/a b"


async def test_start_builds_at_the_place_that_was_typed_last(window, tmp_path):
    async with window(answers={**VALID, "target": {"path": str(tmp_path / "vault")}}) as hand:
        await hand.to("setup")
        await hand.press("end")
        for key, letter in (("s", "s"), ("ctrl+s", None)):
            hand.app.post_message(events.Key(key, letter))
        await hand.rest()
        assert [place.name for place in tmp_path.glob("vault*")] == ["vaults"]
        assert "Built" in hand.text("#advice")


@pytest.mark.parametrize("seen", ["before", "after"])
async def test_start_says_why_it_cannot(seen, slow_look, window, tmp_path):
    place = tmp_path / "vault"
    block(place)
    async with window(answers={**VALID, "target": {"path": str(place)}}) as hand:
        if seen == "before":
            slow_look.over.set()
            await hand.to("setup")
        else:
            await to_unseen_setup(hand)
        await hand.pilot.press("ctrl+s")
        slow_look.over.set()
        await hand.rest()
        assert "Not started" in hand.told
        assert "vault" in hand.told
        assert hand.app.state.progress is None


async def test_start_on_a_place_that_is_no_place_says_so(window):
    async with window(answers=VALID) as hand:
        await hand.to("setup")
        hand.find("#path").value = "\x07"
        await hand.press("ctrl+s")
        assert "Not started: correct the place first." in hand.told


async def test_progress_is_shown_step_by_step_and_the_target_is_locked(slow, window):
    async with window(answers=VALID) as hand:
        await begin(hand)
        assert "1 of" in hand.text("#progress")
        assert hand.text("#steps").count("✓") == 1
        assert hand.find("#path").disabled
        assert hand.find("#forward").disabled
        assert not hand.find("#start").display
        slow.go_on.set()
        await hand.rest()
        assert "Built" in hand.text("#advice")
        await hand.press("enter")
        assert "look" in hand.text("#text")


async def test_stop_ends_it_and_the_button_goes_on(slow, window):
    async with window(answers=VALID) as hand:
        await begin(hand)
        await hand.press("ctrl+x")
        assert hand.app.state.progress.status == "cancelled"
        assert hand.app.state.session.outcome is None
        assert str(hand.find("#start").label) == "Go on"
        slow.go_on.set()
        await hand.press("ctrl+s")
        assert "Built" in hand.text("#advice")


@pytest.mark.parametrize("key", ["escape", "ctrl+q"])
async def test_leaving_during_a_build_asks_first(key, slow, window, monkeypatch):
    async with window(answers=VALID) as hand:
        left = []
        monkeypatch.setattr(hand.app, "exit", lambda **how: left.append(how))
        await begin(hand)
        await hand.pilot.press(key)
        await hand.pilot.pause(0.1)
        assert hand.step == "Confirm"
        assert "1 steps are done" in hand.text() or "1 step" in hand.text()
        await hand.pilot.press("escape")
        await hand.pilot.pause(0.1)
        assert hand.step == "setup"
        assert hand.app.busy
        assert not left
        await hand.pilot.press(key)
        await hand.pilot.pause(0.1)
        await hand.click("#yes")
        assert hand.app.state.progress.status == "cancelled"
        assert (hand.step == "solution") if key == "escape" else left


async def test_a_build_outlives_its_screen(slow, window):
    async with window(answers=VALID) as hand:
        await begin(hand)
        hand.app.begin_elsewhere = True
        hand.app._show(hand.app.state.session.at("review"))
        slow.go_on.set()
        await hand.rest()
        assert hand.app.state.progress.status == "completed"
        assert hand.app.state.session.outcome.place == "here"


async def test_a_refusal_is_shown_in_place_and_going_on_finishes(window, tmp_path):
    place = tmp_path / "vault"
    async with window(answers={**VALID, "target": {"path": str(place)}}, size=WIDE) as hand:
        await hand.to("setup")
        block(place)
        await hand.press("ctrl+s")
        assert hand.step == "setup"
        assert hand.app.state.progress.status == "failed"
        trouble = " ".join(hand.text("#trouble").split())
        assert "vault" in trouble
        assert "Next:" in trouble
        assert hand.answers["target"]["path"] == str(place)
        unblock(place)
        hand.find("#path").value = f"{place} "
        hand.find("#path").value = str(place)
        hand.app.look()
        await hand.rest()
        assert str(hand.find("#start").label) == "Go on"
        await hand.press("ctrl+s")
        assert "Built" in hand.text("#advice")
    assert pipeline.systems()[0].status == "ready"


def block(place: Path) -> None:
    place.write_text("in the way")


def unblock(place: Path) -> None:
    place.unlink()


async def test_a_defect_in_a_thread_is_told_and_kills_nothing(window, monkeypatch):
    def broken(config, hear, cancelled, **_):
        raise ZeroDivisionError("ntn_secret")

    monkeypatch.setattr(interactive, "apply", broken)
    async with window(answers=VALID) as hand:
        await hand.to("setup")
        await hand.press("ctrl+s")
        assert "A defect of chatbuilder" in hand.text("#trouble")
        assert "ZeroDivisionError" in hand.text("#trouble")
        assert "ntn_secret" not in hand.text(), "its words may hold anything that was handled there"
        await hand.press("escape")
        assert hand.step == "solution"


async def test_building_again_changes_nothing_that_is_there(window):
    async with window(answers=VALID) as hand:
        await hand.to("setup")
        await hand.press("ctrl+s")
        assert str(hand.find("#start").label) == "Build again"
        assert "It is built." in hand.text("#question")
        assert "before you press Start" not in hand.text()
        await hand.press("ctrl+s")
        assert "already there" in hand.text("#steps")
        assert "Built" in hand.text("#advice")
    assert len(pipeline.systems()) == 1


async def test_a_build_that_was_killed_is_told_and_goes_on(window, monkeypatch):
    async with window(answers=VALID) as hand:
        await hand.to("setup")
        with monkeypatch.context() as patch:
            patch.setattr("chatbuilder.library.systems.Library.finish_job", killed)
            await hand.press("ctrl+s")
    (draft,) = pipeline.drafts()
    async with window(draft.id) as hand:
        assert hand.step == "setup"
        assert "stopped here before its end" in hand.text("#found")
        assert str(hand.find("#start").label) == "Go on"
        await hand.press("ctrl+s")
        assert "Built" in hand.text("#advice")
        assert "stopped here" not in hand.text("#found")


def killed(self, *rest):
    raise SystemError("the power went")
