"""Whatever happens to the window, the session is there again: same step, same answers."""

import json
import threading

import pytest

from chatbuilder import pipeline
from chatbuilder.app import make_app
from chatbuilder.drafts import Drafts
from chatbuilder.errors import InputError
from chatbuilder.paths import locate
from chatbuilder.pipeline import interactive
from tests.helpers import saved_draft
from tests.screens.conftest import NARROW, Hand

VALID = {"platform": "logseq", "priorities": ["search", "analytics"], "features": ["tags"], "name": "Mine"}


def only_draft() -> pipeline.Draft:
    (info,) = pipeline.drafts()
    return pipeline.peek_draft(info.id)


def draft_file():
    (file,) = locate().drafts.glob("*.json")
    return file


@pytest.mark.parametrize("step", ["platform", "priorities", "features", "team", "review", "solution", "setup", "done"])
async def test_a_killed_window_resumes_at_its_step_with_its_answers(step, window):
    async with window() as hand:
        await hand.press(*["down"] * 4)
        if step == "done":
            await hand.to("setup")
            await hand.press("ctrl+s")
        await hand.to(step)
        answers = pipeline.check({"priorities": ["search"], **hand.answers})
        outcome = hand.app.state.session.outcome
        # The window is gone here without any chance to save.
    async with window(only_draft().id) as hand:
        assert hand.step == step
        assert pipeline.check({"priorities": ["search"], **hand.answers}) == answers
        assert hand.app.state.session.outcome == outcome
        if outcome is not None:
            assert "".join(outcome.place.split()) in "".join(hand.text("#text").replace("│", "").split())


async def test_every_change_is_on_disk_at_once(window):
    async with window() as hand:
        await hand.press("down")
        assert only_draft().answers == {"platform": "airtable"}
        await hand.press("enter", "space")
        assert (only_draft().step, only_draft().answers["priorities"]) == ("priorities", ["organization"])
        assert "✓ saved" in hand.text("TopBar")


async def test_looking_around_leaves_no_draft(window):
    async with window() as hand:
        await hand.press("f1", "escape")
    assert pipeline.drafts() == []


async def test_fast_typing_loses_no_letter(window):
    async with window(answers=VALID) as hand:
        hand.find("#name").focus()
        await hand.pilot.press(*"abcdefghij", "enter")
        await hand.rest()
        assert hand.step == "solution"
    assert only_draft().answers["name"] == "Mineabcdefghij"
    assert only_draft().step == "solution"


async def test_the_welcome_screen_offers_what_was_left_open(window):
    async with window(answers=VALID):
        pass
    async with window() as hand:
        assert hand.step == "platform", "answers that were only handed in are no session yet"
        await hand.press("down", "enter")
    async with window() as hand:
        assert hand.step == "WelcomeScreen"
        assert "Chat Sessions" in hand.text("#sessions")
        assert "at Priorities" in hand.text("#sessions")
        await hand.press("enter")
        assert hand.step == "priorities"
        assert hand.answers == {"platform": "airtable"}


async def test_enter_before_the_list_is_there_opens_its_first_line(monkeypatch):
    draft, gate, known = saved_draft(**VALID), threading.Event(), interactive.known

    def slow_known():
        gate.wait()
        return known()

    monkeypatch.setattr(interactive, "known", slow_known)
    async with make_app().run_test(size=NARROW) as pilot:
        hand = Hand(pilot)
        try:
            await pilot.press("enter")
            assert hand.step == "WelcomeScreen"
            assert "Looking for what you left" in hand.text()
        finally:
            gate.set()
        await hand.rest()
        assert hand.answers["name"] == "Mine"
    assert only_draft().id == draft


async def test_starting_anew_keeps_the_old_session(window):
    async with window() as hand:
        await hand.press("down")
    async with window() as hand:
        await hand.press("n")
        assert hand.step == "platform"
        assert hand.answers == {}
        await hand.press("end")
    assert sorted(draft.platform for draft in pipeline.drafts()) == ["airtable", "custom"]


async def test_a_session_is_only_removed_after_asking(window):
    async with window() as hand:
        await hand.press("down")
    async with window() as hand:
        await hand.press("delete")
        assert hand.step == "Confirm"
        await hand.press("enter")
        assert len(pipeline.drafts()) == 1, "the safe answer has the focus"
        await hand.press("delete")
        await hand.click("#yes")
        assert pipeline.drafts() == []
        assert "Start a new system" in hand.text("#sessions")
        await hand.press("enter")
        assert hand.step == "platform"


async def test_systems_are_shown(window):
    async with window(answers={**VALID, "platform": "obsidian"}) as hand:
        await hand.to("setup")
        await hand.press("ctrl+s")
    async with window() as hand:
        assert "Mine" in hand.text("#systems")
        assert "Obsidian · ready" in hand.text("#systems")


async def test_a_second_window_gets_a_copy_and_is_told(window):
    async with window() as hand:
        await hand.press("down", "enter")
    draft = only_draft()
    pipeline.release_draft(draft.id)
    other = Drafts(locate().drafts)
    other.load(draft.id)
    try:
        async with window(draft.id) as hand:
            assert hand.step == "priorities"
            assert "open in another window" in hand.told
            await hand.press("space")
        assert pipeline.peek_draft(draft.id).answers == draft.answers
        assert len(pipeline.drafts()) == 2
    finally:
        other.release(draft.id)


@pytest.mark.parametrize("text", ["{broken", json.dumps({"version": 99}), json.dumps({"version": 1, "answers": 3})])
async def test_a_damaged_or_newer_draft_is_kept_aside_and_explained(text, window):
    async with window() as hand:
        await hand.press("down")
    file = draft_file()
    pipeline.release_draft(file.stem)
    file.write_text(text)
    async with window() as hand:
        assert hand.step == "WelcomeScreen"
        words = " ".join(hand.text().split())
        assert "kept aside" in words
        await hand.press("enter")
        assert hand.step == "platform"
    assert [kept.read_text() for kept in file.parent.rglob(f"{file.stem}*.json")] == [text]
    with pytest.raises(InputError):
        await window(file.stem).__aenter__()


async def test_answers_of_a_draft_that_no_screen_can_show_are_kept_and_named(window):
    async with window() as hand:
        await hand.press("down", "enter")
    file = draft_file()
    data = json.loads(file.read_text())
    data["answers"] |= {"team_size": "gigantic", "options": {"topics": 3}}
    file.write_text(json.dumps(data))
    async with window(file.stem) as hand:
        assert "team_size, options" in hand.told
        await hand.press("space")
    assert only_draft().extra["left_out"] == {"team_size": "gigantic", "options": {"topics": 3}}
    assert "team_size" not in only_draft().answers


async def test_answers_that_became_wrong_lead_back_to_review(window):
    async with window(answers=VALID) as hand:
        await hand.press("enter", "enter")
    file = draft_file()
    data = json.loads(file.read_text())
    data["answers"]["options"] = {"timezone": "Mars"}
    file.write_text(json.dumps(data))
    async with window(file.stem) as hand:
        assert hand.step == "review"
        assert "Correct the timezone first" in hand.text("#advice")
        await hand.press("enter")
        assert hand.app.focused.id == "timezone"
        assert "time zone name" in hand.text()


async def test_a_disk_that_refuses_is_told_once_and_forgiven(window, monkeypatch):
    def refuse(draft, session):
        raise InputError("The draft could not be saved: disk full.", title="Draft not saved", kept="what you see.")

    async with window() as hand:
        with monkeypatch.context() as patch:
            patch.setattr(interactive, "save_session", refuse)
            await hand.press("down", "down")
            assert "✗ not saved" in hand.text("TopBar")
            assert "disk full" in hand.told
            assert len(hand.app._notifications) == 1
        await hand.press("down")
        assert "✓ saved" in hand.text("TopBar")
    assert only_draft().answers == {"platform": "excel"}


async def test_quitting_saves_and_says_how_to_come_back(window, monkeypatch):
    said = []
    async with window() as hand:
        monkeypatch.setattr(hand.app, "exit", lambda **how: said.append(how["message"]))
        await hand.press("down", "ctrl+q")
    assert said == [f"Saved. `chatbuilder resume {only_draft().id}` goes on from here."]


async def test_the_colours_are_remembered(window):
    async with window() as hand:
        assert hand.app.theme == "chatbuilder-dark"
        await hand.press("ctrl+p")
        await hand.type("light")
        await hand.press("enter")
        assert hand.app.theme == "chatbuilder-light"
    async with window() as hand:
        assert hand.app.theme == "chatbuilder-light"
