"""The wizard in a real terminal: from the first question to a system that exists, and back after kill -9 anywhere."""

import os
from itertools import pairwise

import pytest

from chatbuilder import pipeline
from tests.e2e.walking import QUESTIONS, answer, walk

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals of this kind")


@pytest.fixture
def terminal():
    from tests.e2e.terminal import Terminal

    opened = []

    def opens(*arguments):
        opened.append(Terminal(*arguments))
        return opened[-1]

    yield opens
    for window in opened:
        window.__exit__()


def test_from_the_first_question_to_a_vault_that_exists(terminal, home):
    window = terminal()
    walk(window, "setup")
    window.see("No token needed", "Start")
    assert pipeline.systems() == []
    window.press("ctrl+s")
    window.see("Continue", "Built", seconds=60)
    window.press("enter")
    window.see("obsidian://")
    (system,) = pipeline.systems()
    assert system.status == "ready"
    assert {drift.state for drift in pipeline.verify(system.id)} == {"same"}
    vault = home.parent / "Chat Sessions vault"
    assert (vault / ".obsidian" / "app.json").exists()
    window.press("ctrl+q")
    assert window.ends() == 0


def test_killed_on_any_step_it_resumes_there(terminal):
    """One session, killed on every step and resumed each time, with the same answers."""
    window = terminal()
    steps = list(QUESTIONS)
    for before, step in pairwise(steps):
        answer(window, before)
        window.press("enter")
        window.see(QUESTIONS[step], "✓ saved")
        (draft,) = pipeline.drafts()
        answers = pipeline.peek_draft(draft.id).answers
        window.kill()
        window = terminal("resume")
        window.see(QUESTIONS[step], "Obsidian")
        assert [info.id for info in pipeline.drafts()] == [draft.id]
        assert pipeline.peek_draft(draft.id).answers == answers


def features_on_disk():
    """The features in every saved draft."""
    return [pipeline.peek_draft(info.id).answers.get("features") for info in pipeline.drafts()]


def test_what_was_just_ticked_is_kept_too(terminal):
    window = terminal()
    walk(window, "features")
    answer(window, "features")
    window.see_that(lambda: features_on_disk() == [["tags"]], "save what was ticked")
    window.kill()
    window = terminal("resume")
    window.see(QUESTIONS["features"], "1 of 8 chosen")


def test_killed_while_it_builds_it_finishes_what_it_began(terminal, home):
    window = terminal()
    walk(window, "setup")
    window.see("No token needed")  # it has looked at the place; before that nothing starts
    window.press("ctrl+s")
    window.see_that(lambda: (home.parent / "Chat Sessions vault").exists(), "begin to build")
    window.kill()
    window = terminal("resume")
    window.see(QUESTIONS["setup"], "No token needed")
    window.press("ctrl+s")
    window.see("Built", seconds=60)
    (system,) = pipeline.systems()
    assert system.status == "ready"
    assert {drift.state for drift in pipeline.verify(system.id)} == {"same"}
    pipeline.destroy(system.id)
    assert not (home.parent / "Chat Sessions vault").exists()


def test_a_second_window_works_on_a_copy(terminal):
    first = terminal()
    walk(first, "features")
    first.see("✓ saved")
    (draft,) = pipeline.drafts()
    assert draft.locked
    second = terminal("resume", draft.id)
    second.see(QUESTIONS["features"], "copy")
    assert len(pipeline.drafts()) == 2


def test_coming_back_offers_to_go_on(terminal):
    window = terminal()
    walk(window, "team")
    window.see("✓ saved")
    window.press("ctrl+q")
    window.ends()
    window = terminal()
    window.see("Chat Sessions", "Obsidian")
    window.press("enter")
    window.see(QUESTIONS["team"])
